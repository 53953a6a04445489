"""Indexes that a load takes off empty tables and puts back when they are full, or that the next start puts back."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.db.models import Model

from citations import engines
from citations.importing.bulk_transactions import persistently
from citations.models import Citation, Paper

# The tables that do without their secondary indexes while they are filled for the first time.
_INDEXED: tuple[type[Model], ...] = (Paper, Citation)


def missing_indexes() -> list[tuple[type[Model], str]]:
    """The indexes that a load has taken off and, having been killed, not put back."""
    return [(model, name) for model in _INDEXED for name in engines.bulk.missing_indexes(connection, model)]


def restore_indexes(shown: Callable[[int, int], None] | None = None) -> int:
    """Put back every index that is missing; returns how many were. Each is made in a transaction of its own.

    `shown` is called with how many are done, and of how many. Raises `ImportStopped` when the database is in the way.
    """
    missing = missing_indexes()
    for place, (model, name) in enumerate(missing):
        if shown:
            shown(place, len(missing))

        def build(model: type[Model] = model, name: str = name) -> None:
            # Two loads that end together put them back together.
            if name in engines.bulk.missing_indexes(connection, model):
                engines.bulk.build_index(connection, model, name)

        persistently(build)
    return len(missing)


def drop_indexes_of_empty_tables() -> None:
    """Take the secondary indexes off tables without rows. Readers of an empty table do not miss them."""

    def drop() -> None:
        for model in _INDEXED:
            if not model._default_manager.exists():
                engines.bulk.drop_indexes(connection, model)

    persistently(drop)
