"""Statements that take long are noted in the log, without their parameters: those may be what somebody typed.

The time is that from sending the statement until its first rows are there. SQLite makes the rows of a plain scan while
they are fetched, which is not counted.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)

# Of a statement, in characters: those with hundreds of placeholders are longer, and say no more.
SHOWN = 2_000


class SlowQueryWatch:
    """Wraps the statements of a connection. `milliseconds`: what takes that long or longer is noted."""

    def __init__(self, milliseconds: int, alias: str) -> None:
        self._seconds, self._alias = milliseconds / 1000, alias

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """What the statement gives; noted also where it fails."""
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            taken = time.perf_counter() - begun
            if taken >= self._seconds:
                facts = {"milliseconds": round(taken * 1000), "database": self._alias, "sql": str(sql)[:SHOWN]}
                logger.warning("A slow statement.", extra=facts)


def watch(connection: BaseDatabaseWrapper, milliseconds: int) -> None:
    """Note the slow statements of this connection from now on. Repeatable: a connection is opened again and again."""
    wrappers = connection.execute_wrappers
    if not any(isinstance(wrapper, SlowQueryWatch) for wrapper in wrappers):
        wrappers.append(SlowQueryWatch(milliseconds, connection.alias))
