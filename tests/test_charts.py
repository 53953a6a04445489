"""The geometry of charts: nothing is lost, nothing overlaps, nothing leaves its frame."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations import charts
from citations.vocabulary import NONE, Polarity, Role

NUMBERS = st.integers(0, 5000)


def number(length: str) -> float:
    """The number of a length such as "60.000%"."""
    return float(length.removesuffix("%"))


def test_the_role_bar_is_all_known_papers_and_its_bracket_the_classified_ones() -> None:
    roles = {Role.METHOD: 18, Role.DATASET: 1, Role.BACKGROUND: 4}
    bar = charts.role_bar(roles, 30)
    assert [(part.token, part.number) for part in bar.segments] == [
        ("method", 18),
        ("dataset", 1),
        ("background", 4),
        (NONE, 7),
    ]
    assert (bar.segments[0].x, bar.segments[0].width) == ("0.000%", "60.000%")
    assert bar.classified_end == "76.667%"
    assert bar.segments[-1].fill == "hatch"
    assert bar.segments[-1].query == {"role": ["none"]}


def test_unclear_papers_are_dotted_and_stand_outside_the_bracket() -> None:
    bar = charts.role_bar({Role.METHOD: 5, Role.UNCLEAR: 3}, 10)
    assert [part.fill for part in bar.segments] == ["", "dots", "hatch"]
    assert bar.classified_end == "50.000%"


def test_a_label_stands_inside_a_segment_only_where_it_fits() -> None:
    bar = charts.role_bar({Role.METHOD: 45, Role.DATASET: 12, Role.COMPARISON: 11, Role.EVIDENCE: 32}, 100)
    assert [(part.text, part.text_when_wide) for part in bar.segments] == [
        ("Tool or method 45", False),
        ("", True),
        ("", True),
        ("Evidence 32", True),
    ]


@pytest.mark.parametrize(("number", "text"), [(13, ""), (14, "Dataset 14")])
def test_a_label_has_room_for_each_of_its_letters(number: int, text: str) -> None:
    assert charts.role_bar({Role.METHOD: 100 - number, Role.DATASET: number}, 100).segments[1].text == text


def test_the_small_histogram_stands_between_the_first_and_the_last_year() -> None:
    bars = charts.year_bars({2020: 4, 2022: 1}, [2019, 2020, 2022], 2022, None)
    assert [(bar.year, bar.x, bar.width, bar.height, bar.chosen) for bar in bars] == [
        (2020, "25.000%", "25.000%", "40.00", False),
        (2022, "75.000%", "25.000%", "10.00", True),
    ]
    assert charts.year_bars({2020: 4}, [2020], None, None) == ()


@given(st.dictionaries(st.integers(1000, 2999), st.integers(0, 10**6), max_size=40))
def test_bars_of_the_small_histogram_stand_within_their_frame(years: dict[int, int]) -> None:
    bars = charts.year_bars(years, list(years), None, None)
    assert len(bars) <= charts.MOST_COLUMNS
    for bar in bars:
        assert 0 <= float(bar.y) <= charts.BARS_HEIGHT
        assert abs(float(bar.y) + float(bar.height) - charts.BARS_HEIGHT) < 0.02
        assert float(bar.x.rstrip("%")) + float(bar.width.rstrip("%")) < 100.01
        assert bar.number == years[bar.year] > 0


def test_a_bar_of_no_papers_is_empty() -> None:
    assert charts.role_bar({}, 0).segments == ()
    assert charts.polarity_bar({}, 0).segments == ()
    assert charts.polarity_bar({}, 0).coverage == ()


def test_more_papers_with_a_role_than_known_ones_are_refused() -> None:
    with pytest.raises(ValueError, match="3 papers have a role"):
        charts.role_bar({Role.METHOD: 3}, 2)
    with pytest.raises(ValueError, match="3 papers have a polarity"):
        charts.polarity_bar({Polarity.MIXED: 3}, 2)


@given(st.dictionaries(st.sampled_from(Role), NUMBERS), NUMBERS)
def test_segments_of_the_role_bar_follow_each_other_and_count_every_paper(
    roles: dict[Role, int], unclassified: int
) -> None:
    known = sum(roles.values()) + unclassified
    bar = charts.role_bar(roles, known)
    assert sum(part.number for part in bar.segments) == known
    end = 0.0
    for part in bar.segments:
        assert number(part.x) == pytest.approx(end, abs=0.002)
        end = number(part.x) + number(part.width)
    if bar.segments:
        assert end == pytest.approx(100, abs=0.002)


@given(st.dictionaries(st.sampled_from(Polarity), NUMBERS), NUMBERS)
def test_polarities_lie_around_the_middle_and_the_longer_side_fills_its_half(
    polarities: dict[Polarity, int], unassessed: int
) -> None:
    assessed = sum(polarities.values())
    bar = charts.polarity_bar(polarities, assessed + unassessed)
    assert sum(part.number for part in bar.segments) == assessed
    assert sum(part.number for part in bar.coverage) == assessed + unassessed
    if not assessed:
        return
    start = number(bar.segments[0].x)
    end = number(bar.segments[-1].x) + number(bar.segments[-1].width)
    assert start >= -0.002 and end <= 100.002
    assert min(start, 100 - end) == pytest.approx(0, abs=0.002)


def test_disputes_are_left_and_supports_right() -> None:
    bar = charts.polarity_bar({Polarity.SUPPORTS: 5, Polarity.DISPUTES: 1, Polarity.MIXED: 1, Polarity.NEUTRAL: 8}, 30)
    assert [part.token for part in bar.segments] == ["disputes", "mixed", "neutral", "supports"]
    assert bar.segments[0].x == "21.053%"
    assert (bar.segments[-1].x, bar.segments[-1].width) == ("73.684%", "26.316%")


@pytest.mark.parametrize(
    ("highest", "step"), [(1, 1), (5, 1), (6, 2), (10, 2), (11, 5), (17, 5), (25, 5), (26, 10), (47, 10), (51, 20)]
)
def test_the_axis_takes_the_first_round_step_that_needs_at_most_five(highest: int, step: int) -> None:
    assert charts.axis_step(highest) == step


@given(st.integers(1, 10**9))
def test_every_axis_reaches_its_highest_column_in_five_steps(highest: int) -> None:
    step = charts.axis_step(highest)
    assert step * charts.MOST_STEPS >= highest
    assert step == 1 or str(step).rstrip("0") in ("1", "2", "5")


def test_years_without_papers_keep_their_place() -> None:
    chart = charts.year_chart({2020: {Role.METHOD: 2}, 2023: {None: 1, Role.UNCLEAR: 1}})
    assert chart is not None
    assert [column.year for column in chart.columns] == [2020, 2021, 2022, 2023]
    assert [len(column.blocks) for column in chart.columns] == [1, 0, 0, 2]
    assert [block.fill for block in chart.columns[3].blocks] == ["dots", "hatch"]
    assert chart.columns[3].blocks[1].query == {"role": ["none"], "year_min": ["2023"], "year_max": ["2023"]}


def test_years_are_printed_more_sparsely_the_more_there_are() -> None:
    def printed(years: int) -> list[str]:
        chart = charts.year_chart({2026 - years + 1: {None: 1}, 2026: {None: 1}})
        assert chart is not None
        return [column.label for column in chart.columns if column.label]

    assert len(printed(14)) == 14
    assert printed(15) == [str(year) for year in range(2012, 2027, 2)]
    assert printed(40) == [str(year) for year in range(1990, 2027, 5)]


def test_a_mistaken_year_far_away_does_not_flatten_the_chart() -> None:
    chart = charts.year_chart({1066: {None: 1}, 2025: {None: 3}})
    assert chart is not None
    assert len(chart.columns) == charts.MOST_COLUMNS
    assert chart.earlier


def test_no_year_is_no_chart() -> None:
    assert charts.year_chart({}) is None
    assert charts.year_chart({2020: {}}) is None


@given(
    st.dictionaries(
        st.integers(1990, 2030), st.dictionaries(st.sampled_from([*Role, None]), NUMBERS, max_size=4), max_size=12
    )
)
def test_columns_stay_within_the_frame_and_count_every_paper(years: dict[int, dict[Role | None, int]]) -> None:
    chart = charts.year_chart(years)
    if chart is None:
        return
    assert sum(column.number for column in chart.columns) == sum(sum(roles.values()) for roles in years.values())
    right = 0.0
    for column in chart.columns:
        assert number(column.x) >= right - 0.002
        right = number(column.x) + number(column.width)
        assert sum(block.number for block in column.blocks) == column.number
        assert all(charts.YEARS_TOP - 0.02 <= float(block.y) <= charts.YEARS_BASE for block in column.blocks)
    assert right <= 100.002


def test_no_share_has_no_mark() -> None:
    assert charts.range_mark(None, None, None) is None
    mark = charts.range_mark(0.581, 0.7826, 0.9034)
    assert mark == charts.RangeMark("58.100%", "78.260%", "90.340%")
