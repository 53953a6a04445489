"""The full-text index on PostgreSQL: a tsvector for each paper under a GIN index.

Vectors and queries are written out word by word, so that no text search configuration, parser or extension has a say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.backends.base.base import BaseDatabaseWrapper

from citations.engines.text_index import (
    ANYWHERE,
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

# The parts of a document and the letters by which ranking weighs them, and the weights of D, C, B and A: the same
# order as on SQLite.
_LETTERS = {"title": "A", "summary": "B", "abstract": "C", "citing": "D", "sentences": "D", "facts": "D"}
_WEIGHTS = "{0.1, 0.2, 0.4, 1.0}"
# Divides the rank by one and the logarithm of the document's length, as BM25 does in its way.
_NORMALISATION = 1
# Places between two runs, so that no phrase reaches across.
_GAP = 10
# What a tsvector can hold: later places all count as the last, and a word keeps its first few hundred.
_LAST_PLACE = 16_383
_MOST_PLACES = 255

_INDEX = f"{TABLE}_words"
_MATCHING = f"{TABLE}_matching"
CREATE = (
    # `rowid` is what the key is called on SQLite. Vectors that are too long to stand in a row are moved out whole, so
    # that a search reads fewer pages.
    f"CREATE TABLE IF NOT EXISTS {TABLE} (rowid bigint PRIMARY KEY, words tsvector NOT NULL) "
    "WITH (toast_tuple_target = 128)",
    f"CREATE INDEX IF NOT EXISTS {_INDEX} ON {TABLE} USING gin (words)",
    # By the index, and the ids in one value, which is read sooner than a row for each. Where a quarter of all papers
    # match, the planner would look at every vector: it takes that for as cheap, and it takes three times as long.
    f"CREATE OR REPLACE FUNCTION {_MATCHING}(wanted tsquery) RETURNS bigint[] LANGUAGE sql STABLE "
    f"SET enable_seqscan = off SET jit = off AS $$ SELECT array_agg(rowid) FROM {TABLE} WHERE words @@ wanted $$",
    # No foreign key: Django empties its tables between tests without knowing of this one.
    f"CREATE OR REPLACE FUNCTION {TABLE}_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF TG_OP = 'TRUNCATE' THEN TRUNCATE {TABLE}; ELSE DELETE FROM {TABLE} WHERE rowid = OLD.id; END IF; "
    "RETURN NULL; END $$",
    f"CREATE OR REPLACE TRIGGER {TABLE}_follows AFTER DELETE ON citations_paper "
    f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_follow()",
    f"CREATE OR REPLACE TRIGGER {TABLE}_empties AFTER TRUNCATE ON citations_paper "
    f"FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_follow()",
)
DROP = (
    f"DROP TRIGGER IF EXISTS {TABLE}_follows ON citations_paper",
    f"DROP TRIGGER IF EXISTS {TABLE}_empties ON citations_paper",
    f"DROP FUNCTION IF EXISTS {TABLE}_follow()",
    f"DROP FUNCTION IF EXISTS {_MATCHING}(tsquery)",
    f"DROP TABLE IF EXISTS {TABLE}",
)


# Searching -----------------------------------------------------------------------------------------------------------


def expression(terms: Iterable[Term], hub_id: int | None) -> str:
    """A tsquery, ready to be cast. Raises ValueError where nothing is wanted, as on SQLite."""
    wanted = [f"'{citing_word(hub_id)}'"] if hub_id is not None else []
    unwanted: list[str] = []
    for term in terms:
        (unwanted if term.is_excluded else wanted).append(_anywhere(term, hub_id))
    if not wanted:
        raise ValueError("a search over everything needs at least one word that must occur")
    return " & ".join(wanted + [f"!{found}" for found in unwanted])


def _anywhere(term: Term, hub_id: int | None) -> str:
    """A term in each of its spellings."""
    return f"({' | '.join(_phrase(words, term.is_prefix) for words in spellings(term, hub_id))})"


def _phrase(words: tuple[str, ...], is_prefix: bool) -> str:
    """Words that follow each other. They hold neither quotation marks nor backslashes."""
    return "(" + " <-> ".join(f"'{word}'" for word in words) + (":*)" if is_prefix else ")")


def condition(column: str, terms: Iterable[Term], hub_id: int | None, in_order: bool) -> tuple[str, list[str]]:
    """SQL that holds where the paper whose id stands in `column` matches.

    With `in_order` an index is walked in the list's order, and each paper's vector is looked at by itself: OFFSET keeps
    the planner from turning that into a join with all matches, which it would sort.
    """
    if in_order:
        matching = f"SELECT 1 FROM {TABLE} WHERE {TABLE}.rowid = {column} AND words @@ %s::tsquery OFFSET 0"
        return f"EXISTS ({matching})", [expression(terms, hub_id)]
    return f"{column} IN (SELECT rowid FROM {TABLE} WHERE words @@ %s::tsquery)", [expression(terms, hub_id)]


def ids(connection: BaseDatabaseWrapper, terms: Iterable[Term], hub_id: int | None) -> list[int]:
    """The ids of the papers that match, in no order."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_MATCHING}(%s::tsquery)", [expression(terms, hub_id)])
        return cursor.fetchone()[0] or []


def join(column: str, terms: Iterable[Term], hub_id: int | None) -> tuple[str, list[str]]:
    """The same for a statement that has the index among its tables, which `rank` needs."""
    return f"({TABLE}.rowid = {column} AND {TABLE}.words @@ %s::tsquery)", [expression(terms, hub_id)]


def rank(terms: Iterable[Term], hub_id: int | None) -> tuple[str, list[str]]:
    """How well a row of the joined index matches: more is better.

    Only what is wanted has a say, and names and venues do not: as on SQLite, they only select.
    """
    ranked = [_anywhere(term, hub_id) for term in terms if not term.is_excluded and term.field == ANYWHERE]
    if not ranked:
        return "0.0::float8", []
    sql = f"ts_rank_cd(%s::real[], {TABLE}.words, %s::tsquery, {_NORMALISATION})::float8"
    return sql, [_WEIGHTS, " & ".join(ranked)]


# Keeping -------------------------------------------------------------------------------------------------------------


def refresh(connection: BaseDatabaseWrapper, paper_ids: Iterable[int]) -> None:
    """Bring the documents of these papers up to date.

    The rows are locked before anything is read, in ascending order: of two writers who add citations of one paper, the
    second sees what the first wrote. The caller holds a transaction.
    """
    with connection.cursor() as cursor:
        for batch in batches(paper_ids):
            cursor.execute(
                f"INSERT INTO {TABLE} (rowid, words) SELECT id, '' FROM citations_paper "
                "WHERE id = ANY(%s) ORDER BY id ON CONFLICT DO NOTHING",
                [batch],
            )
            cursor.execute(f"SELECT 1 FROM {TABLE} WHERE rowid = ANY(%s) ORDER BY rowid FOR UPDATE", [batch])
            ids, vectors = _wanted(connection, batch)
            cursor.execute(
                f"UPDATE {TABLE} SET words = wanted.words FROM ({_PAIRS}) wanted "
                f"WHERE {TABLE}.rowid = wanted.rowid AND {TABLE}.words IS DISTINCT FROM wanted.words",
                [ids, vectors],
            )
            cursor.execute(f"DELETE FROM {TABLE} WHERE rowid = ANY(%s) AND NOT rowid = ANY(%s)", [batch, ids])


_PAIRS = "SELECT pair.rowid, pair.words::tsvector AS words FROM unnest(%s::bigint[], %s::text[]) AS pair(rowid, words)"


def differing(connection: BaseDatabaseWrapper, paper_ids: Iterable[int]) -> set[int]:
    """Which of these papers have another document than they should."""
    found: set[int] = set()
    with connection.cursor() as cursor:
        for batch in batches(paper_ids):
            ids, vectors = _wanted(connection, batch)
            cursor.execute(
                f"SELECT coalesce(wanted.rowid, stored.rowid) FROM ({_PAIRS}) wanted FULL JOIN "
                f"(SELECT rowid, words FROM {TABLE} WHERE rowid = ANY(%s)) stored ON stored.rowid = wanted.rowid "
                "WHERE stored.words IS DISTINCT FROM wanted.words",
                [ids, vectors, batch],
            )
            found.update(paper_id for (paper_id,) in cursor.fetchall())
    return found


def rebuild(connection: BaseDatabaseWrapper) -> None:
    """Make the index anew beside the old one, which readers use meanwhile and writers wait for.

    The caller holds a transaction.
    """
    fresh = f"{TABLE}_fresh"
    with connection.cursor() as cursor:
        for statement in CREATE:
            cursor.execute(statement)
        cursor.execute(f"LOCK TABLE {TABLE} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"CREATE TABLE {fresh} (LIKE {TABLE}) WITH (toast_tuple_target = 128)")
        for batch in batches(all_paper_ids(connection)):
            cursor.execute(f"INSERT INTO {fresh} (rowid, words) {_PAIRS}", list(_wanted(connection, batch)))
        cursor.execute(f"CREATE INDEX {fresh}_words ON {fresh} USING gin (words)")
        cursor.execute(f"DROP TABLE {TABLE}")
        cursor.execute(f"ALTER TABLE {fresh} RENAME TO {TABLE}")
        cursor.execute(f"ALTER INDEX {fresh}_words RENAME TO {_INDEX}")
        cursor.execute(f"ALTER TABLE {TABLE} ADD PRIMARY KEY (rowid)")
        cursor.execute(f"ANALYZE {TABLE}")


def _wanted(connection: BaseDatabaseWrapper, batch: Sequence[int]) -> tuple[list[int], list[str]]:
    """Ids and vectors, written out, of the documents as they should be."""
    found = documents(connection, batch)
    return list(found), [vector(document) for document in found.values()]


def vector(document: Document) -> str:
    """A document as a tsvector is written: 'word':1A,7C and so on. Each namespace counts its places for itself."""
    places: dict[str, list[str]] = defaultdict(list)
    last: dict[str, int] = defaultdict(int)
    for part, letter in _LETTERS.items():
        runs: list[Run] = getattr(document, part)
        for run in runs:
            namespace = run[0].rpartition(":")[0]
            for place, word in enumerate(run, start=last[namespace] + 1):
                if len(places[word]) < _MOST_PLACES:
                    places[word].append(f"{min(place, _LAST_PLACE)}{letter}")
            last[namespace] += len(run) + _GAP
    return " ".join(f"'{word}':{','.join(of_word)}" for word, of_word in places.items())
