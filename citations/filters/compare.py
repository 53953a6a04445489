"""The parameters of the comparison of hubs: which hubs, and the page of the papers that cite all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet

from citations.filters.base import ConditionFilter, StrictFilterSet

HUB, ADD = "hub", "add"


class HubsFilter(ConditionFilter):
    """Slugs of the hubs that are compared. They choose what is compared, and filter nothing."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs


class CompareFilter(StrictFilterSet):
    """`hub` (repeated), `page` and `page_size` of `/compare/`; `add` is a request of the page alone."""

    sorts: ClassVar[Mapping[str, str]] = {"newest": "Newest"}
    ignored: ClassVar[frozenset[str]] = frozenset({ADD})

    hub = HubsFilter(label="Hub")
