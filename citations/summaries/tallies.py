"""How many citing papers of each kind a hub has: the counts of its summary, and the cells of its tally."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from django.db.models import Count

from citations.hub_class import HubCounts
from citations.models import Citation, HubTally
from citations.summaries.audits import audited_shares
from citations.vocabulary import SAMPLE, Polarity, Role

# From this many citing papers on, filtered counts are read from the tally; below, counting live takes under 2 ms.
TALLY_FROM = 2_000
# How many venues a facet shows before one searches.
TOP_VENUES = 10

# Counting ------------------------------------------------------------------------------------------------------------

_CELL_COLUMNS = (
    "role",
    "polarity",
    "role_by",
    "source",
    "polarity_source",
    "coarse",
    "confirmed",
    "year",
    "is_influential",
    "is_self_citation",
    "retracted",
    "suggested_role",
)


def cells_of(paper_ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    """The citations of hubs, grouped by all that is counted: hub -> one dict a group, `n` its size."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    citations = Citation.objects.public().filter(cited_id__in=paper_ids)
    for cell in citations.values("cited_id", *_CELL_COLUMNS).annotate(n=Count("id")).order_by():
        found[cell["cited_id"]].append(cell)
    return found


_COUNTED = ("role", "polarity", "decided_by", "source", "role_source", "polarity_source", "suggested", "coarse_roles")


def count_cells(cells: Iterable[Mapping[str, Any]], venues: list[list[Any]]) -> dict[str, Any]:
    """`HubSummary.counts` of one hub: plain JSON, keys sorted so that equal counts are equal text."""
    totals: dict[str, Counter[str]] = {name: Counter() for name in _COUNTED}
    flags: Counter[str] = Counter()
    years: dict[str, Counter[str]] = {}
    for cell in cells:
        n = cell["n"]
        totals["role"][cell["role"]] += n
        totals["polarity"][cell["polarity"]] += n
        totals["decided_by"][cell["role_by"]] += n
        totals["source"][cell["source"]] += n
        if cell["role"]:
            totals["role_source"][cell["source"]] += n
        totals["polarity_source"][cell["polarity_source"]] += n
        if cell["coarse"]:
            totals["coarse_roles"][cell["role"]] += n
        if cell["suggested_role"] and not cell["role"]:
            totals["suggested"][cell["suggested_role"]] += n
        if cell["confirmed"]:
            flags["confirmed"] += n
            flags["confirmed_disputes"] += n if cell["polarity"] == Polarity.DISPUTES else 0
        for name in ("is_influential", "is_self_citation", "retracted"):
            flags[name] += n if cell[name] else 0
        years.setdefault("" if cell["year"] is None else str(cell["year"]), Counter())[cell["role"]] += n
    return {
        **{name: dict(sorted(counter.items())) for name, counter in totals.items()},
        **{name: flags[name] for name in _FLAGS},
        "year": {year: dict(sorted(roles.items())) for year, roles in sorted(years.items())},
        "venue": venues,
    }


_FLAGS = ("confirmed", "confirmed_disputes", "is_influential", "is_self_citation", "retracted")


def top_venues(paper_ids: list[int]) -> dict[int, list[list[Any]]]:
    """The venues with most citing papers of each hub: [slug, name, n], most first, ties by name."""
    rows = (
        Citation.objects.public()
        .filter(cited_id__in=paper_ids, venue__isnull=False)
        .values_list("cited_id", "venue__slug", "venue__name")
        .annotate(n=Count("id"))
        .order_by("-n", "venue__name", "venue__slug")
    )
    found: dict[int, list[list[Any]]] = defaultdict(list)
    for hub, *venue in rows:
        if len(found[hub]) < TOP_VENUES:
            found[hub].append(venue)
    return found


def hub_counts(counts: Mapping[str, Any]) -> HubCounts:
    """What the rules of hub classes need, from `HubSummary.counts`."""
    known = sum(counts["role"].values())
    return HubCounts(
        known=known,
        roles={role: counts["role"].get(role.value, 0) for role in Role},
        polarities={polarity: counts["polarity"].get(polarity.value, 0) for polarity in Polarity},
        confirmed_disputes=counts["confirmed_disputes"],
        coarse_method=counts["coarse_roles"].get(Role.METHOD.value, 0),
        audited=audited_shares(counts, known),
    )


def has_sample(counts: Mapping[str, Any]) -> bool:
    """Whether a role or polarity of the sample, which is illustrative, is among those of `HubSummary.counts`."""
    return any(counts.get(name, {}).get(SAMPLE) for name in ("source", "polarity_source"))


# Tallies -------------------------------------------------------------------------------------------------------------

# A cell of the tally by its columns, and the number that it should hold (0: it should not be there).
TallyChanges: TypeAlias = dict[tuple[Any, ...], int]

_TALLY_COLUMNS = ("role", "polarity", "role_by", "year", "is_self_citation", "retracted")


def stored_tallies(paper_ids: list[int]) -> dict[int, TallyChanges]:
    """The tallies as they stand."""
    found: dict[int, TallyChanges] = defaultdict(dict)
    for hub, *key, n in HubTally.objects.filter(hub_id__in=paper_ids).values_list("hub_id", *_TALLY_COLUMNS, "n"):
        found[hub][tuple(key)] = n
    return found


def tally_changes(cells: Iterable[Mapping[str, Any]], stored: TallyChanges) -> TallyChanges:
    """Cells of a hub's tally that are not as they should be."""
    wanted: Counter[tuple[Any, ...]] = Counter()
    for cell in cells:
        wanted[tuple(cell[name] or 0 if name == "year" else cell[name] for name in _TALLY_COLUMNS)] += cell["n"]
    if wanted.total() < TALLY_FROM:
        wanted.clear()
    return {key: wanted[key] for key in wanted.keys() | stored.keys() if wanted[key] != stored.get(key, 0)}


def write_tally(paper_id: int, changes: TallyChanges) -> None:
    """Write only the cells that differ."""
    for key, n in changes.items():
        cell = dict(zip(_TALLY_COLUMNS, key, strict=True))
        if n:
            HubTally.objects.update_or_create(hub_id=paper_id, **cell, defaults={"n": n})
        else:
            HubTally.objects.filter(hub_id=paper_id, **cell).delete()
