"""BibTeX and BibLaTeX files: text in, records out.

`bibtexparser` cuts a file into blocks. Values are put together here, because it resolves neither concatenations
(`title # { and more}`) nor cross-references, and gives up a value where a comma is missing.
"""

from __future__ import annotations

import datetime
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bibtexparser.entrypoint import parse_string
from bibtexparser.exceptions import ParserStateException
from bibtexparser.middlewares.names import split_multiple_persons_names
from bibtexparser.model import (
    Block,
    DuplicateBlockKeyBlock,
    DuplicateFieldKeyBlock,
    Entry,
    ImplicitComment,
    ParsingFailedBlock,
    String,
)

from citations.identifiers import Identifier, Scheme
from citations.sources import fields
from citations.sources.fields import Person, clean, first_of
from citations.sources.records import PaperRecord, Rejected, SourceError
from citations.vocabulary import Kind

# It reports broken blocks on standard error as well; here each becomes a rejected record with its reason.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)

# Entry types of BibTeX and BibLaTeX, and those that Mendeley and Zotero invent.
_KINDS: dict[str, Kind] = {
    "article": Kind.ARTICLE,
    "suppperiodical": Kind.ARTICLE,
    "magazine": Kind.ARTICLE,
    "newspaper": Kind.ARTICLE,
    "inproceedings": Kind.CONFERENCE,
    "conference": Kind.CONFERENCE,
    "book": Kind.BOOK,
    "mvbook": Kind.BOOK,
    "booklet": Kind.BOOK,
    "collection": Kind.BOOK,
    "mvcollection": Kind.BOOK,
    "proceedings": Kind.BOOK,
    "mvproceedings": Kind.BOOK,
    "reference": Kind.BOOK,
    "mvreference": Kind.BOOK,
    "inbook": Kind.CHAPTER,
    "bookinbook": Kind.CHAPTER,
    "suppbook": Kind.CHAPTER,
    "incollection": Kind.CHAPTER,
    "suppcollection": Kind.CHAPTER,
    "inreference": Kind.CHAPTER,
    "phdthesis": Kind.THESIS,
    "mastersthesis": Kind.THESIS,
    "thesis": Kind.THESIS,
    "techreport": Kind.REPORT,
    "report": Kind.REPORT,
    "review": Kind.REVIEW,
    "dataset": Kind.DATASET,
    "software": Kind.SOFTWARE,
    "preprint": Kind.PREPRINT,
}
# Blocks that hold fields for others, or a list of others, and are no works.
_NO_WORKS = ("xdata", "set")
_VENUE_FIELDS = ("journaltitle", "journal", "booktitle", "maintitle", "eventtitle", "shortjournal")
# Journals that astronomy's database abbreviates as commands; the AAS macros that its exports use.
_JOURNAL_COMMANDS = {
    "aj": "The Astronomical Journal",
    "apj": "The Astrophysical Journal",
    "apjl": "The Astrophysical Journal Letters",
    "apjs": "The Astrophysical Journal Supplement Series",
    "aap": "Astronomy & Astrophysics",
    "araa": "Annual Review of Astronomy and Astrophysics",
    "mnras": "Monthly Notices of the Royal Astronomical Society",
    "nat": "Nature",
    "pasp": "Publications of the Astronomical Society of the Pacific",
    "prd": "Physical Review D",
    "prl": "Physical Review Letters",
}
# What a child takes from the entry that it refers to: not what names or describes the whole volume alone.
_OWN_FIELDS = (
    "title subtitle author doi url eprint eprinttype archiveprefix eprintclass primaryclass pmid pmcid abstract ids"
    " keywords crossref xref xdata entryset entrysubtype execute label options presort related relatedtype shorttitle"
    " sortkey file annotation note biburl adsurl s2id corpusid openalex"
)
_NOT_INHERITED = frozenset(_OWN_FIELDS.split())
# A chapter of a book by one author is that author's.
_INHERITS_AUTHOR = ("inbook", "bookinbook", "suppbook")
_DATE_FIELDS = ("year", "date", "month", "day")
# How far cross-references lead (a chapter, its volume, the series), and how far values may be put together.
_DEEPEST_REFERENCE = 4

Fields = dict[str, list[str]]


@dataclass
class _Work:
    """One entry: its type, key and values (LaTeX, macros expanded), and how it stands in the file."""

    kind: str
    key: str
    values: Fields
    raw: str

    def first(self, *names: str) -> str:
        """The first value that any of these fields has."""
        return first_of(value for name in names for value in self.values.get(name, ()))

    def all(self, *names: str) -> list[str]:
        """All values of these fields."""
        return [value for name in names for value in self.values.get(name, ())]


class _Unreadable(Exception):
    """An entry that cannot be read, with the reason."""


def entries(text: str) -> Iterator[PaperRecord | Rejected]:
    """The entries of a BibTeX or BibLaTeX file in their order; comments, preambles and macros are none.

    Values are plain text. An entry without identifiers gets a fingerprint; one that cannot be read is rejected with its
    reason and raw form. Raises SourceError where the text as a whole cannot be taken apart.
    """
    works = list(_works(text))
    by_key: dict[str, _Work] = {}
    for work in works:
        if isinstance(work, _Work):
            for key in (work.key, *work.first("ids").split(",")):
                by_key.setdefault(key.strip().lower(), work)
    for work in works:
        yield work if isinstance(work, Rejected) else _record(work, by_key)


# Blocks --------------------------------------------------------------------------------------------------------------

# "@ book {" and "@book\n{" are entries to BibTeX, not to bibtexparser; so is an entry that has no key.
_BLOCK_START = re.compile(r"^[ \t]*@\s*(\w+)\s*([{(])", re.MULTILINE)
_KEYLESS = re.compile(r"^(@(?!string|preamble|comment)\w+[{(])(?=\s*\w+\s*=)", re.MULTILINE | re.IGNORECASE)
_LOST_ENTRY = re.compile(r"^[ \t]*@[^\s{}(),\"@=#%]+\s*[{(].*", re.MULTILINE | re.DOTALL)


def _works(text: str) -> Iterator[_Work | Rejected]:
    """Entries with expanded values, and what is broken."""
    macros = {month: month for month in fields.MONTHS}
    failed: ParsingFailedBlock | None = None
    for block in [*_blocks(text), None]:
        if failed is not None:
            # What follows a broken block up to the next one belongs to it.
            rest = block.raw if isinstance(block, ImplicitComment) and block.raw else ""
            yield Rejected(f"broken entry: {_failure(failed)}", f"{failed.raw or ''}{rest}")
            failed = None
            if rest:
                continue
        block = _unwrapped(block)
        if isinstance(block, Entry):
            yield _work(block, macros)
        elif isinstance(block, String):
            _define(block, macros)
        elif isinstance(block, ParsingFailedBlock):
            failed = block
        elif isinstance(block, ImplicitComment) and (lost := _LOST_ENTRY.search(block.raw or "")):
            yield Rejected("broken entry: its type cannot be read", lost[0])


def _blocks(text: str) -> list[Block]:
    """The blocks of a file. Raises SourceError."""
    tidy = _KEYLESS.sub(r"\1,", _BLOCK_START.sub(r"@\1\2", text))
    try:
        return parse_string(tidy, parse_stack=[]).blocks
    except (ParserStateException, IndexError, ValueError, AttributeError, RecursionError) as error:
        raise SourceError(f"cannot be taken apart as BibTeX: {' '.join(str(error).split())}") from error


def _unwrapped(block: Block | None) -> Block | None:
    """An entry that bibtexparser sets apart since its key or a field comes twice is an entry all the same."""
    while isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
        block = block.ignore_error_block
    return block


def _failure(block: ParsingFailedBlock) -> str:
    """Why a block is broken, in one line."""
    reason = getattr(block.error, "abort_reason", "") or str(block.error)
    return f"{' '.join(reason.split()) or 'it cannot be read'} (line {(block.start_line or 0) + 1})"


def _define(block: String, macros: dict[str, str]) -> None:
    """Take in a macro; one that is broken is unknown."""
    try:
        value, _ = _expanded(str(block.value), macros)
    except _Unreadable:
        return
    macros[block.key.strip().lower()] = value


def _work(block: Entry, macros: Mapping[str, str]) -> _Work | Rejected:
    """An entry with its values expanded; of a field that comes twice all values stay."""
    work = _Work(block.entry_type.lower(), block.key, {}, block.raw or "")
    if work.kind in _NO_WORKS:
        return Rejected(f"@{work.kind} holds fields or keys of other entries: no work", work.raw)
    try:
        for one in block.fields:
            name, raw = one.key.strip().lower(), str(one.value)
            while name:
                value, rest = _expanded(raw, macros)
                work.values.setdefault(name, []).append(value)
                # After a forgotten comma the next field stands in what is left.
                following = re.match(r"\s*([\w-]+)\s*=(.*)", rest, re.DOTALL)
                name, raw = (following[1].lower(), following[2]) if following else ("", "")
    except _Unreadable as error:
        return Rejected(f"broken entry: {error}", work.raw)
    return work


# Values --------------------------------------------------------------------------------------------------------------

_BARE = re.compile(r"[^\s#{}\",]+")


def _expanded(raw: str, macros: Mapping[str, str]) -> tuple[str, str]:
    """The value of an expression such as `jan # { and } # "more"`, and what follows it; unknown macros are names."""
    pieces: list[str] = []
    length, position = 0, 0
    while True:
        position = _after_space(raw, position)
        piece, position = _piece(raw, position, macros)
        pieces.append(piece)
        length += len(piece)
        if length > fields.LONGEST_VALUE:
            # Macros made of macros grow without bound in a few lines.
            raise _Unreadable(f"a value of more than {fields.LONGEST_VALUE:,} characters")
        after = _after_space(raw, position)
        if after >= len(raw) or raw[after] != "#":
            return "".join(pieces), raw[after:]
        position = after + 1


def _after_space(raw: str, position: int) -> int:
    """The first place from `position` on that is no white space."""
    while position < len(raw) and raw[position].isspace():
        position += 1
    return position


def _piece(raw: str, position: int, macros: Mapping[str, str]) -> tuple[str, int]:
    """One operand: in braces, in quotation marks, or a number or macro; and where it ends."""
    if position < len(raw) and raw[position] in '{"':
        end = _closing(raw, position)
        return raw[position + 1 : end], end + 1
    match = _BARE.match(raw, position)
    if match is None:
        return "", len(raw)
    return macros.get(match[0].lower(), match[0]), match.end()


def _closing(raw: str, position: int) -> int:
    """Where the brace or quotation mark that opens at `position` is closed; the end where it is not."""
    opened = raw[position]
    depth = 0
    for match in re.compile(r"\\.|[{}\"]", re.DOTALL).finditer(raw, position + 1):
        mark = match[0]
        if mark == "{":
            depth += 1
        elif mark == "}" and depth:
            depth -= 1
        elif depth == 0 and mark == ("}" if opened == "{" else '"'):
            return match.start()
    return len(raw)


# Inheritance ---------------------------------------------------------------------------------------------------------


def _with_inherited(work: _Work, by_key: Mapping[str, _Work]) -> _Work:
    """The entry with what `xdata` and `crossref` bring (BibLaTeX manual, appendix B, as far as papers need it)."""
    values = {name: list(of_name) for name, of_name in work.values.items()}
    seen = {id(work)}
    parent = work
    for _ in range(_DEEPEST_REFERENCE):
        found = by_key.get(parent.first("crossref").strip().lower()) if parent.first("crossref") else None
        if found is None or id(found) in seen:
            break
        seen.add(id(found))
        parent = found
        _inherit(values, parent, work.kind)
    return _Work(work.kind, work.key, values, work.raw)


def _inherit(values: Fields, parent: _Work, kind: str) -> None:
    """Fill the gaps of a child: the parent's title is the child's book title."""
    has_date = any(name in values for name in ("year", "date"))
    for name, of_name in parent.values.items():
        wanted = name not in _NOT_INHERITED and not (has_date and name in _DATE_FIELDS)
        if wanted or (name == "author" and kind in _INHERITS_AUTHOR):
            values.setdefault(name, list(of_name))
    if parent.first("title"):
        values.setdefault("booktitle", [parent.first("title")])


# Records -------------------------------------------------------------------------------------------------------------


def _record(work: _Work, by_key: Mapping[str, _Work]) -> PaperRecord | Rejected:
    """What one entry says."""
    work = _with_inherited(work, by_key)
    named = _identifiers(work)
    year, published_on = _dates(work)
    venue = _venue(work)
    record = PaperRecord(
        identifiers=named,
        title=_title(work),
        abstract=clean(work.first("abstract"), bibtex=True, paragraphs=True),
        year=year,
        published_on=published_on,
        venue=venue,
        kind=_kind(work, venue, named),
        url=fields.web_address(_verbatim(value) for value in work.all("url", "howpublished")),
        raw=work.raw,
    )
    return fields.finished(record, _people(work.first("author")))


def _title(work: _Work) -> str:
    """Title and subtitle."""
    title, subtitle = (clean(work.first(name), bibtex=True) for name in ("title", "subtitle"))
    return f"{title}: {subtitle}" if title and subtitle else title


def _venue(work: _Work) -> str:
    """Where it appeared: the journal, or the proceedings or book that it stands in."""
    for value in work.all(*_VENUE_FIELDS):
        command = re.fullmatch(r"\s*\{?\\([A-Za-z]+)\}?\s*", value)
        name = _JOURNAL_COMMANDS.get(command[1].lower(), "") if command else ""
        if name or (name := fields.venue(clean(value, bibtex=True))):
            return name
    return ""


def _kind(work: _Work, venue: str, named: tuple[Identifier, ...]) -> str:
    """What sort of work it is; without a venue other than arXiv, a work with an arXiv id is a preprint."""
    kind = _KINDS.get(work.kind, Kind.OTHER)
    on_arxiv = any(one.scheme is Scheme.ARXIV for one in named)
    if on_arxiv and kind in (Kind.ARTICLE, Kind.OTHER) and venue in ("", fields.ARXIV, "CoRR"):
        return Kind.PREPRINT
    return kind


def _dates(work: _Work) -> tuple[int | None, datetime.date | None]:
    """Year and, where it is known to the day, date."""
    date = clean(work.first("date"), bibtex=False)
    stated = clean(work.first("year"), bibtex=True)
    year = fields.year_in(date) or fields.year_in(stated)
    day = clean(work.first("day"), bibtex=True)
    month = clean(work.first("month"), bibtex=True)
    # "jul~4" and "4 July" are how BibTeX styles of old print a day.
    pair = re.fullmatch(r"([A-Za-z]+)\.? (\d{1,2})|(\d{1,2})\.? ([A-Za-z]+)", month)
    if pair:
        month, day = (pair[1], pair[2]) if pair[1] else (pair[4], pair[3])
    return year, fields.date_in(date) or (fields.date_of(year, month, day) if year else None)


def _people(raw: str) -> Iterator[Person | None]:
    """The authors of a field; each in BibTeX's form or in BibLaTeX's extended one."""
    try:
        names = split_multiple_persons_names(raw) if raw.strip() else []
    except (ValueError, IndexError):
        names = re.split(r"\sand\s", raw)
    for name in names:
        extended = dict(re.findall(r"(family|given|prefix|suffix)\s*=\s*(\{[^{}]*\}|\"[^\"]*\"|[^,]*)", name))
        if "family" in extended:
            parts = {part: clean(value.strip('" '), bibtex=True) for part, value in extended.items()}
            yield fields.named(*(parts.get(part, "") for part in ("given", "prefix", "family", "suffix")))
        else:
            yield fields.person(name, bibtex=True)


def _identifiers(work: _Work) -> tuple[Identifier, ...]:
    """Everything in an entry that names the work."""
    candidates: list[tuple[Scheme | None, str]] = [
        (scheme, _verbatim(value)) for name, scheme in _NAMES.items() for value in work.all(name)
    ]
    candidates += [
        (None, _verbatim(value)) for value in work.all("doi", "url", "adsurl", "biburl", "howpublished", "ee")
    ]
    candidates += _eprints(work)
    for value in work.all("journal", "journaltitle", "howpublished", "pages", "number", "volume"):
        candidates += fields.in_prose(_verbatim(value))
    if work.key.upper().startswith("DBLP:"):
        candidates.append((Scheme.DBLP, work.key))
    return fields.identifiers(candidates)


_NAMES = {
    "doi": Scheme.DOI,
    "arxiv": Scheme.ARXIV,
    "arxivid": Scheme.ARXIV,
    "pmid": Scheme.PMID,
    "pmcid": Scheme.PMCID,
    "pmc": Scheme.PMCID,
    "openalex": Scheme.OPENALEX,
    "s2id": Scheme.S2,
    "corpusid": Scheme.CORPUSID,
}
_ARCHIVES: Mapping[str, Scheme] = {
    "arxiv": Scheme.ARXIV,
    "pubmed": Scheme.PMID,
    "pmid": Scheme.PMID,
    "pmcid": Scheme.PMCID,
}


def _eprints(work: _Work) -> Iterator[tuple[Scheme | None, str]]:
    """`eprint` with its archive; without one it is arXiv's where it has the form."""
    archive = clean(work.first("eprinttype", "archiveprefix"), bibtex=True).lower()
    for value in work.all("eprint"):
        scheme = _ARCHIVES.get(archive) if archive else Scheme.ARXIV
        if scheme is not None:
            yield scheme, _verbatim(value)


_ESCAPED = re.compile(r"\\([_%&#$~{}])|\\(?:url|href|path)\s*(?=\{)|[{}]")


def _verbatim(value: str) -> str:
    """A value that is an address or a number rather than prose: escapes undone, braces gone, `~` kept."""
    return _ESCAPED.sub(r"\1", value.replace("\\textunderscore", "_")).strip()
