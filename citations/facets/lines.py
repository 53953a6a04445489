"""Facets as they are shown: one line a value, each with its number and its addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from citations.charts import YearBar, year_bars
from citations.facets.columns import SOURCE, SUGGESTED
from citations.facets.counting import MANY_MATCHES, VENUE, YEAR, FacetCounts
from citations.filters.base import YEAR_FROM, YEAR_TO, shown
from citations.filters.citations import CitationFilter
from citations.filters.fields import UNLABELLED
from citations.formatting import count, plural
from citations.summaries import TOP_VENUES
from citations.vocabulary import CURATOR, DECIDERS, NONE, DecidedBy, Polarity, Role, source_label

# The newest years with citing papers have a line each, all earlier ones together have one.
YEARS_SHOWN = 15

# The lines of the facet "Also": parameter, value and label. Of what distorts counts, leaving it out has a line, too.
_MARKS = (
    ("influential", "1", "Influential"),
    ("self", "1", "Self-citation"),
    ("self", "0", "Without self-citations"),
    ("retracted", "1", "Retracted"),
    ("retracted", "0", "Without retracted"),
    ("coarse", "1", "Coarse label"),
    ("confirmed", "1", "Confirmed by a curator"),
)


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
class YearMark:
    """One year of the histogram: its place, and the list of its papers."""

    bar: YearBar
    url: str


@dataclass(frozen=True)
class VenueSearch:
    """The form that finds venues among those of a list. `words`: what was looked for, "" for nothing; `url`: the list
    with its most frequent venues.
    """

    words: str
    url: str


@dataclass(frozen=True)
class Facet:
    """One facet: `name` is that of its parameter, or of what its lines have in common.

    `note` is a sentence below the lines. `marks` are the histogram of the years. `search` is there where venues can be
    looked for, `count_url` where they are counted on request.
    """

    name: str
    label: str
    values: tuple[FacetValue, ...]
    note: str = ""
    marks: tuple[YearMark, ...] = ()
    search: VenueSearch | None = None
    count_url: str = ""


def facets(
    counts: FacetCounts,
    unfiltered: FacetCounts,
    filterset: CitationFilter,
    path: str,
    *,
    venue_words: str = "",
    count_venues_url: str = "",
) -> tuple[Facet, ...]:
    """The facets of a list, in the order of display. `unfiltered` says which lines there are: a zero is shown.

    A facet of suggestions appears where there is one to show; one of venues where a venue is known. `venue_words` are
    what venues were looked for by, `count_venues_url` the address that counts them where `counts` has none.
    """
    lines = _Lines(counts, filterset, path)
    made = [
        lines.words("role", "Role", {**_labels(Role), NONE: ("Not classified", NONE)}),
        lines.words("polarity", "Polarity", {**_labels(Polarity), NONE: ("Not assessed", "unassessed")}),
    ]
    if filterset.active.get(SUGGESTED) or any(
        n for role, n in unfiltered.words.get(SUGGESTED, {}).items() if role != NONE
    ):
        labels = {**_labels(Role), NONE: ("Nothing suggested", NONE)}
        made.append(lines.words(SUGGESTED, "Suggested, not classified", labels))
    deciders = {decider.value: (decider.label, decider.token) for decider in DECIDERS}
    made.append(lines.words("decided_by", "Decided by", {**deciders, NONE: ("Nobody", NONE)}))
    sources = _sources(unfiltered, filterset)
    if sources:
        made.append(lines.words(SOURCE, "Source", {**sources, NONE: (UNLABELLED, NONE)}))
    made.append(lines.years(unfiltered))
    if unfiltered.venues or filterset.cleaned(VENUE):
        made.append(lines.venues(venue_words, count_venues_url))
    made.append(lines.flags())
    return tuple(made)


def _sources(unfiltered: FacetCounts, filterset: CitationFilter) -> dict[str, tuple[str, str]]:
    """Name and label of the sources of the hub's labels and of those chosen: curators first, then by label."""
    named = {name for name, n in unfiltered.words.get(SOURCE, {}).items() if n}
    names = (named | set(filterset.cleaned(SOURCE) or ())) - {NONE}
    return {
        name: (shown(source_label(name)), DecidedBy.CURATOR.token if name == CURATOR else "")
        for name in sorted(names, key=lambda name: (name != CURATOR, source_label(name).casefold(), name))
    }


def _labels(vocabulary: type[Role] | type[Polarity]) -> dict[str, tuple[str, str]]:
    """Label and token of each word."""
    return {member.value: (member.label, member.token) for member in vocabulary}


@dataclass(frozen=True)
class _Lines:
    """Makes the lines of one list."""

    counts: FacetCounts
    filterset: CitationFilter
    path: str

    def words(self, name: str, label: str, labels: Mapping[str, tuple[str, str]]) -> Facet:
        """A facet of fixed words, of which several may be chosen."""
        values = (self._word(name, value, text, token) for value, (text, token) in labels.items())
        return Facet(name, label, tuple(values))

    def _word(self, name: str, value: str, label: str, token: str = "", number: int | None = None) -> FacetValue:
        """One of several words."""
        return FacetValue(
            value=value,
            label=label,
            token=token,
            count=self.counts.of(name, value) if number is None else number,
            selected=value in self.filterset.active.get(name, ()),
            url=self.filterset.toggled(self.path, name, value),
            only_url=self.filterset.address(self.path, set={name: [value]}),
        )

    def years(self, unfiltered: FacetCounts) -> Facet:
        """The newest years, and the earlier ones together; and a mark for each. A link sets both bounds, and drops both
        where they are set so.
        """
        lower, upper = self.filterset.cleaned(YEAR_FROM), self.filterset.cleaned(YEAR_TO)
        years = sorted(unfiltered.years, reverse=True)
        newest, earlier = years[:YEARS_SHOWN], years[YEARS_SHOWN:]
        if lower and lower == upper and lower not in newest:
            newest.append(lower)
        values = [self._span(str(year), year, year) for year in newest]
        if earlier:
            values.append(self._span(f"{earlier[0]} and before", None, earlier[0]))
        bars = year_bars(self.counts.years, unfiltered.years, lower, upper)
        marks = tuple(YearMark(bar, self._years_address(bar.year, bar.year)) for bar in bars)
        return Facet(YEAR, "Year", tuple(values), marks=marks)

    def _span(self, label: str, first: int | None, last: int) -> FacetValue:
        """One year, or all up to one."""
        chosen = (self.filterset.cleaned(YEAR_FROM), self.filterset.cleaned(YEAR_TO)) == (first, last)
        only_url = self._years_address(first, last)
        url = self.filterset.address(self.path, drop=(YEAR_FROM, YEAR_TO)) if chosen else only_url
        number = sum(n for year, n in self.counts.years.items() if (first or year) <= year <= last)
        return FacetValue(label, label, "", number, chosen, url, only_url)

    def _years_address(self, first: int | None, last: int) -> str:
        """The list of these years."""
        bounds = {YEAR_FROM: [str(first)] if first else [], YEAR_TO: [str(last)]}
        return self.filterset.address(self.path, set=bounds)

    def venues(self, words: str, count_url: str) -> Facet:
        """The venues with most papers, and those that are chosen."""
        chosen = {venue.slug: venue.name for venue in self.filterset.cleaned(VENUE) or ()}
        counted = self.counts.venues or []
        slugs = {slug for slug, _, _ in counted}
        others = [venue for venue in counted[TOP_VENUES:] if venue[0] in chosen]
        absent = [(slug, name, 0) for slug, name in chosen.items() if slug not in slugs]
        values = [self._word(VENUE, slug, shown(name), "", n) for slug, name, n in [*counted[:TOP_VENUES], *others]]
        # Of a chosen venue that was not counted the number is not known, and is not printed as 0.
        if self.counts.venues is not None:
            values += [self._word(VENUE, slug, shown(name), "", n) for slug, name, n in absent]
        note = ""
        if self.counts.venues is None:
            note = f"More than {count(MANY_MATCHES)} papers match the search: their venues are counted on request."
        elif words:
            found = len([value for value in values if value.value not in chosen])
            most = "at least " if found >= TOP_VENUES else ""
            note = f"{most}{count(found)} {plural(found, 'venue')} with “{shown(words)}” in the name"
            note = (
                f"{note[0].upper()}{note[1:]}."
                if found
                else f"No venue of these papers has “{shown(words)}” in its name."
            )
        search = VenueSearch(words, self.filterset.address(self.path))
        return Facet(VENUE, "Venue", tuple(values), note, search=search, count_url=count_url)

    def flags(self) -> Facet:
        """What a citation is marked with. A link asks for one value, and drops the parameter where it is chosen."""
        values = []
        for name, value, label in _MARKS:
            selected = self.filterset.active.get(name) == [value]
            only_url = self.filterset.address(self.path, set={name: [value]})
            url = self.filterset.address(self.path, drop=(name,)) if selected else only_url
            key = name if value == "1" else f"{name}=0"
            values.append(FacetValue(key, label, "", self.counts.of(name, value), selected, url, only_url))
        return Facet("also", "Also", tuple(values))
