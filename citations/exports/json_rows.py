"""JSON: one object that says what it is of, with one row a line in `results`."""

from __future__ import annotations

import json
from typing import Any

from citations.exports.formats import About, Format
from citations.exports.rows import ExportRow, export_row


def text(value: Any) -> str:
    """A value as JSON in one line. Never raises: there is nothing in a row that JSON has no word for."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _begin(about: About) -> str:
    """Everything before the first row, one member a line."""
    head: dict[str, Any] = {
        "hub": about.hub.slug,
        "title": about.hub.title,
        "filter": {name: list(values) for name, values in about.query.items()},
        "description": about.description,
        "page": about.list_address,
        "exported_at": about.moment.isoformat(timespec="seconds"),
    }
    if about.notices:
        head["notice"] = " ".join(about.notices)
    head["count"] = about.count
    members = "".join(f"{text(name)}: {text(value)},\n" for name, value in head.items())
    return f'{{\n{members}"results": [\n'


def _entry(row: ExportRow, about: About) -> str:
    """One row."""
    return text(export_row(row, about.site))


def _broken(message: str, _: bool) -> str:
    """The end of a file that broke off: a member `error`, which a whole file does not have."""
    return f'\n], "error": {text(message)}}}\n'


JSON = Format(
    extension="json",
    label="JSON",
    media_type="application/json",
    begin=_begin,
    entry=_entry,
    broken=_broken,
    separator=",\n",
    end="\n]}\n",
    charset="",
)
