"""Facets: every count is the length of the list that its link opens, whatever is chosen, by one statement."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from citations import facets, labelling, summaries
from citations.facets import FacetCounts, FacetValue, counts_of_list, counts_of_summary
from citations.filters.citations import CitationFilter
from citations.listing import list_citing
from citations.models import Citation, HubSummary, HubTally, Paper
from citations.vocabulary import NONE
from tests.factories import (
    CAUSE,
    make_citation,
    make_hub,
    make_label,
    make_mention,
    make_paper,
    make_venue,
    new_label,
    paper_changed,
)

FILTERS = (
    "",
    "role=method",
    "role=method&role=none",
    "role=none&suggested=dataset",
    "polarity=supports&polarity=none",
    "decided_by=curator",
    "year_min=2023&year_max=2023",
    "year_min=2023&role=method&polarity=none",
    "year_max=2024&self=0&retracted=0",
    "venue=neurips",
    "venue=neurips&venue=icml&role=method",
    "influential=1",
    "coarse=1&confirmed=0",
    "q=sparse",
    "q=sparse&role=method&year_min=2020",
    "role=evidence&polarity=disputes&venue=icml",
)


def a_mixed_hub() -> Paper:
    """A hub cited in every way that filters tell apart: deciders, flags, years, venues. Made in few statements."""
    hub = make_paper("Pythia: a suite")
    venues = (make_venue("NeurIPS"), make_venue("ICML"), None)
    papers = Paper.objects.bulk_create(
        Paper(
            title=f"{'Sparse' if number % 3 else 'Dense'} paper {number}",
            slug=f"mixed-{number}",
            year=(2022, 2023, 2025, None)[number % 4],
            venue=venues[number % 3],
            notice="retracted" if number % 11 == 0 else "",
        )
        for number in range(24)
    )
    citations = Citation.objects.bulk_create(
        Citation(citing=paper, cited=hub, is_influential=number % 5 == 0, is_self_citation=number % 7 == 0)
        for number, paper in enumerate(papers)
    )
    labels = []
    for number, citation in enumerate(citations):
        if number % 4 == 0:
            polarity = ("supports", "neutral")[number % 8 // 4]
            labels.append(new_label(citation, "method", polarity, coarse=number % 8 == 0))
        elif number % 4 == 1:
            role = ("evidence", "background", "unclear")[number % 3]
            labels.append(new_label(citation, role, "disputes", decided_by="curator"))
        elif number % 4 == 2:
            labels.append(new_label(citation, "dataset", decided_by="classifier"))
    labelling.add_labels(labels, CAUSE)
    paper_changed(*papers)
    return hub


@pytest.fixture
def hub(db: None) -> Paper:
    """The mixed hub with its summary."""
    return Paper.objects.select_related("hub").get(pk=a_mixed_hub().pk)


@pytest.fixture
def tallied(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Small hubs are counted as big ones are."""
    monkeypatch.setattr(summaries, "TALLY_FROM", 5)
    monkeypatch.setattr(facets, "TALLY_FROM", 5)
    yield


def filtered(hub: Paper, query: str) -> CitationFilter:
    """The hub's list under a filter."""
    return CitationFilter(QueryDict(query), Citation.objects.of_hub(hub.pk))


def lines(counts: FacetCounts) -> dict[str, object]:
    """Counts without the zeros that one way of counting writes down and another leaves out."""
    words = {name: {word: n for word, n in numbers.items() if n} for name, numbers in counts.words.items()}
    years = {year: n for year, n in counts.years.items() if n}
    return {
        "total": counts.total,
        "words": {n: w for n, w in words.items() if w},
        "years": years,
        "venues": counts.venues,
    }


def opened(hub: Paper, url: str) -> int:
    """How many papers the list at an address has."""
    return list_citing(hub, QueryDict(urlsplit(url).query)).count


def counted(hub: Paper, query: str) -> int:
    """The same, counted one by one."""
    return filtered(hub, query).qs.count()


@pytest.mark.parametrize("query", FILTERS)
def test_each_count_is_the_length_of_the_list_that_its_number_opens(hub: Paper, query: str) -> None:
    listing = list_citing(hub, QueryDict(query))
    assert listing.count == counted(hub, query)
    seen = 0
    for facet in listing.facets:
        for value in facet.values:
            assert opened(hub, value.only_url) == value.count, (facet.name, value.value)
            seen += value.count
    assert seen


def test_an_unfiltered_list_is_counted_from_the_summary_alone(hub: Paper) -> None:
    listing = list_citing(hub, QueryDict(""))
    live = counts_of_list(hub.pk, 24, filtered(hub, ""))
    stored = counts_of_summary(hub.hub.counts)
    assert lines(stored) == lines(live)
    assert listing.count == 24
    with CaptureQueriesContext(connection) as queries:
        counts_of_summary(hub.hub.counts)
    assert len(queries) == 0


@pytest.mark.parametrize("query", FILTERS)
def test_all_counts_of_a_filtered_list_come_from_one_statement(hub: Paper, query: str) -> None:
    filterset = filtered(hub, query)
    assert filterset.is_usable
    with CaptureQueriesContext(connection) as queries:
        counts_of_list(hub.pk, 24, filterset)
    assert len(queries) == 1


@pytest.mark.parametrize("query", FILTERS)
def test_big_hubs_counted_from_their_tally_give_the_same_numbers(tallied: None, hub: Paper, query: str) -> None:
    assert HubTally.objects.filter(hub_id=hub.pk).exists()
    from_tally = counts_of_list(hub.pk, 24, filtered(hub, query))
    live = counts_of_list(hub.pk, 4, filtered(hub, query))
    assert lines(from_tally) == lines(live)


def test_filters_that_the_tally_knows_never_touch_the_citations(tallied: None, hub: Paper) -> None:
    # A tally that says something else shows where a number comes from.
    HubTally.objects.filter(hub_id=hub.pk, role="method").update(n=100)
    assert counts_of_list(hub.pk, 24, filtered(hub, "role=method")).total >= 100
    assert counts_of_list(hub.pk, 24, filtered(hub, "role=method&venue=neurips")).total < 24


def test_a_facet_ignores_itself_and_heeds_all_others(hub: Paper) -> None:
    listing = list_citing(hub, QueryDict("role=method&year_min=2022&year_max=2022"))
    of_name = {facet.name: {value.value: value.count for value in facet.values} for facet in listing.facets}
    assert of_name["role"]["method"] == listing.count
    assert sum(of_name["role"].values()) == counted(hub, "year_min=2022&year_max=2022")
    assert of_name["decided_by"]["curator"] == 0
    assert of_name["year"]["2022"] == listing.count


def test_a_chosen_line_leads_to_the_list_without_it_and_another_line_adds_to_it(hub: Paper) -> None:
    listing = list_citing(hub, QueryDict("role=method&sort=title&page=1"))
    values = {value.value: value for value in listing.facets[0].values}
    path = listing.path
    assert values["method"].selected
    assert values["method"].url == f"{path}?sort=title"
    assert values["dataset"].url == f"{path}?role=method&role=dataset&sort=title"
    assert values["dataset"].only_url == f"{path}?role=dataset&sort=title"
    assert not values["dataset"].selected


def test_a_year_sets_both_bounds_and_drops_both(hub: Paper) -> None:
    year = next(facet for facet in list_citing(hub, QueryDict("")).facets if facet.name == "year")
    assert [value.value for value in year.values] == ["2025", "2023", "2022"]
    assert year.values[0].url.endswith("?year_min=2025&year_max=2025")
    chosen = list_citing(hub, QueryDict("year_min=2025&year_max=2025"))
    year = next(facet for facet in chosen.facets if facet.name == "year")
    assert year.values[0].selected
    assert year.values[0].url == chosen.path
    assert [value.count for value in year.values] == [6, 6, 6]


def test_zeros_and_undecided_lines_are_shown(hub: Paper) -> None:
    listing = list_citing(hub, QueryDict("polarity=supports"))
    role = {value.value: value.count for value in listing.facets[0].values}
    assert list(role) == [
        "method",
        "dataset",
        "comparison",
        "extension",
        "evidence",
        "background",
        "unclear",
        NONE,
    ]
    assert role["comparison"] == 0


@pytest.mark.django_db
def test_only_the_ten_largest_venues_are_shown_and_those_that_are_chosen() -> None:
    hub = make_paper("Hub")
    for number in range(12):
        for copy in range(12 - number):
            make_citation(make_paper(f"{number} {copy}", venue=f"Venue {number:02}"), hub)
    found = Paper.objects.select_related("hub").get(pk=hub.pk)

    def venues(query: str) -> list[FacetValue]:
        return list(next(f for f in list_citing(found, QueryDict(query)).facets if f.name == "venue").values)

    assert [value.label for value in venues("")] == [f"Venue {number:02}" for number in range(10)]
    assert [value.label for value in venues("role=none")] == [f"Venue {number:02}" for number in range(10)]
    chosen = venues("venue=venue-11")
    assert [value.label for value in chosen][-1] == "Venue 11"
    assert (chosen[-1].count, chosen[-1].selected) == (1, True)
    absent = venues("venue=venue-11&role=method")
    assert [(value.value, value.count) for value in absent] == [("venue-11", 0)]


@pytest.mark.django_db
def test_suggestions_have_a_facet_only_where_there_are_some() -> None:
    plain = Paper.objects.select_related("hub").get(pk=make_hub({"method": 2}, 1).pk)
    assert "suggested" not in [facet.name for facet in list_citing(plain, QueryDict("")).facets]
    citation = make_citation(make_paper("Guess"), plain)
    make_label(citation, "dataset", decided_by="classifier")
    plain = Paper.objects.select_related("hub").get(pk=plain.pk)
    suggested = next(facet for facet in list_citing(plain, QueryDict("")).facets if facet.name == "suggested")
    assert {value.value: value.count for value in suggested.values if value.count} == {"dataset": 1, NONE: 1}


def test_the_ways_out_of_an_empty_list_say_what_they_would_show(hub: Paper) -> None:
    query = "role=comparison&year_min=2023&venue=neurips&q=sparse"
    with CaptureQueriesContext(connection) as queries:
        listing = list_citing(hub, QueryDict(query))
    assert listing.count == 0
    assert len(queries) <= 3
    assert {drop.words for drop in listing.drops} == {
        "Role: Baseline",
        "Year: from 2023",
        "Venue: NeurIPS",
        "Search: “sparse”",
    }
    for drop in listing.drops:
        assert opened(hub, drop.url) == drop.count
    assert [drop.count for drop in listing.drops] == sorted((drop.count for drop in listing.drops), reverse=True)
    assert listing.drops[0].words == "Role: Baseline"


def test_the_two_bounds_of_a_single_year_are_dropped_together(hub: Paper) -> None:
    listing = list_citing(hub, QueryDict("role=comparison&year_min=2023&year_max=2023"))
    assert {drop.words for drop in listing.drops} == {"Role: Baseline", "Year: 2023"}
    assert all(opened(hub, drop.url) == drop.count for drop in listing.drops)


def test_a_paper_without_summary_has_empty_counts() -> None:
    assert counts_of_summary({}) == FacetCounts()


CHOICES = {
    "role": ["method", "evidence", "unclear", "none"],
    "polarity": ["supports", "disputes", "none"],
    "suggested": ["dataset", "none"],
    "decided_by": ["curator", "import", "none"],
    "year_min": ["2022", "2024"],
    "year_max": ["2023", "2025"],
    "venue": ["neurips", "icml"],
    "q": ["sparse", "paper"],
    "influential": ["0", "1"],
    "self": ["0", "1"],
    "retracted": ["0"],
    "coarse": ["1"],
    "confirmed": ["0", "1"],
}


PAIRS = [(name, value) for name, values in CHOICES.items() for value in values]


class AnyFilter(TestCase):
    """Any combination of filters."""

    hub: Paper

    @classmethod
    def setUpTestData(cls) -> None:
        cls.hub = Paper.objects.select_related("hub").get(pk=a_mixed_hub().pk)

    @settings(max_examples=15)
    @given(
        st.lists(st.sampled_from([(n, v) for n, values in CHOICES.items() for v in values]), max_size=4, unique=True)
    )
    def test_counts_and_lists_agree(self, pairs: list[tuple[str, str]]) -> None:
        data = QueryDict(mutable=True)
        for name, word in pairs:
            data.appendlist(name, word)
        listing = list_citing(self.hub, data)
        if not listing.filterset.is_usable:
            assert listing.count == 0
            assert listing.rows == ()
            return
        assert listing.count == listing.filterset.qs.count() == len(listing.rows)
        counts = counts_of_list(self.hub.pk, 24, listing.filterset)
        for facet in listing.facets:
            for value in facet.values:
                only = QueryDict(urlsplit(value.only_url).query)
                assert CitationFilter(only, Citation.objects.of_hub(self.hub.pk)).qs.count() == value.count
        assert counts.total == listing.count


@pytest.mark.django_db
def test_counts_follow_what_is_written_later() -> None:
    hub = make_hub({"method": 1}, 1)
    citation = Citation.objects.filter(cited=hub, role="").get()
    make_mention(citation, "We compare against it.")
    make_label(citation, "comparison", decided_by="curator")
    citation.citing.year = 2019
    citation.citing.save()
    paper_changed(citation.citing)
    summaries.recount([hub.pk], CAUSE)
    found = Paper.objects.select_related("hub").get(pk=hub.pk)
    assert list_citing(found, QueryDict("role=comparison&year_max=2019")).count == 1
    assert HubSummary.objects.get(pk=hub.pk).counts["role"] == {"comparison": 1, "method": 1}
