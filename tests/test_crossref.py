"""Crossref: works become records, notices reach the papers they are about, and references are looked up."""

from __future__ import annotations

import datetime
import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.identifiers import parse
from citations.sources import transport
from citations.sources.crossref import (
    PAGE_ROWS,
    CrossrefSource,
    noticed,
    paper_record,
    reference_record,
    work_or_rejected,
)
from citations.sources.records import CitationRecord, Page, PaperRecord, Rejected, SourceError, UnknownPaper
from tests.conftest import SHARED, Replay

RECORDED = SHARED / "data" / "crossref"
HUB = parse("10.1000/hub")
HUB_RECORD = PaperRecord(identifiers=(HUB,), title="A hub")


def work(name: str, **facts: Any) -> dict[str, Any]:
    """A made-up work."""
    return {"DOI": f"10.1000/{name}", "title": [f"Work {name}"], **facts}


class Service:
    """A service that holds works, by DOI and in filtered lists."""

    def __init__(self, *works: dict[str, Any]) -> None:
        self.works = {row["DOI"].lower(): row for row in works}
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        name = request.url.path.removeprefix("/works").lstrip("/")
        if not name:
            asked = [part.removeprefix("doi:") for part in request.url.params["filter"].split(",")]
            items = [self.works[doi] for doi in asked if doi in self.works]
            return httpx.Response(200, json={"message-type": "work-list", "message": {"items": items}})
        if name not in self.works:
            return httpx.Response(404, text="Resource not found.")
        return httpx.Response(200, json={"message-type": "work", "message": self.works[name]})

    def source(self, **options: Any) -> CrossrefSource:
        """The source, asking this service without waiting."""
        client = httpx.Client(transport=httpx.MockTransport(self))
        asked = transport.Transport("Crossref", client=client, sleep=lambda _: None, **options)
        return CrossrefSource("https://crossref.test", transport=asked)

    def references(self, **options: Any) -> list[Page]:
        """All pages of the references of the hub."""
        return list(self.source().pages(HUB, "references", **options))


def cited(pages: list[Page]) -> list[str]:
    """What some pages say is cited, by DOI; reasons for what was rejected."""
    found = []
    for record in (record for page in pages for record in page.records):
        if isinstance(record, CitationRecord):
            found.append(record.cited.identifiers[0].value)
        elif isinstance(record, Rejected):
            found.append(record.reason)
    return found


# From objects to records ----------------------------------------------------------------------------------------------


def test_a_work_becomes_a_record() -> None:
    record = paper_record(
        {
            "DOI": "10.1000/ABC",
            "type": "journal-article",
            "title": ["On <i>E. coli</i>"],
            "subtitle": ["A study"],
            "abstract": "<jats:title>Abstract</jats:title><jats:p>One.</jats:p><jats:p>Two &amp;amp; three.</jats:p>",
            "container-title": ["Journal of Works", "J. Works"],
            "issued": {"date-parts": [[2017, 3, 9]]},
            "author": [
                {"given": "Ada", "family": "Doe", "suffix": "Jr.", "ORCID": "http://orcid.org/0000-0002-1825-0097"},
                {"name": "The Group"},
                {"affiliation": []},
            ],
            "is-referenced-by-count": 12,
            "URL": "https://doi.org/10.1000/abc",
        }
    )
    assert record.identifiers == (parse("10.1000/abc"),)
    assert record.title == "On E. coli: A study"
    assert record.abstract == "One.\n\nTwo & three."
    assert (record.year, record.published_on) == (2017, datetime.date(2017, 3, 9))
    assert (record.venue, record.kind, record.cited_by_count) == ("Journal of Works", "article", 12)
    assert [(one.name, one.orcid) for one in record.authors] == [
        ("Ada Doe Jr.", "0000-0002-1825-0097"),
        ("The Group", ""),
    ]
    assert record.url == "https://doi.org/10.1000/abc"


@pytest.mark.parametrize(
    ("facts", "year", "day"),
    [
        ({"issued": {"date-parts": [[2017, 3]]}}, 2017, None),
        ({"issued": {"date-parts": [[2017]]}}, 2017, None),
        ({"issued": {"date-parts": [[2017, 13, 1]]}}, 2017, None),
        ({"issued": {"date-parts": [[2017, 2, 30]]}}, 2017, None),
        ({"issued": {"date-parts": [["2017", "2", "3"]]}}, 2017, datetime.date(2017, 2, 3)),
        ({"issued": {"date-parts": [[None]]}, "published": {"date-parts": [[2016]]}}, 2016, None),
        ({"issued": {"date-parts": [[99999999999, 1, 1]]}}, 99999999999, None),
        ({"issued": {"date-parts": []}}, None, None),
        ({"issued": {"date-parts": [2017, 1, 1]}}, None, None),
        ({"created": {"date-parts": [[2022, 1, 1]]}}, None, None),
        ({}, None, None),
    ],
)
def test_a_date_with_parts_missing_or_wrong_keeps_its_year(
    facts: dict[str, Any], year: int | None, day: datetime.date | None
) -> None:
    record = paper_record(work("a", **facts))
    assert (record.year, record.published_on) == (year, day)


@pytest.mark.parametrize(
    ("facts", "title"),
    [
        ({"title": ["First", "Zweiter"]}, "First"),
        ({"title": ["", "Second"]}, "Second"),
        ({"title": [], "original-title": ["Urspr\u00fcnglich"]}, "Urspr\u00fcnglich"),
        ({"title": "Alone"}, "Alone"),
        ({"title": ["What is it?"], "subtitle": ["An answer"]}, "What is it? An answer"),
        ({"title": ["One: an answer"], "subtitle": ["An answer"]}, "One: an answer"),
        ({"title": None}, ""),
    ],
)
def test_the_title_is_the_first_of_several(facts: dict[str, Any], title: str) -> None:
    assert paper_record({**work("a"), **facts}).title == title


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"type": "proceedings-article"}, "conference"),
        ({"type": "posted-content"}, "preprint"),
        ({"type": "posted-content", "subtype": "preprint"}, "preprint"),
        ({"type": "posted-content", "subtype": "other"}, "other"),
        ({"type": "monograph"}, "book"),
        ({"type": "peer-review"}, "other"),
        ({"type": 5}, ""),
    ],
)
def test_the_kind_follows_the_type(facts: dict[str, Any], kind: str) -> None:
    assert paper_record(work("a", **facts)).kind == kind


def test_a_preprint_takes_its_server_for_a_venue() -> None:
    assert paper_record(work("a", type="posted-content", institution=[{"name": "bioRxiv"}])).venue == "bioRxiv"


@pytest.mark.parametrize("relation", ["is-preprint-of", "has-preprint"])
def test_a_preprint_and_its_published_version_are_one_paper(relation: str) -> None:
    related = [
        {"id-type": "doi", "id": "10.1000/OTHER", "asserted-by": "subject"},
        {"id-type": "doi", "id": "10.1000/other", "asserted-by": "object"},
        {"id-type": "arxiv", "id": "arXiv:2304.01373v2"},
        {"id-type": "uri", "id": "https://paper.test/"},
        {"id-type": "doi", "id": "nonsense"},
    ]
    record = paper_record(
        work("a", relation={relation: related, "has-review": [{"id-type": "doi", "id": "10.1000/r"}]})
    )
    assert [str(known) for known in record.identifiers] == ["doi:10.1000/a", "doi:10.1000/other", "arxiv:2304.01373"]


@pytest.mark.parametrize(
    ("types", "notice"),
    [
        (["retraction"], "retracted"),
        (["removal"], "retracted"),
        (["withdrawal"], "withdrawn"),
        (["expression_of_concern"], "concern"),
        (["Expression of Concern"], "concern"),
        (["expression_of_concern", "retraction", "correction"], "retracted"),
        (["correction", "new_version"], ""),
        ([None, 5], ""),
    ],
)
def test_a_notice_reaches_the_paper_that_it_is_about_and_not_itself(types: list[Any], notice: str) -> None:
    updated = paper_record(work("a", **{"updated-by": [{"DOI": "10.1000/n", "type": one} for one in types]}))
    assert updated.notice == notice
    announcement = work("n", **{"update-to": [{"DOI": "10.1000/A", "type": one} for one in types]})
    assert paper_record(announcement).notice == ""
    stubs = noticed(announcement)
    assert [(stub.identifiers, stub.notice) for stub in stubs] == ([((parse("10.1000/a"),), notice)] if notice else [])
    assert all((stub.title, stub.year, stub.authors) == ("", None, ()) for stub in stubs)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (None, "empty record"),
        ({"title": ["No name"]}, "no identifier"),
        ({"DOI": "no DOI", "title": ["No name"]}, "no identifier"),
        ({"DOI": "10.1000/a"}, "no title"),
    ],
)
def test_what_is_no_work_is_rejected_with_the_reason(row: object, reason: str) -> None:
    rejected = work_or_rejected(row)
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, rejected.raw) == (reason, row)


KEYS = [
    "DOI", "title", "subtitle", "abstract", "issued", "published", "container-title", "institution", "event", "type",
    "subtype", "author", "relation", "updated-by", "update-to", "reference", "is-referenced-by-count", "resource",
]  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.just("10.1000/x"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["DOI", "type", "id", "id-type", "is-preprint-of", "date-parts", "name", "family", "year"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES), VALUES)
def test_no_json_whatever_makes_the_reading_of_a_work_fail(raw: dict[str, Any], entry: object) -> None:
    assert isinstance(work_or_rejected(raw), PaperRecord | Rejected)
    assert all(stub.identifiers and stub.notice for stub in noticed(raw))
    assert isinstance(reference_record(entry, HUB_RECORD, {}), CitationRecord | Rejected)


def test_every_recorded_work_and_reference_is_read_or_rejected() -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recorded answers of services are not beside the project (../shared)")
    works = entries = with_doi = taken = citations = 0
    for file in sorted(RECORDED.glob("test_*.json")):
        body = json.loads(file.read_bytes())["response"].get("body")
        if not isinstance(body, dict) or body.get("message-type") not in ("work", "work-list"):
            continue
        for row in body["message"].get("items", [body["message"]]):
            works += 1
            record = work_or_rejected(row)
            taken += isinstance(record, PaperRecord)
            for entry in row.get("reference", []):
                entries += 1
                with_doi += "DOI" in entry
                reference = reference_record(entry, paper_record(row), {})
                citations += isinstance(reference, CitationRecord)
                assert isinstance(reference, CitationRecord) or reference.reason == "no DOI"
    assert works == taken == 206
    assert (entries, citations) == (1958, with_doi)


# Walks ----------------------------------------------------------------------------------------------------------------


def entry(name: str, **facts: Any) -> dict[str, Any]:
    """An entry of a list of references."""
    return {"key": f"ref-{name}", "DOI": f"10.1000/{name}", **facts}


def test_references_are_looked_up_in_batches() -> None:
    numbers = [f"{number:03}" for number in range(PAGE_ROWS + 5)]
    service = Service(work("hub", reference=[entry(one) for one in numbers]), *(work(one) for one in numbers))
    pages = service.references()
    assert cited(pages) == [f"10.1000/{one}" for one in numbers]
    assert [page.papers[:1] for page in pages] == [(paper_record(service.works["10.1000/hub"]),), ()]
    assert [page.done for page in pages] == [False, True]
    assert len(service.requests) == 3


def test_a_walk_goes_on_from_the_cursor_and_keeps_to_the_limit() -> None:
    numbers = [f"{number:03}" for number in range(PAGE_ROWS + 5)]
    service = Service(work("hub", reference=[entry(one) for one in numbers]), *(work(one) for one in numbers))
    first, second = service.references(limit=PAGE_ROWS + 2)
    assert (len(second.records), second.done, first.expected) == (2, True, PAGE_ROWS + 2)
    cursor = json.loads(json.dumps(first.cursor_after))
    assert cited(service.references(cursor=cursor, limit=PAGE_ROWS + 2)) == cited([second])


def test_a_reference_that_is_registered_elsewhere_keeps_what_the_citing_paper_prints() -> None:
    entries = [
        entry("a", **{"article-title": "An <b>article</b>", "volume-title": "A volume", "year": "2003a"}),
        entry("b", **{"volume-title": "A volume", "year": "n.d."}),
        entry("c", unstructured="Doe, A. Some running text."),
        {"key": "d", "article-title": "Without a DOI"},
        "nonsense",
    ]
    (page,) = Service(work("hub", reference=entries)).references()
    found = {
        record.cited.identifiers[0].value[-1]: (record.cited.title, record.cited.year)
        for record in page.records
        if isinstance(record, CitationRecord)
    }
    assert found == {"a": ("An article", 2003), "b": ("A volume", None), "c": ("", None)}
    assert [record.reason for record in page.records if isinstance(record, Rejected)] == ["no DOI", "no DOI"]
    assert page.expected == len(page.records) == len(entries)


def test_a_doi_with_a_comma_is_looked_up_alone() -> None:
    service = Service(work("hub", reference=[entry("a,b"), entry("c")]), work("a,b"), work("c"))
    (page,) = service.references()
    assert [record.cited.title for record in page.records if isinstance(record, CitationRecord)] == [
        "Work a,b",
        "Work c",
    ]


def test_notices_among_the_references_come_along_with_the_papers_they_are_about() -> None:
    notice = work("n", **{"update-to": [{"DOI": "10.1000/bad", "type": "retraction"}]})
    (page,) = Service(work("hub", reference=[entry("n")]), notice).references()
    assert [(paper.identifiers[0].value, paper.notice) for paper in page.papers] == [
        ("10.1000/hub", ""),
        ("10.1000/bad", "retracted"),
    ]


def test_references_that_a_publisher_keeps_are_told() -> None:
    (page,) = Service(work("hub", **{"reference-count": 31})).references()
    assert (page.records, page.done) == ((), True)
    assert page.notes == ("Crossref does not give the 31 references of this paper.",)


def test_works_are_looked_up_by_their_dois_with_the_notices_among_them() -> None:
    notice = work("notice", **{"update-to": [{"DOI": "10.1000/gone", "type": "retraction"}]})
    service = Service(work("a"), notice)
    (page,) = service.source().metadata(
        [parse("10.1000/a"), parse("10.1000/notice"), parse("10.1000/none"), parse("W1")]
    )
    assert [one.title if isinstance(one, PaperRecord) else one for one in page.records] == [
        "Work a",
        Rejected("not registered with Crossref", "doi:10.1000/none"),
        "Work notice",
    ]
    assert [(one.identifiers, one.notice) for one in page.papers] == [((parse("10.1000/gone"),), "retracted")]
    assert len(service.requests) == 1


def test_looking_up_goes_on_from_the_cursor_and_keeps_to_the_limit() -> None:
    names = [f"{number:03}" for number in range(PAGE_ROWS + 5)]
    source = Service(*map(work, names)).source()
    wanted = [parse(f"10.1000/{name}") for name in names]
    pages = list(source.metadata(wanted))
    assert [len(page.records) for page in pages] == [PAGE_ROWS, 5]
    (rest,) = source.metadata(wanted, json.loads(json.dumps(pages[0].cursor_after)))
    assert rest == pages[1]
    assert [len(page.records) for page in source.metadata(wanted, limit=3)] == [3]


def test_a_preprint_leaves_venue_and_kind_to_what_it_was_published_as() -> None:
    relation = {"is-preprint-of": [{"id-type": "doi", "id": "10.1000/published"}]}
    record = paper_record(work("a", type="posted-content", institution=[{"name": "bioRxiv"}], relation=relation))
    assert (record.venue, record.kind) == ("", "")


def test_citations_are_refused_before_asking_and_the_message_says_whom_to_ask() -> None:
    service = Service()
    with pytest.raises(SourceError, match=r"its members only .*openalex"):
        list(service.source().pages(HUB, "citations"))
    assert service.requests == []


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("10.1000/a<b>#?c", "/works/10.1000/a%3Cb%3E%23%3Fc"),
        ("arXiv:2304.01373", "/works/10.48550/arxiv.2304.01373"),
    ],
)
def test_an_unknown_paper_is_named(typed: str, path: str) -> None:
    service = Service()
    with pytest.raises(UnknownPaper, match=r"Crossref knows no paper .* registered elsewhere"):
        service.source().paper(parse(typed))
    assert service.requests[0].url.raw_path.decode() == path


def test_a_name_that_the_service_cannot_be_asked_by_is_refused_before_asking() -> None:
    service = Service()
    with pytest.raises(SourceError, match="cannot be asked for PMID:5: it takes DOIs"):
        service.source().paper(parse("PMID:5"))
    assert service.requests == []


def test_the_contact_opens_the_polite_pool() -> None:
    service = Service(work("hub"))
    service.source(contact="operator@site.test").paper(HUB)
    assert "mailto:operator@site.test" in service.requests[0].headers["user-agent"]


@pytest.mark.parametrize("body", ["[]", "{}", '{"message": []}', '{"message": {}}', "5", "null"])
def test_something_other_than_a_work_is_named(body: str) -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body)))
    source = CrossrefSource("https://crossref.test", transport=transport.Transport("Crossref", client=client))
    with pytest.raises(SourceError, match=r"^Crossref sent something other than a work for doi:10\.1000/hub\.$"):
        source.paper(HUB)


# Accidents ------------------------------------------------------------------------------------------------------------

# A recorded work with 40 references, 35 of them with a DOI.
RECORDED_HUB = "10.1016/j.neurobiolaging.2010.03.024"
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


@pytest.mark.parametrize("fault", [*FAULTS, {"kind": "content_type"}])
def test_what_passes_changes_nothing(replay: Replay, waits: list[float], fault: dict[str, Any]) -> None:
    source = CrossrefSource(f"{replay.url}/crossref")
    undisturbed = list(source.pages(parse(RECORDED_HUB), "references"))
    replay.faults({"pattern": "/works", **fault})
    assert list(source.pages(parse(RECORDED_HUB), "references")) == undisturbed
    assert undisturbed[-1].done and sum(len(page.records) for page in undisturbed) == undisturbed[0].expected


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("pattern", ["/works/", "filter="])
def test_what_lasts_ends_in_one_line_that_names_the_service(
    replay: Replay, waits: list[float], fault: dict[str, Any], pattern: str
) -> None:
    replay.faults({"pattern": pattern, **fault, "times": None})
    with pytest.raises(SourceError, match=r"\ACrossref [^\n]+\.\Z"):
        list(CrossrefSource(f"{replay.url}/crossref").pages(parse(RECORDED_HUB), "references"))


@pytest.mark.parametrize("kind", ["duplicate", "forever", "empty"])
def test_a_recorded_list_that_goes_wrong_ends(replay: Replay, waits: list[float], kind: str) -> None:
    replay.faults({"pattern": "filter=", "kind": kind, "times": None})
    pages = list(CrossrefSource(f"{replay.url}/crossref").pages(parse(RECORDED_HUB), "references"))
    assert pages[-1].done


def test_the_recorded_preprint_relation_puts_both_names_on_the_paper(replay: Replay, waits: list[float]) -> None:
    published = next(
        row["DOI"]
        for file in sorted(RECORDED.glob("test_*.json"))
        for row in _items(json.loads(file.read_bytes())["response"].get("body"))
        if "has-preprint" in row.get("relation", {})
    )
    record = CrossrefSource(f"{replay.url}/crossref").paper(parse(published))
    assert record.identifiers == (parse(published), parse("10.1101/014852"))


def _items(body: Any) -> list[Any]:
    message = body.get("message") if isinstance(body, dict) else None
    return message.get("items", []) if isinstance(message, dict) else []
