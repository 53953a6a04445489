"""What SQLite and PostgreSQL do differently. No other module branches on the kind of database (nor do they import
these).

Each function takes Django's connection and hands it to the module of its engine.
"""

from __future__ import annotations

from types import ModuleType

from django.db.backends.base.base import BaseDatabaseWrapper

from citations.engines import postgresql, sqlite

# The ledger: rows may be added, never changed or deleted.
LEDGER_TABLE = "citations_label"

# What `manage.py redact` may empty, and nothing else: a person's words, not what was decided.
REDACTABLE_COLUMNS = ("note",)

_MODULES: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgresql}


def _of(connection: BaseDatabaseWrapper) -> ModuleType:
    """The module for a connection's engine; raises NotImplementedError for one that is not supported."""
    try:
        return _MODULES[connection.vendor]
    except KeyError:
        raise NotImplementedError(f"{connection.vendor} is not supported: use SQLite or PostgreSQL") from None


def install_triggers(connection: BaseDatabaseWrapper) -> None:
    """Make the ledger append-only in the database itself. Repeatable; does nothing while the table does not exist."""
    with connection.cursor() as cursor:
        if LEDGER_TABLE not in connection.introspection.table_names(cursor):
            return
        description = connection.introspection.get_table_description(cursor, LEDGER_TABLE)
        fixed = [column.name for column in description if column.name not in REDACTABLE_COLUMNS]
        for statement in _of(connection).append_only(LEDGER_TABLE, fixed, REDACTABLE_COLUMNS):
            cursor.execute(statement)


def remove_triggers(connection: BaseDatabaseWrapper) -> None:
    """Take the protection off the ledger. Only for emptying a test database between tests."""
    with connection.cursor() as cursor:
        if LEDGER_TABLE not in connection.introspection.table_names(cursor):
            return
        for statement in _of(connection).drop_append_only(LEDGER_TABLE):
            cursor.execute(statement)
