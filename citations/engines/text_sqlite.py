"""The full-text index on SQLite: an FTS5 table.

It keeps the folded words beside the index (about as much as the texts themselves): FTS5 can take a document out only
if it knows its words, and `differing` compares them. The tokenizer cuts at spaces alone, since the words come ready.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from citations.engines.text_index import (
    TABLE,
    Document,
    Run,
    Term,
    all_paper_ids,
    batches,
    citing_word,
    documents,
    spellings,
)

# The parts of a document as columns, and how much a hit in each weighs in the rank. What a paper is about stands in
# its title; a sentence is about another paper. Authors, venue and hub only select.
_WEIGHTS = {"title": 10.0, "summary": 4.0, "abstract": 2.0, "citing": 0.5, "sentences": 0.5, "facts": 0.0}
_COLUMNS = ", ".join(_WEIGHTS)
# Between the runs of a column: a word that no search contains, so that no phrase reaches across.
_BREAK = " : "

CREATE = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {TABLE} USING fts5({_COLUMNS}, tokenize=\"ascii tokenchars '+#:'\")",
    f"CREATE TRIGGER IF NOT EXISTS {TABLE}_follows AFTER DELETE ON citations_paper "
    f"BEGIN DELETE FROM {TABLE} WHERE rowid = OLD.id; END",
)
DROP = (f"DROP TRIGGER IF EXISTS {TABLE}_follows", f"DROP TABLE IF EXISTS {TABLE}")


# Searching -----------------------------------------------------------------------------------------------------------


def expression(terms: Iterable[Term], hub_id: int | None) -> str:
    """An FTS5 expression. Raises ValueError where nothing is wanted: FTS5 cannot list what does not contain a word."""
    wanted = [f'"{citing_word(hub_id)}"'] if hub_id is not None else []
    unwanted: list[str] = []
    for term in terms:
        found = " OR ".join(_phrase(words, term.is_prefix) for words in spellings(term, hub_id))
        (unwanted if term.is_excluded else wanted).append(f"({found})")
    if not wanted:
        raise ValueError("a search over everything needs at least one word that must occur")
    everything = " AND ".join(wanted)
    return f"({everything}) NOT ({' OR '.join(unwanted)})" if unwanted else everything


def _phrase(words: tuple[str, ...], is_prefix: bool) -> str:
    """Words that follow each other. They hold no quotation marks."""
    return " + ".join(f'"{word}"' for word in words) + ("*" if is_prefix else "")


def condition(column: str, terms: Iterable[Term], hub_id: int | None, in_order: bool) -> tuple[str, list[str]]:
    """SQL that holds where the paper whose id stands in `column` matches.

    With `in_order` the matches are looked up while an index is walked in the list's order; without it they are gone
    through, and the list is sorted afterwards.
    """
    sign = "+" if in_order else ""
    return f"{sign}{column} IN (SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s)", [expression(terms, hub_id)]


def ids(connection: BaseDatabaseWrapper, terms: Iterable[Term], hub_id: int | None) -> list[int]:
    """The ids of the papers that match, in no order."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s", [expression(terms, hub_id)])
        return [paper_id for (paper_id,) in cursor.fetchall()]


def join(column: str, terms: Iterable[Term], hub_id: int | None) -> tuple[str, list[str]]:
    """The same for a statement that has the index among its tables, which `rank` needs.

    The sign keeps SQLite from asking the index for one row after the other.
    """
    return f"(+{TABLE}.rowid = {column} AND {TABLE} MATCH %s)", [expression(terms, hub_id)]


def rank(terms: Iterable[Term], hub_id: int | None) -> tuple[str, list[str]]:
    """How well a row of the joined index matches: more is better. Okapi BM25, whose sign FTS5 turns round."""
    return f"(-bm25({TABLE}, {', '.join(map(str, _WEIGHTS.values()))}))", []


# Keeping -------------------------------------------------------------------------------------------------------------


def refresh(connection: BaseDatabaseWrapper, paper_ids: Iterable[int]) -> None:
    """Bring the documents of these papers up to date; only those that differ are written, which FTS5 does slowly."""
    with connection.cursor() as cursor:
        for batch in batches(paper_ids):
            stored, wanted = _stored(cursor, batch), _wanted(connection, batch)
            stale = [paper_id for paper_id in batch if stored.get(paper_id) != wanted.get(paper_id)]
            cursor.executemany(
                f"DELETE FROM {TABLE} WHERE rowid = %s", [(paper_id,) for paper_id in stale if paper_id in stored]
            )
            _insert(cursor, ((paper_id, *wanted[paper_id]) for paper_id in stale if paper_id in wanted))


def differing(connection: BaseDatabaseWrapper, paper_ids: Iterable[int]) -> set[int]:
    """Which of these papers have another document than they should."""
    found: set[int] = set()
    with connection.cursor() as cursor:
        for batch in batches(paper_ids):
            stored, wanted = _stored(cursor, batch), _wanted(connection, batch)
            found.update(paper_id for paper_id in batch if stored.get(paper_id) != wanted.get(paper_id))
    return found


def rebuild(connection: BaseDatabaseWrapper) -> None:
    """Make the index anew. The caller holds a transaction: until it ends, readers see the old one."""
    with connection.cursor() as cursor:
        for statement in (*DROP, *CREATE):
            cursor.execute(statement)
        for batch in batches(all_paper_ids(connection)):
            _insert(cursor, ((paper_id, *columns) for paper_id, columns in _wanted(connection, batch).items()))
        # One segment: searches need not merge what was written piece by piece.
        cursor.execute(f"INSERT INTO {TABLE}({TABLE}) VALUES ('optimize')")


def _insert(cursor: CursorWrapper, rows: Iterator[tuple[int | str, ...]]) -> None:
    """Add documents."""
    places = ", ".join(["%s"] * (len(_WEIGHTS) + 1))
    cursor.executemany(f"INSERT INTO {TABLE}(rowid, {_COLUMNS}) VALUES ({places})", list(rows))


def _stored(cursor: CursorWrapper, batch: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The columns of the documents as they stand."""
    places = ", ".join(["%s"] * len(batch))
    cursor.execute(f"SELECT rowid, {_COLUMNS} FROM {TABLE} WHERE rowid IN ({places})", list(batch))
    return {paper_id: tuple(columns) for paper_id, *columns in cursor.fetchall()}


def _wanted(connection: BaseDatabaseWrapper, batch: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The columns of the documents as they should be."""
    return {paper_id: _columns(document) for paper_id, document in documents(connection, batch).items()}


def _columns(document: Document) -> tuple[str, ...]:
    """A document as a row."""
    parts: tuple[list[Run], ...] = tuple(getattr(document, name) for name in _WEIGHTS)
    return tuple(_BREAK.join(" ".join(run) for run in part) for part in parts)
