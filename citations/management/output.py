"""What commands that take long have in common: how far they are, and how they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.management.base import CommandError, OutputWrapper
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from citations.importing import Report

# What a shell says of a process that was interrupted: 128 and the number of the signal.
INTERRUPTED = 130

# Of the option --dry-run. What is tried has to stand in the database for a while, if only for the command itself.
DRY_RUN_HELP = (
    "report what would be done, and store nothing; everything is read first, then other writers wait (on SQLite all of "
    "them) while it is tried"
)

# Some reasons name what was wrong with one record, and a file may have as many of them as lines.
_MOST_REASONS = 10


@dataclass
class Shown:
    """How far an import called `name` is, as it was shown last: `rows` of it were read, and stored unless `dry_run`."""

    name: str
    dry_run: bool = False
    rows: int = 0

    def how_to_go_on(self) -> str:
        """What is stored, and how to resume, to be put after a reason; nothing where nothing was stored."""
        if self.dry_run or not self.rows:
            return ""
        return f" {self.rows} rows of {self.name} are stored: the same command goes on from there."


@contextmanager
def progress(stdout: OutputWrapper, shown: Shown) -> Iterator[Callable[[Report], None]]:
    """What to call after each page of an import: a bar on a terminal, a line elsewhere.

    Ctrl-C within becomes a CommandError that says how to go on.
    """
    try:
        with _bar(shown) if stdout.isatty() else _lines(stdout, shown) as move:
            yield move
    except KeyboardInterrupt:
        end = "Interrupted: nothing was stored." if shown.dry_run else f"Interrupted.{shown.how_to_go_on()}"
        raise CommandError(end, returncode=INTERRUPTED) from None


@contextmanager
def _lines(stdout: OutputWrapper, shown: Shown) -> Iterator[Callable[[Report], None]]:
    """A line after each page."""

    def say(report: Report) -> None:
        shown.rows = report.counts.total
        stdout.write(f"{shown.name}: {how_far(report)}")

    yield say


class RateColumn(ProgressColumn):
    """How many rows a second come in, nothing before the second page."""

    def render(self, task: Task) -> Text:
        """The rate of the last pages, as `rich` keeps it."""
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{rate:,.0f} rows/s", style="progress.data.speed")


@contextmanager
def _bar(shown: Shown) -> Iterator[Callable[[Report], None]]:
    """A bar that moves with each page."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), RateColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(), transient=True) as bar:
        task = bar.add_task(escape(shown.name), total=None)

        def move(report: Report) -> None:
            shown.rows = report.counts.total
            bar.update(task, completed=report.counts.total, total=report.expected)

        yield move


def how_far(report: Report) -> str:
    """So many rows, of so many where the source tells."""
    expected = f" of {report.expected}" if report.expected and report.expected >= report.counts.total else ""
    return f"{report.counts.total}{expected} rows"


def print_notes(stdout: OutputWrapper, report: Report) -> None:
    """What the user should read: why records were rejected, the commonest reasons first, then notes."""
    told = report.reasons.most_common(_MOST_REASONS)
    for reason, number in told:
        stdout.write(f"rejected: {reason}: {number}")
    others = report.rejected - sum(number for _, number in told)
    if others > 0:
        stdout.write(f"rejected: for other reasons: {others}")
    if report.resumed_after:
        stdout.write(f"Went on after the {report.resumed_after} rows of an interrupted run.")
    for note in report.notes:
        stdout.write(note)
