"""What stands out in a row: words searched for, and the place where a sentence names the cited work."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.listing.marking import Marking, Piece
from citations.search import parse

PYTHIA = Marking(title="Pythia: A Suite for Analysing Models", first_author="Stella Biderman", year=2023)


def named(marking: Marking, sentence: str) -> str:
    """What of a sentence names the work."""
    return "".join(piece.text for piece in marking.sentence(sentence) if piece.is_name)


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("We train on top of Pythia checkpoints.", "Pythia"),
        ("Pythia-1.4B is our base model.", "Pythia"),
        ("We use the Pythia suite (Biderman et al., 2023).", "Pythia"),
        ("Prior suites (Biderman et al., 2023) release checkpoints.", "Biderman et al., 2023"),
        ("As Biderman et al. (2023b) show, order matters.", "Biderman et al. (2023b"),
        ("As Biderman, Schoelkopf and Anthony (2023) show.", "Biderman, Schoelkopf and Anthony (2023"),
        ("As Biderman & van der Wal [2023] show.", "Biderman & van der Wal [2023"),
        ("The pythia of Delphi was a priestess.", ""),
        ("Models such as Pythiax are unrelated.", ""),
        ("Biderman et al. (2022) is another paper.", ""),
        ("Biderman et al. (20231) is no year.", ""),
        ("Nothing is named here, 2023.", ""),
        ("", ""),
    ],
)
def test_a_sentence_names_the_work_by_its_name_or_by_author_and_year(sentence: str, name: str) -> None:
    assert named(PYTHIA, sentence) == name


@pytest.mark.parametrize(
    ("title", "sentence", "name"),
    [
        ("Attention: a review", "Attention is limited.", ""),
        ("Attention Is All You Need", "We follow Attention Is All You Need here.", "Attention Is All You Need"),
        ("Gene expression", "Gene expression varies.", ""),
        ("Word2vec", "We use Word2vec vectors.", "Word2vec"),
        ("A: a title of one letter", "Group A was larger.", ""),
        ("42: an answer", "Of 42 patients none.", ""),
        ("CorpusId:14514057", "We cite CorpusId:14514057 here.", "CorpusId:14514057"),
        ("C++: a language", "Written in C++ by hand.", "C++"),
        ("(.*)+: a pattern", "We use (.*)+ here.", ""),
        ("x" * 70 + ": long", "x" * 70, ""),
    ],
)
def test_a_common_word_or_topic_is_no_name(title: str, sentence: str, name: str) -> None:
    assert named(Marking(title=title), sentence) == name


@pytest.mark.parametrize(
    ("author", "sentence"),
    [
        ("Nicola Muça Cirone", "Cirone (2023) shows it."),
        ("Muça, Nicola", "As Muca et al. (2023) show."),
        ("Erik Müller Jr.", "Müller 2023 shows it."),
        ("Łukasz Kaiser III", "Kaiser, 2023."),
    ],
)
def test_family_names_are_found_whatever_their_accents(author: str, sentence: str) -> None:
    assert named(Marking(title="On topics", first_author=author, year=2023), sentence)


def test_without_author_or_year_nothing_is_guessed() -> None:
    assert not named(Marking(title="On topics", first_author="", year=2023), "Biderman (2023)")
    assert not named(Marking(title="On topics", first_author="Stella Biderman"), "Biderman (2023)")
    assert not named(Marking(title="On topics", first_author="Bo Li", year=2023), "Li (2023)")


def test_a_search_and_a_name_may_overlap() -> None:
    marking = Marking(parse("pythia checkpoints"), PYTHIA.title, PYTHIA.first_author, PYTHIA.year)
    assert marking.sentence("Use Pythia checkpoints.") == (
        Piece("Use "),
        Piece("Pythia", is_hit=True, is_name=True),
        Piece(" "),
        Piece("checkpoints", is_hit=True),
        Piece("."),
    )
    assert marking.text("Pythia again") == (Piece("Pythia", is_hit=True), Piece(" again"))


@given(st.text(max_size=80), st.text(max_size=200), st.text(max_size=30), st.text(max_size=40))
def test_joined_the_pieces_are_the_text(title: str, sentence: str, author: str, search: str) -> None:
    marking = Marking(parse(search), title, author, 2023)
    assert "".join(piece.text for piece in marking.sentence(sentence)) == sentence
    assert "".join(piece.text for piece in marking.text(sentence)) == sentence
    assert all(piece.text for piece in marking.sentence(sentence))
