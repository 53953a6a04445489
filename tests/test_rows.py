"""The rows that the site exports, read back from CSV and JSON."""

from __future__ import annotations

import csv
import datetime
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.sources import rows
from citations.sources.records import Rejected, SourceError
from citations.sources.rows import Row
from citations.vocabulary import Kind, Notice

ROOT = Path(__file__).resolve().parent.parent
FULL = {
    "title": "A Citing Paper",
    "authors": "Jane Doe; Ludwig van Beethoven",
    "year": "2024",
    "published_on": "2024-03-07",
    "venue": "Journal of Tools",
    "kind": "article",
    "doi": "10.1000/abc",
    "arxiv": "2304.01373",
    "url": "https://example.org/x",
    "summary": "It uses a tool.",
    "role": "method",
    "polarity": "supports",
    "decided_by": "curator",
    "source": "curator",
    "coarse": "1",
    "confirmed": "1",
    "suggested": "background",
    "confidence": "0.93",
    "influential": "1",
    "self_citation": "0",
    "notice": "retracted",
    "cited_by_count": "12",
    "sentences": "We use it. | We use it again.",
    "paper": "https://site.example/papers/a-citing-paper/",
    "hub": "a-hub",
}


def as_csv(*cells: dict[str, str], delimiter: str = ",", line_end: str = "\r\n") -> str:
    """Rows as the export writes them."""
    out = io.StringIO()
    writer = csv.DictWriter(out, rows.COLUMNS, delimiter=delimiter, lineterminator=line_end)
    writer.writeheader()
    writer.writerows(cells)
    return out.getvalue()


def read(text: str) -> list[Row | Rejected]:
    return list(rows.csv_rows(text.splitlines(keepends=True)))


def only(**cells: str) -> Row:
    """The one row with a title and these cells."""
    (row,) = read(as_csv({"title": "A Citing Paper", **cells}))
    assert isinstance(row, Row), row
    return row


def rejected(**cells: str) -> Rejected:
    """Why a row with a title and these cells is not taken in."""
    (row,) = read(as_csv({"title": "A Citing Paper", **cells}))
    assert isinstance(row, Rejected), row
    return row


def test_a_row_says_what_it_says() -> None:
    (row,) = read(as_csv(FULL))
    assert isinstance(row, Row)
    paper = row.paper
    assert [str(one) for one in paper.identifiers] == ["doi:10.1000/abc", "arxiv:2304.01373"]
    assert (paper.title, [author.name for author in paper.authors]) == (
        "A Citing Paper",
        ["Jane Doe", "Ludwig van Beethoven"],
    )
    assert (paper.year, paper.published_on) == (2024, datetime.date(2024, 3, 7))
    assert (paper.venue, paper.kind, paper.notice) == ("Journal of Tools", Kind.ARTICLE, Notice.RETRACTED)
    assert (paper.summary, paper.url, paper.cited_by_count) == ("It uses a tool.", "https://example.org/x", 12)
    assert (row.role, row.polarity, row.coarse) == ("method", "supports", True)
    assert (row.is_influential, row.is_self_citation) == (True, False)
    assert [mention.sentence for mention in row.mentions] == ["We use it.", "We use it again."]
    assert (row.hub, row.paper_slug) == ("a-hub", "a-citing-paper")


def test_json_lines_say_the_same_as_csv() -> None:
    (from_csv,) = read(as_csv(FULL))
    native: dict[str, Any] = {
        **FULL,
        "year": 2024,
        "authors": ["Jane Doe", "Ludwig van Beethoven"],
        "sentences": ["We use it.", "We use it again."],
        "influential": True,
        "coarse": True,
        "self_citation": False,
        "cited_by_count": 12,
    }
    for content in (FULL, native):
        (from_json,) = rows.json_rows([json.dumps(content) + "\n"])
        assert from_json == from_csv


def test_a_json_export_is_read_as_a_whole() -> None:
    export = {"hub": "a-hub", "filter": {}, "count": 1, "results": [FULL]}
    assert rows.is_export(export)
    assert list(rows.export_rows(export)) == read(as_csv(FULL))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("beginning", ["", "\ufeff", "sep=;\n"])
def test_what_spreadsheets_do_to_a_file_does_no_harm(delimiter: str, beginning: str) -> None:
    text = as_csv({**FULL, "title": 'Lines\nand "marks"; here, too'}, delimiter=delimiter, line_end="\n")
    header, _, rest = text.partition("\n")
    (row,) = read(f"{beginning}{header.upper().replace('_', ' ')}\n{rest}\n\n{delimiter * 3}\n")
    assert isinstance(row, Row)
    assert row.paper.title == 'Lines and "marks"; here, too'


@pytest.mark.parametrize("guarded", ["=1+1", "+1", "-1", "@SUM", "\tx"])
def test_the_guard_against_formulas_is_undone(guarded: str) -> None:
    assert only(title=f"'{guarded} title").paper.title == f"{guarded} title".strip()


def test_an_apostrophe_that_guards_nothing_stays() -> None:
    assert only(title="'Tis a title").paper.title == "'Tis a title"


def test_other_columns_are_left_alone_and_names_of_schemes_are_read() -> None:
    (row,) = read("title,year,my notes,pmid,corpusid\nA Citing Paper,2024,mine,123,456\n")
    assert isinstance(row, Row)
    assert [str(one) for one in row.paper.identifiers] == ["corpusid:456", "pmid:123"]


@pytest.mark.parametrize(
    "text",
    [
        "pmid,doi,title,authors,year,journal,is_research_article,citation_count,human,animal,apt\n1,2,3,4,5,6,7\n",
        "a\tb\n1\t2\n",
        "",
        "\n\n",
        "just some words\n",
    ],
)
def test_a_table_of_something_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(SourceError, match="columns") as caught:
        read(text)
    assert "\n" not in str(caught.value)


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(SourceError, match="two columns called year"):
        read("title,year,Year\na,1,2\n")


def test_broken_rows_are_rejected_and_the_others_come_in() -> None:
    text = 'title,year\nOne,2001\n"Two" and more,2002\nThree,2003,extra\nFour,2004\n"Five,2005\nSix,2006\n'
    one, two, three, four, five = read(text)
    assert isinstance(one, Row) and isinstance(four, Row)
    assert [row.paper.title for row in (one, four)] == ["One", "Four"]
    for broken, raw in ((two, '"Two" and'), (three, "extra"), (five, "Six,2006")):
        assert isinstance(broken, Rejected)
        assert broken.reason.startswith("broken row") and raw in str(broken.raw)


def test_broken_json_lines_are_rejected_and_the_others_come_in() -> None:
    found = list(rows.json_rows(['{"title": "One"}\n', "\n", "{broken\n", "[]\n", '{"title": "Two"}']))
    assert [isinstance(row, Row) for row in found] == [True, False, False, True]


def test_a_row_without_title_and_identifier_is_rejected() -> None:
    assert "no identifier and no title" in rejected(title="", year="2024").reason


@pytest.mark.parametrize(("column", "value"), [("kind", "poem"), ("notice", "denounced"), ("hub", "Not a slug!")])
def test_an_unknown_value_is_named(column: str, value: str) -> None:
    assert value in rejected(**{column: value}).reason


def test_a_role_in_other_words_is_kept_as_it_is() -> None:
    row = only(role="usesMethodIn", hub="a-hub")
    assert (row.role, row.intents) == ("", ("usesMethodIn",))


@pytest.mark.parametrize("role", ["", "none", "None"])
def test_no_role_is_no_statement(role: str) -> None:
    assert not only(role=role).says_something


def test_labels_are_read_as_well_as_values() -> None:
    row = only(role="Tool or method", polarity="Disputes", kind="Conference paper")
    assert (row.role, row.polarity, row.paper.kind) == ("method", "disputes", "conference")


@pytest.mark.parametrize(
    ("raw", "slug"),
    [("a-hub", "a-hub"), ("/hubs/a-hub/", "a-hub"), ("https://x.example/papers/a-hub/", "a-hub")],
)
def test_hubs_are_named_by_slug_or_address(raw: str, slug: str) -> None:
    assert only(hub=raw).hub == slug


def test_the_documentation_names_every_column() -> None:
    documentation = (ROOT / "docs" / "importing.md").read_text("utf-8")
    assert [column for column in rows.COLUMNS + rows.MORE_COLUMNS if f"`{column}`" not in documentation] == []


def test_the_examples_of_the_documentation_say_the_same() -> None:
    documentation = (ROOT / "docs" / "importing.md").read_text("utf-8")
    lines = [line[4:] + "\n" for line in documentation.splitlines() if line.startswith("    ")]
    header = next(number for number, line in enumerate(lines) if line.startswith("title,"))
    (from_csv,) = rows.csv_rows(lines[header : header + 2])
    (from_json,) = rows.json_rows([line for line in lines if line.startswith("{")])
    assert isinstance(from_csv, Row) and isinstance(from_json, Row)
    assert from_csv.paper.identifiers == from_json.paper.identifiers
    assert (from_csv.role, from_csv.hub) == (from_json.role, from_json.hub) == ("method", "my-hub")


cells = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=30)


@given(st.lists(st.dictionaries(st.sampled_from(rows.COLUMNS), cells), min_size=1, max_size=4))
def test_every_row_comes_out_once(content: list[dict[str, str]]) -> None:
    kept = [row for row in content if any(cell.strip() for cell in row.values())]
    lines = as_csv(*content, line_end="\n").split("\n")
    assert len(list(rows.csv_rows(line + "\n" for line in lines))) == len(kept)


def test_an_export_that_broke_off_says_so() -> None:
    content = {
        "hub": "a-hub",
        "results": [{"title": "Whole", "doi": "10.1000/one"}],
        "error": "ERROR: export incomplete",
    }
    row, ending = rows.export_rows(content)
    assert not isinstance(row, Rejected)
    assert isinstance(ending, Rejected)
    assert "not whole" in ending.reason
