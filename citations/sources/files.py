"""Files of any supported form: which form a file has, and its content page by page, to be resumed where it stopped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from citations.identifiers import fingerprint
from citations.sources import bibtex, csljson, labelled_sentences, ris, rows
from citations.sources.decoding import digest, shown_name, text_lines, whole_text
from citations.sources.fields import person
from citations.sources.records import CitationRecord, Cursor, Page, PaperRecord, Rejected, SourceError
from citations.sources.repetitions import Repetitions
from citations.sources.rows import Row

BIBTEX, RIS, CSL_JSON, CSV, JSONL, LABELS = "bibtex", "ris", "csl-json", "csv", "jsonl", "citation-labels"
FORMATS = (BIBTEX, RIS, CSL_JSON, CSV, JSONL, LABELS)
AUTO = "auto"
_LABELS_OF_FORMATS = {
    BIBTEX: "BibTeX",
    RIS: "RIS",
    CSL_JSON: "CSL-JSON",
    CSV: "CSV",
    JSONL: "JSON Lines",
    LABELS: "labelled sentences",
}

# What files state is stated by this source, except labelled sentences, which name their corpus.
FILE = "file"
# Entries stored in one transaction: few enough that little is done again after an interruption.
PAGE_ENTRIES = 250

# Endings that tell the form. Those of JSON do not: several forms share them.
_ENDINGS = {
    ".bib": BIBTEX,
    ".bibtex": BIBTEX,
    ".biblatex": BIBTEX,
    ".ris": RIS,
    ".csv": CSV,
    ".tsv": CSV,
}
# Lines of the beginning that are looked at to tell a form.
_LINES_TO_TELL = 200

Record = PaperRecord | CitationRecord | Rejected
# Finds a paper of the collection by its slug: its identifiers, title, year and first author; None for no such paper.
FindPaper = Callable[[str], PaperRecord | None]


@dataclass(frozen=True)
class EntryFile:
    """A file whose form is known. `source` is who states what it says; `digest` is of its bytes."""

    path: Path
    name: str
    format: str
    source: str
    digest: str

    def pages(self, cursor: Cursor, *, cites: PaperRecord | None, find_paper: FindPaper) -> Iterator[Page]:
        """The content from a cursor on. With `cites` every entry becomes a citing paper of that one.

        Raises SourceError naming the file where it cannot be read, or holds nothing of its form.
        """
        with _naming(self.name):
            done = _number(cursor.get("entries"))
            entries = self._records(cites, find_paper)
            remaining = islice(entries, done, None)
            while batch := tuple(islice(remaining, PAGE_ENTRIES)):
                done += len(batch)
                yield Page(records=batch, cursor_after={"entries": done})
            if done == 0:
                raise SourceError(f"holds no entries in the form of {_LABELS_OF_FORMATS[self.format]}")

    def _records(self, cites: PaperRecord | None, find_paper: FindPaper) -> Iterator[Record]:
        """What the file holds, in order, ready to be stored."""
        if self.format == LABELS:
            yield from labelled_sentences.records(text_lines(self.path), self.source)
            return
        repetitions = Repetitions()
        for entry in _entries(self.path, self.format):
            if isinstance(entry, Row):
                yield repetitions.of_entry(_of_row(entry, cites, find_paper))
            elif isinstance(entry, PaperRecord) and cites is not None:
                yield repetitions.of_entry(CitationRecord(citing=entry, cited=cites, raw=entry.raw))
            else:
                yield repetitions.of_entry(entry)


def open_file(path: Path, format: str = AUTO) -> EntryFile:
    """Look at a file and tell its form, unless `format` says it. Raises SourceError, in one line naming the file."""
    name = shown_name(path)
    if format not in (AUTO, *FORMATS):
        raise SourceError(f"There is no format {format!r}: choose one of {', '.join((AUTO, *FORMATS))}.")
    fingerprint_of_file = digest(path)
    with _naming(name):
        told = _told_format(path) if format == AUTO else format
        source = labelled_sentences.source_of(text_lines(path)) if told == LABELS else FILE
    return EntryFile(path, name, told, source, fingerprint_of_file)


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Put the file's name before reasons that do not have it: those begin with a small letter."""
    try:
        yield
    except SourceError as error:
        reason = str(error)
        if not reason.startswith(name):
            reason = f"{name} {reason.removesuffix('.')}."
        raise SourceError(reason) from error


def _number(raw: object) -> int:
    """A number of entries in a cursor."""
    return raw if isinstance(raw, int) and raw > 0 else 0


# Forms ---------------------------------------------------------------------------------------------------------------


def _told_format(path: Path) -> str:
    """The form of a file, by the ending of its name, then by its content. Raises SourceError."""
    if path.suffix.lower() in _ENDINGS:
        return _ENDINGS[path.suffix.lower()]
    beginning = list(islice(text_lines(path), _LINES_TO_TELL))
    first = next((line.strip().lstrip("\ufeff") for line in beginning if line.strip()), "")
    if first.startswith(("{", "[")):
        return _told_json(path, first)
    text = "".join(beginning)
    if re.search(r"^\s*@\s*\w+\s*[{(]", text, re.MULTILINE):
        return BIBTEX
    if re.search(r"^\s{0,3}TY {1,3}- ?", text, re.MULTILINE):
        return RIS
    try:
        next(rows.csv_rows(iter([first + "\n"])), None)
    except SourceError:
        choices = ", ".join(FORMATS)
        raise SourceError(f"is in no form that can be told: say which with --format ({choices})") from None
    return CSV


def _told_json(path: Path, first: str) -> str:
    """Which of the forms that are made of JSON."""
    try:
        content = json.loads(first)
    except (ValueError, RecursionError):
        content = None  # an object or a list over several lines
    if isinstance(content, dict):
        if labelled_sentences.looks_labelled(content):
            return LABELS
        if rows.looks_like_row(content):
            return JSONL
    is_one_line_form = path.suffix.lower() in (".jsonl", ".ndjson")
    if content is None and is_one_line_form:
        return JSONL
    if first.startswith("{") and rows.is_export(content or _decoded(path)):
        return JSONL
    if is_one_line_form:
        raise SourceError("holds neither rows of ours nor labelled sentences of SciCite or ACL-ARC")
    return CSL_JSON


def _decoded(path: Path) -> Any:
    """The whole content of a JSON file. Raises SourceError."""
    return csljson.read_json(whole_text(path))


def _entries(path: Path, format: str) -> Iterator[PaperRecord | Row | Rejected]:
    """The entries of a file of one of the forms."""
    if format == BIBTEX:
        return bibtex.entries(whole_text(path))
    if format == RIS:
        return ris.entries(text_lines(path))
    if format == CSL_JSON:
        return csljson.entries(whole_text(path))
    if format == CSV:
        return rows.csv_rows(text_lines(path))
    return _json_rows(path)


def _json_rows(path: Path) -> Iterator[Row | Rejected]:
    """The rows of a file with one object a line, or of a JSON export as a whole."""
    first = next((line for line in text_lines(path) if line.strip()), "")
    try:
        content = json.loads(first.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        content = _decoded(path) if first.strip() in ("{", "[") else None
    if isinstance(content, dict) and rows.is_export(content):
        return rows.export_rows(content)
    return rows.json_rows(text_lines(path))


# Rows ----------------------------------------------------------------------------------------------------------------


def _of_row(row: Row, cites: PaperRecord | None, find_paper: FindPaper) -> Record:
    """A row as a citation of its hub, or as a paper alone; rejected where the hub is not clear."""
    row = replace(row, paper=_known_paper(row, find_paper))
    named = find_paper(row.hub) if row.hub else None
    if row.hub and named is None:
        return Rejected(f"row {row.number}: the collection has no hub {row.hub!r}: import it first", row.raw)
    if named is not None and not named.identifiers:
        return Rejected(f"row {row.number}: the hub {row.hub!r} has no identifier to be found by", row.raw)
    if named and cites and set(named.identifiers).isdisjoint(cites.identifiers):
        return Rejected(f"row {row.number} names the hub {row.hub!r}, not the one of --cites", row.raw)
    hub = cites or named
    if hub is not None:
        return row.citation(replace(hub, title="", year=None, authors=()))
    if row.says_something:
        return Rejected(f"row {row.number} says how a paper is cited, but not which: fill hub, or use --cites", row.raw)
    return row.paper


def _known_paper(row: Row, find_paper: FindPaper) -> PaperRecord:
    """The row's paper; one without identifiers of its own may be a paper of this collection that it was exported from.

    Then the address names it, and title, year and first author agree, which is what a fingerprint is made of.
    """
    record = row.paper
    own = record.identifiers[0]
    if not row.paper_slug or own != _fingerprint(record):
        return record
    stored = find_paper(row.paper_slug)
    if stored is None or not stored.identifiers or _fingerprint(stored) != own:
        return record
    return replace(record, identifiers=stored.identifiers)


def _fingerprint(record: PaperRecord) -> object:
    """The fingerprint of a record by what it says, whatever identifiers it has."""
    first = person(record.authors[0].name) if record.authors else None
    return fingerprint(record.title, record.year, first.family if first else None)
