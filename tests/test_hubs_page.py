"""The list of hubs."""

from __future__ import annotations

import datetime
import html
import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from citations import summaries
from citations.curation.merging import merge
from citations.models import HubPin
from citations.vocabulary import HubClass
from tests.factories import CAUSE, make_citation, make_curator, make_hub, make_paper

pytestmark = pytest.mark.django_db

MAJORITY = {"method": 20}


def page_of(client: Client, query: str = "") -> str:
    """The list under a query such as "?class=contested"."""
    response = client.get(f"/hubs/{query}")
    assert response.status_code == 200
    return response.content.decode()


def titles(page: str) -> list[str]:
    """The titles of the rows, in order."""
    return [html.unescape(title) for title in re.findall(r'<h3 class="row-title"><a [^>]*>(.*?)</a>', page)]


def test_hubs_stand_in_order_of_known_citing_papers(client: Client) -> None:
    make_hub(unclassified=2, title="Two")
    make_hub(unclassified=5, title="Five")
    make_hub(unclassified=3, title="Three")
    make_paper("Cited by nobody")
    page = page_of(client)
    assert titles(page) == ["Five", "Three", "Two"]
    assert '<h2 class="results-count" id="count">3 hubs</h2>' in page


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("citing", ["Beta", "alpha", "Gamma"]),
        ("classified", ["Gamma", "alpha", "Beta"]),
        ("newest", ["alpha", "Beta", "Gamma"]),
        ("title", ["alpha", "Beta", "Gamma"]),
    ],
)
def test_each_order_is_as_it_says_and_unknown_years_are_last(client: Client, sort: str, order: list[str]) -> None:
    make_hub({"method": 1}, unclassified=5, title="Beta", year=2019)
    make_hub({"method": 2}, unclassified=3, title="alpha", year=2024)
    make_hub({"method": 4}, title="Gamma")
    assert titles(page_of(client, f"?sort={sort}")) == order


def test_a_row_says_its_sentence_its_coverage_and_its_class_each_with_its_list(client: Client) -> None:
    roles = {"method": 18, "dataset": 1, "comparison": 1, "extension": 1, "evidence": 1, "background": 1}
    hub = make_hub(roles, unclassified=7, title="A tool", year=2023, venue="ICML", authors=["Ann Author", "Bob Writer"])
    page = page_of(client)
    citing = f"{hub.get_hub_url()}citing/"
    assert f'<a class="lead num" href="{citing}?role=method">78%</a>' in page
    assert "23 classified citing papers" in page
    assert "58–90%" in page
    assert f'<a class="num" href="{citing}">30</a> classified' in page
    assert 'href="/about/classes/#tool-reference"' in page
    assert "Ann Author, Bob Writer" in page
    assert 'href="/hubs/?venue=icml"' in page
    assert 'fill="url(#hatch)"' in page


def test_the_class_facet_lists_every_class_with_its_number_zeros_included(client: Client) -> None:
    make_hub(MAJORITY)
    make_hub(MAJORITY)
    make_hub({"dataset": 25})
    make_hub(unclassified=1)
    page = page_of(client)
    facet = page[page.index('id="f-class"') : page.index('id="f-year"')]
    assert [facet.index(hub_class.label) for hub_class in HubClass] == sorted(
        facet.index(hub_class.label) for hub_class in HubClass
    )
    for hub_class, number in (("tool-reference", 2), ("dataset-reference", 1), ("not-enough-evidence", 1)):
        assert re.search(rf'href="/hubs/\?class={hub_class}"[^>]*>.*?<span class="n">{number}</span>', facet)
    assert facet.count('class="void"') == len(HubClass) - 3


@pytest.mark.parametrize(
    "query", ["?class=tool-reference", "?class=tool-reference&class=dataset-reference", "?venue=icml"]
)
def test_the_number_in_the_heading_is_that_of_the_rows(client: Client, query: str) -> None:
    make_hub(MAJORITY, venue="ICML")
    make_hub({"dataset": 25})
    make_hub(unclassified=1, venue="ICML")
    page = page_of(client, query)
    assert re.search(r'id="count">(\d+) hubs?,', page)[1] == str(len(titles(page)))  # type: ignore[index]


def test_every_facet_link_opens_as_many_hubs_as_it_says(client: Client) -> None:
    make_hub(MAJORITY, venue="ICML", year=2023)
    make_hub(MAJORITY, venue="NeurIPS", year=2022)
    make_hub({"dataset": 25}, venue="ICML", year=2022)
    for query in ("", "?year_min=2022&year_max=2022", "?q=hub"):
        links = re.findall(
            r'<a href="(/hubs/[^"]*)" rel="nofollow"><span class="box".*?<span class="n">(\d+)</span>',
            page_of(client, query),
        )
        assert len(links) >= 3
        for url, number in links:
            assert len(titles(client.get(html.unescape(url)).content.decode())) == int(number), url


def test_filters_combine_and_are_said_in_english(client: Client) -> None:
    make_hub(MAJORITY, title="Scaling tools", year=2023, venue="ICML")
    make_hub(MAJORITY, title="Scaling tools before", year=2019, venue="ICML")
    make_hub(MAJORITY, title="Other tools", year=2023, venue="ICML")
    make_hub(unclassified=2, title="Scaling unread", year=2023, venue="ICML")
    page = page_of(client, "?class=tool-reference&year_min=2020&year_max=2024&venue=icml&q=scaling")
    assert titles(page) == ["Scaling tools"]
    assert "1 hub, tool reference, from 2020 to 2024, in ICML, with “scaling” in the title" in page
    assert page.count('class="chip"') == 5


@pytest.mark.parametrize("search", ["Ångström", "angstrom", "ANGSTROM", "ström", "超伝導", "angstrom 超伝導"])
def test_titles_are_found_without_regard_to_case_and_accents(client: Client, search: str) -> None:
    make_hub(unclassified=1, title="Measuring an ångström: 超伝導 in practice")
    make_hub(unclassified=1, title="Something else")
    assert titles(page_of(client, f"?q={search}")) == ["Measuring an ångström: 超伝導 in practice"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?class=tool", "Unknown class “tool”"),
        ("?year_min=abc", "“abc” is no year for “year_min”"),
        ("?page=0", "“0” is no page"),
        ("?page_size=7", "“7” is no page_size"),
        ("?sort=size", "“size” is no sort"),
        ("?venue=nowhere", "No venue is called “nowhere” here"),
        ("?year_min=2024&year_max=2020", "No year lies between 2024 and 2020"),
    ],
)
def test_a_value_that_is_not_understood_is_named_and_nothing_is_listed(client: Client, query: str, words: str) -> None:
    make_hub(MAJORITY, title="Must not be listed")
    page = page_of(client, query)
    assert words in page
    assert "Nothing is listed until this is corrected." in page
    assert titles(page) == []


def test_what_was_probably_meant_is_one_link_away(client: Client) -> None:
    make_hub(MAJORITY, title="Meant")
    page = page_of(client, "?class=tool-referense&year_min=2000")
    assert (
        'Did you mean <a href="/hubs/?class=tool-reference&amp;year_min=2000" rel="nofollow">tool-reference</a>?'
        in page
    )


def test_an_unknown_parameter_is_said_but_does_not_hide_the_list(client: Client) -> None:
    make_hub(MAJORITY, title="Still listed")
    page = page_of(client, "?clas=contested")
    assert "Unknown parameter “clas”" in page
    assert titles(page) == ["Still listed"]


def test_an_empty_result_offers_to_drop_what_helps(client: Client) -> None:
    make_hub(MAJORITY, title="A tool", year=2023)
    page = page_of(client, "?class=contested&year_min=2020")
    assert "No hub matches" in page
    assert '<a href="/hubs/?year_min=2020" rel="nofollow">Drop “Class”</a> <span class="quiet">shows 1</span>' in page
    assert "Dropping “Year” alone would still show none." in page


def test_a_page_beyond_the_last_leads_back(client: Client) -> None:
    make_hub(MAJORITY)
    page = page_of(client, "?page=9")
    assert "There is no page 9." in page
    assert 'The list ends with <a href="/hubs/">page 1</a>' in page


def test_pages_divide_the_list_without_overlap(client: Client) -> None:
    citing = make_paper("Cites everything")
    for number in range(30):
        make_citation(citing, make_paper(f"Cited work {number:02}"))
    first, second = page_of(client, "?page_size=25"), page_of(client, "?page_size=25&page=2")
    assert len(titles(first)) == 25
    assert len(titles(second)) == 5
    assert len({*titles(first), *titles(second)}) == 30
    assert "26–30 of 30" in second
    assert 'href="/hubs/?page_size=25&amp;page=2" rel="next"' in first


def test_an_empty_collection_says_how_hubs_come_about(client: Client) -> None:
    page = page_of(client)
    assert "There is no hub yet" in page
    assert "import_citations" in page


def test_labels_of_the_sample_are_marked(client: Client) -> None:
    make_hub(MAJORITY, curator=make_curator())
    assert "illustrative, not findings" not in page_of(client)
    make_hub(MAJORITY)
    assert "illustrative, not findings" in page_of(client)


def test_merged_papers_are_left_out_of_rows_and_numbers(client: Client) -> None:
    hub = make_hub(MAJORITY, title="Merged away")
    merge(make_paper("The survivor").pk, hub.pk, make_curator(), reason="One work.", warnings_read=True)
    page = page_of(client)
    assert titles(page) == ["The survivor"]
    assert page.count('<span class="n">1</span>') == 1


def test_hostile_titles_and_searches_are_escaped(client: Client) -> None:
    make_hub(unclassified=1, title="<img src=x onerror=alert(1)> hub", venue="<i>Venue</i>")
    for query in ("", "?q=<script>alert(1)</script>", "?class=<script>", "?<script>=1"):
        page = page_of(client, query)
        assert "<img src=x" not in page
        assert "<i>Venue" not in page
        assert page.count("<script") == 1


@pytest.mark.parametrize("hubs", [2, 12])
def test_the_number_of_queries_does_not_grow(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, hubs: int
) -> None:
    for _ in range(hubs):
        make_hub({"method": 2}, unclassified=1, venue="ICML", year=2023, authors=["Ann Author"])
    with django_assert_num_queries(6):
        client.get("/hubs/")
    with django_assert_num_queries(6):
        client.get("/hubs/?class=not-enough-evidence&venue=icml&year_min=2020&q=hub&sort=title")


def test_lists_under_filters_are_not_indexed_and_the_plain_one_names_itself(client: Client) -> None:
    make_hub(MAJORITY)
    assert '<link rel="canonical" href="http://testserver/hubs/">' in page_of(client)
    assert "noindex" in page_of(client, "?class=tool-reference")


def test_no_cookie_is_set_and_only_reading_is_allowed(client: Client) -> None:
    assert not client.get("/hubs/").cookies
    assert client.post("/hubs/").status_code == 405


def test_the_newest_hub_is_that_with_the_latest_date_within_a_year_too(client: Client) -> None:
    make_hub(unclassified=1, title="November", year=2024, published_on=datetime.date(2024, 11, 5))
    make_hub(unclassified=1, title="March", year=2024, published_on=datetime.date(2024, 3, 1))
    make_hub(unclassified=1, title="Some day of the year", year=2024)
    assert titles(page_of(client, "?sort=newest")) == ["November", "March", "Some day of the year"]


def test_a_pin_is_told_even_where_it_is_what_the_rules_say(client: Client) -> None:
    hub = make_hub(MAJORITY)
    HubPin.objects.create(hub=hub, hub_class=HubClass.TOOL_REFERENCE, reason="It is.", curator=make_curator())
    summaries.recount([hub.pk], CAUSE)
    assert "pinned by a curator" in page_of(client)


def test_the_command_for_an_empty_list_works_as_it_is_printed(client: Client) -> None:
    assert "<code>.venv/bin/python manage.py import_citations" in page_of(client)


def test_a_chosen_venue_is_counted_however_rare_it_is(client: Client) -> None:
    for number in range(11):
        for _ in range(2):
            make_hub(unclassified=1, venue=f"Venue {number}")
    make_hub(unclassified=1, venue="Rare")
    page = page_of(client, "?venue=rare")
    assert len(titles(page)) == 1
    assert 'title="Rare alone">1<' in page
