"""What each decision about one citation would do to the class of its hub. Pure but for the rows that it reads from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from citations.hub_class import (
    CONTESTED_SHARE,
    MAJORITY,
    HubCounts,
    Share,
    Standing,
    bound_text,
    class_of,
    replace_one,
)
from citations.models import Citation
from citations.vocabulary import CLASSIFIED_ROLES, HubClass, Polarity, Role

# Printed where nothing is classified, so that there is no share.
NO_BOUND = "–"


@dataclass(frozen=True)
class Effect:
    """What comes of stating a role, a polarity or both; of stating neither: what stands.

    `hub_class`: what the rules then name; `turns`: that this is not what they name now. `share`: that of the role, or
    of the confirmed disputes, on which the present class hangs, after the decision.
    """

    role: Role | None
    polarity: Polarity | None
    hub_class: HubClass
    turns: bool
    changes: bool
    share: Share
    threshold: float

    @property
    def bound(self) -> str:
        """The lower bound of the share, with as many decimals as tell it from the threshold; a dash for none."""
        return NO_BOUND if self.share.low is None else bound_text(self.share.low, self.threshold)


@dataclass(frozen=True)
class Prospect:
    """A hub as it stands, and what each decision about one of its citations would do.

    `focus`: the role whose share is shown, None where it is that of the confirmed disputes.
    """

    counts: HubCounts
    before: Standing
    hub_class: HubClass
    focus: Role | None

    def of(self, role: Role | None = None, polarity: Polarity | None = None) -> Effect:
        """What stating this role and this polarity would do."""
        after = replace_one(self.counts, self.before, self.before.decided(role, polarity))
        named = class_of(after)
        turns, changes = named is not self.hub_class, after != self.counts
        threshold = CONTESTED_SHARE if self.focus is None else MAJORITY
        return Effect(role, polarity, named, turns, changes, self._share(after), threshold)

    def _share(self, counts: HubCounts) -> Share:
        return counts.contested_share if self.focus is None else counts.role_share(self.focus)

    @property
    def roles(self) -> tuple[Effect, ...]:
        """What each role would do, in the order of display."""
        return tuple(self.of(role) for role in Role)

    @property
    def polarities(self) -> tuple[Effect, ...]:
        """What each polarity would do."""
        return tuple(self.of(polarity=polarity) for polarity in Polarity)

    @property
    def outcomes(self) -> tuple[tuple[Effect, tuple[Role | Polarity, ...]], ...]:
        """The different outcomes, each with all roles that bring it about; then polarities that turn the class."""
        groups: dict[tuple[Share, HubClass], list[Effect]] = {}
        for effect in self.roles:
            groups.setdefault((effect.share, effect.hub_class), []).append(effect)
        found: list[tuple[Effect, tuple[Role | Polarity, ...]]] = [
            (effects[0], tuple(effect.role for effect in effects if effect.role)) for effects in groups.values()
        ]
        found += [(effect, (effect.polarity,)) for effect in self.polarities if effect.turns and effect.polarity]
        return tuple(found)


def standing_of(citation: Citation) -> Standing:
    """What stands of a citation, as counts see it."""
    return Standing(
        role=Role(citation.role) if citation.role else None,
        polarity=Polarity(citation.polarity) if citation.polarity else None,
        confirmed=citation.confirmed,
        coarse=citation.coarse,
    )


def prospect(counts: HubCounts, before: Standing) -> Prospect:
    """The prospect of a hub with these counts, one of whose citing papers stands as `before`."""
    hub_class = class_of(counts)
    focus = None if hub_class is HubClass.CONTESTED else hub_class.role or _largest(counts)
    return Prospect(counts, before, hub_class, focus)


def _largest(counts: HubCounts, roles: Sequence[Role] = CLASSIFIED_ROLES) -> Role:
    """The role of most papers; of several, the first in the order of display."""
    return max(roles, key=lambda role: counts.roles[role])
