"""Counts of a hub, shares of them, and how far chance alone may move a share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import sqrt
from typing import TYPE_CHECKING, TypeVar

from citations.formatting import percent, range_text
from citations.hub_class.thresholds import COARSE_SHARE
from citations.vocabulary import CLASSIFIED_ROLES, Polarity, Role

if TYPE_CHECKING:
    from citations.hub_class.audited import AuditedShares

# The 97.5% quantile of the normal distribution: the two-sided 95% interval, the custom of the field.
Z_95 = 1.959963984540054


def wilson(successes: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """The score interval for `successes` of `n`: lower and upper bound of the share (0 to 1), at `z` standard errors.

    With p = successes / n: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n). Wilson 1927, "Probable inference, the law
    of succession, and statistical inference", Journal of the American Statistical Association 22:209-212.
    Raises ValueError where `n` is below 1, `successes` lies outside 0 to `n`, or `z` is negative.
    """
    if n < 1 or not 0 <= successes <= n or z < 0:
        raise ValueError(f"There is no interval for {successes} of {n} at {z} standard errors.")
    share = successes / n
    spread = z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    # The clamps undo rounding errors only: the interval always holds the share and stays within 0 to 1.
    return max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share))


@dataclass(frozen=True)
class Share:
    """`numerator` papers of `denominator`. Raises ValueError where that is no share. Of none there is no fraction."""

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if not 0 <= self.numerator <= self.denominator:
            raise ValueError(f"{self.numerator} of {self.denominator} is not a share.")

    @property
    def fraction(self) -> float | None:
        """The share, 0 to 1; None where the denominator is 0."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def low(self) -> float | None:
        """The lower bound of the 95% Wilson interval, 0 to 1; None where the denominator is 0."""
        return wilson(self.numerator, self.denominator)[0] if self.denominator else None

    @property
    def high(self) -> float | None:
        """The upper bound of the 95% Wilson interval, 0 to 1; None where the denominator is 0."""
        return wilson(self.numerator, self.denominator)[1] if self.denominator else None

    @property
    def percent(self) -> str:
        """The share as printed: "78%"; "–" where the denominator is 0."""
        return percent(self.numerator, self.denominator)

    @property
    def range(self) -> str:
        """The 95% range as printed: "58–90%"; "–" where the denominator is 0."""
        return range_text(self.low, self.high)


@dataclass(frozen=True)
class HubCounts:
    """How many papers are known to cite a hub, and how many of these are of which role and polarity.

    `known`: all citing papers. `roles`, `polarities`: of those with a decided one; a missing key counts 0.
    `confirmed_disputes`: disputes that a curator asserted or confirmed. `coarse_method`: papers of the role `method`
    whose label is coarse. Suggestions are in none of them. `audited`: what the audit of the hub came to, if there is
    one.
    Raises ValueError, naming the number, for a negative one, for a part above its whole and for an unknown key.
    """

    known: int
    roles: Mapping[Role, int] = field(default_factory=dict)
    polarities: Mapping[Polarity, int] = field(default_factory=dict)
    confirmed_disputes: int = 0
    coarse_method: int = 0
    audited: AuditedShares | None = None

    def __post_init__(self) -> None:
        roles = _complete("role", Role, self.roles)
        polarities = _complete("polarity", Polarity, self.polarities)
        # A frozen dataclass sets its own fields so: every role and polarity has its number from here on.
        object.__setattr__(self, "roles", roles)
        object.__setattr__(self, "polarities", polarities)
        _check_part("known", self.known, None, 0)
        _check_part("the sum of roles", sum(roles.values()), "known", self.known)
        _check_part("the sum of polarities", sum(polarities.values()), "known", self.known)
        _check_part("confirmed_disputes", self.confirmed_disputes, "disputes", polarities[Polarity.DISPUTES])
        _check_part("coarse_method", self.coarse_method, "method", roles[Role.METHOD])

    @property
    def classified(self) -> int:
        """Papers with a decided role other than `unclear`: n, the denominator of every share of a role."""
        return sum(self.roles[role] for role in CLASSIFIED_ROLES)

    @property
    def unclear(self) -> int:
        """Papers that were read, but whose role could not be named."""
        return self.roles[Role.UNCLEAR]

    @property
    def unclassified(self) -> int:
        """Papers without any decided role."""
        return self.known - self.classified - self.unclear

    @property
    def assessed(self) -> int:
        """Papers with a decided polarity: m, the denominator of every share of a polarity."""
        return sum(self.polarities.values())

    @property
    def unassessed(self) -> int:
        """Papers without a decided polarity."""
        return self.known - self.assessed

    @property
    def unconfirmed_disputes(self) -> int:
        """Disputes that only an import states."""
        return self.polarities[Polarity.DISPUTES] - self.confirmed_disputes

    @property
    def coverage(self) -> Share:
        """Classified papers of the known ones."""
        return Share(self.classified, self.known)

    @property
    def role_range_shown(self) -> bool:
        """Whether shares of roles have a sampling range: only while papers that may differ are not classified.

        Unclear papers were read and stand outside the denominator, so that they leave nothing to sample.
        """
        return self.unclassified > 0

    @property
    def polarity_range_shown(self) -> bool:
        """Whether shares of polarities have a sampling range: only while a paper is not assessed."""
        return self.unassessed > 0

    @property
    def method_is_coarse(self) -> bool:
        """Whether more than half of the labels that say `method` come from schemes that could not have said more."""
        return self.coarse_method > COARSE_SHARE * self.roles[Role.METHOD]

    def role_share(self, role: Role) -> Share:
        """Papers of `role` among the classified ones. Raises ValueError for `unclear`, which is not one of them."""
        if not role.is_classified:
            raise ValueError(f"{role.value} has no share: it is not part of the classified papers.")
        return Share(self.roles[role], self.classified)

    def polarity_share(self, polarity: Polarity) -> Share:
        """Papers of `polarity` among those whose position is known."""
        return Share(self.polarities[polarity], self.assessed)

    @property
    def contested_share(self) -> Share:
        """Confirmed disputes among the papers whose position is known."""
        return Share(self.confirmed_disputes, self.assessed)


Word = TypeVar("Word", bound=StrEnum)


def _complete(name: str, vocabulary: type[Word], numbers: Mapping[Word, int]) -> dict[Word, int]:
    """`numbers` with a 0 for each missing member, in the order of display. Raises ValueError as HubCounts does."""
    unknown = [str(key) for key in numbers if key not in list(vocabulary)]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no {name}.")
    for key, number in numbers.items():
        _check_part(str(key), number, None, 0)
    return {member: numbers.get(member, 0) for member in vocabulary}


def _check_part(name: str, number: int, whole_name: str | None, whole: int) -> None:
    """Raises ValueError for a negative number, or for one above the whole, where there is one."""
    if number < 0:
        raise ValueError(f"{name} is {number}: it cannot be negative.")
    if whole_name is not None and number > whole:
        raise ValueError(f"{name} is {number}: it cannot be above {whole_name}, which is {whole}.")
