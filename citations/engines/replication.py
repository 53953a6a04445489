"""What PostgreSQL says of its streaming replicas. SQLite has none."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from os import dup

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

# Classes of SQLSTATE in which the server answers, and what it refuses is this one statement: all but those of
# connections (08), of operators who stop it (57P) and of its own failures (53, 58, XX).
_OF_THE_SERVER = ("08", "53", "57P", "58", "XX")


@dataclass(frozen=True)
class Standing:
    """How far a server is: in recovery (a replica) or not, and the place in the log that its readers see, in bytes.

    `seconds_behind` is the age of the last transaction that a replica has replayed. It grows while nobody writes, and
    so says nothing of a replica whose place is that of the primary.
    """

    is_replica: bool
    place: int
    seconds_behind: float | None


def standing(connection: BaseDatabaseWrapper) -> Standing:
    """How far the server of a connection is: one statement that reads no table. Raises the database's errors."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_is_in_recovery(), "
            "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END "
            "- '0/0'::pg_lsn, extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())"
        )
        is_replica, place, seconds = cursor.fetchone()
    return Standing(is_replica, int(place or 0), None if seconds is None else float(seconds))


def is_of_database(error: Exception) -> bool:
    """Whether an error is a database's: one of Django's, or the driver's own, which Django lets through where a server
    goes away while a cursor is being closed.
    """
    driver = sys.modules.get("psycopg")
    return isinstance(error, Error) or (driver is not None and isinstance(error, driver.Error))


def is_unreachable(error: Exception) -> bool:
    """Whether an error of a database says that the server cannot be asked at all, rather than that it refuses one
    statement. The driver's own error, or Django's, whose cause that is.
    """
    state = getattr(error.__cause__ if isinstance(error, Error) else error, "sqlstate", None)
    return not isinstance(state, str) or state.startswith(_OF_THE_SERVER)


def cut(connection: BaseDatabaseWrapper) -> None:
    """End the traffic of a connection that another thread waits on: that thread meets an error at once.

    The driver's own ways to close or cancel would wait for the server, which is what does not answer.
    """
    driver = connection.connection
    # An error says that it is closed or replaced meanwhile: nothing is left to cut.
    with suppress(Exception), socket.socket(fileno=dup(driver.fileno())) as traffic:
        traffic.shutdown(socket.SHUT_RDWR)
