"""`manage.py import_collection`: a whole collection from one file into an empty database."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from citations.exports import CollectionError, import_collection
from citations.management.base import DatabaseCommand
from citations.management.output import INTERRUPTED

# On a file or in a log, a line after each so many records shows that it is going on.
RECORDS_PER_LINE = 100_000


class Command(DatabaseCommand):
    """Take in what `export_collection` wrote: all of it, or nothing."""

    help = (
        "Import the collection in FILE, written by export_collection, into an empty database. The file is checked "
        "whole before anything is written; whatever goes wrong, nothing is. Those who decided become inactive accounts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("file", metavar="FILE", help="compressed by gzip or not; not standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import it, and say how much it was."""
        name: str = options["file"]
        if name == "-":
            raise CommandError("Standard input cannot be imported, since a collection is read twice: give a file.")
        try:
            with self._progress() as progress:
                imported = import_collection(Path(name), progress=progress)
        except CollectionError as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Interrupted: nothing was stored.", returncode=INTERRUPTED) from None
        self.stdout.write(f"imported {imported} {'record' if imported == 1 else 'records'} from {name}")

    @contextmanager
    def _progress(self) -> Iterator[Callable[[str, int, int], None]]:
        """What to call with progress: a bar on a terminal, a line now and then elsewhere."""
        if not self.stderr.isatty():
            yield self._say
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            tasks: dict[str, Any] = {}

            def move(what: str, done: int, total: int) -> None:
                task = tasks.setdefault(what, None)
                if task is None:
                    task = tasks[what] = bar.add_task(what, total=total)
                bar.update(task, completed=done, total=total)

            yield move

    def _say(self, what: str, done: int, total: int) -> None:
        """A line for a log."""
        if done % RECORDS_PER_LINE == 0 and done < total:
            self.stderr.write(f"{what}: {done} of {total}", style_func=str)
