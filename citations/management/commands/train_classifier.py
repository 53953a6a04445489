"""`manage.py train_classifier`: a model of the collection's own, from its curators' labels or from files."""

from __future__ import annotations

import datetime
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from citations import suggesting
from citations.classifier import evaluation, files
from citations.classifier.examples import Example, ExampleError, read
from citations.classifier.files import ModelError
from citations.management.base import DatabaseCommand
from citations.management.output import INTERRUPTED
from citations.vocabulary import SUGGESTION_THRESHOLDS

FAMILY = "linear"
# What is said of where the labels come from, in a card. Longer texts belong into documents.
LONGEST_ABOUT = 2_000
NEEDED = (
    "Training needs scikit-learn, which the site does without. To install it: "
    ".venv/bin/pip install -r requirements-train.txt"
)


class Command(DatabaseCommand):
    """Train, judge by cross-validation, save."""

    help = (
        "Train a classifier from what curators decided (at least 400 sentences, 50 of each role), or from files of "
        "labelled sentences, and print how good it is. No paper's sentences are ever both learnt from and judged by. "
        "See docs/classifier.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("files", nargs="*", metavar="FILE", help="labelled sentences, one JSON object a line")
        parser.add_argument("--name", help=f"family and version; without it {FAMILY}- and today's date")
        parser.add_argument(
            "--output", metavar="PATH", type=Path, help="the file to write, instead of DATA_DIR/models/"
        )
        parser.add_argument(
            "--about", default="", help="where the labels come from and under which licence, for its card"
        )
        parser.add_argument("--phrases", type=_weight, default=0.0, help="weight of hand-written phrases (0 to 2)")
        parser.add_argument("--least", type=_least, default=2, help="sentences in which a run of words must occur")
        parser.add_argument(
            "--threshold", type=_share, help="least confidence of a suggestion, instead of the one found"
        )
        parser.add_argument("--dry-run", action="store_true", help="train and print, and save nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Gather, train, print, save."""
        try:
            from citations.classifier import training
        except ImportError:
            raise CommandError(NEEDED) from None
        path, name = self._place(options)
        examples, card = self._examples(options["files"])
        about = options["about"][:LONGEST_ABOUT]
        settings = training.Settings(phrases=options["phrases"], least=options["least"])
        try:
            trained = training.train(
                examples, name, {"title": name, "about": about, "data": card}, settings, self._progress
            )
            model = files.with_threshold(trained.model, options["threshold"])
        except (training.TooFewLabels, ModelError) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Interrupted: nothing was saved.", returncode=INTERRUPTED) from None
        self.stdout.write("Cross-validated by citing paper:")
        for line in evaluation.lines(trained.figures):
            self.stdout.write(line)
        self.stdout.write(f"It suggests from a confidence of {model.least_confidence:g}.")
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was saved.")
            return
        try:
            files.save(model, path)
        except ModelError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"saved {name} in {path}")

    def _place(self, options: dict[str, Any]) -> tuple[Path, str]:
        """The file and the name of the model, before time is spent on it."""
        name = options["name"] or self._free_name()
        if not files.NAME.fullmatch(name):
            raise CommandError(f"--name {name!r}: a name is a family, a hyphen and a version, such as linear-2026-11.")
        family = name.partition("-")[0]
        if family not in SUGGESTION_THRESHOLDS:
            known = ", ".join(SUGGESTION_THRESHOLDS)
            raise CommandError(f"--name {name!r}: {family} is no family of classifiers; there are {known}.")
        path = options["output"] or suggesting.model_path(name)
        if path.exists() and not options["dry_run"]:
            raise CommandError(f"{path} exists, and a model is never replaced: choose another name.")
        return path, name

    def _free_name(self) -> str:
        """A name of today that no model has."""
        today = f"{FAMILY}-{datetime.date.today():%Y-%m-%d}"
        names = [today, *(f"{today}.{n}" for n in range(2, 100))]
        return next((name for name in names if not suggesting.model_path(name).exists()), today)

    def _examples(self, paths: list[str]) -> tuple[list[Example], list[dict[str, object]]]:
        """What to learn from, and what the card says of it."""
        if not paths:
            examples = suggesting.curated_examples()
            return examples, [{"from": "curators of this collection", "sentences": len(examples)}]
        examples, card = [], []
        for raw in paths:
            try:
                found = read(Path(raw))
            except ExampleError as error:
                raise CommandError(str(error)) from None
            examples += found.examples
            card.append({"from": Path(raw).name, "sentences": len(found.examples), "labels": found.scheme})
            if left_out := ", ".join(f"{label} {n}" for label, n in sorted(found.left_out.items())):
                self.stdout.write(f"{Path(raw).name}: left out, without a role or of mixed ones: {left_out}")
        return examples, card

    def _progress(self, done: int, of: int) -> None:
        """How far training is."""
        self.stderr.write(f"round {done} of {of}")


def _weight(raw: str) -> float:
    return _between(raw, 0, 2)


def _share(raw: str) -> float:
    return _between(raw, 0, 1)


def _between(raw: str, low: float, high: float) -> float:
    """A number within bounds."""
    try:
        value = float(raw)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise ArgumentTypeError(f"{raw!r} is no number from {low:g} to {high:g}")
    return value


def _least(raw: str) -> int:
    """A number of sentences."""
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw[:9]) <= 1_000:
        raise ArgumentTypeError(f"{raw!r} is no whole number from 1 to 1000")
    return int(raw)
