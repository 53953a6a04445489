"""The badge of a hub: its class and share as a small picture for other sites, without scripts, styles and fonts."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from citations.exports.rows import one_line
from citations.filters.citations import short_name
from citations.formatting import count
from citations.hub_class import HubCounts, Verdict, classify_hub
from citations.listing import find_hub, summary_counts
from citations.models import HubSummary, Paper
from citations.summaries import has_sample, hub_counts
from citations.vocabulary import HubClass

CACHE_SECONDS = 3600
HEAD = "cited as"
# Of a name that is read out, which may be as long as a title.
_LONGEST_NAME = 80

# White on each has a contrast of at least 4.5 (WCAG 2.2, 1.4.3), whatever page the badge stands on.
FILLS = {
    "method": "#29539a",
    "dataset": "#07706f",
    "comparison": "#8a5100",
    "extension": "#612262",
    "evidence": "#a3231a",
    "background": "#59626e",
    "disputes": "#963808",
    "blend": "#3f4a56",
    "none": "#59626e",
}
HEAD_FILL = "#2b3138"

# Geometry in pixels: a line of 11 pixels in a box of 20, as badges of other sites have it, to stand beside them.
_FONT_SIZE = 11
_PADDING = 6
# Advance widths of Verdana in parts of the font size, roughly; `textLength` makes the text fit whatever font is found.
_WIDTHS = {
    **dict.fromkeys("ijl|!.,:;'", 0.33),
    **dict.fromkeys("frtI()[]/- ", 0.42),
    **dict.fromkeys("mwMW%", 1.0),
    **dict.fromkeys("ABCDGHKNOQRSTUVXYZ&", 0.74),
}
_WIDTH = 0.63


@dataclass(frozen=True)
class Badge:
    """What the picture shows (`head` and `text`), what it says when it is read out, and its geometry in pixels."""

    head: str
    text: str
    title: str
    description: str
    fill: str

    @property
    def head_length(self) -> int:
        """The width of the words on the left."""
        return text_width(self.head)

    @property
    def text_length(self) -> int:
        """The width of the words on the right."""
        return text_width(self.text)

    @property
    def head_width(self) -> int:
        """The width of the left part."""
        return self.head_length + 2 * _PADDING

    @property
    def width(self) -> int:
        """The width of the whole."""
        return self.head_width + self.text_length + 2 * _PADDING

    @property
    def padding(self) -> int:
        """The space on each side of words."""
        return _PADDING

    @property
    def head_fill(self) -> str:
        """The colour of the left part."""
        return HEAD_FILL


@require_safe
@conditional_page
@cache_control(public=True, max_age=CACHE_SECONDS)
def badge(request: HttpRequest, slug: str) -> HttpResponse:
    """The badge of the hub with this slug, as SVG; of a merged paper a redirect to the one that stands for both."""
    hub = find_hub(slug)
    if hub is None:
        raise Http404(f"No paper here has the address “{slug}”.")
    if hub.slug != slug:
        return HttpResponseRedirect(reverse("badge", args=[hub.slug]))
    response = render(request, "badge.svg", {"badge": badge_of(hub)}, content_type="image/svg+xml; charset=utf-8")
    # It is made to be shown on other sites.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def badge_of(hub: Paper) -> Badge:
    """The badge of a hub, which comes with its summary: the class that readers see, with the numbers behind it."""
    raw = summary_counts(hub)
    counts = hub_counts(raw) if raw else HubCounts(0)
    verdict = classify_hub(counts)
    summary: HubSummary | None = getattr(hub, "hub", None)
    shown = HubClass(summary.hub_class) if summary and raw else verdict.hub_class
    words = _words(shown, verdict, counts)
    if has_sample(raw):
        words = f"{words}, sample"
    name = one_line(short_name(hub.title))
    name = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
    return Badge(HEAD, words, f"{name}: {HEAD} {words}", verdict.sentence, FILLS[shown.token])


def _words(shown: HubClass, verdict: Verdict, counts: HubCounts) -> str:
    """The class and the share that names it, with its denominator; for a pinned class that the rules do not say, no
    share.
    """
    if not counts.known:
        return "No citing paper known"
    if shown is not verdict.hub_class:
        return f"{shown.label}, pinned by a curator"
    if shown.role is not None:
        return f"{shown.label} {counts.role_share(shown.role).percent} of {count(counts.classified)}"
    if shown is HubClass.CONTESTED:
        return f"{shown.label}, disputed by {counts.contested_share.percent} of {count(counts.assessed)}"
    return f"{shown.label}, {count(counts.classified)} of {count(counts.known)} classified"


def text_width(text: str) -> int:
    """About how wide a text is, in pixels."""
    return round(sum(_WIDTHS.get(character, _WIDTH) for character in text) * _FONT_SIZE)
