"""How many citing papers of each kind a hub has: the counts of its summary, and the cells of its tally."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from django.db.models import Count, Sum

from citations.hub_class import HubCounts
from citations.models import Citation, HubSummary, HubTally
from citations.summaries.audits import audited_shares
from citations.vocabulary import SAMPLE, Polarity, Role

# From this many citing papers on, filtered counts are read from the tally; below, counting live takes under 2 ms.
TALLY_FROM = 2_000
# How many venues a facet shows before one searches.
TOP_VENUES = 10

# Counting ------------------------------------------------------------------------------------------------------------

CELL_COLUMNS = (
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
    for cell in citations.values("cited_id", *CELL_COLUMNS).annotate(n=Count("id")).order_by():
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


def moved_counts(counts: Mapping[str, Any], moved: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """`HubSummary.counts` after cells have gained or lost their `n`; venues stay as they are, since papers do.

    The same as counting all citations again, as every number is a sum over cells. None where `counts` cannot be what
    the cells were taken from: something would be fewer than none, or is not counted there at all.
    """
    if not {*_COUNTED, *_FLAGS, "year", "venue"} <= counts.keys():
        return None
    change = count_cells(moved, counts["venue"])
    found = {name: _sum(counts[name], change[name]) for name in _COUNTED}
    flags = {name: counts[name] + change[name] for name in _FLAGS}
    years = {
        year: _sum(counts["year"].get(year, {}), change["year"].get(year, {}))
        for year in sorted(counts["year"].keys() | change["year"].keys())
    }
    numbers = [*flags.values(), *(n for some in (*found.values(), *years.values()) for n in some.values())]
    if min(numbers) < 0:
        return None
    return {**found, **flags, "year": {year: roles for year, roles in years.items() if roles}, "venue": counts["venue"]}


def _sum(counted: Mapping[str, int], change: Mapping[str, int]) -> dict[str, int]:
    """Numbers by name, where none is left out, as `count_cells` gives them."""
    names = sorted(counted.keys() | change.keys())
    return {name: n for name in names if (n := counted.get(name, 0) + change.get(name, 0))}


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
    wanted = _of_tally(cells)
    if wanted.total() < TALLY_FROM:
        wanted.clear()
    return {key: wanted[key] for key in wanted.keys() | stored.keys() if wanted[key] != stored.get(key, 0)}


def _of_tally(cells: Iterable[Mapping[str, Any]]) -> Counter[tuple[Any, ...]]:
    """The cells of a tally that these finer ones fall into."""
    found: Counter[tuple[Any, ...]] = Counter()
    for cell in cells:
        found[tuple(cell[name] or 0 if name == "year" else cell[name] for name in _TALLY_COLUMNS)] += cell["n"]
    return found


def moved_tally(paper_id: int, moved: Iterable[Mapping[str, Any]]) -> TallyChanges | None:
    """How a tally changes when cells gain or lose their `n`. None where it cannot be what they were taken from."""
    change = {key: n for key, n in _of_tally(moved).items() if n}
    if not change:
        return {}
    roles, years = ({key[_TALLY_COLUMNS.index(name)] for key in change} for name in ("role", "year"))
    rows = HubTally.objects.filter(hub_id=paper_id, role__in=roles, year__in=years)
    stored = {tuple(key): n for *key, n in rows.values_list(*_TALLY_COLUMNS, "n")}
    found = {key: stored.get(key, 0) + n for key, n in change.items()}
    return found if min(found.values()) >= 0 else None


def tallied(paper_ids: list[int]) -> set[int]:
    """Those of the hubs that have a tally of all their citing papers, by what is stored."""
    known = HubSummary.objects.filter(pk__in=paper_ids, known__gte=TALLY_FROM).values_list("pk", "known")
    big = dict(known)
    sums = HubTally.objects.filter(hub_id__in=list(big)).order_by().values_list("hub_id").annotate(total=Sum("n"))
    return {hub for hub, total in sums if total == big[hub]}


def write_tally(paper_id: int, changes: TallyChanges) -> None:
    """Write only the cells that differ."""
    for key, n in changes.items():
        cell = dict(zip(_TALLY_COLUMNS, key, strict=True))
        if n:
            HubTally.objects.update_or_create(hub_id=paper_id, **cell, defaults={"n": n})
        else:
            HubTally.objects.filter(hub_id=paper_id, **cell).delete()
