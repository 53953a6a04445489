"""Reading a sorted list page by page, from a row on, so that rows that come or go meanwhile shift no others.

A cursor is a place in a list: behind the last row of a page, or before its first one. It holds what that row is sorted
by and its id, and is signed, so that nobody can ask for a place that this site did not name.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet

from citations.api.problems import BAD_CURSOR, Refusal
from citations.models.papers import UNKNOWN_DATE

_SALT = "citations.api.cursor"
# Cursors are about 500 characters at most: titles in them are cut at 300. Longer ones are not ours.
LONGEST_CURSOR = 2_000


@dataclass(frozen=True)
class Segment:
    """A part of a sorted list: the rows under `condition`, by `column` and, where that is the same, by id.

    The id runs the same way as the column. An empty `column`: all rows of the part have the same value.
    """

    column: str
    descending: bool
    condition: Q = field(default_factory=Q)


Order = Sequence[Segment]

# The orders of the pages (`listing.ORDERS`, `HUB_ORDERS`, `PAPER_ORDERS`), as parts of which each follows an index and
# holds no null. An order that is missing here is remembered whole.
CITING_ORDERS: Mapping[str, Order] = {
    "newest": (Segment("sort_date", True),),
    "oldest": (
        Segment("sort_date", False, Q(sort_date__gt=UNKNOWN_DATE)),
        Segment("", False, Q(sort_date=UNKNOWN_DATE)),
    ),
    "cited": (Segment("cited_by_count", True),),
    "title": (Segment("sort_title", False),),
    "confidence": (Segment("suggested_confidence", True),),
}
HUB_ORDERS: Mapping[str, Order] = {
    "citing": (Segment("known", True),),
    "classified": (Segment("classified", True),),
    "newest": (Segment("sort_date", True),),
    "title": (Segment("sort_title", False),),
}
PAPER_ORDERS: Mapping[str, Order] = {
    "newest": (Segment("sort_date", True),),
    "title": (Segment("sort_title", False),),
    "cited": (Segment("cited_by_count", True),),
}


@dataclass(frozen=True)
class Place:
    """A place in a list: just behind a row, or, `backwards`, just before it. `segment` is that of the row.

    `value`: what the row is sorted by; in a list that is remembered whole, how many rows stand before the place.
    """

    segment: int
    value: Any
    pk: int
    backwards: bool = False

    @property
    def turned(self) -> Place:
        """The same row, seen the other way."""
        return replace(self, backwards=not self.backwards)


@dataclass(frozen=True)
class Page:
    """Ids of the rows of one page, and the places before and behind them; None where no row is there."""

    ids: tuple[int, ...]
    previous: Place | None
    next: Place | None


EMPTY = Page((), None, None)


# Signing -------------------------------------------------------------------------------------------------------------


def list_name(path: str, query: Mapping[str, Sequence[str]]) -> str:
    """A short name for a list, by its path, filters and sort: a cursor goes on in its own list alone."""
    parts = [path, *(f"{name}={value}" for name in sorted(query) for value in sorted(query[name]))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def write(place: Place, name: str) -> str:
    """A place in the list of that name as a cursor: letters, digits and -_.: alone."""
    value = place.value
    if value is not None and not isinstance(value, str | int | float):
        value = value.isoformat()
    return signing.Signer(salt=_SALT).sign_object([name, place.segment, value, place.pk, int(place.backwards)])


def read(text: str, name: str) -> Place:
    """The place that a cursor names. Raises Refusal where it was changed or is of another list."""
    try:
        if len(text) > LONGEST_CURSOR:
            raise ValueError("longer than any cursor")
        of, segment, value, pk, backwards = signing.Signer(salt=_SALT).unsign_object(text)
    # A text that only looks signed may fail to be decoded in any way; what is signed is ours.
    except (signing.BadSignature, ValueError, UnicodeError):
        raise Refusal(BAD_CURSOR, "The cursor was changed, or was not made here. Begin without one.") from None
    if of != name:
        raise Refusal(
            BAD_CURSOR, "The cursor is of a list with other filters or another sort. Begin without one."
        ) from None
    return Place(segment, value, pk, bool(backwards))


# Reading -------------------------------------------------------------------------------------------------------------


def page_from(queryset: QuerySet[Any], order: Order, size: int, start: Place | None) -> Page:
    """The `size` rows behind the place `start` (or before it), or the first ones where it is None."""
    backwards = start is not None and start.backwards
    found: list[Place] = []
    segments = range(start.segment if start else 0, -1 if backwards else len(order), -1 if backwards else 1)
    for number in segments:
        here = start if start is not None and number == start.segment else None
        found += _rows(queryset, order, number, here, size + 1 - len(found), backwards)
        if len(found) > size:
            break
    return _page(found, size, start)


def page_at(queryset: QuerySet[Any], order: Order, size: int, offset: int) -> Page:
    """The `size` rows behind the first `offset` ones: a page by its number."""
    found: list[Place] = []
    before = offset
    for number, segment in enumerate(order):
        rows = _ordered(queryset, segment, backwards=False)
        here = _places(rows[before : before + size + 1 - len(found)], number)
        found += here
        if len(found) > size:
            break
        if number + 1 < len(order):
            before = 0 if here else max(0, before - rows.count())
    page = _page(found, size, None)
    return replace(page, previous=replace(found[0], backwards=True)) if offset and found else page


def page_remembered(ordered: QuerySet[Any], size: int, start: Place | None, offset: int = 0) -> Page:
    """The same for a list whose order no column holds: its ids are read whole, 8 bytes each.

    The row at `start` is looked up by its id, so that the list goes on behind it wherever it stands by now; where it is
    gone, as many rows as before are passed over.
    """
    ids = array("q", ordered.values_list("pk", flat=True).iterator())
    if start is None:
        first = offset
    else:
        try:
            row = ids.index(start.pk)
        except ValueError:
            row = start.value if start.backwards else start.value - 1
        first = max(0, row - size) if start.backwards else row + 1
        size = row - first if start.backwards else size
    shown = tuple(ids[first : first + size])
    if not shown:
        return EMPTY
    last = first + len(shown)
    return Page(
        shown,
        Place(0, first, shown[0], backwards=True) if first else None,
        Place(0, last, shown[-1]) if last < len(ids) else None,
    )


def _page(found: list[Place], size: int, start: Place | None) -> Page:
    """A page of the rows found from `start` on, of which one more than `size` tells that there are others."""
    more = len(found) > size
    rows = found[:size]
    if not rows:
        return EMPTY
    if start is not None and start.backwards:
        rows.reverse()
        before, behind = more, True
    else:
        before, behind = start is not None, more
    ids = tuple(place.pk for place in rows)
    return Page(
        ids,
        replace(rows[0], backwards=True) if before else None,
        replace(rows[-1], backwards=False) if behind else None,
    )


def _rows(
    queryset: QuerySet[Any], order: Order, number: int, start: Place | None, size: int, backwards: bool
) -> list[Place]:
    """At most `size` rows of one part of the list, from `start` on where that lies in it."""
    segment = order[number]
    rows = _ordered(queryset, segment, backwards)
    if start is not None:
        side = "lt" if segment.descending is not backwards else "gt"
        behind = Q(**{f"pk__{side}": start.pk})
        if segment.column:
            column, value = segment.column, start.value
            # The first condition alone finds the place in the index; the others settle ties.
            behind = Q(**{f"{column}__{side}e": value}) & (Q(**{f"{column}__{side}": value}) | behind)
        rows = rows.filter(behind)
    return _places(rows[:size], number)


def _ordered(queryset: QuerySet[Any], segment: Segment, backwards: bool) -> QuerySet[Any, Any]:
    """The rows of one part of the list in its order, each as id and value."""
    sign = "-" if segment.descending is not backwards else ""
    columns = [segment.column] if segment.column else []
    rows = queryset.filter(segment.condition).order_by(*(f"{sign}{column}" for column in (*columns, "pk")))
    return rows.values_list("pk", *columns)


def _places(rows: QuerySet[Any, Any], number: int) -> list[Place]:
    """The places behind these rows."""
    return [Place(number, values[0] if values else None, pk) for pk, *values in rows]
