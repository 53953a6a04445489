"""The full-text index: how words are cut and folded, and that it follows papers, citations and sentences."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import OperationalError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from citations import engines, search
from citations.engines.text_index import Document, Term
from citations.engines.text_postgresql import vector
from citations.engines.text_words import LONGEST_WORD, folded_words, words
from citations.models import Author, Authorship, Citation, Mention, Paper
from citations.search import parse
from tests.factories import make_citation, make_mention, make_paper, make_venue, paper_changed

on_postgresql = pytest.mark.skipif("postgresql" not in connection.vendor, reason="of PostgreSQL alone")


# Words ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Muça Schölkopf Łódź Straße Ærø", "muca scholkopf lodz strasse aero"),
        ("Mu\u0327c\u0327a", "muca"),
        ("state-of-the-art", "state of the art"),
        ("don't don’t O'Neill", "dont dont oneill"),
        ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("ﬁne ① R² ＡＢＣ", "fine 1 r2 abc"),
        ("C++ C# g++, F#-like", "c ++ c # g ++ f # like"),
        ("a+b CD4+ +++ # ++", "a b cd4"),
        ("3.5 1,000 GPT-4 ٣٤", "3 5 1 000 gpt 4 34"),
        ("jane.doe@example.org", "jane doe example org"),
        ("https://example.org/a_b?c=d", "https example org a b c d"),
        ("α-helix TNF-α TNFα µm", "alpha helix tnf alpha tnfalpha mum"),
        ("ανάλυση ΣΟΦΟΣ", "αναλυση σοφοσ"),
        ("йод Ёлка Київ", "иод елка киів"),
        ("引用分析 データ ﾃﾞｰﾀ", "引 用 分 析 デ ー タ デ ー タ"),
        ("한국어 \u1112\u1161\u11ab", "한 국 어 한"),
        ("BERT模型v2", "bert 模 型 v2"),
        ("تَحْلِيل أحمد العـــربية", "تحليل احمد العربية"),
        ("שָׁלוֹם", "שלום"),
        ("हिन्दी में", "हिन्दी में"),
        ("nul\x00in \ud800lone 🦜 !?", "nul in lone"),
        ("", ""),
    ],
)
def test_words_are_folded(text: str, expected: str) -> None:
    assert folded_words(text) == expected.split()


@given(st.text())
def test_words_stand_in_order_where_they_are_said_to_stand(text: str) -> None:
    start = end = 0
    for word in words(text):
        assert 0 <= word.start < word.end <= len(text)
        # One character may hold several words, as ½ does: these stand in the same place.
        assert word.start >= start and word.end >= end
        start, end = word.start, word.end
        assert 0 < len(word.folded) <= LONGEST_WORD
        assert not set(word.folded) & set(" :'\"\\*()-\x00")


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    # Signs mean something only right after a letter.
    once = [word for word in folded_words(text) if word not in ("++", "#")]
    assert folded_words(" ".join(once)) == once


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_the_short_way_for_ascii_is_the_long_way(text: str) -> None:
    assert folded_words(text) == folded_words(f"{text}\u200b") or "'" in text or "`" in text


def test_a_vector_never_lets_a_phrase_reach_across_runs() -> None:
    document = Document(title=[("a", "b")], abstract=[("c",)], citing=[("17:a",), ("17:b",)], facts=[("h:17",)])
    assert vector(document) == "'a':1A 'b':2A 'c':13C '17:a':1D '17:b':12D 'h:17':1D"


# Upkeep --------------------------------------------------------------------------------------------------------------


def finds(text: str) -> set[str]:
    """The titles that a search over everything finds."""
    return set(search.papers(parse(text)).values_list("title", flat=True))


def finds_within(hub: Paper, text: str) -> set[str]:
    """The titles of the papers citing a hub that a search finds."""
    found = search.citations(Citation.objects.of_hub(hub.pk), parse(text), hub.pk)
    return set(found.values_list("citing__title", flat=True))


def differs() -> set[int]:
    """The papers that the index holds otherwise than their rows say."""
    return engines.text_differs(connection, Paper.objects.values_list("pk", flat=True))


@pytest.mark.django_db
def test_the_index_follows_a_paper_that_changes() -> None:
    paper = make_paper("Old title", abstract="gradients", authors=["Jane Smith"], venue="Journal of Nothing")
    assert finds("gradients") == finds("author:smith") == finds("venue:nothing") == {"Old title"}
    paper.title, paper.abstract, paper.venue = "New title", "", make_venue("Letters")
    paper.save()
    paper.authorships.all().delete()
    assert differs() == {paper.pk}
    paper_changed(paper)
    assert differs() == set()
    assert finds("gradients") == finds("old") == finds("author:smith") == finds("venue:nothing") == set()
    assert finds("new") == finds("venue:letters") == {"New title"}


@pytest.mark.django_db
def test_both_spellings_of_an_author_are_found() -> None:
    paper = make_paper("Paper")
    author = Author.objects.create(key="orcid:1", name="Jane Augusta Smith")
    Authorship.objects.create(paper=paper, author=author, position=0, name="J. Smith")
    paper_changed(paper)
    for text in ("author:augusta", 'author:"j smith"', 'author:"J. Smith"'):
        assert finds(text) == {"Paper"}


@pytest.mark.django_db
def test_the_index_follows_citations_and_their_sentences() -> None:
    hub, other = make_paper("Hub"), make_paper("Other")
    citation = make_citation(make_paper("Citing"), hub, sentences=["They use gradients."])
    assert finds_within(hub, "gradients") == {"Citing"}
    elsewhere = make_citation(citation.citing, other)
    assert finds_within(other, "citing") == {"Citing"}
    assert finds_within(other, "gradients") == set()
    mention = make_mention(elsewhere, "Others use momentum.")
    assert finds_within(other, "momentum") == {"Citing"}
    assert finds_within(hub, "momentum") == set()
    Mention.objects.filter(pk=mention.pk).update(sentence="")
    paper_changed(citation.citing)
    assert finds_within(other, "momentum") == finds("momentum") == set()


@pytest.mark.django_db
def test_the_index_follows_a_merge() -> None:
    hub, twin = make_paper("Hub"), make_paper("Twin gradients")
    first = make_citation(make_paper("First"), hub)
    hidden = make_citation(first.citing, twin, sentences=["It has momentum."])
    Citation.objects.filter(pk=hidden.pk).update(merged_into=first)
    Mention.objects.filter(citation=hidden).update(citation=first)
    Paper.objects.filter(pk=twin.pk).update(merged_into=hub)
    paper_changed(first.citing, twin)
    assert finds("gradients") == set()
    assert finds_within(hub, "momentum") == {"First"}
    assert differs() == set()


@pytest.mark.django_db
def test_the_index_follows_a_deleted_paper() -> None:
    make_paper("Gone gradients").delete()
    kept = make_paper("Kept gradients")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT rowid FROM {engines.TEXT_TABLE}")
        assert cursor.fetchall() == [(kept.pk,)]


@pytest.mark.django_db
@pytest.mark.parametrize("spoil", ["DELETE FROM {}", "UPDATE {} SET rowid = rowid + 1000000"])
def test_an_index_that_differs_is_found_out_and_rebuilt(spoil: str) -> None:
    hub = make_paper("Hub")
    citation = make_citation(make_paper("Citing", abstract="gradients"), hub, sentences=["With momentum."])
    with connection.cursor() as cursor:
        cursor.execute(spoil.format(engines.TEXT_TABLE))
    assert differs() == {hub.pk, citation.citing_id}
    assert finds("gradients") == set()
    with transaction.atomic():
        engines.rebuild_text(connection)
    assert differs() == set()
    assert finds("gradients") == finds_within(hub, "momentum") == {"Citing"}
    make_paper("Later gradients")
    assert finds("gradients") == {"Citing", "Later gradients"}
    assert engines.text_differs(connection, [10**12]) == set()


@pytest.mark.django_db
def test_a_rebuilt_index_still_follows_deleted_papers() -> None:
    paper = make_paper("Gone gradients")
    engines.rebuild_text(connection)
    engines.install_text_index(connection)
    engines.install_text_index(connection)
    paper.delete()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {engines.TEXT_TABLE}")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_refreshing_what_is_up_to_date_writes_nothing() -> None:
    papers = [make_paper(f"Paper {number}") for number in range(3)]

    def written() -> object:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("SELECT total_changes()")
            else:
                cursor.execute(f"SELECT array_agg(ctid ORDER BY rowid) FROM {engines.TEXT_TABLE}")
            return cursor.fetchone()

    before = written()
    engines.refresh_text(connection, [paper.pk for paper in papers])
    assert written() == before


@pytest.mark.django_db
def test_the_index_takes_texts_of_any_length_and_script() -> None:
    hub = make_paper("Hub")
    long_words = " ".join(f"{number}{'ꙮ' * 60}" for number in range(12_000))
    paper = make_paper("Citing needle", abstract=f"haystack {long_words}")
    make_citation(paper, hub, sentences=[long_words[:100_000], "the " * 20_000])
    many = make_paper("Many", authors=[f"Jane Smith{number}" for number in range(300)])
    assert finds("needle haystack") == finds_within(hub, "needle") == {"Citing needle"}
    assert finds("author:smith299") == {many.title}
    assert differs() == set()


@pytest.mark.django_db
def test_more_papers_than_one_statement_takes_are_refreshed() -> None:
    papers = Paper.objects.bulk_create([Paper(title=f"Gradients {n}", slug=f"gradients-{n}") for n in range(1_201)])
    with transaction.atomic():
        engines.refresh_text(connection, [paper.pk for paper in papers])
    assert search.papers(parse("gradients")).count() == 1_201


def test_an_expression_without_anything_wanted_is_refused(any_engine: Callable[..., str]) -> None:
    with pytest.raises(ValueError, match="must occur"):
        any_engine([Term(("a",), is_excluded=True)], None)
    assert any_engine([Term(("a",), is_excluded=True)], 17)


@pytest.fixture(params=["text_sqlite", "text_postgresql"])
def any_engine(request: pytest.FixtureRequest) -> Callable[..., str]:
    """How each engine writes a search, whichever the tests run on."""
    from citations.engines import text_postgresql, text_sqlite

    return {"text_sqlite": text_sqlite, "text_postgresql": text_postgresql}[request.param].expression


# Others at the same time ---------------------------------------------------------------------------------------------


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_second_writer_waits_before_it_reads_what_the_first_may_change() -> None:
    paper = make_paper("Citing")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10ms'")
        with transaction.atomic():
            engines.refresh_text(connection, [paper.pk])
            # Nothing differs yet, so that nothing but the lock can be in its way.
            with pytest.raises(OperationalError, match="lock timeout"):
                engines.refresh_text(other, [paper.pk])
        engines.refresh_text(other, [paper.pk])
    finally:
        other.close()


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_emptying_the_tables_empties_the_index() -> None:
    make_paper("Gone gradients")
    engines.remove_triggers(connection)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE citations_paper CASCADE")
        cursor.execute(f"SELECT count(*) FROM {engines.TEXT_TABLE}")
        assert cursor.fetchone() == (0,)
