"""How far a command is that goes through steps of its own counting: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

# On a file or in a log, a line so many seconds after the last shows that it is going on.
_SECONDS = 5


@contextmanager
def steps(out: OutputWrapper) -> Iterator[Callable[[str, int, int], None]]:
    """What to call with what is being done, how much of it is done, and how much there is."""
    if not out.isatty():
        said_at = time.monotonic()

        def say(what: str, done: int, total: int) -> None:
            nonlocal said_at
            if done < total and time.monotonic() - said_at >= _SECONDS:
                said_at = time.monotonic()
                out.write(f"{what}: {done} of {total}", style_func=str)

        yield say
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)
