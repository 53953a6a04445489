"""The citations behind the numbers of agreement: what a source called them, and what curators did."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from citations.agreement import Agreement, agreement
from citations.filters.base import ChoiceFilter, ConditionFilter, StrictFilterSet
from citations.filters.fields import OnceField
from citations.formatting import join_words, plural
from citations.models import Citation
from citations.vocabulary import CLASSIFIED_ROLES, Role, source_label

_ROLES = {role.value: role.label for role in CLASSIFIED_ROLES}


class _SourceFilter(ConditionFilter):
    field_class = OnceField


class AgreementFilter(StrictFilterSet):
    """`source`, its role (`said`), the curator's (`read`), and `same`: only where the two are the same."""

    source = _SourceFilter(label="Source", field_name="source")
    said = ChoiceFilter("said", _ROLES, noun="role", label="The source said")
    read = ChoiceFilter("read", _ROLES, noun="role", label="The curator said")
    same = ChoiceFilter("same", {"1": "the same"}, noun="value", label="Same role")
    sorts = {"newest": "Newest"}

    def roles(self, name: str) -> list[Role]:
        """The chosen roles; none: any."""
        return [Role(value) for value in self.cleaned(name) or ()]


@require_safe
def agreement_list(request: HttpRequest) -> HttpResponse:
    """The citations that a source and a curator have labelled, the one that a curator labelled last first."""
    filters = AgreementFilter(request.GET, Citation.objects.none())
    ids = _ids(agreement(), filters) if filters.is_usable else []
    pages = filters.pages(reverse("agreement"), len(ids))
    shown = Citation.objects.select_related("citing", "cited").defer("citing__abstract", "cited__abstract")
    rows = shown.in_bulk(ids[pages.offset : pages.offset + pages.rows]) if pages.rows else {}
    context = {
        "filters": filters,
        "pages": pages,
        "heading": _heading(filters, len(ids)),
        "rows": [rows[pk] for pk in ids[pages.offset : pages.offset + pages.rows] if pk in rows],
    }
    return render(request, "agreement.html", context)


def _ids(measured: Agreement, filters: AgreementFilter) -> list[int]:
    """The citations that match, over all sources where none is chosen."""
    source = filters.cleaned("source")
    said, read, same = filters.roles("said"), filters.roles("read"), bool(filters.cleaned("same"))
    found = [
        pk for one in measured.sources if source in (None, one.source) for pk in one.citations(said, read, same=same)
    ]
    return list(dict.fromkeys(found))


def _heading(filters: AgreementFilter, total: int) -> str:
    """ "12 citations that Semantic Scholar called Background and a curator Tool or method"."""
    if not filters.is_usable:
        return "What is counted on the page of the collection's data."
    source = filters.cleaned("source")
    said, read = (join_words([role.label for role in filters.roles(name)], "or") for name in ("said", "read"))
    called = f"{source_label(source) if source else 'a source'} called {said or 'anything'}"
    curator = "the same" if filters.cleaned("same") else read or "anything"
    return f"{total:,} {plural(total, 'citation')} that {called} and a curator {curator}."
