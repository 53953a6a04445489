"""Whatever an address says, every list answers it or refuses it: with a notice or with 400, never with an error."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citations.models import Citation, Paper
from tests.factories import make_hub, make_label

pytestmark = pytest.mark.django_db

PAGES = ("/hubs/", "/papers/", "/search/", "/compare/", "/hubs/hub/", "/hubs/hub/citing/", "/papers/hub/")
FILES = tuple(f"/hubs/hub/citing.{form}" for form in ("csv", "json", "bib", "ris", "csl.json", "jsonld", "atom"))
PROGRAMS = ("/api/hubs/", "/api/papers/", "/api/hubs/hub/citing/", "/api/hubs/hub/history/")
ADDRESSES = (*PAGES, *FILES, *PROGRAMS)

THOUSAND = 1_000
# Of an answer to a thousand values: a few times what they take themselves.
MOST_CHARACTERS = 500_000
QUERIES = {
    "an unknown name": "zebra=1",
    "an unknown value": "role=zebra&class=zebra&venue=zebra",
    "a value with a NUL": "q=a%00b",
    "a name with a NUL": "a%00b=1",
    "a value that is not UTF-8": "q=%ff%fe",
    "a name that is not UTF-8": "%ff=1",
    "half a surrogate": "q=%ed%a0%80",
    "a broken escape": "q=%zz%",
    "nothing but separators": "&&==&=&",
    "one value a thousand times": "&".join(["role=method"] * THOUSAND),
    "a thousand values": "&".join(f"venue=v{number}" for number in range(THOUSAND)),
    "a search a thousand times": "&".join(["q=model"] * THOUSAND),
    "a thousand names": "&".join(f"n{number}=1" for number in range(THOUSAND)),
    "a page far behind the last": "page=999999999",
    "a page too large for any column": f"page={'9' * 400}",
    "no page": "page=0",
    "a page below the first": "page=-1",
    "a page in other digits": f"page={quote('٣')}",
    "a page that is no number": "page=1e5",
    "a size that is not offered": "page_size=1000000",
    "a year too large for any column": f"year_min={'9' * 30}&year_max=0",
    "years that exclude each other": "year_min=2025&year_max=2020",
    "a long search": f"q={'a' * 20_000}",
    "a search of many words": "q=" + "+".join(["word"] * 5_000),
    "operators without anything": "q=" + quote('" - * author: venue: -author:"" ** "*" -"'),
    "the language of one engine": "q=" + quote("NEAR(a b, 5) AND title:x OR col1 : y ^z"),
    "the language of the other": "q=" + quote("a & !b | (c <-> d):*A ''"),
    "a statement": "q=" + quote("'; DROP TABLE citations_paper; --") + "&sort=" + quote("title; --"),
    "a wildcard": "q=" + quote("%_\\%") + "&find_venue=" + quote("%_\\"),
    "markup": "q=" + quote('<script>alert(1)</script>" onmouseover=x'),
    "a text that runs backwards": "q=" + quote("\u202egnp.exe\u200b\ufeff"),
    "relevance without a search": "sort=relevance",
    "a jump to nowhere": "jump=99999&count_venues=zebra",
    "hubs that are none": "hub=zebra&hub=%00&hub=&add=" + quote("10.1000/<x>"),
    "a cursor of nobody": "cursor=abc.def",
}


@pytest.fixture
def hub() -> Paper:
    """A hub with a few papers, one of them in a label's every state."""
    made = make_hub({"method": 3, "dataset": 1}, 2, polarities={"supports": 1}, title="Hub", slug="hub", venue="ICML")
    make_label(Citation.objects.filter(cited=made)[0], "evidence", decided_by="curator")
    return made


def body(response: HttpResponseBase) -> str:
    """The whole answer."""
    streaming = getattr(response, "streaming_content", None)
    return (b"".join(streaming) if streaming is not None else response.content).decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_every_list_answers_or_refuses(client: Client, hub: Paper, query: str) -> None:
    for address in ADDRESSES:
        response = client.get(f"{address}?{query}")
        said = body(response)
        assert response.status_code in (200, 302, 400), (address, response.status_code)
        if response.get("Content-Type", "").startswith(("text/html", "application/ld+json")):
            assert "<script>alert(1)" not in said, address
        assert len(said) < MOST_CHARACTERS, address
        assert "Traceback" not in said, address


@pytest.mark.parametrize(
    "query", [QUERIES[name] for name in ("an unknown name", "an unknown value", "a page below the first")]
)
def test_what_is_not_understood_is_told(client: Client, hub: Paper, query: str) -> None:
    for address in ADDRESSES:
        response = client.get(f"{address}?{query}")
        if address in PAGES and response.status_code == 200:
            assert 'class="notice' in body(response), address
        else:
            assert response.status_code == 400, address


@pytest.mark.parametrize("path", ["/hubs/a%00b/citing/", "/hubs/%ff/citing/", "/hubs/hub/citing.%00", "/papers/%00/"])
def test_paths_are_borne_too(client: Client, hub: Paper, path: str) -> None:
    assert client.get(path).status_code in (400, 404)
    assert client.get(f"/api{path}", follow=True).status_code in (400, 404)


def test_no_text_breaks_a_list(client: Client, hub: Paper) -> None:
    parameters = ("role", "q", "venue", "year_min", "page", "sort", "self", "class", "hub", "cursor", "find_venue", "x")

    @given(
        st.sampled_from(ADDRESSES),
        st.lists(st.tuples(st.sampled_from(parameters), st.text(max_size=30)), min_size=1, max_size=4),
    )
    @settings(max_examples=200, suppress_health_check=list(HealthCheck), deadline=None)
    def check(address: str, pairs: list[tuple[str, str]]) -> None:
        query = "&".join(f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in pairs)
        response = client.get(f"{address}?{query}")
        assert response.status_code in (200, 302, 400)
        body(response)

    check()
