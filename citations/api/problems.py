"""What went wrong, as programs read it: `application/problem+json` (RFC 9457), for every answer that is no success."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost, PermissionDenied, SuspiciousOperation
from django.db import Error
from django.http import Http404
from django.urls import reverse
from rest_framework import exceptions
from rest_framework.response import Response

from citations import replicas

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its name, which is its place on the page of documentation, its status, title and meaning."""

    name: str
    status: int
    title: str
    meaning: str


BAD_PARAMETER = Kind(
    "bad-parameter",
    400,
    "A parameter was not understood",
    "A parameter is unknown, malformed, given twice where one value is meant, or contradicts another. Nothing is listed"
    " until it is corrected. The member errors names each such parameter, its value and what is allowed.",
)
BAD_CURSOR = Kind(
    "bad-cursor",
    400,
    "The cursor is not valid",
    "A cursor is taken from the members next and previous of an answer, as it stands, and goes on in the same list."
    " This one was changed, is of another list, or is older than the site's secret key. Begin without a cursor.",
)
BAD_REQUEST = Kind(
    "bad-request",
    400,
    "The request was not understood",
    "The address is malformed: it is not UTF-8, holds a NUL, or has too many parameters; or the header Host names"
    " another site.",
)
NOT_FOUND = Kind("not-found", 404, "There is no such thing", "Nothing stands at this address.")
METHOD_NOT_ALLOWED = Kind(
    "method-not-allowed",
    405,
    "This interface is read-only",
    "Only GET, HEAD and OPTIONS are answered. The header Allow lists them.",
)
NOT_ACCEPTABLE = Kind(
    "not-acceptable",
    406,
    "Only JSON is served",
    "The header Accept admits no type of this address. Leave it out, or send application/json.",
)
TOO_MANY_REQUESTS = Kind(
    "too-many-requests",
    429,
    "Too many requests",
    "The header Retry-After says after how many seconds the next request is answered.",
)
SERVER_ERROR = Kind(
    "server-error",
    500,
    "Something went wrong on our side",
    "The answer could not be made. Nothing was changed, and the error was noted. Try again later.",
)
KINDS = (
    BAD_PARAMETER,
    BAD_CURSOR,
    BAD_REQUEST,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    TOO_MANY_REQUESTS,
    SERVER_ERROR,
)


@dataclass(frozen=True)
class ParameterError:
    """One parameter that was not understood. `allowed` lists what may stand there, empty where that is no list."""

    parameter: str
    value: str
    message: str
    allowed: Sequence[str] = ()
    suggestion: str = ""

    @property
    def as_json(self) -> dict[str, Any]:
        """The same as a member of `errors`."""
        return {
            "parameter": self.parameter,
            "value": self.value,
            "message": self.message,
            "allowed": list(self.allowed),
            "suggestion": self.suggestion or None,
        }


class Refusal(Exception):
    """A request that is answered with a problem. `detail` says what exactly is wrong."""

    def __init__(self, kind: Kind, detail: str, errors: Sequence[ParameterError] = ()) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)


def refuse_parameters(errors: Sequence[ParameterError]) -> Refusal:
    """The refusal of a request for the parameters in `errors`, of which there is one at least."""
    return Refusal(BAD_PARAMETER, " ".join(error.message for error in errors), errors)


def problem(request: Any, kind: Kind, detail: str, errors: Sequence[ParameterError] = ()) -> dict[str, Any]:
    """The body of a problem."""
    explained = reverse("api:docs")
    # A request with another site's name in it is told where to read on all the same.
    with contextlib.suppress(DisallowedHost):
        explained = request.build_absolute_uri(explained)
    return {
        "type": f"{explained}#{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "errors": [error.as_json for error in errors],
    }


def handle(exception: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer an exception of a view with a problem. The framework calls it (`EXCEPTION_HANDLER`).

    None, so that Django shows the traceback, for an error of ours while DEBUG is on; and for one of a replica, so that
    the primary is asked instead.
    """
    if isinstance(exception, Error) and replicas.is_in_use():
        return None
    kind, detail, errors = _problem_of(exception)
    headers: dict[str, str] = {}
    if isinstance(exception, exceptions.Throttled):
        seconds = max(1, round(exception.wait or 1))
        headers["Retry-After"] = str(seconds)
        detail = f"The allowed rate is {settings.API_RATE}. Try again in {seconds} s."
    if kind is SERVER_ERROR:
        if settings.DEBUG:
            return None
        logger.exception("An answer of the interface for programs failed.", exc_info=exception)
    return Response(
        problem(context["request"], kind, detail, errors), kind.status, headers=headers, content_type=MEDIA_TYPE
    )


def _problem_of(exception: Exception) -> tuple[Kind, str, Sequence[ParameterError]]:
    """The kind of problem that an exception is, what is said of it, and the parameters to blame."""
    if isinstance(exception, Refusal):
        return exception.kind, exception.detail, exception.errors
    if isinstance(exception, Http404 | exceptions.NotFound):
        said = str(exception.args[0]) if isinstance(exception, Http404) and exception.args else NOT_FOUND.meaning
        return NOT_FOUND, said, ()
    if isinstance(exception, exceptions.MethodNotAllowed):
        return METHOD_NOT_ALLOWED, METHOD_NOT_ALLOWED.meaning, ()
    if isinstance(exception, exceptions.NotAcceptable):
        return NOT_ACCEPTABLE, NOT_ACCEPTABLE.meaning, ()
    if isinstance(exception, exceptions.Throttled):
        return TOO_MANY_REQUESTS, TOO_MANY_REQUESTS.meaning, ()
    # Too many parameters, among others. Nobody can be refused for who they are: nobody signs in here.
    if isinstance(exception, SuspiciousOperation | PermissionDenied | exceptions.ParseError):
        return BAD_REQUEST, BAD_REQUEST.meaning, ()
    return SERVER_ERROR, SERVER_ERROR.meaning, ()
