"""PostgreSQL's own ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

_REFUSAL = "labels are append-only: add a label that retracts or replaces this one"


def append_only(table: str, fixed: Iterable[str], redactable: Iterable[str]) -> Iterator[str]:
    """Statements that forbid changing, deleting or truncating rows of `table`; `redactable` columns may be emptied.

    Rows are compared whole, inside the function: a trigger that names columns would forbid migrations to alter them.
    `fixed` is not needed for that.
    """
    yield from drop_append_only(table)
    names = list(redactable)
    rest = " - ".join(["to_jsonb({row})", *(f"'{name}'" for name in names)])
    emptied = " AND ".join(f"NEW.\"{name}\" = ''" for name in names)
    redaction = f"{rest.format(row='NEW')} = {rest.format(row='OLD')} AND {emptied}"
    yield (
        f"CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'UPDATE' THEN IF {redaction} THEN RETURN NEW; END IF; END IF; "
        f"RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    refuse = f"EXECUTE FUNCTION {table}_refuse()"
    yield f'CREATE TRIGGER {table}_no_delete BEFORE DELETE ON "{table}" FOR EACH ROW {refuse}'
    yield f'CREATE TRIGGER {table}_no_update BEFORE UPDATE ON "{table}" FOR EACH ROW {refuse}'
    yield f'CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT {refuse}'


def drop_append_only(table: str) -> Iterator[str]:
    """Statements that take the protection off again."""
    for action in ("no_delete", "no_update", "no_truncate"):
        yield f'DROP TRIGGER IF EXISTS {table}_{action} ON "{table}"'


@contextmanager
def read_snapshot(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """A repeatable read: every statement of it sees one state."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(using=connection.alias):
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
