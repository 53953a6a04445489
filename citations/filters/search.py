"""The parameters of the search over everything: words, only cited papers, order and page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet

from citations import search
from citations.filters.base import ChoiceFilter, ConditionFilter, Problem, QueryField, StrictFilterSet, shown

SEARCH, CITED = "q", "cited"
# Relevance is the order that a search gives; the others follow columns of papers, and end with the id.
ORDERS: Mapping[str, tuple[str, ...]] = {
    "relevance": ("-rank", "-sort_date", "-id"),
    "newest": ("-sort_date", "-id"),
    "cited": ("-cited_by_count", "-id"),
    "title": ("sort_title", "id"),
}


class WordsFilter(ConditionFilter):
    """What is searched for. It is the search itself, and so filters nothing."""

    field_class = QueryField

    def filter(self, qs: QuerySet[Any], value: search.Query | None) -> QuerySet[Any]:
        return qs


class CitedFilter(ChoiceFilter):
    """Only papers that others here cite: the hubs."""

    def __init__(self) -> None:
        super().__init__("hub__known", {"1": "hubs only"}, noun="value", label="Kind")

    def filter(self, qs: QuerySet[Any], value: list[str] | None) -> QuerySet[Any]:
        return qs.filter(hub__known__gt=0) if value else qs


class PaperSearch(StrictFilterSet):
    """`q` and `cited` of `/search/`, on the papers that match."""

    sorts: ClassVar[Mapping[str, str]] = {
        "relevance": "Relevance",
        "newest": "Newest",
        "cited": "Most cited worldwide",
        "title": "Title",
    }

    q = WordsFilter(label="Search")
    cited = CitedFilter()

    @property
    def asked(self) -> search.Query:
        """What is searched for; empty (false) for nothing."""
        return self.cleaned(SEARCH) or search.Query()

    @property
    def notices(self) -> tuple[str, ...]:
        """What of the search was passed over, in sentences."""
        return search.parse(self.data.get(SEARCH, ""), over_everything=True).problems

    def check(self) -> Iterable[Problem]:
        """As the base, and: a search needs a word."""
        yield from super().check()
        searched = self.form.cleaned_data.get(SEARCH)
        if searched is not None and not searched.wanted:
            yield self.problem(SEARCH, shown(self.data[SEARCH]), " ".join(self.notices))

    @property
    def hubs_only(self) -> bool:
        """Whether only cited papers are wanted."""
        return bool(self.cleaned(CITED))

    def found(self) -> QuerySet[Any]:
        """The papers that match, cited or not, in the order asked for."""
        return search.papers(self.asked).order_by(*ORDERS[self.sort])
