"""Which label counts: from all labels of one citation to what it is taken to say. Pure: no database.

The ledger of a citation only grows. `resolve` reads it as a whole and says which role and which polarity stand, who
decided them and what a classifier suggests, so that the answer can be computed again at any time from the labels alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from itertools import combinations
from typing import Protocol, TypeVar

from citations.vocabulary import ROLE_SPECIFICITY, SAMPLE, DecidedBy, Polarity, Role, suggestion_threshold

# A label may be retracted by an author of the same or a higher authority: no machine undoes what a person said, and no
# classifier what a source said. A label by any other author says nothing.
AUTHORITY: dict[str, int] = {DecidedBy.CLASSIFIER: 0, DecidedBy.IMPORT: 1, DecidedBy.CURATOR: 2}


# What a coarse role may mean: Semantic Scholar's and SciCite's "method" takes in tools, data and what is built upon,
# their "result" comparisons and findings relied on (DESIGN section 2). A finer word among these contradicts nobody.
COARSE_COVERS: dict[str, frozenset[str]] = {
    Role.METHOD: frozenset({Role.METHOD, Role.DATASET, Role.EXTENSION}),
    Role.COMPARISON: frozenset({Role.COMPARISON, Role.EVIDENCE}),
}


class LabelLike(Protocol):
    """What `resolve` reads of a label. An empty `role` or `polarity` states none."""

    @property
    def id(self) -> int: ...
    @property
    def role(self) -> str: ...
    @property
    def polarity(self) -> str: ...
    @property
    def decided_by(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def coarse(self) -> bool: ...
    @property
    def confidence(self) -> float | None: ...
    @property
    def decision(self) -> Hashable: ...
    @property
    def retracts_id(self) -> int | None: ...
    @property
    def confirms_id(self) -> int | None: ...
    @property
    def created_at(self) -> datetime: ...


@dataclass(frozen=True)
class LabelRow:
    """A label as plain values, in the order of `LABEL_COLUMNS`, by which they are read from the database."""

    id: int
    role: str
    polarity: str
    decided_by: str
    source: str
    coarse: bool
    confidence: float | None
    decision: Hashable
    retracts_id: int | None
    confirms_id: int | None
    created_at: datetime


LABEL_COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(LabelRow))


@dataclass(frozen=True)
class Effective:
    """What the labels of one citation come to. The empty string stands for none; `*_label_id` name the deciding labels.

    `source` is that of the role, or of the polarity where only a polarity is stated; `polarity_source` is that of the
    polarity. `coarse` speaks of the role.
    `confirmed`: a curator decided the polarity, or the role where no polarity is stated. `suggested_*` stand apart and
    say what a classifier would call it, whether or not somebody has decided.
    `disagreement`: import sources contradict each other on the role or the polarity, and no curator has settled it.
    """

    role: str = ""
    role_by: str = ""
    source: str = ""
    coarse: bool = False
    polarity: str = ""
    polarity_by: str = ""
    polarity_source: str = ""
    confirmed: bool = False
    disagreement: bool = False
    suggested_role: str = ""
    suggested_confidence: float | None = None
    role_label_id: int | None = None
    polarity_label_id: int | None = None
    suggested_label_id: int | None = None


@dataclass(frozen=True)
class _Statement:
    """What one label in force says, what it confirms included."""

    label: LabelLike
    role: Role | None
    polarity: Polarity | None
    coarse: bool

    @property
    def confidence(self) -> float:
        """The label's confidence (0 to 1); below 0 where it states none, or what is no number."""
        confidence = self.label.confidence
        return confidence if confidence is not None and confidence >= 0 else -1.0


@dataclass(frozen=True)
class _Claim:
    """What one decision says of the role, or of the polarity: the labels written together by one author.

    `coarse` is that of the decision, that is, of the label that states its role; `newest` orders decisions in time.
    """

    value: str
    label_id: int | None
    decided_by: str
    source: str
    newest: tuple[datetime, int]
    coarse: bool
    confidence: float = -1.0


# Stands where nobody claims anything.
_NO_CLAIM = _Claim("", None, "", "", (datetime.min, 0), coarse=False)


@dataclass(frozen=True)
class Decider:
    """Who decided a label. `of`: "role" or "polarity" where only that one is theirs; "" for all that is decided."""

    decided_by: DecidedBy
    source: str
    coarse: bool = False
    of: str = ""


def deciders(
    role_by: str, source: str, polarity_by: str, polarity_source: str, *, coarse: bool = False
) -> tuple[Decider, ...]:
    """Who decided the label of a citation, from its effective columns ("" where there is no role, or no polarity):
    nobody, one for all that is decided, or one each for role and polarity.
    """
    role = Decider(DecidedBy(role_by), source, coarse) if role_by else None
    polarity = Decider(DecidedBy(polarity_by), polarity_source) if polarity_by else None
    if role and polarity and (role.decided_by, role.source) != (polarity.decided_by, polarity.source):
        return replace(role, of="role"), replace(polarity, of="polarity")
    if polarity and not role:
        return (replace(polarity, of="polarity"),)
    return (role,) if role else ()


def resolve(labels: Iterable[LabelLike], thresholds: Callable[[str], float | None] = suggestion_threshold) -> Effective:
    """What the `labels` of one citation, in any order, come to. `thresholds` gives a classifier's least confidence.

    Retraction. A label is in force when no label in force retracts it, so that a retraction that is itself retracted
    has no force and what it retracted stands again. A retraction has force over labels of its own or a lower
    `AUTHORITY`; it states nothing itself. References to labels that are not given are ignored. Labels that retract
    themselves, or each other in a circle, are not in force.

    Confirmation. A label counts as saying what the label it confirms says, at its own time, by its own author and in
    its own decision; what it states itself goes before. Chains are followed, also through labels retracted since: a
    confirmation stands on its own. A curator's confirmation is never coarse, since a person read it with our words at
    hand; an import's is as coarse as what it confirms.

    Decision. Labels in force that share `decision`, `decided_by` and `source`. It is as new as its newest label, and as
    its highest id where times tie. Its role is the most specific stated (`ROLE_SPECIFICITY`), by a fine label if one
    states it; it is coarse when that label is. Its polarity: `neutral` yields to any other; of several others, `mixed`.

    Role and polarity are then resolved separately, each among the decisions that state it: the newest by any curator;
    else, of the newest of each import source, any other before the sample, fine before coarse, then the newest.

    The suggestion is the role of the newest classifier's decision whose confidence, that of the label stating that
    role, reaches the classifier's threshold. A classifier without a threshold and a label without a confidence suggest
    nothing.

    Sources disagree where the newest decisions of two of them, the sample left out, state different roles (other than
    `unclear`, and none of which the other, being coarse, may mean), or where one says that the paper supports and
    another that it disputes; a curator's word on the role, or the polarity, settles that.

    Values outside the vocabulary state nothing. All `created_at` must carry a time zone, or none of them.
    """
    ledger = {label.id: label for label in labels if label.decided_by in AUTHORITY}
    roles, polarities = _claims(ledger)
    role, polarity, suggestion = _deciding(roles), _deciding(polarities), _suggesting(roles, thresholds)
    return Effective(
        role=role.value,
        role_by=role.decided_by,
        source=role.source or polarity.source,
        coarse=role.coarse,
        polarity=polarity.value,
        polarity_by=polarity.decided_by,
        polarity_source=polarity.source,
        confirmed=(polarity.decided_by or role.decided_by) == DecidedBy.CURATOR,
        disagreement=(role.decided_by != DecidedBy.CURATOR and _contradict(roles, _roles_differ))
        or (polarity.decided_by != DecidedBy.CURATOR and _contradict(polarities, _sides_differ)),
        suggested_role=suggestion.value,
        suggested_confidence=suggestion.confidence if suggestion.value else None,
        role_label_id=role.label_id,
        polarity_label_id=polarity.label_id,
        suggested_label_id=suggestion.label_id,
    )


def ids_in_force(labels: Iterable[LabelLike]) -> set[int]:
    """The ids of those of one citation's `labels` that no label in force retracts, as `resolve` reads them."""
    return _in_force({label.id: label for label in labels if label.decided_by in AUTHORITY})


@dataclass(frozen=True)
class SaidRole:
    """The newest role that one import source or classifier states of a citation."""

    decided_by: str
    source: str
    role: Role
    coarse: bool


@dataclass(frozen=True)
class LatestRoles:
    """Who says what of one citation now: the newest role by any curator (None: none), and that of each other source."""

    curator: Role | None
    others: tuple[SaidRole, ...]


def latest_roles(labels: Iterable[LabelLike]) -> LatestRoles:
    """What the `labels` of one citation, in any order, say of its role, by author; labels taken back are left out.

    Retraction, confirmation and decision are those of `resolve`. All curators together are one author.
    """
    ledger = {label.id: label for label in labels if label.decided_by in AUTHORITY}
    newest: dict[tuple[str, str], _Claim] = {}
    for claim in sorted(_claims(ledger)[0], key=_newest):
        newest[claim.decided_by, "" if claim.decided_by == DecidedBy.CURATOR else claim.source] = claim
    curator = newest.pop((DecidedBy.CURATOR, ""), None)
    others = (SaidRole(claim.decided_by, claim.source, Role(claim.value), claim.coarse) for claim in newest.values())
    return LatestRoles(Role(curator.value) if curator else None, tuple(others))


def _in_force(ledger: Mapping[int, LabelLike]) -> set[int]:
    """The ids of the labels that no label in force retracts.

    Works from the labels that nothing retracts towards what they retract, so that each is looked at once and a circle,
    which has no such beginning, is never entered.
    """
    retractions = {label.id: label.retracts_id for label in ledger.values() if _may_retract(label, ledger)}
    against = Counter(retractions.values())
    standing = [label_id for label_id in ledger if not against[label_id]]
    in_force: set[int] = set()
    fallen: set[int] = set()
    while standing:
        label_id = standing.pop()
        in_force.add(label_id)
        target = retractions.get(label_id)
        if target is None or target in fallen:
            continue
        fallen.add(target)
        restored = retractions.get(target)
        if restored is not None:
            against[restored] -= 1
            if not against[restored]:
                standing.append(restored)
    return in_force


def _may_retract(label: LabelLike, ledger: Mapping[int, LabelLike]) -> bool:
    """Whether `label` retracts one of the ledger that is of its own or a lower authority."""
    target = None if label.retracts_id is None else ledger.get(label.retracts_id)
    return target is not None and AUTHORITY[label.decided_by] >= AUTHORITY[target.decided_by]


Word = TypeVar("Word", bound=StrEnum)


def _word(vocabulary: type[Word], value: str) -> Word | None:
    """The member of `vocabulary` that `value` names; None for any other value."""
    try:
        return vocabulary(value)
    except ValueError:
        return None


def _statement(label: LabelLike, ledger: Mapping[int, LabelLike]) -> _Statement:
    """What `label` says, taking from the labels that it confirms, nearest first, what it does not state itself."""
    role: Role | None = None
    polarity: Polarity | None = None
    coarse = read_by_curator = False
    seen: set[int] = set()
    link: LabelLike | None = label
    while link is not None and link.id not in seen and link.retracts_id is None:
        seen.add(link.id)
        confirms = link.confirms_id is not None
        read_by_curator = read_by_curator or (confirms and link.decided_by == DecidedBy.CURATOR)
        if role is None:
            role = _word(Role, link.role)
            coarse = link.coarse and not read_by_curator
        if polarity is None:
            polarity = _word(Polarity, link.polarity)
        link = ledger.get(link.confirms_id) if link.confirms_id is not None else None
    return _Statement(label, role, polarity, coarse)


def _claims(ledger: Mapping[int, LabelLike]) -> tuple[list[_Claim], list[_Claim]]:
    """What the decisions of the labels in force claim: of the role, and of the polarity."""
    decisions: dict[tuple[Hashable, str, str], list[_Statement]] = defaultdict(list)
    for label_id in _in_force(ledger):
        label = ledger[label_id]
        if label.retracts_id is None:
            decisions[label.decision, label.decided_by, label.source].append(_statement(label, ledger))
    roles: list[_Claim] = []
    polarities: list[_Claim] = []
    for (_, decided_by, source), statements in decisions.items():
        newest = max(said.label.created_at for said in statements), max(said.label.id for said in statements)
        role, role_statement = _role_of(statements)
        coarse = role_statement is not None and role_statement.coarse
        if role_statement is not None:
            label_id, confidence = role_statement.label.id, role_statement.confidence
            roles.append(_Claim(role, label_id, decided_by, source, newest, coarse, confidence))
        polarity, polarity_label_id = _polarity_of(statements)
        if polarity_label_id is not None:
            polarities.append(_Claim(polarity, polarity_label_id, decided_by, source, newest, coarse))
    return roles, polarities


def _role_of(statements: Iterable[_Statement]) -> tuple[str, _Statement | None]:
    """The most specific role stated, and by which statement: a fine, then a confident, then the latest one."""
    for role in ROLE_SPECIFICITY:
        stating = [said for said in statements if said.role == role]
        if stating:
            return role.value, max(stating, key=lambda said: (not said.coarse, said.confidence, said.label.id))
    return "", None


def _polarity_of(statements: Iterable[_Statement]) -> tuple[str, int | None]:
    """The polarity that the statements come to, and the id of the latest label that brought it about."""
    stated = {said.label.id: said.polarity for said in statements if said.polarity is not None}
    if not stated:
        return "", None
    sides = set(stated.values()) - {Polarity.NEUTRAL}
    polarity = Polarity.MIXED if len(sides) > 1 else next(iter(sides), Polarity.NEUTRAL)
    exact = [label_id for label_id, said in stated.items() if said == polarity]
    return polarity.value, max(exact or [label_id for label_id, said in stated.items() if said in sides])


def _newest(claim: _Claim) -> tuple[datetime, int]:
    return claim.newest


def _deciding(claims: Iterable[_Claim]) -> _Claim:
    """The claim that counts: the newest by a curator, else the best of the sources; classifiers decide nothing."""
    by_author: dict[str, list[_Claim]] = defaultdict(list)
    for claim in claims:
        by_author[claim.decided_by].append(claim)
    if curators := by_author[DecidedBy.CURATOR]:
        return max(curators, key=_newest)
    return max(_newest_of_sources(by_author[DecidedBy.IMPORT]), key=_trust, default=_NO_CLAIM)


def _newest_of_sources(claims: Iterable[_Claim]) -> Iterable[_Claim]:
    """Of each import source its newest claim."""
    imported = (claim for claim in claims if claim.decided_by == DecidedBy.IMPORT)
    return {claim.source: claim for claim in sorted(imported, key=_newest)}.values()


def _contradict(claims: Iterable[_Claim], differ: Callable[[_Claim, _Claim], bool]) -> bool:
    """Whether two import sources contradict each other; the sample, which is illustrative, contradicts nobody."""
    said = [claim for claim in _newest_of_sources(claims) if claim.source != SAMPLE]
    return any(differ(one, other) for one, other in combinations(said, 2))


def _roles_differ(one: _Claim, other: _Claim) -> bool:
    """Whether not both can be true of one citation."""
    if one.value == other.value or Role.UNCLEAR in (one.value, other.value):
        return False
    pairs = ((one, other), (other, one))
    return not any(coarse.coarse and fine.value in COARSE_COVERS.get(coarse.value, ()) for coarse, fine in pairs)


def _sides_differ(one: _Claim, other: _Claim) -> bool:
    """Whether one supports and the other disputes."""
    return {one.value, other.value} == {Polarity.SUPPORTS.value, Polarity.DISPUTES.value}


def _trust(claim: _Claim) -> tuple[bool, bool, tuple[datetime, int]]:
    """The order of import sources. What the sample says is illustrative, however fine or new: any other goes before."""
    return claim.source != SAMPLE, not claim.coarse, claim.newest


def _suggesting(roles: Iterable[_Claim], thresholds: Callable[[str], float | None]) -> _Claim:
    """The newest role claimed by a classifier that is sure enough of it to be worth a curator's look."""
    confident = []
    for claim in roles:
        threshold = thresholds(claim.source) if claim.decided_by == DecidedBy.CLASSIFIER else None
        if threshold is not None and claim.confidence >= threshold:
            confident.append(claim)
    return max(confident, key=_newest, default=_NO_CLAIM)
