"""What changed at a hub, newest first: labels of its citations, its class, pins and merges.

Here every label is an entry, those of imports and classifiers too; the pages group imports.
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from citations.api import cursors
from citations.api.cursors import Place
from citations.api.lists import HISTORY_PARAMETERS
from citations.api.parameters import CURSOR, Given, parameter_errors
from citations.api.rows import Api, class_change_row, label_row, merge_row, pin_row
from citations.exports.rows import one_line
from citations.filters.base import PAGE_SIZE, StrictFilterSet, query_string
from citations.history import Entry, Kind, Position, Stream, all_labels, hub_streams, read_from
from citations.models import ClassChange, HubPin, Label, Merge, Paper

# How each kind is called; the members of the others are null.
WHAT = {Kind.CLASS: "class", Kind.LABEL: "label", Kind.PIN: "pin", Kind.UNPIN: "pin", Kind.MERGE: "merge"}
# What is read with the rows of each kind. Abstracts, the largest column, are not.
_RELATED = {
    Kind.LABEL: ("mention", "citation__citing", "citation__merged_into__citing"),
    Kind.PIN: ("citation__citing",),
    Kind.UNPIN: ("citation__citing",),
    Kind.MERGE: ("survivor", "loser"),
}


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
    backwards = start is not None and start.backwards
    position = Position(start.value, Kind(start.segment), start.pk) if start is not None else None
    entries, more = read_from(_streams(hub), filters.page_size, position, backwards=backwards)
    behind = bool(entries) and start is not None
    newer, older = (more, behind) if backwards else (behind, more)

    def address(place: Place) -> str:
        query = {**filters.query, CURSOR: [cursors.write(place, name)]}
        return api.site.address(path + query_string(query, order=[PAGE_SIZE]))

    return {
        "hub": hub.slug,
        "title": one_line(hub.title),
        "next": address(_place(entries[-1])) if older else None,
        "previous": address(_place(entries[0]).turned) if newer else None,
        "results": [_row(entry, api) for entry in entries],
    }


def _streams(hub: Paper) -> list[Stream]:
    """The changes of a hub with what is told of them."""
    found = []
    for stream in hub_streams(hub, all_labels(hub)):
        related = _RELATED.get(stream.kind, ())
        papers = [path for path in related if path.endswith(("citing", "survivor", "loser"))]
        rows = (
            stream.rows.select_related(*related).defer(*(f"{path}__abstract" for path in papers)) if related else None
        )
        found.append(stream if rows is None else Stream(stream.kind, rows, stream.moment, stream.by))
    return found


def _place(entry: Entry) -> Place:
    """Where an entry stands, for a cursor."""
    return Place(int(entry.kind), entry.at, entry.record.pk)


def _row(entry: Entry, api: Api) -> dict[str, Any]:
    """One change as JSON; the members of the other kinds are None."""
    record = entry.record
    told: dict[str, Any] = dict.fromkeys(("class", "label", "pin", "merge", "citing", "citation"))
    citation = None
    if isinstance(record, ClassChange):
        told["class"] = class_change_row(record)
    elif isinstance(record, Merge):
        told["merge"] = merge_row(record)
    elif isinstance(record, HubPin):
        told["pin"] = pin_row(record, removed=entry.kind is Kind.UNPIN)
        citation = record.citation
    else:
        told["label"] = label_row(record)
        citation = record.citation.merged_into or record.citation
    if citation is not None:
        told["citing"] = {"slug": citation.citing.slug, "title": one_line(citation.citing.title)}
        told["citation"] = api.address("citation", citation.pk)
    return {"what": WHAT[entry.kind], "at": entry.at.isoformat(), **told}
