"""One hub as a line of a list: its class, its sentence and its small role bar, from one summary row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse

from citations import summaries
from citations.charts import RoleBar, role_bar
from citations.formatting import AUTHORS_SHOWN
from citations.hub_class import HubCounts, Part, Query, classify_hub
from citations.models import Authorship, HubSummary, Paper
from citations.summaries import hub_counts
from citations.vocabulary import CLASSIFIED_ROLES, HubClass

CLASSIFIED: Query = {"role": [role.value for role in CLASSIFIED_ROLES]}


@dataclass(frozen=True)
class HubRow:
    """What a list prints of one hub. `hub_class` is the pinned one where `pinned`; `parts` make the sentence of the
    `computed` one; `why`: chosen for what.
    """

    paper: Paper
    byline: str
    hub_class: HubClass
    computed: HubClass
    pinned: bool
    parts: tuple[Part, ...]
    counts: HubCounts
    bar: RoleBar
    sample: bool
    url: str
    citing_url: str
    why: str = ""


def hub_rows(summaries: Sequence[HubSummary], reasons: Mapping[int, str] | None = None) -> list[HubRow]:
    """A row for each summary, in the order given; the papers must be there (`for_listing`). One query: the authors.

    `reasons` says of a paper, by its id, why it stands in the list.
    """
    lines = bylines(summary.paper_id for summary in summaries)
    return [
        hub_row(summary, lines.get(summary.paper_id, ""), (reasons or {}).get(summary.paper_id, ""))
        for summary in summaries
    ]


def hub_row(summary: HubSummary, byline: str = "", why: str = "") -> HubRow:
    """The row of one summary; asks the database nothing where the paper is there."""
    counts = hub_counts(summary.counts)
    verdict = classify_hub(counts)
    return HubRow(
        paper=summary.paper,
        byline=byline,
        hub_class=HubClass(summary.hub_class),
        computed=verdict.hub_class,
        pinned="pin" in summary.counts,
        parts=verdict.parts,
        counts=counts,
        bar=role_bar(counts.roles, counts.known),
        sample=has_sample(summary),
        url=summary.paper.get_hub_url(),
        citing_url=reverse("citing", args=[summary.paper.slug]),
        why=why,
    )


def has_sample(summary: HubSummary) -> bool:
    """Whether labels of the sample collection stand among those of the hub."""
    return summaries.has_sample(summary.counts)


def bylines(paper_ids: Iterable[int]) -> dict[int, str]:
    """The first authors of each paper in one line, "A, B, C et al.": one query, of those that are printed."""
    names: dict[int, list[str]] = {}
    rows = (
        Authorship.objects.filter(paper_id__in=list(paper_ids), position__lte=AUTHORS_SHOWN)
        .order_by("paper_id", "position")
        .values_list("paper_id", "name")
    )
    for paper_id, name in rows:
        names.setdefault(paper_id, []).append(name)
    return {paper_id: byline(of_paper) for paper_id, of_paper in names.items()}


def byline(names: Sequence[str]) -> str:
    """Names in one line, cut after the first few."""
    line = ", ".join(names[:AUTHORS_SHOWN])
    return f"{line} et al." if len(names) > AUTHORS_SHOWN else line
