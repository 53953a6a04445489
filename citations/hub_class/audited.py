"""Shares that are known to be right within a range: from a random sample of citing papers that curators read blind.

Two estimates of the share of a role. The first takes the audited papers alone. The second adds what machines said of
all papers: prediction-powered inference (Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023, "Prediction-powered
inference", Science 382:669-674; Angelopoulos, Duchi and Zrnic 2023, "PPI++: Efficient prediction-powered inference",
arXiv:2311.01453), that is

    mean of the audited labels + lambda x (mean score of all - mean score of the audited),

with the lambda between 0 and 1 that makes the variance least. Scores were fixed before the sample was read. However
wrong they are, the estimate stays right on average; good ones make its range narrower. Where the audited papers are
part of "all" this is the difference estimator of survey sampling (Cochran 1977, "Sampling techniques", chapter 7), and
its best lambda that of PPI++ with the papers that were not audited as the unlabelled ones.

Papers that were read without finding a role (`unclear`) are not part of shares, as everywhere. A share is then a ratio
of two means, whose variance is that of u = (is the role) - share x (has a role), divided by the squared mean of the
latter (Cochran 1977, chapter 2.11).

A sample may be stratified: drawn apart from groups of papers, of which each counts with its size in the collection.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, sqrt

from citations.formatting import percent_of, range_text
from citations.hub_class.counts import Z_95
from citations.hub_class.thresholds import AUDIT_ENOUGH, AUDIT_STILL_COVERS, MAJORITY
from citations.vocabulary import CLASSIFIED_ROLES, Role

# By how much scores may make a sample seem larger than it is. From 50 papers one cannot see that scores are better
# than that: a lambda fitted to a handful of papers of a rare role finds luck.
MOST_GAIN = 2.0
# The gain is believed as if so many papers more had shown none. With 5, intervals of good scores hold the truth in at
# least 93% of simulated audits in every setting (docs/classifier.md); without, in 92%.
DOUBT = 5
# A stratum with fewer audited papers has no variance of its own, and is read together with others.
LEAST_OF_STRATUM = 2


@dataclass(frozen=True)
class ReadPaper:
    """An audited paper: its role, its stratum, and how likely machines had held each role (0 to 1; missing is 0)."""

    role: Role
    stratum: str = ""
    scores: Mapping[Role, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Stratum:
    """All papers that a part of the sample was drawn from: how many, and the sums of their scores by role."""

    size: int
    scores: Mapping[Role, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Estimate:
    """A share with its 95% interval, all 0 to 1. `weight`: lambda, how far scores were believed."""

    share: float
    low: float
    high: float
    weight: float = 0.0

    @property
    def margin(self) -> float:
        """The larger distance from the share to an end of its interval."""
        return max(self.share - self.low, self.high - self.share)

    @property
    def percent(self) -> str:
        """The share as printed: "78%"."""
        return percent_of(self.share)

    @property
    def range(self) -> str:
        """The interval as printed: "66–87%"."""
        return range_text(self.low, self.high)

    @property
    def about(self) -> str:
        """As in "about 78% ± 8"; without a margin where every paper was read."""
        if self.margin == 0:
            return self.percent
        return f"about {self.percent} ± {max(1, round(100 * self.margin))}"


@dataclass(frozen=True)
class AuditedRole:
    """What an audit says of one role: how many audited papers have it, and its share by either estimate."""

    number: int
    alone: Estimate
    powered: Estimate


@dataclass(frozen=True)
class AuditedShares:
    """What an audit comes to. `audited` papers of `population` were read; of these `named` have a role.

    `planned`: how many had been drawn. `known`: how many citing papers there are now; 0 where that is not asked.
    """

    number: int
    audited: int
    planned: int
    population: int
    named: int
    roles: Mapping[Role, AuditedRole]
    known: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether every paper that was drawn was read."""
        return self.audited == self.planned

    @property
    def is_current(self) -> bool:
        """Whether most of the papers known now were there to be drawn."""
        return self.population >= AUDIT_STILL_COVERS * self.known

    @property
    def names_class(self) -> bool:
        """Whether the class follows from the audit: it read enough papers, of those that cite the hub now."""
        return self.is_current and self.named >= AUDIT_ENOUGH

    @property
    def majority(self) -> Role | None:
        """The role that more than half of all citing papers have, with 95% certainty."""
        return next((role for role, said in self.roles.items() if said.powered.low > MAJORITY), None)


def shares(reads: Sequence[ReadPaper], strata: Mapping[str, Stratum]) -> dict[Role, AuditedRole]:
    """The shares of all classified roles among papers that have a role; empty where no audited paper has one.

    `strata`: where the sample was drawn from, by name; a sample that was not stratified has one. Raises ValueError
    for a paper of no stratum, and for more audited papers than a stratum holds.
    """
    groups = _grouped(reads, strata)
    if not any(read.role.is_classified for read in reads):
        return {}
    return {role: _of_role(role, groups) for role in CLASSIFIED_ROLES}


@dataclass(frozen=True)
class _Group:
    """Audited papers, and what they stand for."""

    reads: tuple[ReadPaper, ...]
    stratum: Stratum
    weight: float

    @property
    def unread(self) -> float:
        """The part of the stratum that was not read: the finite population correction."""
        return 1 - len(self.reads) / self.stratum.size

    @property
    def variance_factor(self) -> float:
        """What a variance among papers of this group is multiplied by, in that of the estimate."""
        return self.weight**2 * self.unread / len(self.reads)


def _grouped(reads: Sequence[ReadPaper], strata: Mapping[str, Stratum]) -> list[_Group]:
    """The strata with their audited papers; those with too few are read together."""
    found: dict[str, list[ReadPaper]] = defaultdict(list)
    for read in reads:
        if read.stratum not in strata:
            raise ValueError(f"An audited paper is of the stratum {read.stratum!r}, which does not exist.")
        found[read.stratum].append(read)
    for name, of_stratum in found.items():
        if len(of_stratum) > strata[name].size:
            raise ValueError(f"{len(of_stratum)} papers were audited of {strata[name].size} in {name!r}.")
    names = [name for name, stratum in strata.items() if stratum.size]
    few = [name for name in names if len(found[name]) < min(LEAST_OF_STRATUM, strata[name].size)]
    parts = [[name] for name in names if name not in few]
    if few:
        # With the smallest of the others where they cannot stand alone even together.
        parts.sort(key=lambda part: sum(strata[name].size for name in part))
        while parts and sum(len(found[name]) for name in few) < LEAST_OF_STRATUM:
            few += parts.pop(0)
        parts.append(few)
    total = sum(strata[name].size for name in names)
    return [
        _Group(
            tuple(read for name in part for read in found[name]),
            _joined([strata[name] for name in part]),
            sum(strata[name].size for name in part) / total,
        )
        for part in parts
        if any(found[name] for name in part)
    ]


def _joined(strata: Sequence[Stratum]) -> Stratum:
    """Strata read as one."""
    roles = {role for stratum in strata for role in stratum.scores}
    return Stratum(
        sum(stratum.size for stratum in strata),
        {role: sum(stratum.scores.get(role, 0.0) for stratum in strata) for role in roles},
    )


def _of_role(role: Role, groups: Sequence[_Group]) -> AuditedRole:
    """Both estimates of one role."""
    number = sum(read.role is role for group in groups for read in group.reads)
    of_role = sum(group.weight * _mean(read.role is role for read in group.reads) for group in groups)
    of_named = sum(group.weight * _mean(read.role.is_classified for read in group.reads) for group in groups)
    share = of_role / of_named
    lambda_ = _lambda(role, share, groups)
    moved = sum(group.weight * _distance(role, group) for group in groups)
    powered = min(1.0, max(0.0, (of_role + lambda_ * moved) / of_named))
    return AuditedRole(
        number,
        _estimate(share, _size(role, share, groups, 0.0), 0.0, groups),
        _estimate(powered, _size(role, share, groups, lambda_), lambda_, groups),
    )


def _distance(role: Role, group: _Group) -> float:
    """Mean score of all papers of a group, less that of the audited ones."""
    of_all = group.stratum.scores.get(role, 0.0) / group.stratum.size
    return of_all - _mean(read.scores.get(role, 0.0) for read in group.reads)


def _lambda(role: Role, share: float, groups: Sequence[_Group]) -> float:
    """The weight of scores that makes the variance of the estimate least, between 0 and 1 (PPI++, equation 6)."""
    together = apart = 0.0
    for group in groups:
        labels, scores = _residuals(role, share, 0.0, group), [read.scores.get(role, 0.0) for read in group.reads]
        together += group.variance_factor * _covariance(labels, scores)
        apart += group.variance_factor * _covariance(scores, scores)
    return min(1.0, max(0.0, together / apart)) if apart > 0 else 0.0


def _residuals(role: Role, share: float, lambda_: float, group: _Group) -> list[float]:
    """u = (is the role) - share x (has a role) - lambda x score, of each audited paper."""
    return [
        (read.role is role) - share * read.role.is_classified - lambda_ * read.scores.get(role, 0.0)
        for read in group.reads
    ]


def _size(role: Role, share: float, groups: Sequence[_Group], lambda_: float) -> float:
    """How many papers with a role, drawn one by one from an endless collection, would tell as much as this sample.

    Infinite where every paper was read. The sample's own size, corrected for the papers that are left, times the gain
    of strata and scores: the variance of a plain sample divided by that of this one (the inverse of the design effect
    of Kish 1965).
    """
    read = sum(len(group.reads) for group in groups)
    population = sum(group.stratum.size for group in groups)
    if read >= population:
        return float("inf")
    named = sum(paper.role.is_classified for group in groups for paper in group.reads)
    size = max(1, named) * (population - 1) / (population - read)
    plain = _plain_variance(role, share, groups) * (1 - read / population) / read
    own = sum(
        group.variance_factor * _covariance(kept, kept)
        for group in groups
        if (kept := _residuals(role, share, lambda_, group))
    )
    if lambda_ and read > 2:
        own *= (read - 1) / (read - 2)  # a lambda was fitted, too
    if plain <= 0:
        return size
    # Strata in which all papers happened to be alike, and luck of a fitted lambda, would promise too much.
    own = (read * own + DOUBT * plain) / (read + DOUBT)
    return size * min(MOST_GAIN, plain / own)


def _plain_variance(role: Role, share: float, groups: Sequence[_Group]) -> float:
    """The variance of u among all papers, were they not drawn by strata."""
    weighed = [
        (group.weight / len(group.reads), value) for group in groups for value in _residuals(role, share, 0.0, group)
    ]
    mean = sum(weight * value for weight, value in weighed)
    read = len(weighed)
    spread = sum(weight * (value - mean) ** 2 for weight, value in weighed)
    return spread * read / (read - 1) if read > 1 else 0.0


def _estimate(share: float, size: float, lambda_: float, groups: Sequence[_Group]) -> Estimate:
    """The share with the score interval (Wilson 1927) of a sample that tells as much as `size` papers.

    The quantile is Student's, since the variance is estimated too, and the ends are moved outwards to whole papers: the
    true share is one of so many papers, and in a small collection the next whole number may be the truth.
    """
    if size == float("inf"):
        return Estimate(share, share, share, lambda_)
    read = sum(len(group.reads) for group in groups)
    population = sum(group.stratum.size for group in groups)
    quantile = _student(max(1, read - len(groups)))
    spread = quantile * quantile / size
    centre = (share + spread / 2) / (1 + spread)
    half = quantile * sqrt(share * (1 - share) / size + spread / (4 * size)) / (1 + spread)
    low, high = floor((centre - half) * population) / population, ceil((centre + half) * population) / population
    return Estimate(share, max(0.0, min(low, share)), min(1.0, max(high, share)), lambda_)


def _student(freedom: int) -> float:
    """The 97.5% quantile of Student's distribution, by an expansion (Abramowitz and Stegun 1964, 26.7.5)."""
    z = Z_95
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def _mean(values: Iterable[float]) -> float:
    """The mean; there is at least one."""
    kept = list(values)
    return sum(kept) / len(kept)


def _covariance(ones: Sequence[float], others: Sequence[float]) -> float:
    """The sample's covariance; 0 of a single paper."""
    if len(ones) < 2:
        return 0.0
    mean, other_mean = _mean(ones), _mean(others)
    return sum((a - mean) * (b - other_mean) for a, b in zip(ones, others, strict=True)) / (len(ones) - 1)
