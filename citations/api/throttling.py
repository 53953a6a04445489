"""How often one address may ask."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from rest_framework.throttling import AnonRateThrottle

logger = logging.getLogger(__name__)


class RateThrottle(AnonRateThrottle):
    """As many requests of one address as `settings.API_RATE` says, counted by each server process unless the cache is
    shared.
    """

    def get_rate(self) -> str | None:
        """The rate now in force, such as "600/min"; None for no bound."""
        rate: str | None = settings.API_RATE
        return rate

    def allow_request(self, request: Any, view: Any) -> bool:
        """Whether this address may ask now. While the cache that counts is away, everybody may."""
        try:
            allowed: bool = super().allow_request(request, view)
        except Exception as error:  # each kind of cache has errors of its own
            logger.warning("Requests cannot be counted: %s", error)
            return True
        return allowed

    def get_cache_key(self, request: Any, view: Any) -> str:
        """Who asks. Nobody signs in here."""
        key: str = self.cache_format % {"scope": "api", "ident": self.get_ident(request)}
        return key
