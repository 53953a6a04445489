"""Readers' reports: stored apart from the ledger until a curator answers, and answered once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from citations import labelling, summaries
from citations.formatting import datetime_text
from citations.labelling import LedgerMark
from citations.models import Citation, Label, Report
from citations.summaries import Cause
from citations.text.characters import clean_characters
from citations.vocabulary import CURATOR, DecidedBy, Polarity, Role

# Room for a sentence with its place, and for a reason; not for an essay, which no curator would read.
LONGEST_COMMENT = 2_000
# "See the third table." is about the least that helps a curator to find the place.
SHORTEST_COMMENT = 20
# As long as an address can be (RFC 5321), and as the column.
LONGEST_ADDRESS = 254
ACCEPTED_CAUSE = "A curator accepted a reader's report."


class ReportError(ValueError):
    """A report that cannot be stored or answered: the message says why, in a sentence for the person who tried."""


class AlreadyAnswered(ReportError):
    """Somebody else was quicker. `report` is as it stands now."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(f"{outcome(report)} Nothing of yours was saved.")


@dataclass(frozen=True)
class Suggestion:
    """What a reader says of a citation. None: the reader leaves it. `address` is "" where none was given."""

    role: Role | None
    polarity: Polarity | None
    comment: str
    address: str = ""


def submit(citation: Citation, said: Suggestion) -> Report:
    """Store what a reader says of `citation`, for curators alone.

    The same said again while the first is open (a form sent twice) is the first report. Of a citation that a merge hid,
    the one that stands for it is meant. Raises `ReportError` where nothing is said, or too much.
    """
    comment = clean(said.comment)
    if len(comment) > LONGEST_COMMENT:
        raise ReportError(f"The comment has {len(comment)} characters. Give at most {LONGEST_COMMENT}.")
    if len(said.address) > LONGEST_ADDRESS:
        raise ReportError(f"The address has more than {LONGEST_ADDRESS} characters. Leave it out, or give another.")
    if said.role is None and said.polarity is None and not comment:
        raise ReportError("Say what is wrong: choose a role or a polarity, or write what you saw.")
    facts = {
        "citation_id": citation.merged_into_id or citation.pk,
        "role": said.role or "",
        "polarity": said.polarity or "",
        "comment": comment,
    }
    with transaction.atomic():
        same = Report.objects.filter(**facts, reporter_address=said.address, status=Report.OPEN).order_by("pk").first()
        return same or Report.objects.create(**facts, reporter_address=said.address)


def clean(words: str) -> str:
    """What a reader wrote, with its lines, without characters that print nothing or turn the direction of the text."""
    return clean_characters(words).strip()


def accept(report_id: int, curator: User, answer: str = "", seen: LedgerMark | None = None) -> Report:
    """The curator agrees: what the report says becomes a label of theirs, whose note names the report.

    A report that is a comment alone changes no label. Raises `AlreadyAnswered` where it is not open any more, and
    `labelling.LedgerMovedError` where the citation's ledger is not at `seen`; nothing is written then.
    """
    with transaction.atomic():
        report = _open(report_id)
        label = _label(report, curator, answer, seen) if report.role or report.polarity else None
        return _answer(report, Report.ACCEPTED, curator, answer, label)


def decline(report_id: int, curator: User, answer: str = "") -> Report:
    """The curator disagrees, and may say why. Raises `AlreadyAnswered` where it is not open any more."""
    with transaction.atomic():
        return _answer(_open(report_id), Report.DECLINED, curator, answer, None)


def outcome(report: Report) -> str:
    """What became of a report, in a sentence; its answerer must be at hand."""
    if report.status == Report.OPEN:
        return f"Report {report.pk} is open."
    said = f"Report {report.pk} was {report.get_status_display().lower()}"
    by = f" by {report.answered_by.get_username()}" if report.answered_by else ""
    when = f" on {datetime_text(report.answered_at)}" if report.answered_at else ""
    answer = f" The answer: “{report.answer}”" if report.answer else ""
    return f"{said}{by}{when}.{answer}"


def forget_addresses(report_ids: Iterable[int]) -> int:
    """Blank the readers' addresses of answered reports; returns how many had one. Open reports keep theirs."""
    answered = Report.objects.filter(pk__in=list(report_ids)).exclude(status=Report.OPEN)
    return answered.exclude(reporter_address="").update(reporter_address="")


def _open(report_id: int) -> Report:
    """The report, locked after its hub as every writer of labels locks. Raises `AlreadyAnswered`."""
    summaries.lock_hubs(Report.objects.filter(pk=report_id).values_list("citation__cited_id", flat=True))
    report = (
        Report.objects.select_for_update(of=("self",))
        .select_related("citation__merged_into", "answered_by")
        .get(pk=report_id)
    )
    if report.status != Report.OPEN:
        raise AlreadyAnswered(report)
    return report


def _label(report: Report, curator: User, answer: str, seen: LedgerMark | None) -> Label:
    """The curator's label that says what the report says."""
    label = Label(
        citation=report.citation.merged_into or report.citation,
        role=report.role,
        polarity=report.polarity,
        decided_by=DecidedBy.CURATOR,
        source=CURATOR,
        curator=curator,
        note=note(report.pk, answer),
    )
    return labelling.add_labels([label], Cause(ACCEPTED_CAUSE, curator), seen)[0]


def note(number: int, answer: str) -> str:
    """The note of a label that accepts a report: "Report 32. The sentence says so." It is public, as every note is."""
    return f"Report {number}. {answer.strip()}".strip()


def _answer(report: Report, status: str, curator: User, answer: str, label: Label | None) -> Report:
    """Close an open report."""
    report.status, report.answer, report.label = status, answer.strip(), label
    report.answered_by, report.answered_at = curator, timezone.now()
    report.save(update_fields=["status", "answer", "answered_by", "answered_at", "label"])
    return report
