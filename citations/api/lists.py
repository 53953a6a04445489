"""The lists of this interface: the filters of the pages, read by cursor or by the number of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from citations import identifiers, search
from citations.api import cursors
from citations.api.cursors import Order, Page, Place
from citations.api.parameters import (
    CURSOR,
    CURSOR_PARAMETER,
    FACETS,
    IDENTIFIER,
    IDENTIFIER_PARAMETER,
    PAGE_SIZE_PARAMETER,
    Given,
    Parameter,
    list_parameters,
    own_error,
    parameter_errors,
)
from citations.api.rows import Api, citing_row, facet_rows, hub_row, is_sample, paper_row, query_values
from citations.exports.formats import SAMPLE_NOTICE
from citations.exports.rows import all_authors, all_identifiers, facts, load_rows, one_line
from citations.facets import counts_of_list, counts_of_summary, facets
from citations.filters.base import PAGE_SIZE, Query, StrictFilterSet, query_string
from citations.filters.citations import CitationFilter, describe, short_name
from citations.filters.hubs import CLASS, HubFilter
from citations.filters.papers import PaperFilter
from citations.identifiers import BadIdentifier
from citations.listing import ORDERS, count_venues, find_hub, select_citing, summary_counts
from citations.models import HubSummary, Identifier, Paper

CITING_PARAMETERS = list_parameters(CitationFilter)
HUB_PARAMETERS = list_parameters(HubFilter)
PAPER_PARAMETERS = list_parameters(PaperFilter, IDENTIFIER_PARAMETER)
HISTORY_PARAMETERS: tuple[Parameter, ...] = (PAGE_SIZE_PARAMETER, CURSOR_PARAMETER)

_VENUE = "venue"


# What all lists share -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class List:
    """One list as it was asked for: its path, its filters, and what else stands in its address."""

    path: str
    filters: StrictFilterSet
    given: Given
    api: Api

    @property
    def query(self) -> Query:
        """Filters and sort, as they were understood: what makes it this list and no other."""
        query = {name: values for name, values in self.filters.query.items() if name != PAGE_SIZE}
        return query | ({IDENTIFIER: [self.given.own[IDENTIFIER]]} if IDENTIFIER in self.given.own else {})

    def address(self, **changes: Sequence[str]) -> str:
        """The absolute address of the beginning of this list with some parameters set."""
        size = {PAGE_SIZE: self.filters.query[PAGE_SIZE]} if PAGE_SIZE in self.filters.query else {}
        order = [*self.filters.filters, IDENTIFIER]
        return self.api.site.address(self.path + query_string({**self.query, **size}, set=changes, order=order))

    @cached_property
    def start(self) -> Place | None:
        """Where the cursor points; None for the beginning. Raises Refusal where it is not one of this list."""
        return cursors.read(self.given.cursor, self._name) if self.given.cursor else None

    def page(self, matching: QuerySet[Any], orders: Mapping[str, Order], ordered: QuerySet[Any]) -> Page:
        """The page asked for. `matching`: the rows in no order; `ordered`: the same as the pages of the site have
        them, for a sort that `orders` does not know.
        """
        filters, sort, start = self.filters, self.filters.sort, self.start
        offset = (filters.page - 1) * filters.page_size
        if sort not in orders:
            return cursors.page_remembered(ordered, filters.page_size, start, offset)
        if start is None and offset:
            return cursors.page_at(matching, orders[sort], filters.page_size, offset)
        return cursors.page_from(matching, orders[sort], filters.page_size, start)

    def answer(self, page: Page, count: int, results: Sequence[Any], facets: Any = None) -> dict[str, Any]:
        """The members that every list has. `facets` are there where they were asked for."""
        return {
            "count": count,
            "filter": query_values(self.query),
            "next": self._at(page.next),
            "previous": self._at(page.previous),
            "results": list(results),
            **({FACETS: facets} if self.given.wants_facets else {}),
        }

    @property
    def _name(self) -> str:
        return cursors.list_name(self.path, self.query)

    def _at(self, place: Place | None) -> str | None:
        """The address of the list from a place on."""
        if place is None:
            return None
        changes = {CURSOR: [cursors.write(place, self._name)]}
        return self.address(**changes, **({FACETS: ["1"]} if self.given.wants_facets else {}))


# Citing papers --------------------------------------------------------------------------------------------------------


def citing_list(hub: Paper, given: Given, api: Api) -> dict[str, Any]:
    """The papers that cite a hub, whose summary is at hand. Raises Refusal where a parameter is not understood."""
    selection = select_citing(hub, given.filters)
    filters = selection.filterset
    given.refuse(*parameter_errors(selection.problems, CITING_PARAMETERS))
    asked = List(reverse("api:citing", args=[hub.slug]), filters, given, api)
    unfiltered = counts_of_summary(summary_counts(hub))
    counted = None
    if given.wants_facets:
        of_list = filters.active and unfiltered.total
        counted = counts_of_list(hub.pk, unfiltered.total, filters) if of_list else unfiltered
    count = counted.total if counted else selection.count
    page = _citing_page(asked, filters, count, unfiltered.total)
    rows = [citing_row(row, api) for row in load_rows(page.ids)]
    shown = facet_rows(facets(counted, unfiltered, filters, asked.path), api) if counted else None
    return {
        "hub": hub.slug,
        "title": one_line(hub.title),
        "description": one_line(describe(filters, short_name(hub.title)).heading(count, unfiltered.total)),
        "known": unfiltered.total,
        "notice": SAMPLE_NOTICE if is_sample(getattr(hub, "hub", None)) else None,
        "notices": list(filters.notices),
        "page": api.site.address(selection.list_path),
        **asked.answer(page, count, rows, shown),
    }


def _citing_page(asked: List, filters: CitationFilter, count: int, known: int) -> Page:
    """The page of citing papers that is asked for, of `count` that match and `known` in all."""
    if asked.start is None and not count:
        return cursors.EMPTY
    matching = filters.qs.order_by()
    ordered = matching.order_by(*ORDERS[filters.sort])
    if filters.asked and filters.sort in cursors.CITING_ORDERS and search.is_walked(count, known, filters.page_size):
        matching = filters.in_page_order().order_by()
    return asked.page(matching, cursors.CITING_ORDERS, ordered)


# Hubs -----------------------------------------------------------------------------------------------------------------


def hub_list(given: Given, api: Api) -> dict[str, Any]:
    """The papers that others cite. Raises Refusal where a parameter is not understood."""
    filters = HubFilter(given.filters, HubSummary.objects.public())
    given.refuse(*parameter_errors(filters.problems, HUB_PARAMETERS))
    asked = List(reverse("api:hubs"), filters, given, api)
    page = asked.page(filters.qs.order_by(), cursors.HUB_ORDERS, filters.ordered())
    counted = [_class_facet(asked), _venue_facet(asked)] if given.wants_facets else None
    return asked.answer(page, filters.qs.count(), _hub_rows(page.ids, api), counted)


def _hub_rows(ids: Sequence[int], api: Api) -> list[dict[str, Any]]:
    """The rows of these hubs, in their order: two queries."""
    if not ids:
        return []
    summaries = HubSummary.objects.for_listing().in_bulk(ids)
    authors = all_authors(ids)
    found = [summaries[pk] for pk in ids if pk in summaries]
    return [hub_row(summary, facts(summary.paper, authors.get(summary.pk, ()), ()), api) for summary in found]


def _class_facet(asked: List) -> dict[str, Any]:
    """How many hubs are of each class under all other filters."""
    filters = asked.filters
    rows = filters.filter_except(filters.queryset, CLASS).order_by().values_list("hub_class").annotate(n=Count("pk"))
    counted = dict(rows)
    words = filters.filters[CLASS].extra["words"]
    return _facet(asked, CLASS, "Class", [(value, label, counted.get(value, 0)) for value, label in words.items()])


# Papers ---------------------------------------------------------------------------------------------------------------


def paper_list(given: Given, api: Api) -> dict[str, Any]:
    """All papers. Raises Refusal where a parameter is not understood."""
    papers = Paper.objects.public()
    errors = []
    if IDENTIFIER in given.own:
        try:
            papers = papers.filter(pk__in=_named(given.own[IDENTIFIER]))
        except BadIdentifier as error:
            errors.append(own_error(IDENTIFIER_PARAMETER, given.own[IDENTIFIER], one_line(str(error))))
    filters = PaperFilter(given.filters, papers)
    given.refuse(*errors, *parameter_errors(filters.problems, PAPER_PARAMETERS))
    asked = List(reverse("api:papers"), filters, given, api)
    page = asked.page(filters.qs.order_by(), cursors.PAPER_ORDERS, filters.ordered())
    counted = [_venue_facet(asked)] if given.wants_facets else None
    return asked.answer(page, filters.qs.count(), _paper_rows(page.ids, api), counted)


def _paper_rows(ids: Sequence[int], api: Api) -> list[dict[str, Any]]:
    """The rows of these papers, in their order: three queries."""
    if not ids:
        return []
    papers = Paper.objects.select_related("venue").defer("abstract").in_bulk(ids)
    authors, names = all_authors(ids), all_identifiers(ids)
    found = [papers[pk] for pk in ids if pk in papers]
    return [paper_row(facts(paper, authors.get(paper.pk, ()), names.get(paper.pk, ())), api) for paper in found]


def _named(text: str) -> list[int]:
    """The id of the paper with this identifier, or none. Raises BadIdentifier where it is none."""
    wanted = identifiers.parse(text)
    condition = Q()
    for name in (wanted, *identifiers.equivalents(wanted)):
        condition |= Q(scheme=name.scheme, value=name.value)
    slugs = Identifier.objects.filter(condition).order_by().values_list("paper__slug", flat=True)
    return [paper.pk for paper in map(find_hub, set(slugs)) if paper is not None]


# Facets of hubs and papers --------------------------------------------------------------------------------------------


def _venue_facet(asked: List) -> dict[str, Any]:
    """The venues with most rows under all other filters, and those that are chosen."""
    counted = count_venues(asked.filters, asked.filters.queryset)
    return _facet(asked, _VENUE, "Venue", [(venue.slug, one_line(venue.name), n) for venue, n in counted])


def _facet(asked: List, name: str, label: str, lines: Sequence[tuple[str, str, int]]) -> dict[str, Any]:
    """A facet of the parameter `name`; each line is value, label and count."""
    chosen = asked.filters.active.get(name, ())
    values = [
        {
            "value": value,
            "label": text,
            "count": count,
            "selected": value in chosen,
            "url": asked.address(**{name: [value]}),
        }
        for value, text, count in lines
    ]
    return {"name": name, "label": label, "values": values}
