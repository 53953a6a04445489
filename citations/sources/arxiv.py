"""arXiv: the metadata of its papers, withdrawals included. It lists no citations.

Its API answers in Atom (XML). The standard library reads that; a document type declaration, the one thing that makes
XML dangerous (entities that grow or fetch), is refused before, and no feed of arXiv has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode
from xml.etree import ElementTree
from xml.parsers import expat

from citations.identifiers import Identifier, Scheme, display, equivalents
from citations.sources.reading import (
    abstract_of,
    accepted,
    batches,
    date_of,
    identifiers_of,
    pause_at,
    text_of,
)
from citations.sources.records import (
    AuthorRecord,
    Cursor,
    Direction,
    NotNamed,
    Page,
    PaperRecord,
    Rejected,
    SourceError,
    UnknownPaper,
)
from citations.sources.transport import Refused, Transport, Unreadable
from citations.vocabulary import Kind, Notice

NAME = "arxiv"
SERVICE = "arXiv"
API_URL = "https://export.arxiv.org"

# "No more than one request every three seconds" (Terms of Use for arXiv APIs).
PAUSE_SECONDS = 3.0
# Papers in one look-up: about 1,200 characters of address. More (up to 2,000) would need a POST.
PAGE_ROWS = 100

# Feeds have four levels; markup within a text would add a few.
DEEPEST_FEED = 50

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
# Under this address errors come as entries.
_ERRORS = "/api/errors"

# arXiv has no field for a withdrawal: authors and administrators say so in the comment, the title or the abstract.
_PAPER = r"(?:paper|article|submission|manuscript|work|preprint|e-?print|note|letter|report|thesis|draft)s?"
_SAID = re.compile(
    rf"(?:\A\W*|[.;!\]]\s+|note:\s+)(?:this|the)\s+(?:present\s+|current\s+)?{_PAPER}\s+"
    r"(?:(?:is|was|has\s+been|had\s+to\s+be)\s+)(?:(?:now|being|hereby|temporarily|voluntarily)\s+)*withdrawn\b"
    r"(?!\s+from\b)",
    re.IGNORECASE,
)
_BEGINS_WITH = re.compile(
    rf"\A\W*(?:{_PAPER}\s+)?(?:is\s+|was\s+|has\s+been\s+)?withdrawn\b(?!\s+from\b)", re.IGNORECASE
)
_TITLE_SAYS = re.compile(r"\A\W*withdrawn\s*(?:[:\])\-–—]|\Z)|[(\[]withdrawn[)\]]\s*\Z", re.IGNORECASE)


class ArxivSource:
    """arXiv at `api_url`; `contact` is told to its operators. It takes no key: `api_key` is there for uniformity."""

    name = NAME
    lists: tuple[Direction, ...] = ()

    def __init__(
        self, api_url: str = "", api_key: str = "", contact: str = "", *, transport: Transport | None = None
    ) -> None:
        self._address = (api_url or API_URL).rstrip("/")
        pause = pause_at(self._address, API_URL, PAUSE_SECONDS)
        self._transport = transport or FeedTransport(SERVICE, contact=contact, pause=pause)

    def takes(self, identifier: Identifier) -> bool:
        """Whether the service can be asked for a paper by this name of it."""
        return _own_id(identifier) is not None

    def paper(self, identifier: Identifier) -> PaperRecord:
        """The record of one paper. Raises `SourceError`, also when the service does not know it."""
        asked = _own_id(identifier)
        if asked is None:
            raise NotNamed(f"{SERVICE} cannot be asked for {display(identifier)}: it takes ids of arXiv.")
        record = self._records([asked]).get(asked)
        if record is None:
            raise UnknownPaper(f"{SERVICE} knows no paper {display(identifier)}.")
        return record

    def pages(
        self, identifier: Identifier, direction: Direction, cursor: Cursor | None = None, limit: int | None = None
    ) -> Iterator[Page]:
        """Raises `SourceError` instead of giving pages: arXiv knows neither what cites a paper nor what that cites."""
        yield from _no_pages(
            f"{SERVICE} lists no {direction}, only the papers themselves: ask semanticscholar or openalex for "
            f"{display(identifier)}."
        )

    def metadata(
        self, identifiers: Iterable[Identifier], cursor: Cursor | None = None, limit: int | None = None
    ) -> Iterator[Page]:
        """What arXiv says of these papers, page by page from `cursor` on: a record for each id, or its rejection.

        `limit` is the greatest number of ids in all, those before `cursor` included. Raises `SourceError`.
        """
        wanted = {own for own in map(_own_id, identifiers) if own is not None}
        for batch in batches([(own.value, own) for own in wanted], cursor or {}, PAGE_ROWS, limit):
            found = self._records(batch.items) if batch.items else {}
            yield Page(
                records=tuple(found.get(own) or Rejected(f"not known to {SERVICE}", str(own)) for own in batch.items),
                cursor_after=batch.cursor,
                done=batch.done,
                expected=batch.expected,
            )

    def _records(self, wanted: list[Identifier]) -> dict[Identifier, PaperRecord]:
        """What is known of papers, by arXiv id. An empty feed is believed the second time only: it is a known lapse."""
        names = ",".join(own.value for own in wanted)
        parameters = urlencode({"id_list": names, "max_results": len(wanted)}, safe="/,")
        found: list[ElementTree.Element] = []
        for _ in range(2):
            found = found or entries(self._transport.json(f"{self._address}/api/query", parameters=parameters))
        records = [record for record in map(entry_or_rejected, found) if isinstance(record, PaperRecord)]
        return {own: record for record in records for own in record.identifiers if own.scheme is Scheme.ARXIV}


class FeedTransport(Transport):
    """The transport for a service that answers in Atom: what `json` returns is the root of the feed."""

    accept = "application/atom+xml"

    def read(self, content: bytes) -> ElementTree.Element:
        """The feed. Errors come as feeds, too, sometimes under status 200: they raise `Refused`."""
        feed = parse_feed(content)
        if said := _said(feed):
            raise Refused(f"{self.service} refused the request: {said.rstrip('.')}.", 400)
        return feed

    def said(self, content: bytes) -> str:
        """The service's own words in the body of a refusal."""
        try:
            return _said(parse_feed(content))
        except Unreadable:
            return super().said(content)


# From feeds to records -----------------------------------------------------------------------------------------------


def parse_feed(content: bytes) -> ElementTree.Element:
    """The root of an Atom feed. Raises `Unreadable` for anything else."""
    start = content[:200].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise Unreadable("a page of HTML instead of a feed")
    try:
        _check(content)
        root = ElementTree.fromstring(content)
    except (expat.ExpatError, ElementTree.ParseError, LookupError):
        raise Unreadable("incomplete XML" if start else "an empty answer") from None
    if root.tag != f"{_ATOM}feed":
        raise Unreadable("something other than a feed")
    return root


def entries(feed: ElementTree.Element) -> list[ElementTree.Element]:
    """The entries of a feed, one for each paper."""
    return feed.findall(f"{_ATOM}entry")


def entry_or_rejected(entry: ElementTree.Element) -> PaperRecord | Rejected:
    """The record of a paper, or why an entry is none."""
    said = _error(entry)
    return Rejected(said, _raw(entry)) if said else accepted(paper_record(entry))


def paper_record(entry: ElementTree.Element) -> PaperRecord:
    """What an entry says. Malformed parts are left out; nothing is raised.

    The day is that of the first version. A paper that has been published elsewhere is no mere preprint: what it is
    there, and where, arXiv says only in free text.
    """
    title, abstract = text_of(_text(entry, "title")), abstract_of(_text(entry, "summary"))
    comment = text_of(_text(entry, "comment", _ARXIV))
    published_on = date_of(_text(entry, "published").strip())
    is_published = bool(_text(entry, "journal_ref", _ARXIV).strip())
    return PaperRecord(
        identifiers=_identifiers(entry),
        title=title,
        abstract=abstract,
        year=published_on.year if published_on else None,
        published_on=published_on,
        venue="" if is_published else "arXiv",
        kind="" if is_published else Kind.PREPRINT,
        notice=Notice.WITHDRAWN if is_withdrawn(title, abstract, comment) else "",
        url=_address(entry),
        authors=_authors(entry),
        raw=_raw(entry),
    )


def is_withdrawn(title: str, abstract: str, comment: str) -> bool:
    """Whether one of these plain texts says that this paper itself has been withdrawn.

    A comment may say it in any sentence, an abstract at its beginning only: further on it may be the subject.
    """
    return bool(
        _SAID.search(comment)
        or _BEGINS_WITH.match(comment)
        or _SAID.match(abstract)
        or _SAID.match(title)
        or _TITLE_SAYS.search(title)
    )


def _own_id(identifier: Identifier) -> Identifier | None:
    """The arXiv id that an identifier is, or stands for; None where it is neither."""
    names = (identifier, *equivalents(identifier))
    return next((known for known in names if known.scheme is Scheme.ARXIV), None)


def _no_pages(reason: str) -> Iterator[Page]:
    raise SourceError(reason)


def _identifiers(entry: ElementTree.Element) -> tuple[Identifier, ...]:
    """The arXiv id without its version, then the DOIs of the published version; several may stand in one field."""
    own = identifiers_of([(Scheme.ARXIV, _text(entry, "id").strip())])
    return (*own, *identifiers_of((Scheme.DOI, value) for value in _text(entry, "doi", _ARXIV).split()))


def _address(entry: ElementTree.Element) -> str:
    """The public page of the paper, whatever its version."""
    own = identifiers_of([(Scheme.ARXIV, _text(entry, "id").strip())])
    return own[0].url if own else ""


def _authors(entry: ElementTree.Element) -> tuple[AuthorRecord, ...]:
    """Names in order; one that is empty is left out."""
    names = (text_of(_text(author, "name")) for author in entry.findall(f"{_ATOM}author"))
    return tuple(AuthorRecord(name) for name in names if name)


def _error(entry: ElementTree.Element) -> str:
    """What the service says in place of a paper; "" for a paper."""
    if _ERRORS not in _text(entry, "id"):
        return ""
    return text_of(_text(entry, "summary")) or "no reason given"


def _said(feed: ElementTree.Element) -> str:
    """What the service says in place of papers; "" where it does not."""
    return next((said for entry in entries(feed) if (said := _error(entry))), "")


def _text(element: ElementTree.Element, name: str, namespace: str = _ATOM) -> str:
    """The text of a child, markup within it left out; "" without one."""
    child = element.find(f"{namespace}{name}")
    return "" if child is None else "".join(child.itertext())


def _raw(entry: ElementTree.Element) -> str:
    """The entry as it came, for a rejected record."""
    return ElementTree.tostring(entry, encoding="unicode")


def _check(content: bytes) -> None:
    """Refuse XML that declares a document type, or that is nested without end. Raises `Unreadable` and `ExpatError`."""
    depth = 0

    def declaration(*_: object) -> None:
        raise Unreadable("XML with a document type declaration, which is refused")

    def opened(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST_FEED:
            raise Unreadable("XML that is nested too deeply")

    def closed(*_: object) -> None:
        nonlocal depth
        depth -= 1

    guard = expat.ParserCreate()
    guard.StartDoctypeDeclHandler, guard.StartElementHandler, guard.EndElementHandler = declaration, opened, closed
    guard.Parse(content, True)
