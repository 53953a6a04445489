"""Rows by the hundred thousand on SQLite: statements with a thousand rows of values each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

# More rows in one statement are not faster: measured with 500, 1,000, 4,000 and 16,000.
_ROWS_PER_STATEMENT = 1_000
# The limit since SQLite 3.32.
_MOST_VARIABLES = 32_766
# While a load runs: 64 MB of pages in memory instead of 16, and a checkpoint after each 64 MB of log instead of 4. None
# of the file is mapped: what is mapped counts as the memory of the process, and would be hundreds of megabytes.
_TUNED = {"cache_size": -64_000, "wal_autocheckpoint": 16_000, "mmap_size": 0}

Row = Sequence[Any]


@contextmanager
def session(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """A connection that is set up for a load; set back afterwards."""
    with connection.cursor() as cursor:
        before = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in _TUNED}
        for name, value in _TUNED.items():
            cursor.execute(f"PRAGMA {name}={value}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for name, value in before.items():
                cursor.execute(f"PRAGMA {name}={value}")


def insert(connection: BaseDatabaseWrapper, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Add rows with these columns."""
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        for values, parameters in _values(rows, len(columns)):
            cursor.execute(f'INSERT INTO "{table}" ({names}) VALUES {values}', parameters)


def run(connection: BaseDatabaseWrapper, statement: str, types: Sequence[str], rows: Iterable[Row]) -> int:
    """Run a statement for rows; returns how many rows it changed."""
    changed = 0
    with connection.cursor() as cursor:
        for values, parameters in _values(rows, len(types)):
            cursor.execute(statement.format(rows=f"(VALUES {values})"), parameters)
            changed += cursor.rowcount
    return changed


def select(
    connection: BaseDatabaseWrapper, statement: str, types: Sequence[str], rows: Iterable[Row]
) -> list[tuple[Any, ...]]:
    """The rows that a query gives for rows."""
    found: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for values, parameters in _values(rows, len(types)):
            cursor.execute(statement.format(rows=f"(VALUES {values})"), parameters)
            found += cursor.fetchall()
    return found


def _values(rows: Iterable[Row], width: int) -> Iterator[tuple[str, list[Any]]]:
    """Placeholders and parameters for one statement after the other."""
    size = min(_ROWS_PER_STATEMENT, _MOST_VARIABLES // width)
    row = f"({', '.join(['%s'] * width)})"
    full = ", ".join([row] * size)
    remaining = iter(rows)
    while batch := list(islice(remaining, size)):
        values = full if len(batch) == size else ", ".join([row] * len(batch))
        yield values, list(chain.from_iterable(batch))


def allocate_ids(connection: BaseDatabaseWrapper, table: str, column: str, number: int) -> Sequence[int]:
    """Ids that no row has or had. The caller's transaction holds the write lock, so that nobody else takes them.

    An explicit id above it moves the table's counter (sqlite.org, "Autoincrement").
    """
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT coalesce(max("{column}"), 0) FROM "{table}"')
        highest = cursor.fetchone()[0]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        counter = cursor.fetchone()
    first = max(highest, counter[0] if counter else 0) + 1
    return range(first, first + number)


def hold(connection: BaseDatabaseWrapper, table: str) -> None:
    """Nobody else writes while a transaction is open."""


def settle(connection: BaseDatabaseWrapper) -> None:
    """Nothing stands in the way of changing indexes."""


def index_names(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    """The names of the indexes of a table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = %s", [table])
        return {name for (name,) in cursor.fetchall()}


def key_columns(connection: BaseDatabaseWrapper, table: str) -> None:
    """Foreign keys are part of a table here: none is ever missing."""


def drop_keys(connection: BaseDatabaseWrapper, table: str, targets: Iterable[str]) -> None:
    """They stay."""


def allow_deletion(connection: BaseDatabaseWrapper, target: str) -> None:
    """It was never refused."""
