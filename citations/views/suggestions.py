"""Suggestions under a search: papers whose title begins like what is typed, then papers that hold its words."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from citations import search, text
from citations.formatting import count, plural
from citations.models import Paper
from citations.views.papers import hub_of

# The format that browsers ask a site's search for (OpenSearch Suggestions 1.1).
SUGGESTIONS_TYPE = "application/x-suggestions+json"
# As many as one reads while typing.
MOST = 8
# What is typed beyond this is no title that anybody completes.
LONGEST = 200
# Seconds: letters that are typed and taken back are not asked for again.
KEPT_FOR = 300
# Above every character of a sort title (printable ASCII): the end of all titles that begin alike.
_LAST = "\x7f"


@require_safe
@cache_control(public=True, max_age=KEPT_FOR)
def suggestions(request: HttpRequest) -> JsonResponse:
    """What is typed (`q`), and of at most eight papers the titles, a remark on each, and the addresses: four lists."""
    typed = request.GET.get("q", "")
    found = list(_papers(typed.strip()[:LONGEST]))
    answer = [
        typed,
        [paper.title for paper in found],
        [_remark(paper) for paper in found],
        [paper.get_hub_url() if hub_of(paper) else paper.get_absolute_url() for paper in found],
    ]
    return JsonResponse(answer, safe=False, content_type=SUGGESTIONS_TYPE)


def _papers(typed: str) -> Iterator[Paper]:
    """At most eight papers, none twice, in two or three queries: hubs by the beginning of the title, other papers by
    it, then what the full-text search finds when the last word is taken for a beginning.
    """
    shown: set[int] = set()
    for papers in (*_beginning(typed), _holding(typed)):
        if len(shown) < MOST:
            # Asked for one by one, so that a title that is found by its beginning costs no search.
            for paper in papers[: MOST + len(shown)]:
                if paper.pk not in shown and len(shown) < MOST:
                    shown.add(paper.pk)
                    yield paper


def _public() -> QuerySet[Paper]:
    """The papers that may be named, each with its numbers as a hub."""
    return Paper.objects.public().select_related("hub")


def _beginning(typed: str) -> tuple[QuerySet[Paper], ...]:
    """Hubs and papers whose title begins so, by the index of titles; none for a text without letters or digits."""
    key = text.sort_key(typed)
    if not key:
        return ()
    hubs = _public().filter(hub__sort_title__gte=key, hub__sort_title__lt=key + _LAST, hub__known__gt=0)
    papers = _public().filter(sort_title__gte=key, sort_title__lt=key + _LAST)
    return hubs.order_by("hub__sort_title", "hub__paper"), papers.order_by("sort_title", "id")


def _holding(typed: str) -> QuerySet[Paper]:
    """Papers that hold all words, the last one as a beginning, the best first."""
    ends_open = typed[-1:].isalnum()
    return search.papers(search.parse(f"{typed}*" if ends_open else typed, over_everything=True)).select_related("hub")


def _remark(paper: Paper) -> str:
    """What tells papers of like titles apart: "2023, cited by 30 papers here"."""
    summary = hub_of(paper)
    cited = f"cited by {count(summary.known)} {plural(summary.known, 'paper')} here" if summary else ""
    return ", ".join(part for part in (str(paper.year or ""), cited) if part)
