"""The hub page: what a paper is to those who cite it, with every number leading to its list."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from citations import charts, hub_class, summaries
from citations.exports import facts
from citations.facets import counts_as_summarised
from citations.filters.citations import CitationFilter, CleanFilter, short_name
from citations.formatting import plural
from citations.hub_class import HubCounts, Share, classify_hub, disputed_by, explain
from citations.identifiers import Scheme, display
from citations.listing import Row, hub_lists, summary_counts
from citations.models import Authorship, Citation, HubSummary, Identifier, Paper, survivor
from citations.references import AUTHORS_PRINTED, Reference
from citations.summaries import hub_counts
from citations.views.audit import audit_section
from citations.views.kin import hub_kin, reference_forms, site_of
from citations.vocabulary import (
    CLASSIFIED_ROLES,
    CURATOR,
    NONE,
    DecidedBy,
    HubClass,
    Notice,
    Polarity,
    Role,
    source_label,
)

# Heads of the table of years: the words of the vocabulary are too long for eight columns on a phone.
YEAR_WORDS = {
    Role.METHOD.value: "Tool",
    Role.DATASET.value: "Data",
    Role.COMPARISON.value: "Base",
    Role.EXTENSION.value: "Ext.",
    Role.EVIDENCE.value: "Evid.",
    Role.BACKGROUND.value: "Back.",
    Role.UNCLEAR.value: "Uncl.",
    NONE: "None",
}

# An abstract up to this many characters is a few lines, and stands open.
SHORT_ABSTRACT = 450


@dataclass(frozen=True)
class ShareRow:
    """One line of the table of roles or polarities: how many papers, and their share with its range."""

    member: Role | Polarity
    number: int
    query: Mapping[str, Sequence[str]]
    share: Share
    mark: charts.RangeMark | None


@dataclass(frozen=True)
class YearRow:
    """One line of the table of years: papers by role (None: not classified), and in all."""

    year: int
    cells: tuple[tuple[Mapping[str, Sequence[str]], int], ...]
    query: Mapping[str, Sequence[str]]
    total: int


@dataclass(frozen=True)
class Deciders:
    """Who decided the roles: numbers by decider, the import sources (name, label and number), and how many labels are
    coarse.
    """

    numbers: tuple[tuple[DecidedBy, int], ...]
    sources: tuple[tuple[str, str, int], ...]
    coarse: int


@dataclass(frozen=True)
class Pinned:
    """A class that a curator pinned: which, why and when."""

    hub_class: HubClass
    reason: str
    date: datetime.date | None


@dataclass(frozen=True)
class Chosen:
    """A representative citing paper and why it was chosen."""

    row: Row
    why: str


@dataclass(frozen=True)
class LeftOut:
    """What may be left out of the numbers of a hub: its parameter, a word for it, and how many papers it is.

    `is_out`: it is left out here; `url` changes that. `list_url` opens exactly these papers.
    """

    word: str
    number: int
    is_out: bool
    url: str
    list_url: str


@dataclass(frozen=True)
class Clean:
    """The numbers of a hub page, in the shape of `HubSummary.counts`, and what is left out of them.

    `data` are the parameters of the list that has the same papers. `told` are sentences on what was not understood.
    """

    raw: Mapping[str, Any]
    data: QueryDict
    choices: tuple[LeftOut, ...]
    told: tuple[str, ...]
    hub_url: str
    citing_url: str

    @property
    def is_on(self) -> bool:
        """Whether anything is left out."""
        return bool(self.left_out)

    @property
    def address(self) -> str:
        """The address of these numbers."""
        query = self.data.urlencode()
        return f"{self.hub_url}?{query}" if query else self.hub_url

    @property
    def list_url(self) -> str:
        """The list of the papers that are counted."""
        query = self.data.urlencode()
        return f"{self.citing_url}?{query}" if query else self.citing_url

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What is left out."""
        return tuple(choice for choice in self.choices if choice.is_out)


def read_clean(hub: Paper, given: QueryDict) -> Clean:
    """The numbers that the parameters ask for: those of the summary, or counted anew without self-citations or
    retracted papers. One query where they are counted anew.
    """
    filters = CleanFilter(given, Citation.objects.none())
    raw: Mapping[str, Any] = summary_counts(hub)
    path, citing = hub.get_hub_url(), reverse("citing", args=[hub.slug])
    words = {"self": ("self-citation", "is_self_citation"), "retracted": ("retracted paper", "retracted")}
    choices = tuple(
        LeftOut(
            plural(raw.get(column, 0), word),
            raw.get(column, 0),
            name in filters.active and filters.is_usable,
            filters.toggled(path, name, "0"),
            f"{citing}?{name}=1",
        )
        for name, (word, column) in words.items()
    )
    data = QueryDict(mutable=True)
    if filters.is_usable and raw:
        for name, values in filters.active.items():
            data.setlist(name, values)
    if data:
        known = sum(raw["role"].values())
        # An audit speaks of all citing papers; without some of them it says nothing.
        raw = {name: value for name, value in raw.items() if name != "audit"}
        raw = {**raw, **counts_as_summarised(hub.pk, known, CitationFilter(data, hub.pk))}
    told = tuple(
        f"{problem.message}{'' if not problem.blocking else ' Nothing is left out of the numbers.'}"
        for problem in filters.problems
    )
    return Clean(raw, data, choices, told, path, citing)


@require_safe
def hub_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The hub page of the paper with this slug; of a merged paper a redirect to the one that stands for both."""
    hub = find_hub(slug)
    if hub.merged_into_id is not None:
        return HttpResponseRedirect(survivor(hub).get_hub_url())
    summary = summary_of(hub)
    clean = read_clean(hub, request.GET)
    raw = clean.raw
    counts = counts_of(hub, clean)
    reasons = {entry["citation"]: str(entry["why"]) for entry in summary.representatives} if summary else {}
    lists = hub_lists(hub, list(reasons), clean.data)
    identifiers = list(hub.identifiers.all())
    verdict = classify_hub(counts)
    years = years_of(raw)
    representatives = [
        Chosen(lists.chosen[citation], why) for citation, why in reasons.items() if citation in lists.chosen
    ]
    site = site_of(request)
    paper = facts(hub, lists.authors, [name.as_value for name in identifiers], abstract=True)
    context: dict[str, Any] = {
        "hub": hub,
        "name": short_name(hub.title),
        "summary": summary,
        "counts": counts,
        "rules": hub_class,
        "verdict": verdict,
        "outcomes": explain(counts),
        "hub_class": shown_class(hub, clean),
        "clean": clean,
        "pinned": pinned(summary, summary_counts(hub)),
        "disputed": disputed_by(counts),
        "authors": lists.authors[:AUTHORS_PRINTED],
        "more_authors": max(0, hub.author_count - AUTHORS_PRINTED),  # type: ignore[attr-defined]
        "identifiers": [(display(name.as_value), name.as_value.url, permanent_address(name)) for name in identifiers],
        "notice": Notice(hub.notice) if hub.notice else None,
        "notice_source": source_label(hub.field_sources["notice"]) if "notice" in hub.field_sources else "",
        "abstract_open": len(hub.abstract) <= SHORT_ABSTRACT,
        "reference": reference_of(hub, lists.authors, identifiers),
        "reference_forms": reference_forms(hub.slug),
        "kin": hub_kin(site, paper, lists.listing, [chosen.row for chosen in representatives], sample=has_sample(hub)),
        "badge_url": site.address(reverse("badge", args=[hub.slug])),
        "view_url": request.build_absolute_uri(request.path),
        "cited_url": request.build_absolute_uri(clean.address),
        "sample": has_sample(hub),
        "role_bar": charts.role_bar(counts.roles, counts.known),
        "role_rows": role_rows(counts),
        "unclear": Role.UNCLEAR,
        "deciders": deciders(raw),
        "suggested": suggested(raw),
        "audit": audit_section(raw, counts.known),
        "polarity_bar": charts.polarity_bar(counts.polarities, counts.known),
        "polarity_rows": polarity_rows(counts),
        "year_chart": charts.year_chart(years),
        "year_rows": year_rows(years),
        "year_roles": year_columns(years),
        "year_words": YEAR_WORDS,
        "undated": "" in raw.get("year", {}),
        "representatives": representatives,
        "listing": lists.listing,
        "worldwide": worldwide(hub) if not counts.known else [],
    }
    return render(request, "hub.html", context)


# What the explorer needs too -----------------------------------------------------------------------------------------


def find_hub(slug: str) -> Paper:
    """The paper with this slug, with its summary, venue and number of authors. Raises Http404 where there is none."""
    authors = Authorship.objects.filter(paper_id=OuterRef("pk")).order_by().values("paper_id")
    hub = (
        Paper.objects.select_related("hub", "venue", "merged_into")
        .annotate(author_count=Coalesce(Subquery(authors.annotate(n=Count("pk")).values("n")), 0))
        .filter(slug=slug)
        .first()
    )
    if hub is None:
        raise Http404(f"No paper here has the address “{slug}”.")
    return hub


def summary_of(hub: Paper) -> HubSummary | None:
    """The hub's summary; None for a paper that nothing in the collection cites."""
    summary: HubSummary | None = getattr(hub, "hub", None)
    return summary if summary is not None and summary.known else None


def counts_of(hub: Paper, clean: Clean | None = None) -> HubCounts:
    """The numbers that the rules of classes read; all zero where nothing cites the paper."""
    counts = clean.raw if clean else summary_counts(hub)
    return hub_counts(counts) if counts else HubCounts(0)


def shown_class(hub: Paper, clean: Clean | None = None) -> HubClass:
    """The class that readers see: the pinned one, else the computed one, of what is not left out."""
    summary = summary_of(hub)
    if clean is not None and clean.is_on and "pin" not in summary_counts(hub):
        return classify_hub(counts_of(hub, clean)).hub_class
    return HubClass(summary.hub_class) if summary else classify_hub(HubCounts(0)).hub_class


def has_sample(hub: Paper) -> bool:
    """Whether labels of the sample collection stand among those of the hub."""
    return summaries.has_sample(summary_counts(hub))


# The parts of the page -----------------------------------------------------------------------------------------------


def pinned(summary: HubSummary | None, raw: Mapping[str, Any]) -> Pinned | None:
    """The pin of the hub's class; None where no class is pinned."""
    if summary is None or "pin" not in raw:
        return None
    pin = raw["pin"]
    date = datetime.date.fromisoformat(pin["date"]) if pin.get("date") else None
    return Pinned(HubClass(summary.hub_class), str(pin.get("reason", "")), date)


def permanent_address(name: Identifier) -> str:
    """The address here that leads to the paper by one of its names."""
    if name.scheme in (Scheme.DOI, Scheme.ARXIV):
        return reverse(name.scheme, args=[name.value])
    return reverse("identifier", args=[name.scheme, name.value])


def reference_of(hub: Paper, authors: Sequence[str], identifiers: Sequence[Identifier]) -> Reference:
    """How the hub's paper is cited. A publisher's DOI goes before the one of a preprint."""
    dois = [name.value for name in identifiers if name.scheme == Scheme.DOI]
    published = [doi for doi in dois if not doi.startswith("10.48550/")]
    return Reference(
        title=hub.title,
        authors=tuple(authors),
        more_authors=max(0, hub.author_count - len(authors)),  # type: ignore[attr-defined]
        year=hub.year,
        venue=hub.venue.name if hub.venue else "",
        kind=hub.kind,
        doi=next(iter([*published, *dois]), ""),
        arxiv=next((name.value for name in identifiers if name.scheme == Scheme.ARXIV), ""),
        url=hub.url,
    )


def role_rows(counts: HubCounts) -> list[ShareRow]:
    """The classified roles in the order of display, zeros included."""
    return [
        _share_row(role, counts.roles[role], hub_class.role_query(role), counts.role_share(role))
        for role in CLASSIFIED_ROLES
    ]


def polarity_rows(counts: HubCounts) -> list[ShareRow]:
    """The polarities in the order of their chart, zeros included."""
    return [
        _share_row(
            polarity,
            counts.polarities[polarity],
            hub_class.polarity_query(polarity),
            counts.polarity_share(polarity),
        )
        for polarity in charts.POLARITY_ORDER
    ]


def _share_row(member: Role | Polarity, number: int, query: Mapping[str, Sequence[str]], share: Share) -> ShareRow:
    """One line with its mark for the chart."""
    return ShareRow(member, number, query, share, charts.range_mark(share.low, share.fraction, share.high))


def deciders(raw: Mapping[str, Any]) -> Deciders:
    """Who decided the roles, from `HubSummary.counts`; a source that gave polarities alone decided none of them."""
    numbers = raw.get("decided_by", {})
    sources = sorted((source, n) for source, n in raw.get("role_source", {}).items() if n and source != CURATOR)
    return Deciders(
        tuple((decider, numbers.get(decider.value, 0)) for decider in (DecidedBy.CURATOR, DecidedBy.IMPORT)),
        tuple((source, source_label(source), n) for source, n in sources),
        sum(raw.get("coarse_roles", {}).values()),
    )


def suggested(raw: Mapping[str, Any]) -> list[tuple[Role, int]]:
    """What is suggested for papers that nobody has classified, in the order of display."""
    numbers = raw.get("suggested", {})
    return [(role, numbers[role.value]) for role in Role if numbers.get(role.value)]


def years_of(raw: Mapping[str, Any]) -> dict[int, dict[Role | None, int]]:
    """Papers by year and role, from `HubSummary.counts`; those without a year are left out."""
    return {
        int(year): {Role(role) if role else None: number for role, number in roles.items()}
        for year, roles in raw.get("year", {}).items()
        if year
    }


def year_columns(years: Mapping[int, Mapping[Role | None, int]]) -> list[Role | None]:
    """The columns of the table of years: all classified roles, unclear where it occurs, not classified."""
    unclear = any(roles.get(Role.UNCLEAR) for roles in years.values())
    return [*CLASSIFIED_ROLES, *([Role.UNCLEAR] if unclear else []), None]


def year_rows(years: Mapping[int, Mapping[Role | None, int]]) -> list[YearRow]:
    """One line a year that has papers, oldest first."""
    columns = year_columns(years)
    rows = []
    for year in sorted(years):
        of_year = {"year_min": [str(year)], "year_max": [str(year)]}
        cells = tuple(
            ({"role": [role.value if role else NONE], **of_year}, years[year].get(role, 0)) for role in columns
        )
        rows.append(YearRow(year, cells, of_year, sum(years[year].values())))
    return rows


def worldwide(hub: Paper) -> list[tuple[Any, str]]:
    """How often the world cites the paper, by source, for a page that has nothing else to count."""
    return [(count, source_label(count.source)) for count in hub.cited_by_counts.order_by("-count", "source")]
