"""Facets: every count is the length of the list that its link opens, whatever is chosen, by one statement."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from citations import labelling, summaries
from citations.facets import (
    Facet,
    FacetCounts,
    FacetValue,
    columns,
    counts_as_summarised,
    counts_of_list,
    counts_of_summary,
)
from citations.filters.citations import CitationFilter
from citations.listing import ORDERS, Shown, list_citing, lists
from citations.models import Citation, HubSummary, Paper
from citations.models.papers import UNKNOWN_DATE
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
    "source=sample&source=none&polarity=none",
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
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small hubs are stamped, and their columns kept, as those of big ones are."""
    monkeypatch.setattr(summaries.writing, "STAMPED_FROM", 5)
    monkeypatch.setattr(columns, "STAMPED_FROM", 5)


def filtered(hub: Paper, query: str) -> CitationFilter:
    """The hub's list under a filter."""
    return CitationFilter(QueryDict(query), hub.pk)


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
def test_all_counts_of_a_filtered_list_come_from_one_statement_and_one_for_a_search(hub: Paper, query: str) -> None:
    filterset = filtered(hub, query)
    assert filterset.is_usable
    with CaptureQueriesContext(connection) as queries:
        counts_of_list(hub.pk, 24, filterset)
    assert len(queries) == (2 if "q=" in query else 1)


@pytest.mark.parametrize("query", FILTERS)
def test_kept_columns_give_the_same_numbers(kept: None, hub: Paper, query: str) -> None:
    summaries.recount([hub.pk], CAUSE)
    counts_of_list(hub.pk, 24, filtered(hub, "role=method"))
    with CaptureQueriesContext(connection) as queries:
        from_kept = counts_of_list(hub.pk, 24, filtered(hub, query))
    assert not [query for query in queries if "citations_citation" in query["sql"]]
    assert lines(from_kept) == lines(counts_of_list(hub.pk, 4, filtered(hub, query)))


def test_kept_columns_are_read_anew_after_each_writing_even_one_that_changes_no_number(kept: None, hub: Paper) -> None:
    summaries.recount([hub.pk], CAUSE)

    def methods_of(venue: str) -> int:
        return counts_of_list(hub.pk, 24, filtered(hub, f"role=method&venue={venue}")).total

    first = Citation.objects.filter(cited=hub, role="method", venue__slug="icml").earliest("pk")
    other = Citation.objects.filter(cited=hub, role="evidence", venue__slug="neurips").earliest("pk")
    before = methods_of("icml"), methods_of("neurips")
    roles = HubSummary.objects.get(pk=hub.pk).counts["role"]
    labelling.add_labels(
        [
            new_label(first, "evidence", decided_by="curator"),
            new_label(other, "method", decided_by="curator"),
        ],
        CAUSE,
    )
    assert (methods_of("icml"), methods_of("neurips")) == (before[0] - 1, before[1] + 1)
    assert HubSummary.objects.get(pk=hub.pk).counts["role"] == roles


def test_a_stamp_is_another_one_after_each_writing(kept: None, hub: Paper) -> None:
    stamps = set()
    for _ in range(3):
        summaries.recount([hub.pk], CAUSE)
        stamps.add(HubSummary.objects.values_list("stamp", flat=True).get(pk=hub.pk))
    assert len(stamps) == 3
    assert 0 not in stamps


def test_small_hubs_have_no_stamp_and_a_big_one_without_is_read_each_time(
    hub: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    summaries.recount([hub.pk], CAUSE)
    assert HubSummary.objects.values_list("stamp", flat=True).get(pk=hub.pk) == 0
    monkeypatch.setattr(columns, "STAMPED_FROM", 5)
    assert counts_of_list(hub.pk, 24, filtered(hub, "role=method")).total == 6
    Citation.objects.filter(cited=hub, role="method").update(is_influential=True)
    assert counts_of_list(hub.pk, 24, filtered(hub, "role=method")).of("influential", "1") == 6


def test_of_kept_columns_those_that_were_asked_for_last_stay(
    db: None, monkeypatch: pytest.MonkeyPatch, kept: None
) -> None:
    hubs = [make_hub({"method": 6}) for _ in range(3)]
    monkeypatch.setattr(columns, "MOST_KEPT", 12)

    def statements(hub: Paper) -> int:
        with CaptureQueriesContext(connection) as queries:
            columns.columns_of(hub.pk, 6)
        return len(queries)

    assert [statements(hub) for hub in hubs[:2]] == [2, 2]
    assert [statements(hub) for hub in hubs[:2]] == [1, 1]
    assert [statements(hub) for hub in (hubs[0], hubs[2], hubs[0], hubs[1])] == [1, 2, 1, 2]


def test_papers_of_any_number_are_counted(db: None) -> None:
    hub = make_paper("Pythia")
    far = Paper.objects.create(pk=2**62, title="Far away", slug="far-away")
    make_citation(far, hub)
    assert counts_of_list(hub.pk, 1, filtered(hub, "role=none&q=far")).total == 1


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
    assert len(queries) <= 5
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
    "source": ["curator", "sample", "openalex", "none"],
    "year_min": ["2022", "2024"],
    "year_max": ["2023", "2025"],
    "venue": ["neurips", "icml"],
    "q": ["sparse", "paper", "-dense", '"sparse paper"'],
    "influential": ["0", "1"],
    "self": ["0", "1"],
    "retracted": ["0", "1"],
    "coarse": ["0", "1"],
    "confirmed": ["0", "1"],
    "sort": ["oldest", "cited", "title", "confidence", "relevance"],
    "page_size": ["25", "100"],
}
PAIRS = [(name, value) for name, values in CHOICES.items() for value in values]
# A list of pairs is drawn, so that the same filter comes alone, with others and with itself.
A_FILTER = st.lists(st.sampled_from(PAIRS), max_size=5, unique=True)


def query_of(pairs: list[tuple[str, str]]) -> QueryDict:
    """The parameters of some pairs."""
    data = QueryDict(mutable=True)
    for name, word in pairs:
        data.appendlist(name, word)
    return data


class AnyFilter(TestCase):
    """Any combination of filters. The hub is read again in each test, as each request does."""

    hub: Paper
    # What each address opened, counted one by one: the same addresses come again and again.
    opened: dict[str, int]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.hub = Paper.objects.select_related("hub").get(pk=a_mixed_hub().pk)
        cls.opened = {}

    def length(self, url: str) -> int:
        """How many papers the list at an address has."""
        query = urlsplit(url).query
        if query not in self.opened:
            self.opened[query] = CitationFilter(QueryDict(query), self.hub.pk).qs.count()
        return self.opened[query]

    def check(self, pairs: list[tuple[str, str]]) -> None:
        """Every number of the list opens its list, and the page is the list."""
        listing = list_citing(self.hub, query_of(pairs))
        if not listing.filterset.is_usable:
            assert (listing.count, listing.rows, listing.facets) == (0, (), ())
            return
        matching = listing.filterset.qs
        in_order = matching.order_by(*ORDERS[listing.filterset.sort])
        dated_last = [c.pk for c in in_order if c.sort_date > UNKNOWN_DATE], [c.pk for c in in_order]
        expected = [*dated_last[0], *(pk for pk in dated_last[1] if pk not in dated_last[0])]
        wanted = expected if listing.filterset.sort == "oldest" else dated_last[1]
        assert [row.citation.pk for row in listing.rows] == wanted[: listing.filterset.page_size]
        assert listing.count == len(wanted)
        for facet in listing.facets:
            for value in facet.values:
                assert self.length(value.only_url) == value.count, (facet.name, value.value)
            for mark in facet.marks:
                assert self.length(mark.url) == mark.bar.number
        for drop in listing.drops:
            assert self.length(drop.url) == drop.count

    @settings(max_examples=100)
    @given(A_FILTER)
    @example([("role", "evidence"), ("q", "sparse"), ("sort", "relevance")])
    def test_counts_and_lists_agree(self, pairs: list[tuple[str, str]]) -> None:
        self.check(pairs)

    @settings(max_examples=60)
    @given(A_FILTER)
    def test_counts_from_kept_columns_agree_too(self, pairs: list[tuple[str, str]]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(summaries.writing, "STAMPED_FROM", 5)
            patch.setattr(columns, "STAMPED_FROM", 5)
            if not HubSummary.objects.get(pk=self.hub.pk).stamp:
                summaries.recount([self.hub.pk], CAUSE)
            self.check(pairs)

    @settings(max_examples=50)
    @given(A_FILTER)
    def test_what_the_hub_page_counts_anew_agrees_with_the_list(self, pairs: list[tuple[str, str]]) -> None:
        filterset = CitationFilter(query_of(pairs), self.hub.pk)
        if not filterset.is_usable:
            return
        counts = counts_as_summarised(self.hub.pk, 24, filterset)
        rows = list(filterset.qs)
        assert counts["role"] == dict(Counter(row.role for row in rows))
        assert counts["polarity"] == dict(Counter(row.polarity for row in rows))
        assert counts["coarse_roles"] == dict(Counter(row.role for row in rows if row.coarse))
        assert counts["suggested"] == dict(
            Counter(row.suggested_role for row in rows if row.suggested_role and not row.role)
        )
        assert counts["retracted"] == sum(row.retracted for row in rows)
        assert counts["confirmed_disputes"] == sum(row.confirmed and row.polarity == "disputes" for row in rows)
        years = Counter((str(row.year or ""), row.role) for row in rows)
        assert {(y, role): n for y, roles in counts["year"].items() for role, n in roles.items()} == dict(years)


def test_counted_anew_without_a_filter_the_numbers_are_those_of_the_summary(hub: Paper) -> None:
    anew = counts_as_summarised(hub.pk, 24, filtered(hub, ""))
    assert anew == {name: hub.hub.counts[name] for name in anew}


# Years, venues and what is counted on request ------------------------------------------------------------------------


@pytest.mark.django_db
def test_years_before_the_newest_fifteen_have_one_line_together() -> None:
    hub = make_paper("Hub")
    for year in range(2000, 2020):
        make_citation(make_paper(f"Of {year}", year=year), hub)
    found = Paper.objects.select_related("hub").get(pk=hub.pk)
    years = next(facet for facet in list_citing(found, QueryDict("")).facets if facet.name == "year")
    assert [value.label for value in years.values][:2] == ["2019", "2018"]
    assert (years.values[-1].label, years.values[-1].count) == ("2004 and before", 5)
    assert opened(found, years.values[-1].only_url) == 5
    assert [mark.bar.year for mark in years.marks] == list(range(2000, 2020))
    chosen = next(f for f in list_citing(found, QueryDict("year_max=2004")).facets if f.name == "year").values[-1]
    assert chosen.selected
    assert urlsplit(chosen.url).query == ""


@pytest.mark.django_db
def test_venues_are_found_by_a_word_of_their_names_whatever_their_accents() -> None:
    hub = make_paper("Hub")
    for number in range(12):
        make_citation(make_paper(venue=f"Big Venue {number:02}"), hub)
        make_citation(make_paper(venue=f"Big Venue {number:02}"), hub)
    make_citation(make_paper(venue="Café Letters"), hub)
    found = Paper.objects.select_related("hub").get(pk=hub.pk)

    def venues(words: str, query: str = "") -> Facet:
        shown = Shown(venue_words=words)
        return next(facet for facet in list_citing(found, QueryDict(query), shown).facets if facet.name == "venue")

    assert [value.label for value in venues("cafe").values] == ["Café Letters"]
    assert [value.label for value in venues("CAFÉ lett").values] == ["Café Letters"]
    assert venues("cafe").note == "1 venue with “cafe” in the name."
    assert venues("big").note == "At least 10 venues with “big” in the name."
    assert venues("xyz").note == "No venue of these papers has “xyz” in its name."
    assert venues("%").values == ()
    assert {value.label for value in venues("cafe", "venue=big-venue-03").values} == {"Big Venue 03", "Café Letters"}
    search = venues("cafe", "role=none").search
    assert search is not None
    assert urlsplit(search.url).query == "role=none"


def test_venues_of_a_search_that_finds_very_many_are_counted_on_request(
    hub: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MANY_MATCHES", 10)

    def venues(query: str, shown: Shown | None = None) -> Facet:
        return next(facet for facet in list_citing(hub, QueryDict(query), shown).facets if facet.name == "venue")

    many = venues("q=paper")
    assert (many.values, bool(many.note)) == ((), True)
    assert urlsplit(many.count_url).query == "q=paper&count_venues=1"
    assert venues("q=paper", Shown(count_venues=True)).values
    assert venues("q=sparse&role=method").values
    assert venues("role=none").values
    assert {value.value for value in venues("venue=icml&q=paper").values} == {"neurips", "icml"}


def test_each_source_of_labels_has_a_line_with_its_number(hub: Paper) -> None:
    def sources(query: str) -> list[tuple[str, str, int, bool]]:
        facet = next(facet for facet in list_citing(hub, QueryDict(query)).facets if facet.name == "source")
        return [(value.value, value.label, value.count, value.selected) for value in facet.values]

    assert sources("") == [
        ("curator", "Curators", 6, False),
        ("sample", "Sample (illustrative)", 6, False),
        ("none", "No source", 12, False),
    ]
    assert [count for _, _, count, _ in sources("role=method")] == [0, 6, 0]
    # A source that labelled none of these papers has a line where it was asked for.
    assert sources("source=openalex")[1] == ("openalex", "OpenAlex", 0, True)


def test_where_nothing_is_labelled_there_are_no_lines_of_sources(db: None) -> None:
    hub = Paper.objects.select_related("hub").get(pk=make_hub({}, 2).pk)
    assert "source" not in {facet.name for facet in list_citing(hub, QueryDict()).facets}


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


@pytest.mark.django_db
def test_on_the_list_of_hubs_too_a_number_opens_exactly_its_list(client: Client) -> None:
    for number in range(2):
        make_hub({"method": 25}, title=f"Tool {number}", venue="ICML", year=2020 + number)
    make_hub({"background": 3}, title="Small", venue="NeurIPS")
    html = client.get("/hubs/?class=tool-reference&venue=icml").content.decode()
    panel = html.partition('class="facet-set"')[2].partition("</nav>")[0]
    numbers = re.findall(r'<a class="n" href="([^"]+)"[^>]*>(\d+)', panel)
    numbers += re.findall(r'<li><a href="([^"]+)".*?<span class="n">(\d+)</span></a></li>', panel)
    assert len(numbers) >= 2
    for address, number in numbers:
        listed = client.get(address.replace("&amp;", "&")).content.decode()
        assert f'id="count">{number} hub' in listed, address
