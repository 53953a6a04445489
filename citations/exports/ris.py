"""RIS (specification of 2011): one record a paper, CRLF, UTF-8. What is said of the citation stands in KW and N1."""

from __future__ import annotations

from citations.exports.formats import About, Format, key, keywords, named_parts, note
from citations.exports.rows import ExportRow, PaperFacts
from citations.identifiers import Scheme
from citations.vocabulary import Kind

_TYPES = {
    Kind.ARTICLE: "JOUR",
    Kind.PREPRINT: "UNPB",
    Kind.CONFERENCE: "CPAPER",
    Kind.BOOK: "BOOK",
    Kind.CHAPTER: "CHAP",
    Kind.THESIS: "THES",
    Kind.REVIEW: "JOUR",
    Kind.REPORT: "RPRT",
    Kind.DATASET: "DATA",
    Kind.SOFTWARE: "COMP",
}
# Where the venue stands: the journal, the institution, or what the work is a part of.
_VENUE_TAGS = {"JOUR": "JO", "THES": "PB", "RPRT": "PB", "BOOK": "PB"}


def entry(paper: PaperFacts, row: ExportRow | None = None) -> str:
    """A paper as one record, with what is said of its citation where a row is given."""
    kind = _TYPES.get(paper.kind, "GEN") if paper.kind else "GEN"
    arxiv = paper.named(Scheme.ARXIV)
    addresses = dict.fromkeys([paper.url, Scheme.ARXIV.url(arxiv) if arxiv else ""])
    # The slashes of a date stand even where month and day are not known.
    date = f"{paper.published_on:%Y/%m/%d}/" if paper.published_on else ""
    lines = [
        ("TY", kind),
        ("ID", key(paper)),
        ("TI", paper.title),
        *(("AU", _name(author)) for author in paper.authors),
        ("PY", str(paper.year or "")),
        ("DA", date),
        (_VENUE_TAGS.get(kind, "T2"), paper.venue),
        ("DO", paper.named(Scheme.DOI)),
        *(("UR", address) for address in addresses),
        ("AN", f"PMID: {paper.named(Scheme.PMID)}" if paper.named(Scheme.PMID) else ""),
        ("AB", paper.abstract),
    ]
    if row is not None:
        lines += [("KW", keyword) for keyword in keywords(row)]
        lines += [("N1", statement) for statement in note(row)]
    return "".join(f"{tag}  - {value}\r\n" for tag, value in lines if value) + "ER  - \r\n"


def _name(author: str) -> str:
    """A name as RIS wants it: family name, comma, the rest. The comma of a body's name would divide it."""
    family, rest = named_parts(author)
    return f"{family}, {rest}" if rest else family.replace(",", " ")


def _broken(message: str, _: bool) -> str:
    """A record without a title and without its end, so that programs stumble over it too."""
    return f"\r\nTY  - ERROR\r\nN1  - {message}\r\n"


def _begin(about: About) -> str:
    """Nothing: RIS has no place for remarks before the first record."""
    return ""


RIS = Format(
    extension="ris",
    label="RIS",
    media_type="application/x-research-info-systems",
    begin=_begin,
    entry=lambda row, about: entry(row.paper, row),
    broken=_broken,
    separator="\r\n",
)
