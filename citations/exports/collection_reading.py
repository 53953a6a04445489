"""Reading a whole collection back: into an empty database, all or nothing, in constant memory.

The file is read twice: once to see that it is whole and as it was exported (nothing is written before that is known),
and once to take it in, in one transaction. Rows keep their ids and times. What is derived is built anew by its writers.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.db import DatabaseError, DataError, IntegrityError, connection, models, transaction

from citations import labelling, summaries, text
from citations.exports.collection import RECORDS_PER_REPORT, Progress
from citations.exports.collection_files import Header, lines, parse, verify
from citations.exports.collection_format import (
    BY_NAME,
    HUB,
    KEYS,
    MERGED_CITATION,
    MERGED_PAPER,
    ORDER,
    ROWS,
    USER,
    BadValue,
    CollectionError,
    Record,
    RecordType,
    check_identifier,
    columns,
    number,
    object_value,
    reader,
    text_value,
)
from citations.labelling import LabelError
from citations.models import Citation, HubSummary, HubTally, Identifier, Label, Paper
from citations.querysets import BATCH
from citations.summaries import Cause, StandingClass

# Why a class changes on the way in, if it does: the rules may have changed since the collection was exported.
_RESTORED = Cause("The collection was imported.")

_USERNAME_LENGTH = 140  # the column holds 150; a number may follow


@dataclass(frozen=True)
class _Line:
    """One record with the number of its line."""

    number: int
    record: Record


def import_collection(path: Path, *, progress: Progress | None = None) -> int:
    """Take in the collection in the file at `path`; returns its number of records.

    The database must hold no collection; accounts may be there. All is written in one transaction: whatever goes wrong,
    nothing is. Memory does not grow with the collection. Those who decided come in as inactive accounts that nobody can
    log in to.

    Raises `CollectionError`, with the line where there is one.
    """
    try:
        _refuse_unless_empty()
        header = verify(path)
        with transaction.atomic():
            _refuse_unless_empty()
            _Restoration(path, header, progress or _silent).run()
    except DatabaseError as error:
        raise CollectionError(f"{path}: the database refused: {_one_line(error)}") from error
    return header.records


def _silent(_what: str, _done: int, _total: int) -> None:
    """Reports to nobody."""


def _refuse_unless_empty() -> None:
    """Raises `CollectionError` where something of a collection is there already."""
    # Papers first: the message should name what one knows to be there.
    tables: list[type[models.Model]] = [Paper, *(record_type.model for record_type in ROWS), HubSummary, HubTally]
    for model in tables:
        if model._default_manager.exists():
            raise CollectionError(
                f"A collection is imported into an empty database only, and this one holds "
                f"{model._meta.verbose_name_plural}. Name a new one in DATABASE_URL and run manage.py migrate first."
            )


def _one_line(error: Exception) -> str:
    """What a database says, its first line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


class _Restoration:
    """One import: the file, and what has to be remembered between its records (people, and little else)."""

    def __init__(self, path: Path, header: Header, progress: Progress) -> None:
        self._path = path
        self._header = header
        self._progress = progress
        self._people: dict[str, int] = {}
        self._newest: dict[str, int] = {}
        self._special: Mapping[str, Callable[[list[_Line]], None]] = {
            USER: self._restore_users,
            MERGED_PAPER: lambda batch: self._restore_merged(batch, Paper, "paper"),
            MERGED_CITATION: lambda batch: self._restore_merged(batch, Citation, "citation"),
            HUB: self._restore_hubs,
        }

    def run(self) -> None:
        """Everything, within the caller's transaction."""
        derived = False
        for name, batch in self._batches():
            if name == HUB and not derived:
                self._derive()
                derived = True
            if name in self._special:
                self._special[name](batch)
            else:
                self._restore_rows(BY_NAME[name], batch)
        if not derived:
            self._derive()
        self._count_other_hubs()
        models_with_numbers = [record_type.model for record_type in ROWS]
        with connection.cursor() as cursor:
            # Rows brought their ids along; new ones go on behind them.
            for statement in connection.ops.sequence_reset_sql(no_style(), models_with_numbers):
                cursor.execute(statement)

    # Reading ----------------------------------------------------------------------------------------------------------

    def _batches(self) -> Iterator[tuple[str, list[_Line]]]:
        """The records between header and end, by type and so many at a time."""
        for name, of_type in groupby(self._records(), key=lambda line: line.record["type"]):
            while batch := list(islice(of_type, BATCH)):
                yield name, batch

    def _records(self) -> Iterator[_Line]:
        """The records between header and end, in order. Raises `CollectionError` for others than were announced."""
        checksum, counts, place = hashlib.sha256(), Counter[str](), 0
        for position, raw in enumerate(lines(self._path), start=1):
            if position == self._header.records + 2:
                break
            checksum.update(raw)
            if position == 1:
                continue
            record = self._parsed(raw, position)
            if ORDER.index(record["type"]) < place:
                raise self._error(position, f"a {record['type']} record after {ORDER[place]} records")
            place = ORDER.index(record["type"])
            counts[record["type"]] += 1
            yield _Line(position, record)
            if (position - 1) % RECORDS_PER_REPORT == 0 or position - 1 == self._header.records:
                self._progress("Records", position - 1, self._header.records)
        if checksum.hexdigest() != self._header.checksum:
            raise CollectionError(f"{self._path} was changed while it was being read.")
        if counts != Counter(self._header.counts):
            raise CollectionError(f"{self._path}: its header counts other records than the file holds.")

    def _parsed(self, raw: bytes, position: int) -> Record:
        """A line as a record of a known type."""
        try:
            record = parse(raw)
        except ValueError as error:
            raise self._error(position, str(error)) from None
        name = record.get("type")
        if not isinstance(name, str) or name not in ORDER:
            raise self._error(position, f"unknown type of record {str(name)[:60]!r}")
        return record

    def _error(self, position: int, problem: object) -> CollectionError:
        """What is wrong, and where."""
        return CollectionError(f"{self._path}, line {position}: {problem}")

    def _checked(self, line: _Line, keys: frozenset[str]) -> Record:
        """The record, with exactly these keys besides its type."""
        try:
            return object_value(line.record, keys | {"type"})
        except BadValue as problem:
            raise self._error(line.number, f"{line.record['type']} record: {problem}") from None

    # Rows -------------------------------------------------------------------------------------------------------------

    def _restore_rows(self, record_type: RecordType, batch: list[_Line]) -> None:
        """Insert the rows of a batch, and those inside them."""
        fields = columns(record_type.model, record_type.left_out)
        keys = frozenset({"number", *(field.name for field in fields), *(part.key for part in record_type.parts)})
        for line in batch:
            self._checked(line, keys)
        rows = self._rows(record_type.model, fields, [(line, line.record) for line in batch], numbered=True)
        self._insert(batch, rows)
        for part in record_type.parts:
            self._restore_part(part.key, part.model, part.owner, batch, rows)

    def _restore_part(
        self, key: str, model: type[models.Model], owner: str, batch: list[_Line], owners: list[Any]
    ) -> None:
        """Insert the rows that stand inside records, under `key`."""
        fields = columns(model, (owner,))
        names = frozenset(field.name for field in fields)
        found: list[tuple[_Line, Record]] = []
        owner_ids = []
        for line, row in zip(batch, owners, strict=True):
            items = line.record[key]
            if not isinstance(items, list):
                raise self._error(line.number, f"{line.record['type']} record: {key}: takes a list")
            for item in items:
                try:
                    found.append((line, object_value(item, names)))
                except BadValue as problem:
                    raise self._error(line.number, f"{line.record['type']} record: {key}: {problem}") from None
                owner_ids.append(row.pk)
        for start in range(0, len(found), BATCH):
            some = found[start : start + BATCH]
            rows = self._rows(model, fields, some, numbered=False)
            for (line, _), row, owner_id in zip(some, rows, owner_ids[start : start + BATCH], strict=True):
                setattr(row, f"{owner}_id", owner_id)
                if isinstance(row, Identifier):
                    self._check_identifier(row, line)
            self._insert([line for line, _ in some], rows)

    def _check_identifier(self, row: Identifier, line: _Line) -> None:
        """Refuse identifiers of no known scheme or not in their normal form."""
        try:
            check_identifier(row)
        except ValueError as problem:
            raise self._error(line.number, f"{line.record['type']} record: identifiers: {problem}") from None

    def _rows(
        self,
        model: type[models.Model],
        fields: Iterable[models.Field[Any, Any]],
        records: list[tuple[_Line, Record]],
        *,
        numbered: bool,
    ) -> list[Any]:
        """Unsaved rows with all values and references set."""
        rows: list[Any] = [model() for _ in records]
        if numbered:
            for (line, record), row in zip(records, rows, strict=True):
                row.pk = self._number(line, record)
        for field in fields:
            if field.is_relation:
                self._set_references(field, records, rows)
                continue
            read = reader(field)
            for (line, record), row in zip(records, rows, strict=True):
                try:
                    setattr(row, field.attname, read(record[field.name]))
                except BadValue as problem:
                    raise self._error(line.number, f"{line.record['type']} record: {field.name}: {problem}") from None
        return rows

    def _number(self, line: _Line, record: Record) -> int:
        """A row's own number, above all before it."""
        name = line.record["type"]
        try:
            found = number(record["number"])
        except BadValue as problem:
            raise self._error(line.number, f"{name} record: number: {problem}") from None
        if found <= self._newest.get(name, 0):
            raise self._error(line.number, f"{name} record: number: {found} does not come after the record before")
        self._newest[name] = found
        return found

    def _set_references(
        self, field: models.Field[Any, Any], records: list[tuple[_Line, Record]], rows: list[Any]
    ) -> None:
        """Set the ids of the rows that these name by their keys."""
        wanted = [self._key(field, line, record[field.name]) for line, record in records]
        found = self._ids(field.related_model, {key for key in wanted if key is not None})
        for (line, _), key, row in zip(records, wanted, rows, strict=True):
            target = None
            if key is not None:
                target = found.get(key)
                if target is None and field.related_model is type(row):
                    target = self._earlier_in_batch(key, rows, row)
                if target is None:
                    shown = " ".join(str(part) for part in (key if isinstance(key, tuple) else (key,)))[:200]
                    raise self._error(
                        line.number, f"{line.record['type']} record: {field.name}: nothing before is called {shown!r}"
                    )
            setattr(row, field.attname, target)

    def _earlier_in_batch(self, key: Any, rows: list[Any], row: Any) -> int | None:
        """A label may speak of one that stands a few lines above, not stored yet: it is named by its number."""
        return key if type(key) is int and rows[0].pk <= key < row.pk and any(o.pk == key for o in rows) else None

    def _key(self, field: models.Field[Any, Any], line: _Line, value: object) -> Any:
        """The name of a row as something to look up: text, a number, or a tuple; None for none."""
        target = field.related_model
        parts = KEYS.get(target, ("name",))  # type: ignore[arg-type]
        try:
            if value is None:
                if not field.null:
                    raise BadValue("must name something")
                return None
            if parts == ("pk",):
                return number(value)
            if len(parts) == 1:
                return text_value(value)
            if not isinstance(value, list) or len(value) != len(parts):
                raise BadValue(f"takes a list of {len(parts)}")
            return tuple(text_value(part) for part in value)
        except BadValue as problem:
            raise self._error(line.number, f"{line.record['type']} record: {field.name}: {problem}") from None

    def _ids(self, model: Any, keys: set[Any]) -> dict[Any, int]:
        """The ids of stored rows by their keys; what is not there is left out."""
        if not keys:
            return {}
        if model is User:
            return {key: self._people[key] for key in keys if key in self._people}
        return ids_of(model, keys)

    def _insert(self, batch: list[_Line], rows: list[Any]) -> None:
        """Store rows; where the database refuses them, find the one that it refuses."""
        if not rows:
            return
        try:
            with transaction.atomic():
                _insert_as_they_are(rows)
        except (IntegrityError, DataError, LabelError):
            for line, row in zip(batch, rows, strict=True):
                try:
                    with transaction.atomic():
                        _insert_as_they_are([row])
                except (IntegrityError, DataError, LabelError) as error:
                    raise self._error(
                        line.number, f"{line.record['type']} record: the database refuses it: {_one_line(error)}"
                    ) from None
            raise

    # Records that are no rows -----------------------------------------------------------------------------------------

    def _restore_users(self, batch: list[_Line]) -> None:
        """Make accounts for the people who decided: inactive, and without a password that anybody could have."""
        keys = frozenset({"name", "first_name", "last_name"})
        for line in batch:
            record = self._checked(line, keys)
            user = User(is_active=False)
            user.set_unusable_password()
            try:
                name = text_value(record["name"])
                for column in ("first_name", "last_name"):
                    field = User._meta.get_field(column)
                    setattr(user, column, reader(field)(record[column]))
            except BadValue as problem:
                raise self._error(line.number, f"user record: {problem}") from None
            if not name.strip() or name in self._people:
                raise self._error(line.number, "user record: name: must be there, and each name once")
            user.username = _free_username(name)
            user.save()
            self._people[name] = user.pk

    def _restore_merged(self, batch: list[_Line], model: type[models.Model], key: str) -> None:
        """Hide rows behind those that a merge kept. Refuses circles, which would have no survivor."""
        for line in batch:
            self._checked(line, frozenset({key, "into"}))
        field = model._meta.get_field("merged_into")
        loser, survivor = (
            [self._key(_Named(name, model), line, line.record[name]) for line in batch]  # type: ignore[arg-type]
            for name in (key, "into")
        )
        found = self._ids(field.related_model, {*loser, *survivor})
        for line, hidden, kept in zip(batch, loser, survivor, strict=True):
            for name in (hidden, kept):
                if name not in found:
                    raise self._error(line.number, f"{line.record['type']} record: nothing before is called {name!r}")
            # A citation whose two papers are one now is merged into itself; whatever else leads back has no survivor.
            is_void = model is Citation and hidden == kept
            if not is_void and _leads_to(model, found[kept], found[hidden]):
                raise self._error(line.number, f"{line.record['type']} record: it would be merged into itself")
            model._default_manager.filter(pk=found[hidden]).update(merged_into=found[kept])

    def _restore_hubs(self, batch: list[_Line]) -> None:
        """Count hubs, with the class that stood and the times."""
        fields = {name: HubSummary._meta.get_field(name) for name in ("hub_class", "class_since", "updated_at")}
        for line in batch:
            self._checked(line, frozenset({"paper", *fields}))
        papers = [(line, {"paper": line.record["paper"]}) for line in batch]
        rows: list[Any] = [HubSummary() for _ in batch]
        self._set_references(HubSummary._meta.get_field("paper"), papers, rows)
        standing: dict[int, StandingClass] = {}
        for line, row in zip(batch, rows, strict=True):
            values: dict[str, Any] = {}
            for name, field in fields.items():
                try:
                    values[name] = reader(field)(line.record[name])
                except BadValue as problem:
                    raise self._error(line.number, f"hub record: {name}: {problem}") from None
            if row.paper_id in standing or HubSummary.objects.filter(pk=row.paper_id).exists():
                raise self._error(line.number, "hub record: a second one of this paper")
            standing[row.paper_id] = StandingClass(**values)
        summaries.restore_summaries(standing, _RESTORED)

    # What is derived --------------------------------------------------------------------------------------------------

    def _derive(self) -> None:
        """Fill the columns that repeat papers, and those that follow from labels."""
        self._each("Papers", Paper, summaries.paper_changed)
        self._each("Citations", Citation, labelling.resolve_citations)

    def _each(self, what: str, model: type[models.Model], work: Callable[[list[int]], object]) -> None:
        """Work on all rows of a table, so many at a time."""
        total, done, last = model._default_manager.count(), 0, 0
        rows = model._default_manager.order_by("pk").values_list("pk", flat=True)
        while batch := list(rows.filter(pk__gt=last)[:BATCH]):
            work(batch)
            done, last = done + len(batch), batch[-1]
            self._progress(what, done, total)

    def _count_other_hubs(self) -> None:
        """Hubs of which the file does not say which class stood: a summary is due to whatever is cited."""
        summarised = HubSummary.objects.values_list("pk", flat=True)
        others = Citation.objects.exclude(cited_id__in=summarised).order_by("cited_id")
        summaries.recount(others.values_list("cited_id", flat=True).distinct(), _RESTORED)


@dataclass(frozen=True)
class _Named:
    """Stands for a reference that is no column: to a row of `related_model`, always there."""

    name: str
    related_model: type[models.Model]
    null: bool = False


def ids_of(model: type[models.Model], keys: set[Any]) -> dict[Any, int]:
    """The ids of stored rows by their keys (single values, or tuples where a key has several parts).

    Rows are looked for by the first part alone, which few share; a database that is given all parts may choose to begin
    with the last, that is, with all citations of a hub.
    """
    paths = KEYS[model]
    firsts = sorted({key[0] if len(paths) > 1 else key for key in keys})
    found: dict[Any, int] = {}
    for start in range(0, len(firsts), BATCH):
        condition = {f"{paths[0]}__in": firsts[start : start + BATCH]}
        rows = model._default_manager.filter(**condition).order_by().values_list("pk", *paths)
        for pk, *parts in rows:
            key = tuple(parts) if len(paths) > 1 else parts[0]
            if key in keys:
                found[key] = pk
    return found


def _insert_as_they_are(rows: list[Any]) -> None:
    """Insert rows of one table with the values that they have; labels through their only writer."""
    model = type(rows[0])
    if model is Label:
        labelling.restore_labels(rows)
        return
    model._base_manager.bulk_create(rows)


def _leads_to(model: type[models.Model], start: int, wanted: int) -> bool:
    """Whether following `merged_into` from one row comes to another."""
    current: int | None = start
    former: int | None = None
    while current is not None and current != former:
        if current == wanted:
            return True
        former = current
        current = model._default_manager.values_list("merged_into_id", flat=True).get(pk=current)
    return False


def _free_username(name: str) -> str:
    """A name for an account, made of a public name: `ada-lovelace`, or with a number where that is taken."""
    wanted = text.slugify(name)[:_USERNAME_LENGTH].rstrip("-") or "curator"
    taken = set(User.objects.filter(username__startswith=wanted).values_list("username", flat=True))
    wishes = (wanted if n == 1 else f"{wanted}-{n}" for n in range(1, len(taken) + 2))
    return next(wish for wish in wishes if wish not in taken)
