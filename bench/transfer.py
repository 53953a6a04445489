"""The collection of an SQLite file brought to PostgreSQL, table by table through COPY.

No trigger runs and no foreign key is checked: the rows come from a database that holds the same constraints.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_ROWS_PER_LINE = 500_000

Say = Callable[[str], None]


def fill(source: Path, say: Say) -> None:
    """Fill the empty PostgreSQL database that Django is connected with."""
    from django.apps import apps
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection, transaction

    from citations import engines
    from citations.models import Citation

    call_command("migrate", verbosity=0)
    stored = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        with transaction.atomic():
            engines.bulk.drop_indexes(connection, Citation)
        for model in (User, *apps.get_app_config("citations").get_models()):
            table = model._meta.db_table
            names = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
            rows = stored.execute(f'SELECT {names} FROM "{table}" ORDER BY 1')
            _copy(cursor, f'"{table}" ({names})', rows, lambda done, name=table: say(f"{done:,} rows of {name}"))
            key = model._meta.pk.column
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', key])
            if (sequence := cursor.fetchone()[0]) is not None:
                cursor.execute(
                    f'SELECT setval(%s, coalesce(max("{key}"), 1), max("{key}") IS NOT NULL) FROM "{table}"', [sequence]
                )
        _words(cursor, stored, say)
        cursor.execute("SET session_replication_role = DEFAULT")
    for name in engines.bulk.missing_indexes(connection, Citation):
        with transaction.atomic():
            engines.bulk.build_index(connection, Citation, name)
        say(f"index {name}")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _copy(cursor: Any, target: str, rows: Any, told: Callable[[int], None]) -> None:
    """Copy rows into a table."""
    with cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for number, row in enumerate(rows, start=1):
            copy.write_row(row)
            if number % _ROWS_PER_LINE == 0:
                told(number)


def _words(cursor: Any, stored: sqlite3.Connection, say: Say) -> None:
    """The documents of the index of words, from those of SQLite's."""
    from django.db import connection

    from citations import engines
    from citations.engines import text_postgresql, text_sqlite
    from citations.engines.text_index import TABLE, Document

    parts = tuple(text_sqlite._WEIGHTS)

    def rows() -> Iterator[tuple[int, str]]:
        for number, *columns in stored.execute(f"SELECT rowid, {', '.join(parts)} FROM {TABLE} ORDER BY rowid"):
            runs = ([tuple(run.split(" ")) for run in column.split(text_sqlite._BREAK) if run] for column in columns)
            yield number, text_postgresql.vector(Document(**dict(zip(parts, runs, strict=True))))

    cursor.execute(f"DROP INDEX IF EXISTS {text_postgresql._INDEX}")
    _copy(cursor, f"{TABLE} (rowid, words)", rows(), lambda done: say(f"words of {done:,} papers"))
    engines.install_text_index(connection)
