"""What SQLite and PostgreSQL do differently. No other module branches on the kind of database (nor do they import
these).

Each function takes Django's connection and hands it to the module of its engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from types import ModuleType

from django.db.backends.base.base import BaseDatabaseWrapper

from citations.engines import bulk as bulk
from citations.engines import postgresql, sqlite, text_postgresql, text_sqlite
from citations.engines.text_index import Term

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


def read_snapshot(connection: BaseDatabaseWrapper) -> AbstractContextManager[None]:
    """Within, all tables are read as they stood at the beginning, while others go on writing. Nothing may be written.

    Inside another transaction it is that transaction, whose own rules hold.
    """
    snapshot: AbstractContextManager[None] = _of(connection).read_snapshot(connection)
    return snapshot


# Full text -----------------------------------------------------------------------------------------------------------

# Its column `rowid` is the id of a paper, on both engines.
TEXT_TABLE = "citations_papertext"

_TEXT_MODULES: dict[str, ModuleType] = {"sqlite": text_sqlite, "postgresql": text_postgresql}


def _text_of(connection: BaseDatabaseWrapper) -> ModuleType:
    """The module that keeps and searches the full text on a connection's engine; raises as `_of`."""
    _of(connection)
    return _TEXT_MODULES[connection.vendor]


def install_text_index(connection: BaseDatabaseWrapper) -> None:
    """Make the full-text index, empty, and the triggers by which it follows deleted papers. Repeatable.

    Altering the table of papers on SQLite drops its trigger silently: call it after every migration. Does nothing while
    the table does not exist.
    """
    with connection.cursor() as cursor:
        if "citations_paper" in connection.introspection.table_names(cursor):
            for statement in _text_of(connection).CREATE:
                cursor.execute(statement)


def remove_text_index(connection: BaseDatabaseWrapper) -> None:
    """Take the full-text index away."""
    with connection.cursor() as cursor:
        for statement in _text_of(connection).DROP:
            cursor.execute(statement)


def refresh_text(connection: BaseDatabaseWrapper, paper_ids: Iterable[int]) -> None:
    """Bring up to date what the full-text index holds of these papers. The caller holds a transaction.

    To be called when a paper's title, abstract, summary, authors or venue changed, and when one of its citations or
    their sentences came, went or moved to another hub.
    """
    _text_of(connection).refresh(connection, paper_ids)


def text_differs(connection: BaseDatabaseWrapper, paper_ids: Iterable[int]) -> set[int]:
    """Which of these papers the full-text index holds otherwise than their rows say. Writes nothing."""
    differing: set[int] = _text_of(connection).differing(connection, paper_ids)
    return differing


def rebuild_text(connection: BaseDatabaseWrapper) -> None:
    """Make the full-text index of all papers anew, in bulk. The caller holds a transaction; readers see the old one."""
    _text_of(connection).rebuild(connection)


def text_condition(
    connection: BaseDatabaseWrapper, column: str, terms: Iterable[Term], hub_id: int | None, *, in_order: bool
) -> tuple[str, list[str]]:
    """SQL and parameters that hold where the paper whose id stands in the SQL `column` matches all terms.

    Within a hub, its own sentences count and other hubs' do not. `in_order`: many papers match, and only the first few
    in the order of an index are wanted. Raises ValueError for terms that are all excluded, outside of a hub.
    """
    condition: tuple[str, list[str]] = _text_of(connection).condition(column, terms, hub_id, in_order)
    return condition


def text_ids(connection: BaseDatabaseWrapper, terms: Iterable[Term], hub_id: int | None) -> list[int]:
    """The ids of the papers that match all terms, in ascending order; arguments and errors as of `text_condition`."""
    return sorted(_text_of(connection).ids(connection, terms, hub_id))


def text_join(
    connection: BaseDatabaseWrapper, column: str, terms: Iterable[Term], hub_id: int | None
) -> tuple[str, list[str]]:
    """As `text_condition`, for a statement that has `TEXT_TABLE` among its tables."""
    condition: tuple[str, list[str]] = _text_of(connection).join(column, terms, hub_id)
    return condition


def text_rank(connection: BaseDatabaseWrapper, terms: Iterable[Term], hub_id: int | None) -> tuple[str, list[str]]:
    """SQL and parameters of how well a row of the joined `TEXT_TABLE` matches; more is better, only to be compared."""
    rank: tuple[str, list[str]] = _text_of(connection).rank(terms, hub_id)
    return rank
