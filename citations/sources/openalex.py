"""OpenAlex: a work by any of its names, the works that cite it, and those that it cites.

A thin module over our own transport instead of the `pyalex` client, whose address is fixed and which tries again over
https alone. OpenAlex gives no intents: its citations come without labels.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import httpx

from citations.identifiers import BadIdentifier, Identifier, Scheme, display, equivalents, parse
from citations.sources.reading import (
    Answer,
    accepted,
    also_named,
    ask_until_new,
    at_most,
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
from citations.sources.transport import TIMEOUT_SECONDS, Refused, TooManyRequests, Transport
from citations.text import from_inverted_index
from citations.vocabulary import Kind, Notice

NAME = "openalex"
SERVICE = "OpenAlex"
API_URL = "https://api.openalex.org"

# The service allows 100 requests a second to everybody; each list costs part of a daily budget, so haste gains nothing.
PAUSE_SECONDS = 0.1
# "per_page: 1 to 100" (it used to be 200), and as many values in one filter.
PAGE_ROWS = 100
# The work to which every deleted one leads (OpenAlex help, "merged and deleted entities").
DELETED_WORK = Identifier(Scheme.OPENALEX, "W4285719527")
# Stand-ins for authors who are not known and authors whose records were deleted.
_NO_AUTHORS = frozenset({"A9999999999", "A5317838346"})

# What of a work we read; the rest need not travel.
FIELDS = (
    "id",
    "ids",
    "doi",
    "display_name",
    "publication_year",
    "publication_date",
    "type",
    "primary_location",
    "locations",
    "authorships",
    "cited_by_count",
    "is_retracted",
    "abstract_inverted_index",
)

# Prefix under which the service is asked, by scheme.
_ASKED_AS = {
    Scheme.OPENALEX: "",
    Scheme.DOI: "doi:",
    Scheme.PMID: "pmid:",
    Scheme.PMCID: "pmcid:",
    Scheme.MAG: "mag:",
}
_OWN_IDS = {
    "doi": Scheme.DOI,
    "pmid": Scheme.PMID,
    "pmcid": Scheme.PMCID,
    "mag": Scheme.MAG,
}
_KINDS = {
    "article": Kind.ARTICLE,
    "letter": Kind.ARTICLE,
    "editorial": Kind.ARTICLE,
    "preprint": Kind.PREPRINT,
    "conference-paper": Kind.CONFERENCE,
    "book": Kind.BOOK,
    "book-chapter": Kind.CHAPTER,
    "reference-entry": Kind.CHAPTER,
    "dissertation": Kind.THESIS,
    "review": Kind.REVIEW,
    "report": Kind.REPORT,
    "dataset": Kind.DATASET,
    "software": Kind.SOFTWARE,
}


class OpenAlexSource:
    """OpenAlex at `api_url`, asked as the holder of `api_key`; `contact` is told to the service's operators.

    Without a key the service's daily budget is soon used up.
    """

    name = NAME
    lists: tuple[Direction, ...] = ("citations", "references")

    def __init__(
        self, api_url: str = "", api_key: str = "", contact: str = "", *, transport: Transport | None = None
    ) -> None:
        self._address = (api_url or API_URL).rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._transport = transport or make_transport(contact, pause_at(self._address, API_URL, PAUSE_SECONDS))

    def takes(self, identifier: Identifier) -> bool:
        """Whether the service can be asked for a paper by this name of it."""
        return identifier.scheme is Scheme.ARXIV or identifier.scheme in _ASKED_AS

    def paper(self, identifier: Identifier) -> PaperRecord:
        """The record of one paper. Raises `SourceError`, also when the service does not know it or has deleted it."""
        return _hub_record(self._work(identifier), identifier)

    def pages(
        self, identifier: Identifier, direction: Direction, cursor: Cursor | None = None, limit: int | None = None
    ) -> Iterator[Page]:
        """The papers that cite a paper ("citations") or that it cites ("references"), page by page from `cursor` on.

        `limit` is the greatest number of rows in all, those before `cursor` included. The first page brings the paper
        itself along. Raises `SourceError`.
        """
        work = self._work(identifier)
        hub = _hub_record(work, identifier)
        if direction == "citations":
            walk = self._citations(hub, cursor or {}, limit)
        else:
            walk = self._references(work, hub, cursor or {}, limit)
        for number, page in enumerate(walk):
            yield page if number else replace(page, papers=(hub,))

    def _citations(self, hub: PaperRecord, cursor: Cursor, limit: int | None) -> Iterator[Page]:
        """The works that cite the hub, by the service's own cursor."""
        position, read = str(cursor.get("cursor", "*")), int(cursor.get("rows", 0))
        seen: set[str] = set()
        done = False
        while not done:
            room = PAGE_ROWS if limit is None else min(PAGE_ROWS, limit - read)
            if room <= 0:
                yield Page(cursor_after={"cursor": position, "rows": read}, done=True, expected=limit)
                return
            answer = self._ask_until_new(hub, position, room, seen)
            read += len(answer.rows)
            done = answer.after is None or (limit is not None and read >= limit)
            position = answer.after or position
            yield Page(
                records=tuple(citation_record(row, hub) for row in answer.rows),
                cursor_after={"cursor": position, "rows": read},
                done=done,
                expected=at_most(answer.total, limit),
            )

    def _ask_until_new(self, hub: PaperRecord, position: str, room: int, seen: set[str]) -> Answer:
        """One page of citing works, asked for again while it brings nothing new."""
        filters = {"filter": f"cites:{hub.identifiers[0].value}", "per_page": room, "cursor": position}
        return ask_until_new(
            lambda: self._list(filters, room), seen, position, f"{SERVICE} {{}} in the list of citations"
        )

    def _references(self, work: Any, hub: PaperRecord, cursor: Cursor, limit: int | None) -> Iterator[Page]:
        """The works that the hub cites: it names them, and they are fetched in batches."""
        named = inside(work, "referenced_works")
        keyed = [(str(value), value) for value in (named if isinstance(named, list) else [])]
        for batch in batches(keyed, cursor, PAGE_ROWS, limit):
            ids = [(value, _work_identifier(value)) for value in batch.items]
            found = self._works([known for _, known in ids if known is not None])
            yield Page(
                records=tuple(_reference_record(value, known, found, hub) for value, known in ids),
                cursor_after=batch.cursor,
                done=batch.done,
                expected=batch.expected,
            )

    def _works(self, identifiers: list[Identifier]) -> dict[Identifier, Any]:
        """Works by the names under which they were asked for; those that are gone are left out."""
        wanted = list(dict.fromkeys(identifiers))
        if not wanted:
            return {}
        names = "|".join(known.value for known in wanted)
        rows = self._list({"filter": f"openalex_id:{names}", "per_page": len(wanted)}, len(wanted)).rows
        by_name = {_work_identifier(inside(row, "id")): row for row in rows}
        found = {known: by_name[known] for known in wanted if known in by_name}
        for known in wanted:
            # A merged work is known to lists by its new name only; asked for alone, the old one leads there.
            if known not in found:
                work = self._work_or_none(known)
                if work is not None:
                    found[known] = work
        return found

    def _list(self, filters: Mapping[str, object], most: int) -> Answer:
        """One answer with a list of works, of which at most that many are taken."""
        body = self._json("works", {**filters, "select": ",".join(FIELDS)})
        rows = inside(body, "results")
        if not isinstance(rows, list):
            raise SourceError(f"{SERVICE} sent something other than a list of works.")
        after = inside(body, "meta", "next_cursor")
        return Answer(rows[:most], str(after) if after else None, number_of(inside(body, "meta", "count")))

    def _work(self, identifier: Identifier) -> Any:
        """The object of one work."""
        asked = identifier
        if identifier.scheme is Scheme.ARXIV:
            (asked,) = equivalents(identifier)
        if asked.scheme not in _ASKED_AS:
            raise NotNamed(
                f"{SERVICE} cannot be asked for {display(identifier)}: it takes DOIs, its own ids, and those of arXiv, "
                "PubMed, PubMed Central and Microsoft Academic."
            )
        work = self._work_or_none(asked)
        if work is None:
            raise UnknownPaper(f"{SERVICE} knows no paper {display(identifier)}.")
        if _work_identifier(inside(work, "id")) is None:
            raise SourceError(f"{SERVICE} sent something other than a work for {display(identifier)}.")
        return work

    def _work_or_none(self, asked: Identifier) -> Any:
        """The object of one work, also where it was merged into another; None where there is none."""
        try:
            return self._json(f"works/{_ASKED_AS[asked.scheme]}{in_path(asked.value)}", {})
        except Refused as refusal:
            if refusal.status in (404, 410):
                return None
            raise

    def _json(self, path: str, parameters: Mapping[str, object]) -> Any:
        """The JSON at a path."""
        try:
            return self._transport.json(
                f"{self._address}/{path}", parameters=urlencode(parameters, safe=":|*,"), headers=self._headers
            )
        except Refused as refusal:
            if refusal.status in (401, 403):
                raise SourceError(f"{refusal} Check OPENALEX_API_KEY.") from None
            raise
        except TooManyRequests as error:
            if self._headers:
                raise
            raise TooManyRequests(f"{error} Without a key (OPENALEX_API_KEY) the daily budget is small.") from None


def make_transport(contact: str = "", pause: float = 0.0) -> Transport:
    """A transport that follows redirects, by which the service leads from a merged work to the one that remains.

    On the way to another host httpx leaves the header with the key behind.
    """
    client = httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=True)
    return Transport(SERVICE, contact=contact, pause=pause, client=client)


# From the service's objects to records -------------------------------------------------------------------------------


def paper_record(raw: Mapping[str, Any]) -> PaperRecord:
    """What a work says, of any age of the schema. Malformed parts are left out; nothing is raised."""
    index = raw.get("abstract_inverted_index")
    return PaperRecord(
        identifiers=_identifiers(raw),
        title=text_of(raw.get("display_name")) or text_of(raw.get("title")),
        abstract=from_inverted_index(index) if isinstance(index, dict) else "",
        year=number_of(raw.get("publication_year")) or None,
        published_on=_published_on(raw),
        venue=_venue(raw),
        kind=_kind(raw),
        notice=Notice.RETRACTED if raw.get("is_retracted") is True else "",
        url=text_of(inside(raw, "primary_location", "landing_page_url")),
        authors=_authors(raw.get("authorships")),
        cited_by_count=number_of(raw.get("cited_by_count")),
        raw=raw,
    )


def citation_record(row: object, hub: PaperRecord) -> CitationRecord | Rejected:
    """What a row of the list of works that cite `hub` says."""
    paper = work_or_rejected(row)
    return paper if isinstance(paper, Rejected) else CitationRecord(citing=paper, cited=hub, raw=row)


def work_or_rejected(row: object) -> PaperRecord | Rejected:
    """The record of a work in a list, or why it is none."""
    if not isinstance(row, dict):
        return Rejected("empty record", row)
    paper = paper_record(row)
    # Authors, journals and institutions have numbers of Microsoft Academic, too.
    if all(known.scheme is not Scheme.OPENALEX for known in paper.identifiers):
        return Rejected("not a work", row)
    if DELETED_WORK in paper.identifiers:
        return Rejected("deleted work", row)
    return accepted(paper)


def _reference_record(
    raw: object, asked: Identifier | None, found: Mapping[Identifier, Any], hub: PaperRecord
) -> CitationRecord | Rejected:
    """What the name of a cited work says, with the work as far as it was found.

    A work that is gone stays a name without a title: another source may have told which paper that is.
    """
    if asked is None:
        return Rejected("no identifier", raw)
    row = found.get(asked)
    if row is None and asked != DELETED_WORK:
        return CitationRecord(citing=hub, cited=PaperRecord(identifiers=(asked,), raw=raw), raw=raw)
    paper = work_or_rejected(row) if row is not None else Rejected("deleted work", raw)
    if isinstance(paper, Rejected):
        return paper
    return CitationRecord(citing=hub, cited=also_named(paper, asked), raw=row)


def _hub_record(work: Mapping[str, Any], identifier: Identifier) -> PaperRecord:
    """The record of the paper that was asked for, which also carries the name under which it was."""
    record = paper_record(work)
    if DELETED_WORK in record.identifiers:
        raise UnknownPaper(f"{SERVICE} has deleted the work {display(identifier)}.")
    return also_named(record, identifier)


def _work_identifier(raw: object) -> Identifier | None:
    """The identifier of a work by its address or short form; None for anything else."""
    found = identifiers_of([(Scheme.OPENALEX, raw)])
    return found[0] if found else None


def _identifiers(raw: Mapping[str, Any]) -> tuple[Identifier, ...]:
    """The service's own name first; of the work's other places, those that say the same paper is on arXiv or PubMed."""
    ids = raw.get("ids")
    named = [(Scheme.OPENALEX, raw.get("id")), (Scheme.OPENALEX, inside(ids, "openalex")), (Scheme.DOI, raw.get("doi"))]
    named += [(scheme, inside(ids, name)) for name, scheme in _OWN_IDS.items()]
    locations = raw.get("locations")
    elsewhere = [
        identifier
        for location in (locations if isinstance(locations, list) else [])
        for value in (inside(location, "id"), inside(location, "landing_page_url"))
        for identifier in _place(value)
    ]
    return tuple(dict.fromkeys((*identifiers_of(named), *elsewhere)))


def _place(raw: object) -> tuple[Identifier, ...]:
    """The identifier that a place of a work carries, where arXiv or PubMed gave it out.

    Other repositories give DOIs to slides and data that accompany a paper, too.
    """
    if not isinstance(raw, str):
        return ()
    try:
        found = parse(raw.removeprefix("pmh:"))
    except BadIdentifier:
        return ()
    if found.scheme is Scheme.DOI:
        return equivalents(found)
    return (found,) if found.scheme in (Scheme.ARXIV, Scheme.PMID, Scheme.PMCID) else ()


def _published_on(raw: Mapping[str, Any]) -> datetime.date | None:
    """The day of publication. The service writes 1 January where it knows no more than the year."""
    day = date_of(raw.get("publication_date"))
    return None if day is not None and (day.month, day.day) == (1, 1) else day


def _venue(raw: Mapping[str, Any]) -> str:
    """The name of the venue; in works of before 2023 it stands elsewhere."""
    candidates = (
        inside(raw, "primary_location", "source", "display_name"),
        inside(raw, "primary_location", "raw_source_name"),
        inside(raw, "host_venue", "display_name"),
    )
    return next((name for name in map(text_of, candidates) if name), "")


def _kind(raw: Mapping[str, Any]) -> str:
    """What sort of work it is; the service counts papers in proceedings among articles."""
    stated = raw.get("type")
    if not isinstance(stated, str) or not stated:
        return ""
    kind = _KINDS.get(stated, Kind.OTHER)
    crossref_types = (raw.get("type_crossref"), inside(raw, "primary_location", "raw_type"))
    in_proceedings = inside(raw, "primary_location", "source", "type") == "conference"
    if kind == Kind.ARTICLE and (in_proceedings or "proceedings-article" in crossref_types):
        return Kind.CONFERENCE
    return kind


def _authors(raw: object) -> tuple[AuthorRecord, ...]:
    """Names in order, with the service's ids; an author without a name is left out."""
    found = []
    for authorship in raw if isinstance(raw, list) else []:
        name = text_of(inside(authorship, "author", "display_name")) or text_of(inside(authorship, "raw_author_name"))
        key = text_of(inside(authorship, "author", "id")).rpartition("/")[2]
        keys = (f"openalex:{key}",) if re.fullmatch(r"A[0-9]+", key) and key not in _NO_AUTHORS else ()
        if name:
            found.append(AuthorRecord(name, keys, orcid_of(inside(authorship, "author", "orcid"))))
    return tuple(found)
