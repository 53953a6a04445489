"""The only writer of labels and of what they amount to (the effective columns of `Citation`).

A label is added, the ledger of its citation is resolved, and the hub's summary follows, all in one transaction.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import nullcontext
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Count, Max, Q

from citations import engines, summaries
from citations.engines import site_version
from citations.engines.busy import again_while_busy
from citations.labels import LABEL_COLUMNS, Effective, LabelRow, resolve
from citations.models import AuditEntry, Citation, HubSummary, Label, Mention, Paper, in_ledgers
from citations.querysets import BATCH
from citations.summaries import REBUILT, Cause, Moves
from citations.vocabulary import CURATOR, DecidedBy, Polarity, Role

# The columns of Citation that resolve() fills, by the same names as in labels.Effective.
EFFECTIVE = (
    "role",
    "polarity",
    "role_by",
    "polarity_by",
    "source",
    "polarity_source",
    "coarse",
    "confirmed",
    "disagreement",
    "suggested_role",
    "suggested_confidence",
)


class LabelError(ValueError):
    """A label that cannot be: the message says why, in a sentence for the person who tried."""


class LedgerMovedError(LabelError):
    """The ledger is not the one that the person saw; nothing was written."""

    def __init__(self) -> None:
        super().__init__("This citation changed while you were reading: look at it again.")


@dataclass(frozen=True)
class LedgerMark:
    """How far a ledger had grown when somebody read it: its newest label, and how many there were.

    The number tells of a merge, which adds older labels. Written as "61.3", the form that pages carry.
    """

    newest: int = 0
    number: int = 0

    def __str__(self) -> str:
        return f"{self.newest}.{self.number}"

    @classmethod
    def parse(cls, text: str) -> LedgerMark:
        """The mark that `text` writes. Raises `LedgerMovedError` for what is none: nobody saw such a ledger."""
        newest, _, number = text.partition(".")
        if not (newest.isascii() and newest.isdigit() and number.isascii() and number.isdigit() and len(text) < 40):
            raise LedgerMovedError
        return cls(int(newest), int(number))


def add_labels(
    labels: Iterable[Label],
    cause: Cause,
    seen: LedgerMark | None = None,
    audit_entry: AuditEntry | None = None,
    uncounted: Set[int] = frozenset(),
) -> list[Label]:
    """Add unsaved labels to the ledger, and bring effective columns and summaries up to date in the same transaction.

    Labels that belong together carry the same `decision`. `audit_entry`: the paper of an audit that the one label was
    given to, which marks it as an audit's. `uncounted`: hubs of which more was written in this transaction, and not
    counted yet. Returns the saved labels. Raises `LabelError` when one
    retracts or confirms a label of another citation, or names a mention of another; `LedgerMovedError`, and writes
    nothing, when `seen` is given and the ledger of one of the citations is no longer at it.
    """
    new = list(labels)
    citations = sorted({label.citation_id for label in new})
    with transaction.atomic():
        lock(citations)
        # Only now can nobody else write to these ledgers any more.
        if seen is not None and any(ledger_mark(citation) != seen for citation in citations):
            raise LedgerMovedError
        _check_references(new)
        saved = Label.objects.bulk_create(new, batch_size=BATCH)
        if audit_entry is not None:
            audit_entry.label = saved[0]
            audit_entry.save(update_fields=["label"])
        moves = Moves()
        hubs = resolve_citations(citations, moves)
        if len(saved) == 1 and cause.label is None:
            cause = Cause(cause.text, cause.curator, saved[0], cause.import_run)
        summaries.recount(hubs & uncounted, cause)
        summaries.recount(hubs - uncounted, cause, moves)
    return saved


def add_in_batches(hubs: Iterable[int], batches: Iterable[Sequence[Label]], cause: Cause) -> int:
    """As `add_labels` for any number of labels in bounded memory; returns how many were added.

    `hubs` are all papers that the labelled citations cite: they are held before the first of the `batches` is asked
    for, and counted once, after the last. All of it is one transaction.
    """
    held, added, moves = set(hubs), 0, Moves()
    with transaction.atomic():
        summaries.lock_hubs(held)
        for batch in batches:
            _check_references(batch)
            Label.objects.bulk_create(batch, batch_size=BATCH)
            held |= resolve_citations({label.citation_id for label in batch}, moves)
            added += len(batch)
        summaries.recount(held, cause, moves)
    return added


def decide(
    citation: Citation,
    curator: User,
    *,
    role: Role | None = None,
    polarity: Polarity | None = None,
    mention: Mention | None = None,
    note: str = "",
    seen: LedgerMark | None = None,
    audit_entry: AuditEntry | None = None,
) -> Label:
    """A curator states a role, a polarity, or both. Raises `LabelError` for neither; on `seen`, `audit_entry`:
    add_labels.
    """
    if role is None and polarity is None:
        raise LabelError("Choose a role, a polarity, or both.")
    label = Label(
        citation=citation,
        mention=mention,
        role=role or "",
        polarity=polarity or "",
        decided_by=DecidedBy.CURATOR,
        source=CURATOR,
        curator=curator,
        note=note,
    )
    return add_labels([label], Cause("A curator read one citation.", curator), seen, audit_entry)[0]


def retract(label: Label, curator: User, *, note: str = "", seen: LedgerMark | None = None) -> Label:
    """Undo a label: what stood before counts again. The retracted label stays in the ledger. On `seen`: add_labels."""
    undoing = Label(
        citation_id=label.citation_id,
        retracts=label,
        decided_by=DecidedBy.CURATOR,
        source=CURATOR,
        curator=curator,
        note=note,
    )
    return add_labels([undoing], Cause("A curator undid a label.", curator), seen)[0]


def confirm(label: Label, curator: User, *, note: str = "", seen: LedgerMark | None = None) -> Label:
    """A curator says what `label` says. Raises `LabelError` when it states neither role nor polarity; on `seen`:
    add_labels.
    """
    if not label.role and not label.polarity:
        raise LabelError("This label states neither a role nor a polarity, so there is nothing to confirm.")
    said_again = Label(
        citation_id=label.citation_id,
        mention=label.mention,
        role=label.role,
        polarity=label.polarity,
        confirms=label,
        decided_by=DecidedBy.CURATOR,
        source=CURATOR,
        curator=curator,
        note=note,
    )
    return add_labels([said_again], Cause("A curator confirmed a label.", curator), seen)[0]


def ledger_mark(citation_id: int) -> LedgerMark:
    """How far the ledger of a citation has grown, with those of citations that a merge hid behind it. One query.

    Ids of one ledger grow, since the writers of a hub take turns.
    """
    rows = Label.objects.filter(in_ledgers([citation_id])).order_by()
    found = rows.aggregate(newest=Max("id"), number=Count("id"))
    return LedgerMark(found["newest"] or 0, found["number"])


def new_decision() -> uuid.UUID:
    """A mark for labels that are written together."""
    return uuid.uuid4()


def lock(citation_ids: Iterable[int]) -> None:
    """Hold the hubs of these citations, before any ledger is read: so no two writers resolve the same one at once.

    While this waits, a merge may move a citation to another hub, or hide it: then that hub is held as well.
    """
    ids = list(citation_ids)
    held: set[int] = set()
    while wanted := hubs_of(ids) - held:
        summaries.lock_hubs(wanted)
        held |= wanted


def hubs_of(citation_ids: Iterable[int]) -> set[int]:
    """The papers cited by these citations, and by those that stand for them where a merge hid them."""
    pairs = Citation.objects.filter(pk__in=list(citation_ids)).order_by()
    rows = pairs.values_list("cited_id", "merged_into__cited_id")
    return {hub for row in rows for hub in row if hub is not None}


def _check_references(new: Iterable[Label]) -> None:
    """Refuse labels that speak of another citation's label or mention; no constraint of a database can."""
    pairs = [
        (label.citation_id, other.citation_id, name)
        for label in new
        for name in ("retracts", "confirms", "mention")
        if (other := getattr(label, name) if getattr(label, f"{name}_id") else None) is not None
    ]
    differing = [pair for pair in pairs if pair[0] != pair[1]]
    # Citations that a merge joined are one to the reader. Asked now, under lock: it may have come in between.
    ids = {pk for pair in differing for pk in pair[:2]}
    hidden = Citation.objects.filter(pk__in=ids, merged_into__isnull=False) if ids else Citation.objects.none()
    standing = dict(hidden.values_list("pk", "merged_into_id"))
    for one, other, name in differing:
        if standing.get(one, one) != standing.get(other, other):
            raise LabelError(f"The {'mention' if name == 'mention' else 'label'} belongs to another citation.")


# Restoring an exported collection ------------------------------------------------------------------------------------


def restore_labels(labels: Sequence[Label]) -> None:
    """Put labels of an exported collection back as they were, ids, times and decisions included.

    Nothing is resolved: the caller does that (`resolve_citations`) once all labels are there, in the same transaction.
    Raises `LabelError` when one speaks of a label or mention of another citation, and stores none then.
    """
    mine = {label.pk: label.citation_id for label in labels}
    named = {pk for label in labels for pk in (label.retracts_id, label.confirms_id) if pk} - mine.keys()
    owners = mine | dict(Label.objects.filter(pk__in=named).order_by().values_list("pk", "citation_id"))
    mentions = {label.mention_id for label in labels if label.mention_id}
    mention_owners = dict(Mention.objects.filter(pk__in=mentions).order_by().values_list("pk", "citation_id"))
    ids = {*owners.values(), *mention_owners.values()}
    merged = Citation.objects.filter(pk__in=ids, merged_into__isnull=False)
    survivors = dict(merged.values_list("pk", "merged_into_id"))
    for label in labels:
        spoken_of = [owners.get(pk) for pk in (label.retracts_id, label.confirms_id) if pk]
        spoken_of += [mention_owners.get(label.mention_id)] if label.mention_id else []
        own = survivors.get(label.citation_id, label.citation_id)
        if any(other is None or survivors.get(other, other) != own for other in spoken_of):
            raise LabelError(f"Label {label.pk} speaks of a label or mention of another citation.")
    Label.objects.bulk_create(labels, batch_size=BATCH)


# Resolving -----------------------------------------------------------------------------------------------------------


def ledgers(citation_ids: Iterable[int]) -> dict[int, list[LabelRow]]:
    """The labels of each citation, with those of citations that a merge hid behind it."""
    ids = list(citation_ids)
    rows = Label.objects.filter(in_ledgers(ids)).order_by()
    found: dict[int, list[LabelRow]] = defaultdict(list)
    for citation_id, merged_into, *values in rows.values_list(
        "citation_id", "citation__merged_into_id", *LABEL_COLUMNS
    ):
        found[merged_into or citation_id].append(LabelRow(*values))
    return found


def resolve_citations(citation_ids: Iterable[int], moves: Moves | None = None) -> set[int]:
    """Write the effective columns of these citations from their ledgers; returns the hubs they belong to.

    A citation that a merge hid stands for nothing of its own: its survivor is resolved instead. What is written is
    noted in `moves`.
    """
    ids = list(citation_ids)
    for stale, _ in _stale_citations(_survivors(ids)):
        with moves.noted(citation.pk for citation in stale) if moves is not None else nullcontext():
            Citation.objects.overwrite(stale, EFFECTIVE)
    return hubs_of(ids)


def _survivors(citation_ids: Iterable[int]) -> list[int]:
    """The ids, with hidden citations replaced by those that stand for them."""
    rows = Citation.objects.filter(pk__in=list(citation_ids)).values_list("pk", "merged_into_id")
    return sorted({merged_into or pk for pk, merged_into in rows})


def _stale_citations(citation_ids: list[int]) -> Iterator[tuple[list[Citation], int]]:
    """Batch by batch: citations whose effective columns are not what their ledgers say, with the right values set,
    unsaved; and how many were looked at.
    """
    for start in range(0, len(citation_ids), BATCH):
        batch = citation_ids[start : start + BATCH]
        found = ledgers(batch)
        stale = []
        for citation in Citation.objects.filter(pk__in=batch).order_by("pk"):
            effective = resolve(found.get(citation.pk, ()))
            if _set_effective(citation, effective):
                stale.append(citation)
        yield stale, len(batch)


def _set_effective(citation: Citation, effective: Effective) -> bool:
    """Set the columns on the instance; says whether any differed."""
    differed = False
    for name in EFFECTIVE:
        value = getattr(effective, name)
        if name == "suggested_confidence":
            value = value or 0.0
        if getattr(citation, name) != value:
            setattr(citation, name, value)
            differed = True
    return differed


# Rebuilding ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rebuilt:
    """One hub of a rebuild or check: its paper, how many citations it has, and whether anything differed."""

    paper_id: int
    slug: str
    citations: int
    differed: bool


def hubs_to_rebuild() -> list[int]:
    """Ids of all papers that something cites or that have a summary, in ascending order."""
    cited = Citation.objects.order_by().values_list("cited_id", flat=True).distinct()
    summarised = HubSummary.objects.values_list("pk", flat=True)
    return sorted(set(cited) | set(summarised))


def rebuild_hub(paper_id: int) -> Rebuilt:
    """Recompute all that is derived of one hub from labels and citations, in one transaction, which is begun anew where
    another writer is in the way.

    Nothing is held while it is compared, and nothing is written where all is well: most hubs keep nobody waiting.
    """
    found = hub_differs(paper_id)
    return again_while_busy(lambda: _rebuild_hub(paper_id)) if found.differed else found


def _rebuild_hub(paper_id: int) -> Rebuilt:
    with transaction.atomic():
        summaries.lock_hubs([paper_id])
        found = hub_differs(paper_id)
        if found.differed:
            summaries.refresh_copies([paper_id])
            summaries.paper_changed([paper_id])
            resolve_citations(_citation_ids(paper_id))
            summaries.recount([paper_id], REBUILT)
        return found


def hub_differs(paper_id: int) -> Rebuilt:
    """Whether anything that is derived of a hub is not what labels, citations and papers say, all of one moment while
    others go on writing. Writes nothing.
    """
    with engines.read_snapshot(connection):
        ids = _citation_ids(paper_id)
        differed = (
            any(stale for stale, _ in _stale_citations(_survivors(ids)))
            or bool(summaries.stale_copies([paper_id]))
            or bool(summaries.differing([paper_id]))
        )
        return Rebuilt(paper_id, Paper.objects.values_list("slug", flat=True).get(pk=paper_id), len(ids), differed)


def _citation_ids(paper_id: int) -> list[int]:
    """Ids of all citations of a paper, hidden ones too."""
    return list(Citation.objects.filter(cited_id=paper_id).order_by("pk").values_list("pk", flat=True))


# Full text -----------------------------------------------------------------------------------------------------------


def stale_texts(paper_id: int | None = None) -> list[str]:
    """Slugs of the papers that full-text search knows otherwise than they are: of one hub and those that cite it, or of
    all.

    Writes nothing.
    """
    slugs: list[str] = []
    for batch in _papers_of(paper_id):
        stale = engines.text_differs(connection, batch)
        slugs += Paper.objects.filter(pk__in=stale).order_by("pk").values_list("slug", flat=True)
    return slugs


def rebuild_texts(paper_id: int | None = None) -> None:
    """Make full-text search anew: of one hub and the papers that cite it, or of all papers at once."""
    again_while_busy(lambda: _rebuild_texts(paper_id))


def _rebuild_texts(paper_id: int | None) -> None:
    with transaction.atomic():
        site_version.touch(connection)  # what searches find changes, and no other table
        if paper_id is None:
            engines.rebuild_text(connection)
            return
        for batch in _papers_of(paper_id):
            engines.refresh_text(connection, batch)


def _papers_of(paper_id: int | None) -> Iterator[list[int]]:
    """Batches of ids: a hub and the papers that cite it, or all papers."""
    papers = Paper.objects.order_by("pk").values_list("pk", flat=True)
    if paper_id is not None:
        citing = Citation.objects.filter(cited_id=paper_id).values("citing_id")
        papers = papers.filter(Q(pk=paper_id) | Q(pk__in=citing))
    last = 0
    while batch := list(papers.filter(pk__gt=last)[:BATCH]):
        yield batch
        last = batch[-1]
