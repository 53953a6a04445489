"""What a load leaves to be done at its end: hubs to be counted, papers to be indexed for search.

Kept in a table of its own, so that it survives a crash and takes no memory. It is there only while there is work.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from django.db import connection

from citations import engines

TABLE = "citations_bulk_work"


class Task(IntEnum):
    """What is to be done with a paper."""

    COUNT = 1
    INDEX = 2


def prepare() -> None:
    """Make the table unless it is there. Part of each transaction that remembers work."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {TABLE} (task smallint NOT NULL, paper_id bigint NOT NULL, "
            "PRIMARY KEY (task, paper_id))"
        )


def remember(task: Task, paper_ids: Iterable[int]) -> None:
    """Note papers. The caller holds a transaction and has called `prepare`.

    Those that are noted already are held until the transaction ends: whoever takes them then counts what it wrote.
    """
    statement = (
        f"INSERT INTO {TABLE} (task, paper_id) SELECT {task:d}, column1 FROM {{rows}} AS r WHERE true "
        "ON CONFLICT (task, paper_id) DO UPDATE SET task = excluded.task"
    )
    # Sorted: two loads that note the same papers wait for each other in one order.
    engines.bulk.run(connection, statement, ("bigint",), ((paper_id,) for paper_id in sorted(set(paper_ids))))


def take(task: Task, number: int) -> list[int]:
    """The first papers of a task, at most `number`, in ascending order; they are struck off. Needs a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT paper_id FROM {TABLE} WHERE task = %s ORDER BY paper_id LIMIT %s", [int(task), number])
        ids = [paper_id for (paper_id,) in cursor.fetchall()]
    # By their names: others may have noted papers between them since.
    statement = f"DELETE FROM {TABLE} WHERE task = {task:d} AND paper_id IN (SELECT r.column1 FROM {{rows}} AS r)"
    engines.bulk.run(connection, statement, ("bigint",), ((paper_id,) for paper_id in ids))
    return ids


def count(task: Task) -> int:
    """How many papers wait for a task."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {TABLE} WHERE task = %s", [int(task)])
        return int(cursor.fetchone()[0])


def drop_if_done() -> None:
    """Take the table away when nothing is left in it. Needs a transaction."""
    engines.bulk.drop_if_empty(connection, TABLE)
