"""What changed at one hub: labels, class, pins and merges, newest first, with who did it and why."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from citations.facets import Facet
from citations.filters.base import PAGE_SIZE, Chip, query_string
from citations.filters.citations import short_name
from citations.formatting import plural
from citations.history import HistoryList, hub_history
from citations.history.filters import BY, POLARITY, TO, WHAT, month_text
from citations.models import survivor
from citations.views.hub import find_hub
from citations.views.lists import SEARCH, Correction, Drop, ListPage, word_facet
from citations.vocabulary import NONE

# Two years; older months stay within reach by the address.
MONTHS_SHOWN = 24


@require_safe
def history_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The history of the hub with this slug; of a merged paper a redirect that keeps the parameters."""
    hub = find_hub(slug)
    if hub.merged_into_id is not None:
        query = request.META.get("QUERY_STRING", "")
        address = reverse("history", args=[survivor(hub).slug])
        return HttpResponseRedirect(f"{address}?{query}" if query else address)
    path = reverse("history", args=[slug])
    history = hub_history(hub, request.GET, path)
    filters = history.filters
    name = short_name(hub.title)
    context = {
        "hub": hub,
        "name": name,
        "history": history,
        "page": _page(history, path),
        "feed_url": reverse("history_feed", args=[slug]) + query_string(filters.query, drop=(PAGE_SIZE,)),
        "run": filters.cleaned("run") if filters.is_usable else None,
    }
    return render(request, "history.html", context)


def _page(history: HistoryList, path: str) -> ListPage:
    """The frame of the list: its heading, facets, chips, pages and the ways out where nothing matches."""
    filters = history.filters
    chips: tuple[Chip, ...] = filters.chips(path)
    return ListPage(
        path=path,
        filters=filters,
        heading=_heading(history),
        pages=history.pages,
        chips=chips,
        corrections=[Correction(problem, filters.corrected_address(path, problem)) for problem in filters.problems],
        facets=_facets(history, path) if filters.is_usable and not filters.cleaned("run") else (),
        drops=[
            Drop(str(filters.filters[name].label), filters.address(path, drop=(name,)), number)
            for name, number in history.without.items()
        ],
        hidden=[
            (name, value)
            for name, values in filters.query.items()
            if name not in (SEARCH, PAGE_SIZE)
            for value in values
        ],
        kept_by_years=(),
    )


def _heading(history: HistoryList) -> str:
    """ "11 of 341 changes, made by curators"."""
    total, known = history.total, history.known
    noun = "label" if history.filters.is_usable and history.filters.cleaned("run") else "change"
    if not history.filters.active:
        return f"{total:,} {plural(total, noun)}"
    return f"{total:,} of {known:,} {plural(known, noun)}{history.filters.description}"


def _facets(history: HistoryList, path: str) -> list[Facet]:
    """What may be filtered by, with numbers that open their lists."""
    months = list(history.facets["month"])[:MONTHS_SHOWN]
    months += [month for month in history.filters.query.get("month", ()) if month not in months]
    words: Mapping[str, tuple[str, Mapping[str, tuple[str, str]]]] = {
        "what": ("What", {word: (label, "") for word, label in WHAT.items()}),
        "by": ("By", {word: (label, word) for word, label in BY.items()}),
        "to": ("New role", {word: (label, word) for word, label in TO.items()}),
        "polarity": (
            "New polarity",
            {word: (label, "unassessed" if word == NONE else word) for word, label in POLARITY.items()},
        ),
        "month": ("Month", {month: (month_text(month), "") for month in months}),
    }
    return [
        word_facet(history.filters, name, label, values, history.facets[name], path)
        for name, (label, values) in words.items()
    ]
