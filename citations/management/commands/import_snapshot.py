"""`manage.py import_snapshot`: whole collections from the bulk files that services publish, and from edge lists."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from citations.importing import ImportStopped
from citations.importing.bulk import BulkReport, Progress, import_snapshot
from citations.management.base import DatabaseCommand
from citations.management.output import INTERRUPTED, Shown, print_notes
from citations.sources import edges, snapshot_openalex, snapshot_semanticscholar
from citations.sources.decoding import shown_name
from citations.sources.records import SourceError
from citations.sources.snapshots import Snapshot

OPENALEX, SEMANTIC_SCHOLAR, EDGES = "openalex", "semanticscholar", "edges"
# Where there is no terminal, a line at the end of each step and otherwise every so many seconds.
_SECONDS_BETWEEN_LINES = 10.0


class Command(DatabaseCommand):
    """Import bulk files: repeatable, and resumable by the same command."""

    help = (
        "Import bulk files: OpenAlex's snapshot, Semantic Scholar's datasets, or lists of citing and cited papers. "
        "A second run changes only what has changed; an interrupted one goes on where it stopped. "
        "See docs/importing.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("directory", metavar="DIR", help="the directory with the files; for edges also one file")
        parser.add_argument("--source", required=True, choices=(OPENALEX, SEMANTIC_SCHOLAR, EDGES))
        parser.add_argument(
            "--metadata", metavar="FILE", help="edges: titles, authors, years: a table, JSON Lines, or AAN's blocks"
        )
        parser.add_argument(
            "--name",
            default="",
            help="edges: what the list is called; its nodes are told apart by it (default: the file)",
        )
        parser.add_argument(
            "--scheme", help="edges: what the nodes are, such as doi, arxiv or acl (default: only nodes)"
        )
        parser.add_argument("--dry-run", action="store_true", help="report what would be done, and store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the files; ends with the counts of each step, then of all."""
        directory = Path(options["directory"])
        shown = Shown(shown_name(directory.absolute()), dry_run=options["dry_run"])
        try:
            snapshot = _open(directory, options)
            with self._progress(shown) as move:
                report = import_snapshot(
                    snapshot,
                    _arguments(directory, options),
                    name=options["source"],
                    dry_run=options["dry_run"],
                    progress=move,
                )
        except KeyboardInterrupt:
            end = "Interrupted: nothing was stored." if shown.dry_run else f"Interrupted.{shown.how_to_go_on()}"
            raise CommandError(end, returncode=INTERRUPTED) from None
        except (SourceError, ImportStopped) as error:
            raise CommandError(f"{error}{shown.how_to_go_on()}") from None
        self._end(report, dry_run=options["dry_run"])

    def _end(self, report: BulkReport, *, dry_run: bool) -> None:
        """What the user should know, and the counts."""
        print_notes(self.stdout, report)
        if len(report.steps) > 1:
            for name, counts in report.steps.items():
                self.stdout.write(f"{name}: {counts}")
        if dry_run:
            self.stdout.write("Dry run: nothing was stored.")
        self.stdout.write(str(report.counts))

    @contextmanager
    def _progress(self, shown: Shown) -> Iterator[Callable[[Progress], None]]:
        """What to call after each batch: a bar for each step on a terminal, lines elsewhere."""
        if not self.stdout.isatty():
            yield _Lines(self.stdout.write, shown)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Bars(*columns, console=Console()) as bars:
            yield _Bars(bars, shown)


class _Rate:
    """How many records a second a step does."""

    def __init__(self) -> None:
        self._step, self._since, self._before = "", monotonic(), 0

    def of(self, progress: Progress) -> str:
        """The rate of the step so far: records where it reads, else its own units."""
        counts = progress.report.steps.get(progress.step)
        done = counts.total if counts else progress.done
        if progress.step != self._step:
            self._step, self._since, self._before = progress.step, monotonic(), done
            return ""
        seconds = monotonic() - self._since
        unit = "records" if counts else progress.unit
        return f"{(done - self._before) / seconds:,.0f} {unit}/s" if seconds > 0 else ""


class _Bars:
    """A bar for each step."""

    def __init__(self, bars: Bars, shown: Shown) -> None:
        self._bars, self._shown, self._rate = bars, shown, _Rate()
        self._tasks: dict[str, Any] = {}

    def __call__(self, progress: Progress) -> None:
        self._shown.rows = progress.report.counts.total
        if progress.step not in self._tasks:
            self._tasks[progress.step] = self._bars.add_task(progress.step, total=None, rate="")
        self._bars.update(
            self._tasks[progress.step], completed=progress.done, total=progress.total, rate=self._rate.of(progress)
        )


class _Lines:
    """A line now and then."""

    def __init__(self, write: Callable[[str], object], shown: Shown) -> None:
        self._write, self._shown, self._rate = write, shown, _Rate()
        self._last = monotonic()

    def __call__(self, progress: Progress) -> None:
        self._shown.rows = progress.report.counts.total
        rate = self._rate.of(progress)
        is_end = progress.done >= progress.total
        if not is_end and monotonic() - self._last < _SECONDS_BETWEEN_LINES:
            return
        self._last = monotonic()
        share = f"{progress.done / progress.total:.0%}" if progress.total else "100%"
        read = f", {self._shown.rows} records" if progress.unit == "bytes" else ""
        self._write(f"{progress.step}: {share}{read}{f', {rate}' if rate else ''}")


def _open(directory: Path, options: dict[str, Any]) -> Snapshot:
    """The files that the user means. Raises SourceError, and CommandError for options that do not go together."""
    if options["source"] == EDGES:
        scheme = edges.known_scheme(options["scheme"]) if options["scheme"] else None
        metadata = Path(options["metadata"]) if options["metadata"] else None
        return edges.open_edges(directory, name=options["name"], scheme=scheme, metadata=metadata)
    for option in ("metadata", "name", "scheme"):
        if options[option]:
            raise CommandError(
                f"--{option} goes with --source {EDGES}; the files of {options['source']} say it themselves."
            )
    if options["source"] == OPENALEX:
        return snapshot_openalex.open_snapshot(directory)
    return snapshot_semanticscholar.open_snapshot(directory)


def _arguments(directory: Path, options: dict[str, Any]) -> dict[str, Any]:
    """What tells this import from others, and what the run shows."""
    given = {name: options[name] for name in ("name", "scheme", "metadata") if options[name]}
    return {"directory": str(directory.absolute()), **given}
