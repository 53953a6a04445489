"""Lines of the log: whole, parseable, and never broken by what they quote."""

from __future__ import annotations

import json
import logging
import shlex
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations import logs


def record(message: str = "Something happened.", **given: Any) -> logging.LogRecord:
    """A record with what `extra=` would give it."""
    made = logging.LogRecord("citations.test", logging.WARNING, "file.py", 1, message, (), None)
    made.created = 1_700_000_000.25
    made.__dict__.update(given)
    logs.RequestFilter().filter(made)
    return made


@pytest.fixture(autouse=True)
def _no_request() -> None:
    logs.end_request()


def test_a_line_has_time_level_logger_request_and_message() -> None:
    logs.begin_request("abcdefgh")
    line = logs.LineFormatter().format(record(milliseconds=7))
    assert line == "2023-11-14T22:13:20.250Z WARNING citations.test [abcdefgh]: Something happened. milliseconds=7"


def test_outside_of_a_request_no_name_is_printed() -> None:
    assert "[" not in logs.LineFormatter().format(record())
    assert "request_id" not in json.loads(logs.JsonFormatter().format(record()))


def test_json_holds_what_was_given_and_a_traceback() -> None:
    logs.begin_request("abcdefgh")
    try:
        raise ValueError("inside")
    except ValueError:
        made = record(path="/hubs/")
        made.exc_info = sys.exc_info()
    facts = json.loads(logs.JsonFormatter().format(made))
    assert facts.pop("exception").endswith("ValueError: inside")
    assert facts == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "WARNING",
        "logger": "citations.test",
        "message": "Something happened.",
        "request_id": "abcdefgh",
        "path": "/hubs/",
    }


def test_pairs_can_be_read_back() -> None:
    line = logs.KeyValueFormatter().format(record('He said "no".', path="/a b", sql="SELECT 1"))
    pairs = dict(pair.split("=", 1) for pair in shlex.split(line))
    assert pairs["message"] == 'He said "no".'
    assert pairs["path"] == "/a b"
    assert pairs["logger"] == "citations.test"


@given(st.text(), st.text())
def test_nothing_quoted_begins_a_line_of_its_own(message: str, value: str) -> None:
    made = record(message.replace("%", "%%"), path=value)
    for form in logs.FORMATTERS.values():
        assert len(form().format(made).splitlines()) == 1
    facts = json.loads(logs.JsonFormatter().format(made))
    assert facts["path"] == value


def test_what_a_record_brings_cannot_pass_for_another_time_or_level() -> None:
    facts = json.loads(logs.JsonFormatter().format(record(time="never", level="none")))
    assert facts["level"] == "WARNING"
    assert facts["time"].startswith("2023")


@pytest.mark.parametrize("told", ["abcdefgh", "a" * 64, "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "Root.1_67-abc"])
def test_a_well_formed_name_is_taken_over(told: str) -> None:
    assert logs.begin_request(told) == told == logs.request_id()


@pytest.mark.parametrize(
    "told", ["", "short", "a" * 65, "abc def gh", "abcdefgh\n", 'abcdefg"', "<script>x", "äbcdefgh"]
)
def test_a_malformed_name_is_replaced(told: str) -> None:
    name = logs.begin_request(told)
    assert name != told
    assert logs.WELL_FORMED.fullmatch(name)


def test_no_two_requests_have_the_same_name() -> None:
    assert len({logs.begin_request() for _ in range(1000)}) == 1000
