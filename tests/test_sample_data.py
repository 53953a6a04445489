"""The sample collection's data file: its form, its counts, and that its facts are those that were verified."""

import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parent.parent
SAMPLE = PROJECT / "citations" / "sample" / "pythia.json"
SEED = PROJECT.parent / "shared" / "seed"

# A longer run of the same words is a copied phrase rather than a shared term of the field.
COPIED_PHRASE_WORDS = 5
SUMMARY_CHARACTERS = 220

PAPER_KEYS = [
    "title",
    "published_title",
    "authors",
    "year",
    "published_on",
    "arxiv",
    "doi",
    "doi_publisher",
    "venue",
    "venue_full",
    "kind",
    "url",
    "summary",
    "abstract",
]
CITATION_KEYS = ["role", "polarity"]
OPTIONAL_KEYS = {"published_title", "doi_publisher"}

needs_facts = pytest.mark.skipif(
    not (SEED / "facts.json").is_file(), reason="the verified facts are not beside the project"
)
needs_page = pytest.mark.skipif(not any(SEED.glob("*.txt")), reason="the seed page is not beside the project")


@pytest.fixture(scope="module")
def sample() -> dict[str, Any]:
    """The parsed data file."""
    parsed: dict[str, Any] = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return parsed


@pytest.fixture(scope="module")
def papers(sample: dict[str, Any]) -> list[dict[str, Any]]:
    """The hub, then the citing papers in order."""
    return [sample["hub"], *sample["citing"]]


def phrases(text: str) -> set[tuple[str, ...]]:
    """Every run of five words in a text, case and punctuation aside."""
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[start : start + COPIED_PHRASE_WORDS]) for start in range(len(words) - COPIED_PHRASE_WORDS + 1)}


def prose(paper: dict[str, Any]) -> list[str]:
    """The texts of a paper that were written for this collection."""
    return [text for text in (paper["summary"], paper["abstract"]) if text]


def test_the_collection_is_one_hub_with_thirty_citing_papers(sample: dict[str, Any]) -> None:
    assert list(sample) == ["hub", "citing"]
    assert sample["hub"]["arxiv"] == "2304.01373"
    assert len(sample["citing"]) == 30


def test_every_paper_has_the_same_keys_in_the_same_order(sample: dict[str, Any], papers: list[dict[str, Any]]) -> None:
    for paper in papers:
        expected = PAPER_KEYS if paper is sample["hub"] else PAPER_KEYS + CITATION_KEYS
        assert list(paper) == [key for key in expected if key in paper or key not in OPTIONAL_KEYS], paper["title"]


def test_the_file_is_indented_utf_8_as_a_plain_dump_writes_it(sample: dict[str, Any]) -> None:
    assert SAMPLE.read_text(encoding="utf-8") == json.dumps(sample, ensure_ascii=False, indent=2) + "\n"


def test_twenty_three_of_thirty_have_a_role_and_eighteen_of_these_are_method(sample: dict[str, Any]) -> None:
    assert Counter(paper["role"] for paper in sample["citing"]) == {
        "method": 18,
        "dataset": 1,
        "comparison": 1,
        "extension": 1,
        "evidence": 1,
        "background": 1,
        None: 7,
    }


def test_nine_have_a_polarity_and_none_disputes(sample: dict[str, Any]) -> None:
    polarities = Counter(paper["polarity"] for paper in sample["citing"])
    assert polarities == {"neutral": 5, "supports": 3, "mixed": 1, None: 21}


def test_no_paper_without_a_role_has_a_polarity(sample: dict[str, Any]) -> None:
    assert not [paper["title"] for paper in sample["citing"] if paper["polarity"] and not paper["role"]]


def test_no_identifier_stands_twice(papers: list[dict[str, Any]]) -> None:
    dois = [paper[key] for paper in papers for key in ("doi", "doi_publisher") if paper.get(key)]
    arxiv = [paper["arxiv"] for paper in papers]
    assert len({doi.casefold() for doi in dois}) == len(dois)
    assert len(set(arxiv)) == len(arxiv)


def test_identifiers_dates_and_addresses_of_a_paper_agree(papers: list[dict[str, Any]]) -> None:
    for paper in papers:
        assert re.fullmatch(r"\d{4}\.\d{5}", paper["arxiv"]), paper["title"]
        assert paper["doi"] == f"10.48550/arXiv.{paper['arxiv']}"
        assert paper["url"] == f"https://arxiv.org/abs/{paper['arxiv']}"
        assert date.fromisoformat(paper["published_on"]).year == paper["year"]


def test_a_short_venue_name_is_part_of_the_full_one(papers: list[dict[str, Any]]) -> None:
    for paper in papers:
        if paper["venue"] is None:
            assert paper["venue_full"] is None and paper["kind"] == "preprint", paper["title"]
        else:
            assert paper["venue"] in paper["venue_full"] and paper["kind"] == "article", paper["title"]
            assert not re.search(r"\d", paper["venue"]), f"{paper['title']}: a short name carries no year"


def test_every_author_is_named_once(papers: list[dict[str, Any]]) -> None:
    for paper in papers:
        assert paper["authors"] and all(name == name.strip() != "" for name in paper["authors"]), paper["title"]
        assert len(set(paper["authors"])) == len(paper["authors"]), paper["title"]


def test_each_summary_is_one_sentence_ending_with_a_full_stop(papers: list[dict[str, Any]]) -> None:
    for paper in papers:
        summary = paper["summary"]
        assert summary.endswith(".") and summary[0].isupper(), summary
        assert not re.search(r"[.!?…]\s", summary), f"more than one sentence: {summary}"
        assert len(summary) <= SUMMARY_CHARACTERS, summary


def test_no_summary_stands_twice(papers: list[dict[str, Any]]) -> None:
    assert len({paper["summary"] for paper in papers}) == len(papers)


def test_only_the_hub_has_an_abstract_of_three_or_four_sentences(
    sample: dict[str, Any], papers: list[dict[str, Any]]
) -> None:
    assert [paper["title"] for paper in papers if paper["abstract"]] == [sample["hub"]["title"]]
    assert len(re.findall(r"\.(?=\s|$)", sample["hub"]["abstract"])) in (3, 4)


def test_no_text_carries_markup_or_control_characters(papers: list[dict[str, Any]]) -> None:
    for paper in papers:
        texts = [*prose(paper), paper["title"], paper.get("published_title", ""), paper["venue_full"] or ""]
        for text in [*texts, *paper["authors"]]:
            assert not re.search(r"[<>\\$`*_{}\[\]]|&\w+;|\s\s", text), text
            assert text.isprintable() and text == text.strip(), repr(text)


@needs_facts
def test_every_fact_is_the_verified_one_and_none_is_added(papers: list[dict[str, Any]]) -> None:
    facts: list[dict[str, Any]] = json.loads((SEED / "facts.json").read_text(encoding="utf-8"))
    assert [paper["title"] for paper in papers] == [fact["title"] for fact in facts]
    for paper, fact in zip(papers, facts, strict=True):
        for key in ("authors", "year", "published_on", "arxiv", "doi", "kind", "url"):
            assert paper[key] == fact[key], f"{paper['title']}: {key}"
        assert paper["venue_full"] == fact["venue"], paper["title"]
        for key in OPTIONAL_KEYS:
            assert paper.get(key) == fact.get(key), f"{paper['title']}: {key}"
            assert paper.get(key, "absent") is not None, f"{paper['title']}: {key} is left out where it is not known"


@needs_page
def test_no_sentence_shares_five_words_in_a_row_with_the_seed_page(papers: list[dict[str, Any]]) -> None:
    titles = {paper["title"].casefold() for paper in papers}
    lines = [line.strip() for page in SEED.glob("*.txt") for line in page.read_text(encoding="utf-8").splitlines()]
    seed_phrases = set().union(*(phrases(line) for line in lines if line.casefold() not in titles))
    assert seed_phrases, "the seed page holds no sentence to compare with"
    for paper in papers:
        for text in prose(paper):
            shared = phrases(text) & seed_phrases
            assert not shared, f"{paper['title']}: {sorted(' '.join(words) for words in shared)}"
