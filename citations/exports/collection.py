"""Writing a whole collection as JSON Lines, in constant memory: rows are read by the batch, in order of their ids."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from django.contrib.auth.models import User
from django.db import connection, models
from django.utils import timezone

from citations import engines
from citations.exports.collection_format import (
    BY_NAME,
    END,
    FORMAT,
    HUB,
    KEYS,
    MERGED_CITATION,
    MERGED_PAPER,
    ORDER,
    ROWS,
    USER,
    VERSION,
    BadValue,
    CollectionError,
    Part,
    Record,
    RecordType,
    check_identifier,
    columns,
    public_names,
    reader,
    written,
)
from citations.models import Citation, HubSummary, Identifier, Paper, Report
from citations.querysets import BATCH

# Called with what is being worked on, how many of it are done, and how many there are.
Progress = Callable[[str, int, int], None]
# Reports progress every so many records: often enough to see that it goes on, seldom enough to cost nothing.
RECORDS_PER_REPORT = 1_000


def write_collection(
    stream: BinaryIO,
    *,
    exported_at: datetime.datetime | None = None,
    with_addresses: bool = False,
    progress: Progress | None = None,
) -> int:
    """Write the collection to a binary `stream` and return the number of records between header and end.

    The same collection gives the same bytes, but for the time of export (`exported_at`, by default now) in the first
    line and the checksum in the last. Accounts travel as public names; addresses of people who reported something are
    left out unless `with_addresses`.

    Raises `CollectionError` when a row holds what no reader would take, or when the collection changed meanwhile.
    """
    with engines.read_snapshot(connection):
        counts = count_records()
        total = sum(counts.values())
        lines = _Lines(stream)
        header = {"type": FORMAT, "version": VERSION, "exported_at": written(exported_at or timezone.now())}
        lines.write({**header, "with_addresses": with_addresses, "counts": counts})
        for record in _records(with_addresses=with_addresses):
            lines.write(record)
            done = lines.number - 1
            if progress and (done % RECORDS_PER_REPORT == 0 or done == total):
                progress("Records", done, total)
        if lines.types != {FORMAT: 1, **{name: n for name, n in counts.items() if n}}:
            raise CollectionError("The collection changed while it was being exported: export it again.")
        lines.write({"type": END, "records": total, "sha256": lines.checksum.hexdigest()})
    return total


def count_records() -> dict[str, int]:
    """How many records of each type the collection makes, in the order of a file."""
    special = {
        USER: len(_people()),
        MERGED_PAPER: Paper.objects.filter(merged_into__isnull=False).count(),
        MERGED_CITATION: Citation.objects.filter(merged_into__isnull=False).count(),
        HUB: HubSummary.objects.count(),
    }
    return {name: special[name] if name in special else BY_NAME[name].model._default_manager.count() for name in ORDER}


class _Lines:
    """Writes records as lines, and keeps what the end record says of them."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.checksum = hashlib.sha256()
        self.types: Counter[str] = Counter()
        self.number = 0

    def write(self, record: Mapping[str, Any]) -> None:
        """One line; the same record gives the same bytes."""
        text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        line = text.encode() + b"\n"
        self._stream.write(line)
        self.checksum.update(line)
        self.types[record["type"]] += 1
        self.number += 1


# Records --------------------------------------------------------------------------------------------------------------


def _records(*, with_addresses: bool) -> Iterator[Record]:
    """All records between header and end, in the order of a file."""
    people = public_names(_people())
    special: dict[str, Callable[[], Iterator[Record]]] = {
        USER: lambda: _user_records(people),
        MERGED_PAPER: lambda: _merged_records(MERGED_PAPER, Paper, "paper"),
        MERGED_CITATION: lambda: _merged_records(MERGED_CITATION, Citation, "citation"),
        HUB: _hub_records,
    }
    for name in ORDER:
        if name in special:
            yield from special[name]()
        else:
            yield from _row_records(BY_NAME[name], people, with_addresses=with_addresses)


def _row_records(record_type: RecordType, people: Mapping[int, str], *, with_addresses: bool) -> Iterator[Record]:
    """The records of one table."""
    for rows in _batches(record_type.model._default_manager.all()):
        parts = {part.key: _parts_by_owner(part, rows, people) for part in record_type.parts}
        values = _values(record_type.model, record_type.left_out, rows, people)
        for row, plain in zip(rows, values, strict=True):
            if isinstance(row, Report) and not with_addresses:
                plain["reporter_address"] = ""
            yield {
                "type": record_type.name,
                "number": row.pk,
                **plain,
                **{key: of_owner.get(row.pk, []) for key, of_owner in parts.items()},
            }


def _parts_by_owner(part: Part, owners: list[Any], people: Mapping[int, str]) -> dict[int, list[Record]]:
    """The rows that travel inside the records of `owners`, by the id of their owner, in order of their ids."""
    rows = list(part.model._default_manager.filter(**{f"{part.owner}__in": [row.pk for row in owners]}).order_by("pk"))
    found: dict[int, list[Record]] = {}
    for row, plain in zip(rows, _values(part.model, (part.owner,), rows, people), strict=True):
        found.setdefault(getattr(row, f"{part.owner}_id"), []).append(plain)
    return found


def _values(
    model: type[models.Model], left_out: tuple[str, ...], rows: list[Any], people: Mapping[int, str]
) -> list[Record]:
    """The columns of rows as JSON has them, references as keys. Raises `CollectionError` for what cannot travel."""
    fields = columns(model, left_out)
    keys = {field: _keys(field, rows, people) for field in fields if field.is_relation}
    values = []
    for row in rows:
        record: Record = {}
        for field in fields:
            if field.is_relation:
                record[field.name] = keys[field][getattr(row, field.attname)]
            else:
                record[field.name] = written(getattr(row, field.attname))
        _check(row, fields, record)
        values.append(record)
    return values


def _check(row: models.Model, fields: Iterable[models.Field[Any, Any]], record: Record) -> None:
    """What a reader would refuse must come to light now, and not when the collection is needed back."""
    name = ""
    try:
        for field in fields:
            if not field.is_relation:
                name = field.name
                reader(field)(record[name])
        if isinstance(row, Identifier):
            name = "value"
            check_identifier(row)
    except BadValue as problem:
        reason = f"{row._meta.verbose_name} {row.pk}: {name}: {problem}"
        raise CollectionError(f"{reason}. Correct it, then export again.") from None


def _keys(field: models.Field[Any, Any], rows: list[Any], people: Mapping[int, str]) -> dict[int | None, Any]:
    """What stands in records for the rows that `field` refers to: id to key; None for none."""
    ids = {getattr(row, field.attname) for row in rows} - {None}
    target = field.related_model
    if target is User:
        return {None: None, **{pk: people[pk] for pk in ids}}
    found: dict[int | None, Any] = {None: None}
    found.update(keys_of(target, ids))  # type: ignore[arg-type]
    return found


def keys_of(model: type[models.Model], ids: Iterable[int]) -> dict[int, Any]:
    """By what rows are named: id to a single value, or to a list where the key has several parts."""
    paths = KEYS[model]
    rows = model._default_manager.filter(pk__in=list(ids)).order_by().values_list("pk", *paths)
    return {pk: key[0] if len(paths) == 1 else list(key) for pk, *key in rows}


def _batches(rows: models.QuerySet[Any]) -> Iterator[list[Any]]:
    """Rows in order of their ids, so many at a time: each batch is a query, so that nothing piles up in a cursor."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def _people() -> list[User]:
    """The accounts that rows refer to, in order of id; nobody else travels."""
    ids: set[int] = set()
    for record_type in ROWS:
        for field in columns(record_type.model, record_type.left_out):
            if field.related_model is User:
                named = record_type.model._default_manager.filter(**{f"{field.name}__isnull": False})
                ids.update(named.order_by().values_list(field.attname, flat=True).distinct())
    return list(User.objects.filter(pk__in=sorted(ids)).order_by("pk"))


def _user_records(people: Mapping[int, str]) -> Iterator[Record]:
    """Accounts by their public names: no address, no password, no name to log in by."""
    for user in User.objects.filter(pk__in=people).order_by("pk"):
        names = {"first_name": user.first_name, "last_name": user.last_name}
        yield {"type": USER, "name": people[user.pk], **names}


def _merged_records(name: str, model: type[models.Model], key: str) -> Iterator[Record]:
    """Which rows a merge hid behind which."""
    for rows in _batches(model._default_manager.filter(merged_into__isnull=False)):
        keys = keys_of(model, {pk for row in rows for pk in (row.pk, row.merged_into_id)})
        for row in rows:
            yield {"type": name, key: keys[row.pk], "into": keys[row.merged_into_id]}


def _hub_records() -> Iterator[Record]:
    """Of summaries, what no citation tells: the class that stands and since when, and when anything changed last."""
    for hubs in _batches(HubSummary.objects.all()):
        slugs = keys_of(Paper, [hub.pk for hub in hubs])
        for hub in hubs:
            yield {
                "type": HUB,
                "paper": slugs[hub.pk],
                "hub_class": hub.hub_class,
                "class_since": written(hub.class_since),
                "updated_at": written(hub.updated_at),
            }
