"""The front page: the idea, a search box, one live example, hubs worth a look, changes of class, and totals."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from citations.hub_class import Verdict, classify_hub
from citations.models import ClassChange, HubSummary, Paper
from citations.summaries import hub_counts
from citations.views.hub_rows import CLASSIFIED, hub_rows
from citations.vocabulary import HubClass

# As many as one reads at a glance.
CHANGES_SHOWN = 5

# A hub is shown once: each rule is asked for one more than there are others that may have taken its first.
CANDIDATES = 4


@dataclass(frozen=True)
class Change:
    """A change of class, as the page prints it. `before` is None where the hub had no class."""

    change: ClassChange
    before: HubClass | None
    after: HubClass


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Everything at a glance; an empty collection is told how to begin."""
    # The condition holds for all of them, and makes SQLite follow the index in that order instead of sorting.
    hubs = HubSummary.objects.public().filter(classified__gte=0).order_by("-classified", "-paper")
    first = hubs.values_list("pk", flat=True).first()
    example = HubSummary.objects.for_listing().filter(pk=first).first() if first else None
    worth = _worth_a_look(example) if example else {}
    rows = hub_rows([example, *(summary for _, summary in worth.values())] if example else [], _reasons(worth))
    papers = Paper.objects.public().count()
    context = {
        "papers": papers,
        "example": rows[0] if rows else None,
        "verdict": _verdict(example) if example else None,
        "hubs": rows[1:],
        "changes": _changes() if example else [],
        "totals": HubSummary.objects.public().totals() if example else None,
        "sample": any(row.sample for row in rows),
        "classified": CLASSIFIED,
    }
    return render(request, "home.html", context)


def _verdict(summary: HubSummary) -> Verdict:
    """What the rules say of a hub."""
    return classify_hub(hub_counts(summary.counts))


def _worth_a_look(example: HubSummary) -> dict[int, tuple[str, HubSummary]]:
    """One hub for each fixed rule, none twice and not the example: by paper id, why and what. Rules follow indexes."""
    hubs = HubSummary.objects.public().for_listing()
    rules = (
        ("Most citing papers", hubs.order_by("-known", "-paper")),
        ("Largest that is contested", hubs.filter(hub_class=HubClass.CONTESTED).order_by("-known", "-paper")),
        ("Largest with no clear majority", hubs.filter(hub_class=HubClass.MIXED_USE).order_by("-known", "-paper")),
    )
    chosen: dict[int, tuple[str, HubSummary]] = {}
    for why, candidates in rules:
        for summary in candidates[:CANDIDATES]:
            if summary.paper_id != example.paper_id and summary.paper_id not in chosen:
                chosen[summary.paper_id] = (why, summary)
                break
    return chosen


def _reasons(worth: dict[int, tuple[str, HubSummary]]) -> dict[int, str]:
    """Why each hub was chosen, by its paper's id."""
    return {paper_id: why for paper_id, (why, _) in worth.items()}


def _changes() -> list[Change]:
    """The latest changes of class of public hubs, newest first."""
    changes = (
        ClassChange.objects.filter(hub__merged_into__isnull=True)
        .select_related("hub")
        .order_by("-created_at", "-id")[:CHANGES_SHOWN]
    )
    return [
        Change(change, HubClass(change.from_class) if change.from_class else None, HubClass(change.to_class))
        for change in changes
    ]
