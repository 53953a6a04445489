"""How the database finds what pages ask for: no page reads a whole table, or sorts the papers that cite a big hub.

Plans are read from EXPLAIN, of each statement that a page sends, with the values that it sends. The tables are small
here, so that PostgreSQL is told to do without what only suits small tables: where a plan has it all the same, nothing
else can serve.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext

from citations import labelling, search
from citations.importing.synthetic import generate_corpus
from citations.models import Citation, HubSummary, Paper
from citations.summaries import STAMPED_FROM, representatives
from citations.vocabulary import CLASSIFIED_ROLES, Role

# A hub that is treated as big ones are.
SIZE = STAMPED_FROM + 50
# More rows than a page holds, and far fewer than the hub: whoever sorts more than these sorts the hub.
FEW = 500
# Tables that grow with the collection.
BIG = frozenset(
    {
        "citations_authorship",
        "citations_citation",
        "citations_hubsummary",
        "citations_identifier",
        "citations_label",
        "citations_mention",
        "citations_paper",
        "citations_papertext",
    }
)
# What Django calls a table in a subquery.
ALIAS = re.compile(r"[A-Z]\d+")
LAST = -(-SIZE // 50)
SORTS = ("newest", "oldest", "cited", "title", "confidence")

Statement = tuple[str, Any]


def sent(client: Client, path: str, status: int = 200) -> list[Statement]:
    """The statements that an answer takes, each once, with their parameters."""
    found: list[Statement] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        answer = client.get(path)
        assert answer.status_code == status, path
        # The end of a file is part of it.
        assert b"".join(answer) or status != 200
    assert found, path
    # The batches of a file are alike.
    return list({sql: (sql, params) for sql, params in reversed(found)}.values())


def complaints(statement: Statement) -> list[str]:
    """What is wrong with the plan of a statement, a sentence each."""
    reader = {"sqlite": _sqlite_complaints, "postgresql": _postgresql_complaints}[connection.vendor]
    return [f"{complaint}: {statement[0]}" for complaint in reader(*statement)]


def _sqlite_complaints(sql: str, params: Any) -> Iterator[str]:
    """SQLite tells its plan as a tree of lines. What is sorted at run time is what the lines beside "TEMP B-TREE"
    search, and these tell which columns they are searched by.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        lines = [(parent, line) for _, parent, _, line in cursor.fetchall()]
    beside: dict[int, list[str]] = defaultdict(list)
    # Of an index that holds what is listed, in its order, a page is the beginning.
    is_beginning = re.search(r" LIMIT [0-9]+$", sql) and not any("USE TEMP B-TREE" in line for _, line in lines)
    for parent, line in lines:
        beside[parent].append(line)
        if is_beginning and re.match(r"SCAN citations_hubsummary USING (COVERING )?INDEX hub_", line):
            continue
        # Aliases stand for tables of any size. An index of words is scanned as a whole where nothing is matched.
        word, _, rest = line.partition(" ")
        table = rest.partition(" ")[0]
        is_matched = "VIRTUAL TABLE" in line and not line.endswith("INDEX 0:")
        if word == "SCAN" and (table in BIG or ALIAS.fullmatch(table)) and not is_matched:
            yield f"a full scan ({line})"
    for around in beside.values():
        if any(line.startswith("USE TEMP B-TREE FOR") and "ORDER BY" in line for line in around):
            of_hub = [line for line in around if line.startswith("SEARCH") and "INDEX citation_" in line]
            of_hub = [line for line in of_hub if "(cited_id=" in line]
            yield from (f"a sort over a hub ({line})" for line in of_hub)


def _postgresql_complaints(sql: str, params: Any) -> Iterator[str]:
    """PostgreSQL tells its plan as JSON, with the number of rows that it expects of each step."""
    with connection.cursor() as cursor:
        for method in ("seqscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{method} = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        told = cursor.fetchone()[0]
        for method in ("seqscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{method} = on")
    plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    steps = [plan]
    while steps:
        step = steps.pop()
        below = step.get("Plans", [])
        steps += below
        if step["Node Type"] == "Seq Scan" and step["Relation Name"] in BIG:
            yield f"a full scan ({step['Relation Name']})"
        if "Sort" in step["Node Type"] and below[0]["Plan Rows"] > FEW:
            yield f"a sort of {below[0]['Plan Rows']} rows ({step.get('Sort Key')})"


class Plans(TestCase):
    """A big hub, made once for all."""

    hub: Paper

    @classmethod
    def setUpTestData(cls) -> None:
        corpus = generate_corpus([SIZE, 40], papers=SIZE + 400)
        cls.hub = Paper.objects.get(slug=corpus.hubs[0])
        with connection.cursor() as cursor:
            # PostgreSQL gathers statistics by itself after a while, SQLite never does.
            if connection.vendor == "postgresql":
                cursor.execute("ANALYZE")

    def check(self, path: str, *passed_over: str, status: int = 200) -> None:
        """No statement of the page has a bad plan, but for those that hold one of the words `passed_over`."""
        bad = [
            complaint
            for statement in sent(self.client, path, status)
            if not any(words in statement[0] for words in passed_over)
            for complaint in complaints(statement)
        ]
        assert not bad, (path, bad)

    def citing(self, query: str) -> str:
        """The address of the list of the hub's citing papers."""
        return f"/hubs/{self.hub.slug}/citing/?{query}"

    def test_a_full_scan_and_a_sort_over_the_hub_are_noticed(self) -> None:
        everything = str(Citation.objects.filter(mention_count__gt=100).order_by().query)
        assert "a full scan" in "".join(complaints((everything, None)))
        unsorted = Citation.objects.of_hub(self.hub.pk).order_by("-mention_count", "id")[:50]
        assert "a sort" in "".join(complaints(unsorted.query.sql_with_params()))

    def test_the_hub_page_follows_indexes(self) -> None:
        self.check(f"/hubs/{self.hub.slug}/")
        self.check(f"/hubs/{self.hub.slug}/?self=0&retracted=0")

    def test_who_stands_for_a_role_is_read_from_the_beginning_of_an_index(self) -> None:
        with CaptureQueriesContext(connection) as asked:
            best = representatives.best_of(self.hub.pk, list(Role))
            # Before it is ranked, a label's ledger is read: not all ledgers.
            labelling.ledger_mark(best[0]["id"])
            labelling.ledgers([best[0]["id"]])
        assert [c for query in asked.captured_queries for c in complaints((query["sql"], None))] == []
        assert len(best) == len(CLASSIFIED_ROLES) * representatives.REPRESENTATIVES
        ranked = representatives.ranked_of([self.hub.pk])[self.hub.pk]
        assert sorted(ranked, key=itemgetter("id")) == [
            {"cited_id": self.hub.pk, **row} for row in sorted(best, key=itemgetter("id"))
        ]

    def test_every_sort_of_the_explorer_follows_an_index_from_either_end_and_in_the_middle(self) -> None:
        for sort in SORTS:
            for page in (1, LAST // 2, LAST):
                self.check(self.citing(f"sort={sort}&page={page}"))

    def test_a_filter_that_many_papers_pass_is_applied_on_the_way_along_the_index(self) -> None:
        for query in ("self=0&retracted=0", "decided_by=none&decided_by=import", "year_min=2005&influential=0"):
            for sort in SORTS:
                self.check(self.citing(f"{query}&sort={sort}"))

    def test_a_filter_that_few_papers_pass_sorts_them_alone(self) -> None:
        rare = Citation.objects.of_hub(self.hub.pk).filter(polarity="mixed").count()
        assert 0 < rare < FEW
        self.check(self.citing("polarity=mixed"), "COALESCE(U0.")

    def test_a_search_that_many_papers_match_follows_the_index_of_the_list(self) -> None:
        matching = len(search.citing_ids(search.parse("model"), self.hub.pk))
        assert search.is_walked(matching, SIZE, 50)
        self.check(self.citing("q=model"))
        self.check(self.citing("q=model&polarity=none&year_min=2002"))

    def test_the_years_of_a_list_are_jumped_to_by_index(self) -> None:
        for sort in ("newest", "oldest"):
            self.check(self.citing(f"sort={sort}&jump=2012"), status=302)

    def test_files_and_feeds_follow_indexes(self) -> None:
        for form in ("csv", "atom"):
            for query in ("", "role=none&role=method", "sort=title"):
                self.check(f"/hubs/{self.hub.slug}/citing.{form}?{query}")

    def test_the_list_of_hubs_follows_indexes(self) -> None:
        for query in ("", "sort=classified", "sort=newest", "sort=title", "class=background-reference"):
            # Its facets count all hubs, a row each.
            self.check(f"/hubs/?{query}", "COUNT(")

    def test_a_search_over_everything_reads_the_index_of_words(self) -> None:
        assert HubSummary.objects.count() == 2
        for query in ("q=galaxy", "q=galaxy&sort=newest"):
            # Ranking looks at every match, and sorts them.
            self.check(f"/search/?{query}")

    def test_the_page_of_a_paper_follows_indexes(self) -> None:
        self.check(f"/papers/{self.hub.slug}/")


@pytest.mark.django_db
def test_only_what_is_listed_stands_in_the_indexes_that_sort() -> None:
    conditions = {index.name: index.condition for index in Citation._meta.indexes if index.name.startswith("citation_")}
    assert conditions.pop("citation_merged") == Q(merged_into__isnull=False)
    sorting = {"newest", "most_cited", "title", "confidence", "best", "added", "by_source"}
    assert {name for name, condition in conditions.items() if condition} == {f"citation_{name}" for name in sorting}
