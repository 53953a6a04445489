"""One citing paper as every list shows it: authors, citing sentences, and the ledger of its labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, RowNumber

from citations.formatting import AUTHORS_SHOWN
from citations.labels import LABEL_COLUMNS, Effective, LabelRow, resolve
from citations.models import Authorship, Citation, Label, Mention, Paper
from citations.references import Reference
from citations.vocabulary import SAMPLE, DecidedBy, Notice, Polarity, Role, source_label

# Sentences that a row holds; the rest of a paper that names a hub again and again adds little.
SENTENCES_SHOWN = 20

# Authors in a full reference; longer lists are cut with "and others", as styles of reference do.
AUTHORS_CITED = 100

# What a row prints of a citation and its citing paper: abstracts, the largest column, are not read.
_COLUMNS = (
    "id",
    "citing_id",
    "role",
    "polarity",
    "role_by",
    "polarity_by",
    "source",
    "coarse",
    "confirmed",
    "suggested_role",
    "suggested_confidence",
    "is_influential",
    "is_self_citation",
    "sort_date",
    "cited_by_count",
    "citing__slug",
    "citing__title",
    "citing__summary",
    "citing__year",
    "citing__published_on",
    "citing__kind",
    "citing__notice",
    "citing__url",
    "citing__venue__slug",
    "citing__venue__name",
)


@dataclass(frozen=True)
class LedgerEntry:
    """One label as a reader is told of it. `decides`: it is why the citation's role or polarity is what it is."""

    role: Role | None
    polarity: Polarity | None
    decided_by: DecidedBy
    source: str
    source_label: str
    raw_value: str
    coarse: bool
    confidence: float | None
    created_at: datetime
    sentence: str
    note: str
    retracts: bool
    confirms: bool
    undone: bool
    decides: bool


@dataclass(frozen=True)
class Replaced:
    """What stood before the label that decides now."""

    role: Role | None
    polarity: Polarity | None
    decided_by: DecidedBy | None
    source_label: str


@dataclass(frozen=True)
class Ledger:
    """All labels of a citation, newest first, the deciding ones, and what these replaced (None: nothing)."""

    entries: tuple[LedgerEntry, ...] = ()
    replaced: Replaced | None = None

    @property
    def deciding(self) -> tuple[LedgerEntry, ...]:
        """The labels that decide role and polarity: none, one, or one for each."""
        return tuple(entry for entry in self.entries if entry.decides)


@dataclass(frozen=True)
class Sentence:
    """One place where the citing paper names the hub."""

    text: str
    section: str
    source_label: str


@dataclass(frozen=True)
class Row:
    """One citing paper as a list prints it. `authors`: the first few; `more_authors`: how many others."""

    citation: Citation
    authors: tuple[str, ...]
    more_authors: int
    sentences: tuple[Sentence, ...]
    ledger: Ledger

    @property
    def paper(self) -> Paper:
        """The citing paper, with its venue."""
        return self.citation.citing

    @property
    def role(self) -> Role | None:
        """The decided role; None where nobody has decided."""
        return Role(self.citation.role) if self.citation.role else None

    @property
    def polarity(self) -> Polarity | None:
        """The decided polarity; None where nobody has."""
        return Polarity(self.citation.polarity) if self.citation.polarity else None

    @property
    def decided_by(self) -> DecidedBy | None:
        """Who decided the role, or the polarity where there is no role."""
        decider = self.citation.role_by or self.citation.polarity_by
        return DecidedBy(decider) if decider else None

    @property
    def suggested(self) -> Role | None:
        """What a classifier suggests; None where it suggests nothing, or somebody has decided."""
        return Role(self.citation.suggested_role) if self.citation.suggested_role and not self.citation.role else None

    @property
    def notice(self) -> Notice | None:
        """What publishers say of the citing paper."""
        return Notice(self.paper.notice) if self.paper.notice else None

    @property
    def is_sample(self) -> bool:
        """Whether its label is illustrative."""
        return self.citation.source == SAMPLE

    @property
    def is_unconfirmed_dispute(self) -> bool:
        """Whether it disputes the hub, by an import that no curator confirmed."""
        return self.polarity is Polarity.DISPUTES and not self.citation.confirmed

    @property
    def reference(self) -> Reference:
        """How the citing paper is cited."""
        return Reference(
            title=self.paper.title,
            authors=self.authors,
            more_authors=self.more_authors,
            year=self.paper.year,
            venue=self.paper.venue.name if self.paper.venue else "",
            kind=self.paper.kind,
            url=self.paper.url,
        )


def load_rows(citations: Iterable[Citation], authors: Mapping[int, Sequence[str]] | None = None) -> list[Row]:
    """A row for each citation, in their order. Reads authors, sentences and labels by one query each, whatever their
    number.

    The citations come from `details`, which counts their authors. `authors`: those of each paper, where they are
    known already.
    """
    made = list(citations)
    if not made:
        return []
    ids = [citation.pk for citation in made]
    if authors is None:
        authors = first_authors([citation.citing_id for citation in made])
    sentences = _sentences(ids)
    ledgers = _ledgers(ids)
    rows = []
    for citation in made:
        names = tuple(authors.get(citation.citing_id, ())[:AUTHORS_SHOWN])
        more = max(0, citation.author_count - len(names))  # type: ignore[attr-defined]
        rows.append(Row(citation, names, more, sentences.get(citation.pk, ()), ledgers.get(citation.pk, Ledger())))
    return rows


def details(selection: QuerySet[Any, Any] | Collection[int]) -> QuerySet[Citation]:
    """The citations with these ids (a query or the ids themselves), with all that a row prints of the citing paper."""
    authors = Authorship.objects.filter(paper_id=OuterRef("citing_id")).order_by().values("paper_id")
    return (
        Citation.objects.filter(pk__in=selection)
        .select_related("citing", "citing__venue")
        .only(*_COLUMNS)
        .annotate(author_count=Coalesce(Subquery(authors.annotate(n=Count("pk")).values("n")), 0))
    )


def first_authors(paper_ids: Collection[int], *, more_of: int | None = None) -> dict[int, tuple[str, ...]]:
    """The first few authors of each paper, by its id; one query, however many co-authors there are.

    `more_of` is the id of one further paper, of which up to `AUTHORS_CITED` are read.
    """
    names: dict[int, list[str]] = {}
    wanted = Q(paper_id__in=paper_ids, position__lt=AUTHORS_SHOWN)
    if more_of is not None:
        wanted |= Q(paper_id=more_of, position__lt=AUTHORS_CITED)
    rows = Authorship.objects.filter(wanted).order_by("paper_id", "position").values_list("paper_id", "name")
    for paper_id, name in rows:
        names.setdefault(paper_id, []).append(name)
    return {paper_id: tuple(of_paper) for paper_id, of_paper in names.items()}


def _sentences(ids: Collection[int]) -> dict[int, tuple[Sentence, ...]]:
    """The citing sentences of each citation in the order of the paper, at most `SENTENCES_SHOWN` each."""
    found: dict[int, list[Sentence]] = {}
    rows = (
        Mention.objects.filter(citation_id__in=ids)
        .exclude(sentence="")
        .annotate(place=Window(RowNumber(), partition_by=F("citation_id"), order_by=[F("order").asc(), F("id").asc()]))
        .filter(place__lte=SENTENCES_SHOWN)
        .order_by("citation_id", "order", "id")
        .values_list("citation_id", "sentence", "section", "source")
    )
    for citation_id, sentence, section, source in rows:
        found.setdefault(citation_id, []).append(Sentence(sentence, section, source_label(source)))
    return {citation_id: tuple(of_citation) for citation_id, of_citation in found.items()}


def _ledgers(ids: Collection[int]) -> dict[int, Ledger]:
    """The ledger of each citation that has labels, with those of citations that a merge hid behind it."""
    found: dict[int, list[Label]] = {}
    labels = (
        Label.objects.filter(Q(citation_id__in=ids) | Q(citation__merged_into_id__in=ids))
        .select_related("mention", "citation")
        .only(*LABEL_COLUMNS, "raw_value", "note", "mention__sentence", "citation__merged_into")
        .in_ledger_order()
    )
    for label in labels:
        found.setdefault(label.citation.merged_into_id or label.citation_id, []).append(label)
    return {citation_id: ledger(of_citation) for citation_id, of_citation in found.items()}


def ledger(labels: Sequence[Label]) -> Ledger:
    """What is told of the labels of one citation, given oldest first; mentions must be there."""
    rows = [LabelRow(*(getattr(label, column) for column in LABEL_COLUMNS)) for label in labels]
    effective = resolve(rows)
    deciding = {effective.role_label_id, effective.polarity_label_id} - {None}
    retracted = {label.retracts_id for label in labels if label.retracts_id}
    entries = tuple(_entry(label, label.pk in deciding, label.pk in retracted) for label in reversed(labels))
    return Ledger(entries, _replaced(rows, effective))


def _entry(label: Label, decides: bool, undone: bool) -> LedgerEntry:
    """One label in the words of the page."""
    return LedgerEntry(
        role=Role(label.role) if label.role else None,
        polarity=Polarity(label.polarity) if label.polarity else None,
        decided_by=DecidedBy(label.decided_by),
        source=label.source,
        source_label=source_label(label.source),
        raw_value=label.raw_value,
        coarse=label.coarse,
        confidence=label.confidence,
        created_at=label.created_at,
        sentence=label.mention.sentence if label.mention else "",
        note=label.note,
        retracts=label.retracts_id is not None,
        confirms=label.confirms_id is not None,
        undone=undone,
        decides=decides,
    )


def _replaced(rows: Sequence[LabelRow], effective: Effective) -> Replaced | None:
    """What the labels came to before the decision that counts now was written; None for nothing."""
    label_id = effective.role_label_id or effective.polarity_label_id
    now = next((row for row in rows if row.id == label_id), None)
    if now is None:
        return None
    earlier = [
        row for row in rows if (row.created_at, row.id) < (now.created_at, now.id) and row.decision != now.decision
    ]
    before = resolve(earlier)
    if not before.role and not before.polarity:
        return None
    return Replaced(
        role=Role(before.role) if before.role else None,
        polarity=Polarity(before.polarity) if before.polarity else None,
        decided_by=DecidedBy(before.role_by or before.polarity_by),
        source_label=source_label(before.source),
    )
