"""One citation as the desk shows it: what a curator reads before deciding, gathered in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from citations import charts, summaries
from citations.admin.ledger import author_of, labels_of
from citations.curation.effects import Prospect, prospect, standing_of
from citations.formatting import authors_short
from citations.hub_class import Verdict, classify_hub
from citations.labelling import LedgerMark
from citations.labels import Decider, Effective, deciders, ids_in_force, resolve
from citations.listing.marking import Marking, Piece
from citations.models import Authorship, Citation, HubSummary, Identifier, Label, Mention, Report
from citations.vocabulary import DecidedBy, HubClass, Polarity, Role, source_label

# A ledger or a paper that names a hub again and again is cut here: what a page can show and a person reads.
LABELS_SHOWN = 50
SENTENCES_SHOWN = 30
REPORTS_SHOWN = 5
AUTHORS_SHOWN = 6


@dataclass(frozen=True)
class DeskSentence:
    """A mention: its sentence in pieces, those that name the cited work told apart."""

    mention: Mention
    pieces: tuple[Piece, ...]
    source_label: str


@dataclass(frozen=True)
class DeskLabel:
    """A label in the words of the page. `of`: what it decides now, "role", "polarity", "role and polarity" or ""."""

    label: Label
    role: Role | None
    polarity: Polarity | None
    decided_by: DecidedBy
    author: str
    of: str
    undone: bool
    may_be_confirmed: bool
    may_be_undone: bool

    @property
    def words(self) -> str:
        """What it states: "Baseline, Supports"; empty where it states nothing."""
        return ", ".join(word.label for word in (self.role, self.polarity) if word)


@dataclass(frozen=True)
class Task:
    """A citation to decide, with all that is known of it."""

    citation: Citation
    authors: str
    more_authors: int
    identifiers: tuple[Identifier, ...]
    sentences: tuple[DeskSentence, ...]
    labels: tuple[Label, ...]
    reports: tuple[Report, ...]
    summary: HubSummary | None
    curator_id: int

    @cached_property
    def effective(self) -> Effective:
        """What the ledger comes to, with the labels that decide."""
        return resolve(self.labels)

    @property
    def seen(self) -> LedgerMark:
        """How far the ledger is that this page shows."""
        return LedgerMark(max((label.pk for label in self.labels), default=0), len(self.labels))

    @property
    def role(self) -> Role | None:
        """The role that stands."""
        return Role(self.citation.role) if self.citation.role else None

    @property
    def polarity(self) -> Polarity | None:
        """The polarity that stands."""
        return Polarity(self.citation.polarity) if self.citation.polarity else None

    @property
    def suggested(self) -> Role | None:
        """What a classifier suggests."""
        return Role(self.citation.suggested_role) if self.citation.suggested_role else None

    @property
    def suggesting(self) -> Label | None:
        """The label that suggests it."""
        return next((label for label in self.labels if label.pk == self.effective.suggested_label_id), None)

    @property
    def deciders(self) -> tuple[Decider, ...]:
        """Who decided what stands."""
        standing = self.citation
        return deciders(
            standing.role_by, standing.source, standing.polarity_by, standing.polarity_source, coarse=standing.coarse
        )

    @property
    def is_unconfirmed_dispute(self) -> bool:
        """Whether only an import says that the paper disputes the hub."""
        return self.polarity is Polarity.DISPUTES and not self.citation.confirmed

    @cached_property
    def prospect(self) -> Prospect | None:
        """What decisions would do to the hub; None where it was never counted."""
        if self.summary is None or not self.summary.counts:
            return None
        try:
            found = prospect(summaries.hub_counts(self.summary.counts), standing_of(self.citation))
            found.outcomes  # noqa: B018 - each outcome is worked out here, where it may fail, and not in the template
            return found
        except ValueError:
            # The hub was counted after the citation was read: the next look shows both as they are.
            return None

    @property
    def verdict(self) -> Verdict | None:
        """The class of the hub and its sentence."""
        return classify_hub(self.prospect.counts) if self.prospect else None

    @property
    def pinned(self) -> HubClass | None:
        """The class that a curator pinned, which no decision here changes."""
        return HubClass(self.summary.hub_class) if self.summary and "pin" in self.summary.counts else None

    @property
    def role_bar(self) -> charts.RoleBar | None:
        """The bar of the hub's roles."""
        return charts.role_bar(self.prospect.counts.roles, self.prospect.counts.known) if self.prospect else None

    @property
    def ledger(self) -> tuple[DeskLabel, ...]:
        """The labels, newest first, without classifiers' (which are the suggestion) and without retractions."""
        standing = ids_in_force(self.labels)
        shown = [
            label for label in self.labels if label.retracts_id is None and label.decided_by != DecidedBy.CLASSIFIER
        ]
        return tuple(self._line(label, label.pk in standing) for label in shown[:LABELS_SHOWN])

    @property
    def confirmable(self) -> DeskLabel | None:
        """The label that the key for confirming means: what decides the role, else the polarity."""
        may = [line for line in self.ledger if line.may_be_confirmed]
        return next((line for line in may if line.of.startswith("role")), next((line for line in may if line.of), None))

    def _line(self, label: Label, stands: bool) -> DeskLabel:
        role = Role(label.role) if label.role else None
        polarity = Polarity(label.polarity) if label.polarity else None
        decides = (label.pk == self.effective.role_label_id, label.pk == self.effective.polarity_label_id)
        own = label.curator_id == self.curator_id
        return DeskLabel(
            label=label,
            role=role,
            polarity=polarity,
            decided_by=DecidedBy(label.decided_by),
            author=author_of(label),
            of=" and ".join(word for word, is_it in zip(("role", "polarity"), decides, strict=True) if is_it),
            undone=not stands,
            may_be_confirmed=stands and not own and bool(role or polarity),
            may_be_undone=stands and own,
        )

    def at(self, seen: LedgerMark) -> Effective:
        """What stood when the ledger was at `seen`, as far as its labels tell."""
        return resolve(label for label in self.labels if label.pk <= seen.newest)

    def since(self, seen: LedgerMark) -> tuple[Label, ...]:
        """The labels that were added since, newest first."""
        return tuple(label for label in self.labels if label.pk > seen.newest)


def load(citation: Citation, curator_id: int) -> Task:
    """All that the page shows of a citation, which comes with both papers and their venues. Six queries."""
    names: dict[int, list[str]] = {citation.citing_id: [], citation.cited_id: []}
    rows = Authorship.objects.filter(paper_id__in=names, position__lt=100).order_by("paper_id", "position")
    for paper_id, name in rows.values_list("paper_id", "name"):
        names[paper_id].append(name)
    authors, more = authors_short(names[citation.citing_id], AUTHORS_SHOWN)
    first = next(iter(names[citation.cited_id]), "")
    marking = Marking(title=citation.cited.title, first_author=first, year=citation.cited.year)
    mentions = Mention.objects.filter(citation=citation).exclude(sentence="").order_by("order", "pk")[:SENTENCES_SHOWN]
    reports = Report.objects.filter(citation=citation, status=Report.OPEN).order_by("created_at")[:REPORTS_SHOWN]
    return Task(
        citation=citation,
        authors=authors,
        more_authors=more,
        identifiers=tuple(Identifier.objects.filter(paper_id=citation.citing_id).order_by("pk")[:4]),
        sentences=tuple(
            DeskSentence(mention, marking.sentence(mention.sentence), source_label(mention.source))
            for mention in mentions
        ),
        labels=tuple(labels_of(citation)),
        reports=tuple(reports),
        summary=HubSummary.objects.filter(pk=citation.cited_id).first(),
        curator_id=curator_id,
    )


def statements(labels: Sequence[Label]) -> list[str]:
    """Who said something, of labels: each name once, in the order given."""
    return list(dict.fromkeys(author_of(label) for label in labels))
