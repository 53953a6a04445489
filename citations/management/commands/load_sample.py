"""`manage.py load_sample`: the illustrative collection around one paper."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from citations.importing import ImportStopped, run_import, sample_pages
from citations.management.base import DatabaseCommand
from citations.models import Paper
from citations.vocabulary import SAMPLE


class Command(DatabaseCommand):
    """Load the sample; repeatable."""

    help = (
        "Load the sample collection: the paper Pythia and thirty papers that cite it, with illustrative roles and "
        "polarities."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there are papers already")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it and say what became of its records."""
        if options["if_empty"] and Paper.objects.exists():
            self.stdout.write("There are papers already: the sample is not loaded.")
            return
        try:
            report = run_import(SAMPLE, sample_pages, {"collection": "pythia"})
        except ImportStopped as error:
            raise CommandError(str(error)) from None
        for note in report.notes:
            self.stdout.write(note)
        self.stdout.write(str(report.counts))
