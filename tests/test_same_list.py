"""One list in every form: page, interface for programs, files and feed name the same papers in the same order, and
other people's programs read them back.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable, Iterator

import feedparser
import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from citations.models import Citation, Paper
from citations.text import fold
from tests.factories import CAUSE, make_curator, make_paper, make_venue, new_label, paper_changed

pytestmark = pytest.mark.django_db

# More than a page of 25 holds, and no more than a feed has entries.
SIZE = 40


@pytest.fixture
def hub() -> Paper:
    """A hub cited in every way that filters tell apart, with ties in every sort. No two citing papers share a title."""
    from citations import labelling

    cited = make_paper("Pythia: a suite", slug="pythia")
    venues = (make_venue("NeurIPS"), make_venue("ICML"), None)
    papers = Paper.objects.bulk_create(
        Paper(
            title=f"{'Sparse' if number % 3 else 'Dense'} paper {number:02}",
            slug=f"paper-{number}",
            year=(2022, 2023, 2025, None)[number % 4],
            venue=venues[number % 3],
            notice="retracted" if number % 11 == 0 else "",
        )
        for number in range(SIZE)
    )
    citations = Citation.objects.bulk_create(
        Citation(citing=paper, cited=cited, is_influential=number % 5 == 0, is_self_citation=number % 7 == 0)
        for number, paper in enumerate(papers)
    )
    curator = make_curator()
    labels = []
    for number, citation in enumerate(citations):
        if number % 5 == 0:
            polarity = ("supports", "neutral", "")[number % 3]
            labels.append(new_label(citation, "method", polarity, coarse=number % 2 == 0))
        elif number % 5 == 1:
            role = ("evidence", "background", "unclear")[number % 3]
            labels.append(new_label(citation, role, "disputes", curator=curator))
        elif number % 5 == 2:
            labels.append(new_label(citation, "dataset", decided_by="classifier", confidence=0.9 + number % 3 / 100))
        elif number % 5 == 3:
            labels.append(new_label(citation, polarity="mixed"))
    labelling.add_labels(labels, CAUSE)
    paper_changed(*papers)
    return cited


# The forms: the titles of a list, in order, as a reader of each form has them ----------------------------------------


class Refused(Exception):
    """The list was refused as a whole."""


def _page(client: Client, query: str) -> list[str]:
    """All pages for readers, one after the other."""
    titles: list[str] = []
    address: str | None = f"/hubs/pythia/citing/{query}"
    while address:
        response = client.get(address)
        assert response.status_code == 200
        page = response.content.decode()
        if 'id="count"' not in page:
            raise Refused
        titles += [
            html.unescape(re.sub(r"<[^>]+>", "", title))
            for title in re.findall(r'<h3 class="row-title"><a [^>]*>(.*?)</a></h3>', page)
        ]
        following = re.search(r'<a href="([^"]*)" rel="next">', page)
        address = html.unescape(following[1]) if following else None
    return titles


def _api(client: Client, query: str) -> list[str]:
    """The interface for programs, from cursor to cursor."""
    titles: list[str] = []
    address: str | None = f"/api/hubs/pythia/citing/{query}"
    while address:
        response = client.get(address)
        if response.status_code == 400:
            raise Refused
        assert response.status_code == 200
        answer = response.json()
        titles += [row["title"] for row in answer["results"]]
        address = answer["next"]
    assert len(titles) == answer["count"]
    return titles


def _file(client: Client, form: str, query: str) -> str:
    """An export or a feed as it is sent."""
    response = client.get(f"/hubs/pythia/citing.{form}{query}")
    if response.status_code == 400:
        raise Refused
    assert response.status_code == 200
    content = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    return bytes(content).decode()


def _json(content: str) -> list[str]:
    """The titles of JSON, whose own count agrees."""
    read = json.loads(content)
    assert read["count"] == len(read["results"])
    return [row["title"] for row in read["results"]]


def _linked_data(content: str) -> list[str]:
    """The titles of the papers that each `cito:Citation` of JSON-LD comes from."""
    citations = [node for node in json.loads(content)["@graph"] if node["@type"] == "cito:Citation"]
    return [node["cito:hasCitingEntity"]["name"] for node in citations]


def _bibtex(content: str) -> list[str]:
    """The titles that bibtexparser finds."""
    library = parse_string(content)
    assert library.failed_blocks == []
    return [entry["title"].strip("{}") for entry in library.entries]


FILES: dict[str, Callable[[str], list[str]]] = {
    "csv": lambda content: [row["title"] for row in csv.DictReader(io.StringIO(content), strict=True)],
    "json": _json,
    "bib": _bibtex,
    "ris": lambda content: [record["title"] for record in rispy.loads(content)],
    "csl.json": lambda content: [item["title"] for item in json.loads(content)],
    "jsonld": _linked_data,
    "atom": lambda content: [entry["title"] for entry in feedparser.parse(content).entries],
}


def _forms(client: Client, query: str) -> Iterator[tuple[str, Callable[[], list[str]]]]:
    """Each form but the page, with its name."""
    yield "api", lambda: _api(client, query)
    for form, read in FILES.items():
        yield form, lambda form=form, read=read: read(_file(client, form, query))  # type: ignore[misc]


def _titles(read: Callable[[], list[str]]) -> list[str] | None:
    """What a form names; None where it refuses."""
    try:
        return read()
    except Refused:
        return None


# The property --------------------------------------------------------------------------------------------------------

CHOICES = {
    "role": ["method", "evidence", "background", "unclear", "none"],
    "polarity": ["supports", "disputes", "mixed", "none"],
    "suggested": ["dataset", "none"],
    "decided_by": ["curator", "import", "none"],
    "source": ["curator", "sample", "openalex", "none"],
    "year_min": ["2022", "2024"],
    "year_max": ["2023", "2025"],
    "venue": ["neurips", "icml"],
    "q": ["sparse", "paper", "paper -dense", '"sparse paper"', "venue:icml", "author:nobody"],
    "influential": ["0", "1"],
    "self": ["0", "1"],
    "retracted": ["0", "1"],
    "coarse": ["0", "1"],
    "confirmed": ["0", "1"],
    "sort": ["newest", "oldest", "cited", "title", "confidence", "relevance"],
    # What no list takes: each form has to refuse it.
    "kind": ["article"],
}
PAIRS = [(name, value) for name, values in CHOICES.items() for value in values]
# Most draws leave the unknown one out, so that most lists are lists.
A_FILTER = st.lists(st.sampled_from(PAIRS[:-1] * 5 + PAIRS[-1:]), max_size=5, unique=True)


def _query(pairs: list[tuple[str, str]]) -> str:
    """The parameters of an address."""
    data = QueryDict(mutable=True)
    for name, value in pairs:
        data.appendlist(name, value)
    return f"?{data.urlencode()}" if data else ""


def _check(client: Client, pairs: list[tuple[str, str]]) -> None:
    """All forms of one list agree, or all refuse it."""
    unknown = any(name == "kind" for name, _ in pairs)
    query = _query([*pairs, ("page_size", "25")])
    of_page = None if unknown else _titles(lambda: _page(client, query))
    for form, read in _forms(client, query):
        assert _titles(read) == of_page, (form, query)


@pytest.mark.parametrize("examples", [100, pytest.param(2_000, marks=pytest.mark.soak)])
def test_every_form_of_any_list_names_the_same_papers_in_the_same_order(
    client: Client, hub: Paper, examples: int
) -> None:
    @given(A_FILTER)
    @example([])
    @example([("sort", "relevance")])
    @example([("role", "method"), ("role", "none"), ("sort", "oldest")])
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), deadline=None)
    def check(pairs: list[tuple[str, str]]) -> None:
        _check(client, pairs)

    check()


def test_the_forms_do_name_papers(client: Client, hub: Paper) -> None:
    """What the property compares is not nothing."""
    for form, read in _forms(client, "?page_size=25"):
        assert len(set(read())) == SIZE, form
    assert len(set(_page(client, "?page_size=25"))) == SIZE


def test_each_number_of_the_panel_opens_the_list_that_it_counts(client: Client, hub: Paper) -> None:
    lengths: dict[str, int] = {}

    def length(address: str) -> int:
        if address not in lengths:
            page = client.get(address).content.decode()
            found = re.search(r'id="count"[^>]*>([\d,]+)', page)
            assert found, address
            lengths[address] = int(found[1].replace(",", ""))
        return lengths[address]

    @given(A_FILTER)
    @settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
    def check(pairs: list[tuple[str, str]]) -> None:
        page = client.get(f"/hubs/pythia/citing/{_query(pairs)}").content.decode()
        panel = page.partition('class="facet-set"')[2].partition("</nav>")[0]
        for line in re.findall(r"<li>.*?</li>", panel, re.S):
            number = re.search(r'class="n"[^>]*>([\d,]+)', line)
            alone = re.search(r'<a class="n" href="([^"]*)"', line)
            link = alone or re.search(r'<a [^>]*href="([^"]*)"', line)
            if number and link and int(number[1].replace(",", "")):
                opened = length(html.unescape(link[1]))
                assert opened == int(number[1].replace(",", "")), (pairs, fold(line))

    check()
    assert len(lengths) > 100
