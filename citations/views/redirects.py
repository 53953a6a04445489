"""Permanent addresses: the identifiers of papers lead to their hub pages."""

from __future__ import annotations

import shlex

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.views.decorators.http import require_safe

from citations import identifiers
from citations.identifiers import BadIdentifier, Scheme
from citations.models import find_paper
from citations.views.errors import not_found

# What `import_citations` takes; papers known by another name alone must be named by one of these.
IMPORTABLE = (Scheme.DOI, Scheme.ARXIV, Scheme.S2, Scheme.CORPUSID)


@require_safe
def doi(request: HttpRequest, value: str) -> HttpResponse:
    """The hub page of the paper with this DOI, in any case and spelling."""
    return _to_hub(request, Scheme.DOI, value)


@require_safe
def arxiv(request: HttpRequest, value: str) -> HttpResponse:
    """The hub page of the paper with this arXiv identifier; a version is ignored."""
    return _to_hub(request, Scheme.ARXIV, value)


@require_safe
def identifier(request: HttpRequest, scheme: str, value: str) -> HttpResponse:
    """The hub page of the paper with this identifier of the scheme named in the address."""
    try:
        known = Scheme(scheme.lower())
    except ValueError:
        names = ", ".join(sorted(Scheme))
        return not_found(request, f"“{scheme}” is no scheme of identifiers that is known here. Known are: {names}.")
    return _to_hub(request, known, value)


def import_command(wanted: identifiers.Identifier) -> str:
    """The command that brings a paper in, safe to paste into a shell; "" where nothing is imported by such a name."""
    if wanted.scheme not in IMPORTABLE:
        return ""
    name = shlex.quote(identifiers.display(wanted) if wanted.scheme is not Scheme.S2 else wanted.value)
    return f".venv/bin/python manage.py import_citations {name} --source semanticscholar"


def _to_hub(request: HttpRequest, scheme: Scheme, value: str) -> HttpResponse:
    """301 to the hub page; else a 404 page that says whether the name is malformed or unknown."""
    try:
        wanted = identifiers.normalise(scheme, value.removesuffix("/"))
    except BadIdentifier as error:
        return not_found(request, str(error))
    paper = find_paper(wanted)
    if paper is None:
        return not_found(
            request,
            f"No paper with {scheme.label} {wanted.value} is in this collection.",
            command=import_command(wanted),
        )
    return HttpResponsePermanentRedirect(paper.get_hub_url())
