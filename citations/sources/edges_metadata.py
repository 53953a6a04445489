"""What is known of the papers of an edge list, in a file beside it: a table, JSON Lines, or blocks of the ACL network.

A table has a line of column names, separated by tabs or commas; objects and blocks use the same names: `id` (the name
in the list), `title`, `authors` or `author` (separated by semicolons), `venue`, `year`, `doi`, `arxiv`, `abstract`,
`url`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from citations.identifiers import BadIdentifier, Identifier, Scheme
from citations.sources import fields
from citations.sources.records import AuthorRecord, PaperRecord, SourceError
from citations.sources.snapshots import Item, Line, LinesOf, Reader, SnapshotFile, json_items

_LOOKED_AT = 1_000
# One field of a block, as in "title = {A New Method}"; the value may lack its closing brace.
_FIELD = re.compile(r"\s*([A-Za-z_]+)\s*=\s*\{(.*?)\}?\s*\Z", re.DOTALL)
_DELIMITERS = "\t,;"

Named = Callable[[str], Identifier]


def metadata_reader(file: SnapshotFile, named: Named) -> Reader:
    """A reader of the file in the form that its first line shows. Raises `SourceError` where it shows none."""
    for line in islice(LinesOf(file), _LOOKED_AT):
        text = line.text
        if not text.strip() or text.startswith("#"):
            continue
        if text.lstrip().startswith("{"):
            return json_items(lambda file, number, value: [_record(file, number, value, named)])
        if _FIELD.match(text):
            return _blocks(named)
        delimiter = next((one for one in _DELIMITERS if one in text), "\t")
        columns = [cell.strip().lower() for cell in next(csv.reader([text], delimiter=delimiter), [])]
        if "id" in columns and "title" in columns:
            return _table(delimiter, columns, line.number, named)
        break
    raise SourceError(f"{file.name} holds no metadata: its first line should name the columns id and title.")


def _table(delimiter: str, columns: list[str], header: int, named: Named) -> Reader:
    """A reader of rows under a line of column names."""

    def read(file: SnapshotFile, lines: Iterable[Line]) -> Iterator[tuple[int, list[Item]]]:
        for number, text in lines:
            if number <= header or not text.strip():
                continue
            try:
                cells = next(csv.reader([text], delimiter=delimiter), [])
            except csv.Error:
                yield number, [file.rejected("no row", number, text)]
                continue
            yield number, [_record(file, number, dict(zip(columns, cells, strict=False)), named)]

    return read


def _blocks(named: Named) -> Reader:
    """A reader of blocks: a field a line, blocks apart by blank lines."""

    def read(file: SnapshotFile, lines: Iterable[Line]) -> Iterator[tuple[int, list[Item]]]:
        block: dict[str, str] = {}
        faults: list[Item] = []
        begins = last = 0
        for number, text in lines:
            found = _FIELD.match(text)
            is_next = bool(found and found[1].lower() == "id" and block)
            if block and (is_next or not text.strip()):
                # Faults wait for the end of the block, so that nobody goes on reading in the middle of one.
                yield number - 1, [_record(file, begins, block, named), *faults]
                block, faults = {}, []
            if found:
                begins = begins if block else number
                block.setdefault(found[1].lower(), found[2])
            elif text.strip():
                faults.append(file.rejected("no field", number, text))
            last = number
        if block or faults:
            yield last, [*([_record(file, begins, block, named)] if block else []), *faults]

    return read


def _record(file: SnapshotFile, line: int, value: Any, named: Named) -> Item:
    """The paper of a row, an object or a block."""
    if not isinstance(value, Mapping):
        return file.rejected("no paper", line, value)
    node = value.get("id")
    try:
        own = named(str(node).strip()) if isinstance(node, str | int) and str(node).strip() else None
    except BadIdentifier:
        own = None
    if own is None:
        return file.rejected("no identifier", line, dict(value))
    others = fields.identifiers(
        [(scheme, str(value[key])) for key, scheme in (("doi", Scheme.DOI), ("arxiv", Scheme.ARXIV)) if value.get(key)]
    )
    return PaperRecord(
        identifiers=tuple(dict.fromkeys((own, *others))),
        title=fields.clean(value.get("title")),
        abstract=fields.clean(value.get("abstract"), paragraphs=True),
        year=fields.year_in(str(value.get("year") or "")),
        venue=fields.clean(value.get("venue")),
        url=fields.web_address([str(value.get("url") or "")]),
        authors=tuple(_authors(value.get("authors", value.get("author")))),
        raw={"file": file.name, "line": line, "record": dict(value)},
    )


def _authors(raw: object) -> Iterator[AuthorRecord]:
    """The authors of a list, or of one text that separates them by semicolons."""
    names = raw if isinstance(raw, list) else str(raw or "").split(";")
    for name in names[: fields.MOST_AUTHORS]:
        person = fields.person(name) if isinstance(name, str) else None
        if person is not None:
            yield AuthorRecord(person.name)
