"""The list of hubs: papers that others cite, by how they are cited. Reads summaries only."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from citations.facets import Facet
from citations.filters.hubs import CLASS, HubFilter
from citations.hub_class import ENOUGH
from citations.models import HubSummary
from citations.views.hub_rows import CLASSIFIED, HubRow, hub_rows
from citations.views.lists import ListPage, list_page, page_ids, venue_facet, word_facet
from citations.vocabulary import HubClass


@require_safe
def hubs(request: HttpRequest) -> HttpResponse:
    """Hubs by class, year, venue and words of the title; the same number of queries whatever their number."""
    filters = HubFilter(request.GET, HubSummary.objects.public())
    usable = filters.is_usable
    facets = (
        (_class_facet(filters, request.path), venue_facet(filters, filters.queryset, request.path)) if usable else ()
    )
    page = list_page(request, filters, "hub", _total(filters, facets), facets)
    rows = _rows(filters, page) if usable else []
    context = {
        "page": page,
        "enough": ENOUGH,
        "rows": rows,
        "sample": any(row.sample for row in rows),
        "classified": CLASSIFIED,
    }
    return render(request, "hubs.html", context)


def _class_facet(filters: HubFilter, path: str) -> Facet:
    """How many hubs are of each class under all other filters; classes without any are listed too."""
    counted = filters.filter_except(filters.queryset, CLASS).order_by().values_list("hub_class").annotate(n=Count("pk"))
    words = {hub_class.value: (hub_class.label, hub_class.token) for hub_class in HubClass}
    return word_facet(filters, CLASS, "Class", words, dict(counted), path)


def _total(filters: HubFilter, facets: tuple[Facet, ...]) -> int:
    """How many hubs there are: the class facet has counted them already, so that the two cannot disagree."""
    if not facets:
        return 0
    chosen = filters.cleaned(CLASS)
    return sum(value.count for value in facets[0].values if not chosen or value.value in chosen)


def _rows(filters: HubFilter, page: ListPage) -> list[HubRow]:
    """The rows of one page."""
    ids = page_ids(filters.ordered(), page.pages)
    summaries = HubSummary.objects.for_listing().in_bulk(ids) if ids else {}
    return hub_rows([summaries[paper_id] for paper_id in ids])
