"""A hub's columns as sets: for each value that a facet can have, the papers that have it.

A number of a facet is then the size of an intersection, which takes microseconds whatever is filtered by: a search is
one more set. The sets are compressed bitmaps (Roaring; Lemire et al. 2018) of ids of citing papers. Those of big hubs
are kept in the process for as long as the hub's stamp stays the same, which every writer changes.
"""

from __future__ import annotations

import datetime
import threading
from array import array
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pyroaring import BitMap64

from citations.models import Citation, HubSummary
from citations.summaries import STAMPED_FROM

# How many citing papers the kept hubs may have together. Measured: 300,000 of them take 4 to 10 MB.
MOST_KEPT = 1_000_000
# Rows that are read at a time.
_CHUNK = 5_000

# Facets by the column that they count: words, and flags, which are true or false.
SUGGESTED, SOURCE = "suggested", "source"
WORDS: Mapping[str, str] = {
    "role": "role",
    "polarity": "polarity",
    SUGGESTED: "suggested_role",
    "decided_by": "role_by",
    SOURCE: "source",
}
FLAGS: Mapping[str, str] = {
    "influential": "is_influential",
    "self": "is_self_citation",
    "retracted": "retracted",
    "coarse": "coarse",
    "confirmed": "confirmed",
}

Papers = BitMap64


class VenueName(NamedTuple):
    """What is shown of a venue."""

    slug: str
    name: str


@dataclass(frozen=True)
class HubColumns:
    """The papers that cite a hub, by what their citations say. They may be read by several threads: nothing changes.

    `words`: by facet and stored value, "" for nothing; suggestions are only those of papers without a role. `years`: 0
    where it is not known. `flags`: those that are marked. `dates`: by year, the first and the last date that its papers
    sort by, which need not lie in that year.
    """

    all: Papers
    words: Mapping[str, Mapping[str, Papers]]
    years: Mapping[int, Papers]
    flags: Mapping[str, Papers]
    venues: Mapping[VenueName, Papers]
    dates: Mapping[int, tuple[datetime.date, datetime.date]]


def columns_of(hub_id: int, known: int) -> HubColumns:
    """The columns of the hub, which `known` papers cite: one statement, or for a big hub, whose columns are kept, one
    that reads its stamp.
    """
    if known < STAMPED_FROM:
        return read(hub_id)
    # Read before the columns: they may be newer than their stamp, but never older.
    stamp = HubSummary.objects.filter(pk=hub_id).values_list("stamp", flat=True).first()
    return _kept.get(hub_id, stamp) if stamp else read(hub_id)


# Reading --------------------------------------------------------------------------------------------------------------

_CELL = (*WORDS.values(), "year", *FLAGS.values())
_YEAR = len(WORDS)


def read(hub_id: int) -> HubColumns:
    """The columns, from the citations as they are."""
    by_cell: dict[tuple[str | int | bool | None, ...], array[int]] = defaultdict(_ids)
    by_venue: dict[tuple[str, str], array[int]] = defaultdict(_ids)
    rows = Citation.objects.of_hub(hub_id).order_by()
    dates: dict[int, tuple[datetime.date, datetime.date]] = {}
    columns = ("citing_id", "venue__slug", "venue__name", "sort_date", *_CELL)
    for row in rows.values_list(*columns).iterator(chunk_size=_CHUNK):
        cell, day = row[4:], row[3]
        by_cell[cell].append(row[0])
        by_venue[row[1:3]].append(row[0])
        year = cell[_YEAR] or 0
        first, last = dates.get(year) or (day, day)
        if day < first or day > last or year not in dates:
            dates[year] = (min(first, day), max(last, day))
    return HubColumns(
        all=_papers(by_cell.values()),
        venues={VenueName(*name): _papers([ids]) for name, ids in by_venue.items() if name[0] is not None},
        dates=dates,
        **_of_cells(by_cell),
    )


def _of_cells(by_cell: Mapping[tuple[str | int | bool | None, ...], array[int]]) -> dict[str, dict]:
    """The papers of each value, from those that are alike in every column."""
    place = {name: number for number, name in enumerate((*WORDS, "year", *FLAGS))}
    words: dict[str, dict[str, list[array[int]]]] = {name: defaultdict(list) for name in WORDS}
    years: dict[int, list[array[int]]] = defaultdict(list)
    flags: dict[str, list[array[int]]] = {name: [] for name in FLAGS}
    for cell, ids in by_cell.items():
        for name in WORDS:
            if name != SUGGESTED or not cell[place["role"]]:
                words[name][str(cell[place[name]])].append(ids)
        years[int(cell[place["year"]] or 0)].append(ids)
        for name in FLAGS:
            if cell[place[name]]:
                flags[name].append(ids)
    return {
        "words": {name: {value: _papers(ids) for value, ids in values.items()} for name, values in words.items()},
        "years": {year: _papers(ids) for year, ids in years.items()},
        "flags": {name: _papers(ids) for name, ids in flags.items()},
    }


def _ids() -> array[int]:
    """Ids of papers, eight bytes each."""
    return array("Q")


def _papers(parts: Iterable[array[int]]) -> Papers:
    """The papers of all parts."""
    ids = _ids()
    for part in parts:
        ids.extend(part)
    return Papers(ids)


# Keeping --------------------------------------------------------------------------------------------------------------


class _Kept:
    """The columns of the big hubs that were asked for last, each with the stamp that it was read under."""

    def __init__(self) -> None:
        self._hubs: OrderedDict[int, tuple[int, HubColumns]] = OrderedDict()
        # Columns are read by one thread at a time: others that want the same hub wait for them instead of reading them
        # too.
        self._reading, self._changing = threading.Lock(), threading.Lock()

    def get(self, hub_id: int, stamp: int) -> HubColumns:
        """The columns under this stamp, read where they are not there."""
        columns = self._find(hub_id, stamp)
        if columns is None:
            with self._reading:
                columns = self._find(hub_id, stamp) or self._keep(hub_id, stamp, read(hub_id))
        return columns

    def _find(self, hub_id: int, stamp: int) -> HubColumns | None:
        with self._changing:
            found = self._hubs.get(hub_id)
            if found is None or found[0] != stamp:
                return None
            self._hubs.move_to_end(hub_id)
            return found[1]

    def _keep(self, hub_id: int, stamp: int, columns: HubColumns) -> HubColumns:
        """Keep these columns, and so many of the others as there is room for; those asked for last stay."""
        with self._changing:
            self._hubs[hub_id] = (stamp, columns)
            self._hubs.move_to_end(hub_id)
            room = sum(len(kept.all) for _, kept in self._hubs.values()) - MOST_KEPT
            while room > 0 and len(self._hubs) > 1:
                room -= len(self._hubs.popitem(last=False)[1][1].all)
        return columns

    def clear(self) -> None:
        """Keep nothing."""
        with self._changing:
            self._hubs.clear()


_kept = _Kept()
