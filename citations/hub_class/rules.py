"""The rules of the hub classes: which one decides, and why."""

from __future__ import annotations

from dataclasses import dataclass

from citations.formatting import count, percent_of, plural
from citations.hub_class.counts import HubCounts, Share
from citations.hub_class.parts import ASSESSED, CLASSIFIED, CONFIRMED_DISPUTES, Part, role_query, short_parts, text_of
from citations.hub_class.sentences import (
    audited_majority_parts,
    audited_mixed_parts,
    contested_parts,
    majority_parts,
    mixed_parts,
    not_enough_parts,
    rest_parts,
)
from citations.hub_class.thresholds import CONTESTED_ENOUGH, CONTESTED_SHARE, ENOUGH, MAJORITY
from citations.vocabulary import HubClass, Role

# Beyond this many decimals a bound that still prints like its threshold is printed as it is.
MOST_DECIMALS = 6


@dataclass(frozen=True)
class Verdict:
    """The class that the rules name, and how it is said.

    `role`: the role that decided, None for a class that is not of a role. `share`: the share that decided, that of the
    role or that of the confirmed disputes, else None. `parts` make the sentence, `rest` what always follows it: the
    papers that it does not speak of.
    """

    hub_class: HubClass
    role: Role | None
    share: Share | None
    parts: tuple[Part, ...]
    rest: tuple[Part, ...]

    @property
    def sentence(self) -> str:
        """The sentence in plain text, without the class's label and without the rest."""
        return text_of(self.parts)

    @property
    def rest_sentence(self) -> str:
        """What follows the sentence, in plain text; empty where no citing paper is known."""
        return text_of(self.rest)


def headline(verdict: Verdict) -> str:
    """The class and its sentence in plain text: "Tool reference. 78% of 23 classified citing papers (58–90%) ..."."""
    return f"{verdict.hub_class.label}. {verdict.sentence}"


def short_sentence(verdict: Verdict) -> str:
    """The sentence for lists, in plain text: "78% of classified citing papers use this work as ..."."""
    return text_of(short_parts(verdict.parts))


def classify_hub(counts: HubCounts) -> Verdict:
    """The class of a hub by the rules in the order of `HubClass`, of which the first that holds decides."""
    hub_class = class_of(counts)
    share: Share | None = None
    if hub_class is HubClass.CONTESTED:
        share, parts = counts.contested_share, contested_parts(counts)
    elif hub_class is HubClass.NOT_ENOUGH_EVIDENCE:
        parts = not_enough_parts(counts)
    elif hub_class.role is not None:
        share = counts.role_share(hub_class.role)
        parts = (audited_majority_parts if named_by_audit(counts) else majority_parts)(hub_class.role, counts)
    else:
        parts = (audited_mixed_parts if named_by_audit(counts) else mixed_parts)(counts)
    return Verdict(hub_class, hub_class.role, share, parts, rest_parts(hub_class, counts))


def named_by_audit(counts: HubCounts) -> bool:
    """Whether the roles' classes follow from an audit instead of from the counted shares."""
    return counts.audited is not None and counts.audited.names_class


def class_of(counts: HubCounts) -> HubClass:
    """The class alone, without its sentence."""
    return next(hub_class for hub_class in HubClass if _holds(hub_class, counts))


def _holds(hub_class: HubClass, counts: HubCounts) -> bool:
    """Whether the rule of a class holds, whatever the rules above it say; mixed use holds where none of them does."""
    if hub_class is HubClass.CONTESTED:
        low = counts.contested_share.low
        return counts.assessed >= CONTESTED_ENOUGH and low is not None and low >= CONTESTED_SHARE
    if hub_class is HubClass.NOT_ENOUGH_EVIDENCE:
        return counts.classified < ENOUGH and not named_by_audit(counts)
    if hub_class.role is not None:
        if counts.audited is not None and counts.audited.names_class:
            return counts.audited.majority is hub_class.role
        low = counts.role_share(hub_class.role).low
        return low is not None and low > MAJORITY
    return not any(_holds(other, counts) for other in HubClass if other is not hub_class)


@dataclass(frozen=True)
class RuleOutcome:
    """One rule with the numbers of a hub: whether it holds, and whether it is the first that does and so decides."""

    hub_class: HubClass
    parts: tuple[Part, ...]
    holds: bool
    decides: bool

    @property
    def sentence(self) -> str:
        """The rule and its numbers in plain text."""
        return text_of(self.parts)


def explain(counts: HubCounts) -> tuple[RuleOutcome, ...]:
    """Every rule in order with this hub's numbers, for "Why this class?". Exactly one outcome decides."""
    deciding = classify_hub(counts).hub_class
    return tuple(
        RuleOutcome(hub_class, _rule_parts(hub_class, counts), _holds(hub_class, counts), hub_class is deciding)
        for hub_class in HubClass
    )


def _rule_parts(hub_class: HubClass, counts: HubCounts) -> tuple[Part, ...]:
    """The rule of a class in words, then the numbers it looks at."""
    if hub_class is HubClass.CONTESTED:
        rule = (
            f"at least {CONTESTED_ENOUGH} citing papers whose position is known, and the lower bound of the share of "
            f"confirmed disputes among them at {percent_of(CONTESTED_SHARE)} or more."
        )
        numbers = _contested_numbers(counts)
    elif hub_class is HubClass.NOT_ENOUGH_EVIDENCE:
        rule = f"fewer than {ENOUGH} classified citing papers."
        there = plural(counts.classified, "is", "are")
        classified = Part(count(counts.classified), "count", CLASSIFIED, counts.classified)
        numbers = (Part(f" There {there} "), classified, Part("."))
    elif hub_class.role is not None:
        rule = f"the lower bound of the {hub_class.role.short} share above {percent_of(MAJORITY)}."
        numbers = _role_numbers(hub_class.role, counts)
    else:
        rule, numbers = "none of the rules above.", ()
    return Part(f"{hub_class.label}: {rule}"), *numbers


def _contested_numbers(counts: HubCounts) -> tuple[Part, ...]:
    """As in " 14 of 100 known positions are confirmed disputes; the lower bound is 9%."."""
    share = counts.contested_share
    if share.low is None:
        return (Part(" No position is known."),)
    are = plural(share.numerator, "is a confirmed dispute", "are confirmed disputes")
    return (
        Part(" "),
        Part(count(share.numerator), "count", CONFIRMED_DISPUTES, share.numerator),
        Part(" of "),
        Part(f"{count(share.denominator)} known positions", "count", ASSESSED, share.denominator),
        Part(f" {are}; the lower bound is "),
        Part(bound_text(share.low, CONTESTED_SHARE), "range"),
        Part("."),
    )


def _role_numbers(role: Role, counts: HubCounts) -> tuple[Part, ...]:
    """As in " With 18 of 23 it is 58%."."""
    if counts.audited is not None and counts.audited.names_class:
        bound = bound_text(counts.audited.roles[role].powered.low, MAJORITY)
        return Part(" By the audit it is "), Part(bound, "range"), Part(".")
    share = counts.role_share(role)
    if share.low is None:
        return (Part(" Nothing is classified."),)
    return (
        Part(" With "),
        Part(count(share.numerator), "count", role_query(role), share.numerator),
        Part(" of "),
        Part(count(share.denominator), "count", CLASSIFIED, share.denominator),
        Part(" it is "),
        Part(bound_text(share.low, MAJORITY), "range"),
        Part("."),
    )


def bound_text(bound: float, threshold: float) -> str:
    """A bound in per cent with the fewest decimals that tell it from its threshold: "50.1%" beside 50%."""
    for digits in range(MOST_DECIMALS):
        text = percent_of(bound, digits)
        if text != percent_of(threshold, digits):
            return text
    return percent_of(bound, MOST_DECIMALS)
