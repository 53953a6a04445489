"""Papers that cite all of several hubs, with the role in which they cite each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from citations.listing.lists import summary_counts
from citations.listing.rows import first_authors
from citations.models import Citation, Paper
from citations.vocabulary import Polarity, Role


@dataclass(frozen=True)
class Use:
    """How one paper cites one hub; None for what nobody has decided."""

    role: Role | None
    polarity: Polarity | None


@dataclass(frozen=True)
class CommonRow:
    """One paper that cites all hubs, with its first authors. `uses`: how it cites each, by the id of the hub."""

    paper: Paper
    authors: tuple[str, ...]
    uses: Mapping[int, Use]


def citing_all(hubs: Sequence[Paper]) -> QuerySet[Citation]:
    """One citation for each paper that cites all of `hubs` (at least one), newest first, ties by the paper.

    The citations are those of the hub with the fewest; for each of them the index of pairs is asked for the others.
    """
    fewest, *others = sorted(hubs, key=lambda hub: (sum(summary_counts(hub).get("role", {}).values()), hub.pk))
    rows = Citation.objects.of_hub(fewest.pk)
    for hub in others:
        there = Citation.objects.public().filter(citing_id=OuterRef("citing_id"), cited_id=hub.pk).order_by()
        rows = rows.filter(Exists(there))
    return rows.order_by("-sort_date", "-citing_id")


def common_rows(hubs: Sequence[Paper], start: int, end: int) -> list[CommonRow]:
    """The papers at the places `start` to `end` (exclusive) of `citing_all`: ids, papers, authors and roles, a query
    each.
    """
    ids = list(citing_all(hubs).values_list("citing_id", flat=True)[start:end])
    if not ids:
        return []
    papers = Paper.objects.select_related("venue").defer("abstract").in_bulk(ids)
    authors = first_authors(ids)
    uses: dict[int, dict[int, Use]] = {}
    pairs = Citation.objects.public().filter(citing_id__in=ids, cited_id__in=[hub.pk for hub in hubs]).order_by()
    for citing, cited, role, polarity in pairs.values_list("citing_id", "cited_id", "role", "polarity"):
        use = Use(Role(role) if role else None, Polarity(polarity) if polarity else None)
        uses.setdefault(citing, {})[cited] = use
    return [CommonRow(papers[pk], authors.get(pk, ()), uses[pk]) for pk in ids]
