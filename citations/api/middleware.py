"""What every answer below /api/ carries, also redirects and errors: leave for other sites to read it, and an ETag."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag
from rest_framework.renderers import JSONRenderer

from citations.api.problems import (
    BAD_REQUEST,
    MEDIA_TYPE,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    SERVER_ERROR,
    problem,
)

PREFIX = "/api/"
# How long a browser may remember what it was allowed: a day, which is as long as any of them does.
_SECONDS_REMEMBERED = 86_400
# What may be met before a view is.
REFUSALS = (BAD_REQUEST, NOT_FOUND, METHOD_NOT_ALLOWED)


class ApiMiddleware:
    """Headers of the interface for programs.

    Any site may read it, since it shows only what is public, knows no cookies and changes nothing. The ETag is made of
    the answer itself: the summary of a hub tells when its numbers change, but not that a sentence was corrected.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, with its headers; 304 where the reader has it already."""
        response = self.get_response(request)
        if not request.path_info.startswith(PREFIX):
            return response
        if response.status_code >= 400 and not response.get("Content-Type", "").startswith(MEDIA_TYPE):
            response = _told_as_problem(request, response)
        if request.method in ("GET", "HEAD"):
            response = _conditional(request, response)
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = "ETag, Location, Retry-After"
        # Other sites may load the answer, as the header above says; the rest of the site is for itself.
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        if request.method == "OPTIONS":
            response["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
            response["Access-Control-Allow-Headers"] = "Accept, If-None-Match"
            response["Access-Control-Max-Age"] = str(_SECONDS_REMEMBERED)
        return response


def _told_as_problem(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    """An error that was met before any view of the interface, and so told to readers, as a problem."""
    kind = next((kind for kind in REFUSALS if kind.status == response.status_code), None)
    kind = kind or (BAD_REQUEST if response.status_code < 500 else SERVER_ERROR)
    told = HttpResponse(
        JSONRenderer().render(problem(request, kind, kind.meaning)), content_type=MEDIA_TYPE, status=kind.status
    )
    for name in ("Allow", "Retry-After"):
        if name in response:
            told[name] = response[name]
    return told


def _conditional(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The answer with an ETag; 304 instead where the reader has it already."""
    response.setdefault("Cache-Control", "no-cache" if response.status_code == 200 else "no-store")
    if response.status_code != 200 or not isinstance(response, HttpResponse):
        return response
    patch_vary_headers(response, ("Accept",))
    etag = quote_etag(sha256(response.content).hexdigest()[:32])
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response
