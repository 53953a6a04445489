"""The ledger of one citation, as the admin shows it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Max, Q

from citations.admin.base import NOTHING, word_label
from citations.labels import resolve
from citations.models import Citation, Label, in_ledgers
from citations.vocabulary import DecidedBy, Polarity, Role, source_label


@dataclass(frozen=True)
class LedgerRow:
    """One label in words. `state` says what it does or what was done to it."""

    label: Label
    role: str
    polarity: str
    author: str
    state: str


def labels_of(citation: Citation) -> list[Label]:
    """All labels of a citation, newest first, with those of citations that a merge hid behind it. One query."""
    return list(
        Label.objects.filter(_ledger(citation))
        .select_related("curator", "mention", "import_run")
        .order_by("-created_at", "-id")
    )


def newest_label_id(citation: Citation) -> int:
    """The id of the label added last; 0 where there is none. Ids of one ledger grow, as writers of a hub take turns."""
    return Label.objects.filter(_ledger(citation)).order_by().aggregate(newest=Max("id"))["newest"] or 0


def labels_after(citation: Citation, label_id: int) -> list[Label]:
    """The labels added after the one with this id, oldest first."""
    return list(Label.objects.filter(_ledger(citation), pk__gt=label_id).select_related("curator").order_by("id"))


def _ledger(citation: Citation) -> Q:
    return in_ledgers([citation.pk])


def ledger_rows(labels: list[Label]) -> list[LedgerRow]:
    """The labels in words, in the order given; which of them stand is read from all of them together."""
    effective = resolve(labels)
    retracted: dict[int, list[int]] = {}
    for label in labels:
        if label.retracts_id is not None:
            retracted.setdefault(label.retracts_id, []).append(label.pk)
    return [
        LedgerRow(
            label=label,
            role=word_label(label.role, Role),
            polarity=word_label(label.polarity, Polarity),
            author=author_of(label),
            state=_state(
                label,
                retracted.get(label.pk, []),
                decides_role=label.pk == effective.role_label_id,
                decides_polarity=label.pk == effective.polarity_label_id,
            ),
        )
        for label in labels
    ]


def author_of(label: Label) -> str:
    """Who or what stated a label; its curator must be at hand."""
    if label.decided_by == DecidedBy.CURATOR and label.curator is not None:
        return label.curator.get_username()
    return source_label(label.source)


def statement_of(label: Label) -> str:
    """A label as part of a sentence: "Baseline, Supports by ann"; its curator must be at hand."""
    if label.retracts_id is not None:
        said = f"retraction of label {label.retracts_id}"
    else:
        words = [word_label(label.role, Role), word_label(label.polarity, Polarity)]
        said = ", ".join(word for word in words if word != NOTHING) or label.raw_value or f"label {label.pk}"
    return f"{said} by {author_of(label)}"


def _state(label: Label, retracted_by: list[int], *, decides_role: bool, decides_polarity: bool) -> str:
    """What a label does, or what was done to it, in a few words."""
    facts = []
    if decides_role:
        facts.append("decides the role")
    if decides_polarity:
        facts.append("decides the polarity")
    if label.retracts_id is not None:
        facts.append(f"retracts {label.retracts_id}")
    if label.confirms_id is not None:
        facts.append(f"confirms {label.confirms_id}")
    if retracted_by:
        facts.append("retracted by " + ", ".join(map(str, sorted(retracted_by))))
    if label.coarse:
        facts.append("coarse")
    return "; ".join(facts)
