"""The front page."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from citations import summaries
from citations.curation.merging import merge
from citations.models import HubPin
from citations.vocabulary import HubClass
from tests.factories import CAUSE, make_curator, make_hub, make_paper

pytestmark = pytest.mark.django_db

EIGHTEEN = {"method": 18, "dataset": 1, "comparison": 1, "extension": 1, "evidence": 1, "background": 1}


def page_of(client: Client) -> str:
    """The front page."""
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


def test_an_empty_collection_says_how_to_begin_and_keeps_the_search(client: Client) -> None:
    page = page_of(client)
    assert "This collection holds no paper yet" in page
    assert "<code>.venv/bin/python manage.py import_citations arXiv:2304.01373 --source semanticscholar" in page
    assert "<code>.venv/bin/python manage.py load_sample" in page
    assert 'action="/search/"' in page
    assert "For example" not in page


def test_papers_without_citations_are_counted_and_told_what_is_missing(client: Client) -> None:
    make_paper("Alone")
    page = page_of(client)
    assert "No paper here is cited by another one yet" in page
    assert '<a class="num" href="/papers/">1 paper</a>' in page


def test_the_example_is_the_hub_with_most_classified_papers(client: Client) -> None:
    make_hub({"method": 3}, unclassified=60, title="Widely cited, hardly read")
    hub = make_hub(EIGHTEEN, unclassified=7, title="Well read")
    page = page_of(client)
    start = page.index('class="headline"')
    headline = page[start : page.index("</p>", start)]
    citing = f"{hub.get_hub_url()}citing/"
    assert "Tool reference." in headline
    assert f'<a class="lead num" href="{citing}?role=method">78%</a>' in headline
    assert "23 classified citing papers" in headline
    assert "58–90%" in headline
    assert f'<a href="{citing}?role=none">7 more</a>' in headline


def test_hubs_worth_a_look_follow_fixed_rules_and_none_stands_twice(client: Client) -> None:
    make_hub(EIGHTEEN, unclassified=7, title="The example")
    make_hub({"method": 3}, unclassified=60, title="Widely cited")
    make_hub({"method": 7, "dataset": 7, "comparison": 7}, title="A mixture")
    page = page_of(client)
    worth = page[page.index('id="s-hubs"') : page.index('id="s-chg"')]
    assert worth.index("Most citing papers") < worth.index("Widely cited")
    assert worth.index("Largest with no clear majority") < worth.index("A mixture")
    assert "The example" not in worth
    assert worth.count("row-title") == 2


def test_the_only_hub_is_said_to_be_the_only_one(client: Client) -> None:
    make_hub(EIGHTEEN)
    assert "There is no other hub yet" in page_of(client)


def test_changes_of_class_stand_with_their_cause_newest_first(client: Client) -> None:
    make_hub(EIGHTEEN, title="First to change")
    make_hub(EIGHTEEN, title="Last to change")
    page = page_of(client)
    changes = page[page.index('id="s-chg"') : page.index('id="s-tot"')]
    assert changes.index("Last to change") < changes.index("First to change")
    assert "A test made it so." in changes
    assert "Not enough evidence" in changes
    assert "Tool reference" in changes


def test_totals_count_citations_and_a_zero_is_no_link(client: Client) -> None:
    make_hub(EIGHTEEN, unclassified=7)
    page = page_of(client)
    totals = page[page.index('id="s-tot"') :]
    assert '<a class="num" href="/about/data/#classified">23</a></td><td class="r">77%' in totals
    assert '<span class="zero">0</span></td><td class="r">0%' in totals
    assert '<a class="num" href="/about/data/#totals">30</a>' in totals
    assert '<a class="num" href="/papers/">31</a>' in totals
    assert '<a class="num" href="/hubs/">1</a>' in totals


def test_labels_of_the_sample_are_marked_and_those_of_curators_are_not(client: Client) -> None:
    notice = "Roles and polarities in this sample collection are illustrative, not findings."
    make_hub(EIGHTEEN, curator=make_curator())
    assert notice not in page_of(client)
    make_hub(EIGHTEEN)
    assert notice in page_of(client)


def test_hidden_papers_are_left_out(client: Client) -> None:
    hub = make_hub(EIGHTEEN, title="Merged away")
    merge(make_paper("The survivor").pk, hub.pk, make_curator(), reason="One work.", warnings_read=True)
    page = page_of(client)
    assert "The survivor</a>" in page
    assert "Merged away</a>" not in page


def test_a_hostile_title_is_escaped(client: Client) -> None:
    make_hub(EIGHTEEN, title='<script>alert("x")</script> & more', authors=["<b>Eve</b>"])
    page = page_of(client)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt; &amp; more" in page
    assert "<b>Eve" not in page


def test_the_page_obeys_the_strict_policy_and_sets_no_cookie(client: Client) -> None:
    make_hub(EIGHTEEN, unclassified=7)
    response = client.get("/")
    page = response.content.decode()
    assert "style=" not in page
    assert "<script src=" in page
    assert page.count("<script") == 1
    assert not response.cookies


@pytest.mark.parametrize("others", [1, 6])
def test_the_number_of_queries_does_not_grow(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, others: int
) -> None:
    for number in range(others):
        make_hub(EIGHTEEN, unclassified=number, authors=["Ann Author", "Bob Writer"])
    with django_assert_num_queries(9):
        client.get("/")


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post("/").status_code == 405
    assert client.head("/").status_code == 200


def test_a_pinned_class_is_not_shown_as_what_the_rules_say(client: Client) -> None:
    hub = make_hub(EIGHTEEN, unclassified=7, title="Well read")
    HubPin.objects.create(hub=hub, hub_class=HubClass.FOUNDATION, reason="Read in full.", curator=make_curator())
    summaries.recount([hub.pk], CAUSE)
    page = page_of(client)
    example = page[page.index('id="s-ex"') : page.index('id="s-prom"')]
    headline = example[example.index('class="headline"') :]
    headline = headline[: headline.index("</p>")]
    assert "Tool reference." in headline
    assert "Foundation" not in headline
    marks = example[example.index('class="kicker') :]
    places = [marks.index(words) for words in ("Foundation", "pinned by a curator", "computed:", "Tool reference")]
    assert places == sorted(places)


def test_a_change_of_class_is_said_to_come_from_labels_or_pins(client: Client) -> None:
    make_hub(EIGHTEEN)
    assert "A class changes only when labels do, or when a curator pins it." in page_of(client)


def test_the_foot_promises_lists_for_the_numbers_of_hubs(client: Client) -> None:
    assert "<p>Every number of a hub opens its list." in page_of(client)
