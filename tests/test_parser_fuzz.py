"""Damaged files and answers: no parser lets anything escape but `SourceError`, and what comes out is clean."""

from __future__ import annotations

import json
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citations.sources import arxiv, crossref, europepmc, files, openalex, opencitations, semanticscholar
from citations.sources.records import CitationRecord, PaperRecord, Rejected, SourceError
from citations.vocabulary import Kind, Notice
from tests.conftest import SHARED

EXAMPLES, SOAK_EXAMPLES = 100, 5_000
# Of a large file a stretch is damaged: the parsers see the same things, a hundred times as fast.
_STRETCH = 4_000

_FOLDERS = {
    files.BIBTEX: ("bibtex", ""),
    files.RIS: ("ris", ".ris"),
    files.CSL_JSON: ("csljson", ".json"),
    files.LABELS: ("scicite", ".jsonl"),
}
# What each parser is fed besides the recorded files, and in their place where they are not beside the project.
_OWN = {
    files.BIBTEX: b'@string{j = "J"}\n@article{a, title = {A {B}} # j, author = {Doe, J and {X Y}}, crossref = {b}}\n'
    b'@book(b, title = "C", year = 2001, doi = {10.1000/x})\n@comment{x}\n@preamble{y}\n',
    files.RIS: b"TY  - JOUR\nAU  - Doe, Jane, Jr.\nTI  - On\nmore\nPY  - 2001/02/03/\nUR  - http://a.b; http://c.d\n"
    b"ER  - \n",
    files.CSL_JSON: b'[{"title": ["x"], "author": [{"family": "Doe"}], "issued": {"date-parts": [["2001", 2, 3]]}}]',
    files.CSV: b"title,authors,year,doi,role,sentences,hub,paper\n"
    b'"A, B",Doe; Roe,2001,10.1000/x,method,"One | two",hub,/papers/a/\n\'=x,,,,none,,,\n',
    files.JSONL: b'{"title": "x", "role": "method", "hub": "hub", "sentences": ["a"]}\n'
    b'{"title": "y", "authors": [{"name": "z"}], "paper": "/papers/a/"}\n',
    files.LABELS: b'{"string": "a", "label": "result", "label2": "supportive", "citingPaperId": "%b", '
    b'"citedPaperId": "%b"}\n' % (b"a" * 40, b"b" * 40),
}
# Pieces that mean something to one parser or another.
_MARKS = [b"{", b"}", b'"', b"@", b",", b"#", b"=", b"\\", b"\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xe9", b"$"]
_MARKS += [
    b"@book{",
    b"ER  - ",
    b"TY  - ",
    b"[",
    b"]",
    b"null",
    b"'",
    b";",
    b" and ",
    b"<i>",
    b"&amp;",
    b"\\'{e}",
    b"10.",
]


@cache
def originals(form: str) -> list[bytes]:
    """Files of this form to be damaged."""
    folder, ending = _FOLDERS.get(form, ("", ""))
    paths = sorted((SHARED / "data" / folder).glob(f"*{ending}")) if folder else []
    return [_OWN[form], *(path.read_bytes() for path in paths if path.suffix != ".md")]


@st.composite
def damaged_bytes(draw: st.DrawFn, contents: list[bytes]) -> bytes:
    """A stretch of one of these with pieces taken out, doubled, put in or changed."""
    whole = draw(st.sampled_from(contents))
    start = draw(st.integers(0, max(0, len(whole) - _STRETCH)))
    content = whole[start : start + _STRETCH]
    for _ in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, len(content)))
        to = draw(st.integers(at, min(len(content), at + 200)))
        piece = draw(st.sampled_from([b"", content[at:to] * 2, *_MARKS]) | st.binary(max_size=6))
        content = content[:at] + piece + content[to:]
    return content


def read(form: str, content: bytes) -> Iterator[object]:
    """What a file of this form holds, or nothing where it is refused."""
    with tempfile.NamedTemporaryFile(suffix=".file") as file:
        file.write(content)
        file.flush()
        try:
            opened = files.open_file(Path(file.name), form)
            for page in opened.pages({}, cites=None, find_paper=stored):
                yield from page.records
        except SourceError as error:
            assert "\n" not in str(error) and Path(file.name).name in str(error)


def stored(slug: str) -> PaperRecord | None:
    """A collection of one hub."""
    return _HUB if slug == "hub" else None


def is_clean(text: str) -> bool:
    """Whether a text can be stored by any database and shown."""
    return all(unicodedata.category(character) not in ("Cc", "Cs") or character == "\n" for character in text)


def check(record: object) -> None:
    """Hold a record to what `records.py` promises."""
    if isinstance(record, CitationRecord):
        check(record.citing)
        check(record.cited)
        assert all(mention.sentence and is_clean(mention.sentence) for mention in record.mentions)
    elif isinstance(record, PaperRecord):
        texts = (record.title, record.abstract, record.summary, record.venue, *(one.name for one in record.authors))
        assert all(is_clean(text) for text in texts)
        assert record.kind in ("", *Kind) and record.notice in ("", *Notice)
        assert record.year is None or isinstance(record.year, int)
    else:
        assert isinstance(record, Rejected)
        assert record.reason and "\n" not in record.reason
    json.dumps(record.raw, default=str)


def holds(form: str, examples: int) -> None:
    """Damage files of a form so many times."""

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), deadline=None)
    @given(damaged_bytes(originals(form)))
    def property_holds(content: bytes) -> None:
        for record in read(form, content):
            check(record)
            if isinstance(record, PaperRecord):
                assert record.identifiers

    property_holds()


@pytest.mark.parametrize("form", files.FORMATS)
def test_damaged_files_are_read_or_refused(form: str) -> None:
    holds(form, EXAMPLES)


@pytest.mark.soak
@pytest.mark.parametrize("form", files.FORMATS)
def test_very_many_damaged_files_are_read_or_refused(form: str) -> None:
    holds(form, SOAK_EXAMPLES)


@pytest.mark.parametrize("form", files.FORMATS)
def test_damaged_files_are_told_or_refused(form: str) -> None:
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
    @given(damaged_bytes(originals(form)))
    def property_holds(content: bytes) -> None:
        for record in read(files.AUTO, content):
            check(record)

    property_holds()


# Services -------------------------------------------------------------------------------------------------------------

_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_HUB = semanticscholar.paper_record({"paperId": "c" * 40, "title": "The Hub"})

Parser = Callable[[Any], object]
# The parser of each service's objects, the recorded file that holds one, and the way to it.
_SERVICES: dict[str, tuple[Parser, str, tuple[Any, ...]]] = {
    "semanticscholar": (
        lambda row: semanticscholar.citation_record(row, _HUB, "citations"),
        "semanticscholar/citations_*/*.json",
        ("data", 0),
    ),
    "openalex": (openalex.work_or_rejected, "openalex/works_cites_2026_excerpt.json", ("results", 0)),
    "crossref": (crossref.work_or_rejected, "crossref/test_works_query_1_200.json", ("message", "items", 0)),
    "opencitations": (
        lambda row: opencitations.metadata_record(row) if isinstance(row, dict) else Rejected("empty record", row),
        "opencitations/oc_coci_meta_0_200.json",
        (0,),
    ),
    "europepmc": (
        lambda row: europepmc.citation_record(row, _HUB, "citations"),
        "europepmc/search_cancer.json",
        ("resultList", "result", 0),
    ),
}


@cache
def recorded(service: str) -> Any:
    """An object that the service has sent."""
    _, pattern, way = _SERVICES[service]
    for path in sorted((SHARED / "data").glob(pattern)):
        content = json.loads(path.read_text("utf-8"))
        content = content.get("response", {}).get("body", content) if isinstance(content, dict) else content
        try:
            for step in way:
                content = content[step]
        except (KeyError, IndexError, TypeError):
            continue
        return content
    pytest.skip("the recorded answers of services are not beside the project (../shared)")


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to all values in decoded JSON."""
    yield path
    pairs = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in pairs:
        yield from places(value, (*path, key))


def exchanged(content: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Decoded JSON with another value at a path."""
    if not path:
        return value
    copy = content.copy()
    copy[path[0]] = exchanged(content[path[0]], path[1:], value)
    return copy


@st.composite
def damaged_answer(draw: st.DrawFn, service: str) -> Any:
    """A recorded object in which a few values are others."""
    content = recorded(service)
    for _ in range(draw(st.integers(1, 4))):
        content = exchanged(content, draw(st.sampled_from(list(places(content)))), draw(_JSON))
    return content


def answers_hold(service: str, examples: int) -> None:
    """Damage a service's object so many times."""
    parser = _SERVICES[service][0]
    check(parser(recorded(service)))

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), deadline=None)
    @given(damaged_answer(service))
    def property_holds(content: Any) -> None:
        check(parser(content))

    property_holds()


@pytest.mark.parametrize("service", _SERVICES)
def test_damaged_answers_become_records_or_rejections(service: str) -> None:
    answers_hold(service, EXAMPLES)


@pytest.mark.soak
@pytest.mark.parametrize("service", _SERVICES)
def test_very_many_damaged_answers_become_records_or_rejections(service: str) -> None:
    answers_hold(service, SOAK_EXAMPLES)


def feeds_hold(examples: int) -> None:
    """Damage a feed of arXiv so many times."""
    paths = sorted((SHARED / "data" / "arxiv" / "xml").glob("id_*.xml"))
    if not paths:
        pytest.skip("the recorded answers of services are not beside the project (../shared)")

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), deadline=None)
    @given(damaged_bytes([path.read_bytes() for path in paths]))
    def property_holds(content: bytes) -> None:
        try:
            entries = arxiv.entries(arxiv.parse_feed(content))
        except ValueError as error:
            assert "\n" not in str(error)
        else:
            for entry in entries:
                check(arxiv.entry_or_rejected(entry))

    property_holds()


def test_damaged_feeds_become_records_or_rejections() -> None:
    feeds_hold(EXAMPLES)


@pytest.mark.soak
def test_very_many_damaged_feeds_become_records_or_rejections() -> None:
    feeds_hold(SOAK_EXAMPLES)
