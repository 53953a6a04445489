"""One citation: its sentences, and everything that anybody said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from citations.filters.citations import short_name
from citations.history import public_name
from citations.listing import LedgerEntry, Row, details, first_authors, ledger, load_rows
from citations.listing.marking import Marking, Piece
from citations.listing.rows import ledger_labels
from citations.models import Citation, Label, Mention, Paper, Report
from citations.vocabulary import DecidedBy, source_label

# A paper that names another more often than this is a book about it; the page says how many it leaves out.
MOST_SENTENCES = 200
# The largest number that either database has for an id.
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Said:
    """One place where the citing paper names the cited one; `pieces` is empty where no sentence is known."""

    mention: Mention
    pieces: tuple[Piece, ...]
    source: str


@dataclass(frozen=True)
class LedgerLine:
    """One label as the page prints it. `by`: who said it; `report`: the reader's report that it accepts, if any."""

    label: Label
    entry: LedgerEntry
    by: str
    report: Report | None

    @property
    def is_curator(self) -> bool:
        """Whether a person said it."""
        return self.entry.decided_by is DecidedBy.CURATOR

    @property
    def note(self) -> str:
        """What its author added, without the number of the report where the line names that already."""
        if self.report is None:
            return self.label.note
        return self.label.note.removeprefix(f"Report {self.report.pk}.").strip()


def find_citation(number: int) -> Citation:
    """The citation with this number, or the one that a merge put before it, with its cited paper.

    Raises Http404 where there is none, and where its two papers turned out to be one.
    """
    found = None
    if number <= LARGEST_ID:
        found = Citation.objects.select_related("cited", "merged_into__cited").filter(pk=number).first()
    if found is None:
        raise Http404(f"There is no citation {str(number)[:20]}.")
    standing = found.merged_into or found
    if standing.is_void:
        raise Http404(f"Citation {number} is hidden: its two papers turned out to be one.")
    return standing


def row_of(citation: Citation) -> Row:
    """The citation as a row of a list, with what names the cited work marked in its sentences."""
    (row,) = load_rows(list(details([citation.pk])), marking=marking_of(citation.cited))
    return row


def marking_of(hub: Paper) -> Marking:
    """What names the cited work in a sentence: the name in its title, else its first author and year."""
    return Marking(title=hub.title, first_author=next(iter(first_authors([hub.pk]).get(hub.pk, ())), ""), year=hub.year)


@require_safe
def citation_page(request: HttpRequest, number: int) -> HttpResponse:
    """One citation with its sentences and its ledger; of one that a merge hid, a redirect to what stands for it."""
    citation = find_citation(number)
    if citation.pk != number:
        return HttpResponseRedirect(reverse("citation", args=[citation.pk]))
    row = row_of(citation)
    sentences = _sentences(citation, row.marking)
    context = {
        "row": row,
        "citation": citation,
        "hub": citation.cited,
        "name": short_name(citation.cited.title),
        "sentences": sentences[:MOST_SENTENCES],
        "more": len(sentences) > MOST_SENTENCES,
        "lines": ledger_lines(citation),
    }
    return render(request, "citation.html", context)


def _sentences(citation: Citation, marking: Marking) -> list[Said]:
    """Where the citing paper names the cited one, in its order; one more than the page shows, if there are more."""
    mentions = Mention.objects.filter(citation=citation).order_by("order", "id")[: MOST_SENTENCES + 1]
    return [
        Said(mention, marking.sentence(mention.sentence) if mention.sentence else (), source_label(mention.source))
        for mention in mentions
    ]


def ledger_lines(citation: Citation) -> Sequence[LedgerLine]:
    """All labels of a citation, newest first, with those of citations that a merge hid behind it. Two queries."""
    labels = list(ledger_labels([citation.pk]).select_related("mention", "curator"))
    reports = {report.label_id: report for report in Report.objects.filter(label__in=[label.pk for label in labels])}
    return [
        LedgerLine(label, entry, _author(label), reports.get(label.pk))
        for label, entry in zip(reversed(labels), ledger(labels).entries, strict=True)
    ]


def _author(label: Label) -> str:
    """Who or what said it, as the public is told."""
    return public_name(label.curator) if label.decided_by == DecidedBy.CURATOR else source_label(label.source)
