"""How many papers there are of each kind: from a hub's summary where nothing is filtered, else from its columns.

Each facet is counted under all filters but its own. A filter is a set of papers, and so is each value of a facet, so
that every number is the size of an intersection.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Any

from citations import search, text
from citations.facets.columns import FLAGS, SOURCE, SUGGESTED, HubColumns, Papers, VenueName, columns_of
from citations.filters.base import YEAR_FROM, YEAR_TO
from citations.filters.citations import SEARCH, CitationFilter
from citations.models.papers import YEAR_MAX, YEAR_MIN
from citations.summaries import TOP_VENUES
from citations.vocabulary import NONE, Polarity

# Where a search matches more papers than this, its venues are counted only when somebody asks for them: of all facets
# this is the one whose number of values has no bound.
MANY_MATCHES = 100_000

VENUE, YEAR = "venue", "year"
# The flags as `HubSummary.counts` names them; of `coarse` it has a number for each role.
_SUMMARISED = {**FLAGS, "coarse": "coarse_roles"}


@dataclass
class FacetCounts:
    """Numbers of papers: in all, by facet and value, by year and by venue (slug, name, number).

    Of flags: how many have it ("1") and have it not ("0"). `venues` None: not counted. `dates`: the first and the last
    date that papers sort by under a filter of years; None where there is no such filter, or no paper.
    """

    total: int = 0
    words: dict[str, dict[str, int]] = field(default_factory=dict)
    years: dict[int, int] = field(default_factory=dict)
    venues: list[tuple[str, str, int]] | None = field(default_factory=list)
    dates: tuple[datetime.date, datetime.date] | None = None

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
            SOURCE: _named(counts[SOURCE]),
            SUGGESTED: suggested | {NONE: roles.get("", 0) - sum(suggested.values())},
            **{name: {"1": number, "0": total - number} for name, number in flags.items()},
        },
        years={int(year): sum(of_year.values()) for year, of_year in counts[YEAR].items() if year},
        venues=[(slug, name, number) for slug, name, number in counts[VENUE]],
    )


def _named(numbers: Mapping[str, int]) -> dict[str, int]:
    """Numbers by value of a parameter: an empty column is `none`."""
    return {value or NONE: number for value, number in numbers.items()}


# From columns ---------------------------------------------------------------------------------------------------------


def counts_of_list(
    hub_id: int, known: int, filterset: CitationFilter, *, most: int | None = None, venue_words: str = ""
) -> FacetCounts:
    """The numbers of a filtered list. `known`: how many papers cite the hub. One statement, and one for a search.

    `most`: venues are counted where no more papers than that match; None: always. `venue_words`: only venues with these
    words in their names, and those chosen.
    """
    hub = columns_of(hub_id, known)
    filters = _filters(hub, filterset, hub_id)
    passing = _all_of(hub, filters)
    counts = FacetCounts(total=len(passing), venues=None)

    def under_others(name: str) -> Papers:
        others = {other: papers for other, papers in filters.items() if _facet_of(other) != name}
        return _all_of(hub, others) if len(others) < len(filters) else passing

    for name, values in hub.words.items():
        base = under_others(name)
        for value, papers in values.items():
            counts.add(name, value or NONE, base.intersection_cardinality(papers))
    base = under_others(YEAR)
    for year, papers in hub.years.items():
        if year:
            counts.years[year] = base.intersection_cardinality(papers)
    for name, papers in hub.flags.items():
        base = under_others(name)
        marked = base.intersection_cardinality(papers)
        counts.add(name, "1", marked)
        counts.add(name, "0", len(base) - marked)
    if YEAR_FROM in filters or YEAR_TO in filters:
        counts.dates = _dates(hub, filterset)
    if most is None or counts.total <= most:
        counts.venues = _top_venues(hub, under_others(VENUE), filterset, venue_words)
    return counts


def counts_as_summarised(hub_id: int, known: int, filterset: CitationFilter) -> dict[str, Any]:
    """The numbers under a filter in the shape of `HubSummary.counts`, without venues and sources of polarities. As many
    statements as `counts_of_list`.
    """
    hub = columns_of(hub_id, known)
    passing = _all_of(hub, _filters(hub, filterset, hub_id))
    counts: dict[str, Any] = {name: _numbers(passing, values) for name, values in hub.words.items()}
    counts[SUGGESTED].pop("", None)
    flags = {name: passing & papers for name, papers in hub.flags.items()}
    roles = hub.words["role"]
    counts["role_source"] = _numbers(passing - roles.get("", Papers()), hub.words[SOURCE])
    counts["coarse_roles"] = _numbers(flags.pop("coarse"), roles)
    counts |= {FLAGS[name]: len(papers) for name, papers in flags.items()}
    disputing = hub.words["polarity"].get(Polarity.DISPUTES, Papers())
    counts["confirmed_disputes"] = flags["confirmed"].intersection_cardinality(disputing)
    years = {str(year or ""): _numbers(passing & papers, roles) for year, papers in sorted(hub.years.items())}
    return counts | {YEAR: {year: of_year for year, of_year in years.items() if of_year}}


def _dates(hub: HubColumns, filterset: CitationFilter) -> tuple[datetime.date, datetime.date] | None:
    """The first and the last date that papers of the years filtered for sort by."""
    lower, upper = filterset.cleaned(YEAR_FROM) or YEAR_MIN, filterset.cleaned(YEAR_TO) or YEAR_MAX
    spans = [span for year, span in hub.dates.items() if lower <= year <= upper]
    return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None


def counts_without(hub_id: int, known: int, filterset: CitationFilter, dropped: Iterable[Collection[str]]) -> list[int]:
    """How many papers match where some parameters are dropped: a number for each of `dropped`. As many statements as
    `counts_of_list`.
    """
    hub = columns_of(hub_id, known)
    filters = _filters(hub, filterset, hub_id)
    kept = ({name: papers for name, papers in filters.items() if name not in names} for names in dropped)
    return [len(_all_of(hub, others)) for others in kept]


def _numbers(base: Papers, values: Mapping[str, Papers]) -> dict[str, int]:
    """How many papers of `base` have each value, without zeros."""
    numbers = {value: base.intersection_cardinality(papers) for value, papers in values.items()}
    return {value: number for value, number in numbers.items() if number}


def _all_of(hub: HubColumns, filters: Mapping[str, Papers]) -> Papers:
    """The papers that pass all of these filters."""
    return reduce(and_, filters.values(), hub.all)


def _any_of(parts: Iterable[Papers]) -> Papers:
    """The papers of any of the parts."""
    return Papers().union(*parts)


# Filters --------------------------------------------------------------------------------------------------------------


def _filters(hub: HubColumns, filterset: CitationFilter, hub_id: int) -> dict[str, Papers]:
    """The papers that pass each active filter, by its parameter: the same as those that the database lets pass."""
    return {name: _passing(hub, filterset, name, hub_id) for name in filterset.active if filterset.cleaned(name)}


def _facet_of(parameter: str) -> str:
    """The facet that a parameter filters by: the two bounds of years are one."""
    return YEAR if parameter in (YEAR_FROM, YEAR_TO) else parameter


def _passing(hub: HubColumns, filterset: CitationFilter, name: str, hub_id: int) -> Papers:
    """The papers that pass one filter."""
    chosen = filterset.cleaned(name)
    if name == SEARCH:
        return hub.all & Papers(search.citing_ids(chosen, hub_id))
    if name in (YEAR_FROM, YEAR_TO):
        lower, upper = (chosen, YEAR_MAX) if name == YEAR_FROM else (YEAR_MIN, chosen)
        return _any_of(papers for year, papers in hub.years.items() if lower <= year <= upper)
    if name == VENUE:
        slugs = {venue.slug for venue in chosen}
        return _any_of(papers for venue, papers in hub.venues.items() if venue.slug in slugs)
    if name in FLAGS:
        marked = hub.flags[name]
        return _any_of(marked if word == "1" else hub.all - marked for word in chosen)
    stored = filterset.filters[name].stored
    none = Papers()
    return _any_of(hub.words[name].get(stored.get(word, word), none) for word in chosen)


# Venues ---------------------------------------------------------------------------------------------------------------


def _top_venues(hub: HubColumns, base: Papers, filterset: CitationFilter, words: str) -> list[tuple[str, str, int]]:
    """Slug, name and number of the venues with most papers of `base`, and of those chosen; most first, ties by name."""
    chosen = {venue.slug for venue in filterset.cleaned(VENUE) or ()}
    counted = [
        (*venue, number)
        for venue, papers in hub.venues.items()
        if (venue.slug in chosen or _is_named_like(venue, words)) and (number := base.intersection_cardinality(papers))
    ]
    counted.sort(key=lambda venue: (-venue[2], venue[1], venue[0]))
    # Chosen venues are shown however few papers they have.
    return [
        *counted[: TOP_VENUES + len(chosen)],
        *(one for one in counted[TOP_VENUES + len(chosen) :] if one[0] in chosen),
    ]


def _is_named_like(venue: VenueName, words: str) -> bool:
    """Whether all of these words stand in the name, whatever the case; or in the slug, whatever the accents."""
    name = venue.name.casefold()
    return all(
        word.casefold() in name or ((folded := text.slugify(word)) and folded in venue.slug) for word in words.split()
    )
