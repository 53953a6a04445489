"""Addresses for many new papers at once, also where a hundred thousand are called "Editorial"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import count

from django.db import connection

from citations import engines
from citations.models import Paper

# More papers of one title than this would need longer numbers than the column holds.
_LARGEST_POWER = 40
# Where the numbers of a title were left, for so many titles; it only saves looking.
_REMEMBERED = 10_000

WithSuffix = Callable[[str, str], str]


class FreeSlugs:
    """Gives out slugs that no paper has. `with_suffix` joins a slug and a number within the column's length."""

    def __init__(self, with_suffix: WithSuffix) -> None:
        self._with_suffix = with_suffix
        self._next: dict[str, int] = {}

    def take(self, wishes: Sequence[Sequence[str]]) -> list[str]:
        """For each paper the first of its wishes that is free; else its first with a free number from 2 on.

        They are free in the database and differ from each other.
        """
        taken = _stored({wish for own in wishes for wish in own})
        given: list[str] = []
        without: dict[str, list[int]] = defaultdict(list)
        for place, own in enumerate(wishes):
            slug = next((wish for wish in own if wish not in taken), "")
            given.append(slug)
            if slug:
                taken.add(slug)
            else:
                without[own[0]].append(place)
        for base, places in without.items():
            for place, slug in zip(places, self._numbered(base, len(places), taken), strict=True):
                given[place] = slug
                taken.add(slug)
        return given

    def _numbered(self, base: str, number: int, taken: set[str]) -> list[str]:
        """So many free slugs that begin with `base`."""
        start = self._next.get(base) or self._first_number(base)
        found: list[str] = []
        for begin in count(start, number):
            candidates = [self._with_suffix(base, str(n)) for n in range(begin, begin + number)]
            stored = _stored(candidates) | taken
            found += [slug for slug in candidates if slug not in stored]
            if len(found) >= number:
                break
        if len(self._next) >= _REMEMBERED:
            self._next.clear()
        # Those of the last stretch that were not needed are looked at again.
        self._next[base] = begin
        return found[:number]

    def _first_number(self, base: str) -> int:
        """The number behind the last one in use, if they are in use without gaps; found by halving, not by reading."""
        powers = {self._with_suffix(base, str(2**power)): power for power in range(1, _LARGEST_POWER)}
        used = _stored(powers)
        highest = next((power for slug, power in powers.items() if slug not in used), _LARGEST_POWER)
        if highest == 1:
            return 2
        low, high = 2 ** (highest - 1), 2**highest  # the one is in use, the other is not
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _stored([self._with_suffix(base, str(middle))]) else (low, middle)
        return high


def _stored(slugs: Iterable[str]) -> set[str]:
    """Those of the slugs that papers have."""
    statement = f'SELECT p.slug FROM {{rows}} AS r JOIN "{Paper._meta.db_table}" AS p ON p.slug = r.column1'
    rows = ((slug,) for slug in slugs)
    return {slug for (slug,) in engines.bulk.select(connection, statement, ("varchar",), rows)}
