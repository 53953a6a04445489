"""Rows by the hundred thousand, past the models: as fast as the database takes them, with the same defaults.

Constraints and triggers of the database hold as for any other row, but for keys that a load has taken off
(`drop_keys`); signals and `save()` are not called. Each function takes Django's connection; what the engines do
differently stands in `bulk_sqlite` and `bulk_postgresql`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any, TypeAlias

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateField, DateTimeField, Field, JSONField, Model, Q, UUIDField
from django.utils import timezone

from citations.engines import bulk_postgresql, bulk_sqlite

Row: TypeAlias = Sequence[Any]
AnyField: TypeAlias = "Field[Any, Any]"

_MODULES: dict[str, ModuleType] = {"sqlite": bulk_sqlite, "postgresql": bulk_postgresql}
# Fields whose values the two engines write differently; all others take Python's values as they are.
_PREPARED = (DateField, DateTimeField, JSONField, UUIDField)


def _of(connection: BaseDatabaseWrapper) -> ModuleType:
    """The module for a connection's engine; raises NotImplementedError for one that is not supported."""
    try:
        return _MODULES[connection.vendor]
    except KeyError:
        raise NotImplementedError(f"{connection.vendor} is not supported: use SQLite or PostgreSQL") from None


def session(connection: BaseDatabaseWrapper) -> AbstractContextManager[None]:
    """Within, the connection is set up for a load that takes long. Not to be entered inside a transaction."""
    entered: AbstractContextManager[None] = _of(connection).session(connection)
    return entered


# Statements for many rows --------------------------------------------------------------------------------------------


def run(connection: BaseDatabaseWrapper, statement: str, types: Sequence[str], rows: Iterable[Row]) -> int:
    """Run a statement that has `{rows}` in place of a table whose columns are called column1, column2 and so on.

    `types` are theirs, as PostgreSQL names them. Returns how many rows it changed. Where there are many rows it is run
    several times, with some of them each. The caller holds a transaction.
    """
    changed: int = _of(connection).run(connection, statement, types, rows)
    return changed


def select(
    connection: BaseDatabaseWrapper, statement: str, types: Sequence[str], rows: Iterable[Row]
) -> list[tuple[Any, ...]]:
    """What a query gives that has `{rows}` in place of a table; see `run`."""
    found: list[tuple[Any, ...]] = _of(connection).select(connection, statement, types, rows)
    return found


# Rows of models ------------------------------------------------------------------------------------------------------


def insert(connection: BaseDatabaseWrapper, model: type[Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Add rows with these columns (as `venue_id`), by COPY or by statements with a thousand rows each.

    The other columns get their defaults, and the id the next one where it is left out.
    """
    given = [_field(model, column) for column in columns]
    defaults = _defaults(connection, model, given)
    names = [field.column for field in (*given, *defaults)]
    constants = list(defaults.values())
    prepared = _prepared(connection, given, rows)
    _of(connection).insert(connection, model._meta.db_table, names, ([*row, *constants] for row in prepared))


def insert_by_query(
    connection: BaseDatabaseWrapper, model: type[Model], expressions: Mapping[str, str], rest: str
) -> str:
    """An INSERT ... SELECT for `run`: SQL by column, defaults for the other columns, and what follows after them."""
    given = [_field(model, column) for column in expressions]
    defaults = _defaults(connection, model, given)
    columns = ", ".join(f'"{field.column}"' for field in (*given, *defaults))
    values = ", ".join([*expressions.values(), *(_literal(connection, value) for value in defaults.values())])
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {values} {rest}'


def overwrite(
    connection: BaseDatabaseWrapper, model: type[Model], instances: Iterable[Model], columns: Sequence[str]
) -> None:
    """Write these columns of saved rows as they stand on the instances. The caller holds a transaction."""
    key = model._meta.pk
    fields = [key, *(_field(model, column) for column in columns)]
    changes = ", ".join(f'"{column}" = r.column{place}' for place, column in enumerate(columns, start=2))
    table = model._meta.db_table
    statement = f'UPDATE "{table}" SET {changes} FROM {{rows}} AS r WHERE "{table}"."{key.column}" = r.column1'
    rows = ([getattr(instance, field.attname) for field in fields] for instance in instances)
    kinds = types(connection, model, [str(key.column), *columns])
    run(connection, statement, kinds, _prepared(connection, fields, rows))


def types(connection: BaseDatabaseWrapper, model: type[Model], columns: Sequence[str]) -> list[str]:
    """The types of columns, for `run` and `select`."""
    return [str(_field(model, column).db_type(connection)) for column in columns]


def allocate_ids(connection: BaseDatabaseWrapper, model: type[Model], number: int) -> Sequence[int]:
    """So many ids for new rows of `model`, ascending, that nobody else is given. The caller holds a transaction."""
    if not number:
        return ()
    column = model._meta.pk.column
    ids: Sequence[int] = _of(connection).allocate_ids(connection, model._meta.db_table, column, number)
    return ids


def _prepared(connection: BaseDatabaseWrapper, fields: Sequence[AnyField], rows: Iterable[Row]) -> Iterable[Row]:
    """Rows with the database's own values."""
    preparers = [
        (place, _preparer(connection, field)) for place, field in enumerate(fields) if isinstance(field, _PREPARED)
    ]
    if not preparers:
        return rows
    return (_with(list(row), preparers) for row in rows)


def _with(row: list[Any], preparers: Iterable[tuple[int, Callable[[Any], Any]]]) -> Row:
    for place, prepare in preparers:
        row[place] = prepare(row[place])
    return row


def _preparer(connection: BaseDatabaseWrapper, field: AnyField) -> Callable[[Any], Any]:
    """From Python's value to the database's."""
    return lambda value: field.get_db_prep_save(value, connection)


def _field(model: type[Model], column: str) -> AnyField:
    """The field that is stored in a column."""
    for field in model._meta.concrete_fields:
        if field.column == column:
            return field
    raise LookupError(f"{model.__name__} has no column {column}")


def _defaults(connection: BaseDatabaseWrapper, model: type[Model], given: Sequence[AnyField]) -> dict[AnyField, Any]:
    """What the other columns but the id hold where nothing is said, as the database's values."""
    rest = [field for field in model._meta.concrete_fields if field not in given and not field.primary_key]
    return {field: field.get_db_prep_save(_default(field), connection) for field in rest}


def _default(field: AnyField) -> Any:
    if isinstance(field, DateTimeField) and field.auto_now_add:
        return timezone.now()
    return field.get_default()


def _literal(connection: BaseDatabaseWrapper, value: object) -> str:
    """A default as SQL, such that neither str.format nor the driver takes part of it for a place of a value."""
    quoted: str = connection.SchemaEditorClass(connection).quote_value(value)
    return quoted.replace("{", "{{").replace("}", "}}").replace("%", "%%")


def drop_if_empty(connection: BaseDatabaseWrapper, table: str) -> None:
    """Take a table away unless it holds rows, also such as others are just adding; nothing where there is none.

    The caller holds a transaction.
    """
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return
    _of(connection).hold(connection, table)
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM (SELECT 1 FROM "{table}" LIMIT 1) AS any_row')
        if not cursor.fetchone()[0]:
            cursor.execute(f'DROP TABLE "{table}"')


# Indexes -------------------------------------------------------------------------------------------------------------


def missing_indexes(connection: BaseDatabaseWrapper, model: type[Model]) -> list[str]:
    """The secondary indexes (those of `Meta.indexes`) that the table of `model` should have and has not."""
    present = _of(connection).index_names(connection, model._meta.db_table)
    return [index.name for index in model._meta.indexes if index.name not in present]


def drop_indexes(connection: BaseDatabaseWrapper, model: type[Model]) -> None:
    """Take the secondary indexes of a table off; keys and constraints stay. The caller holds a transaction.

    An index of a column that nearly always is null, of the other rows alone, stays, too: a load writes next to nothing
    into it, and without it the database reads the whole table for each deleted row that others may point to.
    """
    _of(connection).settle(connection)
    with connection.cursor() as cursor:
        for index in model._meta.indexes:
            if len(index.fields) != 1 or index.condition != Q(**{f"{index.fields[0]}__isnull": False}):
                cursor.execute(f'DROP INDEX IF EXISTS "{index.name}"')


def build_index(connection: BaseDatabaseWrapper, model: type[Model], name: str) -> None:
    """Make one of the secondary indexes of a table, by its name. The caller holds a transaction."""
    _of(connection).settle(connection)
    editor = connection.SchemaEditorClass(connection)
    (index,) = (index for index in model._meta.indexes if index.name == name)
    with connection.cursor() as cursor:
        cursor.execute(str(index.create_sql(model, editor)))


# Foreign keys --------------------------------------------------------------------------------------------------------


def missing_keys(connection: BaseDatabaseWrapper, model: type[Model]) -> list[str]:
    """The columns of `model` that should have a foreign key and, after `drop_keys`, have none."""
    present = _of(connection).key_columns(connection, model._meta.db_table)
    return [str(field.column) for field in _keys(model) if field.column not in present] if present is not None else []


def drop_keys(connection: BaseDatabaseWrapper, model: type[Model]) -> None:
    """Take the foreign keys off, where the database checks them row by row (PostgreSQL); elsewhere nothing. The caller
    holds a transaction.

    Until `allow_deletion`, no row that they point to can be deleted: it is refused.
    """
    engine = _of(connection)
    engine.settle(connection)
    engine.drop_keys(connection, model._meta.db_table, _targets(model))


def build_key(connection: BaseDatabaseWrapper, model: type[Model], column: str) -> None:
    """Put one of the foreign keys back, all rows checked at once. The caller holds a transaction.

    Raises `IntegrityError` where a row points to nothing.
    """
    _of(connection).settle(connection)
    editor: Any = connection.SchemaEditorClass(connection)
    field = _field(model, column)
    with connection.cursor() as cursor:
        cursor.execute(str(editor._create_fk_sql(model, field, "_fk_%(to_table)s_%(to_column)s")))


def allow_deletion(connection: BaseDatabaseWrapper, model: type[Model]) -> None:
    """Let rows be deleted again that the foreign keys of `model` point to: all keys are back. The caller holds a
    transaction.
    """
    for table in _targets(model):
        _of(connection).allow_deletion(connection, table)


def _keys(model: type[Model]) -> list[AnyField]:
    """The foreign keys of a model. Those that are null in every row that is loaded cost time, too: each row queues a
    check.
    """
    return [field for field in model._meta.concrete_fields if field.many_to_one]


def _targets(model: type[Model]) -> list[str]:
    """The tables that the foreign keys of a model point to."""
    related: list[Any] = [field.related_model for field in _keys(model)]
    return sorted({target._meta.db_table for target in related})
