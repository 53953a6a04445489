"""The `citation_...` meta tags that Google Scholar, Zotero, Mendeley and others read from the page of a paper.

Names after https://scholar.google.com/intl/en/scholar/inclusion.html#indexing and Zotero's translator "Embedded
Metadata".
"""

from __future__ import annotations

from citations.exports.rows import PaperFacts, Site
from citations.identifiers import Scheme
from citations.vocabulary import Kind

# What the venue is, by kind of work; else it is a journal.
_VENUE_TAGS = {
    Kind.CONFERENCE: "citation_conference_title",
    Kind.CHAPTER: "citation_inbook_title",
    Kind.BOOK: "citation_publisher",
    Kind.THESIS: "citation_dissertation_institution",
    Kind.REPORT: "citation_technical_report_institution",
}


def tags(paper: PaperFacts, site: Site) -> list[tuple[str, str]]:
    """Name and content of each tag, in order; one an author. What is not known is left out."""
    published = f"{paper.published_on:%Y/%m/%d}" if paper.published_on else str(paper.year or "")
    pairs = [
        ("citation_title", paper.title),
        *(("citation_author", name) for name in paper.authors),
        ("citation_publication_date", published),
        ("citation_year", str(paper.year or "")),
        (_VENUE_TAGS.get(paper.kind, _JOURNAL) if paper.kind else _JOURNAL, paper.venue),
        ("citation_doi", paper.named(Scheme.DOI)),
        ("citation_arxiv_id", paper.named(Scheme.ARXIV)),
        ("citation_pmid", paper.named(Scheme.PMID)),
        ("citation_abstract", paper.abstract),
        ("citation_abstract_html_url", site.paper(paper.slug)),
        ("citation_public_url", paper.url),
        ("citation_pdf_url", _PDF.format(arxiv) if (arxiv := paper.named(Scheme.ARXIV)) else ""),
    ]
    return [(name, content) for name, content in pairs if content]


_JOURNAL = "citation_journal_title"
# Where arXiv serves the newest version of a paper (https://info.arxiv.org/help/arxiv_identifier_for_services.html).
_PDF = "https://arxiv.org/pdf/{}"
