"""SQLite's own ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

_REFUSAL = "labels are append-only: add a label that retracts or replaces this one"


def append_only(table: str, fixed: Iterable[str], redactable: Iterable[str]) -> Iterator[str]:
    """Statements that forbid changing or deleting rows of `table`; `redactable` columns may be emptied.

    INSERT OR REPLACE deletes the old row without firing a delete trigger, unless recursive triggers are on: hence the
    third.
    """
    yield from drop_append_only(table)
    unchanged = " AND ".join(f'NEW."{name}" IS OLD."{name}"' for name in fixed)
    emptied = " AND ".join(f"NEW.\"{name}\" = ''" for name in redactable)
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    yield f'CREATE TRIGGER {table}_no_delete BEFORE DELETE ON "{table}" {refuse}'
    yield f'CREATE TRIGGER {table}_no_update BEFORE UPDATE ON "{table}" WHEN NOT ({unchanged} AND {emptied}) {refuse}'
    yield (
        f'CREATE TRIGGER {table}_no_replace BEFORE INSERT ON "{table}" '
        f'WHEN EXISTS (SELECT 1 FROM "{table}" WHERE id = NEW.id) {refuse}'
    )


def drop_append_only(table: str) -> Iterator[str]:
    """Statements that take the protection off again."""
    for action in ("no_delete", "no_update", "no_replace"):
        yield f"DROP TRIGGER IF EXISTS {table}_{action}"


@contextmanager
def read_snapshot(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """A deferred transaction: with a write-ahead log it reads one state, and keeps no writer waiting."""
    connection.ensure_connection()  # the mode is read from the settings then
    ours: Any = connection  # SQLite's own wrapper knows the mode
    usual = ours.transaction_mode
    ours.transaction_mode = "DEFERRED"
    try:
        with transaction.atomic(using=connection.alias):
            ours.transaction_mode = usual
            yield
    finally:
        ours.transaction_mode = usual
