"""Labels go through one door: the ledger grows, effective columns and summaries follow in the same transaction."""

from __future__ import annotations

import datetime
import itertools
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citations import labelling, summaries
from citations.curation import bulk
from citations.labels import resolve
from citations.models import Citation, ClassChange, HubPin, HubSummary, HubTally, Label, Mention, Paper
from citations.summaries import Cause
from citations.vocabulary import HubClass, Polarity, Role

pytestmark = pytest.mark.django_db

IMPORTED = Cause("Labels came with an import.")
_numbers = itertools.count(1)


def refuse(*_: Any) -> Any:
    raise AssertionError("The citations of a big hub were counted again.")


def make_hub(citing: int) -> tuple[Paper, list[Citation]]:
    """A paper and so many citations of it, with summaries as an import leaves them."""
    number = next(_numbers)
    hub = Paper.objects.create(slug=f"hub-{number}", title=f"Hub {number}")
    papers = Paper.objects.bulk_create(
        [Paper(slug=f"paper-{number}-{n}", title=f"Paper {n}", year=2020 + n % 5) for n in range(citing)]
    )
    citations = Citation.objects.bulk_create([Citation(citing=paper, cited=hub) for paper in papers])
    summaries.recount(summaries.paper_changed([hub.pk, *(paper.pk for paper in papers)]) | {hub.pk}, IMPORTED)
    return hub, citations


def imported(citation: Citation, role: str = "", **values: Any) -> Label:
    given = {"decided_by": "import", "source": "sample"} | values
    return Label(citation=citation, role=role, **given)


@pytest.fixture
def curator() -> User:
    return User.objects.create(username="curator")


def fresh(citation: Citation) -> Citation:
    return Citation.objects.get(pk=citation.pk)


def test_a_curator_label_outlives_a_later_import(curator: User) -> None:
    _, (citation,) = make_hub(1)
    labelling.decide(citation, curator, role=Role.DATASET)
    labelling.add_labels([imported(citation, "method")], IMPORTED)
    assert (fresh(citation).role, fresh(citation).role_by) == ("dataset", "curator")


def test_a_label_moves_the_summary_in_the_same_transaction(curator: User) -> None:
    hub, citations = make_hub(3)
    assert HubSummary.objects.get(pk=hub.pk).counts["role"] == {"": 3}
    labelling.decide(citations[0], curator, role=Role.METHOD, polarity=Polarity.DISPUTES)
    summary = HubSummary.objects.get(pk=hub.pk)
    assert (summary.known, summary.classified, summary.assessed, summary.confirmed_disputes) == (3, 1, 1, 1)
    assert summary.counts["role"] == {"": 2, "method": 1}
    assert summary.counts["decided_by"] == {"": 2, "curator": 1}


def test_nothing_is_written_when_the_transaction_fails(curator: User) -> None:
    hub, (citation,) = make_hub(1)
    with pytest.raises(RuntimeError), transaction.atomic():
        labelling.decide(citation, curator, role=Role.METHOD)
        raise RuntimeError
    assert Label.objects.count() == 0
    assert HubSummary.objects.get(pk=hub.pk).classified == 0
    assert fresh(citation).role == ""


def test_an_undo_brings_back_what_stood_before(curator: User) -> None:
    hub, (citation,) = make_hub(1)
    labelling.add_labels([imported(citation, "method", coarse=True)], IMPORTED)
    decided = labelling.decide(citation, curator, role=Role.BACKGROUND)
    labelling.retract(decided, curator)
    citation = fresh(citation)
    assert (citation.role, citation.role_by, citation.coarse) == ("method", "import", True)
    assert Label.objects.count() == 3
    assert HubSummary.objects.get(pk=hub.pk).counts["coarse_roles"] == {"method": 1}


def test_a_confirmed_label_counts_as_the_curators_own(curator: User) -> None:
    hub, (citation,) = make_hub(1)
    (label,) = labelling.add_labels([imported(citation, "method", polarity="disputes", coarse=True)], IMPORTED)
    assert HubSummary.objects.get(pk=hub.pk).confirmed_disputes == 0
    labelling.confirm(label, curator)
    citation = fresh(citation)
    assert (citation.role, citation.role_by, citation.polarity_by) == ("method", "curator", "curator")
    assert citation.confirmed
    assert HubSummary.objects.get(pk=hub.pk).confirmed_disputes == 1


def test_a_classifier_only_suggests() -> None:
    hub, (citation,) = make_hub(1)
    suggestion = imported(citation, "method", decided_by="classifier", source="linear-2026-11", confidence=0.93)
    labelling.add_labels([suggestion], Cause("A classifier ran."))
    citation = fresh(citation)
    assert (citation.role, citation.suggested_role, citation.suggested_confidence) == ("", "method", 0.93)
    summary = HubSummary.objects.get(pk=hub.pk)
    assert (summary.classified, summary.counts["suggested"]) == (0, {"method": 1})


def test_a_decision_states_something(curator: User) -> None:
    _, (citation,) = make_hub(1)
    with pytest.raises(labelling.LabelError, match="Choose a role"):
        labelling.decide(citation, curator)


def test_an_undo_has_nothing_to_confirm(curator: User) -> None:
    _, (citation,) = make_hub(1)
    undone = labelling.retract(labelling.decide(citation, curator, role=Role.METHOD), curator)
    with pytest.raises(labelling.LabelError, match="nothing to confirm"):
        labelling.confirm(undone, curator)


@pytest.mark.parametrize("reference", ["retracts", "confirms"])
def test_a_label_speaks_of_its_own_citation_only(curator: User, reference: str) -> None:
    _, (one, other) = make_hub(2)
    foreign = labelling.decide(other, curator, role=Role.METHOD)
    label = Label(citation=one, decided_by="curator", source="curator", curator=curator, **{reference: foreign})
    with pytest.raises(labelling.LabelError, match="another citation"):
        labelling.add_labels([label], IMPORTED)


def test_a_label_names_a_sentence_of_its_own_citation_only(curator: User) -> None:
    _, (one, other) = make_hub(2)
    mention = Mention.objects.create(citation=other, sentence="There.", source="sample", content_hash="h")
    with pytest.raises(labelling.LabelError, match="mention belongs to another citation"):
        labelling.decide(one, curator, role=Role.METHOD, mention=mention)


def test_a_change_of_class_is_recorded_with_its_cause(curator: User) -> None:
    hub, citations = make_hub(20)
    labelling.add_labels([imported(citation, "method") for citation in citations[:19]], IMPORTED)
    assert HubSummary.objects.get(pk=hub.pk).hub_class == HubClass.NOT_ENOUGH_EVIDENCE
    assert not ClassChange.objects.exists()
    label = labelling.decide(citations[19], curator, role=Role.METHOD)
    change = ClassChange.objects.get()
    assert (change.from_class, change.to_class) == ("not-enough-evidence", "tool-reference")
    assert (change.curator, change.label) == (curator, label)
    assert HubSummary.objects.get(pk=hub.pk).class_since == change.created_at


def test_a_pinned_class_is_shown_and_the_computed_one_kept(curator: User) -> None:
    hub, _ = make_hub(1)
    HubPin.objects.create(hub=hub, hub_class="foundation", reason="Everyone builds on it.", curator=curator)
    summaries.recount([hub.pk], Cause("A curator pinned the class.", curator))
    summary = HubSummary.objects.get(pk=hub.pk)
    assert (summary.hub_class, summary.computed_class) == ("foundation", "not-enough-evidence")
    assert summary.counts["pin"]["reason"] == "Everyone builds on it."
    assert ClassChange.objects.get().curator == curator


def test_an_unchanged_summary_keeps_its_time() -> None:
    hub, _ = make_hub(2)
    before = HubSummary.objects.get(pk=hub.pk).updated_at
    assert summaries.recount([hub.pk], IMPORTED) == 0
    assert HubSummary.objects.get(pk=hub.pk).updated_at == before


# Copied columns and representatives


def test_facts_of_a_paper_reach_its_citations_and_their_hub() -> None:
    hub, (citation,) = make_hub(1)
    paper = citation.citing
    paper.title, paper.year, paper.notice = "Ärger — im Anfang", 1999, "retracted"
    paper.published_on = datetime.date(1999, 5, 4)
    paper.save()
    summaries.recount(summaries.paper_changed([paper.pk]), IMPORTED)
    citation = fresh(citation)
    assert (citation.year, citation.sort_date, citation.retracted) == (1999, datetime.date(1999, 5, 4), True)
    assert citation.sort_title.startswith("arger")
    assert HubSummary.objects.get(pk=hub.pk).counts["retracted"] == 1


def test_a_year_alone_sorts_as_the_first_of_january_and_none_before_all() -> None:
    assert summaries.sort_date(Paper(year=2021)) == datetime.date(2021, 1, 1)
    assert summaries.sort_date(Paper()) == datetime.date(1, 1, 1)


def test_representatives_show_every_role_before_a_second_of_any(curator: User) -> None:
    hub, citations = make_hub(6)
    roles = ["method", "method", "method", "evidence", "background", ""]
    labelling.add_labels([imported(c, role) for c, role in zip(citations, roles, strict=True) if role], IMPORTED)
    labelling.decide(citations[2], curator, role=Role.METHOD)
    chosen = HubSummary.objects.get(pk=hub.pk).representatives
    ids = [entry["citation"] for entry in chosen]
    assert ids == [citations[n].pk for n in (2, 3, 4, 0, 1)]
    assert chosen[0]["why"] == "Tool or method: decided by a curator"
    assert chosen[3]["why"] == "Tool or method: next by the same rule"
    assert chosen[1]["why"] == "Evidence: the only one"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "added first of the 30"),
        ({"cited_by_count": 9}, "most cited worldwide of the 30"),
        ({"mention_count": 1}, "with a citing sentence"),
        ({"mention_count": 1, "role_by": "curator"}, "decided by a curator, with a citing sentence"),
    ],
)
def test_a_representative_says_only_what_decided(changes: dict[str, Any], why: str) -> None:
    """The best of a role is not called most cited where something before that set it apart."""
    second = {"id": 2, "role": "method", "role_by": "import", "mention_count": 0, "cited_by_count": 7, "place": 2}
    first = second | {"id": 1, "place": 1} | changes
    chosen = summaries.choose_representatives([first, second], {"method": 30}, [])
    assert [entry["why"] for entry in chosen] == [f"Tool or method: {why}", "Tool or method: next by the same rule"]


def test_the_most_cited_of_equals_is_called_so_of_these_alone() -> None:
    second = {"id": 2, "role": "method", "role_by": "curator", "mention_count": 2, "cited_by_count": 7, "place": 2}
    first = second | {"id": 1, "place": 1, "cited_by_count": 8, "mention_count": 1}
    (entry, _) = summaries.choose_representatives([first, second], {"method": 30}, [])
    assert entry["why"] == (
        "Tool or method: decided by a curator, with a citing sentence, most cited worldwide of these"
    )


def test_a_pinned_representative_comes_first(curator: User) -> None:
    hub, citations = make_hub(3)
    labelling.add_labels([imported(citation, "method") for citation in citations], IMPORTED)
    HubPin.objects.create(hub=hub, citation=citations[2], reason="The clearest use.", curator=curator)
    summaries.recount([hub.pk], Cause("A curator pinned a citing paper.", curator))
    first, *others = HubSummary.objects.get(pk=hub.pk).representatives
    assert first == {"citation": citations[2].pk, "why": "Pinned by a curator: The clearest use."}
    assert citations[2].pk not in [entry["citation"] for entry in others]


def test_a_tally_stands_only_for_big_hubs(monkeypatch: pytest.MonkeyPatch) -> None:
    hub, citations = make_hub(5)
    assert not HubTally.objects.exists()
    monkeypatch.setattr(summaries.tallies, "TALLY_FROM", 5)
    labelling.add_labels([imported(citations[0], "method")], IMPORTED)
    assert sum(HubTally.objects.filter(hub=hub).values_list("n", flat=True)) == 5
    labelling.add_labels([imported(citations[1], "method")], IMPORTED)
    assert sum(HubTally.objects.filter(hub=hub, role="method").values_list("n", flat=True)) == 2
    assert sum(HubTally.objects.filter(hub=hub).values_list("n", flat=True)) == 5
    assert not labelling.hub_differs(hub.pk).differed


@pytest.fixture
def big_hub(monkeypatch: pytest.MonkeyPatch) -> tuple[Paper, list[Citation]]:
    """A hub with a tally, from which labels were taken in."""
    monkeypatch.setattr(summaries.tallies, "TALLY_FROM", 5)
    hub, citations = make_hub(5)
    labelling.add_labels([imported(citation, "method") for citation in citations[:3]], IMPORTED)
    return hub, citations


def test_a_label_reads_as_many_rows_of_a_big_hub_as_of_a_bigger_one(
    big_hub: tuple[Paper, list[Citation]], curator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that goes through all of its citations is asked."""
    hub, citations = big_hub
    for name in ("cells_of", "top_venues", "ranked_of"):
        monkeypatch.setattr(summaries.writing, name, lambda ids: refuse() if ids else {})
    label = labelling.decide(citations[4], curator, role=Role.DATASET, polarity=Polarity.DISPUTES)
    labelling.retract(label, curator)
    labelling.confirm(label, curator)
    monkeypatch.undo()
    monkeypatch.setattr(summaries.tallies, "TALLY_FROM", 5)
    summary = HubSummary.objects.get(pk=hub.pk)
    assert summary.counts["role"] == {"": 1, "dataset": 1, "method": 3}
    assert summary.representatives[1]["citation"] == citations[4].pk
    assert not labelling.hub_differs(hub.pk).differed


@pytest.mark.parametrize(
    "damage",
    [
        lambda hub: HubTally.objects.filter(hub=hub, role="").delete(),
        lambda hub: HubTally.objects.filter(hub=hub).delete(),
        lambda hub: HubSummary.objects.filter(pk=hub.pk).update(counts={}),
        lambda hub: HubSummary.objects.filter(pk=hub.pk).update(known=6),
    ],
)
def test_what_a_label_cannot_be_added_to_is_counted_again(
    big_hub: tuple[Paper, list[Citation]], curator: User, damage: Any
) -> None:
    hub, citations = big_hub
    damage(hub)
    labelling.decide(citations[4], curator, role=Role.DATASET)
    assert not labelling.hub_differs(hub.pk).differed


def test_a_check_counts_a_big_hub_and_does_not_believe_what_stands_there(
    big_hub: tuple[Paper, list[Citation]], curator: User
) -> None:
    """Wrong numbers that agree with each other are added to, found by a check, and mended by a rebuild."""
    hub, citations = big_hub
    Citation.objects.filter(pk=citations[0].pk).update(is_influential=True)
    labelling.decide(citations[4], curator, role=Role.EVIDENCE)
    assert HubSummary.objects.get(pk=hub.pk).counts["is_influential"] == 0
    assert labelling.hub_differs(hub.pk).differed
    labelling.rebuild_hub(hub.pk)
    assert HubSummary.objects.get(pk=hub.pk).counts["is_influential"] == 1
    assert not labelling.hub_differs(hub.pk).differed


def test_lists_of_decisions_are_added_to_what_stands_of_a_big_hub(
    big_hub: tuple[Paper, list[Citation]], curator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, citations = big_hub
    monkeypatch.setattr(summaries.writing, "cells_of", lambda ids: refuse() if ids else {})
    rows = Citation.objects.filter(cited=hub)
    bulk.set_self_citation(rows, curator, value=True)
    bulk.set_self_citation(rows.filter(pk=citations[0].pk), curator, value=False)
    batches = [[imported(citation, "evidence", source="acl-arc")] for citation in citations]
    labelling.add_in_batches([hub.pk], batches, IMPORTED)
    monkeypatch.undo()
    monkeypatch.setattr(summaries.tallies, "TALLY_FROM", 5)
    assert HubSummary.objects.get(pk=hub.pk).counts["is_self_citation"] == 4
    assert not labelling.hub_differs(hub.pk).differed


# Rebuilding


@pytest.mark.parametrize(
    "damage",
    [
        lambda hub, citation: Citation.objects.filter(pk=citation.pk).update(
            role="dataset", role_by="import", source="semanticscholar"
        ),
        lambda hub, citation: Citation.objects.filter(pk=citation.pk).update(year=1900),
        lambda hub, citation: HubSummary.objects.filter(pk=hub.pk).update(known=99),
        lambda hub, citation: HubSummary.objects.filter(pk=hub.pk).update(counts={}),
        lambda hub, citation: HubSummary.objects.filter(pk=hub.pk).update(representatives=[]),
        lambda hub, citation: HubSummary.objects.filter(pk=hub.pk).delete(),
        lambda hub, citation: HubTally.objects.create(hub=hub, role="method", n=3),
    ],
)
def test_a_rebuild_mends_whatever_was_changed_behind_its_back(damage: Any) -> None:
    hub, (citation, _) = make_hub(2)
    labelling.add_labels([imported(citation, "method")], IMPORTED)
    before = HubSummary.objects.get(pk=hub.pk).counts
    damage(hub, citation)
    assert labelling.hub_differs(hub.pk).differed
    assert labelling.rebuild_hub(hub.pk).differed
    assert not labelling.hub_differs(hub.pk).differed
    assert not labelling.rebuild_hub(hub.pk).differed
    assert HubSummary.objects.get(pk=hub.pk).counts == before


def test_a_summary_of_a_paper_that_nothing_cites_any_more_is_rebuilt_too() -> None:
    hub, _ = make_hub(0)
    assert hub.pk in labelling.hubs_to_rebuild()
    assert not labelling.hub_differs(hub.pk).differed


def test_labels_of_a_hidden_citation_count_for_the_one_that_stands_for_it(curator: User) -> None:
    hub, (shown, hidden) = make_hub(2)
    labelling.decide(hidden, curator, role=Role.EVIDENCE)
    Citation.objects.filter(pk=hidden.pk).update(merged_into=shown)
    labelling.rebuild_hub(hub.pk)
    assert (fresh(shown).role, fresh(shown).role_by) == ("evidence", "curator")
    assert HubSummary.objects.get(pk=hub.pk).known == 1


# Properties

_roles = st.sampled_from([*Role])
_polarities = st.sampled_from([None, *Polarity])
_steps = st.one_of(
    st.tuples(st.just("import"), _roles, _polarities, st.sampled_from(["sample", "semanticscholar"]), st.booleans()),
    st.tuples(st.just("curator"), _roles, _polarities),
    st.tuples(st.just("classifier"), _roles, st.floats(0, 1)),
    st.tuples(st.just("retract"), st.integers(0, 50)),
    st.tuples(st.just("confirm"), st.integers(0, 50)),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(is_big=st.booleans(), steps=st.lists(st.tuples(st.integers(0, 3), _steps), max_size=10))
def test_columns_and_summaries_are_what_the_ledger_says_after_any_sequence(
    curator: User, is_big: bool, steps: list[tuple[int, tuple[Any, ...]]]
) -> None:
    hub, citations = make_hub(4)
    with pytest.MonkeyPatch.context() as patch:
        if is_big:
            # From here on nothing is counted again: what each label changes is added to what stood before.
            patch.setattr(summaries.tallies, "TALLY_FROM", 4)
            summaries.recount([hub.pk], IMPORTED)
            patch.setattr(summaries.writing, "cells_of", lambda ids: refuse() if ids else {})
        added = sum(take_step(citations[which], curator, step) for which, step in steps)
    assert Label.objects.filter(citation__cited=hub).count() == added
    for citation in map(fresh, citations):
        effective = resolve(Label.objects.filter(citation=citation))
        for name in labelling.EFFECTIVE:
            assert getattr(citation, name) == (getattr(effective, name) or type(getattr(citation, name))())
    with pytest.MonkeyPatch.context() as patch:
        if is_big:
            patch.setattr(summaries.tallies, "TALLY_FROM", 4)
        assert not labelling.hub_differs(hub.pk).differed
    counted = Counter(Citation.objects.filter(cited=hub).values_list("role", flat=True))
    assert HubSummary.objects.get(pk=hub.pk).counts["role"] == dict(counted)


def take_step(citation: Citation, curator: User, step: tuple[Any, ...]) -> int:
    """Do it; returns how many labels were added."""
    kind, *values = step
    ledger = list(Label.objects.filter(citation=citation).order_by("id"))
    if kind == "import":
        role, polarity, source, coarse = values
        label = imported(citation, role, polarity=polarity or "", source=source, coarse=coarse)
        return len(labelling.add_labels([label], IMPORTED))
    if kind == "classifier":
        role, confidence = values
        label = imported(citation, role, decided_by="classifier", source="linear-1", confidence=confidence)
        return len(labelling.add_labels([label], IMPORTED))
    if kind == "curator":
        labelling.decide(citation, curator, role=values[0], polarity=values[1])
        return 1
    if not ledger:
        return 0
    target = ledger[values[0] % len(ledger)]
    if kind == "confirm" and not (target.role or target.polarity):
        return 0
    (labelling.retract if kind == "retract" else labelling.confirm)(target, curator)
    return 1


def test_a_hub_that_is_as_it_should_be_is_not_held_while_it_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    hub, _ = make_hub(3)
    summaries.recount([hub.pk], IMPORTED)
    held: list[list[int]] = []
    hold = summaries.lock_hubs

    def note(paper_ids: Iterable[int]) -> None:
        held.append(list(paper_ids))
        hold(paper_ids)

    monkeypatch.setattr(summaries, "lock_hubs", note)
    assert not labelling.rebuild_hub(hub.pk).differed
    assert held == []
    HubSummary.objects.filter(pk=hub.pk).update(known=99)
    assert labelling.rebuild_hub(hub.pk).differed
    assert held[0] == [hub.pk]
    assert not labelling.hub_differs(hub.pk).differed


# What a curator saw --------------------------------------------------------------------------------------------------


def test_a_decision_on_a_ledger_that_moved_on_writes_nothing(curator: User) -> None:
    _, (citation,) = make_hub(1)
    seen = labelling.ledger_mark(citation.pk)
    (first,) = labelling.add_labels([imported(citation, "method")], IMPORTED)
    for write in (
        lambda: labelling.decide(citation, curator, role=Role.DATASET, seen=seen),
        lambda: labelling.confirm(first, curator, seen=seen),
        lambda: labelling.retract(first, curator, seen=seen),
    ):
        with pytest.raises(labelling.LedgerMovedError):
            write()
    assert (Label.objects.count(), fresh(citation).role) == (1, "method")
    labelling.decide(citation, curator, role=Role.DATASET, seen=labelling.ledger_mark(citation.pk))
    assert fresh(citation).role == "dataset"


def test_a_merge_that_adds_older_labels_moves_the_ledger_on(curator: User) -> None:
    _, (survivor, hidden) = make_hub(2)
    labelling.add_labels([imported(hidden, "method")], IMPORTED)
    labelling.add_labels([imported(survivor, "background")], IMPORTED)
    seen = labelling.ledger_mark(survivor.pk)
    Citation.objects.filter(pk=hidden.pk).update(merged_into=survivor)
    with pytest.raises(labelling.LedgerMovedError):
        labelling.decide(fresh(survivor), curator, role=Role.DATASET, seen=seen)


@given(st.builds(labelling.LedgerMark, st.integers(0, 10**15), st.integers(0, 10**6)))
def test_a_mark_survives_being_written_and_read(mark: labelling.LedgerMark) -> None:
    assert labelling.LedgerMark.parse(str(mark)) == mark


@pytest.mark.parametrize("text", ["", "x", "1", "1.", ".1", "-1.2", "1.2.3", "²." + "1", "9" * 50 + ".1"])
def test_what_is_no_mark_was_seen_by_nobody(text: str) -> None:
    with pytest.raises(labelling.LedgerMovedError):
        labelling.LedgerMark.parse(text)


def test_disagreement_is_written_with_the_other_effective_columns(curator: User) -> None:
    _, (citation,) = make_hub(1)
    labelling.add_labels([imported(citation, "background", source="semanticscholar")], IMPORTED)
    labelling.add_labels([imported(citation, "extension", source="acl-arc")], IMPORTED)
    assert fresh(citation).disagreement
    labelling.decide(citation, curator, role=Role.EXTENSION)
    assert not fresh(citation).disagreement


def test_hubs_know_whether_one_decision_could_turn_them(curator: User) -> None:
    hub, citations = make_hub(21)
    labelling.add_labels([imported(citation, "method") for citation in citations[:19]], IMPORTED)
    assert HubSummary.objects.get(pk=hub.pk).role_would_turn
    HubPin.objects.create(hub=hub, hub_class=HubClass.FOUNDATION, reason="They build on it.", curator=curator)
    summaries.recount([hub.pk], IMPORTED)
    assert not HubSummary.objects.get(pk=hub.pk).role_would_turn
