"""The ways out of a list in which nothing is left: what dropping one filter would show."""

from __future__ import annotations

from dataclasses import dataclass

from citations.facets.counting import counts_without
from citations.filters.base import YEAR_FROM, YEAR_TO, Chip
from citations.filters.citations import CitationFilter
from citations.formatting import join_words


@dataclass(frozen=True)
class Drop:
    """One filter to drop: in words, the list without it, and how many papers that list has."""

    words: str
    url: str
    count: int


def drops(hub_id: int, known: int, filterset: CitationFilter, path: str) -> tuple[Drop, ...]:
    """For each active filter what dropping it, and it alone, would show; the most helpful first. `known`: how many
    papers cite the hub. As many statements as `counts_of_list`.
    """
    chips: dict[tuple[str, ...], list[Chip]] = {}
    single_year = filterset.active.get(YEAR_FROM) == filterset.active.get(YEAR_TO)
    for chip in filterset.chips(path):
        names = (YEAR_FROM, YEAR_TO) if single_year and chip.name == YEAR_FROM else (chip.name,)
        chips.setdefault(names, []).append(chip)
    if not chips:
        return ()
    counted = counts_without(hub_id, known, filterset, chips)
    made = [
        Drop(
            f"{of_filter[0].label}: {join_words([chip.value for chip in of_filter], 'or')}",
            filterset.address(path, drop=names),
            number,
        )
        for (names, of_filter), number in zip(chips.items(), counted, strict=True)
    ]
    return tuple(sorted(made, key=lambda drop: -drop.count))
