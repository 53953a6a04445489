"""What every request gets: a name, in the log, in its answer and on pages of errors; and headers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from citations import logs
from citations.engines.busy import is_away
from citations.views import errors

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
# Nothing that a page of ours needs: none of them asks for a device, a place or a payment. The list is of those features
# that browsers know by this header; names that one does not know would be complaints in its console.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "autoplay",
        "camera",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "picture-in-picture",
        "publickey-credentials-get",
        "screen-wake-lock",
        "usb",
        "xr-spatial-tracking",
    )
)
# Embedded by other sites, as it is meant to be; all else is for this site's own pages, unless a view says otherwise.
_FOR_OTHER_SITES = ("/badge.svg",)


def _end(**_: Any) -> None:
    """The answer was sent, to its last piece."""
    logs.end_request()


request_finished.connect(_end, dispatch_uid="citations.end_request")


class ObservingMiddleware:
    """The outermost: names requests, sets the headers of every answer, and answers for a database that is away."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer. A name that the request brings is taken over only from a proxy of ours (SECURE)."""
        told = request.headers.get(HEADER, "") if settings.SECURE else ""
        name = logs.begin_request(told)
        response = self.get_response(request)
        response[HEADER] = name
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        for_others = request.path_info.endswith(_FOR_OTHER_SITES)
        response.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if for_others else "same-origin")
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """503 where the database cannot be reached; whatever else it is goes its way."""
        if not isinstance(exception, Error) or not is_away(exception):
            return None
        reason = (str(exception).strip().splitlines() or [type(exception).__name__])[0]
        logger.error("The database cannot be reached: %s", reason, extra={"path": request.path_info})
        return errors.database_away(request)
