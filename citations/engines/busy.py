"""What an error of the database means: another writer was in the way, or the database is away."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError

_Result = TypeVar("_Result")

# SQLite's primary result codes SQLITE_BUSY and SQLITE_LOCKED; the extended codes keep them in their lowest byte.
_SQLITE_CODES = frozenset({5, 6})
_PRIMARY = 0xFF
# PostgreSQL's serialization_failure, deadlock_detected and lock_not_available.
_POSTGRESQL_STATES = frozenset({"40001", "40P01", "55P03"})
# SQLite's SQLITE_CANTOPEN: the file is gone, or its folder cannot be read.
_SQLITE_AWAY = frozenset({14})
# PostgreSQL's classes connection_exception, insufficient_resources (too_many_connections) and operator_intervention, of
# which 57014, a statement that was cancelled, is none.
_POSTGRESQL_AWAY = ("08", "53300", "57P")


def is_busy(error: Exception) -> bool:
    """Whether the same may well succeed when it is tried again.

    `error` is one of Django's, whose cause is the driver's own; of any other the answer is no.
    """
    cause = error.__cause__
    code, state = getattr(cause, "sqlite_errorcode", None), getattr(cause, "sqlstate", None)
    return (isinstance(code, int) and code & _PRIMARY in _SQLITE_CODES) or state in _POSTGRESQL_STATES


def is_away(error: Exception) -> bool:
    """Whether the database cannot be reached: down, starting, or the connection broke. `error` as of `is_busy`."""
    cause = error.__cause__
    code, state = getattr(cause, "sqlite_errorcode", None), getattr(cause, "sqlstate", None)
    if isinstance(code, int):
        return code & _PRIMARY in _SQLITE_AWAY
    if isinstance(state, str):
        return state.startswith(_POSTGRESQL_AWAY)
    # psycopg's errors carry a state only where the server sent one: without, the connection itself failed.
    return cause is not None and hasattr(cause, "sqlstate") and isinstance(error, OperationalError | InterfaceError)


# How often a transaction is begun that others are in the way of, and the longest pause before the second time, in
# seconds; it doubles.
_TIMES, _PAUSE = 6, 0.1


def again_while_busy(work: Callable[[], _Result]) -> _Result:
    """The result of `work`, a whole transaction, begun anew where another writer was in the way.

    Raises what the last attempt did.
    """
    for attempt in range(_TIMES - 1):
        try:
            return work()
        except OperationalError as error:
            if not is_busy(error):
                raise
            time.sleep(random.uniform(0, _PAUSE * 2**attempt))
    return work()
