"""The venues of a list of papers or hubs, counted."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, Count, ExpressionWrapper, F, QuerySet, Value

from citations.filters.base import StrictFilterSet
from citations.models import Venue
from citations.summaries import TOP_VENUES

VENUE, SEARCH = "venue", "q"
_NO_INDEX = ExpressionWrapper(F("venue") + Value(0), output_field=BigIntegerField())


def count_venues(filters: StrictFilterSet, queryset: QuerySet[Any]) -> list[tuple[Venue, int]]:
    """The venues with most rows under all other filters, and those that are chosen, however few rows they have; most
    first, ties by name. Two queries; one more where a chosen venue is not among the most frequent.

    Rows are counted by the key of the venue, which an index holds; names are looked up of those shown alone.
    """
    chosen: dict[int, Venue] = {venue.pk: venue for venue in filters.cleaned(VENUE) or ()}
    others = filters.filter_except(queryset, VENUE).order_by()
    of_venues = others.filter(venue__isnull=False)
    # Where every title has to be read, the table is read from end to end, not once for each venue.
    grouped = others.annotate(key=_NO_INDEX) if SEARCH in filters.active else of_venues.annotate(key=F("venue"))
    rows = grouped.values_list("key").annotate(n=Count("*")).order_by("-n", "key")
    most = [(key, n) for key, n in rows[: TOP_VENUES + 1] if key is not None]
    found: dict[int, int] = dict(most[:TOP_VENUES])
    if rare := chosen.keys() - found.keys():
        found |= dict(of_venues.filter(venue__in=rare).values_list("venue").annotate(n=Count("*")))
    venues = Venue.objects.in_bulk(found.keys() - chosen.keys()) | chosen
    counted = [(venue, found.get(pk, 0)) for pk, venue in venues.items()]
    return sorted(counted, key=lambda one: (-one[1], one[0].name, one[0].slug))
