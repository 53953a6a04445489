"""Which citation a curator should decide next, and why.

A citation is queued for a reason, and reasons stand in order of how much a decision would tell readers (`Reason`). Of
each reason only the first `WINDOW` citations are read, each from the beginning of an index, so that a queue costs the
same however many papers cite a hub; what is chosen among these, counted and leafed through happens in memory. A
citation that has several reasons stands once, at the first of them, and is found by each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Self, TypeAlias

from django.contrib.auth.models import User
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from citations.models import AuditEntry, Citation, HubSummary, Label, Paper, Report, Skip
from citations.vocabulary import CONFIDENT, NONE, SOURCES, DecidedBy, Polarity, Role, source_label

# Citations that are read of each reason: more than a curator decides in a day, and read in a few milliseconds.
WINDOW = 500
# The orders of the indexes that the queue reads (`Citation.Meta`).
MOST_CITED = ("merged_into_id", "-cited_by_count", "-id")
SUREST = ("merged_into_id", "-suggested_confidence", "-id")
LEAST_SURE = ("-merged_into_id", "suggested_confidence", "id")  # the index of the former, read backwards
MOST_TELLING = ("merged_into_id", "-is_influential", "-suggested_confidence", "-id")
# Hubs whose class would turn that are looked at: each takes one probe of an index.
HUBS = 100


class Reason(StrEnum):
    """Why a citation is queued; members in order of usefulness."""

    label: str
    why: str

    AUDIT = (
        "audit",
        "Audit",
        "A paper of a random sample that is being read. It is read blind: on a page of its own, without what anybody "
        "said.",
    )
    CHANGE = (
        "change",
        "Would change the class",
        "One decision could give the hub another class. Of each such hub one citing paper stands here: an unconfirmed "
        "dispute, or the most influential and most surely suggested one.",
    )
    DISAGREEMENT = (
        "disagreement",
        "Sources disagree",
        "Two import sources state roles that cannot both be right, or opposite polarities.",
    )
    DISPUTE = (
        "dispute",
        "Unconfirmed dispute",
        "An import says that the paper disputes the hub. It counts towards “Contested” once a curator confirmed it.",
    )
    REPORT = ("report", "Reader’s report", "A reader suggests a correction that nobody has answered. Oldest first.")
    INFLUENTIAL = (
        "influential",
        "Influential, not classified",
        "A source calls the citation influential, and nobody has named its role.",
    )
    LOW = (
        "low",
        "Suggested, low confidence",
        "A classifier is not sure of a role that nobody has decided. A decision here teaches it most: the least sure "
        "first, hubs and citing papers in turn.",
    )
    HIGH = ("high", "Suggested, high confidence", "A classifier is sure of a role that nobody has decided.")
    CHOSEN = ("chosen", "Chosen by hand", "It was opened here from another page.")

    def __new__(cls, value: str, label: str = "", why: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label, member.why = label, why
        return member


# The reasons by which the queue is filled.
REASONS: tuple[Reason, ...] = tuple(reason for reason in Reason if reason is not Reason.CHOSEN)


@dataclass(frozen=True)
class Entry:
    """One citation in the queue, with what the filters ask of it. Empty text where there is none.

    `reasons`: all that it was found for, the most useful first. `audit_id`: the audit that it is to be read in.
    """

    citation_id: int
    reasons: tuple[Reason, ...]
    hub_id: int
    role: str
    suggested: str
    source: str
    audit_id: int | None = None

    @property
    def reason(self) -> Reason:
        """Why it stands where it stands."""
        return self.reasons[0]


# The parameters by which a queue is filtered, in the order in which the page shows them.
FILTERS: tuple[str, ...] = ("reason", "hub", "role", "suggested", "source")


@dataclass(frozen=True)
class Filters:
    """What the curator wants to see of the queue; empty text asks for everything. `hub` is a slug.

    `role`: the role that stands, `suggested`: the role that a classifier suggests, `source`: who states what stands;
    `none` asks for those without one.
    """

    reason: str = ""
    hub: str = ""
    role: str = ""
    suggested: str = ""
    source: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> tuple[Filters, tuple[str, ...]]:
        """The filters that parameters of an address ask for, and a sentence for each value that is not understood.

        A value that is not understood is left out: what is shown then is told by the sentence. One query for a hub.
        """
        allowed: dict[str, Iterable[str]] = {
            "reason": REASONS,
            "role": (*Role, NONE),
            "suggested": (*Role, NONE),
            "source": (*SOURCES, NONE),
        }
        values, problems = {}, []
        for name in FILTERS:
            value = parameters.get(name, "").strip()
            if not value:
                continue
            is_hub = name == "hub" and "\0" not in value and Paper.objects.public().filter(slug=value).exists()
            if is_hub or value in list(allowed.get(name, ())):
                values[name] = value
            else:
                words = "names no paper of this collection" if name == "hub" else "is not known"
                problems.append(f"The {name} “{value[:80]}” {words}; the queue is shown without it.")
        return cls(**values), tuple(problems)

    @property
    def query(self) -> dict[str, str]:
        """The parameters that ask for these filters."""
        return {name: getattr(self, name) for name in FILTERS if getattr(self, name)}

    def matches(self, entry: Entry, without: str = "") -> bool:
        """Whether an entry is asked for, the filter named `without` left aside. Hubs are chosen by the database."""
        asked = self.query | ({without: ""} if without else {})
        if asked.get("reason") and asked["reason"] not in entry.reasons:
            return False
        stands = {"role": entry.role, "suggested": entry.suggested, "source": entry.source}
        wanted = {name: "" if value == NONE else value for name, value in asked.items() if value and name in stands}
        return all(stands[name] == value for name, value in wanted.items())


@dataclass(frozen=True)
class Option:
    """One value of a filter: how many entries it would show, among those of the other filters."""

    value: str
    label: str
    number: int
    chosen: bool


@dataclass(frozen=True)
class Queue:
    """The citations to decide, the most useful first, as far as they were read.

    `more`: the reasons of which there are more than were read.
    """

    filters: Filters
    all_entries: tuple[Entry, ...]
    more: frozenset[Reason]

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Those that the filters ask for."""
        return tuple(entry for entry in self.all_entries if self.filters.matches(entry))

    def reason_of(self, citation_id: int) -> Reason:
        """Why a citation is shown: the reason that is asked for, the first of its own, or that somebody chose it."""
        found = next(
            (entry.reasons for entry in self.all_entries if entry.citation_id == citation_id), (Reason.CHOSEN,)
        )
        return next((reason for reason in found if reason == self.filters.reason), found[0])

    @property
    def is_cut(self) -> bool:
        """Whether there is more than was read of a reason that is asked for."""
        return bool(self.more if not self.filters.reason else self.more & {self.filters.reason})

    def after(self, citation_id: int, number: int) -> tuple[tuple[int, Entry], ...]:
        """The next few entries besides a citation, each with its place, counted from 1."""
        numbered = [pair for pair in enumerate(self.entries, start=1) if pair[1].citation_id != citation_id]
        return tuple(numbered[:number])

    def options(self, name: str) -> tuple[Option, ...]:
        """The values of the filter `name` ("reason", "role", "suggested" or "source"), those that nothing has left out.

        Reasons all stand there, so that a zero tells that there is nothing of that kind.
        """
        numbers: Counter[str] = Counter()
        for entry in self.all_entries:
            if self.filters.matches(entry, without=name):
                numbers.update(entry.reasons if name == "reason" else [getattr(entry, name) or NONE])
        chosen = getattr(self.filters, name)
        labels: dict[str, str] = {
            "reason": {reason.value: reason.label for reason in REASONS},
            "role": {role.value: role.label for role in Role} | {NONE: "Not classified"},
            "suggested": {role.value: role.label for role in Role} | {NONE: "No suggestion"},
            "source": {value: source_label(value) for value in sorted(numbers, key=source_label) if value != NONE}
            | {NONE: "No label at all"},
        }[name]
        if chosen and chosen not in labels:
            labels[chosen] = source_label(chosen)
        return tuple(
            Option(value, label, numbers[value], value == chosen)
            for value, label in labels.items()
            if numbers[value] or value == chosen or name == "reason"
        )

    def hub_ids(self, number: int) -> list[tuple[int, int]]:
        """The hubs with most entries, and how many each has: (paper id, number), most first."""
        return Counter(entry.hub_id for entry in self.entries).most_common(number)


def read_queue(curator: User, filters: Filters, paused: Iterable[int] = (), decided: Sequence[int] = ()) -> Queue:
    """The queue of one curator, without the citations that this curator put aside. Nine to eleven queries.

    `decided`: citations that this curator has just decided, the last one last. What is still queued of them (a role
    does not settle a dispute) comes after all others, in that order: nobody is asked the same twice in a row.

    What an open audit has yet to read stands at its place as part of the audit, and nowhere else: seen with what others
    said, it would not be read blind. `paused`: the numbers of audits that this curator does not go on with now.
    """
    hub_id = None
    if filters.hub:
        hub_id = Paper.objects.filter(slug=filters.hub).values_list("pk", flat=True).first()
    found: dict[int, Entry] = {}
    more = set()
    audited = _audited(hub_id)
    resting = set(paused)
    for citation_id, (audit_id, cited_id) in audited.items():
        if audit_id not in resting:
            found[citation_id] = Entry(citation_id, (Reason.AUDIT,), cited_id, "", "", "", audit_id)
    for reason, reader in _READERS.items():
        rows = [row for row in reader(curator, hub_id) if row[0] not in audited]
        if len(rows) > WINDOW:
            more.add(reason)
        for citation_id, cited_id, role, suggested, source in rows[:WINDOW]:
            known = found.get(citation_id)
            reasons = (*known.reasons, reason) if known else (reason,)
            found[citation_id] = Entry(citation_id, reasons, cited_id, role, suggested, source)
    turn = {citation_id: place for place, citation_id in enumerate(decided)}
    entries = sorted(found.values(), key=lambda entry: turn.get(entry.citation_id, -1))
    return Queue(filters, tuple(entries), frozenset(more))


def any_unclassified(curator: User) -> int | None:
    """A citation without a role for a curator whose queue is empty: of the hub with most citing papers that has one.

    None where there is none. What an audit has yet to read is left to it. Two queries, of `HUBS` hubs at most.
    """
    hubs = HubSummary.objects.public().filter(known__gt=F("classified") + F("unclear")).order_by("-known", "-paper_id")
    of_hub = Citation.objects.public().filter(~_put_aside_by(curator), cited_id=OuterRef("pk"))
    of_hub = of_hub.exclude(pk__in=list(_audited(None)))
    firsts = hubs.values_list(Subquery(_unclassified(of_hub).values("pk")[:1]), flat=True)[:HUBS]
    return next((pk for pk in firsts if pk is not None), None)


# Reading the reasons --------------------------------------------------------------------------------------------------

Rows: TypeAlias = list[Sequence[Any]]


def _audited(hub_id: int | None) -> dict[int, tuple[int, int]]:
    """What open audits have yet to read: citation to audit and hub, in the order of drawing. One query."""
    undone = Label.objects.filter(retracts=OuterRef("label"))
    entries = AuditEntry.objects.filter(Q(label=None) | Exists(undone), audit__finished_at=None)
    if hub_id is not None:
        entries = entries.filter(audit__hub_id=hub_id)
    stands = Coalesce("citation__merged_into_id", "citation_id")
    rows = entries.annotate(stands=stands).order_by("audit_id", "position")
    return {pk: (audit, hub) for pk, audit, hub in rows.values_list("stands", "audit_id", "audit__hub_id")}


def _rows(citations: QuerySet[Any]) -> Rows:
    """What entries are made of, one row more than fits the window."""
    return list(citations.values_list("pk", "cited_id", "role", "suggested_role", "source")[: WINDOW + 1])


def _waiting(curator: User, hub_id: int | None) -> QuerySet[Any]:
    """Public citations, of one hub or all, that the curator has not put aside."""
    citations = Citation.objects.public().filter(~_put_aside_by(curator))
    return citations if hub_id is None else citations.filter(cited_id=hub_id)


def _put_aside_by(curator: User) -> Exists:
    return Exists(Skip.objects.filter(citation=OuterRef("pk"), curator=curator))


def _unconfirmed(citations: QuerySet[Any]) -> QuerySet[Any]:
    """Disputes that only an import states."""
    return citations.filter(polarity=Polarity.DISPUTES, confirmed=False).order_by(*MOST_CITED)


def _unclassified(citations: QuerySet[Any]) -> QuerySet[Any]:
    """Citations without a role, the most telling first."""
    return citations.filter(role="").order_by(*MOST_TELLING)


def _turning(curator: User, hub_id: int | None) -> Rows:
    """Where one decision could give a hub another class: imported disputes where confirming one would, else papers that
    nobody has classified. Of one hub all of them; else of each hub the first, since its decision may settle the matter.
    """
    # Without a look at their papers: a paper that was merged into another is cited by none any more.
    hubs = HubSummary.objects.filter(Q(role_would_turn=True) | Q(dispute_would_turn=True), known__gt=0)
    if hub_id is not None:
        flags = hubs.filter(pk=hub_id).values_list("dispute_would_turn", "role_would_turn").first()
        by_dispute, by_role = flags or (False, False)
        waiting = _waiting(curator, hub_id)
        return (_rows(_unconfirmed(waiting)) if by_dispute else []) + (_rows(_unclassified(waiting)) if by_role else [])
    of_hub = Citation.objects.public().filter(~_put_aside_by(curator), cited_id=OuterRef("pk"))
    found = hubs.order_by("-known", "-paper_id").values_list(
        "dispute_would_turn",
        Subquery(_unconfirmed(of_hub).values("pk")[:1]),
        "role_would_turn",
        Subquery(_unclassified(of_hub).values("pk")[:1]),
    )[:HUBS]
    ids = [(by_dispute and dispute) or (by_role and other) for by_dispute, dispute, by_role, other in found]
    return _in_order([pk for pk in ids if pk])


def _in_order(ids: Sequence[int]) -> Rows:
    """The rows of these citations, in the order of the ids."""
    place = {pk: number for number, pk in enumerate(ids)}
    return sorted(_rows(Citation.objects.filter(pk__in=ids)), key=lambda row: place[row[0]])


def _disagreeing(curator: User, hub_id: int | None) -> Rows:
    """Where sources contradict each other, the papers that the world cites most first."""
    return _rows(_waiting(curator, hub_id).filter(disagreement=True).order_by(*MOST_CITED))


def _disputing(curator: User, hub_id: int | None) -> Rows:
    """Disputes that only an import states, the papers that the world cites most first."""
    return _rows(_unconfirmed(_waiting(curator, hub_id)))


def _reported(curator: User, hub_id: int | None) -> Rows:
    """What readers' open reports speak of, oldest first; of a citation that a merge hid, the one that stands for it.

    Where a curator has decided since, there is nothing more to decide: the report then waits for its answer alone.
    """
    since = Label.objects.filter(
        citation=OuterRef("citation"), decided_by=DecidedBy.CURATOR, created_at__gt=OuterRef("created_at")
    )
    reports = Report.objects.filter(~Exists(since), status=Report.OPEN).order_by("created_at", "pk")
    if hub_id is not None:
        reports = reports.filter(citation__cited_id=hub_id)
    stands = Coalesce("citation__merged_into_id", "citation_id")
    reported = list(dict.fromkeys(reports.values_list(stands, flat=True)[: WINDOW + 1]))
    place = {pk: number for number, pk in enumerate(reported)}
    return sorted(_rows(_waiting(curator, None).filter(pk__in=reported)), key=lambda row: place[row[0]])


def _influential(curator: User, hub_id: int | None) -> Rows:
    """Influential citations without a role, the papers that the world cites most first."""
    return _rows(_waiting(curator, hub_id).filter(role="", is_influential=True).order_by(*MOST_CITED))


def _confident(curator: User, hub_id: int | None) -> Rows:
    """Citations without a role, of whose role a classifier is sure; the surest first."""
    waiting = _waiting(curator, hub_id).filter(role="", suggested_confidence__gt=0)
    return _rows(waiting.filter(suggested_confidence__gte=CONFIDENT).order_by(*SUREST))


def _unsure(curator: User, hub_id: int | None) -> Rows:
    """The same where the classifier is less sure: the smallest margin first, then hubs and citing papers in turn."""
    waiting = _waiting(curator, hub_id).filter(role="", suggested_confidence__gt=0)
    unsure = waiting.filter(suggested_confidence__lt=CONFIDENT).order_by(*LEAST_SURE)
    rows = list(unsure.values_list("pk", "cited_id", "role", "suggested_role", "source", "citing_id")[: WINDOW + 1])
    return [row[:5] for row in spread(rows[:WINDOW])] + [row[:5] for row in rows[WINDOW:]]


def spread(rows: Sequence[Sequence[Any]]) -> Rows:
    """Rows (hub second, citing paper last) in such an order that no hub and no citing paper comes twice before the
    others came once; among equals the order stays.
    """
    hubs: Counter[Any] = Counter()
    papers: Counter[Any] = Counter()
    rounds = []
    for row in rows:
        rounds.append(max(hubs[row[1]], papers[row[-1]]))
        hubs[row[1]] += 1
        papers[row[-1]] += 1
    return [row for _, row in sorted(zip(rounds, rows, strict=True), key=lambda pair: pair[0])]


_READERS: Mapping[Reason, Callable[[User, int | None], Rows]] = {
    Reason.CHANGE: _turning,
    Reason.DISAGREEMENT: _disagreeing,
    Reason.DISPUTE: _disputing,
    Reason.REPORT: _reported,
    Reason.INFLUENTIAL: _influential,
    Reason.LOW: _unsure,
    Reason.HIGH: _confident,
}
