"""`manage.py export_collection`: the whole collection into one file."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from citations.exports import CollectionError, replacing, write_collection
from citations.management.base import DatabaseCommand
from citations.management.output import INTERRUPTED

# What a shell says of a process whose reader went away: 128 and the number of the signal.
BROKEN_PIPE = 141
# On a file or in a log, a line after each so many records shows that it is going on.
RECORDS_PER_LINE = 100_000


class Command(DatabaseCommand):
    """Write a collection that `import_collection` takes in again."""

    help = (
        "Write the whole collection to FILE as JSON Lines (docs/collections.md): papers, citations, sentences, labels, "
        "decisions of people, with all times. `-` is standard output; a name that ends in .gz is compressed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--force", action="store_true", help="overwrite FILE when it exists")
        parser.add_argument(
            "--with-addresses", action="store_true", help="include the e-mail addresses that readers left with reports"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it, and say how much it was."""
        name: str = options["file"]
        to_standard_output = name == "-"
        try:
            with self._progress() as progress:
                if to_standard_output:
                    stream: BinaryIO = cast(Any, self.stdout).buffer  # what Django wraps is handed on
                    written = write_collection(stream, with_addresses=options["with_addresses"], progress=progress)
                    stream.flush()
                else:
                    with replacing(Path(name), overwrite=options["force"]) as stream:
                        written = write_collection(stream, with_addresses=options["with_addresses"], progress=progress)
        except CollectionError as error:
            raise CommandError(str(error)) from None
        except BrokenPipeError:
            raise CommandError("The export ended early: nobody reads it.", returncode=BROKEN_PIPE) from None
        except KeyboardInterrupt:
            outcome = "the export is not complete" if to_standard_output else f"{name} was not written"
            raise CommandError(f"Interrupted: {outcome}.", returncode=INTERRUPTED) from None
        out = self.stderr if to_standard_output else self.stdout
        out.write(f"exported {written} {'record' if written == 1 else 'records'} to {name}")

    @contextmanager
    def _progress(self) -> Iterator[Callable[[str, int, int], None]]:
        """What to call with progress: a bar on a terminal, a line now and then elsewhere; never on standard output."""
        if not self.stderr.isatty():
            yield self._say
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("Records", total=None)
            yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)

    def _say(self, what: str, done: int, total: int) -> None:
        """A line for a log."""
        if done % RECORDS_PER_LINE == 0 and done < total:
            self.stderr.write(f"{what}: {done} of {total}", style_func=str)
