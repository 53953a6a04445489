"""How many papers there are of each kind: from a summary, from a tally, or from the citations themselves.

A filtered list is counted by cells: rows that are alike in everything that some facet or filter looks at, and how many
there are of them. One pass over the cells gives each facet its numbers under all other filters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.functions import RowNumber

from citations import text
from citations.filters.base import YEAR_FROM, YEAR_TO
from citations.filters.citations import CitationFilter
from citations.models import Citation, HubTally, Venue
from citations.summaries import TALLY_FROM, TOP_VENUES
from citations.vocabulary import NONE, Polarity, source_label

# Where a search matches more papers than this, its venues are counted only when somebody asks for them: they are the
# one facet that takes a pass of its own.
MANY_MATCHES = 100_000

VENUE, YEAR, SUGGESTED = "venue", "year", "suggested"
# Facets by the column that they count: words, and flags, which are true or false.
WORDS: Mapping[str, str] = {
    "role": "role",
    "polarity": "polarity",
    SUGGESTED: "suggested_role",
    "decided_by": "role_by",
}
FLAGS: Mapping[str, str] = {
    "influential": "is_influential",
    "self": "is_self_citation",
    "retracted": "retracted",
    "coarse": "coarse",
    "confirmed": "confirmed",
}
COLUMNS: Mapping[str, str] = {**WORDS, YEAR: "year", **FLAGS}
# The same flags as `HubSummary.counts` names them; of `coarse` it has a number for each role.
_SUMMARISED = {**FLAGS, "coarse": "coarse_roles"}

# Flags that are filtered for stand in the last columns of a cell: 1, 0, or -1 where they are summed instead.
_SUMMED = -1


class Cell(NamedTuple):
    """Papers alike. `kind`: which part of the statement counted them; `flags`, `marked`: in the order of `FLAGS`."""

    kind: str
    role: str
    polarity: str
    suggested: str
    decided_by: str
    year: int
    flags: tuple[int, ...]
    n: int
    marked: tuple[int, ...]


@dataclass
class FacetCounts:
    """Numbers of papers: in all, by facet and value, by year and by venue (slug, name, number).

    Of flags: how many have it ("1") and have it not ("0"). `venues` None: not counted. `sources` are the names of the
    sources of labels, without numbers.
    """

    total: int = 0
    words: dict[str, dict[str, int]] = field(default_factory=dict)
    years: dict[int, int] = field(default_factory=dict)
    venues: list[tuple[str, str, int]] | None = field(default_factory=list)
    sources: tuple[str, ...] = ()

    def of(self, name: str, value: str) -> int:
        """How many papers have `value` in the facet `name`."""
        return self.words.get(name, {}).get(value, 0)

    def add(self, name: str, value: str, number: int) -> None:
        """Count some more."""
        of_facet = self.words.setdefault(name, {})
        of_facet[value] = of_facet.get(value, 0) + number


# From the summary -----------------------------------------------------------------------------------------------------


def counts_of_summary(counts: Mapping[str, Any]) -> FacetCounts:
    """The numbers of an unfiltered list, from `HubSummary.counts`; an empty mapping is a hub that nothing cites."""
    if not counts:
        return FacetCounts()
    roles = counts["role"]
    total = sum(roles.values())
    suggested = dict(counts[SUGGESTED])
    flags = {name: counts[key] for name, key in _SUMMARISED.items()}
    flags["coarse"] = sum(flags["coarse"].values())
    return FacetCounts(
        total=total,
        words={
            "role": _named(roles),
            "polarity": _named(counts["polarity"]),
            "decided_by": _named(counts["decided_by"]),
            SUGGESTED: suggested | {NONE: roles.get("", 0) - sum(suggested.values())},
            **{name: {"1": number, "0": total - number} for name, number in flags.items()},
        },
        years={int(year): sum(of_year.values()) for year, of_year in counts[YEAR].items() if year},
        venues=[(slug, name, number) for slug, name, number in counts[VENUE]],
        sources=tuple(source_label(source) for source, n in sorted(counts["source"].items()) if source and n),
    )


def _named(numbers: Mapping[str, int]) -> dict[str, int]:
    """Numbers by value of a parameter: an empty column is `none`."""
    return {value or NONE: number for value, number in numbers.items()}


# From cells -----------------------------------------------------------------------------------------------------------

_TALLY_COLUMNS = frozenset(column.name for column in HubTally._meta.get_fields())
# The parts of a statement: what the tally knows, what it does not know, and the venues.
_TALLIED, _LIVE = "tallied", "live"


def counts_of_list(
    hub_id: int, known: int, filterset: CitationFilter, *, venues: bool = True, venue_words: str = ""
) -> FacetCounts:
    """The numbers of a filtered list, by one statement. `known`: how many papers cite the hub, which tells if it has
    a tally.

    `venues` False leaves the venues out; `venue_words`: only venues with these words in their names.
    """
    facets = _by_part(known, filterset, COLUMNS)
    parts = [_cells(kind, _source(kind, hub_id), filterset, of_part) for kind, of_part in facets.items()]
    if venues:
        parts.append(_venue_cells(hub_id, filterset, venue_words))
    counts = FacetCounts(venues=[] if venues else None)
    checks = {kind: _checks(filterset, of_part) for kind, of_part in facets.items()}
    statement = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    for cell in map(_as_cell, statement):
        if cell.kind == VENUE and counts.venues is not None:
            counts.venues.append((cell.role, cell.polarity, cell.n))
        else:
            _count(counts, cell, facets[cell.kind], checks[cell.kind], with_total=cell.kind == next(iter(facets)))
    _sort_venues(counts.venues)
    return counts


def venues_of_list(hub_id: int, filterset: CitationFilter, venue_words: str = "") -> list[tuple[str, str, int]]:
    """The venues alone: slug, name and number of those that `counts_of_list` would have counted."""
    rows = _venues(hub_id, filterset, venue_words)
    return _sort_venues(list(rows.values_list("slug", "name", "papers")))


def counts_as_summarised(hub_id: int, known: int, filterset: CitationFilter) -> dict[str, Any]:
    """The numbers under a filter in the shape of `HubSummary.counts`, without venues and sources, by one statement."""
    numbers: dict[str, dict[str, int]] = {name: {} for name in (*WORDS, "coarse_roles")}
    years: dict[str, dict[str, int]] = {}
    flags = dict.fromkeys([*FLAGS.values(), "confirmed_disputes"], 0)

    def add(of_facet: dict[str, int], value: str, n: int) -> None:
        if n:
            of_facet[value] = of_facet.get(value, 0) + n

    kinds = _by_part(known, filterset, COLUMNS)
    kind = next(iter(kinds)) if len(kinds) == 1 else _LIVE
    # All columns at once, since coarse labels and years are told by role: so every filter is the database's.
    for cell in map(_as_cell, _cells(kind, _source(kind, hub_id), filterset, COLUMNS, joint=True)):
        add(numbers["role"], cell.role, cell.n)
        add(numbers["polarity"], cell.polarity, cell.n)
        add(numbers["decided_by"], cell.decided_by, cell.n)
        add(numbers[SUGGESTED], cell.suggested, cell.n if cell.suggested and not cell.role else 0)
        add(years.setdefault(str(cell.year or ""), {}), cell.role, cell.n)
        marked = dict(zip(FLAGS, cell.marked, strict=True))
        add(numbers["coarse_roles"], cell.role, marked["coarse"])
        flags["confirmed_disputes"] += marked["confirmed"] if cell.polarity == Polarity.DISPUTES else 0
        for name, column in FLAGS.items():
            flags[column] += marked[name]
    del flags["coarse"]
    return {**numbers, **flags, YEAR: {year: of_year for year, of_year in sorted(years.items()) if of_year}}


def _by_part(known: int, filterset: CitationFilter, facets: Iterable[str]) -> dict[str, frozenset[str]]:
    """Which facets are counted from where: the tally serves where there is one that knows all that is filtered by."""
    knows_filters = all(COLUMNS.get(name) in _TALLY_COLUMNS for name in _filtered(filterset))
    tallied = (
        [name for name in facets if {COLUMNS[needed] for needed in _needed(name)} <= _TALLY_COLUMNS]
        if known >= TALLY_FROM and knows_filters
        else []
    )
    parts = {_TALLIED: frozenset(tallied), _LIVE: frozenset(name for name in facets if name not in tallied)}
    return {kind: of_part for kind, of_part in parts.items() if of_part}


def _source(kind: str, hub_id: int) -> QuerySet[Any]:
    """The rows that a part counts."""
    return HubTally.objects.filter(hub_id=hub_id) if kind == _TALLIED else Citation.objects.of_hub(hub_id)


def _needed(facet: str) -> tuple[str, ...]:
    """The facets whose columns a facet looks at: suggestions count only where there is no role."""
    return (facet, "role") if facet == SUGGESTED else (facet,)


def _filtered(filterset: CitationFilter) -> set[str]:
    """The facets (or other parameters) by which the list is filtered."""
    return {_facet_of(name) for name in filterset.active if filterset.cleaned(name)}


def _facet_of(parameter: str) -> str:
    """The facet that a parameter filters by: the two bounds of years are one."""
    return YEAR if parameter in (YEAR_FROM, YEAR_TO) else parameter


def _cells(
    kind: str, rows: QuerySet[Any], filterset: CitationFilter, facets: Collection[str], *, joint: bool = False
) -> QuerySet[Any, Any]:
    """The cells that tell `facets` apart. The database applies the filters of all other facets; those of these ones are
    `_checks`, which need their flags as columns. Flags that nothing is filtered by are summed.

    `joint`: the database applies all filters. Columns that are not looked at are constant. Words, years and numbers
    have columns of their own, so that groups follow the columns of an index and no value is cast.
    """
    own = () if joint else facets
    columns = {needed for name in facets for needed in _needed(name)}
    filtered = _filtered(filterset).intersection(own)

    def number(condition: Q | None = None) -> Sum | Count:
        return Sum("n", filter=condition) if kind == _TALLIED else Count("pk", filter=condition)

    def flag(name: str) -> Case | Value:
        if name not in filtered:
            return Value(_SUMMED, IntegerField())
        return Case(When(**{COLUMNS[name]: True}, then=1), default=0, output_field=IntegerField())

    def marked(name: str) -> Sum | Count | Value:
        is_summed = name in columns and name not in filtered
        return number(Q(**{COLUMNS[name]: True})) if is_summed else Value(0, IntegerField())

    keys: dict[str, Any] = {"kind": Value(kind, TextField())}
    keys |= {f"word_{name}": F(WORDS[name]) if name in columns else Value("", TextField()) for name in WORDS}
    keys |= {"number": F("year") if YEAR in columns else Value(0, IntegerField())}
    keys |= {f"flag_{name}": flag(name) for name in FLAGS}
    sums: dict[str, Any] = {"papers": number(), **{f"with_{name}": marked(name) for name in FLAGS}}
    rows = filterset.filter_except(rows, *(name for name in filterset.filters if _facet_of(name) in own))
    return rows.order_by().annotate(**keys).values(*keys).annotate(**sums).values_list(*keys, *sums)


def _as_cell(row: tuple[Any, ...]) -> Cell:
    """A row of the statement with names. Sums over nothing are null."""
    n_flags = len(FLAGS)
    kind, role, polarity, suggested, decided_by, year, *rest = row
    marked = tuple(number or 0 for number in rest[n_flags + 1 :])
    flags = tuple(rest[:n_flags])
    return Cell(kind, role, polarity, suggested, decided_by, year or 0, flags, rest[n_flags] or 0, marked)


_Check = tuple[str, Callable[[Cell], bool]]


def _checks(filterset: CitationFilter, facets: Collection[str]) -> list[_Check]:
    """For each of `facets` that is filtered by: whether a cell passes its filter."""
    return [(name, _check(filterset, name)) for name in sorted(_filtered(filterset)) if name in facets]


def _check(filterset: CitationFilter, name: str) -> Callable[[Cell], bool]:
    """Whether a cell passes the filter of one facet: the same condition as the filter puts to the database."""
    if name == YEAR:
        lower, upper = filterset.cleaned(YEAR_FROM) or 1, filterset.cleaned(YEAR_TO) or 9999
        return lambda cell: lower <= cell.year <= upper
    stored = filterset.filters[name].stored
    allowed = {stored.get(word, word) for word in filterset.cleaned(name)}
    if name in FLAGS:
        place = list(FLAGS).index(name)
        return lambda cell: bool(cell.flags[place]) in allowed
    if name == SUGGESTED:
        return lambda cell: not cell.role and cell.suggested in allowed
    return lambda cell: getattr(cell, name) in allowed


def _count(
    counts: FacetCounts, cell: Cell, facets: Collection[str], checks: Sequence[_Check], *, with_total: bool
) -> None:
    """Add a cell to all facets where it passes every filter; where it fails one alone, to the facet of that filter."""
    failed = [name for name, passes in checks if not passes(cell)]
    if len(failed) > 1:
        return
    if with_total and not failed:
        counts.total += cell.n
    for name in failed or facets:
        if name == YEAR:
            if cell.year:
                counts.years[cell.year] = counts.years.get(cell.year, 0) + cell.n
        elif name in FLAGS:
            place = list(FLAGS).index(name)
            marked = cell.marked[place] if cell.flags[place] == _SUMMED else cell.n * cell.flags[place]
            counts.add(name, "1", marked)
            counts.add(name, "0", cell.n - marked)
        elif name != SUGGESTED or not cell.role:
            counts.add(name, getattr(cell, name) or NONE, cell.n)


# Venues ---------------------------------------------------------------------------------------------------------------


def _venues(hub_id: int, filterset: CitationFilter, words: str) -> QuerySet[Any, Any]:
    """Slug, name and number of papers of the venues with most papers under all filters but their own, and of those
    chosen.
    """
    venue = Venue.objects.filter(pk=OuterRef("venue_id")).order_by()
    chosen = [venue.pk for venue in filterset.cleaned(VENUE) or ()]
    # Chosen venues are shown however few papers they have, and so come before all others.
    chosen_first = Case(When(venue_id__in=chosen, then=0), default=1, output_field=IntegerField())
    best_first = [*([chosen_first.asc()] if chosen else []), F("papers").desc(), F("venue_id").asc()]
    rows = filterset.filter_except(Citation.objects.of_hub(hub_id), VENUE).filter(venue__isnull=False)
    if words:
        rows = rows.filter(Q(venue__in=_named_like(words)) | Q(venue__in=chosen))
    return (
        rows.order_by()
        .values("venue_id")
        .annotate(papers=Count("pk"))
        .annotate(place=Window(RowNumber(), order_by=best_first))
        .filter(place__lte=TOP_VENUES + len(chosen))
        .annotate(slug=Subquery(venue.values("slug")), name=Subquery(venue.values("name")))
    )


def _venue_cells(hub_id: int, filterset: CitationFilter, words: str) -> QuerySet[Any, Any]:
    """The same in the columns of cells: slug and name stand in the first two words, and nobody looks at the others.

    No two of those are equal, since Django takes equal constants beside a window for one column.
    """
    texts = [Value(str(place), TextField()) for place in range(len(WORDS) - 2)]
    year, *flags = [Value(place, IntegerField()) for place in range(1 + 2 * len(FLAGS))]
    columns: tuple[Any, ...] = ("slug", "name", *texts, year, *flags[: len(FLAGS)], "papers", *flags[len(FLAGS) :])
    return _venues(hub_id, filterset, words).values_list(Value(VENUE, TextField()), *columns)


def _named_like(words: str) -> QuerySet[Venue, Any]:
    """The venues with all of these words in their names, whatever the case; by their slugs, whatever the accents."""
    found = Venue.objects.order_by()
    for word in words.split():
        folded = text.slugify(word)
        in_slug = Q(slug__contains=folded) if folded else Q(pk__in=())
        found = found.filter(Q(name__icontains=word) | in_slug)
    return found.values("pk")


def _sort_venues(venues: list[tuple[str, str, int]] | None) -> list[tuple[str, str, int]]:
    """Most papers first, ties by name; sorts in place."""
    if venues:
        venues.sort(key=lambda venue: (-venue[2], venue[1], venue[0]))
    return venues or []
