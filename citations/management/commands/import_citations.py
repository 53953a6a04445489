"""`manage.py import_citations`: who cites a paper, or what it cites, from one service or several."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from django.core.management.base import CommandError

from citations.identifiers import BadIdentifier, Identifier, display, parse
from citations.importing import (
    Counts,
    ImportStopped,
    Report,
    Service,
    Trial,
    import_list,
    make_service,
    service_names,
)
from citations.management.base import DatabaseCommand
from citations.management.output import DRY_RUN_HELP, Shown, print_notes, progress
from citations.sources.records import Direction, SourceError, UnknownPaper
from citations.sources.transport import TooManyRequests
from citations.vocabulary import source_label

# One list that cannot be read may be the list's own trouble; after two in a row the service is left in peace.
MOST_FAILURES = 2


@dataclass
class _Outcome:
    """What became of the lists so far: counts by service, one line for each failure, and failures in a row."""

    counts: dict[str, Counts] = field(default_factory=dict)
    failures: dict[str, None] = field(default_factory=dict)
    failed_in_a_row: Counter[str] = field(default_factory=Counter)
    not_asked: Counter[str] = field(default_factory=Counter)

    def add(self, service: Service, report: Report) -> None:
        """A list was imported."""
        self.counts[service.name] = self.counts.get(service.name, Counts()) + report.counts
        self.failed_in_a_row[service.name] = 0

    def fail(self, service: Service, error: SourceError, how_to_go_on: str) -> None:
        """A list was not, or not wholly, imported."""
        self.failures[f"{error}{how_to_go_on}"] = None
        if isinstance(error, TooManyRequests):
            self.failed_in_a_row[service.name] = MOST_FAILURES
        elif not isinstance(error, UnknownPaper):
            self.failed_in_a_row[service.name] += 1

    def is_out_of_order(self, service: Service) -> bool:
        """Whether a service had better not be asked any more."""
        return self.failed_in_a_row[service.name] >= MOST_FAILURES

    def lines_of_failure(self) -> list[str]:
        """What the user must know went wrong."""
        skipped = [
            f"{source_label(name)} was not asked for {number} more {'list' if number == 1 else 'lists'}."
            for name, number in self.not_asked.items()
        ]
        return [*self.failures, *skipped]


class Command(DatabaseCommand):
    """Import citations page by page: repeatable, and resumable by the same command."""

    help = (
        "Import the papers that cite a paper, or that it cites, with their sentences and intents. "
        "What several services say of the same paper is merged by its identifiers. "
        "A second run changes only what has changed there; an interrupted one goes on where it stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument(
            "papers",
            nargs="+",
            metavar="ID",
            help="arXiv:2304.01373, DOI:10..., CorpusId:..., W..., PMID:..., or a web address that holds one",
        )
        parser.add_argument(
            "--source",
            default="semanticscholar",
            metavar="NAME[,NAME]",
            help=f"which services are asked, in this order; among: {', '.join(service_names())}",
        )
        parser.add_argument("--direction", choices=("citations", "references", "both"), default="citations")
        parser.add_argument("--limit", metavar="N", help="read at most N rows of each list")
        parser.add_argument("--dry-run", action="store_true", help=DRY_RUN_HELP)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import each list from each service in turn; ends with the counts of all."""
        identifiers = dict.fromkeys(_identifier(raw) for raw in options["papers"])
        limit = _limit(options["limit"])
        services = _services(options["source"])
        directions: tuple[Direction, ...] = ("citations", "references")
        if options["direction"] != "both":
            directions = (options["direction"],)
        outcome = _Outcome()
        number_of_lists = len(identifiers) * len(directions) * len(services)
        for identifier, direction in product(identifiers, directions):
            trial = Trial() if options["dry_run"] else None
            for service in services:
                if outcome.is_out_of_order(service):
                    outcome.not_asked[service.name] += 1
                    continue
                name = f"{display(identifier)} {direction}"
                name += f" from {source_label(service.name)}" if len(services) > 1 else ""
                shown = Shown(name, dry_run=trial is not None)
                report = self._import(service, identifier, direction, limit, shown, trial, outcome)
                if report is not None and number_of_lists > 1:
                    self.stdout.write(f"{name}: {report.counts}")
        self._end(outcome, is_dry=options["dry_run"], has_subtotals=1 < len(services) < number_of_lists)

    def _import(
        self,
        service: Service,
        identifier: Identifier,
        direction: Direction,
        limit: int | None,
        shown: Shown,
        trial: Trial | None,
        outcome: _Outcome,
    ) -> Report | None:
        """Import one list from one service, showing how far it is; None where that failed."""
        try:
            with progress(self.stdout, shown) as move:
                report = import_list(
                    service, identifier, direction, limit=limit, dry_run=shown.dry_run, trial=trial, progress=move
                )
        except SourceError as error:
            outcome.fail(service, error, shown.how_to_go_on())
            return None
        except ImportStopped as error:
            raise CommandError(f"{error}{shown.how_to_go_on()}") from None
        print_notes(self.stdout, report)
        outcome.add(service, report)
        return report

    def _end(self, outcome: _Outcome, *, is_dry: bool, has_subtotals: bool) -> None:
        """The last line, and what went wrong, one a line."""
        if outcome.counts:
            for name, counts in outcome.counts.items() if has_subtotals else ():
                self.stdout.write(f"{source_label(name)}: {counts}")
            if is_dry:
                self.stdout.write("Dry run: nothing was stored.")
            self.stdout.write(str(_sum(outcome.counts.values())))
        if outcome.failures:
            raise CommandError("\n".join(outcome.lines_of_failure()))


def _sum(counts: Iterable[Counts]) -> Counts:
    """All counts together."""
    total = Counts()
    for one in counts:
        total += one
    return total


def _services(raw: str) -> list[Service]:
    """The services that the user named, each once, or a line that says which there are."""
    names = list(dict.fromkeys(part.strip().lower() for part in raw.split(",") if part.strip()))
    if not names:
        raise CommandError(f"--source takes names of services, separated by commas: {', '.join(service_names())}.")
    try:
        return [make_service(name) for name in names]
    except SourceError as error:
        raise CommandError(str(error)) from None


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
