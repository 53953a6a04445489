"""`manage.py redact`: blank a note, a sentence, an abstract or a reporter's address."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from citations.curation.redaction import HOLDERS, Redactable, RedactionError, redact
from citations.management.base import DatabaseCommand


class Command(DatabaseCommand):
    """Blank one text of one row. What was decided stays."""

    help = (
        "Blank the note of a label, the sentence of a mention, the abstract of a paper or the address of a report, "
        "named by the row's number. Nothing else can be blanked, and it cannot be undone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        held = ", ".join(f"{what} (of a {HOLDERS[what]})" for what in Redactable)
        parser.add_argument("what", choices=[what.value for what in Redactable], help=held)
        parser.add_argument(
            "numbers", nargs="+", type=int, metavar="NUMBER", help="the row's number, as the admin shows it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Blank them one by one, each in a transaction of its own; stops at the first that is not there."""
        what = Redactable(options["what"])
        for number in options["numbers"]:
            try:
                done = redact(what, number)
            except RedactionError as error:
                raise CommandError(f"{error} Those before it were blanked.") from error
            self.stdout.write(f"{what} of {HOLDERS[what]} {number}: {'blanked' if done else 'was empty already'}")
