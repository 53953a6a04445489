"""What one decision would do to a hub's class."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.hub_class import (
    HubCounts,
    Standing,
    class_of,
    classify_hub,
    dispute_would_turn,
    replace_one,
    role_would_turn,
)
from citations.vocabulary import CLASSIFIED_ROLES, HubClass, Polarity, Role

standings = st.builds(
    lambda role, polarity, flags: Standing(
        role, polarity, polarity is not None and flags[0], role is not None and flags[1]
    ),
    st.sampled_from([None, *Role]),
    st.sampled_from([None, *Polarity]),
    st.tuples(st.booleans(), st.booleans()),
)


def counted(papers: list[Standing]) -> HubCounts:
    """The counts of a hub with these citing papers."""
    return HubCounts(
        known=len(papers),
        roles={role: sum(paper.role is role for paper in papers) for role in Role},
        polarities={polarity: sum(paper.polarity is polarity for paper in papers) for polarity in Polarity},
        confirmed_disputes=sum(paper.disputes for paper in papers),
        coarse_method=sum(paper.coarse_method for paper in papers),
    )


@given(st.lists(standings, min_size=1, max_size=30), standings, st.data())
def test_replacing_one_paper_gives_the_counts_of_the_papers_with_it_replaced(
    papers: list[Standing], after: Standing, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(papers) - 1))
    replaced = [*papers[:place], after, *papers[place + 1 :]]
    assert replace_one(counted(papers), papers[place], after) == counted(replaced)


@given(st.lists(standings, min_size=1, max_size=60))
def test_a_hub_turns_by_a_role_exactly_when_some_role_for_an_unclassified_paper_names_another_class(
    papers: list[Standing],
) -> None:
    counts = counted(papers)
    unclassified = next((paper for paper in papers if paper.role is None), None)
    expected = unclassified is not None and any(
        class_of(replace_one(counts, unclassified, unclassified.decided(role, None))) is not class_of(counts)
        for role in CLASSIFIED_ROLES
    )
    assert role_would_turn(counts) == expected


@given(st.lists(standings, min_size=18, max_size=60))
def test_the_class_alone_is_the_class_of_the_verdict(papers: list[Standing]) -> None:
    assert class_of(counted(papers)) is classify_hub(counted(papers)).hub_class


@pytest.mark.parametrize(
    ("roles", "known", "turns"),
    [
        ({Role.METHOD: 19}, 20, True),
        ({Role.METHOD: 19}, 19, False),
        ({Role.METHOD: 18}, 30, False),
        ({Role.METHOD: 15, Role.COMPARISON: 6}, 22, True),
        ({Role.METHOD: 15, Role.COMPARISON: 5}, 21, False),
        ({Role.METHOD: 20}, 30, False),
    ],
)
def test_hubs_near_a_threshold_turn_while_a_paper_is_unclassified(
    roles: dict[Role, int], known: int, turns: bool
) -> None:
    assert role_would_turn(HubCounts(known, roles)) is turns


@pytest.mark.parametrize(
    ("confirmed", "disputes", "turns"), [(2, 3, True), (2, 2, False), (1, 3, False), (3, 4, False)]
)
def test_a_dispute_turns_a_hub_when_its_confirmation_makes_it_contested(
    confirmed: int, disputes: int, turns: bool
) -> None:
    polarities = {Polarity.DISPUTES: disputes, Polarity.SUPPORTS: 20 - disputes}
    counts = HubCounts(30, {Role.METHOD: 25}, polarities, confirmed_disputes=confirmed)
    assert dispute_would_turn(counts) is turns


def test_a_decision_leaves_what_it_does_not_state() -> None:
    imported = Standing(Role.METHOD, Polarity.DISPUTES, confirmed=False, coarse=True)
    assert imported.decided(Role.DATASET, None) == Standing(Role.DATASET, Polarity.DISPUTES)
    assert imported.decided(None, Polarity.DISPUTES) == Standing(Role.METHOD, Polarity.DISPUTES, True, True)
    assert class_of(HubCounts(0)) is HubClass.NOT_ENOUGH_EVIDENCE
