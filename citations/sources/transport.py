"""Asking a web service with good manners: paced, patient within bounds, and clear when it gives up."""

from __future__ import annotations

import datetime
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from citations.sources.records import SourceError
from citations.text import plain_text

# The services' own limits are near: Semantic Scholar's gateway gives up after about 29 seconds.
TIMEOUT_SECONDS = 40.0
# Said for a while and then over: too many requests, and gateways in front of a busy service.
PASSING_STATUSES = frozenset({429, 500, 502, 503, 504})
# 1 + 2 + 4 + 8 + 16 seconds and their jitter: longer than a passing crowd, shorter than a user's patience.
ATTEMPTS = 6
# Nobody there, a dropped connection, half an answer or a page for people is seldom cured by waiting.
ATTEMPTS_WITHOUT_ANSWER = 4
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0
# A service that asks for more than this had better be asked another time.
LONGEST_RETRY_AFTER_SECONDS = 300.0
# How much of an answer's own words is repeated to the user.
QUOTED_LENGTH = 200


class Refused(SourceError):
    """The service answered with a status that no repetition will change."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class TooManyRequests(SourceError):
    """The service wants fewer requests than we would make, for longer than we wait."""


class Unreadable(ValueError):
    """A body that is not what was asked for; the message completes "Semantic Scholar sent ..."."""


@dataclass
class _Failure:
    """Why one attempt failed: `reason` completes "Semantic Scholar ..."; `wait` is the Retry-After, in seconds."""

    reason: str
    attempts: int
    wait: float | None = None
    error: type[SourceError] = SourceError


class Transport:
    """Sends requests to one service, which answers in JSON; `accept`, `read` and `said` are there to be overridden.

    `service` is its printed name; `pause` the least time between two requests, in seconds; `contact` an address for the
    service's operators, told in the user agent. `sleep`, `clock` and `jitter` (0 to 1) are exchanged by tests.
    """

    # What the service is told that we read.
    accept = "application/json"

    def __init__(
        self,
        service: str,
        *,
        contact: str = "",
        pause: float = 0.0,
        client: httpx.Client | None = None,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.service, self.pause = service, pause
        self._sleep, self._clock, self._jitter = sleep or _sleep, clock, jitter
        # Redirects are not followed: the key in the headers is for this service alone.
        self._client = client or httpx.Client(timeout=TIMEOUT_SECONDS)
        self._agent = f"CitationExplorer/1.0 (mailto:{contact})" if contact else "CitationExplorer/1.0"
        self._last_request: float | None = None

    def json(
        self,
        url: str,
        *,
        parameters: str = "",
        headers: Mapping[str, str] | None = None,
        payload: object = None,
    ) -> Any:
        """What `read` makes of the answer at `url`, asked for by GET, or by POST with `payload`.

        Raises `Refused` for a status that will not pass, and `SourceError` when nothing usable came in as many attempts
        as the kind of failure deserves (`TooManyRequests` where there were too many). `Retry-After` is obeyed.
        """
        failures = 0
        while True:
            outcome = self._attempt(url, parameters, headers or {}, payload)
            if not isinstance(outcome, _Failure):
                return outcome
            failures += 1
            if failures >= outcome.attempts:
                raise outcome.error(f"{self.service} {outcome.reason} ({failures} attempts).")
            self._sleep(self._wait(failures, outcome))

    def read(self, content: bytes) -> Any:
        """What the body of an answer says. Raises `Unreadable`, after which the same is asked for again."""
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise Unreadable(_kind_of(content)) from None

    def said(self, content: bytes) -> str:
        """The service's own words in the body of a refusal, "" for none: from the usual keys of its JSON."""
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            return _kind_of(content)
        words = (body.get(key) for key in ("error", "message", "detail")) if isinstance(body, dict) else ()
        return next((one for one in words if isinstance(one, str)), "")

    def _wait(self, failures: int, failure: _Failure) -> float:
        """Seconds until the next attempt: doubled each time, plus up to a quarter; never less than asked for."""
        if failure.wait is not None and failure.wait > LONGEST_RETRY_AFTER_SECONDS:
            raise failure.error(f"{self.service} asks to wait for {failure.wait:.0f} seconds: try again later.")
        wait = min(FIRST_WAIT_SECONDS * 2 ** (failures - 1), LONGEST_WAIT_SECONDS)
        return max(wait * (1 + self._jitter() / 4), failure.wait or 0.0)

    def _attempt(self, url: str, parameters: str, headers: Mapping[str, str], payload: object) -> Any:
        """What was read, or a `_Failure` that may pass."""
        self._keep_pace()
        try:
            response = self._client.request(
                "GET" if payload is None else "POST",
                url + (f"?{parameters}" if parameters else ""),
                headers={**headers, "User-Agent": self._agent, "Accept": self.accept},
                json=payload,
            )
        except httpx.TimeoutException:
            return _Failure("did not answer in time", ATTEMPTS_WITHOUT_ANSWER)
        except httpx.ConnectError as error:
            return _Failure(f"cannot be reached: {_quoted(str(error))}", ATTEMPTS_WITHOUT_ANSWER)
        except (httpx.TransportError, httpx.DecodingError):
            return _Failure("broke off in the middle of its answer", ATTEMPTS_WITHOUT_ANSWER)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(f"{self.service} cannot be asked: {_quoted(str(error))}.") from None
        return self._outcome(response)

    def _outcome(self, response: httpx.Response) -> Any:
        """What an answer says, or why it is of no use."""
        status = response.status_code
        if status in PASSING_STATUSES:
            said = "asks for fewer requests" if status == 429 else "is out of order for the moment"
            error = TooManyRequests if status == 429 else SourceError
            return _Failure(f"{said} (status {status})", ATTEMPTS, _retry_after(response), error)
        if status != 200:
            words = _quoted(self.said(response.content)) or "no reason given"
            raise Refused(f"{self.service} refused the request (status {status}): {words}.", status)
        try:
            return self.read(response.content)
        except Unreadable as error:
            return _Failure(f"sent {error}", ATTEMPTS_WITHOUT_ANSWER)

    def _keep_pace(self) -> None:
        """Wait until the pause since the last request is over."""
        now = self._clock()
        if self._last_request is not None and now < self._last_request + self.pause:
            self._sleep(self._last_request + self.pause - now)
            now = self._clock()
        self._last_request = now


def _sleep(seconds: float) -> None:
    """Looked up at each call, so that tests can exchange `time.sleep` for this module."""
    time.sleep(seconds)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait by the header Retry-After, a number or a date (RFC 9110, section 10.2.3); None without one."""
    value = response.headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.replace(".", "", 1).isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=datetime.UTC)
    return max(0.0, (until - datetime.datetime.now(datetime.UTC)).total_seconds())


def _kind_of(content: bytes) -> str:
    """What came in place of JSON, in a few words."""
    start = content[:200].lstrip().lower()
    if not start:
        return "an empty answer"
    if start.startswith((b"<!doctype", b"<html")):
        return "a page of HTML instead of JSON"
    return "incomplete JSON" if start.startswith((b"{", b"[")) else "something other than JSON"


def _quoted(words: str) -> str:
    """Foreign words on one line, without anything a terminal could obey."""
    cleaned = " ".join(plain_text(words).split()).rstrip(".")
    return cleaned if len(cleaned) <= QUOTED_LENGTH else cleaned[: QUOTED_LENGTH - 1] + "…"
