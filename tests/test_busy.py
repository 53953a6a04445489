"""Transactions that are begun anew where another writer is in the way."""

from __future__ import annotations

import sqlite3

import pytest
from django.db import OperationalError

from citations.engines import busy


class Locked(sqlite3.OperationalError):
    """As SQLite says that another writer holds the file."""

    sqlite_errorcode = 5


def error_of(cause: Exception | None) -> OperationalError:
    error = OperationalError("the database is locked")
    error.__cause__ = cause
    return error


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def test_what_others_were_in_the_way_of_is_done_in_the_end() -> None:
    refused = [error_of(Locked()), error_of(Locked())]

    def work() -> str:
        if refused:
            raise refused.pop()
        return "done"

    assert busy.again_while_busy(work) == "done"


def test_it_gives_up_with_the_last_error() -> None:
    tried = []

    def work() -> None:
        tried.append(1)
        raise error_of(Locked())

    with pytest.raises(OperationalError, match="locked"):
        busy.again_while_busy(work)
    assert len(tried) == 6


def test_other_errors_are_not_tried_again() -> None:
    tried = []

    def work() -> None:
        tried.append(1)
        raise error_of(None)

    with pytest.raises(OperationalError):
        busy.again_while_busy(work)
    assert tried == [1]
