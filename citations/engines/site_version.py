"""The version of everything that pages show: it moves with every committed transaction that writes to our tables.

Triggers move it, so that no writer can forget to, whether it goes through the models, past them or through an SQL
shell. A reader that reads the version before anything else may keep what it then makes of the data for as long as the
version stays: whatever is committed later carries another version.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from types import ModuleType

from django.db.backends.base.base import BaseDatabaseWrapper

from citations.engines import site_version_postgresql, site_version_sqlite
from citations.engines.site_version_names import PENDING_TABLE, VERSION_TABLE

_MODULES: dict[str, ModuleType] = {"sqlite": site_version_sqlite, "postgresql": site_version_postgresql}

# The tables whose rows pages show begin like this.
_PREFIX = "citations_"
# Not watched: the version itself, and the full text, which follows papers in their transactions (its own rebuilding
# moves the version by `touch`).
_UNWATCHED = (VERSION_TABLE, PENDING_TABLE, "citations_papertext")
# Pages name curators. Signing in writes to this table, too, and moves nothing.
_USERS, _USER_COLUMNS = "auth_user", ("username", "first_name", "last_name")


@dataclass(frozen=True)
class SiteVersion:
    """What was committed last: a number that only grows, and when, in milliseconds since 1970.

    A database that was restored from a backup counts on from an older number; the time tells the two apart.
    """

    number: int
    milliseconds: int

    @property
    def token(self) -> str:
        """The version in few characters, for comparing."""
        return f"{self.number:x}.{self.milliseconds:x}"

    @property
    def moment(self) -> datetime.datetime:
        """When it was committed, by the clock of the database."""
        return datetime.datetime.fromtimestamp(self.milliseconds / 1000, datetime.UTC)


def _of(connection: BaseDatabaseWrapper) -> ModuleType:
    """The module for a connection's engine; raises NotImplementedError for one that is not supported."""
    try:
        return _MODULES[connection.vendor]
    except KeyError:
        raise NotImplementedError(f"{connection.vendor} is not supported: use SQLite or PostgreSQL") from None


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the version and the triggers that move it, and move it. Repeatable.

    Altering a table on SQLite drops its triggers silently: call it after every migration.
    """
    tables = watched_tables(connection)
    with connection.cursor() as cursor:
        for statement in _of(connection).install(tables):
            cursor.execute(statement)
        if _USERS in connection.introspection.table_names(cursor):
            for statement in _of(connection).install_for_columns(_USERS, _USER_COLUMNS):
                cursor.execute(statement)
    touch(connection)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the version and its triggers away."""
    with connection.cursor() as cursor:
        for statement in _of(connection).remove([*watched_tables(connection), _USERS]):
            cursor.execute(statement)


def watched_tables(connection: BaseDatabaseWrapper) -> list[str]:
    """The tables whose every change moves the version, in alphabetical order."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
    return sorted(name for name in names if name.startswith(_PREFIX) and not name.startswith(_UNWATCHED))


def touch(connection: BaseDatabaseWrapper) -> None:
    """Move the version without a change of a watched table."""
    with connection.cursor() as cursor:
        cursor.execute(_of(connection).TOUCH)


def read(connection: BaseDatabaseWrapper) -> SiteVersion | None:
    """The version of what this connection sees now: one statement. None where there is none.

    Raises an error of the database where it is not migrated.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT number, milliseconds FROM {VERSION_TABLE} WHERE id = 1")
        row = cursor.fetchone()
    return SiteVersion(*row) if row else None
