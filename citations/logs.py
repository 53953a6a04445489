"""How a line of the log is written, and which request it belongs to. Pure: settings.py and gunicorn.conf.py use it.

Every form is safe against what a line quotes from outside: a line break in an address never begins a line of its own.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

# What a proxy may call a request: nothing that could break a line, a header or a page, and long enough to be its own.
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Bytes of a name that is made here: short enough to be read out on the telephone, and enough for 2^32 requests.
_NAME_BYTES = 8
_current: ContextVar[str] = ContextVar("request_id", default="")

# Attributes that every record has; whatever else it carries was given by `extra=`.
_USUAL = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "request_id"}
# Objects that Django adds to some records: no text of theirs is wanted.
_OBJECTS = frozenset({"request", "server_time"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def request_id() -> str:
    """The name of the request that is being answered here; "" outside of one."""
    return _current.get()


def begin_request(told: str = "") -> str:
    """Name the request that begins: `told` where it is well-formed, else a new random name. Returns the name."""
    name = told if WELL_FORMED.fullmatch(told) else secrets.token_hex(_NAME_BYTES)
    _current.set(name)
    return name


def end_request() -> None:
    """What is logged from here on belongs to no request."""
    _current.set("")


class RequestFilter(logging.Filter):
    """Puts the request's name on each record, and lets all pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true. A name that a record brings along stays."""
        if not hasattr(record, "request_id"):
            record.request_id = request_id()
        return True


def escaped(text: str) -> str:
    """A text on one line: control characters, and those that turn the direction of writing, as escapes."""
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)


class LineFormatter(logging.Formatter):
    """For people: time, level, logger, the request's name in brackets, message; a traceback below."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line; more lines where it carries a traceback."""
        name = getattr(record, "request_id", "")
        which = f" [{name}]" if name else ""
        given = "".join(f" {key}={_quoted(value)}" for key, value in _given(record).items())
        line = f"{_time(record)} {record.levelname} {record.name}{which}: {escaped(record.getMessage())}{given}"
        trace = self._trace(record)
        return f"{line}\n{trace}" if trace else line

    def _trace(self, record: logging.LogRecord) -> str:
        """The traceback and the stack that a record carries; "" for none."""
        parts = [self.formatException(record.exc_info)] if record.exc_info else []
        parts += [self.formatStack(record.stack_info)] if record.stack_info else []
        return "\n".join(parts)


class JsonFormatter(LineFormatter):
    """For programs: one JSON object a line: `time`, `level`, `logger`, `message`, `request_id` and what is given."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        return json.dumps(self.facts(record), ensure_ascii=False, default=str).translate(_LINE_BREAKS)

    def facts(self, record: logging.LogRecord) -> dict[str, Any]:
        """What the line says, in order."""
        facts: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if name := getattr(record, "request_id", ""):
            facts["request_id"] = name
        facts |= {key: value for key, value in _given(record).items() if key not in facts}
        if trace := self._trace(record):
            facts["exception"] = trace
        return facts


class KeyValueFormatter(JsonFormatter):
    """For programs and people: `key=value` pairs on one line (logfmt), values quoted where they need it."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        return " ".join(f"{key}={_quoted(value)}" for key, value in self.facts(record).items())


# What JSON leaves as it is and some programs take for the end of a line.
_LINE_BREAKS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}
_BARE = re.compile(r"[^\s\"=\\\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def _quoted(value: object) -> str:
    """A value that ends where it ends: bare where it is one word, else a JSON string without control characters."""
    text = str(value)
    return text if _BARE.fullmatch(text) else json.dumps(escaped(text), ensure_ascii=False)


def _given(record: logging.LogRecord) -> dict[str, Any]:
    """What was passed by `extra=`, without objects of the framework."""
    return {key: value for key, value in vars(record).items() if key not in _USUAL and key not in _OBJECTS}


def _time(record: logging.LogRecord) -> str:
    """When it was, in UTC, to the millisecond: 2026-11-23T14:05:06.789Z."""
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


# The names that LOG_FORMAT takes, and what they mean.
FORMATTERS: dict[str, type[logging.Formatter]] = {
    "line": LineFormatter,
    "json": JsonFormatter,
    "keyvalue": KeyValueFormatter,
}
