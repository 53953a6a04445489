"""A collection in which every public page has something to show that is hard to set, and the addresses of its pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from citations.models import Citation, Paper
from tests.factories import make_citation, make_hub, make_label, make_mention, make_paper, paper_changed

LONG_TITLE = "On headings that go on and on, with an-extraordinarily-long-compound-word-" + "that-never-ends-" * 6
MIXED_TITLE = "דוגמה לכותרת מימין לשמאל (2024): 深層学習による引用分類 and ∫₀^∞ e^(−x²) dx"

# In pixels, from which on a page has room for everything beside each other.
WIDE = 1280
# What of axe's rules a colour scheme decides, and what the width of the window does.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
SIZE_RULES = ["target-size", "scrollable-region-focusable", "meta-viewport"]


def axe_options(width: int, scheme: str) -> dict[str, Any]:
    """For axe: its rules in light, in a narrow window also how large targets are, which it does not ask by itself. In
    dark the same page has other colours and nothing else: only the rules on them.
    """
    # Of rules that pass, one node each is told: reading them all took longer than the rules themselves.
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if scheme == "dark":
        return options | {"runOnly": {"type": "rule", "values": COLOUR_RULES}}
    return options | ({"rules": {"target-size": {"enabled": True}}} if width < WIDE else {})


@dataclass(frozen=True)
class Collection:
    """A plain hub, one with a long title, a paper with forty authors, and one citation."""

    hub: Paper
    long: Paper
    paper: Paper
    citation: Citation


def make_collection() -> Collection:
    """Two hubs of which each role, polarity and flag is somewhere, with sentences and years."""
    roles = {"method": 24, "dataset": 4, "comparison": 3, "extension": 2, "evidence": 2, "background": 3, "unclear": 2}
    polarities = {"supports": 6, "disputes": 3, "mixed": 2, "neutral": 9}
    hub = make_hub(roles, 14, polarities=polarities, title="Pythia: a suite", year=2023)
    long = make_hub({"evidence": 3}, 2, title=LONG_TITLE, authors=["محمد بن موسى", "יוסף כהן"])
    papers = list(Paper.objects.filter(references_made__cited=hub).order_by("pk"))
    for place, paper in enumerate(papers):
        paper.year = 2019 + place % 6
        paper.summary = "What it found about zeolites, in one sentence." if place % 2 else ""
    Paper.objects.bulk_update(papers, ["year", "summary"])
    forty = make_paper(MIXED_TITLE, year=2024, authors=[f"Author Number{n} van der Lange" for n in range(40)])
    citation = make_citation(forty, hub, sentences=["استخدمنا Pythia في التجارب.", "We use Pythia as well."])
    make_citation(forty, long)
    make_label(citation, "comparison", "disputes", source="semanticscholar", coarse=True)
    for other in Citation.objects.filter(cited=hub)[:5]:
        make_mention(other, "We use Pythia here.", counted=False)
    paper_changed(*papers, forty)
    return Collection(hub, long, forty, citation)


def public_pages(held: Collection) -> list[str]:
    """The addresses of every public page, lists also filtered, empty and not understood."""
    hub, long = held.hub.slug, held.long.slug
    citing = reverse("citing", args=[hub])
    return [
        reverse("home"),
        reverse("hubs"),
        f"{reverse('hubs')}?class=evidence-reference",
        reverse("hub", args=[hub]),
        reverse("hub", args=[long]),
        citing,
        f"{citing}?role=method&polarity=none&q=zeolites",
        f"{citing}?role=dataset&q=nothing",
        f"{citing}?rolle=method",
        reverse("history", args=[hub]),
        reverse("citation", args=[held.citation.pk]),
        reverse("report", args=[held.citation.pk]),
        reverse("papers"),
        reverse("paper", args=[hub]),
        reverse("paper", args=[held.paper.slug]),
        reverse("compare"),
        f"{reverse('compare')}?hub={hub}&hub={long}",
        reverse("search"),
        f"{reverse('search')}?q=pythia",
        reverse("about_classes"),
        reverse("about_data"),
        reverse("agreement"),
        reverse("about_words"),
        reverse("about_style"),
        reverse("api:docs"),
    ]
