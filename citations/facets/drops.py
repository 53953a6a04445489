"""The ways out of a list in which nothing is left: what dropping one filter would show."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, IntegerField, Value

from citations.filters.base import YEAR_FROM, YEAR_TO, Chip
from citations.filters.citations import CitationFilter
from citations.formatting import join_words
from citations.models import Citation


@dataclass(frozen=True)
class Drop:
    """One filter to drop: in words, the list without it, and how many papers that list has."""

    words: str
    url: str
    count: int


def drops(hub_id: int, filterset: CitationFilter, path: str) -> tuple[Drop, ...]:
    """For each active filter what dropping it, and it alone, would show; the most helpful first. One statement."""
    chips: dict[tuple[str, ...], list[Chip]] = {}
    single_year = filterset.active.get(YEAR_FROM) == filterset.active.get(YEAR_TO)
    for chip in filterset.chips(path):
        names = (YEAR_FROM, YEAR_TO) if single_year and chip.name == YEAR_FROM else (chip.name,)
        chips.setdefault(names, []).append(chip)
    if not chips:
        return ()
    parts = [
        filterset.filter_except(Citation.objects.of_hub(hub_id), *names)
        .order_by()
        .annotate(place=Value(place, IntegerField()))
        .values("place")
        .annotate(papers=Count("pk"))
        .values_list("place", "papers")
        for place, names in enumerate(chips)
    ]
    statement = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    counted = dict(statement)
    made = [
        Drop(
            f"{of_filter[0].label}: {join_words([chip.value for chip in of_filter], 'or')}",
            filterset.address(path, drop=names),
            counted.get(place, 0),
        )
        for place, (names, of_filter) in enumerate(chips.items())
    ]
    return tuple(sorted(made, key=lambda drop: -drop.count))
