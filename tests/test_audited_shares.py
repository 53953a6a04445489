"""Shares from audits: right for known cases, sound for any, and never moved by predictions on average."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.hub_class import (
    AUDIT_ENOUGH,
    AuditedRole,
    AuditedShares,
    Estimate,
    HubCounts,
    ReadPaper,
    Stratum,
    classify_hub,
    dispute_would_turn,
    explain,
    headline,
    role_would_turn,
    shares,
    short_sentence,
    wilson,
)
from citations.vocabulary import CLASSIFIED_ROLES, HubClass, Polarity, Role

METHOD, BACKGROUND, UNCLEAR = Role.METHOD, Role.BACKGROUND, Role.UNCLEAR


def sample(method: int, background: int, unclear: int = 0) -> list[ReadPaper]:
    """Papers of these roles, without scores and strata."""
    return [
        ReadPaper(role)
        for role, n in ((METHOD, method), (BACKGROUND, background), (UNCLEAR, unclear))
        for _ in range(n)
    ]


def of(reads: list[ReadPaper], population: int, scores: float = 0.0, role: Role = METHOD) -> AuditedRole:
    """The shares of a role in a plain sample of `population` papers whose scores add up to `scores`."""
    return shares(reads, {"": Stratum(population, {role: scores})})[role]


def test_without_scores_both_estimates_are_the_share_of_the_sample() -> None:
    found = of(sample(39, 11), 412)
    assert found.number == 39
    assert found.alone == found.powered
    assert found.alone.share == pytest.approx(0.78)
    low, high = wilson(39, 50)
    # Narrower for the finite population, a little wider for Student's quantile and whole papers.
    assert found.alone.low == pytest.approx(low, abs=0.02)
    assert found.alone.high == pytest.approx(high, abs=0.02)


def test_a_sample_of_all_papers_leaves_nothing_open() -> None:
    found = of(sample(6, 2, 2), 10)
    assert (found.alone.share, found.alone.low, found.alone.high) == pytest.approx((0.75, 0.75, 0.75))
    assert found.alone.about == "75%"


def test_unclear_papers_are_not_part_of_shares() -> None:
    assert of(sample(6, 2, 12), 100).alone.share == pytest.approx(0.75)
    assert shares(sample(0, 0, 5), {"": Stratum(50)}) == {}


def test_a_larger_part_of_the_population_tells_more() -> None:
    widths = [(found := of(sample(25, 25), size).alone).high - found.low for size in (60, 100, 400, 4000)]
    assert widths == sorted(widths)


def test_scores_correct_a_sample_that_happens_to_be_rich_in_a_role() -> None:
    # Perfect scores: 30 of 100 are methods, and the sample happened to hold 25 of them in 50.
    reads = [replace(read, scores={read.role: 1.0}) for read in sample(25, 25)]
    found = of(reads, 100, scores=30)
    assert found.alone.share == pytest.approx(0.5)
    assert found.powered.share == pytest.approx(0.3)
    assert found.powered.weight == 1
    assert found.powered.high - found.powered.low < found.alone.high - found.alone.low


def test_scores_that_say_nothing_are_not_believed() -> None:
    reads = [replace(read, scores={METHOD: 0.5}) for read in sample(25, 25)]
    found = of(reads, 100, scores=50)
    assert found.powered.weight == 0
    assert found.powered == found.alone


def test_misleading_scores_are_not_believed() -> None:
    reads = [replace(read, scores={METHOD: float(read.role is BACKGROUND)}) for read in sample(25, 25)]
    assert of(reads, 100, scores=10).powered.weight == 0


def test_strata_count_with_their_size() -> None:
    strata = {"a": Stratum(90), "b": Stratum(10)}
    reads = [ReadPaper(METHOD, "a")] * 10 + [ReadPaper(BACKGROUND, "b")] * 10
    assert shares(reads, strata)[METHOD].alone.share == pytest.approx(0.9)


def test_a_stratum_of_which_too_few_were_read_is_read_with_others() -> None:
    strata = {"a": Stratum(50), "b": Stratum(30), "c": Stratum(20)}
    reads = [ReadPaper(METHOD, "a")] * 10 + [ReadPaper(BACKGROUND, "b")]
    assert 0 < shares(reads, strata)[METHOD].alone.share < 1


@pytest.mark.parametrize(
    ("reads", "told"),
    [([ReadPaper(METHOD, "x")], "does not exist"), ([ReadPaper(METHOD)] * 4, "4 papers were audited of 3")],
)
def test_what_cannot_be_is_refused(reads: list[ReadPaper], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        shares(reads, {"": Stratum(3)})


def test_on_average_over_all_samples_scores_of_fixed_weight_move_nothing() -> None:
    """The difference estimator is unbiased: tried for every sample of 3 of 8 papers."""
    papers = [(METHOD, 0.9), (METHOD, 0.1), (METHOD, 0.8), (BACKGROUND, 0.7), (BACKGROUND, 0.2)]
    papers += [(BACKGROUND, 0.3), (METHOD, 0.6), (BACKGROUND, 0.0)]
    of_all = sum(score for _, score in papers) / len(papers)
    values = [
        sum(role is METHOD for role, _ in drawn) / 3 + 0.7 * (of_all - sum(score for _, score in drawn) / 3)
        for drawn in combinations(papers, 3)
    ]
    assert sum(values) / len(values) == pytest.approx(0.5)


@st.composite
def audits(draw: st.DrawFn) -> tuple[list[ReadPaper], dict[str, Stratum]]:
    """Any audit: one to three strata, any roles, any scores."""
    reads: list[ReadPaper] = []
    strata: dict[str, Stratum] = {}
    score = st.floats(0, 1, allow_nan=False)
    for name in draw(st.sampled_from([("",), ("a", "b"), ("a", "b", "c")])):
        of_stratum = draw(st.lists(st.tuples(st.sampled_from(list(Role)), score), max_size=12))
        unread = draw(st.lists(score, max_size=12))
        if not of_stratum and not unread:
            continue
        strata[name] = Stratum(
            len(of_stratum) + len(unread), {METHOD: sum(score for _, score in of_stratum) + sum(unread)}
        )
        reads += [ReadPaper(role, name, {METHOD: score}) for role, score in of_stratum]
    return reads, strata


@given(audits())
def test_every_estimate_is_a_share_within_its_interval(audit: tuple[list[ReadPaper], dict[str, Stratum]]) -> None:
    found = shares(*audit)
    assert bool(found) == any(read.role.is_classified for read in audit[0])
    for said in found.values():
        for estimate in (said.alone, said.powered):
            assert 0 <= estimate.low <= estimate.share <= estimate.high <= 1
            assert 0 <= estimate.weight <= 1
    if found:
        assert sum(said.alone.share for said in found.values()) == pytest.approx(1)


@given(audits(), st.randoms(use_true_random=False))
def test_the_order_of_reading_does_not_matter(
    audit: tuple[list[ReadPaper], dict[str, Stratum]], chance: random.Random
) -> None:
    reads, strata = audit
    shuffled = list(reads)
    chance.shuffle(shuffled)
    for role, said in shares(shuffled, strata).items():
        before = shares(reads, strata)[role]
        assert said.powered.share == pytest.approx(before.powered.share, abs=1e-6)
        assert said.alone.share == pytest.approx(before.alone.share, abs=1e-9)


# The class -----------------------------------------------------------------------------------------------------------


def audited(share: float, low: float, **facts: int) -> AuditedShares:
    """An audit of 50 of 412 that gives `method` this share, and the rest to background."""
    method = Estimate(share, low, min(1.0, 2 * share - low))
    rest = Estimate(1 - share, 1 - method.high, 1 - low)
    nothing = AuditedRole(0, Estimate(0, 0, 0.07), Estimate(0, 0, 0.07))
    roles = dict.fromkeys(CLASSIFIED_ROLES, nothing)
    roles |= {METHOD: AuditedRole(39, method, method), BACKGROUND: AuditedRole(11, rest, rest)}
    given_ = {"number": 1, "audited": 50, "planned": 50, "population": 412, "named": 50, "known": 412, **facts}
    return AuditedShares(roles=roles, **given_)


COUNTED = HubCounts(412, {METHOD: 40, BACKGROUND: 60})


def test_an_audit_names_the_class_and_the_counted_share_stands_beside_it() -> None:
    verdict = classify_hub(replace(COUNTED, audited=audited(0.78, 0.70)))
    assert headline(verdict) == (
        "Tool reference. About 78% ± 8 of citing papers use this work as a method, library or software dependency, not "
        "as a substantive claim, by an audit of 50 of 412 citing papers; counted, it is 40% of 100 classified citing "
        "papers."
    )
    assert short_sentence(verdict).startswith("About 78% of citing papers use this work as")
    assert classify_hub(COUNTED).hub_class is not HubClass.TOOL_REFERENCE


def test_an_audit_without_a_majority_makes_it_mixed_use_whatever_is_counted() -> None:
    counts = replace(COUNTED, roles={METHOD: 100}, audited=audited(0.55, 0.41))
    verdict = classify_hub(counts)
    assert headline(verdict) == (
        "Mixed use. No single role is a clear majority by an audit of 50 of 412 citing papers: tool about 55%, "
        "background about 45%."
    )
    assert sum(outcome.decides for outcome in explain(counts)) == 1


@pytest.mark.parametrize("facts", [{"named": AUDIT_ENOUGH - 1}, {"known": 516}])
def test_an_audit_that_is_small_or_old_names_no_class(facts: dict[str, int]) -> None:
    assert classify_hub(replace(COUNTED, audited=audited(0.78, 0.70, **facts))) == classify_hub(COUNTED)


def test_an_unfinished_audit_is_called_so() -> None:
    assert "by an unfinished audit of 30 of 412" in headline(
        classify_hub(replace(COUNTED, audited=audited(0.78, 0.70, audited=30, named=30)))
    )


def test_disputes_go_before_an_audit() -> None:
    polarities = {Polarity.DISPUTES: 20, Polarity.SUPPORTS: 20}
    counts = HubCounts(412, {METHOD: 40}, polarities, confirmed_disputes=20, audited=audited(0.78, 0.70))
    assert classify_hub(counts).hub_class is HubClass.CONTESTED


def test_where_an_audit_names_the_class_no_single_role_turns_it() -> None:
    near = HubCounts(100, {METHOD: 14, BACKGROUND: 5})
    assert role_would_turn(near)
    assert not role_would_turn(replace(near, audited=audited(0.78, 0.70, known=100, population=100)))
    assert not dispute_would_turn(replace(near, audited=audited(0.78, 0.70)))


def test_a_counted_class_survives_exactly_where_the_audit_agrees() -> None:
    for share, low, expected in ((0.78, 0.70, HubClass.TOOL_REFERENCE), (0.2, 0.1, HubClass.BACKGROUND_REFERENCE)):
        assert classify_hub(replace(COUNTED, audited=audited(share, low))).hub_class is expected
