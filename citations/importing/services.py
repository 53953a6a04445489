"""The services that can be asked, set up as the settings say, and what one of them says of a paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Protocol, runtime_checkable

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q

from citations.identifiers import Identifier, Scheme, display, equivalents
from citations.importing.papers import STRONGEST_FIRST
from citations.importing.runs import Progress, Report, Trial, run_import
from citations.models import Citation, find_paper
from citations.models import Identifier as StoredIdentifier
from citations.sources.arxiv import ArxivSource
from citations.sources.crossref import CrossrefSource
from citations.sources.europepmc import EuropePmcSource
from citations.sources.openalex import OpenAlexSource
from citations.sources.opencitations import OpenCitationsSource
from citations.sources.records import Cursor, Direction, NotNamed, Page, SourceError
from citations.sources.semanticscholar import SemanticScholarSource
from citations.vocabulary import source_label


class Service(Protocol):
    """A service that knows papers; `lists` are those of its lists, maybe none, that it gives to everybody."""

    name: str
    lists: tuple[Direction, ...]

    def takes(self, identifier: Identifier) -> bool:
        """Whether it can be asked for a paper by this name of it."""
        ...

    def pages(
        self, identifier: Identifier, direction: Direction, cursor: Cursor | None = None, limit: int | None = None
    ) -> Iterator[Page]:
        """The list page by page from the cursor on; `limit` rows at most in all."""
        ...


@runtime_checkable
class MetadataService(Service, Protocol):
    """A service that is also asked for papers by name, many at a time."""

    def metadata(
        self, identifiers: Iterable[Identifier], cursor: Cursor | None = None, limit: int | None = None
    ) -> Iterator[Page]:
        """What it knows of these papers, page by page from the cursor on; `limit` of them at most in all."""
        ...


def _semantic_scholar() -> Service:
    return SemanticScholarSource(
        settings.SEMANTIC_SCHOLAR_API_URL, settings.SEMANTIC_SCHOLAR_API_KEY, settings.CONTACT_EMAIL
    )


def _openalex() -> Service:
    return OpenAlexSource(settings.OPENALEX_API_URL, settings.OPENALEX_API_KEY, settings.CONTACT_EMAIL)


def _opencitations() -> Service:
    return OpenCitationsSource(settings.OPENCITATIONS_API_URL, settings.OPENCITATIONS_API_KEY, settings.CONTACT_EMAIL)


def _crossref() -> Service:
    return CrossrefSource(settings.CROSSREF_API_URL, settings.CROSSREF_API_KEY, settings.CONTACT_EMAIL)


def _arxiv() -> Service:
    return ArxivSource(settings.ARXIV_API_URL, contact=settings.CONTACT_EMAIL)


def _europe_pmc() -> Service:
    return EuropePmcSource(settings.EUROPE_PMC_API_URL, contact=settings.CONTACT_EMAIL)


_MAKERS: dict[str, Callable[[], Service]] = {
    SemanticScholarSource.name: _semantic_scholar,
    OpenAlexSource.name: _openalex,
    OpenCitationsSource.name: _opencitations,
    CrossrefSource.name: _crossref,
    ArxivSource.name: _arxiv,
    EuropePmcSource.name: _europe_pmc,
}


def service_names() -> tuple[str, ...]:
    """The names that `make_service` takes."""
    return tuple(_MAKERS)


def make_service(name: str) -> Service:
    """The service of that name, with the address and key of the settings. Raises `SourceError` for an unknown one."""
    if name not in _MAKERS:
        raise SourceError(f"There is no source {name[:100]!r}: choose among {', '.join(service_names())}.")
    return _MAKERS[name]()


def import_list(
    service: Service,
    identifier: Identifier,
    direction: Direction,
    *,
    limit: int | None = None,
    started_by: User | None = None,
    dry_run: bool = False,
    trial: Trial | None = None,
    progress: Progress | None = None,
) -> Report:
    """Import who cites a paper, or what it cites, from one service; counted, repeatable and resumable: `run_import`.

    A service that does not take the name given is asked by another one that the collection knows of the paper. A
    service that has no such list is asked instead for what it knows of the paper and of those papers of the list that
    the collection has already; then each of its records of a paper is counted. `limit` is the greatest number of rows.

    Dry runs with the same `trial` build on each other. Raises `UnknownPaper` when the service does not know the paper
    or cannot be asked for it, `SourceError` and `ImportStopped` as `run_import` does.
    """
    arguments: dict[str, object] = {"paper": str(identifier), "direction": direction, "limit": limit}
    is_listed = direction in service.lists
    with trial.as_if_stored() if trial else nullcontext():
        if is_listed:
            asked, named = _name_for(service, identifier), []
        else:
            asked, named = identifier, _names_around(service, identifier, direction)
    if asked != identifier:
        arguments["asked_as"] = str(asked)
    if not is_listed:
        arguments["what"] = "metadata"

    def pages(cursor: Cursor) -> Iterator[Page]:
        if is_listed:
            return service.pages(asked, direction, cursor, limit)
        return _metadata(service, named, direction, cursor, limit)

    try:
        return run_import(
            service.name, pages, arguments, started_by=started_by, dry_run=dry_run, trial=trial, progress=progress
        )
    except NotNamed as error:
        raise NotNamed(f"{str(error).rstrip('.')}; the collection knows it by no such name.") from None


def _metadata(
    service: Service, named: list[Identifier], direction: Direction, cursor: Cursor, limit: int | None
) -> Iterator[Page]:
    """What a service knows of papers, and a note that this is all it can be asked for."""
    if not isinstance(service, MetadataService):
        raise SourceError(f"{source_label(service.name)} gives no {direction}.")
    notes: tuple[str, ...] = (
        f"{source_label(service.name)} gives no {direction}: papers of the collection were looked up there instead, "
        f"by {len(named):,} of their names.",
    )
    for page in service.metadata(named, cursor, limit):
        yield replace(page, notes=(*notes, *page.notes))
        notes = ()


def _name_for(service: Service, identifier: Identifier) -> Identifier:
    """The name under which a service is asked for a paper: the one given, else the strongest that it takes.

    Where it takes none, it is the one given: the service then says which it takes.
    """
    return next((name for name in _names_of(identifier) if service.takes(name)), identifier)


def _names_of(identifier: Identifier) -> list[Identifier]:
    """A name of a paper, what means the same, and the names that the collection has for it, the strongest first."""
    paper = find_paper(identifier)
    rows = StoredIdentifier.objects.filter(Q(paper=paper) | Q(paper__merged_into=paper)) if paper else ()
    stored = [row.as_value for row in rows]
    # A DOI that arXiv made is one that the registrars of the others do not know.
    stored.sort(key=lambda name: (STRONGEST_FIRST.index(name.scheme), bool(equivalents(name)), name.value))
    return list(dict.fromkeys((identifier, *equivalents(identifier), *stored)))


def _names_around(service: Service, identifier: Identifier, direction: Direction) -> list[Identifier]:
    """Names that a service takes: of a paper, and of those that cite it (or that it cites) in the collection.

    Of names that mean the same, one. Raises `NotNamed` where there are none.
    """
    paper = find_paper(identifier)
    found = {name for name in _names_of(identifier) if service.takes(name)}
    if paper is not None:
        edges = Citation.objects.of_hub(paper.pk) if direction == "citations" else Citation.objects.by_paper(paper.pk)
        others = edges.values("citing_id" if direction == "citations" else "cited_id")
        rows = StoredIdentifier.objects.filter(paper_id__in=others).order_by()
        found |= {name for row in rows.iterator() if service.takes(name := row.as_value)}
    if not found:
        raise NotNamed(
            f"{source_label(service.name)} gives no {direction}, and takes none of the names by which the collection "
            f"knows {display(identifier)} and its {direction}: import those from another source first."
        )
    return sorted(name for name in found if found.isdisjoint(equivalents(name)) or name.scheme is Scheme.ARXIV)
