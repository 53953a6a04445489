"""A whole list of citing papers, for whatever takes more of it than a page: exports and feeds."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from citations.exports import About, Site, paper_facts
from citations.filters.base import PAGE, PAGE_SIZE, Problem, Query
from citations.filters.citations import CitationFilter, describe, short_name
from citations.listing.lists import OLDEST, ORDERS, summary_counts
from citations.models import Citation, HubSummary, Paper, survivor
from citations.models.papers import UNKNOWN_DATE
from citations.summaries import has_sample

# By which column a sort runs, and whether downwards; the id, which runs the same way as the column, breaks ties.
# Their order is that of `ORDERS`. "oldest" has papers without a date at its end.
_KEYS: Mapping[str, tuple[str, bool]] = {
    "newest": ("sort_date", True),
    "oldest": ("sort_date", False),
    "cited": ("cited_by_count", True),
    "title": ("sort_title", False),
    "confidence": ("suggested_confidence", True),
}


@dataclass(frozen=True)
class Selection:
    """The citing papers that some parameters ask for, all pages of them. `known` papers cite the hub."""

    hub: Paper
    path: str
    filterset: CitationFilter
    known: int

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was not understood of the parameters; whoever has some must list nothing.

        Unknown names count, since a whole list instead of a filtered one would do harm unseen.
        """
        return self.filterset.problems

    @property
    def notes(self) -> tuple[str, ...]:
        """What a search passed over, in sentences; the rest of it is searched for all the same."""
        return self.filterset.notices

    @property
    def refusal(self) -> str:
        """What is answered where something was not understood: one line for each parameter; "" where all was."""
        return "".join(map(_complaint, self.problems))

    @property
    def query(self) -> Query:
        """Filters and sort in their stable order. The size of a page says nothing of a whole list."""
        return {name: values for name, values in self.filterset.query.items() if name not in (PAGE, PAGE_SIZE)}

    @property
    def list_path(self) -> str:
        """The path of the same list as a page, with its parameters."""
        return self.filterset.address(self.path, drop=(PAGE_SIZE,))

    @cached_property
    def count(self) -> int:
        """How many papers match; 0 while a parameter is not understood."""
        if not self.filterset.is_usable or not self.known:
            return 0
        return self._matching.count() if self.filterset.active else self.known

    @property
    def description(self) -> str:
        """The list in English: "18 of 30 citing papers use Pythia as a tool"."""
        return describe(self.filterset, short_name(self.hub.title)).heading(self.count, self.known)

    def batches(self, size: int) -> Iterator[list[int]]:
        """The ids of the citations in the order of the page, at most `size` at a time.

        Each batch is read by statements that begin behind the last row of the batch before, so that nothing is held
        between two of them, and rows that come or go meanwhile shift no others.
        """
        if self.count:
            yield from self._batches(self._matching, size)

    def added_last(self, most: int) -> list[int]:
        """The ids of the `most` matching citations that came into the collection last, in the order of the page."""
        if not self.count:
            return []
        newest = list(self._matching.order_by("-pk").values_list("pk", flat=True)[:most])
        # One more than there can be, so that the first batch is seen to be the last.
        return [pk for batch in self._batches(self._matching.filter(pk__in=newest), most + 1) for pk in batch]

    @cached_property
    def _matching(self) -> QuerySet[Citation]:
        """The citations that match, in no order."""
        matching: QuerySet[Citation] = self.filterset.qs.order_by()
        return matching

    def _batches(self, matching: QuerySet[Citation], size: int) -> Iterator[list[int]]:
        """The ids of `matching` in the order of the page."""
        sort = self.filterset.sort
        parts = [matching]
        if sort == OLDEST:
            parts = [matching.filter(sort_date__gt=UNKNOWN_DATE), matching.filter(sort_date=UNKNOWN_DATE)]
        for part in parts:
            # A search is not begun anew for each batch.
            if self.filterset.asked or sort not in _KEYS:
                yield from _remembered(part.order_by(*ORDERS[sort]), size)
            else:
                yield from _walk(part, *_KEYS[sort], size)


def find_hub(slug: str) -> Paper | None:
    """The paper with this slug, with its summary and venue; of a merged one the paper that stands for it now.

    None where there is none.
    """
    papers = Paper.objects.select_related("hub", "venue")
    found = papers.filter(slug=slug).first()
    if found is None or found.merged_into_id is None:
        return found
    return papers.get(pk=survivor(found).pk)


def select_citing(hub: Paper, data: QueryDict) -> Selection:
    """The list that the parameters `data` ask for. The hub comes with its summary (`select_related("hub")`)."""
    filterset = CitationFilter(data, hub.pk)
    summary: HubSummary | None = getattr(hub, "hub", None)
    return Selection(hub, reverse("citing", args=[hub.slug]), filterset, summary.known if summary else 0)


def about(selection: Selection, root: str) -> About:
    """What a file of this list says of itself. `root`: the site's own address without a slash at the end."""
    hub, site = selection.hub, Site(root)
    return About(
        hub=paper_facts(hub),
        site=site,
        query=selection.query,
        description=selection.description,
        count=selection.count,
        list_address=site.address(selection.list_path),
        moment=timezone.now(),
        sample=has_sample(summary_counts(hub)),
        notes=selection.notes,
    )


def _complaint(problem: Problem) -> str:
    """One problem in a line. Pages leave unknown names out and go on; whoever prints this does not."""
    message = problem.message.replace(": it was ignored.", ".")
    meant = f" Did you mean {problem.suggestion}?" if problem.suggestion else ""
    return f"{problem.parameter}: {message}{meant}\n"


def _remembered(ordered: QuerySet[Citation], size: int) -> Iterator[list[int]]:
    """The ids of a list that takes long to find, or whose order no column holds: all are read first, 8 bytes each."""
    ids = array("q", ordered.values_list("pk", flat=True).iterator())
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])


def _walk(matching: QuerySet[Citation], column: str, downwards: bool, size: int) -> Iterator[list[int]]:
    """The ids of `matching` by a column and, where that is the same, by id, at most `size` at a time."""
    sign, behind = ("-", "lt") if downwards else ("", "gt")
    ordered = matching.order_by(f"{sign}{column}", f"{sign}id").values_list("pk", column)
    found = list(ordered[:size])
    while found:
        yield [pk for pk, _ in found]
        if len(found) < size:
            return
        last_id, last_key = found[-1]
        # Two statements, each of which begins at its place in the index: of 100,000 papers of one date, the condition
        # of both together would look at all of them for each batch.
        found = list(ordered.filter(**{column: last_key, f"pk__{behind}": last_id})[:size])
        if len(found) < size:
            found += ordered.filter(**{f"{column}__{behind}": last_key})[: size - len(found)]
