"""`manage.py classify`: suggestions for citations, from their sentences."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from citations import suggesting
from citations.classifier.files import ModelError
from citations.classifier.model import Model
from citations.management.base import DatabaseCommand
from citations.management.output import INTERRUPTED
from citations.models import Paper
from citations.suggesting import Counts
from citations.vocabulary import suggestion_threshold

# On a file or in a log, a line after each so many citations shows that it is going on.
CITATIONS_PER_LINE = 10_000


class Command(DatabaseCommand):
    """Suggest roles: repeatable, and nothing is lost when it is interrupted."""

    help = (
        "Suggest roles for citations that nobody has classified, from their sentences. Suggestions wait for a curator "
        "and are never counted. A second run writes nothing unless sentences or the model changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("--hub", metavar="SLUG", help="only the papers that cite this one")
        parser.add_argument("--all", action="store_true", help="also citations whose role is decided")
        parser.add_argument(
            "--model",
            default="",
            help="name or path; without it the newest trained here, else the one that the site comes with",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the citations; ends with the counts."""
        try:
            model = suggesting.load_model(options["model"])
        except ModelError as error:
            raise CommandError(str(error)) from None
        if suggestion_threshold(model.name) is None:
            raise CommandError(f"{model.name} is of no known family of classifiers, so that it may not suggest.")
        hub = self._hub(options["hub"]) if options["hub"] else None
        citations = suggesting.citations_to_classify(hub, everything=options["all"])
        self.stdout.write(f"{model.name} suggests from a confidence of {model.least_confidence:g}.")
        total = Counts()
        try:
            for counts in self._each(model, citations):
                total += counts
        except KeyboardInterrupt:
            end = f"Interrupted after {total.total} of {len(citations)} citations: {total}. The same command goes on."
            raise CommandError(end, returncode=INTERRUPTED) from None
        self.stdout.write(str(total))

    def _hub(self, slug: str) -> int:
        """The id of the paper with this slug."""
        paper = Paper.objects.filter(slug=slug).values_list("pk", "merged_into_id").first()
        if paper is None:
            raise CommandError(f"There is no paper with the slug {slug!r}.")
        return paper[1] or paper[0]

    def _each(self, model: Model, citations: list[int]) -> Iterator[Counts]:
        """Batch by batch: a bar on a terminal, now and then a line elsewhere."""
        if not self.stdout.isatty():
            done = 0
            for counts in suggesting.classify(model, citations):
                yield counts
                if done // CITATIONS_PER_LINE < (done + counts.total) // CITATIONS_PER_LINE:
                    self.stderr.write(f"{done + counts.total} of {len(citations)} citations")
                done += counts.total
            return
        columns = (TextColumn("Citations"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=len(citations))
            for counts in suggesting.classify(model, citations):
                bar.advance(task, counts.total)
                yield counts
