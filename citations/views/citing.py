"""The citing-papers explorer: the list of the papers that cite one hub, with filters, facets, sort and pages.

Four parameters belong to the page alone, and no other form of the list has them: `jump` leads to the page on which a
year begins, `find_venue` looks for venues, `count_venues` counts those of a search that finds very many papers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from citations import hub_class
from citations.filters.base import PAGE, search_words, shown
from citations.filters.citations import short_name
from citations.hub_class import classify_hub
from citations.listing import Listing, Shown, list_citing, page_of_year, summary_counts
from citations.listing.lists import COUNT_VENUES, FIND_VENUE, LONGEST_VENUE_SEARCH
from citations.models import survivor
from citations.models.papers import YEAR_MAX, YEAR_MIN
from citations.views.hub import Clean, counts_of, find_hub, has_sample, pinned, read_clean, shown_class, summary_of
from citations.views.kin import list_kin

JUMP = "jump"
# The parameters that leave out what distorts the numbers of a hub, not only rows of its list.
CLEAN = ("self", "retracted")
# The sorts in which a year has one place.
BY_DATE = ("newest", "oldest")


@require_safe
def citing_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The papers that cite the hub with this slug; of a merged paper a redirect that keeps the parameters.

    Whoever refreshes the list in place (the header HX-Request) gets the list alone.
    """
    hub = find_hub(slug)
    if hub.merged_into_id is not None:
        query = request.META.get("QUERY_STRING", "")
        address = reverse("citing", args=[survivor(hub).slug])
        return HttpResponseRedirect(f"{address}?{query}" if query else address)
    asked = read(request.GET)
    listing = list_citing(hub, asked.data, asked.shown)
    if asked.year is not None and listing.filterset.is_usable:
        if listing.filterset.sort in BY_DATE and listing.count:
            return HttpResponseRedirect(year_address(listing, asked.year))
        asked.told.append("A year has its place only in a list by date: sort by newest or oldest first.")
    in_place = bool(getattr(request, "htmx", False))
    response = render(
        request, "citing_list.html" if in_place else "citing.html", context_of(request, listing, asked, in_place)
    )
    patch_vary_headers(response, ["HX-Request"])
    if in_place and listing.filterset.is_usable and not asked.is_special:
        # Forms send empty fields and defaults, too: the address that readers copy has none of them.
        response["HX-Push-Url"] = here(listing)
    return response


@dataclass
class Asked:
    """What an address asks for: the parameters of the list, and those of this page. `told`: sentences for a notice."""

    data: QueryDict
    shown: Shown = field(default_factory=Shown)
    year: int | None = None
    told: list[str] = field(default_factory=list)

    @property
    def is_special(self) -> bool:
        """Whether the page shows something that the list's own parameters do not say."""
        return self.shown != Shown() or bool(self.told)


def read(given: QueryDict) -> Asked:
    """The parameters of an address, those of this page apart. One that is not understood is told, and not used."""
    asked = Asked(given.copy())
    words, count, jump = (_last(asked, name) for name in (FIND_VENUE, COUNT_VENUES, JUMP))
    if len(words) > LONGEST_VENUE_SEARCH:
        asked.told.append(f"“{shown(words)}” is too long for the name of a venue and was ignored.")
        words = ""
    if count not in ("", "1"):
        asked.told.append(f"“{shown(count)}” is no {COUNT_VENUES}: give 1. It was ignored.")
    asked.shown = Shown(words, count == "1")
    if jump:
        if jump.isascii() and jump.isdigit() and YEAR_MIN <= int(jump[:9]) <= YEAR_MAX:
            asked.year = int(jump)
        else:
            asked.told.append(
                f"“{shown(jump)}” is no year to jump to. Give four digits, from {YEAR_MIN} to {YEAR_MAX}."
            )
    return asked


def _last(asked: Asked, name: str) -> str:
    """Take a parameter of this page out of those of the list; the last value counts where it is repeated."""
    values = asked.data.pop(name, [])
    return " ".join(search_words(values[-1])) if values else ""


def here(listing: Listing) -> str:
    """The address of the page of a list that is shown."""
    page = listing.filterset.page
    return listing.address(set={PAGE: [str(page)]} if page > 1 else None)


def year_address(listing: Listing, year: int) -> str:
    """Where the papers of a year begin: a page, and the first row of them on it."""
    page, first = page_of_year(listing, year)
    address = listing.address(set={PAGE: [str(page)]} if page > 1 else None)
    return f"{address}#c{first}" if first is not None else address


def clean_of(listing: Listing) -> Clean:
    """The hub's numbers without what the list leaves out: self-citations, retracted papers, both or neither."""
    given = QueryDict(mutable=True)
    for name in CLEAN if listing.filterset.is_usable else ():
        if listing.filterset.query.get(name) == ["0"]:
            given[name] = "0"
    return read_clean(listing.hub, given)


def context_of(request: HttpRequest, listing: Listing, asked: Asked, in_place: bool) -> dict[str, Any]:
    """What the templates print."""
    hub, name = listing.hub, short_name(listing.hub.title)
    clean = clean_of(listing)
    counts = counts_of(hub, clean)
    number = listing.filterset.page
    title = listing.title if listing.filterset.is_usable else f"Papers citing {name}"
    return {
        "hub": hub,
        "name": name,
        "listing": listing,
        "in_place": in_place,
        "page_title": f"{title}, page {number:,}" if number > 1 else title,
        "told": [*asked.told, *listing.filterset.notices],
        "kin": list_kin(listing),
        "verdict": classify_hub(counts),
        "counts": counts,
        "hub_class": shown_class(hub, clean),
        "clean": clean,
        "whole_url": listing.address(drop=CLEAN),
        "pinned": pinned(summary_of(hub), summary_counts(hub)),
        "summary": summary_of(hub),
        "rules": hub_class,
        "view_url": request.build_absolute_uri(here(listing)),
        "sample": has_sample(hub),
    }
