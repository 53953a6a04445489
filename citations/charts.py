"""The geometry of charts: counts in, places and lengths out. Pure; templates only print it.

Charts are SVG without a viewBox, as wide as their column: horizontal places and lengths are percentages of that
width, as text ("60.000%"), heights are pixels. Every part knows the list parameters that open the papers it stands
for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from citations.formatting import css_percent
from citations.vocabulary import NONE, Polarity, Role

Query = Mapping[str, Sequence[str]]

# A label inside a segment never touches its edges from this share of the bar on, even on a phone (360 px wide).
LABEL_ALWAYS = 0.45
# From this share on it may fit where the bar is at least as wide as on a tablet,
LABEL_WHEN_WIDE = 0.12
# if the segment has this share for each letter: 8.5 px of the narrowest bar beside the margin column (632 px).
LETTER_SHARE = 0.0135

# From left to right: the positions against, those between, those in favour.
POLARITY_ORDER = (Polarity.DISPUTES, Polarity.MIXED, Polarity.NEUTRAL, Polarity.SUPPORTS)
_BETWEEN = (Polarity.MIXED, Polarity.NEUTRAL)

# The drawing area of the columns: its upper and lower edge in pixels, and its left edge, right of the numbers of the
# axis.
YEARS_TOP, YEARS_BASE, YEARS_LEFT = 20, 170, 0.08
# How wide a column is of the room that it has, and at most.
COLUMN_SHARE, WIDEST_COLUMN = 0.56, 0.12
# The axis has at most this many steps above 0: more lines would stand closer than their numbers are high.
MOST_STEPS = 5
# With more columns than these, only every second, fifth or tenth year is printed: four digits need their room.
EVERY_YEAR, EVERY_SECOND, EVERY_FIFTH = 14, 28, 70
# With more columns than this, numbers on top of columns would run into each other; the table has them.
MOST_TOTALS = 20
# The height of the histogram of a facet in pixels: enough to tell twice as many from as many.
BARS_HEIGHT = 40.0
# With more columns than this a column is thinner than its outline: earlier years stand in the table alone.
MOST_COLUMNS = 60


@dataclass(frozen=True)
class Segment:
    """A part of a bar: where it stands, what it counts and which list it opens.

    `token` names its colour; `fill` is the pattern of what is outside every share ("hatch", "dots"), else empty.
    `text` is printed inside, at `middle`; `text_when_wide`: only where the bar is wide.
    """

    label: str
    token: str
    number: int
    query: Query
    x: str
    width: str
    fill: str = ""
    middle: str = ""
    text: str = ""
    text_when_wide: bool = False


@dataclass(frozen=True)
class RoleBar:
    """All known citing papers by role. `classified_end`: how far the bracket of the classified ones reaches; "" for
    none.
    """

    known: int
    segments: tuple[Segment, ...]
    classified_end: str


@dataclass(frozen=True)
class RangeMark:
    """A share and its range on a line from 0 to 100%."""

    low: str
    point: str
    high: str


@dataclass(frozen=True)
class PolarityBar:
    """Positions around the middle of those that take no clear side, and below them how many are known at all."""

    assessed: int
    known: int
    segments: tuple[Segment, ...]
    coverage: tuple[Segment, ...]


@dataclass(frozen=True)
class Step:
    """A line of the vertical axis: its number, its height, and where the number's text stands."""

    number: int
    y: str
    text_y: str


@dataclass(frozen=True)
class Block:
    """A part of a column: one role in one year."""

    label: str
    token: str
    number: int
    query: Query
    y: str
    height: str
    fill: str = ""


@dataclass(frozen=True)
class Column:
    """One year. `label` is empty where the year is not printed, `total_y` where the number on top is not."""

    year: int
    number: int
    query: Query
    x: str
    width: str
    middle: str
    label: str
    total_y: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class YearChart:
    """Stacked columns by year. `earlier`: years before the first column, which only the table has."""

    steps: tuple[Step, ...]
    columns: tuple[Column, ...]
    earlier: bool


@dataclass(frozen=True)
class YearBar:
    """One year of a small histogram. `chosen`: within the years that are asked for."""

    year: int
    number: int
    x: str
    width: str
    y: str
    height: str
    chosen: bool


def role_bar(roles: Mapping[Role, int], known: int) -> RoleBar:
    """The bar of a hub: classified roles in the order of display, then unclear, then the rest of the `known` papers.

    Raises ValueError where the roles are more than the known papers.
    """
    unclassified = known - sum(roles.values())
    if unclassified < 0:
        raise ValueError(f"{sum(roles.values())} papers have a role, but only {known} are known.")
    parts = [(role.label, role.token, roles.get(role, 0), [role.value]) for role in Role]
    parts.append(("Not classified", NONE, unclassified, [NONE]))
    segments: list[Segment] = []
    start = 0
    for label, token, number, values in parts:
        if number:
            segments.append(_role_segment(label, token, number, {"role": values}, start, known))
        start += number
    classified = sum(number for role, number in roles.items() if role.is_classified)
    return RoleBar(known, tuple(segments), css_percent(classified / known) if classified else "")


def _role_segment(label: str, token: str, number: int, query: Query, start: int, known: int) -> Segment:
    """One part of the role bar; only roles that are part of shares carry a label inside."""
    share = number / known
    fill = {NONE: "hatch", Role.UNCLEAR.token: "dots"}.get(token, "")
    text = f"{label} {number:,}"
    fits = share >= LABEL_ALWAYS or share >= max(LABEL_WHEN_WIDE, LETTER_SHARE * len(text))
    return Segment(
        label=label,
        token=token,
        number=number,
        query=query,
        x=css_percent(start / known),
        width=css_percent(share),
        fill=fill,
        middle=css_percent((start + number / 2) / known),
        text=text if fits and not fill else "",
        text_when_wide=share < LABEL_ALWAYS,
    )


def range_mark(low: float | None, share: float | None, high: float | None) -> RangeMark | None:
    """A share (0 to 1) and its range for the line of a table; None where there is no share."""
    if low is None or share is None or high is None:
        return None
    return RangeMark(css_percent(low), css_percent(share), css_percent(high))


def polarity_bar(polarities: Mapping[Polarity, int], known: int) -> PolarityBar:
    """Disputes to the left, supports to the right of the middle of mixed and neutral; the longer side fills its half.

    Raises ValueError where the polarities are more than the known papers.
    """
    assessed = sum(polarities.values())
    if assessed > known:
        raise ValueError(f"{assessed} papers have a polarity, but only {known} are known.")
    between = sum(polarities.get(polarity, 0) for polarity in _BETWEEN) / 2
    left = polarities.get(Polarity.DISPUTES, 0) + between
    right = polarities.get(Polarity.SUPPORTS, 0) + between
    unit = 0.5 / max(left, right) if assessed else 0.0
    at = 0.5 - left * unit
    segments: list[Segment] = []
    for polarity in POLARITY_ORDER:
        number = polarities.get(polarity, 0)
        if number:
            query = {"polarity": [polarity.value]}
            x, width = css_percent(max(0.0, at)), css_percent(number * unit)
            segments.append(Segment(polarity.label, polarity.token, number, query, x, width))
        at += number * unit
    return PolarityBar(assessed, known, tuple(segments), _coverage(assessed, known))


def _coverage(assessed: int, known: int) -> tuple[Segment, ...]:
    """The assessed and the other papers, of all known ones."""
    whole = max(known, 1)
    parts = (
        ("Assessed", "known", assessed, [polarity.value for polarity in Polarity], 0, ""),
        ("Not assessed", NONE, known - assessed, [NONE], assessed, "hatch"),
    )
    return tuple(
        Segment(
            label, token, number, {"polarity": values}, css_percent(start / whole), css_percent(number / whole), fill
        )
        for label, token, number, values, start, fill in parts
        if number
    )


def axis_step(highest: int) -> int:
    """The distance of the lines of an axis: the first of 1, 2, 5, 10, 20, 50 ... that reaches `highest` in five
    steps.
    """
    scale = 1
    while True:
        for factor in (1, 2, 5):
            if factor * scale * MOST_STEPS >= highest:
                return factor * scale
        scale *= 10


def year_chart(years: Mapping[int, Mapping[Role | None, int]]) -> YearChart | None:
    """Columns from the first year to the last, empty ones included; None (no role) stands on top. None without any
    paper.
    """
    totals = {year: sum(roles.values()) for year, roles in years.items() if sum(roles.values())}
    if not totals:
        return None
    first, last = max(min(totals), max(totals) - MOST_COLUMNS + 1), max(totals)
    span = range(first, last + 1)
    highest = max(totals.get(year, 0) for year in span)
    step = axis_step(highest)
    top = step * -(-highest // step)
    unit = (YEARS_BASE - YEARS_TOP) / top
    return YearChart(
        steps=tuple(
            Step(number, _pixels(YEARS_BASE - number * unit), _pixels(YEARS_BASE - number * unit + 4))
            for number in range(0, top + 1, step)
        ),
        columns=tuple(_column(year, place, span, years.get(year, {}), unit) for place, year in enumerate(span)),
        earlier=min(totals) < first,
    )


def _column(year: int, place: int, span: range, roles: Mapping[Role | None, int], unit: float) -> Column:
    """One year's column; `unit` is the height of one paper in pixels."""
    room = (1 - YEARS_LEFT) / len(span)
    width = min(WIDEST_COLUMN, COLUMN_SHARE * room)
    x = YEARS_LEFT + room * place + (room - width) / 2
    of_year = {"year_min": [str(year)], "year_max": [str(year)]}
    blocks: list[Block] = []
    height = 0.0
    for role in (*Role, None):
        number = roles.get(role, 0)
        if not number:
            continue
        height += number * unit
        label, value = (role.label, role.value) if role else ("Not classified", NONE)
        fill = "hatch" if role is None else "dots" if role is Role.UNCLEAR else ""
        y = YEARS_BASE - height
        blocks.append(
            Block(label, value, number, {"role": [value], **of_year}, _pixels(y), _pixels(number * unit), fill)
        )
    total = sum(roles.values())
    return Column(
        year=year,
        number=total,
        query=of_year,
        x=css_percent(x),
        width=css_percent(width),
        middle=css_percent(x + width / 2),
        label=str(year) if year % _printed_every(len(span)) == 0 else "",
        total_y=_pixels(YEARS_BASE - height - 6) if total and len(span) <= MOST_TOTALS else "",
        blocks=tuple(blocks),
    )


def year_bars(
    counts: Mapping[int, int], known: Collection[int], first: int | None, last: int | None
) -> tuple[YearBar, ...]:
    """A small histogram: a bar for each year with papers, between the first and the last `known` year.

    `first` and `last` are the bounds of the years that are chosen; None for none. Without a year, or with a single one,
    there is none.
    """
    if len(known) < 2:
        return ()
    newest = max(known)
    oldest = max(min(known), newest - MOST_COLUMNS + 1)
    room = 1 / (newest - oldest + 1)
    highest = max((counts.get(year, 0) for year in range(oldest, newest + 1)), default=0)
    chosen, span = bool(first or last), range(first or oldest, (last or newest) + 1)
    return tuple(
        _year_bar(year, counts[year], (year - oldest) * room, room, highest, chosen and year in span)
        for year in range(oldest, newest + 1)
        if counts.get(year)
    )


def _year_bar(year: int, number: int, x: float, room: float, highest: int, chosen: bool) -> YearBar:
    """One bar, which stands on the lower edge and is never too low to be seen."""
    height = max(2.0, BARS_HEIGHT * number / highest)
    return YearBar(
        year, number, css_percent(x), css_percent(room), _pixels(BARS_HEIGHT - height), _pixels(height), chosen
    )


def _printed_every(columns: int) -> int:
    """Which years are printed below the columns: every one, or those that this number divides."""
    if columns <= EVERY_YEAR:
        return 1
    if columns <= EVERY_SECOND:
        return 2
    return 5 if columns <= EVERY_FIFTH else 10


def _pixels(height: float) -> str:
    """A length in pixels, two decimals and a dot."""
    return f"{height:.2f}"
