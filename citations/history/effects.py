"""What a label changed: what its citation was taken to say before it, and after. Pure, but for reading ledgers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from citations import labelling
from citations.labels import Effective, LabelRow, resolve
from citations.models import Label
from citations.vocabulary import NONE


@dataclass(frozen=True)
class Effect:
    """Before and after; `label` as it stands in the ledger."""

    before: Effective
    after: Effective


NO_EFFECT = Effect(Effective(), Effective())


def effects(labels: Iterable[Label]) -> dict[int, Effect]:
    """The effect of each label, by its id. Ledgers are read by one query a batch; citations must be at hand."""
    asked = list(labels)
    survivors = {label.pk: label.citation.merged_into_id or label.citation_id for label in asked}
    ledgers = labelling.ledgers(sorted(set(survivors.values())))
    return {label.pk: effect_of(label.pk, ledgers.get(survivors[label.pk], ())) for label in asked}


def effect_of(label_id: int, ledger: Sequence[LabelRow]) -> Effect:
    """The effect of one label of a ledger: labels written together with it belong to it, later ones are left out."""
    this = next((row for row in ledger if row.id == label_id), None)
    if this is None:
        return NO_EFFECT
    place = (this.created_at, this.id)
    until = [row for row in ledger if (row.created_at, row.id) <= place or row.decision == this.decision]
    return Effect(resolve(row for row in until if row.decision != this.decision), resolve(until))


def outcomes(found: Mapping[int, Effect]) -> dict[int, tuple[str, str]]:
    """What role and polarity became by each label: "none" where nobody decides it any more, "" where it stayed."""
    return {
        pk: (
            _became(effect.before.role, effect.after.role),
            _became(effect.before.polarity, effect.after.polarity),
        )
        for pk, effect in found.items()
    }


def _became(before: str, after: str) -> str:
    return "" if before == after else after or NONE
