"""What changed at a hub, newest first: labels of its citations, and its class."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from citations.api import cursors
from citations.api.cursors import Place
from citations.api.lists import HISTORY_PARAMETERS
from citations.api.parameters import CURSOR, Given, parameter_errors
from citations.api.rows import Api, class_change_row, label_row
from citations.exports.rows import one_line
from citations.filters.base import PAGE_SIZE, StrictFilterSet, query_string
from citations.models import ClassChange, Label, Paper

# Where a class and a label changed in the same moment, the class, which follows from the label, is the newer.
_CLASSES, _LABELS = 0, 1


@dataclass(frozen=True)
class _Entry:
    """One change: when, of which kind, and the record of it."""

    at: datetime.datetime
    kind: int
    record: ClassChange | Label

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.kind, self.at, self.record.pk)


class HistoryFilter(StrictFilterSet):
    """`page_size` alone, and one sort."""

    sorts = {"newest": "Newest"}


def history_list(hub: Paper, given: Given, api: Api) -> dict[str, Any]:
    """The changes of a hub from a cursor on. Raises Refusal where a parameter is not understood."""
    filters = HistoryFilter(given.filters, Label.objects.none())
    given.refuse(*parameter_errors(filters.problems, HISTORY_PARAMETERS))
    path = reverse("api:history", args=[hub.slug])
    name = cursors.list_name(path, {})
    start = cursors.read(given.cursor, name) if given.cursor else None
    entries, newer, older = _page(hub, filters.page_size, start)

    def address(place: Place) -> str:
        query = {**filters.query, CURSOR: [cursors.write(place, name)]}
        return api.site.address(path + query_string(query, order=[PAGE_SIZE]))

    return {
        "hub": hub.slug,
        "title": one_line(hub.title),
        "next": address(entries[-1].place) if older else None,
        "previous": address(entries[0].place.turned) if newer else None,
        "results": [_row(entry, api) for entry in entries],
    }


def _page(hub: Paper, size: int, start: Place | None) -> tuple[list[_Entry], bool, bool]:
    """The changes of one page, newest first, and whether there are newer and older ones."""
    backwards = start is not None and start.backwards
    found = [
        *_entries(_class_changes(hub), _CLASSES, size + 1, start, backwards),
        *_entries(_labels(hub), _LABELS, size + 1, start, backwards),
    ]
    # Stable: within a kind the rows come sorted by id already.
    found.sort(key=lambda entry: (entry.at, -entry.kind, entry.record.pk), reverse=not backwards)
    more = len(found) > size
    page = found[:size]
    if backwards:
        page.reverse()
    behind = bool(page) and start is not None
    return (page, more, behind) if backwards else (page, behind, more)


def _class_changes(hub: Paper) -> QuerySet[ClassChange]:
    return ClassChange.objects.filter(hub=hub)


def _labels(hub: Paper) -> QuerySet[Label]:
    """The labels of the hub's citations, and of those that a merge hid behind them."""
    shown = Q(citation__cited=hub, citation__merged_into__isnull=True) | Q(citation__merged_into__cited=hub)
    return (
        Label.objects.filter(shown)
        .select_related("mention", "citation__citing", "citation__merged_into__citing")
        .defer("citation__citing__abstract", "citation__merged_into__citing__abstract")
    )


def _entries(rows: QuerySet[Any], kind: int, size: int, start: Place | None, backwards: bool) -> Sequence[_Entry]:
    """At most `size` changes of one kind, from `start` on."""
    side = "gt" if backwards else "lt"
    if start is not None:
        at = {"created_at": start.value}
        if start.segment == kind:
            same_moment = Q(**at, **{f"pk__{side}": start.pk})
        else:
            # In one moment the newest class comes before the newest label.
            comes_later = kind > start.segment
            same_moment = Q(**at) if comes_later is not backwards else Q(pk__in=[])
        rows = rows.filter(Q(**{f"created_at__{side}": start.value}) | same_moment)
    sign = "" if backwards else "-"
    return [_Entry(row.created_at, kind, row) for row in rows.order_by(f"{sign}created_at", f"{sign}id")[:size]]


def _row(entry: _Entry, api: Api) -> dict[str, Any]:
    """One change as JSON; the members of the other kind are None."""
    record = entry.record
    if isinstance(record, ClassChange):
        told: dict[str, Any] = {"class": class_change_row(record), "label": None, "citing": None, "citation": None}
    else:
        citation = record.citation.merged_into or record.citation
        told = {
            "class": None,
            "label": label_row(record),
            "citing": {"slug": citation.citing.slug, "title": one_line(citation.citing.title)},
            "citation": api.address("citation", citation.pk),
        }
    return {"what": "class" if entry.kind == _CLASSES else "label", "at": entry.at.isoformat(), **told}
