"""What a merge of two papers would do, told before it is done. Reads only.

`plan` is what an editor sees; `merging` builds on the same questions when it does the work, so that both agree.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery

from citations import labelling, summaries, text
from citations.hub_class import HubCounts, classify_hub
from citations.identifiers import Scheme
from citations.labels import Effective, resolve
from citations.models import Citation, HubPin, HubSummary, Identifier, Label, Mention, Paper, Report
from citations.querysets import BATCH
from citations.vocabulary import CURATOR, PLACEHOLDER, HubClass, Polarity, Role

# The facts of a paper that its `field_sources` speak of, in the order in which they are shown.
FIELDS = ("title", "summary", "abstract", "year", "published_on", "venue", "kind", "notice", "url")
# Collisions looked at one by one: more than any editor reads. Beyond, what readers will see is not foretold.
COLLISIONS_READ = 2_000
# Papers with more citations are folded in from the command line: a request ends after a minute.
LARGEST_ON_A_PAGE = 5_000
# Years between a preprint and its published version; more is a reason to look twice.
YEARS_APART = 2

# Schemes in which one work may well have two names: a preprint and its published version each get one, and services
# that match records keep several of one work. Two names of any other scheme mean that its keeper sees two works.
_OFTEN_SEVERAL = frozenset({Scheme.DOI, Scheme.OPENALEX, Scheme.S2, Scheme.CORPUSID, Scheme.MAG, Scheme.FINGERPRINT})


@dataclass(frozen=True)
class FieldFate:
    """One fact of both papers, and whether the folded one's takes the place of the other. `why` says so in words."""

    name: str
    kept: str
    folded: str
    moves: bool
    why: str


@dataclass(frozen=True)
class Part:
    """Rows of the folded paper: how many there are, move, stay hidden because they collide, or lie between the two."""

    name: str
    total: int
    collide: int = 0
    between: int = 0

    @property
    def move(self) -> int:
        """Those that come to belong to the paper that stays."""
        return self.total - self.collide - self.between


@dataclass(frozen=True)
class Collision:
    """Two citations that become one, and what they read before and after. `other` is the paper at their other end."""

    kept_id: int
    hidden_id: int
    other: str
    before: Effective
    folded: Effective
    after: Effective

    @property
    def reads_differently(self) -> bool:
        """Whether role or polarity of the citation that stays changes."""
        return (self.before.role, self.before.polarity) != (self.after.role, self.after.polarity)


@dataclass(frozen=True)
class Plan:
    """All that an editor is told. Where there are `refusals` it cannot be done; `warnings` have to be confirmed."""

    survivor: Paper
    loser: Paper
    refusals: tuple[str, ...]
    warnings: tuple[str, ...]
    fields: tuple[FieldFate, ...]
    parts: tuple[Part, ...]
    changes: tuple[Collision, ...]
    collisions: int
    now: HubCounts
    after: HubCounts | None
    pinned: str
    fingerprint: str

    @property
    def class_now(self) -> HubClass:
        """The class that readers see of the paper that stays."""
        return HubClass(self.pinned) if self.pinned else classify_hub(self.now).hub_class

    @property
    def class_after(self) -> HubClass | None:
        """The class that readers will see; None where it is not foretold."""
        if self.pinned:
            return HubClass(self.pinned)
        return classify_hub(self.after).hub_class if self.after is not None else None

    @property
    def is_large(self) -> bool:
        """Whether so much moves that a page would not live to see its end."""
        return sum(part.total for part in self.parts if part.name in (CITED_BY, CITES)) > LARGEST_ON_A_PAGE


IDENTIFIERS, CITED_BY, CITES = "Identifiers", "Citations of it", "Citations by it"
MENTIONS, LABELS, REPORTS = "Sentences", "Labels", "Readers’ reports"


def plan(survivor: Paper, loser: Paper) -> Plan:
    """What folding `loser` into `survivor` would do. Nothing is locked: `merging` compares the fingerprint again."""
    found = list(collisions(survivor.pk, loser.pk, COLLISIONS_READ + 1))
    read = _read(found[:COLLISIONS_READ])
    now, after = _counts(survivor.pk, loser.pk, read, complete=len(found) <= COLLISIONS_READ)
    pin = standing_pin(survivor.pk) or standing_pin(loser.pk)
    parts = _parts(survivor.pk, loser.pk)
    return Plan(
        survivor=survivor,
        loser=loser,
        refusals=tuple(refusals(survivor, loser)),
        warnings=tuple(warnings(survivor, loser)),
        fields=tuple(fates(survivor, loser)),
        parts=parts,
        changes=tuple(collision for collision in read if collision.reads_differently),
        collisions=sum(part.collide for part in parts if part.name in (CITED_BY, CITES)),
        now=now,
        after=after,
        pinned=pin.hub_class if pin else "",
        fingerprint=fingerprint(survivor, loser),
    )


# May it be done? ------------------------------------------------------------------------------------------------------


def refusals(survivor: Paper, loser: Paper) -> Iterator[str]:
    """Why these two cannot be merged, one sentence each; nothing where they can."""
    if survivor.pk == loser.pk:
        yield "Both are the same paper: choose two."
        return
    for paper in (survivor, loser):
        if paper.merged_into_id is not None:
            yield f"“{paper.title}” was merged into paper {paper.merged_into_id} already: choose that one instead."
    pins = [standing_pin(paper.pk) for paper in (survivor, loser)]
    if pins[0] and pins[1] and pins[0].hub_class != pins[1].hub_class:
        classes = " and ".join(HubClass(pin.hub_class).label for pin in pins if pin)
        yield f"Their classes are pinned differently, as {classes}: remove one of the two pins first."


def warnings(survivor: Paper, loser: Paper) -> Iterator[str]:
    """What speaks against the two being one work, or will surprise; an editor has to say that it was read."""
    yield from _identifier_warnings(survivor, loser)
    if text.fold(survivor.title) != text.fold(loser.title):
        yield "Their titles differ."
    if survivor.year and loser.year and abs(survivor.year - loser.year) > YEARS_APART:
        yield f"They are {abs(survivor.year - loser.year)} years apart."
    names = [_folded_names(paper) for paper in (survivor, loser)]
    if names[0] and names[1] and names[0].isdisjoint(names[1]):
        yield "They share no author’s family name."
    between = list(citations_between(survivor.pk, loser.pk).order_by("pk").values_list("pk", flat=True))
    if between:
        numbers = ", ".join(map(str, between))
        yield (
            f"One cites the other (citation {numbers}). A paper does not cite itself: after the merge that citation is "
            "hidden with its labels, and counts nowhere. A work and a comment on it are two works."
        )


def _identifier_warnings(survivor: Paper, loser: Paper) -> Iterator[str]:
    """Each scheme in which both papers have a name, with what two names mean there."""
    named: list[dict[str, list[str]]] = []
    for paper in (survivor, loser):
        of_paper: dict[str, list[str]] = defaultdict(list)
        for scheme, value in paper.identifiers.order_by("scheme", "value").values_list("scheme", "value"):
            of_paper[scheme].append(value)
        named.append(of_paper)
    for scheme in sorted(named[0].keys() & named[1].keys()):
        both = f"{', '.join(named[0][scheme])} and {', '.join(named[1][scheme])}"
        if scheme in _OFTEN_SEVERAL:
            meaning = "A preprint and its published version have one each, so that this may be right."
        else:
            meaning = "That register gives each work one name, so that it holds them for two works."
        yield f"Each has its own {Scheme(scheme).label}: {both}. {meaning} The paper that stays will have them all."


def _folded_names(paper: Paper) -> set[str]:
    """Family names, as far as the last word of a name tells them."""
    names = paper.authorships.values_list("name", flat=True)
    return {words[-1] for name in names if (words := text.fold(name).split())}


def standing_pin(paper_id: int) -> HubPin | None:
    """The pin of a paper's class, where one stands."""
    return HubPin.objects.filter(hub_id=paper_id, removed_at__isnull=True).exclude(hub_class="").first()


# Facts ----------------------------------------------------------------------------------------------------------------


def moves(survivor: Paper, loser: Paper, name: str) -> bool:
    """Whether the folded paper's fact takes the place of the other's: an empty one, or one that no curator set while a
    curator set the folded one. A curator's word is never replaced.
    """
    kept, folded = getattr(survivor, name), getattr(loser, name)
    if folded in ("", None) or folded == kept:
        return False
    kept_by, folded_by = survivor.field_sources.get(name, ""), loser.field_sources.get(name, "")
    return kept in ("", None) or (kept_by == PLACEHOLDER) or (folded_by == CURATOR and kept_by != CURATOR)


def authors_move(survivor: Paper, loser: Paper) -> bool:
    """The same of the authors, who are one fact."""
    has_authors = [paper.authorships.exists() for paper in (survivor, loser)]
    by_curator = [paper.field_sources.get("authors") == CURATOR for paper in (survivor, loser)]
    return has_authors[1] and (not has_authors[0] or (by_curator[1] and not by_curator[0]))


def fates(survivor: Paper, loser: Paper) -> Iterator[FieldFate]:
    """Each fact of both papers and what becomes of it; those that neither has are left out."""
    for name in FIELDS:
        kept, folded = _shown(survivor, name), _shown(loser, name)
        if kept or folded:
            moved = moves(survivor, loser, name)
            yield FieldFate(name, kept, folded, moved, _why(survivor, loser, name, kept, folded, moved))
    kept, folded = (", ".join(paper.authorships.values_list("name", flat=True)) for paper in (survivor, loser))
    if kept or folded:
        moved = authors_move(survivor, loser)
        yield FieldFate("authors", kept, folded, moved, _why(survivor, loser, "authors", kept, folded, moved))


def _shown(paper: Paper, name: str) -> str:
    """A fact in print; "" for none."""
    value = getattr(paper, f"get_{name}_display")() if name in ("kind", "notice") else getattr(paper, name)
    return "" if value is None else str(value)


def _why(survivor: Paper, loser: Paper, name: str, kept: str, folded: str, moved: bool) -> str:
    """What becomes of the folded paper's fact, and why."""
    if not folded:
        return "nothing to move"
    if moved:
        if kept and loser.field_sources.get(name) == CURATOR:
            return "moves: a curator set it"
        return "moves: the other has none"
    if kept == folded:
        return "the same"
    return "stays hidden: a curator set the other" if survivor.field_sources.get(name) == CURATOR else "stays hidden"


# Citations ------------------------------------------------------------------------------------------------------------


def citations_between(survivor_id: int, loser_id: int) -> QuerySet[Citation]:
    """Public citations of one of the two by the other: they would be of a paper by itself."""
    one, other = Q(citing_id=survivor_id, cited_id=loser_id), Q(citing_id=loser_id, cited_id=survivor_id)
    return Citation.objects.public().filter(one | other)


def received(survivor_id: int, loser_id: int) -> QuerySet[Any]:
    """Public citations of the folded paper; `kept` is the id of the one by the same paper of the survivor, or null."""
    twin = Citation.objects.filter(cited_id=survivor_id, citing_id=OuterRef("citing_id")).order_by()
    rows = Citation.objects.of_hub(loser_id).exclude(citing_id=survivor_id)
    return rows.annotate(kept=Subquery(twin.values("pk")[:1]))


def made(survivor_id: int, loser_id: int) -> QuerySet[Any]:
    """Public citations by the folded paper; `kept` is the id of the survivor's of the same paper, or null."""
    twin = Citation.objects.filter(citing_id=survivor_id, cited_id=OuterRef("cited_id")).order_by()
    rows = Citation.objects.by_paper(loser_id).exclude(cited_id=survivor_id)
    return rows.annotate(kept=Subquery(twin.values("pk")[:1]))


def collisions(survivor_id: int, loser_id: int, limit: int | None = None) -> Iterator[tuple[int, int]]:
    """Pairs of citations that would be one: the hidden id and the kept. Read by the batch, at most `limit`."""
    given = 0
    for rows in (received(survivor_id, loser_id), made(survivor_id, loser_id)):
        last = 0
        while limit is None or given < limit:
            size = BATCH if limit is None else min(BATCH, limit - given)
            batch = rows.filter(kept__isnull=False, pk__gt=last).order_by("pk").values_list("pk", "kept")
            pairs = list(batch[:size])
            if not pairs:
                break
            yield from pairs
            given, last = given + len(pairs), pairs[-1][0]


def _parts(survivor_id: int, loser_id: int) -> tuple[Part, ...]:
    """How many rows of each kind there are, and what becomes of them."""
    sides = [received(survivor_id, loser_id), made(survivor_id, loser_id)]
    between = citations_between(survivor_id, loser_id)
    own = Citation.objects.public().filter(Q(cited_id=loser_id) | Q(citing_id=loser_id)).order_by().values("pk")
    colliding = [side.filter(kept__isnull=False) for side in sides]
    of_citations = [
        Part(name, n[0] + inside, n[1], inside)
        for name, n, inside in (
            (CITED_BY, _numbers(sides[0]), between.filter(cited_id=loser_id).count()),
            (CITES, _numbers(sides[1]), between.filter(citing_id=loser_id).count()),
        )
    ]
    hidden_ids = colliding[0].order_by().values("pk"), colliding[1].order_by().values("pk")
    behind = Q(citation__in=hidden_ids[0]) | Q(citation__in=hidden_ids[1])
    inside = Q(citation__in=between.order_by().values("pk"))
    return (
        Part(IDENTIFIERS, Identifier.objects.filter(paper_id=loser_id).count()),
        *of_citations,
        Part(
            MENTIONS,
            Mention.objects.filter(citation__in=own).count(),
            sum(_same_sentences(rows) for rows in colliding),
            Mention.objects.filter(inside).count(),
        ),
        *(
            Part(name, rows.filter(citation__in=own).count(), rows.filter(behind).count(), rows.filter(inside).count())
            for name, rows in ((LABELS, Label.objects.all()), (REPORTS, Report.objects.all()))
        ),
    )


def _numbers(side: QuerySet[Any]) -> tuple[int, int]:
    """How many citations, and how many of them collide."""
    return side.count(), side.filter(kept__isnull=False).count()


def _same_sentences(colliding: QuerySet[Any]) -> int:
    """How many sentences of colliding citations stand with the citation that is kept already."""
    total = 0
    last = 0
    while pairs := list(colliding.filter(pk__gt=last).order_by("pk").values_list("pk", "kept")[:BATCH]):
        total += sum(1 for _ in same_sentences(dict(pairs)))
        last = pairs[-1][0]
    return total


def same_sentences(kept_of: dict[int, int]) -> Iterator[int]:
    """Ids of mentions of hidden citations whose sentence the kept one has too. `kept_of`: hidden id to kept id."""
    stored = set(Mention.objects.filter(citation_id__in=kept_of.values()).values_list("citation_id", "content_hash"))
    rows = Mention.objects.filter(citation_id__in=kept_of).order_by("pk")
    for pk, citation_id, content_hash in rows.values_list("pk", "citation_id", "content_hash"):
        if (kept_of[citation_id], content_hash) in stored:
            yield pk


# What readers will see ------------------------------------------------------------------------------------------------


def _read(pairs: list[tuple[int, int]]) -> list[Collision]:
    """Each collision with what its ledgers come to, apart and together."""
    found: list[Collision] = []
    for start in range(0, len(pairs), BATCH):
        some = pairs[start : start + BATCH]
        ledgers = labelling.ledgers({pk for pair in some for pk in pair})
        kept_rows = Citation.objects.filter(pk__in=[kept for _, kept in some]).order_by()
        ends = {pk: rest for pk, *rest in kept_rows.values_list("pk", "cited_id", "citing__title", "cited__title")}
        hubs = dict(Citation.objects.filter(pk__in=[pk for pk, _ in some]).order_by().values_list("pk", "cited_id"))
        for hidden, kept in some:
            # Cited alike, they differ in the citing paper; else in the cited one.
            cited_id, citing, cited = ends[kept]
            other = cited if hubs[hidden] == cited_id else citing
            own, folded = ledgers.get(kept, []), ledgers.get(hidden, [])
            found.append(Collision(kept, hidden, other, resolve(own), resolve(folded), resolve([*own, *folded])))
    return found


def _counts(
    survivor_id: int, loser_id: int, read: list[Collision], *, complete: bool
) -> tuple[HubCounts, HubCounts | None]:
    """The survivor's counts now, and after the merge; None where not every collision was read.

    The survivor's own citations, which may be very many, are not counted again: its summary knows.
    """
    stored = HubSummary.objects.filter(pk=survivor_id, known__gt=0).values_list("counts", flat=True).first()
    now = summaries.hub_counts(stored) if stored else HubCounts(0)
    if not complete:
        return now, None
    after = _parts_of(now)
    lost = Citation.objects.of_hub(survivor_id).filter(citing_id=loser_id)
    after.subtract(_added(lost))
    after.update(_added(Citation.objects.of_hub(loser_id).exclude(citing_id=survivor_id)))
    kept_ids = [collision.kept_id for collision in read]
    shown: set[int] = set()
    for start in range(0, len(kept_ids), BATCH):
        own = Citation.objects.filter(pk__in=kept_ids[start : start + BATCH], cited_id=survivor_id)
        shown.update(own.values_list("pk", flat=True))
    for collision in read:
        if collision.kept_id in shown:
            after.subtract(_of_one(collision.before))
            after.subtract(_of_one(collision.folded))
            after.update(_of_one(collision.after))
    return now, _from_parts(after)


# The numbers that the rules of classes look at, by what they count: sums of citations, so that they can be added up.
_Numbers = Counter[tuple[str, str]]
_KNOWN, _CONFIRMED, _COARSE = ("known", ""), ("confirmed", ""), ("coarse", "")


def _numbers_of(role: str, polarity: str, *, coarse: bool, confirmed: bool, n: int = 1) -> _Numbers:
    """What `n` citations of one kind add."""
    numbers: _Numbers = Counter({_KNOWN: n, ("role", role): n, ("polarity", polarity): n})
    numbers[_CONFIRMED] += n if confirmed and polarity == Polarity.DISPUTES else 0
    numbers[_COARSE] += n if coarse and role == Role.METHOD else 0
    return numbers


def _of_one(effective: Effective) -> _Numbers:
    return _numbers_of(effective.role, effective.polarity, coarse=effective.coarse, confirmed=effective.confirmed)


def _added(rows: QuerySet[Citation]) -> _Numbers:
    """What these citations add."""
    names = ("role", "polarity", "coarse", "confirmed")
    total: _Numbers = Counter()
    for role, polarity, coarse, confirmed, n in rows.order_by().values_list(*names).annotate(n=Count("pk")):
        total.update(_numbers_of(role, polarity, coarse=coarse, confirmed=confirmed, n=n))
    return total


def _parts_of(counts: HubCounts) -> _Numbers:
    """The numbers of a hub."""
    numbers: _Numbers = Counter({("role", role.value): n for role, n in counts.roles.items()})
    numbers.update({("polarity", polarity.value): n for polarity, n in counts.polarities.items()})
    numbers.update({_KNOWN: counts.known, _CONFIRMED: counts.confirmed_disputes, _COARSE: counts.coarse_method})
    return numbers


def _from_parts(numbers: _Numbers) -> HubCounts:
    """What `classify_hub` takes."""
    roles = {role: numbers["role", role.value] for role in Role}
    polarities = {polarity: numbers["polarity", polarity.value] for polarity in Polarity}
    return HubCounts(numbers[_KNOWN], roles, polarities, numbers[_CONFIRMED], numbers[_COARSE])


# Has it changed meanwhile? --------------------------------------------------------------------------------------------


def fingerprint(survivor: Paper, loser: Paper) -> str:
    """A short text that becomes another when anything about either paper that an editor was shown changes."""
    state = [_state(paper) for paper in (survivor, loser)]
    return hashlib.sha256(json.dumps(state, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _state(paper: Paper) -> dict[str, Any]:
    """What the fingerprint is made of."""
    summary = HubSummary.objects.filter(pk=paper.pk, known__gt=0).values_list("updated_at", "hub_class").first()
    return {
        "columns": [str(getattr(paper, name)) for name in FIELDS],
        "sources": paper.field_sources,
        "merged": paper.merged_into_id,
        "names": sorted(paper.identifiers.values_list("scheme", "value")),
        "authors": list(paper.authorships.values_list("position", "name", "author_id")),
        "counted": sorted(paper.cited_by_counts.values_list("source", "count")),
        "pins": sorted(paper.pins.filter(removed_at__isnull=True).values_list("pk", flat=True)),
        "received": Citation.objects.of_hub(paper.pk).count(),
        "made": Citation.objects.by_paper(paper.pk).count(),
        "summary": list(summary or ()),
        "made_labels": _newest_made_label(paper.pk),
    }


def _newest_made_label(paper_id: int) -> int:
    """The label added last to what the paper cites, whose hubs' summaries are others'."""
    return Label.objects.filter(citation__citing_id=paper_id).order_by().aggregate(newest=Max("pk"))["newest"] or 0
