"""JSON-LD: papers in the words of schema.org, citations in those of CiTO, the Citation Typing Ontology.

https://sparontologies.github.io/cito/current/cito.html (Peroni and Shotton 2012). The context stands in each file, so
that nobody has to fetch one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from citations.exports.formats import SAMPLE_NOTICE, About, Format
from citations.exports.json_rows import text
from citations.exports.rows import ExportRow, PaperFacts, Site
from citations.vocabulary import Kind, Polarity, Role

CITO = "http://purl.org/spar/cito/"

CONTEXT: dict[str, Any] = {
    "@vocab": "https://schema.org/",
    "cito": CITO,
    "cito:hasCitingEntity": {"@type": "@id"},
    "cito:hasCitedEntity": {"@type": "@id"},
    "cito:hasCitationCharacterization": {"@type": "@id"},
    "sameAs": {"@type": "@id"},
    "url": {"@type": "@id"},
}

_TYPES = {
    Kind.BOOK: "Book",
    Kind.CHAPTER: "Chapter",
    Kind.THESIS: "Thesis",
    Kind.REPORT: "Report",
    Kind.DATASET: "Dataset",
    Kind.SOFTWARE: "SoftwareSourceCode",
}


def paper_node(paper: PaperFacts, site: Site) -> dict[str, Any]:
    """A paper, named by its page here and, as `sameAs`, by its addresses elsewhere. What is not known is left out."""
    published = paper.published_on.isoformat() if paper.published_on else str(paper.year or "")
    node: dict[str, Any] = {
        "@id": site.paper(paper.slug),
        "@type": _TYPES.get(paper.kind, "ScholarlyArticle") if paper.kind else "ScholarlyArticle",
        "name": paper.title,
        "author": [{"@type": "Person", "name": name} for name in paper.authors],
        "datePublished": published,
        "isPartOf": {"@type": "CreativeWork", "name": paper.venue} if paper.venue else None,
        "identifier": [
            {"@type": "PropertyValue", "propertyID": one.scheme.label, "value": one.value} for one in paper.identifiers
        ],
        "sameAs": list(dict.fromkeys(address for address in (*_elsewhere(paper), paper.url) if address)),
        "abstract": paper.abstract,
        "url": site.hub(paper.slug),
    }
    return {name: value for name, value in node.items() if value}


def citation_node(
    number: int, hub: str, citing: str | dict[str, Any], role: Role | None, polarity: Polarity | None, site: Site
) -> dict[str, Any]:
    """A citation of the paper with the slug `hub`; `citing` is the citing paper's address, or its node.

    What is undecided is plain `cito:cites`.
    """
    words = [member.cito for member in (role, polarity) if member and member.cito] or [Role.UNCLEAR.cito]
    return {
        "@id": site.citation(hub, number),
        "@type": "cito:Citation",
        "cito:hasCitingEntity": citing,
        "cito:hasCitedEntity": site.paper(hub),
        "cito:hasCitationCharacterization": [f"cito:{word}" for word in words],
    }


def document(nodes: Iterable[dict[str, Any]], *, sample: bool = False) -> dict[str, Any]:
    """A whole document of nodes; `sample`: with the notice that its labels are illustrative."""
    notice = {"@type": "CreativeWork", "@id": "#notice", "description": SAMPLE_NOTICE}
    return {"@context": CONTEXT, "@graph": [*nodes, *([notice] if sample else [])]}


def _elsewhere(paper: PaperFacts) -> list[str]:
    """The paper's public addresses by its identifiers."""
    return [one.url for one in paper.identifiers]


def _begin(about: About) -> str:
    """The context and the hub."""
    opened = text(document([paper_node(about.hub, about.site)], sample=about.sample))
    return f"{opened.removesuffix(']}')},\n" if about.count else opened.removesuffix("]}")


def _entry(row: ExportRow, about: About) -> str:
    """One citation with its citing paper, who decided, and the sentences."""
    node = citation_node(row.number, row.hub, paper_node(row.paper, about.site), row.role, row.polarity, about.site)
    if row.credits:
        node["creditText"] = "; ".join(row.credits)
    if row.sentences:
        node["text"] = list(row.sentences)
    return text(node)


def _broken(message: str, after_entries: bool) -> str:
    """The end of a file that broke off: a member `error`, and a node that says the same."""
    node = text({"@type": "CreativeWork", "@id": "#error", "description": message})
    return f'{_SEPARATOR if after_entries else ""}{node}\n], "error": {text(message)}}}\n'


_SEPARATOR = ",\n"

JSON_LD = Format(
    extension="jsonld",
    label="JSON-LD",
    media_type="application/ld+json",
    begin=_begin,
    entry=_entry,
    broken=_broken,
    separator=_SEPARATOR,
    end="\n]}\n",
    charset="",
)
