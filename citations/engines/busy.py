"""Whether an error of the database only means that another writer was in the way."""

from __future__ import annotations

# SQLite's primary result codes SQLITE_BUSY and SQLITE_LOCKED; the extended codes keep them in their lowest byte.
_SQLITE_CODES = frozenset({5, 6})
_PRIMARY = 0xFF
# PostgreSQL's serialization_failure, deadlock_detected and lock_not_available.
_POSTGRESQL_STATES = frozenset({"40001", "40P01", "55P03"})


def is_busy(error: Exception) -> bool:
    """Whether the same may well succeed when it is tried again.

    `error` is one of Django's, whose cause is the driver's own; of any other the answer is no.
    """
    cause = error.__cause__
    code, state = getattr(cause, "sqlite_errorcode", None), getattr(cause, "sqlstate", None)
    return (isinstance(code, int) and code & _PRIMARY in _SQLITE_CODES) or state in _POSTGRESQL_STATES
