"""Audits as readers see them: how a sample was drawn, what was read in it, and all of it as a file."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from citations.curation.audits import Progress, progress_of
from citations.exports.csv_rows import cell
from citations.filters.base import ChoiceFilter, StrictFilterSet
from citations.hub_class import AuditedShares
from citations.models import Audit, AuditEntry, Citation, Identifier
from citations.summaries import audited_shares
from citations.vocabulary import CLASSIFIED_ROLES, Polarity, Role

# Audits that the page of the collection's data lists: the newest. The others are on their hubs' pages.
AUDITS_SHOWN = 50

# The columns of the file of an audit. `reading`, `weight` and the scores are those of the moment when it was drawn.
COLUMNS = (
    "position",
    "title",
    "year",
    "doi",
    "paper",
    "citation",
    "role",
    "polarity",
    "labelled_on",
    "label",
    "reading",
    "weight",
    *(f"score_{role.value}" for role in CLASSIFIED_ROLES),
)


@dataclass(frozen=True)
class AuditSection:
    """What a hub's page says of its audit: `shares` and `facts` of the newest finished one, `open` of one under way."""

    shares: AuditedShares | None
    facts: Mapping[str, Any]
    open: Mapping[str, Any]

    @property
    def drawn_on(self) -> datetime.date:
        """When the sample was drawn."""
        return datetime.date.fromisoformat(self.facts["drawn_on"])

    @property
    def finished_on(self) -> datetime.date:
        """When it was finished."""
        return datetime.date.fromisoformat(self.facts["finished_on"])

    @property
    def address(self) -> str:
        """The public page of the audit."""
        return reverse("audit", args=[self.shares.number]) if self.shares else ""


def audit_section(counts: Mapping[str, Any], known: int) -> AuditSection:
    """The section of a hub's page, from `HubSummary.counts`; asks the database nothing."""
    raw = counts.get("audit") or {}
    return AuditSection(audited_shares(counts, known), raw.get("finished") or {}, raw.get("open") or {})


class AuditFilter(StrictFilterSet):
    """`role`: what the curator called it."""

    role = ChoiceFilter("role", {role.value: role.label for role in Role}, noun="role", label="Role")
    sorts = {"drawn": "Order of drawing"}


@dataclass(frozen=True)
class ReadRow:
    """A paper of the sample: what it is, and what it was called."""

    entry: AuditEntry
    citation: Citation

    @property
    def role(self) -> Role | None:
        """Its role; None where it was not read."""
        return Role(self.entry.label.role) if self.entry.label and self.is_read else None

    @property
    def polarity(self) -> Polarity | None:
        """Its polarity, where one was stated."""
        return (
            Polarity(self.entry.label.polarity)
            if self.is_read and self.entry.label and self.entry.label.polarity
            else None
        )

    @property
    def is_read(self) -> bool:
        """Whether it has a label that nobody took back."""
        return bool(self.entry.is_read)  # type: ignore[attr-defined]


@require_safe
def audit_page(request: HttpRequest, number: int) -> HttpResponse:
    """One audit. While it is under way its labels are not shown: who reads another paper of it should not know them."""
    audit, progress = _find(number)
    filters = AuditFilter(request.GET, Citation.objects.none())
    roles = [Role(value) for value in filters.cleaned("role") or ()] if filters.is_usable else []
    rows = [row for row in _rows(progress) if row.is_read and (not roles or row.role in roles)]
    shown = rows if audit.finished_at is not None and filters.is_usable else []
    pages = filters.pages(audit.get_absolute_url(), len(shown))
    context = {
        "audit": audit,
        "progress": progress,
        "filters": filters,
        "roles": roles,
        "total": len(shown),
        "pages": pages,
        "rows": shown[pages.offset : pages.offset + pages.rows],
    }
    return render(request, "audit.html", context)


@require_safe
def audit_file(request: HttpRequest, number: int) -> HttpResponse:
    """The sample as CSV, in the order of drawing. Of an audit under way, what was drawn alone."""
    audit, progress = _find(number)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{audit.pk}.csv"'
    response["X-Robots-Tag"] = "noindex"
    writer = csv.writer(response, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    rows = _rows(progress)
    dois = dict(
        Identifier.objects.filter(scheme="doi", paper_id__in=[row.citation.citing_id for row in rows])
        .order_by("-pk")
        .values_list("paper_id", "value")
    )
    site = request.build_absolute_uri("/").removesuffix("/")
    for row in rows:
        label = row.entry.label if row.is_read and audit.finished_at is not None else None
        paper, entry = row.citation.citing, row.entry
        values = [
            entry.position,
            paper.title,
            paper.year,
            dois.get(paper.pk, ""),
            site + paper.get_absolute_url(),
            site + reverse("citation", args=[row.citation.pk]),
            label.role if label else "",
            label.polarity if label else "",
            label.created_at.date().isoformat() if label else "",
            label.pk if label else "",
            entry.reading,
            round(entry.weight, 4),
            *(entry.scores.get(role.value, 0) for role in CLASSIFIED_ROLES),
        ]
        writer.writerow([cell(value) for value in values])
    return response


def finished_audits() -> list[tuple[Audit, AuditedShares | None]]:
    """The newest finished audits with what they came to, where that is what their hub shows. One query."""
    rows = (
        Audit.objects.exclude(finished_at=None)
        .filter(hub__merged_into=None)
        .select_related("hub__hub", "curator")
        .defer("hub__abstract", "hub__field_sources")
        .order_by("-finished_at", "-pk")[:AUDITS_SHOWN]
    )
    found = []
    for audit in rows:
        summary = getattr(audit.hub, "hub", None)
        shares = audited_shares(summary.counts, summary.known) if summary else None
        found.append((audit, shares if shares and shares.number == audit.pk else None))
    return found


def _find(number: int) -> tuple[Audit, Progress]:
    """The audit and its entries. Raises Http404 where there is none."""
    audit = Audit.objects.select_related("hub", "curator").defer("hub__abstract").filter(pk=number).first()
    if audit is None:
        raise Http404(f"There is no audit {number}.")
    return audit, progress_of([audit])[audit.pk]


def _rows(progress: Progress) -> list[ReadRow]:
    """The papers of a sample. One query."""
    ids = [entry.standing_id for entry in progress.entries]  # type: ignore[attr-defined]
    citations = (
        Citation.objects.select_related("citing").defer("citing__abstract", "citing__field_sources").in_bulk(ids)
    )
    return [ReadRow(entry, citations[pk]) for entry, pk in zip(progress.entries, ids, strict=True) if pk in citations]
