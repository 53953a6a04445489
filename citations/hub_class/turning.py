"""What one decision about one citing paper would do to a hub's counts, and whether it would name another class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from citations.hub_class.counts import HubCounts
from citations.hub_class.rules import class_of
from citations.hub_class.thresholds import CONTESTED_ENOUGH, ENOUGH
from citations.vocabulary import CLASSIFIED_ROLES, Polarity, Role

Word = TypeVar("Word", Role, Polarity)


@dataclass(frozen=True)
class Standing:
    """What stands of one citing paper, as far as counts go; None where nobody has decided.

    `confirmed`: a curator asserted or confirmed the polarity. `coarse` speaks of the role.
    """

    role: Role | None = None
    polarity: Polarity | None = None
    confirmed: bool = False
    coarse: bool = False

    def decided(self, role: Role | None, polarity: Polarity | None) -> Standing:
        """What stands once a curator stated this role, this polarity, or both; None leaves what is there."""
        after = self if role is None else replace(self, role=role, coarse=False)
        return after if polarity is None else replace(after, polarity=polarity, confirmed=True)

    @property
    def disputes(self) -> bool:
        """Whether it is one of the disputes that count towards "Contested"."""
        return self.polarity is Polarity.DISPUTES and self.confirmed

    @property
    def coarse_method(self) -> bool:
        """Whether it is one of the coarse labels that say `method`."""
        return self.role is Role.METHOD and self.coarse


NOTHING = Standing()


def replace_one(counts: HubCounts, before: Standing, after: Standing) -> HubCounts:
    """The counts with one citing paper standing as `after` instead of as `before`.

    Raises ValueError where the counts hold no paper that stands as `before`.
    """
    return HubCounts(
        known=counts.known,
        roles=_moved(counts.roles, before.role, after.role),
        polarities=_moved(counts.polarities, before.polarity, after.polarity),
        confirmed_disputes=counts.confirmed_disputes - before.disputes + after.disputes,
        coarse_method=counts.coarse_method - before.coarse_method + after.coarse_method,
        audited=counts.audited,
    )


def _moved(numbers: Mapping[Word, int], before: Word | None, after: Word | None) -> dict[Word, int]:
    """The numbers with one paper less at `before` and one more at `after`."""
    moved = dict(numbers)
    for word, step in ((before, -1), (after, 1)):
        if word is not None:
            moved[word] = moved.get(word, 0) + step
    return moved


def role_would_turn(counts: HubCounts) -> bool:
    """Whether a role for one more of the papers that nobody has classified could name another class."""
    # With fewer than 19 classified papers one more leaves the class unnamed: said here because most hubs are small.
    if not counts.unclassified or counts.classified < ENOUGH - 1:
        return False
    now = class_of(counts)
    return any(class_of(replace_one(counts, NOTHING, Standing(role))) is not now for role in CLASSIFIED_ROLES)


def dispute_would_turn(counts: HubCounts) -> bool:
    """Whether one more confirmed dispute, of those that only an import states, would name another class."""
    if not counts.unconfirmed_disputes or counts.assessed < CONTESTED_ENOUGH:
        return False
    imported = Standing(polarity=Polarity.DISPUTES)
    after = replace_one(counts, imported, imported.decided(None, Polarity.DISPUTES))
    return class_of(after) is not class_of(counts)
