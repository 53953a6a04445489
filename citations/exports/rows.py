"""The row that every export and the interface for programs share: one citing paper, and what is said of its citation.

`load_rows` reads rows by the ids of citations, a few queries for any number; `export_row` puts one into the layout of
names and values that CSV, JSON and the interface for programs have in common, and that `sources/rows.py` reads back.
Text comes out of here in one line and without characters that print nothing, whatever the database holds.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Max, Window
from django.db.models.functions import RowNumber
from django.urls import reverse

from citations.identifiers import Identifier, Scheme
from citations.labels import deciders
from citations.models import Authorship, Citation, Label, Mention, Paper, in_ledgers
from citations.models import Identifier as StoredIdentifier
from citations.sources.rows import COLUMNS
from citations.text.characters import clean_characters
from citations.vocabulary import SAMPLE, DecidedBy, Kind, Notice, Polarity, Role, source_label

__all__ = ["COLUMNS", "ExportRow", "PaperFacts", "Site", "export_row", "facts", "load_rows", "one_line"]

# Sentences of one citation; the reader of rows takes as many.
MOST_SENTENCES = 1_000
# arXiv gives each preprint a DOI of this prefix; one of a publisher goes before it.
ARXIV_DOI = "10.48550/"

# Abstracts, the largest column, are in no row.
_COLUMNS_READ = (
    "id",
    "cited_id",
    "role",
    "polarity",
    "role_by",
    "polarity_by",
    "source",
    "polarity_source",
    "coarse",
    "confirmed",
    "suggested_role",
    "suggested_confidence",
    "is_influential",
    "is_self_citation",
    "created_at",
    "citing__slug",
    "citing__title",
    "citing__summary",
    "citing__year",
    "citing__published_on",
    "citing__kind",
    "citing__notice",
    "citing__url",
    "citing__cited_by_count",
    "citing__venue__name",
    "cited__slug",
)


@dataclass(frozen=True)
class Site:
    """The absolute addresses of this site; `root` is its own without a slash at the end: "https://example.org"."""

    root: str

    def address(self, path: str) -> str:
        """The absolute address of a path that begins with a slash."""
        return f"{self.root}{path}"

    def paper(self, slug: str) -> str:
        """The page of a paper."""
        return self.address(reverse("paper", args=[slug]))

    def hub(self, slug: str) -> str:
        """The page that tells how a paper is cited."""
        return self.address(reverse("hub", args=[slug]))

    def citation(self, hub: str, number: int) -> str:
        """The place of a citation in the list of the papers that cite the hub."""
        return self.address(f"{reverse('citing', args=[hub])}#c{number}")


@dataclass(frozen=True)
class PaperFacts:
    """What exports say of a paper. Texts are one line; "", None and empty mean not known.

    `authors` as printed on the paper, all of them. `identifiers` in the order in which they were given.
    """

    slug: str
    title: str
    number: int = 0
    authors: tuple[str, ...] = ()
    year: int | None = None
    published_on: datetime.date | None = None
    venue: str = ""
    kind: Kind | None = None
    notice: Notice | None = None
    url: str = ""
    summary: str = ""
    abstract: str = ""
    identifiers: tuple[Identifier, ...] = ()
    cited_by_count: int | None = None

    def named(self, scheme: Scheme) -> str:
        """Its first identifier of a scheme; "" for none. The DOI of a publisher goes before that of a preprint."""
        values = [one.value for one in self.identifiers if one.scheme is scheme]
        if scheme is Scheme.DOI:
            values.sort(key=lambda value: value.startswith(ARXIV_DOI))
        return values[0] if values else ""


@dataclass(frozen=True)
class ExportRow:
    """One citing paper and what is said of its citation. None: nobody has decided, or nothing is suggested.

    `confidence` (0 to 1) is that of the suggestion. `added_at` is when the citation came into the collection,
    `changed_at` when it or one of its labels was written last.
    """

    paper: PaperFacts
    number: int
    hub: str
    added_at: datetime.datetime
    changed_at: datetime.datetime
    role: Role | None = None
    polarity: Polarity | None = None
    decided_by: DecidedBy | None = None
    polarity_by: DecidedBy | None = None
    source: str = ""
    coarse: bool = False
    confirmed: bool = False
    suggested: Role | None = None
    confidence: float | None = None
    influential: bool = False
    self_citation: bool = False
    sentences: tuple[str, ...] = field(default=())
    polarity_source: str = ""

    @property
    def is_sample(self) -> bool:
        """Whether its role or polarity is illustrative."""
        return SAMPLE in (self.source, self.polarity_source)

    @property
    def credits(self) -> tuple[str, ...]:
        """Who decided, in words: "Decided by: curator, source: Curators"; one each where role and polarity differ."""
        found = deciders(self.decided_by or "", self.source, self.polarity_by or "", self.polarity_source)
        heads = [f"{one.of.capitalize()} decided by" if len(found) > 1 else "Decided by" for one in found]
        return tuple(
            f"{head}: {one.decided_by.label.lower()}, source: {source_label(one.source)}"
            for head, one in zip(heads, found, strict=True)
        )


# The layout ----------------------------------------------------------------------------------------------------------


def export_row(row: ExportRow, site: Site) -> dict[str, Any]:
    """A row in the layout of `COLUMNS`: texts, numbers, true and false, lists of texts; None where nothing is known.

    A worldwide count of 0 is None too: no source says that nobody cites a paper, and most have not been asked.
    """
    paper = row.paper
    values: dict[str, Any] = {
        "title": paper.title,
        "authors": list(paper.authors),
        "year": paper.year,
        "published_on": paper.published_on.isoformat() if paper.published_on else None,
        "venue": paper.venue or None,
        "kind": paper.kind.value if paper.kind else None,
        "doi": paper.named(Scheme.DOI) or None,
        "arxiv": paper.named(Scheme.ARXIV) or None,
        "url": paper.url or None,
        "summary": paper.summary or None,
        "role": row.role.value if row.role else None,
        "polarity": row.polarity.value if row.polarity else None,
        "decided_by": row.decided_by.value if row.decided_by else None,
        "source": row.source or None,
        "coarse": row.coarse,
        "confirmed": row.confirmed,
        "suggested": row.suggested.value if row.suggested else None,
        "confidence": row.confidence,
        "influential": row.influential,
        "self_citation": row.self_citation,
        "notice": paper.notice.value if paper.notice else None,
        "cited_by_count": paper.cited_by_count,
        "sentences": list(row.sentences),
        "paper": site.paper(paper.slug),
        "hub": row.hub,
    }
    return values


# Reading -------------------------------------------------------------------------------------------------------------


def load_rows(citation_ids: Sequence[int]) -> list[ExportRow]:
    """The rows of these citations, in their order; an id that is no longer there is left out. Five queries."""
    if not citation_ids:
        return []
    citations = (
        Citation.objects.filter(pk__in=citation_ids)
        .select_related("citing", "citing__venue", "cited")
        .only(*_COLUMNS_READ)
        .in_bulk()
    )
    found = [citations[pk] for pk in citation_ids if pk in citations]
    papers = {citation.citing_id for citation in found}
    authors, names = all_authors(papers), all_identifiers(papers)
    sentences, labelled = _sentences(citations), _labelled_at(citations)
    return [
        _row(
            citation,
            facts(citation.citing, authors.get(citation.citing_id, ()), names.get(citation.citing_id, ())),
            sentences.get(citation.pk, ()),
            labelled.get(citation.pk),
        )
        for citation in found
    ]


def facts(
    paper: Paper, authors: Iterable[str], identifiers: Iterable[Identifier], *, abstract: bool = False
) -> PaperFacts:
    """What exports say of a paper, whose venue is at hand; the abstract only where asked for, since it is long."""
    return PaperFacts(
        slug=paper.slug,
        title=one_line(paper.title),
        number=paper.pk,
        authors=tuple(name for name in map(one_line, authors) if name),
        year=paper.year,
        published_on=paper.published_on,
        venue=one_line(paper.venue.name) if paper.venue else "",
        kind=Kind(paper.kind) if paper.kind else None,
        notice=Notice(paper.notice) if paper.notice else None,
        # Only addresses of the web: a source may claim anything.
        url=one_line(paper.url) if paper.url.startswith(("https://", "http://")) else "",
        summary=one_line(paper.summary),
        abstract=one_line(paper.abstract) if abstract else "",
        identifiers=tuple(identifiers),
        cited_by_count=paper.cited_by_count or None,
    )


def paper_facts(paper: Paper, *, abstract: bool = False) -> PaperFacts:
    """As `facts`, with all authors and identifiers read. Two queries."""
    authors, identifiers = all_authors([paper.pk]), all_identifiers([paper.pk])
    return facts(paper, authors.get(paper.pk, ()), identifiers.get(paper.pk, ()), abstract=abstract)


def all_authors(papers: Collection[int]) -> dict[int, list[str]]:
    """The names of all authors of each paper, by its id, in order. One query."""
    names: dict[int, list[str]] = defaultdict(list)
    rows = Authorship.objects.filter(paper_id__in=papers).order_by("paper_id", "position")
    for paper, name in rows.values_list("paper_id", "name"):
        names[paper].append(name)
    return names


def all_identifiers(papers: Collection[int]) -> dict[int, list[Identifier]]:
    """The identifiers of each paper, by its id, in the order in which they were given. One query."""
    found: dict[int, list[Identifier]] = defaultdict(list)
    rows = StoredIdentifier.objects.filter(paper_id__in=papers).order_by("paper_id", "id")
    for paper, scheme, value in rows.values_list("paper_id", "scheme", "value"):
        found[paper].append(Identifier(Scheme(scheme), value))
    return found


def one_line(value: str) -> str:
    """`value` in one line, single spaces, without control, direction and other characters that print nothing."""
    if value.isascii() and value.isprintable():
        return " ".join(value.split())
    return " ".join(clean_characters(value).split())


def _sentences(ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The citing sentences of each citation in the order of the paper."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = (
        Mention.objects.filter(citation_id__in=ids)
        .exclude(sentence="")
        .annotate(place=Window(RowNumber(), partition_by=F("citation_id"), order_by=[F("order").asc(), F("id").asc()]))
        .filter(place__lte=MOST_SENTENCES)
        .order_by("citation_id", "order", "id")
        .values_list("citation_id", "sentence")
    )
    for citation, sentence in rows:
        found[citation].append(one_line(sentence))
    return {citation: tuple(filter(None, of_citation)) for citation, of_citation in found.items()}


def _labelled_at(ids: Collection[int]) -> Mapping[int, datetime.datetime]:
    """When a label of each citation, or of one that a merge hid behind it, was written last."""
    rows = (
        Label.objects.filter(in_ledgers(ids))
        .order_by()
        .values_list("citation_id", "citation__merged_into_id")
        .annotate(last=Max("created_at"))
    )
    found: dict[int, datetime.datetime] = {}
    for citation, merged_into, last in rows:
        owner = merged_into or citation
        found[owner] = max(last, found.get(owner, last))
    return found


def _row(
    citation: Citation, paper: PaperFacts, sentences: tuple[str, ...], labelled_at: datetime.datetime | None
) -> ExportRow:
    """One row of its parts. What is suggested is told only while nobody has decided."""
    suggested = Role(citation.suggested_role) if citation.suggested_role and not citation.role else None
    return ExportRow(
        paper=paper,
        number=citation.pk,
        hub=citation.cited.slug,
        added_at=citation.created_at,
        changed_at=max(citation.created_at, labelled_at or citation.created_at),
        role=Role(citation.role) if citation.role else None,
        polarity=Polarity(citation.polarity) if citation.polarity else None,
        decided_by=DecidedBy(citation.role_by) if citation.role_by else None,
        polarity_by=DecidedBy(citation.polarity_by) if citation.polarity_by else None,
        source=one_line(citation.source),
        polarity_source=one_line(citation.polarity_source),
        coarse=citation.coarse,
        confirmed=citation.confirmed,
        suggested=suggested,
        confidence=citation.suggested_confidence if suggested else None,
        influential=citation.is_influential,
        self_citation=citation.is_self_citation,
        sentences=sentences,
    )
