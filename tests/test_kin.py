"""What pages say of themselves to programs: meta tags, other forms, linked data, sitemaps, robots.txt, OpenSearch."""

from __future__ import annotations

import datetime
import html
import json
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit
from urllib.robotparser import RobotFileParser

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from citations.hub_class import RULES_VERSION
from citations.models import Paper
from citations.references import Reference
from citations.vocabulary import Kind, Polarity, Role
from tests.factories import make_citation, make_curator, make_hub, make_label, make_paper
from tests.test_export_readers import HOSTILE, hostile

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db

__all__ = ["hostile"]  # a fixture

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def source(client: Client, address: str) -> str:
    """The HTML of a page."""
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def metas(page: str) -> list[tuple[str, str]]:
    """Name (or property) and content of each meta tag, in order."""
    found = re.findall(r'<meta (?:name|property)="([^"]*)" content="([^"]*)">', page)
    return [(name, html.unescape(content)) for name, content in found]


def alternates(page: str) -> dict[str, str]:
    """The addresses of files and feeds, by their type."""
    found = re.findall(r'<link rel="alternate" type="([^"]*)" href="([^"]*)" title="(?!API")[^"]*">', page)
    return {media_type: html.unescape(address) for media_type, address in found}


def linked_data(page: str) -> Any:
    """The page's linked data."""
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    assert len(found) == 1
    return json.loads(found[0])


@pytest.fixture
def pythia() -> Paper:
    """A paper of which everything is known, cited by two."""
    hub = make_paper(
        "Pythia: a suite",
        slug="pythia",
        identifiers=["arXiv:2304.01373", "10.48550/arXiv.2304.01373", "10.1000/pythia", "PMID:12345"],
        authors=["Stella Biderman", "Oskar van der Wal"],
        venue="ICML",
        kind="conference",
        year=2023,
        published_on=datetime.date(2023, 4, 3),
        url="https://arxiv.org/abs/2304.01373",
        abstract="Two\n\nparagraphs.",
    )
    citation = make_citation(make_paper("User", slug="user"), hub)
    make_label(citation, "method", "supports", curator=make_curator())
    make_citation(make_paper("Silent", slug="silent"), hub)
    return hub


# Heads of pages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/hubs/pythia/", "/papers/pythia/"])
def test_pages_of_a_paper_carry_every_tag_that_reference_managers_read(
    client: Client, pythia: Paper, address: str
) -> None:
    tags = [(name, content) for name, content in metas(source(client, address)) if name.startswith("citation_")]
    assert tags == [
        ("citation_title", "Pythia: a suite"),
        ("citation_author", "Stella Biderman"),
        ("citation_author", "Oskar van der Wal"),
        ("citation_publication_date", "2023/04/03"),
        ("citation_year", "2023"),
        ("citation_conference_title", "ICML"),
        ("citation_doi", "10.1000/pythia"),
        ("citation_arxiv_id", "2304.01373"),
        ("citation_pmid", "12345"),
        ("citation_abstract", "Two paragraphs."),
        ("citation_abstract_html_url", "http://testserver/papers/pythia/"),
        ("citation_public_url", "https://arxiv.org/abs/2304.01373"),
        ("citation_pdf_url", "https://arxiv.org/pdf/2304.01373"),
    ]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("", "citation_journal_title"),
        ("article", "citation_journal_title"),
        ("chapter", "citation_inbook_title"),
        ("thesis", "citation_dissertation_institution"),
        ("report", "citation_technical_report_institution"),
    ],
)
def test_the_venue_has_the_tag_of_its_kind(client: Client, kind: str, name: str) -> None:
    paper = make_paper("A", venue="Somewhere", kind=kind)
    assert (name, "Somewhere") in metas(source(client, paper.get_absolute_url()))


def test_what_is_not_known_has_no_tag(client: Client) -> None:
    tags = metas(source(client, make_paper("Bare", slug="bare").get_absolute_url()))
    assert [name for name, _ in tags if name.startswith("citation_")] == [
        "citation_title",
        "citation_abstract_html_url",
    ]


@pytest.mark.parametrize("address", ["/", "/hubs/", "/papers/", "/hubs/pythia/", "/papers/pythia/", "/about/data/"])
def test_pages_have_a_canonical_address_and_open_graph_without_a_picture(
    client: Client, pythia: Paper, address: str
) -> None:
    page = source(client, address)
    tags = dict(metas(page))
    title = re.search(r"<title>(.*?) - Citation Explorer</title>", page)
    assert title is not None
    assert tags["og:title"] == html.unescape(title[1])
    assert tags["og:description"] == tags["description"]
    assert tags["og:site_name"] == "Citation Explorer"
    assert "og:image" not in tags
    canonical = re.search(r'<link rel="canonical" href="([^"]*)">', page)
    assert canonical is not None and canonical[1] == tags["og:url"] == f"http://testserver{address}"
    assert '<link rel="search" type="application/opensearchdescription+xml" href="/opensearch.xml"' in page


@pytest.mark.parametrize(
    ("address", "forms"),
    [
        ("/hubs/pythia/", ["csv", "json", "bib", "ris", "csl.json", "jsonld", "atom"]),
        ("/hubs/pythia/citing/", ["csv", "json", "bib", "ris", "csl.json", "jsonld", "atom"]),
        ("/papers/pythia/", ["bib", "ris", "csl.json"]),
    ],
)
def test_every_other_form_is_named_in_the_head_and_on_the_page_and_is_there(
    client: Client, pythia: Paper, address: str, forms: list[str]
) -> None:
    page = source(client, address)
    found = alternates(page)
    assert [link.partition(".")[2] for link in found.values()] == forms
    for media_type, link in found.items():
        assert f'<a href="{link}" type="{media_type}" rel="nofollow">' in page
        response = client.get(link)
        assert response.status_code == 200
        assert response["Content-Type"].startswith(media_type)


@pytest.mark.parametrize(
    ("address", "api"),
    [
        ("/hubs/pythia/", "/api/hubs/pythia/"),
        ("/hubs/pythia/citing/", "/api/hubs/pythia/citing/"),
        ("/hubs/pythia/citing/?role=method&sort=title", "/api/hubs/pythia/citing/?role=method&sort=title"),
        ("/papers/pythia/", "/api/papers/pythia/"),
    ],
)
def test_each_page_names_itself_in_the_interface_for_programs(
    client: Client, pythia: Paper, address: str, api: str
) -> None:
    page = source(client, address)
    link = html.escape(api)
    assert f'<link rel="alternate" type="application/json" href="{link}" title="API">' in page
    assert f'<a href="{link}" type="application/json" rel="nofollow">' in page
    assert '<a href="/api/docs/">Interface for programs</a>' in page
    assert client.get(api).status_code == 200


def test_the_explorer_names_the_forms_of_its_filter(client: Client) -> None:
    hub = make_hub({"method": 2, "dataset": 1}, slug="hub")
    page = source(client, "/hubs/hub/citing/?role=method&sort=title&page_size=25&utm_source=x")
    assert alternates(page)["text/csv"] == "/hubs/hub/citing.csv?role=method&sort=title"
    assert alternates(page)["application/atom+xml"] == "/hubs/hub/citing.atom?role=method&sort=title"
    assert "Export this list" in page
    content = b"".join(client.get(alternates(page)["text/csv"]).streaming_content)  # type: ignore[attr-defined]
    assert len(content.splitlines()) == 3
    assert Paper.objects.filter(pk=hub.pk).exists()


@pytest.mark.parametrize("query", ["?role=tool", "?role=unclear"])
def test_nothing_is_offered_where_nothing_is_listed(client: Client, query: str) -> None:
    make_hub({"method": 2}, slug="hub")
    page = source(client, f"/hubs/hub/citing/{query}")
    assert "Export this list" not in page


def test_the_view_of_the_explorer_can_be_cited_with_date_and_rules(client: Client) -> None:
    make_hub({"method": 60}, title="Pythia: a suite", slug="hub")
    page = source(client, "/hubs/hub/citing/?role=method&page=2")
    cited = re.search(r'id="cite-view".*?</details>', page, re.S)
    assert cited is not None
    words = html.unescape(" ".join(re.sub(r"<[^>]+>", " ", cited[0]).split()))
    today = datetime.datetime.now(datetime.UTC)
    assert f"as of {today.day} {today:%B %Y}, rules version {RULES_VERSION}." in words
    assert "“60 of 60 citing papers use Pythia as a tool”" in words
    assert "http://testserver/hubs/hub/citing/?role=method&page=2" in words


# Linked data ---------------------------------------------------------------------------------------------------------


def test_a_hub_page_tells_the_paper_and_its_representatives_as_linked_data(client: Client, pythia: Paper) -> None:
    graph = linked_data(source(client, "/hubs/pythia/"))["@graph"]
    paper, citation = graph
    assert paper["@id"] == "http://testserver/papers/pythia/"
    assert paper["@type"] == "ScholarlyArticle"
    assert paper["name"] == "Pythia: a suite"
    assert [author["name"] for author in paper["author"]] == ["Stella Biderman", "Oskar van der Wal"]
    assert paper["datePublished"] == "2023-04-03"
    assert paper["sameAs"] == [
        "https://arxiv.org/abs/2304.01373",
        "https://doi.org/10.48550/arxiv.2304.01373",
        "https://doi.org/10.1000/pythia",
        "https://pubmed.ncbi.nlm.nih.gov/12345",
    ]
    assert citation["@type"] == "cito:Citation"
    assert citation["cito:hasCitingEntity"]["@id"] == "http://testserver/papers/user/"
    assert citation["cito:hasCitedEntity"] == paper["@id"]
    assert citation["cito:hasCitationCharacterization"] == ["cito:usesMethodIn", "cito:supports"]


def test_the_whole_list_as_linked_data_characterises_every_citation(client: Client) -> None:
    hub = make_paper("Hub", slug="hub")
    for role in (*Role, ""):
        for polarity in (*Polarity, ""):
            citation = make_citation(make_paper(f"{role or 'none'} {polarity or 'none'}"), hub)
            if role or polarity:
                make_label(citation, role, polarity, curator=make_curator())
    content = b"".join(client.get("/hubs/hub/citing.jsonld").streaming_content)  # type: ignore[attr-defined]
    document = json.loads(content)
    assert document["@context"]["cito"] == "http://purl.org/spar/cito/"
    hub_node, *citations = document["@graph"]
    assert hub_node["@id"] == "http://testserver/papers/hub/"
    said = {}
    for node in citations:
        assert node["cito:hasCitedEntity"] == hub_node["@id"]
        said[node["cito:hasCitingEntity"]["name"]] = node["cito:hasCitationCharacterization"]
    assert len(said) == len({node["@id"] for node in citations}) == 8 * 5
    assert said["method supports"] == ["cito:usesMethodIn", "cito:supports"]
    assert said["evidence mixed"] == ["cito:citesAsEvidence", "cito:qualifies"]
    assert said["extension neutral"] == ["cito:extends"]
    assert said["none disputes"] == ["cito:disputes"]
    assert said["unclear none"] == said["none none"] == said["none neutral"] == ["cito:cites"]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_work_has_a_type(client: Client, kind: Kind) -> None:
    graph = linked_data(source(client, make_paper("A", kind=kind.value).get_absolute_url()))["@graph"]
    assert graph[0]["@type"] in {
        "ScholarlyArticle", "Book", "Chapter", "Thesis", "Report", "Dataset", "SoftwareSourceCode"
    }  # fmt: skip


def test_the_sample_says_so_in_linked_data(client: Client) -> None:
    make_hub({"method": 3}, slug="hub")
    document = linked_data(source(client, "/hubs/hub/"))
    assert document["@graph"][-1]["description"].startswith("Roles and polarities in this sample")


@pytest.mark.parametrize("title", HOSTILE)
def test_no_title_breaks_out_of_a_head(client: Client, title: str) -> None:
    paper = make_paper(title.replace("\x00", "\x01"), slug="hub", abstract=title.replace("\x00", "\x01"))
    make_label(make_citation(make_paper(title.replace("\x00", "\x01"), slug="citing"), paper), "method")
    for address in ("/hubs/hub/", "/papers/hub/", "/hubs/hub/citing/"):
        page = source(client, address)
        assert "<script>alert" not in page
        head = page.partition("</head>")[0]
        assert len(re.findall(r"<script(?! src=)", head)) == (0 if address.endswith("citing/") else 1)
        if not address.endswith("citing/"):
            assert linked_data(page)["@graph"][0]["name"] == dict(metas(page))["citation_title"]


@pytest.mark.django_db(transaction=True)
def test_the_policy_lets_linked_data_stand(live_server: LiveServer, page: Page) -> None:
    """A block of data is no script: the browser neither runs nor refuses it."""
    make_hub({"method": 3}, title="</script><script>document.title='x'</script>", slug="hub")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for address in ("/hubs/hub/", "/papers/hub/", "/hubs/hub/citing/?role=method"):
        page.goto(f"{live_server.url}{address}")
        assert page.title() != "x"
        for block in page.locator('script[type="application/ld+json"]').all():
            assert json.loads(block.text_content() or "")["@graph"]
    assert said == []


# COinS ---------------------------------------------------------------------------------------------------------------


def test_rows_carry_their_reference_as_an_openurl(client: Client) -> None:
    hub = make_paper("Hub", slug="hub")
    make_citation(make_paper('A & "B"', authors=["Ada Bee"], venue="ICML", year=2024, kind="conference"), hub)
    found = re.findall(r'<span class="Z3988" title="([^"]*)"></span>', source(client, "/hubs/hub/citing/"))
    assert len(found) == 1
    assert parse_qsl(html.unescape(found[0])) == [
        ("ctx_ver", "Z39.88-2004"),
        ("rft_val_fmt", "info:ofi/fmt:kev:mtx:journal"),
        ("rft.genre", "proceeding"),
        ("rft.atitle", 'A & "B"'),
        ("rft.jtitle", "ICML"),
        ("rft.date", "2024"),
        ("rft.au", "Ada Bee"),
    ]


def test_books_are_books_in_an_openurl() -> None:
    pairs = dict(parse_qsl(Reference(title="T", venue="Press", kind="book", doi="10.1000/1").coins))
    assert pairs["rft_val_fmt"] == "info:ofi/fmt:kev:mtx:book"
    assert (pairs["rft.btitle"], pairs["rft.genre"], pairs["rft_id"]) == ("T", "book", "info:doi/10.1000/1")
    chapter = dict(parse_qsl(Reference(title="T", venue="Volume", kind="chapter").coins))
    assert (chapter["rft.atitle"], chapter["rft.btitle"], chapter["rft.genre"]) == ("T", "Volume", "bookitem")


@pytest.mark.parametrize(
    ("author", "printed"),
    [("Barnes and Noble", "{Barnes and Noble}"), ("Google, Inc.", "{Google, Inc.}"), ("Ada Bee", "Ada Bee")],
)
def test_a_name_that_bibtex_would_divide_is_held_together(author: str, printed: str) -> None:
    assert f"author = {{{printed}}}" in Reference(title="T", authors=[author]).bibtex


# Files ---------------------------------------------------------------------------------------------------------------


def locations(client: Client, address: str) -> list[str]:
    """The addresses in a sitemap, as paths."""
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    return [urlsplit(place.text or "").path for place in ET.fromstring(response.content).iter(f"{SITEMAP}loc")]


def test_sitemaps_name_every_page_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("citations.views.kin.SITEMAP_SIZE", 2)
    hub = make_hub({"method": 4}, slug="hub")
    merged = make_paper("Merged")
    Paper.objects.filter(pk=merged.pk).update(merged_into=hub)
    index = locations(client, "/sitemap.xml")
    assert index == [
        "/sitemap-pages-1.xml", "/sitemap-hubs-1.xml",
        "/sitemap-papers-1.xml", "/sitemap-papers-2.xml", "/sitemap-papers-3.xml",
    ]  # fmt: skip
    listed = [path for address in index for path in locations(client, address)]
    papers = [paper.get_absolute_url() for paper in Paper.objects.filter(merged_into=None)]
    fixed = ["/", "/hubs/", "/papers/", "/about/classes/", "/about/data/"]
    assert sorted(listed) == sorted([*fixed, "/hubs/hub/", *papers])
    for path in listed:
        assert client.get(path).status_code == 200


def test_hubs_in_sitemaps_tell_the_day_of_their_last_change(client: Client) -> None:
    make_hub({"method": 1})
    content = client.get("/sitemap-hubs-1.xml").content.decode()
    assert f"<lastmod>{datetime.datetime.now(datetime.UTC):%Y-%m-%d}</lastmod>" in content


@pytest.mark.parametrize("address", ["papers-0", "papers-9", "hubs-1", "nothing-1", "pages-2", "papers-99999999999999"])
def test_sitemaps_that_do_not_exist_are_not_found(client: Client, address: str) -> None:
    assert client.get(f"/sitemap-{address}.xml").status_code == 404


def test_an_empty_collection_has_a_sitemap(client: Client) -> None:
    assert locations(client, "/sitemap.xml") == ["/sitemap-pages-1.xml"]


def test_robots_may_read_pages_and_no_combination_of_filters(client: Client) -> None:
    response = client.get("/robots.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    lines = response.content.decode().splitlines()
    assert lines[-1] == "Sitemap: http://testserver/sitemap.xml"
    # Rules as RFC 9309 has them, "*" included, which the standard library's reader does not know.
    patterns = [re.escape(line.removeprefix("Disallow: ")).replace(r"\*", ".*") for line in lines if "Disallow" in line]

    def allowed(path: str) -> bool:
        return not any(re.match(pattern, path) for pattern in patterns)

    for path in ("/", "/hubs/", "/hubs/pythia/", "/hubs/pythia/citing/", "/papers/x/", "/about/data/", "/static/a.css"):
        assert allowed(path), path
    for path in (
        "/hubs/pythia/?self=0",
        "/hubs/pythia/citing/?role=method", "/hubs/?class=foundation", "/papers/?q=x", "/papers/x/?role=method",
        "/hubs/pythia/citing.csv", "/hubs/pythia/citing.atom?role=method", "/admin/", "/api/hubs/",
    ):  # fmt: skip
        assert not allowed(path), path
    reader = RobotFileParser()
    reader.parse(lines)
    assert reader.site_maps() == ["http://testserver/sitemap.xml"]


def test_opensearch_describes_a_search_that_answers(client: Client, pythia: Paper) -> None:
    response = client.get("/opensearch.xml")
    assert response["Content-Type"] == "application/opensearchdescription+xml; charset=utf-8"
    root = ET.fromstring(response.content)
    names = {element.tag.partition("}")[2]: element for element in root}
    assert len(names["ShortName"].text or "") <= 16
    template = next(element.get("template", "") for element in root if element.get("type") == "text/html")
    assert template.startswith("http://testserver/")
    page = source(client, template.removeprefix("http://testserver").replace("{searchTerms}", "Pythia"))
    assert "/papers/pythia/" in page or "/hubs/pythia/" in page


def test_opensearch_names_the_suggestions_for_browsers(client: Client, pythia: Paper) -> None:
    root = ET.fromstring(client.get("/opensearch.xml").content)
    template = next(one.get("template", "") for one in root if one.get("type") == "application/x-suggestions+json")
    response = client.get(template.removeprefix("http://testserver").replace("{searchTerms}", "pyt"))
    assert response["Content-Type"] == "application/x-suggestions+json"
    assert response.json()[:2] == ["pyt", ["Pythia: a suite"]]


@pytest.mark.parametrize("address", ["/robots.txt", "/sitemap.xml", "/sitemap-pages-1.xml", "/opensearch.xml"])
def test_files_for_programs_may_be_kept_and_set_no_cookie(client: Client, address: str) -> None:
    response = client.get(address)
    assert "public" in response["Cache-Control"]
    assert not response.cookies
    assert client.head(address).status_code == 200
    assert client.post(address).status_code == 405
