"""CSL-JSON files: what each item says, and what becomes of other JSON."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.sources import csljson
from citations.sources.records import PaperRecord, Rejected, SourceError
from citations.vocabulary import Kind


def read(content: object) -> list[PaperRecord | Rejected]:
    return list(csljson.entries(json.dumps(content)))


def only(**item: Any) -> PaperRecord:
    """An item with a title and these fields."""
    (record,) = read([{"title": "On Tools", "type": "article-journal", **item}])
    assert isinstance(record, PaperRecord)
    return record


def identifiers(record: PaperRecord) -> list[str]:
    return [str(one) for one in record.identifiers if one.scheme != "fingerprint"]


def test_an_item_says_what_it_says() -> None:
    record = only(
        author=[
            {"family": "Doe", "given": "Jane", "ORCID": "https://orcid.org/0000-0002-1825-0097"},
            {"family": "Beethoven", "non-dropping-particle": "van", "given": "Ludwig", "suffix": "Jr."},
            {"literal": "A Group of People"},
            "Richard Roe",
        ],
        issued={"date-parts": [[2024, 3, 7]]},
        abstract="<jats:p>One.</jats:p><jats:p>Two.</jats:p>",
        URL="https://example.org/x",
        DOI="10.1000/ABC",
        **{"container-title": "Journal of Tools"},
    )
    assert [author.name for author in record.authors] == [
        "Jane Doe",
        "Ludwig van Beethoven Jr.",
        "A Group of People",
        "Richard Roe",
    ]
    assert record.authors[0].orcid == "0000-0002-1825-0097"
    assert (record.year, record.published_on) == (2024, datetime.date(2024, 3, 7))
    assert (record.venue, record.kind, record.abstract) == ("Journal of Tools", Kind.ARTICLE, "One.\n\nTwo.")
    assert (identifiers(record), record.url) == (["doi:10.1000/abc"], "https://example.org/x")


@pytest.mark.parametrize(
    ("issued", "year", "date"),
    [
        ({"date-parts": [["2016", "12", "20"]]}, 2016, datetime.date(2016, 12, 20)),
        ({"date-parts": [[2016, 5], [2017, 1]]}, 2016, None),
        ({"date-parts": [[None]]}, None, None),
        ({"date-parts": []}, None, None),
        ({"date-parts": [[2016]], "season": 2}, 2016, None),
        ({"raw": "2016-12-20"}, 2016, datetime.date(2016, 12, 20)),
        ({"literal": "circa 1500"}, 1500, None),
        ("2016-12", 2016, None),
        (2016, 2016, None),
        (True, None, None),
        ({"date-parts": [[10**50, 1, 1]]}, None, None),
    ],
)
def test_dates_are_read_in_every_form(issued: object, year: int | None, date: datetime.date | None) -> None:
    record = only(issued=issued)
    assert (record.year, record.published_on) == (year, date)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"DOI": "https://doi.org/10.1000/A"}, ["doi:10.1000/a"]),
        ({"id": "https://doi.org/10.1000/a"}, ["doi:10.1000/a"]),
        ({"PMID": 123, "PMCID": "PMC45"}, ["pmid:123", "pmcid:PMC45"]),
        ({"note": "Read it.\nPMID: 123\nDOI: 10.1000/b"}, ["doi:10.1000/b", "pmid:123"]),
        ({"custom": {"PMID": "123", "x": {"deep": []}}}, ["pmid:123"]),
        ({"number": "arXiv:2304.01373"}, ["arxiv:2304.01373"]),
        ({"archive": "arXiv", "archive_location": "2304.01373"}, ["arxiv:2304.01373"]),
        ({"URL": "https://arxiv.org/abs/2304.01373v2"}, ["arxiv:2304.01373"]),
        ({"id": "http://zotero.org/users/1/items/ABC"}, []),
        ({"DOI": {"not": "a text"}, "PMID": [], "id": None}, []),
    ],
)
def test_identifiers_are_found_wherever_tools_put_them(item: dict[str, Any], expected: list[str]) -> None:
    assert identifiers(only(**item)) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"type": "paper-conference"}, Kind.CONFERENCE),
        ({"type": "article"}, Kind.PREPRINT),
        ({"type": "article", "container-title": "Journal of Tools"}, Kind.ARTICLE),
        ({"type": "post-weblog"}, Kind.OTHER),
        ({"type": None}, ""),
    ],
)
def test_types_become_kinds(item: dict[str, Any], expected: str) -> None:
    assert only(**item).kind == expected


def test_lists_objects_and_wrappers_are_read() -> None:
    item = {"title": "On Tools"}
    for content in ([item], item, {"items": [item]}, {"references": [item]}):
        (record,) = read(content)
        assert isinstance(record, PaperRecord) and record.title == "On Tools"


def test_titles_in_lists_are_read() -> None:
    assert only(title=["First <i>title</i>", "Other"]).title == "First title"


def test_what_is_no_item_is_rejected_and_the_rest_comes_in() -> None:
    found = read([None, 1, "x", [], {"title": "On Tools"}, {"titles": [{"title": "x"}], "doi": "10.1000/x"}, {}])
    reasons = [entry.reason for entry in found if isinstance(entry, Rejected)]
    assert reasons[:4] == ["no object"] * 4
    assert reasons[4].startswith("DataCite's own JSON") and reasons[5] == "no identifier and no title"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"title": "x"},]', "line 1"),
        ('[\n// a comment\n{"title": "x"}]', "line 2"),
        ("[" * 100_000, "nested too deeply"),
        ('{"no": "item"}', "no CSL-JSON"),
        ("3", "no CSL-JSON"),
        ("[1" + "0" * 5000 + "]", "valid JSON"),
    ],
)
def test_other_json_is_refused_in_one_line(text: str, expected: str) -> None:
    with pytest.raises(SourceError, match=expected) as caught:
        list(csljson.entries(text))
    assert "\n" not in str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    "title",
    "author",
    "issued",
    "DOI",
    "PMID",
    "URL",
    "id",
    "note",
    "custom",
    "container-title",
    "type",
    "abstract",
)


@given(st.dictionaries(st.sampled_from(KEYS), json_values))
def test_any_object_is_read_or_rejected(item: dict[str, Any]) -> None:
    (found,) = csljson.entries(json.dumps([item]))
    assert isinstance(found, PaperRecord) or found.reason
