"""What the lists of hubs and of papers share: their head, their chips, their pages, and what they say when empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from citations.facets import Facet, FacetValue
from citations.filters.base import (
    PAGE_SIZE,
    PAGE_SIZES,
    SORT,
    YEAR_FROM,
    YEAR_TO,
    Chip,
    Pages,
    Problem,
    StrictFilterSet,
)
from citations.formatting import join_words, plural, year_span
from citations.listing import count_venues

SEARCH, VENUE = "q", "venue"


@dataclass(frozen=True)
class Correction:
    """A problem and the address that mends it; "" where nothing is suggested."""

    problem: Problem
    url: str


@dataclass(frozen=True)
class Drop:
    """One filter that could be dropped, and how many rows there would be then."""

    label: str
    url: str
    count: int


@dataclass(frozen=True)
class ListPage:
    """What the templates of lists print around the rows. `heading` says in English what is listed.

    `hidden` are the parameters that the form of search and sort carries on, `kept_by_years` those of the form of years.
    """

    path: str
    filters: StrictFilterSet
    heading: str
    pages: Pages
    chips: Sequence[Chip]
    corrections: Sequence[Correction]
    facets: Sequence[Facet]
    drops: Sequence[Drop]
    hidden: Sequence[tuple[str, str]]
    kept_by_years: Sequence[tuple[str, str]]

    @property
    def usable(self) -> bool:
        """Whether rows may be listed."""
        return self.filters.is_usable

    @property
    def q(self) -> str:
        """The words searched for."""
        return " ".join(self.filters.query.get(SEARCH, ()))

    @property
    def sorts(self) -> list[tuple[str, str, bool]]:
        """Value, label and whether it is chosen, for each order."""
        return [(value, label, value == self.filters.sort) for value, label in self.filters.sorts.items()]

    @property
    def sizes(self) -> list[tuple[int, bool]]:
        """Each size of a page, and whether it is chosen."""
        return [(size, size == self.filters.page_size) for size in PAGE_SIZES]

    @property
    def last_page_url(self) -> str:
        """The last page that has rows."""
        return self.pages.links[-1].url

    @property
    def is_plain(self) -> bool:
        """Whether this is the list as search engines should know it: no filter, no other order."""
        return not self.filters.query and not self.corrections

    def year(self, name: str) -> str:
        """What the form of years shows for `year_min` or `year_max`."""
        return " ".join(self.filters.query.get(name, ()))


def list_page(
    request: HttpRequest, filters: StrictFilterSet, noun: str, total: int, facets: Sequence[Facet] = ()
) -> ListPage:
    """The frame of one list at the path of the request. Where nothing matches, each filter is tried without."""
    path = request.path
    return ListPage(
        path=path,
        filters=filters,
        heading=heading(filters, noun, total),
        pages=filters.pages(path, total),
        chips=filters.chips(path),
        corrections=[Correction(problem, filters.corrected_address(path, problem)) for problem in filters.problems],
        facets=facets,
        drops=_drops(filters, path) if filters.is_usable and not total else (),
        hidden=_pairs(filters, (SEARCH, SORT, PAGE_SIZE)),
        kept_by_years=_pairs(filters, (YEAR_FROM, YEAR_TO)),
    )


def heading(filters: StrictFilterSet, noun: str, total: int) -> str:
    """A list in English: "12 hubs, tool reference or foundation, from 2020, in ICML, with “scaling” in the title"."""
    words = [f"{total:,} {plural(total, noun)}"]
    labels: dict[str, list[str]] = {}
    for name in filters.active:
        value = filters.cleaned(name)
        labels[name] = filters.form.fields[name].labels(value) if value else []
    if labels.get("class"):
        words.append(join_words([label.lower() for label in labels["class"]], "or"))
    first, last = filters.cleaned(YEAR_FROM), filters.cleaned(YEAR_TO)
    if first or last:
        words.append(year_span(first, last) if not (first and last) or first == last else f"from {first} to {last}")
    if labels.get(VENUE):
        words.append(f"in {join_words(labels[VENUE], 'or')}")
    if labels.get(SEARCH):
        words.append(f"with {labels[SEARCH][0]} in the title")
    return ", ".join(words)


def venue_facet(filters: StrictFilterSet, queryset: QuerySet[Any], path: str) -> Facet:
    """The most frequent venues under all other filters, and those that are chosen."""
    counted = count_venues(filters, queryset)
    values = (_facet_value(filters, path, VENUE, venue.slug, venue.name, "", n) for venue, n in counted)
    return Facet(VENUE, "Venue", tuple(values))


def word_facet(
    filters: StrictFilterSet,
    name: str,
    label: str,
    words: Mapping[str, tuple[str, str]],
    counts: Mapping[str, int],
    path: str,
) -> Facet:
    """A facet of fixed values: `words` maps each to its label and token, `counts` to its number (missing is 0)."""
    return Facet(
        name,
        label,
        tuple(
            _facet_value(filters, path, name, value, word, token, counts.get(value, 0))
            for value, (word, token) in words.items()
        ),
    )


def _facet_value(
    filters: StrictFilterSet, path: str, name: str, value: str, label: str, token: str, count: int
) -> FacetValue:
    """One line of the facet of the parameter `name`."""
    return FacetValue(
        value=value,
        label=label,
        token=token,
        count=count,
        selected=value in filters.active.get(name, ()),
        url=filters.toggled(path, name, value),
        only_url=filters.address(path, set={name: [value]}),
    )


def page_ids(queryset: QuerySet[Any], pages: Pages) -> list[int]:
    """The keys of the rows of one page, in order: read from the index alone, so that deep pages stay quick."""
    return list(queryset.values_list("pk", flat=True)[pages.offset : pages.offset + pages.size]) if pages.rows else []


def _pairs(filters: StrictFilterSet, without: Sequence[str]) -> list[tuple[str, str]]:
    """The parameters of the list as name and value, but those named."""
    return [(name, value) for name, values in filters.query.items() if name not in without for value in values]


def _drops(filters: StrictFilterSet, path: str) -> list[Drop]:
    """What dropping each filter would show; the two bounds of years go together."""
    drops: list[Drop] = []
    groups = {YEAR_TO: (YEAR_FROM, YEAR_TO), YEAR_FROM: (YEAR_FROM, YEAR_TO)}
    seen: set[tuple[str, ...]] = set()
    for name in filters.active:
        group = groups.get(name, (name,))
        if group in seen:
            continue
        seen.add(group)
        count = filters.filter_except(filters.queryset, *group).count()
        drops.append(Drop(str(filters.filters[name].label), filters.address(path, drop=group), count))
    return drops
