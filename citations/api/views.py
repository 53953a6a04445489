"""The addresses of the interface for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count
from django.http import Http404, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from citations.api import history, lists, schemas
from citations.api.documented import documented
from citations.api.examples import EXAMPLES
from citations.api.parameters import NUMBER_PARAMETER, Given, Parameter, given, slug_parameter
from citations.api.rows import Api, citing_row, hub_details, ledger_rows, mention_row, paper_row
from citations.exports import Site, load_rows, paper_facts
from citations.exports.rows import one_line
from citations.hub_class import HubCounts, classify_hub
from citations.listing import find_hub
from citations.models import Citation, HubSummary, Label, Mention, Paper, in_ledgers
from citations.vocabulary import NONE, source_label

# The largest number that either database has for an id.
_LARGEST_ID = 2**63 - 1


class Negotiation(DefaultContentNegotiation):
    """What the header Accept admits; an empty one admits everything, as none at all does."""

    def get_accept_list(self, request: Request) -> list[str]:
        """The types that the header lists."""
        return [kind.strip() for kind in (request.META.get("HTTP_ACCEPT", "").strip() or "*/*").split(",")]


class ApiView(APIView):
    """What all addresses share: only GET, HEAD and OPTIONS, and no parameter that is not documented."""

    content_negotiation_class = Negotiation
    http_method_names = ("get", "head", "options")
    parameters: Sequence[Parameter] = ()

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Which methods there are, in the header Allow."""
        return Response(status=204)

    def check_throttles(self, request: Request) -> None:
        """Asking what may be asked is free: browsers do so before each request from another site."""
        if request.method != "OPTIONS":
            super().check_throttles(request)

    def given(self, request: Request) -> Given:
        """The parameters of the request. Raises Refusal where one is malformed or unknown."""
        found = given(request.query_params, request.META.get("QUERY_STRING", ""), self.parameters)
        if not self.parameters:
            found.refuse()
        return found


def _api(request: Request) -> Api:
    """The addresses of this interface, as this request reaches it."""
    return Api(Site(request.build_absolute_uri("/").removesuffix("/")))


def _hub(slug: str) -> Paper:
    """The paper with this slug, or that stands for it now. Raises Http404 where there is none."""
    paper = find_hub(slug)
    if paper is None:
        raise Http404(f"No paper here has the slug “{slug}”.")
    return paper


def _moved(request: Request, name: str, to: str | int) -> HttpResponseBase:
    """302 to the same of another paper or citation, of which this one is now a part."""
    query = request.META.get("QUERY_STRING", "")
    address = reverse(f"api:{name}", args=[to])
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


# The views ------------------------------------------------------------------------------------------------------------


class IndexView(ApiView):
    """Where everything is."""

    @documented("index", "What there is", schemas.INDEX, EXAMPLES["index"], tag="About")
    def get(self, request: Request) -> Response:
        """The addresses to begin with."""
        self.given(request)
        api = _api(request)
        names = ("hubs", "papers", "schema", "docs")
        return Response(
            {**{name: api.address(name) for name in names}, "site": api.site.address(reverse("home"))},
        )


class HubListView(ApiView):
    """The hubs."""

    parameters = lists.HUB_PARAMETERS

    @documented("hubs", "Hubs", schemas.HUB_LIST, EXAMPLES["hubs"], tag="Hubs", parameters=parameters)
    def get(self, request: Request) -> Response:
        """Papers that others in the collection cite, each with its class and the numbers behind it."""
        return Response(lists.hub_list(self.given(request), _api(request)))


class HubView(ApiView):
    """One hub."""

    @documented("hub", "One hub", schemas.HUB, EXAMPLES["hub"], tag="Hubs", path=slug_parameter("hub"))
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """What a paper is to those who cite it: its class, roles, polarities, years, venues and sources, counted.

        A paper that nothing in the collection cites has a hub too, with zeros.
        """
        self.given(request)
        hub = _hub(slug)
        if hub.slug != slug:
            return _moved(request, "hub", hub.slug)
        summary: HubSummary | None = getattr(hub, "hub", None)
        if summary is None or not summary.counts:
            summary = _empty_summary(hub)
        return Response(hub_details(summary, paper_facts(hub, abstract=True), _api(request)))


class CitingView(ApiView):
    """The papers that cite a hub."""

    parameters = lists.CITING_PARAMETERS

    @documented(
        "citing",
        "Papers that cite a hub",
        schemas.CITING_LIST,
        EXAMPLES["citing"],
        tag="Hubs",
        path=slug_parameter("hub"),
        parameters=parameters,
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """The citing papers under any filter, in the order of the page for readers, in the layout of the exports."""
        found = self.given(request)
        hub = _hub(slug)
        if hub.slug != slug:
            return _moved(request, "citing", hub.slug)
        return Response(lists.citing_list(hub, found, _api(request)))


class HistoryView(ApiView):
    """What changed at a hub."""

    parameters = lists.HISTORY_PARAMETERS

    @documented(
        "history",
        "What changed at a hub",
        schemas.HISTORY,
        EXAMPLES["history"],
        tag="Hubs",
        path=slug_parameter("hub"),
        parameters=parameters,
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """Labels of the hub's citations, changes of its class, pins and merges, newest first."""
        found = self.given(request)
        hub = _hub(slug)
        if hub.slug != slug:
            return _moved(request, "history", hub.slug)
        return Response(history.history_list(hub, found, _api(request)))


class PaperListView(ApiView):
    """The papers."""

    parameters = lists.PAPER_PARAMETERS

    @documented("papers", "Papers", schemas.PAPER_LIST, EXAMPLES["papers"], tag="Papers", parameters=parameters)
    def get(self, request: Request) -> Response:
        """All papers of the collection, those that cite and those that are cited."""
        return Response(lists.paper_list(self.given(request), _api(request)))


class PaperView(ApiView):
    """One paper."""

    @documented("paper", "One paper", schemas.PAPER, EXAMPLES["paper"], tag="Papers", path=slug_parameter("paper"))
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """What is known of a paper, and where each field comes from."""
        self.given(request)
        paper = _hub(slug)
        if paper.slug != slug:
            return _moved(request, "paper", paper.slug)
        return Response(_paper_details(paper, _api(request)))


def _paper_details(paper: Paper, api: Api) -> dict[str, Any]:
    """One paper with its abstract, sources and counts: four queries."""
    facts = paper_facts(paper, abstract=True)
    summary: HubSummary | None = getattr(paper, "hub", None)
    cites = Citation.objects.by_paper(paper.pk).order_by().values_list("role").annotate(n=Count("pk"))
    return {
        **paper_row(facts, api),
        "abstract": facts.abstract or None,
        "field_sources": {str(name): str(source) for name, source in sorted(paper.field_sources.items())},
        "cited_by": [
            {
                "source": count.source,
                "source_label": source_label(count.source),
                "count": count.count,
                "as_of": count.as_of.isoformat(),
            }
            for count in paper.cited_by_counts.order_by("-count", "source")
        ],
        "known_citing": summary.known if summary else 0,
        "cites": {role or NONE: number for role, number in sorted(cites)},
        "hub": api.site.hub(paper.slug),
        "hub_api": api.address("hub", paper.slug),
    }


class CitationView(ApiView):
    """One citation."""

    @documented(
        "citation", "One citation", schemas.CITATION, EXAMPLES["citation"], tag="Citations", path=NUMBER_PARAMETER
    )
    def get(self, request: Request, number: int) -> HttpResponseBase:
        """One paper citing another, with the sentences in which it does so."""
        self.given(request)
        citation = _citation(number)
        if citation.pk != number:
            return _moved(request, "citation", citation.pk)
        api = _api(request)
        (row,) = load_rows([number])
        mentions = Mention.objects.filter(citation=citation).exclude(sentence="").order_by("order", "id")
        return Response(
            {
                **citing_row(row, api),
                "polarity_by": row.polarity_by.value if row.polarity_by else None,
                "polarity_source": row.polarity_source or None,
                "cited": {
                    "slug": citation.cited.slug,
                    "title": one_line(citation.cited.title),
                    "api": api.address("hub", citation.cited.slug),
                },
                "mentions": [mention_row(mention) for mention in mentions],
                "added_at": row.added_at.isoformat(),
                "changed_at": row.changed_at.isoformat(),
                "labels": api.address("labels", number),
            }
        )


class LabelsView(ApiView):
    """The labels of a citation."""

    @documented(
        "labels", "Labels of a citation", schemas.LABELS, EXAMPLES["labels"], tag="Citations", path=NUMBER_PARAMETER
    )
    def get(self, request: Request, number: int) -> HttpResponseBase:
        """Who said what of the citation, when and from which sentence, newest first; and what it comes to."""
        self.given(request)
        citation = _citation(number)
        if citation.pk != number:
            return _moved(request, "labels", citation.pk)
        labels = list(Label.objects.filter(in_ledgers([citation.pk])).select_related("mention").in_ledger_order())
        return Response(
            {
                "citation": _api(request).address("citation", number),
                "count": len(labels),
                "role": citation.role or None,
                "polarity": citation.polarity or None,
                "results": ledger_rows(labels),
            }
        )


class NothingView(ApiView):
    """Whatever else is asked for below /api/."""

    schema = None

    def get(self, request: Request, rest: str) -> Response:
        """404."""
        raise Http404(f"Nothing stands at {request.path}.")


def _citation(number: int) -> Citation:
    """The citation with this number, or that a merge put before it. Raises Http404 where there is none."""
    found = None
    if number <= _LARGEST_ID:
        found = Citation.objects.select_related("cited", "merged_into__cited").filter(pk=number).first()
    if found is None:
        raise Http404(f"There is no citation {str(number)[:20]}.")
    standing = found.merged_into or found
    if standing.is_void:
        raise Http404(f"Citation {number} is hidden: its two papers turned out to be one.")
    return standing


def _empty_summary(paper: Paper) -> HubSummary:
    """The summary of a paper that nothing cites; it is not saved."""
    nobody = classify_hub(HubCounts(0)).hub_class
    return HubSummary(
        paper=paper,
        hub_class=nobody,
        computed_class=nobody,
        counts=EMPTY_COUNTS,
        updated_at=paper.created_at,
    )


_EMPTY_COUNTERS = (
    "role",
    "polarity",
    "decided_by",
    "source",
    "role_source",
    "polarity_source",
    "suggested",
    "coarse_roles",
    "year",
)
# `HubSummary.counts` of a paper that nothing cites.
EMPTY_COUNTS: dict[str, Any] = {
    **{name: {} for name in _EMPTY_COUNTERS},
    **dict.fromkeys(("confirmed", "confirmed_disputes", "is_influential", "is_self_citation", "retracted"), 0),
    "venue": [],
}
