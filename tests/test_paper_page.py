"""The page of one paper."""

from __future__ import annotations

import datetime
import html
import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from citations.models import CitedByCount, Identifier, Paper
from tests.factories import make_citation, make_curator, make_hub, make_label, make_mention, make_paper, paper_changed

pytestmark = pytest.mark.django_db


def page_of(client: Client, paper: Paper, query: str = "") -> str:
    """The page of a paper under a query such as "?role=method"."""
    response = client.get(f"{paper.get_absolute_url()}{query}")
    assert response.status_code == 200
    return response.content.decode()


def titles(page: str) -> list[str]:
    """The titles of the cited papers, in order."""
    return [html.unescape(title) for title in re.findall(r'<h3 class="row-title"><a [^>]*>(.*?)</a>', page)]


def citing_paper() -> Paper:
    """A paper that cites five others: two as a tool, one as background, one unclear, one nobody has read."""
    paper = make_paper("The citing paper")
    for title, role in (
        ("Tool B", "method"),
        ("Tool A", "method"),
        ("Context", "background"),
        ("Riddle", "unclear"),
        ("Unread", ""),
    ):
        citation = make_citation(paper, make_paper(title))
        if role:
            make_label(citation, role)
    return paper


def test_metadata_stand_on_the_page(client: Client) -> None:
    paper = make_paper(
        "A fabricated work",
        identifiers=["arXiv:2301.00001", "doi:10.1000/xyz"],
        authors=["Ann Author", "Bob Writer"],
        venue="ICML",
        year=2023,
        published_on=datetime.date(2023, 4, 3),
        summary="It shows a thing.",
        abstract="First paragraph.\n\nSecond paragraph.",
        kind="conference",
        url="https://example.org/work",
    )
    page = page_of(client, paper)
    for text in (
        "<h1><bdi>A fabricated work</bdi></h1>",
        "Ann Author, Bob Writer",
        '<a href="/papers/?year_min=2023&amp;year_max=2023">2023</a>',
        '<a href="/papers/?venue=icml">ICML</a>',
        '<a href="https://arxiv.org/abs/2301.00001" rel="external noreferrer">arXiv:2301.00001</a>',
        '<a href="https://doi.org/10.1000/xyz" rel="external noreferrer">doi:10.1000/xyz</a>',
        "It shows a thing.",
        '<p dir="auto">First paragraph.</p><p dir="auto">Second paragraph.</p>',
        "3 April 2023",
        "Conference paper",
        '<a href="https://example.org/work" rel="external noreferrer">https://example.org/work</a>',
        '<a href="/arxiv/2301.00001">/arxiv/2301.00001</a>',
        '<a href="/doi/10.1000/xyz">/doi/10.1000/xyz</a>',
    ):
        assert text in page, text


def test_what_it_cites_stands_in_order_of_role_then_title(client: Client) -> None:
    page = page_of(client, citing_paper())
    assert titles(page) == ["Tool A", "Tool B", "Context", "Riddle", "Unread"]
    assert titles(page_of(client, Paper.objects.get(title="The citing paper"), "?sort=title")) == [
        "Context",
        "Riddle",
        "Tool A",
        "Tool B",
        "Unread",
    ]


def test_every_number_of_a_role_opens_as_many_rows(client: Client) -> None:
    paper = citing_paper()
    page = page_of(client, paper)
    table = page[page.index("What this paper cites, by role") : page.index("</tfoot>")]
    links = re.findall(r'<a class="num" href="(/[^"#]*)">(\d+)</a>', table)
    assert [(url.rpartition("=")[2], number) for url, number in links] == [
        ("method", "2"),
        ("background", "1"),
        ("unclear", "1"),
        ("none", "1"),
    ]
    for url, number in links:
        assert len(titles(client.get(html.unescape(url)).content.decode())) == int(number)
    assert table.count('<span class="zero">0</span>') == 4
    classified = re.search(r'href="([^"]*)">3 classified \(60%\)', page)
    assert classified is not None
    assert len(titles(client.get(html.unescape(classified[1])).content.decode())) == 3


def test_who_decided_and_what_is_doubtful_stands_beside_each_role(client: Client) -> None:
    paper = make_paper("The citing paper")
    coarse = make_citation(paper, make_paper("Coarse"), is_influential=True)
    make_label(coarse, "method", source="semanticscholar", coarse=True)
    decided = make_citation(paper, make_paper("Decided"), is_self_citation=True)
    make_label(decided, "dataset", "supports", curator=make_curator())
    disputed = make_citation(paper, make_paper("Disputed"))
    make_label(disputed, "evidence", "disputes", source="semanticscholar")
    guessed = make_citation(paper, make_paper("Guessed"))
    make_label(guessed, "method", decided_by="classifier", confidence=0.91)
    sided = make_citation(paper, make_paper("Sided"))
    make_label(sided, "", "neutral", source="scite")
    page = page_of(client, paper)
    rows = dict(zip(titles(page), page.split('<article class="row"')[1:], strict=True))
    assert "imported" in rows["Coarse"] and "coarse" in rows["Coarse"] and "influential" in rows["Coarse"]
    assert "curator" in rows["Decided"] and "Supports" in rows["Decided"] and "self-citation" in rows["Decided"]
    assert "not confirmed" in rows["Disputed"]
    assert "suggested: Tool or method" in rows["Guessed"] and "0.91" in rows["Guessed"]
    assert "Not classified" in rows["Guessed"]
    assert "polarity: imported" in rows["Sided"]
    assert "illustrative" not in page


def test_a_citing_sentence_is_shown_and_none_is_invented(client: Client) -> None:
    paper = make_paper("The citing paper")
    make_mention(make_citation(paper, make_paper("Quoted")), "We build on it.", section="Methods")
    make_mention(make_citation(paper, make_paper("Silent")))
    page = page_of(client, paper)
    assert "“We build on it.”" in page
    assert "From the section <strong>Methods</strong>." in page
    assert page.count("No citing sentence is known.") == 1


def test_how_it_is_cited_leads_to_the_hub_page(client: Client) -> None:
    hub = make_hub({"method": 20}, unclassified=5, title="A tool")
    page = page_of(client, hub)
    assert f'cited by <a class="num" href="{hub.get_hub_url()}citing/">25</a> here' in page
    assert f'<a href="{hub.get_hub_url()}">Its hub page</a>' in page
    assert "Tool reference" in page
    assert "No paper that it cites is in this collection" in page


def test_a_paper_that_nothing_cites_says_so(client: Client) -> None:
    page = page_of(client, make_paper("Alone", identifiers=["arXiv:2301.00001"]))
    assert "No paper in this collection cites it." in page
    assert 'cited by <span class="zero">0</span> here' in page
    assert "import_citations arXiv:2301.00001 --source semanticscholar --direction references" in page
    assert "No source has given a count." in page


def test_each_field_names_its_source(client: Client) -> None:
    paper = make_paper(
        "Sourced",
        year=2020,
        kind="article",
        field_sources={"title": "semanticscholar", "year": "curator", "kind": "sample"},
    )
    Identifier.objects.create(paper=paper, scheme="doi", value="10.1000/xyz", source="crossref")
    page = page_of(client, paper)
    fields = page[page.index("Where each field comes from") :]
    for label, source in (("Title", "Semantic Scholar"), ("Year", "a curator"), ("Kind", "Sample collection")):
        assert re.search(
            rf'<th scope="row">{label}</th>.*?<td>[^/]*?{source}</td>|{label}</th>.*?{source}</td>', fields
        )
    assert "Crossref" in page


def test_worldwide_counts_stand_with_their_source_and_date(client: Client) -> None:
    paper = make_paper("Counted")
    for source, number in (("openalex", 187), ("semanticscholar", 1212)):
        CitedByCount.objects.create(paper=paper, source=source, count=number, as_of=datetime.date(2026, 11, 3))
    page = page_of(client, paper)
    counts = page[page.index('id="counts"') :]
    assert counts.index("Semantic Scholar") < counts.index("1,212") < counts.index("OpenAlex") < counts.index("187")
    assert "3 November 2026" in counts


@pytest.mark.parametrize(
    ("notice", "words", "grave"),
    [("retracted", "Retracted", True), ("withdrawn", "Withdrawn", True), ("concern", "Expression of concern", False)],
)
def test_a_notice_stands_out_and_names_who_says_so(client: Client, notice: str, words: str, grave: bool) -> None:
    paper = make_paper("Noticed", notice=notice, field_sources={"notice": "crossref"})
    page = page_of(client, paper)
    assert f"<strong>{words}</strong> says Crossref." in page
    assert ('class="notice grave"' in page) is grave


def test_a_merged_paper_leads_to_the_one_that_stands_for_both(client: Client) -> None:
    survivor = make_paper("The survivor")
    middle = make_paper("Merged first", merged_into=survivor)
    loser = make_paper("Merged before that", merged_into=middle)
    response = client.get(loser.get_absolute_url())
    assert (response.status_code, response["Location"]) == (302, survivor.get_absolute_url())


def test_an_unknown_paper_is_said_to_be_unknown(client: Client) -> None:
    response = client.get("/papers/no-such-paper/")
    assert response.status_code == 404
    assert "No paper here has the address “no-such-paper”." in response.content.decode()


@pytest.mark.parametrize("query", ["?role=tool", "?page=0", "?sort=year", "?page_size=9"])
def test_a_value_that_is_not_understood_lists_nothing(client: Client, query: str) -> None:
    page = page_of(client, citing_paper(), query)
    assert "Nothing is listed until this is corrected." in page
    assert titles(page) == []
    assert "<h1><bdi>The citing paper</bdi></h1>" in page


def test_a_role_without_any_cited_paper_offers_the_whole_list(client: Client) -> None:
    page = page_of(client, citing_paper(), "?role=dataset")
    assert titles(page) == []
    assert "No cited paper matches" in page


def test_many_references_are_paged(client: Client) -> None:
    paper = make_paper("The citing paper")
    for number in range(55):
        make_citation(paper, make_paper(f"Cited work {number:02}"))
    assert len(titles(page_of(client, paper))) == 50
    assert titles(page_of(client, paper, "?page=2")) == [f"Cited work {number}" for number in range(50, 55)]


@pytest.mark.parametrize("cited", [2, 30])
def test_the_number_of_queries_does_not_grow(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, cited: int
) -> None:
    paper = make_paper("The citing paper", authors=["Ann Author"], identifiers=["arXiv:2301.00001"], venue="ICML")
    for _ in range(cited):
        make_label(
            make_citation(paper, make_paper(authors=["Bob Writer"], venue="ICML"), sentences=["Said."]), "method"
        )
    make_citation(make_paper(), paper)
    with django_assert_num_queries(8):
        client.get(paper.get_absolute_url())


def test_hostile_text_is_escaped_and_a_hostile_address_is_no_link(client: Client) -> None:
    evil = "<script>alert(1)</script>"
    paper = make_paper(
        f"{evil} title",
        summary=evil,
        abstract=evil,
        authors=[evil],
        venue=evil,
        url="javascript:alert(1)",
        field_sources={"title": evil, "url": evil},
    )
    make_mention(make_citation(paper, make_paper(f"{evil} cited")), evil, section=evil)
    page = page_of(client, paper)
    # The page's own script, and its linked data.
    assert page.count("<script src=") == page.count('<script type="application/ld+json">') == 1
    assert page.count("<script") == 2
    assert 'href="javascript:' not in page


def test_labels_of_the_sample_are_marked(client: Client) -> None:
    page = page_of(client, citing_paper())
    assert "Roles and polarities in this sample collection are illustrative, not findings." in page
    assert page.count('<span class="flag sample">') == 4


def test_the_mark_of_the_sample_stays_whatever_a_filter_shows(client: Client) -> None:
    paper = citing_paper()
    make_label(make_citation(paper, make_paper("Data")), "dataset", curator=make_curator())
    for query in ("?role=dataset", "?role=evidence", "?role=nonsense"):
        assert "Roles and polarities in this sample collection" in page_of(client, paper, query)


def test_a_polarity_of_the_sample_is_marked_where_a_curator_decided_the_role(client: Client) -> None:
    paper = make_paper("The citing paper")
    citation = make_citation(paper, make_paper("Cited"))
    make_label(citation, "method", "supports")
    make_label(citation, "method", curator=make_curator())
    page = page_of(client, paper)
    assert "Roles and polarities in this sample collection" in page
    assert "role: curator" in page and "polarity: imported" in page
    assert '<span class="flag sample">' in page


def test_a_change_of_title_does_not_change_the_address(client: Client) -> None:
    paper = make_paper("Before")
    address = paper.get_absolute_url()
    paper.title = "After"
    paper.save()
    paper_changed(paper)
    assert "<h1><bdi>After</bdi></h1>" in client.get(address).content.decode()


def test_no_cookie_is_set_and_only_reading_is_allowed(client: Client) -> None:
    paper = make_paper("Read only")
    assert not client.get(paper.get_absolute_url()).cookies
    assert client.post(paper.get_absolute_url()).status_code == 405
