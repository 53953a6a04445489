"""The sample collection: records from its file."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from citations.identifiers import Identifier, Scheme, normalise
from citations.sources.records import AuthorRecord, CitationRecord, Cursor, Page, PaperRecord

SAMPLE_FILE = Path(__file__).resolve().parent.parent / "sample" / "pythia.json"


def sample_pages(cursor: Cursor) -> Iterator[Page]:
    """The whole sample as one page: the hub, and the papers that cite it with their illustrative labels."""
    content = json.loads(SAMPLE_FILE.read_text(encoding="utf-8"))
    hub = _paper(content["hub"])
    yield Page(
        papers=(hub,),
        records=tuple(_citation(entry, hub) for entry in content["citing"]),
        cursor_after={"done": True},
        done=True,
        expected=len(content["citing"]),
    )


def _citation(entry: Mapping[str, Any], hub: PaperRecord) -> CitationRecord:
    """One citing paper with its role and polarity."""
    return CitationRecord(
        citing=_paper(entry), cited=hub, role=entry["role"] or "", polarity=entry["polarity"] or "", raw=entry
    )


def _paper(entry: Mapping[str, Any]) -> PaperRecord:
    """The facts of one paper; null is kept as not known."""
    return PaperRecord(
        identifiers=tuple(_identifiers(entry)),
        title=entry["title"],
        abstract=entry["abstract"] or "",
        summary=entry["summary"] or "",
        year=entry["year"],
        published_on=datetime.date.fromisoformat(entry["published_on"]) if entry["published_on"] else None,
        venue=entry["venue"] or "",
        kind=entry["kind"] or "",
        url=entry["url"] or "",
        authors=tuple(AuthorRecord(name) for name in entry["authors"]),
        raw=entry,
    )


def _identifiers(entry: Mapping[str, Any]) -> Iterator[Identifier]:
    """The arXiv id, which is the sample's own name for a paper, and its DOIs."""
    for scheme, key in ((Scheme.ARXIV, "arxiv"), (Scheme.DOI, "doi"), (Scheme.DOI, "doi_publisher")):
        if entry.get(key):
            yield normalise(scheme, entry[key])
