"""Shares and their ranges, the rules of the hub classes at their edges, and every sentence word for word."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.hub_class import (
    CONTESTED_ENOUGH,
    ENOUGH,
    HubCounts,
    Part,
    Share,
    classify_hub,
    disputed_by,
    explain,
    headline,
    short_parts,
    short_sentence,
    text_of,
    wilson,
)
from citations.vocabulary import CLASSIFIED_ROLES, HubClass, Polarity, Role

# The sample's headline: 18 of 23 classified papers of 30 use it as a tool.
SAMPLE = HubCounts(30, {role: 18 if role is Role.METHOD else 1 for role in CLASSIFIED_ROLES})


def uses(role: Role, number: int, classified: int, unclassified: int = 7) -> HubCounts:
    """`number` of `classified` papers of one role; the others spread evenly, so that none of them is a majority."""
    others = [other for other in CLASSIFIED_ROLES if other is not role]
    each, left = divmod(classified - number, len(others))
    roles = {other: each + (place < left) for place, other in enumerate(others)} | {role: number}
    return HubCounts(classified + unclassified, roles)


def disputes(confirmed: int, assessed: int, unconfirmed: int = 0, supports: int = 0, known: int = 200) -> HubCounts:
    """`confirmed` disputes among `assessed` papers; no role is known of any."""
    neutral = assessed - confirmed - unconfirmed - supports
    polarities = {
        Polarity.DISPUTES: confirmed + unconfirmed,
        Polarity.SUPPORTS: supports,
        Polarity.NEUTRAL: neutral,
    }
    return HubCounts(known, {}, polarities, confirmed_disputes=confirmed)


def sentence(counts: HubCounts) -> str:
    return classify_hub(counts).sentence


# The interval --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_agrees_with_published_values(successes: int, n: int, low: float, high: float) -> None:
    assert list(wilson(successes, n)) == pytest.approx([low, high], abs=5e-5)


successes_of_n = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(successes_of_n)
def test_the_interval_holds_the_share_and_stays_between_none_and_all(share: tuple[int, int]) -> None:
    successes, n = share
    low, high = wilson(successes, n)
    assert 0 <= low <= successes / n <= high <= 1


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_one_success_more_raises_both_bounds(share: tuple[int, int]) -> None:
    successes, n = share
    before, after = wilson(successes, n), wilson(successes + 1, n)
    assert before[0] < after[0]
    assert before[1] < after[1]


@given(successes_of_n)
def test_the_interval_of_the_failures_mirrors_that_of_the_successes(share: tuple[int, int]) -> None:
    successes, n = share
    low, high = wilson(successes, n)
    assert list(wilson(n - successes, n)) == pytest.approx([1 - high, 1 - low])


@pytest.mark.parametrize(("successes", "n", "z"), [(0, 0, 1.96), (-1, 5, 1.96), (6, 5, 1.96), (1, 5, -1.0)])
def test_there_is_no_interval_for_what_is_no_share(successes: int, n: int, z: float) -> None:
    with pytest.raises(ValueError, match=f"{successes} of {n}"):
        wilson(successes, n, z)


def test_a_share_of_none_has_neither_fraction_nor_range() -> None:
    share = Share(0, 0)
    assert (share.fraction, share.low, share.high) == (None, None, None)
    assert (share.percent, share.range) == ("–", "–")


def test_a_share_prints_its_percentage_and_its_range() -> None:
    share = Share(18, 23)
    assert (share.percent, share.range) == ("78%", "58–90%")


@pytest.mark.parametrize(("numerator", "denominator"), [(2, 1), (-1, 1), (1, 0)])
def test_a_part_above_its_whole_is_no_share(numerator: int, denominator: int) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        Share(numerator, denominator)


# Counts --------------------------------------------------------------------------------------------------------------


def test_known_papers_are_classified_unclear_or_not_classified() -> None:
    counts = HubCounts(30, {Role.METHOD: 20, Role.UNCLEAR: 3}, {Polarity.NEUTRAL: 5})
    assert (counts.classified, counts.unclear, counts.unclassified) == (20, 3, 7)
    assert (counts.assessed, counts.unassessed) == (5, 25)
    assert counts.coverage == Share(20, 30)


def test_unclear_papers_are_not_in_the_denominator_of_shares() -> None:
    counts = HubCounts(60, {Role.METHOD: 15, Role.BACKGROUND: 5, Role.UNCLEAR: 40})
    assert counts.role_share(Role.METHOD) == Share(15, 20)
    assert classify_hub(counts).hub_class is HubClass.TOOL_REFERENCE
    with pytest.raises(ValueError, match="unclear has no share"):
        counts.role_share(Role.UNCLEAR)


def test_a_share_of_a_polarity_is_of_the_papers_whose_position_is_known() -> None:
    assert disputes(3, 20).polarity_share(Polarity.DISPUTES) == Share(3, 20)


def test_counts_do_not_follow_later_changes_of_what_they_were_made_from() -> None:
    roles = {Role.METHOD: 1}
    counts = HubCounts(5, roles)
    roles[Role.METHOD] = 5
    assert counts.classified == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"known": -1}, "known is -1"),
        ({"known": 5, "roles": {Role.METHOD: -1}}, "method is -1"),
        ({"known": 5, "polarities": {Polarity.MIXED: -1}}, "mixed is -1"),
        ({"known": 5, "roles": {Role.METHOD: 4, Role.UNCLEAR: 2}}, "sum of roles is 6.*above known, which is 5"),
        ({"known": 5, "polarities": {Polarity.MIXED: 6}}, "sum of polarities is 6"),
        ({"known": 5, "polarities": {Polarity.DISPUTES: 1}, "confirmed_disputes": 2}, "confirmed_disputes is 2"),
        ({"known": 5, "confirmed_disputes": -1}, "confirmed_disputes is -1"),
        ({"known": 5, "roles": {Role.METHOD: 1}, "coarse_method": 2}, "coarse_method is 2"),
        ({"known": 5, "coarse_method": -1}, "coarse_method is -1"),
        ({"known": 5, "roles": {"tool": 1}}, "'tool' is no role"),
        ({"known": 5, "polarities": {"against": 1}}, "'against' is no polarity"),
    ],
)
def test_counts_that_cannot_be_are_refused_by_name(arguments: Mapping[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HubCounts(**arguments)  # type: ignore[arg-type]


# The rules at their edges --------------------------------------------------------------------------------------------

ROLE_CLASSES = [(hub_class, hub_class.role) for hub_class in HubClass if hub_class.role]
LEAST_MAJORITIES = [(15, 20), (17, 23), (32, 50), (60, 100), (114, 200)]


@pytest.mark.parametrize(("number", "classified"), LEAST_MAJORITIES)
@pytest.mark.parametrize(("hub_class", "role"), ROLE_CLASSES)
def test_a_majority_names_the_class_and_one_paper_fewer_does_not(
    hub_class: HubClass, role: Role, number: int, classified: int
) -> None:
    verdict = classify_hub(uses(role, number, classified))
    assert (verdict.hub_class, verdict.role, verdict.share) == (hub_class, role, Share(number, classified))
    fewer = classify_hub(uses(role, number - 1, classified))
    assert (fewer.hub_class, fewer.role, fewer.share) == (HubClass.MIXED_USE, None, None)


def test_no_class_is_named_below_twenty_classified_papers() -> None:
    assert classify_hub(uses(Role.METHOD, 19, 19)).hub_class is HubClass.NOT_ENOUGH_EVIDENCE
    assert classify_hub(uses(Role.METHOD, 20, 20)).hub_class is HubClass.TOOL_REFERENCE


def test_unclear_papers_do_not_help_to_reach_twenty() -> None:
    counts = HubCounts(40, {Role.METHOD: 19, Role.UNCLEAR: 21})
    assert classify_hub(counts).hub_class is HubClass.NOT_ENOUGH_EVIDENCE


@pytest.mark.parametrize(("confirmed", "assessed"), [(3, 20), (10, 100)])
def test_a_hub_is_contested_from_so_many_confirmed_disputes_and_not_with_one_fewer(
    confirmed: int, assessed: int
) -> None:
    verdict = classify_hub(disputes(confirmed, assessed))
    assert (verdict.hub_class, verdict.role, verdict.share) == (HubClass.CONTESTED, None, Share(confirmed, assessed))
    assert classify_hub(disputes(confirmed - 1, assessed)).hub_class is HubClass.NOT_ENOUGH_EVIDENCE


def test_no_hub_is_contested_below_twenty_known_positions() -> None:
    assert classify_hub(disputes(19, 19)).hub_class is HubClass.NOT_ENOUGH_EVIDENCE
    assert classify_hub(disputes(20, 20)).hub_class is HubClass.CONTESTED


def test_disputes_that_nobody_confirmed_do_not_make_a_hub_contested() -> None:
    assert classify_hub(disputes(2, 100, unconfirmed=90)).hub_class is HubClass.NOT_ENOUGH_EVIDENCE


def test_contested_goes_before_every_majority() -> None:
    counts = HubCounts(100, {Role.METHOD: 100}, {Polarity.DISPUTES: 20}, confirmed_disputes=20)
    assert classify_hub(counts).hub_class is HubClass.CONTESTED


counts_of_hubs = st.builds(
    lambda roles, polarities, more, confirmed, coarse: HubCounts(
        max(sum(roles.values()), sum(polarities.values())) + more,
        roles,
        polarities,
        min(confirmed, polarities.get(Polarity.DISPUTES, 0)),
        min(coarse, roles.get(Role.METHOD, 0)),
    ),
    st.dictionaries(st.sampled_from(Role), st.integers(0, 300)),
    st.dictionaries(st.sampled_from(Polarity), st.integers(0, 300)),
    st.integers(0, 300),
    st.integers(0, 300),
    st.integers(0, 300),
)


@given(counts_of_hubs)
def test_a_class_of_a_role_means_that_no_other_role_is_as_frequent(counts: HubCounts) -> None:
    verdict = classify_hub(counts)
    if verdict.role is not None:
        assert counts.roles[verdict.role] * 2 > counts.classified >= ENOUGH
    if verdict.hub_class is HubClass.CONTESTED:
        assert counts.assessed >= CONTESTED_ENOUGH
        assert counts.confirmed_disputes >= 3


@given(counts_of_hubs)
def test_every_number_in_a_sentence_is_the_number_of_papers_that_its_list_holds(counts: HubCounts) -> None:
    verdict = classify_hub(counts)
    parts = [*verdict.parts, *verdict.rest, *(part for rule in explain(counts) for part in rule.parts)]
    badge = disputed_by(counts)
    for part in [*parts, *([badge] if badge else [])]:
        assert (part.query is not None) == (part.kind in ("share", "count"))
        if part.query is not None:
            assert part.number == papers_listed(counts, part.query)
            assert part.opens_list == (part.number > 0)
        else:
            assert part.number is None
            assert not part.opens_list


def papers_listed(counts: HubCounts, query: Mapping[str, list[str]]) -> int:
    """How many papers a list with these parameters holds, counted apart from how the sentences count them."""
    if "confirmed" in query:
        assert query["polarity"] == ["disputes"]
        confirmed = counts.confirmed_disputes
        return confirmed if query["confirmed"] == ["1"] else counts.polarities[Polarity.DISPUTES] - confirmed
    if query.get("role") == ["none"]:
        return counts.known - sum(counts.roles.values())
    if query.get("polarity") == ["none"]:
        return counts.known - sum(counts.polarities.values())
    if "role" in query:
        return sum(number for role, number in counts.roles.items() if role in query["role"])
    if "polarity" in query:
        return sum(number for side, number in counts.polarities.items() if side in query["polarity"])
    assert query == {}
    return counts.known


@given(counts_of_hubs)
def test_the_only_number_in_a_sentence_that_is_no_part_of_its_own_is_the_threshold(counts: HubCounts) -> None:
    verdict = classify_hub(counts)
    plain = " ".join(part.text for part in [*verdict.parts, *verdict.rest] if part.kind == "text")
    assert re.findall(r"\d+", plain) in ([], [str(ENOUGH)])


@given(counts_of_hubs)
def test_a_sentence_is_its_parts_in_order(counts: HubCounts) -> None:
    verdict = classify_hub(counts)
    assert "".join(part.text for part in verdict.parts) == verdict.sentence == text_of(verdict.parts)
    assert "".join(part.text for part in verdict.rest) == verdict.rest_sentence
    assert text_of(short_parts(verdict.parts)) == short_sentence(verdict)
    for text in (verdict.sentence, short_sentence(verdict)):
        assert text.endswith(".")
        assert "  " not in text
        assert "–%" not in text


# The sentences -------------------------------------------------------------------------------------------------------


def test_the_sample_reads_as_the_promise_says() -> None:
    verdict = classify_hub(SAMPLE)
    assert headline(verdict) == (
        "Tool reference. 78% of 23 classified citing papers (58–90%) use this work as a method, library or software "
        "dependency, not as a substantive claim."
    )
    assert verdict.rest_sentence == "7 more are not classified, 0 unclear."
    assert short_sentence(verdict) == (
        "78% of classified citing papers use this work as a method, library or software dependency, not as a "
        "substantive claim."
    )


@pytest.mark.parametrize(
    ("role", "phrase"),
    [
        (Role.DATASET, "use its data"),
        (Role.COMPARISON, "compare their results against it"),
        (Role.EXTENSION, "build directly on it"),
        (Role.EVIDENCE, "rely on its findings"),
        (Role.BACKGROUND, "cite it as context rather than using it"),
    ],
)
def test_a_class_of_a_role_is_said_with_the_phrase_of_the_role(role: Role, phrase: str) -> None:
    assert sentence(uses(role, 60, 100)) == f"60% of 100 classified citing papers (50–69%) {phrase}."


def test_numbers_from_a_thousand_on_have_commas() -> None:
    counts = uses(Role.DATASET, 1500, 2000, unclassified=1234)
    assert sentence(counts) == "75% of 2,000 classified citing papers (73–77%) use its data."
    assert classify_hub(counts).rest_sentence == "1,234 more are not classified, 0 unclear."


def test_where_nothing_is_left_to_classify_there_is_no_range() -> None:
    assert sentence(uses(Role.DATASET, 60, 100, unclassified=0)) == "60% of all 100 citing papers use its data."
    assert classify_hub(uses(Role.DATASET, 60, 100, unclassified=0)).rest_sentence == (
        "0 more are not classified, 0 unclear."
    )


def test_unclear_papers_were_read_so_that_they_leave_no_range_either() -> None:
    counts = HubCounts(30, {Role.DATASET: 20, Role.UNCLEAR: 10})
    assert sentence(counts) == "100% of 20 classified citing papers use its data."
    assert classify_hub(counts).rest_sentence == "0 more are not classified, 10 unclear."


def test_one_paper_left_is_said_in_the_singular() -> None:
    assert classify_hub(uses(Role.DATASET, 60, 100, unclassified=1)).rest_sentence == (
        "1 more is not classified, 0 unclear."
    )


@pytest.mark.parametrize(("coarse", "is_coarse"), [(0, False), (10, False), (11, True), (20, True)])
def test_the_phrase_is_coarse_where_more_than_half_of_the_method_labels_are(coarse: int, is_coarse: bool) -> None:
    counts = HubCounts(30, {Role.METHOD: 20}, coarse_method=coarse)
    assert sentence(counts) == "100% of 20 classified citing papers (84–100%) " + (
        "use this work as a method, tool or data."
        if is_coarse
        else "use this work as a method, library or software dependency, not as a substantive claim."
    )


def test_a_contested_hub_says_who_disputes_and_who_supports() -> None:
    verdict = classify_hub(disputes(14, 100, supports=21))
    assert headline(verdict) == (
        "Contested. 14 of 100 citing papers whose position is known (9–22%) dispute this work; 21 support it."
    )
    assert short_sentence(verdict) == "14 of 100 citing papers whose position is known dispute this work."
    assert verdict.rest_sentence == "200 are not classified, 0 unclear; 100 not assessed."


def test_a_contested_hub_tells_of_the_disputes_that_it_leaves_out() -> None:
    assert classify_hub(disputes(14, 100, unconfirmed=6)).rest_sentence.endswith(
        "; 100 not assessed; 6 more disputes are not confirmed by a curator."
    )
    assert classify_hub(disputes(14, 100, unconfirmed=1)).rest_sentence.endswith(
        "; 1 more dispute is not confirmed by a curator."
    )


def test_a_contested_hub_with_one_supporter_says_so_in_the_singular() -> None:
    assert sentence(disputes(3, 20, supports=1)).endswith("dispute this work; 1 supports it.")


def test_a_contested_hub_whose_positions_are_all_known_has_no_range() -> None:
    assert sentence(disputes(14, 100, supports=21, known=100)) == (
        "14 of all 100 citing papers dispute this work; 21 support it."
    )


@pytest.mark.parametrize(
    ("known", "classified", "text", "rest"),
    [
        (
            30,
            9,
            "Only 9 of 30 citing papers have a classified role; no class is named below 20.",
            "21 more are not classified, 0 unclear.",
        ),
        (
            30,
            1,
            "Only 1 of 30 citing papers has a classified role; no class is named below 20.",
            "29 more are not classified, 0 unclear.",
        ),
        (
            30,
            0,
            "None of 30 citing papers has a classified role; no class is named below 20.",
            "30 are not classified, 0 unclear.",
        ),
        (
            9,
            9,
            "All 9 citing papers have a classified role; no class is named below 20.",
            "0 more are not classified, 0 unclear.",
        ),
        (
            1,
            1,
            "The one known citing paper has a classified role; no class is named below 20.",
            "0 more are not classified, 0 unclear.",
        ),
        (
            1,
            0,
            "The one known citing paper has no classified role; no class is named below 20.",
            "1 is not classified, 0 unclear.",
        ),
        (0, 0, "No citing paper is known, so no class is named.", ""),
    ],
)
def test_too_little_evidence_says_how_little_there_is(known: int, classified: int, text: str, rest: str) -> None:
    verdict = classify_hub(HubCounts(known, {Role.METHOD: classified}))
    assert verdict.hub_class is HubClass.NOT_ENOUGH_EVIDENCE
    assert (verdict.sentence, verdict.rest_sentence) == (text, rest)


def test_too_little_evidence_has_a_short_form() -> None:
    assert short_sentence(classify_hub(HubCounts(30, {Role.METHOD: 9}))) == (
        "Only 9 of 30 citing papers have a classified role."
    )
    assert short_sentence(classify_hub(HubCounts(0))) == "No citing paper is known."


def test_mixed_use_names_the_roles_from_the_largest_share_down() -> None:
    verdict = classify_hub(HubCounts(130, {Role.BACKGROUND: 31, Role.COMPARISON: 40, Role.METHOD: 49}))
    assert headline(verdict) == (
        "Mixed use. No single role is a clear majority of 120 classified citing papers: tool 41%, baseline 33%, "
        "background 26%."
    )
    assert short_sentence(verdict) == "No single role is a clear majority: tool 41%, baseline 33%, background 26%."


def test_mixed_use_names_roles_of_one_size_in_the_order_of_display() -> None:
    counts = HubCounts(40, {Role.BACKGROUND: 10, Role.EVIDENCE: 10, Role.DATASET: 10})
    assert sentence(counts).endswith(": dataset 33%, evidence 33%, background 33%.")


def test_mixed_use_of_all_papers_says_all() -> None:
    counts = HubCounts(20, {Role.BACKGROUND: 10, Role.DATASET: 10})
    assert sentence(counts) == (
        "No single role is a clear majority of all 20 citing papers: dataset 50%, background 50%."
    )


def test_a_link_opens_the_papers_of_its_number() -> None:
    parts = {part.text: part for part in classify_hub(SAMPLE).parts}
    assert parts["78%"] == Part("78%", "share", {"role": ["method"]}, 18)
    assert parts["23 classified citing papers"].query == {
        "role": ["method", "dataset", "comparison", "extension", "evidence", "background"]
    }
    assert parts["58–90%"].kind == "range"


def test_a_confirmed_dispute_is_told_whatever_the_class() -> None:
    counts = HubCounts(30, {Role.METHOD: 20}, {Polarity.DISPUTES: 5}, confirmed_disputes=3)
    assert classify_hub(counts).hub_class is HubClass.TOOL_REFERENCE
    assert disputed_by(counts) == Part("Disputed by 3", "count", {"polarity": ["disputes"], "confirmed": ["1"]}, 3)


def test_a_dispute_that_nobody_confirmed_is_not_told_as_one() -> None:
    assert disputed_by(HubCounts(30, {}, {Polarity.DISPUTES: 5})) is None


# Why this class? -----------------------------------------------------------------------------------------------------


def test_every_rule_is_explained_in_order_with_the_numbers_of_the_hub() -> None:
    outcomes = explain(SAMPLE)
    assert [outcome.hub_class for outcome in outcomes] == list(HubClass)
    assert [outcome.sentence for outcome in outcomes[:3]] == [
        "Contested: at least 20 citing papers whose position is known, and the lower bound of the share of confirmed "
        "disputes among them at 5% or more. No position is known.",
        "Not enough evidence: fewer than 20 classified citing papers. There are 23.",
        "Tool reference: the lower bound of the tool share above 50%. With 18 of 23 it is 58%.",
    ]
    assert outcomes[-1].sentence == "Mixed use: none of the rules above."
    assert [outcome.hub_class for outcome in outcomes if outcome.decides] == [HubClass.TOOL_REFERENCE]


@pytest.mark.parametrize(
    ("number", "bound"),
    [(114, "50.1%"), (113, "49.6%"), (140, "63%")],
)
def test_a_bound_shows_on_which_side_of_its_threshold_it_lies(number: int, bound: str) -> None:
    assert explain(uses(Role.METHOD, number, 200))[2].sentence.endswith(f"With {number} of 200 it is {bound}.")


def test_known_positions_are_explained_with_their_disputes() -> None:
    assert explain(disputes(14, 100))[0].sentence.endswith(
        " 14 of 100 known positions are confirmed disputes; the lower bound is 9%."
    )
    assert explain(disputes(1, 20))[0].sentence.endswith(
        " 1 of 20 known positions is a confirmed dispute; the lower bound is 1%."
    )


def test_a_hub_without_classified_papers_is_explained_too() -> None:
    outcomes = explain(HubCounts(0))
    assert outcomes[1].sentence.endswith("There are 0.")
    assert outcomes[2].sentence.endswith("Nothing is classified.")
    assert outcomes[1].decides


@given(counts_of_hubs)
def test_the_first_rule_that_holds_decides(counts: HubCounts) -> None:
    outcomes = explain(counts)
    first = next(outcome for outcome in outcomes if outcome.holds)
    assert [outcome for outcome in outcomes if outcome.decides] == [first]
    assert first.hub_class is classify_hub(counts).hub_class


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (20, "All 20 citing papers dispute this work; 0 support it."),
        (30, "All 20 citing papers whose position is known (84–100%) dispute this work; 0 support it."),
    ],
)
def test_disputes_by_all_are_not_counted_out_of_themselves(known: int, sentence: str) -> None:
    verdict = classify_hub(disputes(20, 20, known=known))
    assert verdict.sentence == sentence
    assert [part.number for part in verdict.parts if part.opens_list] == [20]
