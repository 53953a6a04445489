"""The list of all papers: those that cite and those that are cited."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from citations import identifiers
from citations.filters.papers import PaperFilter
from citations.identifiers import BadIdentifier
from citations.models import Citation, HubSummary, Paper, find_paper
from citations.views.hub_rows import bylines, has_sample
from citations.views.lists import SEARCH, ListPage, list_page, page_ids, venue_facet
from citations.views.redirects import import_command
from citations.vocabulary import HubClass


@dataclass(frozen=True)
class PaperRow:
    """What a list prints of one paper. `cites` and `cited_by` count papers here; `hub_class` None: nothing cites it."""

    paper: Paper
    byline: str
    cites: int
    cited_by: int
    hub_class: HubClass | None
    sample: bool
    citing_url: str


@dataclass(frozen=True)
class Named:
    """What a search that is an identifier names: the paper, or none and the command that would bring it in."""

    name: str
    paper: Paper | None
    command: str


@require_safe
def papers(request: HttpRequest) -> HttpResponse:
    """Papers by words of the title, years and venue. A search that is an identifier alone leads to its paper."""
    filters = PaperFilter(request.GET, Paper.objects.public())
    named = named_by(filters.cleaned(SEARCH) or "")
    if named and named.paper and list(filters.query) == [SEARCH] and not filters.problems:
        return HttpResponseRedirect(named.paper.get_absolute_url())
    usable = filters.is_usable
    facets = [venue_facet(filters, filters.queryset, request.path)] if usable else []
    page = list_page(request, filters, "paper", filters.qs.count() if usable else 0, facets)
    context = {"page": page, "rows": _rows(filters, page) if usable else [], "named": named}
    return render(request, "papers.html", context)


def named_by(search: str) -> Named | None:
    """The paper whose identifier the search is; None where it is none."""
    if not search:
        return None
    try:
        wanted = identifiers.parse(search)
    except BadIdentifier:
        return None
    return Named(identifiers.display(wanted), find_paper(wanted), import_command(wanted))


def _rows(filters: PaperFilter, page: ListPage) -> list[PaperRow]:
    """The rows of one page: the papers, their authors and how many papers here each of them cites, a query each."""
    ids = page_ids(filters.ordered(), page.pages)
    if not ids:
        return []
    found = Paper.objects.select_related("venue", "hub").in_bulk(ids)
    lines = bylines(ids)
    cites = dict(
        Citation.objects.public().filter(citing_id__in=ids).order_by().values_list("citing_id").annotate(n=Count("pk"))
    )
    return [_row(found[paper_id], lines.get(paper_id, ""), cites.get(paper_id, 0)) for paper_id in ids]


def _row(paper: Paper, byline: str, cites: int) -> PaperRow:
    """One row; the paper's summary must be there."""
    summary = hub_of(paper)
    return PaperRow(
        paper=paper,
        byline=byline,
        cites=cites,
        cited_by=summary.known if summary else 0,
        hub_class=HubClass(summary.hub_class) if summary else None,
        sample=summary is not None and has_sample(summary),
        citing_url=reverse("citing", args=[paper.slug]),
    )


def hub_of(paper: Paper) -> HubSummary | None:
    """The summary of a paper that something here cites, else None. Asks the database unless it came with the paper."""
    summary: HubSummary | None = getattr(paper, "hub", None)
    return summary if summary is not None and summary.known else None
