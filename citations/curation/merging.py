"""Two records of one work become one paper. Nothing is deleted (DESIGN section 4).

The paper that is folded in is hidden behind the one that stays. Its citations move over; one that would be there twice
is hidden behind its twin, and their ledgers are read together; one between the two papers is merged into itself, since
a paper does not cite itself. Labels are never touched: they stay with their citation, moved or hidden.

Locks: the summaries of all hubs concerned, lowest id first, then both papers. Whoever adds a citation of either paper
waits for one or the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from citations import engines, labelling, summaries
from citations.curation import merge_plan
from citations.curation.merge_plan import FIELDS
from citations.models import (
    Authorship,
    Citation,
    CitedByCount,
    HubPin,
    Identifier,
    Mention,
    Merge,
    Paper,
    Report,
)
from citations.querysets import BATCH
from citations.summaries import Cause
from citations.vocabulary import CURATOR

# Authors change places by way of here, as positions are unique within a paper; the highest real one is below.
_PARKED = 10_000
# A merge whose hubs become more while it waits for their locks starts anew, so many times.
_ATTEMPTS = 5


class MergeError(ValueError):
    """A merge that cannot be: the message says why, in sentences for the person who tried."""


class MergeMoved(MergeError):
    """One of the two papers changed since it was looked at; nothing was written."""


def merge(
    survivor_id: int,
    loser_id: int,
    curator: User,
    *,
    reason: str,
    seen: str = "",
    warnings_read: bool = False,
) -> Merge:
    """Fold paper `loser_id` into paper `survivor_id`, in one transaction; returns the record of it.

    `seen` is the fingerprint of the plan that the curator was shown ("" for none). `warnings_read` says that the
    curator knows what speaks against it. Raises `MergeError` where it is refused, `MergeMoved` where a paper changed.
    """
    if not reason.strip():
        raise MergeError("Say why the two are one work: the reason is public.")
    for _ in range(_ATTEMPTS):
        with transaction.atomic():
            hubs = _hubs(survivor_id, loser_id)
            summaries.lock_hubs(hubs)
            survivor, loser = _lock_papers(survivor_id, loser_id)
            if _hubs(survivor_id, loser_id) <= hubs:
                _check(survivor, loser, seen, warnings_read=warnings_read)
                return _Merging(survivor, loser, curator, reason.strip()).run(hubs)
    raise MergeMoved("The papers keep changing: an import may be running. Nothing was merged; try again later.")


def _hubs(survivor_id: int, loser_id: int) -> set[int]:
    """Both papers, and all that they cite, hidden citations included."""
    cited = Citation.objects.filter(citing_id__in=(survivor_id, loser_id)).order_by()
    return {survivor_id, loser_id, *cited.values_list("cited_id", flat=True).distinct()}


def _lock_papers(survivor_id: int, loser_id: int) -> tuple[Paper, Paper]:
    """Hold both rows, lowest id first. Nobody adds a citation of a paper that is held."""
    rows = Paper.objects.select_for_update().filter(pk__in=(survivor_id, loser_id)).order_by("pk")
    found = {paper.pk: paper for paper in rows}
    for paper_id in (survivor_id, loser_id):
        if paper_id not in found:
            raise MergeError(f"There is no paper {paper_id}.")
    return found[survivor_id], found[loser_id]


def _check(survivor: Paper, loser: Paper, seen: str, *, warnings_read: bool) -> None:
    """Raises `MergeError` for two that cannot be merged, or that are not as they were."""
    refused = list(merge_plan.refusals(survivor, loser))
    if refused:
        raise MergeError(" ".join(refused))
    if seen and merge_plan.fingerprint(survivor, loser) != seen:
        raise MergeMoved("One of the papers changed while you were reading. Nothing was merged: read the plan again.")
    against = [] if warnings_read else list(merge_plan.warnings(survivor, loser))
    if against:
        raise MergeError(" ".join(["Confirm that you have read what speaks against it.", *against]))


class _Merging:
    """One merge: what it works on, and what it remembers for its record. All within one transaction of the caller's."""

    def __init__(self, survivor: Paper, loser: Paper, curator: User, reason: str) -> None:
        self._survivor = survivor
        self._loser = loser
        self._curator = curator
        self._reason = reason
        self._now = timezone.now()
        self._moved: Counter[str] = Counter()
        self._hidden: Counter[str] = Counter()
        self._details: dict[str, Any] = {}
        # Citations whose ledgers became longer; papers whose citations have other sentences or another hub.
        self._kept: set[int] = set()
        self._collided: set[int] = set()
        self._citing: set[int] = set()

    def run(self, hubs: set[int]) -> Merge:
        """Everything, in order: citations between the two, those that collide, the rest; then the papers' own facts."""
        self._void()
        for pairs in _batches(merge_plan.collisions(self._survivor.pk, self._loser.pk)):
            self._hide(dict(pairs))
        self._move_citations()
        self._move_pins_of_the_hub()
        self._move_identifiers()
        self._move_counts()
        self._move_authors()
        self._move_fields()
        self._hide_the_paper()
        record = Merge.objects.create(
            survivor=self._survivor,
            loser=self._loser,
            reason=self._reason,
            curator=self._curator,
            created_at=self._now,
            details={"moved": _plain(self._moved), "hidden": _plain(self._hidden), **self._details},
        )
        self._bring_up_to_date(hubs)
        return record

    # Citations --------------------------------------------------------------------------------------------------------

    def _void(self) -> None:
        """Hide citations between the two papers: each is merged into itself, and nothing stands for it."""
        between = merge_plan.citations_between(self._survivor.pk, self._loser.pk)
        ids = list(between.order_by("pk").values_list("pk", flat=True))
        if ids:
            Citation.objects.filter(pk__in=ids).update(merged_into=F("pk"))
            standing = HubPin.objects.filter(citation_id__in=ids, removed_at__isnull=True)
            standing.update(removed_at=self._now, removed_by=self._curator)
            self._details["between"] = ids

    def _hide(self, kept_of: dict[int, int]) -> None:
        """Hide citations behind their twins, and hand on what readers go on seeing. `kept_of`: hidden id to kept."""
        _point(Citation, "merged_into_id", kept_of)
        behind = Citation.objects.filter(merged_into_id__in=kept_of).order_by()
        _point(Citation, "merged_into_id", {pk: kept_of[to] for pk, to in behind.values_list("pk", "merged_into_id")})
        self._move_mentions(kept_of)
        self._move_flags(kept_of)
        self._move_citation_pins(kept_of)
        reports = Report.objects.filter(citation_id__in=kept_of).order_by()
        _point(Report, "citation_id", {pk: kept_of[to] for pk, to in reports.values_list("pk", "citation_id")})
        self._hidden["citations"] += len(kept_of)
        self._kept.update(kept_of.values())
        ends = Citation.objects.filter(pk__in=[*kept_of, *kept_of.values()]).order_by()
        self._collided.update(ends.values_list("citing_id", flat=True))

    def _move_mentions(self, kept_of: dict[int, int]) -> None:
        """Sentences that the kept citation has already stay with the hidden one."""
        same = set(merge_plan.same_sentences(kept_of))
        rows = Mention.objects.filter(citation_id__in=kept_of).order_by().values_list("pk", "citation_id")
        moving = {pk: kept_of[citation_id] for pk, citation_id in rows if pk not in same}
        _point(Mention, "citation_id", moving)
        self._moved["sentences"] += len(moving)
        self._hidden["sentences"] += len(same)

    def _move_flags(self, kept_of: dict[int, int]) -> None:
        """A curator's word on a flag goes before all others, a source's before none; the kept citation's before the
        hidden one's.
        """
        rows = Citation.objects.in_bulk([*kept_of, *kept_of.values()])
        changed = []
        for hidden_id, kept_id in kept_of.items():
            if _take_flags(rows[kept_id], rows[hidden_id]):
                changed.append(rows[kept_id])
        Citation.objects.bulk_update(changed, ["is_influential", "is_self_citation", "flag_sources"], batch_size=BATCH)

    def _move_citation_pins(self, kept_of: dict[int, int]) -> None:
        """A pinned representative stays pinned by its twin; where both are, one pin is enough."""
        pinned = HubPin.objects.filter(citation_id__in=kept_of.values(), removed_at__isnull=True).order_by()
        taken = set(pinned.values_list("citation_id", flat=True))
        for pin in HubPin.objects.filter(citation_id__in=kept_of).order_by("pk"):
            kept = kept_of[pin.citation_id or 0]
            if pin.removed_at is None and kept in taken:
                pin.removed_at, pin.removed_by = self._now, self._curator
            pin.citation_id = kept
            pin.save(update_fields=["citation", "removed_at", "removed_by"])
            self._moved["pins"] += 1

    def _move_citations(self) -> None:
        """The rest goes over as it is. Done after all others are hidden, so that no pair comes twice."""
        received = Citation.objects.of_hub(self._loser.pk)
        self._citing.update(received.order_by().values_list("citing_id", flat=True))
        self._moved["citations of it"] += received.update(cited=self._survivor)
        self._moved["citations by it"] += Citation.objects.by_paper(self._loser.pk).update(citing=self._survivor)

    def _move_pins_of_the_hub(self) -> None:
        """Pins of its class and of its representatives. Of two pins of the same class one is removed."""
        pins = HubPin.objects.filter(hub=self._loser)
        if merge_plan.standing_pin(self._survivor.pk):
            standing = pins.filter(removed_at__isnull=True).exclude(hub_class="")
            standing.update(removed_at=self._now, removed_by=self._curator)
        self._moved["pins"] += pins.update(hub=self._survivor)

    # The papers' own facts --------------------------------------------------------------------------------------------

    def _move_identifiers(self) -> None:
        """All names: no two papers have one in common."""
        names = self._loser.identifiers.order_by("scheme", "value")
        self._details["identifiers"] = [f"{scheme}:{value}" for scheme, value in names.values_list("scheme", "value")]
        self._moved["identifiers"] += Identifier.objects.filter(paper=self._loser).update(paper=self._survivor)

    def _move_counts(self) -> None:
        """Worldwide counts by sources that did not count the other; of two by one source the higher is the survivor's.

        A source that keeps two records of one work counts those who cite either.
        """
        own = {count.source: count for count in self._survivor.cited_by_counts.all()}
        for count in list(self._loser.cited_by_counts.order_by("source")):
            other = own.get(count.source)
            if other is None:
                CitedByCount.objects.filter(pk=count.pk).update(paper=self._survivor)
                self._moved["worldwide counts"] += 1
                continue
            self._hidden["worldwide counts"] += 1
            if count.count > other.count:
                lower = {"count": other.count, "as_of": other.as_of}
                CitedByCount.objects.filter(pk=other.pk).update(count=count.count, as_of=count.as_of)
                CitedByCount.objects.filter(pk=count.pk).update(**lower)

    def _move_authors(self) -> None:
        """The folded paper's authors take the place of the others where `merge_plan` says so; these are kept there."""
        if not merge_plan.authors_move(self._survivor, self._loser):
            return
        own = list(self._survivor.authorships.values_list("pk", flat=True))
        folded = list(self._loser.authorships.values_list("pk", flat=True))
        Authorship.objects.filter(pk__in=own).update(position=F("position") + _PARKED)
        Authorship.objects.filter(pk__in=folded).update(paper=self._survivor)
        Authorship.objects.filter(pk__in=own).update(paper=self._loser)
        Authorship.objects.filter(pk__in=own).update(position=F("position") - _PARKED)
        self._moved["authors"] += len(folded)
        self._exchange_source("authors")

    def _move_fields(self) -> None:
        """Facts that the survivor lacks, or that a curator set on the folded paper. What they replace is recorded."""
        moving = [name for name in FIELDS if merge_plan.moves(self._survivor, self._loser, name)]
        replaced = {}
        for name in moving:
            before = getattr(self._survivor, name)
            if before not in ("", None):
                replaced[name] = {"value": str(before), "source": self._survivor.field_sources.get(name, "")}
            setattr(self._survivor, name, getattr(self._loser, name))
            self._exchange_source(name)
        for name in FIELDS:
            # The same said by a curator is a curator's word from now on.
            same = getattr(self._survivor, name) == getattr(self._loser, name)
            if same and self._loser.field_sources.get(name) == CURATOR:
                self._survivor.field_sources[name] = CURATOR
        self._survivor.save(update_fields=[*moving, "field_sources"])
        self._details |= {"fields": moving, "replaced": replaced}

    def _exchange_source(self, name: str) -> None:
        """The fact goes with the word of who stated it."""
        self._survivor.field_sources.pop(name, None)
        if name in self._loser.field_sources:
            self._survivor.field_sources[name] = self._loser.field_sources[name]

    def _hide_the_paper(self) -> None:
        """Its address leads to the survivor, and so do those of papers that had been folded into it: one hop each."""
        Paper.objects.filter(Q(pk=self._loser.pk) | Q(merged_into=self._loser)).update(merged_into=self._survivor)
        self._loser.merged_into = self._survivor

    # What follows -----------------------------------------------------------------------------------------------------

    def _bring_up_to_date(self, hubs: set[int]) -> None:
        """Copied columns, full text, ledgers read together, counts; each once."""
        hubs = hubs | summaries.paper_changed({self._survivor.pk, self._loser.pk, *self._collided})
        engines.refresh_text(connection, self._citing - self._collided)
        for some in _batches(sorted(self._kept)):
            hubs |= labelling.resolve_citations(some)
        title = self._loser.title if len(self._loser.title) <= 100 else f"{self._loser.title[:99]}…"
        summaries.recount(hubs, Cause(f"“{title}” was merged into “{self._survivor.slug}”.", self._curator))


def _take_flags(kept: Citation, hidden: Citation) -> bool:
    """Set on `kept` what it should say of both; says whether anything differs from before."""
    before = kept.is_influential, kept.is_self_citation, dict(kept.flag_sources)
    for name in ("is_influential", "is_self_citation"):
        kept_by, hidden_by = kept.flag_sources.get(name, ""), hidden.flag_sources.get(name, "")
        if kept_by == CURATOR:
            continue
        if hidden_by == CURATOR or (hidden_by and not kept_by):
            setattr(kept, name, getattr(hidden, name))
            kept.flag_sources[name] = hidden_by
        elif not kept_by:
            setattr(kept, name, getattr(kept, name) or getattr(hidden, name))
    return before != (kept.is_influential, kept.is_self_citation, kept.flag_sources)


def _point(model: Any, column: str, targets: dict[int, int]) -> None:
    """Let rows refer to other ones: `targets` is the row's id to the id that `column` should hold."""
    rows = [model(pk=pk, **{column: target}) for pk, target in sorted(targets.items())]
    model.objects.bulk_update(rows, [column.removesuffix("_id")], batch_size=BATCH)


def _plain(counted: Counter[str]) -> dict[str, int]:
    """Without the zeros, keys in order."""
    return {name: n for name, n in sorted(counted.items()) if n}


def _batches(rows: Any) -> Iterator[list[Any]]:
    """Stretches of at most `BATCH`. The next is read only after the caller has done with the one before."""
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch
