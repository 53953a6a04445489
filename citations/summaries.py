"""The only writer of HubSummary, HubTally and the columns copied from papers; and what chooses representatives.

Everything here can be rebuilt from papers, citations and labels. Callers hold a transaction; hubs are locked in
ascending order of id, so that two writers can never wait for each other.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Case, Count, F, IntegerField, Max, Q, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from citations import engines, text
from citations.hub_class import RULES_VERSION, HubCounts, classify_hub, dispute_would_turn, role_would_turn
from citations.models import Citation, CitedByCount, ClassChange, HubPin, HubSummary, HubTally, ImportRun, Label, Paper
from citations.models.papers import UNKNOWN_DATE
from citations.querysets import BATCH
from citations.vocabulary import CLASSIFIED_ROLES, RETRACTING_NOTICES, SAMPLE, DecidedBy, HubClass, Polarity, Role

# From this many citing papers on, filtered counts are read from the tally; below, counting live takes under 2 ms.
TALLY_FROM = 2_000
# How many venues a facet shows before one searches.
TOP_VENUES = 10
# A handful: one screen of cards, and every role can have one.
REPRESENTATIVES = 6
# As long as the column; folded titles differ well before that.
SORT_TITLE_LENGTH = 300


@dataclass(frozen=True)
class Cause:
    """Why summaries are written: goes into the record of a change of class."""

    text: str
    curator: User | None = None
    label: Label | None = None
    import_run: ImportRun | None = None


REBUILT = Cause("Summaries were rebuilt.")

# What recount() writes; the times are its own.
_SUMMARY_COLUMNS = (
    "known",
    "classified",
    "unclear",
    "assessed",
    "confirmed_disputes",
    "hub_class",
    "computed_class",
    "rules_version",
    "role_would_turn",
    "dispute_would_turn",
    "class_since",
    "numerator",
    "share",
    "low",
    "high",
    "counts",
    "representatives",
    "sort_title",
    "sort_date",
    "year",
    "venue_id",
    "cited_by_count",
    "updated_at",
)


def lock_hubs(paper_ids: Iterable[int]) -> None:
    """Hold the summary rows of these cited papers until the transaction ends, making those that do not exist yet.

    Every writer of labels or citations calls it first; ids are taken in ascending order, whatever the order given.
    """
    ids = sorted(set(paper_ids))
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        present = set(HubSummary.objects.filter(pk__in=batch).values_list("pk", flat=True))
        undecided = HubClass.NOT_ENOUGH_EVIDENCE
        missing = [(paper_id,) for paper_id in batch if paper_id not in present]
        if missing:
            given = {"paper_id": "r.column1", **dict.fromkeys(("hub_class", "computed_class"), f"'{undecided}'")}
            rest = "FROM {rows} AS r WHERE true ON CONFLICT (paper_id) DO NOTHING"
            statement = engines.bulk.insert_by_query(connection, HubSummary, given, rest)
            engines.bulk.run(connection, statement, ("bigint",), missing)
        list(HubSummary.objects.select_for_update().filter(pk__in=batch).order_by("pk").values_list("pk"))


def recount(paper_ids: Iterable[int], cause: Cause) -> int:
    """Write the summaries (and tallies) of these cited papers anew; returns how many differed from what stood there.

    Takes the locks itself. `updated_at` moves only where something changed, so that caches stay valid.
    """
    ids = sorted(set(paper_ids))
    changed = 0
    with transaction.atomic():
        lock_hubs(ids)
        for start in range(0, len(ids), BATCH):
            changed += _rewrite(ids[start : start + BATCH], cause)
    return changed


def _rewrite(paper_ids: list[int], cause: Cause) -> int:
    """Bring a batch of locked summaries and their tallies up to date; returns how many differed."""
    stale, changes, tallied = [], [], 0
    for summary, values, tally_changes in _wanted(paper_ids):
        _write_tally(summary.paper_id, tally_changes)
        if all(getattr(summary, name) == value for name, value in values.items()):
            tallied += bool(tally_changes)
            continue
        change = _class_change(summary, values["hub_class"], cause)
        if change:
            summary.class_since = change.created_at
            changes.append(change)
        for name, value in values.items():
            setattr(summary, name, value)
        summary.updated_at = timezone.now()
        stale.append(summary)
    engines.bulk.overwrite(connection, HubSummary, stale, _SUMMARY_COLUMNS)
    ClassChange.objects.bulk_create(changes, batch_size=BATCH)
    return len(stale) + tallied


def differing(paper_ids: Iterable[int]) -> set[int]:
    """Which of these hubs have a summary or tally that is not what their citations say. Writes nothing."""
    ids = sorted(set(paper_ids))
    found = set(ids) - set(HubSummary.objects.filter(pk__in=ids).values_list("pk", flat=True))
    for summary, values, tally_changes in _wanted(ids):
        if tally_changes or any(getattr(summary, name) != value for name, value in values.items()):
            found.add(summary.paper_id)
    return found


def _wanted(paper_ids: list[int]) -> Iterator[tuple[HubSummary, dict[str, Any], TallyChanges]]:
    """For each summary of a batch of hubs: what its columns should be, and how its tally must change.

    One query for each kind of count, whatever the number of hubs.
    """
    cells = _cells(paper_ids)
    venues = _top_venues(paper_ids)
    pins = _pins(paper_ids)
    ranked = _ranked(paper_ids)
    tallies = _stored_tallies(paper_ids)
    for summary in HubSummary.objects.filter(pk__in=paper_ids).select_related("paper").order_by("pk"):
        hub = summary.paper_id
        counts = _count(cells[hub], venues[hub])
        representatives = choose_representatives(ranked[hub], counts["role"], pins[hub])
        values = _values(summary.paper, counts, representatives, pins[hub])
        yield summary, values, _tally_changes(cells[hub], tallies[hub])


def _class_change(summary: HubSummary, new_class: str, cause: Cause) -> ClassChange | None:
    """What to remember when the class that readers see becomes another: when and why."""
    if summary.hub_class == new_class:
        return None
    return ClassChange(
        hub_id=summary.paper_id,
        from_class=summary.hub_class,
        to_class=new_class,
        cause=cause.text,
        curator=cause.curator,
        label=cause.label,
        import_run=cause.import_run,
        created_at=timezone.now(),
    )


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


def _cells(paper_ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    """The citations of hubs, grouped by all that is counted: hub -> one dict a group, `n` its size."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    citations = Citation.objects.public().filter(cited_id__in=paper_ids)
    for cell in citations.values("cited_id", *_CELL_COLUMNS).annotate(n=Count("id")).order_by():
        found[cell["cited_id"]].append(cell)
    return found


_COUNTED = ("role", "polarity", "decided_by", "source", "role_source", "polarity_source", "suggested", "coarse_roles")


def _count(cells: Iterable[Mapping[str, Any]], venues: list[list[Any]]) -> dict[str, Any]:
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


def _top_venues(paper_ids: list[int]) -> dict[int, list[list[Any]]]:
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
    return HubCounts(
        known=sum(counts["role"].values()),
        roles={role: counts["role"].get(role.value, 0) for role in Role},
        polarities={polarity: counts["polarity"].get(polarity.value, 0) for polarity in Polarity},
        confirmed_disputes=counts["confirmed_disputes"],
        coarse_method=counts["coarse_roles"].get(Role.METHOD.value, 0),
    )


def has_sample(counts: Mapping[str, Any]) -> bool:
    """Whether a role or polarity of the sample, which is illustrative, is among those of `HubSummary.counts`."""
    return any(counts.get(name, {}).get(SAMPLE) for name in ("source", "polarity_source"))


def _values(
    paper: Paper, counts: dict[str, Any], representatives: list[dict[str, Any]], pins: list[HubPin]
) -> dict[str, Any]:
    """Every derived column of a summary but the times."""
    of_class = hub_counts(counts)
    verdict = classify_hub(of_class)
    share = verdict.share
    pin = next((pin for pin in pins if pin.hub_class), None)
    return {
        "known": of_class.known,
        "classified": of_class.classified,
        "unclear": of_class.roles[Role.UNCLEAR],
        "assessed": of_class.assessed,
        "confirmed_disputes": of_class.confirmed_disputes,
        "hub_class": pin.hub_class if pin else verdict.hub_class.value,
        "computed_class": verdict.hub_class.value,
        "rules_version": RULES_VERSION,
        # Where a class is pinned, no decision changes what readers see.
        "role_would_turn": pin is None and role_would_turn(of_class),
        "dispute_would_turn": pin is None and dispute_would_turn(of_class),
        "numerator": share.numerator if share else 0,
        "share": share.fraction if share else None,
        "low": share.low if share else None,
        "high": share.high if share else None,
        "counts": counts | ({"pin": _pin_facts(pin)} if pin else {}),
        "representatives": representatives,
        "sort_title": paper.sort_title,
        "sort_date": paper.sort_date,
        "year": paper.year,
        "venue_id": paper.venue_id,
        "cited_by_count": paper.cited_by_count,
    }


def _pin_facts(pin: HubPin) -> dict[str, str]:
    """What the page says of a pinned class."""
    return {"reason": pin.reason, "date": pin.created_at.date().isoformat()}


# Tallies -------------------------------------------------------------------------------------------------------------

# A cell of the tally by its columns, and the number that it should hold (0: it should not be there).
TallyChanges: TypeAlias = dict[tuple[Any, ...], int]

_TALLY_COLUMNS = ("role", "polarity", "role_by", "year", "is_self_citation", "retracted")


def _stored_tallies(paper_ids: list[int]) -> dict[int, TallyChanges]:
    """The tallies as they stand."""
    found: dict[int, TallyChanges] = defaultdict(dict)
    for hub, *key, n in HubTally.objects.filter(hub_id__in=paper_ids).values_list("hub_id", *_TALLY_COLUMNS, "n"):
        found[hub][tuple(key)] = n
    return found


def _tally_changes(cells: Iterable[Mapping[str, Any]], stored: TallyChanges) -> TallyChanges:
    """Cells of a hub's tally that are not as they should be."""
    wanted: Counter[tuple[Any, ...]] = Counter()
    for cell in cells:
        wanted[tuple(cell[name] or 0 if name == "year" else cell[name] for name in _TALLY_COLUMNS)] += cell["n"]
    if wanted.total() < TALLY_FROM:
        wanted.clear()
    return {key: wanted[key] for key in wanted.keys() | stored.keys() if wanted[key] != stored.get(key, 0)}


def _write_tally(paper_id: int, changes: TallyChanges) -> None:
    """Write only the cells that differ."""
    for key, n in changes.items():
        cell = dict(zip(_TALLY_COLUMNS, key, strict=True))
        if n:
            HubTally.objects.update_or_create(hub_id=paper_id, **cell, defaults={"n": n})
        else:
            HubTally.objects.filter(hub_id=paper_id, **cell).delete()


# Representatives -----------------------------------------------------------------------------------------------------


def choose_representatives(
    ranked: Iterable[Mapping[str, Any]], role_counts: Mapping[str, int], pins: Iterable[HubPin]
) -> list[dict[str, Any]]:
    """A handful of citing papers that show how a hub is used: {"citation": id, "why": text}, in order of display.

    `ranked` holds the best few of each role, `place` counting from 1. Pinned first; then one per role, in order of the
    role's share, then a second of each, up to `REPRESENTATIVES`. Within a role: decided by a curator, has a sentence,
    worldwide citations, id (DESIGN section 7). The same data give the same list. Pins never crowd out a role.
    """
    chosen = [
        {"citation": pin.citation_id, "why": f"Pinned by a curator: {pin.reason}"} for pin in pins if pin.citation_id
    ]
    room = max(REPRESENTATIVES, len(chosen) + len(CLASSIFIED_ROLES)) if chosen else REPRESENTATIVES
    taken = {entry["citation"] for entry in chosen}
    by_share = sorted(CLASSIFIED_ROLES, key=lambda role: -role_counts.get(role, 0))
    best = list(ranked)
    seconds = {citation["role"]: citation for citation in best if citation["place"] == 2}
    for citation in sorted(best, key=lambda row: (row["place"], by_share.index(Role(row["role"])))):
        if len(chosen) >= room:
            break
        if citation["id"] not in taken:
            why = _why(citation, seconds.get(citation["role"]), role_counts[citation["role"]])
            chosen.append({"citation": citation["id"], "why": why})
    return chosen


def _pins(paper_ids: list[int]) -> dict[int, list[HubPin]]:
    """The pins in force, oldest first."""
    pins = HubPin.objects.filter(hub_id__in=paper_ids, citation__merged_into__isnull=True, removed_at__isnull=True)
    found: dict[int, list[HubPin]] = defaultdict(list)
    for pin in pins.order_by("created_at", "id"):
        found[pin.hub_id].append(pin)
    return found


def _ranked(paper_ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    """The best few citing papers of each role of each hub."""
    best_first = (
        Case(When(role_by=DecidedBy.CURATOR, then=0), default=1, output_field=IntegerField()).asc(),
        Case(When(mention_count__gt=0, then=0), default=1, output_field=IntegerField()).asc(),
        F("cited_by_count").desc(),
        F("id").asc(),
    )
    rows = (
        Citation.objects.public()
        .filter(cited_id__in=paper_ids)
        .classified()
        .annotate(place=Window(RowNumber(), partition_by=[F("cited_id"), F("role")], order_by=best_first))
        .filter(place__lte=REPRESENTATIVES)
        .values("cited_id", "id", "role", "role_by", "mention_count", "cited_by_count", "place")
    )
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["cited_id"]].append(row)
    return found


def _why(citation: Mapping[str, Any], second: Mapping[str, Any] | None, of_role: int) -> str:
    """Why a citing paper stands for its role, of which there are `of_role`; `second` is the next best of them.

    Only what decided is said: the best is called most cited where nothing else sets it apart from the second.
    """
    label = Role(citation["role"]).label
    if second is None or of_role == 1:
        return f"{label}: the only one"
    if citation["place"] > 1:
        return f"{label}: next by the same rule"
    reasons = ["decided by a curator"] if citation["role_by"] == DecidedBy.CURATOR else []
    reasons += ["with a citing sentence"] if citation["mention_count"] else []
    if _before_citations(citation) == _before_citations(second):
        among = "of these" if reasons else f"of the {of_role:,}"
        is_ahead = citation["cited_by_count"] > second["cited_by_count"]
        reasons.append(f"most cited worldwide {among}" if is_ahead else f"added first {among}")
    return f"{label}: {', '.join(reasons)}"


def _before_citations(citation: Mapping[str, Any]) -> tuple[bool, bool]:
    """What goes before worldwide citations in the order of representatives."""
    return citation["role_by"] == DecidedBy.CURATOR, citation["mention_count"] > 0


# Columns copied from papers ------------------------------------------------------------------------------------------

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
    """Citations whose copied columns differ from their citing papers', each with what should stand there."""
    citations = Citation.objects.filter(condition).annotate(counted=Count("mentions")).order_by("pk")
    wanted = ((citation, _copies(papers[citation.citing_id], citation.counted)) for citation in citations)
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
