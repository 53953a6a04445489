"""CSV after RFC 4180: commas, CRLF, quotation marks where needed, UTF-8.

There is no byte order mark: most programs would take it for a part of the first column's name, and those that guess
the encoding by it (Excel) ask for UTF-8 when a file is imported.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from citations.exports.formats import About, Format
from citations.exports.rows import COLUMNS, ExportRow, export_row
from citations.sources.rows import AUTHOR_SEPARATOR, FORMULA_MARKS, SENTENCE_SEPARATOR

# A sentence may hold what separates sentences ("p(x | y)"): with no-break spaces it separates nothing, and whoever
# cleans the text gets plain spaces back.
_SPACE_AT_BAR = re.compile(r" (?=\|)|(?<=\|) ")


def _entry(row: ExportRow, about: About) -> str:
    """One line."""
    values = export_row(row, about.site)
    # No name of a person holds a semicolon; one that does was not split where it should have been.
    values["authors"] = AUTHOR_SEPARATOR.join(name.replace(";", ",") for name in row.paper.authors)
    values["sentences"] = SENTENCE_SEPARATOR.join(_SPACE_AT_BAR.sub("\u00a0", sentence) for sentence in row.sentences)
    return _line(cell(values[name]) for name in COLUMNS)


def cell(value: object) -> str:
    """A value as a cell: "" for nothing, 1 and 0 for yes and no.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_MARKS) else value
    return str(value)


def _broken(message: str, _: bool) -> str:
    """The last line of a file that broke off. It has one cell too many, so that programs stumble over it too."""
    return _line([message, *[""] * (len(COLUMNS) - 1), "ERROR"])


def _line(cells: Iterable[str]) -> str:
    """Cells as one line with its end."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()


CSV = Format(
    extension="csv",
    label="CSV",
    media_type="text/csv",
    begin=lambda about: _line(COLUMNS),
    entry=_entry,
    broken=_broken,
)
