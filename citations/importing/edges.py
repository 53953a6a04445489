"""The citations of one page: pairs of papers, the sentences that make them, and what the source says of them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from citations import text
from citations.importing.facts import BATCH, outranks, share_an_author
from citations.importing.papers import Entry, batches
from citations.labelling import new_decision
from citations.models import Citation, ImportRun, Label, Mention, in_ledgers
from citations.sources.records import CitationRecord
from citations.vocabulary import CURATOR, SOURCES, DecidedBy, Mapped, Polarity, Role, meaning

_SECTION_LENGTH = 200
_RAW_VALUE_LENGTH = 100
SELF_CITATION = "is_self_citation"


@dataclass(frozen=True)
class Statement:
    """One label that a source gives, as it is compared with what it gave before. `mention` is a content hash or ""."""

    mention: str
    role: str
    polarity: str
    raw_value: str
    coarse: bool


@dataclass(eq=False)
class Edge:
    """One row of the page: who cites whom, and what became of it."""

    record: CitationRecord
    citing: Entry
    cited: Entry
    citation: Citation | None = None
    is_new: bool = False
    is_changed: bool = False

    @property
    def is_own(self) -> bool:
        """Whether both records are those that the source keeps for these papers (see `Entry.is_own`)."""
        return self.citing.is_own(self.record.citing) and self.cited.is_own(self.record.cited)


@dataclass
class Written:
    """What of a page's citations is new: unsaved labels, and the ids that must be brought up to date."""

    labels: list[Label] = field(default_factory=list)
    citing: set[int] = field(default_factory=set)
    hubs: set[int] = field(default_factory=set)


def write_edges(edges: list[Edge], source: str, run: ImportRun | None) -> Written:
    """Store citations, flags and mentions; returns the labels to add and whom it concerns. Papers are stored already.

    Marks each edge as new, changed or neither. Where several rows speak of one citation, the first makes it. The caller
    holds a transaction and the locks of the hubs.
    """
    written = Written()
    _write_citations(edges, source, written)
    _write_flags(edges, source, written)
    mentions = _write_mentions(edges, source, written)
    _collect_labels(edges, source, run, mentions, written)
    return written


def _write_citations(edges: list[Edge], source: str, written: Written) -> None:
    """Find the citation of each edge, or make it."""
    stored = _stored_citations(edges)
    new: dict[tuple[int, int], Citation] = {}
    for edge in edges:
        pair = (edge.citing.paper.pk, edge.cited.paper.pk)
        if pair not in stored and pair not in new:
            new[pair] = _new_citation(edge, source)
            edge.is_new = True
            written.citing.add(pair[0])
            written.hubs.add(pair[1])
    Citation.objects.bulk_create([new[pair] for pair in sorted(new)], batch_size=BATCH)
    stored |= new
    for edge in edges:
        edge.citation = stored[edge.citing.paper.pk, edge.cited.paper.pk]


def _stored_citations(edges: list[Edge]) -> dict[tuple[int, int], Citation]:
    """Citations by their pair of papers; for one that a merge hid, the one that stands for it."""
    citing = sorted({edge.citing.paper.pk for edge in edges})
    cited = sorted({edge.cited.paper.pk for edge in edges})
    found: dict[tuple[int, int], Citation] = {}
    for some_citing in batches(citing):
        for some_cited in batches(cited):
            rows = Citation.objects.filter(citing_id__in=some_citing, cited_id__in=some_cited)
            for citation in rows.select_related("merged_into"):
                found[citation.citing_id, citation.cited_id] = citation.merged_into or citation
    return found


def _new_citation(edge: Edge, source: str) -> Citation:
    """The citation of an edge, unsaved.

    It is a self-citation where the source says so; where it says nothing, when the papers share an author by a stable
    key.
    """
    said = edge.record.is_self_citation
    return Citation(
        citing=edge.citing.paper,
        cited=edge.cited.paper,
        is_influential=edge.record.is_influential or False,
        is_self_citation=share_an_author(edge.citing.authors, edge.cited.authors) if said is None else said,
        flag_sources={} if said is None else {SELF_CITATION: source},
    )


def _write_flags(edges: list[Edge], source: str, written: Written) -> None:
    """Follow the source where it changed its mind on influence, or authors became known; never over a curator."""
    updated: dict[int, Citation] = {}
    for edge in edges:
        citation = edge.citation
        if edge.is_new or citation is None or not edge.is_own or citation.pk in updated:
            continue
        flags = _new_flags(edge, citation)
        if _states_self_citation(edge, citation, source):
            flags[SELF_CITATION] = bool(edge.record.is_self_citation)
            citation.flag_sources[SELF_CITATION] = source
        for name, value in flags.items():
            setattr(citation, name, value)
        if flags:
            edge.is_changed = True
            updated[citation.pk] = citation
            written.hubs.add(citation.cited_id)
    Citation.objects.bulk_update(updated.values(), ["is_influential", SELF_CITATION, "flag_sources"], batch_size=BATCH)


def _new_flags(edge: Edge, citation: Citation) -> dict[str, bool]:
    """The flags that differ from what the row and the authors say, without those that a curator set.

    What the authors' keys say does not count against what a source has said in so many words.
    """
    flags: dict[str, bool] = {}
    if edge.record.is_influential is not None and edge.record.is_influential != citation.is_influential:
        flags["is_influential"] = edge.record.is_influential
    is_said = edge.record.is_self_citation is not None or SELF_CITATION in citation.flag_sources
    if not is_said and (edge.citing.authors_changed or edge.cited.authors_changed):
        shared = share_an_author(edge.citing.authors, edge.cited.authors)
        if shared != citation.is_self_citation:
            flags[SELF_CITATION] = shared
    return {name: value for name, value in flags.items() if citation.flag_sources.get(name) != CURATOR}


def _states_self_citation(edge: Edge, citation: Citation, source: str) -> bool:
    """Whether the row's own word on self-citation is news: never over a curator's, nor over that of a better source."""
    said, stated_by = edge.record.is_self_citation, citation.flag_sources.get(SELF_CITATION, "")
    if said is None or (stated_by == source and said == citation.is_self_citation):
        return False
    return stated_by == source or outranks(source, stated_by)


def _write_mentions(edges: list[Edge], source: str, written: Written) -> dict[tuple[int, str], Mention]:
    """Store sentences that are new; returns the mentions that rows name, by citation and content hash.

    Sentences are never removed: a label may rest on one that a source no longer gives.
    """
    concerned = {edge.citation.pk for edge in edges if edge.citation and edge.record.mentions}
    stored = _stored_mentions(concerned)
    new: dict[tuple[int, str], Mention] = {}
    for edge in edges:
        if edge.citation is None:
            continue
        for mention in edge.record.mentions:
            key = (edge.citation.pk, text.content_hash(mention.sentence))
            if mention.sentence and key not in stored and key not in new:
                new[key] = Mention(
                    citation_id=key[0],
                    content_hash=key[1],
                    sentence=mention.sentence,
                    section=mention.section[:_SECTION_LENGTH],
                    order=mention.order,
                    source=source,
                )
                edge.is_changed = True
                written.citing.add(edge.citation.citing_id)
                written.hubs.add(edge.citation.cited_id)
    Mention.objects.bulk_create(new.values(), batch_size=BATCH)
    return stored | new


def _stored_mentions(citation_ids: Iterable[int]) -> dict[tuple[int, str], Mention]:
    """Stored mentions by citation and content hash."""
    stored = {}
    for batch in batches(sorted(citation_ids)):
        for mention in Mention.objects.filter(citation_id__in=batch):
            stored[mention.citation_id, mention.content_hash] = mention
    return stored


# Labels --------------------------------------------------------------------------------------------------------------


def _collect_labels(
    edges: list[Edge], source: str, run: ImportRun | None, mentions: Mapping[tuple[int, str], Mention], written: Written
) -> None:
    """Labels for the rows that say something else than the source's newest decision on the citation.

    A row that says nothing takes nothing back: sources leave intents out now and then. So a second run adds none.
    """
    stating = [(edge, statements) for edge in edges if (statements := _statements(edge.record, source))]
    before = _newest_decisions({edge.citation.pk for edge, _ in stating if edge.citation}, source)
    for edge, statements in stating:
        if edge.citation is None or before.get(edge.citation.pk) == statements:
            continue
        if edge.citation.pk in before and not edge.is_own:
            continue
        before[edge.citation.pk] = statements
        edge.is_changed = True
        decision = new_decision()
        written.labels += [
            _label(edge.citation, statement, decision, source, run, mentions)
            for statement in sorted(statements, key=_order)
        ]


def _label(
    citation: Citation,
    statement: Statement,
    decision: uuid.UUID,
    source: str,
    run: ImportRun | None,
    mentions: Mapping[tuple[int, str], Mention],
) -> Label:
    """One unsaved label."""
    mention = mentions[citation.pk, statement.mention] if statement.mention else None
    if mention is not None:
        mention.citation = citation  # the ledger's writer looks at it, and need not fetch it
    return Label(
        citation=citation,
        mention=mention,
        role=statement.role,
        polarity=statement.polarity,
        raw_value=statement.raw_value,
        coarse=statement.coarse,
        decided_by=DecidedBy.IMPORT,
        source=source,
        decision=decision,
        import_run=run,
    )


def _order(statement: Statement) -> tuple[str, str, str, str]:
    """The same order of labels on every run."""
    return statement.mention, statement.role, statement.polarity, statement.raw_value


def _statements(record: CitationRecord, source: str) -> frozenset[Statement]:
    """What a row says of its citation, in our words by the table of the source's scheme, with the raw values."""
    scheme = SOURCES[source].scheme if source in SOURCES else "ours"
    found = {_mapped("", raw, meaning(source, raw)) for raw in record.intents if _says_something(scheme, raw)}
    if record.role in list(Role) or record.polarity in list(Polarity):
        role = record.role if record.role in list(Role) else ""
        polarity = record.polarity if record.polarity in list(Polarity) else ""
        found.add(Statement("", role, polarity, role or polarity, coarse=record.coarse and bool(role)))
    for mention in record.mentions:
        found |= {
            _mapped(text.content_hash(mention.sentence), raw, meaning(source, raw))
            for raw in mention.intents
            if mention.sentence and _says_something(scheme, raw)
        }
    return frozenset(found)


def _says_something(scheme: str, raw: str) -> bool:
    """Whether a raw value is worth a label: an empty one and CiTO's `cites` say only that there is a citation."""
    return bool(raw.strip()) and not (scheme == "cito" and raw.strip().lower() == "cites")


def _mapped(mention: str, raw: str, mapped: Mapped) -> Statement:
    """A raw value with its meaning; one outside the scheme's table keeps only itself."""
    return Statement(mention, mapped.role or "", mapped.polarity or "", raw[:_RAW_VALUE_LENGTH], mapped.coarse)


def _newest_decisions(citation_ids: set[int], source: str) -> dict[int, frozenset[Statement]]:
    """What a source said last of each citation, retracted since or not, citations merged into it included."""
    rows: dict[int, list[tuple[object, Statement]]] = defaultdict(list)
    for row in _label_rows(citation_ids, source):
        citation_id, merged_into, decision, mention, *values = row
        rows[merged_into or citation_id].append((decision, Statement(mention or "", *values)))
    newest = {}
    for citation_id, said in rows.items():
        last = said[-1][0]
        newest[citation_id] = frozenset(statement for decision, statement in said if decision == last)
    return newest


def _label_rows(citation_ids: set[int], source: str) -> Iterator[tuple[Any, ...]]:
    """The statements of a source on citations, oldest first."""
    for batch in batches(sorted(citation_ids)):
        yield from (
            Label.objects.filter(
                in_ledgers(batch),
                source=source,
                decided_by=DecidedBy.IMPORT,
                retracts__isnull=True,
                confirms__isnull=True,
            )
            .in_ledger_order()
            .values_list(
                "citation_id",
                "citation__merged_into_id",
                "decision",
                "mention__content_hash",
                "role",
                "polarity",
                "raw_value",
                "coarse",
            )
        )
