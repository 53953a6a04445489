"""Files of labelled citation sentences: SciCite's and ACL-ARC's JSON Lines."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.sources import labelled_sentences
from citations.sources.labelled_sentences import ACL_ARC, SCICITE
from citations.sources.records import CitationRecord, Rejected, SourceError

CITING, CITED = "a" * 40, "b" * 40


def scicite(**changes: Any) -> dict[str, Any]:
    """A line of SciCite."""
    line = {
        "string": "We compare with them (1).",
        "sectionName": "Discussion",
        "label": "result",
        "label2": "supportive",
        "citingPaperId": CITING,
        "citedPaperId": CITED,
        "isKeyCitation": True,
        "excerpt_index": 3,
    }
    return {**line, **changes}


def acl_arc(**changes: Any) -> dict[str, Any]:
    """A line of ACL-ARC."""
    line = {
        "text": "We use the tools of them .",
        "section_name": "experiments",
        "intent": "Uses",
        "citing_paper_id": "W06-2933",
        "cited_paper_id": "J98-2002",
        "citing_paper_title": "on citing",
        "cited_paper_title": "on being cited",
        "citing_paper_year": 2006,
        "cited_paper_year": 1998,
        "cited_author_ids": ["H Li", "N Abe"],
        "citing_author_ids": None,
        "sents_before": [[{"word": "x"}]],
    }
    return {**line, **changes}


def read(*lines: object) -> list[CitationRecord | Rejected]:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    source = labelled_sentences.source_of(texts)
    return list(labelled_sentences.records(texts, source))


def only(line: object) -> CitationRecord:
    (record,) = read(line)
    assert isinstance(record, CitationRecord), record
    return record


def test_a_line_of_scicite_says_what_it_says() -> None:
    record = only(scicite())
    assert [str(one.identifiers[0]) for one in (record.citing, record.cited)] == [f"s2:{CITING}", f"s2:{CITED}"]
    (mention,) = record.mentions
    assert (mention.sentence, mention.section, mention.order) == ("We compare with them (1).", "Discussion", 3)
    assert mention.intents == ("result", "supportive")
    assert record.is_influential is True and record.intents == ()


def test_a_line_of_acl_arc_says_what_it_says() -> None:
    record = only(acl_arc())
    assert [str(one.identifiers[0]) for one in (record.citing, record.cited)] == ["acl:W06-2933", "acl:J98-2002"]
    assert (record.cited.title, record.cited.year) == ("on being cited", 1998)
    assert [author.name for author in record.cited.authors] == ["H Li", "N Abe"]
    assert record.mentions[0].intents == ("Uses",) and record.is_influential is None
    assert "sents_before" not in str(record.raw)


@pytest.mark.parametrize(
    ("line", "source"),
    [
        (scicite(), SCICITE),
        (acl_arc(), ACL_ARC),
        ({"text": "x", "label": "method", "citing_id": CITING, "cited_id": CITED}, SCICITE),
        ({"text": "x", "label": "Extends", "citing_id": "W01-0706", "cited_id": None}, ACL_ARC),
    ],
)
def test_the_corpus_is_told_by_its_lines(line: object, source: str) -> None:
    assert labelled_sentences.source_of(["\n", "{broken", json.dumps(line)]) == source


@pytest.mark.parametrize(
    "line", [{"text": "x", "label": "used", "citing_id": "PMC1"}, {}, [], "x", {"label": "method"}]
)
def test_other_files_are_refused(line: object) -> None:
    with pytest.raises(SourceError, match="SciCite or ACL-ARC"):
        labelled_sentences.source_of([json.dumps(line)])


def test_papers_outside_the_anthology_are_known_by_their_fingerprint() -> None:
    one = only(acl_arc(cited_paper_id="External_1"))
    other = only(acl_arc(cited_paper_id="External_2", citing_paper_id="W06-1639"))
    assert one.cited.identifiers == other.cited.identifiers
    assert str(one.cited.identifiers[0]).startswith("fingerprint:")


def test_a_title_that_a_file_gives_to_several_papers_is_none() -> None:
    one, other = read(acl_arc(), acl_arc(citing_paper_id="W06-1639"))
    assert isinstance(one, CitationRecord) and isinstance(other, CitationRecord)
    assert (one.citing.title, other.citing.title) == ("", "")
    assert one.cited.title == "on being cited"


def test_all_lines_of_a_citation_give_the_whole_of_it() -> None:
    first, other, second = read(
        scicite(), scicite(citedPaperId="c" * 40), scicite(string="And again.", label="method", label2=None)
    )
    assert isinstance(first, CitationRecord) and isinstance(second, CitationRecord)
    assert isinstance(other, CitationRecord) and len(other.mentions) == 1
    assert first.mentions == second.mentions
    assert [mention.intents for mention in first.mentions] == [("result", "supportive"), ("method",)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (scicite(citedPaperId="None"), "no cited paper"),
        (acl_arc(citing_paper_id=None), "no citing paper"),
        (acl_arc(cited_paper_id="External_1", cited_paper_title=""), "no cited paper"),
        (scicite(string="  "), "no sentence"),
        ([1], "no object"),
        ("{broken", "no valid JSON"),
    ],
)
def test_lines_that_say_too_little_are_rejected_with_a_reason(line: object, reason: str) -> None:
    other = acl_arc() if isinstance(line, dict) and "intent" in line else scicite()
    _, found = read(other, line)
    assert isinstance(found, Rejected) and reason in found.reason


def test_what_the_corpora_print_for_nothing_is_nothing() -> None:
    record = only(scicite(sectionName="nan", label2="None", isKeyCitation=None))
    assert (record.mentions[0].section, record.mentions[0].intents) == ("", ("result",))
    assert record.is_influential is None


lines = st.lists(
    st.builds(
        scicite,
        string=st.sampled_from(["One.", "Two.", "", None]),
        citedPaperId=st.sampled_from([CITED, "c" * 40, None, 7]),
        label=st.sampled_from(["result", "method", "other", None, 3]),
        excerpt_index=st.integers() | st.none() | st.text(max_size=3),
    ),
    max_size=6,
)


@given(lines)
def test_there_is_one_record_a_line(content: list[dict[str, Any]]) -> None:
    texts = [json.dumps(line) for line in content]
    found = list(labelled_sentences.records(texts, SCICITE))
    assert len(found) == len(content)
    assert all(isinstance(one, CitationRecord) or one.reason for one in found)
