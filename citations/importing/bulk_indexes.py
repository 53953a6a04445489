"""Indexes and foreign keys that a load takes off empty tables and puts back when they are full, or that the next start
puts back.

Foreign keys are taken off on PostgreSQL alone: it checks them for each row, which takes longer than all else together,
and for a whole table at once when they are put back. Until then no paper, venue or citation can be deleted, so that
none of the loaded rows comes to point to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from citations import engines
from citations.importing.bulk_transactions import persistently
from citations.models import Citation, Paper

_Find: TypeAlias = Callable[[BaseDatabaseWrapper, type[Model]], list[str]]
_Do: TypeAlias = Callable[[BaseDatabaseWrapper, type[Model], str], None]

# The tables that do without their secondary indexes and foreign keys while they are filled for the first time.
_INDEXED: tuple[type[Model], ...] = (Paper, Citation)


def missing_indexes() -> list[tuple[type[Model], str]]:
    """The indexes that a load has taken off and, having been killed, not put back."""
    return [(model, name) for model in _INDEXED for name in engines.bulk.missing_indexes(connection, model)]


def missing_keys() -> list[tuple[type[Model], str]]:
    """The columns whose foreign keys are off, likewise."""
    return [(model, column) for model in _INDEXED for column in engines.bulk.missing_keys(connection, model)]


def restore_indexes(shown: Callable[[int, int], None] | None = None) -> int:
    """Put back every foreign key and index that is missing; returns how many were. Each is made in a transaction of its
    own.

    `shown` is called with how many are done, and of how many. Raises `ImportStopped` when the database is in the way.
    """
    bulk = engines.bulk
    missing: list[tuple[type[Model], str, _Find, _Do]]
    missing = [(*one, bulk.missing_keys, bulk.build_key) for one in missing_keys()]
    missing += [(*one, bulk.missing_indexes, bulk.build_index) for one in missing_indexes()]
    for place, (model, name, still_missing, put_back) in enumerate(missing):
        if shown:
            shown(place, len(missing))

        def build(
            model: type[Model] = model, name: str = name, still_missing: _Find = still_missing, put_back: _Do = put_back
        ) -> None:
            # Two loads that end together put them back together.
            if name in still_missing(connection, model):
                put_back(connection, model, name)

        persistently(build)
    persistently(_allow_deletion)
    return len(missing)


def _allow_deletion() -> None:
    """What citations point to may be deleted again, unless another load has just taken keys off."""
    if not missing_keys():
        for model in _INDEXED:
            engines.bulk.allow_deletion(connection, model)


def drop_indexes_of_empty_tables() -> None:
    """Take the secondary indexes and the foreign keys off tables without rows. Readers of an empty table do not miss
    them.
    """

    def drop() -> None:
        for model in _INDEXED:
            if not model._default_manager.exists():
                engines.bulk.drop_indexes(connection, model)
                engines.bulk.drop_keys(connection, model)

    persistently(drop)
