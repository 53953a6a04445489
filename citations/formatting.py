"""Numbers, ranges, dates and lists of names as this site prints them: plain strings, which templates escape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from math import floor, isfinite

EN_DASH = "–"

# Stands where there is no number to print, so that a cell is never empty and never a false zero.
NOTHING = EN_DASH

# Spelled out here since `strftime("%B")` follows the locale of the server.
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

# How many authors a line of a list has room for before "and 4 more".
AUTHORS_SHOWN = 3


def percent(numerator: int, denominator: int) -> str:
    """`numerator` of `denominator` as a whole percentage, halves rounded up: "78%".

    Never "0%" or "100%" unless that is exactly so: "<1%" and ">99%" instead. "–" where the denominator is 0.
    Raises ValueError where the numerator is below 0 or above the denominator.
    """
    if not 0 <= numerator <= denominator:
        raise ValueError(f"{numerator} of {denominator} is not a share: the first must lie between 0 and the second.")
    return _percent_text(Fraction(numerator, denominator), 0) if denominator else NOTHING


def percent_of(fraction: float | None, digits: int = 0) -> str:
    """A fraction (0 to 1) as a percentage with `digits` decimals: as `percent` prints it. None (no share) is "–".

    Raises ValueError for a fraction outside 0 to 1.
    """
    if fraction is None:
        return NOTHING
    if not 0 <= fraction <= 1:
        raise ValueError(f"{fraction} is not a fraction between 0 and 1.")
    # The shortest decimal that names the float: 29/200 is read as 0.145, so that its half rounds as in `percent`.
    return _percent_text(Fraction(repr(float(fraction))), digits)


def _percent_text(share: Fraction, digits: int) -> str:
    """`share` (0 to 1) in per cent, halves up; "<" or ">" where rounding would say none or all and that is untrue."""
    unit = Fraction(1, 10**digits)
    rounded = floor(share * 100 / unit + Fraction(1, 2)) * unit
    if rounded == 0 and share > 0:
        return f"<{float(unit):.{digits}f}%"
    if rounded == 100 and share < 1:
        return f">{float(100 - unit):.{digits}f}%"
    return f"{float(rounded):.{digits}f}%"


def range_text(low: float | None, high: float | None) -> str:
    """A range of fractions (0 to 1) in whole per cent: "58–90%"; "78%" where both ends print alike; "–" for none.

    Raises ValueError where `low` is above `high` or either lies outside 0 to 1.
    """
    if low is None or high is None:
        return NOTHING
    if low > high:
        raise ValueError(f"The range from {low} to {high} is the wrong way round.")
    low_text, high_text = percent_of(low), percent_of(high)
    return low_text if low_text == high_text else f"{low_text.removesuffix('%')}{EN_DASH}{high_text}"


def css_percent(fraction: float) -> str:
    """A fraction as a length of a chart, three decimals and a dot whatever the language: 0.6 is "60.000%".

    Raises ValueError for what is not a finite number.
    """
    if not isfinite(fraction):
        raise ValueError(f"{fraction} is not a length.")
    return f"{fraction * 100:.3f}%"


def count(number: int) -> str:
    """A whole number with commas between thousands: "1,299"."""
    return f"{number:,}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """The word that goes with `number`, without the number: `one` for 1, else `many`, by default `one` with an s."""
    if number == 1:
        return one
    return f"{one}s" if many is None else many


def date_text(day: date | None) -> str:
    """A day in words: "3 November 2026". None is the empty string."""
    return "" if day is None else f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def datetime_text(moment: datetime | None) -> str:
    """A moment in universal time, named: "3 November 2026, 14:05 UTC". None is the empty string.

    Raises ValueError for a moment without a time zone, which could be any of a day's moments.
    """
    if moment is None:
        return ""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone.")
    universal = moment.astimezone(UTC)
    return f"{date_text(universal)}, {universal:%H:%M} UTC"


def year_span(first: int | None, last: int | None) -> str:
    """Years from `first` to `last`: "2023–2026", "2023" where they are the same, "from 2023", "to 2026", or ""."""
    if first is None:
        return "" if last is None else f"to {last}"
    if last is None:
        return f"from {first}"
    return str(first) if first == last else f"{first}{EN_DASH}{last}"


def join_words(words: Sequence[str], conjunction: str = "and") -> str:
    """A list in words: "a", "a and b", "a, b and c"; the empty string for none."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def authors_short(names: Sequence[str], shown: int = AUTHORS_SHOWN) -> tuple[str, int]:
    """The first `shown` names, joined by commas, and how many more there are: ("A, B, C", 4). Empty names are left out.

    Raises ValueError where `shown` is below 1.
    """
    if shown < 1:
        raise ValueError(f"At least one author must be shown, not {shown}.")
    named = [name for name in names if name.strip()]
    return ", ".join(named[:shown]), max(0, len(named) - shown)


# What templates may call, by name. `count` replaces the template engine's second name for `length`.
FILTERS: dict[str, Callable[..., object]] = {
    function.__name__: function
    for function in (
        percent,
        percent_of,
        range_text,
        css_percent,
        count,
        plural,
        date_text,
        datetime_text,
        year_span,
        join_words,
        authors_short,
    )
}
