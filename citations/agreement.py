"""How often curators agreed with each source: from citations that both have labelled.

The word of a curator is the newest role that any curator stated of the citation and that nobody took back; that of a
source is the newest of its decisions that states a role, by the rules of `labels.resolve`. Each citation counts once
for each source. Citations that a merge hid are read together with those that stand for them.

Curators choose what they look at, and see the source's label when they do: this measures labels that were looked at,
not all labels of a source.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Max
from django.db.models.functions import Coalesce

from citations import labelling
from citations.hub_class import Share
from citations.labels import SaidRole, latest_roles
from citations.models import Label, Merge
from citations.querysets import BATCH
from citations.vocabulary import CLASSIFIED_ROLES, SOURCES, DecidedBy, Role, source_label

# The citations that a curator labelled last. Enough for ranges of a point or two; 1,200 took 0.14 s (SQLite).
MOST_CITATIONS = 5_000
# An unchanged ledger gives the same numbers; a day later the cache may have better use of its room.
KEPT_SECONDS = 24 * 3600

# What a coarse value of a scheme may mean in our words: those that the scheme itself could not have told apart.
# Semantic Scholar's and SciCite's "method" covers tools, data and extensions (Cohan et al. 2019), their "result" what
# is compared and what is relied on. ACL-ARC's "Uses" covers tools and data; extensions are a class of their own there
# (Jurgens et al. 2018).
COVERED: Mapping[str, Mapping[Role, frozenset[Role]]] = {
    "semanticscholar": {
        Role.METHOD: frozenset({Role.METHOD, Role.DATASET, Role.EXTENSION}),
        Role.COMPARISON: frozenset({Role.COMPARISON, Role.EVIDENCE}),
    },
    "acl-arc": {Role.METHOD: frozenset({Role.METHOD, Role.DATASET})},
}


@dataclass(frozen=True)
class SourceAgreement:
    """One source against curators. `cells`: the citations that have the source's role (first) and the curator's.

    `coarse`: of how many citations the source's label is coarse. `covered`: in how many the curator's role is one that
    the source's value may mean; where nothing is coarse, the same as those that agree. `unclear`: citations that the
    curator or the source calls unclear, which count neither way.
    """

    source: str
    decided_by: DecidedBy
    cells: Mapping[tuple[Role, Role], tuple[int, ...]]
    covered: int
    coarse: int
    unclear: int

    @property
    def table(self) -> dict[tuple[Role, Role], int]:
        """How many citations each cell holds."""
        return {cell: len(ids) for cell, ids in self.cells.items()}

    def citations(self, said: Collection[Role], read: Collection[Role], *, same: bool = False) -> list[int]:
        """The citations to which the source gave one of the roles `said` and the curator one of `read` (empty: any),
        cell by cell, the one that a curator labelled last first. `same`: only where both gave the same role.
        """
        return [
            pk
            for (source_role, curator_role), ids in self.cells.items()
            if (not said or source_role in said)
            and (not read or curator_role in read)
            and (not same or source_role is curator_role)
            for pk in ids
        ]

    @property
    def label(self) -> str:
        """The source in words."""
        return source_label(self.source)

    @property
    def n(self) -> int:
        """Citations to which both gave a role other than unclear."""
        return sum(self.table.values())

    @property
    def exact(self) -> Share:
        """In how many the curator gave the very role, with its range."""
        return Share(sum(n for (said, read), n in self.table.items() if said is read), self.n)

    @property
    def within(self) -> Share:
        """In how many the curator gave a role that the source's value may mean, with its range."""
        return Share(self.covered, self.n)

    @property
    def rows(self) -> list[tuple[Role, list[int], int]]:
        """The confusion table: each role of the source that occurs, the curators' roles in order, and the sum."""
        found = []
        for said in CLASSIFIED_ROLES:
            cells = [self.table.get((said, read), 0) for read in CLASSIFIED_ROLES]
            if any(cells):
                found.append((said, cells, sum(cells)))
        return found

    @property
    def columns(self) -> list[int]:
        """The sums of the curators' roles, in order."""
        return [sum(self.table.get((said, read), 0) for said in CLASSIFIED_ROLES) for read in CLASSIFIED_ROLES]


@dataclass(frozen=True)
class Agreement:
    """All sources that have labelled what curators labelled, the most compared first. `citations`: those looked at.

    `is_partial`: there are more, and these are the ones that curators labelled last.
    """

    sources: tuple[SourceAgreement, ...]
    citations: int
    is_partial: bool


def agreement() -> Agreement:
    """How far sources and curators agree now. Kept under the numbers of the newest label and merge: both only grow."""
    newest = Label.objects.order_by().aggregate(newest=Max("pk"))["newest"] or 0
    merged = Merge.objects.aggregate(newest=Max("pk"))["newest"] or 0
    key = f"agreement:{MOST_CITATIONS}:{newest}:{merged}"
    kept: Agreement | None = cache.get(key)
    if kept is None:
        kept = measure()
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def measure(most: int = MOST_CITATIONS) -> Agreement:
    """The same, counted: of the `most` citations that curators labelled last."""
    labelled = (
        Label.objects.filter(curator__isnull=False)
        .annotate(of=Coalesce("citation__merged_into_id", "citation_id"))
        .order_by()
        .values_list("of")
        .annotate(newest=Max("pk"))
        .order_by("-newest")
    )
    ids = [citation for citation, _ in labelled[: most + 1]]
    tables: dict[tuple[str, str], _Tally] = defaultdict(_Tally)
    for start in range(0, len(ids[:most]), BATCH):
        batch = ids[start : min(start + BATCH, most)]
        ledgers = labelling.ledgers(batch)
        for pk in batch:
            found = latest_roles(ledgers.get(pk, ()))
            for said in found.others if found.curator is not None else ():
                tables[said.decided_by, said.source].add(pk, said, found.curator)
    measured = [
        SourceAgreement(
            source,
            DecidedBy(decided_by),
            {cell: tuple(ids) for cell, ids in tally.cells.items()},
            tally.covered,
            tally.coarse,
            tally.unclear,
        )
        for (decided_by, source), tally in tables.items()
    ]
    measured.sort(key=lambda one: (-one.n, one.source))
    return Agreement(tuple(measured), min(len(ids), most), len(ids) > most)


class _Tally:
    """What is counted of one source."""

    def __init__(self) -> None:
        self.cells: dict[tuple[Role, Role], list[int]] = defaultdict(list)
        self.covered = self.coarse = self.unclear = 0

    def add(self, citation: int, said: SaidRole, read: Role | None) -> None:
        """One citation that both have labelled."""
        if read is None or not (said.role.is_classified and read.is_classified):
            self.unclear += 1
            return
        self.cells[said.role, read].append(citation)
        self.coarse += said.coarse
        self.covered += read in covers(said.source, said.role, coarse=said.coarse)


def covers(source: str, said: Role, *, coarse: bool) -> frozenset[Role]:
    """The roles that a label of `source` may mean: one, unless it is coarse and its scheme is known."""
    scheme = SOURCES[source].scheme if source in SOURCES else ""
    return COVERED.get(scheme, {}).get(said, frozenset({said})) if coarse else frozenset({said})
