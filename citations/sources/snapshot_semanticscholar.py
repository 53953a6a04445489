"""Semantic Scholar's datasets: `papers`, `paper-ids`, `abstracts`, `tldrs` and `citations`, gzipped JSON Lines.

The fields are those of the Graph API in lower case; in `citations`, each sentence has a list of intents of its own.
Schema: the README files of the datasets (papers, citations and others), release 2023-03-28 and later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from citations.identifiers import BadIdentifier, Identifier, Scheme, normalise
from citations.sources import semanticscholar
from citations.sources.decoding import shown_name
from citations.sources.reading import abstract_of, identifiers_of, inside, text_of
from citations.sources.records import MentionRecord, PaperRecord, SourceError
from citations.sources.snapshots import (
    Item,
    Link,
    Reader,
    Said,
    SnapshotFile,
    Step,
    existing_directory,
    files_below,
    first_object,
    json_items,
)
from citations.text import content_hash

# Names of fields in the datasets, and in the Graph API where they differ.
_FIELDS = {
    "corpusid": "corpusId",
    "externalids": "externalIds",
    "citationcount": "citationCount",
    "publicationdate": "publicationDate",
    "publicationtypes": "publicationTypes",
}


@dataclass(frozen=True)
class SemanticScholarSnapshot:
    """The datasets that a directory holds, by name."""

    datasets: Mapping[str, tuple[SnapshotFile, ...]]
    source: str = semanticscholar.NAME
    has_author_keys: bool = True

    @property
    def steps(self) -> tuple[Step, ...]:
        """Papers, what else is said of them, then who cites whom."""
        found = ((name, self.datasets.get(name, ())) for name in READERS)
        return tuple(Step(name, files, READERS[name]) for name, files in found if files)

    def identifier(self, node: str) -> Identifier:
        """The identifier of a paper, by its corpus id."""
        return normalise(Scheme.CORPUSID, node)

    def stand_in(self, node: str) -> None:
        """None: a paper that `papers` does not list has no title."""
        return


def open_snapshot(directory: Path) -> SemanticScholarSnapshot:
    """The datasets in a directory. Raises `SourceError` where there are none."""
    existing_directory(directory)
    datasets = {name: tuple(files_below(directory, partial(_is_of, name))) for name in READERS}
    if not (datasets["papers"] or datasets["citations"]):
        raise SourceError(
            f"{shown_name(directory)} holds no datasets of Semantic Scholar: "
            "there is neither papers/*.gz nor citations/*.gz."
        )
    for name, key in (("papers", "corpusid"), ("citations", "citingcorpusid")):
        first = first_object(datasets[name])
        if first is not None and not (isinstance(first, dict) and key in first):
            raise SourceError(
                f"{datasets[name][0].name} is no file of Semantic Scholar's {name}: its lines have no {key!r}."
            )
    return SemanticScholarSnapshot(datasets)


def _is_of(dataset: str, below: Path) -> bool:
    """Whether a file belongs to a dataset: by its directory, else by the beginning of its name."""
    in_directory = next((part for part in reversed(below.parts[:-1]) if part in READERS), "")
    if in_directory:
        return in_directory == dataset
    return below.name.replace("_", "-").startswith((f"{dataset}-", f"{dataset}."))


def paper(file: SnapshotFile, line: int, value: Any) -> list[Item]:
    """The paper of a line, or why it is none."""
    if not isinstance(value, dict):
        return [file.rejected("no paper", line, value)]
    as_in_api: dict[str, Any] = {_FIELDS.get(str(key), str(key)): field for key, field in value.items()}
    record = semanticscholar.paper_record(as_in_api)
    # The address of a paper ends in its 40-digit id, which no other field holds.
    own = identifiers_of([(Scheme.S2, value.get("url"))])
    named = tuple(dict.fromkeys((*record.identifiers, *own)))
    kept = {"file": file.name, "line": line, "record": {key: value.get(key) for key in ("corpusid", "title")}}
    return [replace(record, identifiers=named, raw=kept)]


def paper_ids(file: SnapshotFile, line: int, value: Any) -> list[Item]:
    """Another 40-digit id of a paper."""
    return _about(file, line, value, PaperRecord(identifiers=identifiers_of([(Scheme.S2, inside(value, "sha"))])))


def abstract(file: SnapshotFile, line: int, value: Any) -> list[Item]:
    """The abstract of a paper."""
    return _about(file, line, value, PaperRecord(abstract=abstract_of(inside(value, "abstract"))))


def tldr(file: SnapshotFile, line: int, value: Any) -> list[Item]:
    """The one-sentence summary of a paper."""
    return _about(file, line, value, PaperRecord(summary=text_of(inside(value, "text"))))


def _about(file: SnapshotFile, line: int, value: Any, facts: PaperRecord) -> list[Item]:
    """What a dataset beside `papers` says of a paper, which it names by corpus id."""
    kept = {"file": file.name, "line": line, "record": {"corpusid": inside(value, "corpusid")}}
    own = identifiers_of([(Scheme.CORPUSID, inside(value, "corpusid"))])
    if not own:
        return [file.rejected("no identifier", line, kept["record"])]
    return [replace(facts, identifiers=own + facts.identifiers, raw=kept)]


def citation(file: SnapshotFile, line: int, value: Any) -> list[Item]:
    """The link of a line, with its sentences."""
    citing, cited = _corpus_id(inside(value, "citingcorpusid")), _corpus_id(inside(value, "citedcorpusid"))
    if not (citing and cited):
        # The service lists references that it could not match, too.
        shown = {key: inside(value, key) for key in ("citingcorpusid", "citedcorpusid")}
        return [file.rejected("no identifier", line, shown)]
    influential = value.get("isinfluential")
    mentions, intents = _mentions(value.get("contexts"), value.get("intents"))
    said = Said(influential if isinstance(influential, bool) else None, mentions, intents)
    return [Link(citing, cited, line, said)]


def _mentions(contexts: object, intents: object) -> tuple[tuple[MentionRecord, ...], tuple[str, ...]]:
    """The sentences of a citation, each once with its intents, and the intents that belong to no sentence.

    `intents` has one list for each sentence; where their numbers differ, which belongs to which cannot be told: they
    are said of the citation as a whole.
    """
    sentences = [text_of(context) for context in contexts] if isinstance(contexts, list) else []
    lists = [tuple(_intents(one)) for one in intents] if isinstance(intents, list) else []
    if len(lists) != len(sentences):
        whole = dict.fromkeys(intent for one in lists for intent in one)
        return _each_once(sentences, [()] * len(sentences)), tuple(whole)
    alone = (intent for sentence, one in zip(sentences, lists, strict=True) if not sentence for intent in one)
    return _each_once(sentences, lists), tuple(dict.fromkeys(alone))


def _each_once(sentences: list[str], intents: list[tuple[str, ...]]) -> tuple[MentionRecord, ...]:
    """Mentions in order; a sentence that is given twice has the intents of both."""
    found: dict[str, tuple[str, dict[str, None]]] = {}
    for sentence, own in zip(sentences, intents, strict=True):
        if sentence:
            found.setdefault(content_hash(sentence), (sentence, {}))[1].update(dict.fromkeys(own))
    return tuple(
        MentionRecord(sentence, order=order, intents=tuple(own)) for order, (sentence, own) in enumerate(found.values())
    )


def _intents(raw: object) -> Iterator[str]:
    """The intents of one sentence: a list, one alone, or none."""
    for value in raw if isinstance(raw, list) else [raw]:
        text = text_of(value)
        if text:
            yield text


def _corpus_id(raw: object) -> str:
    """A corpus id in its normal form; "" for anything else."""
    if type(raw) is int and 0 < raw < 10**12:
        return str(raw)
    try:
        return normalise(Scheme.CORPUSID, raw).value if isinstance(raw, str) else ""
    except BadIdentifier:
        return ""


# The datasets that are read, in this order.
READERS: dict[str, Reader] = {
    "papers": json_items(paper),
    "paper-ids": json_items(paper_ids),
    "abstracts": json_items(abstract),
    "tldrs": json_items(tldr),
    "citations": json_items(citation),
}
