"""The citing-papers explorer."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from markupsafe import escape
from pytest_django import DjangoAssertNumQueries

from citations.models import Citation, Paper
from tests.factories import (
    make_citation,
    make_curator,
    make_hub,
    make_label,
    make_mention,
    make_paper,
    make_venue,
    paper_changed,
)

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert('x')</script> \"quoted\" & 'so' \u202ereversed {{ 7 * 7 }}"


def page(client: Client, hub: Paper, query: str = "") -> str:
    """The explorer's HTML."""
    response = client.get(f"/hubs/{hub.slug}/citing/{query}")
    assert response.status_code == 200
    return response.content.decode()


def text(html: str) -> str:
    """What a reader sees, in one line."""
    without = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", html, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", without).split())


def heading(html: str) -> str:
    """The line above the rows."""
    found = re.search(r'id="count"[^>]*>(.*?)</h2>', html, re.S)
    return found[1].strip() if found else ""


def test_it_lists_all_papers_with_heading_and_facets(client: Client) -> None:
    hub = make_hub({"method": 18, "dataset": 5}, 7, title="Pythia: a suite")
    html = page(client, hub)
    assert heading(html) == "30 citing papers"
    assert "<title>30 papers that cite Pythia - Citation Explorer</title>" in html
    assert html.count('<article class="row"') == 30
    assert "Tool or method" in html
    assert "1–30 of 30" in text(html)


def test_a_filter_is_said_in_heading_title_and_chips(client: Client) -> None:
    hub = make_hub({"method": 18, "dataset": 5}, 7, title="Pythia: a suite")
    html = page(client, hub, "?role=method&sort=cited")
    assert heading(html) == "18 of 30 citing papers use Pythia as a tool, most cited first"
    assert "<title>18 papers that use Pythia as a tool, most cited first - Citation Explorer</title>" in html
    assert html.count('class="chip"') == 1
    assert 'content="noindex, follow"' in html
    assert '<input type="hidden" name="role" value="method">' in html


def test_what_is_not_understood_is_said_and_nothing_is_listed(client: Client) -> None:
    hub = make_hub({"method": 3}, title="Pythia: a suite")
    html = page(client, hub, "?role=tool")
    assert "Unknown role “tool”. Allowed are: method, dataset" in html
    assert f'Did you mean <a href="/hubs/{hub.slug}/citing/?role=method"' in html
    assert "Nothing is listed until this is corrected" in html
    assert '<article class="row"' not in html
    assert heading(html) == ""


def test_an_unknown_name_is_said_and_the_list_stays(client: Client) -> None:
    hub = make_hub({"method": 3})
    html = page(client, hub, "?rol=method")
    assert "Unknown parameter “rol”" in html
    assert html.count('<article class="row"') == 3


@pytest.mark.parametrize(
    "query",
    [
        "?q=%00%FF%FE",
        "?q=" + "%25" * 100,
        "?page=" + "9" * 40,
        "?" + "&".join(["role=method"] * 900),
        "?" + "&".join(f"x{n}=1" for n in range(900)),
        "?venue=%00&role=%ED%A0%80&sort=%F0%9F%98%80",
        "?=&&&=1",
    ],
)
def test_no_address_breaks_it(client: Client, query: str) -> None:
    page(client, make_hub({"method": 3}), query)


def test_it_pages_with_links_to_the_neighbours(client: Client) -> None:
    hub = make_hub({"method": 60})
    html = page(client, hub, "?page_size=25&page=2")
    path = f"/hubs/{hub.slug}/citing/"
    assert f'<link rel="prev" href="{path}?page_size=25">' in html
    assert f'<link rel="next" href="{path}?page_size=25&amp;page=3">' in html
    assert "26–50 of 60" in text(html)
    assert ", page 2 - Citation Explorer</title>" in html


def test_a_page_beyond_the_last_leads_back(client: Client) -> None:
    hub = make_hub({"method": 60})
    html = page(client, hub, "?page=9")
    assert "There is no page 9." in text(html)
    assert f'href="/hubs/{hub.slug}/citing/?page=2">page 2</a>' in html


def test_where_nothing_matches_each_filter_that_helps_can_be_dropped(client: Client) -> None:
    hub = make_hub({"method": 18, "dataset": 5}, 7)
    html = page(client, hub, "?role=extension&year_max=2019")
    assert "No paper matches all of these filters" in html
    assert heading(html) == f"0 of 30 citing papers build directly on {hub.title}, up to 2019"
    assert "Dropping “Role: Extension” alone would still show none." in text(html)
    assert "Show all 30" in html


def test_a_paper_that_nothing_cites_says_so(client: Client) -> None:
    html = page(client, make_paper("Lonely"))
    assert "No citing paper is known" in html
    assert heading(html) == "0 citing papers"


def test_everything_from_outside_is_escaped(client: Client) -> None:
    hub = make_paper(f"Hub {HOSTILE}")
    venue = make_venue("hostile")
    venue.name = HOSTILE
    venue.save()
    citing = make_paper(HOSTILE, authors=[HOSTILE], summary=HOSTILE, venue="hostile", slug="hostile")
    citation = make_citation(citing, hub)
    mention = make_mention(citation, HOSTILE, section=HOSTILE, source=HOSTILE[:50])
    make_label(
        citation, "method", "disputes", mention=mention, curator=make_curator(), note=HOSTILE, raw_value=HOSTILE[:100]
    )
    for query in ("", "?q=%3Cscript%3E", "?role=%3Cscript%3E&%3Cb%3E=1", "?venue=hostile"):
        html = page(client, hub, query)
        assert "<script>alert" not in html
        assert "“<b>”" not in html
        assert "reversed 49" not in html
    assert str(escape("<script>alert('x')</script>")) in page(client, hub)


def test_rows_say_who_decided_why_and_what_is_only_suggested(client: Client) -> None:
    hub = make_paper("Hub")
    first = make_citation(make_paper("First"), hub, sentences=["We use the checkpoints."], is_influential=True)
    make_label(first, "method", "supports", source="semanticscholar", raw_value="methodology", coarse=True)
    second = make_citation(make_paper("Second", notice="retracted"), hub)
    make_label(second, "dataset", decided_by="classifier", confidence=0.91)
    html = text(page(client, hub))
    assert "import from Semantic Scholar, raw value methodology" in html
    assert "“We use the checkpoints.”" in html
    assert "suggested: Dataset, 0.91" in html
    assert "classifier linear-2026-11 at 0.91" in html
    assert "No citing sentence is known." in html
    assert "Retracted" in html
    assert "influential" in html
    assert "coarse" in html


def test_labels_of_the_sample_are_marked_on_row_and_page(client: Client) -> None:
    hub = make_hub({"method": 2}, 1)
    html = page(client, hub)
    assert "Roles in this sample collection are illustrative, not findings." in html
    assert html.count(">sample</a>") == 2
    real = make_hub({"method": 2}, curator=make_curator())
    html = page(client, real)
    assert "sample" not in html


def test_where_values_are_chosen_a_number_still_opens_exactly_its_papers(client: Client) -> None:
    hub = make_hub({"method": 3, "dataset": 2})
    html = page(client, hub, "?role=method")
    path = f"/hubs/{hub.slug}/citing/"
    assert f'href="{path}?role=method&amp;role=dataset"' in html
    assert re.search(rf'<a class="n" href="{re.escape(path)}\?role=dataset"[^>]*>2<', html)
    assert re.search(rf'<a class="n" href="{re.escape(path)}\?role=method"[^>]*>3<', html)
    assert f'<a class="grow" href="{path}" rel="nofollow" aria-current="true">' in html


def test_a_merged_paper_leads_to_the_list_of_its_survivor(client: Client) -> None:
    hub = make_hub({"method": 1})
    merged = make_paper("Merged", merged_into=hub)
    response = client.get(f"/hubs/{merged.slug}/citing/?role=method")
    assert response.status_code == 302
    assert response["Location"] == f"/hubs/{hub.slug}/citing/?role=method"


def test_an_unknown_hub_is_not_found(client: Client) -> None:
    response = client.get("/hubs/nothing/citing/")
    assert response.status_code == 404
    assert "nothing" in response.content.decode()


def test_it_sets_no_cookie_and_takes_no_post(client: Client) -> None:
    hub = make_hub({"method": 1})
    assert not client.get(f"/hubs/{hub.slug}/citing/").cookies
    assert client.post(f"/hubs/{hub.slug}/citing/").status_code == 405
    assert client.head(f"/hubs/{hub.slug}/citing/").status_code == 200


@pytest.mark.parametrize("size", [30, 300])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?role=method",
        "?role=method&year_min=2000&sort=oldest",
        "?venue=icml&sort=oldest&page=1",
        "?q=citing&role=none&page_size=100",
        "?role=extension",
    ],
)
def test_it_takes_at_most_eight_queries_whatever_the_number_of_citing_papers(
    client: Client, size: int, query: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    hub = make_hub({"method": size // 2}, size // 2, citing_facts={"venue": "ICML"}, authors=["Ada Bee"])
    papers = Paper.objects.filter(references_made__cited=hub).order_by("pk")
    Paper.objects.filter(pk__in=[paper.pk for paper in papers[:10]]).update(year=2020)
    paper_changed(*papers.all())
    for citation in Citation.objects.filter(cited=hub)[:20]:
        make_mention(citation, f"Sentence of {citation.pk}.", counted=False)
    with django_assert_max_num_queries(8):
        page(client, hub, query)
