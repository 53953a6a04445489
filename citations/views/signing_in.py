"""Who tries to sign in, from where, and what is said after too many failures (django-axes counts them)."""

from __future__ import annotations

import ipaddress
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from citations.views import errors

# Whoever has one address of such a block has the others, too: without this, each attempt could come from a new one.
IPV6_PREFIX = 64
NOWHERE = "0.0.0.0"


def client_address(request: HttpRequest) -> str:
    """The address by which failures are counted: IPv4, or the first of an IPv6 /64; 0.0.0.0 where none is told.

    Behind a proxy that terminates TLS the last address in X-Forwarded-For is the one that it saw.
    """
    told = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE:
        told = request.META.get("HTTP_X_FORWARDED_FOR", told).rpartition(",")[2]
    try:
        address = ipaddress.ip_address(told.strip().partition("%")[0])
    except ValueError:
        return NOWHERE
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network(f"{address}/{IPV6_PREFIX}", strict=False).network_address)


def locked_out(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """What is answered instead of the form for as long as it is closed."""
    return errors.too_many_attempts(request, int(settings.AXES_COOLOFF_TIME.total_seconds() // 60))
