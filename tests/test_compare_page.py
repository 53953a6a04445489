"""The comparison of hubs."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from citations.hub_class import Share
from citations.models import Citation, Paper
from tests.factories import make_citation, make_hub, make_label, make_paper

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert('x')</script> \"quoted\" & {{ 7 * 7 }}"


def page(client: Client, query: str = "") -> str:
    """The page's HTML."""
    response = client.get(f"/compare/{query}")
    assert response.status_code == 200
    return response.content.decode()


def text(html: str) -> str:
    """What a reader sees of the page's own part, in one line."""
    main = html.partition("<main")[2].partition("</main>")[0]
    without = re.sub(r"<(script|svg)\b.*?</\1>", " ", main, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", without).split())


def two() -> tuple[Paper, Paper]:
    """Two hubs with three papers that cite both."""
    first = make_hub({"method": 18, "dataset": 5}, 4, title="First: a hub", citing_facts={"year": 2024}, year=2020)
    second = make_hub({"background": 20}, 2, polarities={"supports": 4}, title="Second: a hub", slug="second")
    for number in range(3):
        citing = make_paper(f"Both {number}", year=2021 + number)
        make_label(make_citation(citing, first), "dataset")
        make_citation(citing, second)
    return first, second


def test_it_shows_profiles_years_and_the_papers_that_cite_both(client: Client) -> None:
    first, second = two()
    html = page(client, f"?hub={first.slug}&hub={second.slug}")
    said = text(html)
    assert "<title>Compare First and Second - Citation Explorer</title>" in html
    assert re.findall(r'<h2 id="(s-[a-z]+)">', html) == ["s-prof", "s-role", "s-pol", "s-years", "s-both"]
    share = Share(18, 26)
    assert f"{share.percent} 18 of 26 {share.range}" in said
    assert "Papers that cite both 3 papers, newest first." in said
    assert [int(n) for n in re.findall(r"Both (\d)</a>", html)] == [2, 1, 0]
    assert said.count("First Dataset Second Not classified") == 3


def test_every_number_opens_its_list(client: Client) -> None:
    first, second = two()
    html = page(client, f"?hub={first.slug}&hub={second.slug}")
    checked = 0
    for address, words in re.findall(r'<a[^>]* href="(/hubs/[^"]+/citing/[^"]*)"[^>]*>([^<]+)</a>', html):
        number = re.fullmatch(r"([\d,]+)(?: .*)?", words)
        if number:
            listed = client.get(address.replace("&amp;", "&")).content.decode()
            found = re.search(r'id="count"[^>]*>([\d,]+)', listed)
            assert found, address
            assert found[1] == number[1], address
            checked += 1
    assert checked > 15


def test_years_stand_on_one_scale(client: Client) -> None:
    first = make_hub({"method": 4}, title="First", citing_facts={"year": 2024})
    second = make_hub({"method": 1}, title="Second", citing_facts={"year": 2020})
    make_citation(make_paper(year=2024), second)
    for year in range(1990, 2010):
        make_citation(make_paper(year=year), second)
    html = page(client, f"?hub={first.slug}&hub={second.slug}")
    years = html.partition('id="s-years"')[2].partition("</section></div>")[0]
    assert re.findall(r'<th scope="row" class="num">([^<]+)</th>', years)[:2] == ["2024", "2020"]
    assert "1996 and before" in years
    widths = [float(width) for width in re.findall(r'height="8".*?width="([\d.]+)%"', years)]
    assert max(widths) == 100
    assert widths[1] == pytest.approx(100 / 22, abs=0.01)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?hub=nowhere", "No paper here has the address “nowhere”."),
        ("?hub=nowhere", "Add two hubs to compare them."),
        ("?hub=%2E&hub=<b>", "No paper here has the address “.” or “&lt;b&gt;”."),
        ("?hub=second", "One hub alone cannot be compared: add a second one."),
        ("?hub=second&hub=second", "A hub that is named more than once is compared once."),
        ("?hub=second&hub=", ""),
        ("?hub=second&role=method", "Unknown parameter “role”: it was ignored."),
        ("?hub=second&page=0", "“0” is no page."),
        ("?hub=second&page_size=7", "“7” is no page_size."),
        ("?hub=second&sort=title", "“title” is no sort."),
        ("?add=nothing+like+it", "No hub is called “nothing like it”"),
        ("?hub=second&add=second", "“Second” is compared already."),
    ],
)
def test_what_cannot_be_is_said(client: Client, query: str, told: str) -> None:
    two()
    assert told in page(client, query)


def test_nothing_chosen_says_how_to_choose(client: Client) -> None:
    html = page(client)
    assert "Nothing is compared yet" in html
    assert '<link rel="canonical" href="http://testserver/compare/">' in html
    assert "Add two hubs" not in html


def test_a_comparison_is_indexed_once_and_nothing_else_of_it(client: Client) -> None:
    two()
    first, second = sorted(Paper.objects.filter(hub__known__gt=0).values_list("slug", flat=True))[:2]
    wanted = f'<link rel="canonical" href="http://testserver/compare/?hub={first}&amp;hub={second}">'
    for query in (f"?hub={first}&hub={second}", f"?hub={second}&hub={first}"):
        html = page(client, query)
        assert wanted in html
        assert 'content="noindex' not in html
    for query in (
        f"?hub={first}",
        f"?hub={first}&hub={second}&page=2",
        f"?hub={first}&hub={second}&add=x",
        "?hub=nothing",
    ):
        html = page(client, query)
        assert 'content="noindex, follow"' in html
        assert 'rel="canonical"' not in html


def test_at_most_six_hubs_are_compared(client: Client) -> None:
    hubs = [make_hub({"method": 1}, title=f"Hub number {number}", slug=f"hub-n-{number}") for number in range(8)]
    html = page(client, "?" + "&".join(f"hub={hub.slug}" for hub in hubs))
    assert "At most six hubs are compared: the first six of 8." in html
    assert html.count('class="chip"') == 6
    assert 'name="add"' not in html
    html = page(client, "?" + "&".join(f"hub={hub.slug}" for hub in hubs[:6]) + "&add=hub-n-7")
    assert "At most six hubs are compared: remove one first." in html


def test_a_hub_is_added_by_slug_identifier_or_words(client: Client) -> None:
    first, second = two()
    known = make_hub({"method": 1}, title="Known", identifiers=["arXiv:2304.01373"])
    base = f"/compare/?hub={first.slug}&add="
    for typed, slug in (("second", "second"), ("arXiv:2304.01373", known.slug), ("2304.01373v2", known.slug)):
        response = client.get(base + typed)
        assert (response.status_code, response["Location"]) == (302, f"/compare/?hub={first.slug}&hub={slug}")
    html = page(client, f"?hub={first.slug}&add=SECOND+hub")
    assert f'href="/compare/?hub={first.slug}&amp;hub=second"' in html
    assert "Hubs with “SECOND hub” in the title are listed below" in html
    assert second.title in text(html)


def test_a_merged_paper_is_compared_as_its_survivor(client: Client) -> None:
    first, _ = two()
    make_paper("Merged", slug="merged", merged_into=first)
    html = page(client, "?hub=merged&hub=second")
    assert "Compare First and Second" in html
    assert f'name="hub" value="{first.slug}"' in html
    assert "compared once" in page(client, f"?hub=merged&hub={first.slug}&hub=second")


def test_hubs_of_one_name_are_told_apart_by_their_years(client: Client) -> None:
    for year in (2001, 2002):
        make_hub({"method": 1}, title="Deep: learning", slug=f"deep-{year}", year=year)
    assert "Compare Deep (2001) and Deep (2002)" in page(client, "?hub=deep-2001&hub=deep-2002")


def test_papers_that_cite_all_are_paged(client: Client) -> None:
    first, second = make_paper("First"), make_paper("Second")
    papers = Paper.objects.bulk_create(Paper(title=f"P{n}", slug=f"p{n}") for n in range(30))
    Citation.objects.bulk_create(Citation(citing=paper, cited=hub) for paper in papers for hub in (first, second))
    make_citation(cited=first)
    make_citation(cited=second)
    base = f"?hub={first.slug}&hub={second.slug}"
    html = page(client, f"{base}&page_size=25&page=2")
    assert "26–30 of 30" in text(html)
    assert f'href="/compare/?hub={first.slug}&amp;hub={second.slug}&amp;page_size=25" rel="prev"' in html
    assert "There is no page 9." in page(client, f"{base}&page=9")


def test_where_no_paper_cites_both_the_page_says_so(client: Client) -> None:
    first, second = make_hub({"method": 1}, title="First"), make_hub({"method": 1}, title="Second")
    assert "No paper here cites all of them" in page(client, f"?hub={first.slug}&hub={second.slug}")


def test_a_paper_that_nothing_cites_can_be_compared(client: Client) -> None:
    first = make_hub({"method": 1}, title="First")
    lonely = make_paper("Lonely")
    assert "No citing paper is known" in text(page(client, f"?hub={first.slug}&hub={lonely.slug}"))


def test_everything_from_outside_is_escaped(client: Client) -> None:
    first = make_hub({"method": 1}, title=HOSTILE, slug="hostile")
    second = make_hub({"method": 1}, title="Second", slug="second")
    citing = make_paper(HOSTILE, slug="citing", authors=[HOSTILE])
    make_citation(citing, first)
    make_citation(citing, second)
    for query in ("?hub=hostile&hub=second", "?hub=hostile&add=<script>alert", "?add=<b>&hub=<b>&<b>=1"):
        html = page(client, query)
        assert "<script>alert" not in html
        assert "“<b>" not in html
        assert "49" not in text(html)


@pytest.mark.parametrize(
    "query",
    [
        "?" + "&".join(["hub=x"] * 1_000),
        "?" + "&".join(f"hub=x{n}" for n in range(1_000)),
        "?hub=" + "x" * 5_000,
        "?hub=%FF%FE&add=%00",
        "?add=" + "x+" * 300,
        "?page=99999999999999999999",
        "?add=%25_%27%22",
    ],
)
def test_no_address_breaks_it(client: Client, query: str) -> None:
    assert client.get(f"/compare/{query}").status_code in (200, 400)


def test_it_takes_few_queries_however_many_papers_cite(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first, second = two()
    with django_assert_max_num_queries(6):
        page(client, f"?hub={first.slug}&hub={second.slug}")


def test_it_sets_no_cookie_and_takes_no_post(client: Client) -> None:
    assert not client.get("/compare/").cookies
    assert client.post("/compare/").status_code == 405
    assert 'aria-current="page">Compare</a>' in page(client)
