"""Entries of one file that repeat each other: the first counts, so that importing the file again changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from citations.identifiers import Identifier, equivalents
from citations.sources.records import CitationRecord, PaperRecord, Rejected

# What an entry may say of a paper; a later entry on the same paper only fills what earlier ones left out.
_EMPTY: dict[str, Any] = {
    "title": "",
    "abstract": "",
    "summary": "",
    "year": None,
    "published_on": None,
    "venue": "",
    "kind": "",
    "notice": "",
    "url": "",
    "authors": (),
    "cited_by_count": None,
}

Statement = tuple[str, str, tuple[str, ...]]


class Repetitions:
    """What a file has said so far: per paper which facts, per citation which role and polarity.

    Kept as numbers by hash, about 100 bytes an identifier, so that files of a million entries fit into memory.
    """

    def __init__(self) -> None:
        self._facts: dict[int, int] = {}
        self._statements: dict[int, Statement] = {}

    def of_entry(self, entry: PaperRecord | CitationRecord | Rejected) -> PaperRecord | CitationRecord | Rejected:
        """An entry without what an earlier one has said of its paper; rejected where they contradict on a citation."""
        if isinstance(entry, PaperRecord):
            return self.of_paper(entry)
        if isinstance(entry, Rejected):
            return entry
        statement = (entry.role, entry.polarity, entry.intents)
        if any(statement):
            keys = [hash((name, entry.cited.identifiers)) for name in _names(entry.citing)]
            earlier = next((self._statements[key] for key in keys if key in self._statements), statement)
            if earlier != statement:
                said = ", ".join(filter(None, (earlier[0], earlier[1], *earlier[2])))
                return Rejected(f"an earlier entry says {said} of the same citation", entry.raw)
            self._statements.update(dict.fromkeys(keys, statement))
        return replace(entry, citing=self.of_paper(entry.citing))

    def of_paper(self, record: PaperRecord) -> PaperRecord:
        """The record without facts that an earlier one stated of its paper."""
        keys = [hash(name) for name in _names(record)]
        stated = 0
        for key in keys:
            stated |= self._facts.get(key, 0)
        said = _bits(record)
        if record.title:  # one without a title may be rejected, and then nothing of it is kept
            self._facts.update(dict.fromkeys(keys, stated | said))
        repeated = {name: empty for bit, (name, empty) in enumerate(_EMPTY.items()) if stated & said & 1 << bit}
        return replace(record, **repeated)


def _names(record: PaperRecord) -> list[Identifier]:
    """All names of the paper of a record, those that mean the same by construction included."""
    return [name for known in record.identifiers for name in (known, *equivalents(known))]


def _bits(record: PaperRecord) -> int:
    """Which facts a record states, one bit each."""
    return sum(1 << bit for bit, (name, empty) in enumerate(_EMPTY.items()) if getattr(record, name) != empty)
