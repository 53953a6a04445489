"""CSL-JSON files (the form of citeproc, Zotero, Pandoc and of DOI content negotiation): text in, records out."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from citations.identifiers import Identifier, Scheme
from citations.sources import fields
from citations.sources.fields import Person, clean, first_of
from citations.sources.records import PaperRecord, Rejected, SourceError
from citations.vocabulary import Kind

# Types of CSL 1.0.2, and those of Crossref, whose records differ from CSL-JSON in little else.
_KINDS: dict[str, Kind] = {
    "article": Kind.ARTICLE,
    "article-journal": Kind.ARTICLE,
    "article-magazine": Kind.ARTICLE,
    "article-newspaper": Kind.ARTICLE,
    "journal-article": Kind.ARTICLE,
    "posted-content": Kind.PREPRINT,
    "manuscript": Kind.PREPRINT,
    "paper-conference": Kind.CONFERENCE,
    "proceedings-article": Kind.CONFERENCE,
    "speech": Kind.CONFERENCE,
    "book": Kind.BOOK,
    "monograph": Kind.BOOK,
    "edited-book": Kind.BOOK,
    "chapter": Kind.CHAPTER,
    "book-chapter": Kind.CHAPTER,
    "entry": Kind.CHAPTER,
    "entry-dictionary": Kind.CHAPTER,
    "entry-encyclopedia": Kind.CHAPTER,
    "thesis": Kind.THESIS,
    "dissertation": Kind.THESIS,
    "report": Kind.REPORT,
    "review": Kind.REVIEW,
    "review-book": Kind.REVIEW,
    "dataset": Kind.DATASET,
    "software": Kind.SOFTWARE,
}
# When a work appeared, the most telling first; the last two are Crossref's.
_DATES = ("issued", "published", "original-date", "published-print", "published-online")
_NAMES = {
    "DOI": Scheme.DOI,
    "PMID": Scheme.PMID,
    "PMCID": Scheme.PMCID,
    "arxiv": Scheme.ARXIV,
    "openalex": Scheme.OPENALEX,
}
# What a lone object must have one of to be an entry; and where tools wrap the list.
_MARKS = ("type", "title", "DOI", "id")
_WRAPPERS = ("items", "references")

Item = Mapping[str, Any]


def entries(text: str) -> Iterator[PaperRecord | Rejected]:
    """The items of a CSL-JSON file in their order: a list of objects, or one object. Raises SourceError otherwise."""
    for item in items(read_json(text)):
        yield _entry(item) if isinstance(item, dict) else Rejected("no object", item)


def read_json(text: str) -> Any:
    """The content of a JSON text. Raises SourceError with line and column where it is none."""
    try:
        return json.loads(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        raise SourceError(f"is no valid JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise SourceError(f"is no valid JSON: {reason}") from None


def items(content: Any) -> list[Any]:
    """The list of items in decoded JSON. Raises SourceError where it holds none."""
    if isinstance(content, list):
        return content
    if isinstance(content, dict):
        for name in _WRAPPERS:
            if isinstance(content.get(name), list):
                return list(content[name])
        if any(name in content for name in _MARKS):
            return [content]
    raise SourceError("holds no CSL-JSON: neither a list of items nor one item")


def _entry(item: Item) -> PaperRecord | Rejected:
    """What one item says."""
    if "title" not in item and ("titles" in item or "attributes" in item):
        return Rejected("DataCite's own JSON, not CSL-JSON: ask DataCite for citeproc+json", item)
    named = _identifiers(item)
    year, published_on = _dates(item)
    venue = fields.venue(first_of(_text(item, name) for name in ("container-title", "event-title", "event")))
    record = PaperRecord(
        identifiers=named,
        title=_text(item, "title"),
        abstract=clean(_single(item.get("abstract")), paragraphs=True),
        year=year,
        published_on=published_on,
        venue=venue,
        kind=_kind(item, venue, named),
        url=fields.web_address([_word(item.get("URL"))]),
        raw=item,
    )
    return fields.finished(record, _people(item.get("author")))


def _single(raw: object) -> object:
    """A value, or the first of a list of them (Crossref gives titles as lists)."""
    return next(iter(raw), None) if isinstance(raw, list) else raw


def _text(item: Item, name: str) -> str:
    """Plain text of a field."""
    return clean(_single(item.get(name)))


def _word(raw: object) -> str:
    """A text or number as it is; "" for anything else."""
    raw = _single(raw)
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        return ""
    # Python refuses to print integers of more than 4,300 digits.
    return raw.strip() if isinstance(raw, str) else str(raw) if abs(raw) < 10**30 else ""


def _kind(item: Item, venue: str, named: tuple[Identifier, ...]) -> str:
    """What sort of work it is. CSL's `article` is a preprint where it names no journal (CSL 1.0.2, appendix III)."""
    stated = _word(item.get("type")).lower()
    on_arxiv = any(one.scheme is Scheme.ARXIV for one in named)
    if venue == fields.ARXIV or _word(item.get("genre")).lower() == "preprint":
        return Kind.PREPRINT
    if stated in ("article", "") and not venue and (on_arxiv or stated == "article"):
        return Kind.PREPRINT
    return _KINDS.get(stated, Kind.OTHER) if stated else ""


# People --------------------------------------------------------------------------------------------------------------


def _people(raw: object) -> Iterator[Person | None]:
    """Authors, each an object of parts, an object with a literal name, or a text."""
    for one in raw if isinstance(raw, list) else []:
        if isinstance(one, str):
            yield fields.person(one)
        elif isinstance(one, dict):
            yield _person(one)


def _person(raw: Item) -> Person | None:
    """One author; parts count before the literal name, which tools add in any order of words."""
    part = {name: clean(raw.get(name)) for name in ("given", "family", "suffix", "literal", "name")}
    particles = (clean(raw.get(f"{kind}-particle")) for kind in ("dropping", "non-dropping"))
    orcid = fields.orcid_in(raw.get("ORCID") or raw.get("orcid"))
    if part["family"]:
        return fields.named(part["given"], " ".join(filter(None, particles)), part["family"], part["suffix"], orcid)
    literal = part["literal"] or part["name"] or part["given"]
    return Person(literal, literal, orcid) if literal else None


# Dates ---------------------------------------------------------------------------------------------------------------


def _dates(item: Item) -> tuple[int | None, datetime.date | None]:
    """Year and, where it is known to the day, date: of the first date that tells a year."""
    for name in _DATES:
        year, date = _date(item.get(name))
        if year:
            return year, date
    return fields.plausible_year(_word(item.get("year"))), None


def _date(raw: object) -> tuple[int | None, datetime.date | None]:
    """Parts (numbers or texts, the beginning of a range), else words. Seasons tell the year only."""
    if isinstance(raw, str | int) and not isinstance(raw, bool):
        return fields.year_in(_word(raw)), fields.date_in(_word(raw))
    if not isinstance(raw, dict):
        return None, None
    parts = _single(raw.get("date-parts"))
    if isinstance(parts, list) and parts:
        numbers = [_word(part) for part in parts[:3]]
        year = fields.plausible_year(numbers[0])
        return year, fields.date_of(*numbers) if len(numbers) == 3 else None
    words = first_of(_word(raw.get(name)) for name in ("raw", "literal", "edtf", "date-time"))
    return fields.year_in(words), fields.date_in(words)


# Identifiers ---------------------------------------------------------------------------------------------------------


def _identifiers(item: Item) -> tuple[Identifier, ...]:
    """Everything in an item that names the work: Zotero writes what it has no field for into the note."""
    candidates: list[tuple[Scheme | None, str]] = [
        (scheme, _word(item.get(spelling)))
        for name, scheme in _NAMES.items()
        for spelling in dict.fromkeys((name, name.lower(), name.upper()))
    ]
    for custom in (item.get("custom"), item.get("note")):
        candidates += _noted(custom)
    if _word(item.get("archive")).lower() == "arxiv":
        candidates.append((Scheme.ARXIV, _word(item.get("archive_location"))))
    candidates += fields.in_prose(_word(item.get("number")))
    candidates += fields.in_prose(_text(item, "container-title"))
    candidates += [(None, _word(item.get(name))) for name in ("URL", "url", "id", "DOI")]
    return fields.identifiers(candidates)


def _noted(raw: object) -> Iterator[tuple[Scheme | None, str]]:
    """Names in a note ("PMID: 12345" on a line of its own) or in the object `custom`."""
    schemes = {name.lower(): scheme for name, scheme in _NAMES.items()}
    if isinstance(raw, dict):
        for name, value in list(raw.items())[:100]:
            if name.lower() in schemes:
                yield schemes[name.lower()], _word(value)
    elif isinstance(raw, str):
        for match in re.finditer(r"^\s*(\w+)\s*:\s*(\S+)", raw[:5000], re.MULTILINE):
            if match[1].lower() in schemes:
                yield schemes[match[1].lower()], match[2]
