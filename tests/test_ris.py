"""RIS files: what each record says, and what becomes of damaged ones."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.sources import ris
from citations.sources.records import PaperRecord, Rejected
from citations.vocabulary import Kind


def read(text: str) -> list[PaperRecord | Rejected]:
    return list(ris.entries(text.splitlines(keepends=True)))


def only(lines: str, kind: str = "JOUR") -> PaperRecord:
    """The one record of a type with a title and these lines."""
    (record,) = read(f"TY  - {kind}\nTI  - On Tools\n{lines}\nER  - \n")
    assert isinstance(record, PaperRecord)
    return record


def identifiers(record: PaperRecord) -> list[str]:
    return [str(one) for one in record.identifiers if one.scheme != "fingerprint"]


def test_a_record_says_what_it_says() -> None:
    record = only(
        "AU  - Doe, Jane\nA1  - van Roe, Richard\nJF  - Journal of Tools\nPY  - 2014/07/12/\nDO  - 10.1000/ABC\n"
        "AB  - First line\ncontinued here\nUR  - https://example.org/x\nXX  - unknown\nKW  - one\nKW  - two"
    )
    assert [author.name for author in record.authors] == ["Jane Doe", "Richard van Roe"]
    assert (record.title, record.venue, record.kind) == ("On Tools", "Journal of Tools", Kind.ARTICLE)
    assert (record.year, record.published_on) == (2014, datetime.date(2014, 7, 12))
    assert record.abstract == "First line continued here"
    assert (identifiers(record), record.url) == (["doi:10.1000/abc"], "https://example.org/x")


@pytest.mark.parametrize(
    ("lines", "year", "date"),
    [
        ("PY  - 1948/07//", 1948, None),
        ("Y1  - 2020//", 2020, None),
        ("PY  - 2014\nDA  - 2014/03/02", 2014, datetime.date(2014, 3, 2)),
        ("DA  - 12 July 2014", 2014, datetime.date(2014, 7, 12)),
        ("PY  - in press", None, None),
        ("PY  - 2014/13/45/", 2014, None),
    ],
)
def test_dates_are_read_as_far_as_they_are_known(lines: str, year: int | None, date: datetime.date | None) -> None:
    record = only(lines)
    assert (record.year, record.published_on) == (year, date)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("DO  - http://dx.doi.org/10.1000/a", ["doi:10.1000/a"]),
        ("M1  - 10.1000/b", ["doi:10.1000/b"]),
        ("UR  - https://doi.org/10.1000/c; https://example.org/", ["doi:10.1000/c"]),
        ("UR  - https://example.org/\nUR  - https://arxiv.org/abs/2304.01373", ["arxiv:2304.01373"]),
        ("JO  - arXiv preprint arXiv:2304.01373", ["arxiv:2304.01373"]),
        ("AN  - 12345\nDB  - PubMed", ["pmid:12345"]),
        ("AN  - 12345\nDB  - Some Library", []),
        ("C2  - PMC123", ["pmcid:PMC123"]),
        ("N1  - Comment on doi:10.1000/other", []),
    ],
)
def test_identifiers_are_found_wherever_tools_put_them(lines: str, expected: list[str]) -> None:
    assert identifiers(only(lines)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("King, Martin Luther, Jr.", "Martin Luther King Jr."),
        ("Fanning E.J.", "E.J. Fanning"),
        ("Malcolm X", "Malcolm X"),
        ("World Health Organization", "World Health Organization"),
    ],
)
def test_names_are_read_as_the_specification_has_them(name: str, expected: str) -> None:
    assert only(f"AU  - {name}").authors[0].name == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("JOUR", Kind.ARTICLE),
        ("CPAPER", Kind.CONFERENCE),
        ("THES", Kind.THESIS),
        ("COMP", Kind.SOFTWARE),
        ("X", "other"),
    ],
)
def test_types_become_kinds(kind: str, expected: str) -> None:
    assert only("", kind).kind == expected


def test_a_book_has_its_title_where_a_chapter_has_its_venue() -> None:
    (book,) = read("TY  - BOOK\nBT  - On Books\nER  - ")
    (chapter,) = read("TY  - CHAP\nTI  - On Chapters\nBT  - On Books\nER  - ")
    assert isinstance(book, PaperRecord) and isinstance(chapter, PaperRecord)
    assert (book.title, book.venue) == ("On Books", "")
    assert (chapter.title, chapter.venue) == ("On Chapters", "On Books")


def test_records_without_an_end_are_not_lost() -> None:
    found = read("TY  - JOUR\nTI  - One\nTY  - JOUR\nTI  - Two\nER  - \nTY  - JOUR\nTI  - Three")
    assert [record.title for record in found if isinstance(record, PaperRecord)] == ["One", "Two", "Three"]


def test_loose_spacing_numbering_and_marks_do_no_harm() -> None:
    found = read("\ufeff\n1.\nTY - JOUR\nTI  -One\n\nTI  - Two\nER  -\n\n2.\n  TY  - JOUR\n  TI  - Three\n  ER  -\n")
    assert [getattr(record, "title", "") for record in found] == ["Two", "Three"]


def test_a_record_without_a_type_is_rejected_with_its_lines() -> None:
    (found,) = read("TI  - Lost\nER  - ")
    assert isinstance(found, Rejected)
    assert (found.reason, found.raw) == ("no type of reference (TY)", "TI  - Lost")


def test_a_record_without_title_and_identifier_is_rejected() -> None:
    (found,) = read("TY  - JOUR\nAU  - Doe, Jane\nER  - ")
    assert isinstance(found, Rejected) and found.reason == "no identifier and no title"


@given(st.lists(st.sampled_from(["TY  - JOUR", "ER  - ", "TI  - a", "AU  - , ,", "b", "", "UR  - ;;", "PY  - /"])))
def test_there_are_as_many_records_as_types(lines: list[str]) -> None:
    found = read("\n".join(lines))
    with_type = [one for one in found if not (isinstance(one, Rejected) and "TY" in one.reason)]
    assert len(with_type) == lines.count("TY  - JOUR")
