"""Facets of the papers that cite one hub: label, count, whether chosen, and addresses. Data only; templates print it.

Every count is that of the papers under all filters but the facet's own. All of them come from the hub's summary where
nothing is filtered, else from one statement, whose parts read the hub's tally where it has one and the tally knows
every filter on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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

from citations.filters.base import YEAR_FROM, YEAR_TO, Chip, shown
from citations.filters.citations import CitationFilter
from citations.formatting import join_words
from citations.models import Citation, HubTally, Venue
from citations.summaries import TALLY_FROM, TOP_VENUES
from citations.vocabulary import DECIDERS, NONE, Polarity, Role

# The newest years with citing papers; the form below the facet takes any.
YEARS_SHOWN = 15

# Parameters whose columns the tally has.
_TALLIED = frozenset({"role", "polarity", "decided_by", YEAR_FROM, YEAR_TO, "self", "retracted"})

_TOTAL = "total"
_VENUE = "venue"
# The flags of the facet "Also": parameter to label and key in `HubSummary.counts`.
_FLAGS = {
    "influential": ("Influential", "is_influential"),
    "self": ("Self-citation", "is_self_citation"),
    "retracted": ("Retracted", "retracted"),
    "coarse": ("Coarse label", "coarse_roles"),
    "confirmed": ("Confirmed by a curator", "confirmed"),
}


@dataclass(frozen=True)
class FacetValue:
    """One line of a facet. `url` adds the value to those chosen, or drops it; `only_url` opens exactly the `count`
    papers.

    `token` names its colour and shape, "" for none. Where nothing of the facet is chosen both addresses are the same.
    """

    value: str
    label: str
    token: str
    count: int
    selected: bool
    url: str
    only_url: str


@dataclass(frozen=True)
class Facet:
    """One facet: `name` is that of its parameter, or of what its lines have in common."""

    name: str
    label: str
    values: tuple[FacetValue, ...]


@dataclass
class FacetCounts:
    """Numbers of papers: in all, by facet and value, and by venue. Of flags the number with the flag."""

    total: int = 0
    words: dict[str, dict[str, int]] = field(default_factory=dict)
    years: dict[int, int] = field(default_factory=dict)
    venues: list[tuple[str, str, int]] = field(default_factory=list)

    def of(self, name: str, value: str) -> int:
        """How many papers have `value` in the facet `name`."""
        return self.words.get(name, {}).get(value, 0)


# Counting ------------------------------------------------------------------------------------------------------------


def counts_of_summary(counts: Mapping[str, Any]) -> FacetCounts:
    """The numbers of an unfiltered list, from `HubSummary.counts`; an empty mapping is a hub that nothing cites."""
    if not counts:
        return FacetCounts()
    roles = counts["role"]
    suggested = dict(counts["suggested"])
    flags = {name: counts[key] for name, (_, key) in _FLAGS.items() if name != "coarse"}
    flags["coarse"] = sum(counts["coarse_roles"].values())
    return FacetCounts(
        total=sum(roles.values()),
        words={
            "role": _named(roles),
            "polarity": _named(counts["polarity"]),
            "decided_by": _named(counts["decided_by"]),
            "suggested": suggested | {NONE: roles.get("", 0) - sum(suggested.values())},
            **{name: {"1": number} for name, number in flags.items()},
        },
        years={int(year): sum(of_year.values()) for year, of_year in counts["year"].items() if year},
        venues=[(slug, name, number) for slug, name, number in counts["venue"]],
    )


def _named(numbers: Mapping[str, int]) -> dict[str, int]:
    """Numbers by value of a parameter: an empty column is `none`."""
    return {value or NONE: number for value, number in numbers.items()}


@dataclass(frozen=True)
class _Branch:
    """A part of the statement: `column` grouped, under all filters but those of `ignored`, where `condition` holds."""

    name: str
    column: str
    ignored: tuple[str, ...] = ()
    condition: Q | None = None
    in_tally: bool = False


_BRANCHES = (
    _Branch(_TOTAL, "", in_tally=True),
    _Branch("role", "role", ("role",), in_tally=True),
    _Branch("polarity", "polarity", ("polarity",), in_tally=True),
    _Branch("suggested", "suggested_role", ("suggested",), Q(role="")),
    _Branch("decided_by", "role_by", ("decided_by",), in_tally=True),
    _Branch("year", "year", (YEAR_FROM, YEAR_TO), Q(year__gt=0), in_tally=True),
    _Branch("influential", "", ("influential",), Q(is_influential=True)),
    _Branch("self", "", ("self",), Q(is_self_citation=True), in_tally=True),
    _Branch("retracted", "", ("retracted",), Q(retracted=True), in_tally=True),
    _Branch("coarse", "", ("coarse",), Q(coarse=True)),
    _Branch("confirmed", "", ("confirmed",), Q(confirmed=True)),
)


def counts_of_list(hub_id: int, known: int, filterset: CitationFilter) -> FacetCounts:
    """The numbers of a filtered list, by one statement. `known`: how many papers cite the hub, which tells if it has
    a tally.
    """
    parts = [_branch(branch, hub_id, known, filterset) for branch in _BRANCHES]
    statement = parts[0].union(*parts[1:], _venue_branch(hub_id, filterset), all=True)
    counts = FacetCounts()
    for facet, word, label, number, papers in statement:
        papers = papers or 0
        if facet == _TOTAL:
            counts.total = papers
        elif facet == _VENUE:
            counts.venues.append((word, label, papers))
        elif facet == "year":
            counts.years[number] = papers
        elif facet in _FLAGS:
            counts.words[facet] = {"1": papers}
        else:
            counts.words.setdefault(facet, {})[word or NONE] = papers
    counts.venues.sort(key=lambda venue: (-venue[2], venue[1], venue[0]))
    return counts


def _branch(branch: _Branch, hub_id: int, known: int, filterset: CitationFilter) -> QuerySet[Any, Any]:
    """Rows of facet, word, label, number and papers for one facet; words and numbers have columns of their own, so that
    groups follow the columns of an index and no value is cast."""
    applied = set(filterset.active) - set(branch.ignored)
    from_tally = branch.in_tally and known >= TALLY_FROM and applied <= _TALLIED
    rows: QuerySet[Any] = HubTally.objects.filter(hub_id=hub_id) if from_tally else Citation.objects.of_hub(hub_id)
    rows = filterset.filter_except(rows, *branch.ignored).filter(branch.condition or Q()).order_by()
    is_year = branch.column == "year"
    word = F(branch.column) if branch.column and not is_year else Value("", TextField())
    return (
        rows.annotate(
            facet=Value(branch.name, TextField()),
            word=word,
            printed=Value("", TextField()),
            number=F("year") if is_year else Value(0, IntegerField()),
        )
        .values("facet", "word", "printed", "number")
        .annotate(papers=Sum("n") if from_tally else Count("pk"))
        .values_list("facet", "word", "printed", "number", "papers")
    )


def _venue_branch(hub_id: int, filterset: CitationFilter) -> QuerySet[Any, Any]:
    """The venues with most papers, in the same columns as the other facets."""
    venue = Venue.objects.filter(pk=OuterRef("venue_id")).order_by()
    chosen = [venue.pk for venue in filterset.cleaned(_VENUE) or ()]
    # Chosen venues are shown however few papers they have, and so come before all others.
    chosen_first = Case(When(venue_id__in=chosen, then=0), default=1, output_field=IntegerField())
    best_first = [*([chosen_first.asc()] if chosen else []), F("papers").desc(), F("venue_id").asc()]
    return (
        filterset.filter_except(Citation.objects.of_hub(hub_id), _VENUE)
        .filter(venue__isnull=False)
        .order_by()
        .values("venue_id")
        .annotate(papers=Count("pk"))
        .annotate(place=Window(RowNumber(), order_by=best_first))
        .filter(place__lte=TOP_VENUES + len(chosen))
        .values_list(
            Value(_VENUE, TextField()),
            Subquery(venue.values("slug")),
            Subquery(venue.values("name")),
            Value(0, IntegerField()),
            "papers",
        )
    )


# Dropping ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drop:
    """One filter to drop: in words, the list without it, and how many papers that list has."""

    words: str
    url: str
    count: int


def drops(hub_id: int, filterset: CitationFilter, path: str) -> tuple[Drop, ...]:
    """For each active filter what dropping it, and it alone, would show; the most helpful first. One statement."""
    chips: dict[tuple[str, ...], list[Chip]] = {}
    single_year = filterset.active.get(YEAR_FROM) == filterset.active.get(YEAR_TO)
    for chip in filterset.chips(path):
        names = (YEAR_FROM, YEAR_TO) if single_year and chip.name == YEAR_FROM else (chip.name,)
        chips.setdefault(names, []).append(chip)
    if not chips:
        return ()
    parts = [
        filterset.filter_except(Citation.objects.of_hub(hub_id), *names)
        .order_by()
        .annotate(place=Value(place, IntegerField()))
        .values("place")
        .annotate(papers=Count("pk"))
        .values_list("place", "papers")
        for place, names in enumerate(chips)
    ]
    statement = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    counted = dict(statement)
    made = [
        Drop(
            f"{of_filter[0].label}: {join_words([chip.value for chip in of_filter], 'or')}",
            filterset.address(path, drop=names),
            counted.get(place, 0),
        )
        for place, (names, of_filter) in enumerate(chips.items())
    ]
    return tuple(sorted(made, key=lambda drop: -drop.count))


# Facets --------------------------------------------------------------------------------------------------------------


def facets(counts: FacetCounts, unfiltered: FacetCounts, filterset: CitationFilter, path: str) -> tuple[Facet, ...]:
    """The facets of a list, in the order of display. `unfiltered` says which lines there are: a zero is shown.

    A facet of suggestions appears where there is one to show; one of venues where a venue is known.
    """
    made = [
        _facet("role", "Role", [*_role_lines(), (NONE, "Not classified", NONE)], counts, filterset, path),
        _facet("polarity", "Polarity", _polarity_lines(), counts, filterset, path),
    ]
    if filterset.active.get("suggested") or any(
        n for role, n in unfiltered.words.get("suggested", {}).items() if role != NONE
    ):
        lines = [*_role_lines(), (NONE, "Nothing suggested", NONE)]
        made.append(_facet("suggested", "Suggested, not classified", lines, counts, filterset, path))
    deciders = [(decider.value, decider.label, decider.token) for decider in DECIDERS]
    made.append(_facet("decided_by", "Decided by", [*deciders, (NONE, "Nobody", NONE)], counts, filterset, path))
    made.append(_year_facet(counts, unfiltered, filterset, path))
    venues = _venue_facet(counts, filterset, path)
    if venues.values:
        made.append(venues)
    made.append(_flag_facet(counts, filterset, path))
    return tuple(made)


def _role_lines() -> list[tuple[str, str, str]]:
    """Value, label and token of each role."""
    return [(role.value, role.label, role.token) for role in Role]


def _polarity_lines() -> list[tuple[str, str, str]]:
    """Value, label and token of each polarity, and of none."""
    lines = [(polarity.value, polarity.label, polarity.token) for polarity in Polarity]
    return [*lines, (NONE, "Not assessed", "unassessed")]


def _facet(
    name: str, label: str, lines: list[tuple[str, str, str]], counts: FacetCounts, filterset: CitationFilter, path: str
) -> Facet:
    """A facet of which several values may be chosen."""
    chosen = filterset.active.get(name, [])
    return Facet(
        name,
        label,
        tuple(
            FacetValue(
                value=value,
                label=text,
                token=token,
                count=counts.of(name, value),
                selected=value in chosen,
                url=filterset.toggled(path, name, value),
                only_url=filterset.address(path, set={name: [value]}),
            )
            for value, text, token in lines
        ),
    )


def _year_facet(counts: FacetCounts, unfiltered: FacetCounts, filterset: CitationFilter, path: str) -> Facet:
    """The newest years; a link sets both bounds to one year, and drops both where that year is chosen."""
    lower, upper = filterset.cleaned(YEAR_FROM), filterset.cleaned(YEAR_TO)
    years = sorted(unfiltered.years, reverse=True)[:YEARS_SHOWN]
    if lower and lower == upper and lower not in years:
        years.append(lower)
    values = []
    for year in years:
        selected = lower == year == upper
        only_url = filterset.address(path, set={YEAR_FROM: [str(year)], YEAR_TO: [str(year)]})
        url = filterset.address(path, drop=(YEAR_FROM, YEAR_TO)) if selected else only_url
        values.append(FacetValue(str(year), str(year), "", counts.years.get(year, 0), selected, url, only_url))
    return Facet("year", "Year", tuple(values))


def _venue_facet(counts: FacetCounts, filterset: CitationFilter, path: str) -> Facet:
    """The venues with most papers, and those that are chosen."""
    chosen = {venue.slug: venue.name for venue in filterset.cleaned(_VENUE) or ()}
    counted = {slug for slug, _, _ in counts.venues}
    shown_first = counts.venues[:TOP_VENUES]
    others = [venue for venue in counts.venues[TOP_VENUES:] if venue[0] in chosen]
    absent = [(slug, name, 0) for slug, name in chosen.items() if slug not in counted]
    return Facet(
        _VENUE,
        "Venue",
        tuple(
            FacetValue(
                value=slug,
                label=shown(name),
                token="",
                count=number,
                selected=slug in chosen,
                url=filterset.toggled(path, _VENUE, slug),
                only_url=filterset.address(path, set={_VENUE: [slug]}),
            )
            for slug, name, number in [*shown_first, *others, *absent]
        ),
    )


def _flag_facet(counts: FacetCounts, filterset: CitationFilter, path: str) -> Facet:
    """What a citation is marked with. A link asks for the mark alone, and drops the parameter where it is asked for."""
    values = []
    for name, (label, _) in _FLAGS.items():
        selected = filterset.active.get(name) == ["1"]
        only_url = filterset.address(path, set={name: ["1"]})
        url = filterset.address(path, drop=(name,)) if selected else only_url
        values.append(FacetValue(name, label, "", counts.of(name, "1"), selected, url, only_url))
    return Facet("also", "Also", tuple(values))
