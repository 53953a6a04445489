"""The list of papers."""

from __future__ import annotations

import datetime
import html
import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from citations.models import Paper
from tests.factories import make_citation, make_hub, make_paper

pytestmark = pytest.mark.django_db


def page_of(client: Client, query: str = "") -> str:
    """The list under a query such as "?q=scaling"."""
    response = client.get(f"/papers/{query}")
    assert response.status_code == 200
    return response.content.decode()


def titles(page: str) -> list[str]:
    """The titles of the rows, in order."""
    return [html.unescape(title) for title in re.findall(r'<h3 class="row-title"><a [^>]*>(.*?)</a>', page)]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("newest", ["Beta", "alpha", "Gamma"]),
        ("title", ["alpha", "Beta", "Gamma"]),
        ("cited", ["alpha", "Gamma", "Beta"]),
    ],
)
def test_each_order_is_as_it_says_and_unknown_years_are_last(client: Client, sort: str, order: list[str]) -> None:
    make_paper("Beta", year=2024)
    make_paper("alpha", year=2019, cited_by=90)
    make_paper("Gamma", cited_by=8)
    assert titles(page_of(client, f"?sort={sort}")) == order


def test_a_row_counts_what_the_paper_cites_and_who_cites_it_here(client: Client) -> None:
    middle = make_paper("Middle", summary="It stands between.", year=2020, cited_by=1234, authors=["Ann Author"])
    make_citation(make_paper("Newer", year=2024), middle)
    make_citation(middle, make_paper("Older", year=2001))
    make_citation(middle, make_paper("Oldest", year=2000))
    page = page_of(client, "?year_min=2020&year_max=2020")
    assert f'cited by <a class="num" href="{middle.get_hub_url()}citing/">1</a> here' in page
    assert f'cites <a class="num" href="{middle.get_absolute_url()}#cites">2</a> here' in page
    assert "1,234</a> times worldwide" in page
    assert "It stands between." in page
    assert "Not enough evidence" in page


def test_a_paper_without_citations_shows_plain_zeros(client: Client) -> None:
    make_paper("Alone")
    page = page_of(client)
    assert 'cited by <span class="zero">0</span> here' in page
    assert 'cites <span class="zero">0</span> here' in page


@pytest.mark.parametrize(
    "typed", ["arXiv:2301.00001", "2301.00001v2", " https://arxiv.org/abs/2301.00001 ", "10.48550/arXiv.2301.00001"]
)
def test_a_search_that_is_an_identifier_leads_to_its_paper(client: Client, typed: str) -> None:
    paper = make_paper("Named", identifiers=["arXiv:2301.00001"])
    response = client.get("/papers/", {"q": typed})
    assert (response.status_code, response["Location"]) == (302, paper.get_absolute_url())


def test_beside_other_filters_the_paper_is_offered_instead(client: Client) -> None:
    paper = make_paper("Named", identifiers=["arXiv:2301.00001"])
    page = page_of(client, "?q=2301.00001&year_min=2020")
    assert f'names the paper <a href="{paper.get_absolute_url()}">Named</a>' in page


def test_an_identifier_that_nothing_carries_is_said_with_the_command(client: Client) -> None:
    make_paper("Another")
    page = page_of(client, "?q=10.1000/unknown")
    assert "names no paper of this collection" in page
    assert ".venv/bin/python manage.py import_citations doi:10.1000/unknown --source semanticscholar" in page


def test_an_identifier_of_a_merged_paper_leads_to_the_survivor(client: Client) -> None:
    survivor = make_paper("The survivor")
    make_paper("Merged away", identifiers=["arXiv:2301.00001"], merged_into=survivor)
    assert client.get("/papers/?q=2301.00001")["Location"] == survivor.get_absolute_url()
    assert titles(page_of(client)) == ["The survivor"]


def test_words_years_and_venues_filter_together(client: Client) -> None:
    make_paper("Scaling laws", year=2020, venue="ICML")
    make_paper("Scaling down", year=2021, venue="ICML")
    make_paper("Scaling laws again", year=2020, venue="NeurIPS")
    page = page_of(client, "?q=laws+scaling&year_max=2020&venue=icml")
    assert titles(page) == ["Scaling laws"]
    assert "1 paper, to 2020, in ICML, with “laws scaling” in the title" in page


@pytest.mark.parametrize("query", ["?year_min=20", "?page=x", "?sort=size", "?venue=nowhere", "?q=" + "a" * 201])
def test_a_value_that_is_not_understood_lists_nothing(client: Client, query: str) -> None:
    make_paper("Must not be listed")
    page = page_of(client, query)
    assert "Nothing is listed until this is corrected." in page
    assert titles(page) == []


def test_an_empty_result_and_an_empty_collection_say_what_to_do(client: Client) -> None:
    assert "This collection holds no paper yet" in page_of(client)
    make_paper("Something")
    page = page_of(client, "?q=nothing")
    assert "No paper matches" in page
    assert '<a href="/papers/" rel="nofollow">Drop “Title”</a> <span class="quiet">shows 1</span>' in page


@pytest.mark.parametrize("search", ["%", "_", "'", '"', "\\", "' OR 1=1 --", "a%b"])
def test_signs_that_mean_something_to_a_database_are_plain_text(client: Client, search: str) -> None:
    make_paper("Plain words")
    response = client.get("/papers/", {"q": search})
    assert response.status_code == 200
    assert titles(response.content.decode()) == []


def test_hostile_text_is_escaped(client: Client) -> None:
    make_paper("<script>alert(1)</script>", summary="<b>bold</b>", authors=["<i>Eve</i>"], venue="<u>V</u>")
    page = page_of(client, "?q=script")
    assert page.count("<script") == 1
    assert "<b>bold" not in page
    assert "<i>Eve" not in page
    assert "<u>V" not in page


@pytest.mark.parametrize("papers", [3, 40])
def test_the_number_of_queries_does_not_grow(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, papers: int
) -> None:
    make_hub({"method": papers}, citing_facts={"year": 2023, "venue": "ICML"}, authors=["Ann Author"])
    with django_assert_num_queries(7):
        client.get("/papers/")
    with django_assert_num_queries(7):
        client.get("/papers/?venue=icml&year_min=2020&q=paper&sort=cited")


def test_pages_divide_the_list_without_overlap(client: Client) -> None:
    Paper.objects.bulk_create([Paper(title=f"Work {number}", slug=f"work-{number}") for number in range(60)])
    seen = [title for page in (1, 2, 3) for title in titles(page_of(client, f"?page_size=25&page={page}"))]
    assert len(seen) == len(set(seen)) == 60


def test_no_cookie_is_set_and_only_reading_is_allowed(client: Client) -> None:
    assert not client.get("/papers/").cookies
    assert client.post("/papers/").status_code == 405


def test_the_newest_paper_is_that_with_the_latest_date_within_a_year_too(client: Client) -> None:
    make_paper("November", year=2024, published_on=datetime.date(2024, 11, 5))
    make_paper("March", year=2024, published_on=datetime.date(2024, 3, 1))
    make_paper("Some day of the year", year=2024)
    assert titles(page_of(client, "?sort=newest")) == ["November", "March", "Some day of the year"]
