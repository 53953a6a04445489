"""CSL-JSON (schema 1.0.2), the form of citation processors, Pandoc and Zotero: a list of items.

What is said of the citation stands in `keyword`, in `note`, and value by value in `custom`.
"""

from __future__ import annotations

from typing import Any

from citations.exports.formats import About, Format, key, keywords, named_parts, note
from citations.exports.json_rows import text
from citations.exports.rows import ExportRow, PaperFacts, export_row
from citations.identifiers import Scheme
from citations.vocabulary import Kind

_TYPES = {
    Kind.ARTICLE: "article-journal",
    # "article" is a preprint where it names no journal (CSL 1.0.2, appendix III).
    Kind.PREPRINT: "article",
    Kind.CONFERENCE: "paper-conference",
    Kind.BOOK: "book",
    Kind.CHAPTER: "chapter",
    Kind.THESIS: "thesis",
    Kind.REVIEW: "review",
    Kind.REPORT: "report",
    Kind.DATASET: "dataset",
    Kind.SOFTWARE: "software",
}
_PUBLISHED_BY = (Kind.BOOK, Kind.THESIS, Kind.REPORT)
# What of a row belongs to the citation and not to the paper.
_OF_CITATION = (
    "hub",
    "role",
    "polarity",
    "decided_by",
    "source",
    "coarse",
    "confirmed",
    "suggested",
    "confidence",
    "influential",
    "self_citation",
    "notice",
    "sentences",
    "paper",
)


def item(paper: PaperFacts) -> dict[str, Any]:
    """A paper as one item. What is not known is left out."""
    arxiv = paper.named(Scheme.ARXIV)
    published_by = paper.kind in _PUBLISHED_BY
    values: dict[str, Any] = {
        "id": key(paper),
        "type": _TYPES.get(paper.kind, "document") if paper.kind else "document",
        "genre": "preprint" if paper.kind is Kind.PREPRINT else "",
        "title": paper.title,
        "author": [_name(author) for author in paper.authors],
        "issued": _date(paper),
        "container-title": "" if published_by else paper.venue,
        "publisher": paper.venue if published_by else "",
        "DOI": paper.named(Scheme.DOI),
        "PMID": paper.named(Scheme.PMID),
        "PMCID": paper.named(Scheme.PMCID),
        "archive": "arXiv" if arxiv else "",
        "archive_location": arxiv,
        "URL": paper.url,
        "abstract": paper.abstract,
    }
    return {name: value for name, value in values.items() if value}


def _entry(row: ExportRow, about: About) -> str:
    """A citing paper as one item, with what is said of its citation."""
    values = export_row(row, about.site)
    custom = {name: values[name] for name in _OF_CITATION if values[name] is not None}
    said = {"keyword": ", ".join(keywords(row)), "note": "\n".join(note(row)), "custom": custom}
    return text(item(row.paper) | said)


def _name(author: str) -> dict[str, str]:
    """A name in its parts; that of a body is literal."""
    family, rest = named_parts(author)
    return {"family": family, "given": rest} if rest else {"literal": family}


def _date(paper: PaperFacts) -> dict[str, list[list[int]]] | None:
    """The day, else the year of publication; None where not even that is known."""
    if paper.published_on:
        return {"date-parts": [[paper.published_on.year, paper.published_on.month, paper.published_on.day]]}
    return {"date-parts": [[paper.year]]} if paper.year else None


def _broken(message: str, after_entries: bool) -> str:
    """An item that has neither title nor type, so that programs stumble over it too."""
    return f"{_SEPARATOR if after_entries else ''}{text({'id': 'ERROR', 'error': message})}\n]\n"


_SEPARATOR = ",\n"

CSL = Format(
    extension="csl.json",
    label="CSL-JSON",
    media_type="application/vnd.citationstyles.csl+json",
    begin=lambda about: "[\n",
    entry=_entry,
    broken=_broken,
    separator=_SEPARATOR,
    end="\n]\n",
    charset="",
)
