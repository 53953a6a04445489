"""Writing summaries and tallies: under locks, only where something differs, with a record of each change of class."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from citations import engines
from citations.hub_class import RULES_VERSION, classify_hub, dispute_would_turn, role_would_turn
from citations.models import ClassChange, HubPin, HubSummary, ImportRun, Label, Paper
from citations.querysets import BATCH
from citations.summaries.audits import audits_of
from citations.summaries.moves import Moves
from citations.summaries.representatives import best_of, choose_representatives, pins_of, ranked_of
from citations.summaries.tallies import (
    TallyChanges,
    cells_of,
    count_cells,
    hub_counts,
    moved_counts,
    moved_tally,
    stored_tallies,
    tallied,
    tally_changes,
    top_venues,
    write_tally,
)
from citations.vocabulary import HubClass, Role


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


# From this many citing papers on, a hub has a stamp, under which others may keep what they have read of its citations.
STAMPED_FROM = 2_000


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


def recount(paper_ids: Iterable[int], cause: Cause, moves: Moves | None = None) -> int:
    """Write the summaries (and tallies) of these cited papers anew; returns how many differed from what stood there.

    With `moves`, which hold all that was written to citations of these hubs since they were last counted, hubs that
    have a tally are not counted again: the moves are added to what stands there, at a cost that does not grow with the
    hub. Takes the locks itself. `updated_at` moves only where something changed, so that caches stay valid.
    """
    ids = sorted(set(paper_ids))
    changed = 0
    if not ids:
        return 0
    with transaction.atomic():
        lock_hubs(ids)
        for start in range(0, len(ids), BATCH):
            changed += _rewrite(ids[start : start + BATCH], cause, moves)
    return changed


def _stamp(paper_ids: list[int]) -> None:
    """Give big hubs a new stamp, whether their numbers changed or not: two papers may have swapped their roles.

    It is drawn and not counted on: no number comes twice, even after a backup was put back.
    """
    HubSummary.objects.filter(pk__in=paper_ids).update(stamp=1 + secrets.randbelow(2**62))


def _rewrite(paper_ids: list[int], cause: Cause, moves: Moves | None) -> int:
    """Bring a batch of locked summaries and their tallies up to date; returns how many differed."""
    stale, changes, of_tally_alone, big = [], [], 0, []
    followed = list(_followed(paper_ids, moves)) if moves is not None else []
    others = set(paper_ids) - {summary.paper_id for summary, _, _ in followed}
    counted = _wanted(sorted(others)) if others else ()
    for summary, values, of_tally in chain(followed, counted):
        write_tally(summary.paper_id, of_tally)
        if values["known"] >= STAMPED_FROM:
            big.append(summary.paper_id)
        if all(getattr(summary, name) == value for name, value in values.items()):
            of_tally_alone += bool(of_tally)
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
    if big:
        _stamp(big)
    return len(stale) + of_tally_alone


def differing(paper_ids: Iterable[int]) -> set[int]:
    """Which of these hubs have a summary or tally that is not what their citations say. Writes nothing."""
    ids = sorted(set(paper_ids))
    found = set(ids) - set(HubSummary.objects.filter(pk__in=ids).values_list("pk", flat=True))
    for summary, values, of_tally in _wanted(ids):
        if of_tally or any(getattr(summary, name) != value for name, value in values.items()):
            found.add(summary.paper_id)
    return found


def _wanted(paper_ids: list[int]) -> Iterator[tuple[HubSummary, dict[str, Any], TallyChanges]]:
    """For each summary of a batch of hubs: what its columns should be, and how its tally must change.

    One query for each kind of count, whatever the number of hubs.
    """
    cells = cells_of(paper_ids)
    venues = top_venues(paper_ids)
    pins = pins_of(paper_ids)
    audits = audits_of(paper_ids)
    ranked = ranked_of(paper_ids)
    tallies = stored_tallies(paper_ids)
    for summary in HubSummary.objects.filter(pk__in=paper_ids).select_related("paper").order_by("pk"):
        hub = summary.paper_id
        counts = count_cells(cells[hub], venues[hub]) | ({"audit": audits[hub]} if hub in audits else {})
        representatives = choose_representatives(ranked[hub], counts["role"], pins[hub])
        values = _values(summary.paper, counts, representatives, pins[hub])
        yield summary, values, tally_changes(cells[hub], tallies[hub])


def _followed(paper_ids: list[int], moves: Moves) -> Iterator[tuple[HubSummary, dict[str, Any], TallyChanges]]:
    """As `_wanted`, but from what stands in summaries and tallies and has moved since; only a hub's best are looked up.

    Hubs without a whole tally are left out, and those where what stands there cannot be what the moves began with.
    """
    hubs = sorted(tallied(paper_ids))
    if not hubs:
        return
    pins = pins_of(hubs)
    audits = audits_of(hubs)
    for summary in HubSummary.objects.filter(pk__in=hubs).select_related("paper").order_by("pk"):
        hub = summary.paper_id
        moved = moves.of(hub)
        counts, of_tally = moved_counts(summary.counts, moved), moved_tally(hub, moved)
        # Citations that came or went would change the venues too.
        if counts is None or of_tally is None or sum(cell["n"] for cell in moved):
            continue
        counts |= {"audit": audits[hub]} if hub in audits else {}
        representatives = choose_representatives(best_of(hub, counts["role"]), counts["role"], pins[hub])
        yield summary, _values(summary.paper, counts, representatives, pins[hub]), of_tally


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


# Restoring an exported collection ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StandingClass:
    """What is known of a hub beyond its citations: the class that stood, since when, and when anything changed last."""

    hub_class: str
    class_since: datetime.datetime | None
    updated_at: datetime.datetime


def restore_summaries(standing: Mapping[int, StandingClass], cause: Cause) -> None:
    """Make and count the summaries of hubs that have none yet, by paper id; labels are restored and resolved already.

    The class that stood counts as the former one: only a hub whose class has become another since gets a record of the
    change (with `cause`) and new times. The caller holds a transaction.
    """
    HubSummary.objects.bulk_create(
        [
            HubSummary(
                paper_id=pk, hub_class=kept.hub_class, computed_class=kept.hub_class, class_since=kept.class_since
            )
            for pk, kept in sorted(standing.items())
        ],
        batch_size=BATCH,
    )
    recount(standing, cause)
    unchanged = []
    for summary in HubSummary.objects.filter(pk__in=list(standing)).order_by("pk"):
        kept = standing[summary.paper_id]
        if summary.hub_class == kept.hub_class:
            summary.updated_at = kept.updated_at
            unchanged.append(summary)
    HubSummary.objects.overwrite(unchanged, ["updated_at"])
