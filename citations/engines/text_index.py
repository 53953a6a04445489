"""What the full-text index holds of a paper, and what can be asked of it: the same for both engines.

One document a paper. Its words stand in namespaces, told apart by what stands before a colon (no word has one):

- `word`     title, summary and abstract
- `s:word`   all sentences with which the paper cites anything: for searching over everything
- `17:word`  the sentences with which it cites the paper 17, and those alone: for searching within that hub
- `a:word`   names of authors; `v:word` the venue
- `h:17`     it cites the paper 17

So every search is one expression of words, which the index answers by merging lists. A hub with a thousand citing
papers is searched in a fraction of what a common word alone costs, and no join restricts sentences to their hub.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias

from django.db.backends.base.base import BaseDatabaseWrapper

from citations.engines.text_words import folded_words

TABLE = "citations_papertext"

ANYWHERE, AUTHOR, VENUE = "", "author", "venue"
_NAMESPACES = {AUTHOR: "a:", VENUE: "v:"}
_SENTENCE = "s:"
_HUB = "h:"

# What a document may hold in bytes, each word with the longest namespace and its place: PostgreSQL's tsvector ends at a
# megabyte. The longest real documents, with hundreds of sentences, stay below half of it.
_ROOM = 700_000
_BYTES_BESIDE_WORD = 16
# Rows for one statement: below the engines' limits of parameters.
BATCH = 500

# Words that follow each other; a phrase never reaches from one run into the next.
Run: TypeAlias = tuple[str, ...]
Row: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class Term:
    """One thing searched for: words that must follow each other (the last may be a beginning), where, and whether it
    must be absent. `field` is ANYWHERE, AUTHOR or VENUE; there is at least one word, each folded.
    """

    words: tuple[str, ...]
    field: str = ANYWHERE
    is_prefix: bool = False
    is_excluded: bool = False


@dataclass
class Document:
    """What the index holds of one paper: runs of words with their namespaces, by part."""

    title: list[Run] = field(default_factory=list)
    summary: list[Run] = field(default_factory=list)
    abstract: list[Run] = field(default_factory=list)
    citing: list[Run] = field(default_factory=list)
    sentences: list[Run] = field(default_factory=list)
    facts: list[Run] = field(default_factory=list)


def spellings(term: Term, hub_id: int | None) -> list[tuple[str, ...]]:
    """A term as it may stand in a document, one list of index words for each namespace to look into."""
    if term.field != ANYWHERE:
        namespaces = [_NAMESPACES[term.field]]
    else:
        namespaces = ["", _SENTENCE if hub_id is None else f"{hub_id}:"]
    return [tuple(namespace + word for word in term.words) for namespace in namespaces]


def citing_word(hub_id: int) -> str:
    """The word in the documents of all papers that cite this one."""
    return f"{_HUB}{hub_id}"


def batches(paper_ids: Iterable[int]) -> Iterator[list[int]]:
    """Ids in ascending order, so many for one statement."""
    ids = iter(sorted(set(paper_ids)))
    while batch := list(islice(ids, BATCH)):
        yield batch


def all_paper_ids(connection: BaseDatabaseWrapper) -> list[int]:
    """The ids of all papers, in ascending order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM citations_paper ORDER BY id")
        return [paper_id for (paper_id,) in cursor.fetchall()]


# Reading papers ------------------------------------------------------------------------------------------------------

_PAPERS = """
    SELECT paper.id, paper.title, paper.summary, paper.abstract, venue.name, venue.slug
    FROM citations_paper paper LEFT JOIN citations_venue venue ON venue.id = paper.venue_id
    WHERE paper.merged_into_id IS NULL AND paper.id IN ({ids})
"""
_NAMES = """
    SELECT authorship.paper_id, authorship.name, author.name
    FROM citations_authorship authorship JOIN citations_author author ON author.id = authorship.author_id
    WHERE authorship.paper_id IN ({ids}) ORDER BY authorship.paper_id, authorship.position
"""
_HUBS = """
    SELECT citing_id, cited_id FROM citations_citation
    WHERE merged_into_id IS NULL AND citing_id IN ({ids}) ORDER BY citing_id, cited_id
"""
_SENTENCES = """
    SELECT citation.citing_id, citation.cited_id, mention.sentence
    FROM citations_mention mention JOIN citations_citation citation ON citation.id = mention.citation_id
    WHERE citation.merged_into_id IS NULL AND mention.sentence <> '' AND citation.citing_id IN ({ids})
    ORDER BY citation.citing_id, citation.cited_id, mention."order", mention.id
"""


def documents(connection: BaseDatabaseWrapper, paper_ids: Sequence[int]) -> dict[int, Document]:
    """The documents of a batch of papers, as their rows stand now; none for a paper that was merged or is gone."""
    names, hubs, sentences = (_by_paper(connection, query, paper_ids) for query in (_NAMES, _HUBS, _SENTENCES))
    return {
        paper_id: _document(columns, names[paper_id], hubs[paper_id], sentences[paper_id])
        for paper_id, *columns in _rows(connection, _PAPERS, paper_ids)
    }


def _rows(connection: BaseDatabaseWrapper, query: str, paper_ids: Sequence[int]) -> list[Row]:
    """What a query says of some papers."""
    with connection.cursor() as cursor:
        cursor.execute(query.format(ids=", ".join(["%s"] * len(paper_ids))), list(paper_ids))
        return list(cursor.fetchall())


def _by_paper(connection: BaseDatabaseWrapper, query: str, paper_ids: Sequence[int]) -> dict[int, list[Row]]:
    """The same by paper, whose id is the first column."""
    found: dict[int, list[Row]] = defaultdict(list)
    for paper_id, *rest in _rows(connection, query, paper_ids):
        found[paper_id].append(tuple(rest))
    return found


class _Room:
    """How much a document may still take in."""

    def __init__(self) -> None:
        self.left = _ROOM

    def take(self, words: Iterable[str]) -> Run:
        """As many of the words as there is room for."""
        taken = []
        for word in words:
            self.left -= len(word.encode()) + _BYTES_BESIDE_WORD
            if self.left < 0:
                break
            taken.append(word)
        return tuple(taken)


def _document(columns: Sequence[Any], names: list[Row], hubs: list[Row], sentences: list[Row]) -> Document:
    """A paper's document. What matters most is taken in first, should there not be room for all."""
    title, summary, abstract, venue_name, venue_slug = columns
    room = _Room()
    facts = [room.take(citing_word(hub) for (hub,) in hubs)]
    facts += [_run(room, _NAMESPACES[AUTHOR], name) for printed in names for name in dict.fromkeys(printed)]
    facts += [_run(room, _NAMESPACES[VENUE], name or "") for name in (venue_name, venue_slug)]
    found = Document(facts=_filled(facts))
    found.title = _filled([_run(room, "", title)])
    found.summary = _filled([_run(room, "", summary)])
    found.abstract = _filled([_run(room, "", abstract)])
    found.citing = _filled([_run(room, f"{hub}:", sentence) for hub, sentence in sentences])
    found.sentences = _filled([_run(room, _SENTENCE, sentence) for _, sentence in sentences])
    return found


def _run(room: _Room, namespace: str, text: str) -> Run:
    """The words of a text in a namespace."""
    return room.take(namespace + word for word in folded_words(text))


def _filled(runs: list[Run]) -> list[Run]:
    """Without the empty ones."""
    return [run for run in runs if run]
