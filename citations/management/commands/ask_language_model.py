"""Suggest roles by asking a language model, where the operator has named one."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from citations import suggesting
from citations.management.base import DatabaseCommand
from citations.models import Paper
from citations.sources.language_model import LanguageModel, LanguageModelError, NoAnswerError
from citations.suggesting import Counts

# Requests that one run sends at most, unless told otherwise.
MOST_REQUESTS = 200
# So many citations without an answer, one after the other, mean that the service is not there.
FAILURES_IN_A_ROW = 5


class Command(DatabaseCommand):
    """`ask_language_model [--hub SLUG] [--all] [--most N]`."""

    help = (
        "Suggest roles by asking the language model of LLM_API_URL and LLM_MODEL. Its suggestions have a source of "
        "their own, wait for a curator and are never counted. Ends after so many requests; the same command goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("--hub", metavar="SLUG", help="only the papers that cite this one")
        parser.add_argument("--all", action="store_true", help="also citations whose role is decided")
        parser.add_argument(
            "--again", action="store_true", help="also citations that this model was asked about before"
        )
        parser.add_argument(
            "--most", type=int, default=MOST_REQUESTS, metavar="N", help=f"requests at most ({MOST_REQUESTS})"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask citation by citation; ends with the counts and what was used."""
        if not settings.LLM_API_URL or not settings.LLM_MODEL:
            raise CommandError("No language model is named: set LLM_API_URL and LLM_MODEL (docs/classifier.md).")
        if options["most"] < 1:
            raise CommandError("--most takes a number of requests from 1 on.")
        hub = self._hub(options["hub"]) if options["hub"] else None
        model = LanguageModel(settings.LLM_API_URL, settings.LLM_MODEL, settings.LLM_API_KEY)
        waiting = suggesting.citations_to_classify(hub, everything=options["all"])
        if not options["again"]:
            waiting = suggesting.not_yet_said(waiting, model.name)
        total, unanswered, in_a_row, why = Counts(), 0, 0, ""
        try:
            for citation in waiting:
                # A citation takes two requests at most.
                if model.requests + 2 > options["most"]:
                    self.stdout.write(f"Stopped after {model.requests} requests; the same command goes on.")
                    break
                try:
                    total += suggesting.ask(model, citation)
                    in_a_row = 0
                except NoAnswerError as error:
                    unanswered, in_a_row, why = unanswered + 1, in_a_row + 1, str(error)
                    if in_a_row == FAILURES_IN_A_ROW:
                        raise CommandError(f"{why} Nothing is lost: the same command goes on.") from None
        except LanguageModelError as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Interrupted: what was answered is kept, and the same command goes on.") from None
        if unanswered:
            self.stderr.write(f"{unanswered} without a usable answer. The last: {why}")
        self.stdout.write(f"{model.name}: {total}; {model.requests} requests, {model.tokens} tokens.")

    def _hub(self, slug: str) -> int:
        """The id of the paper with this slug."""
        paper = Paper.objects.filter(slug=slug).values_list("pk", "merged_into_id").first()
        if paper is None:
            raise CommandError(f"There is no paper with the slug {slug!r}.")
        return paper[1] or paper[0]
