"""The pages that explain: how classes are named and in which words, and what the collection holds and from where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from citations import hub_class
from citations.agreement import agreement
from citations.models import Citation, HubSummary, ImportRun, Label, Mention, Paper
from citations.views.audit import AUDITS_SHOWN, finished_audits
from citations.views.models import cards
from citations.vocabulary import (
    CLASSIFIED_ROLES,
    DECIDERS,
    MAPPINGS,
    SAMPLE,
    SOURCES,
    SUGGESTION_THRESHOLDS,
    DecidedBy,
    HubClass,
    Mapped,
    Polarity,
    Role,
    source_label,
)

# The sizes for which the page says how many papers a majority needs: enough to see how the bar falls with size.
EXAMPLE_SIZES = (20, 23, 50, 100, 200)

# The latest runs of an import: what is new, not the whole past.
RUNS_SHOWN = 20
NEWEST_FIRST = ("-started_at", "-id")

# Names of the tables of `MAPPINGS`, as readers know them. That of our own words maps each to itself: it is not shown.
SCHEME_LABELS = {
    "semanticscholar": "Semantic Scholar and SciCite intents",
    "scicite-polarity": "SciCite, second label",
    "acl-arc": "ACL-ARC",
    "citelling": "CiTelling",
    "software-intent": "Software intent",
    "cito": "CiTO properties",
    "scite": "scite",
}


@dataclass(frozen=True)
class Needed:
    """How many of `of` papers a rule asks for at the least."""

    least: int
    of: int


@dataclass(frozen=True)
class MappingTable:
    """How one foreign scheme is read: rows of raw value and what it says in our words."""

    label: str
    rows: tuple[tuple[str, Mapped], ...]


@require_safe
def about_classes(request: HttpRequest) -> HttpResponse:
    """Roles, polarities, the rules of the classes and the tables by which imported labels are read."""
    context = {
        "roles": tuple(Role),
        "polarities": tuple(Polarity),
        "classes": tuple(HubClass),
        "rules": hub_class,
        "majorities": [Needed(least(size, hub_class.MAJORITY), size) for size in EXAMPLE_SIZES],
        "disputes": [Needed(least(size, hub_class.CONTESTED_SHARE), size) for size in EXAMPLE_SIZES],
        "mappings": mapping_tables(),
        "thresholds": sorted(SUGGESTION_THRESHOLDS.items()),
    }
    return render(request, "about_classes.html", context)


@require_safe
def about_data(request: HttpRequest) -> HttpResponse:
    """What the collection holds, which source decided how many citations, and the latest imports."""
    totals = citation_totals()
    context = {
        "papers": Paper.objects.public().count(),
        "hubs": totals["hubs"],
        "mentions": mentions(),
        "totals": totals,
        "sources": decided_by_source(),
        "sample": SOURCES[SAMPLE],
        "deciders": DECIDERS,
        "runs": [
            (run, source_label(run.source)) for run in ImportRun.objects.order_by("-started_at", "-id")[:RUNS_SHOWN]
        ],
        "agreement": agreement(),
        "classified_roles": CLASSIFIED_ROLES,
        "models": cards(),
        "model_suggestions": suggestions_by_model(),
        "audits": finished_audits(),
        "audits_shown": AUDITS_SHOWN,
        "known_sources": [source for source in SOURCES.values() if source.address],
    }
    return render(request, "about_data.html", context)


def least(size: int, threshold: float) -> int:
    """The smallest number of `size` papers of which the lower bound of the 95% interval reaches above `threshold`.

    `threshold` is a share below 1. Of a handful of papers not even all may be enough: then `size` + 1.
    """
    reached = (number for number in range(size + 1) if hub_class.wilson(number, size)[0] > threshold)
    return next(reached, size + 1)


def mapping_tables() -> tuple[MappingTable, ...]:
    """The foreign schemes of `MAPPINGS`, each with its rows in the order in which they are written there."""
    return tuple(MappingTable(label, tuple(MAPPINGS[scheme].items())) for scheme, label in SCHEME_LABELS.items())


def citation_totals() -> dict[str, int]:
    """All hubs, their citations, and how many of these are classified, unclear, only suggested, undecided and assessed.

    Summed from the summaries of hubs, which are far fewer; what is only suggested is counted in its own index.
    """
    suggested = Citation.objects.public().filter(role="", suggested_confidence__gt=0).count()
    return HubSummary.objects.public().totals() | {"suggested": suggested}


def mentions() -> int:
    """How many citing sentences are shown: all but those of citations that a merge hid."""
    return Mention.objects.count() - Mention.objects.filter(citation__merged_into__isnull=False).count()


def suggestions_by_model() -> list[tuple[str, int]]:
    """How many labels of the ledger each classifier has written, most first."""
    rows = Label.objects.filter(decided_by=DecidedBy.CLASSIFIER, retracts=None).values("source").order_by()
    return [(row["source"], row["n"]) for row in rows.annotate(n=Count("id")).order_by("-n", "source")]


def decided_by_source() -> list[dict[str, Any]]:
    """One row for each source whose labels count: `roles`, `coarse` and `polarities`, most first, with its `label`."""
    rows: Iterable[dict[str, Any]] = (
        Citation.objects.public()
        .filter(source__gt="")
        .values("source")
        .annotate(
            roles=Count("id", filter=~Q(role="")),
            coarse=Count("id", filter=Q(coarse=True)),
            polarities=Count("id", filter=Q(role="") & ~Q(polarity="")),
        )
        .order_by("-roles", "source")
    )
    return [row | {"label": source_label(row["source"])} for row in rows]
