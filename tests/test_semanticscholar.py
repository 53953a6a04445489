"""Semantic Scholar: its objects become records, and its accidents end well."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.identifiers import Identifier, Scheme, parse
from citations.sources.records import (
    CitationRecord,
    MentionRecord,
    Page,
    PaperRecord,
    Rejected,
    SourceError,
    UnknownPaper,
)
from citations.sources.semanticscholar import (
    CEILING,
    HOST,
    PAGE_ROWS,
    PAUSE_SECONDS,
    SemanticScholarSource,
    citation_record,
    paper_record,
)
from citations.sources.transport import ATTEMPTS, ATTEMPTS_WITHOUT_ANSWER, Transport

RECORDED = Path(__file__).resolve().parents[2] / "shared" / "data" / "semanticscholar"

HUB = parse("CorpusId:42")
HUB_RECORD = PaperRecord(identifiers=(HUB,), title="A hub")

Answer = httpx.Response | dict[str, Any] | list[Any]


def paper_id(number: int) -> str:
    """A made-up 40-digit id."""
    return f"{number:039x}a"


def row(number: int, **facts: Any) -> dict[str, Any]:
    """A row of a list of citations."""
    return {"citingPaper": {"paperId": paper_id(number), "title": f"Citing paper {number}"}, **facts}


class Service:
    """A service that answers as told: `lists` answers for a page, `paper` and `batch` for the other two addresses."""

    def __init__(self, lists: Callable[[int, int], Answer], *, count: int | None = None) -> None:
        self.lists = lists
        self.count = count
        self.requests: list[httpx.Request] = []
        self.summaries: dict[str, str] = {}
        self.batch_status = 200
        self.waits: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path, query = request.url.path, request.url.params
        if path.endswith("/paper/batch"):
            ids = json.loads(request.content)["ids"]
            return httpx.Response(
                self.batch_status,
                json=[
                    {"paperId": one, "tldr": {"text": self.summaries[one]}} if one in self.summaries else None
                    for one in ids
                ],
            )
        if path.endswith(("/citations", "/references")):
            answer: Answer = self.lists(int(query["offset"]), int(query["limit"]))
            return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)
        return httpx.Response(200, json={"paperId": paper_id(0), "title": "A hub", "citationCount": self.count})

    def source(self, **options: Any) -> SemanticScholarSource:
        """The source, asking this service and writing down its waits instead of sleeping."""
        transport = Transport(
            "Semantic Scholar",
            client=httpx.Client(transport=httpx.MockTransport(self)),
            sleep=self.waits.append,
            **options,
        )
        return SemanticScholarSource("https://scholar.test", transport=transport)

    def pages(self, **options: Any) -> list[Page]:
        """All pages of the citations of the hub."""
        return list(self.source().pages(HUB, "citations", **options))


def listing(rows: list[Any]) -> Callable[[int, int], Answer]:
    """An honest list of these rows."""

    def answer(offset: int, limit: int) -> Answer:
        following = {"next": offset + limit} if offset + limit < len(rows) else {}
        return {"offset": offset, "data": rows[offset : offset + limit], **following}

    return answer


def ids_of(pages: list[Page]) -> list[str]:
    """The citing papers of some pages, by id."""
    records = [record for page in pages for record in page.records]
    return [record.citing.identifiers[0].value for record in records if isinstance(record, CitationRecord)]


def transport_for(*answers: httpx.Response | Exception, waits: list[float] | None = None, **options: Any) -> Transport:
    """A transport to a service that gives these answers one after the other, the last one for ever."""
    left = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx.Client(transport=httpx.MockTransport(handle))
    noted = waits if waits is not None else []
    return Transport("The service", client=client, sleep=noted.append, jitter=lambda: 0.0, **options)


# Papers --------------------------------------------------------------------------------------------------------------


def test_a_paper_object_becomes_a_record_with_the_services_own_name_first() -> None:
    record = paper_record(
        {
            "paperId": paper_id(1),
            "corpusId": 77,
            "externalIds": {"DOI": "10.1000/ABC", "ArXiv": "2304.01373v2", "DBLP": "conf/acl/Doe23", "CorpusId": "77"},
            "title": "On <i>things</i>",
            "abstract": "One.\n\nTwo.",
            "tldr": {"model": "x", "text": "It works."},
            "year": 2023,
            "publicationDate": "2023-04-03",
            "publicationVenue": {"name": "International Conference on Things"},
            "venue": "ICT",
            "journal": {"name": "Proceedings"},
            "publicationTypes": ["JournalArticle", "Conference"],
            "url": "https://www.semanticscholar.org/paper/x",
            "authors": [{"authorId": "5", "name": "Ann Example"}, {"authorId": None, "name": "Bo Example"}, None],
            "citationCount": 9,
        }
    )
    assert [str(known) for known in record.identifiers] == [
        f"s2:{paper_id(1)}",
        "corpusid:77",
        "doi:10.1000/abc",
        "arxiv:2304.01373",
        "dblp:conf/acl/Doe23",
    ]
    assert (record.title, record.abstract, record.summary) == ("On things", "One.\n\nTwo.", "It works.")
    assert (record.year, record.published_on) == (2023, datetime.date(2023, 4, 3))
    assert (record.venue, record.kind) == ("International Conference on Things", "conference")
    assert [(author.name, author.keys) for author in record.authors] == [("Ann Example", ("s2:5",)), ("Bo Example", ())]
    assert record.cited_by_count == 9


@pytest.mark.parametrize(
    ("facts", "venue"),
    [
        ({"publicationVenue": {"name": "A"}, "venue": "B", "journal": {"name": "C"}}, "A"),
        ({"publicationVenue": None, "venue": "B", "journal": {"name": "C"}}, "B"),
        ({"publicationVenue": {}, "venue": "", "journal": {"name": "C"}}, "C"),
        ({"publicationVenue": "odd", "venue": None, "journal": None}, ""),
    ],
)
def test_the_venue_is_the_best_name_that_is_given(facts: dict[str, Any], venue: str) -> None:
    assert paper_record(facts).venue == venue


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"publicationTypes": ["JournalArticle"]}, "article"),
        ({"publicationTypes": ["JournalArticle", "Review"]}, "review"),
        ({"publicationTypes": ["Book"]}, "book"),
        ({"publicationTypes": ["BookSection"]}, "chapter"),
        ({"publicationTypes": ["Dataset"]}, "dataset"),
        ({"publicationTypes": ["JournalArticle"], "venue": "arXiv.org"}, "preprint"),
        ({"publicationTypes": None, "venue": "bioRxiv"}, "preprint"),
        ({"publicationTypes": ["Conference"], "venue": "arXiv.org"}, "conference"),
        ({"publicationTypes": ["Sculpture"]}, ""),
        ({"publicationTypes": None}, ""),
    ],
)
def test_the_kind_follows_the_publication_types(facts: dict[str, Any], kind: str) -> None:
    assert paper_record(facts).kind == kind


def test_malformed_parts_of_a_paper_are_left_out() -> None:
    record = paper_record(
        {
            "paperId": "not hexadecimal",
            "corpusId": True,
            "externalIds": {"DOI": "nonsense", "DBLP": ["conf/a/B1", "conf/a/B2", None], "MAG": ["x"], "PubMed": 12},
            "title": 7,
            "year": "1987",
            "publicationDate": "soon",
            "authors": "nobody",
            "citationCount": -1,
        }
    )
    assert [str(known) for known in record.identifiers] == ["pmid:12", "dblp:conf/a/B1", "dblp:conf/a/B2"]
    assert (record.title, record.year, record.published_on) == ("", 1987, None)
    assert (record.authors, record.cited_by_count) == ((), None)


# Rows ----------------------------------------------------------------------------------------------------------------


def citation(raw: Any, direction: Any = "citations") -> CitationRecord:
    """A row that is a record."""
    record = citation_record(raw, HUB_RECORD, direction)
    assert isinstance(record, CitationRecord)
    return record


def test_a_citing_row_points_to_the_hub_and_a_cited_row_from_it() -> None:
    assert citation(row(1)).cited is HUB_RECORD
    reference = citation({"citedPaper": {"paperId": paper_id(2), "title": "Old"}}, "references")
    assert reference.citing is HUB_RECORD
    assert reference.cited.title == "Old"


def test_intents_of_a_sentence_stay_with_it_and_intents_of_the_citation_apart() -> None:
    record = citation(
        row(
            1,
            intents=["methodology", "background"],
            contexts=["We use it [1].", "As they say [1]."],
            contextsWithIntent=[
                {"context": "We use it [1].", "intents": ["methodology"]},
                {"context": "As they say [1].", "intents": None},
            ],
            isInfluential=True,
        )
    )
    assert record.intents == ("methodology", "background")
    assert record.mentions == (
        MentionRecord("We use it [1].", order=0, intents=("methodology",)),
        MentionRecord("As they say [1].", order=1),
    )
    assert record.is_influential is True


def test_the_older_schema_gives_sentences_without_intents() -> None:
    record = citation(row(1, intents=["result"], contexts=["First.", "Second."]))
    assert record.intents == ("result",)
    assert [(mention.sentence, mention.order, mention.intents) for mention in record.mentions] == [
        ("First.", 0, ()),
        ("Second.", 1, ()),
    ]


def test_a_sentence_that_is_repeated_is_one_mention_with_all_its_intents() -> None:
    twice = [{"context": "We use it.", "intents": ["methodology"]}, {"context": "We  USE it.", "intents": ["result"]}]
    record = citation(row(1, contexts=["We use it.", "We use it."], contextsWithIntent=twice))
    assert record.mentions == (MentionRecord("We use it.", intents=("methodology", "result")),)


@pytest.mark.parametrize(
    "facts", [{}, {"contexts": None, "intents": None, "contextsWithIntent": None, "isInfluential": None}]
)
def test_a_row_without_contexts_and_intents_is_a_bare_citation(facts: dict[str, Any]) -> None:
    record = citation(row(1, **facts))
    assert (record.mentions, record.intents, record.is_influential) == ((), (), None)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "empty record"),
        ({"citingPaper": None}, "no citing paper in the record"),
        ("text", "no citing paper in the record"),
        ({"citedPaper": {"paperId": paper_id(1)}}, "no citing paper in the record"),
    ],
)
def test_a_row_without_a_paper_is_rejected_with_the_reason(raw: Any, reason: str) -> None:
    assert citation_record(raw, HUB_RECORD, "citations") == Rejected(reason, raw)


# Keys at which the reading looks, so that arbitrary JSON meets it everywhere.
SERVICE_KEYS = (
    *("citingPaper", "contexts", "contextsWithIntent", "context", "intents", "isInfluential"),
    *("paperId", "corpusId", "externalIds", "DOI", "DBLP", "title", "abstract", "tldr", "text", "year", "url"),
    *("publicationDate", "publicationTypes", "publicationVenue", "venue", "journal", "authors", "name", "authorId"),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(SERVICE_KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_no_json_whatever_makes_the_reading_of_a_row_fail(raw: Any) -> None:
    record = citation_record(raw, HUB_RECORD, "citations")
    assert isinstance(record, CitationRecord | Rejected)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded answers of services are not beside the project")
def test_the_recorded_references_hold_the_sentences_and_intents_that_the_files_hold() -> None:
    for name, records in (("2023-01_oldschema", 35), ("p1_contexts", 100), ("p2_contexts", 56)):
        exchange = json.loads((RECORDED / f"references_CorpusID1033682_{name}.json").read_text("utf-8"))
        rows = exchange["response"]["body"]["data"]
        read = [citation(raw, "references") for raw in rows]
        assert len(read) == records
        assert [record.intents for record in read] == [tuple(dict.fromkeys(raw["intents"] or [])) for raw in rows]
        assert [bool(record.mentions) for record in read] == [bool(raw["contexts"]) for raw in rows]
        assert [bool(record.cited.identifiers) for record in read] == [
            bool(raw["citedPaper"]["paperId"]) for raw in rows
        ]
        assert all(record.cited.title for record in read)


# Walks ---------------------------------------------------------------------------------------------------------------


def test_a_walk_gives_every_row_once_and_the_hub_with_the_first_page() -> None:
    rows = [row(number) for number in range(1, 2 * PAGE_ROWS + 8)]
    pages = Service(listing(rows), count=len(rows)).pages()
    assert ids_of(pages) == [paper_id(number) for number in range(1, len(rows) + 1)]
    assert [len(page.papers) for page in pages] == [1, 0, 0]
    assert [page.done for page in pages] == [False, False, True]
    assert pages[0].papers[0].identifiers == (Identifier(Scheme.S2, paper_id(0)), HUB)
    assert pages[0].expected == len(rows)


def test_a_walk_goes_on_from_the_cursor_of_a_page() -> None:
    rows = [row(number) for number in range(1, 2 * PAGE_ROWS + 8)]
    service = Service(listing(rows))
    whole = service.pages()
    rest = service.pages(cursor=json.loads(json.dumps(whole[0].cursor_after)))
    assert ids_of(rest) == ids_of(whole[1:])


def test_a_limit_counts_the_rows_before_the_cursor_too() -> None:
    rows = [row(number) for number in range(1, 1000)]
    service = Service(listing(rows))
    pages = service.pages(limit=PAGE_ROWS + 10)
    assert [len(page.records) for page in pages] == [PAGE_ROWS, 10]
    assert [len(page.records) for page in service.pages(cursor=pages[0].cursor_after, limit=PAGE_ROWS + 10)] == [10]
    assert [page.records for page in service.pages(cursor=pages[1].cursor_after, limit=PAGE_ROWS + 10)] == [()]


def test_a_paper_without_citations_gives_one_empty_page() -> None:
    pages = Service(listing([])).pages()
    assert [(page.records, page.done, len(page.papers)) for page in pages] == [((), True, 1)]


def test_the_ceiling_of_the_service_is_told_and_never_crossed() -> None:
    asked: list[int] = []

    def endless(offset: int, limit: int) -> Answer:
        asked.append(offset + limit)
        return {"offset": offset, "next": offset + limit, "data": [row(offset + n + 1) for n in range(limit)]}

    pages = Service(endless, count=12_345).pages()
    assert len(ids_of(pages)) == CEILING
    assert max(asked) < 10_000
    (note,) = [note for page in pages for note in page.notes]
    assert "9,999 of 12,345" in note


def test_the_rows_carry_the_summaries_of_the_batch_look_up() -> None:
    service = Service(listing([row(1), row(2), {"citingPaper": {"paperId": None, "title": "No id"}}]))
    service.summaries = {paper_id(2): "It is shown that it works."}
    (page,) = service.pages()
    records = [record for record in page.records if isinstance(record, CitationRecord)]
    assert [record.citing.summary for record in records] == ["", "It is shown that it works.", ""]


def test_a_refused_look_up_of_summaries_is_a_note_and_not_repeated() -> None:
    service = Service(listing([row(number) for number in range(1, PAGE_ROWS + 2)]))
    service.batch_status = 400
    pages = service.pages()
    assert len(ids_of(pages)) == PAGE_ROWS + 1
    assert [len(page.notes) for page in pages] == [1, 0]
    assert sum(request.url.path.endswith("batch") for request in service.requests) == 1


def test_references_withheld_by_a_publisher_are_told() -> None:
    withheld = {"data": None, "offset": 0, "citingPaperInfo": {"openAccessPdf": {"disclaimer": "elided"}}}
    (page,) = Service(lambda offset, limit: withheld).source().pages(HUB, "references")
    assert page.records == ()
    assert "at its publisher's request" in page.notes[0]


def test_a_page_that_repeats_once_is_asked_for_again() -> None:
    rows = [row(number) for number in range(1, 3 * PAGE_ROWS)]
    repeated: list[int] = []

    def answer(offset: int, limit: int) -> Answer:
        if offset == PAGE_ROWS and not repeated:
            repeated.append(offset)
            return {"offset": offset, "next": offset + limit, "data": rows[:limit]}
        return listing(rows)(offset, limit)

    assert ids_of(Service(answer).pages()) == [paper_id(number) for number in range(1, 3 * PAGE_ROWS)]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda offset, limit: {"offset": offset, "next": offset + limit, "data": []}, "empty pages"),
        (lambda offset, limit: {"offset": 0, "next": offset + limit, "data": [row(1)]}, "rows it has already given"),
        (lambda offset, limit: {"offset": offset, "next": 0, "data": [row(1)]}, "rows it has already given"),
    ],
)
def test_a_list_that_never_ends_is_given_up(answer: Callable[[int, int], Answer], said: str) -> None:
    service = Service(answer)
    with pytest.raises(SourceError, match=said):
        service.pages()
    assert len(service.requests) < 10


@pytest.mark.parametrize("body", [[], {}, {"data": "rows"}, {"error": "odd"}])
def test_something_other_than_a_list_is_named(body: Any) -> None:
    with pytest.raises(SourceError, match="something other than a list of citations"):
        Service(lambda offset, limit: body).pages()


# Asking --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("arXiv:2304.01373v2", "ARXIV:2304.01373"),
        ("https://doi.org/10.1000/A(1)<b>?", "DOI:10.1000/a(1)%3Cb%3E"),
        ("CorpusId:7", "CorpusID:7"),
        ("PMC12", "PMCID:12"),
        (paper_id(3), paper_id(3)),
    ],
)
def test_a_paper_is_asked_for_in_the_form_that_the_service_takes(typed: str, path: str) -> None:
    service = Service(listing([]))
    record = service.source().paper(parse(typed))
    assert service.requests[0].url.raw_path.decode().partition("?")[0] == f"/graph/v1/paper/{path}"
    assert parse(typed) in record.identifiers


def test_a_name_that_the_service_cannot_be_asked_by_is_refused_before_asking() -> None:
    service = Service(listing([]))
    with pytest.raises(SourceError, match="cannot be asked for OpenAlex:W1"):
        service.source().paper(parse("W1"))
    assert service.requests == []


def test_an_unknown_paper_is_named() -> None:
    source = SemanticScholarSource(
        "https://scholar.test", transport=transport_for(httpx.Response(404, json={"error": "?"}))
    )
    with pytest.raises(UnknownPaper, match=r"knows no paper CorpusId:42\.$"):
        source.paper(HUB)


def test_a_refused_key_says_which_setting_to_look_at() -> None:
    transport = transport_for(httpx.Response(403, json={"message": "Forbidden"}))
    with pytest.raises(SourceError, match="SEMANTIC_SCHOLAR_API_KEY"):
        SemanticScholarSource("https://scholar.test", "wrong", transport=transport).paper(HUB)


def test_the_key_and_the_contact_are_sent() -> None:
    service = Service(listing([]))
    client = httpx.Client(transport=httpx.MockTransport(service))
    transport = Transport("Semantic Scholar", contact="desk@example.org", client=client)
    SemanticScholarSource("https://scholar.test/", "secret", transport=transport).paper(HUB)
    headers = service.requests[0].headers
    assert headers["x-api-key"] == "secret"
    assert "mailto:desk@example.org" in headers["user-agent"]


def test_a_body_that_is_no_paper_is_refused() -> None:
    bodies: list[Any] = [[], {}, "text", 7]
    for body in bodies:
        source = SemanticScholarSource("https://scholar.test", transport=transport_for(httpx.Response(200, json=body)))
        with pytest.raises(SourceError, match="something other than a paper"):
            source.paper(HUB)


# The transport -------------------------------------------------------------------------------------------------------

GOOD = httpx.Response(200, json={"fine": True})


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_status_is_tried_again_with_growing_waits(status: int) -> None:
    waits: list[float] = []
    bad = httpx.Response(status, json={})
    assert transport_for(bad, bad, bad, GOOD, waits=waits).json("https://x.test") == {"fine": True}
    assert waits == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("answer", "attempts", "said"),
    [
        (httpx.Response(429), ATTEMPTS, "asks for fewer requests"),
        (httpx.Response(503), ATTEMPTS, "out of order"),
        (
            httpx.Response(200, text="<!DOCTYPE html><p>Back soon"),
            ATTEMPTS_WITHOUT_ANSWER,
            "a page of HTML instead of JSON",
        ),
        (httpx.Response(200, text='{"data": [{"a"'), ATTEMPTS_WITHOUT_ANSWER, "incomplete JSON"),
        (httpx.Response(200, text=""), ATTEMPTS_WITHOUT_ANSWER, "an empty answer"),
        (httpx.ReadTimeout("slow"), ATTEMPTS_WITHOUT_ANSWER, "did not answer in time"),
        (httpx.RemoteProtocolError("gone"), ATTEMPTS_WITHOUT_ANSWER, "broke off"),
        (httpx.ConnectError("refused"), ATTEMPTS_WITHOUT_ANSWER, "cannot be reached"),
    ],
)
def test_what_does_not_pass_ends_in_one_line_that_names_the_service(answer: Any, attempts: int, said: str) -> None:
    waits: list[float] = []
    with pytest.raises(SourceError, match=f"^The service .*{said}.*{attempts} attempts") as caught:
        transport_for(answer, waits=waits).json("https://x.test")
    assert len(waits) == attempts - 1
    assert "\n" not in str(caught.value)


def test_retry_after_is_obeyed_in_seconds_and_as_a_date() -> None:
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=100)
    waits: list[float] = []
    transport = transport_for(
        httpx.Response(429, headers={"retry-after": "17"}),
        httpx.Response(503, headers={"retry-after": format_datetime(soon, usegmt=True)}),
        httpx.Response(429, headers={"retry-after": "whenever"}),
        GOOD,
        waits=waits,
    )
    transport.json("https://x.test")
    assert waits[0] == 17.0
    assert 60 < waits[1] <= 100
    assert waits[2] == 4.0


def test_a_wait_that_nobody_would_sit_through_is_refused() -> None:
    transport = transport_for(httpx.Response(429, headers={"retry-after": "86400"}))
    with pytest.raises(SourceError, match="asks to wait for 86400 seconds"):
        transport.json("https://x.test")


def test_a_redirect_is_not_followed_so_that_the_key_goes_nowhere_else() -> None:
    transport = transport_for(httpx.Response(302, headers={"location": "https://elsewhere.test/"}))
    with pytest.raises(SourceError, match="status 302"):
        transport.json("https://x.test", headers={"x-api-key": "secret"})


def test_a_refusal_repeats_the_services_words_without_control_characters() -> None:
    transport = transport_for(httpx.Response(400, json={"error": "bad \x1b[31mfield\n<b>name</b>" + "x" * 500}))
    with pytest.raises(SourceError) as caught:
        transport.json("https://x.test")
    message = str(caught.value)
    assert message.isprintable()
    assert "<b>" not in message
    assert len(message) < 300


def test_requests_keep_their_distance() -> None:
    waits: list[float] = []
    times = iter([0.0, 0.25, 1.0])
    transport = transport_for(GOOD, waits=waits, pause=1.0, clock=lambda: next(times))
    transport.json("https://x.test")
    transport.json("https://x.test")
    assert waits == [0.75]


def test_only_the_services_own_address_is_paced(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    original = Transport.__init__

    def noted(self: Transport, *args: Any, **options: Any) -> None:
        pauses.append(options["pause"])
        original(self, *args, **options)

    monkeypatch.setattr(Transport, "__init__", noted)
    SemanticScholarSource(f"https://{HOST}")
    SemanticScholarSource("http://127.0.0.1:8765/semanticscholar")
    assert pauses == [PAUSE_SECONDS, 0.0]
