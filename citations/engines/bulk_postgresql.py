"""Rows by the hundred thousand on PostgreSQL: COPY."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

# While a load runs: commits need not wait for the disk (a crash may undo the last ones, whole, and with them where the
# run would go on), and sorting for an index may take this much memory.
_TUNED = {"synchronous_commit": "off", "maintenance_work_mem": "256MB"}
# Rows on their way into a statement; gone with the transaction.
_STAGE = "citations_bulk_rows"
# For up to so many rows a table of their own costs more than it saves.
_FEW = 500

# Stands before each table whose rows a load points to while the foreign keys are off.
_GUARD = "citations_bulk_refuse"
_REFUSAL = (
    "rows of % cannot be deleted while citations are loaded for the first time: wait for the end of the load; "
    "one that was broken off goes on with the same command"
)

Row = Sequence[Any]


@contextmanager
def session(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """A connection that is set up for a load; set back afterwards."""
    with connection.cursor() as cursor:
        for name, value in _TUNED.items():
            cursor.execute(f"SET {name} = '{value}'")
    try:
        yield
    finally:
        # In a transaction that failed, or on a connection that is gone, the settings are gone, too.
        if not connection.needs_rollback and connection.connection is not None:
            try:
                with connection.cursor() as cursor:
                    for name in _TUNED:
                        cursor.execute(f"RESET {name}")
            except DatabaseError:
                connection.close_if_unusable_or_obsolete()


def insert(connection: BaseDatabaseWrapper, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Add rows with these columns."""
    names = ", ".join(f'"{name}"' for name in columns)
    statement = f'COPY "{table}" ({names}) FROM STDIN'
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def run(connection: BaseDatabaseWrapper, statement: str, types: Sequence[str], rows: Iterable[Row]) -> int:
    """Run a statement for rows; returns how many rows it changed. Needs a transaction."""
    with _executed(connection, statement, types, rows) as cursor:
        changed: int = cursor.rowcount
    return changed


def select(
    connection: BaseDatabaseWrapper, statement: str, types: Sequence[str], rows: Iterable[Row]
) -> list[tuple[Any, ...]]:
    """The rows that a query gives for rows. Needs a transaction."""
    with _executed(connection, statement, types, rows) as cursor:
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


@contextmanager
def _executed(
    connection: BaseDatabaseWrapper, statement: str, types: Sequence[str], rows: Iterable[Row]
) -> Iterator[Any]:
    """A cursor behind the statement. Few rows stand in the statement itself, many in a table of their own."""
    remaining = iter(rows)
    first = list(islice(remaining, _FEW + 1))
    with connection.cursor() as cursor:
        if len(first) <= _FEW:
            if first:
                usual = f"({', '.join(['%s'] * len(types))})"
                typed = f"({', '.join(f'%s::{kind}' for kind in types)})"
                values = ", ".join([typed, *[usual] * (len(first) - 1)])
                cursor.execute(statement.format(rows=f"(VALUES {values})"), list(chain.from_iterable(first)))
            else:
                nothing = ", ".join(f"NULL::{kind} AS column{place}" for place, kind in enumerate(types, start=1))
                cursor.execute(statement.format(rows=f"(SELECT {nothing} LIMIT 0)"), [])
            yield cursor
            return
        columns = ", ".join(f"column{place} {kind}" for place, kind in enumerate(types, start=1))
        cursor.execute(f"CREATE TEMPORARY TABLE {_STAGE} ({columns}) ON COMMIT DROP")
        with connection.wrap_database_errors, cursor.copy(f"COPY {_STAGE} FROM STDIN") as copy:
            for row in chain(first, remaining):
                copy.write_row(row)
        cursor.execute(statement.format(rows=_STAGE), [])
        yield cursor
        cursor.execute(f"DROP TABLE {_STAGE}")


def allocate_ids(connection: BaseDatabaseWrapper, table: str, column: str, number: int) -> Sequence[int]:
    """Ids that no row has or had, taken from the table's sequence: no other writer is given them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [f'"{table}"', column, number],
        )
        return sorted(taken for (taken,) in cursor.fetchall())


def hold(connection: BaseDatabaseWrapper, table: str) -> None:
    """Wait for those who write to a table, and keep others out of it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE')


def settle(connection: BaseDatabaseWrapper) -> None:
    """Check now what is otherwise checked when the transaction ends: indexes cannot be changed before."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def index_names(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    """The names of the indexes of a table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE schemaname = ANY (current_schemas(false)) AND tablename = %s",
            [table],
        )
        return {name for (name,) in cursor.fetchall()}


def key_columns(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    """The columns of a table with a foreign key."""
    return {column for _, column in _keys(connection, table)}


def _keys(connection: BaseDatabaseWrapper, table: str) -> list[tuple[str, str]]:
    """The foreign keys of a table, of one column each: name and column."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.conname, a.attname FROM pg_constraint c "
            "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] "
            "WHERE c.contype = 'f' AND c.conrelid = %s::regclass",
            [f'"{table}"'],
        )
        return cursor.fetchall()


def drop_keys(connection: BaseDatabaseWrapper, table: str, targets: Iterable[str]) -> None:
    """Take the foreign keys of a table off, and keep rows of their `targets` from being deleted meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE OR REPLACE FUNCTION {_GUARD}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
            f"'{_REFUSAL}', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        for target in targets:
            cursor.execute(
                f'CREATE OR REPLACE TRIGGER {target}_is_loaded BEFORE DELETE ON "{target}" '
                f"FOR EACH ROW EXECUTE FUNCTION {_GUARD}()"
            )
        for name, _ in _keys(connection, table):
            cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')


def allow_deletion(connection: BaseDatabaseWrapper, target: str) -> None:
    """Let rows of a table be deleted again."""
    name = f"{target}_is_loaded"
    with connection.cursor() as cursor:
        # Asked first: to drop a trigger, even one that is not there, waits for all who use the table.
        cursor.execute("SELECT 1 FROM pg_trigger WHERE tgname = %s AND tgrelid = %s::regclass", [name, f'"{target}"'])
        if cursor.fetchone():
            cursor.execute(f'DROP TRIGGER IF EXISTS {name} ON "{target}"')
