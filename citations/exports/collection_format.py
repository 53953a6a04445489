"""The form in which a whole collection travels: JSON Lines, one typed record a line (docs/collections.md).

Writer and reader are both driven by the tables of this module. A record holds the columns of one row by their names;
whatever it refers to is named by a key that means the same everywhere (a slug, an identifier, a pair of slugs), and
stands on an earlier line. `number` is the row's own id: it is kept, because addresses of citations and anchors of
histories contain it.
"""

from __future__ import annotations

import datetime
import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_slug
from django.db import models
from django.db.backends.base.operations import BaseDatabaseOperations

from citations.identifiers import BadIdentifier, Scheme, normalise
from citations.labelling import EFFECTIVE
from citations.models import (
    Audit,
    AuditEntry,
    Author,
    Authorship,
    Citation,
    CitedByCount,
    ClassChange,
    HubPin,
    Identifier,
    ImportRun,
    Label,
    Mention,
    Merge,
    Paper,
    RejectedRecord,
    Report,
    Venue,
)

FORMAT = "collection"
# Raised whenever a reader of the former version would misunderstand what is written.
VERSION = 1
END = "end"

Record: TypeAlias = dict[str, Any]


class CollectionError(ValueError):
    """A collection that cannot be written or read: the message says what is wrong and where, in one line."""


class BadValue(ValueError):
    """A value that a column cannot hold; the message completes "<key>: ..."."""


# Which records there are ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """Rows that travel inside the record of the row they belong to, under `key`, in order of their ids."""

    key: str
    model: type[models.Model]
    owner: str


@dataclass(frozen=True)
class RecordType:
    """One kind of record, which holds one row of one table.

    `left_out` names the columns that do not travel: those that other rows tell (they are derived anew), and
    `merged_into`, which may refer to a later row and therefore follows in records of its own.
    """

    name: str
    model: type[models.Model]
    left_out: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


# Copied from the citing paper or counted, by summaries.paper_changed().
_COPIED = ("year", "sort_date", "sort_title", "venue", "cited_by_count", "retracted", "mention_count")

_PAPER = RecordType(
    "paper",
    Paper,
    left_out=("sort_title", "sort_date", "cited_by_count", "merged_into"),
    parts=(
        Part("identifiers", Identifier, "paper"),
        Part("authors", Authorship, "paper"),
        Part("cited_by_counts", CitedByCount, "paper"),
    ),
)
_CITATION = RecordType("citation", Citation, left_out=(*EFFECTIVE, *_COPIED, "merged_into"))

# The tables whose rows are records, and the names of the records that are made otherwise.
ROWS: tuple[RecordType, ...] = (
    RecordType("import_run", ImportRun),
    RecordType("rejected_record", RejectedRecord),
    RecordType("venue", Venue),
    RecordType("author", Author),
    _PAPER,
    _CITATION,
    RecordType("mention", Mention),
    RecordType("label", Label),
    RecordType("audit", Audit),
    RecordType("audit_entry", AuditEntry),
    RecordType("pin", HubPin),
    RecordType("class_change", ClassChange),
    RecordType("merge", Merge),
    RecordType("report", Report),
)
BY_NAME: Mapping[str, RecordType] = {record_type.name: record_type for record_type in ROWS}
USER, MERGED_PAPER, MERGED_CITATION, HUB = "user", "merged_paper", "merged_citation", "hub"

# The order of records in a file: whatever one refers to comes before it.
ORDER: tuple[str, ...] = (
    USER,
    "import_run",
    "rejected_record",
    "venue",
    "author",
    "paper",
    MERGED_PAPER,
    "citation",
    MERGED_CITATION,
    "mention",
    "label",
    "audit",
    "audit_entry",
    "pin",
    "class_change",
    "merge",
    "report",
    HUB,
)

# By what a row is named in the records that refer to it: paths of columns, to be read from its own table. Runs,
# labels and audits have no name but their number; users have a public name, see `collection_people`.
KEYS: Mapping[type[models.Model], tuple[str, ...]] = {
    Venue: ("slug",),
    Author: ("key",),
    Paper: ("slug",),
    Citation: ("citing__slug", "cited__slug"),
    Mention: ("citation__citing__slug", "citation__cited__slug", "content_hash"),
    ImportRun: ("pk",),
    Label: ("pk",),
    Audit: ("pk",),
}


@cache
def columns(model: type[models.Model], left_out: tuple[str, ...]) -> tuple[models.Field[Any, Any], ...]:
    """The columns of `model` that travel as plain values or references: all but its id and those left out."""
    fields = model._meta.concrete_fields
    return tuple(field for field in fields if not field.primary_key and field.name not in left_out)


# Values: from the database to JSON ------------------------------------------------------------------------------------


def written(value: Any) -> Any:
    """A plain value of a row as JSON has it: times in UTC, objects with their keys in order (engines differ there)."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, dict):
        return {key: written(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [written(item) for item in value]
    return value


# Values: from JSON to the database, checked ---------------------------------------------------------------------------

# Ids beyond are of no use: JSON readers round larger integers, and nothing would be left to count on from.
_LARGEST_NUMBER = 2**53 - 1
# JSON inside JSON is a few levels deep; an edited file must not exhaust the stack.
_DEEPEST = 50


def number(value: object) -> int:
    """A row's own id."""
    if type(value) is not int or not 1 <= value <= _LARGEST_NUMBER:
        raise BadValue(f"takes a whole number from 1 to {_LARGEST_NUMBER}, not {_shown(value)}")
    return value


def text_value(value: object) -> str:
    """Text that every database takes."""
    if not isinstance(value, str):
        raise BadValue(f"takes text, not {_shown(value)}")
    if "\x00" in value:
        raise BadValue("holds a NUL character, which databases refuse: take it out")
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise BadValue("holds half of a character (a lone surrogate): take it out") from None
    return value


def object_value(value: object, keys: frozenset[str]) -> Record:
    """A JSON object with exactly these keys."""
    if not isinstance(value, dict):
        raise BadValue(f"takes an object, not {_shown(value)}")
    if value.keys() != keys:
        missing, unknown = sorted(keys - value.keys()), sorted(value.keys() - keys)
        raise BadValue(f"the key {missing[0]!r} is missing" if missing else f"unknown key {_shown(unknown[0])}")
    return value


@cache
def reader(field: models.Field[Any, Any]) -> Callable[[object], Any]:
    """What turns a value of a record into one of this column, or raises `BadValue`."""
    read = _reader_of_kind(field)
    if not field.null:
        return read
    return lambda value: None if value is None else read(value)


def _reader_of_kind(field: models.Field[Any, Any]) -> Callable[[object], Any]:
    """The reader by the column's kind, null apart."""
    match field:
        case models.BooleanField():
            return _boolean
        case models.FloatField():
            return _float
        case models.IntegerField():
            low, high = BaseDatabaseOperations.integer_field_ranges[field.get_internal_type()]
            return lambda value: _whole_number(value, low, high)
        case models.DateTimeField():
            return _time
        case models.DateField():
            return _date
        case models.UUIDField():
            return _uuid
        case models.JSONField():
            return _json_object
        case models.CharField() | models.TextField():
            return _text_reader(field)
    raise TypeError(f"no reader for columns like {field}")


def _text_reader(field: models.Field[Any, Any]) -> Callable[[object], str]:
    """For columns of text: length, choices and form."""
    allowed = {str(value) for value, _ in field.flatchoices} if field.flatchoices else None

    def read(value: object) -> str:
        text = text_value(value)
        if not text:
            return text  # where something has to stand, the database says so
        if field.max_length is not None and len(text) > field.max_length:
            raise BadValue(f"is longer than {field.max_length} characters")
        if allowed is not None and text not in allowed:
            raise BadValue(f"{_shown(text)} is none of {', '.join(sorted(filter(None, allowed)))}")
        _check_form(field, text)
        return text

    return read


def _check_form(field: models.Field[Any, Any], text: str) -> None:
    """Slugs and addresses have a form, and a browser is led to them."""
    try:
        if isinstance(field, models.SlugField):
            validate_slug(text)
        elif isinstance(field, models.EmailField):
            validate_email(text)
    except ValidationError:
        raise BadValue(f"{_shown(text)} is no {'slug' if isinstance(field, models.SlugField) else 'address'}") from None
    if isinstance(field, models.URLField) and not (
        text.startswith(("https://", "http://")) and text.isprintable() and " " not in text
    ):
        raise BadValue(f"{_shown(text)} is no http or https address")


def check_identifier(row: Identifier) -> None:
    """Raises `BadValue` for an identifier that a look-up would never find. Fingerprints have no form of their own."""
    scheme = Scheme(row.scheme)
    if scheme is Scheme.FINGERPRINT:
        return
    try:
        normal = normalise(scheme, row.value).value
    except BadIdentifier as error:
        raise BadValue(str(error)) from None
    if normal != row.value:
        raise BadValue(f"{_shown(row.value)} is not in its normal form, {normal!r}")


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadValue(f"takes true or false, not {_shown(value)}")
    return value


def _float(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadValue(f"takes a number, not {_shown(value)}")
    return float(value)


def _whole_number(value: object, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise BadValue(f"takes a whole number from {low} to {high}, not {_shown(value)}")
    return value


def _time(value: object) -> datetime.datetime:
    try:
        moment = datetime.datetime.fromisoformat(text_value(value))
        if moment.tzinfo is not None:
            return moment.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        pass
    raise BadValue(f"takes a time with its zone such as 2026-11-23T09:30:00+00:00, not {_shown(value)}")


def _date(value: object) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text_value(value))
    except ValueError:
        raise BadValue(f"takes a date such as 2026-11-23, not {_shown(value)}") from None


def _uuid(value: object) -> uuid.UUID:
    try:
        return uuid.UUID(text_value(value))
    except ValueError:
        raise BadValue(f"takes a UUID, not {_shown(value)}") from None


def _json_object(value: object) -> Record:
    if not isinstance(value, dict):
        raise BadValue(f"takes an object, not {_shown(value)}")
    _check_json(value, 0)
    return value


def _check_json(value: object, depth: int) -> None:
    """Whatever is stored as JSON must be such that both engines give it back unchanged."""
    if depth > _DEEPEST:
        raise BadValue("is nested too deeply")
    match value:
        case str():
            text_value(value)
        case dict():
            for key, item in value.items():
                text_value(key)
                _check_json(item, depth + 1)
        case list():
            for item in value:
                _check_json(item, depth + 1)
        case float():
            _float(value)


def _shown(value: object) -> str:
    """A foreign value in a message: short, and on one line."""
    shown = ascii(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


# People ---------------------------------------------------------------------------------------------------------------


def public_names(users: list[User]) -> dict[int, str]:
    """User id to the name by which a user travels, each once: the full name, else "a curator 1", "a curator 2", ...

    `users` in order of id, so that a collection that came in goes out with the same names.
    """
    names: dict[int, str] = {}
    taken: set[str] = set()
    for user in users:
        full_name = " ".join(user.get_full_name().split())
        name = _free_name(full_name, taken) if full_name else _free_number(taken)
        taken.add(name)
        names[user.pk] = name
    return names


def _free_name(name: str, taken: set[str]) -> str:
    """`name`, or with the first free number where another has it."""
    wishes = (name if n == 1 else f"{name} ({n})" for n in range(1, len(taken) + 2))
    return next(wish for wish in wishes if wish not in taken)


def _free_number(taken: set[str]) -> str:
    """The name of somebody without one."""
    return next(wish for n in range(1, len(taken) + 2) if (wish := f"a curator {n}") not in taken)
