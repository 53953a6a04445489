"""One decision on many citations at once: in one transaction, in bounded memory, each a label of its own in the ledger.

What is no label (a flag, a deletion, a hub counted anew) becomes an entry of each row in the admin's own log.

Rows are read by the batch in order of their ids, so that a filter which a decision takes them out of does no harm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from citations import labelling, summaries
from citations.labels import Effective, resolve
from citations.models import AuditEntry, Citation, HubPin, HubSummary, Label, Mention, Paper, Report
from citations.querysets import BATCH
from citations.summaries import Cause, Moves
from citations.vocabulary import CURATOR, DecidedBy, Role

HIDDEN = "hidden by a merge"


class BulkError(ValueError):
    """Work that is not done: the message says why, in a sentence for the person who asked for it."""


@dataclass
class Outcome:
    """How many rows were worked on, and how many were left as they are, by reason."""

    done: int = 0
    left: Counter[str] = field(default_factory=Counter)

    def sentence(self, one: str, several: str) -> str:
        """As in "12 citations were given the role; 3 were left: hidden by a merge."."""
        told = [f"{self.done:,} {one if self.done == 1 else several}"]
        told += [f"{n:,} left as {'it is' if n == 1 else 'they are'}: {why}" for why, n in sorted(self.left.items())]
        return f"{'; '.join(told)}."


def set_role(rows: QuerySet[Citation], curator: User, role: Role, *, note: str = "") -> Outcome:
    """A curator's label with `role` on each of these citations, but for those that a curator called so already."""

    def label(citation: Citation, outcome: Outcome) -> list[Label]:
        if citation.role == role and citation.role_by == DecidedBy.CURATOR:
            outcome.left["a curator said so already"] += 1
            return []
        return [_label(curator, citation.pk, note, role=role)]

    cause = Cause("A curator gave several citations a role.", curator)
    return _add(rows, cause, lambda batch, outcome: [new for row in batch for new in label(row, outcome)])


def confirm_imported(rows: QuerySet[Citation], curator: User, *, note: str = "") -> Outcome:
    """A curator says what the imported labels say that decide these citations now."""

    def labels(batch: list[Citation], outcome: Outcome) -> list[Label]:
        ledgers = labelling.ledgers(citation.pk for citation in batch)
        deciding = {citation.pk: _imported(resolve(ledgers.get(citation.pk, ()))) for citation in batch}
        wanted = {pk for ids in deciding.values() for pk in ids}
        said = Label.objects.select_related("mention").in_bulk(wanted)
        outcome.left["no imported label decides"] += sum(1 for ids in deciding.values() if not ids)
        return [_said_again(said[pk], curator, citation, note) for citation, ids in deciding.items() for pk in ids]

    return _add(rows, Cause("A curator confirmed imported labels.", curator), labels)


def confirm_labels(labels: QuerySet[Label], curator: User, *, note: str = "") -> Outcome:
    """A curator says what each of these imported labels says."""
    outcome = Outcome()
    stands = ~Exists(Label.objects.filter(retracts=OuterRef("pk")))
    wanted = labels.filter(stands, decided_by=DecidedBy.IMPORT).exclude(role="", polarity="")
    total = labels.count()

    def batches() -> Iterator[list[Label]]:
        for batch in _batches(wanted.select_related("mention", "citation", "citation__merged_into")):
            new = []
            for label in batch:
                standing = label.citation.merged_into or label.citation
                if not standing.is_void:
                    new.append(_said_again(label, curator, standing.pk, note))
            outcome.done += len(new)
            yield new

    with transaction.atomic():
        hubs = set(wanted.order_by().values_list("citation__cited_id", flat=True).distinct())
        merged = wanted.filter(citation__merged_into__isnull=False).order_by()
        hubs.update(merged.values_list("citation__merged_into__cited_id", flat=True).distinct())
        labelling.add_in_batches(hubs, batches(), Cause("A curator confirmed imported labels.", curator))
    outcome.left["not an imported label in force that states a role or a polarity"] += total - outcome.done
    outcome.left = +outcome.left
    return outcome


def set_self_citation(rows: QuerySet[Citation], curator: User, *, value: bool) -> Outcome:
    """A curator's word on whether these are self-citations; no import changes it afterwards."""
    outcome = Outcome()
    with transaction.atomic():
        hubs, moves = _hold(rows), Moves()
        for batch in _public_batches(rows, outcome):
            for citation in batch:
                citation.is_self_citation = value
                citation.flag_sources = {**citation.flag_sources, "is_self_citation": CURATOR}
            with moves.noted(citation.pk for citation in batch):
                Citation.objects.bulk_update(batch, ["is_self_citation", "flag_sources"], batch_size=BATCH)
            said = "Marked as a self-citation." if value else "Marked as no self-citation."
            _log(curator, batch, CHANGE, said)
            outcome.done += len(batch)
        cause = Cause("A curator said of several citations whether they are self-citations.", curator)
        summaries.recount(hubs, cause, moves)
    return outcome


def delete_unlabelled(rows: QuerySet[Citation], curator: User) -> Outcome:
    """Delete those of these citations on which nothing rests: no label, pin, report, audit or hidden citation."""
    outcome = Outcome()
    rests = [
        Exists(model.objects.filter(**{column: OuterRef("pk")}))
        for model, column in (
            (Label, "citation"),
            (HubPin, "citation"),
            (Report, "citation"),
            (AuditEntry, "citation"),
            (Citation, "merged_into"),
        )
    ]
    with transaction.atomic():
        hubs = _hold(rows)
        citing: set[int] = set()
        for batch in _batches(rows.annotate(rests=reduce(or_, rests))):
            free = [citation for citation in batch if not citation.rests and citation.merged_into_id is None]
            ids = [citation.pk for citation in free]
            _log(curator, free, DELETION, "Deleted: it carried no label.")
            Mention.objects.filter(citation_id__in=ids).delete()
            Citation.objects.filter(pk__in=ids).delete()
            citing.update(citation.citing_id for citation in free)
            outcome.done += len(free)
            outcome.left["labels, pins, reports, audits or a merge rest on them"] += len(batch) - len(free)
        outcome.left = +outcome.left
        hubs |= summaries.paper_changed(citing)
        summaries.recount(hubs, Cause("A curator deleted citations that carried no label.", curator))
    return outcome


def recount_hubs(hubs: QuerySet[HubSummary], curator: User, *, at_most: int) -> Outcome:
    """Compute all that is derived of these hubs anew, in one transaction. Raises `BulkError` for too many."""
    ids = list(hubs.order_by("pk").values_list("pk", flat=True)[: at_most + 1])
    if len(ids) > at_most:
        raise BulkError(f"These are more than {at_most:,} hubs: run manage.py rebuild_summaries instead.")
    outcome = Outcome()
    with transaction.atomic():
        for pk in ids:
            if labelling.rebuild_hub(pk).differed:
                outcome.done += 1
                _log(curator, HubSummary.objects.filter(pk=pk), CHANGE, "Counted anew.")
            else:
                outcome.left["right already"] += 1
    return outcome


def hubs_of_papers(papers: QuerySet[Paper]) -> QuerySet[HubSummary]:
    """The summaries of those of these papers that have one."""
    return HubSummary.objects.filter(pk__in=papers.order_by().values("pk"))


def _log(curator: User, rows: Iterable[Any], flag: int, said: str) -> None:
    """Write an entry of each row to the admin's log."""
    LogEntry.objects.log_actions(curator.pk, rows, flag, said)


# Batches --------------------------------------------------------------------------------------------------------------


def _add(rows: QuerySet[Citation], cause: Cause, labels: Callable[[list[Citation], Outcome], list[Label]]) -> Outcome:
    """Add what `labels` makes of each batch of citations. `done` counts citations that got a label."""
    outcome = Outcome()

    def batches() -> Iterator[list[Label]]:
        for batch in _public_batches(rows, outcome):
            new = labels(batch, outcome)
            outcome.done += len({label.citation_id for label in new})
            yield new

    with transaction.atomic():
        labelling.add_in_batches(_hold(rows), batches(), cause)
    outcome.left = +outcome.left
    return outcome


def _hold(rows: QuerySet[Citation]) -> set[int]:
    """Hold the hubs of these citations, lowest id first; returns them."""
    hubs = set(rows.order_by().values_list("cited_id", flat=True).distinct())
    summaries.lock_hubs(hubs)
    return hubs


def _public_batches(rows: QuerySet[Citation], outcome: Outcome) -> Iterator[list[Citation]]:
    """Batches without those that a merge hid, which are counted as left."""
    for batch in _batches(rows):
        standing = [citation for citation in batch if citation.merged_into_id is None]
        outcome.left[HIDDEN] += len(batch) - len(standing)
        yield standing
    outcome.left = +outcome.left


def _batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """Rows in order of their ids, so many at a time."""
    last = 0
    while batch := list(rows.order_by("pk").filter(pk__gt=last)[:BATCH]):
        yield batch
        last = batch[-1].pk


# Labels ---------------------------------------------------------------------------------------------------------------


def _label(curator: User, citation_id: int, note: str, **said: Any) -> Label:
    """An unsaved label of a curator's."""
    return Label(
        citation_id=citation_id,
        decided_by=DecidedBy.CURATOR,
        source=CURATOR,
        curator=curator,
        note=note,
        **said,
    )


def _said_again(label: Label, curator: User, citation_id: int, note: str) -> Label:
    """What `labelling.confirm` makes of a label."""
    said = {"role": label.role, "polarity": label.polarity, "mention": label.mention, "confirms": label}
    return _label(curator, citation_id, note, **said)


def _imported(effective: Effective) -> list[int]:
    """The ids of the imported labels that decide role and polarity: none, one or two."""
    decided = {
        (effective.role_by, effective.role_label_id),
        (effective.polarity_by, effective.polarity_label_id),
    }
    return sorted(pk for by, pk in decided if by == DecidedBy.IMPORT and pk is not None)
