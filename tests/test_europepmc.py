"""Europe PMC: rows of lists and searches become records, pages are walked to their end, and accidents end well."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.identifiers import parse
from citations.sources import europepmc, transport
from citations.sources.europepmc import EuropePmcSource, citation_record, paper_record
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

RECORDED = SHARED / "data" / "europepmc"
HUB = parse("PMID:42")
HUB_ROW = {"id": "42", "source": "MED", "pmid": "42", "title": "A hub."}
HUB_RECORD = PaperRecord(identifiers=(HUB,), title="A hub")


def row(number: int, **facts: Any) -> dict[str, Any]:
    """A made-up row of a list."""
    return {"id": str(1000 + number), "source": "MED", "title": f"Paper {number}.", "pubYear": 2020, **facts}


class Service:
    """A service that holds lists of rows and what the search knows; `accidents` answer for lists before it does."""

    def __init__(self, rows: list[Any] | None = None, *known: dict[str, Any]) -> None:
        self.rows = rows or []
        self.known = {(one["source"], one["id"]): one for one in (HUB_ROW, *known)}
        self.accidents: list[Callable[[int, int], Any]] = []
        self.refuses_details = False
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        query = request.url.params
        if request.url.path == "/search":
            asked = re.findall(r"EXT_ID:(\w+) AND SRC:(\w+)", query["query"])
            found = [self.known[source, name] for name, source in asked if (source, name) in self.known]
            if query["query"].startswith(("DOI:", "PMCID:")):
                found = [HUB_ROW]
            if self.refuses_details and ("MED", "42") not in [(source, name) for name, source in asked]:
                return httpx.Response(400, json={"error": "no"})
            return httpx.Response(200, json={"hitCount": len(found), "resultList": {"result": found}})
        _, _, direction = request.url.path.strip("/").split("/")
        outer, inner = {"citations": ("citationList", "citation"), "references": ("referenceList", "reference")}[
            direction
        ]
        page, size = int(query["page"]), int(query["pageSize"])
        if self.accidents:
            return httpx.Response(200, json=self.accidents.pop(0)(page, size))
        rows = self.rows[(page - 1) * size : page * size]
        return httpx.Response(200, json={"hitCount": len(self.rows), outer: {inner: rows}})

    def source(self) -> EuropePmcSource:
        """The source, asking this service without waiting."""
        client = httpx.Client(transport=httpx.MockTransport(self))
        asked = transport.Transport("Europe PMC", client=client, sleep=lambda _: None)
        return EuropePmcSource("https://europepmc.test", transport=asked)

    def pages(self, direction: Direction = "citations", **options: Any) -> list[Page]:
        """All pages of a list of the hub."""
        return list(self.source().pages(HUB, direction, **options))


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of ten rows, so that the recorded list has three."""
    monkeypatch.setattr(europepmc, "PAGE_ROWS", 10)


def titles(pages: list[Page]) -> list[str]:
    """The citing papers of some pages; reasons for what was rejected."""
    found = []
    for record in (record for page in pages for record in page.records):
        if isinstance(record, CitationRecord):
            found.append(record.citing.title)
        elif isinstance(record, Rejected):
            found.append(record.reason)
    return found


# From rows to records -------------------------------------------------------------------------------------------------


def test_all_that_the_search_knows_becomes_a_record() -> None:
    record = paper_record(
        {
            "id": "123",
            "source": "MED",
            "pmid": "123",
            "pmcid": "PMC456",
            "doi": "10.1000/ABC",
            "title": "On <i>E. coli</i>.",
            "abstractText": "<h4>Background</h4>One.<h4>Results</h4>Two.",
            "authorList": {
                "author": [
                    {
                        "fullName": "Doe A",
                        "firstName": "Ada",
                        "lastName": "Doe",
                        "authorId": {"type": "ORCID", "value": "0000-0002-1825-0097"},
                    },
                    {"collectiveName": "The Group"},
                    {"fullName": "Roe B"},
                    {},
                ]
            },
            "journalInfo": {"journal": {"title": "Journal of Works", "medlineAbbreviation": "J Works"}},
            "pubYear": "2020",
            "firstPublicationDate": "2020-05-17",
            "pubTypeList": {"pubType": ["research-article", "Journal Article"]},
            "citedByCount": 12,
        }
    )
    assert [str(known) for known in record.identifiers] == ["pmid:123", "pmcid:PMC456", "doi:10.1000/abc"]
    assert record.title == "On E. coli"
    assert record.abstract.split() == ["Background", "One.", "Results", "Two."]
    assert (record.year, record.published_on) == (2020, datetime.date(2020, 5, 17))
    assert (record.venue, record.kind, record.notice, record.cited_by_count) == ("Journal of Works", "article", "", 12)
    assert [(one.name, one.orcid) for one in record.authors] == [
        ("Ada Doe", "0000-0002-1825-0097"),
        ("The Group", ""),
        ("Roe B", ""),
    ]


def test_the_little_that_a_list_says_becomes_a_record() -> None:
    record = paper_record(
        row(1, authorString="Doe A, Roe-Smith B.", journalAbbreviation="J Works", citationType="letter")
    )
    assert (record.title, record.year, record.venue, record.kind) == ("Paper 1", 2020, "J Works", "article")
    assert [author.name for author in record.authors] == ["Doe A", "Roe-Smith B"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"source": "MED", "id": "5"}, ["pmid:5"]),
        ({"source": "PMC", "id": "PMC5"}, ["pmcid:PMC5"]),
        ({"source": "PPR", "id": "PPR5"}, []),
        ({"source": "PPR", "id": "PPR5", "doi": "10.1101/x"}, ["doi:10.1101/x"]),
        ({"source": "PAT", "id": "EP5"}, []),
        ({"source": None, "id": 5}, []),
    ],
)
def test_ids_are_taken_from_the_collections_that_have_a_scheme(facts: dict[str, Any], expected: list[str]) -> None:
    assert [str(known) for known in paper_record(facts).identifiers] == expected


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"pubType": "review-article; review; journal article"}, "review"),
        ({"pubType": "published erratum; correction"}, "other"),
        ({"citationType": "preprint"}, "preprint"),
        ({"source": "PPR", "pubType": "journal article"}, "preprint"),
        ({"pubTypeList": {"pubType": "Journal Article"}}, "article"),
        ({"pubTypeList": {"pubType": [None, 5]}}, ""),
        ({"pubType": "something new"}, ""),
    ],
)
def test_the_kind_follows_the_types(facts: dict[str, Any], kind: str) -> None:
    assert paper_record(row(1, **facts)).kind == kind


@pytest.mark.parametrize(
    ("facts", "notice"),
    [
        ({"pubTypeList": {"pubType": ["Journal Article", "Retracted Publication"]}}, "retracted"),
        ({"commentCorrectionList": {"commentCorrection": [{"type": "Retraction in"}]}}, "retracted"),
        ({"commentCorrectionList": {"commentCorrection": [{"type": "Expression of concern in"}]}}, "concern"),
        ({"pubType": "preprint-withdrawal"}, "withdrawn"),
        # The notices themselves stand.
        ({"pubTypeList": {"pubType": ["Retraction of Publication"]}}, ""),
        ({"commentCorrectionList": {"commentCorrection": [{"type": "Retraction of"}, None]}}, ""),
        ({"commentCorrectionList": {"commentCorrection": {"type": "Retraction in"}}}, ""),
    ],
)
def test_a_notice_is_carried_by_the_paper_that_it_is_about(facts: dict[str, Any], notice: str) -> None:
    assert paper_record(row(1, **facts)).notice == notice


@pytest.mark.parametrize(
    ("raw", "title"), [("A title.", "A title"), ("Wait...", "Wait..."), ("Why?", "Why?"), (".", "")]
)
def test_the_full_stop_behind_a_title_goes(raw: str, title: str) -> None:
    assert paper_record(row(1, title=raw)).title == title


@pytest.mark.parametrize(
    ("raw", "reason"),
    [(None, "empty record"), ([], "empty record"), ({"title": "Unmatched.", "match": "N"}, "no identifier")],
)
def test_what_names_no_paper_is_rejected_with_the_reason(raw: object, reason: str) -> None:
    rejected = citation_record(raw, HUB_RECORD, "references")
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, rejected.raw) == (reason, raw)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.sampled_from(["MED", "PPR", "10.1000/x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["author", "commentCorrection", "pubType", "type", "journal", "title", "fullName"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
KEYS = [
    "id", "source", "pmid", "doi", "title", "abstractText", "authorList", "authorString", "journalInfo", "pubYear",
    "firstPublicationDate", "pubTypeList", "pubType", "citationType", "commentCorrectionList", "citedByCount",
]  # fmt: skip


@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_no_json_whatever_makes_the_reading_of_a_row_fail(raw: dict[str, Any]) -> None:
    assert isinstance(citation_record(raw, HUB_RECORD, "citations"), CitationRecord | Rejected)


def test_every_recorded_row_is_read_or_rejected() -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recorded answers of services are not beside the project (../shared)")
    counted = {}
    for file in sorted(RECORDED.glob("*.json")):
        body = json.loads(file.read_bytes())
        rows = body["resultList"]["result"] if "resultList" in body else body["citationList"]["citation"]
        records = [citation_record(one, HUB_RECORD, "citations") for one in rows]
        taken = [record.citing for record in records if isinstance(record, CitationRecord)]
        counted[file.stem] = (len(rows), len(taken), sum(bool(paper.title) for paper in taken))
    assert counted == {
        # Two preprints, of which the list gives no id that the world knows.
        "citationList_1": (25, 23, 23),
        "search_cancer": (25, 25, 25),
        # Ids only.
        "search_cancer_idlist": (25, 25, 0),
        "search_cancer_page2": (5, 5, 5),
        "search_cancer_sorted_cited": (25, 25, 25),
        "search_no_results": (0, 0, 0),
    }


# Walks ----------------------------------------------------------------------------------------------------------------


def test_a_walk_gives_every_row_once_and_the_hub_with_the_first_page() -> None:
    service = Service([row(number) for number in range(25)])
    pages = service.pages()
    assert titles(pages) == [f"Paper {number}" for number in range(25)]
    assert [len(page.papers) for page in pages] == [1, 0, 0]
    assert [page.done for page in pages] == [False, False, True]
    assert {page.expected for page in pages} == {25}


def test_a_walk_goes_on_from_the_cursor_of_any_page() -> None:
    service = Service([row(number) for number in range(25)])
    pages = service.pages()
    for number, page in enumerate(pages[:-1]):
        cursor = json.loads(json.dumps(page.cursor_after))
        assert titles(service.pages(cursor=cursor)) == titles(pages[number + 1 :])


def test_a_limit_counts_the_rows_before_the_cursor_too() -> None:
    service = Service([row(number) for number in range(25)])
    first, second = service.pages(limit=13)
    assert (len(second.records), second.done, second.expected) == (3, True, 13)
    assert titles(service.pages(cursor=first.cursor_after, limit=13)) == titles([second])


def test_a_paper_without_citations_gives_one_empty_page() -> None:
    (page,) = Service().pages()
    assert (page.records, page.done, page.papers[0].title) == ((), True, "A hub")


def test_references_point_from_the_hub() -> None:
    (page,) = Service([row(1)]).pages("references")
    (record,) = page.records
    assert isinstance(record, CitationRecord)
    assert (record.citing.title, record.cited.title) == ("A hub", "Paper 1")


def test_the_rows_carry_what_the_search_knows_of_their_papers() -> None:
    details = {"id": "PPR7", "source": "PPR", "doi": "10.1101/7", "abstractText": "An abstract.", "title": "A preprint"}
    service = Service([row(1), row(2, id="PPR7", source="PPR", title="A preprint")], details)
    (page,) = service.pages()
    known, preprint = page.records
    assert isinstance(known, CitationRecord) and isinstance(preprint, CitationRecord)
    assert (known.citing.title, known.citing.abstract) == ("Paper 1", "")
    assert [str(name) for name in preprint.citing.identifiers] == ["doi:10.1101/7"]
    assert (preprint.citing.abstract, preprint.citing.year) == ("An abstract.", 2020)
    assert len(service.requests) == 3


def test_details_that_cannot_be_had_are_a_note_and_not_asked_for_again() -> None:
    service = Service([row(number) for number in range(25)])
    service.refuses_details = True
    pages = service.pages()
    assert titles(pages) == [f"Paper {number}" for number in range(25)]
    said = "From row 1 on, abstracts and DOIs are missing: Europe PMC refused the request (status 400): no."
    assert [page.notes for page in pages] == [(said,), (), ()]
    assert len(service.requests) == 5


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("PMID:42", "EXT_ID:42 AND SRC:MED"),
        ("PMC456", "PMCID:PMC456"),
        ('10.1000/a"b', 'DOI:"10.1000/a\\"b"'),
        ("arXiv:2304.01373", 'DOI:"10.48550/arxiv.2304.01373"'),
    ],
)
def test_a_paper_is_searched_by_its_name_and_its_list_asked_for_by_the_services_own(typed: str, query: str) -> None:
    service = Service()
    list(service.source().pages(parse(typed), "citations"))
    assert service.requests[0].url.params["query"] == query
    assert service.requests[1].url.path == "/MED/42/citations"


def test_a_name_that_the_service_cannot_be_asked_by_is_refused_before_asking() -> None:
    service = Service()
    with pytest.raises(SourceError, match="Europe PMC cannot be asked for OpenAlex:W7"):
        service.source().paper(parse("W7"))
    assert service.requests == []


def test_an_unknown_paper_is_named() -> None:
    service = Service()
    with pytest.raises(UnknownPaper, match=r"^Europe PMC knows no paper PMID:43\.$"):
        service.source().paper(parse("PMID:43"))
    with pytest.raises(UnknownPaper, match=r"^Europe PMC knows no paper PMID:43, or none of its citations\.$"):
        list(service.source().pages(parse("PMID:43"), "citations"))


# Accidents ------------------------------------------------------------------------------------------------------------


def repeated(page: int, size: int) -> Any:
    return {"hitCount": 25, "citationList": {"citation": [row(number) for number in range(size)]}}


def empty(page: int, size: int) -> Any:
    return {"hitCount": 25, "citationList": {"citation": []}}


@pytest.mark.parametrize("accident", [repeated, empty])
def test_a_page_that_goes_wrong_once_or_twice_is_asked_for_again(accident: Callable[[int, int], Any]) -> None:
    service = Service([row(number) for number in range(25)])
    walk = service.source().pages(HUB, "citations")
    pages = [next(walk)]
    service.accidents = [accident, accident]
    assert titles([*pages, *walk]) == [f"Paper {number}" for number in range(25)]


@pytest.mark.parametrize(("accident", "said"), [(repeated, "repeats rows"), (empty, "sends empty pages")])
def test_a_list_that_never_ends_is_given_up(accident: Callable[[int, int], Any], said: str) -> None:
    service = Service()
    service.accidents = [accident] * 100
    with pytest.raises(SourceError, match=f"^Europe PMC {said}.* of the citations and promises more.$"):
        service.pages()
    assert len(service.requests) < 12


@pytest.mark.parametrize("body", [[], {}, {"hitCount": "many"}, {"hitCount": 1, "citationList": {"citation": {}}}, 5])
def test_something_other_than_a_list_is_named(body: Any) -> None:
    service = Service()
    service.accidents = [lambda *_: body]
    with pytest.raises(SourceError, match=r"^Europe PMC sent something other than a list of citations\.$"):
        service.pages()


RECORDED_HUB = parse("PMID:34308300")
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


@pytest.mark.parametrize(
    "fault",
    [
        *FAULTS,
        {"kind": "content_type"},
        {"kind": "duplicate", "after": 1},
        {"kind": "forever", "after": 1},
        {"kind": "empty"},
        {"kind": "empty", "after": 1},
    ],
)
def test_what_passes_changes_nothing(replay: Replay, waits: list[float], fault: dict[str, Any]) -> None:
    source = EuropePmcSource(f"{replay.url}/europepmc")
    undisturbed = list(source.pages(RECORDED_HUB, "citations"))
    replay.faults({"pattern": "/citations", **fault})
    assert list(source.pages(RECORDED_HUB, "citations")) == undisturbed
    assert [len(page.records) for page in undisturbed] == [10, 10, 5]
    assert sum(isinstance(record, Rejected) for page in undisturbed for record in page.records) == 2


@pytest.mark.parametrize("pattern", ["/citations", "/search"])
@pytest.mark.parametrize("fault", FAULTS)
def test_what_lasts_ends_in_one_line_that_names_the_service(
    replay: Replay, waits: list[float], fault: dict[str, Any], pattern: str
) -> None:
    replay.faults({"pattern": pattern, **fault, "times": None})
    with pytest.raises(SourceError, match=r"\AEurope PMC [^\n]+\.\Z"):
        list(EuropePmcSource(f"{replay.url}/europepmc").pages(RECORDED_HUB, "citations"))


@pytest.mark.parametrize("kind", ["forever", "empty", "duplicate"])
def test_a_recorded_list_that_goes_wrong_for_ever_is_given_up(replay: Replay, waits: list[float], kind: str) -> None:
    replay.faults({"pattern": "/citations", "kind": kind, "times": None})
    pages = EuropePmcSource(f"{replay.url}/europepmc").pages(RECORDED_HUB, "citations")
    with pytest.raises(SourceError, match=r"^Europe PMC .*(promises more|none of its citations)\.$"):
        list(pages)
