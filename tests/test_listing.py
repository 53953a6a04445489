"""Lists of citing papers: their order, their pages, their rows, and what these cost."""

from __future__ import annotations

import datetime
import re

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from citations import labelling, search
from citations.listing import Listing, citing_all, common_rows, hub_lists, list_citing, page_of_year
from citations.listing.rows import SENTENCES_SHOWN
from citations.models import Citation, Label, Paper
from citations.references import Reference
from citations.vocabulary import DecidedBy, Polarity, Role
from tests.factories import make_citation, make_curator, make_hub, make_label, make_mention, make_paper, paper_changed

pytestmark = pytest.mark.django_db


def found(paper: Paper) -> Paper:
    """The paper as views read it."""
    return Paper.objects.select_related("hub").get(pk=paper.pk)


def listed(paper: Paper, query: str = "") -> Listing:
    """A list of the papers that cite it."""
    return list_citing(found(paper), QueryDict(query))


def titles(listing: Listing) -> list[str]:
    """The titles of a page, in order."""
    return [row.paper.title for row in listing.rows]


@pytest.fixture
def dated() -> Paper:
    """A hub cited by five papers, of which two have no date."""
    hub = make_paper("Hub")
    make_citation(make_paper("Delta", year=2024, cited_by=5), hub)
    make_citation(make_paper("alpha", published_on=datetime.date(2024, 6, 1), year=2024, cited_by=70), hub)
    make_citation(make_paper("Émile", cited_by=5), hub)
    make_citation(make_paper("Beta", year=2019), hub)
    make_citation(make_paper("Çelik"), hub)
    return hub


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("newest", ["alpha", "Delta", "Beta", "Çelik", "Émile"]),
        ("oldest", ["Beta", "Delta", "alpha", "Émile", "Çelik"]),
        ("cited", ["alpha", "Émile", "Delta", "Çelik", "Beta"]),
        ("title", ["alpha", "Beta", "Çelik", "Delta", "Émile"]),
    ],
)
def test_each_sort_orders_as_it_says_with_undated_papers_last(dated: Paper, sort: str, expected: list[str]) -> None:
    assert titles(listed(dated, f"sort={sort}")) == expected


def test_confidence_sorts_what_is_suggested_first() -> None:
    hub = make_paper("Hub")
    for title, confidence in (("Sure", 0.99), ("Fair", 0.85), ("Unsure", 0.5)):
        citation = make_citation(make_paper(title), hub)
        make_label(citation, "method", decided_by="classifier", confidence=confidence)
    assert titles(listed(hub, "sort=confidence")) == ["Sure", "Fair", "Unsure"]


@pytest.mark.parametrize("sort", ["newest", "oldest", "cited", "title", "confidence"])
@pytest.mark.parametrize("dates", ["all", "none", "some"])
def test_pages_hold_every_paper_once(sort: str, dates: str) -> None:
    hub = make_hub({"method": 20, "dataset": 11}, 29)
    for place, paper in enumerate(Paper.objects.filter(references_made__cited=hub)):
        if dates == "all" or (dates == "some" and place % 2):
            paper.year = 2000 + place % 5
            paper.save()
    paper_changed(*Paper.objects.filter(references_made__cited=hub))
    whole = titles(listed(hub, f"sort={sort}&page_size=100"))
    paged = [title for page in (1, 2, 3) for title in titles(listed(hub, f"sort={sort}&page_size=25&page={page}"))]
    assert len(set(whole)) == 60
    assert paged == whole
    assert titles(listed(hub, f"sort={sort}&page_size=25&page=4")) == []


@pytest.mark.parametrize("walks", [True, False])
@pytest.mark.parametrize("query", ["", "role=method", "role=method&role=dataset", "q=citing", "q=citing&role=none"])
@pytest.mark.parametrize("sort", ["newest", "oldest", "cited", "title", "confidence", "relevance"])
def test_every_page_from_either_end_and_by_either_way_is_the_same_list(
    sort: str, query: str, walks: bool, mixed: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sort == "relevance" and "q=" not in query:
        return
    monkeypatch.setattr(search, "is_walked", lambda matching, known, end: walks)
    whole = titles(listed(mixed, f"{query}&sort={sort}&page_size=100"))
    size, number = 25, -(-len(whole) // 25)
    paged = [titles(listed(mixed, f"{query}&sort={sort}&page_size={size}&page={n}")) for n in range(1, number + 1)]
    assert len(whole) >= 20
    assert len(set(whole)) == len(whole)
    assert [title for page in paged for title in page] == whole
    monkeypatch.setattr(search, "is_walked", lambda matching, known, end: not walks)
    assert titles(listed(mixed, f"{query}&sort={sort}&page_size=100")) == whole


@pytest.fixture
def mixed(mixed_hub: int) -> Paper:
    """The hub that is made once, as its row stands."""
    return Paper.objects.get(pk=mixed_hub)


@pytest.fixture(scope="module")
def mixed_hub(module_database: None) -> int:
    """A hub with 91 citing papers, of which a third have no date, and some are suggested to be something."""
    hub = make_hub({"method": 40, "dataset": 21}, 30)
    papers = list(Paper.objects.filter(references_made__cited=hub).order_by("pk"))
    for place, paper in enumerate(papers):
        if place % 3:
            paper.year = 2000 + place % 7
        paper.summary = "Citing " * (place % 4)
    Paper.objects.bulk_update(papers, ["year", "summary"])
    paper_changed(*papers)
    for citation in Citation.objects.filter(cited=hub, role="")[:4]:
        make_label(citation, "dataset", decided_by="classifier")
    return hub.pk


def test_the_last_page_is_read_from_its_end(mixed: Paper, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for sort in ("newest", "oldest", "cited", "title"):
        with CaptureQueriesContext(connection) as queries:
            listing = listed(mixed, f"sort={sort}&page_size=25&page=4")
        assert len(listing.rows) == 16
        offsets = [int(found) for query in queries for found in re.findall(r"OFFSET (\d+)", query["sql"])]
        assert max(offsets, default=0) == 0, sort


def test_a_filter_that_few_papers_pass_is_not_looked_for_along_the_whole_index(mixed: Paper) -> None:
    with CaptureQueriesContext(connection) as queries:
        listed(mixed, "role=dataset&sort=cited")
    assert any("ORDER BY COALESCE" in query["sql"] for query in queries)
    with CaptureQueriesContext(connection) as queries:
        listed(mixed, "sort=cited")
    assert not any("ORDER BY COALESCE" in query["sql"] for query in queries)


@pytest.mark.parametrize(
    ("sort", "year", "page", "is_there"),
    [
        ("newest", 2006, 1, True),
        ("newest", 2003, 2, True),
        ("newest", 1999, 3, False),
        ("newest", 2030, 1, True),
        ("oldest", 2000, 1, True),
        ("oldest", 2004, 2, True),
        ("oldest", 2030, 3, False),
    ],
)
def test_a_year_begins_on_a_page(sort: str, year: int, page: int, is_there: bool, mixed: Paper) -> None:
    listing = listed(mixed, f"sort={sort}&page_size=25")
    number, first = page_of_year(listing, year)
    assert (number, first is not None) == (page, is_there)
    if first is not None:
        rows = listed(mixed, f"sort={sort}&page_size=25&page={number}").rows
        found = next(row.paper for row in rows if row.citation.pk == first)
        assert found.year is not None
        assert found.year <= year if sort == "newest" else found.year >= year


def test_rows_mark_what_was_searched_for_and_what_names_the_hub() -> None:
    hub = make_paper("Pythia: a suite", authors=["Stella Biderman"], year=2023)
    citing = make_paper("Sparse models", summary="It is sparse.")
    make_citation(citing, hub, sentences=["We use sparse Pythia models."])
    (row,) = listed(hub, "q=sparse").rows
    assert [piece.text for piece in row.title if piece.is_hit] == ["Sparse"]
    assert [piece.text for piece in row.summary if piece.is_hit] == ["sparse"]
    (sentence,) = row.sentences
    assert [(piece.text, piece.is_name) for piece in sentence.pieces if piece.is_hit or piece.is_name] == [
        ("sparse", False),
        ("Pythia", True),
    ]


def test_a_list_that_was_not_understood_has_no_rows(dated: Paper) -> None:
    listing = listed(dated, "role=tool")
    assert listing.problems
    assert (listing.rows, listing.facets, listing.count) == ((), (), 0)
    assert listing.known == 5


def test_the_heading_and_title_carry_the_numbers(dated: Paper) -> None:
    listing = listed(dated, "year_min=2024&sort=title")
    assert listing.heading == "2 of 5 citing papers from 2024 on, by title"
    assert listing.title == "2 papers that cite Hub, from 2024 on, by title"
    assert listed(dated).heading == "5 citing papers"


def test_papers_hidden_by_a_merge_are_never_listed() -> None:
    hub = make_paper("Hub")
    kept, hidden = make_citation(make_paper("Kept"), hub), make_citation(make_paper("Hidden"), hub)
    Citation.objects.filter(pk=hidden.pk).update(merged_into=kept)
    labelling.rebuild_hub(hub.pk)
    assert titles(listed(hub)) == ["Kept"]


# Rows ----------------------------------------------------------------------------------------------------------------


def test_a_row_names_three_authors_and_counts_the_others() -> None:
    hub = make_paper("Hub")
    make_citation(make_paper("Many", authors=["Ada Bee", "Cy Dee", "Eve Eff", "Gus Aitch", "Ida Jay"]), hub)
    make_citation(make_paper("None"), hub)
    rows = {row.paper.title: row for row in listed(hub).rows}
    assert rows["Many"].authors == ("Ada Bee", "Cy Dee", "Eve Eff")
    assert rows["Many"].more_authors == 2
    assert (rows["None"].authors, rows["None"].more_authors) == ((), 0)


def test_a_row_shows_sentences_in_the_order_of_the_paper_and_leaves_out_empty_ones() -> None:
    hub = make_paper("Hub")
    citation = make_citation(make_paper("Citing"), hub, sentences=["Second.", ""])
    make_mention(citation, "First.", order=0, section="Method", source="semanticscholar")
    Citation.objects.get(pk=citation.pk).mentions.filter(sentence="Second.").update(order=3)
    row = listed(hub).rows[0]
    assert [sentence.text for sentence in row.sentences] == ["First.", "Second."]
    assert (row.sentences[0].section, row.sentences[0].source_label) == ("Method", "Semantic Scholar")


def test_a_paper_that_names_the_hub_all_the_time_does_not_fill_the_page() -> None:
    citation = make_citation(sentences=[f"Sentence {number}." for number in range(SENTENCES_SHOWN + 5)])
    assert len(listed(citation.cited).rows[0].sentences) == SENTENCES_SHOWN


def test_a_suggestion_stands_on_a_row_only_while_nobody_has_decided() -> None:
    citation = make_citation()
    make_label(citation, "method", decided_by="classifier")
    row = listed(citation.cited).rows[0]
    assert (row.role, row.suggested) == (None, Role.METHOD)
    assert row.ledger.deciding == ()
    make_label(citation, "background", decided_by="curator")
    row = listed(citation.cited).rows[0]
    assert (row.role, row.suggested) == (Role.BACKGROUND, None)


def test_the_ledger_says_who_decided_from_which_sentence_and_what_was_replaced() -> None:
    citation = make_citation(sentences=["We use the checkpoints."])
    make_label(citation, "background", source="semanticscholar", raw_value="background")
    mention = citation.mentions.get()
    labelling.decide(citation, make_curator(), role=Role.METHOD, mention=mention, note="Read it.")
    ledger = listed(citation.cited).rows[0].ledger
    assert [entry.decided_by for entry in ledger.entries] == [DecidedBy.CURATOR, DecidedBy.IMPORT]
    (deciding,) = ledger.deciding
    assert (deciding.role, deciding.sentence, deciding.note) == (Role.METHOD, "We use the checkpoints.", "Read it.")
    (replaced,) = ledger.replaced
    assert (replaced.said, replaced.source_label) == (Role.BACKGROUND, "Semantic Scholar")
    assert ledger.entries[1].raw_value == "background"


def test_labels_written_together_replace_nothing_of_each_other() -> None:
    citation = make_citation()
    make_label(citation, "method", "supports")
    ledger = listed(citation.cited).rows[0].ledger
    assert len(ledger.deciding) == 1
    assert ledger.replaced == ()


def test_what_a_role_and_what_a_polarity_replaced_is_told_apart() -> None:
    citation = make_citation()
    make_label(citation, "method", "supports")
    labelling.decide(citation, make_curator(), role=Role.BACKGROUND)
    ledger = listed(citation.cited).rows[0].ledger
    assert [replaced.said for replaced in ledger.replaced] == [Role.METHOD]
    assert [(entry.decides_role, entry.decides_polarity) for entry in ledger.entries] == [(True, False), (False, True)]
    labelling.decide(citation, make_curator(), polarity=Polarity.DISPUTES)
    replaced = listed(citation.cited).rows[0].ledger.replaced
    assert [(one.said, one.decided_by) for one in replaced] == [
        (Role.METHOD, DecidedBy.IMPORT),
        (Polarity.SUPPORTS, DecidedBy.IMPORT),
    ]


def test_role_and_polarity_may_be_decided_by_different_labels() -> None:
    citation = make_citation()
    make_label(citation, "method")
    make_label(citation, polarity="disputes", source="scite")
    row = listed(citation.cited).rows[0]
    assert len(row.ledger.deciding) == 2
    assert row.polarity is Polarity.DISPUTES
    assert row.is_unconfirmed_dispute


def test_an_undone_label_stays_in_the_ledger_and_is_marked() -> None:
    citation = make_citation()
    curator = make_curator()
    label = labelling.decide(citation, curator, role=Role.EVIDENCE)
    labelling.retract(label, curator)
    ledger = listed(citation.cited).rows[0].ledger
    assert [(entry.retracts, entry.undone) for entry in ledger.entries] == [(True, False), (False, True)]
    assert ledger.deciding == ()


def test_labels_of_a_citation_that_a_merge_hid_stand_in_the_survivors_ledger() -> None:
    hub = make_paper("Hub")
    kept, hidden = make_citation(cited=hub), make_citation(cited=hub)
    make_label(hidden, "method")
    Citation.objects.filter(pk=hidden.pk).update(merged_into=kept)
    labelling.rebuild_hub(hub.pk)
    (row,) = listed(hub).rows
    assert row.role is Role.METHOD
    assert len(row.ledger.entries) == 1


def test_the_ledger_is_what_the_database_holds() -> None:
    hub = make_hub({"method": 3, "evidence": 2}, 2, polarities={"supports": 4})
    rows = listed(hub).rows
    assert sum(len(row.ledger.entries) for row in rows) == Label.objects.filter(citation__cited=hub).count()
    assert all(bool(row.ledger.deciding) == bool(row.role or row.polarity) for row in rows)


# Cost ----------------------------------------------------------------------------------------------------------------

# Facets, details, authors, sentences and labels; the venue filter asks for its venues, and "oldest" may read twice.
FILTERED = {
    "": 4,
    "role=method": 5,
    "role=method&sort=oldest&year_min=1990": 5,
    "sort=oldest": 5,
    "venue=icml&q=citing": 7,
}


@pytest.mark.parametrize("size", [30, 300])
@pytest.mark.parametrize(("query", "queries"), FILTERED.items())
def test_a_list_takes_the_same_few_queries_whatever_its_size(
    size: int, query: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    hub = found(make_hub({"method": size // 2, "dataset": 3}, size - size // 2 - 3, citing_facts={"venue": "ICML"}))
    dated = Paper.objects.filter(references_made__cited=hub).order_by("pk").values_list("pk", flat=True)[:10]
    Paper.objects.filter(pk__in=list(dated)).update(year=2020)
    paper_changed(*Paper.objects.filter(references_made__cited=hub))
    hub = found(hub)
    with django_assert_num_queries(queries):
        listing = list_citing(hub, QueryDict(query))
        for row in listing.rows:
            _ = (row.paper.title, row.paper.venue, row.reference.plain, row.ledger.deciding, row.notice)


def test_a_hub_page_reads_its_lists_in_four_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    hub = found(make_hub({"method": 70, "dataset": 20}, 10, authors=[f"Author {n}" for n in range(8)]))
    chosen = [entry["citation"] for entry in hub.hub.representatives]
    with django_assert_num_queries(4):
        lists = hub_lists(hub, chosen)
    assert set(lists.chosen) == set(chosen)
    assert len(lists.listing.rows) == 50
    assert len(lists.authors) == 8
    assert [row.citation.pk for row in lists.listing.rows] == [row.citation.pk for row in listed(hub).rows]


def test_representatives_from_the_far_end_of_a_long_list_do_not_show_in_its_first_page() -> None:
    hub = make_hub({"background": 60})
    last = Citation.objects.filter(cited=hub).order_by("id").first()
    assert last is not None
    lists = hub_lists(found(hub), [last.pk])
    assert list(lists.chosen) == [last.pk]
    assert last.pk not in [row.citation.pk for row in lists.listing.rows]


# Papers that cite several hubs ----------------------------------------------------------------------------------------


def test_papers_that_cite_all_hubs_come_with_their_role_in_each() -> None:
    first, second, third = (make_paper(f"Hub {number}") for number in range(3))
    both, only, newer = make_paper("Both", year=2020), make_paper("Only"), make_paper("Newer", year=2024)
    for citing, cited in ((both, (first, second)), (only, (first,)), (newer, (first, second, third))):
        for hub in cited:
            make_citation(citing, hub)
    make_label(Citation.objects.get(citing=both, cited=second), "method", "supports")
    hubs = [found(first), found(second)]
    assert citing_all(hubs).count() == 2
    rows = common_rows(hubs, 0, 10)
    assert [row.paper.title for row in rows] == ["Newer", "Both"]
    assert (rows[1].uses[second.pk].role, rows[1].uses[second.pk].polarity) == (Role.METHOD, Polarity.SUPPORTS)
    assert rows[1].uses[first.pk].role is None
    assert [row.paper.title for row in common_rows(hubs, 1, 2)] == ["Both"]
    assert common_rows([found(first), found(make_paper("Lonely"))], 0, 10) == []


# References ----------------------------------------------------------------------------------------------------------


def test_a_reference_reads_as_one_expects() -> None:
    reference = Reference(
        title="Pythia: 100% {open} & free_models",
        authors=["Stella Biderman", "Kyle O'Brien"],
        year=2023,
        venue="ICML",
        kind="conference",
        doi="10.1000/x_y",
    )
    assert reference.plain == (
        "Stella Biderman, Kyle O'Brien. Pythia: 100% {open} & free_models. ICML, 2023. https://doi.org/10.1000/x_y"
    )
    assert reference.key == "biderman2023pythia"
    assert reference.bibtex.splitlines() == [
        "@inproceedings{biderman2023pythia,",
        r"  title = {{Pythia: 100\% \{open\} \& free\_models}},",
        "  author = {Stella Biderman and Kyle O'Brien},",
        "  year = {2023},",
        "  booktitle = {ICML},",
        "  doi = {10.1000/x_y},",
        "}",
    ]


def test_a_reference_makes_do_with_a_title() -> None:
    assert Reference(title="Why?").plain == "Why?"
    assert Reference(title="深度").key == "paper"
    assert "author" not in Reference(title="Why?").bibtex
    assert Reference(title="T", authors=["A"], more_authors=3).bibtex.count("and others") == 1
