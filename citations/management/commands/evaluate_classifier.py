"""`manage.py evaluate_classifier`: how good a model is on labelled sentences."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from citations import suggesting
from citations.classifier import evaluation
from citations.classifier.examples import ExampleError, read
from citations.classifier.files import ModelError


class Command(BaseCommand):
    """Judge a model by a file. Needs no database."""

    help = (
        "Judge a classifier by a file of labelled sentences (one JSON object a line): macro-F1, precision and recall, "
        "calibration, coverage and accuracy by threshold, with 95% intervals. Sentences that the model has learnt "
        "from flatter it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("file", metavar="FILE", type=Path, help="labelled sentences")
        parser.add_argument("--model", default="", help="name or path; without it the one that classify would use")
        parser.add_argument("--no-sections", action="store_true", help="judge by the text alone")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, judge, print."""
        try:
            model = suggesting.load_model(options["model"])
            found = read(options["file"])
        except (ModelError, ExampleError) as error:
            raise CommandError(str(error)) from None
        judged = evaluation.judge(model, found.examples, with_sections=not options["no_sections"])
        if not judged:
            raise CommandError(f"{options['file']} holds no sentence with a role that may be suggested.")
        figures = evaluation.measure(judged)
        if options["json"]:
            self.stdout.write(json.dumps({"model": model.name, **evaluation.as_card(figures)}, indent=1))
            return
        self.stdout.write(f"{model.name} on {options['file'].name}, labels read as {found.scheme}:")
        for line in evaluation.lines(figures):
            self.stdout.write(line)
        if others := len(found.examples) - len(judged) + sum(found.left_out.values()):
            self.stdout.write(f"{others} more sentences have no role, or one that is never suggested.")
