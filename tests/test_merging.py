"""Two records of one work become one paper: nothing is lost, nothing counts twice, and old names lead on."""

from __future__ import annotations

import datetime
import io
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from citations import labelling, search, summaries
from citations.curation import merge_plan, merging
from citations.curation.merging import MergeError, MergeMoved
from citations.identifiers import Identifier as Identified
from citations.identifiers import parse
from citations.importing import edges, runs
from citations.labels import resolve
from citations.models import (
    Citation,
    CitedByCount,
    ClassChange,
    HubPin,
    HubSummary,
    Identifier,
    ImportRun,
    Label,
    Mention,
    Merge,
    Paper,
    Report,
)
from citations.sources.records import CitationRecord, Page, PaperRecord
from citations.vocabulary import HubClass, Polarity, Role
from tests.factories import (
    CAUSE,
    add_identifier,
    make_citation,
    make_curator,
    make_hub,
    make_label,
    make_paper,
    paper_changed,
)

pytestmark = pytest.mark.django_db


def fold(loser: Paper, survivor: Paper, **options: Any) -> Merge:
    """Merge, with everything confirmed."""
    options = {"reason": "One work.", "warnings_read": True, **options}
    return merging.merge(survivor.pk, loser.pk, make_curator(), **options)


def assert_all_is_well() -> None:
    """What is derived follows from what is stored, hub by hub and word by word; no public row names a hidden paper."""
    out = io.StringIO()
    call_command("rebuild_summaries", "--check", stdout=out)
    assert "agree" in out.getvalue()
    assert not Citation.objects.public().filter(citing__merged_into__isnull=False).exists()
    assert not Citation.objects.public().filter(cited__merged_into__isnull=False).exists()
    assert not Paper.objects.filter(merged_into__merged_into__isnull=False).exists()
    assert not Identifier.objects.filter(paper__merged_into__isnull=False).exists()
    for citation in Citation.objects.filter(merged_into__isnull=False).select_related("merged_into"):
        standing = citation.merged_into
        assert standing is not None
        assert standing.merged_into_id is None or standing.is_void
    for citation in Citation.objects.public():
        effective = resolve(labelling.ledgers([citation.pk]).get(citation.pk, []))
        assert (citation.role, citation.polarity) == (effective.role, effective.polarity)


def two_papers(**facts: Any) -> tuple[Paper, Paper]:
    """The paper that stays, and the one to be folded in."""
    return make_paper("One work", **facts), make_paper("One work")


# Citations ------------------------------------------------------------------------------------------------------------


def test_of_two_papers_that_a_third_cites_both_one_citation_stays_with_both_ledgers() -> None:
    survivor, loser = two_papers()
    third = make_paper("A third paper")
    kept, hidden = make_citation(third, survivor), make_citation(third, loser)
    imported = make_label(kept, "background")
    decided = make_label(hidden, "extension", "supports", curator=make_curator("ann"))
    fold(loser, survivor)
    kept.refresh_from_db()
    hidden.refresh_from_db()
    assert hidden.merged_into == kept
    assert (hidden.cited, hidden.citing) == (loser, third)
    assert (kept.role, kept.role_by, kept.polarity) == ("extension", "curator", "supports")
    assert [row.id for row in labelling.ledgers([kept.pk])[kept.pk]] == [imported.pk, decided.pk]
    assert Label.objects.get(pk=decided.pk).citation == hidden
    assert HubSummary.objects.get(pk=survivor.pk).known == 1
    assert HubSummary.objects.get(pk=loser.pk).known == 0
    assert_all_is_well()


def test_of_two_papers_that_cite_the_same_one_citation_stays() -> None:
    survivor, loser = two_papers()
    hub = make_paper("A hub")
    kept, hidden = make_citation(survivor, hub), make_citation(loser, hub)
    make_label(hidden, "dataset")
    fold(loser, survivor)
    kept.refresh_from_db()
    assert (kept.role, HubSummary.objects.get(pk=hub.pk).known) == ("dataset", 1)
    assert_all_is_well()


def test_citations_of_one_of_the_two_move_with_labels_and_sentences() -> None:
    survivor, loser = two_papers()
    received = make_citation(make_paper("It cites"), loser, sentences=["We used the gadget."])
    made = make_citation(loser, make_paper("It is cited"), sentences=["A widget is known."])
    for citation in (received, made):
        make_label(citation, "method", mention=citation.mentions.get())
    fold(loser, survivor)
    for citation in (received, made):
        citation.refresh_from_db()
        assert (citation.merged_into, citation.role, citation.mention_count) == (None, "method", 1)
    assert (received.cited, made.citing) == (survivor, survivor)
    assert HubSummary.objects.get(pk=survivor.pk).counts["role"] == {"method": 1}
    assert_all_is_well()


def test_sentences_of_a_hidden_citation_go_to_the_kept_one_unless_it_has_them() -> None:
    survivor, loser = two_papers()
    third = make_paper()
    kept = make_citation(third, survivor, sentences=["The same sentence."])
    hidden = make_citation(third, loser, sentences=["The same sentence.", "Another sentence."])
    label = make_label(hidden, "method", mention=hidden.mentions.get(sentence="Another sentence."))
    fold(loser, survivor)
    kept.refresh_from_db()
    assert sorted(kept.mentions.values_list("sentence", flat=True)) == ["Another sentence.", "The same sentence."]
    assert (kept.mention_count, Mention.objects.count()) == (2, 3)
    label.refresh_from_db()
    assert label.mention is not None
    assert label.mention.citation == kept
    assert_all_is_well()


def test_a_citation_between_the_two_is_hidden_and_counts_nowhere(client: Client) -> None:
    survivor, loser = two_papers()
    out, back = make_citation(survivor, loser), make_citation(loser, survivor)
    label = make_label(back, "evidence", curator=make_curator())
    assert f"label-{label.pk}" in client.get(f"/hubs/{survivor.slug}/history/").content.decode()
    plan = merge_plan.plan(survivor, loser)
    assert any("A paper does not cite itself" in warning for warning in plan.warnings)
    record = fold(loser, survivor)
    for citation in (out, back):
        citation.refresh_from_db()
        assert citation.is_void
    assert record.details["between"] == [out.pk, back.pk]
    assert Label.objects.filter(pk=label.pk).exists()
    assert HubSummary.objects.get(pk=survivor.pk).known == 0
    for address in (f"/api/citations/{back.pk}/", f"/citations/{back.pk}/", f"/citations/{back.pk}/report/"):
        assert client.get(address).status_code == 404
    assert f"label-{label.pk}" not in client.get(f"/hubs/{survivor.slug}/history/").content.decode()
    assert f"label-{label.pk}" not in client.get("/history.atom").content.decode()
    assert client.get(f"/papers/{survivor.slug}/").status_code == 200
    assert_all_is_well()


def test_a_merge_of_a_survivor_leaves_one_hop_and_one_ledger(client: Client) -> None:
    first, second, third = (make_paper("One work") for _ in range(3))
    citing = make_paper("It cites all three")
    citations = [make_citation(citing, paper) for paper in (first, second, third)]
    for citation, role in zip(citations, ("background", "method", "extension"), strict=True):
        make_label(citation, role)
    fold(first, second)
    fold(second, third)
    first.refresh_from_db()
    assert first.merged_into == third
    assert {citation.merged_into_id for citation in Citation.objects.exclude(pk=citations[2].pk)} == {citations[2].pk}
    assert len(labelling.ledgers([citations[2].pk])[citations[2].pk]) == 3
    for paper in (first, second):
        response = client.get(f"/hubs/{paper.slug}/")
        assert (response.status_code, response["Location"]) == (302, f"/hubs/{third.slug}/")
    assert_all_is_well()


def test_a_label_on_a_hidden_citation_counts_for_the_one_that_stands() -> None:
    survivor, loser = two_papers()
    third = make_paper()
    kept, hidden = make_citation(third, survivor), make_citation(third, loser)
    wrong = make_label(hidden, "dataset", curator=make_curator())
    fold(loser, survivor)
    labelling.retract(wrong, make_curator())
    kept.refresh_from_db()
    assert kept.role == ""
    assert HubSummary.objects.get(pk=survivor.pk).classified == 0
    assert_all_is_well()


def test_flags_of_hidden_citations_are_heard_a_curators_before_all() -> None:
    survivor, loser = two_papers()
    third, fourth = make_paper(), make_paper()
    kept = make_citation(third, survivor, is_self_citation=True, flag_sources={"is_self_citation": "openalex"})
    make_citation(third, loser, is_influential=True, flag_sources={"is_self_citation": "curator"})
    by_curator = make_citation(fourth, survivor, flag_sources={"is_influential": "curator"})
    make_citation(fourth, loser, is_influential=True)
    fold(loser, survivor)
    kept.refresh_from_db()
    by_curator.refresh_from_db()
    assert (kept.is_influential, kept.is_self_citation) == (True, False)
    assert kept.flag_sources == {"is_self_citation": "curator"}
    assert not by_curator.is_influential
    assert_all_is_well()


# Papers ---------------------------------------------------------------------------------------------------------------


def test_empty_facts_are_filled_with_their_source_and_a_curators_is_never_replaced() -> None:
    survivor = make_paper(
        "One work", year=2021, summary="Ours.", field_sources={"year": "crossref", "summary": "curator"}
    )
    loser = make_paper(
        "One  work",
        venue="A Journal",
        year=2022,
        abstract="It is told.",
        summary="Theirs.",
        notice="retracted",
        field_sources={
            "title": "openalex",
            "venue": "openalex",
            "year": "curator",
            "summary": "curator",
            "abstract": "arxiv",
            "notice": "crossref",
        },
    )
    record = fold(loser, survivor)
    survivor.refresh_from_db()
    assert (survivor.title, survivor.summary, survivor.abstract) == ("One work", "Ours.", "It is told.")
    assert (survivor.year, str(survivor.venue), survivor.notice) == (2022, "A Journal", "retracted")
    assert survivor.field_sources == {
        "year": "curator",
        "summary": "curator",
        "abstract": "arxiv",
        "venue": "openalex",
        "notice": "crossref",
    }
    assert record.details["replaced"] == {"year": {"value": "2021", "source": "crossref"}}
    loser.refresh_from_db()
    assert (loser.summary, loser.year) == ("Theirs.", 2022)
    assert_all_is_well()


def test_authors_stay_together_and_a_curators_take_the_place_of_an_imports() -> None:
    survivor = make_paper("One work", authors=["A. Author"], field_sources={"authors": "openalex"})
    loser = make_paper("One work", authors=["Ada Author", "Ben Writer"], field_sources={"authors": "curator"})
    fold(loser, survivor)
    assert list(survivor.authorships.values_list("position", "name")) == [(0, "Ada Author"), (1, "Ben Writer")]
    assert list(loser.authorships.values_list("position", "name")) == [(0, "A. Author")]
    survivor.refresh_from_db()
    assert survivor.field_sources["authors"] == "curator"
    assert_all_is_well()


def test_worldwide_counts_of_both_sources_are_kept_and_the_higher_of_one_source_shows() -> None:
    survivor, loser = make_paper("One work", cited_by=10), make_paper("One work", cited_by=25)
    day = datetime.date(2026, 2, 2)
    CitedByCount.objects.create(paper=loser, source="openalex", count=7, as_of=day)
    paper_changed(loser)
    fold(loser, survivor)
    survivor.refresh_from_db()
    assert dict(survivor.cited_by_counts.values_list("source", "count")) == {"sample": 25, "openalex": 7}
    assert dict(loser.cited_by_counts.values_list("source", "count")) == {"sample": 10}
    assert survivor.cited_by_count == 25
    assert_all_is_well()


def test_full_text_finds_the_survivor_by_what_only_the_folded_paper_had() -> None:
    survivor, loser = make_paper("One work"), make_paper("One work", abstract="About the quokka.")
    citing = make_citation(make_paper("It cites"), loser, sentences=["We measured a wombat."]).citing
    fold(loser, survivor)
    assert list(search.papers(search.parse("quokka"))) == [survivor]
    assert search.citing_ids(search.parse("wombat"), survivor.pk) == [citing.pk]
    assert_all_is_well()


def test_an_import_by_a_name_of_the_folded_paper_finds_the_survivor() -> None:
    survivor = make_paper("One work", identifiers=["doi:10.1/published"])
    loser = make_paper("One work", identifiers=["doi:10.1/preprint", "arXiv:2101.00001"])
    make_citation(make_paper("Known", identifiers=["doi:10.2/known"]), loser)
    fold(loser, survivor)
    take_in(citing="10.2/known", cited="10.1/preprint")
    take_in(citing="10.2/new", cited="10.1/preprint")
    assert Citation.objects.public().filter(cited=survivor).count() == 2
    assert not Citation.objects.public().filter(cited=loser).exists()
    assert {str(name) for name in survivor.identifiers.all()} >= {"doi:10.1/preprint", "arxiv:2101.00001"}
    assert_all_is_well()


def named(doi: str) -> Identified:
    """An identifier as records carry them."""
    return parse(f"doi:{doi}")


def new_run() -> ImportRun:
    """A run for rows to belong to."""
    return ImportRun.objects.create(source="semanticscholar", fingerprint="f")


def take_in(*, citing: str, cited: str, intents: tuple[str, ...] = (), abstract: str = "") -> None:
    """An import of one row."""
    ends = [PaperRecord(identifiers=(named(doi),), title=f"Paper {doi}", abstract=abstract) for doi in (citing, cited)]
    page = Page(records=(CitationRecord(citing=ends[0], cited=ends[1], intents=intents, raw={}),))
    run = new_run()
    with transaction.atomic():
        runs._store(page, "semanticscholar", run, runs.Report())


# Decisions ------------------------------------------------------------------------------------------------------------


def test_pins_reports_and_their_authors_come_along() -> None:
    survivor, loser = two_papers()
    ann = make_curator("ann")
    third, fourth = make_paper(), make_paper()
    kept, hidden = make_citation(third, survivor), make_citation(third, loser)
    moved = make_citation(fourth, loser)
    pins = [
        HubPin.objects.create(hub=loser, hub_class=HubClass.FOUNDATION, reason="They build on it.", curator=ann),
        HubPin.objects.create(hub=loser, citation=hidden, reason="Typical.", curator=ann),
        HubPin.objects.create(hub=loser, citation=moved, reason="Typical, too.", curator=ann),
    ]
    report = Report.objects.create(citation=hidden, role="dataset")
    summaries.recount([loser.pk], CAUSE)
    fold(loser, survivor)
    summary = HubSummary.objects.get(pk=survivor.pk)
    assert summary.hub_class == "foundation"
    assert [entry["citation"] for entry in summary.representatives] == [kept.pk, moved.pk]
    assert {pin.hub for pin in HubPin.objects.filter(pk__in=[pin.pk for pin in pins])} == {survivor}
    assert set(HubPin.objects.values_list("curator__username", "removed_at")) == {("ann", None)}
    report.refresh_from_db()
    assert report.citation == kept
    assert ClassChange.objects.filter(hub=survivor).latest("id").curator == make_curator()
    assert_all_is_well()


def test_a_citation_pinned_on_both_sides_keeps_one_pin() -> None:
    survivor, loser = two_papers()
    third, ann = make_paper(), make_curator("ann")
    kept, hidden = make_citation(third, survivor), make_citation(third, loser)
    first = HubPin.objects.create(hub=survivor, citation=kept, reason="One.", curator=ann)
    second = HubPin.objects.create(hub=loser, citation=hidden, reason="Two.", curator=ann)
    fold(loser, survivor)
    second.refresh_from_db()
    first.refresh_from_db()
    assert first.removed_at is None
    assert second.removed_by == make_curator()
    assert_all_is_well()


def test_two_classes_pinned_differently_are_refused_and_alike_are_one() -> None:
    survivor, loser = two_papers()
    ann = make_curator("ann")
    HubPin.objects.create(hub=survivor, hub_class=HubClass.FOUNDATION, reason="One.", curator=ann)
    other = HubPin.objects.create(hub=loser, hub_class=HubClass.MIXED_USE, reason="Two.", curator=ann)
    with pytest.raises(MergeError, match="as Foundation and Mixed use: remove one"):
        fold(loser, survivor)
    HubPin.objects.filter(pk=other.pk).update(hub_class=HubClass.FOUNDATION)
    summaries.recount([survivor.pk, loser.pk], CAUSE)
    fold(loser, survivor)
    assert HubPin.objects.get(hub=survivor, removed_at__isnull=True).reason == "One."
    assert_all_is_well()


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_merge_needs_a_reason(reason: str) -> None:
    survivor, loser = two_papers()
    with pytest.raises(MergeError, match="Say why"):
        fold(loser, survivor, reason=reason)


def test_the_same_and_a_merged_paper_and_none_are_refused() -> None:
    survivor, loser = two_papers()
    with pytest.raises(MergeError, match="same paper"):
        fold(survivor, survivor)
    fold(loser, survivor)
    for one, other in ((loser, survivor), (survivor, loser)):
        with pytest.raises(MergeError, match="merged into paper"):
            fold(one, other)
    loser.pk = 10**9
    with pytest.raises(MergeError, match="There is no paper"):
        fold(loser, survivor)
    assert Merge.objects.count() == 1


def test_two_names_of_one_scheme_are_explained_and_have_to_be_confirmed() -> None:
    survivor = make_paper("One work", identifiers=["doi:10.1/a", "PMID:1"])
    loser = make_paper("One work", identifiers=["doi:10.1/b", "PMID:2"])
    warned = list(merge_plan.warnings(survivor, loser))
    assert [("this may be right" in words, "two works" in words) for words in warned] == [(True, False), (False, True)]
    with pytest.raises(MergeError, match="Confirm that you have read"):
        fold(loser, survivor, warnings_read=False)
    fold(loser, survivor)
    assert survivor.identifiers.count() == 4


def test_what_speaks_against_one_work_is_said() -> None:
    survivor = make_paper("One work", year=2010, authors=["Ada Author"])
    loser = make_paper("Another work", year=2020, authors=["Ben Writer"])
    assert " ".join(merge_plan.warnings(survivor, loser)) == (
        "Their titles differ. They are 10 years apart. They share no author’s family name."
    )


CHANGES: dict[str, Any] = {
    "an identifier": lambda survivor, loser: add_identifier(loser, "doi:10.1/new"),
    "a fact": lambda survivor, loser: Paper.objects.filter(pk=survivor.pk).update(year=1999),
    "a citation of it": lambda survivor, loser: make_citation(cited=loser),
    "a citation by it": lambda survivor, loser: make_citation(citing=survivor),
    "a label": lambda survivor, loser: make_label(Citation.objects.filter(cited=loser)[0], "method"),
    "a label on what it cites": lambda survivor, loser: make_label(Citation.objects.filter(citing=loser)[0], "method"),
    "a pin": lambda survivor, loser: HubPin.objects.create(
        hub=loser, hub_class="foundation", reason="x", curator=make_curator()
    ),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_merge_of_papers_that_changed_since_they_were_looked_at_writes_nothing(change: str) -> None:
    survivor, loser = two_papers()
    make_citation(cited=loser)
    make_citation(citing=loser)
    seen = merge_plan.plan(survivor, loser).fingerprint
    CHANGES[change](survivor, loser)
    with pytest.raises(MergeMoved, match="changed while you were reading"):
        fold(loser, survivor, seen=seen)
    assert not Merge.objects.exists()
    assert not Paper.objects.filter(merged_into__isnull=False).exists()


def test_the_plan_foretells_what_the_merge_does() -> None:
    survivor = make_hub({"method": 16, "background": 4}, 2, title="One work")
    loser = make_hub({"comparison": 9, "method": 1}, 1, title="One work")
    for citation in Citation.objects.filter(cited=survivor).order_by("pk")[:3]:
        twin = make_citation(citation.citing, loser, sentences=["We differ."])
        make_label(twin, "extension", "disputes", curator=make_curator())
    make_citation(loser, make_paper(), sentences=["One.", "Two."])
    make_citation(loser, survivor)
    plan = merge_plan.plan(survivor, loser)
    assert [(part.name, part.total, part.move, part.collide, part.between) for part in plan.parts] == [
        ("Identifiers", 0, 0, 0, 0),
        ("Citations of it", 14, 11, 3, 0),
        ("Citations by it", 2, 1, 0, 1),
        ("Sentences", 5, 5, 0, 0),
        ("Labels", 13, 10, 3, 0),
        ("Readers’ reports", 0, 0, 0, 0),
    ]
    assert (plan.collisions, len(plan.changes)) == (3, 3)
    assert {change.after.role for change in plan.changes} == {Role.EXTENSION}
    fold(loser, survivor)
    summary = HubSummary.objects.get(pk=survivor.pk)
    assert plan.after == summaries.hub_counts(summary.counts)
    assert (plan.class_now, plan.class_after) == (HubClass.TOOL_REFERENCE, summary.hub_class)
    assert_all_is_well()


def test_a_merge_is_recorded_with_who_why_and_what_moved() -> None:
    survivor, loser = two_papers()
    add_identifier(loser, "doi:10.1/b")
    third = make_paper()
    make_citation(third, survivor)
    make_citation(third, loser, sentences=["A sentence."])
    make_citation(cited=loser)
    record = fold(loser, survivor, reason=" Preprint and article. ")
    assert (record.survivor, record.loser, record.curator) == (survivor, loser, make_curator())
    assert record.reason == "Preprint and article."
    assert record.details == {
        "moved": {"citations of it": 1, "identifiers": 1, "sentences": 1},
        "hidden": {"citations": 1},
        "identifiers": ["doi:10.1/b"],
        "fields": [],
        "replaced": {},
    }


# Others at the same time ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time")
def test_a_citation_that_is_added_while_papers_are_merged_is_not_left_behind() -> None:
    """The importer has looked the paper up already when the merge begins, and writes when it is done."""
    survivor = make_paper("One work", identifiers=["doi:10.1/a"])
    loser = make_paper("One work", identifiers=["doi:10.1/b"])
    curator = make_curator()
    looked_up, merged = threading.Event(), threading.Event()
    problems: list[BaseException] = []

    def import_one() -> None:
        write = edges.write_edges

        def late(*arguments: Any) -> Any:
            if not looked_up.is_set():
                looked_up.set()
                merged.wait(10)
            return write(*arguments)

        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(runs, "write_edges", late)
                ends = [PaperRecord(identifiers=(named(doi),), title=doi) for doi in ("10.1/b", "10.2/x")]
                page = Page(records=(CitationRecord(citing=ends[0], cited=ends[1], raw={}),))
                runs._store_persistently(page, "semanticscholar", new_run(), runs.Report(), lambda _: None)
        except BaseException as error:
            problems.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=import_one)
    thread.start()
    assert looked_up.wait(10)
    merging.merge(survivor.pk, loser.pk, curator, reason="One work.", warnings_read=True)
    merged.set()
    thread.join(20)
    assert problems == []
    assert [citation.citing for citation in Citation.objects.public()] == [survivor]
    assert_all_is_well()


# Any sequence ---------------------------------------------------------------------------------------------------------


PAPERS = 5
paper_numbers = st.integers(0, PAPERS - 1)
steps = st.one_of(
    st.tuples(
        st.just("import"), paper_numbers, paper_numbers, st.sampled_from(["", "methodology", "background", "result"])
    ),
    st.tuples(st.just("decide"), st.integers(0, 30), st.sampled_from(["", *Role]), st.sampled_from(["", *Polarity])),
    st.tuples(st.just("confirm"), st.integers(0, 30)),
    st.tuples(st.just("undo"), st.integers(0, 30)),
    st.tuples(st.just("pin class"), paper_numbers, st.sampled_from(list(HubClass))),
    st.tuples(st.just("pin citation"), st.integers(0, 30)),
    st.tuples(st.just("merge"), paper_numbers, paper_numbers),
)


class AnySequence(HypothesisTestCase):
    """Whatever importers and curators do, in whatever order."""

    @given(st.sampled_from([1, summaries.TALLY_FROM]), st.lists(steps, max_size=14))
    @hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    def test_whatever_is_done_nothing_is_lost_and_what_is_derived_follows(
        self, tally_from: int, done: list[tuple[Any, ...]]
    ) -> None:
        """Also where every hub is big, so that labels add to what stands there, and merges between them count anew."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(summaries.tallies, "TALLY_FROM", tally_from)
            self.check(done)

    def check(self, done: list[tuple[Any, ...]]) -> None:
        for number in range(PAPERS):
            make_paper(f"Work {number}", identifiers=[f"doi:10.9/{number}"], slug=f"work-{number}")
        labels: dict[int, Any] = {}
        for name, *arguments in done:
            STEPS[name](*arguments)
            stored: dict[int, Any] = {row["id"]: row for row in Label.objects.values()}
            assert {pk: stored.get(pk) for pk in labels} == labels
            labels = stored
        assert_all_is_well()


def of_number(number: int, rows: Any) -> Any:
    """One of the rows, by a number that may be any; None where there are none."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    return rows.get(pk=ids[number % len(ids)]) if ids else None


def step_import(citing: int, cited: int, intent: str) -> None:
    take_in(citing=f"10.9/{citing}", cited=f"10.9/{cited}", intents=(intent,) if intent else ())


def step_decide(number: int, role: str, polarity: str) -> None:
    citation = of_number(number, Citation.objects.all())
    if citation is not None and (role or polarity):
        labelling.decide(
            citation,
            make_curator(),
            role=Role(role) if role else None,
            polarity=Polarity(polarity) if polarity else None,
        )


def step_confirm(number: int) -> None:
    label = of_number(number, Label.objects.filter(retracts__isnull=True))
    if label is not None and (label.role or label.polarity):
        labelling.confirm(label, make_curator())


def step_undo(number: int) -> None:
    label = of_number(number, Label.objects.all())
    if label is not None:
        labelling.retract(label, make_curator())


def step_pin_class(number: int, hub_class: HubClass) -> None:
    paper = Paper.objects.get(slug=f"work-{number}")
    if paper.merged_into_id is None and merge_plan.standing_pin(paper.pk) is None:
        HubPin.objects.create(hub=paper, hub_class=hub_class, reason="x", curator=make_curator())
        summaries.recount([paper.pk], CAUSE)


def step_pin_citation(number: int) -> None:
    citation = of_number(number, Citation.objects.public())
    if citation is not None and not HubPin.objects.filter(citation=citation).exists():
        HubPin.objects.create(hub_id=citation.cited_id, citation=citation, reason="x", curator=make_curator())
        summaries.recount([citation.cited_id], CAUSE)


def step_merge(survivor: int, loser: int) -> None:
    one, other = (Paper.objects.get(slug=f"work-{number}") for number in (survivor, loser))
    refused = list(merge_plan.refusals(one, other))
    if refused:
        with pytest.raises(MergeError):
            fold(other, one)
        return
    plan = merge_plan.plan(one, other)
    fold(other, one, seen=plan.fingerprint)
    summary = HubSummary.objects.get(pk=one.pk)
    assert plan.after == summaries.hub_counts(summary.counts)
    assert plan.class_after == summary.hub_class


STEPS: dict[str, Callable[..., None]] = {
    "import": step_import,
    "decide": step_decide,
    "confirm": step_confirm,
    "undo": step_undo,
    "pin class": step_pin_class,
    "pin citation": step_pin_citation,
    "merge": step_merge,
}


# The command line -----------------------------------------------------------------------------------------------------


def test_the_command_tells_first_and_merges_with_a_reason_and_a_name() -> None:
    survivor = make_paper("One work", slug="one", identifiers=["doi:10.1/a"])
    loser = make_paper("One work", slug="two", identifiers=["doi:10.1/b"])
    make_citation(cited=loser)
    out = io.StringIO()
    call_command("merge_papers", "one", "two", stdout=out)
    assert "Citations of it: 1 move, 0 collide" in out.getvalue()
    assert "Nothing was merged." in out.getvalue()
    with pytest.raises(CommandError, match="Name the account"):
        call_command("merge_papers", "one", "two", reason="One work.", stdout=out)
    make_curator("ann")
    with pytest.raises(CommandError, match="Add --warnings-read"):
        call_command("merge_papers", "one", "two", reason="One work.", by="ann", stdout=out)
    call_command("merge_papers", "one", "two", reason="One work.", by="ann", warnings_read=True, stdout=out)
    assert Merge.objects.get().curator.username == "ann"
    with pytest.raises(CommandError, match="no paper with the slug 'three'"):
        call_command("merge_papers", "one", "three", stdout=out)
    loser.refresh_from_db()
    assert loser.merged_into == survivor
    assert_all_is_well()
