"""The page of one paper: what it is, what it cites in which role, its identifiers, and where each field comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from citations.charts import role_bar
from citations.exports import facts
from citations.filters.papers import ReferenceFilter
from citations.formatting import date_text
from citations.identifiers import Scheme
from citations.labels import Decider
from citations.listing import deciders_of
from citations.models import Citation, Identifier, Mention, Paper, survivor
from citations.views.hub_rows import CLASSIFIED, bylines, hub_row
from citations.views.kin import paper_kin, site_of
from citations.views.lists import ListPage, list_page
from citations.views.papers import hub_of
from citations.views.redirects import import_command
from citations.vocabulary import (
    CLASSIFIED_ROLES,
    CURATOR,
    NONE,
    SAMPLE,
    HubClass,
    Notice,
    Polarity,
    Role,
    source_label,
)

# Fields of a paper with their names on the page, in the order of the table. `LONG_FIELDS` are printed elsewhere.
FIELDS = {
    "title": "Title",
    "authors": "Authors",
    "year": "Year",
    "published_on": "Published",
    "venue": "Venue",
    "kind": "Kind",
    "notice": "Notice",
    "url": "Address",
    "summary": "Summary",
    "abstract": "Abstract",
}
LONG_FIELDS = {"title", "authors", "summary", "abstract"}


@dataclass(frozen=True)
class Reference:
    """One paper that this one cites, as the page prints it. None or "": nobody has decided, or nothing is known."""

    citation: Citation
    paper: Paper
    byline: str
    role: Role | None
    polarity: Polarity | None
    deciders: tuple[Decider, ...]
    suggested: Role | None
    mentions: tuple[Mention, ...]
    hub_class: HubClass | None


@dataclass(frozen=True)
class Field:
    """A fact about the paper and where it comes from. `link`: where the value leads, "" for nowhere."""

    label: str
    value: str
    source: str
    link: str = ""
    by_curator: bool = False


@require_safe
def paper(request: HttpRequest, slug: str) -> HttpResponse:
    """The page of the paper with this slug; of a merged paper a redirect to the one that stands for both."""
    found = Paper.objects.select_related("venue", "hub", "merged_into").filter(slug=slug).first()
    if found is None:
        raise Http404(f"No paper here has the address “{slug}”.")
    if found.merged_into_id is not None:
        return HttpResponseRedirect(survivor(found).get_absolute_url())
    filters = ReferenceFilter(request.GET, Citation.objects.by_paper(found.pk))
    roles, has_sample = _roles(found)
    page = list_page(request, filters, "cited paper", _total(filters, roles))
    references = _references(filters, page) if filters.is_usable else []
    summary = hub_of(found)
    hub = hub_row(summary) if summary else None
    names = list(found.identifiers.order_by("scheme", "value"))
    authors = list(found.authorships.order_by("position").values_list("name", flat=True))
    described = facts(found, authors, [name.as_value for name in names], abstract=True)
    context = {
        "paper": found,
        "notice": Notice(found.notice) if found.notice else None,
        "notice_source": _source_of(found, "notice"),
        "authors": authors,
        "kin": paper_kin(site_of(request), described),
        "hub": hub,
        "citing_url": reverse("citing", args=[slug]),
        "classified": CLASSIFIED,
        "role_rows": [(role, roles.get(role.value, 0)) for role in Role],
        "undecided": roles.get("", 0),
        "cites": sum(roles.values()),
        "cites_classified": sum(roles.get(role.value, 0) for role in CLASSIFIED_ROLES),
        "bar": role_bar({role: roles.get(role.value, 0) for role in Role}, sum(roles.values())),
        "page": page,
        "references": references,
        "identifiers": _identifiers(names),
        "references_command": _references_command(names),
        "fields": _fields(found),
        "counts": [(count, source_label(count.source)) for count in found.cited_by_counts.order_by("-count", "source")],
        "sample": has_sample or bool(hub and hub.sample),
    }
    return render(request, "paper.html", context)


def _roles(paper: Paper) -> tuple[dict[str, int], bool]:
    """How many papers it cites in which role ("" for those that are not classified), and whether the sample says so of
    any, whichever of them a filter shows.
    """
    of_sample = Count("pk", filter=Q(source=SAMPLE) | Q(polarity_source=SAMPLE))
    made = Citation.objects.by_paper(paper.pk).order_by()
    found = list(made.values_list("role").annotate(n=Count("pk"), of_sample=of_sample))
    return {role: n for role, n, _ in found}, any(sampled for _, _, sampled in found)


def _total(filters: ReferenceFilter, roles: dict[str, int]) -> int:
    """How many cited papers pass the filter: counted already, by role."""
    if not filters.is_usable:
        return 0
    chosen = filters.cleaned("role")
    return sum(n for role, n in roles.items() if not chosen or (role or NONE) in chosen)


def _references(filters: ReferenceFilter, page: ListPage) -> list[Reference]:
    """The rows of one page: citations with the cited papers, their sentences and their authors, a query each."""
    pages = page.pages
    if not pages.rows:
        return []
    rows = list(
        filters.ordered()
        .select_related("cited", "cited__venue", "cited__hub")
        .prefetch_related("mentions")[pages.offset : pages.offset + pages.size]
    )
    lines = bylines(citation.cited_id for citation in rows)
    return [_reference(citation, lines.get(citation.cited_id, "")) for citation in rows]


def _reference(citation: Citation, byline: str) -> Reference:
    """One row from a citation whose cited paper and mentions were read."""
    summary = hub_of(citation.cited)
    return Reference(
        citation=citation,
        paper=citation.cited,
        byline=byline,
        role=Role(citation.role) if citation.role else None,
        polarity=Polarity(citation.polarity) if citation.polarity else None,
        deciders=deciders_of(citation),
        suggested=Role(citation.suggested_role) if citation.suggested_role and not citation.role else None,
        mentions=tuple(mention for mention in citation.mentions.all() if mention.sentence),
        hub_class=HubClass(summary.hub_class) if summary else None,
    )


def _references_command(names: Sequence[Identifier]) -> str:
    """The command that fetches what the paper cites; "" where it has no name by which it can be fetched."""
    commands = (import_command(name.as_value) for name in names)
    command = next((command for command in commands if command), "")
    return f"{command} --direction references" if command else ""


def _identifiers(names: Sequence[Identifier]) -> list[tuple[Identifier, str, str]]:
    """Each identifier with its address here and its source."""
    return [(name, _permanent(name), _source_name(name.source)) for name in names]


def _permanent(name: Identifier) -> str:
    """The address here that leads to the paper by one of its names."""
    if name.scheme in (Scheme.DOI, Scheme.ARXIV):
        return reverse(name.scheme, args=[name.value])
    return reverse("identifier", args=[name.scheme, name.value])


def _fields(paper: Paper) -> list[Field]:
    """The fields that have a value or a known source. Long ones stand elsewhere: here is only their source."""
    papers = reverse("papers")
    values = {
        "year": (str(paper.year or ""), f"{papers}?year_min={paper.year}&year_max={paper.year}"),
        "published_on": (date_text(paper.published_on), ""),
        "venue": (paper.venue.name, f"{papers}?venue={paper.venue.slug}") if paper.venue else ("", ""),
        "kind": (paper.get_kind_display() if paper.kind else "", ""),
        "notice": (paper.get_notice_display() if paper.notice else "", ""),
        # Only addresses of the web become links: a source may claim anything.
        "url": (paper.url, paper.url if paper.url.startswith(("https://", "http://")) else ""),
    }
    fields: list[Field] = []
    for name, label in FIELDS.items():
        value, link = values.get(name, ("", ""))
        source = _source_of(paper, name)
        if value or (name in LONG_FIELDS and source):
            by_curator = paper.field_sources.get(name) == CURATOR
            fields.append(Field(label, value, source, link if value else "", by_curator))
    return fields


def _source_of(paper: Paper, field: str) -> str:
    """Who gave a field, as printed; "" where it is not known."""
    return _source_name(str(paper.field_sources.get(field, "")))


def _source_name(source: str) -> str:
    """A source of facts as printed. The facts of the sample are facts; only its labels are illustrative."""
    if source == CURATOR:
        return "a curator"
    return "Sample collection" if source == SAMPLE else source_label(source)
