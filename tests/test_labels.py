"""Which label counts: each sentence of the rules as an example, and the promises that hold for every ledger."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.labels import LABEL_COLUMNS, Decider, Effective, LabelRow, deciders, resolve
from citations.vocabulary import ROLE_SPECIFICITY, DecidedBy, Polarity, Role

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)

# Names no label of any ledger here.
ELSEWHERE = 9_999


def label(number: int, decided_by: str = "import", source: str = "", at: int | None = None, **values: Any) -> LabelRow:
    """A label with the id `number`, in a decision of its own, `at` (else `number`) minutes from the beginning."""
    defaults: dict[str, Any] = {
        "id": number,
        "role": "",
        "polarity": "",
        "decided_by": decided_by,
        "source": source or {"curator": "curator", "classifier": "linear-2026-11"}.get(decided_by, "semanticscholar"),
        "coarse": False,
        "confidence": 0.9 if decided_by == "classifier" else None,
        "decision": f"decision {number}",
        "retracts_id": None,
        "confirms_id": None,
        "created_at": BEGINNING + timedelta(minutes=number if at is None else at),
    }
    return LabelRow(**defaults | values)


def role_of(*labels: LabelRow) -> tuple[str, str, bool]:
    effective = resolve(labels)
    return effective.role, effective.role_by, effective.coarse


# Nothing, and one label ----------------------------------------------------------------------------------------------


def test_no_label_at_all_is_not_classified_and_not_assessed() -> None:
    assert resolve([]) == Effective()


def test_one_imported_label_stands_with_its_source() -> None:
    only = label(4, role="method", coarse=True)
    assert resolve([only]) == Effective(
        role="method", role_by="import", source="semanticscholar", coarse=True, role_label_id=4
    )


def test_a_label_that_keeps_only_its_raw_value_states_nothing() -> None:
    assert resolve([label(1)]) == Effective()


def test_the_source_is_that_of_the_polarity_where_only_a_polarity_is_stated() -> None:
    assert resolve([label(1, source="scite", polarity="supports")]).source == "scite"
    both = [label(1, source="scite", polarity="supports"), label(2, source="acl-arc", role="extension")]
    assert resolve(both).source == "acl-arc"


@pytest.mark.parametrize(
    "values", [{"role": "tool"}, {"polarity": "against"}, {"decided_by": "oracle", "role": "method"}]
)
def test_words_outside_the_vocabulary_state_nothing(values: dict[str, Any]) -> None:
    assert resolve([label(1, **values)]) == Effective()


def test_rows_are_read_in_the_order_of_the_columns() -> None:
    row = label(1, role="method")
    assert LabelRow(*(getattr(row, name) for name in LABEL_COLUMNS)) == row


# Decisions -----------------------------------------------------------------------------------------------------------


def test_within_a_decision_the_most_specific_role_wins() -> None:
    for specific, general in itertools.combinations(ROLE_SPECIFICITY, 2):
        together = [label(1, role=specific.value, decision="d"), label(2, role=general.value, decision="d")]
        assert resolve(together).role == specific.value
        assert resolve(together).role_label_id == 1


def test_a_decision_is_coarse_when_the_label_of_its_role_is() -> None:
    method = label(1, role="method", coarse=True, decision="d")
    background = label(2, role="background", decision="d")
    assert role_of(method, background) == ("method", "import", True)
    assert role_of(replace(method, coarse=False), replace(background, coarse=True)) == ("method", "import", False)


def test_a_role_stated_both_coarse_and_fine_in_one_decision_is_fine() -> None:
    coarse, fine = label(2, role="method", coarse=True, decision="d"), label(1, role="method", decision="d")
    assert role_of(coarse, fine) == ("method", "import", False)
    assert resolve([coarse, fine]).role_label_id == 1


def test_labels_of_different_authors_are_never_one_decision() -> None:
    imported = label(1, role="method", decision="d")
    curated = label(2, "curator", role="background", decision="d")
    assert role_of(imported, curated) == ("background", "curator", False)


@pytest.mark.parametrize(
    ("stated", "polarity"),
    [
        (["supports"], "supports"),
        (["supports", "supports"], "supports"),
        (["supports", "disputes"], "mixed"),
        (["mixed", "supports"], "mixed"),
        (["disputes", "mixed", "neutral"], "mixed"),
        (["neutral", "disputes"], "disputes"),
        (["neutral", "supports", "disputes"], "mixed"),
        (["neutral", "neutral"], "neutral"),
    ],
)
def test_the_polarities_of_a_decision_come_to_one(stated: list[str], polarity: str) -> None:
    together = [label(number, polarity=value, decision="d") for number, value in enumerate(stated, start=1)]
    assert resolve(together).polarity == polarity


def test_the_polarity_names_the_latest_label_that_brought_it_about() -> None:
    together = [label(number, polarity=value, decision="d") for number, value in enumerate(["supports", "disputes"])]
    assert resolve([*together, label(2, polarity="neutral", decision="d")]).polarity_label_id == 1
    assert resolve([*together, label(2, polarity="mixed", decision="d")]).polarity_label_id == 2


def test_a_decision_is_as_new_as_its_newest_label() -> None:
    long = [label(1, "curator", role="method", decision="d", at=1), label(2, "curator", decision="d", at=9)]
    assert resolve([*long, label(3, "curator", role="background", at=5)]).role == "method"


# Who decides ---------------------------------------------------------------------------------------------------------


def test_the_newest_decision_by_a_curator_counts_whoever_the_curator_is() -> None:
    assert role_of(label(1, "curator", role="method"), label(2, "curator", role="dataset")) == (
        "dataset",
        "curator",
        False,
    )


def test_a_curator_label_outlives_a_later_import() -> None:
    assert role_of(label(1, "curator", role="background"), label(2, role="method")) == ("background", "curator", False)


def test_a_curator_who_states_only_a_polarity_leaves_the_role_to_the_import() -> None:
    effective = resolve([label(1, role="method", coarse=True), label(2, "curator", polarity="disputes")])
    assert (effective.role, effective.role_by, effective.source) == ("method", "import", "semanticscholar")
    assert (effective.polarity, effective.polarity_by) == ("disputes", "curator")
    assert (effective.role_label_id, effective.polarity_label_id) == (1, 2)


def test_a_later_curator_who_states_only_a_role_leaves_the_earlier_polarity() -> None:
    effective = resolve([label(1, "curator", role="method", polarity="mixed"), label(2, "curator", role="dataset")])
    assert (effective.role, effective.polarity) == ("dataset", "mixed")


def test_unclear_is_a_decision_too() -> None:
    assert role_of(label(1, role="method"), label(2, "curator", role="unclear")) == ("unclear", "curator", False)


def test_the_newest_decision_of_a_source_replaces_its_older_ones_even_by_a_coarser_one() -> None:
    assert role_of(label(1, role="extension"), label(2, role="method", coarse=True)) == ("method", "import", True)


def test_between_sources_a_fine_decision_goes_before_a_newer_coarse_one() -> None:
    fine = label(1, source="acl-arc", role="extension")
    assert role_of(fine, label(2, role="method", coarse=True)) == ("extension", "import", False)


def test_between_sources_the_newest_of_equally_fine_decisions_counts() -> None:
    older, newer = label(1, source="acl-arc", role="extension"), label(2, source="scicite", role="background")
    assert role_of(older, newer) == ("background", "import", False)


def test_a_coarse_label_of_any_source_goes_before_a_fine_and_newer_one_of_the_sample() -> None:
    real = label(1, role="method", coarse=True)
    effective = resolve([real, label(2, source="sample", role="background", polarity="supports")])
    assert (effective.role, effective.source) == ("method", "semanticscholar")
    assert (effective.polarity, effective.polarity_source) == ("supports", "sample")


def test_a_source_that_states_no_role_any_more_keeps_the_last_one_it_stated() -> None:
    assert resolve([label(1, role="method"), label(2, polarity="supports")]).role == "method"


def test_at_one_moment_the_higher_id_is_the_newer_decision() -> None:
    lower, higher = label(1, "curator", role="method", at=5), label(2, "curator", role="dataset", at=5)
    assert resolve([higher, lower]).role == "dataset"


@pytest.mark.parametrize(
    ("labels", "confirmed"),
    [
        ([label(1, "curator", role="method")], True),
        ([label(1, role="method")], False),
        ([label(1, "curator", role="method"), label(2, polarity="disputes")], False),
        ([label(1, role="method"), label(2, "curator", polarity="disputes")], True),
        ([label(1, "curator", polarity="disputes")], True),
        ([label(1, polarity="disputes")], False),
        ([label(1, "classifier", role="method")], False),
    ],
)
def test_confirmed_speaks_of_the_polarity_and_of_the_role_only_without_one(
    labels: list[LabelRow], confirmed: bool
) -> None:
    assert resolve(labels).confirmed is confirmed


# Retraction ----------------------------------------------------------------------------------------------------------


def test_a_retracted_label_is_ignored_and_so_is_the_retraction() -> None:
    assert resolve([label(1, "curator", role="method"), label(2, "curator", retracts_id=1)]) == Effective()


def test_a_retraction_states_nothing_even_where_it_carries_a_role() -> None:
    assert (
        resolve([label(1, "curator", role="method"), label(2, "curator", retracts_id=1, role="dataset")]) == Effective()
    )


def test_a_retraction_brings_back_what_stood_before() -> None:
    imported = label(1, role="method", coarse=True)
    curated = label(2, "curator", role="background")
    assert resolve([imported, curated, label(3, "curator", retracts_id=2)]) == resolve([imported])


@pytest.mark.parametrize("retractions", range(6))
def test_undoing_an_undo_redoes(retractions: int) -> None:
    chain = [label(number + 1, "curator", retracts_id=number) for number in range(1, retractions + 1)]
    stands = retractions % 2 == 0
    assert resolve([label(1, "curator", role="method"), *chain]).role == ("method" if stands else "")


def test_of_two_retractions_one_undone_the_other_still_has_force() -> None:
    ledger = [
        label(1, "curator", role="method"),
        label(2, "curator", retracts_id=1),
        label(3, "curator", retracts_id=1),
        label(4, "curator", retracts_id=2),
    ]
    assert resolve(ledger) == Effective()
    assert resolve([*ledger, label(5, "curator", retracts_id=3)]).role == "method"


def test_a_retraction_undone_twice_over_counts_as_undone_once() -> None:
    ledger = [
        label(1, "curator", role="method"),
        label(2, "curator", retracts_id=1),
        label(3, "curator", retracts_id=1),
        label(4, "curator", retracts_id=2),
        label(5, "curator", retracts_id=2),
    ]
    for order in itertools.permutations(ledger):
        assert resolve(order) == Effective()


def test_a_retraction_does_not_make_the_decision_it_belongs_to_newer() -> None:
    replaced = [label(1, "curator", role="method", decision="d"), label(4, "curator", retracts_id=2, decision="d")]
    assert resolve([*replaced, label(2, "curator", role="dataset"), label(3, "curator", role="background")]).role == (
        "background"
    )


def test_a_part_of_a_decision_may_be_retracted() -> None:
    both = [label(1, role="method", decision="d"), label(2, role="background", decision="d")]
    assert resolve([*both, label(3, "curator", retracts_id=1)]).role == "background"


@pytest.mark.parametrize("machine", ["import", "classifier"])
def test_no_machine_undoes_what_a_curator_said(machine: str) -> None:
    curated = label(1, "curator", role="method")
    assert resolve([curated, label(2, machine, retracts_id=1)]).role == "method"
    undone = [curated, label(2, "curator", retracts_id=1)]
    assert resolve([*undone, label(3, machine, retracts_id=2)]) == Effective()


def test_a_source_may_take_back_what_it_said_and_a_curator_what_anybody_said() -> None:
    imported, suggested = label(1, role="method"), label(2, "classifier", role="dataset")
    assert resolve([imported, label(3, retracts_id=1)]) == Effective()
    assert resolve([imported, label(3, "curator", retracts_id=1)]) == Effective()
    assert resolve([suggested, label(3, "curator", retracts_id=2)]) == Effective()


def test_a_classifier_does_not_undo_what_a_source_said() -> None:
    assert resolve([label(1, role="method"), label(2, "classifier", retracts_id=1)]).role == "method"


def test_a_reference_to_a_label_that_is_not_there_is_ignored() -> None:
    kept = label(1, role="method")
    assert resolve([kept, label(2, "curator", retracts_id=ELSEWHERE)]) == resolve([kept])
    assert resolve([replace(kept, confirms_id=ELSEWHERE)]) == resolve([kept])


def test_labels_that_retract_each_other_in_a_circle_are_not_in_force() -> None:
    circle = [label(1, "curator", retracts_id=2), label(2, "curator", retracts_id=1)]
    kept = label(3, role="method")
    assert resolve([*circle, kept]) == resolve([kept])
    assert resolve([label(1, "curator", role="method", retracts_id=1)]) == Effective()


def test_a_circle_does_not_keep_a_third_label_from_being_retracted() -> None:
    circle = [label(1, "curator", retracts_id=2), label(2, "curator", retracts_id=1)]
    assert resolve([*circle, label(3, role="method"), label(4, "curator", retracts_id=3)]) == Effective()


# Confirmation --------------------------------------------------------------------------------------------------------


def test_a_confirmation_says_the_label_again_by_its_own_author() -> None:
    imported = label(1, role="method", polarity="disputes", coarse=True)
    effective = resolve([imported, label(2, "curator", confirms_id=1)])
    assert effective == Effective(
        role="method",
        role_by="curator",
        source="curator",
        polarity="disputes",
        polarity_by="curator",
        polarity_source="curator",
        confirmed=True,
        role_label_id=2,
        polarity_label_id=2,
    )


def test_a_confirmation_counts_at_its_own_time() -> None:
    first, second = label(1, "curator", role="method"), label(2, "curator", role="dataset")
    assert resolve([first, second, label(3, "curator", confirms_id=1)]).role == "method"


def test_a_confirmation_belongs_to_its_own_decision() -> None:
    first = label(1, role="background")
    again = label(2, "curator", confirms_id=1, decision="d")
    assert resolve([first, again, label(3, "curator", role="dataset", decision="d")]).role == "dataset"


def test_what_a_confirmation_states_itself_goes_before() -> None:
    effective = resolve(
        [label(1, role="method", polarity="disputes"), label(2, "curator", confirms_id=1, role="dataset")]
    )
    assert (effective.role, effective.polarity, effective.polarity_by) == ("dataset", "disputes", "curator")


def test_a_curator_who_confirms_a_coarse_label_makes_it_fine_and_an_import_keeps_it_coarse() -> None:
    coarse = label(1, role="method", coarse=True)
    assert role_of(coarse, label(2, "curator", confirms_id=1)) == ("method", "curator", False)
    assert role_of(coarse, label(2, "curator", confirms_id=1, role="method", coarse=True)) == (
        "method",
        "curator",
        False,
    )
    assert role_of(coarse, label(2, source="acl-arc", confirms_id=1)) == ("method", "import", True)


def test_an_import_that_confirms_a_curators_confirmation_is_as_fine_as_that() -> None:
    chain = [label(1, role="method", coarse=True), label(2, "curator", confirms_id=1), label(3, confirms_id=2)]
    gone = [label(4, "curator", retracts_id=2), label(5, "curator", retracts_id=1)]
    assert role_of(*chain, *gone) == ("method", "import", False)


def test_a_confirmation_of_a_confirmation_says_the_first_label_again() -> None:
    chain = [label(1, role="method"), label(2, confirms_id=1), label(3, "curator", confirms_id=2)]
    assert role_of(*chain) == ("method", "curator", False)


def test_a_confirmation_outlives_the_retraction_of_what_it_confirmed() -> None:
    ledger = [label(1, role="method"), label(2, "curator", confirms_id=1), label(3, "curator", retracts_id=1)]
    assert role_of(*ledger) == ("method", "curator", False)


def test_a_retracted_confirmation_leaves_the_confirmed_label_as_it_was() -> None:
    imported = label(1, role="method", coarse=True)
    ledger = [imported, label(2, "curator", confirms_id=1), label(3, "curator", retracts_id=2)]
    assert resolve(ledger) == resolve([imported])


def test_labels_that_confirm_each_other_in_a_circle_say_what_they_state() -> None:
    circle = [label(1, "curator", confirms_id=2, role="method"), label(2, "curator", confirms_id=1, polarity="mixed")]
    effective = resolve(circle)
    assert (effective.role, effective.polarity) == ("method", "mixed")
    assert resolve([label(1, "curator", confirms_id=1)]) == Effective()


def test_a_curator_makes_a_suggestion_a_decision_by_confirming_it() -> None:
    effective = resolve([label(1, "classifier", role="dataset"), label(2, "curator", confirms_id=1)])
    assert (effective.role, effective.role_by, effective.suggested_role) == ("dataset", "curator", "dataset")


# Suggestions ---------------------------------------------------------------------------------------------------------


def test_a_classifier_only_suggests() -> None:
    assert resolve([label(7, "classifier", role="method", polarity="supports", confidence=0.95)]) == Effective(
        suggested_role="method", suggested_confidence=0.95, suggested_label_id=7
    )


@pytest.mark.parametrize(
    ("source", "confidence", "suggests"),
    [
        ("linear-2026-11", 0.8, True),
        ("linear-2026-11", 0.79, False),
        ("linear-2026-11", None, False),
        ("linear-2026-11", float("nan"), False),
        ("newcomer-1", 1.0, False),
    ],
)
def test_a_classifier_suggests_from_its_threshold_on(source: str, confidence: float | None, suggests: bool) -> None:
    effective = resolve([label(1, "classifier", source, role="method", confidence=confidence)])
    assert (effective.suggested_role == "method") is suggests


def test_thresholds_may_be_given() -> None:
    weak = label(1, "classifier", "newcomer-1", role="method", confidence=0.3)
    assert resolve([weak], lambda source: {"newcomer-1": 0.25}.get(source)).suggested_role == "method"


def test_the_newest_confident_decision_suggests() -> None:
    older = label(1, "classifier", "cues-1", role="dataset", confidence=0.99)
    newer = label(2, "classifier", role="background", confidence=0.85)
    unsure = label(3, "classifier", role="method", confidence=0.4)
    effective = resolve([older, newer, unsure])
    assert (effective.suggested_role, effective.suggested_confidence) == ("background", 0.85)


def test_a_decision_whose_most_specific_role_is_unsure_suggests_nothing() -> None:
    sure = label(1, "classifier", role="background", confidence=0.9, decision="d")
    unsure = label(2, "classifier", role="method", confidence=0.6, decision="d")
    assert resolve([sure, unsure]) == Effective()


def test_the_surest_of_several_sentences_gives_the_confidence_of_a_decision() -> None:
    together = [
        label(number, "classifier", role="method", confidence=confidence, decision="d")
        for number, confidence in enumerate([0.7, 0.9, 0.8])
    ]
    assert resolve(together).suggested_confidence == 0.9
    assert resolve(together).suggested_label_id == 1


def test_a_suggestion_stands_apart_from_what_is_decided() -> None:
    decided = [label(1, role="background"), label(2, "curator", polarity="supports")]
    effective = resolve([*decided, label(3, "classifier", role="method")])
    assert replace(effective, suggested_role="", suggested_confidence=None, suggested_label_id=None) == resolve(decided)
    assert effective.suggested_role == "method"


def test_one_author_of_role_and_polarity_is_named_once_and_two_are_named_apart() -> None:
    curator, scite = ("curator", "curator"), ("import", "scite")
    assert deciders("", "", "", "") == ()
    assert deciders(*curator, "", "") == deciders(*curator, *curator) == (Decider(DecidedBy.CURATOR, "curator"),)
    (only,) = deciders("", "scite", *scite)
    assert (only.of, only.source) == ("polarity", "scite")
    role, polarity = deciders("import", "sample", *scite, coarse=True)
    assert (role.of, role.source, role.coarse) == ("role", "sample", True)
    assert (polarity.of, polarity.source, polarity.coarse) == ("polarity", "scite", False)


# What holds for every ledger -----------------------------------------------------------------------------------------

AUTHORS = [
    ("curator", "curator"),
    ("import", "semanticscholar"),
    ("import", "scite"),
    ("import", "sample"),
    ("classifier", "linear-2026-11"),
    ("classifier", "newcomer-1"),
]
MACHINES = [author for author in AUTHORS if author[0] != "curator"]
REAL_IMPORTS = [author for author in AUTHORS if author[0] == "import" and author[1] != "sample"]
CLASSIFIERS = [author for author in AUTHORS if author[0] == "classifier"]


@st.composite
def ledgers(
    draw: st.DrawFn, authors: Sequence[tuple[str, str]] = tuple(AUTHORS), first: int = 1, at_most: int = 9
) -> list[LabelRow]:
    """Labels with ids from `first` on, few decisions and moments so that they meet, and references in any direction."""
    count = draw(st.integers(0, at_most))
    references = st.none() | st.none() | st.integers(1, first + count) | st.just(ELSEWHERE)
    rows = []
    for number in range(first, first + count):
        decided_by, source = draw(st.sampled_from(authors))
        rows.append(
            label(
                number,
                decided_by,
                source,
                at=draw(st.integers(0, 4)),
                role=draw(st.sampled_from(["", *Role, "nonsense"])),
                polarity=draw(st.sampled_from(["", *Polarity])),
                coarse=draw(st.booleans()),
                confidence=draw(st.none() | st.sampled_from([0.0, 0.5, 0.8, 1.0, float("nan")])),
                decision=draw(st.integers(0, 4)),
                retracts_id=draw(references),
                confirms_id=draw(references),
            )
        )
    return rows


def decided(effective: Effective) -> Effective:
    """What is decided, without what is suggested."""
    return replace(effective, suggested_role="", suggested_confidence=None, suggested_label_id=None)


@given(ledgers().flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_the_order_in_which_labels_arrive_does_not_matter(orders: tuple[list[LabelRow], list[LabelRow]]) -> None:
    assert resolve(orders[0]) == resolve(orders[1])


@given(ledgers())
def test_a_label_read_twice_counts_once(rows: list[LabelRow]) -> None:
    assert resolve(rows + rows) == resolve(rows) == resolve(iter(rows))


@given(ledgers(), ledgers(authors=tuple(MACHINES), first=101))
def test_a_curator_is_never_overridden_by_any_machine(rows: list[LabelRow], machines: list[LabelRow]) -> None:
    before, after = resolve(rows), resolve(rows + machines)
    if before.role_by == DecidedBy.CURATOR:
        assert (after.role, after.role_by, after.role_label_id) == (before.role, "curator", before.role_label_id)
    if before.polarity_by == DecidedBy.CURATOR:
        assert (after.polarity, after.polarity_by) == (before.polarity, "curator")
        assert after.polarity_label_id == before.polarity_label_id
    assert after.role_by != DecidedBy.CURATOR or before.role_by == DecidedBy.CURATOR
    assert after.polarity_by != DecidedBy.CURATOR or before.polarity_by == DecidedBy.CURATOR


@given(ledgers(), ledgers(authors=tuple(CLASSIFIERS), first=101))
def test_classifiers_change_nothing_but_the_suggestion(rows: list[LabelRow], suggestions: list[LabelRow]) -> None:
    assert decided(resolve(rows + suggestions)) == decided(resolve(rows))


@given(ledgers(authors=(*REAL_IMPORTS, ("import", "acl-arc"))))
def test_coarse_never_beats_fine_between_sources(rows: list[LabelRow]) -> None:
    plain = [replace(row, retracts_id=None, confirms_id=None, decision=row.id) for row in rows]
    stating = sorted((row for row in plain if row.role in set(Role)), key=lambda row: (row.created_at, row.id))
    newest = {row.source: row for row in stating}
    fine = [row.id for row in newest.values() if not row.coarse]
    effective = resolve(plain)
    assert effective.coarse == bool(newest and not fine)
    if newest:
        assert effective.role_label_id in (fine or [row.id for row in newest.values()])
    else:
        assert effective.role_label_id is None


@given(ledgers(), ledgers(authors=(("import", "sample"),), first=101))
def test_the_sample_never_decides_what_anything_else_decides(rows: list[LabelRow], sample: list[LabelRow]) -> None:
    # Retractions and confirmations may reach into the other ledger, and are another matter.
    real = [replace(row, retracts_id=None, confirms_id=None) for row in rows if row.source != "sample"]
    sample = [replace(row, retracts_id=None, confirms_id=None) for row in sample]
    before, after = resolve(real), resolve(real + sample)
    if before.role:
        assert (after.role, after.source, after.coarse) == (before.role, before.source, before.coarse)
        assert after.role_label_id == before.role_label_id
    if before.polarity:
        assert (after.polarity, after.polarity_source) == (before.polarity, before.polarity_source)
        assert after.polarity_label_id == before.polarity_label_id


@given(ledgers(), st.sampled_from(AUTHORS), st.lists(st.sampled_from(Role), min_size=1, max_size=3))
def test_retracting_all_of_the_newest_decision_brings_back_exactly_what_stood_before(
    rows: list[LabelRow], author: tuple[str, str], roles: list[Role]
) -> None:
    newest = [
        label(number, *author, role=role.value, polarity="mixed", decision="newest")
        for number, role in enumerate(roles, start=101)
    ]
    undone = [label(row.id + 100, "curator", retracts_id=row.id) for row in newest]
    assert resolve(rows + newest + undone) == resolve(rows)


@given(ledgers(), st.integers(1, 9))
def test_a_retraction_and_its_undoing_leave_no_trace(rows: list[LabelRow], target: int) -> None:
    undo = label(101, "curator", retracts_id=target)
    redo = label(102, "curator", retracts_id=101)
    assert resolve([*rows, undo, redo]) == resolve(rows)


@given(st.sampled_from(MACHINES), st.sampled_from(["", *Role]), st.sampled_from(["", *Polarity]), st.booleans())
def test_a_confirmation_gives_the_same_values_by_a_curator(
    author: tuple[str, str], role: str, polarity: str, coarse: bool
) -> None:
    said = label(1, *author, role=role, polarity=polarity, coarse=coarse)
    confirmed = decided(resolve([said, label(2, "curator", confirms_id=1)]))
    stated_by_hand = decided(resolve([label(2, "curator", role=role, polarity=polarity)]))
    assert confirmed == stated_by_hand


@given(ledgers())
def test_every_value_names_the_label_that_decided_it_and_who_wrote_that(rows: list[LabelRow]) -> None:
    by_id = {row.id: row for row in rows}
    effective = resolve(rows)
    named = [
        (effective.role, effective.role_by, effective.source if effective.role else "", effective.role_label_id),
        (effective.polarity, effective.polarity_by, effective.polarity_source, effective.polarity_label_id),
    ]
    for value, author, source, label_id in named:
        assert bool(value) == bool(author) == bool(source) == (label_id is not None)
        if label_id is not None:
            assert (by_id[label_id].decided_by, by_id[label_id].source) == (author, source)
            assert author in (DecidedBy.CURATOR, DecidedBy.IMPORT)
    assert bool(effective.source) == bool(effective.role or effective.polarity)
    assert bool(effective.suggested_role) == (effective.suggested_label_id is not None)
    assert bool(effective.suggested_role) == (effective.suggested_confidence is not None)


# Disagreement --------------------------------------------------------------------------------------------------------


def disagree(*labels: LabelRow) -> bool:
    return resolve(labels).disagreement


def test_sources_that_state_different_roles_disagree_until_a_curator_names_one() -> None:
    said = [label(1, role="background"), label(2, source="acl-arc", role="extension")]
    assert disagree(*said)
    assert not disagree(*said, label(3, "curator", role="method"))
    assert disagree(*said, label(3, "curator", polarity="neutral"))


def test_a_coarse_role_contradicts_none_that_it_may_mean() -> None:
    coarse = label(1, role="method", coarse=True)
    assert not disagree(coarse, label(2, source="acl-arc", role="extension"))
    assert disagree(coarse, label(2, source="acl-arc", role="comparison"))
    assert disagree(label(1, role="method"), label(2, source="acl-arc", role="extension"))


def test_only_opposite_sides_are_a_disagreement_of_polarity() -> None:
    said = label(1, source="scite", polarity="disputes")
    assert disagree(said, label(2, source="scicite", polarity="supports"))
    assert not disagree(said, label(2, source="scicite", polarity="neutral"))
    assert not disagree(said, label(2, source="scicite", polarity="supports"), label(3, "curator", polarity="mixed"))


def test_a_source_does_not_contradict_itself_and_the_sample_contradicts_nobody() -> None:
    assert not disagree(label(1, role="background"), label(2, role="extension"))
    assert not disagree(label(1, role="background"), label(2, source="sample", role="extension"))
    assert not disagree(label(1, role="background"), label(2, source="acl-arc", role="unclear"))


def test_a_retracted_label_contradicts_nobody() -> None:
    said = [label(1, role="background"), label(2, source="acl-arc", role="extension")]
    assert not disagree(*said, label(3, "curator", retracts_id=2))
