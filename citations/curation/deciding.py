"""What the desk writes besides decisions: a label of one's own undone, a citation put aside and taken up again."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction

from citations import labelling, summaries
from citations.labelling import LabelError
from citations.models import Citation, Label, Skip
from citations.vocabulary import SkipReason


def undo(label: Label, curator: User) -> Label:
    """Retract a label of the curator's own. Raises `LabelError` where it is another's, or undone already.

    What others said since stays as it is: only this label ceases to count.
    """
    if label.curator_id != curator.pk:
        raise LabelError("This decision is not yours: decide the citation yourself instead.")
    if label.retracts_id is not None:
        raise LabelError("An undoing is not undone: decide the citation again instead.")
    with transaction.atomic():
        # From here on nobody else writes to the ledger.
        summaries.lock_hubs([label.citation.cited_id])
        if Label.objects.filter(retracts=label, retracted_by__isnull=True).exists():
            raise LabelError("This decision is undone already.")
        return labelling.retract(label, curator)


def last_decision(label_ids: Sequence[int], curator: User) -> Label | None:
    """The newest of these labels that is the curator's own and not undone, with its papers; else None."""
    labels = Label.objects.filter(pk__in=label_ids, curator=curator, retracts=None, retracted_by=None)
    return labels.select_related("citation__citing", "citation__cited").order_by("-pk").first()


def put_aside(citation: Citation, curator: User, reason: SkipReason) -> Skip:
    """Take a citation out of this curator's queue; a new reason replaces an earlier one."""
    return Skip.objects.update_or_create(citation=citation, curator=curator, defaults={"reason": reason})[0]


def take_up(citation: Citation, curator: User) -> bool:
    """Put a citation back into this curator's queue; says whether it had been put aside."""
    return bool(Skip.objects.filter(citation=citation, curator=curator).delete()[0])
