"""One citing paper as every list shows it: authors, citing sentences, and the ledger of its labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, RowNumber

from citations.formatting import AUTHORS_SHOWN
from citations.labels import LABEL_COLUMNS, Decider, Effective, LabelRow, deciders, resolve
from citations.listing.marking import NO_MARKING, Marking, Piece
from citations.models import Authorship, Citation, Label, Mention, Paper, in_ledgers
from citations.querysets import LabelQuerySet
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
    "polarity_source",
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
    """One label as a reader is told of it. `decides_*`: it is why the citation's role or polarity is what it is."""

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
    decides_role: bool
    decides_polarity: bool

    @property
    def decides(self) -> bool:
        """Whether it decides the role, the polarity, or both."""
        return self.decides_role or self.decides_polarity


@dataclass(frozen=True)
class Replaced:
    """A role or a polarity that stood before the label that decides it now."""

    said: Role | Polarity
    decided_by: DecidedBy
    source_label: str


@dataclass(frozen=True)
class Ledger:
    """All labels of a citation, newest first, the deciding ones, and what these replaced: role, then polarity."""

    entries: tuple[LedgerEntry, ...] = ()
    replaced: tuple[Replaced, ...] = ()

    @property
    def deciding(self) -> tuple[LedgerEntry, ...]:
        """The labels that decide role and polarity: none, one, or one for each."""
        return tuple(entry for entry in self.entries if entry.decides)


@dataclass(frozen=True)
class Sentence:
    """One place where the citing paper names the hub. `pieces` are its text, cut where something stands out."""

    text: str
    section: str
    source_label: str
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Row:
    """One citing paper as a list prints it. `authors`: the first few; `more_authors`: how many others.

    `marking` says what stands out in its texts.
    """

    citation: Citation
    authors: tuple[str, ...]
    more_authors: int
    sentences: tuple[Sentence, ...]
    ledger: Ledger
    marking: Marking = NO_MARKING

    @property
    def title(self) -> tuple[Piece, ...]:
        """The title of the citing paper, with what was searched for."""
        return self.marking.text(self.paper.title)

    @property
    def summary(self) -> tuple[Piece, ...]:
        """Its summary, likewise; empty where there is none."""
        return self.marking.text(self.paper.summary)

    @cached_property
    def paper(self) -> Paper:
        """The citing paper, with its venue."""
        return self.citation.citing

    @cached_property
    def role(self) -> Role | None:
        """The decided role; None where nobody has decided."""
        return Role(self.citation.role) if self.citation.role else None

    @cached_property
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
        """Whether its role or polarity is illustrative."""
        return any(decider.source == SAMPLE for decider in self.deciders)

    @property
    def deciders(self) -> tuple[Decider, ...]:
        """Who decided its role and its polarity."""
        return deciders_of(self.citation)

    @property
    def is_unconfirmed_dispute(self) -> bool:
        """Whether it disputes the hub, by an import that no curator confirmed."""
        return self.polarity is Polarity.DISPUTES and not self.citation.confirmed

    @cached_property
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


def deciders_of(citation: Citation) -> tuple[Decider, ...]:
    """Who decided the label of a citation: nobody, one for all that is decided, or one each for role and polarity."""
    return deciders(
        citation.role_by, citation.source, citation.polarity_by, citation.polarity_source, coarse=citation.coarse
    )


def load_rows(
    citations: Iterable[Citation],
    authors: Mapping[int, Sequence[str]] | None = None,
    marking: Marking = NO_MARKING,
) -> list[Row]:
    """A row for each citation, in their order. Reads authors, sentences and labels by one query each, whatever their
    number.

    The citations come from `details`, which counts their authors. `authors`: those of each paper, where they are
    known already. `marking`: what stands out in the texts, by default nothing.
    """
    made = list(citations)
    if not made:
        return []
    ids = [citation.pk for citation in made]
    if authors is None:
        authors = first_authors([citation.citing_id for citation in made])
    sentences = _sentences(ids, marking)
    ledgers = _ledgers(ids)
    rows = []
    for citation in made:
        names = tuple(authors.get(citation.citing_id, ())[:AUTHORS_SHOWN])
        more = max(0, citation.author_count - len(names))  # type: ignore[attr-defined]
        told = ledgers.get(citation.pk, Ledger())
        rows.append(Row(citation, names, more, sentences.get(citation.pk, ()), told, marking))
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


def _sentences(ids: Collection[int], marking: Marking) -> dict[int, tuple[Sentence, ...]]:
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
        made = Sentence(sentence, section, source_label(source), marking.sentence(sentence))
        found.setdefault(citation_id, []).append(made)
    return {citation_id: tuple(of_citation) for citation_id, of_citation in found.items()}


@dataclass(frozen=True)
class _LedgerRow(LabelRow):
    """A label with what is printed of it besides, in the order of `_LEDGER_COLUMNS`; `sentence` None: it names none."""

    raw_value: str
    note: str
    sentence: str | None


_LEDGER_COLUMNS = (*LABEL_COLUMNS, "raw_value", "note", "mention__sentence")


def _ledgers(ids: Collection[int]) -> dict[int, Ledger]:
    """The ledger of each citation that has labels, with those of citations that a merge hid behind it."""
    found: dict[int, list[_LedgerRow]] = {}
    rows = ledger_labels(ids).values_list("citation_id", "citation__merged_into_id", *_LEDGER_COLUMNS)
    for citation_id, merged_into_id, *columns in rows:
        found.setdefault(merged_into_id or citation_id, []).append(_LedgerRow(*columns))
    return {citation_id: _ledger(of_citation) for citation_id, of_citation in found.items()}


def ledger_labels(ids: Collection[int]) -> LabelQuerySet:
    """The labels of these citations, oldest first, with those of citations that a merge hid behind them."""
    return Label.objects.filter(in_ledgers(ids)).in_ledger_order()


def ledger(labels: Sequence[Label]) -> Ledger:
    """What is told of the labels of one citation, given oldest first; mentions must be there."""
    return _ledger(
        [
            _LedgerRow(
                **{column: getattr(label, column) for column in LABEL_COLUMNS},
                raw_value=label.raw_value,
                note=label.note,
                sentence=label.mention.sentence if label.mention else None,
            )
            for label in labels
        ]
    )


def _ledger(rows: Sequence[_LedgerRow]) -> Ledger:
    """The same from rows."""
    effective = resolve(rows)
    retracted = {row.retracts_id for row in rows if row.retracts_id}
    entries = tuple(_entry(row, effective, row.id in retracted) for row in reversed(rows))
    return Ledger(entries, _replaced(rows, effective))


def _entry(label: _LedgerRow, effective: Effective, undone: bool) -> LedgerEntry:
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
        sentence=label.sentence or "",
        note=label.note,
        retracts=label.retracts_id is not None,
        confirms=label.confirms_id is not None,
        undone=undone,
        decides_role=label.id == effective.role_label_id,
        decides_polarity=label.id == effective.polarity_label_id,
    )


def _replaced(rows: Sequence[LabelRow], effective: Effective) -> tuple[Replaced, ...]:
    """What stood before the decisions that count now were written: of the role and of the polarity, each by itself."""
    if len(rows) == 1:
        return ()
    role, polarity = _before(rows, effective.role_label_id), _before(rows, effective.polarity_label_id)
    found = []
    if role.role:
        found.append(Replaced(Role(role.role), DecidedBy(role.role_by), source_label(role.source)))
    if polarity.polarity:
        decided_by = DecidedBy(polarity.polarity_by)
        found.append(Replaced(Polarity(polarity.polarity), decided_by, source_label(polarity.polarity_source)))
    return tuple(found)


def _before(rows: Sequence[LabelRow], label_id: int | None) -> Effective:
    """What the labels came to before the decision of this label was written; nothing where there is no such label."""
    now = next((row for row in rows if row.id == label_id), None)
    if now is None:
        return Effective()
    return resolve(
        row for row in rows if (row.created_at, row.id) < (now.created_at, now.id) and row.decision != now.decision
    )
