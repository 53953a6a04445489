"""Full text: what readers type, the papers and citations that match, and the marks on what matched.

The language, the same on both engines and never an error:

- `word`      every word must occur, in title, summary or abstract, or in a citing sentence; not all in the same place.
              Within a hub only the sentences that cite this hub count
- `"a b"`     these words, one after the other; so does any piece that holds several words ("state-of-the-art")
- `-word`, `-"a b"`, `-author:name`   must not occur
- `begin*`    words that begin so, from three letters on
- `author:smith`, `author:"van der wal"`, `venue:icml`   in the names of authors, in that of the venue

Letters are folded as `engines.text_words` says. AND, OR, NOT, NEAR and all punctuation mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, FloatField, Func, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler

from citations import engines
from citations.engines.text_index import ANYWHERE, AUTHOR, VENUE
from citations.engines.text_index import Term as IndexTerm
from citations.engines.text_words import Word, words
from citations.formatting import join_words
from citations.models import Citation, Paper

# What is read of a search. A sentence that somebody pastes has 200 characters; more than a few hundred are a mistake or
# an attack, and each term costs a look into the index.
MOST_CHARACTERS = 1_000
MOST_TERMS = 50
MOST_WORDS_IN_PHRASE = 50
_MOST_READ = 4 * MOST_CHARACTERS
# A shorter beginning stands for half of all words, and the index merges as many lists.
SHORTEST_BEGINNING = 3
# How long a search is printed in a notice.
_SHOWN = 40

_FIELDS = {AUTHOR: "by", VENUE: "in"}
# Fields of other search engines, which a reader may expect here.
_FOREIGN_FIELDS = frozenset({"abstract", "doi", "journal", "sentence", "summary", "title", "year"})
_OPERATORS = frozenset({"AND", "NEAR", "NOT", "OR"})
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
# Control characters, halves of surrogates, blanks, and what turns the direction of a sentence that repeats it.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\s]+")
_LEAD = re.compile(r'[^\w"\-]*')
_DASHES = re.compile("-*")
_NOISE = re.compile(r'[^\w\s"]*')
_FIELD = re.compile(r"([A-Za-z]+):")
_BARE = re.compile(r'[^\s"]+')

_Model = TypeVar("_Model", Paper, Citation)


# The language --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Term:
    """One thing asked for. `text` is what the reader wrote, without quotation marks and the punctuation around it."""

    text: str
    field: str = ANYWHERE
    is_prefix: bool = False
    is_excluded: bool = False

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The folded words, at least one; they must follow each other."""
        return tuple(word.folded for word in words(self.text))

    @property
    def indexed(self) -> IndexTerm:
        """The same, as the index understands it."""
        return IndexTerm(self.words, self.field, self.is_prefix, self.is_excluded)

    def __str__(self) -> str:
        field = f"{self.field}:" if self.field else ""
        quoted = f'"{self.text}"' if " " in self.text or ":" in self.text else self.text
        return f"{'-' if self.is_excluded else ''}{field}{quoted}{'*' if self.is_prefix else ''}"


@dataclass(frozen=True)
class Query:
    """A search, understood. `str()` of it is its canonical form, which parses to the same.

    `problems` are sentences for a notice: what of the text was passed over, and why.
    """

    terms: tuple[Term, ...] = ()
    problems: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    def __bool__(self) -> bool:
        return bool(self.terms)

    @property
    def wanted(self) -> tuple[Term, ...]:
        """What must occur."""
        return tuple(term for term in self.terms if not term.is_excluded)

    @property
    def only_excludes(self) -> bool:
        """Whether it only says what must not occur: a search within a hub, but none over everything."""
        return bool(self.terms) and not self.wanted

    @property
    def indexed(self) -> tuple[IndexTerm, ...]:
        """The terms, as the index understands them."""
        return tuple(term.indexed for term in self.terms)

    def describe(self) -> str:
        """The search in words that follow a noun: "matching “scaling laws”, by “smith”, without “survey”"; or ""."""
        parts = []
        matching = [_quoted(term) for term in self.wanted if not term.field]
        if matching:
            parts.append(f"matching {join_words(matching)}")
        for name, preposition in _FIELDS.items():
            named = [_quoted(term) for term in self.wanted if term.field == name]
            if named:
                parts.append(f"{preposition} {join_words(named)}")
        excluded = [_excluded(term) for term in self.terms if term.is_excluded]
        if excluded:
            parts.append(f"without {join_words(excluded, 'or')}")
        return ", ".join(parts)


def _quoted(term: Term) -> str:
    """A term as a sentence shows it."""
    return f"“{_shortened(term.text)}{'*' if term.is_prefix else ''}”"


def _excluded(term: Term) -> str:
    """An excluded term as a sentence shows it."""
    return f"{term.field} {_quoted(term)}" if term.field else _quoted(term)


def printable(text: str) -> str:
    """A search as its field repeats it: without what prints nothing or turns the direction of what stands around it."""
    return _UNPRINTABLE.sub(" ", text).strip()


def parse(text: str, *, over_everything: bool = False) -> Query:
    """What a reader typed, understood. Any text gives a query; without any letter or digit an empty one.

    With `over_everything` a search that only excludes gets a notice, since `papers` answers it with nothing.
    """
    problems: list[str] = []
    # The second limit lies above what the first few characters of each term, with all marks, can add up to.
    cleaned = _UNPRINTABLE.sub(" ", text[:_MOST_READ]).translate(_QUOTES).strip()
    if cleaned.count('"') % 2:
        before, _, after = cleaned.rpartition('"')
        cleaned = f"{before} {after}"
        if len(text) <= _MOST_READ:
            problems.append("A quotation mark without a partner was ignored.")
    found = list(dict.fromkeys(_terms(cleaned, problems)))
    terms = tuple(_affordable(found))
    if len(terms) < len(found) or len(text) > _MOST_READ:
        up_to = f", up to {_quoted(terms[-1])}," if terms else ""
        problems.append(f"The search is too long ({len(text):,} characters): only its beginning{up_to} was used.")
    if text.strip() and not terms and not problems:
        is_seen = any(character.isprintable() and not character.isspace() for character in cleaned)
        what = f"“{_shortened(cleaned)}”" if is_seen else "A text of characters that print nothing"
        problems.append(f"{what} holds nothing to search for: give a word or a number.")
    query = Query(terms, tuple(dict.fromkeys(problems)))
    if over_everything and query.only_excludes:
        problems.append("The search only says what must not occur. Add a word that must.")
    return Query(terms, tuple(dict.fromkeys(problems)))


def _affordable(terms: Iterable[Term]) -> Iterator[Term]:
    """The first few terms, within the limits."""
    characters = 0
    for number, term in enumerate(terms):
        characters += len(term.text)
        if number >= MOST_TERMS or characters > MOST_CHARACTERS:
            return
        yield term


def _terms(text: str, problems: list[str]) -> Iterator[Term]:
    """The terms of a cleaned text, whose quotation marks come in pairs; notes problems on the way."""
    shouting = text.isupper()
    place = _LEAD.match(text, 0).end()  # type: ignore[union-attr]  # matches anything, also nothing
    while place < len(text):
        dashes = _DASHES.match(text, place).group()  # type: ignore[union-attr]
        place = _NOISE.match(text, place + len(dashes)).end()  # type: ignore[union-attr]
        name, place = _field(text, place, problems)
        piece, is_quoted, place = _piece(text, place)
        term = _term(piece, name, len(dashes) == 1, problems)
        if term is not None:
            if not (shouting or is_quoted or name) and term.text in _OPERATORS:
                problems.append(f"“{term.text}” is searched for as a word. All words must occur; -word excludes one.")
            yield term
        elif name:
            problems.append(f'“{name}:” names nothing: write {name}:word or {name}:"two words".')
        place = _LEAD.match(text, place).end()  # type: ignore[union-attr]


def _field(text: str, place: int, problems: list[str]) -> tuple[str, int]:
    """The field that a piece begins with, "" for none, and where the piece goes on."""
    match = _FIELD.match(text, place)
    if match is None:
        return ANYWHERE, place
    name = match[1].lower()
    if name in _FIELDS:
        return name, match.end()
    if name in _FOREIGN_FIELDS and not text.startswith((" ", "/"), match.end()) and match.end() < len(text):
        problems.append(f"“{name}:” is no field here and was searched for as a word. Fields are author: and venue:.")
    return ANYWHERE, place


def _piece(text: str, place: int) -> tuple[str, bool, int]:
    """What stands between quotation marks, or up to the next space; whether it was quoted; and where it ends."""
    if text.startswith('"', place):
        end = text.index('"', place + 1)
        piece, end = text[place + 1 : end], end + 1
        if text.startswith("*", end):
            return f"{piece}*", True, end + 1
        return piece, True, end
    match = _BARE.match(text, place)
    return (match[0], False, match.end()) if match else ("", False, place)


def _term(piece: str, name: str, is_excluded: bool, problems: list[str]) -> Term | None:
    """The term of a piece; None where it holds no word."""
    is_prefix = piece.endswith("*")
    piece = piece[:MOST_CHARACTERS]
    found = list(words(piece))
    if not found:
        return None
    if len(found) > MOST_WORDS_IN_PHRASE:
        problems.append(f"“{_shortened(piece)}” has more than {MOST_WORDS_IN_PHRASE} words; only so many were read.")
        found = found[:MOST_WORDS_IN_PHRASE]
        piece = piece[: found[-1].end]
    core = " ".join(piece[found[0].start : found[-1].end].split())
    if is_prefix and len(found[-1].folded) < SHORTEST_BEGINNING:
        # One character of Chinese or Japanese is a word: there a star changes nothing.
        if found[-1].folded.isascii():
            problems.append(f"“{_shortened(core)}*” is too short: give {SHORTEST_BEGINNING} letters before the star.")
        is_prefix = False
    return Term(core, name, is_prefix, is_excluded)


def _shortened(text: str) -> str:
    """A text for a notice."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


# Searching -----------------------------------------------------------------------------------------------------------


class _TextFunction(Func):
    """SQL of the engines about the paper whose id `column` names, and what is asked of it."""

    def __init__(self, column: Combinable, terms: tuple[IndexTerm, ...], hub_id: int | None, in_order: bool = False):
        super().__init__(column)
        self.terms = terms
        self.hub_id = hub_id
        self.in_order = in_order

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_: Any, **__: Any) -> Any:
        """The SQL and its parameters on this connection's engine."""
        column, parameters = compiler.compile(self.source_expressions[0])
        sql, more = self._sql(connection, column)
        return sql, [*parameters, *more]

    def _sql(self, connection: BaseDatabaseWrapper, column: str) -> tuple[str, list[str]]:
        raise NotImplementedError


class _Matches(_TextFunction):
    """Whether the paper matches."""

    output_field = BooleanField()

    def _sql(self, connection: BaseDatabaseWrapper, column: str) -> tuple[str, list[str]]:
        return engines.text_condition(connection, column, self.terms, self.hub_id, in_order=self.in_order)


class _IsJoined(_TextFunction):
    """Whether a row of the joined index is that of the paper, and matches."""

    output_field = BooleanField()

    def _sql(self, connection: BaseDatabaseWrapper, column: str) -> tuple[str, list[str]]:
        return engines.text_join(connection, column, self.terms, self.hub_id)


class _Rank(_TextFunction):
    """How well a row of the joined index matches. It names no column: the row is that of `_IsJoined`."""

    output_field = FloatField()

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_: Any, **__: Any) -> Any:
        return engines.text_rank(connection, self.terms, self.hub_id)


_BEST_FIRST = F("rank").desc()


def papers(query: Query) -> QuerySet[Paper]:
    """The public papers that match, whichever hub they cite, with `rank` (more is better), the best first.

    Ties go to the newest, then to the highest id. None for a query that is empty or only excludes.
    """
    if not query.wanted:
        return Paper.objects.none().annotate(rank=_nothing())
    return _ranked(Paper.objects.public(), "pk", query, None).order_by(_BEST_FIRST, "-sort_date", "-pk")


def citations(queryset: QuerySet[Citation], query: Query, hub_id: int, *, in_order: bool = False) -> QuerySet[Citation]:
    """Those of a hub's citations whose citing paper matches, or whose sentences about this hub do.

    `queryset` is that of the hub `hub_id` already (`of_hub`). An empty query changes nothing; one that only excludes
    leaves all others. `in_order` is for the first pages of a list that follows an index: see `is_walked`.
    """
    return queryset.filter(_Matches(F("citing_id"), query.indexed, hub_id, in_order)) if query else queryset


def citing_ids(query: Query, hub_id: int) -> list[int]:
    """The ids of the papers whose public citations of a hub match, in ascending order; read from the index alone.

    For counting what is at hand already by paper: it costs a fifth of a statement that joins the citations.
    """
    # The database that this request reads, which may be a replica.
    return engines.text_ids(connections[router.db_for_read(Paper)], query.indexed, hub_id)


def ranked_citations(queryset: QuerySet[Citation], query: Query, hub_id: int) -> QuerySet[Citation]:
    """As `citations`, with `rank` (more is better) and in its order; ties go to the newest, then to the highest id."""
    if not query:
        return queryset.annotate(rank=_nothing()).order_by("-sort_date", "-pk")
    return _ranked(queryset, "citing_id", query, hub_id).order_by(_BEST_FIRST, "-sort_date", "-pk")


def is_walked(matching: int, known: int, end: int) -> bool:
    """Whether a page is found faster by walking the list's index until `end` citations of the `matching` ones among
    all `known` came by, than by sorting those that match.

    One step of the walk costs up to twice as much as one match in the sort, which is looked up in the table before it
    is sorted; and there are `known * end / matching` steps.
    """
    return matching * matching > 2 * known * end


def _ranked(queryset: QuerySet[_Model], column: str, query: Query, hub_id: int | None) -> QuerySet[_Model]:
    """With the index among the tables of the statement, where alone it can rank."""
    joined = queryset.extra(tables=[engines.TEXT_TABLE])
    matching = joined.filter(_IsJoined(F(column), query.indexed, hub_id))
    return matching.annotate(rank=_Rank(F(column), query.indexed, hub_id))


def _nothing() -> Any:
    """The rank where nothing is searched for."""
    return Value(0.0, output_field=FloatField())


# Marking -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fragment:
    """A stretch of a text, and whether it is what was searched for."""

    text: str
    is_hit: bool


def highlight(text: str, query: Query, field: str = ANYWHERE) -> tuple[Fragment, ...]:
    """The text cut into stretches that joined give it back; hits are whole words of it, as they are spelt there.

    `field` says what the text is: names of authors and a venue are marked by the terms that search them.
    """
    return tuple(_cut(text, _hits(list(words(text)), query, field)))


def excerpt(text: str, query: Query, length: int) -> tuple[Fragment, ...]:
    """At most `length` characters around the first hit, cut between words, with an ellipsis where text is left out.

    Without a hit it is the beginning. A hit longer than that is shown whole.
    """
    hits = _hits(list(words(text)), query, ANYWHERE)
    if len(text) <= length:
        return tuple(_cut(text, hits))
    first, last = hits[0] if hits else (0, 0)
    # A third of it before the hit: enough to read what that belongs to.
    start = max(0, first - length // 3, min(first, last - length))
    if start:
        start = max(start, text.find(" ", start, first) + 1)
    end = max(start + length, last)
    if end < len(text):
        space = text.rfind(" ", max(last, start + 1), end + 1)
        end = space if space >= 0 else end
    inside = [(begin - start, min(stop, end) - start) for begin, stop in hits if start <= begin < end]
    before = [Fragment("… ", False)] if start else []
    after = [Fragment(" …", False)] if end < len(text) else []
    return (*before, *_cut(text[start:end], inside), *after)


def _hits(found: list[Word], query: Query, field: str) -> list[tuple[int, int]]:
    """The stretches of a text that a query's wanted terms match, in order and apart."""
    stretches: list[tuple[int, int]] = []
    for term in query.wanted:
        if term.field == field:
            stretches += _occurrences(found, term)
    merged: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _occurrences(found: list[Word], term: Term) -> Iterator[tuple[int, int]]:
    """Where the words of a term follow each other."""
    wanted = term.words
    *first, last = wanted
    folded = [word.folded for word in found]
    for place in range(len(found) - len(wanted) + 1):
        ending = folded[place + len(first)]
        is_last = ending.startswith(last) if term.is_prefix else ending == last
        if is_last and folded[place : place + len(first)] == first:
            yield found[place].start, found[place + len(first)].end


def _cut(text: str, hits: list[tuple[int, int]]) -> Iterator[Fragment]:
    """The text in fragments."""
    done = 0
    for start, end in hits:
        if start > done:
            yield Fragment(text[done:start], False)
        yield Fragment(text[start:end], True)
        done = end
    if done < len(text):
        yield Fragment(text[done:], False)
