"""Blanking what a person should not have written, or no longer wants to stand: a note, a sentence, an abstract, a
reporter's address. Nothing else, ever; what was decided stays (DESIGN section 4).
"""

from __future__ import annotations

from enum import StrEnum

from django.db import connection, transaction

from citations import summaries
from citations.models import Label, Mention, Paper, Report
from citations.summaries import Cause
from citations.vocabulary import CURATOR


class Redactable(StrEnum):
    """What may be blanked; each is named by the number of the row that holds it."""

    NOTE = "note"
    SENTENCE = "sentence"
    ABSTRACT = "abstract"
    ADDRESS = "address"


# In which table each stands, for messages.
HOLDERS = {
    Redactable.NOTE: "label",
    Redactable.SENTENCE: "mention",
    Redactable.ABSTRACT: "paper",
    Redactable.ADDRESS: "report",
}


class RedactionError(ValueError):
    """Something that cannot be blanked: the message says why."""


def redact(what: Redactable, number: int) -> bool:
    """Blank `what` in the row `number`; says whether there was anything. Raises `RedactionError` for no such row.

    An import does not bring it back: the sentence's fingerprint stays, and the abstract counts as set by a curator.
    """
    with transaction.atomic():
        blank = {
            Redactable.NOTE: _note,
            Redactable.SENTENCE: _sentence,
            Redactable.ABSTRACT: _abstract,
            Redactable.ADDRESS: _address,
        }[what]
        return blank(number)


def _missing(what: Redactable, number: int) -> RedactionError:
    return RedactionError(f"There is no {HOLDERS[what]} {number}.")


def _note(number: int) -> bool:
    """The ORM refuses to touch labels; the database lets a note be emptied, and nothing more."""
    label = Label.objects.filter(pk=number).only("pk", "note").first()
    if label is None:
        raise _missing(Redactable.NOTE, number)
    if label.note:
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {Label._meta.db_table} SET note = '' WHERE id = %s", [number])
    return bool(label.note)


def _sentence(number: int) -> bool:
    """Full text forgets it as well."""
    mention = Mention.objects.select_related("citation").filter(pk=number).first()
    if mention is None:
        raise _missing(Redactable.SENTENCE, number)
    if not mention.sentence:
        return False
    summaries.lock_hubs([mention.citation.cited_id])
    Mention.objects.filter(pk=number).update(sentence="")
    summaries.recount(summaries.paper_changed([mention.citation.citing_id]), Cause("A sentence was redacted."))
    return True


def _abstract(number: int) -> bool:
    """Full text forgets it as well."""
    paper = Paper.objects.select_for_update().filter(pk=number).first()
    if paper is None:
        raise _missing(Redactable.ABSTRACT, number)
    if not paper.abstract:
        return False
    paper.abstract = ""
    paper.field_sources = {**paper.field_sources, "abstract": CURATOR}
    paper.save(update_fields=["abstract", "field_sources"])
    summaries.paper_changed([number])
    return True


def _address(number: int) -> bool:
    report = Report.objects.select_for_update().filter(pk=number).first()
    if report is None:
        raise _missing(Redactable.ADDRESS, number)
    had = bool(report.reporter_address)
    report.reporter_address = ""
    report.save(update_fields=["reporter_address"])
    return had
