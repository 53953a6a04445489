"""Audits: a random sample of a hub's citing papers is drawn, read blind, interrupted, gone on with and finished.

Whoever knows the seed, the number drawn and the papers that cited the hub then can draw the same sample again.
"""

from __future__ import annotations

import random
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from citations import labelling, summaries
from citations.curation.deciding import undo as retract_own
from citations.labelling import LabelError
from citations.models import Audit, AuditEntry, Citation, Label, Mention, Paper
from citations.querysets import BATCH
from citations.summaries import Cause
from citations.vocabulary import Polarity, Role

# At 50 papers a share is known to within some 14 points at the worst, which tells a majority from none in most hubs.
PLANNED = 50
# Fewer name no class (`hub_class.AUDIT_ENOUGH`); more than an afternoon's reading narrows the range by little.
LEAST, MOST = 20, 500
# Larger seeds are hard to write down.
LARGEST_SEED = 999_999
# From this score on the likeliest role of a paper without a suggestion tells its stratum: rather it than all others.
LIKELY = 0.5

Scores = Mapping[int, Mapping[str, float]]


@dataclass(frozen=True)
class Progress:
    """An audit with the entries that stand, in the order of drawing."""

    audit: Audit
    entries: Sequence[AuditEntry] = field(default=(), repr=False)

    @property
    def read(self) -> list[AuditEntry]:
        """Those with a label."""
        return [entry for entry in self.entries if entry.is_read]  # type: ignore[attr-defined]

    @property
    def unread(self) -> list[AuditEntry]:
        """Those without."""
        return [entry for entry in self.entries if not entry.is_read]  # type: ignore[attr-defined]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to read."""
        return not self.unread

    def following(self, curator: User) -> AuditEntry | None:
        """What this curator reads next: who drew the sample goes from its beginning, others from its end."""
        unread = self.unread
        if not unread:
            return None
        return unread[0] if curator.pk == self.audit.curator_id else unread[-1]

    def last_of(self, curator: User) -> AuditEntry | None:
        """The entry that this curator labelled last."""
        own = [entry for entry in self.read if entry.label and entry.label.curator_id == curator.pk]
        return max(own, key=lambda entry: entry.label_id or 0, default=None)


def progress_of(audits: Sequence[Audit]) -> dict[int, Progress]:
    """How far audits are, by number. One query."""
    entries = summaries.standing_entries([audit.pk for audit in audits]) if audits else {}
    return {audit.pk: Progress(audit, entries.get(audit.pk, [])) for audit in audits}


# Drawing -------------------------------------------------------------------------------------------------------------


def population(hub: Paper) -> list[int]:
    """The citations that a sample is drawn from, in order of their numbers: all that readers see."""
    return list(Citation.objects.of_hub(hub.pk).order_by("pk").values_list("pk", flat=True))


@dataclass(frozen=True)
class _Paper:
    """A citation to draw from: what machines said of it."""

    citation_id: int
    reading: str
    scores: Mapping[str, float]


def draw(
    hub: Paper,
    curator: User,
    *,
    planned: int = PLANNED,
    stratified: bool = False,
    seed: int | None = None,
    scores: Scores | None = None,
    scored_by: str = "",
) -> Audit:
    """Draw a sample of the papers that cite `hub`; of fewer than `planned` all. The seed is drawn where none is given.

    `scores`: how likely the model `scored_by` holds each role, by citation, for those that nobody has decided. Raises
    `LabelError` where an audit of the hub is open, where nothing cites it, and for numbers out of bounds.
    """
    if not LEAST <= planned <= MOST:
        raise LabelError(f"{planned} papers cannot be drawn: choose from {LEAST} to {MOST}.")
    seed = 1 + secrets.randbelow(LARGEST_SEED) if seed is None else seed
    if not 0 <= seed <= LARGEST_SEED:
        raise LabelError(f"The seed {seed} is no whole number from 0 to {LARGEST_SEED}.")
    with transaction.atomic():
        summaries.lock_hubs([hub.pk])
        if Audit.objects.filter(hub=hub, finished_at=None).exists():
            raise LabelError("An audit of this hub is open: go on with it, or finish it first.")
        papers = _papers(hub, scores or {})
        if not papers:
            raise LabelError("No paper is known to cite it: there is nothing to draw from.")
        groups = _groups(papers)
        drawn = _sample(groups, min(planned, len(papers)), stratified=stratified, seed=seed)
        numbers = {name: sum(paper.reading == name for paper in drawn) for name in groups}
        audit = Audit.objects.create(
            hub=hub,
            seed=seed,
            stratified=stratified,
            population=len(papers),
            planned=len(drawn),
            strata={
                name: {"size": len(group), "drawn": numbers[name], "scores": _sums(group)}
                for name, group in groups.items()
            },
            scored_by=scored_by if scores else "",
            curator=curator,
        )
        weights = {name: len(group) / numbers[name] for name, group in groups.items() if numbers[name]}
        AuditEntry.objects.bulk_create(
            [
                AuditEntry(
                    audit=audit,
                    citation_id=paper.citation_id,
                    position=position,
                    reading=paper.reading,
                    scores=dict(paper.scores),
                    weight=weights[paper.reading] if stratified else len(papers) / len(drawn),
                )
                for position, paper in enumerate(drawn, start=1)
            ],
            batch_size=BATCH,
        )
        summaries.recount([hub.pk], Cause("An audit was drawn.", curator))
    return audit


def _papers(hub: Paper, scores: Scores) -> list[_Paper]:
    """All that may be drawn, in order of their numbers: decided roles, else suggestions, else a model's scores."""
    rows = Citation.objects.of_hub(hub.pk).order_by("pk")
    found = []
    for pk, role, suggested, confidence in rows.values_list("pk", "role", "suggested_role", "suggested_confidence"):
        scored = {name: round(score, 4) for name, score in sorted(scores.get(pk, {}).items())}
        likeliest = max(scored, key=lambda name: scored[name], default="")
        if role:
            found.append(_Paper(pk, role, {role: 1.0}))
        elif suggested:
            found.append(_Paper(pk, suggested, scored or {suggested: round(confidence, 4)}))
        else:
            likely = likeliest and scored[likeliest] >= LIKELY
            found.append(_Paper(pk, likeliest if likely else "", scored))
    return found


def _groups(papers: Sequence[_Paper]) -> dict[str, list[_Paper]]:
    """Papers by what machines had said, in the order of the names."""
    found: dict[str, list[_Paper]] = defaultdict(list)
    for paper in papers:
        found[paper.reading].append(paper)
    return dict(sorted(found.items()))


def _sums(papers: Sequence[_Paper]) -> dict[str, float]:
    """The sums of scores, by role."""
    roles = sorted({role for paper in papers for role in paper.scores})
    return {role: round(sum(paper.scores.get(role, 0.0) for paper in papers), 4) for role in roles}


def _sample(groups: Mapping[str, Sequence[_Paper]], number: int, *, stratified: bool, seed: int) -> list[_Paper]:
    """Papers drawn without replacement, in random order."""
    chance = random.Random(seed)
    if not stratified:
        everyone = sorted((paper for group in groups.values() for paper in group), key=lambda paper: paper.citation_id)
        return chance.sample(everyone, number)
    shares = allotted({name: len(group) for name, group in groups.items()}, number)
    drawn = [paper for name, group in groups.items() for paper in chance.sample(list(group), shares[name])]
    chance.shuffle(drawn)
    return drawn


def allotted(sizes: Mapping[str, int], number: int) -> dict[str, int]:
    """How many to draw of each group: two where there are (one has no variance), and the rest in proportion to size.

    By Sainte-Laguë's divisors, so that the numbers add up; `number` is at most the sum of the sizes.
    """
    found = dict.fromkeys(sizes, 0)
    for least in (1, 2):
        for name in sorted(sizes, key=lambda name: -sizes[name]):
            if sizes[name] >= least and sum(found.values()) < number:
                found[name] = least
    while sum(found.values()) < number:
        open_ = [name for name in sizes if found[name] < sizes[name]]
        best = max(open_, key=lambda name: (sizes[name] / (2 * found[name] + 1), name))
        found[best] += 1
    return found


# Reading -------------------------------------------------------------------------------------------------------------


class AlreadyReadError(LabelError):
    """Somebody else has read this paper of the sample meanwhile; nothing was written."""

    def __init__(self) -> None:
        super().__init__("This paper of the sample has been read meanwhile.")


def read(
    entry_id: int,
    curator: User,
    role: Role,
    *,
    polarity: Polarity | None = None,
    mention_id: int | None = None,
    note: str = "",
) -> Progress:
    """A curator labels a paper of an open audit; the last one finishes it. Returns how far the audit is now.

    Raises `LabelError` where the entry is gone or its audit finished, and `AlreadyReadError`.
    """
    with transaction.atomic():
        audit = _held(AuditEntry.objects.filter(pk=entry_id).values_list("audit_id", flat=True).first())
        if audit.finished_at is not None:
            raise LabelError("This audit is finished.")
        entry = next((one for one in _progress(audit).entries if one.pk == entry_id), None)
        if entry is None:
            raise LabelError("A merge took this citing paper out of the sample meanwhile.")
        if entry.is_read:  # type: ignore[attr-defined]
            raise AlreadyReadError
        citation = Citation.objects.select_related("cited").get(pk=entry.standing_id)  # type: ignore[attr-defined]
        mention = None
        if mention_id is not None:
            mention = Mention.objects.select_related("citation").filter(citation=citation, pk=mention_id).first()
            if mention is None:
                raise LabelError("The sentence that was chosen is not one of this citation.")
        labelling.decide(citation, curator, role=role, polarity=polarity, mention=mention, note=note, audit_entry=entry)
        progress = _progress(audit)
        if progress.is_complete:
            _finish(audit, curator)
        return progress


def undo(audit: Audit, curator: User) -> AuditEntry:
    """Take back what this curator labelled last in an open audit; its paper is to be read again.

    Raises `LabelError` where there is nothing to take back.
    """
    with transaction.atomic():
        audit = _held(audit.pk)
        entry = _progress(audit).last_of(curator) if audit.finished_at is None else None
        if entry is None or entry.label is None:
            raise LabelError("There is nothing of yours to undo in this audit.")
        retract_own(Label.objects.select_related("citation").get(pk=entry.label.pk), curator)
        return entry


def finish(audit: Audit, curator: User) -> Progress:
    """End an audit as far as it is; one that was not read to the end is marked as unfinished.

    Raises `LabelError` where it is finished already or nothing was read.
    """
    with transaction.atomic():
        audit = _held(audit.pk)
        progress = _progress(audit)
        if audit.finished_at is not None:
            raise LabelError("This audit is finished already.")
        if not progress.read:
            raise LabelError("Nothing of this audit has been read: there is nothing to finish.")
        _finish(audit, curator)
        return progress


def reopen(audit: Audit, curator: User) -> None:
    """Go on with an audit that was finished early; readers see its shares again once it is finished.

    Raises `LabelError` where it is complete, or another audit of the hub is open.
    """
    with transaction.atomic():
        audit = _held(audit.pk)
        if audit.finished_at is None or _progress(audit).is_complete:
            raise LabelError("There is nothing left to read in this audit.")
        if Audit.objects.filter(hub_id=audit.hub_id, finished_at=None).exists():
            raise LabelError("Another audit of this hub is open: finish it first.")
        audit.finished_at = None
        audit.save(update_fields=["finished_at"])
        summaries.recount([audit.hub_id], Cause("An audit was taken up again.", curator))


def _held(audit_id: int | None) -> Audit:
    """The audit, with its hub held: nobody else writes to it until the transaction ends."""
    audit = Audit.objects.filter(pk=audit_id or 0).first()
    if audit is None:
        raise LabelError("There is no such audit.")
    summaries.lock_hubs([audit.hub_id])
    audit.refresh_from_db()
    return audit


def _progress(audit: Audit) -> Progress:
    return progress_of([audit])[audit.pk]


def _finish(audit: Audit, curator: User) -> None:
    audit.finished_at = timezone.now()
    audit.save(update_fields=["finished_at"])
    summaries.recount([audit.hub_id], Cause("An audit was finished.", curator))
