"""What pages say of themselves to programs, and the files in which programs look for it: robots.txt, sitemaps, the
description of the search.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from citations.exports import FORMATS, REFERENCE_FORMATS, PaperFacts, Site
from citations.exports.highwire import tags
from citations.exports.linked_data import citation_node, document, paper_node
from citations.exports.rows import one_line
from citations.filters.base import PAGE_SIZE
from citations.listing import Listing, Row
from citations.models import HubSummary, Paper
from citations.views.suggestions import SUGGESTIONS_TYPE

# A day: what stands in these files changes with the site, not with its data.
DAY = 24 * 3600
HOUR = 3600
# Far below the 50,000 that the protocol allows (sitemaps.org), so that each file is made and read in a moment.
SITEMAP_SIZE = 10_000
FEED_TYPE = "application/atom+xml"
API_TYPE = "application/json"

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"


# Heads of pages ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Link:
    """Another form of what a page shows; `label` for readers, `media_type` for programs."""

    label: str
    url: str
    media_type: str


@dataclass(frozen=True)
class Kin:
    """What the head of a page says to programs: meta tags, other forms of the page, and linked data (None: none).

    `api` is the same in the interface for programs; None where nothing is listed.
    """

    tags: Sequence[tuple[str, str]]
    forms: Sequence[Link]
    linked_data: dict[str, Any] | None
    api: Link | None = None


def hub_kin(site: Site, paper: PaperFacts, listing: Listing, chosen: Iterable[Row], *, sample: bool) -> Kin:
    """The kin of a hub page. Its linked data name the `chosen` citing papers; the whole list is a form of its own."""
    nodes = [paper_node(paper, site)]
    for row in chosen:
        citing = {
            "@id": site.paper(row.paper.slug),
            "@type": "ScholarlyArticle",
            "name": one_line(row.paper.title),
        }
        nodes.append(citation_node(row.citation.pk, paper.slug, citing, row.role, row.polarity, site))
    return Kin(tags(paper, site), list_forms(listing), document(nodes, sample=sample), _in_api("hub", paper.slug))


def paper_kin(site: Site, paper: PaperFacts) -> Kin:
    """The kin of the page of a paper."""
    return Kin(
        tags(paper, site),
        reference_forms(paper.slug),
        document([paper_node(paper, site)]),
        _in_api("paper", paper.slug),
    )


def list_kin(listing: Listing) -> Kin:
    """The kin of a list of citing papers: the same list in other forms."""
    api = _in_api("citing", listing.hub.slug)
    return Kin(
        (),
        list_forms(listing),
        None,
        replace(api, url=listing.filterset.address(api.url)) if listing.filterset.is_usable else None,
    )


def _in_api(name: str, slug: str) -> Link:
    """A view of the interface for programs."""
    return Link("API", reverse(f"api:{name}", args=[slug]), API_TYPE)


def list_forms(listing: Listing) -> list[Link]:
    """The same list, under the same filter, as files and as a feed; none while a parameter is not understood."""
    if not listing.filterset.is_usable:
        return []
    slug = listing.hub.slug

    def link(label: str, media_type: str, path: str) -> Link:
        return Link(label, listing.filterset.address(path, drop=(PAGE_SIZE,)), media_type)

    files = [
        link(form.label, form.media_type, reverse("citing_export", args=[slug, form.extension]))
        for form in FORMATS.values()
    ]
    return [*files, link("Atom feed", FEED_TYPE, reverse("citing_feed", args=[slug]))]


def reference_forms(slug: str) -> list[Link]:
    """One paper as a reference."""
    return [
        Link(form.label, reverse("paper_export", args=[slug, form.extension]), form.media_type)
        for form in REFERENCE_FORMATS.values()
    ]


def site_of(request: HttpRequest) -> Site:
    """This site as the reader reached it."""
    return Site(request.build_absolute_uri("/").removesuffix("/"))


# Files ---------------------------------------------------------------------------------------------------------------


@require_safe
@cache_control(public=True, max_age=DAY)
def robots(request: HttpRequest) -> HttpResponse:
    """What crawlers may read: pages, but no combinations of filters, of which there is no end, and no files of them."""
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /api/",
        "Disallow: /search/",
        "Disallow: /compare/?*add=",
        "Disallow: /compare/?*page",
        "Disallow: /hubs/?",
        "Disallow: /hubs/*/?",
        "Disallow: /hubs/*/citing.",
        "Disallow: /hubs/*/history",
        "Disallow: /citations/*/report/",
        "Disallow: /papers/?",
        "Disallow: /papers/*/?",
        f"Sitemap: {site_of(request).address(reverse('sitemap'))}",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=HOUR)
def sitemap(request: HttpRequest) -> HttpResponse:
    """The index of sitemaps: one of the pages that are always there, and as many of hubs and of papers as there are."""
    numbers = {"pages": 1, "hubs": HubSummary.objects.public().count(), "papers": Paper.objects.public().count()}
    site = site_of(request)
    index = ET.Element("sitemapindex", xmlns=_SITEMAP)
    for kind, number in numbers.items():
        for page in range(1, -(-number // SITEMAP_SIZE) + 1):
            place = ET.SubElement(ET.SubElement(index, "sitemap"), "loc")
            place.text = site.address(reverse("sitemap_page", args=[kind, page]))
    return _xml(index)


@require_safe
@cache_control(public=True, max_age=HOUR)
def sitemap_page(request: HttpRequest, kind: str, page: int) -> HttpResponse:
    """One sitemap: the addresses of pages of a kind (`pages`, `hubs`, `papers`); `page` counts from 1."""
    if kind not in _ENTRIES:
        raise Http404(f"There is no sitemap of “{kind}”.")
    entries = list(_ENTRIES[kind]((page - 1) * SITEMAP_SIZE)) if page else []
    if not entries:
        raise Http404(f"The sitemap of {kind} has no part {page}.")
    site = site_of(request)
    urls = ET.Element("urlset", xmlns=_SITEMAP)
    for path, changed in entries:
        url = ET.SubElement(urls, "url")
        ET.SubElement(url, "loc").text = site.address(path)
        if changed:
            ET.SubElement(url, "lastmod").text = changed
    return _xml(urls)


def _page_entries(start: int) -> Iterator[tuple[str, str]]:
    """The pages that are always there."""
    return ((reverse(name), "") for name in ("home", "hubs", "papers", "about_classes", "about_data")[start:])


def _hub_entries(start: int) -> Iterator[tuple[str, str]]:
    """Hub pages with the day of their last change; of papers that nothing cites there is nothing to read."""
    rows = HubSummary.objects.public().order_by("pk").values_list("paper__slug", "updated_at")
    return ((reverse("hub", args=[slug]), f"{at:%Y-%m-%d}") for slug, at in rows[start : start + SITEMAP_SIZE])


def _paper_entries(start: int) -> Iterator[tuple[str, str]]:
    """Pages of papers."""
    slugs = Paper.objects.public().order_by("pk").values_list("slug", flat=True)
    return ((reverse("paper", args=[slug]), "") for slug in slugs[start : start + SITEMAP_SIZE])


_ENTRIES = {"pages": _page_entries, "hubs": _hub_entries, "papers": _paper_entries}


@require_safe
@cache_control(public=True, max_age=DAY)
def opensearch(request: HttpRequest) -> HttpResponse:
    """The description of this site's search (OpenSearch 1.1), by which browsers offer it."""
    site = site_of(request)
    root = ET.Element("OpenSearchDescription", xmlns=_OPENSEARCH)
    # At most 16 characters (OpenSearch 1.1, draft 6).
    ET.SubElement(root, "ShortName").text = "Citations"
    ET.SubElement(root, "LongName").text = "Citation Explorer"
    ET.SubElement(root, "Description").text = "How papers use the papers that they cite."
    ET.SubElement(root, "InputEncoding").text = "UTF-8"
    ET.SubElement(root, "Image", width="16", height="16", type="image/svg+xml").text = site.address(
        static("img/icon.svg")
    )
    ET.SubElement(root, "Url", type="text/html", template=f"{site.address(_search_path())}?q={{searchTerms}}")
    suggesting = f"{site.address(reverse('suggestions'))}?q={{searchTerms}}"
    ET.SubElement(root, "Url", type=SUGGESTIONS_TYPE, rel="suggestions", template=suggesting)
    ET.SubElement(root, "Url", type=OPENSEARCH_TYPE, rel="self", template=site.address(reverse("opensearch")))
    return _xml(root, OPENSEARCH_TYPE)


OPENSEARCH_TYPE = "application/opensearchdescription+xml"


def _search_path() -> str:
    """The page of the search over everything, or the list of papers where there is none yet."""
    try:
        return reverse("search")
    except NoReverseMatch:
        return reverse("papers")


def _xml(root: ET.Element, media_type: str = "application/xml") -> HttpResponse:
    """A document of XML."""
    content = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return HttpResponse(content, content_type=f"{media_type}; charset=utf-8")
