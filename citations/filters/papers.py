"""The filters of the list of papers (years, venues, words of titles), and of what one paper cites (roles)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import Case, IntegerField, Q, QuerySet, When

from citations import text
from citations.filters.base import (
    ChoiceFilter,
    ConditionFilter,
    SearchField,
    StrictFilterSet,
    VenueFilter,
    YearFilter,
)
from citations.vocabulary import NONE, Role

# Each order ends with the id, so that pages never overlap, and follows an index.
PAPER_ORDERS: Mapping[str, tuple[Any, ...]] = {
    "newest": ("-sort_date", "-id"),
    "title": ("sort_title", "id"),
    "cited": ("-cited_by_count", "-id"),
}


class TitleFilter(ConditionFilter):
    """Every word occurs in the title, whatever its case and accents. `title`: the path from the list's table to it."""

    field_class = SearchField

    def __init__(self, *, title: str, **options: Any) -> None:
        super().__init__(label="Title", **options)
        self.title = title

    def condition(self, value: str) -> Q:
        condition = Q()
        for word in value.split():
            # The sort title has neither accents nor letters of other scripts, and is cut; the title itself has all.
            matches = Q(**{f"{self.title}__icontains": word})
            folded = text.fold(word)
            condition &= matches | Q(sort_title__contains=folded) if folded else matches
        return condition


class PaperFilter(StrictFilterSet):
    """`year_min`, `year_max`, `venue` and `q` of `/papers/`."""

    sorts: ClassVar[Mapping[str, str]] = {"newest": "Newest", "title": "Title", "cited": "Most cited worldwide"}

    year_min = YearFilter(lower=True)
    year_max = YearFilter(lower=False)
    venue = VenueFilter()
    q = TitleFilter(title="title")

    def ordered(self) -> QuerySet[Any]:
        """The papers that pass, in the order asked for."""
        return self.qs.order_by(*PAPER_ORDERS[self.sort])


class ReferenceFilter(StrictFilterSet):
    """`role` of what one paper cites, on its own page."""

    sorts: ClassVar[Mapping[str, str]] = {"role": "Role", "title": "Title"}

    role = ChoiceFilter(
        "role",
        {role.value: role.label for role in Role} | {NONE: "Not classified"},
        stored={NONE: ""},
        label="Role",
        noun="role",
    )

    def ordered(self) -> QuerySet[Any]:
        """The citations that pass: in the order of display of roles, or by title alone."""
        place = Case(
            *(When(role=role.value, then=place) for place, role in enumerate(Role)),
            default=len(Role),
            output_field=IntegerField(),
        )
        by_title = ("cited__sort_title", "id")
        return self.qs.order_by(place, *by_title) if self.sort == "role" else self.qs.order_by(*by_title)
