"""Transactions that are tried again where another writer gets in the way."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, OperationalError, ProgrammingError, transaction

from citations.importing import runs
from citations.importing.runs import ImportStopped

_Result = TypeVar("_Result")

# What another writer causes: the same row, a lock or a deadlock, and on PostgreSQL an index or a table that has just
# been made or taken away.
REFUSALS = (IntegrityError, OperationalError, ProgrammingError)


def persistently(
    work: Callable[[], _Result],
    *,
    taken_back: Callable[[], None] | None = None,
    sleep: Callable[[float], None] | None = None,
) -> _Result:
    """The result of `work`, done in a transaction, as often as it takes up to the bound of all imports.

    `taken_back` is called when what was done is undone; `sleep` (with seconds) before it is done again.
    Raises `ImportStopped` when the database refuses to the end.
    """
    for attempt in range(1, runs.ATTEMPTS_PER_PAGE + 1):
        try:
            with transaction.atomic():
                return work()
        except REFUSALS as error:
            if taken_back:
                taken_back()
            if attempt == runs.ATTEMPTS_PER_PAGE:
                raise refused(error, attempt) from error
            longest = min(runs._PAUSE * 2 ** (attempt - 1), runs._LONGEST_PAUSE)
            (sleep or time.sleep)(random.uniform(0, longest))
    raise AssertionError("the last attempt returns or raises")


def refused(error: Exception, attempts: int = 1) -> ImportStopped:
    """What the user is told when the database is in the way."""
    times = f" {attempts} times" if attempts > 1 else ""
    return ImportStopped(f"The database refused a batch{times}: {runs._one_line(error)}")
