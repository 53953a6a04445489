"""Europe PMC: papers of the life sciences, which papers cite one, and which it cites.

Lists of citations hold little more than a title; the DOI, the abstract and notices are looked up in one search a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from citations.identifiers import Identifier, Scheme, display, equivalents
from citations.sources.reading import (
    Answer,
    abstract_of,
    also_named,
    ask_until_new,
    at_most,
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
from citations.vocabulary import Kind, Notice

NAME = "europepmc"
SERVICE = "Europe PMC"
API_URL = "https://www.ebi.ac.uk/europepmc/webservices/rest"

# "10 requests per second and 500 requests per minute" (the service's developer forum, February 2026).
PAUSE_SECONDS = 60 / 500
# The service gives up to 1,000 rows; the look-up of one page has to fit into an address.
PAGE_ROWS = 100

_LISTS = {"citations": ("citationList", "citation"), "references": ("referenceList", "reference")}

# The first that is among a paper's types; nearly every record is a "journal article" besides what it is.
_KINDS = (
    ("preprint", Kind.PREPRINT),
    ("dataset", Kind.DATASET),
    ("review", Kind.REVIEW),
    ("review-article", Kind.REVIEW),
    ("systematic review", Kind.REVIEW),
    ("systematic-review", Kind.REVIEW),
    ("meta-analysis", Kind.REVIEW),
    ("book", Kind.BOOK),
    ("book chapter", Kind.CHAPTER),
    ("chapter-article", Kind.CHAPTER),
    ("thesis", Kind.THESIS),
    ("academic dissertation", Kind.THESIS),
    ("technical report", Kind.REPORT),
    ("report", Kind.REPORT),
    ("research-article", Kind.ARTICLE),
    ("journal article", Kind.ARTICLE),
    ("brief-report", Kind.ARTICLE),
    ("case-report", Kind.ARTICLE),
    ("case reports", Kind.ARTICLE),
    ("letter", Kind.ARTICLE),
    ("editorial", Kind.ARTICLE),
    ("patent", Kind.OTHER),
    ("news", Kind.OTHER),
    ("published erratum", Kind.OTHER),
    ("correction", Kind.OTHER),
    ("retraction", Kind.OTHER),
    ("retraction of publication", Kind.OTHER),
)
# Collections whose papers are all of one kind.
_KINDS_OF_SOURCES = {"PPR": Kind.PREPRINT, "ETH": Kind.THESIS, "PAT": Kind.OTHER}
# Types of the paper that is concerned, and relations to the notice; a notice itself has other types. Strongest first.
_NOTICES = (
    ("retracted publication", Notice.RETRACTED),
    ("retraction in", Notice.RETRACTED),
    ("preprint withdrawal", Notice.WITHDRAWN),
    ("preprint removal", Notice.WITHDRAWN),
    ("expression of concern in", Notice.CONCERN),
)


class EuropePmcSource:
    """Europe PMC at `api_url`; `contact` is told to its operators. No key: `api_key` is there for uniformity."""

    name = NAME
    lists: tuple[Direction, ...] = ("citations", "references")

    def __init__(
        self, api_url: str = "", api_key: str = "", contact: str = "", *, transport: Transport | None = None
    ) -> None:
        self._address = (api_url or API_URL).rstrip("/")
        pause = pause_at(self._address, API_URL, PAUSE_SECONDS)
        self._transport = transport or Transport(SERVICE, contact=contact, pause=pause)

    def takes(self, identifier: Identifier) -> bool:
        """Whether the service can be asked for a paper by this name of it."""
        return any(map(_query, (identifier, *equivalents(identifier))))

    def paper(self, identifier: Identifier) -> PaperRecord:
        """The record of one paper. Raises `SourceError`, also when the service does not know it."""
        row = self._found(identifier)
        if row is None:
            raise UnknownPaper(f"{SERVICE} knows no paper {display(identifier)}.")
        return also_named(paper_record(row), identifier)

    def pages(
        self, identifier: Identifier, direction: Direction, cursor: Cursor | None = None, limit: int | None = None
    ) -> Iterator[Page]:
        """The papers that cite a paper ("citations") or that it cites ("references"), page by page from `cursor` on.

        `limit` is the greatest number of rows in all, those before `cursor` included. The first page brings the paper
        itself along. Raises `SourceError`.
        """
        row = self._found(identifier)
        if row is None and identifier.scheme is not Scheme.PMID:
            raise UnknownPaper(f"{SERVICE} knows no paper {display(identifier)}.")
        # The lists know some papers that the search does not: those are in PubMed ("MED").
        row = row or {"source": "MED", "id": identifier.value}
        hub = also_named(paper_record(row), identifier)
        path = f"{in_path(str(row.get('source')))}/{in_path(str(row.get('id')))}/{direction}"
        page, read = int((cursor or {}).get("page", 1)), int((cursor or {}).get("rows", 0))
        papers: tuple[PaperRecord, ...] = (hub,)
        seen: set[str] = set()
        done, has_details = False, True
        while not done:
            answer = self._ask_until_new(path, direction, page, seen)
            if not answer.rows and not hub.title and page == 1:
                raise UnknownPaper(f"{SERVICE} knows no paper {display(identifier)}, or none of its {direction}.")
            rows = answer.rows if limit is None else answer.rows[: max(0, limit - read)]
            found, notes = self._details(rows, read + 1) if has_details else ({}, ())
            has_details = has_details and not notes
            read, page = read + len(rows), page + 1
            done = answer.after is None or (limit is not None and read >= limit)
            yield Page(
                records=tuple(citation_record(row, hub, direction, found) for row in rows),
                papers=papers,
                cursor_after={"page": page, "rows": read},
                done=done,
                expected=at_most(answer.total, limit),
                notes=notes,
            )
            papers = ()

    def _ask_until_new(self, path: str, direction: Direction, page: int, seen: set[str]) -> Answer:
        """One page of a list, asked for again while it brings nothing new."""
        sentence = f"{SERVICE} {{}} on page {page} of the {direction}"
        return ask_until_new(lambda: self._page(path, direction, page), seen, str(page), sentence)

    def _page(self, path: str, direction: Direction, page: int) -> Answer:
        """One answer with a page of a list. There is another while the promised total is not reached."""
        body = self._json(path, {"page": page, "pageSize": PAGE_ROWS, "format": "json"})
        total = number_of(inside(body, "hitCount"))
        outer, inner = _LISTS[direction]
        rows = inside(body, outer, inner)
        if total is None or not isinstance(rows, list | None):
            raise SourceError(f"{SERVICE} sent something other than a list of {direction}.")
        after = str(page + 1) if page * PAGE_ROWS < total else None
        return Answer((rows or [])[:PAGE_ROWS], after, total)

    def _found(self, identifier: Identifier) -> Mapping[str, Any] | None:
        """The object of one paper; None where the search finds none."""
        names = (identifier, *equivalents(identifier))
        query = next((asked for known in names if (asked := _query(known))), "")
        if not query:
            raise NotNamed(
                f"{SERVICE} cannot be asked for {display(identifier)}: it takes DOIs and ids of PubMed and "
                "PubMed Central."
            )
        rows = self._search(query, 1)
        return rows[0] if rows else None

    def _details(self, rows: list[Any], first: int) -> tuple[dict[str, Mapping[str, Any]], tuple[str, ...]]:
        """What the search knows of the papers of a page, by `_key`, and notes.

        Where it cannot be had, the import goes on with what the list says, and the user learns that once.
        """
        wanted = sorted({(source, name) for row in rows for source, name in [_own_name(row)] if source and name})
        if not wanted:
            return {}, ()
        query = " OR ".join(f"(EXT_ID:{name} AND SRC:{source})" for source, name in wanted)
        try:
            found = self._search(query, len(wanted))
        except SourceError as error:
            return {}, (f"From row {first:,} on, abstracts and DOIs are missing: {str(error).rstrip('.')}.",)
        return {_key(row): row for row in found}, ()

    def _search(self, query: str, most: int) -> list[Mapping[str, Any]]:
        """The papers that a query finds, with all that is known of them."""
        parameters = {"query": query, "resultType": "core", "pageSize": most, "format": "json"}
        rows = inside(self._json("search", parameters), "resultList", "result")
        if not isinstance(rows, list):
            raise SourceError(f"{SERVICE} sent something other than a list of papers.")
        return [row for row in rows if isinstance(row, dict)]

    def _json(self, path: str, parameters: Mapping[str, object]) -> Any:
        """The JSON at a path."""
        try:
            return self._transport.json(f"{self._address}/{path}", parameters=urlencode(parameters))
        except Refused as refusal:
            if refusal.status == 404:
                raise SourceError(f"{SERVICE} has nothing at {path}.") from None
            raise


# From the service's objects to records -------------------------------------------------------------------------------


def paper_record(raw: Mapping[str, Any]) -> PaperRecord:
    """What a row of a search or of a list says, however much it holds. Malformed parts are left out; none is raised."""
    types = _types(raw)
    return PaperRecord(
        identifiers=_identifiers(raw),
        title=_title(raw.get("title")),
        abstract=abstract_of(raw.get("abstractText")),
        year=number_of(raw.get("pubYear")) or None,
        published_on=date_of(raw.get("firstPublicationDate")),
        venue=_venue(raw),
        kind=_kind(raw, types),
        notice=_notice(raw, types),
        authors=_authors(raw),
        cited_by_count=number_of(raw.get("citedByCount")),
        raw=raw,
    )


def citation_record(
    row: object, hub: PaperRecord, direction: Direction, found: Mapping[str, Mapping[str, Any]] | None = None
) -> CitationRecord | Rejected:
    """What a row of a list says; `found` is what the search knows of its papers.

    Rows of references that the service could not match to a paper have no id; a few of them have a DOI.
    """
    if not isinstance(row, dict):
        return Rejected("empty record", row)
    listed, details = paper_record(row), (found or {}).get(_key(row))
    paper = _joined(listed, paper_record(details)) if details is not None else listed
    if not paper.identifiers:
        return Rejected("no identifier", row)
    citing, cited = (paper, hub) if direction == "citations" else (hub, paper)
    return CitationRecord(citing=citing, cited=cited, raw=row)


def _joined(listed: PaperRecord, details: PaperRecord) -> PaperRecord:
    """The record of the search, with what only the list says."""
    return replace(
        details,
        identifiers=tuple(dict.fromkeys((*listed.identifiers, *details.identifiers))),
        title=details.title or listed.title,
        year=details.year or listed.year,
        venue=details.venue or listed.venue,
        authors=details.authors or listed.authors,
    )


def _query(identifier: Identifier) -> str:
    """How the search is asked for one paper; "" for a name that it does not know."""
    if identifier.scheme is Scheme.PMID:
        return f"EXT_ID:{identifier.value} AND SRC:MED"
    if identifier.scheme is Scheme.PMCID:
        return f"PMCID:{identifier.value}"
    if identifier.scheme is Scheme.DOI:
        value = re.sub(r'(["\\])', r"\\\1", identifier.value)
        return f'DOI:"{value}"'
    return ""


def _own_name(row: object) -> tuple[str, str]:
    """Collection and id of a row, such as ("MED", "34308300"), fit for a query; empty texts where there is none."""
    source, name = inside(row, "source"), inside(row, "id")
    for value in (source, name):
        if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9]+", value):
            return "", ""
    return str(source), str(name)


def _key(row: object) -> str:
    """Collection and id of a row in one text; "" where there is none."""
    return "/".join(filter(None, _own_name(row)))


def _identifiers(raw: Mapping[str, Any]) -> tuple[Identifier, ...]:
    """PubMed id, then the others; ids of further collections (preprints, patents, theses) have no scheme here."""
    own = {"MED": Scheme.PMID, "PMC": Scheme.PMCID}.get(str(raw.get("source")))
    named: list[tuple[Scheme, object]] = [(own, raw.get("id"))] if own else []
    named += [(Scheme.PMID, raw.get("pmid")), (Scheme.PMCID, raw.get("pmcid")), (Scheme.DOI, raw.get("doi"))]
    return identifiers_of(named)


def _title(raw: object) -> str:
    """The title without the full stop that PubMed puts behind every title."""
    title = text_of(raw)
    return title[:-1] if title.endswith(".") and not title.endswith("..") else title


def _venue(raw: Mapping[str, Any]) -> str:
    """The journal, by its full name where that is given; for a preprint its server."""
    candidates = (
        inside(raw, "journalInfo", "journal", "title"),
        raw.get("journalTitle"),
        raw.get("journalAbbreviation"),
        inside(raw, "bookOrReportDetails", "publisher"),
        raw.get("publicationTitle"),
    )
    return next((name for name in map(text_of, candidates) if name), "")


def _types(raw: Mapping[str, Any]) -> frozenset[str]:
    """Types of publication in lower case: a list, or a text with semicolons."""
    stated = inside(raw, "pubTypeList", "pubType") or raw.get("pubType") or raw.get("citationType")
    values = stated.split(";") if isinstance(stated, str) else stated
    return frozenset(
        value.strip().lower() for value in (values if isinstance(values, list) else []) if isinstance(value, str)
    )


def _kind(raw: Mapping[str, Any], types: frozenset[str]) -> str:
    """What sort of work it is; "" where no type says."""
    by_source = _KINDS_OF_SOURCES.get(str(raw.get("source")))
    return by_source or next((kind for name, kind in _KINDS if name in types), "")


def _notice(raw: Mapping[str, Any], types: frozenset[str]) -> str:
    """The strongest notice among a paper's types and its relations to corrections."""
    related = inside(raw, "commentCorrectionList", "commentCorrection")
    relations = {text_of(inside(one, "type")) for one in (related if isinstance(related, list) else [])}
    stated = {value.lower().replace("-", " ") for value in (*types, *relations)}
    return next((notice for name, notice in _NOTICES if name in stated), "")


def _authors(raw: Mapping[str, Any]) -> tuple[AuthorRecord, ...]:
    """Names in order, in full where they are given so, else as in "Nguyen NN, Brouqui P."."""
    listed = inside(raw, "authorList", "author")
    found = []
    for author in listed if isinstance(listed, list) else []:
        given, family = text_of(inside(author, "firstName")), text_of(inside(author, "lastName"))
        name = f"{given} {family}" if given and family else ""
        name = name or text_of(inside(author, "fullName")) or text_of(inside(author, "collectiveName")) or family
        is_orcid = inside(author, "authorId", "type") == "ORCID"
        orcid = orcid_of(inside(author, "authorId", "value")) if is_orcid else ""
        if name:
            found.append(AuthorRecord(name, orcid=orcid))
    names = text_of(raw.get("authorString")).rstrip(".").split(", ")
    return tuple(found) or tuple(AuthorRecord(name.strip()) for name in names if name.strip())
