"""RIS files: lines in, records out.

Records are cut apart here and read by `rispy` one by one, so that one without its end is not lost, one that is broken
does not take others with it, and a file of any size passes through.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator

import rispy

from citations.identifiers import Identifier, Scheme
from citations.sources import fields
from citations.sources.fields import Person, clean, first_of
from citations.sources.records import PaperRecord, Rejected
from citations.vocabulary import Kind

# Types of the RIS specification (2011); what is not listed is of another kind.
_KINDS: dict[str, Kind] = {
    "JOUR": Kind.ARTICLE,
    "JFULL": Kind.ARTICLE,
    "EJOUR": Kind.ARTICLE,
    "MGZN": Kind.ARTICLE,
    "NEWS": Kind.ARTICLE,
    "INPR": Kind.ARTICLE,
    "ABST": Kind.ARTICLE,
    "UNPB": Kind.PREPRINT,
    "MANSCPT": Kind.PREPRINT,
    "CONF": Kind.CONFERENCE,
    "CPAPER": Kind.CONFERENCE,
    "BOOK": Kind.BOOK,
    "EBOOK": Kind.BOOK,
    "EDBOOK": Kind.BOOK,
    "CLSWK": Kind.BOOK,
    "CHAP": Kind.CHAPTER,
    "ECHAP": Kind.CHAPTER,
    "ENCYC": Kind.CHAPTER,
    "DICT": Kind.CHAPTER,
    "THES": Kind.THESIS,
    "RPRT": Kind.REPORT,
    "GOVDOC": Kind.REPORT,
    "DATA": Kind.DATASET,
    "DBASE": Kind.DATASET,
    "AGGR": Kind.DATASET,
    "COMP": Kind.SOFTWARE,
}
_BOOK_TYPES = ("BOOK", "EBOOK", "EDBOOK", "CLSWK", "SER")
_TITLES = ("TI", "T1", "CT", "TT", "ST")
_VENUES = ("JF", "JO", "T2", "BT", "JA", "J2", "J1", "T3")
_AUTHORS = ("AU", "A1")
# Where tools put DOIs and other names besides DO: a number of the record, custom fields of EndNote, titles of journals.
# Notes (N1) are left out, since they name other papers as well.
_LOOSE = ("M1", "M3", "C2", "C7", "AN", "JO", "JF", "T2")
_ADDRESSES = ("UR", "L1", "L2", "L3", "LK", "M2", "DO")

# Some tools write one space before the hyphen, or none after it.
_TAG = re.compile(r"\s{0,3}([A-Z][A-Z0-9]) {1,3}-(?: (.*)|$)", re.DOTALL)
# An enormous record is one whose end was lost; the rest of it is not looked at.
_MOST_LINES = 50_000

Tags = dict[str, list[str]]


def entries(lines: Iterable[str]) -> Iterator[PaperRecord | Rejected]:
    """The records of a RIS file in their order. A record without its end (ER) ends where the next one begins."""
    for raw in _cut(lines):
        yield _entry(raw)


def _cut(lines: Iterable[str]) -> Iterator[list[str]]:
    """The lines of each record, from its type to its end; tags before a type belong to the record that follows."""
    record: list[str] = []
    for line in lines:
        match = _TAG.match(line.rstrip("\n"))
        tag = match[1] if match else ""
        if tag == "TY" and any(_tag(earlier) == "TY" for earlier in record[:100]):
            yield record
            record = []
        if tag == "ER":
            if record:
                yield record
            record = []
        elif (tag or record) and len(record) < _MOST_LINES:
            record.append(line.rstrip("\n"))
    if record:
        yield record


def _tag(line: str) -> str:
    """The tag of a line; "" for one that continues another."""
    match = _TAG.match(line)
    return match[1] if match else ""


def _entry(raw: list[str]) -> PaperRecord | Rejected:
    """What one record says."""
    text = "\n".join(raw)
    if not any(_tag(line) == "TY" for line in raw[:100]):
        return Rejected("no type of reference (TY)", text)
    tags = _tags(raw)
    kind = first_of(tags.get("TY", ())).upper()
    named = _identifiers(tags)
    year, published_on = _dates(tags)
    venue = "" if kind in _BOOK_TYPES else fields.venue(clean(_first(tags, *_VENUES)))
    title = clean(_first(tags, *_TITLES, *(("BT", "T2") if kind in _BOOK_TYPES else ())))
    record = PaperRecord(
        identifiers=named,
        title=title,
        abstract=clean(_first(tags, "AB", "N2"), paragraphs=True),
        year=year,
        published_on=published_on,
        venue=venue,
        kind=_kind(kind, venue, named),
        url=fields.web_address(_addresses(tags)),
        raw=text,
    )
    return fields.finished(record, [_person(name) for tag in _AUTHORS for name in tags.get(tag, ())])


# rispy's own tables leave out tags that tools use, and keep of a repeated tag the first only.
class _EveryTag(dict[str, str]):
    """A table in which each tag stands for itself."""

    def __missing__(self, tag: str) -> str:
        return tag


class _EveryTagIsAList(list[str]):
    """A list that holds each tag."""

    def __contains__(self, tag: object) -> bool:
        return True


_PARSER = rispy.RisParser(
    mapping=_EveryTag(), list_tags=_EveryTagIsAList(), delimiter_tags_mapping={}, skip_unknown_tags=False
)


def _tags(raw: list[str]) -> Tags:
    """The values of each tag in their order; lines that continue a value are joined to it."""
    joined: list[str] = []
    for line in raw:
        match = _TAG.match(line)
        if match:
            joined.append(f"{match[1]}  - {(match[2] or '').strip()}")
        elif joined:
            joined[-1] += f"\n{line.strip()}" if line.strip() else ""
    start = next(number for number, line in enumerate(joined) if line.startswith("TY"))
    # The parser takes a newline for the end of a value; within one it stands as a character that text does not have.
    ordered = [joined[start], *joined[:start], *joined[start + 1 :], "ER  - "]
    parsed = _PARSER.parse_lines(iter([line.replace("\n", _BREAK) for line in ordered]))
    found: Tags = {}
    for tag, values in parsed[0].items():
        of_tag = values if isinstance(values, list) else [values]
        found[tag] = [text for value in of_tag if (text := value.replace(_BREAK, "\n").strip())]
    return found


_BREAK = "\x1f"


def _first(tags: Tags, *names: str) -> str:
    """The first value of any of these tags."""
    return first_of(value for name in names for value in tags.get(name, ()))


def _kind(kind: str, venue: str, named: tuple[Identifier, ...]) -> str:
    """What sort of work it is; a preprint where nothing but arXiv is named."""
    if venue == fields.ARXIV or (kind == "GEN" and any(one.scheme is Scheme.ARXIV for one in named)):
        return Kind.PREPRINT
    return _KINDS.get(kind, Kind.OTHER) if kind else ""


def _person(raw: str) -> Person | None:
    """A name as the specification has it: "Family, Given, Suffix", or a body's."""
    parts = [part.strip() for part in clean(raw).split(",")]
    # Medical databases leave the comma out: "Fanning E.J."
    if initials := re.fullmatch(r"(.+) ((?:[A-Z]\.-?)+)", parts[0]) if len(parts) == 1 else None:
        parts = [initials[1], initials[2]]
    if len(parts) != 3:
        return fields.person(", ".join(parts))
    family, given, suffix = parts
    return fields.person(f"{family}, {suffix}, {given}" if suffix else f"{family}, {given}")


def _dates(tags: Tags) -> tuple[int | None, datetime.date | None]:
    """Year and, where it is known to the day, date ("2014/07/12/", "2014", "12 July 2014")."""
    stated = [value for name in ("PY", "Y1", "DA", "YR") for value in tags.get(name, ())]
    years = (fields.year_in(value) for value in stated)
    dates = (_date(value) for value in stated)
    return next((year for year in years if year), None), next((date for date in dates if date), None)


def _date(value: str) -> datetime.date | None:
    """A date in the specification's form or in words."""
    words = re.fullmatch(r"(\d{1,2})\.? ([A-Za-z]{3,9})\.?,? (\d{4})", value.strip(), re.ASCII)
    return fields.date_of(words[3], words[2], words[1]) if words else fields.date_in(value)


def _addresses(tags: Tags) -> list[str]:
    """Web addresses; several may stand in one value, with a semicolon between."""
    return [
        part.strip()
        for name in _ADDRESSES
        for value in tags.get(name, ())
        for part in re.split(r";\s*(?=https?://)|\s+", value)
    ]


def _identifiers(tags: Tags) -> tuple[Identifier, ...]:
    """Everything in a record that names the work."""
    candidates: list[tuple[Scheme | None, str]] = [(Scheme.DOI, value) for value in tags.get("DO", ())]
    candidates += [(None, address) for address in _addresses(tags)]
    for value in (value for name in _LOOSE for value in tags.get(name, ())):
        candidates += fields.in_prose(value)
        if re.fullmatch(r"10\.\d{4,9}/\S+", value):
            candidates.append((Scheme.DOI, value))
        if re.fullmatch(r"PMC\d+", value):
            candidates.append((Scheme.PMCID, value))
    if re.search(r"pubmed|medline", " ".join([*tags.get("DB", ()), *tags.get("DP", ())]), re.IGNORECASE):
        candidates += [(Scheme.PMID, value) for value in tags.get("AN", ())]
    return fields.identifiers(candidates)
