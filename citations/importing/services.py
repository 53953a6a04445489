"""The services that can be asked, set up as the settings say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from django.conf import settings

from citations.identifiers import Identifier
from citations.sources import semanticscholar
from citations.sources.records import Cursor, Page, SourceError


class Service(Protocol):
    """A service that lists who cites a paper and what it cites."""

    name: str

    def pages(
        self,
        identifier: Identifier,
        direction: semanticscholar.Direction,
        cursor: Cursor | None = None,
        limit: int | None = None,
    ) -> Iterator[Page]:
        """The list page by page from the cursor on; `limit` rows at most in all."""
        ...


def service_names() -> tuple[str, ...]:
    """The names that `make_service` takes."""
    return (semanticscholar.NAME,)


def make_service(name: str) -> Service:
    """The service of that name, with the address and key of the settings. Raises `SourceError` for an unknown one."""
    if name == semanticscholar.NAME:
        return semanticscholar.SemanticScholarSource(
            settings.SEMANTIC_SCHOLAR_API_URL, settings.SEMANTIC_SCHOLAR_API_KEY, settings.CONTACT_EMAIL
        )
    raise SourceError(f"There is no source {name!r}: choose one of {', '.join(service_names())}.")
