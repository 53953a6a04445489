"""What a writer of labels or flags did to the cells of hubs, so that big hubs need not be counted again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from citations.models import Citation
from citations.querysets import BATCH
from citations.summaries.tallies import CELL_COLUMNS


class Moves:
    """How many citations each cell of each hub has gained, or lost, by what was written within `noted`."""

    def __init__(self) -> None:
        self._cells: dict[int, Counter[tuple[Any, ...]]] = defaultdict(Counter)

    @contextmanager
    def noted(self, citation_ids: Iterable[int]) -> Iterator[None]:
        """Note what the body writes to these citations. Whoever uses it holds their hubs (`lock_hubs`)."""
        ids = list(citation_ids)
        self._add(ids, -1)
        yield
        self._add(ids, 1)

    def _add(self, citation_ids: list[int], n: int) -> None:
        for start in range(0, len(citation_ids), BATCH):
            some = Citation.objects.public().filter(pk__in=citation_ids[start : start + BATCH]).order_by()
            for hub, *cell in some.values_list("cited_id", *CELL_COLUMNS):
                self._cells[hub][tuple(cell)] += n

    def of(self, paper_id: int) -> list[dict[str, Any]]:
        """The cells of a hub that have gained or lost something, as `tallies.cells_of` gives them."""
        cells = self._cells.get(paper_id, Counter())
        return [dict(zip(CELL_COLUMNS, cell, strict=True)) | {"n": n} for cell, n in cells.items() if n]
