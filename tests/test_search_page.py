"""The search over everything."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.factories import make_citation, make_hub, make_paper

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert('x')</script> zeolite \"quoted\" & {{ 7 * 7 }}"


def page(client: Client, query: str = "") -> str:
    """The page's HTML."""
    response = client.get(f"/search/{query}")
    assert response.status_code == 200
    return response.content.decode()


def text(html: str) -> str:
    """What a reader sees of the page's own part, in one line."""
    main = html.partition("<main")[2].partition("</main>")[0]
    without = re.sub(r"<(script|svg)\b.*?</\1>", " ", main, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", without).split())


def titles(html: str) -> list[str]:
    """The titles of the rows, in order."""
    return [re.sub(r"<[^>]+>", "", found) for found in re.findall(r'class="row-title"><a [^>]*>(.*?)</a></h3>', html)]


def test_the_best_match_comes_first_and_what_matched_is_marked(client: Client) -> None:
    make_paper("Pores", abstract="A long text. " * 30 + "It ends with a zeolite. " + "And goes on. " * 30)
    make_paper("Zeolite frames", summary="All about one zeolite.")
    make_paper("Something else")
    html = page(client, "?q=zeolite")
    assert titles(html) == ["Zeolite frames", "Pores"]
    assert "<title>2 papers matching “zeolite” - Citation Explorer</title>" in html
    assert "<mark>Zeolite</mark> frames" in html
    assert "a <mark>zeolite</mark>." in html
    assert "Abstract: …" in text(html)


def test_a_match_in_a_citing_sentence_is_shown_with_what_it_cites(client: Client) -> None:
    hub = make_paper("Pythia: a suite")
    make_citation(make_paper("Citing"), hub, sentences=["Nothing.", "We heat the zeolite first."])
    html = page(client, "?q=zeolite")
    assert titles(html) == ["Citing"]
    assert "Citing Pythia: We heat the zeolite first." in text(html)


def test_authors_and_venues_are_searched_and_marked(client: Client) -> None:
    make_paper("By her", authors=["Nicola Muça Cirone"], venue="ICML")
    make_paper("By him", authors=["Somebody Else"], venue="ICML")
    html = page(client, "?q=author:muca")
    assert titles(html) == ["By her"]
    assert "<mark>Muça</mark>" in html
    assert "1 paper by “muca”" in text(html)
    assert len(titles(page(client, "?q=venue:icml"))) == 2


def test_hubs_can_be_seen_alone_and_their_number_opens_them(client: Client) -> None:
    hub = make_hub({"method": 3}, title="Zeolite hub")
    make_paper("Zeolite paper")
    html = page(client, "?q=zeolite")
    assert 'href="/search/?q=zeolite&amp;cited=1" rel="nofollow">Hubs <span class="num">1</span>' in html
    alone = page(client, "?q=zeolite&cited=1")
    assert titles(alone) == ["Zeolite hub"]
    assert "1 hub matching “zeolite”" in text(alone)
    assert 'href="/search/?q=zeolite" rel="nofollow">All papers <span class="num">2</span>' in alone
    assert f'href="/hubs/{hub.slug}/citing/">3</a>' in alone


@pytest.mark.parametrize("typed", ["arXiv:2304.01373", "2304.01373v1", "https://arxiv.org/abs/2304.01373", "10.1000/x"])
def test_an_identifier_leads_to_its_paper(client: Client, typed: str) -> None:
    paper = make_paper("Known", identifiers=["arXiv:2304.01373", "10.1000/x"])
    response = client.get("/search/", {"q": typed})
    assert (response.status_code, response["Location"]) == (302, paper.get_absolute_url())


def test_an_identifier_that_names_nothing_here_says_how_to_bring_it_in(client: Client) -> None:
    said = text(page(client, "?q=arXiv:2304.01373"))
    assert "names no paper of this collection" in said
    assert "import_citations" in said


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "What can be asked"),
        ("?q=", "What can be asked"),
        ("?q=...", "holds nothing to search for"),
        ("?q=%1b", "A text of characters that print nothing"),
        ("?q=-survey", "The search only says what must not occur. Add a word that must."),
        ("?q=zeolite+%22x", "A quotation mark without a partner was ignored."),
        ("?q=xyzzy", "Nothing matches"),
        ("?q=zeolite&cited=yes", "Unknown value “yes”. Allowed are: 1."),
        ("?q=zeolite&sort=best", "“best” is no sort."),
        ("?q=zeolite&page=0", "“0” is no page."),
        ("?q=zeolite&page=7", "There is no page 7."),
        ("?q=zeolite&rol=x", "Unknown parameter “rol”"),
        ("?q=zeolite&q=pores", "“q” is given 2 times"),
    ],
)
def test_whatever_is_wrong_is_said(client: Client, query: str, said: str) -> None:
    make_paper("Zeolite")
    assert said in text(page(client, query))


def test_it_sorts_and_pages(client: Client) -> None:
    for number in range(30):
        make_paper(f"Zeolite {number:02}", year=1990 + number, cited_by=number % 7)
    assert titles(page(client, "?q=zeolite&sort=newest"))[:2] == ["Zeolite 29", "Zeolite 28"]
    assert titles(page(client, "?q=zeolite&sort=title"))[:2] == ["Zeolite 00", "Zeolite 01"]
    assert titles(page(client, "?q=zeolite&sort=cited"))[:2] == ["Zeolite 27", "Zeolite 20"]
    html = page(client, "?q=zeolite&page_size=25&page=2&sort=title")
    assert titles(html)[0] == "Zeolite 25"
    assert 'href="/search/?q=zeolite&amp;sort=title&amp;page_size=25" rel="prev"' in html
    pages = [titles(page(client, f"?q=zeolite&page_size=25&page={number}")) for number in (1, 2)]
    assert len({title for titles_ in pages for title in titles_}) == 30


def test_everything_from_outside_is_escaped(client: Client) -> None:
    paper = make_paper(HOSTILE, slug="hostile", summary=HOSTILE, authors=[HOSTILE])
    make_citation(make_paper("Other"), paper, sentences=[f"In {HOSTILE}"])
    for query in ("?q=zeolite", "?q=<script>alert('x')</script>+zeolite", "?q=author:zeolite", "?<b>=1&q=<b>"):
        html = page(client, query)
        assert "<script>alert" not in html
        assert "“<b>" not in html
        assert "49" not in text(html)


@pytest.mark.parametrize(
    "query",
    [
        "?q=%00",
        "?q=%FF%FE",
        "?q=" + "%25" * 3_000,
        "?q=" + "%22" * 999,
        "?q=" + "a+" * 3_000,
        "?" + "&".join(["q=x"] * 1_000),
        "?q=x&page=99999999999999999999",
        "?q=AND+OR+NOT+NEAR(a,+b)+*+:+^+author:",
    ],
)
def test_no_address_breaks_it(client: Client, query: str) -> None:
    make_paper("A paper x")
    assert client.get(f"/search/{query}").status_code in (200, 400)


@pytest.mark.parametrize("number", [3, 30])
def test_it_takes_few_queries_however_many_papers_match(
    client: Client, number: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    hub = make_paper("Hub")
    for _ in range(number):
        make_citation(make_paper(summary="On the zeolite."), hub, sentences=["A zeolite."])
    with django_assert_max_num_queries(7):
        page(client, "?q=zeolite")


def test_the_form_in_the_head_of_every_page_leads_here(client: Client) -> None:
    html = client.get("/hubs/").content.decode()
    assert '<form class="site-search" role="search" action="/search/"' in html
    assert "site-search" not in page(client)


def test_it_sets_no_cookie_and_takes_no_post(client: Client) -> None:
    assert not client.get("/search/?q=x").cookies
    assert client.post("/search/").status_code == 405
