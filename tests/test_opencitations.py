"""OpenCitations: rows of both generations of the Index become citations, with titles looked up."""

from __future__ import annotations

import datetime
import json
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.identifiers import parse
from citations.sources import transport
from citations.sources.opencitations import (
    LOOKUP_ROWS,
    PAGE_ROWS,
    OpenCitationsSource,
    citation_record,
    metadata_record,
    paper_ids,
)
from citations.sources.records import (
    CitationRecord,
    Direction,
    Page,
    PaperRecord,
    Rejected,
    SourceError,
    UnknownPaper,
)
from tests.conftest import SHARED, Replay

RECORDED = SHARED / "data" / "opencitations"
RECORDED_HUB = "10.1108/jd-12-2013-0166"
HUB = parse("10.1000/hub")
HUB_RECORD = PaperRecord(identifiers=(HUB,), title="A hub")


def meta(*ids: str, **facts: Any) -> dict[str, Any]:
    """A made-up object of Meta."""
    return {"id": " ".join(ids), "title": f"Paper {ids[0]}", **facts}


def row(number: int, **facts: Any) -> dict[str, Any]:
    """A made-up row of version 2: paper `number` cites the hub."""
    return {
        "oci": f"06{number:04}-0601",
        "citing": f"omid:br/06{number:04} doi:10.1000/{number:04}",
        "cited": "omid:br/0601 doi:10.1000/hub",
        "creation": "2020-05",
        **facts,
    }


class Service:
    """The present service: the Index, version 2, with its companion Meta."""

    def __init__(self, *known: dict[str, Any], rows: list[Any] | None = None) -> None:
        self.known = {name: one for one in known for name in one["id"].split()}
        self.rows = rows or []
        self.requests: list[str] = []
        self.sent: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.raw_path.decode())
        self.requests.append(path)
        self.sent.append(request)
        if path.startswith("/meta/v1/metadata/"):
            asked = path.removeprefix("/meta/v1/metadata/").split("__")
            assert len(asked) <= LOOKUP_ROWS
            return httpx.Response(200, json=[self.known[name] for name in asked if name in self.known])
        assert path.startswith("/index/v2/")
        return httpx.Response(200, json=self.rows)

    def source(self, **options: Any) -> OpenCitationsSource:
        """The source, asking this service without waiting."""
        client = httpx.Client(transport=httpx.MockTransport(self))
        asked = transport.Transport("OpenCitations", client=client, sleep=lambda _: None)
        return OpenCitationsSource("https://citations.test", transport=asked, **options)

    def pages(self, direction: Direction = "citations", **options: Any) -> list[Page]:
        """All pages of a list of the hub."""
        return list(self.source().pages(HUB, direction, **options))


HUB_METADATA = meta("doi:10.1000/hub", title="A hub")


def citing(pages: list[Page]) -> list[PaperRecord]:
    """The citing papers of some pages."""
    return [record.citing for page in pages for record in page.records if isinstance(record, CitationRecord)]


# From objects to records ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("10.1000/ABC", ["doi:10.1000/abc"]),
        ("coci => 10.1000/abc", ["doi:10.1000/abc"]),
        ("omid:br/06101801781 pmid:33817056 doi:10.7717/peerj-cs.421", ["doi:10.7717/peerj-cs.421", "pmid:33817056"]),
        ("omid:br/061 openalex:W7 pmcid:PMC5", ["pmcid:PMC5", "openalex:W7"]),
        ("doi:10.1000/a doi:10.1000/b", ["doi:10.1000/a", "doi:10.1000/b"]),
        ("omid:br/061", []),
        ("doi:nonsense pmid:x", []),
        ("", []),
        (None, []),
        (7, []),
    ],
)
def test_several_names_stand_in_one_text(raw: object, expected: list[str]) -> None:
    assert [str(known) for known in paper_ids(raw)] == expected


def test_metadata_of_the_present_service_becomes_a_record() -> None:
    record = metadata_record(
        {
            "id": "doi:10.1000/a pmid:5 omid:br/061",
            "title": "A <i>title</i>",
            "author": "Doe, Ada [orcid:0000-0002-1825-0097 omid:ra/0612]; The Group [omid:ra/0613]; Roe, B.",
            "pub_date": "2020-02-11",
            "venue": "Journal of Works [issn:2641-3337 omid:br/062]",
            "type": "journal article",
        }
    )
    assert [str(known) for known in record.identifiers] == ["doi:10.1000/a", "pmid:5"]
    assert (record.title, record.venue, record.kind) == ("A title", "Journal of Works", "article")
    assert (record.year, record.published_on) == (2020, datetime.date(2020, 2, 11))
    assert [(one.name, one.orcid) for one in record.authors] == [
        ("Ada Doe", "0000-0002-1825-0097"),
        ("The Group", ""),
        ("B. Roe", ""),
    ]


def test_metadata_of_the_older_service_becomes_a_record() -> None:
    record = metadata_record(
        {
            "doi": "10.1000/a",
            "title": "A title",
            "author": "Doe, Ada, 0000-0002-1825-0097; Roe, B.",
            "year": "2015",
            "source_title": "Journal Of Works",
            "citation_count": "20",
        }
    )
    assert (record.identifiers, record.venue, record.kind) == ((parse("10.1000/a"),), "Journal Of Works", "")
    assert (record.year, record.published_on, record.cited_by_count) == (2015, None, 20)
    assert [(one.name, one.orcid) for one in record.authors] == [("Ada Doe", "0000-0002-1825-0097"), ("B. Roe", "")]


@pytest.mark.parametrize(
    ("creation", "year", "day"),
    [
        ("2018", 2018, None),
        ("2017-08", 2017, None),
        ("2019-04-10", 2019, datetime.date(2019, 4, 10)),
        ("2019-13-10", 2019, None),
        ("0000", None, None),
        ("20181", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_the_date_of_a_citation_is_the_citing_papers(
    creation: str | None, year: int | None, day: datetime.date | None
) -> None:
    record = citation_record(row(1, creation=creation), HUB_RECORD, "citations", {})
    assert isinstance(record, CitationRecord)
    assert (record.citing.year, record.citing.published_on) == (year, day)
    # In a list of references that date belongs to the hub, of which more is known.
    record = citation_record(row(1, creation=creation), HUB_RECORD, "references", {})
    assert isinstance(record, CitationRecord)
    assert (record.cited.year, record.citing) == (None, HUB_RECORD)


@pytest.mark.parametrize(
    ("raw", "reason"), [(None, "empty record"), ({}, "no identifier"), (row(1, citing="omid:br/061"), "no identifier")]
)
def test_what_names_no_paper_is_rejected_with_the_reason(raw: object, reason: str) -> None:
    rejected = citation_record(raw, HUB_RECORD, "citations", {})
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, rejected.raw) == (reason, raw)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.text(alphabet="doi:1.0/[]; ,", max_size=20),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
KEYS = [
    "citing",
    "cited",
    "creation",
    "id",
    "doi",
    "title",
    "author",
    "pub_date",
    "year",
    "venue",
    "type",
    "source_title",
]


@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_no_json_whatever_makes_the_reading_of_a_row_fail(raw: dict[str, Any]) -> None:
    metadata_record(raw)
    assert isinstance(citation_record(raw, HUB_RECORD, "citations", {}), CitationRecord | Rejected)


def test_every_recorded_row_is_read_or_rejected() -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recorded answers of services are not beside the project (../shared)")
    directions: dict[str, Direction] = {"cites": "citations", "refs": "references", "citation": "references"}
    counted = {}
    for part, direction in directions.items():
        rows = json.loads((RECORDED / f"oc_coci_{part}_0_200.json").read_bytes())["response"]["body"]
        records = [citation_record(one, HUB_RECORD, direction, {}) for one in rows]
        assert all(isinstance(record, CitationRecord) for record in records)
        counted[part] = len(records)
    assert counted == {"cites": 20, "refs": 37, "citation": 1}
    (known,) = json.loads((RECORDED / "oc_coci_meta_0_200.json").read_bytes())["response"]["body"]
    record = metadata_record(known)
    assert (record.identifiers, record.year, len(record.authors)) == ((parse(RECORDED_HUB),), 2015, 4)
    assert record.title == "Setting Our Bibliographic References Free: Towards Open Citation Data"


# Walks ----------------------------------------------------------------------------------------------------------------


def test_titles_are_looked_up_in_batches() -> None:
    numbers = range(1, PAGE_ROWS + 6)
    known = [meta(f"doi:10.1000/{number:04}") for number in numbers]
    service = Service(HUB_METADATA, *known, rows=[row(number) for number in reversed(numbers)])
    pages = service.pages()
    assert [paper.title for paper in citing(pages)] == [f"Paper doi:10.1000/{number:04}" for number in numbers]
    assert [(page.papers, page.done, page.expected) for page in pages] == [
        ((metadata_record(HUB_METADATA),), False, PAGE_ROWS + 5),
        ((), True, PAGE_ROWS + 5),
    ]
    # The hub, the list, five look-ups for the first page and one for the second.
    assert len(service.requests) == 8


def test_a_paper_that_nothing_more_is_known_of_comes_without_a_title() -> None:
    service = Service(HUB_METADATA, meta("doi:10.1000/0001", "pmid:5"), rows=[row(1), row(2)])
    known, unknown = citing(service.pages())
    assert [str(name) for name in known.identifiers] == ["doi:10.1000/0001", "pmid:5"]
    assert (unknown.identifiers, unknown.title, unknown.year) == ((parse("10.1000/0002"),), "", 2020)


def test_a_walk_goes_on_from_the_cursor_and_keeps_to_the_limit() -> None:
    service = Service(HUB_METADATA, rows=[row(number) for number in range(2 * PAGE_ROWS)])
    first, second = service.pages(limit=PAGE_ROWS + 2)
    assert (len(second.records), second.done, first.expected) == (2, True, PAGE_ROWS + 2)
    # The service gives no order: after the interruption it may be another.
    service.rows.reverse()
    cursor = json.loads(json.dumps(first.cursor_after))
    assert citing(service.pages(cursor=cursor, limit=PAGE_ROWS + 2)) == citing([second])


def test_a_paper_without_citations_gives_one_empty_page() -> None:
    (page,) = Service(HUB_METADATA).pages()
    assert (page.records, page.done) == ((), True)


def test_a_paper_of_which_nothing_is_known_at_all_is_named() -> None:
    with pytest.raises(UnknownPaper, match=r"knows no paper doi:10\.1000/hub, or none of its citations\.$"):
        Service().pages()
    with pytest.raises(UnknownPaper, match=r"^OpenCitations knows no paper doi:10\.1000/hub\.$"):
        Service().source().paper(HUB)


@pytest.mark.parametrize(
    ("typed", "known", "asked"),
    [
        ("10.1000/a<b>", "doi:10.1000/a<b>", "doi:10.1000/a<b>"),
        ("arXiv:2304.01373", "doi:10.48550/arxiv.2304.01373", "doi:10.48550/arxiv.2304.01373"),
        ("PMID:5", "pmid:5", "pmid:5"),
        ("PMC5815332", "pmcid:PMC5815332 doi:10.1000/x", "doi:10.1000/x"),
        ("W7", "openalex:W7 pmid:9", "pmid:9"),
    ],
)
def test_a_paper_is_asked_for_in_a_form_that_the_index_takes(typed: str, known: str, asked: str) -> None:
    service = Service(meta(*known.split()))
    list(service.source().pages(parse(typed), "citations"))
    assert service.requests[-1] == f"/index/v2/citations/{asked}"


def test_a_name_that_the_index_cannot_be_asked_by_is_refused_before_asking() -> None:
    service = Service()
    with pytest.raises(SourceError, match=r"cannot be asked for ACL:P18-1001: it takes DOIs"):
        list(service.source().pages(parse("P18-1001"), "citations"))
    assert service.requests == []


def test_the_token_is_sent_as_the_service_wants_it() -> None:
    service = Service(HUB_METADATA)
    service.source(api_key="token").paper(HUB)
    assert service.sent[0].headers["authorization"] == "token"


@pytest.mark.parametrize("body", ["{}", "5", "null", '"rows"'])
def test_something_other_than_a_list_is_named(body: str) -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body)))
    asked = transport.Transport("OpenCitations", client=client, sleep=lambda _: None)
    with pytest.raises(SourceError, match=r"^OpenCitations sent something other than a list of citations\.$"):
        list(OpenCitationsSource("https://citations.test", transport=asked).pages(HUB, "citations"))


# The older service, recorded ------------------------------------------------------------------------------------------

FAULTS = [
    {"status": 429, "times": 2, "retry_after": 1},
    {"status": 500, "times": 2},
    {"status": 504, "times": 2},
    {"kind": "drop"},
    {"kind": "truncate"},
    {"kind": "html"},
]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the transport would have waited, in seconds."""
    waited: list[float] = []
    monkeypatch.setattr(transport, "_sleep", waited.append)
    return waited


def recorded(replay: Replay) -> OpenCitationsSource:
    """The source at the recorded service of 2020."""
    return OpenCitationsSource(f"{replay.url}/opencitations/index/coci/api/v1")


@pytest.mark.parametrize(("direction", "rows"), [("citations", 20), ("references", 37)])
def test_the_recorded_lists_are_walked_to_their_end(
    replay: Replay, waits: list[float], direction: Direction, rows: int
) -> None:
    (page,) = recorded(replay).pages(parse(RECORDED_HUB), direction)
    assert (len(page.records), page.expected, page.done) == (rows, rows, True)
    assert page.papers[0].title.startswith("Setting Our Bibliographic References Free")
    assert all(isinstance(record, CitationRecord) for record in page.records)


@pytest.mark.parametrize("fault", [*FAULTS, {"kind": "content_type"}, {"kind": "duplicate"}, {"kind": "forever"}])
def test_what_passes_changes_nothing(replay: Replay, waits: list[float], fault: dict[str, Any]) -> None:
    undisturbed = list(recorded(replay).pages(parse(RECORDED_HUB), "citations"))
    replay.faults({"pattern": "/v1/", **fault})
    assert list(recorded(replay).pages(parse(RECORDED_HUB), "citations")) == undisturbed


@pytest.mark.parametrize("pattern", ["/metadata/", "/citations/"])
@pytest.mark.parametrize("fault", FAULTS)
def test_what_lasts_ends_in_one_line_that_names_the_service(
    replay: Replay, waits: list[float], fault: dict[str, Any], pattern: str
) -> None:
    replay.faults({"pattern": pattern, **fault, "times": None})
    with pytest.raises(SourceError, match=r"\AOpenCitations [^\n]+\.\Z"):
        list(recorded(replay).pages(parse(RECORDED_HUB), "citations"))
