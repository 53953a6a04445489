"""Files into the database: what the command and the upload in the admin share."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

from django.contrib.auth.models import User

from citations.identifiers import BadIdentifier, parse
from citations.importing.papers import STRONGEST_FIRST
from citations.importing.runs import Report, run_import
from citations.models import Authorship, Paper, find_paper, survivor
from citations.sources.files import AUTO, LABELS, EntryFile, open_file
from citations.sources.records import AuthorRecord, PaperRecord, SourceError, UnknownPaper

# Rows of one file name few hubs, and each row at most one paper: what was found is kept for this many.
_REMEMBERED = 1_000


def find_cited(raw: str) -> PaperRecord:
    """The paper of the collection that a person names: by an identifier, an address that holds one, or its slug.

    Raises UnknownPaper, which says how to import it first.
    """
    shown = raw[:100]
    paper = _with_identifier(raw) or _with_slug(raw)
    if paper is None:
        raise UnknownPaper(
            f"The collection has no paper {shown!r} to be cited: import it first, with manage.py import_citations."
        )
    record = _record(paper)
    if not record.identifiers:
        raise UnknownPaper(f"The paper {shown!r} has no identifier, so that no import can name it: give it one first.")
    return record


def find_record(slug: str) -> PaperRecord | None:
    """The paper of the collection with this slug: its identifiers (strongest first), title, year and first author."""
    paper = _with_slug(slug)
    return _record(paper) if paper else None


def import_file(
    path: Path,
    *,
    format: str = AUTO,
    cites: PaperRecord | None = None,
    started_by: User | None = None,
    dry_run: bool = False,
    progress: Callable[[Report], None] | None = None,
) -> Report:
    """Take in a file of any supported form. With `cites` every entry becomes a citing paper of that one.

    Repeatable, and resumable by the same content, form and hub: see `run_import`. Raises `SourceError` naming the file
    where it cannot be read, and `ImportStopped` when the database is in the way.
    """
    file = open_file(path, format)
    if cites is not None and file.format == LABELS:
        raise SourceError(f"{file.name} names the cited papers itself: leave --cites out.")
    find = lru_cache(_REMEMBERED)(find_record)
    return run_import(
        file.source,
        partial(file.pages, cites=cites, find_paper=find),
        _arguments(file, cites),
        started_by=started_by,
        dry_run=dry_run,
        progress=progress,
    )


def _arguments(file: EntryFile, cites: PaperRecord | None) -> dict[str, str]:
    """What tells this import from others, and what the run shows: the file's bytes count, not where it lies."""
    arguments = {"file": file.name, "format": file.format, "sha256": file.digest}
    return {**arguments, "cites": str(cites.identifiers[0])} if cites else arguments


def _with_identifier(raw: str) -> Paper | None:
    """The paper that carries an identifier as a person types it."""
    try:
        return find_paper(parse(raw))
    except BadIdentifier:
        return None


def _with_slug(slug: str) -> Paper | None:
    """The paper with this slug."""
    is_slug = slug.isascii() and slug.isprintable()
    paper = Paper.objects.filter(slug=slug).first() if is_slug else None
    return survivor(paper) if paper else None


def _record(paper: Paper) -> PaperRecord:
    """What is needed to name a paper of the collection, and to tell whether it is the one that a row means."""
    named = sorted(
        (row.as_value for row in paper.identifiers.all()),
        key=lambda known: (STRONGEST_FIRST.index(known.scheme), known.value),
    )
    first = Authorship.objects.filter(paper=paper).order_by("position").values_list("name", flat=True).first()
    authors = (AuthorRecord(first),) if first else ()
    return PaperRecord(identifiers=tuple(named), title=paper.title, year=paper.year, authors=authors)
