"""OpenCitations: which DOI (or PubMed id) cites which, since when, and what OpenCitations Meta knows of both papers.

Two generations are read: version 2 of the Index, with its companion Meta, and the older version 1 (also under the name
COCI), which knows DOIs only and brings its own metadata. The Index has no titles; they are looked up in batches.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from citations.identifiers import Identifier, Scheme, display, equivalents
from citations.sources.reading import (
    also_named,
    batches,
    date_of,
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
from citations.vocabulary import Kind

NAME = "opencitations"
SERVICE = "OpenCitations"
API_URL = "https://api.opencitations.net"

# "180 requests per minute per IP address" (documentation of the Index, version 2).
PAUSE_SECONDS = 60 / 180
# Papers in one look-up: Meta answers with an error above 14, which it does not document.
LOOKUP_ROWS = 10
# Rows of a page: a handful of look-ups.
PAGE_ROWS = 50

# The end of a row that holds the other paper.
_OTHER_END = {"citations": "citing", "references": "cited"}
_PREFIXES = {
    "doi": Scheme.DOI,
    "pmid": Scheme.PMID,
    "pmcid": Scheme.PMCID,
    "openalex": Scheme.OPENALEX,
}
# What a look-up may ask by, the best first; the Index itself takes the first two.
_ASKED_BY = (Scheme.DOI, Scheme.PMID, Scheme.PMCID, Scheme.OPENALEX)
_INDEXED_BY = (Scheme.DOI, Scheme.PMID)

_KINDS = {
    "journal article": Kind.ARTICLE,
    "book": Kind.BOOK,
    "edited book": Kind.BOOK,
    "monograph": Kind.BOOK,
    "reference book": Kind.BOOK,
    "proceedings": Kind.BOOK,
    "book chapter": Kind.CHAPTER,
    "book part": Kind.CHAPTER,
    "book section": Kind.CHAPTER,
    "reference entry": Kind.CHAPTER,
    "proceedings article": Kind.CONFERENCE,
    "dissertation": Kind.THESIS,
    "report": Kind.REPORT,
    "dataset": Kind.DATASET,
    "data file": Kind.DATASET,
    "preprint": Kind.PREPRINT,
    "posted content": Kind.PREPRINT,
    "computer program": Kind.SOFTWARE,
}
# Whether the two papers share an author (the mark for a shared journal says nothing of people).
_SELF = {"yes": True, "no": False}
# "Journal Of Documentation [issn:0022-0418 omid:br/0610116006]"
_BRACKETED = re.compile(r"\s*\[([^\[\]]*)\]\s*\Z")


class OpenCitationsSource:
    """OpenCitations at `api_url`: below it stand the present Index and Meta; an address ending in "/v1" is the older.

    `api_key` is the access token, by which the service counts its users; `contact` is told to its operators.
    """

    name = NAME
    lists: tuple[Direction, ...] = ("citations", "references")

    def __init__(
        self, api_url: str = "", api_key: str = "", contact: str = "", *, transport: Transport | None = None
    ) -> None:
        self._address = (api_url or API_URL).rstrip("/").removesuffix("/index/v2")
        self._is_old = self._address.endswith("/v1")
        self._asked_by = _ASKED_BY[:1] if self._is_old else _ASKED_BY
        self._index = self._address if self._is_old else f"{self._address}/index/v2"
        self._meta = self._address if self._is_old else f"{self._address}/meta/v1"
        self._headers = {"authorization": api_key} if api_key else {}
        pause = pause_at(self._address, API_URL, PAUSE_SECONDS)
        self._transport = transport or Transport(SERVICE, contact=contact, pause=pause)

    def takes(self, identifier: Identifier) -> bool:
        """Whether the service can be asked for a paper by this name of it."""
        return any(known.scheme in self._asked_by for known in (identifier, *equivalents(identifier)))

    def paper(self, identifier: Identifier) -> PaperRecord:
        """The record of one paper. Raises `SourceError`, also when the service knows nothing of it."""
        record = self._hub(identifier)
        if not record.title:
            raise UnknownPaper(f"{SERVICE} knows no paper {display(identifier)}.")
        return record

    def pages(
        self, identifier: Identifier, direction: Direction, cursor: Cursor | None = None, limit: int | None = None
    ) -> Iterator[Page]:
        """The papers that cite a paper ("citations") or that it cites ("references"), page by page from `cursor` on.

        `limit` is the greatest number of rows in all, those before `cursor` included. The first page brings the paper
        itself along. A paper that only its DOI is known of comes without a title: whoever stores it may know it from
        elsewhere. Raises `SourceError`.
        """
        hub = self._hub(identifier)
        rows = self._rows(hub, direction)
        if not rows and not hub.title:
            raise UnknownPaper(f"{SERVICE} knows no paper {display(identifier)}, or none of its {direction}.")
        papers: tuple[PaperRecord, ...] = (hub,)
        for batch in batches([(_row_key(row), row) for row in rows], cursor or {}, PAGE_ROWS, limit):
            ends = [paper_ids(inside(row, _OTHER_END[direction])) for row in batch.items]
            found = self._metadata([ids for ids in ends if ids])
            yield Page(
                records=tuple(citation_record(row, hub, direction, found) for row in batch.items),
                papers=papers,
                cursor_after=batch.cursor,
                done=batch.done,
                expected=batch.expected,
            )
            papers = ()

    def _hub(self, identifier: Identifier) -> PaperRecord:
        """The paper that was asked for, under the names by which the Index can be asked; maybe without a title."""
        names = (identifier, *equivalents(identifier))
        found = self._metadata([names])
        known = [found[name] for name in names if name in found]
        hub = also_named(metadata_record(known[0]), identifier) if known else PaperRecord(identifiers=names)
        if self._asked_as(hub) is None:
            raise NotNamed(
                f"{SERVICE} cannot be asked for {display(identifier)}: it takes DOIs"
                + (
                    "."
                    if self._is_old
                    else " and ids of PubMed, and finds those of PubMed Central and OpenAlex it knows."
                )
            )
        return hub

    def _asked_as(self, paper: PaperRecord) -> str | None:
        """How the Index wants to be asked for a paper; None where it cannot be."""
        for scheme in _INDEXED_BY[:1] if self._is_old else _INDEXED_BY:
            for known in paper.identifiers:
                if known.scheme is scheme:
                    return self._spelled(known)
        return None

    def _spelled(self, identifier: Identifier) -> str:
        """An identifier as part of an address; version 1 takes DOIs without a prefix."""
        prefix = "" if self._is_old else f"{identifier.scheme.value}:"
        return prefix + in_path(identifier.value)

    def _rows(self, hub: PaperRecord, direction: Direction) -> list[Any]:
        """All rows of a list: the Index has no pages."""
        rows = self._json(f"{self._index}/{direction}/{self._asked_as(hub)}")
        if not isinstance(rows, list):
            raise SourceError(f"{SERVICE} sent something other than a list of {direction}.")
        return rows

    def _metadata(self, papers: list[tuple[Identifier, ...]]) -> dict[Identifier, Mapping[str, Any]]:
        """What is known of papers, by each of their identifiers; each paper is asked for by its best one."""
        best = [
            min(
                (known for known in ids if known.scheme in self._asked_by),
                key=lambda one: self._asked_by.index(one.scheme),
                default=None,
            )
            for ids in papers
        ]
        wanted = list(dict.fromkeys(known for known in best if known is not None))
        found: dict[Identifier, Mapping[str, Any]] = {}
        for start in range(0, len(wanted), LOOKUP_ROWS):
            for row in self._looked_up("__".join(map(self._spelled, wanted[start : start + LOOKUP_ROWS]))):
                found |= dict.fromkeys(metadata_record(row).identifiers, row)
        return found

    def _looked_up(self, names: str) -> list[Mapping[str, Any]]:
        """The objects of one look-up."""
        try:
            rows = self._json(f"{self._meta}/metadata/{names}")
        except Refused as refusal:
            if refusal.status == 404:
                return []
            raise
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def _json(self, url: str) -> Any:
        """The JSON at an address."""
        try:
            return self._transport.json(url, headers=self._headers)
        except Refused as refusal:
            if refusal.status in (401, 403):
                raise SourceError(f"{refusal} Check OPENCITATIONS_API_KEY.") from None
            raise


# From the service's objects to records -------------------------------------------------------------------------------


def metadata_record(raw: Mapping[str, Any]) -> PaperRecord:
    """What an object of either metadata operation says. Malformed parts are left out; nothing is raised."""
    year, published_on = _published(raw.get("pub_date") or raw.get("year"))
    stated = text_of(raw.get("type")).lower()
    return PaperRecord(
        identifiers=tuple(dict.fromkeys((*paper_ids(raw.get("id")), *paper_ids(raw.get("doi"))))),
        title=text_of(raw.get("title")),
        year=year,
        published_on=published_on,
        venue=_without_ids(raw.get("venue")) or text_of(raw.get("source_title")),
        kind=_KINDS.get(stated, Kind.OTHER) if stated else "",
        authors=_authors(raw.get("author")),
        cited_by_count=number_of(raw.get("citation_count")),
        raw=raw,
    )


def citation_record(
    row: object, hub: PaperRecord, direction: Direction, found: Mapping[Identifier, Mapping[str, Any]]
) -> CitationRecord | Rejected:
    """What a row of the Index says; `found` is what was looked up, by identifier.

    The date of the citation is the citing paper's: of use where nothing more is known of that.
    """
    if not isinstance(row, dict):
        return Rejected("empty record", row)
    ids = paper_ids(row.get(_OTHER_END[direction]))
    if not ids:
        return Rejected("no identifier", row)
    known = next((found[name] for name in ids if name in found), None)
    paper = metadata_record(known) if known is not None else PaperRecord(raw=row)
    paper = replace(paper, identifiers=tuple(dict.fromkeys((*ids, *paper.identifiers))))
    by_same_author = _SELF.get(str(row.get("author_sc")).lower())
    if direction == "references":
        return CitationRecord(citing=hub, cited=paper, is_self_citation=by_same_author, raw=row)
    year, published_on = _published(row.get("creation"))
    if paper.year is None:
        paper = replace(paper, year=year, published_on=published_on)
    return CitationRecord(citing=paper, cited=hub, is_self_citation=by_same_author, raw=row)


def paper_ids(raw: object) -> tuple[Identifier, ...]:
    """Identifiers from "omid:br/061 doi:10.1/x pmid:123", a bare DOI, or "coci => 10.1/x"; those of our schemes."""
    named: list[tuple[Scheme, object]] = []
    for word in raw.split() if isinstance(raw, str) else ():
        prefix, separator, value = word.partition(":")
        if separator and prefix.lower() in _PREFIXES:
            named.append((_PREFIXES[prefix.lower()], value))
        elif word.startswith("10."):
            named.append((Scheme.DOI, word))
    return identifiers_of(sorted(named, key=lambda pair: _ASKED_BY.index(pair[0])))


def _published(raw: object) -> tuple[int | None, datetime.date | None]:
    """The year of "2015", "2015-03" or "2015-03-09", and the day where it is whole."""
    text = raw.strip() if isinstance(raw, str) else ""
    found = re.match(r"([0-9]{4})(?:-|\Z)", text)
    return (int(found[1]) or None if found else None), date_of(text) if len(text) >= 10 else None


def _authors(raw: object) -> tuple[AuthorRecord, ...]:
    """Authors from "Family, Given [orcid:... omid:...]; ..." (Meta) or "Family, Given, ORCID; ..." (version 1)."""
    found = []
    for part in raw.split(";") if isinstance(raw, str) else ():
        ids = _BRACKETED.search(part)
        orcid = next((orcid_of(word) for word in ids[1].split() if word.startswith("orcid:")), "") if ids else ""
        family, *given = [text_of(name) for name in _BRACKETED.sub("", part).split(",")]
        if given and orcid_of(given[-1]):
            orcid = orcid_of(given.pop())
        name = " ".join(word for word in (*given, family) if word)
        if name:
            found.append(AuthorRecord(name, orcid=orcid))
    return tuple(found)


def _without_ids(raw: object) -> str:
    """A name without the identifiers in brackets behind it."""
    return text_of(_BRACKETED.sub("", raw)) if isinstance(raw, str) else ""


def _row_key(row: object) -> str:
    """What tells one row from another: the identifier of the citation, else the whole row."""
    oci = inside(row, "oci")
    return oci if isinstance(oci, str) and oci else json.dumps(row, sort_keys=True)
