"""The pages that say what went wrong: 400, 403, 404, 405, 429, 500 and 503. None of them asks the database."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from citations.logs import request_id

logger = logging.getLogger(__name__)

# Sent where not even the template can be rendered.
LAST_RESORT = """<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"><title>Something went wrong - Citation Explorer</title></head>
<body><h1>Something went wrong on our side</h1><p>The page could not be made. Nothing was changed.
Try again, or begin at <a href="/">the front page</a>.</p>{reference}</body></html>
"""
# Errors that somebody may want to ask about: what is not there, and what is only read, explain themselves.
_EXPLAINED = frozenset({404, 405})


def error_page(
    request: HttpRequest, status: int, title: str, paragraphs: Sequence[str], *, command: str = "", query: str = ""
) -> HttpResponse:
    """The page for `status`: a title, what happened in `paragraphs`, and where to go on.

    `command` is printed for the person who runs the site, to be copied; `query` is put into the search box.
    """
    context = {"status": status, "title": title, "paragraphs": paragraphs, "command": command, "query": query}
    context["reference"] = "" if status in _EXPLAINED else request_id()
    return render(request, "error.html", context, status=status)


def not_found(request: HttpRequest, message: str, *, command: str = "", query: str = "") -> HttpResponse:
    """The 404 page that says what exactly is not there."""
    return error_page(request, 404, "There is no such page", [message], command=command, query=query)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request itself is malformed."""
    return error_page(
        request, 400, "This request was not understood", ["The address or what was sent with it is malformed."]
    )


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the page exists, but not for this reader."""
    return error_page(
        request, 403, "This page is not for everyone", ["It is open to curators who have signed in and may see it."]
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form came without the token that proves that it is one of ours; `reason` is for developers."""
    return error_page(
        request,
        403,
        "This form could not be accepted",
        [
            "It came without proof that it was sent from a page of this site: the page stood open for too long, the "
            "browser refuses cookies, or another site sent it.",
            "Nothing was saved. Go back, reload the page and send the form again.",
        ],
    )


def method_not_allowed(request: HttpRequest) -> HttpResponse:
    """405: something was sent to a page that is only read."""
    response = error_page(
        request, 405, "This page can only be read", [f"Nothing can be sent to {request.path}. Nothing was saved."]
    )
    response["Allow"] = "GET, HEAD"
    return response


def busy(request: HttpRequest) -> HttpResponse:
    """503: another writer kept the database too long; what was sent is not saved."""
    response = error_page(
        request,
        503,
        "The database is busy",
        ["Another writer, such as an import, is at work. Nothing was saved: go back and try again in a minute."],
    )
    response["Retry-After"] = "60"
    return response


def database_away(request: HttpRequest) -> HttpResponse:
    """503: the database cannot be reached. The page is made without it."""
    response = error_page(
        request,
        503,
        "The database cannot be reached",
        ["The page could not be made, and nothing was saved. This is usually over soon: try again in a minute."],
    )
    response["Retry-After"] = "60"
    return response


def too_many_attempts(request: HttpRequest, minutes: int) -> HttpResponse:
    """429: too many failed attempts to sign in came from one address."""
    response = error_page(
        request,
        429,
        "Too many failed attempts to sign in",
        [
            f"Signing in is closed for {minutes} minutes for the network that you come from. "
            "The right password is refused as well until then, and attempts meanwhile do not prolong it.",
            "If you have forgotten your password, whoever runs this site can set a new one.",
        ],
    )
    response["Retry-After"] = str(minutes * 60)
    response["Cache-Control"] = "no-store"
    return response


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: says what was not found where the view said so."""
    return not_found(request, _reason(exception) or f"Nothing stands at {request.path}.")


def server_error(request: HttpRequest) -> HttpResponse:
    """500: made without the database and without the request, since either may be what failed."""
    try:
        content: str = render_to_string(
            "error.html",
            {
                "status": 500,
                "title": "Something went wrong on our side",
                "paragraphs": [
                    "The page could not be made. Nothing was changed. The error was noted: try again later."
                ],
                "command": "",
                "query": "",
                "reference": request_id(),
            },
        )
    # Whatever it is, a second error must not hide the first.
    except Exception:
        logger.exception("The page for errors could not be made either.")
        # A name that is not our own making is well-formed all the same: it needs no escaping.
        reference = f"<p>Reference: {request_id()}</p>" if request_id() else ""
        content = LAST_RESORT.format(reference=reference)
    return HttpResponse(content, status=500)


def _reason(exception: Exception | None) -> str:
    """What a view said when it raised Http404; "" for what the framework says, which speaks of its own inner parts."""
    if exception is None or not exception.args or not isinstance(exception.args[0], str):
        return ""
    return "" if "matches the given query" in exception.args[0] else exception.args[0]
