"""Public pages that a reader has already, or that were made already: answered before any work.

The version of the site's data is read first, by one statement. A page that is then made is kept, and named by its ETag,
under that version: what is committed while it is made moves the version, and nobody is shown the page again. It is not
kept either where the version has moved by then, so that what is kept is of one state.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import DisallowedHost, MiddlewareNotUsed
from django.db import Error, connections
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import http_date, parse_etags, parse_http_date_safe

from citations import replicas
from citations.engines import site_version
from citations.engines.site_version import SiteVersion
from citations.views import encodings
from citations.views.reading import ADMIN, READ, is_personal
from citations.views.site_code import STARTED_AT, code_version

logger = logging.getLogger(__name__)

CACHE = "pages"
# The interface for programs has ETags of its own, of its answers themselves.
_APART = (ADMIN, "/api/", "/healthz", "/readyz", settings.STATIC_URL)
# An entry in bytes, compressed: ten times what a usual page takes. 256 of them (settings.py) stay below 8 MB.
LARGEST_ENTRY = 32 * 1024
# Seconds for which a shared cache keeps what nobody asks for.
KEPT_FOR = 24 * 3600
# Seconds for which a cache that failed is not asked again: a page is made sooner than a dead cache is waited for.
LEFT_ALONE_FOR = 5
# Seconds after which a time is exact enough to compare pages by: it says no more than the second, and a change is
# committed a little later than its time (RFC 9110, section 8.8.2.2, has the same minute).
SETTLED_AFTER = 60
# Parts of a page are asked for by headers that begin like this, those of htmx.
_PART_HEADERS = "HTTP_HX_"
# Set anew on every answer.
_NOT_KEPT = frozenset({"content-length", "date", "etag", "last-modified", "vary", "content-encoding", "cache-control"})


@dataclass(frozen=True)
class Kept:
    """A page as it is kept: the version that it shows, its headers, and its content, compressed by `encodings.pack`."""

    token: str
    headers: tuple[tuple[str, str], ...]
    packed: bytes


class PageMiddleware:
    """Answers 304 to readers who have the page, hands out pages that were made before, and names those that are made.

    Only public pages that are the same for everybody: never what a curator who is signed in sees, what sets a cookie,
    holds a form's token, is sent piece by piece, or says itself for how long it may be kept.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.PAGE_VERSIONS:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.code = code_version()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer."""
        if request.method not in READ or request.path_info.startswith(_APART):
            return self.get_response(request)
        if is_personal(request):
            response = self.get_response(request)
            response.setdefault("Cache-Control", "private, no-cache")
            return response
        address = self._address(request)
        version = _version() if address else None
        if address is None or version is None:
            return self.get_response(request)
        return self._answer(request, _Asked(address, version, encodings.chosen(request), self.code))

    def _address(self, request: HttpRequest) -> str | None:
        """What a page depends on besides the data: the whole address, and which part of it is asked for."""
        try:
            place = request.build_absolute_uri()
        except DisallowedHost:
            return None
        parts = sorted(f"{name}: {value}" for name, value in request.META.items() if name.startswith(_PART_HEADERS))
        return "\n".join([place, *parts])

    def _answer(self, request: HttpRequest, asked: _Asked) -> HttpResponseBase:
        """304, the page that is kept, or a new one."""
        if asked.is_had_by(request):
            return asked.named(HttpResponseNotModified())
        kept = cache.fetch(asked.key)
        if kept is not None and kept.token == asked.version.token:
            response = HttpResponse(headers=dict(kept.headers))
            return asked.named(encodings.unpack_into(response, kept.packed, asked.encoding))
        response = self.get_response(request)  # type: ignore[assignment]
        if not _is_for_everybody(response):
            return response
        # The version that was read first, and of the same database: else the page may show two states.
        is_of_one_state = _version() == asked.version and asked.database == replicas.current()
        packed = encodings.pack(response.content)
        if is_of_one_state and request.method == "GET":
            cache.keep(asked.key, Kept(asked.version.token, _headers(response), packed))
        encodings.unpack_into(response, packed, asked.encoding, plain=response.content)
        return asked.named(response, is_of_one_state=is_of_one_state)


class _Asked:
    """One request: where its page is kept, and how it is named."""

    def __init__(self, address: str, version: SiteVersion, encoding: str, code: str) -> None:
        self.version, self.encoding = version, encoding
        self.database = replicas.current()
        self.key = sha256(f"{code}\n{address}".encode()).hexdigest()[:32]
        self.etag = f'"{version.token}-{self.key}{"-" if encoding else ""}{encoding}"'

    def is_had_by(self, request: HttpRequest) -> bool:
        """Whether the reader has the page as it is now; an ETag goes before a time (RFC 9110, section 13.2.2)."""
        known = request.META.get("HTTP_IF_NONE_MATCH")
        if known is not None:
            # A proxy that compressed the page itself has made the ETag a weak one.
            return self.etag in (etag.removeprefix("W/") for etag in parse_etags(known))
        since = request.META.get("HTTP_IF_MODIFIED_SINCE")
        seconds = parse_http_date_safe(since) if since else None
        return seconds is not None and self.modified_at is not None and self.modified_at <= seconds

    @property
    def modified_at(self) -> int | None:
        """When the page may have changed last, in seconds since 1970; None while that is too fresh to compare by."""
        moment = math.ceil(max(self.version.milliseconds / 1000, STARTED_AT))
        return moment if moment + SETTLED_AFTER < time.time() else None

    def named(self, response: HttpResponse, *, is_of_one_state: bool = True) -> HttpResponse:
        """The answer with what lets browsers and proxies keep it, as long as they ask before they show it again."""
        if is_of_one_state:
            response["ETag"] = self.etag
            if self.modified_at is not None:
                response["Last-Modified"] = http_date(self.modified_at)
        response["Cache-Control"] = "no-cache"
        patch_vary_headers(response, ("Accept-Encoding", "HX-Request"))
        return response


def _version() -> SiteVersion | None:
    """The version of the database that this request reads; None where it cannot be read, and nothing may be kept."""
    try:
        return site_version.read(connections[replicas.current()])
    except Error as error:
        if replicas.give_up(error):
            return _version()
        return None


def _is_for_everybody(response: Any) -> bool:
    """Whether an answer is a page that may be kept. What sets a cookie or varies with one may hold a secret."""
    return (
        response.status_code == 200
        and not response.streaming
        and not response.cookies
        and "cookie" not in response.get("Vary", "").lower()
        and "ETag" not in response
        and response.get("Cache-Control", "no-cache") == "no-cache"
        and "Content-Encoding" not in response
    )


def _headers(response: HttpResponse) -> tuple[tuple[str, str], ...]:
    """The headers that are kept with a page."""
    return tuple((name, value) for name, value in response.items() if name.lower() not in _NOT_KEPT)


class _Cache:
    """The cache of pages. One that is away costs nobody a page: it is made, and the cache is left alone for a while."""

    def __init__(self) -> None:
        self.left_alone_until = float("-inf")

    def fetch(self, key: str) -> Kept | None:
        """What is kept; None where nothing is, or nothing that is known."""
        found = self._ask(lambda: caches[CACHE].get(key))
        return found if isinstance(found, Kept) else None

    def keep(self, key: str, kept: Kept) -> None:
        """Keep a page, unless it is larger than a page should be."""
        if len(kept.packed) <= LARGEST_ENTRY:
            self._ask(lambda: caches[CACHE].set(key, kept, KEPT_FOR))

    def _ask(self, what: Callable[[], Any]) -> Any:
        if time.monotonic() < self.left_alone_until:
            return None
        try:
            return what()
        except Exception as error:  # each kind of cache has errors of its own
            logger.warning("The cache of pages cannot be asked: %s", error)
            self.left_alone_until = time.monotonic() + LEFT_ALONE_FOR
            return None


cache = _Cache()
