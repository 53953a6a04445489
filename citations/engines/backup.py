"""A database as files, and back: what the two engines do differently (backup_sqlite, backup_postgresql).

Each engine writes its part as named members, consistent while others write, and takes them back in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, TypeAlias

from django.db.backends.base.base import BaseDatabaseWrapper

from citations.engines import backup_postgresql, backup_sqlite
from citations.engines.backup_names import BackupProblem as BackupProblem
from citations.engines.backup_names import Node as Node
from citations.engines.backup_names import Progress as Progress

# Gives a stream to write the member of this name to; the stream is a context manager.
Opener: TypeAlias = Callable[[str], Any]
# Gives a stream to read the member of this name from.
Reader: TypeAlias = Callable[[str], BinaryIO]

_MODULES: dict[str, ModuleType] = {"sqlite": backup_sqlite, "postgresql": backup_postgresql}
# What migrations themselves make, and what a visit leaves: a database with nothing else in it is empty.
_MADE_BY_ITSELF = frozenset(
    {
        "django_migrations",
        "django_content_type",
        "django_session",
        "auth_permission",
        "auth_group",
        "auth_group_permissions",
        "axes_accessattempt",
        "citations_siteversion",
        "citations_pendingchange",
    }
)
_SHADOWS = ("citations_papertext", "sqlite_")


def engine_of(connection: BaseDatabaseWrapper) -> str:
    """The name of a connection's engine, as a backup keeps it; raises NotImplementedError for others."""
    if connection.vendor not in _MODULES:
        raise NotImplementedError(f"{connection.vendor} is not supported: use SQLite or PostgreSQL")
    return connection.vendor


def write(connection: BaseDatabaseWrapper, folder: Path, opened: Opener, progress: Progress) -> dict[str, Any]:
    """Write the database as it is at one moment. `folder` has room for a copy. Returns what `put_back` needs to know.

    What is returned holds "migrations", the nodes that were applied at that moment. Raises BackupProblem.
    """
    facts: dict[str, Any] = _MODULES[engine_of(connection)].write(connection, folder, opened, progress)
    return facts


def check(connection: BaseDatabaseWrapper, facts: dict[str, Any], read: Reader, folder: Path) -> None:
    """Look through what a backup holds, as far as can be without taking it in. Raises BackupProblem."""
    _MODULES[engine_of(connection)].check(facts, read, folder)


def put_back(
    connection: BaseDatabaseWrapper, facts: dict[str, Any], read: Reader, folder: Path, progress: Progress
) -> None:
    """Put a backup in the place of everything that the database holds, wholly or not at all.

    Afterwards the database has the migrations of the backup; the caller applies later ones. Raises BackupProblem.
    """
    _MODULES[engine_of(connection)].put_back(connection, facts, read, folder, progress)


def is_empty(connection: BaseDatabaseWrapper) -> bool:
    """Whether nothing would be lost: there are no tables, or only rows that migrations have made."""
    with connection.cursor() as cursor:
        for table in _tables(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1")
            if cursor.fetchone():
                return False
    return True


def _tables(names: Iterable[str]) -> list[str]:
    """Those whose rows people or imports have made."""
    return sorted(name for name in names if name not in _MADE_BY_ITSELF and not name.startswith(_SHADOWS))
