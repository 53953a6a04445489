"""The search language, what it finds (one table, held to on each engine), and the marks on what was found."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from citations import search
from citations.models import Citation, Paper
from citations.search import Fragment, Query, Term, excerpt, highlight, parse
from tests.factories import make_citation, make_paper, paper_changed

# What readers type when they mean harm, or just something else.
HOSTILE = [
    "'; DROP TABLE citations_paper; --",
    '" OR 1=1 --',
    "%s %(x)s %% {0} {x}",
    'title:"a" AND (b OR c) NOT d NEAR(e f, 5)',
    "a:* & !b | <-> 'c':A",
    "h:1 s:word 17:word a:smith",
    "rank MATCH 'x' ^a {title} : b + c",
    '"""""',
    '"',
    "-",
    "*",
    "- - -",
    '-"',
    'author:"',
    "author:",
    "author: venue:",
    "-author:-venue:*",
    "\x00\x00word\x00",
    "\ud800 lone \udfff surrogates",
    "\\ \\' \\\" E'\\x00'",
    "((((((((((",
    "a" * 10_000,
    "a b c d e " * 1_000,
    " ".join(f"word{n}" for n in range(3_000)),
    '"' * 9_999,
    "word* " * 2_000,
    "🦜 \u200b\u202e \ufeff",
]

# Any text, and text made of the pieces that mean something.
texts = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            ['"', "-", "*", ":", "(", "author:", "venue:", " ", "OR", "word", "Muça", "引用", "c++", "α", "ς", "ß", "#"]
        )
        | st.text(max_size=3),
        max_size=15,
    ).map("".join),
)


# The language --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("scaling laws", [Term("scaling"), Term("laws")]),
        ('"scaling laws"', [Term("scaling laws")]),
        ("“scaling laws”", [Term("scaling laws")]),
        ("-survey", [Term("survey", is_excluded=True)]),
        ('-"large model"', [Term("large model", is_excluded=True)]),
        ("pre*", [Term("pre", is_prefix=True)]),
        ('"scaling la*"', [Term("scaling la")]),
        ('"scaling law*"', [Term("scaling law", is_prefix=True)]),
        ('"scaling law"*', [Term("scaling law", is_prefix=True)]),
        ("author:smith", [Term("smith", "author")]),
        ("AUTHOR:Smith", [Term("Smith", "author")]),
        ('author:"van der Wal"', [Term("van der Wal", "author")]),
        ("-author:smith", [Term("smith", "author", is_excluded=True)]),
        ("venue:ICML", [Term("ICML", "venue")]),
        ("(author:smith)", [Term("smith", "author")]),
        ("state-of-the-art", [Term("state-of-the-art")]),
        ("Pythia: a suite", [Term("Pythia"), Term("a"), Term("suite")]),
        ("same same", [Term("same")]),
        ("-- command --flag", [Term("command"), Term("flag")]),
        ("C++", [Term("C++")]),
        ("jane.doe@example.org", [Term("jane.doe@example.org")]),
        ("10.1000/xyz", [Term("10.1000/xyz")]),
        ("", []),
        ("... !? —", []),
    ],
)
def test_a_search_is_understood(text: str, terms: list[Term]) -> None:
    assert list(parse(text).terms) == terms


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('"no partner', "quotation mark"),
        ("ab*", "too short"),
        ("author:", "names nothing"),
        ('venue:""', "names nothing"),
        ("title:pythia", "Fields are author: and venue:"),
        ("cats OR dogs", "searched for as a word"),
        ("...", "nothing to search for"),
        ("x" * 10_000, "10,000 characters"),
        (" ".join(f"word{n}" for n in range(search.MOST_TERMS + 1)), "too long"),
        ('"' + "word " * 60 + '"', "more than 50 words"),
    ],
)
def test_what_is_passed_over_is_told(text: str, problem: str) -> None:
    assert any(problem in told for told in parse(text).problems)


@pytest.mark.parametrize(
    "text", ["scaling laws", '"a b" -c', "pre* author:smith", "OR ELSE", "引*", "Pythia: a suite", ""]
)
def test_nothing_is_told_of_a_search_that_is_understood(text: str) -> None:
    assert parse(text).problems == ()


def test_a_search_over_everything_that_only_excludes_is_told_so() -> None:
    assert "must not occur" in " ".join(parse("-survey", over_everything=True).problems)
    assert parse("-survey").problems == ()
    assert parse("-survey").only_excludes
    assert not parse("-survey word").only_excludes
    assert not parse("").only_excludes


def test_a_long_search_is_cut_and_stays_a_search() -> None:
    query = parse("word " + "a" * 10_000)
    assert query.terms == (Term("word"),)
    assert len(parse("a" * 10_000).terms[0].text) == search.MOST_CHARACTERS


def test_a_search_is_described_in_english() -> None:
    query = parse('"scaling laws" pre* author:smith venue:icml -survey -author:doe')
    expected = "matching “scaling laws” and “pre*”, by “smith”, in “icml”, without “survey” or author “doe”"
    assert query.describe() == expected
    assert parse("").describe() == ""
    assert len(parse("a" * 10_000).describe()) < 100


@given(texts)
@example('"author:smith"')
@example("(author:smith)")
@example('"c++ "*')
@example("a" * 39 + "αα")
def test_any_text_is_a_search_whose_canonical_form_parses_to_itself(text: str) -> None:
    query = parse(text)
    assert parse(str(query)) == query
    assert str(parse(str(query))) == str(query)
    assert [again.words for again in parse(str(query)).terms] == [term.words for term in query.terms]
    assert all(term.words for term in query.terms)
    assert all("\x00" not in problem for problem in query.problems)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_a_search(text: str) -> None:
    query = parse(text)
    assert parse(str(query)) == query
    assert len(query.terms) <= search.MOST_TERMS


# What is found -------------------------------------------------------------------------------------------------------

HUB, OTHER_HUB = "Pythia: a suite for language models", "A second hub"


@pytest.fixture
def library(db: None) -> Paper:
    """A hub, cited by the papers of the table below; returns the hub."""
    hub = make_paper(HUB)
    other = make_paper(OTHER_HUB)

    def citing(title: str, sentence: str = "", about_other: str = "", **facts: object) -> None:
        paper = make_paper(title, **facts)  # type: ignore[arg-type]
        make_citation(paper, hub, sentences=[sentence] if sentence else [])
        if about_other:
            make_citation(paper, other, sentences=[about_other])

    citing("accents", summary="Muça and Scholkopf in Łódź", authors=["Bernhard Schölkopf", "Jane Smith"])
    citing("phrases", abstract="A state-of-the-art study of scaling laws. Laws of scaling differ.")
    citing("sentence", "We train the Pythia suite with dropout.", "Unlike ablation baselines, we differ.")
    citing("chinese", abstract="本文研究引用分析的方法")
    citing("arabic", abstract="تَحْلِيل الاقتباسات في أبحاث")
    citing("korean", abstract="인용을 분석한다")
    citing("hindi", abstract="उद्धरण विश्लेषण")
    citing("signs", abstract="Written in C++ and C#; 3.5 GHz, GPT-4, mail jane.doe@example.org, don't.")
    citing("greek", abstract="The α-helix and ανάλυση")
    citing("venues", venue="International Conference on Machine Learning", authors=["Ana van der Wal", "Wal Smith"])
    citing("both", "A benchmark of harmonics.", summary="On tuning forks")
    return hub


# Each search, and the titles of what it finds among the papers that cite the hub.
FOUND = [
    ("muca", {"accents"}),
    ("MUÇA", {"accents"}),
    ("Schölkopf", {"accents"}),
    ("scholkopf lodz", {"accents"}),
    ('"scaling laws"', {"phrases"}),
    ('"laws scaling"', set()),
    ('"scaling laws laws"', {"phrases"}),
    ("laws scaling", {"phrases"}),
    ("state-of-the-art", {"phrases"}),
    ('"state of the art"', {"phrases"}),
    ("state-of-art", set()),
    ('"the art"', {"phrases"}),
    ("scal*", {"phrases"}),
    ("scal", set()),
    ('"scaling la*"', set()),
    ('"scaling law*"', {"phrases"}),
    ("dropout", {"sentence"}),
    ('"pythia suite"', {"sentence"}),
    ("dropo*", {"sentence"}),
    ("ablation", set()),
    ("differ", {"phrases"}),
    ("benchmark forks", {"both"}),
    ('"harmonics on"', set()),
    ("引用", {"chinese"}),
    ("引用分析", {"chinese"}),
    ("分析引用", set()),
    ("引 方法", {"chinese"}),
    ("تحليل", {"arabic"}),
    ("اقتباسات", set()),
    ("الاقتباسات", {"arabic"}),
    ("인용", {"korean"}),
    ("विश्लेषण", {"hindi"}),
    ("c++", {"signs"}),
    ("c#", {"signs"}),
    ("c", {"signs"}),
    ("c--", {"signs"}),
    ("3.5", {"signs"}),
    ("5.3", set()),
    ("gpt-4", {"signs"}),
    ("gpt4", set()),
    ("jane.doe@example.org", {"signs"}),
    ("dont", {"signs"}),
    ("don’t", {"signs"}),
    ("alpha", {"greek"}),
    ("α", {"greek"}),
    ("ΑΝΆΛΥΣΗ", {"greek"}),
    ("author:smith", {"accents", "venues"}),
    ("author:scholkopf", {"accents"}),
    ('author:"van der wal"', {"venues"}),
    ('author:"wal wal"', set()),
    ("author:smi*", {"accents", "venues"}),
    ("author:smith author:wal", {"venues"}),
    ("smith", set()),
    ('venue:"machine learning"', {"venues"}),
    ("venue:smith", set()),
    ("author:smith -lodz", {"venues"}),
    ("author:smith -venue:machine", {"accents"}),
    ("the -dropout", {"phrases", "greek"}),
    ('the -"the art" -author:nobody', {"sentence", "greek"}),
    ("nowhere", set()),
    ("AND", {"accents", "greek", "signs"}),
]


def found_within(hub: Paper, text: str, **options: bool) -> set[str]:
    """The titles of the papers that cite the hub and match."""
    citations = search.citations(Citation.objects.of_hub(hub.pk), parse(text), hub.pk, **options)
    return set(citations.values_list("citing__title", flat=True))


@pytest.mark.parametrize("in_order", [False, True])
def test_within_a_hub_both_engines_find_the_same(library: Paper, in_order: bool) -> None:
    assert {text: found_within(library, text, in_order=in_order) for text, _ in FOUND} == dict(FOUND)


def test_within_a_hub_exclusions_alone_leave_all_others(library: Paper) -> None:
    everything = found_within(library, "")
    assert len(everything) == 11
    assert found_within(library, "-dropout") == everything - {"sentence"}
    assert found_within(library, "-ablation") == everything, "a sentence about another hub excludes nothing"


def test_the_ids_of_citing_papers_that_match_are_read_from_the_index(library: Paper) -> None:
    of_hub = Citation.objects.of_hub(library.pk)
    for text in ("the", "the -dropout", "-dropout", "author:smith", "ablation", ""):
        query = parse(text)
        matching = search.citations(of_hub, query, library.pk).order_by("citing_id")
        assert search.citing_ids(query, library.pk) == list(matching.values_list("citing_id", flat=True))


def test_filters_and_counts_can_be_put_on_top(library: Paper) -> None:
    sentence = Citation.objects.get(citing__title="sentence", cited=library)
    Citation.objects.filter(pk=sentence.pk).update(is_influential=True)
    matching = search.citations(Citation.objects.of_hub(library.pk), parse("the"), library.pk)
    assert matching.count() == 3
    assert matching.filter(is_influential=True).get() == sentence
    assert search.citations(Citation.objects.filter(is_influential=True), parse("the"), library.pk).exists()
    either = matching.filter(is_influential=False).union(matching.filter(is_influential=True), all=True)
    assert either.count() == 3


def test_over_everything_sentences_are_searched_whichever_hub_they_cite(library: Paper) -> None:
    def found(text: str) -> list[str]:
        return list(search.papers(parse(text)).values_list("title", flat=True))

    assert found("ablation") == ["sentence"]
    assert found("dropout") == ["sentence"]
    assert set(found("pythia")) == {HUB, "sentence"}
    assert found("suite language -dropout") == [HUB]
    assert found("author:scholkopf") == ["accents"]
    assert found("") == []
    assert found("-ablation") == []
    assert search.papers(parse("ablation")).count() == 1


def test_a_phrase_never_reaches_from_one_sentence_or_name_into_the_next(db: None) -> None:
    hub = make_paper("Hub")
    paper = make_paper("Citing", authors=["Ana One", "Two Beta"], summary="ends here", abstract="starts there")
    make_citation(paper, hub, sentences=["First ends.", "Second starts."])
    for text in ('"ends second"', 'author:"one two"', '"here starts"', '"citing ends"'):
        assert found_within(hub, text) == set(), text
        assert not search.papers(parse(text)).exists(), text
    assert found_within(hub, '"second starts" author:"two beta"') == {"Citing"}


# Ranking -------------------------------------------------------------------------------------------------------------


def test_a_hit_in_the_title_ranks_above_one_in_the_abstract_and_that_above_one_in_a_sentence(db: None) -> None:
    hub = make_paper("Hub")
    filler = "with many other words that tell of something else altogether"
    for title, facts, sentence in (
        ("One plain paper", {}, "It uses gradients, as a sentence says."),
        ("Two plain papers", {"abstract": f"On gradients {filler}"}, ""),
        ("Three plain papers", {"summary": f"On gradients {filler}"}, ""),
        ("Four gradients", {"abstract": filler}, ""),
    ):
        make_citation(make_paper(title, **facts), hub, sentences=[sentence] if sentence else [])  # type: ignore[arg-type]
    for number in range(20):
        make_citation(make_paper(f"Filler {number}", abstract=filler), hub)
    expected = ["Four gradients", "Three plain papers", "Two plain papers", "One plain paper"]
    ranked = search.ranked_citations(Citation.objects.of_hub(hub.pk), parse("gradients"), hub.pk)
    assert [citation.citing.title for citation in ranked] == expected
    assert list(search.papers(parse("gradients")).values_list("title", flat=True)) == expected
    ranks = [citation.rank for citation in ranked]  # type: ignore[attr-defined]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] > ranks[-1]


def test_papers_that_match_alike_come_newest_first_then_by_id(db: None) -> None:
    hub = make_paper("Hub", year=1990)
    dated = [make_paper("Same gradients", year=year) for year in (2020, 2024, 2022, 2024)]
    for paper in dated:
        make_citation(paper, hub)
    expected = [dated[index].pk for index in (3, 1, 2, 0)]
    query = parse("gradients -nothing")
    assert list(search.papers(query).values_list("pk", flat=True)) == expected
    ranked = search.ranked_citations(Citation.objects.of_hub(hub.pk), query, hub.pk)
    assert list(ranked.values_list("citing_id", flat=True)) == expected
    assert list(ranked.values_list("citing_id", flat=True)[1:3]) == expected[1:3]
    assert ranked.count() == 4


@pytest.mark.parametrize("text", ["", "author:smith", "-nothing", "author:smith -nothing"])
def test_what_cannot_be_ranked_still_has_an_order(db: None, text: str) -> None:
    hub = make_paper("Hub")
    papers = [make_paper(f"Citing {year}", year=year, authors=["Jane Smith"]) for year in (2020, 2024)]
    for paper in papers:
        make_citation(paper, hub)
    ranked = search.ranked_citations(Citation.objects.of_hub(hub.pk), parse(text), hub.pk)
    assert [citation.citing.year for citation in ranked] == [2024, 2020]


# Harm ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_search_is_answered(library: Paper, text: str) -> None:
    query = parse(text)
    assert len(search.citations(Citation.objects.of_hub(library.pk), query, library.pk)) <= 11
    assert len(search.ranked_citations(Citation.objects.of_hub(library.pk), query, library.pk)) <= 11
    assert len(search.papers(query)) <= 13
    assert Paper.objects.count() == 13


class AnyTextTests(HypothesisTestCase):
    """With a database that each example leaves as it was."""

    @given(texts)
    def test_any_text_is_answered_and_finds_the_paper_that_holds_it(self, text: str) -> None:
        storable = text.replace("\x00", " ").encode("utf-8", "ignore").decode()
        hub = make_paper("Hub")
        paper = make_paper("Citing", abstract=storable)
        make_citation(paper, hub, sentences=["OR word"])
        query = parse(storable)
        for in_order in (False, True):
            matching = search.citations(Citation.objects.of_hub(hub.pk), query, hub.pk, in_order=in_order)
            list(matching)
        list(search.papers(query))
        list(search.ranked_citations(Citation.objects.of_hub(hub.pk), query, hub.pk))
        words = " ".join(f'"{term.text}"' for term in query.terms)
        again = search.citations(Citation.objects.of_hub(hub.pk), parse(words), hub.pk)
        assert (not query.problems and again.count() == 1) or query.problems


# Marks ---------------------------------------------------------------------------------------------------------------


def marked(fragments: tuple[Fragment, ...]) -> str:
    """Fragments with hits in brackets."""
    return "".join(f"[{fragment.text}]" if fragment.is_hit else fragment.text for fragment in fragments)


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("On Schölkopf’s kernels", "scholkopfs", "On [Schölkopf’s] kernels"),
        ("MUÇA, muca; Mucas", "muça", "[MUÇA], [muca]; Mucas"),
        ("A state-of-the-art study", '"state of the art"', "A [state-of-the-art] study"),
        ("pretrain and pretty", "pret*", "[pretrain] and [pretty]"),
        ("scaling laws, laws", '"scaling law*"', "[scaling laws], laws"),
        ("研究引用分析", "引用", "研究[引用]分析"),
        ("C++ or c", "c++", "[C++] or c"),
        ("one two three", "one two -three", "[one] [two] three"),
        ("by smith", "author:smith", "by smith"),
        ("nothing", "", "nothing"),
        ("", "word", ""),
        ("<b>word</b>", "word", "<b>[word]</b>"),
        ("a b a b a", '"a b a"', "[a b a b a]"),
    ],
)
def test_hits_are_marked_in_the_text_as_it_is_spelt(text: str, query: str, expected: str) -> None:
    assert marked(highlight(text, parse(query))) == expected


def test_names_are_marked_by_the_terms_that_search_them() -> None:
    assert marked(highlight("Jane Smith", parse("jane author:smith"), "author")) == "Jane [Smith]"


@given(texts, texts)
def test_fragments_joined_are_the_text(text: str, query: str) -> None:
    fragments = highlight(text, parse(query))
    assert "".join(fragment.text for fragment in fragments) == text
    assert all(fragment.text for fragment in fragments)


LONG = "The quick brown fox jumped over the lazy dog and then told of a Schölkopf kernel to all who would listen."


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("scholkopf", "… told of a [Schölkopf] kernel to all who …"),
        ("nowhere", "The quick brown fox jumped over the lazy …"),
        ("quick", "The [quick] brown fox jumped over the lazy …"),
        ("listen", "… who would [listen]."),
    ],
)
def test_an_excerpt_stands_around_the_first_hit(query: str, expected: str) -> None:
    assert marked(excerpt(LONG, parse(query), 40)) == expected


def test_a_short_text_is_its_own_excerpt() -> None:
    assert excerpt("a word", parse("word"), 40) == (Fragment("a ", False), Fragment("word", True))


@given(texts, texts, st.integers(1, 60))
def test_an_excerpt_is_a_stretch_of_the_text_and_not_longer_than_asked(text: str, query: str, length: int) -> None:
    asked = parse(query)
    fragments = excerpt(text, asked, length)
    shown = "".join(fragment.text for fragment in fragments if fragment.text not in ("… ", " …"))
    hits = [fragment.text for fragment in highlight(text, asked) if fragment.is_hit]
    assert shown in text or "…" in text
    assert len(shown) <= max([length, *map(len, hits)])
    assert any(fragment.is_hit for fragment in fragments) == bool(hits)


def test_a_page_is_found_by_walking_the_index_where_matches_are_many() -> None:
    assert search.is_walked(90_000, 300_000, 50)
    assert not search.is_walked(100, 300_000, 50)
    assert not search.is_walked(90_000, 300_000, 90_000)


def test_a_merged_paper_is_not_found(db: None) -> None:
    survivor, loser = make_paper("Survivor"), make_paper("Loser gradients")
    Paper.objects.filter(pk=loser.pk).update(merged_into=survivor)
    assert not search.papers(parse("gradients")).exists()
    paper_changed(loser)
    assert not search.papers(parse("gradients")).exists()


# Plans ---------------------------------------------------------------------------------------------------------------


def plan(queryset: object) -> str:
    """How the database would answer, were its tables large."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
    return queryset.explain()  # type: ignore[attr-defined]


def test_searching_reads_the_index_and_scans_no_table(library: Paper) -> None:
    of_hub = Citation.objects.of_hub(library.pk)
    query = parse("pythia suite -survey")
    for queryset in (
        search.citations(of_hub, query, library.pk),
        search.citations(of_hub, query, library.pk, in_order=True).order_by("-sort_date", "-id")[:50],
        search.ranked_citations(of_hub, query, library.pk)[:50],
        search.papers(query)[:50],
    ):
        text = plan(queryset)
        if connection.vendor == "sqlite":
            assert "VIRTUAL TABLE INDEX" in text
            assert "SCAN citations_citation" not in text, text
            assert not re.search(r"SCAN citations_paper\b", text), text
            assert "=" not in text.partition("VIRTUAL TABLE INDEX")[2].split()[0], "one row after the other"
        else:
            assert "citations_papertext" in text
            assert "Seq Scan" not in text, text


def test_the_first_page_of_many_matches_is_not_sorted(library: Paper) -> None:
    matching = search.citations(Citation.objects.of_hub(library.pk), parse("the"), library.pk, in_order=True)
    text = plan(matching.order_by("-sort_date", "-id")[:50])
    assert "citation_newest" in text
    assert "TEMP B-TREE" not in text and "Sort" not in text, text


def test_an_empty_query_is_falsy_and_changes_nothing(library: Paper) -> None:
    assert not Query()
    of_hub = Citation.objects.of_hub(library.pk)
    assert search.citations(of_hub, Query(), library.pk) is of_hub
