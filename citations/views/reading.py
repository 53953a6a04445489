"""Which database a request reads: a replica for public pages, the primary for everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from citations import replicas

READ = ("GET", "HEAD")
ADMIN = "/admin/"
# What must say how the primary is, and files that are written while they are sent: they take longer than a replica may
# live, and begin with a number that what follows must keep.
PRIMARY_NAMES = frozenset({"readyz", "citing_export"})
# Set when a reader has written, so that they see it: their next requests read the primary.
WROTE_COOKIE = "wrote"
# Seconds beyond the largest lag that a replica may have before it is left out: a check a second, and it holds for four.
WROTE_MARGIN = 10


def is_personal(request: HttpRequest) -> bool:
    """Whether who asks matters: somebody has signed in, or wants to."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES or "HTTP_AUTHORIZATION" in request.META


class ReplicaMiddleware:
    """Lets public pages be read from a replica; where it fails, the request goes on with the primary.

    Curators who are signed in, and readers who have just sent a report, read the primary: they see what they wrote.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.REPLICA_ALIASES:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, read from the database that this request may read."""
        alias = replicas.REPLICAS.choose() if _may_be_old(request) else None
        if alias is None:
            response = self.get_response(request)
        else:
            with replicas.reading_from(alias), replicas.REPLICAS.in_use(alias):
                response = self.get_response(request)
        if request.method not in READ and not request.path_info.startswith(ADMIN) and response.status_code < 400:
            seconds = int(settings.REPLICA_MAX_LAG) + WROTE_MARGIN
            response.set_cookie(
                WROTE_COOKIE, "1", max_age=seconds, httponly=True, samesite="Lax", secure=settings.SECURE
            )
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Read the primary where an address must (`PRIMARY_NAMES`)."""
        if request.resolver_match and request.resolver_match.view_name in PRIMARY_NAMES:
            replicas.stop_reading()

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """The page made anew from the primary, where what failed was a replica."""
        if not replicas.give_up(exception):
            return None
        match = request.resolver_match
        assert match is not None  # a view was called
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        render = getattr(response, "render", None)
        return render() if callable(render) else response


def _may_be_old(request: HttpRequest) -> bool:
    """Whether this reader would not miss the last seconds."""
    is_public = request.method in READ and not request.path_info.startswith(ADMIN)
    return is_public and not is_personal(request) and WROTE_COOKIE not in request.COOKIES
