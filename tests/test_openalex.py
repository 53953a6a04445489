"""OpenAlex: works become records, lists are walked to their end, and accidents end well."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.identifiers import parse
from citations.sources import transport
from citations.sources.openalex import (
    DELETED_WORK,
    FIELDS,
    PAGE_ROWS,
    OpenAlexSource,
    citation_record,
    paper_record,
    work_or_rejected,
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

RECORDED = SHARED / "data" / "openalex"
HUB = parse("W42")
HUB_RECORD = PaperRecord(identifiers=(HUB,), title="A hub")

Reply = httpx.Response | dict[str, Any]


def work(number: int, **facts: Any) -> dict[str, Any]:
    """A made-up work."""
    return {"id": f"https://openalex.org/W{number}", "display_name": f"Work {number}", **facts}


class Service:
    """A service that holds works and a list of citing ones; `accidents` answer for lists, in turn, before it does."""

    def __init__(self, *works: dict[str, Any], citing: int = 0) -> None:
        self.works = {row["id"].rpartition("/")[2]: row for row in (work(42, display_name="A hub"), *works)}
        self.citing = [work(1000 + number) for number in range(citing)]
        self.moved: dict[str, str] = {}
        self.accidents: list[Callable[[list[Any], int], Reply]] = []
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        name = request.url.path.removeprefix("/works").lstrip("/")
        if not name:
            reply = self._list(request.url.params)
            return reply if isinstance(reply, httpx.Response) else httpx.Response(200, json=reply)
        if name in self.moved:
            return httpx.Response(301, headers={"Location": f"/works/{self.moved[name]}"})
        return httpx.Response(200, json=self.works[name]) if name in self.works else httpx.Response(404, json={})

    def _list(self, query: httpx.QueryParams) -> Reply:
        condition, _, value = query["filter"].partition(":")
        if condition == "openalex_id":
            found = [self.works[name] for name in value.split("|") if name in self.works]
            return {"meta": {"count": len(found)}, "results": found}
        start = 0 if query["cursor"] == "*" else int(query["cursor"])
        if self.accidents:
            return self.accidents.pop(0)(self.citing, start)
        rows = self.citing[start : start + int(query["per_page"])]
        # As the service does it: the last page with rows still promises another, which is empty.
        following = str(start + len(rows)) if rows else None
        return {"meta": {"count": len(self.citing), "next_cursor": following}, "results": rows}

    def source(self, **options: Any) -> OpenAlexSource:
        """The source, asking this service and writing down its waits instead of sleeping."""
        client = httpx.Client(transport=httpx.MockTransport(self), follow_redirects=True)
        asked = transport.Transport("OpenAlex", client=client, sleep=self.waits.append)
        return OpenAlexSource("https://openalex.test", transport=asked, **options)

    def pages(self, direction: Direction = "citations", **options: Any) -> list[Page]:
        """All pages of a list of the hub."""
        return list(self.source().pages(HUB, direction, **options))


def names(pages: list[Page]) -> list[str]:
    """The other papers of some pages, by their OpenAlex ids; reasons for what was rejected."""
    found = []
    for record in (record for page in pages for record in page.records):
        if isinstance(record, CitationRecord):
            other = record.cited if record.citing.identifiers[0] == HUB else record.citing
            found.append(other.identifiers[0].value)
        elif isinstance(record, Rejected):
            found.append(record.reason)
    return found


# From objects to records ----------------------------------------------------------------------------------------------


def test_a_work_becomes_a_record_with_the_services_own_name_first() -> None:
    record = paper_record(
        {
            "id": "https://openalex.org/W7",
            "doi": "https://doi.org/10.1000/ABC",
            "ids": {
                "openalex": "https://openalex.org/W7",
                "mag": 77,
                "pmid": "https://pubmed.ncbi.nlm.nih.gov/123",
                "pmcid": "https://www.ncbi.nlm.nih.gov/pmc/articles/456",
            },
            "display_name": "A <i>fine</i> work",
            "publication_year": 2020,
            "publication_date": "2020-05-17",
            "type": "article",
            "primary_location": {
                "source": {"display_name": "Journal of Works"},
                "landing_page_url": "https://w.test/7",
            },
            "cited_by_count": 12,
            "is_retracted": False,
            "abstract_inverted_index": {"word.": [2], "One": [0], "clean": [1]},
            "authorships": [
                {
                    "author": {
                        "id": "https://openalex.org/A1",
                        "display_name": "Ada Doe",
                        "orcid": "https://orcid.org/0000-0002-1825-0097",
                    }
                },
                {
                    "author": {"id": "https://openalex.org/A9999999999", "display_name": None},
                    "raw_author_name": "B. Roe",
                },
                {"author": None},
            ],
        }
    )
    assert [str(known) for known in record.identifiers] == [
        "openalex:W7", "doi:10.1000/abc", "pmid:123", "pmcid:PMC456", "mag:77",
    ]  # fmt: skip
    assert (record.title, record.abstract) == ("A fine work", "One clean word.")
    assert (record.year, record.published_on) == (2020, datetime.date(2020, 5, 17))
    assert (record.venue, record.kind, record.notice) == ("Journal of Works", "article", "")
    assert (record.cited_by_count, record.url) == (12, "https://w.test/7")
    assert [(one.name, one.keys, one.orcid) for one in record.authors] == [
        ("Ada Doe", ("openalex:A1",), "0000-0002-1825-0097"),
        ("B. Roe", (), ""),
    ]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"id": "doi:10.48550/arxiv.2110.01889"}, "arxiv:2110.01889"),
        ({"id": "pmh:oai:arXiv.org:hep-th/9711200"}, "arxiv:hep-th/9711200"),
        ({"landing_page_url": "http://arxiv.org/abs/2110.01889v3"}, "arxiv:2110.01889"),
        ({"id": "pmid:37015381"}, "pmid:37015381"),
        ({"landing_page_url": "https://europepmc.org/articles/pmc5815332"}, "pmcid:PMC5815332"),
        # What another repository holds may be slides or data.
        ({"id": "doi:10.5281/zenodo.1234"}, None),
        ({"id": "pmh:oai:repository.test:99", "landing_page_url": None}, None),
    ],
)
def test_other_places_of_a_work_name_it_only_where_arxiv_or_pubmed_do(place: Any, expected: str | None) -> None:
    found = [str(known) for known in paper_record(work(7, locations=[place])).identifiers]
    assert found == ["openalex:W7", *([expected] if expected else [])]


def test_a_retracted_work_carries_the_notice() -> None:
    assert paper_record(work(7, is_retracted=True)).notice == "retracted"


def test_the_first_of_january_is_a_year_and_no_day() -> None:
    record = paper_record(work(7, publication_year=2019, publication_date="2019-01-01"))
    assert (record.year, record.published_on) == (2019, None)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"type": "preprint"}, "preprint"),
        ({"type": "dissertation"}, "thesis"),
        ({"type": "paratext"}, "other"),
        ({"type": "article", "type_crossref": "proceedings-article"}, "conference"),
        ({"type": "article", "primary_location": {"source": {"type": "conference"}}}, "conference"),
        ({"type": None}, ""),
        ({}, ""),
    ],
)
def test_the_kind_follows_the_type(facts: dict[str, Any], kind: str) -> None:
    assert paper_record(work(7, **facts)).kind == kind


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (None, "empty record"),
        ("W7", "empty record"),
        ({}, "not a work"),
        ({"id": "https://openalex.org/I7", "display_name": "An institution", "ids": {"mag": 7}}, "not a work"),
        (work(7, display_name=None), "no title"),
        ({"id": f"https://openalex.org/{DELETED_WORK.value}", "display_name": "Deleted Work"}, "deleted work"),
    ],
)
def test_what_is_no_work_is_rejected_with_the_reason(row: object, reason: str) -> None:
    rejected = work_or_rejected(row)
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, rejected.raw) == (reason, row)


def test_a_citation_carries_no_intents() -> None:
    record = citation_record(work(7), HUB_RECORD)
    assert isinstance(record, CitationRecord)
    assert (record.citing.title, record.cited) == ("Work 7", HUB_RECORD)
    assert (record.intents, record.mentions, record.is_influential) == ((), (), None)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "source", "author", "display_name", "type", "doi"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_no_json_whatever_makes_the_reading_of_a_work_fail(raw: dict[str, Any]) -> None:
    paper_record(raw)
    assert isinstance(work_or_rejected(raw), PaperRecord | Rejected)


def test_every_recorded_object_is_read_or_rejected() -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recorded answers of services are not beside the project (../shared)")
    taken: list[PaperRecord] = []
    refused: list[Rejected] = []
    for file in sorted(RECORDED.glob("*.json")):
        body = json.loads(file.read_bytes())
        body = body["response"]["body"] if "_provenance" in body and "response" in body else body
        for row in body.get("results", [body]):
            record = work_or_rejected(row)
            if isinstance(record, PaperRecord):
                taken.append(record)
                assert "<" not in record.title
            else:
                refused.append(record)
    # Two captures of one work and a citing one; author, topic, publisher, journal, institution and ten suggestions.
    assert (len(taken), len(refused)) == (3, 15)
    assert {record.identifiers[0].value for record in taken} == {"W2741809807", "W3202428668"}


# Walks ----------------------------------------------------------------------------------------------------------------


def test_a_walk_gives_every_row_once_and_the_hub_with_the_first_page() -> None:
    service = Service(citing=2 * PAGE_ROWS + 3)
    pages = service.pages()
    assert names(pages) == [f"W{1000 + number}" for number in range(2 * PAGE_ROWS + 3)]
    assert [page.papers for page in pages] == [(HUB_RECORD,), (), (), ()]
    assert [page.done for page in pages] == [False, False, False, True]
    assert {page.expected for page in pages} == {203}


@pytest.mark.parametrize("direction", ["citations", "references"])
def test_a_walk_goes_on_from_the_cursor_of_any_page(direction: Direction) -> None:
    cited = [work(2000 + number) for number in range(250)]
    hub = work(42, display_name="A hub", referenced_works=[row["id"] for row in cited])
    service = Service(hub, *cited, citing=250)
    pages = service.pages(direction)
    for number, page in enumerate(pages[:-1]):
        cursor = json.loads(json.dumps(page.cursor_after))
        assert names(service.pages(direction, cursor=cursor)) == names(pages[number + 1 :])


@pytest.mark.parametrize("direction", ["citations", "references"])
def test_a_limit_counts_the_rows_before_the_cursor_too(direction: Direction) -> None:
    cited = [work(2000 + number) for number in range(250)]
    hub = work(42, display_name="A hub", referenced_works=[row["id"] for row in cited])
    service = Service(hub, *cited, citing=250)
    first, *others = service.pages(direction, limit=130)
    assert [len(page.records) for page in (first, *others)] == [100, 30]
    assert others[-1].done and first.expected == 130
    assert names(service.pages(direction, cursor=first.cursor_after, limit=130)) == names(others)


@pytest.mark.parametrize("direction", ["citations", "references"])
def test_a_paper_with_an_empty_list_gives_one_empty_page(direction: Direction) -> None:
    (page,) = Service().pages(direction)
    assert (page.records, page.papers, page.done) == ((), (HUB_RECORD,), True)


def test_references_are_fetched_in_batches_and_only_the_missing_ones_alone() -> None:
    cited = [work(2000 + number) for number in range(PAGE_ROWS + 1)]
    hub = work(42, display_name="A hub", referenced_works=[row["id"] for row in cited])
    service = Service(hub, *cited)
    assert len(names(service.pages("references"))) == PAGE_ROWS + 1
    assert len(service.requests) == 3


def test_merged_deleted_and_vanished_references_are_told_apart() -> None:
    referenced = [
        "https://openalex.org/W7",
        f"https://openalex.org/{DELETED_WORK.value}",
        "https://openalex.org/W9",
        None,
    ]
    service = Service(work(42, display_name="A hub", referenced_works=referenced), work(8))
    service.moved["W7"] = "W8"
    (page,) = service.pages("references")
    by_raw = {json.dumps(getattr(record, "raw", None)): record for record in page.records}
    merged = by_raw[json.dumps(work(8))]
    vanished = by_raw[json.dumps("https://openalex.org/W9")]
    deleted = by_raw[json.dumps(referenced[1])]
    assert isinstance(merged, CitationRecord)
    assert [known.value for known in merged.cited.identifiers] == ["W8", "W7"]
    # Another source may have told the title of a work that is gone here.
    assert isinstance(vanished, CitationRecord)
    assert (vanished.cited.identifiers, vanished.cited.title) == ((parse("W9"),), "")
    assert isinstance(deleted, Rejected) and deleted.reason == "deleted work"
    assert len(page.records) == len(referenced)


def test_a_merged_paper_is_found_under_its_new_name_and_keeps_the_old_one() -> None:
    service = Service(work(8))
    service.moved["W7"] = "W8"
    assert [known.value for known in service.source().paper(parse("W7")).identifiers] == ["W8", "W7"]


def test_a_deleted_paper_is_named() -> None:
    service = Service({"id": f"https://openalex.org/{DELETED_WORK.value}", "display_name": "Deleted Work"})
    service.moved["W7"] = DELETED_WORK.value
    with pytest.raises(UnknownPaper, match=r"^OpenAlex has deleted the work OpenAlex:W7\.$"):
        service.source().paper(parse("W7"))


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("W7", "/works/W7"),
        ("10.1000/a<b>#?c", "/works/doi:10.1000/a%3Cb%3E%23%3Fc"),
        ("arXiv:2304.01373", "/works/doi:10.48550/arxiv.2304.01373"),
        ("PMID:29456894", "/works/pmid:29456894"),
        ("PMC5815332", "/works/pmcid:PMC5815332"),
        ("MAG:2741809807", "/works/mag:2741809807"),
    ],
)
def test_a_paper_is_asked_for_in_the_form_that_the_service_takes(typed: str, path: str) -> None:
    service = Service()
    with pytest.raises(UnknownPaper, match="OpenAlex knows no paper"):
        service.source().paper(parse(typed))
    assert service.requests[0].url.raw_path.decode() == path


def test_a_name_that_the_service_cannot_be_asked_by_is_refused_before_asking() -> None:
    service = Service()
    with pytest.raises(SourceError, match="cannot be asked for ACL:P18-1001"):
        service.source().paper(parse("P18-1001"))
    assert service.requests == []


def test_the_key_travels_in_a_header_and_not_to_another_host() -> None:
    service = Service(work(8))
    service.source(api_key="secret").paper(HUB)
    assert service.requests[-1].headers["authorization"] == "Bearer secret"
    assert "secret" not in str(service.requests[-1].url)

    def elsewhere(request: httpx.Request) -> httpx.Response:
        if request.url.host == "openalex.test":
            return httpx.Response(301, headers={"Location": "https://thief.test/works/W8"})
        assert "authorization" not in request.headers
        return httpx.Response(200, json=work(8))

    client = httpx.Client(transport=httpx.MockTransport(elsewhere), follow_redirects=True)
    source = OpenAlexSource(
        "https://openalex.test",
        "secret",
        transport=transport.Transport("OpenAlex", client=client, sleep=lambda _: None),
    )
    assert source.paper(parse("W8")).title == "Work 8"


def test_a_refused_key_says_which_setting_to_look_at() -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(403, json={"error": "Invalid key"})))
    source = OpenAlexSource("https://openalex.test", transport=transport.Transport("OpenAlex", client=client))
    with pytest.raises(SourceError, match=r"Invalid key\. Check OPENALEX_API_KEY\.$"):
        source.paper(HUB)


# Accidents ------------------------------------------------------------------------------------------------------------


def page_of(rows: list[Any], following: str | None) -> dict[str, Any]:
    """An answer with a list."""
    return {"meta": {"count": 250, "next_cursor": following}, "results": rows}


def repeated(rows: list[Any], start: int) -> Reply:
    return page_of(rows[:PAGE_ROWS], str(start + PAGE_ROWS))


def empty(_: list[Any], start: int) -> Reply:
    return page_of([], str(start + PAGE_ROWS))


def standing_still(rows: list[Any], start: int) -> Reply:
    return page_of(rows[start : start + PAGE_ROWS], str(start))


@pytest.mark.parametrize("accident", [repeated, empty, standing_still])
def test_a_page_that_goes_wrong_once_or_twice_is_asked_for_again(accident: Callable[[list[Any], int], Reply]) -> None:
    service = Service(citing=250)
    walk = service.source().pages(HUB, "citations")
    pages = [next(walk)]
    service.accidents = [accident, accident]
    assert names([*pages, *walk]) == [f"W{1000 + number}" for number in range(250)]


@pytest.mark.parametrize(
    ("accident", "said"), [(repeated, "repeats rows"), (empty, "sends empty pages"), (standing_still, "repeats rows")]
)
def test_a_list_that_never_ends_is_given_up(accident: Callable[[list[Any], int], Reply], said: str) -> None:
    service = Service(citing=250)
    service.accidents = [accident] * 100
    with pytest.raises(SourceError, match=f"^OpenAlex {said}.*promises more.$"):
        service.pages()
    assert len(service.requests) < 10


@pytest.mark.parametrize("body", [[], {}, {"results": None}, {"results": {}, "meta": []}, "works", 5, None])
def test_something_other_than_a_list_is_named(body: Any) -> None:
    service = Service()
    service.accidents = [lambda *_: httpx.Response(200, content=json.dumps(body))]
    with pytest.raises(SourceError, match=r"^OpenAlex sent something other than a list of works"):
        service.pages()


PASSING = [
    {"status": 429, "times": 2, "retry_after": 1},
    {"status": 500, "times": 2},
    {"status": 504, "times": 2},
    {"kind": "drop"},
    {"kind": "truncate"},
    {"kind": "html"},
    {"kind": "content_type"},
]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the transport would have waited, in seconds."""
    waited: list[float] = []
    monkeypatch.setattr(transport, "_sleep", waited.append)
    return waited


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_changes_nothing(replay: Replay, waits: list[float], fault: dict[str, Any]) -> None:
    source = OpenAlexSource(f"{replay.url}/openalex")
    # The recorded lists of citing works belong to works that were not recorded themselves, so the walk begins behind.
    hub = PaperRecord(identifiers=(parse("W1560783210"),))
    undisturbed = list(source._citations(hub, {}, None))
    replay.faults({"pattern": "/works", **fault})
    assert list(source._citations(hub, {}, None)) == undisturbed
    assert names(undisturbed) == ["W2741809807"]


@pytest.mark.parametrize("fault", PASSING[:-1])
def test_what_lasts_ends_in_one_line_that_names_the_service(
    replay: Replay, waits: list[float], fault: dict[str, Any]
) -> None:
    replay.faults({"pattern": "/works", **fault, "times": None})
    with pytest.raises(SourceError, match=r"\AOpenAlex [^\n]+\.\Z"):
        list(OpenAlexSource(f"{replay.url}/openalex").pages(parse("W2741809807"), "citations"))


@pytest.mark.parametrize("kind", ["duplicate", "forever", "empty"])
def test_a_recorded_list_that_goes_wrong_ends(replay: Replay, waits: list[float], kind: str) -> None:
    source = OpenAlexSource(f"{replay.url}/openalex")
    replay.faults({"pattern": "filter=", "kind": kind, "times": None})
    try:
        pages = list(source.pages(parse("W2741809807"), "citations"))
    except SourceError as error:
        assert str(error).startswith("OpenAlex ")
    else:
        assert pages[-1].done


def test_the_recorded_work_is_found_by_each_of_its_names_and_all_its_references_are_accounted_for(
    replay: Replay, waits: list[float]
) -> None:
    source = OpenAlexSource(f"{replay.url}/openalex")
    for typed in ("W2741809807", "10.7717/peerj.4375"):
        record = source.paper(parse(typed))
        assert record.identifiers[:2] == (parse("W2741809807"), parse("10.7717/peerj.4375"))
        assert len(record.authors) == 9 and record.abstract
    (page,) = source.pages(parse("W2741809807"), "references")
    assert len(page.records) == page.expected == 54
