"""`manage.py import_citations`: who cites a paper, or what it cites, from a service."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from citations.identifiers import BadIdentifier, Identifier, display, parse
from citations.importing import Counts, ImportStopped, Report, Service, make_service, run_import, service_names
from citations.sources.records import SourceError, UnknownPaper

# What a shell says of a process that was interrupted: 128 and the number of the signal.
INTERRUPTED = 130


class Command(BaseCommand):
    """Import citations page by page: repeatable, and resumable by the same command."""

    help = (
        "Import the papers that cite a paper, or that it cites, with their sentences and intents. "
        "A second run changes only what has changed there; an interrupted one goes on where it stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument(
            "papers",
            nargs="+",
            metavar="ID",
            help="arXiv:2304.01373, DOI:10..., CorpusId:..., a 40-digit Semantic Scholar id, or a web address",
        )
        parser.add_argument("--source", default="semanticscholar", help=f"one of: {', '.join(service_names())}")
        parser.add_argument("--direction", choices=("citations", "references", "both"), default="citations")
        parser.add_argument("--limit", metavar="N", help="read at most N rows of each list")
        parser.add_argument("--dry-run", action="store_true", help="report what would be done, and store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import each list in turn; ends with the counts of all."""
        identifiers = [_identifier(raw) for raw in options["papers"]]
        limit = _limit(options["limit"])
        try:
            service = make_service(options["source"])
        except SourceError as error:
            raise CommandError(str(error)) from None
        directions = ("citations", "references") if options["direction"] == "both" else (options["direction"],)
        lists = list(dict.fromkeys(product(identifiers, directions)))
        total, failures = Counts(), []
        for identifier, direction in lists:
            name = f"{display(identifier)} {direction}"
            try:
                report = self._import(service, identifier, direction, limit, dry_run=options["dry_run"])
            except UnknownPaper as error:
                failures.append(str(error))
                continue
            except (SourceError, ImportStopped) as error:
                raise CommandError(f"{error}{self._how_to_go_on(name)}") from None
            self._print_notes(report)
            total += report.counts
            if len(lists) > 1:
                self.stdout.write(f"{name}: {report.counts}")
        self._end(
            total, list(dict.fromkeys(failures)), some_done=len(failures) < len(lists), dry_run=options["dry_run"]
        )

    def _import(
        self, service: Service, identifier: Identifier, direction: Any, limit: int | None, *, dry_run: bool
    ) -> Report:
        """Import one list, showing how far it is."""
        name = f"{display(identifier)} {direction}"
        arguments = {"paper": str(identifier), "direction": direction, "limit": limit}
        self._stored = 0
        with self._progress(name) as progress:
            try:
                return run_import(
                    service.name,
                    partial(_pages, service, identifier, direction, limit),
                    arguments,
                    dry_run=dry_run,
                    progress=progress,
                )
            except KeyboardInterrupt:
                stopped = (
                    f"Interrupted.{self._how_to_go_on(name)}" if not dry_run else "Interrupted: nothing was stored."
                )
                raise CommandError(stopped, returncode=INTERRUPTED) from None

    @contextmanager
    def _progress(self, name: str) -> Iterator[Any]:
        """What to call after each page: a bar on a terminal, a line elsewhere."""
        if not self.stdout.isatty():

            def say(report: Report) -> None:
                self._stored = report.counts.total
                self.stdout.write(f"{name}: {_how_far(report)}")

            yield say
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(), transient=True) as bar:
            task = bar.add_task(name, total=None)

            def move(report: Report) -> None:
                self._stored = report.counts.total
                bar.update(task, completed=report.counts.total, total=report.expected)

            yield move

    def _how_to_go_on(self, name: str) -> str:
        """What is stored, and how to resume; nothing where nothing was stored."""
        return (
            f" {self._stored} rows of {name} are stored: the same command goes on from there." if self._stored else ""
        )

    def _print_notes(self, report: Report) -> None:
        """What the user should read."""
        if report.resumed_after:
            self.stdout.write(f"Went on after the {report.resumed_after} rows of an interrupted run.")
        for note in report.notes:
            self.stdout.write(note)

    def _end(self, total: Counts, failures: list[str], *, some_done: bool, dry_run: bool) -> None:
        """The last line, or the reason why there is none."""
        if failures and not some_done:
            raise CommandError(" ".join(failures))
        if dry_run:
            self.stdout.write("Dry run: nothing was stored.")
        self.stdout.write(str(total))
        if failures:
            raise CommandError(" ".join(failures))


def _pages(service: Service, identifier: Identifier, direction: Any, limit: int | None, cursor: Any) -> Any:
    """The pages of one list from a cursor on."""
    return service.pages(identifier, direction, cursor, limit)


def _identifier(raw: str) -> Identifier:
    """What the user named, or a line that says what is wrong with it."""
    try:
        return parse(raw)
    except BadIdentifier as error:
        raise CommandError(str(error)) from None


def _limit(raw: str | int | None) -> int | None:
    """A number of rows from 1 on; None for all."""
    if raw is None:
        return None
    try:
        number = int(raw)
    except ValueError:
        number = 0
    if number < 1:
        raise CommandError(f"--limit takes a whole number from 1 on, not {str(raw)!r}.")
    return number


def _how_far(report: Report) -> str:
    """So many rows, of so many where the service tells."""
    expected = f" of {report.expected}" if report.expected and report.expected >= report.counts.total else ""
    return f"{report.counts.total}{expected} rows"
