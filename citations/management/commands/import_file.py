"""`manage.py import_file`: papers and citations from files."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from citations.importing import Counts, ImportStopped, Report
from citations.importing.files import find_cited, import_file
from citations.management.base import DatabaseCommand
from citations.management.output import DRY_RUN_HELP, Shown, print_notes, progress
from citations.sources.decoding import shown_name
from citations.sources.files import AUTO, FORMATS
from citations.sources.records import PaperRecord, SourceError


class Command(DatabaseCommand):
    """Import files one by one: repeatable, and resumable by the same command."""

    help = (
        "Import papers from files: BibTeX, RIS, CSL-JSON, the rows that this site exports (CSV, JSON Lines), and files "
        "of labelled citation sentences. A second run changes only what has changed; an interrupted one goes on where "
        "it stopped. See docs/importing.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("paths", nargs="+", metavar="PATH", help="a file")
        parser.add_argument(
            "--cites",
            metavar="ID",
            help="a paper of the collection, by identifier or slug: every entry becomes one of its citing papers",
        )
        parser.add_argument(
            "--format",
            default=AUTO,
            choices=(AUTO, *FORMATS),
            help="what the files are; auto tells by the name's ending, then by the content",
        )
        parser.add_argument("--dry-run", action="store_true", help=DRY_RUN_HELP)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import each file in turn; ends with the counts of all."""
        cites = self._cited(options["cites"])
        paths = [Path(raw) for raw in dict.fromkeys(options["paths"])]
        total, failures = Counts(), []
        for path in paths:
            shown = Shown(shown_name(path), dry_run=options["dry_run"])
            try:
                report = self._import(path, shown, cites, options)
            except SourceError as error:
                failures.append(f"{error}{shown.how_to_go_on()}")
                continue
            except ImportStopped as error:
                raise CommandError(f"{error}{shown.how_to_go_on()}") from None
            print_notes(self.stdout, report)
            total += report.counts
            if len(paths) > 1:
                self.stdout.write(f"{shown.name}: {report.counts}")
        self._end(total, failures, some_done=len(failures) < len(paths), dry_run=options["dry_run"])

    def _cited(self, raw: str | None) -> PaperRecord | None:
        """The paper that --cites names."""
        if raw is None:
            return None
        try:
            return find_cited(raw)
        except SourceError as error:
            raise CommandError(str(error)) from None

    def _import(self, path: Path, shown: Shown, cites: PaperRecord | None, options: dict[str, Any]) -> Report:
        """Import one file, showing how far it is."""
        with progress(self.stdout, shown) as move:
            return import_file(path, format=options["format"], cites=cites, dry_run=shown.dry_run, progress=move)

    def _end(self, total: Counts, failures: list[str], *, some_done: bool, dry_run: bool) -> None:
        """The last line, and the files that could not be read, one a line."""
        if some_done:
            if dry_run:
                self.stdout.write("Dry run: nothing was stored.")
            self.stdout.write(str(total))
        if failures:
            raise CommandError("\n".join(failures))
