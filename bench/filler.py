"""What surrounds the measured hubs: further papers and a citation graph among them, made by statements of SQLite.

The papers are copies of those that `generate_corpus` made; each cites ten of the first hundred thousand, drawn by
arithmetic alone (the same numbers each time) such that a few are cited much, as in real graphs. These citations carry
no label, as those of a citation index do. Ten million of them take minutes; row by row in Python they would take hours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

# Papers that the others cite, and how many references each has.
CITED, REFERENCES = 100_000, 10
# Papers for one statement, and hubs for one transaction.
_BATCH, _HUBS = 50_000, 5_000
_CAUSE = "A synthetic collection was made."

Say = Callable[[str], None]


def grow(papers: int, citations: int, say: Say) -> None:
    """Bring the SQLite collection that Django is connected with to so many papers, and to at least so many citations
    if ten for each paper are enough.
    """
    from django.db import connection

    from citations import engines
    from citations.models import Citation

    with connection.cursor() as cursor:
        # The file is made anew after any failure. Constraints of the tables hold all the same.
        for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "foreign_keys=OFF"):
            cursor.execute(f"PRAGMA {setting}")
        base = _one(cursor, "SELECT max(id) FROM citations_paper WHERE slug LIKE 'synthetic-1-paper-%'")
        last = _one(cursor, "SELECT max(id) FROM citations_paper")
        if _one(cursor, "SELECT count(*) FROM citations_paper") != last:
            raise RuntimeError("the ids of the papers have gaps")
        hubs = (base + 1, last)
        engines.bulk.drop_indexes(connection, Citation)
        part = 1
        while last < papers:
            part += 1
            last += _copy_papers(cursor, last, min(base, papers - last), part)
            say(f"{last:,} of {papers:,} papers")
        have = _one(cursor, "SELECT count(*) FROM citations_citation")
        for start, end in _spans(last):
            if have >= citations:
                break
            have += _cite(cursor, start, end, hubs, min(CITED, base))
            say(f"{have:,} of {citations:,} citations")
        _index_words(cursor, base, last, say)
        for name in engines.bulk.missing_indexes(connection, Citation):
            engines.bulk.build_index(connection, Citation, name)
            say(f"index {name}")
    _count(min(CITED, base), say)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=WAL")


def _one(cursor: Any, query: str) -> int:
    """The number that a query gives."""
    cursor.execute(query)
    return int(cursor.fetchone()[0])


def _spans(last: int) -> Iterator[tuple[int, int]]:
    """Ranges of ids for one statement each."""
    for start in range(1, last + 1, _BATCH):
        yield start, min(start + _BATCH - 1, last)


def _copy_papers(cursor: Any, offset: int, number: int, part: int) -> int:
    """Copy the first papers with their names, identifiers and authors; returns how many."""
    paper = (
        "abstract, summary, year, published_on, venue_id, kind, notice, url, field_sources, merged_into_id, sort_date, "
        "cited_by_count, created_at"
    )
    cursor.execute(
        f"INSERT INTO citations_paper (id, slug, title, sort_title, {paper}) SELECT id + {offset}, "
        f"slug || '-part-{part}', title || ' part {part}', sort_title || ' part {part}', {paper} "
        f"FROM citations_paper WHERE id <= {number} ORDER BY id"
    )
    cursor.execute(
        "INSERT INTO citations_identifier (paper_id, scheme, value, source) SELECT "
        f"paper_id + {offset}, scheme, value || '.part.{part}', source "
        f"FROM citations_identifier WHERE paper_id <= {number} ORDER BY paper_id"
    )
    cursor.execute(
        "INSERT INTO citations_authorship (paper_id, author_id, position, name) SELECT "
        f"paper_id + {offset}, author_id, position, name "
        f"FROM citations_authorship WHERE paper_id <= {number} ORDER BY paper_id, position"
    )
    return number


def _cite(cursor: Any, start: int, end: int, hubs: tuple[int, int], cited: int) -> int:
    """Let the papers of a range, but for the hubs, cite ten each; returns how many citations that made."""
    from django.db import connection

    from citations import engines
    from citations.models import Citation
    from citations.vocabulary import RETRACTING_NOTICES

    # Two steps of a congruential generator; the square of an even number makes few papers much cited.
    drawn = "((paper.id * 1103515245 + place.n * 12820163 + 12345) %% 2147483648)"
    mixed = f"(((({drawn} * 69069 + ({drawn} / 65536) * 31) %% 2147483648) / 64) %% 1048576)"
    notices = ", ".join(f"'{notice}'" for notice in sorted(RETRACTING_NOTICES))
    given = {
        "citing_id": "paper.id",
        "cited_id": "paper.cited_id",
        **{name: f"paper.{name}" for name in ("year", "sort_date", "sort_title", "venue_id", "cited_by_count")},
        "retracted": f"paper.notice IN ({notices})",
        "created_at": "paper.created_at",
    }
    numbers = ", ".join(f"({number})" for number in range(REFERENCES))
    drawing = (
        f"SELECT paper.*, 1 + {mixed} * {mixed} * {cited} / 1099511627776 AS cited_id FROM citations_paper paper, "
        f"(SELECT column1 AS n FROM (VALUES {numbers})) place WHERE paper.id BETWEEN {start} AND {end} "
        f"AND paper.id NOT BETWEEN {hubs[0]} AND {hubs[1]}"
    )
    rest = f"FROM ({drawing}) paper WHERE paper.id <> paper.cited_id ORDER BY 1, 2 ON CONFLICT DO NOTHING"
    cursor.execute(engines.bulk.insert_by_query(connection, Citation, given, rest).format(), [])
    return int(cursor.rowcount)


def _index_words(cursor: Any, base: int, last: int, say: Say) -> None:
    """Make the index of words anew: documents of the first papers, those of their copies, and which hubs each cites."""
    from citations.engines import text_index, text_sqlite

    table, columns = text_index.TABLE, "title, summary, abstract, citing, sentences"
    own = "CASE WHEN facts NOT LIKE 'h:%' THEN facts WHEN instr(facts, ' : ') THEN "
    own += "substr(facts, instr(facts, ' : ') + 3) ELSE '' END"
    cursor.execute(
        f"CREATE TEMP TABLE document AS SELECT rowid AS id, {columns}, {own} AS facts FROM {table} ORDER BY rowid"
    )
    cursor.execute("CREATE UNIQUE INDEX temp.document_id ON document (id)")
    for statement in (*text_sqlite.DROP, *text_sqlite.CREATE):
        cursor.execute(statement)
    hubs = "(SELECT group_concat('h:' || cited_id, ' ') FROM (SELECT cited_id FROM citations_citation "
    hubs += "WHERE citing_id = paper.id ORDER BY cited_id))"
    for start, end in _spans(last):
        cursor.execute(
            f"INSERT INTO {table} (rowid, {columns}, facts) SELECT id, title || extra, summary, abstract, "
            "iif(extra = '', citing, ''), iif(extra = '', sentences, ''), "
            "coalesce(hubs, '') || iif(hubs IS NULL OR facts = '', '', ' : ') || facts FROM ("
            "SELECT paper.id, document.title, summary, abstract, citing, sentences, facts, "
            f"{hubs} AS hubs, iif(original = paper.id, '', ' part ' || part) AS extra FROM ("
            "SELECT id, CAST(iif(at = 0, '', substr(slug, at + 6)) AS TEXT) AS part, iif(at = 0, id, CAST("
            "substr(slug, 19, at - 19) AS INTEGER)) AS original FROM (SELECT id, slug, instr(slug, '-part-') AS at "
            f"FROM citations_paper WHERE id BETWEEN {start} AND {end})) paper "
            "JOIN document ON document.id = original)"
        )
        say(f"words of {end:,} papers")
    cursor.execute(f"INSERT INTO {table}({table}) VALUES ('optimize')")
    cursor.execute("DROP TABLE temp.document")


def _count(cited: int, say: Say) -> None:
    """Summaries of the papers that became hubs."""
    from citations import summaries
    from citations.models import Citation

    hubs = Citation.objects.filter(cited_id__lte=cited).order_by("cited_id")
    ids = list(hubs.values_list("cited_id", flat=True).distinct())
    for place in range(0, len(ids), _HUBS):
        some = ids[place : place + _HUBS]
        summaries.recount(some, summaries.Cause(_CAUSE))
        say(f"{place + len(some):,} of {len(ids):,} summaries")
