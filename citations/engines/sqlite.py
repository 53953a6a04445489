"""SQLite's own ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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
