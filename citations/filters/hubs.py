"""The filters of the list of hubs: class, years, venues and words of titles, all on the table of summaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet

from citations.filters.base import ChoiceFilter, StrictFilterSet, VenueFilter, YearFilter
from citations.filters.papers import TitleFilter
from citations.vocabulary import HubClass

# Each order ends with the paper, so that pages never overlap, and follows an index.
HUB_ORDERS: Mapping[str, tuple[Any, ...]] = {
    "citing": ("-known", "-paper"),
    "classified": ("-classified", "-paper"),
    "newest": ("-sort_date", "-paper"),
    "title": ("sort_title", "paper"),
}

CLASS = "class"


class HubFilter(StrictFilterSet):
    """`class`, `year_min`, `year_max`, `venue` and `q` of `/hubs/`."""

    sorts: ClassVar[Mapping[str, str]] = {
        "citing": "Most citing papers",
        "classified": "Most classified",
        "newest": "Newest",
        "title": "Title",
    }

    year_min = YearFilter(lower=True)
    year_max = YearFilter(lower=False)
    venue = VenueFilter()
    q = TitleFilter(title="paper__title")

    @classmethod
    def get_filters(cls) -> dict[str, Any]:
        """The filters in the order of display. `class` is a word of the language and cannot be an attribute above."""
        words = {hub_class.value: hub_class.label for hub_class in HubClass}
        return {CLASS: ChoiceFilter("hub_class", words, label="Class", noun="class"), **super().get_filters()}

    def ordered(self) -> QuerySet[Any]:
        """The summaries that pass, in the order asked for."""
        return self.qs.order_by(*HUB_ORDERS[self.sort])
