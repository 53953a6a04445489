"""Whose word counts for which field of a paper, and what of a record differs from what is stored."""

from __future__ import annotations

import datetime
import hashlib
import unicodedata
from dataclasses import dataclass, field

from citations import text
from citations.models import Paper
from citations.models.papers import TITLE_LENGTH, YEAR_MAX, YEAR_MIN
from citations.sources.records import AuthorRecord, PaperRecord
from citations.vocabulary import CURATOR, PLACEHOLDER, SAMPLE

# A field's better value wins by this order, best first; a curator stands above all of them. Registrars of papers come
# before those who gather from registrars; people's own files and the illustrative sample come last. A source that is
# not listed counts as a file.
SOURCE_PRIORITY = ("crossref", "europepmc", "arxiv", "openalex", "semanticscholar", "opencitations", "file", SAMPLE)

# The columns of Paper that records fill; the venue is compared by its slug, authors by name and key.
FIELDS = ("title", "abstract", "summary", "year", "published_on", "venue", "kind", "notice", "url")
AUTHORS = "authors"

# Rows of one bulk statement and values of one IN (...): below SQLite's limits, and enough to spare round trips.
BATCH = 500

_SLUG_LENGTH = 120
_VENUE_NAME_LENGTH = 500
_AUTHOR_NAME_LENGTH = 300
_URL_LENGTH = 1000
# Signed 32 bits, the column's range on PostgreSQL. No paper is cited two thousand million times.
LARGEST_COUNT = 2**31 - 1
# Of a hash that stands for a venue without Latin letters, or for the end of a long name.
_HASH_LENGTH = 12
# Keys that name one person; a folded name may be shared by many.
_STABLE_KEYS = ("orcid:", "s2:", "openalex:")

Value = str | int | datetime.date


@dataclass(frozen=True)
class Authored:
    """One author as stored: the name as printed and the key of the person."""

    name: str
    key: str
    # What is known of the person elsewhere does not make a paper's list of authors another one.
    orcid: str = field(default="", compare=False)


def may_set(paper: Paper, field: str, source: str, *, is_empty: bool, is_own: bool) -> bool:
    """Whether `source` may write a field of a paper.

    Never one that a curator set; an empty one always; its own word by its own record of the paper (`is_own`, see
    `Entry.is_own`); another source's word when it has priority over that source.
    """
    stated_by = paper.field_sources.get(field, "")
    if stated_by == CURATOR:
        return False
    if is_empty:
        return True
    if stated_by == source:
        return is_own
    return outranks(source, stated_by)


def outranks(source: str, stated_by: str) -> bool:
    """Whether a source may replace what another has stated; "" is nobody."""
    return stated_by != CURATOR and _rank(source) < _rank(stated_by)


def _rank(source: str) -> int:
    """Place in the order of priority, 0 being the best; after all others what nobody is known to have said."""
    if not source or source == PLACEHOLDER:
        return len(SOURCE_PRIORITY)
    return SOURCE_PRIORITY.index(source if source in SOURCE_PRIORITY else "file")


def differences(paper: Paper, record: PaperRecord, source: str, *, is_own: bool) -> dict[str, Value]:
    """The fields that a record changes, with the new values; of the venue the name. A record never empties a field."""
    found: dict[str, Value] = {}
    for name, value in _stated(record).items():
        is_empty = _stored(paper, name) in ("", None)
        if not _is_stored(paper, name, value) and may_set(paper, name, source, is_empty=is_empty, is_own=is_own):
            found[name] = value
    return found


def confirmed(paper: Paper, record: PaperRecord, source: str) -> set[str]:
    """The fields of which a record says what is stored, by the word of a lesser source so far.

    From then on they are this source's word: else a source between the two would replace what the better one confirmed.
    """
    return {
        name
        for name, value in _stated(record).items()
        if _is_stored(paper, name, value) and outranks(source, paper.field_sources.get(name, ""))
    }


def _is_stored(paper: Paper, field: str, value: Value) -> bool:
    """Whether a record says what is stored."""
    return _stored(paper, field) == (venue_slug(str(value)) if field == "venue" else value)


def _stored(paper: Paper, field: str) -> Value | None:
    """A column as it is compared."""
    if field == "venue":
        return paper.venue.slug if paper.venue else ""
    value: Value | None = getattr(paper, field)
    return value


def _stated(record: PaperRecord) -> dict[str, Value]:
    """What a record says, within what the columns hold; what it does not say is left out."""
    year = record.year if record.year is not None and YEAR_MIN <= record.year <= YEAR_MAX else None
    values: dict[str, Value | None] = {
        "title": record.title[:TITLE_LENGTH].strip(),
        "abstract": record.abstract,
        "summary": record.summary,
        "year": year,
        "published_on": record.published_on,
        "venue": record.venue[:_VENUE_NAME_LENGTH].strip(),
        "kind": record.kind,
        "notice": record.notice,
        "url": _web_address(record.url),
    }
    return {name: value for name, value in values.items() if value not in ("", None)}


def _web_address(raw: str) -> str:
    """An address that a reader may be sent to; "" for any other."""
    is_web = raw.startswith(("https://", "http://")) and len(raw) <= _URL_LENGTH
    return raw if is_web and raw.isprintable() and " " not in raw else ""


def venue_slug(name: str) -> str:
    """The slug under which a venue is kept: names that fold alike are one venue.

    A name without Latin letters, or one too long to be told apart by its beginning, ends in a hash of itself.
    """
    slug = text.slugify(name, max_length=10_000)
    if slug and len(slug) <= _SLUG_LENGTH:
        return slug
    digest = hashlib.sha256((slug or unicodedata.normalize("NFKC", name).casefold()).encode()).hexdigest()
    beginning = text.slugify(name, max_length=_SLUG_LENGTH - _HASH_LENGTH - 1) or "venue"
    return f"{beginning}-{digest[:_HASH_LENGTH]}"


def authored(record: PaperRecord) -> list[Authored]:
    """The authors of a record as they are stored."""
    return [_authored(author) for author in record.authors if author.name.strip()]


def _authored(author: AuthorRecord) -> Authored:
    """Name and key: the ORCID, else the source's own, else the folded name."""
    name = author.name.strip()[:_AUTHOR_NAME_LENGTH]
    if author.orcid:
        key = f"orcid:{author.orcid}"
    elif author.keys:
        key = author.keys[0]
    else:
        key = text.fold(name) or unicodedata.normalize("NFKC", name).casefold()
    return Authored(name, key[:_AUTHOR_NAME_LENGTH], author.orcid[:19])


def share_an_author(one: list[Authored], other: list[Authored]) -> bool:
    """Whether two papers have an author in common, as far as stable keys tell; names alone prove nothing."""
    return bool(_stable(one) & _stable(other))


def _stable(authors: list[Authored]) -> set[str]:
    return {author.key for author in authors if author.key.startswith(_STABLE_KEYS)}
