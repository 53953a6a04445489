"""A history as it is asked for: filtered, counted, one page of it in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.http import QueryDict

from citations.filters.base import Pages
from citations.history.counting import (
    Cell,
    Group,
    cells,
    filtered,
    groups,
    run_cells,
    run_stream,
    taken_back,
    with_words,
)
from citations.history.entries import Kind, Stream, hub_streams, positions, site_streams
from citations.history.filters import HistoryFilter
from citations.history.telling import Told, records, tell
from citations.models import Paper

# The parameters that have a facet, each with how a cell is told by it.
FACETS = ("what", "by", "to", "polarity", "month")


@dataclass(frozen=True)
class HistoryList:
    """One page of a hub's history.

    `total` entries match of `known`; `facets` counts, for each parameter, the entries with a value under all other
    filters; `without` those that would be left with a parameter dropped.
    """

    filters: HistoryFilter
    entries: Sequence[Told]
    pages: Pages
    total: int
    known: int
    facets: Mapping[str, Mapping[str, int]]
    without: Mapping[str, int]


def hub_history(hub: Paper, data: QueryDict, path: str) -> HistoryList:
    """The history of a hub, whose summary is at hand, as the parameters ask for it; `path` is that of its page."""
    filters = HistoryFilter(data)
    if not filters.is_usable:
        return HistoryList(filters, (), filters.pages(path, 0), 0, 0, {}, {})
    every = groups(hub)
    streams, found, counted = _asked(hub, filters, every)
    total = _sum(counted, filters)
    pages = filters.pages(path, total)
    told: list[Told] = []
    if pages.rows:
        found = [group for group in found if group.cell.matches(filters)]
        told = _page_of(streams, found, pages.offset, pages.offset + pages.rows, hub)
    known = total
    if filters.active:
        own = {name: values for name, values in filters.query.items() if name == "run"}
        unfiltered = HistoryFilter(_query(own))
        known = _sum(_asked(hub, unfiltered, every)[2], unfiltered) if filters.words else _sum(counted, unfiltered)
    facets = {name: _facet(counted, filters, name) for name in FACETS}
    without = {name: _without(hub, counted, filters, every, name) for name in filters.active} if not total else {}
    return HistoryList(filters, told, pages, total, known, facets, without)


def _asked(hub: Paper, filters: HistoryFilter, every: Sequence[Group]) -> tuple[list[Stream], list[Group], list[Cell]]:
    """What is read under a filter: the streams with all of it, the groups and the counts with its words alone."""
    run = filters.cleaned("run")
    if run:
        of_run = [group for group in every if group.run == run]
        stream = with_words(run_stream(hub, run), filters.words)
        return filtered([stream], filters, {}), [], run_cells(stream, of_run, searched=bool(filters.words))
    found = [group for group in every if group.has_words(filters.words)]
    streams = [with_words(stream, filters.words) for stream in hub_streams(hub)]
    back = taken_back(next(stream for stream in streams if stream.kind is Kind.LABEL))
    counted = [*cells(streams, back), *(group.cell for group in found)]
    return filtered(streams, filters, back), found, counted


def _sum(counted: Sequence[Cell], filters: HistoryFilter, *, but: str = "") -> int:
    return sum(cell.n for cell in counted if cell.matches(filters, but=but))


def _facet(counted: Sequence[Cell], filters: HistoryFilter, name: str) -> dict[str, int]:
    """How many entries have each value of a parameter, under all other filters. One with several counts for each."""
    numbers: Counter[str] = Counter()
    for cell in counted:
        if not cell.matches(filters, but=name):
            continue
        numbers.update(dict.fromkeys(_values(cell, filters, name), cell.n))
    numbers.pop("", None)
    return dict(sorted(numbers.items(), reverse=name == "month"))


def _values(cell: Cell, filters: HistoryFilter, name: str) -> set[str]:
    """The values of one parameter that the entries of a cell have; those of `to` go with a chosen polarity."""
    if name == "to":
        chosen = filters.chosen("polarity")
        return {role for role, polarity in cell.outcomes if not chosen or polarity in chosen}
    if name == "polarity":
        chosen = filters.chosen("to")
        return {polarity for role, polarity in cell.outcomes if not chosen or role in chosen}
    return {{"what": cell.what, "by": cell.by, "month": cell.month}[name]}


def _without(hub: Paper, counted: Sequence[Cell], filters: HistoryFilter, every: Sequence[Group], name: str) -> int:
    """How many entries there would be with one parameter dropped."""
    if name in FACETS:
        return _sum(counted, filters, but=name)
    dropped = HistoryFilter(_query({key: values for key, values in filters.query.items() if key != name}))
    return _sum(_asked(hub, dropped, every)[2], dropped)


def _query(values: Mapping[str, Sequence[str]]) -> QueryDict:
    """Parameters as a request has them."""
    made = QueryDict(mutable=True)
    for name, given in values.items():
        made.setlist(name, list(given))
    return made


# What feeds hold -----------------------------------------------------------------------------------------------------


def newest_of_hub(hub: Paper, filters: HistoryFilter, most: int) -> list[Told]:
    """The newest entries of a hub under a filter that is understood."""
    streams, found, _ = _asked(hub, filters, groups(hub))
    return _page_of(streams, [group for group in found if group.cell.matches(filters)], 0, most, hub)


def site_history(filters: HistoryFilter, most: int) -> list[Told]:
    """The newest entries of the whole collection under a filter that is understood; an import is one entry."""
    streams = [with_words(stream, filters.words) for stream in site_streams()]
    asks_outcome = filters.chosen("to") or filters.chosen("polarity")
    labels = next(stream for stream in streams if stream.kind is Kind.LABEL)
    back = taken_back(labels) if asks_outcome else {}
    if run := filters.cleaned("run"):
        streams = [stream.where(Q(pk=run)) for stream in streams if stream.kind is Kind.IMPORT]
    return _page_of(filtered(streams, filters, back), (), 0, most, None)


def _page_of(streams: Sequence[Stream], found: Sequence[Group], first: int, last: int, hub: Paper | None) -> list[Told]:
    """The entries from the place `first` to `last` (exclusive) of the list of streams and groups, in words."""
    others = {group.position: group for group in found}
    places = positions(streams, list(others), first, last)
    rows = records([place for place in places if place not in others])
    entries = [others.get(place) or rows.get((place.kind, place.pk)) for place in places]
    return tell([entry for entry in entries if entry is not None], hub)
