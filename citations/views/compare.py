"""Hubs side by side: their roles and polarities on one scale, their years, and the papers that cite all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from citations import charts, identifiers
from citations.filters.base import query_string, search_words, shown
from citations.filters.citations import short_name
from citations.filters.compare import ADD, HUB, CompareFilter
from citations.filters.fields import LONGEST_SEARCH, SLUG
from citations.filters.hubs import HubFilter
from citations.formatting import css_percent, join_words
from citations.hub_class import HubCounts, Verdict, classify_hub
from citations.identifiers import BadIdentifier
from citations.listing import citing_all, common_rows, summary_counts
from citations.models import Citation, HubSummary, Paper, find_paper, survivor
from citations.views.hub import ShareRow, counts_of, has_sample, polarity_rows, role_rows, shown_class, years_of
from citations.vocabulary import HubClass, Polarity, Role

FEWEST, MOST = 2, 6
# An address may name many hubs, but no more of them are looked up.
MOST_LOOKED_UP = 50
# How many hubs a search for one to add offers.
OFFERED = 10
# The newest years have a row each, all earlier ones together have one.
YEARS_SHOWN = 15
NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


@dataclass(frozen=True)
class Compared:
    """One hub of the comparison. `without_url`: the comparison without it."""

    hub: Paper
    name: str
    path: str
    counts: HubCounts
    verdict: Verdict
    hub_class: HubClass
    bar: charts.RoleBar
    without_url: str


@dataclass(frozen=True)
class ProfileRow:
    """One role or polarity, and its share in each hub."""

    member: Role | Polarity
    cells: tuple[ShareRow, ...]


@dataclass(frozen=True)
class YearCell:
    """The papers of some years in one hub. `bar`: their share of the hub's dated papers, on the scale of all hubs."""

    number: int
    query: Mapping[str, Sequence[str]]
    bar: str


@dataclass(frozen=True)
class YearLine:
    """One year, or the earlier ones together, in each hub."""

    label: str
    cells: tuple[YearCell, ...]


@dataclass(frozen=True)
class Offer:
    """A hub that could be added."""

    hub: Paper
    known: int
    url: str


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Two to six hubs, named by `hub`. `add` names or looks for a further one."""
    hubs, told = chosen_hubs(request.GET.getlist(HUB))
    offers: list[Offer] = []
    wanted = " ".join(search_words(" ".join(request.GET.getlist(ADD))))[:LONGEST_SEARCH]
    if wanted:
        found = named_paper(wanted)
        if found is not None and found not in hubs and len(hubs) < MOST:
            return HttpResponseRedirect(address([*hubs, found]))
        offers, sentence = offered(wanted, found, hubs)
        told.append(sentence)
    filters = CompareFilter(_canonical(request.GET, hubs), Citation.objects.none())
    enough = len(hubs) >= FEWEST and filters.is_usable
    total = citing_all(hubs).order_by().count() if enough else 0
    pages = filters.pages(request.path, total)
    compared = [_compared(hub, hubs) for hub in hubs]
    context: dict[str, Any] = {
        "hubs": compared,
        "offers": offers,
        "told": [*told, *_too_few(hubs, told)],
        "corrections": [(problem, filters.corrected_address(request.path, problem)) for problem in filters.problems],
        "usable": filters.is_usable,
        "canonical": _to_index(request, hubs) if not told and not filters.problems else "",
        "may_add": len(hubs) < MOST,
        "most": NUMBERS[MOST],
        "wanted": wanted if offers else "",
        "number_word": NUMBERS[len(hubs)],
        "role_rows": _profile([role_rows(each.counts) for each in compared]),
        "polarity_rows": _profile([polarity_rows(each.counts) for each in compared]),
        "ranged": any(each.counts.role_range_shown or each.counts.polarity_range_shown for each in compared),
        "assessed": {"polarity": [polarity.value for polarity in charts.POLARITY_ORDER]},
        "classified": {"role": [role.value for role in Role if role.is_classified]},
        "year_lines": _year_lines([years_of(summary_counts(hub)) for hub in hubs]),
        "pages": pages,
        "rows": common_rows(hubs, pages.offset, pages.offset + pages.size) if pages.rows else [],
        "sample": any(map(has_sample, hubs)),
    }
    return render(request, "compare.html", context)


def _to_index(request: HttpRequest, hubs: Sequence[Paper]) -> str:
    """The one address under which search engines may keep this page, whatever the order of its hubs; "" where they
    should not: a single hub has a page of its own, and further pages and what was asked besides are endless.
    """
    if not hubs and not request.GET:
        return reverse("compare")
    if len(hubs) < FEWEST or set(request.GET) != {HUB}:
        return ""
    return address(sorted(hubs, key=lambda hub: hub.slug))


# Which hubs -----------------------------------------------------------------------------------------------------------


def chosen_hubs(given: Sequence[str]) -> tuple[list[Paper], list[str]]:
    """The papers with these slugs in the order given, at most six, and what to tell of the others. One query, and one
    more for each merged paper.
    """
    told = []
    slugs = [" ".join(search_words(slug)) for slug in given]
    slugs = list(dict.fromkeys(slug for slug in slugs if slug))
    looked_up = [slug for slug in slugs[:MOST_LOOKED_UP] if SLUG.fullmatch(slug)]
    papers = Paper.objects.select_related("hub", "merged_into").defer("abstract").filter(slug__in=looked_up)
    by_slug = {paper.slug: paper for paper in papers} if looked_up else {}
    unknown = [slug for slug in slugs if slug not in by_slug]
    if unknown:
        told.append(
            f"No paper here has the address {join_words([f'“{shown(slug)}”' for slug in unknown[:MOST]], 'or')}."
        )
    hubs = list(dict.fromkeys(_standing(by_slug[slug]) for slug in slugs if slug in by_slug))
    if len(given) > len(slugs) or len(hubs) < len(slugs) - len(unknown):
        told.append("A hub that is named more than once is compared once.")
    if len(hubs) > MOST:
        told.append(f"At most {NUMBERS[MOST]} hubs are compared: the first {NUMBERS[MOST]} of {len(hubs)}.")
    return hubs[:MOST], told


def _standing(paper: Paper) -> Paper:
    """The paper that stands for a merged one, with its summary."""
    if paper.merged_into_id is None:
        return paper
    return Paper.objects.select_related("hub").get(pk=survivor(paper).pk)


def _too_few(hubs: Sequence[Paper], told: Sequence[str]) -> list[str]:
    """What to tell where there is nothing to compare; nothing on a page that nothing was asked of."""
    if len(hubs) == 1:
        return ["One hub alone cannot be compared: add a second one."]
    return ["Add two hubs to compare them."] if told and not hubs else []


def named_paper(wanted: str) -> Paper | None:
    """The paper that a slug or an identifier names; None where it is neither."""
    if SLUG.fullmatch(wanted):
        paper = Paper.objects.select_related("hub", "merged_into").filter(slug=wanted).first()
        if paper is not None:
            return _standing(paper)
    try:
        return find_paper(identifiers.parse(wanted))
    except BadIdentifier:
        return None


def offered(wanted: str, found: Paper | None, hubs: Sequence[Paper]) -> tuple[list[Offer], str]:
    """Hubs that `wanted` may mean, and what to tell."""
    if len(hubs) >= MOST:
        return [], f"At most {NUMBERS[MOST]} hubs are compared: remove one first."
    if found is not None:
        return [], f"“{shown(short_name(found.title))}” is compared already."
    search = QueryDict(mutable=True)
    search["q"] = wanted
    filters = HubFilter(search, HubSummary.objects.public())
    if not filters.is_usable:
        return [], filters.problems[0].message
    summaries = filters.ordered().exclude(pk__in=[hub.pk for hub in hubs]).select_related("paper")[:OFFERED]
    offers = [Offer(each.paper, each.known, address([*hubs, each.paper])) for each in summaries]
    if not offers:
        return [], f"No hub is called “{shown(wanted)}”: give words of its title, its DOI or its arXiv id."
    return offers, f"Hubs with “{shown(wanted)}” in the title are listed below: choose one to add."


def address(hubs: Sequence[Paper]) -> str:
    """The comparison of these hubs."""
    return reverse("compare") + query_string({HUB: [hub.slug for hub in hubs]})


def _canonical(given: QueryDict, hubs: Sequence[Paper]) -> QueryDict:
    """The parameters with the hubs that are compared in the place of those that were asked for."""
    data = given.copy()
    data.setlist(HUB, [hub.slug for hub in hubs])
    return data


# What is compared -----------------------------------------------------------------------------------------------------


def _compared(hub: Paper, hubs: Sequence[Paper]) -> Compared:
    """One hub; two of the same name are told apart by their years."""
    counts = counts_of(hub)
    name = short_name(hub.title)
    namesakes = Counter(short_name(each.title) for each in hubs)
    return Compared(
        hub=hub,
        name=f"{name} ({hub.year})" if namesakes[name] > 1 and hub.year else name,
        path=reverse("citing", args=[hub.slug]),
        counts=counts,
        verdict=classify_hub(counts),
        hub_class=shown_class(hub),
        bar=charts.role_bar(counts.roles, counts.known),
        without_url=address([each for each in hubs if each != hub]),
    )


def _profile(of_hubs: Sequence[Sequence[ShareRow]]) -> list[ProfileRow]:
    """The rows of a table from its columns."""
    return [ProfileRow(cells[0].member, cells) for cells in zip(*of_hubs, strict=True)]


def _year_lines(of_hubs: Sequence[Mapping[int, Mapping[Role | None, int]]]) -> list[YearLine]:
    """The newest years first; each number as a share of all papers of its hub whose year is known."""
    totals = [{year: sum(roles.values()) for year, roles in years.items()} for years in of_hubs]
    years = sorted({year for of_hub in totals for year in of_hub}, reverse=True)
    spans = [(str(year), year, year) for year in years[:YEARS_SHOWN]]
    if years[YEARS_SHOWN:]:
        spans.append((f"{years[YEARS_SHOWN]} and before", 0, years[YEARS_SHOWN]))
    table = [[sum(n for y, n in of_hub.items() if first <= y <= last) for of_hub in totals] for _, first, last in spans]
    dated = [sum(of_hub.values()) for of_hub in totals]
    shares = [[n / whole if whole else 0.0 for n, whole in zip(row, dated, strict=True)] for row in table]
    highest = max((share for row in shares for share in row), default=0.0) or 1.0
    return [
        YearLine(
            label,
            tuple(
                YearCell(n, _span_query(first, last), css_percent(share / highest))
                for n, share in zip(numbers, of_row, strict=True)
            ),
        )
        for (label, first, last), numbers, of_row in zip(spans, table, shares, strict=True)
    ]


def _span_query(first: int, last: int) -> dict[str, list[str]]:
    """The parameters of a list of these years."""
    return {**({"year_min": [str(first)]} if first else {}), "year_max": [str(last)]}
