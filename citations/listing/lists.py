"""The list itself: which papers, in which order, which page, with which facets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Case, F, IntegerField, OrderBy, Q, QuerySet, When
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.urls import reverse

from citations import search
from citations.facets import (
    MANY_MATCHES,
    Drop,
    Facet,
    FacetCounts,
    counts_of_list,
    counts_of_summary,
    drops,
    facets,
)
from citations.filters.base import PAGE, PAGE_SIZES, YEAR_FROM, YEAR_TO, Chip, Pages, Problem
from citations.filters.citations import (
    RELEVANCE,
    CitationFilter,
    Description,
    describe,
    short_name,
)
from citations.listing.marking import Marking
from citations.listing.rows import Row, details, first_authors, load_rows
from citations.models import Citation, HubSummary, Paper
from citations.models.papers import UNKNOWN_DATE

# Sorting -------------------------------------------------------------------------------------------------------------

# Each follows an index of `Citation`, and ends with the id, so that pages never overlap. Relevance sorts by the rank
# that `CitationFilter.qs` then carries.
ORDERS: Mapping[str, tuple[str, ...]] = {
    "newest": ("-sort_date", "-id"),
    "oldest": ("sort_date", "id"),
    "cited": ("-cited_by_count", "-id"),
    "title": ("sort_title", "id"),
    "confidence": ("-suggested_confidence", "-id"),
    RELEVANCE: ("-rank", "-sort_date", "-id"),
}
OLDEST = "oldest"
BY_DATE = ("newest", OLDEST)
_UNDATED_LAST = Case(When(sort_date=UNKNOWN_DATE, then=1), default=0, output_field=IntegerField())


def reversed_order(order: Sequence[str]) -> tuple[str, ...]:
    """The same columns from the other end."""
    return tuple(column.removeprefix("-") if column.startswith("-") else f"-{column}" for column in order)


def _sorted_apart(order: Sequence[str]) -> list[OrderBy]:
    """The same order in a form that no index has, so that what matches is found first and then sorted."""
    columns = ((column.removeprefix("-"), column.startswith("-")) for column in order)
    return [OrderBy(Coalesce(F(name), F(name)), descending=descending) for name, descending in columns]


@dataclass(frozen=True)
class _Stretch:
    """The places `start` to `end` (exclusive) of an ordered list of `total`. `walked`: its index is followed, which is
    best where much of it matches; else the matches are sorted.
    """

    start: int
    end: int
    total: int
    walked: bool = True

    def ids(self, matching: QuerySet[Any], order: Sequence[str]) -> QuerySet[Any, Any]:
        """The ids there, read from whichever end is nearer: the last page costs what the first one does."""
        start, end = self.start, self.end
        if self.start > self.total - self.end:
            order, start, end = reversed_order(order), self.total - self.end, self.total - self.start
        return matching.values("pk").order_by(*(order if self.walked else _sorted_apart(order)))[start:end]


def _page_of(
    filterset: CitationFilter, start: int, end: int, counts: FacetCounts, known: int, *, undated: bool
) -> list[Citation]:
    """The citations at the places `start` to `end` (exclusive) of the list of which these are the counts: ids by index,
    then their details. `undated`: whether papers without a date may be among those that cite the hub.
    """
    order, total = ORDERS[filterset.sort], counts.total
    if filterset.sort == RELEVANCE:
        return _by_rank(filterset.qs, start, end)
    walked = not filterset.active or search.is_walked(total, known, min(end, total - start))
    matching = filterset.in_page_order() if walked and filterset.asked else filterset.qs
    if counts.dates and filterset.sort in BY_DATE:
        # Which the filter of years implies: the walk begins at the first of them, and not at the end of the index.
        matching = matching.filter(sort_date__range=counts.dates)
    stretch = _Stretch(start, end, total, walked)
    if filterset.sort == OLDEST and undated:
        return _oldest(matching, stretch)
    return list(details(stretch.ids(matching, order)).order_by(*order))


def _by_rank(ranked: QuerySet[Any], start: int, end: int) -> list[Citation]:
    """A page in the order of a search, which no column holds."""
    ids = list(ranked.order_by(*ORDERS[RELEVANCE]).values_list("pk", flat=True)[start:end])
    found = {citation.pk: citation for citation in details(ids)}
    return [found[pk] for pk in ids]


def _oldest(matching: QuerySet[Any], page: _Stretch) -> list[Citation]:
    """A page of the oldest first. Papers without a date sort last here too, though the index has them first.

    Where the index is walked, the list is two, one behind the other; of neither is the length known. Those without a
    date are found from the end of the whole.
    """
    if not page.walked:
        by_date = [OrderBy(_UNDATED_LAST), *_sorted_apart(ORDERS[OLDEST])]
        ids = matching.order_by(*by_date).values("pk")[page.start : page.end]
        return list(details(ids).order_by(_UNDATED_LAST, *ORDERS[OLDEST]))
    dated, undated = matching.filter(sort_date__gt=UNKNOWN_DATE), matching.filter(sort_date=UNKNOWN_DATE)
    wanted, behind = page.end - page.start, page.total - page.end

    def read(part: QuerySet[Any], order: Sequence[str], start: int, number: int) -> list[Citation]:
        return list(details(part.values("pk").order_by(*order)[start : start + number]).order_by(*ORDERS[OLDEST]))

    last = read(undated, ("-id",), behind, wanted) if page.start > behind else []
    if last:
        missing = wanted - len(last)
        return [*(read(dated, reversed_order(ORDERS[OLDEST]), 0, missing) if missing else ()), *last]
    found = read(dated, ORDERS[OLDEST], page.start, wanted)
    missing = wanted - len(found)
    return [*found, *(read(undated, ("-id",), behind, missing) if missing else ())]


# Lists ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listing:
    """One list of citing papers, ready to be printed, exported or served.

    `known` papers cite the hub, `count` of them match. `rows` are those of the page. `path` is the list's address
    without parameters. `drops` are the ways out where nothing matches.
    """

    hub: Paper
    path: str
    filterset: CitationFilter
    known: int
    count: int
    rows: tuple[Row, ...]
    facets: tuple[Facet, ...]
    description: Description
    drops: tuple[Drop, ...] = field(default=())

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was not understood of the address."""
        return self.filterset.problems

    @cached_property
    def chips(self) -> tuple[Chip, ...]:
        """The active filters."""
        return self.filterset.chips(self.path)

    @cached_property
    def pages(self) -> Pages:
        """The pager."""
        return self.filterset.pages(self.path, self.count)

    @property
    def page_sizes(self) -> tuple[int, ...]:
        """How many rows a page may have."""
        return PAGE_SIZES

    @property
    def last_page_url(self) -> str:
        """The last page that has rows."""
        last = self.pages.last_number
        return self.address(set={PAGE: [str(last)]} if last > 1 else None)

    @property
    def heading(self) -> str:
        """The filter in English with its numbers: "18 of 30 citing papers use Pythia as a tool"."""
        return self.description.heading(self.count, self.known)

    @property
    def title(self) -> str:
        """The same for the title of the page: "18 papers that use Pythia as a tool"."""
        return self.description.title(self.count)

    @property
    def has_sample(self) -> bool:
        """Whether a label of the sample collection is among the rows."""
        return any(row.is_sample for row in self.rows)

    def address(self, **changes: Any) -> str:
        """The list's address; `drop` and `set` change parameters as `filterset.address` does."""
        return self.filterset.address(self.path, **changes)


def summary_counts(hub: Paper) -> dict[str, Any]:
    """`HubSummary.counts` of a paper; empty where nothing cites it, also where it has no summary at all."""
    summary: HubSummary | None = getattr(hub, "hub", None)
    return summary.counts if summary is not None and summary.known else {}


# How the page of a list is shown besides what it lists: parameters of the page alone, which no other form of it has.
FIND_VENUE, COUNT_VENUES = "find_venue", "count_venues"
# As long as the name of a venue that somebody looks for.
LONGEST_VENUE_SEARCH = 100


@dataclass(frozen=True)
class Shown:
    """How a list is shown: venues with these words in their names, and whether venues are counted however many papers
    match a search.
    """

    venue_words: str = ""
    count_venues: bool = False


def list_citing(hub: Paper, data: QueryDict, shown: Shown | None = None) -> Listing:
    """The list that the parameters `data` ask for. The hub comes with its summary (`select_related("hub")`).

    Nothing is listed while a parameter is not understood: see `problems`.
    """
    shown = shown or Shown()
    path = reverse("citing", args=[hub.slug])
    filterset = CitationFilter(data, hub.pk)
    raw = summary_counts(hub)
    unfiltered = counts_of_summary(raw)
    counts = _counts(hub, filterset, unfiltered, shown) if filterset.is_usable else FacetCounts()
    rows: list[Row] = []
    start = (filterset.page - 1) * filterset.page_size
    end = min(start + filterset.page_size, counts.total)
    if start < end:
        # A paper that has a year has a date to sort by.
        undated = "" in raw["year"] and not (filterset.cleaned(YEAR_FROM) or filterset.cleaned(YEAR_TO))
        found = _page_of(filterset, start, end, counts, unfiltered.total, undated=undated)
        authors = first_authors([*(citation.citing_id for citation in found), hub.pk])
        rows = load_rows(found, authors, _marking(hub, authors, filterset))
    venues_address = filterset.address(path, set={COUNT_VENUES: ["1"]})
    is_empty = bool(filterset.is_usable and unfiltered.total and not counts.total)
    return Listing(
        hub=hub,
        path=path,
        filterset=filterset,
        known=unfiltered.total,
        count=counts.total,
        rows=tuple(rows),
        facets=facets(
            counts,
            unfiltered,
            filterset,
            path,
            venue_words=shown.venue_words,
            count_venues_url=venues_address if counts.venues is None else "",
        )
        if filterset.is_usable
        else (),
        description=describe(filterset, short_name(hub.title)),
        drops=drops(hub.pk, unfiltered.total, filterset, path) if is_empty else (),
    )


def _counts(hub: Paper, filterset: CitationFilter, unfiltered: FacetCounts, shown: Shown) -> FacetCounts:
    """The numbers of a list: those of the summary where nothing is filtered."""
    known = unfiltered.total
    if not known or not (filterset.active or shown.venue_words):
        return unfiltered
    on_request = bool(filterset.asked) and not shown.count_venues
    most = MANY_MATCHES if on_request else None
    return counts_of_list(hub.pk, known, filterset, most=most, venue_words=shown.venue_words)


def _marking(hub: Paper, authors: Mapping[int, Sequence[str]], filterset: CitationFilter) -> Marking:
    """What stands out in the rows of a list."""
    first = next(iter(authors.get(hub.pk, ())), "")
    return Marking(filterset.asked, hub.title, first, hub.year)


def page_of_year(listing: Listing, year: int) -> tuple[int, int | None]:
    """On which page of a list by date the papers of a year begin, and the id of the first of them.

    Where no paper is of that year: the next one in the order of the list. Beyond its end, the last page and None.
    """
    filterset = listing.filterset
    dated = filterset.qs.filter(sort_date__gt=UNKNOWN_DATE).order_by()
    if filterset.sort == OLDEST:
        before, there = Q(sort_date__lt=date(year, 1, 1)), Q(sort_date__gte=date(year, 1, 1))
    else:
        before, there = Q(sort_date__gt=date(year, 12, 31)), Q(sort_date__lte=date(year, 12, 31))
    first = dated.filter(there).order_by(*ORDERS[filterset.sort]).values_list("pk", flat=True).first()
    place = dated.filter(before).count()
    return min(place // filterset.page_size + 1, listing.pages.last_number), first


@dataclass(frozen=True)
class HubLists:
    """What a hub page lists: the first page of its citing papers, the chosen ones by their citation, and its own
    authors.
    """

    listing: Listing
    chosen: Mapping[int, Row]
    authors: Sequence[str]


def hub_lists(hub: Paper, chosen: Collection[int], data: QueryDict | None = None) -> HubLists:
    """A list's first page, and the rows of those of the `chosen` citations that it holds, wherever they stand in it.

    The list is that of the parameters `data`, which must be understood; by default the unfiltered one. All rows are
    read together, and the hub's authors with theirs, so that a hub page takes few queries.
    """
    path = reverse("citing", args=[hub.slug])
    filterset = CitationFilter(data if data is not None else QueryDict(), hub.pk)
    unfiltered = counts_of_summary(summary_counts(hub))
    counts = _counts(hub, filterset, unfiltered, Shown())
    found = _page_and(filterset, chosen) if counts.total else []
    authors = first_authors([citation.citing_id for citation in found], more_of=hub.pk)
    rows = load_rows(found, authors, _marking(hub, authors, filterset))
    listing = Listing(
        hub=hub,
        path=path,
        filterset=filterset,
        known=unfiltered.total,
        count=counts.total,
        # Sorted as the list is, the rows of its first page come before all others.
        rows=tuple(rows[: filterset.page_size]),
        facets=facets(counts, unfiltered, filterset, path),
        description=describe(filterset, short_name(hub.title)),
    )
    return HubLists(
        listing, {row.citation.pk: row for row in rows if row.citation.pk in chosen}, authors.get(hub.pk, ())
    )


def _page_and(filterset: CitationFilter, chosen: Collection[int]) -> list[Citation]:
    """The newest citations of a list, a page of them, and the chosen ones, by one query; the newest first."""
    page = filterset.qs.order_by(*ORDERS["newest"]).values("pk")[: filterset.page_size]
    # Chosen ones are of this hub; where that is asked, too, SQLite goes through the whole hub to find them.
    there = filterset.filter_except(Citation.objects.public().filter(pk__in=chosen)).order_by()
    # A slice may not be part of a union on SQLite, but may stand inside one of its parts.
    both = Citation.objects.filter(pk__in=page).order_by().values("pk").union(there.values("pk"))
    return list(details(both).order_by(*ORDERS["newest"]))
