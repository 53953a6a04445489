"""PostgreSQL: each table by COPY, all within one snapshot, and back within one transaction.

No program of PostgreSQL's is needed, and its version may differ between the two servers. The tables themselves are made
by the migrations that the backup names; constraints are checked before the transaction commits.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from citations.engines.backup_names import CHUNK, BackupProblem, Progress
from citations.engines.postgresql import read_snapshot

# How long to wait for a table that somebody uses, in the form that PostgreSQL takes.
_PATIENCE = "60s"
# Ordinary tables of the schema that is used whose rows are logged: what is not outlives no crash and no backup.
_TABLES = """
    SELECT c.relname, array_agg(a.attname ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '')
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'p'
    GROUP BY c.relname ORDER BY c.relname
"""
_SEQUENCES = """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'S' AND c.relpersistence = 'p'
    ORDER BY c.relname
"""
_EVERY_TABLE = """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' ORDER BY c.relname
"""
# The version of the site's pages moves with each commit, this one too: its old row would only be moved on.
_MOVES_BY_ITSELF = frozenset({"citations_siteversion"})


def write(connection: BaseDatabaseWrapper, folder: Path, opened: Callable[[str], Any], progress: Progress) -> Any:
    """Each table as a member in the text format of COPY."""
    tables: dict[str, Any] = {}
    with read_snapshot(connection), connection.cursor() as cursor:
        cursor.execute(_TABLES)
        found = [(name, columns) for name, columns in cursor.fetchall() if name not in _MOVES_BY_ITSELF]
        if "django_migrations" not in dict(found):
            raise BackupProblem("The database has no tables yet: run manage.py prepare.")
        for place, (name, columns) in enumerate(found):
            progress("Tables", place, len(found))
            rows = 0
            with opened(_member(name)) as stream, cursor.copy(_copy(name, columns, "TO STDOUT")) as copy:
                for block in copy:
                    stream.write(block)
                    rows += bytes(block).count(b"\n")  # each row ends with one, and none is within
            tables[name] = {"columns": columns, "rows": rows}
        progress("Tables", len(found), len(found))
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        migrations = [list(node) for node in cursor.fetchall()]
        # Read last: they count on outside of the snapshot, and must not be behind the rows.
        return {"migrations": migrations, "tables": tables, "sequences": _sequences(cursor)}


def check(facts: dict[str, Any], read: Callable[[str], BinaryIO], folder: Path) -> None:
    """Count the rows of each table."""
    for name, table in facts["tables"].items():
        rows = 0
        with read(_member(name)) as stream:
            while block := stream.read(CHUNK):
                rows += block.count(b"\n")
        if rows != table["rows"]:
            raise BackupProblem(f"The backup holds {rows} rows of {name}, and says that they are {table['rows']}.")


def put_back(
    connection: BaseDatabaseWrapper,
    facts: dict[str, Any],
    read: Callable[[str], BinaryIO],
    folder: Path,
    progress: Progress,
) -> None:
    """Make the tables anew and fill them, in one transaction: others see what was there before until it commits."""
    try:
        _fill(connection, facts, read, progress)
    except DatabaseError as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise BackupProblem(f"PostgreSQL refuses: {reason}.") from error
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # until it is known what the new tables hold, plans are guesses
    progress("Checks", 1, 1)


def _fill(
    connection: BaseDatabaseWrapper, facts: dict[str, Any], read: Callable[[str], BinaryIO], progress: Progress
) -> None:
    """The transaction itself."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
        _drop_tables(cursor)
        _migrate(connection, [tuple(node) for node in facts["migrations"]])
        _settle(cursor)
        _require_same_tables(cursor, facts["tables"])
        # What the migrations have put in, a few dozen rows. No TRUNCATE: that of papers empties another table itself.
        for name in facts["tables"]:
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
        for place, (name, table) in enumerate(facts["tables"].items()):
            progress("Tables", place, len(facts["tables"]))
            with read(_member(name)) as stream, cursor.copy(_copy(name, table["columns"], "FROM STDIN")) as copy:
                while block := stream.read(CHUNK):
                    copy.write(block)
            if cursor.rowcount != table["rows"]:
                raise BackupProblem(f"{cursor.rowcount} rows of {name} were taken in instead of {table['rows']}.")
        for name, (last, is_called) in facts["sequences"].items():
            cursor.execute("SELECT setval(%s::regclass, %s, %s)", [f'"{name}"', last, is_called])
        progress("Checks", 0, 1)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _member(table: str) -> str:
    """The name of a table's member."""
    return f"tables/{table}.copy"


def _copy(table: str, columns: list[str], direction: str) -> sql.Composed:
    """The COPY statement of a table; UTF-8 whatever the server's own encoding."""
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    end = sql.SQL(f" {direction} (FORMAT text, ENCODING 'UTF8')")
    return sql.SQL("COPY {} ({})").format(sql.Identifier(table), listed) + end


def _sequences(cursor: Any) -> dict[str, tuple[int, bool]]:
    """Where each sequence stands."""
    cursor.execute(_SEQUENCES)
    found = {}
    for (name,) in cursor.fetchall():
        cursor.execute(sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(name)))
        found[name] = cursor.fetchone()
    return found


def _drop_tables(cursor: Any) -> None:
    """Take away all that is there."""
    cursor.execute(_EVERY_TABLE)
    for (name,) in cursor.fetchall():
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier(name)))


def _migrate(connection: BaseDatabaseWrapper, nodes: list[tuple[str, str]]) -> None:
    """Apply just these migrations to the empty database, within the transaction of the caller."""

    def settle(action: str, *_: Any) -> None:
        if action == "apply_start":
            with connection.cursor() as cursor:
                _settle(cursor)

    executor = MigrationExecutor(connections[connection.alias], settle)
    executor.migrate([node for node in nodes if node in executor.loader.graph.nodes])


def _settle(cursor: Any) -> None:
    """Check now what was left for the commit: a table for which checks wait can neither be altered nor emptied."""
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _require_same_tables(cursor: Any, tables: dict[str, Any]) -> None:
    """The migrations have made the tables and columns that the backup holds."""
    cursor.execute(_TABLES)
    made = {name: columns for name, columns in cursor.fetchall() if name not in _MOVES_BY_ITSELF}
    for name, table in tables.items():
        if name not in made:
            raise BackupProblem(f"The backup holds a table {name} that this version of the site does not make.")
        if set(made[name]) != set(table["columns"]):
            raise BackupProblem(
                f"The table {name} of the backup has other columns than this version of the site makes."
            )
