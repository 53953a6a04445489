"""The list itself: which papers, in which order, which page, with which facets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, F, IntegerField, QuerySet, When
from django.http import QueryDict
from django.urls import reverse

from citations.facets import Drop, Facet, FacetCounts, counts_of_list, counts_of_summary, drops, facets
from citations.filters.base import PAGE, PAGE_SIZES, Chip, Pages, Problem
from citations.filters.citations import RELEVANCE, CitationFilter, Description, describe, short_name
from citations.listing.rows import Row, details, first_authors, load_rows
from citations.models import Citation, HubSummary, Paper
from citations.models.papers import UNKNOWN_DATE

# Sorting -------------------------------------------------------------------------------------------------------------

# Each follows an index of `Citation`, and ends with the id, so that pages never overlap. Relevance needs the text
# index of a full-text search; until there is one it is the newest first.
ORDERS: Mapping[str, tuple[Any, ...]] = {
    "newest": ("-sort_date", "-id"),
    "oldest": ("sort_date", "id"),
    "cited": ("-cited_by_count", "-id"),
    "title": ("sort_title", "id"),
    "confidence": ("-suggested_confidence", "-id"),
    RELEVANCE: ("-sort_date", "-id"),
}
_UNDATED_LAST = Case(When(sort_date=UNKNOWN_DATE, then=1), default=0, output_field=IntegerField())


def _page_of(matching: QuerySet[Citation], sort: str, start: int, end: int, total: int) -> list[Citation]:
    """The citations at the places `start` to `end` (exclusive) of a sorted list of `total`: ids by index, then their
    details.

    Papers without a date sort last, oldest first too. The index has them first there, so they are read from the other
    end.
    """
    if sort != "oldest":
        ids = matching.order_by(*ORDERS[sort]).values("pk")[start:end]
        return list(details(ids).order_by(*ORDERS[sort]))
    dated = matching.filter(sort_date__gt=UNKNOWN_DATE).order_by("sort_date", "id").values("pk")[start:end]
    found = list(details(dated).order_by("sort_date", "id"))
    missing = end - start - len(found)
    if missing:
        undated = (
            matching.filter(sort_date=UNKNOWN_DATE).order_by("-id").values("pk")[total - end : total - end + missing]
        )
        found += details(undated).order_by("id")
    return found


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

    @property
    def is_filtered(self) -> bool:
        """Whether any filter is on."""
        return bool(self.filterset.active)

    @property
    def chips(self) -> tuple[Chip, ...]:
        """The active filters."""
        return self.filterset.chips(self.path)

    @property
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


def list_citing(hub: Paper, data: QueryDict) -> Listing:
    """The list that the parameters `data` ask for. The hub comes with its summary (`select_related("hub")`).

    Nothing is listed while a parameter is not understood: see `problems`.
    """
    path = reverse("citing", args=[hub.slug])
    filterset = CitationFilter(data, Citation.objects.of_hub(hub.pk))
    unfiltered = counts_of_summary(summary_counts(hub))
    if not filterset.is_usable:
        counts = FacetCounts()
    elif filterset.active and unfiltered.total:
        counts = counts_of_list(hub.pk, unfiltered.total, filterset)
    else:
        counts = unfiltered
    rows: list[Row] = []
    start = (filterset.page - 1) * filterset.page_size
    end = min(start + filterset.page_size, counts.total)
    if start < end:
        rows = load_rows(_page_of(filterset.qs, filterset.sort, start, end, counts.total))
    return Listing(
        hub=hub,
        path=path,
        filterset=filterset,
        known=unfiltered.total,
        count=counts.total,
        rows=tuple(rows),
        facets=facets(counts, unfiltered, filterset, path) if filterset.is_usable else (),
        description=describe(filterset, short_name(hub.title)),
        drops=drops(hub.pk, filterset, path) if filterset.is_usable and unfiltered.total and not counts.total else (),
    )


@dataclass(frozen=True)
class HubLists:
    """What a hub page lists: the first page of its citing papers, the chosen ones by their citation, and its own
    authors.
    """

    listing: Listing
    chosen: Mapping[int, Row]
    authors: Sequence[str]


def hub_lists(hub: Paper, chosen: Collection[int]) -> HubLists:
    """The unfiltered list's first page, and the rows of the `chosen` citations, wherever in the list they stand.

    All of them are read together, and the hub's authors with theirs, so that a hub page takes few queries.
    """
    path = reverse("citing", args=[hub.slug])
    filterset = CitationFilter(QueryDict(), Citation.objects.of_hub(hub.pk))
    counts = counts_of_summary(summary_counts(hub))
    found = _page_and(hub, chosen, filterset.page_size) if counts.total else []
    authors = first_authors([citation.citing_id for citation in found], more_of=hub.pk)
    rows = load_rows(found, authors)
    listing = Listing(
        hub=hub,
        path=path,
        filterset=filterset,
        known=counts.total,
        count=counts.total,
        # Sorted as the list is, the rows of its first page come before all others.
        rows=tuple(rows[: filterset.page_size]),
        facets=facets(counts, counts, filterset, path),
        description=describe(filterset, short_name(hub.title)),
    )
    return HubLists(
        listing, {row.citation.pk: row for row in rows if row.citation.pk in chosen}, authors.get(hub.pk, ())
    )


def _page_and(hub: Paper, chosen: Collection[int], size: int) -> list[Citation]:
    """The newest `size` citations of a hub, and the chosen ones, by one query; the newest first."""
    page = Citation.objects.of_hub(hub.pk).order_by(*ORDERS["newest"]).values("pk")[:size]
    # A slice may not be part of a union on SQLite, but may stand inside one of its parts.
    both = Citation.objects.filter(pk__in=page).order_by().values("pk")
    both = both.union(Citation.objects.of_hub(hub.pk).filter(pk__in=chosen).order_by().values("pk"))
    return list(details(both).order_by(*ORDERS["newest"]))
