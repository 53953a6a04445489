"""Where changes are kept, and how five tables are read as one list: each in its own order, merged by time."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from itertools import islice
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from citations.models import Citation, ClassChange, HubPin, ImportRun, Label, Merge, Paper
from citations.vocabulary import DecidedBy


class Kind(IntEnum):
    """What an entry is. Of one moment, the lower is told first: a class follows from the label that changed it."""

    CLASS = 0
    LABEL = 1
    UNPIN = 2
    PIN = 3
    MERGE = 4
    IMPORT = 5


@dataclass(frozen=True)
class Stream:
    """The entries of one kind: rows of a table, the column that says when, and who made them ("curator", "import")."""

    kind: Kind
    rows: QuerySet[Any]
    moment: str = "created_at"
    by: str = "curator"

    def where(self, condition: Q) -> Stream:
        """Those that pass."""
        return replace(self, rows=self.rows.filter(condition))


@dataclass(frozen=True)
class Entry:
    """One change: when, of which kind, and the record of it."""

    at: datetime
    kind: Kind
    record: Any

    @property
    def position(self) -> Position:
        """Where it stands in the list."""
        return Position(self.at, self.kind, self.record.pk)


@dataclass(frozen=True)
class Position:
    """The place of an entry in the list of all kinds: newest first, then by kind, then the higher id."""

    at: datetime
    kind: Kind
    pk: int

    @property
    def key(self) -> tuple[float, int, int]:
        """Sorts as the list does, the newest first."""
        return (-self.at.timestamp(), int(self.kind), -self.pk)


# The tables -----------------------------------------------------------------------------------------------------------


def hub_streams(hub: Paper, labels: QuerySet[Any] | None = None) -> list[Stream]:
    """The changes of one hub. `labels`: which of its labels are entries; by default those of curators.

    Merges are those of the hub itself and of papers that cite it. People made all but imports: their number bounds
    what is read.
    """
    citing = Citation.objects.filter(citing_id=OuterRef("now"), cited=hub).order_by()
    merges = Merge.objects.annotate(now=Coalesce("survivor__merged_into_id", F("survivor_id")))
    pins = HubPin.objects.filter(hub=hub)
    return [
        Stream(Kind.CLASS, ClassChange.objects.filter(hub=hub)),
        Stream(Kind.LABEL, curator_labels(hub) if labels is None else labels),
        Stream(Kind.UNPIN, pins.filter(removed_at__isnull=False), "removed_at"),
        Stream(Kind.PIN, pins),
        Stream(Kind.MERGE, merges.filter(Q(survivor=hub) | Q(Exists(citing)))),
    ]


def site_streams() -> list[Stream]:
    """The changes of the whole collection; an import is one entry."""
    pins = HubPin.objects.filter(hub__merged_into__isnull=True)
    runs = ImportRun.objects.filter(status=ImportRun.FINISHED, finished_at__isnull=False)
    return [
        Stream(Kind.CLASS, ClassChange.objects.filter(hub__merged_into__isnull=True)),
        Stream(Kind.LABEL, curator_labels(None)),
        Stream(Kind.UNPIN, pins.filter(removed_at__isnull=False), "removed_at"),
        Stream(Kind.PIN, pins),
        Stream(Kind.MERGE, Merge.objects.all()),
        Stream(Kind.IMPORT, runs.filter(Q(created__gt=0) | Q(updated__gt=0)), "finished_at", "import"),
    ]


def curator_labels(hub: Paper | None) -> QuerySet[Label]:
    """What curators said of a hub's citations, and of those that a merge hid behind them; or of all.

    "curator is not null" says the same as "decided by a curator" (a constraint holds that), and the partial index over
    it is found whatever the parameters.
    """
    labels = Label.objects.filter(curator__isnull=False)
    if hub is None:
        return labels.exclude(citation__merged_into=F("citation_id"))
    return labels.filter(Exists(_spoken_of(hub)))


def _spoken_of(hub: Paper) -> QuerySet[Citation]:
    """The citation of a label, where it is one of the hub's or hidden behind one; not where both its papers became
    one: it says nothing any more.
    """
    of_hub = Citation.objects.filter(Q(cited=hub) | Q(merged_into__cited=hub), pk=OuterRef("citation_id")).order_by()
    return of_hub.exclude(merged_into=F("pk"))


def all_labels(hub: Paper) -> QuerySet[Label]:
    """All labels of a hub's citations, and of those that a merge hid behind them."""
    shown = Q(citation__cited=hub, citation__merged_into__isnull=True) | Q(citation__merged_into__cited=hub)
    return Label.objects.filter(shown).exclude(citation__merged_into=F("citation_id"))


def import_labels(hub: Paper) -> QuerySet[Label]:
    """What imports said of a hub's citations in words of ours: a raw value alone changes nothing."""
    standing = Citation.objects.exclude(merged_into=F("pk")).order_by()
    own = standing.filter(cited=hub).values("pk")
    hidden = standing.filter(merged_into__isnull=False, merged_into__cited=hub).values("pk")
    labels = Label.objects.filter(decided_by=DecidedBy.IMPORT, citation_id__in=own.union(hidden))
    return labels.exclude(role="", polarity="")


# Reading --------------------------------------------------------------------------------------------------------------


def read_from(
    streams: Sequence[Stream], size: int, start: Position | None = None, *, backwards: bool = False
) -> tuple[list[Entry], bool]:
    """At most `size` entries behind `start` (or before it), newest first, and whether there are more that way.

    Each stream is asked for its own next rows alone, so that the cost does not grow with the place.
    """
    found = [entry for stream in streams for entry in _next(stream, size + 1, start, backwards)]
    found.sort(key=lambda entry: entry.position.key, reverse=backwards)
    page = found[:size]
    if backwards:
        page.reverse()
    return page, len(found) > size


def _next(stream: Stream, size: int, start: Position | None, backwards: bool) -> list[Entry]:
    """The next rows of one stream, from `start` on."""
    rows, moment = stream.rows, stream.moment
    side = "gt" if backwards else "lt"
    if start is not None:
        at = {moment: start.at}
        if stream.kind == start.kind:
            same_moment = Q(**at, **{f"pk__{side}": start.pk})
        else:
            comes_later = stream.kind > start.kind
            same_moment = Q(**at) if comes_later is not backwards else Q(pk__in=[])
        # The first condition alone finds the place in the index; the others settle ties.
        rows = rows.filter(Q(**{f"{moment}__{side}e": start.at}), Q(**{f"{moment}__{side}": start.at}) | same_moment)
    sign = "" if backwards else "-"
    ordered = rows.order_by(f"{sign}{moment}", f"{sign}pk")[:size]
    return [Entry(getattr(row, moment), stream.kind, row) for row in ordered]


def positions(streams: Sequence[Stream], others: Sequence[Position], first: int, last: int) -> list[Position]:
    """The places `first` to `last` (exclusive, from 0) of the list of all streams and `others`, without their records.

    Reads times and ids alone; of each stream no more than `last`.
    """
    lists = [[Position(at, stream.kind, pk) for at, pk in _times(stream, last)] for stream in streams]
    merged = heapq.merge(*lists, sorted(others, key=lambda other: other.key), key=lambda one: one.key)
    return list(islice(merged, first, last))


def _times(stream: Stream, most: int) -> list[tuple[datetime, int]]:
    rows = stream.rows.order_by(f"-{stream.moment}", "-pk").values_list(stream.moment, "pk")
    return list(rows[:most])
