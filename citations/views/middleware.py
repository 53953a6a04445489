"""What is answered before or instead of a view: malformed addresses, forms sent to pages, a busy database."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from citations.engines.busy import is_busy
from citations.views import errors

logger = logging.getLogger(__name__)

ADMIN, API = "/admin/", "/api/"
# The names of the only public addresses that take forms.
FORMS = frozenset({"report"})

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class AddressMiddleware:
    """Refuses addresses with a NUL in them: no page has one, PostgreSQL refuses it, and it must not be echoed.

    The interface for programs reads its addresses strictly and answers with problems of its own.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer; 400 where the path or a parameter holds a NUL, as it is or as %00."""
        query = request.META.get("QUERY_STRING", "")
        if request.path_info.startswith(API):
            return self.get_response(request)
        if "\0" in request.path_info or "\0" in query or "%00" in query:
            return errors.bad_request(request)
        return self.get_response(request)


class MethodMiddleware:
    """Refuses what is sent to a public page that is only read, before a form's token is asked for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, as it comes."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """405 for any method but GET and HEAD, except in the admin, at `FORMS`, and where a view answers for itself."""
        if request.method in ("GET", "HEAD") or request.path_info.startswith(ADMIN):
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in FORMS or getattr(view, "csrf_exempt", False):
            return None
        return errors.method_not_allowed(request)


class AdminErrorMiddleware:
    """Errors in the admin that are nobody's fault or the address's: a page that says so, and no traceback."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, as it comes."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """503 where another writer was in the way; 400 for a list filtered by a value that its column cannot have.

        The second happens for the year 99999, say: the admin passes any condition in an address to the database.
        """
        if not request.path_info.startswith(ADMIN):
            return None
        if isinstance(exception, OperationalError) and is_busy(exception):
            logger.warning("The admin met a busy database: %s", exception)
            return errors.busy(request)
        name = request.resolver_match.url_name if request.resolver_match else ""
        is_list = request.method in ("GET", "HEAD") and (name or "").endswith("_changelist")
        if is_list and request.GET and isinstance(exception, DataError | OverflowError | ValueError):
            logger.warning("The admin met an impossible condition.", exc_info=exception)
            return errors.bad_request(request)
        return None
