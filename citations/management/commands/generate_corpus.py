"""`manage.py generate_corpus`: a made-up collection of any size, for trials and measurements."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import Progress

from citations.importing.synthetic import generate_corpus, parse_sizes
from citations.management.base import DatabaseCommand

# Where no bar can be drawn, a line after each so many rows shows that it is going on.
ROWS_PER_LINE = 50_000


class Command(DatabaseCommand):
    """Make synthetic hubs with papers that cite them, labels and sentences."""

    help = (
        "Make a synthetic collection: the same seed and sizes give the same one. Refuses a database that holds papers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("--seed", type=int, default=1, help="a whole number; another one gives another collection")
        parser.add_argument(
            "--hub-sizes",
            default="100,1000",
            metavar="N,N,...",
            help="the number of citing papers of each hub (default: 100,1000)",
        )
        parser.add_argument(
            "--papers", type=int, help="how many papers the hubs draw from (default: as many as the largest hub needs)"
        )
        parser.add_argument("--force", action="store_true", help="add to a database that holds papers already")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and name its hubs."""
        try:
            sizes = list(parse_sizes(options["hub_sizes"]))
            corpus = self._make(sizes, options)
        except ValueError as error:
            hint = "" if options["force"] or "already" not in str(error) else " --force adds them all the same."
            raise CommandError(f"{error}{hint}") from None
        self.stdout.write(
            f"{corpus.papers:,} papers, {corpus.citations:,} citations, {corpus.labels:,} labels, "
            f"{corpus.sentences:,} sentences, all synthetic. Hubs:"
        )
        for size, slug in zip(sizes, corpus.hubs, strict=True):
            self.stdout.write(f"{size:>10,}  {slug}")

    def _make(self, sizes: list[int], options: dict[str, Any]) -> Any:
        """Run it with a bar on a terminal, with a line now and then elsewhere."""
        asked = {"papers": options["papers"], "seed": options["seed"], "force": options["force"]}
        if not self.stdout.isatty():
            return generate_corpus(sizes, **asked, progress=self._line)
        with Progress(console=Console(stderr=True), transient=True) as bar:
            tasks: dict[str, Any] = {}

            def move(what: str, done: int, total: int) -> None:
                if what not in tasks:
                    tasks[what] = bar.add_task(what.capitalize(), total=total)
                bar.update(tasks[what], completed=done)

            return generate_corpus(sizes, **asked, progress=move)

    def _line(self, what: str, done: int, total: int) -> None:
        """One line for each so many rows."""
        if done // ROWS_PER_LINE > max(0, done - 2_000) // ROWS_PER_LINE and total > ROWS_PER_LINE:
            self.stderr.write(f"{done:,} of {total:,} {what}")
