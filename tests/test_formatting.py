"""Numbers, ranges, dates and lists as they are printed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations import formatting


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [
        (18, 23, "78%"),
        (0, 23, "0%"),
        (23, 23, "100%"),
        (1, 1000, "<1%"),
        (999, 1000, ">99%"),
        (1, 8, "13%"),
        (29, 200, "15%"),
        (1, 2, "50%"),
        (0, 0, "–"),
    ],
)
def test_a_percentage_rounds_halves_up_and_never_says_none_or_all_when_that_is_untrue(
    numerator: int, denominator: int, text: str
) -> None:
    assert formatting.percent(numerator, denominator) == text


@pytest.mark.parametrize(("numerator", "denominator"), [(-1, 5), (6, 5), (1, 0)])
def test_what_is_no_share_has_no_percentage(numerator: int, denominator: int) -> None:
    with pytest.raises(ValueError, match=f"{numerator} of {denominator} is not a share"):
        formatting.percent(numerator, denominator)


@pytest.mark.parametrize(
    ("fraction", "digits", "text"),
    [
        (0.582, 0, "58%"),
        (0.50064, 1, "50.1%"),
        (0.0, 1, "0.0%"),
        (0.0001, 1, "<0.1%"),
        (0.9999, 1, ">99.9%"),
        (1, 0, "100%"),
        (1e-9, 0, "<1%"),
        (None, 0, "–"),
    ],
)
def test_a_fraction_prints_with_as_many_decimals_as_asked(fraction: float | None, digits: int, text: str) -> None:
    assert formatting.percent_of(fraction, digits) == text


@pytest.mark.parametrize("fraction", [-0.01, 1.01, float("nan"), float("inf")])
def test_what_is_no_fraction_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="is not a fraction"):
        formatting.percent_of(fraction)


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_percentage_says_none_or_all_exactly_when_that_is_so(share: tuple[int, int]) -> None:
    numerator, denominator = share
    text = formatting.percent(numerator, denominator)
    assert (text == "0%") == (numerator == 0)
    assert (text == "100%") == (numerator == denominator)


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_and_its_fraction_print_alike(share: tuple[int, int]) -> None:
    numerator, denominator = share
    assert formatting.percent_of(numerator / denominator) == formatting.percent(numerator, denominator)


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.581, 0.903, "58–90%"),
        (0.781, 0.784, "78%"),
        (0.0, 0.161, "0–16%"),
        (0.004, 0.021, "<1–2%"),
        (0.963, 1.0, "96–100%"),
        (0.963, 0.999, "96–>99%"),
        (0.001, 0.002, "<1%"),
        (None, None, "–"),
        (None, 0.5, "–"),
    ],
)
def test_a_range_prints_both_ends_unless_they_print_alike(low: float | None, high: float | None, text: str) -> None:
    assert formatting.range_text(low, high) == text


def test_a_range_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ValueError, match="wrong way round"):
        formatting.range_text(0.6, 0.5)


@given(st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted))
def test_a_range_begins_with_its_lower_and_ends_with_its_upper_bound(bounds: list[float]) -> None:
    low, high = bounds
    text = formatting.range_text(low, high)
    assert text.startswith(formatting.percent_of(low).removesuffix("%"))
    assert text.endswith(formatting.percent_of(high))


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.6, "60.000%"), (1 / 30, "3.333%"), (0, "0.000%"), (1, "100.000%"), (1e-9, "0.000%")]
)
def test_a_length_of_a_chart_has_three_decimals(fraction: float, text: str) -> None:
    assert formatting.css_percent(fraction) == text


@pytest.mark.parametrize("fraction", [float("nan"), float("inf")])
def test_what_is_not_finite_is_no_length(fraction: float) -> None:
    with pytest.raises(ValueError, match="is not a length"):
        formatting.css_percent(fraction)


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (999, "999"), (1299, "1,299"), (1_000_000, "1,000,000")])
def test_a_count_has_commas_between_thousands(number: int, text: str) -> None:
    assert formatting.count(number) == text


def test_a_word_agrees_with_its_number() -> None:
    assert formatting.plural(1, "paper") == "paper"
    assert formatting.plural(0, "paper") == "papers"
    assert formatting.plural(2, "is", "are") == "are"
    assert formatting.plural(1, "is", "are") == "is"
    assert formatting.plural(2, "sheep", "sheep") == "sheep"
    assert formatting.plural(2, "", "") == ""


def test_a_day_prints_in_words() -> None:
    assert formatting.date_text(date(2026, 11, 3)) == "3 November 2026"
    assert formatting.date_text(date(2024, 2, 29)) == "29 February 2024"
    assert formatting.date_text(None) == ""


def test_a_moment_prints_in_universal_time_and_says_so() -> None:
    late = datetime(2026, 11, 3, 23, 5, tzinfo=timezone(timedelta(hours=-2)))
    assert formatting.datetime_text(late) == "4 November 2026, 01:05 UTC"
    assert formatting.datetime_text(datetime(2026, 11, 3, 14, 5, tzinfo=UTC)) == "3 November 2026, 14:05 UTC"
    assert formatting.datetime_text(None) == ""


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        formatting.datetime_text(datetime(2026, 11, 3, 14, 5))


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (2023, 2026, "2023–2026"),
        (2023, 2023, "2023"),
        (2023, None, "from 2023"),
        (None, 2026, "to 2026"),
        (None, None, ""),
    ],
)
def test_a_span_of_years_prints_what_is_known_of_it(first: int | None, last: int | None, text: str) -> None:
    assert formatting.year_span(first, last) == text


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_join_as_in_speech(words: list[str], text: str) -> None:
    assert formatting.join_words(words) == text


def test_words_may_join_by_another_conjunction() -> None:
    assert formatting.join_words(["a", "b", "c"], "or") == "a, b or c"


def test_long_author_lists_are_cut_and_counted() -> None:
    names = ["A. One", "B. Two", "C. Three", "D. Four", "E. Five"]
    assert formatting.authors_short(names) == ("A. One, B. Two, C. Three", 2)
    assert formatting.authors_short(names, shown=1) == ("A. One", 4)
    assert formatting.authors_short(names[:3]) == ("A. One, B. Two, C. Three", 0)
    assert formatting.authors_short([]) == ("", 0)
    assert formatting.authors_short(["A. One", " ", ""], shown=1) == ("A. One", 0)


def test_showing_no_author_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="At least one author"):
        formatting.authors_short(["A. One"], shown=0)


def test_templates_find_every_public_function_by_its_name() -> None:
    public = {
        name
        for name, value in vars(formatting).items()
        if callable(value) and getattr(value, "__module__", "") == formatting.__name__ and not name.startswith("_")
    }
    assert set(formatting.FILTERS) == public
    assert all(formatting.FILTERS[name] is getattr(formatting, name) for name in public)
