"""How often one address may ask."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.throttling import AnonRateThrottle


class RateThrottle(AnonRateThrottle):
    """As many requests of one address as `settings.API_RATE` says, counted by each server process unless the cache is
    shared.
    """

    def get_rate(self) -> str | None:
        """The rate now in force, such as "600/min"; None for no bound."""
        rate: str | None = settings.API_RATE
        return rate

    def get_cache_key(self, request: Any, view: Any) -> str:
        """Who asks. Nobody signs in here."""
        key: str = self.cache_format % {"scope": "api", "ident": self.get_ident(request)}
        return key
