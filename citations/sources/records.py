"""What every source says, in one form: papers, who cites whom, in which sentence and as what.

Records hold plain text and normalised identifiers. Whoever makes one has cleaned what came from outside. What a source
does not say is empty: the empty string, None, or an empty tuple.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from citations.identifiers import Identifier


class SourceError(Exception):
    """A source cannot be read any further: one line for the person who asked, naming the source and what came."""


class UnknownPaper(SourceError):
    """The source is well, but does not know the paper that was asked for."""


class NotNamed(UnknownPaper):
    """The source is well, but knows papers by other names than the one that it was given."""


@dataclass(frozen=True)
class AuthorRecord:
    """One author as printed. `keys` are stable names elsewhere, the source's own first, such as "s2:1714004"."""

    name: str
    keys: tuple[str, ...] = ()
    orcid: str = ""


@dataclass(frozen=True)
class PaperRecord:
    """What one source says of one paper. `identifiers` has the source's own name for it first.

    `kind` and `notice` are values of `vocabulary.Kind` and `vocabulary.Notice`. `may_lack_title` is true where the
    source knows papers by identifiers alone: a new one is then stored under its identifier, until a source gives its
    title. `raw` is what came, for a rejected record.
    """

    identifiers: tuple[Identifier, ...] = ()
    title: str = ""
    abstract: str = ""
    summary: str = ""
    year: int | None = None
    published_on: datetime.date | None = None
    venue: str = ""
    kind: str = ""
    notice: str = ""
    url: str = ""
    authors: tuple[AuthorRecord, ...] = ()
    cited_by_count: int | None = None
    may_lack_title: bool = False
    raw: object = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class MentionRecord:
    """One sentence that names the cited paper. `intents` are what the source says of this sentence, in its own words.

    `order` counts from 0 within the citing paper, as far as the source tells.
    """

    sentence: str
    section: str = ""
    order: int = 0
    intents: tuple[str, ...] = ()


@dataclass(frozen=True)
class CitationRecord:
    """One paper cites another, as one source says it. `intents` are said of the citation as a whole, in its own words.

    `role` and `polarity` are stated instead by sources that use the words of this site; `coarse` is true where whoever
    said the role could not have told it from others. `is_influential` is None where the source does not say; so is
    `is_self_citation`, which otherwise follows from the papers' authors. `raw` is what came, for a rejected record.
    """

    citing: PaperRecord
    cited: PaperRecord
    mentions: tuple[MentionRecord, ...] = ()
    intents: tuple[str, ...] = ()
    role: str = ""
    polarity: str = ""
    coarse: bool = False
    is_influential: bool | None = None
    is_self_citation: bool | None = None
    raw: object = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Rejected:
    """Something that is no record, with the reason in a few words and what came."""

    reason: str
    raw: object = field(default=None, repr=False)


# The two lists of a paper: who cites it, and what it cites.
Direction = Literal["citations", "references"]

Cursor = Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """A stretch of what a source lists: stored as a whole or not at all.

    `papers` come along without being counted (the paper that was asked for). `records` are what the list holds, in
    order. `cursor_after` is where the next page begins, in the source's own terms, as JSON; `done` marks the last page.
    `expected` is how many rows the source promises in all, where it does. `notes` are sentences for the user.
    """

    records: tuple[CitationRecord | PaperRecord | Rejected, ...] = ()
    papers: tuple[PaperRecord, ...] = ()
    cursor_after: Cursor = field(default_factory=dict)
    done: bool = False
    expected: int | None = None
    notes: tuple[str, ...] = ()


# Pages from a cursor on; the empty cursor is the beginning. Raises SourceError.
Pages = Callable[[Cursor], Iterable[Page]]
