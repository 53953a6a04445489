"""Atom feeds (RFC 4287): the papers that cite a hub, under any filter, and what changed at a hub or anywhere.

A feed holds the papers that came into the collection last, in the order of the page, so that a reader of feeds shows
what is new whatever the list is sorted by. The name of an entry is made of the slugs of hub and paper, which never
change.
"""

from __future__ import annotations

import datetime
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_safe

from citations.exports import About, ExportRow, Site, load_rows
from citations.exports.rows import one_line
from citations.filters.base import PAGE_SIZE, query_string
from citations.history import HistoryFilter, Told, newest_of_hub, site_history
from citations.listing import about, find_hub, select_citing
from citations.models import Paper

ATOM_TYPE = "application/atom+xml"
# As many as a page of the list.
MOST_ENTRIES = 50
# Readers of feeds ask again and again; labels do not change by the minute.
CACHE_SECONDS = 600
# Since when addresses here name the same things, as names by RFC 4151 ("tag:") have to say.
_NAMING_SINCE = "2026"
# What may stand in such a name as it is; paths come percent-encoded.
_SAFE = "/?&=%+:;,@!$'()*~-._"
_ATOM = "http://www.w3.org/2005/Atom"

ET.register_namespace("", _ATOM)


@require_safe
@conditional_page
def citing_feed(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The feed of the papers that cite the hub and match the parameters; 400 in plain text for one not understood."""
    hub = find_hub(slug)
    if hub is None:
        raise Http404(f"No paper here has the address “{slug}”.")
    if hub.slug != slug:
        query = request.META.get("QUERY_STRING", "")
        address = reverse("citing_feed", args=[hub.slug])
        return HttpResponseRedirect(f"{address}?{query}" if query else address)
    selection = select_citing(hub, request.GET)
    if selection.problems:
        return HttpResponse(selection.refusal, status=400, content_type="text/plain; charset=utf-8")
    rows = load_rows(selection.added_last(MOST_ENTRIES))
    of = about(selection, request.build_absolute_uri("/").removesuffix("/"))
    path = f"{reverse('citing_feed', args=[hub.slug])}{query_string(selection.query)}"
    feed = ET.tostring(_feed(of, path, rows, _changed(hub)), encoding="utf-8", xml_declaration=True)
    response = HttpResponse(feed, content_type=f"{ATOM_TYPE}; charset=utf-8")
    response["Cache-Control"] = f"public, max-age={CACHE_SECONDS}"
    return response


@require_safe
@conditional_page
def history_feed(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The newest changes of a hub that match the parameters; 400 in plain text for one not understood."""
    hub = find_hub(slug)
    if hub is None:
        raise Http404(f"No paper here has the address “{slug}”.")
    if hub.slug != slug:
        query = request.META.get("QUERY_STRING", "")
        address = reverse("history_feed", args=[hub.slug])
        return HttpResponseRedirect(f"{address}?{query}" if query else address)
    page = reverse("history", args=[hub.slug])
    title = f"History of {one_line(hub.title)}"
    return _history(request, reverse("history_feed", args=[slug]), page, title, hub)


@require_safe
@conditional_page
def site_feed(request: HttpRequest) -> HttpResponseBase:
    """The newest changes of the whole collection that match the parameters; an import is one entry."""
    return _history(request, reverse("site_feed"), reverse("home"), "What changed", None)


def _history(request: HttpRequest, path: str, page: str, title: str, hub: Paper | None) -> HttpResponse:
    """The feed at `path` of the history that `page` shows to readers."""
    filters = HistoryFilter(request.GET)
    if filters.problems:
        told = "".join(f"{problem.message}\n" for problem in filters.problems)
        return HttpResponse(told, status=400, content_type="text/plain; charset=utf-8")
    site = Site(request.build_absolute_uri("/").removesuffix("/"))
    asked = query_string(filters.query, drop=(PAGE_SIZE,))
    entries = newest_of_hub(hub, filters, MOST_ENTRIES) if hub else site_history(filters, MOST_ENTRIES)
    feed = ET.Element(_tag("feed"))
    _add(feed, "id", _name(site.root, path + asked))
    _add(feed, "title", f"{title}{filters.description} - Citation Explorer")
    _add(feed, "subtitle", f"The {MOST_ENTRIES} newest changes of labels, classes, pins and merges.")
    # Without an entry nothing has changed since names here were first given.
    beginning = datetime.datetime(int(_NAMING_SINCE), 1, 1, tzinfo=datetime.UTC)
    _add(feed, "updated", _time(max((entry.at for entry in entries), default=beginning)))
    _link(feed, "self", site.address(path + asked), ATOM_TYPE)
    _link(feed, "alternate", site.address(page + (asked if hub else "")), "text/html")
    _add(_add(feed, "author"), "name", "Citation Explorer")
    for entry in entries:
        feed.append(_change(entry, site, path, hub))
    response = HttpResponse(
        ET.tostring(feed, encoding="utf-8", xml_declaration=True), content_type=f"{ATOM_TYPE}; charset=utf-8"
    )
    response["Cache-Control"] = f"public, max-age={CACHE_SECONDS}"
    return response


def _change(told: Told, site: Site, path: str, hub: Paper | None) -> ET.Element:
    """One change: what became what in the title, who and why in the summary."""
    entry = ET.Element(_tag("entry"))
    _add(entry, "id", _name(site.root, path.removesuffix(".atom") + "/" + told.anchor))
    steps = "; ".join(step.words for step in told.steps)
    of_hub = f" ({one_line(told.hub.title)})" if told.hub is not None and hub is None else ""
    _add(entry, "title", one_line(f"{told.title}{of_hub}: {steps or told.what}"))
    _add(entry, "published", _time(told.at))
    _add(entry, "updated", _time(told.at))
    if told.url:
        _link(entry, "alternate", site.address(told.url), "text/html")
    _add(_add(entry, "author"), "name", told.by)
    ET.SubElement(entry, _tag("category"), term=told.what)
    _add(entry, "summary", one_line(" ".join(told.why)), type="text")
    return entry


def _changed(hub: Paper) -> datetime.datetime:
    """When anything about the citations of a hub changed last; of a paper that nothing cites, when it was added."""
    summary = getattr(hub, "hub", None)
    return summary.updated_at if summary is not None else hub.created_at


def _feed(of: About, path: str, rows: Sequence[ExportRow], changed: datetime.datetime) -> ET.Element:
    """The whole feed. It was updated when the newest of its entries was, or, without any, when the hub was."""
    feed = ET.Element(_tag("feed"))
    site = of.site
    _add(feed, "id", _name(site.root, path))
    _add(feed, "title", f"{of.description} - Citation Explorer")
    _add(feed, "subtitle", _subtitle(of, len(rows)))
    _add(feed, "updated", _time(max((row.changed_at for row in rows), default=changed)))
    _link(feed, "self", site.address(path), ATOM_TYPE)
    _link(feed, "alternate", of.list_address, "text/html")
    _add(_add(feed, "author"), "name", "Citation Explorer")
    _add(feed, "generator", "Citation Explorer", uri=f"{site.root}/")
    for row in rows:
        feed.append(_entry(of, row))
    return feed


def _subtitle(of: About, shown: int) -> str:
    """What the feed holds, in which order."""
    if shown < of.count:
        what = f"Of {of.count} papers the {shown} that were added to this collection last, in the order of the list."
    else:
        what = f"All papers of the list in its order; once it is longer, the {MOST_ENTRIES} that were added last."
    return " ".join([what, *of.notices])


def _entry(of: About, row: ExportRow) -> ET.Element:
    """One citing paper. It was published here when its citation was added, and updated when that was labelled last."""
    entry = ET.Element(_tag("entry"))
    paper, site = row.paper, of.site
    _add(entry, "id", _name(site.root, f"{reverse('hub', args=[row.hub])}cited-by/{paper.slug}"))
    _add(entry, "title", paper.title)
    _add(entry, "published", _time(row.added_at))
    _add(entry, "updated", _time(row.changed_at))
    _link(entry, "alternate", site.paper(paper.slug), "text/html")
    if paper.url:
        _link(entry, "related", paper.url)
    for author in paper.authors or ("Unknown author",):
        _add(_add(entry, "author"), "name", author)
    for kind, member in (("role", row.role), ("polarity", row.polarity)):
        if member:
            scheme = f"{site.address(reverse('about_classes'))}#{kind}"
            ET.SubElement(entry, _tag("category"), term=member.value, scheme=scheme, label=member.label)
    _add(entry, "summary", _summary(of, row), type="text")
    return entry


def _summary(of: About, row: ExportRow) -> str:
    """What the paper is, how it cites the hub, who says so, and the first sentence that shows it."""
    label = "; ".join(
        [
            row.role.label if row.role else "role not classified",
            row.polarity.label.lower() if row.polarity else "polarity not assessed",
        ]
    )
    parts = [
        _place(row),
        f"Cites “{of.hub.title}”: {label}.",
        *(f"{credit}." for credit in row.credits),
        f"Suggested by a classifier: {row.suggested.label}." if row.suggested else "",
        f"Notice: {row.paper.notice.label}." if row.paper.notice else "",
        row.paper.summary,
        f"“{row.sentences[0]}”" if row.sentences else "",
    ]
    return " ".join(part for part in parts if part)


def _place(row: ExportRow) -> str:
    """Venue and year as a sentence; "" where neither is known."""
    where = ", ".join(part for part in (row.paper.venue, str(row.paper.year or "")) if part)
    return f"{where}." if where else ""


# Parts of XML --------------------------------------------------------------------------------------------------------


def _tag(name: str) -> str:
    """An element's name in the namespace of Atom."""
    return f"{{{_ATOM}}}{name}"


def _add(parent: ET.Element, name: str, content: str = "", **attributes: str) -> ET.Element:
    """A new child with this text, which is escaped when it is written."""
    child = ET.SubElement(parent, _tag(name), attributes)
    child.text = content
    return child


def _link(parent: ET.Element, rel: str, href: str, media_type: str = "") -> None:
    """A link to another form or place."""
    ET.SubElement(parent, _tag("link"), {"rel": rel, "href": href} | ({"type": media_type} if media_type else {}))


def _name(root: str, path: str) -> str:
    """A name that never changes (RFC 4151), of the host alone: "tag:example.org,2026:/hubs/pythia/"."""
    host = urlsplit(root).hostname or ""
    # Names are given by the owners of domains; an address in numbers and colons owns none.
    authority = host if re.fullmatch(r"[a-z0-9.-]+", host) else "localhost"
    return f"tag:{authority},{_NAMING_SINCE}:{quote(path, safe=_SAFE)}"


def _time(moment: datetime.datetime) -> str:
    """A moment as RFC 3339 has it, in universal time, to the second."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
