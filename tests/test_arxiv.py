"""arXiv: entries of its feeds become records, withdrawals are recognised, and dangerous XML is refused."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.identifiers import parse
from citations.sources import transport
from citations.sources.arxiv import (
    PAUSE_SECONDS,
    ArxivSource,
    FeedTransport,
    entries,
    entry_or_rejected,
    is_withdrawn,
    parse_feed,
)
from citations.sources.records import PaperRecord, Rejected, SourceError, UnknownPaper
from tests.conftest import SHARED, Replay

RECORDED = SHARED / "data" / "arxiv"
HUB = parse("arXiv:2304.01373")

FEED = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">{}</feed>'


def entry(*parts: str, name: str = "http://arxiv.org/abs/2304.01373v2", title: str = "A paper") -> str:
    """An entry of a feed."""
    return f"<entry><id>{name}</id><title>{title}</title>{''.join(parts)}</entry>"


def read(*written: str) -> list[PaperRecord | Rejected]:
    """What the entries of a feed become."""
    return [entry_or_rejected(one) for one in entries(parse_feed(FEED.format("".join(written)).encode()))]


def record_of(*parts: str, **facts: str) -> PaperRecord:
    """The record of one entry."""
    (record,) = read(entry(*parts, **facts))
    assert isinstance(record, PaperRecord)
    return record


def source(answer: Any) -> ArxivSource:
    """The source at a service that answers so."""
    client = httpx.Client(transport=httpx.MockTransport(answer))
    return ArxivSource("https://arxiv.test", transport=FeedTransport("arXiv", client=client, sleep=lambda _: None))


# From entries to records ----------------------------------------------------------------------------------------------


def test_an_entry_becomes_a_record_without_its_version() -> None:
    record = record_of(
        "<published>2023-04-03T17:59:46Z</published><updated>2024-01-01T00:00:00Z</updated>",
        "<summary>  First line\n  second line of \\'etale &amp; co.\n</summary>",
        "<author><name>Ada Doe</name><arxiv:affiliation>Somewhere</arxiv:affiliation></author>",
        "<author><name> </name></author><author><name>B. Roe</name></author>",
        '<arxiv:primary_category term="cs.CL"/>',
        title="A {\\em fine}\n  paper",
    )
    assert record.identifiers == (HUB,)
    assert record.title == "A fine paper"
    assert record.abstract == "First line second line of étale & co."
    assert (record.year, record.published_on) == (2023, datetime.date(2023, 4, 3))
    assert (record.kind, record.venue, record.notice) == ("preprint", "arXiv", "")
    assert [author.name for author in record.authors] == ["Ada Doe", "B. Roe"]
    assert record.url == "https://arxiv.org/abs/2304.01373"


def test_a_published_paper_carries_its_dois_and_is_no_mere_preprint() -> None:
    record = record_of(
        "<arxiv:doi>10.1103/PhysRevB.85.115117 10.1103/PhysRevB.86.1</arxiv:doi>",
        "<arxiv:journal_ref>Phys. Rev. B 85, 115117 (2012)</arxiv:journal_ref>",
        name="http://arxiv.org/abs/hep-th/9711200v3",
    )
    assert [str(known) for known in record.identifiers] == [
        "arxiv:hep-th/9711200",
        "doi:10.1103/physrevb.85.115117",
        "doi:10.1103/physrevb.86.1",
    ]
    assert (record.kind, record.venue) == ("", "")


@pytest.mark.parametrize(
    "comment",
    [
        "This paper has been withdrawn by the author due to an error in equation 3",
        "This article has been withdrawn because it has been merged with another",
        "Withdrawn",
        "withdrawn by arXiv administrators due to plagiarism. See the announcement",
        "Paper withdrawn due to a crucial sign error",
        "12 pages. This submission has been withdrawn by arXiv administrators",
        "[This paper is now withdrawn]",
        "This papers has been withdrawn",
        "The manuscript was voluntarily withdrawn.",
    ],
)
def test_a_comment_that_says_so_makes_a_paper_withdrawn(comment: str) -> None:
    assert is_withdrawn("A paper", "An abstract.", comment)
    assert record_of(f"<arxiv:comment>{comment}</arxiv:comment>").notice == "withdrawn"


@pytest.mark.parametrize(
    "comment",
    [
        "12 pages, 3 figures",
        "Withdrawn from the conference by the authors, now in a journal",
        "This paper was withdrawn from a conference",
        "Section 5 has been withdrawn",
        "Part of this paper has been withdrawn",
        "Replaces arXiv:0704.0001, which has been withdrawn",
        "A claim of an earlier version is withdrawn",
        "On drugs that were withdrawn",
        "",
    ],
)
def test_a_comment_on_something_else_leaves_a_paper_standing(comment: str) -> None:
    assert not is_withdrawn("A paper", "An abstract.", comment)


def test_an_abstract_counts_at_its_beginning_and_a_title_as_a_whole() -> None:
    assert is_withdrawn("A paper", "This paper has been withdrawn by the authors.", "")
    assert not is_withdrawn("A paper", "We ask why so many say: this. This paper has been withdrawn is a phrase.", "")
    assert is_withdrawn("WITHDRAWN: A paper", "", "")
    assert is_withdrawn("A paper (withdrawn)", "", "")
    assert is_withdrawn("This paper has been withdrawn", "", "")
    assert not is_withdrawn("Withdrawn drugs and their fate", "", "")
    assert not is_withdrawn("Why papers are withdrawn", "", "")


def test_an_error_and_an_entry_without_a_paper_are_rejected_with_the_reason() -> None:
    error = entry("<summary>incorrect id format for abc</summary>", name="http://arxiv.org/api/errors#incorrect")
    records = read(error, entry(name="http://elsewhere.test/1"), entry(title=" "))
    assert [record.reason for record in records if isinstance(record, Rejected)] == [
        "incorrect id format for abc",
        "no identifier",
        "no title",
    ]
    assert all(isinstance(record.raw, str) and "entry" in record.raw for record in records)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty answer"),
        (b"<!DOCTYPE html><html></html>", "a page of HTML instead of a feed"),
        (b"<html><body>busy</body></html>", "a page of HTML instead of a feed"),
        (FEED.format(entry())[:-20].encode(), "incomplete XML"),
        (b"Rate exceeded.", "incomplete XML"),
        (b"<rss/>", "something other than a feed"),
        (b'<!DOCTYPE feed [<!ENTITY a "b">]>' + FEED.format("&a;").encode(), "a document type declaration"),
        ('<!DOCTYPE feed SYSTEM "file:///etc/hostname"><feed/>'.encode("utf-16"), "a document type declaration"),
        (b'<?xml version="1.0" encoding="klingon"?><feed/>', "incomplete XML"),
        (FEED.format("<entry>" * 60 + "</entry>" * 60).encode(), "nested too deeply"),
    ],
)
def test_what_is_no_feed_or_could_do_harm_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_feed(content)


WHOLE_FEED = FEED.format(entry("<published>2023-04-03T17:59:46Z</published>", "<arxiv:doi>10.1/x</arxiv:doi>")).encode()


@given(st.integers(0, len(WHOLE_FEED) - 1), st.binary(max_size=8), st.integers(0, 12))
def test_no_damage_to_a_feed_makes_its_reading_fail(start: int, inserted: bytes, removed: int) -> None:
    damaged = WHOLE_FEED[:start] + inserted + WHOLE_FEED[start + removed :]
    try:
        feed = parse_feed(damaged)
    except ValueError:
        return
    assert all(isinstance(entry_or_rejected(one), PaperRecord | Rejected) for one in entries(feed))


def recorded_bytes(file: Path) -> bytes:
    """The feed in a recorded file; those inside JSON were read in the wrong encoding by who recorded them."""
    if file.suffix == ".xml":
        return file.read_bytes()
    body: str = json.loads(file.read_bytes())["body"]
    return body.encode("latin-1")


def test_every_recorded_entry_is_read_or_rejected() -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recorded answers of services are not beside the project (../shared)")
    taken: list[PaperRecord] = []
    refused: list[str] = []
    found = 0
    for file in sorted([*RECORDED.glob("*.json"), *RECORDED.glob("*.xml"), *RECORDED.glob("xml/*.xml")]):
        content = recorded_bytes(file)
        found += len(re.findall(rb"<entry\b", content))
        for record in map(entry_or_rejected, entries(parse_feed(content))):
            if isinstance(record, PaperRecord):
                taken.append(record)
            else:
                refused.append(record.reason)
    assert refused == ["incorrect id format for abc"]
    assert len(taken) == found - 1 == 165
    assert all(record.identifiers[0].scheme == "arxiv" and record.year and record.authors for record in taken)


def test_withdrawals_are_recognised_in_recorded_descriptions() -> None:
    file = RECORDED / "abs_files.jsonl"
    if not file.is_file():
        pytest.skip("the recorded answers of services are not beside the project (../shared)")
    found = set()
    for line in file.read_text("utf-8").splitlines():
        parts = json.loads(line)["abs"].split("\\\\\n")
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*(?:\n .*)*)", parts[1], re.MULTILINE)) if len(parts) > 1 else {}
        abstract = parts[2].strip() if len(parts) > 2 else ""
        texts = (fields.get("Title", ""), abstract, fields.get("Comments", ""))
        if is_withdrawn(*(" ".join(text.split()) for text in texts)):
            found.add(re.search(r"(?:arXiv:|Paper: )(\S+)", parts[1])[1])  # type: ignore[index]
    assert found == {"0704.0156", "0704.0213", "0704.0374", "0704.0525", "0704.0615", "0704.0644"}


# Asking ---------------------------------------------------------------------------------------------------------------


def test_a_paper_is_asked_for_by_its_id_whatever_its_name() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, content=FEED.format(entry()))

    for typed in ("2304.01373v1", "https://arxiv.org/abs/2304.01373", "10.48550/arXiv.2304.01373"):
        assert source(answer).paper(parse(typed)).title == "A paper"
    assert set(asked) == {"https://arxiv.test/api/query?id_list=2304.01373&max_results=1"}


def test_a_name_that_the_service_cannot_be_asked_by_is_refused_before_asking() -> None:
    with pytest.raises(SourceError, match=r"^arXiv cannot be asked for doi:10\.1000/x: it takes ids of arXiv\.$"):
        source(lambda _: pytest.fail("asked")).paper(parse("10.1000/x"))


@pytest.mark.parametrize("written", ["", entry(name="http://arxiv.org/abs/2304.99999v1")])
def test_an_unknown_paper_is_named(written: str) -> None:
    with pytest.raises(UnknownPaper, match=r"^arXiv knows no paper arXiv:2304\.01373\.$"):
        source(lambda _: httpx.Response(200, content=FEED.format(written))).paper(HUB)


def test_an_empty_feed_is_believed_the_second_time_only() -> None:
    feeds = iter(["", entry(), "", ""])
    asked = source(lambda _: httpx.Response(200, content=FEED.format(next(feeds))))
    assert asked.paper(HUB).title == "A paper"
    (page,) = asked.metadata([HUB])
    assert page.records == (Rejected("not known to arXiv", "arxiv:2304.01373"),)
    assert list(feeds) == []


def test_papers_are_looked_up_in_batches_that_go_on_from_the_cursor() -> None:
    asked: list[list[str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["id_list"].split(","))
        return httpx.Response(
            200, content=FEED.format("".join(entry(name=f"http://arxiv.org/abs/{one}v1") for one in asked[-1]))
        )

    wanted = [parse(f"2001.{number:05}") for number in range(150)] + [
        parse("10.48550/arXiv.2001.00001"),
        parse("10.1000/x"),
    ]
    pages = list(source(answer).metadata(wanted))
    assert [len(names) for names in asked] == [100, 50]
    assert [page.done for page in pages] == [False, True]
    (rest,) = source(answer).metadata(reversed(wanted), json.loads(json.dumps(pages[0].cursor_after)))
    assert rest.records == pages[1].records
    assert [len(page.records) for page in source(answer).metadata(wanted, limit=120)] == [100, 20]
    assert [len(page.records) for page in source(answer).metadata([])] == [0]


@pytest.mark.parametrize("status", [200, 400])
def test_an_error_repeats_the_services_words(status: int) -> None:
    error = entry("<summary>incorrect id\nformat</summary>", name="https://arxiv.org/api/errors#x")
    with pytest.raises(SourceError, match=r"^arXiv refused the request(| \(status 400\)): incorrect id format\.$"):
        source(lambda _: httpx.Response(status, content=FEED.format(error))).paper(HUB)


@pytest.mark.parametrize("direction", ["citations", "references"])
def test_lists_are_refused_and_the_message_says_whom_to_ask(direction: Any) -> None:
    walk = source(lambda _: pytest.fail("asked")).pages(HUB, direction)
    with pytest.raises(SourceError, match=f"^arXiv lists no {direction}, .* ask semanticscholar or openalex"):
        next(iter(walk))


def test_requests_keep_three_seconds_apart() -> None:
    waits: list[float] = []
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=FEED.format(entry()))))
    paced = FeedTransport("arXiv", client=client, pause=PAUSE_SECONDS, sleep=waits.append, clock=lambda: 100.0)
    for _ in range(2):
        ArxivSource(transport=paced).paper(HUB)
    assert waits == [3.0]


# Accidents ------------------------------------------------------------------------------------------------------------

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
    recorded = ArxivSource(f"{replay.url}/arxiv")
    undisturbed = recorded.paper(parse("1605.08386"))
    replay.faults({"pattern": "/api/query", **fault})
    assert recorded.paper(parse("1605.08386")) == undisturbed
    assert undisturbed.title == "Heat-bath random walks with Markov bases"


@pytest.mark.parametrize("fault", FAULTS)
def test_what_lasts_ends_in_one_line_that_names_the_service(
    replay: Replay, waits: list[float], fault: dict[str, Any]
) -> None:
    replay.faults({"pattern": "/api/query", **fault, "times": None})
    with pytest.raises(SourceError, match=r"\AarXiv [^\n]+\.\Z"):
        ArxivSource(f"{replay.url}/arxiv").paper(parse("1605.08386"))
