"""How many changes there are of each kind, author, outcome and month: so that every number opens its list.

Labels of imports are counted by run: one entry each, however many labels it brought.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.cache import cache
from django.db.models import Case, Count, Max, Q, QuerySet, Sum, Value, When
from django.db.models.functions import TruncMonth

from citations.history.effects import effects, outcomes
from citations.history.entries import Kind, Position, Stream, import_labels
from citations.history.filters import HistoryFilter, in_month
from citations.models import ImportRun, Paper
from citations.text import fold
from citations.vocabulary import NONE, source_label

# Of each of these the ledger is read and resolved; a hub on which curators took back more has older problems.
MOST_RETRACTIONS = 2_000
# What imports brought to a hub changes with an import alone. Counting it anew takes time that grows with its labels:
# 0.07 s for 12,000 (SQLite).
KEPT_SECONDS = 24 * 3600

WHAT_OF = {
    Kind.CLASS: "class",
    Kind.LABEL: "label",
    Kind.UNPIN: "pin",
    Kind.PIN: "pin",
    Kind.MERGE: "merge",
    Kind.IMPORT: "label",
}


@dataclass(frozen=True)
class Cell:
    """So many changes alike. `outcomes`: pairs of new role and polarity ("" where none is stated, "none" where what
    stood was taken back); an entry with several counts once.
    """

    what: str
    by: str
    month: str
    outcomes: frozenset[tuple[str, str]]
    n: int

    def matches(self, filters: HistoryFilter, *, but: str = "") -> bool:
        """Whether these changes pass the filter; `but` names a parameter that is left aside."""

        def allowed(name: str, value: str) -> bool:
            chosen = filters.chosen(name) if name != but else frozenset()
            return not chosen or value in chosen

        return (
            allowed("what", self.what)
            and allowed("by", self.by)
            and allowed("month", self.month)
            and any(allowed("to", role) and allowed("polarity", polarity) for role, polarity in self.outcomes)
        )


@dataclass(frozen=True)
class Group:
    """The labels that one import run brought to a hub. `run` 0: labels without a run. `numbers`: by role and
    polarity. `place` sets it apart from groups of the same moment.
    """

    place: int
    run: int
    source: str
    last: datetime
    numbers: Mapping[tuple[str, str], int]

    @property
    def n(self) -> int:
        """How many labels."""
        return sum(self.numbers.values())

    @property
    def position(self) -> Position:
        """Where it stands in the list: at its last label."""
        return Position(self.last, Kind.IMPORT, self.place)

    @property
    def cell(self) -> Cell:
        """It counts once."""
        return Cell("label", "import", month_of(self.last), frozenset(self.numbers), 1)

    def has_words(self, words: Sequence[str]) -> bool:
        """Whether its source is called so."""
        name = fold(f"{source_label(self.source)} import {self.run or ''}")
        return all(fold(word) in name for word in words)


def month_of(moment: datetime) -> str:
    """The month of universal time: "2026-11"."""
    return f"{moment.astimezone(UTC):%Y-%m}"


# Imports --------------------------------------------------------------------------------------------------------------


def groups(hub: Paper) -> list[Group]:
    """What each import brought to a hub. Kept under a version: what stands in the hub's summary and in the runs."""
    key = f"history:imports:{hub.pk}:{_version(hub)}"
    kept: list[Group] | None = cache.get(key)
    if kept is None:
        kept = _count_groups(hub)
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def _version(hub: Paper) -> str:
    """Changes with whatever an import does: the summary where it changed a label that stands, else the runs."""
    summary = getattr(hub, "hub", None)
    runs = ImportRun.objects.aggregate(last=Max("pk"), created=Sum("created"), updated=Sum("updated"))
    finished = ImportRun.objects.aggregate(at=Max("finished_at"))["at"]
    parts = [
        summary.updated_at.timestamp() if summary else "",
        *runs.values(),
        finished.timestamp() if finished else "",
    ]
    return ":".join(map(str, parts))


def _count_groups(hub: Paper) -> list[Group]:
    rows = (
        import_labels(hub)
        .filter(retracts__isnull=True)
        .order_by()
        .values_list("import_run_id", "source", "role", "polarity")
        .annotate(n=Count("pk"), last=Max("created_at"))
    )
    numbers: dict[tuple[int, str], dict[tuple[str, str], int]] = defaultdict(dict)
    times: dict[tuple[int, str], datetime] = {}
    for run, source, role, polarity, n, last in rows:
        key = (run or 0, source)
        numbers[key][role, polarity] = n
        times[key] = max(times.get(key, last), last)
    return [Group(place, *key, times[key], numbers[key]) for place, key in enumerate(sorted(numbers))]


# People ---------------------------------------------------------------------------------------------------------------


def with_words(stream: Stream, words: Iterable[str]) -> Stream:
    """The entries that hold all of these words in a title, note or reason."""
    for word in words:
        stream = stream.where(_word_condition(stream.kind, word, fold(word)))
    return stream


def _word_condition(kind: Kind, word: str, folded: str) -> Q:
    titles: dict[Kind, tuple[str, ...]] = {
        Kind.CLASS: ("hub__sort_title",),
        Kind.LABEL: ("citation__sort_title",),
        Kind.PIN: ("citation__sort_title",),
        Kind.UNPIN: ("citation__sort_title",),
        Kind.MERGE: ("survivor__sort_title", "loser__sort_title"),
        Kind.IMPORT: (),
    }
    texts = {Kind.CLASS: "cause", Kind.LABEL: "note", Kind.IMPORT: "source"}.get(kind, "reason")
    condition = Q(**{f"{texts}__icontains": word})
    for column in titles[kind]:
        condition |= Q(**{f"{column}__contains": folded}) if folded else Q()
    return condition


def taken_back(stream: Stream) -> dict[int, tuple[str, str, str]]:
    """Of the newest labels that take another back: month, and what role and polarity became by it ("" where they
    stayed).
    """
    retractions = list(
        stream.rows.filter(retracts__isnull=False)
        .select_related("citation")
        .only("created_at", "citation__merged_into")
        .order_by("-created_at", "-pk")[:MOST_RETRACTIONS]
    )
    months = {label.pk: month_of(label.created_at) for label in retractions}
    return {pk: (months[pk], role, polarity) for pk, (role, polarity) in outcomes(effects(retractions)).items()}


def cells(streams: Sequence[Stream], retracted: Mapping[int, tuple[str, str, str]]) -> list[Cell]:
    """Everything that people did, counted; `retracted` as `taken_back` gives it. One query a table."""
    found: list[Cell] = []
    for stream in streams:
        if stream.kind is Kind.LABEL:
            found += _label_cells(stream, retracted)
        elif stream.kind is Kind.CLASS:
            found += _class_cells(stream)
        elif stream.kind is not Kind.IMPORT:
            found += _plain_cells(stream)
    return found


def _class_authors() -> dict[str, Q]:
    """Who brought a change of class about: a curator, an import, or neither (new rules)."""
    by_curator, by_import = Q(curator__isnull=False), Q(curator__isnull=True, import_run__isnull=False)
    return {"curator": by_curator, "import": by_import, "": Q(curator__isnull=True, import_run__isnull=True)}


def _monthly(rows: QuerySet[Any], moment: str, *columns: str) -> Iterable[Any]:
    return rows.order_by().values_list(TruncMonth(moment, tzinfo=UTC), *columns).annotate(n=Count("pk"))


_NO_OUTCOME = frozenset({("", "")})


def _class_cells(stream: Stream) -> list[Cell]:
    authors = [When(condition, then=Value(by)) for by, condition in _class_authors().items()]
    rows = stream.rows.annotate(by=Case(*authors, default=Value("")))
    return [Cell("class", by, month_of(month), _NO_OUTCOME, n) for month, by, n in _monthly(rows, stream.moment, "by")]


def _plain_cells(stream: Stream) -> list[Cell]:
    rows = _monthly(stream.rows, stream.moment)
    return [Cell(WHAT_OF[stream.kind], stream.by, month_of(month), _NO_OUTCOME, n) for month, n in rows]


def _label_cells(stream: Stream, retracted: Mapping[int, tuple[str, str, str]]) -> list[Cell]:
    found = [
        Cell("label", "curator", month_of(month), frozenset({(role, polarity)}), n)
        for month, role, polarity, n in _monthly(
            stream.rows.filter(retracts__isnull=True), stream.moment, "role", "polarity"
        )
    ]
    found += [
        Cell("label", "curator", month, frozenset({(role, polarity)}), n)
        for (month, role, polarity), n in Counter(retracted.values()).items()
    ]
    if len(retracted) >= MOST_RETRACTIONS:
        rest = stream.rows.filter(retracts__isnull=False).exclude(pk__in=list(retracted))
        found += _plain_cells(Stream(Kind.LABEL, rest))
    return found


# The filter, for each table -------------------------------------------------------------------------------------------


def filtered(
    streams: Sequence[Stream], filters: HistoryFilter, retracted: Mapping[int, tuple[str, str, str]]
) -> list[Stream]:
    """The entries that pass the filter but for its words, by conditions on each table: those of `Cell.matches`."""
    what, by, months = filters.chosen("what"), filters.chosen("by"), sorted(filters.chosen("month"))
    found = []
    for stream in streams:
        if what and WHAT_OF[stream.kind] not in what:
            continue
        condition = _author_condition(stream, by)
        if condition is None:
            continue
        if filters.chosen("to") or filters.chosen("polarity"):
            if stream.kind is not Kind.LABEL:
                continue
            condition &= _outcome_condition(filters, retracted)
        if months:
            in_any = Q()
            for month in months:
                in_any |= in_month(stream.moment, month)
            condition &= in_any
        found.append(stream.where(condition))
    return found


def _author_condition(stream: Stream, by: frozenset[str]) -> Q | None:
    """The rows of a table that are by one of these authors (none: by anybody); None where no row can be."""
    if not by:
        return Q()
    if stream.kind is Kind.CLASS:
        authors = _class_authors()
        condition = Q(pk__in=[])
        for author in by:
            condition |= authors[author]
        return condition
    return Q() if stream.by in by else None


def _outcome_condition(filters: HistoryFilter, retracted: Mapping[int, tuple[str, str, str]]) -> Q:
    """Labels that state a chosen role and polarity, and those that took one back and left a chosen one standing."""
    to, polarity = filters.chosen("to"), filters.chosen("polarity")
    back = [
        pk
        for pk, (_, role, stance) in retracted.items()
        if (not to or role in to) and (not polarity or stance in polarity)
    ]
    stated = Q(retracts__isnull=True)
    if to:
        stated &= Q(role__in=sorted(to - {NONE}))
    if polarity:
        stated &= Q(polarity__in=sorted(polarity - {NONE}))
    return stated | Q(pk__in=back)


def run_stream(hub: Paper, run: int) -> Stream:
    """The labels of one import run at a hub, one by one."""
    rows = import_labels(hub).filter(retracts__isnull=True, import_run_id=run)
    return Stream(Kind.LABEL, rows, by="import")


def run_cells(stream: Stream, of_run: Sequence[Group], *, searched: bool) -> list[Cell]:
    """The labels of one import run, counted: as its groups have them, or anew where words are searched for.

    All count to the month of the run's last label.
    """
    if not of_run:
        return []
    month = month_of(max(group.last for group in of_run))
    if searched:
        rows = stream.rows.order_by().values_list("role", "polarity").annotate(n=Count("pk"))
        numbers = [((role, polarity), n) for role, polarity, n in rows]
    else:
        numbers = [item for group in of_run for item in group.numbers.items()]
    return [Cell("label", "import", month, frozenset({outcome}), n) for outcome, n in numbers]
