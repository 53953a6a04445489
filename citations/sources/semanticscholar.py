"""Semantic Scholar's Graph API: a paper, who cites it, what it cites, in which sentences and with which intents.

The `semanticscholar` client knows addresses and the key; under it lies our own transport, because the client tries
again on status 429 only, ignores `Retry-After`, asks again without pause during 502 and 503, and ends a list silently
at 9,999 rows. Rows are read as JSON: its objects fail on shapes that the service does send, such as null authors.
"""

from __future__ import annotations

import json
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from semanticscholar.ApiRequester import ApiRequester
from semanticscholar.AsyncSemanticScholar import AsyncSemanticScholar

from citations.identifiers import Identifier, Scheme, display
from citations.sources.reading import (
    STALE_PAGES,
    abstract_of,
    also_named,
    date_of,
    identifiers_of,
    in_path,
    inside,
    number_of,
    pause_at,
    text_of,
)
from citations.sources.records import (
    AuthorRecord,
    CitationRecord,
    Cursor,
    Direction,
    MentionRecord,
    NotNamed,
    Page,
    PaperRecord,
    Rejected,
    SourceError,
    UnknownPaper,
)
from citations.sources.transport import Refused, Transport
from citations.text import content_hash
from citations.vocabulary import Kind

NAME = "semanticscholar"
SERVICE = "Semantic Scholar"
HOST = "api.semanticscholar.org"

# The key under which a row of each list holds the other paper.
_OTHER_PAPER = {"citations": "citingPaper", "references": "citedPaper"}

# The service takes up to 1,000 rows a page; with all fields it then often runs into its own gateway's time limit (504).
PAGE_ROWS = 250
# offset + limit must stay below 10,000 (the service's documentation of both lists).
CEILING = 9_999
# "1 request per second, cumulative across all endpoints" for holders of a key; the others share less.
PAUSE_SECONDS = 1.0

PAPER_FIELDS = (
    "paperId",
    "corpusId",
    "externalIds",
    "url",
    "title",
    "abstract",
    "venue",
    "publicationVenue",
    "year",
    "publicationDate",
    "publicationTypes",
    "journal",
    "authors",
    "citationCount",
)
# What only the paper's own address gives; the lists refuse `tldr`.
_OWN_FIELDS = ("referenceCount", "tldr")
CITATION_FIELDS = ("contexts", "intents", "contextsWithIntent", "isInfluential")

# Prefix under which the service is asked, by scheme, and the schemes under `externalIds` by the service's names.
_ASKED_AS = {
    Scheme.S2: "",
    Scheme.CORPUSID: "CorpusID:",
    Scheme.DOI: "DOI:",
    Scheme.ARXIV: "ARXIV:",
    Scheme.PMID: "PMID:",
    Scheme.PMCID: "PMCID:",
    Scheme.ACL: "ACL:",
    Scheme.MAG: "MAG:",
}
_EXTERNAL_IDS = {
    "CorpusId": Scheme.CORPUSID,
    "DOI": Scheme.DOI,
    "ArXiv": Scheme.ARXIV,
    "PubMed": Scheme.PMID,
    "PubMedCentral": Scheme.PMCID,
    "ACL": Scheme.ACL,
    "DBLP": Scheme.DBLP,
    "MAG": Scheme.MAG,
}
# The first that applies; nearly every record is a "JournalArticle" besides what it is.
_KINDS = (
    ("Dataset", Kind.DATASET),
    ("Review", Kind.REVIEW),
    ("MetaAnalysis", Kind.REVIEW),
    ("Conference", Kind.CONFERENCE),
    ("BookSection", Kind.CHAPTER),
    ("Book", Kind.BOOK),
    ("JournalArticle", Kind.ARTICLE),
    ("CaseReport", Kind.ARTICLE),
    ("ClinicalTrial", Kind.ARTICLE),
    ("Editorial", Kind.ARTICLE),
    ("LettersAndComments", Kind.ARTICLE),
    ("News", Kind.OTHER),
    ("Study", Kind.ARTICLE),
)
# Preprint servers stand among the journals there.
_PREPRINT_VENUES = frozenset({"arxiv", "arxiv.org", "corr", "biorxiv", "medrxiv", "chemrxiv", "psyarxiv", "ssrn"})


class SemanticScholarSource:
    """Semantic Scholar at `api_url`, asked as the holder of `api_key`; `contact` is told to the service's operators."""

    name = NAME
    lists: tuple[Direction, ...] = ("citations", "references")

    def __init__(
        self, api_url: str = "", api_key: str = "", contact: str = "", *, transport: Transport | None = None
    ) -> None:
        address = (api_url or AsyncSemanticScholar.DEFAULT_API_URL).rstrip("/")
        pause = pause_at(address, f"https://{HOST}", PAUSE_SECONDS)
        self._client = _Client(address, api_key, transport or Transport(SERVICE, contact=contact, pause=pause))

    def takes(self, identifier: Identifier) -> bool:
        """Whether the service can be asked for a paper by this name of it."""
        return identifier.scheme in _ASKED_AS

    def paper(self, identifier: Identifier) -> PaperRecord:
        """The record of one paper. Raises `SourceError`, also when the service does not know it."""
        return self._asked(identifier).record

    def pages(
        self, identifier: Identifier, direction: Direction, cursor: Cursor | None = None, limit: int | None = None
    ) -> Iterator[Page]:
        """The papers that cite a paper ("citations") or that it cites ("references"), page by page from `cursor` on.

        `limit` is the greatest number of rows in all, those before `cursor` included. The first page brings the paper
        itself along. Raises `SourceError`.
        """
        hub = self._asked(identifier)
        walk = _Walk(self._client, hub, direction, limit, dict(cursor or {}))
        papers: tuple[PaperRecord, ...] = (hub.record,)
        while not walk.done:
            yield replace(walk.next_page(), papers=papers)
            papers = ()

    def _asked(self, identifier: Identifier) -> _Asked:
        """The paper that a user asked for, under the name by which he did."""
        asked_as = _asked_as(identifier)
        try:
            body = self._client.paper(asked_as)
        except Refused as refusal:
            if refusal.status == 404:
                raise UnknownPaper(f"{SERVICE} knows no paper {display(identifier)}.") from None
            raise _explained(refusal) from None
        if not isinstance(body, dict) or not (body.get("paperId") or body.get("title")):
            raise SourceError(f"{SERVICE} sent something other than a paper for {display(identifier)}.")
        record = also_named(paper_record(body), identifier)
        counts: dict[str, int | None] = {
            "citations": number_of(body.get("citationCount")),
            "references": number_of(body.get("referenceCount")),
        }
        return _Asked(asked_as, record, counts)


@dataclass(frozen=True)
class _Asked:
    """The paper in the middle: how to ask for it, what it is, and how many rows each list should have."""

    asked_as: str
    record: PaperRecord
    counts: Mapping[str, int | None]


class _Walk:
    """One walk through a list of citations or references."""

    def __init__(
        self, client: _Client, hub: _Asked, direction: Direction, limit: int | None, cursor: dict[str, Any]
    ) -> None:
        self._client, self._hub, self._direction, self._limit = client, hub, direction, limit
        self._offset, self._rows = int(cursor.get("offset", 0)), int(cursor.get("rows", 0))
        self._seen: set[str] = set()
        self._summaries_refused = False
        self.done = False

    def next_page(self) -> Page:
        """The page at the offset, then the offset moves on."""
        room = min(PAGE_ROWS, CEILING - self._offset)
        if self._limit is not None:
            room = min(room, self._limit - self._rows)
        if room <= 0:
            self.done = True
            return Page(cursor_after=self._cursor(), done=True, expected=self._expected())
        rows, after, notes = self._ask_until_new(room)
        self._offset = after if after is not None else self._offset + len(rows)
        self._rows += len(rows)
        is_limited = self._limit is not None and self._rows >= self._limit
        self.done = after is None or is_limited or after >= CEILING
        if after is not None and after >= CEILING and not is_limited:
            notes.append(self._ceiling_note())
        rows, summary_notes = self._with_summaries(rows)
        return Page(
            records=tuple(citation_record(row, self._hub.record, self._direction) for row in rows),
            cursor_after=self._cursor(),
            done=self.done,
            expected=self._expected(),
            notes=(*notes, *summary_notes),
        )

    def _ask_until_new(self, room: int) -> tuple[list[Any], int | None, list[str]]:
        """Rows, where the next page begins (None: nowhere) and notes; asked again while it brings nothing new.

        A page that repeats, or is empty though more should follow, is an accident of the service; where it stays so, an
        honest end is an error, because the rest of the list cannot be had.
        """
        for _ in range(STALE_PAGES):
            rows, after, notes = self._ask(room)
            keys = {_row_key(row) for row in rows}
            brings_new = bool(keys - self._seen)
            if (brings_new or (not rows and after is None)) and (after is None or after > self._offset):
                self._seen |= keys
                return rows, after, notes
        if after is None:
            return rows, None, notes
        what = "repeats rows it has already given" if rows else "sends empty pages"
        raise SourceError(f"{SERVICE} {what} at row {self._offset:,} of the {self._direction} and promises more.")

    def _ask(self, room: int) -> tuple[list[Any], int | None, list[str]]:
        """One answer: its rows, where the next page begins, and notes."""
        try:
            body = self._client.edges(self._hub.asked_as, self._direction, self._offset, room)
        except Refused as refusal:
            if refusal.status == 404:
                paper = display(self._hub.record.identifiers[-1])
                raise SourceError(f"{SERVICE} has no list of {self._direction} for {paper}.") from None
            raise _explained(refusal) from None
        rows = body.get("data") if isinstance(body, dict) else None
        if not isinstance(body, dict) or not isinstance(rows, list | None) or not ({"data", "offset"} & body.keys()):
            raise SourceError(f"{SERVICE} sent something other than a list of {self._direction}.")
        notes = [] if rows or rows == [] else [self._withheld_note(body)]
        # More rows than were asked for would break the limit and the count.
        return (rows or [])[:room], number_of(body.get("next")), [note for note in notes if note]

    def _withheld_note(self, body: Mapping[str, Any]) -> str:
        """Publishers can have the service keep the references of their papers to itself; then there is no list."""
        information = body.get("citingPaperInfo") or body.get("citedPaperInfo")
        if not isinstance(information, dict):
            return ""
        return f"{SERVICE} does not give the {self._direction} of this paper, at its publisher's request."

    def _ceiling_note(self) -> str:
        """What a user must know of a list that is longer than the service gives."""
        count = self._hub.counts[self._direction]
        known = f" of {count:,}" if count and count > CEILING else ""
        return f"{SERVICE} gives no more than {CEILING:,} rows of one list: only {CEILING:,}{known} were read."

    def _with_summaries(self, rows: list[Any]) -> tuple[list[Any], list[str]]:
        """Rows whose papers carry the one-sentence summary, which the lists leave out and the batch look-up gives.

        A nicety: where it cannot be had, the import goes on without, and says so.
        """
        other = _OTHER_PAPER[self._direction]
        papers = [row[other] for row in rows if isinstance(row, dict) and isinstance(row.get(other), dict)]
        ids = sorted({paper["paperId"] for paper in papers if isinstance(paper.get("paperId"), str)})
        if not ids or self._summaries_refused:
            return rows, []
        try:
            found = self._client.summaries(ids)
        except SourceError as error:
            self._summaries_refused = True
            return rows, [f"One-sentence summaries are missing: {error}"]
        for paper in papers:
            if found.get(paper.get("paperId") or ""):
                paper["tldr"] = found[paper["paperId"]]
        return rows, []

    def _cursor(self) -> dict[str, int]:
        return {"offset": self._offset, "rows": self._rows}

    def _expected(self) -> int | None:
        """How many rows there should be in all, for a progress bar."""
        known = [n for n in (self._hub.counts[self._direction], self._limit) if n is not None]
        return min(*known, CEILING) if self._hub.counts[self._direction] is not None else None


class _Requester(ApiRequester):
    """The client's requester, with our transport in place of its own."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(timeout=0, retry=False)
        self._transport = transport

    async def get_data_async(self, url: str, parameters: str, headers: dict[str, str], payload: object = None) -> Any:
        """The JSON at `url`. It blocks until that is there; see `_finished`."""
        return self._transport.json(url, parameters=parameters.lstrip("&"), headers=headers, payload=payload)


class _Client(AsyncSemanticScholar):
    """The client over our transport, with lists that begin anywhere, and raw JSON in place of its objects."""

    def __init__(self, api_url: str, api_key: str, transport: Transport) -> None:
        super().__init__(api_url=api_url, api_key=api_key or None, retry=False)
        self._requester = _Requester(transport)

    def paper(self, paper_id: str) -> Any:
        """The raw object of one paper."""
        return self._json(f"paper/{paper_id}", fields=(*PAPER_FIELDS, *_OWN_FIELDS))

    def edges(self, paper_id: str, direction: str, offset: int, limit: int) -> Any:
        """The raw answer for one page of citations or references."""
        fields = (*CITATION_FIELDS, *PAPER_FIELDS)
        return self._json(f"paper/{paper_id}/{direction}", fields=fields, paging=f"&offset={offset}&limit={limit}")

    def summaries(self, ids: list[str]) -> dict[str, Any]:
        """The raw `tldr` of each paper that has one, by its 40-digit id; at most 500 ids."""
        found = self._json("paper/batch", fields=("paperId", "tldr"), payload={"ids": ids})
        rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
        return {row["paperId"]: row.get("tldr") for row in rows if isinstance(row.get("paperId"), str)}

    def _json(self, path: str, *, fields: tuple[str, ...], paging: str = "", payload: object = None) -> Any:
        """One request, answered in full before this returns."""
        url = f"{self.api_url}{self.BASE_PATH_GRAPH}/{path}"
        request = self._requester.get_data_async(url, f"fields={','.join(fields)}{paging}", self.auth_header, payload)
        return _finished(request)


def _finished(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of an asynchronous method of the client, without an event loop: our transport never lets it wait."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise RuntimeError("the client waits for something that is not our transport")


def _asked_as(identifier: Identifier) -> str:
    """How the service wants to be asked for a paper, ready for an address."""
    if identifier.scheme not in _ASKED_AS:
        raise NotNamed(
            f"{SERVICE} cannot be asked for {display(identifier)}: it takes DOIs, its own ids, and those of arXiv, "
            "PubMed, PubMed Central, the ACL Anthology and Microsoft Academic."
        )
    value = identifier.value.removeprefix("PMC") if identifier.scheme is Scheme.PMCID else identifier.value
    return _ASKED_AS[identifier.scheme] + in_path(value)


def _explained(refusal: Refused) -> SourceError:
    """A refusal with what the user can do about it."""
    if refusal.status in (401, 403):
        return SourceError(f"{refusal} Check SEMANTIC_SCHOLAR_API_KEY.")
    return refusal


# From the service's objects to records -------------------------------------------------------------------------------


def paper_record(raw: Mapping[str, Any]) -> PaperRecord:
    """What a paper object says, of any age of the schema. Malformed parts are left out; nothing is raised."""
    venue = _venue(raw)
    return PaperRecord(
        identifiers=_identifiers(raw),
        title=text_of(raw.get("title")),
        abstract=abstract_of(raw.get("abstract")),
        summary=text_of(inside(raw.get("tldr"), "text")),
        year=number_of(raw.get("year")) or None,
        published_on=date_of(raw.get("publicationDate")),
        venue=venue,
        kind=_kind(raw, venue),
        url=raw["url"] if isinstance(raw.get("url"), str) else "",
        authors=_authors(raw.get("authors")),
        cited_by_count=number_of(raw.get("citationCount")),
        raw=raw,
    )


def citation_record(row: object, hub: PaperRecord, direction: Direction) -> CitationRecord | Rejected:
    """What a row of a list says; `hub` is the paper whose list it is."""
    if row is None:
        return Rejected("empty record", row)
    other = inside(row, _OTHER_PAPER[direction])
    if not isinstance(row, dict) or not isinstance(other, dict):
        return Rejected(f"no {'citing' if direction == 'citations' else 'cited'} paper in the record", row)
    paper = paper_record(other)
    return CitationRecord(
        citing=paper if direction == "citations" else hub,
        cited=hub if direction == "citations" else paper,
        mentions=_mentions(row),
        intents=_intents(row.get("intents")),
        is_influential=row["isInfluential"] if isinstance(row.get("isInfluential"), bool) else None,
        raw=row,
    )


def _identifiers(raw: Mapping[str, Any]) -> tuple[Identifier, ...]:
    """The service's own names first; a malformed one is left out, since the others still tell which paper it is."""
    external = raw.get("externalIds")
    external = external if isinstance(external, dict) else {}
    named: list[tuple[Scheme, object]] = [(Scheme.S2, raw.get("paperId")), (Scheme.CORPUSID, raw.get("corpusId"))]
    named += [
        (scheme, value)
        for name, scheme in _EXTERNAL_IDS.items()
        # DBLP has been seen as a list of keys.
        for value in (external[name] if isinstance(external.get(name), list) else [external.get(name)])
    ]
    return identifiers_of(named)


def _venue(raw: Mapping[str, Any]) -> str:
    """The name of the venue: the service's own record of it, else as printed, else the journal's."""
    candidates = (inside(raw.get("publicationVenue"), "name"), raw.get("venue"), inside(raw.get("journal"), "name"))
    return next((name for name in map(text_of, candidates) if name), "")


def _kind(raw: Mapping[str, Any], venue: str) -> str:
    """What sort of work it is; a preprint where nothing but a preprint server is named."""
    types = raw.get("publicationTypes")
    stated = {value for value in types if isinstance(value, str)} if isinstance(types, list) else set()
    kind = next((kind for name, kind in _KINDS if name in stated), None)
    if venue.lower() in _PREPRINT_VENUES and kind in (None, Kind.ARTICLE):
        return Kind.PREPRINT
    return kind or ""


def _authors(raw: object) -> tuple[AuthorRecord, ...]:
    """Names in order, with the service's ids; an author without a name is left out."""
    found = []
    for author in raw if isinstance(raw, list) else []:
        name = text_of(inside(author, "name"))
        key = text_of(str(inside(author, "authorId") or ""))
        if name:
            found.append(AuthorRecord(name, (f"s2:{key}",) if key else ()))
    return tuple(found)


def _mentions(row: Mapping[str, Any]) -> tuple[MentionRecord, ...]:
    """The sentences of a citation, each once, with the intents that the service ties to them.

    The older schema has `contexts` alone; the newer one repeats them in `contextsWithIntent`.
    """
    with_intent = row.get("contextsWithIntent")
    contexts = row.get("contexts")
    stated: list[tuple[str, tuple[str, ...]]] = [
        (text_of(inside(one, "context")), _intents(inside(one, "intents")))
        for one in (with_intent if isinstance(with_intent, list) else [])
    ]
    stated += [(text_of(context), ()) for context in (contexts if isinstance(contexts, list) else [])]
    found: dict[str, tuple[str, dict[str, None]]] = {}
    for sentence, intents in stated:
        if sentence:
            found.setdefault(content_hash(sentence), (sentence, {}))[1].update(dict.fromkeys(intents))
    return tuple(
        MentionRecord(sentence, order=order, intents=tuple(intents))
        for order, (sentence, intents) in enumerate(found.values())
    )


def _intents(raw: object) -> tuple[str, ...]:
    """Intents as the service spells them, each once; null and empty ones say nothing."""
    values = (text_of(value) for value in (raw if isinstance(raw, list) else []))
    return tuple(dict.fromkeys(value for value in values if value))


def _row_key(row: object) -> str:
    """What tells one row of a list from another: the other paper's id, else the whole row."""
    other = inside(row, "citingPaper") or inside(row, "citedPaper")
    paper_id = inside(other, "paperId")
    return paper_id if isinstance(paper_id, str) else json.dumps(row, sort_keys=True)
