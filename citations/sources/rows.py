"""The rows that this site exports, as CSV or one JSON object a line: lines in, rows out.

A row is one citing paper with what is said of its citation. What a file says counts as imported, whoever decided it
where the file was made.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from citations.identifiers import Scheme
from citations.sources import fields
from citations.sources.csljson import read_json
from citations.sources.fields import clean
from citations.sources.records import CitationRecord, MentionRecord, PaperRecord, Rejected, SourceError
from citations.text import content_hash
from citations.vocabulary import NONE, Kind, Notice, Polarity, Role

# The columns of an export (DESIGN, section 6), in its order.
COLUMNS = (
    "title",
    "authors",
    "year",
    "published_on",
    "venue",
    "kind",
    "doi",
    "arxiv",
    "url",
    "summary",
    "role",
    "polarity",
    "decided_by",
    "source",
    "coarse",
    "confirmed",
    "suggested",
    "confidence",
    "influential",
    "self_citation",
    "notice",
    "cited_by_count",
    "sentences",
    "paper",
    "hub",
)
# Columns that an export does not have and that are read all the same.
MORE_COLUMNS = ("abstract", *(scheme.value for scheme in Scheme if scheme not in (Scheme.DOI, Scheme.ARXIV)))
# What joins several values in one cell.
AUTHOR_SEPARATOR, SENTENCE_SEPARATOR = "; ", " | "
# A spreadsheet takes a cell that begins with one of these for a formula; exports put an apostrophe before it.
FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")

_DELIMITERS = (",", ";", "\t")
_TRUE = ("1", "true", "yes", "wahr", "vrai")
_FALSE = ("0", "false", "no", "falsch", "faux")
# Cells longer than this are damage: a quotation mark that is opened and never closed.
_LONGEST_CELL = 1_000_000
_LONGEST_RAW = 5_000
# More sentences than this name no paper in another.
_MOST_SENTENCES = 1_000

Cells = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One row: the citing paper, and what is said of its citation.

    `hub` is the slug of the cited paper and `paper` that of the citing one, where the row names them; `number` counts
    rows from 1. The citation's facts are those of `CitationRecord`.
    """

    paper: PaperRecord
    number: int
    hub: str = ""
    paper_slug: str = ""
    mentions: tuple[MentionRecord, ...] = ()
    intents: tuple[str, ...] = ()
    role: str = ""
    polarity: str = ""
    coarse: bool = False
    is_influential: bool | None = None
    is_self_citation: bool | None = None
    raw: object = field(default=None, repr=False, compare=False)

    @property
    def says_something(self) -> bool:
        """Whether it says anything of a citation, and not only of a paper."""
        return bool(self.mentions or self.intents or self.role or self.polarity)

    def statement(self) -> tuple[object, ...]:
        """What it says of the role and polarity of the citation."""
        return (self.role, self.polarity, self.intents)

    def citation(self, hub: PaperRecord) -> CitationRecord:
        """The row as a citation of `hub`."""
        return CitationRecord(
            citing=self.paper,
            cited=hub,
            mentions=self.mentions,
            intents=self.intents,
            role=self.role,
            polarity=self.polarity,
            coarse=self.coarse,
            is_influential=self.is_influential,
            is_self_citation=self.is_self_citation,
            raw=self.raw,
        )


# CSV -----------------------------------------------------------------------------------------------------------------


def csv_rows(lines: Iterable[str]) -> Iterator[Row | Rejected]:
    """The rows of a CSV file with a header; commas, semicolons or tabs between the cells. Raises SourceError."""
    remaining = _Remembering(lines)
    header, delimiter = _header(remaining)
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(remaining, delimiter=delimiter, strict=True)
    number = 0
    while True:
        remaining.forget()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number += 1
            yield Rejected(f"broken row {number}: {error}", remaining.seen()[:_LONGEST_RAW])
            continue
        if not any(cell.strip() for cell in cells):
            continue
        number += 1
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            reason = f"broken row {number}: {len(cells)} cells under {len(header)} columns"
            yield Rejected(reason, remaining.seen()[:_LONGEST_RAW])
            continue
        named = {name: _without_guard(cell) for name, cell in zip(header, cells, strict=False) if name}
        yield _row(named, number)


class _Remembering:
    """Lines, and the text of those that were taken since it was last asked to forget."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._taken: list[str] = []

    def __iter__(self) -> _Remembering:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._taken.append(line)
        return line

    def forget(self) -> None:
        """Begin anew."""
        self._taken = []

    def seen(self) -> str:
        """The lines that were taken."""
        return "".join(self._taken)


def _header(lines: _Remembering) -> tuple[list[str], str]:
    """The names of the columns and what separates them. Raises SourceError where they are not those of our rows."""
    first = ""
    for line in lines:
        # Excel's own way to say what separates cells.
        if line.strip() and not re.fullmatch(r"\s*\"?sep=.\"?\s*", line, re.IGNORECASE):
            first = line
            break
    best: list[str] = []
    delimiter = ","
    for candidate in _DELIMITERS:
        names = _names(first, candidate)
        if _known(names) > _known(best):
            best, delimiter = names, candidate
    unknown = [name for name in best if name and name not in COLUMNS + MORE_COLUMNS]
    if "title" not in best or len(unknown) > _known(best):
        shown = ", ".join(unknown[:5]) or clean(first)[:80]
        raise SourceError(f"is no table of our rows: the columns should be title, authors, year, ..., not {shown}")
    if duplicate := next((name for name in best if name and best.count(name) > 1), ""):
        raise SourceError(f"has two columns called {duplicate}")
    return best, delimiter


def _names(line: str, delimiter: str) -> list[str]:
    """The cells of a header: case, spaces and hyphens make no difference."""
    try:
        cells = next(csv.reader([line.lstrip("\ufeff")], delimiter=delimiter), [])
    except csv.Error:
        return []
    return [re.sub(r"[\s-]+", "_", clean(cell).lower()) for cell in cells]


def _known(names: list[str]) -> int:
    """How many of these columns are ours."""
    return sum(name in COLUMNS + MORE_COLUMNS for name in names)


def _without_guard(cell: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from taking it for a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_MARKS) else cell


# JSON ----------------------------------------------------------------------------------------------------------------


def json_rows(lines: Iterable[str]) -> Iterator[Row | Rejected]:
    """The rows of a file with one JSON object a line."""
    number = 0
    for line in lines:
        if not line.strip().strip("\ufeff"):
            continue
        number += 1
        try:
            content = read_json(line)
        except SourceError as error:
            yield Rejected(f"broken row {number}: it {error}"[:300], line[:_LONGEST_RAW])
            continue
        yield _json_row(content, number)


def export_rows(content: Mapping[str, Any]) -> Iterator[Row | Rejected]:
    """The rows of a decoded JSON export, `{"hub": ..., "results": [...]}`; what it says of its own end is rejected."""
    for number, row in enumerate(content["results"], start=1):
        yield _json_row(row, number)
    if content.get("error"):
        yield Rejected(f"the export is not whole: {str(content['error'])[:200]}", content["error"])


def is_export(content: object) -> bool:
    """Whether decoded JSON is an export of ours."""
    return isinstance(content, dict) and isinstance(content.get("results"), list) and "hub" in content


def looks_like_row(content: object) -> bool:
    """Whether a decoded JSON object is a row of ours: a title, and more of our columns than others."""
    return isinstance(content, dict) and "title" in content and 2 * _known(list(content)) > len(content)


def _json_row(content: object, number: int) -> Row | Rejected:
    """A decoded row."""
    if not isinstance(content, dict):
        return Rejected(f"broken row {number}: no object", content)
    return _row({name.strip().lower(): value for name, value in content.items()}, number)


# Both ----------------------------------------------------------------------------------------------------------------


def _row(cells: Cells, number: int) -> Row | Rejected:
    """What the cells of a row say."""
    raw = dict(cells)
    record = _paper(cells, raw)
    paper = fields.finished(record, [fields.person(name) for name in _list(cells.get("authors"), AUTHOR_SEPARATOR)])
    if isinstance(paper, Rejected):
        return Rejected(f"{paper.reason} (row {number})", raw)
    faults = [f"{name} {_shown(cells.get(name))}" for name in ("kind", "notice") if _is_unknown(cells, name)]
    if _word(cells.get("hub")) and not _slug(cells.get("hub")):
        faults.append(f"hub {_shown(cells.get('hub'))}")
    if faults:
        return Rejected(f"row {number} has an unknown {' and '.join(faults)}", raw)
    role, polarity = _value(cells.get("role"), Role), _value(cells.get("polarity"), Polarity)
    foreign = tuple(
        text
        for text, known in ((_word(cells.get("role")), role), (_word(cells.get("polarity")), polarity))
        if text and not known and text.lower() != NONE
    )
    return Row(
        paper=paper,
        number=number,
        hub=_slug(cells.get("hub")),
        paper_slug=_slug(cells.get("paper")),
        mentions=_mentions(cells.get("sentences")),
        intents=foreign,
        role=role,
        polarity=polarity,
        coarse=bool(role) and _flag(cells.get("coarse")) is True,
        is_influential=_flag(cells.get("influential")),
        is_self_citation=_flag(cells.get("self_citation")),
        raw=raw,
    )


def _paper(cells: Cells, raw: object) -> PaperRecord:
    """The citing paper, as yet without its authors."""
    candidates: list[tuple[Scheme | None, str]] = [
        (scheme, _word(cells.get(scheme.value))) for scheme in Scheme if _word(cells.get(scheme.value))
    ]
    candidates.append((None, _word(cells.get("url"))))
    published_on = fields.date_in(_word(cells.get("published_on")))
    year = fields.year_in(_word(cells.get("year")))
    return PaperRecord(
        identifiers=fields.identifiers(candidates),
        title=clean(cells.get("title")),
        abstract=clean(cells.get("abstract"), paragraphs=True),
        summary=clean(cells.get("summary")),
        year=year or (published_on.year if published_on else None),
        published_on=published_on,
        venue=fields.venue(clean(cells.get("venue"))),
        kind=_value(cells.get("kind"), Kind),
        notice=_value(cells.get("notice"), Notice),
        url=fields.web_address([_word(cells.get("url"))]),
        cited_by_count=_count(cells.get("cited_by_count")),
        raw=raw,
    )


def _word(raw: object) -> str:
    """A text or number as it is; "" for anything else."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return ""
    return clean(raw) if not isinstance(raw, str) else raw.strip()[: fields.LONGEST_VALUE]


def _list(raw: object, separator: str) -> list[str]:
    """The values of a cell, or of a JSON list; an author of a list may be an object with a name."""
    if isinstance(raw, list):
        return [_word(one.get("name") if isinstance(one, dict) else one) for one in raw[: fields.MOST_AUTHORS]]
    parts = _word(raw).split(separator.rstrip() if separator == AUTHOR_SEPARATOR else separator)
    return [part.strip() for part in parts if part.strip()]


def _mentions(raw: object) -> tuple[MentionRecord, ...]:
    """The sentences of a row, each once."""
    if isinstance(raw, list):
        stated = [one.get("sentence") if isinstance(one, dict) else one for one in raw]
    else:
        stated = list(_list(raw, SENTENCE_SEPARATOR))
    found: dict[str, str] = {}
    for one in stated[:_MOST_SENTENCES]:
        if sentence := clean(one):
            found.setdefault(content_hash(sentence), sentence)
    return tuple(MentionRecord(sentence, order=order) for order, sentence in enumerate(found.values()))


def _value(raw: object, vocabulary: type[Role | Polarity | Kind | Notice]) -> str:
    """A value of a vocabulary, given as it is stored or as it is printed; "" for any other."""
    text = _word(raw).lower()
    return next((str(one.value) for one in vocabulary if text in (one.value, one.label.lower())), "")


def _is_unknown(cells: Cells, name: str) -> bool:
    """Whether a cell says something that the vocabulary of its column does not have."""
    vocabulary: type[Kind | Notice] = Kind if name == "kind" else Notice
    return bool(_word(cells.get(name))) and not _value(cells.get(name), vocabulary)


def _shown(raw: object) -> str:
    """A value as a reason repeats it."""
    return repr(_word(raw)[:40])


def _flag(raw: object) -> bool | None:
    """Yes or no, in the words that spreadsheets use; None for neither."""
    if isinstance(raw, bool):
        return raw
    text = _word(raw).lower()
    return True if text in _TRUE else False if text in _FALSE else None


def _count(raw: object) -> int | None:
    """A whole number from 0 on; else None."""
    text = _word(raw)
    return int(text) if re.fullmatch(r"\d{1,12}", text, re.ASCII) else None


def _slug(raw: object) -> str:
    """The slug that a cell names, alone or at the end of an address of a paper; "" for anything else."""
    if isinstance(raw, dict):
        raw = raw.get("slug") or raw.get("paper")
    match = re.fullmatch(r"(?:\S*/(?:papers|hubs)/)?([a-z0-9][a-z0-9_-]{0,119})/?", _word(raw))
    return match[1] if match else ""
