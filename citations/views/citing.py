"""The citing-papers explorer: the list of the papers that cite one hub, with filters, facets, sort and pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from citations.filters.citations import short_name
from citations.hub_class import classify_hub
from citations.listing import list_citing
from citations.views.hub import counts_of, find_hub, has_sample, shown_class
from citations.views.redirects import survivor


@require_safe
def citing_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The papers that cite the hub with this slug; of a merged paper a redirect that keeps the parameters."""
    hub = find_hub(slug)
    if hub.merged_into_id is not None:
        query = request.META.get("QUERY_STRING", "")
        address = reverse("citing", args=[survivor(hub).slug])
        return HttpResponseRedirect(f"{address}?{query}" if query else address)
    listing = list_citing(hub, request.GET)
    counts = counts_of(hub)
    context = {
        "hub": hub,
        "name": short_name(hub.title),
        "listing": listing,
        "verdict": classify_hub(counts),
        "counts": counts,
        "hub_class": shown_class(hub),
        "sample": has_sample(hub),
    }
    return render(request, "citing.html", context)
