"""The search over everything: papers and hubs by their words, authors and venues, or one paper by its identifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from citations import search
from citations.filters.base import Pages
from citations.filters.citations import short_name
from citations.filters.search import CITED, SEARCH, PaperSearch
from citations.formatting import plural
from citations.models import Citation, HubSummary, Mention, Paper
from citations.search import Fragment, Query
from citations.views.hub_rows import bylines, has_sample
from citations.views.papers import hub_of, named_by
from citations.vocabulary import HubClass

# What is shown of an abstract or sentence around the first word that was found, in characters.
EXCERPT = 240
# Sentences that are looked through for each paper whose own texts do not hold what was searched for.
MOST_SENTENCES = 20


@dataclass(frozen=True)
class Found:
    """One paper that was found. `excerpt`: where, if not in the title; `told` says what it is taken from."""

    paper: Paper
    title: tuple[Fragment, ...]
    byline: tuple[Fragment, ...]
    told: str
    excerpt: tuple[Fragment, ...]
    summary: HubSummary | None
    hub_class: HubClass | None
    sample: bool
    cites: int
    citing_url: str


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    """Papers that match `q`, the best first. A search that is an identifier alone leads to its paper."""
    filters = PaperSearch(request.GET, Paper.objects.public())
    typed = " ".join(filters.data.getlist(SEARCH)[:1])
    named = named_by(typed)
    if named and named.paper and list(filters.query) == [SEARCH] and filters.is_usable:
        return HttpResponseRedirect(named.paper.get_absolute_url())
    usable = filters.is_usable and bool(filters.asked)
    found = filters.found()
    hubs = found.filter(hub__known__gt=0)
    total, cited = (found.order_by().count(), hubs.order_by().count()) if usable else (0, 0)
    pages = filters.pages(request.path, cited if filters.hubs_only else total)
    rows = _rows(hubs if filters.hubs_only else found, pages, filters.asked) if pages.rows else []
    context: dict[str, Any] = {
        "filters": filters,
        "usable": usable,
        "typed": search.printable(typed),
        "named": named,
        "told": filters.notices if filters.is_usable else (),
        "corrections": [(problem, filters.corrected_address(request.path, problem)) for problem in filters.problems],
        "heading": f"{pages.total:,} {_noun(filters, pages.total)} {filters.asked.describe()}",
        "pages": pages,
        "rows": rows,
        "counts": (
            ("All papers", total, filters.address(request.path, drop=(CITED,)), not filters.hubs_only),
            ("Hubs", cited, filters.address(request.path, set={CITED: ["1"]}), filters.hubs_only),
        ),
        "sorts": [(value, label, value == filters.sort) for value, label in filters.sorts.items()],
        "sample": any(row.sample for row in rows),
    }
    return render(request, "search.html", context)


def _noun(filters: PaperSearch, number: int) -> str:
    return plural(number, "hub" if filters.hubs_only else "paper")


def _rows(found: Any, pages: Pages, query: Query) -> list[Found]:
    """The rows of one page: papers, authors, what they cite, and sentences, a query each."""
    ids = list(found.values_list("pk", flat=True)[pages.offset : pages.offset + pages.size])
    papers = Paper.objects.select_related("venue", "hub").in_bulk(ids)
    lines = bylines(ids)
    cites = dict(
        Citation.objects.public().filter(citing_id__in=ids).order_by().values_list("citing_id").annotate(n=Count("pk"))
    )
    excerpts = {pk: _excerpt(papers[pk], query) for pk in ids}
    silent = [pk for pk, (told, _) in excerpts.items() if not told and not _is_hit(papers[pk].title, query)]
    excerpts |= _sentences(silent, query)
    return [_row(papers[pk], lines.get(pk, ""), cites.get(pk, 0), excerpts[pk], query) for pk in ids]


def _row(paper: Paper, byline: str, cites: int, excerpt: tuple[str, tuple[Fragment, ...]], query: Query) -> Found:
    """One row; nothing is asked of the database."""
    summary = hub_of(paper)
    return Found(
        paper=paper,
        title=search.highlight(paper.title, query),
        byline=search.highlight(byline, query, "author"),
        told=excerpt[0],
        excerpt=excerpt[1],
        summary=summary,
        hub_class=HubClass(summary.hub_class) if summary else None,
        sample=summary is not None and has_sample(summary),
        cites=cites,
        citing_url=reverse("citing", args=[paper.slug]),
    )


def _is_hit(text: str, query: Query) -> bool:
    """Whether a text holds something that was searched for."""
    return any(fragment.is_hit for fragment in search.highlight(text, query))


def _excerpt(paper: Paper, query: Query) -> tuple[str, tuple[Fragment, ...]]:
    """The summary, or the part of the abstract where the first hit is; without a hit the summary, told as nothing."""
    for told, text in (("Summary", paper.summary), ("Abstract", paper.abstract)):
        if text and _is_hit(text, query):
            return told, search.excerpt(text, query, EXCERPT)
    return "", search.excerpt(paper.summary, query, EXCERPT)


def _sentences(paper_ids: Sequence[int], query: Query) -> Mapping[int, tuple[str, tuple[Fragment, ...]]]:
    """For papers that were found by a citing sentence: the sentence, and what it is about. One query."""
    found: dict[int, tuple[str, tuple[Fragment, ...]]] = {}
    if not paper_ids:
        return found
    mentions = (
        Mention.objects.filter(citation__citing_id__in=paper_ids, citation__merged_into__isnull=True)
        .exclude(sentence="")
        .order_by("citation__citing_id", "citation_id", "order", "id")
        .values_list("citation__citing_id", "sentence", "citation__cited__title")
    )
    for paper_id, sentence, title in mentions[: MOST_SENTENCES * len(paper_ids)]:
        if paper_id not in found and _is_hit(sentence, query):
            found[paper_id] = f"Citing {short_name(title)}", search.excerpt(sentence, query, EXCERPT)
    return found
