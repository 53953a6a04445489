"""What entries of files have in common, whatever their format: names, dates, identifiers, and how records end."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bibtexparser.middlewares.names import NameParts, parse_single_name_into_parts

from citations.identifiers import BadIdentifier, Identifier, Scheme, fingerprint, normalise, parse
from citations.sources.records import AuthorRecord, PaperRecord, Rejected
from citations.text import plain_text

# Longer values are damage (an unclosed brace or quotation mark); the longest honest abstracts have 10,000 characters.
LONGEST_VALUE = 100_000
# The largest collaborations have about 5,500 authors; the position of an author is a small integer in the database.
MOST_AUTHORS = 10_000
# The years that the collection takes (models/papers.py): outside them a number in a date field is no year.
_YEAR_MIN, _YEAR_MAX = 1000, 2999
# Names of the strongest schemes first, as records want their own name first.
_SCHEME_ORDER = tuple(Scheme)

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class Person:
    """One author as printed, and the family name without particles, of which fingerprints are made."""

    name: str
    family: str
    orcid: str = ""


# Text ----------------------------------------------------------------------------------------------------------------


def clean(raw: object, *, bibtex: bool = False, paragraphs: bool = False) -> str:
    """Plain text of a value; "" for anything that is neither text nor a number. Cut at `LONGEST_VALUE` characters."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return ""
    return plain_text(str(raw)[:LONGEST_VALUE], bibtex=bibtex, paragraphs=paragraphs)


def first_of(values: Iterable[str]) -> str:
    """The first value that says something; "" where none does."""
    return next((value for value in values if value), "")


ARXIV = "arXiv"


def venue(name: str) -> str:
    """The name of a venue, given as plain text; "arXiv preprint arXiv:1810.04805" names no venue but arXiv."""
    return ARXIV if re.match(r"arxiv\b", name, re.IGNORECASE) else name


# People --------------------------------------------------------------------------------------------------------------


def person(raw: str, *, bibtex: bool = False) -> Person | None:
    """A name in one of the forms "First von Last", "von Last, First" and "von Last, Jr, First"; None for no name.

    With `bibtex`, braces hold words together ("{NASA Ames}" is one), and LaTeX is read. "others" is nobody.
    """
    text = raw.strip()[:LONGEST_VALUE]
    text = text if bibtex else plain_text(text)
    if not text or plain_text(text, bibtex=bibtex).lower().rstrip(".") in ("others", "et al"):
        return None
    parts = _parts(text)
    joined = {
        kind: plain_text(" ".join(getattr(parts, kind)), bibtex=bibtex) for kind in ("first", "von", "last", "jr")
    }
    name = " ".join(joined[kind] for kind in ("first", "von", "last", "jr") if joined[kind])
    return Person(name, joined["last"] or name) if name else None


def _parts(name: str) -> NameParts:
    """The parts of a name by BibTeX's rules; a name that breaks them is one family name."""
    try:
        return parse_single_name_into_parts(name, strict=False)
    except (IndexError, ValueError):
        return NameParts(last=[name])


def named(given: str, particle: str, family: str, suffix: str = "", orcid: str = "") -> Person | None:
    """A person whose parts are known, each of them plain text and perhaps empty."""
    name = " ".join(part for part in (given, particle, family, suffix) if part)
    return Person(name, family or name, orcid) if name else None


def orcid_in(raw: object) -> str:
    """The ORCID in a value, such as "https://orcid.org/0000-0002-1825-0097"; "" where there is none."""
    match = re.search(r"\b\d{4}-\d{4}-\d{4}-\d{3}[\dXx]\b", raw[:200], re.ASCII) if isinstance(raw, str) else None
    return match[0].upper() if match else ""


# Dates ---------------------------------------------------------------------------------------------------------------

# A year of four digits that is no part of a longer number, nor of an EDTF year with unknown digits or before Christ.
_YEAR = re.compile(r"(?<![\d.])(?<![yY])(?<!^-)(\d{4})(?![\duxUX])", re.ASCII)
_ISO_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)", re.ASCII)


def year_in(text: str) -> int | None:
    """The first plausible year of a date in any spelling: "2019", "c1999", "1988/1992", "2004-06~", "May 2001".

    None where only part of the year is known, as in the EDTF dates "199u" and "20XX".
    """
    return next((year for match in _YEAR.finditer(text[:200]) if (year := plausible_year(match[1])) is not None), None)


def plausible_year(raw: str | int) -> int | None:
    """A number of four digits as a year; None for one that the collection does not take."""
    text = str(raw).strip()
    year = int(text) if re.fullmatch(r"\d{4}", text, re.ASCII) else 0
    return year if _YEAR_MIN <= year <= _YEAR_MAX else None


def date_in(text: str) -> datetime.date | None:
    """The whole date that a text begins with ("2016-07-18T20:26", "2014/07/12/"); of a range its beginning; or None."""
    match = _ISO_DATE.match(text.strip()[:200])
    return date_of(*match.groups()) if match else None


def date_of(year: str | int, month: str | int, day: str | int) -> datetime.date | None:
    """A date of its parts, the month as a number or an English name; None where that is no date."""
    known_year, known_month = plausible_year(year), month_number(month)
    try:
        return datetime.date(known_year, known_month, int(day)) if known_year and known_month else None
    except ValueError:
        return None


def month_number(raw: str | int) -> int | None:
    """1 to 12 for "3", "03", "mar", "Mar." or "March"; else None."""
    text = str(raw).strip().lower().rstrip(".")
    if re.fullmatch(r"\d{1,2}", text, re.ASCII):
        return int(text) if 1 <= int(text) <= 12 else None
    return MONTHS.index(text[:3]) + 1 if text[:3] in MONTHS and text.isalpha() else None


# Identifiers ---------------------------------------------------------------------------------------------------------

_DOI_IN_PROSE = re.compile(r"(?:doi\s*:\s*|doi\.org/)(10\.\d{4,9}/\S+)", re.IGNORECASE)
_ARXIV_IN_PROSE = re.compile(r"arxiv\s*:\s*([a-z-]+(?:\.[a-z]{2})?/\d{7}|\d{4}\.\d{4,5})(?:v\d+)?", re.IGNORECASE)


def identifiers(candidates: Iterable[tuple[Scheme | None, str]]) -> tuple[Identifier, ...]:
    """The identifiers among raw values, strongest scheme first; what is none is left out.

    A value comes with its scheme, or with None for a web address that may name a paper.
    """
    found: dict[Identifier, None] = {}
    for scheme, raw in candidates:
        for one in _readings(scheme, raw[:LONGEST_VALUE]):
            found[one] = None
    return tuple(sorted(found, key=lambda one: _SCHEME_ORDER.index(one.scheme)))


def _readings(scheme: Scheme | None, raw: str) -> Iterator[Identifier]:
    """What one raw value names. A field may hold several words ("10.1000/1 (print)", two addresses)."""
    if scheme is None:
        for address in re.findall(r"https?://[^\s<>\"]+", raw)[:20]:
            try:
                yield parse(address.rstrip(";,"))
            except BadIdentifier:
                continue
        return
    try:
        yield normalise(scheme, raw)
    except BadIdentifier:
        for word in raw.split()[:20] if scheme is Scheme.DOI else ():
            try:
                yield normalise(scheme, word)
            except BadIdentifier:
                continue


def in_prose(text: str) -> list[tuple[Scheme | None, str]]:
    """DOIs and arXiv ids that a text spells with their prefixes, such as "arXiv preprint arXiv:1810.04805"."""
    found: list[tuple[Scheme | None, str]] = [
        (Scheme.ARXIV, match[1]) for match in _ARXIV_IN_PROSE.finditer(text[:5000])
    ]
    return found + [(Scheme.DOI, match[1]) for match in _DOI_IN_PROSE.finditer(text[:5000])]


def web_address(values: Iterable[str]) -> str:
    """The first value that is one web address; "" where none is."""
    stripped = (value.strip() for value in values)
    return next((value for value in stripped if re.fullmatch(r"https?://[^\s<>\"{}]+", value)), "")


# Records -------------------------------------------------------------------------------------------------------------


def finished(record: PaperRecord, people: Iterable[Person | None]) -> PaperRecord | Rejected:
    """The record with its authors and, where it has no other identifier, its fingerprint; rejected without a name."""
    known = [one for one in people if one is not None][:MOST_AUTHORS]
    authors = tuple(AuthorRecord(one.name, orcid=one.orcid) for one in known)
    if record.identifiers:
        return replace(record, authors=authors)
    made = fingerprint(record.title, record.year, known[0].family if known else None)
    if made is None:
        return Rejected("no identifier and no title", record.raw)
    return replace(record, authors=authors, identifiers=(made,))
