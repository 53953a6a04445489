"""Crossref: what publishers registered of a DOI: the paper, what it cites, and notices such as retractions.

The public service does not tell which papers cite one; it keeps that for its members. Its JSON is read; the XML of the
same records (unixref), which says nothing more that we need, is not.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from citations.identifiers import Identifier, Scheme, display, equivalents
from citations.sources.reading import (
    abstract_of,
    accepted,
    also_named,
    batches,
    identifiers_of,
    in_path,
    inside,
    number_of,
    orcid_of,
    pause_at,
    text_of,
)
from citations.sources.records import (
    AuthorRecord,
    CitationRecord,
    Cursor,
    Direction,
    NotNamed,
    Page,
    PaperRecord,
    Rejected,
    SourceError,
    UnknownPaper,
)
from citations.sources.transport import Refused, Transport
from citations.vocabulary import Kind, Notice

NAME = "crossref"
SERVICE = "Crossref"
API_URL = "https://api.crossref.org"

# Since December 2025 the limits for lists are the strictest: three a second for those who leave an address ("polite"),
# one a second for others. We look references up in lists.
PAUSE_SECONDS = 1.0
POLITE_PAUSE_SECONDS = 0.34
# DOIs in one filter: with names of ordinary length some 2,000 characters of address.
PAGE_ROWS = 50

_KINDS = {
    "journal-article": Kind.ARTICLE,
    "proceedings-article": Kind.CONFERENCE,
    "book": Kind.BOOK,
    "monograph": Kind.BOOK,
    "edited-book": Kind.BOOK,
    "reference-book": Kind.BOOK,
    "book-set": Kind.BOOK,
    "book-series": Kind.BOOK,
    "proceedings": Kind.BOOK,
    "book-chapter": Kind.CHAPTER,
    "book-section": Kind.CHAPTER,
    "book-part": Kind.CHAPTER,
    "book-track": Kind.CHAPTER,
    "reference-entry": Kind.CHAPTER,
    "dissertation": Kind.THESIS,
    "report": Kind.REPORT,
    "report-component": Kind.REPORT,
    "dataset": Kind.DATASET,
    "database": Kind.DATASET,
}
# Types of updates after which a paper no longer stands, or is in doubt; corrections and new versions are none of these.
# The strongest first, for papers with several.
_NOTICES = {
    "retraction": Notice.RETRACTED,
    "removal": Notice.RETRACTED,
    "withdrawal": Notice.WITHDRAWN,
    "expression_of_concern": Notice.CONCERN,
}
# Relations between a preprint and its published version, in both directions.
_SAME_PAPER = ("is-preprint-of", "has-preprint")
_ID_TYPES = {"doi": Scheme.DOI, "arxiv": Scheme.ARXIV, "pmid": Scheme.PMID, "pmcid": Scheme.PMCID}
# Where the day of publication stands, the best first: `issued` is the earlier of print and online.
_DATES = ("issued", "published", "published-print", "published-online", "published-other", "posted")


class CrossrefSource:
    """Crossref at `api_url`; `contact` opens the faster pool. `api_key` is a token of Metadata Plus, which few have."""

    name = NAME
    lists: tuple[Direction, ...] = ("references",)

    def __init__(
        self, api_url: str = "", api_key: str = "", contact: str = "", *, transport: Transport | None = None
    ) -> None:
        self._address = (api_url or API_URL).rstrip("/")
        self._headers = {"Crossref-Plus-API-Token": f"Bearer {api_key}"} if api_key else {}
        pause = pause_at(self._address, API_URL, POLITE_PAUSE_SECONDS if contact else PAUSE_SECONDS)
        self._transport = transport or Transport(SERVICE, contact=contact, pause=pause)

    def takes(self, identifier: Identifier) -> bool:
        """Whether the service can be asked for a paper by this name of it: DOIs of arXiv are registered elsewhere."""
        return identifier.scheme is Scheme.DOI and not equivalents(identifier)

    def paper(self, identifier: Identifier) -> PaperRecord:
        """The record of one paper. Raises `SourceError`, also when the service does not know it."""
        return also_named(paper_record(self._work(identifier)), identifier)

    def pages(
        self, identifier: Identifier, direction: Direction, cursor: Cursor | None = None, limit: int | None = None
    ) -> Iterator[Page]:
        """The papers that a paper cites ("references"), page by page from `cursor` on.

        `limit` is the greatest number of rows in all, those before `cursor` included. The first page brings the paper
        itself along, and each page what notices on it say of other papers. Raises `SourceError`, for "citations"
        always: Crossref tells those to its members only.
        """
        if direction == "citations":
            raise SourceError(
                f"{SERVICE} tells its members only which papers cite a paper: ask semanticscholar, openalex or "
                "opencitations; from crossref take references."
            )
        work = self._work(identifier)
        hub = also_named(paper_record(work), identifier)
        papers: tuple[PaperRecord, ...] = (hub, *noticed(work))
        notes = _withheld(work)
        for batch in batches(_keyed(work.get("reference")), cursor or {}, PAGE_ROWS, limit):
            found = self._works([doi for entry in batch.items for doi in _doi(entry)])
            papers += tuple(stub for row in found.values() for stub in noticed(row))
            yield Page(
                records=tuple(reference_record(entry, hub, found) for entry in batch.items),
                papers=papers,
                cursor_after=batch.cursor,
                done=batch.done,
                expected=batch.expected,
                notes=notes,
            )
            papers, notes = (), ()

    def metadata(
        self, identifiers: Iterable[Identifier], cursor: Cursor | None = None, limit: int | None = None
    ) -> Iterator[Page]:
        """What is registered of these papers, page by page from `cursor` on: a record for each DOI, or its rejection.

        `limit` is the greatest number of DOIs in all, those before `cursor` included. With each page comes what notices
        among the works say of other papers. Raises `SourceError`.
        """
        wanted = {known for known in identifiers if self.takes(known)}
        for batch in batches([(doi.value, doi) for doi in wanted], cursor or {}, PAGE_ROWS, limit):
            found = self._works(batch.items)
            yield Page(
                records=tuple(_registered(doi, found) for doi in batch.items),
                papers=tuple(stub for row in found.values() for stub in noticed(row)),
                cursor_after=batch.cursor,
                done=batch.done,
                expected=batch.expected,
            )

    def _work(self, identifier: Identifier) -> Mapping[str, Any]:
        """The object of one work."""
        doi = next((known for known in (identifier, *equivalents(identifier)) if known.scheme is Scheme.DOI), None)
        if doi is None:
            raise NotNamed(f"{SERVICE} cannot be asked for {display(identifier)}: it takes DOIs.")
        work = self._work_or_none(doi)
        if work is None:
            raise UnknownPaper(
                f"{SERVICE} knows no paper {display(identifier)}; DOIs of arXiv, Zenodo and others are registered "
                "elsewhere."
            )
        return work

    def _work_or_none(self, doi: Identifier) -> Mapping[str, Any] | None:
        """The object of one work; None where the DOI is not registered here."""
        try:
            body = self._json(f"works/{in_path(doi.value)}", {})
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise
        work = inside(body, "message")
        if not isinstance(work, dict) or not work.get("DOI"):
            raise SourceError(f"{SERVICE} sent something other than a work for {display(doi)}.")
        return work

    def _works(self, dois: list[Identifier]) -> dict[Identifier, Mapping[str, Any]]:
        """Works by DOI; those that are registered elsewhere are left out."""
        wanted = list(dict.fromkeys(dois))
        # A comma would end the condition.
        together = [doi for doi in wanted if "," not in doi.value]
        found: dict[Identifier, Mapping[str, Any]] = {}
        if together:
            filters = ",".join(f"doi:{doi.value}" for doi in together)
            body = self._json("works", {"filter": filters, "rows": len(together)})
            items = inside(body, "message", "items")
            if not isinstance(items, list):
                raise SourceError(f"{SERVICE} sent something other than a list of works.")
            found = {doi: item for item in items if isinstance(item, dict) for doi in _doi(item)}
        for doi in wanted:
            work = self._work_or_none(doi) if "," in doi.value else None
            if work is not None:
                found[doi] = work
        return found

    def _json(self, path: str, parameters: Mapping[str, object]) -> Any:
        """The JSON at a path."""
        try:
            return self._transport.json(
                f"{self._address}/{path}", parameters=urlencode(parameters, safe=":/,"), headers=self._headers
            )
        except Refused as refusal:
            if refusal.status in (401, 403):
                raise SourceError(f"{refusal} Check CROSSREF_API_KEY.") from None
            raise


# From the service's objects to records -------------------------------------------------------------------------------


def paper_record(raw: Mapping[str, Any]) -> PaperRecord:
    """What a work says. Malformed parts are left out; nothing is raised.

    A preprint and its published version are one paper, so the record carries the DOIs of both where either names the
    other. Of a preprint that has been published, venue and kind are left out: the published version says those. A
    retraction notice is not itself retracted: `noticed` says which papers it is about.
    """
    year, published_on = _published(raw)
    is_published_elsewhere = bool(_objects(inside(raw, "relation", "is-preprint-of")))
    return PaperRecord(
        identifiers=(*_doi(raw), *_other_versions(raw)),
        title=_title(raw),
        abstract=abstract_of(raw.get("abstract")),
        year=year,
        published_on=published_on,
        venue="" if is_published_elsewhere else _venue(raw),
        kind="" if is_published_elsewhere else _kind(raw),
        notice=_strongest(inside(update, "type") for update in _objects(raw.get("updated-by"))),
        url=text_of(raw.get("URL")) or text_of(inside(raw, "resource", "primary", "URL")),
        authors=_authors(raw.get("author")),
        cited_by_count=number_of(raw.get("is-referenced-by-count")),
        raw=raw,
    )


def work_or_rejected(raw: object) -> PaperRecord | Rejected:
    """The record of a work in a list, or why it is none."""
    return accepted(paper_record(raw)) if isinstance(raw, dict) else Rejected("empty record", raw)


def _registered(doi: Identifier, found: Mapping[Identifier, Mapping[str, Any]]) -> PaperRecord | Rejected:
    """The record of a work that was looked up by its DOI, or why there is none."""
    if doi not in found:
        return Rejected(f"not registered with {SERVICE}", str(doi))
    return work_or_rejected(found[doi])


def noticed(raw: Mapping[str, Any]) -> tuple[PaperRecord, ...]:
    """What a notice (retraction, withdrawal, expression of concern) says of the papers that it is about.

    These records hold the DOI and the notice, nothing else: they are news of papers that are known already.
    """
    notices: dict[Identifier, list[object]] = {}
    for update in _objects(raw.get("update-to")):
        for doi in _doi(update):
            notices.setdefault(doi, []).append(update.get("type"))
    stubs = (PaperRecord(identifiers=(doi,), notice=_strongest(types), raw=raw) for doi, types in notices.items())
    return tuple(stub for stub in stubs if stub.notice)


def reference_record(
    entry: object, hub: PaperRecord, found: Mapping[Identifier, Mapping[str, Any]]
) -> CitationRecord | Rejected:
    """What an entry of a list of references says; `found` are the works that were looked up, by DOI.

    An entry with a DOI that is registered elsewhere keeps what the citing paper prints: a title, maybe none. Its
    running text ("unstructured") is no title.
    """
    dois = _doi(entry)
    if not isinstance(entry, dict) or not dois:
        return Rejected("no DOI", entry)
    if dois[0] in found:
        cited = also_named(paper_record(found[dois[0]]), dois[0])
    else:
        year = re.match(r"[12][0-9]{3}", text_of(entry.get("year")))
        cited = PaperRecord(
            identifiers=dois,
            title=text_of(entry.get("article-title")) or text_of(entry.get("volume-title")),
            year=int(year[0]) if year else None,
            venue=text_of(entry.get("journal-title")),
            raw=entry,
        )
    return CitationRecord(citing=hub, cited=cited, raw=entry)


def _keyed(raw: object) -> list[tuple[str, object]]:
    """Entries of a list of references, each with what it can be found by again."""
    entries = raw if isinstance(raw, list) else []
    return [
        ("".join(doi.value for doi in _doi(entry)) or json.dumps(entry, sort_keys=True), entry) for entry in entries
    ]


def _withheld(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """A note where the publisher has registered references but not opened them."""
    count = number_of(raw.get("reference-count"))
    if raw.get("reference") or not count:
        return ()
    return (f"{SERVICE} does not give the {count:,} references of this paper.",)


def _doi(raw: object) -> tuple[Identifier, ...]:
    """The DOI of an object; nothing where there is none that could be one."""
    return identifiers_of([(Scheme.DOI, inside(raw, "DOI"))])


def _other_versions(raw: Mapping[str, Any]) -> tuple[Identifier, ...]:
    """The names of a paper's preprint, or of what a preprint was published as."""
    own = _doi(raw)
    named = [
        (_ID_TYPES[related["id-type"]], related.get("id"))
        for relation in _SAME_PAPER
        for related in _objects(inside(raw, "relation", relation))
        if isinstance(related.get("id-type"), str) and related["id-type"] in _ID_TYPES
    ]
    return tuple(known for known in identifiers_of(named) if known not in own)


def _title(raw: Mapping[str, Any]) -> str:
    """The first of several titles (the others are translations and variants), with the subtitle behind it."""
    title = _first_text(raw.get("title")) or _first_text(raw.get("original-title"))
    subtitle = _first_text(raw.get("subtitle"))
    if not title or not subtitle or subtitle.lower() in title.lower():
        return title
    return f"{title}{'' if title[-1] in '.:?!' else ':'} {subtitle}"


def _published(raw: Mapping[str, Any]) -> tuple[int | None, datetime.date | None]:
    """The year, and the day where it is whole and exists (a month 13 has been seen)."""
    for name in _DATES:
        parts = inside(raw, name, "date-parts")
        first = parts[0] if isinstance(parts, list) and parts else None
        numbers = [number_of(part) for part in first] if isinstance(first, list) else []
        if not numbers or not numbers[0]:
            continue
        year, month, day = (*numbers, None, None)[:3]
        try:
            return year, datetime.date(year or 0, month or 0, day or 0)
        except (ValueError, OverflowError):
            return year, None
    return None, None


def _venue(raw: Mapping[str, Any]) -> str:
    """The journal, book or conference; for what is posted or reported, the institution."""
    return (
        _first_text(raw.get("container-title"))
        or text_of(inside(raw, "event", "name"))
        or next((name for one in _objects(raw.get("institution")) if (name := text_of(one.get("name")))), "")
    )


def _kind(raw: Mapping[str, Any]) -> str:
    """What sort of work it is; posted content is a preprint unless it says otherwise."""
    stated = raw.get("type")
    if not isinstance(stated, str) or not stated:
        return ""
    if stated == "posted-content":
        return Kind.PREPRINT if raw.get("subtype") in (None, "preprint") else Kind.OTHER
    return _KINDS.get(stated, Kind.OTHER)


def _authors(raw: object) -> tuple[AuthorRecord, ...]:
    """People and groups in order; one without a name is left out."""
    found = []
    for author in _objects(raw):
        parts = (text_of(author.get(key)) for key in ("given", "family", "suffix"))
        name = " ".join(part for part in parts if part) or text_of(author.get("name"))
        if name:
            found.append(AuthorRecord(name, orcid=orcid_of(author.get("ORCID"))))
    return tuple(found)


def _strongest(types: Iterable[object]) -> str:
    """The strongest notice among types of updates, spelled with hyphens, underscores or spaces; "" for none."""
    spelled = {re.sub(r"[\s-]+", "_", value.strip().lower()) for value in types if isinstance(value, str)}
    return next((notice for name, notice in _NOTICES.items() if name in spelled), "")


def _objects(raw: object) -> list[dict[str, Any]]:
    """The objects in what should be a list of them; one that stands alone counts as a list of one."""
    values = [raw] if isinstance(raw, dict) else raw
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _first_text(raw: object) -> str:
    """The first text in what should be a list of texts."""
    values = raw if isinstance(raw, list) else [raw]
    return next((text for text in map(text_of, values) if text), "")
