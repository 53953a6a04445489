"""How much one network may send: counted in the cache, in windows of time, without keeping an address."""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

logger = logging.getLogger(__name__)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Whoever has one address of such a block commonly has the others.
IPV4_PREFIX, IPV6_PREFIX = 24, 56


@dataclass(frozen=True)
class Refused:
    """Too many came. `most` in a window of `seconds`; there is room again at `until`."""

    most: int
    seconds: int
    until: datetime

    @property
    def wait(self) -> int:
        """Whole seconds until there is room again, at least one."""
        return max(1, int((self.until - timezone.now()).total_seconds()) + 1)

    @property
    def period(self) -> str:
        """The window in words: "an hour"."""
        return {1: "a second", 60: "a minute", 3600: "an hour", 86400: "a day"}[self.seconds]


def spend(request: HttpRequest, scope: str, rate: str | None) -> Refused | None:
    """Count one more of `scope` ("reports") by the network of this request; None while `rate` ("10/hour") allows it.

    `rate` None is no bound. Where the cache does not answer nobody is refused: a form is worth more than its bound.
    """
    if rate is None:
        return None
    number, _, unit = rate.partition("/")
    most, seconds = int(number), _SECONDS[unit[0]]
    window = int(timezone.now().timestamp()) // seconds
    name = salted_hmac("citations.limits", f"{scope}:{network(request)}").hexdigest()[:32]
    key = f"limit:{scope}:{window}:{name}"
    try:
        cache.add(key, 0, timeout=2 * seconds)
        spent = cache.incr(key)
    # Each cache raises errors of its own; a key may go between the two calls.
    except Exception:
        logger.warning("The cache did not count %s.", scope, exc_info=True)
        return None
    return None if spent <= most else Refused(most, seconds, datetime.fromtimestamp((window + 1) * seconds, UTC))


def network(request: HttpRequest) -> str:
    """The block of addresses that the request comes from: "192.0.2.0/24"; "unknown" where it names none.

    Behind a proxy that terminates TLS the last address in X-Forwarded-For is the one that it saw.
    """
    told = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE:
        told = request.META.get("HTTP_X_FORWARDED_FOR", told).rpartition(",")[2]
    try:
        address = ipaddress.ip_address(told.strip())
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    prefix = IPV4_PREFIX if address.version == 4 else IPV6_PREFIX
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))
