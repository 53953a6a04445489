"""Columns of papers that are derived from their own facts, and those of citations that repeat their citing papers."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Q

from citations import engines, text
from citations.models import Citation, CitedByCount, HubSummary, Paper
from citations.models.papers import UNKNOWN_DATE
from citations.querysets import BATCH
from citations.vocabulary import RETRACTING_NOTICES

# As long as the column; folded titles differ well before that.
SORT_TITLE_LENGTH = 300

_COPIED = ("year", "sort_date", "sort_title", "venue_id", "cited_by_count", "retracted", "mention_count")
_COPIED_FIELDS = [name.removesuffix("_id") for name in _COPIED]


def sort_date(paper: Paper) -> datetime.date:
    """The date a paper sorts by: a year alone counts as 1 January; nothing known sorts last among the newest."""
    if paper.published_on:
        return paper.published_on
    return datetime.date(paper.year, 1, 1) if paper.year else UNKNOWN_DATE


def _copies(paper: Paper, mentions: int) -> dict[str, Any]:
    """The columns of a citation that repeat its citing paper."""
    return {
        "year": paper.year,
        "sort_date": paper.sort_date,
        "sort_title": paper.sort_title,
        "venue_id": paper.venue_id,
        "cited_by_count": paper.cited_by_count,
        "retracted": paper.notice in RETRACTING_NOTICES,
        "mention_count": mentions,
    }


def paper_changed(paper_ids: Iterable[int]) -> set[int]:
    """Bring everything that is derived from these papers' own facts up to date, wherever it is copied.

    Returns the ids of the hubs whose counts may have changed by it (the papers that they cite, and they themselves
    where they have a summary): the caller recounts them in the same transaction.
    """
    ids = sorted(set(paper_ids))
    hubs: set[int] = set()
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        papers = _refresh_papers(batch)
        hubs |= _refresh_citations(Q(citing_id__in=batch), papers)
        hubs.update(HubSummary.objects.filter(pk__in=batch).values_list("pk", flat=True))
    engines.refresh_text(connection, ids)
    return hubs


def stale_copies(cited_ids: Iterable[int]) -> set[int]:
    """Which of these hubs have citations whose copied columns are not what their citing papers say. Writes nothing."""
    condition = Q(cited_id__in=list(cited_ids))
    citing = Citation.objects.filter(condition).values_list("citing_id", flat=True)
    papers = {paper.pk: paper for paper in Paper.objects.filter(pk__in=citing)}
    return {citation.cited_id for citation, _ in _citations_to_copy(condition, papers)}


def refresh_copies(cited_ids: Iterable[int]) -> None:
    """Write the copied columns of all citations of these hubs anew."""
    condition = Q(cited_id__in=list(cited_ids))
    citing = sorted(set(Citation.objects.filter(condition).values_list("citing_id", flat=True)))
    papers: dict[int, Paper] = {}
    for start in range(0, len(citing), BATCH):
        papers |= _refresh_papers(citing[start : start + BATCH])
    _refresh_citations(condition, papers)


def _refresh_papers(ids: list[int]) -> dict[int, Paper]:
    """Write the columns of papers that are derived from their own facts where they differ; returns the papers by id."""
    papers = {paper.pk: paper for paper in Paper.objects.filter(pk__in=ids).order_by("pk")}
    highest = dict(
        CitedByCount.objects.filter(paper_id__in=ids).values_list("paper_id").annotate(n=Max("count")).order_by()
    )
    stale = []
    for paper in papers.values():
        derived = (text.sort_key(paper.title)[:SORT_TITLE_LENGTH], sort_date(paper), highest.get(paper.pk, 0))
        if derived != (paper.sort_title, paper.sort_date, paper.cited_by_count):
            paper.sort_title, paper.sort_date, paper.cited_by_count = derived
            stale.append(paper)
    Paper.objects.overwrite(stale, ("sort_title", "sort_date", "cited_by_count"))
    return papers


def _citations_to_copy(condition: Q, papers: Mapping[int, Paper]) -> list[tuple[Citation, dict[str, Any]]]:
    """Citations whose copied columns differ from their citing papers', each with what should stand there.

    A citation of none of `papers` was added after they were read, by a writer that copied what its paper says.
    """
    citations = Citation.objects.filter(condition).annotate(counted=Count("mentions")).order_by("pk")
    wanted = (
        (citation, _copies(papers[citation.citing_id], citation.counted))
        for citation in citations
        if citation.citing_id in papers
    )
    return [
        (citation, copies) for citation, copies in wanted if any(getattr(citation, n) != v for n, v in copies.items())
    ]


def _refresh_citations(condition: Q, papers: Mapping[int, Paper]) -> set[int]:
    """Copy facts of citing papers to their citations where they differ; returns the hubs concerned."""
    stale = []
    for citation, copies in _citations_to_copy(condition, papers):
        for name, value in copies.items():
            setattr(citation, name, value)
        stale.append(citation)
    Citation.objects.overwrite(stale, _COPIED_FIELDS)
    return {citation.cited_id for citation in stale}
