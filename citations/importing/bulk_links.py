"""Citations by the hundred thousand: pairs of names to pairs of papers, and these into the table in one statement.

The columns that repeat the citing paper are copied by the statement that inserts the row. What is said of a citation
that exists already takes the path of all other imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db import OperationalError, connection
from django.db.models import Max
from django.utils import timezone

from citations import engines, text
from citations.identifiers import BadIdentifier, Identifier, equivalents
from citations.importing.bulk_papers import NewPapers, paper_ids
from citations.importing.edges import Statement, _order, _statements
from citations.labelling import EFFECTIVE, new_decision
from citations.labels import Effective, LabelRow, resolve
from citations.models import Author, Authorship, Citation, ImportRun, Label, Mention, Merge, Paper
from citations.sources.records import CitationRecord, PaperRecord, Rejected
from citations.sources.snapshots import Link, Said, Snapshot
from citations.vocabulary import RETRACTING_NOTICES, DecidedBy

# Nodes whose papers are remembered: about 200 bytes each.
REMEMBERED = 300_000
# Nodes looked up, and papers made for them, at a time: what is held of each meanwhile is ten times as much.
_NODES_AT_A_TIME = 10_000
_SECTION_LENGTH = 200
# Keys that name one person, as importing.facts tells them.
_STABLE_KEYS = ("orcid:", "s2:", "openalex:")

# How the columns that repeat the citing paper are copied: what summaries.paper_changed() would write.
_COPIES = {
    "year": "p.year",
    "sort_date": "p.sort_date",
    "sort_title": "p.sort_title",
    "venue_id": "p.venue_id",
    "cited_by_count": "p.cited_by_count",
    "retracted": f"p.notice IN ({', '.join(repr(notice.value) for notice in RETRACTING_NOTICES)})",
}
_FROM = f'FROM {{rows}} AS r JOIN "{Paper._meta.db_table}" AS p ON p.id = r.{{citing}} WHERE true'
# What a new citation has of its own where a source says more of it than that it is there.
_SAID_COLUMNS = ("id", "citing_id", "cited_id", "is_influential", "mention_count", *EFFECTIVE)
_NO_LABELS = Effective()

Pair = tuple[int, int]


class Nodes:
    """Which paper a name in a link stands for. Remembers as many as `REMEMBERED`, then begins anew."""

    def __init__(self, snapshot: Snapshot, papers: NewPapers) -> None:
        self._snapshot, self._papers = snapshot, papers
        self._known: dict[str, int] = {}
        self._merges: int | None = None

    def forget(self) -> None:
        """Begin anew: what was written was taken back."""
        self._known.clear()

    def find(self, nodes: set[str]) -> tuple[dict[str, int], list[int]]:
        """The papers of the nodes, those that can be made up added; and the ids of the added ones.

        A node that is missing in the answer stands for no paper.
        """
        self._look_for_merges()
        if len(self._known) + len(nodes) > REMEMBERED:
            self._known.clear()
        unknown = sorted(nodes - self._known.keys())
        added: list[int] = []
        for start in range(0, len(unknown), _NODES_AT_A_TIME):
            added += self._learn(unknown[start : start + _NODES_AT_A_TIME])
        return self._known, added

    def _learn(self, nodes: Sequence[str]) -> list[int]:
        """Find or make the papers of these nodes; returns the ids of those that were made."""
        named = {node: found for node in nodes if (found := self._identifiers(node))}
        stored = paper_ids(identifier for own in named.values() for identifier in own)
        for node, own in named.items():
            paper_id = next((stored[identifier] for identifier in own if identifier in stored), None)
            if paper_id is not None:
                self._known[node] = paper_id
        return self._add([node for node in named if node not in self._known])

    def _identifiers(self, node: str) -> list[Identifier]:
        """The identifier of a node, and those that name the same paper by construction; none where it is malformed."""
        try:
            own = self._snapshot.identifier(node)
        except BadIdentifier:
            return []
        return [own, *equivalents(own)]

    def _add(self, nodes: Sequence[str]) -> list[int]:
        """Make papers for nodes that nobody knows, where the source lets one."""
        new: dict[Identifier, PaperRecord] = {}
        of_node: dict[str, Identifier] = {}
        for node in nodes:
            record = self._snapshot.stand_in(node)
            if record is not None:
                # Two spellings of one name are one paper.
                of_node[node] = record.identifiers[0]
                new.setdefault(record.identifiers[0], record)
        ids = dict(zip(new, self._papers.add(list(new.values()), placeholders=True), strict=True))
        self._known.update({node: ids[identifier] for node, identifier in of_node.items()})
        return list(ids.values())

    def _look_for_merges(self) -> None:
        """Forget everything when a curator has merged papers meanwhile."""
        newest = _newest_merge()
        if newest != self._merges:
            self._known.clear()
            self._merges = newest

    def refuse_merges(self) -> None:
        """Raises `OperationalError`, so that the batch is taken in again, when papers were merged since `find`."""
        if _newest_merge() != self._merges:
            raise OperationalError("a paper was merged into another meanwhile")


def _newest_merge() -> int | None:
    newest: int | None = Merge.objects.aggregate(newest=Max("pk"))["newest"]
    return newest


@dataclass
class Stored:
    """What became of the links of a batch. `again` is to take the path of all other imports."""

    created: int = 0
    unchanged: int = 0
    rejected: list[tuple[str, Link]] = field(default_factory=list)
    again: list[CitationRecord] = field(default_factory=list)
    new_papers: list[int] = field(default_factory=list)
    citing: set[int] = field(default_factory=set)
    hubs: set[int] = field(default_factory=set)


def store_links(
    links: Sequence[Link], nodes: Nodes, snapshot: Snapshot, run: ImportRun | None, *, is_first: bool
) -> Stored:
    """Store the links of a batch in one transaction of the caller's.

    `is_first` says that there were no citations when the run began: then nothing is compared with what is stored.
    """
    stored = Stored()
    pairs = _pairs(links, nodes, snapshot, stored)
    said: dict[Pair, Link] = {}
    plain: list[Pair] = []
    for pair, link in pairs.items():
        if link.said is None:
            plain.append(pair)
        else:
            said[pair] = link
    _add_plain(sorted(plain), stored, snapshot.has_author_keys, is_first=is_first)
    _add_said(said, stored, snapshot, run)
    return stored


def _pairs(links: Sequence[Link], nodes: Nodes, snapshot: Snapshot, stored: Stored) -> dict[Pair, Link]:
    """The distinct pairs of papers; the first link of each makes the citation, others are compared with it later."""
    known, stored.new_papers = nodes.find({node for link in links for node in (link.citing, link.cited)})
    pairs: dict[Pair, Link] = {}
    for link in links:
        citing, cited = known.get(link.citing), known.get(link.cited)
        if citing is None or cited is None:
            missing = "citing" if citing is None else "cited"
            stored.rejected.append((f"the {missing} paper is not in the collection", link))
        elif citing == cited:
            stored.rejected.append(("a paper citing itself", link))
        elif (citing, cited) not in pairs:
            pairs[citing, cited] = link
        elif link.said is None:
            stored.unchanged += 1
        else:
            stored.again.append(_citation_record(link, snapshot))
    return pairs


def _add_plain(pairs: Sequence[Pair], stored: Stored, has_author_keys: bool, *, is_first: bool) -> None:
    """Add the pairs that are new; of the others there is nothing to be said."""
    if not pairs:
        return
    known = set() if is_first else _stored_pairs(pairs)
    new = [pair for pair in pairs if pair not in known] if known else pairs
    created = engines.bulk.run(connection, _plain_statement(has_author_keys), ("bigint", "bigint"), new) if new else 0
    stored.created += created
    stored.unchanged += len(pairs) - created
    if created:
        stored.citing.update(citing for citing, _ in new)
        stored.hubs.update(cited for _, cited in new)


def _plain_statement(has_author_keys: bool) -> str:
    """Pairs into citations. A pair that another writer adds at the same moment stays as it is."""
    expressions = {"citing_id": "r.column1", "cited_id": "r.column2", **_COPIES}
    expressions |= _self_citation("column1", "column2") if has_author_keys else {}
    rest = _FROM.replace("{citing}", "column1") + " ON CONFLICT (citing_id, cited_id) DO NOTHING"
    return engines.bulk.insert_by_query(connection, Citation, expressions, rest)


def _self_citation(citing: str, cited: str) -> dict[str, str]:
    """Whether the two papers share an author by a stable key, as importing.facts.share_an_author says it."""
    stable = " OR ".join(f"k.key LIKE '{prefix}%%'" for prefix in _STABLE_KEYS)
    authorship, author = Authorship._meta.db_table, Author._meta.db_table
    shared = (
        f'EXISTS (SELECT 1 FROM "{authorship}" AS a JOIN "{authorship}" AS b ON b.author_id = a.author_id '
        f'JOIN "{author}" AS k ON k.id = a.author_id '
        f"WHERE a.paper_id = r.{citing} AND b.paper_id = r.{cited} AND ({stable}))"
    )
    return {"is_self_citation": shared}


def _stored_pairs(pairs: Iterable[Pair]) -> set[tuple[Any, ...]]:
    """Those of the pairs that are citations already."""
    statement = (
        f'SELECT c.citing_id, c.cited_id FROM {{rows}} AS r JOIN "{Citation._meta.db_table}" AS c '
        "ON c.citing_id = r.column1 AND c.cited_id = r.column2"
    )
    return set(engines.bulk.select(connection, statement, ("bigint", "bigint"), pairs))


# Links of which more is said -----------------------------------------------------------------------------------------


def _citation_record(link: Link, snapshot: Snapshot) -> CitationRecord:
    """A link with what is said of it, as all other imports take it."""
    said = link.said or Said()
    return CitationRecord(
        PaperRecord((snapshot.identifier(link.citing),)),
        PaperRecord((snapshot.identifier(link.cited),)),
        mentions=said.mentions,
        intents=said.intents,
        is_influential=said.is_influential,
        raw={"line": link.line, "citing": link.citing, "cited": link.cited},
    )


def _add_said(links: dict[Pair, Link], stored: Stored, snapshot: Snapshot, run: ImportRun | None) -> None:
    """Add new citations with their sentences and labels. What nobody else can see yet needs no lock and no comparison:
    its ledger is what is written here, and the effective columns follow from that alone.
    """
    known = _stored_pairs(links) if links else set()
    stored.again += [_citation_record(links[pair], snapshot) for pair in sorted(known)]
    new = sorted(pair for pair in links if pair not in known)
    if not new:
        return
    ids = engines.bulk.allocate_ids(connection, Citation, len(new))
    rows, mentions, labels = [], [], []
    for citation_id, pair in zip(ids, new, strict=True):
        said = links[pair].said or Said()
        statements = _statements(_citation_record(links[pair], snapshot), snapshot.source)
        own = {text.content_hash(mention.sentence): mention for mention in reversed(said.mentions) if mention.sentence}
        effective = _effective(frozenset((one.role, one.polarity, one.coarse) for one in statements), snapshot.source)
        rows.append((citation_id, *pair, said.is_influential or False, len(own), *_effective_columns(effective)))
        mentions += [(citation_id, key, own[key]) for key in reversed(own)]
        decision = new_decision()
        labels += [(citation_id, decision, one) for one in sorted(statements, key=_order)]
    expressions = {column: f"r.column{place}" for place, column in enumerate(_SAID_COLUMNS, start=1)} | _COPIES
    expressions |= _self_citation("column2", "column3") if snapshot.has_author_keys else {}
    statement = engines.bulk.insert_by_query(connection, Citation, expressions, _FROM.replace("{citing}", "column2"))
    types = engines.bulk.types(connection, Citation, _SAID_COLUMNS)
    stored.created += engines.bulk.run(connection, statement, types, rows)
    mention_ids = _add_mentions(mentions, snapshot.source)
    _add_labels(labels, mention_ids, snapshot.source, run)
    stored.citing.update(citing for citing, _ in new)
    stored.hubs.update(cited for _, cited in new)


def _effective_columns(effective: Effective) -> Iterable[object]:
    """The columns that labelling.py derives from a ledger; a confidence of nothing is 0."""
    values = ((name, getattr(effective, name)) for name in EFFECTIVE)
    return (0.0 if name == "suggested_confidence" and value is None else value for name, value in values)


@lru_cache(10_000)
def _effective(said: frozenset[tuple[str, str, bool]], source: str) -> Effective:
    """What a ledger comes to that holds one decision of one source, with these roles, polarities and coarseness."""
    if not said:
        return _NO_LABELS
    now = timezone.now()
    return resolve(
        LabelRow(place, role, polarity, DecidedBy.IMPORT, source, coarse, None, "", None, None, now)
        for place, (role, polarity, coarse) in enumerate(sorted(said), start=1)
    )


def _add_mentions(mentions: Sequence[tuple[int, str, Any]], source: str) -> dict[tuple[int, str], int]:
    """Store sentences; returns their ids by citation and content hash."""
    if not mentions:
        return {}
    ids = engines.bulk.allocate_ids(connection, Mention, len(mentions))
    columns = ("id", "citation_id", "content_hash", "sentence", "section", "order", "source")
    rows = (
        (pk, citation_id, key, mention.sentence, mention.section[:_SECTION_LENGTH], mention.order, source)
        for pk, (citation_id, key, mention) in zip(ids, mentions, strict=True)
    )
    engines.bulk.insert(connection, Mention, columns, rows)
    return {(citation_id, key): pk for pk, (citation_id, key, _) in zip(ids, mentions, strict=True)}


def _add_labels(
    labels: Sequence[tuple[int, Any, Statement]],
    mention_ids: dict[tuple[int, str], int],
    source: str,
    run: ImportRun | None,
) -> None:
    """Put labels into the ledger of citations that are new."""
    if not labels:
        return
    columns = ("citation_id", "mention_id", "role", "polarity", "raw_value", "coarse", "decision")
    constants = (DecidedBy.IMPORT.value, source, run.pk if run else None)
    rows = (
        (
            citation_id,
            mention_ids[citation_id, one.mention] if one.mention else None,
            one.role,
            one.polarity,
            one.raw_value,
            one.coarse,
            decision,
            *constants,
        )
        for citation_id, decision, one in labels
    )
    engines.bulk.insert(connection, Label, (*columns, "decided_by", "source", "import_run_id"), rows)


def rejected(file: str, reason: str, link: Link) -> Rejected:
    """A link that is not taken in."""
    return Rejected(reason, {"file": file, "line": link.line, "citing": link.citing, "cited": link.cited})
