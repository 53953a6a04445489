"""Files of labelled citation sentences, SciCite's and ACL-ARC's JSON Lines: lines in, citations with mentions out.

SciCite: Cohan et al. 2019 (`string`, `label`, `label2`, `citingPaperId`, ...). ACL-ARC: Jurgens et al. 2018, in the
form that came with the former (`text`, `intent`, `citing_paper_id`, ...). Both also with the short keys `text`,
`label`, `citing_id`, `cited_id`. What each label says in our words stands in `vocabulary.MAPPINGS`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from citations.identifiers import BadIdentifier, Identifier, Scheme, fingerprint, normalise
from citations.sources import fields
from citations.sources.csljson import read_json
from citations.sources.fields import Person, clean
from citations.sources.records import CitationRecord, MentionRecord, PaperRecord, Rejected, SourceError
from citations.sources.repetitions import Repetitions
from citations.text import content_hash
from citations.vocabulary import MAPPINGS

SCICITE, ACL_ARC = "scicite", "acl-arc"
_LABELS = {SCICITE: frozenset(MAPPINGS["semanticscholar"]), ACL_ARC: frozenset(MAPPINGS["acl-arc"])}
# The keys of each form for the same thing, the corpus's own first.
_SENTENCE = ("string", "text")
_SECTION = ("sectionName", "section_name", "section_title", "section")
_CITING = ("citingPaperId", "citing_paper_id", "citing_id")
_CITED = ("citedPaperId", "cited_paper_id", "cited_id")
_ORDER = ("excerpt_index", "citation_excerpt_index")
# What the corpora print for nothing.
_NOTHING = ("none", "nan", "null", "")
# ACL-ARC's numbers for papers outside the Anthology: they name nothing elsewhere.
_EXTERNAL = "External_"
_LONGEST_RAW = 5_000

Line = Mapping[str, Any]
Pair = tuple[Identifier, Identifier]


@dataclass(frozen=True)
class _Sentence:
    """One line: its papers, its sentence, and the raw values said of it."""

    citing: PaperRecord
    cited: PaperRecord
    mention: MentionRecord
    is_key: bool | None
    raw: Line

    @property
    def pair(self) -> Pair:
        """Who cites whom."""
        return self.citing.identifiers[0], self.cited.identifiers[0]


def source_of(lines: Iterable[str]) -> str:
    """Which corpus a file is of: "scicite" or "acl-arc"; told by its first line that tells. Raises SourceError."""
    for _, line in zip(range(1_000), lines, strict=False):
        try:
            content = read_json(line) if line.strip() else None
        except SourceError:
            continue
        if isinstance(content, dict) and (source := _source(content)):
            return source
    raise SourceError("holds no labelled sentences of SciCite or ACL-ARC")


def looks_labelled(content: object) -> bool:
    """Whether a decoded JSON object is a line of one of the corpora."""
    return isinstance(content, dict) and bool(_source(content))


def records(lines: Iterable[str], source: str) -> Iterator[CitationRecord | Rejected]:
    """One record a line, in order. `source` is what `source_of` says of the file.

    All lines of one citation are needed to say what the corpus says of it, so that each gives the same record: with
    every sentence of that citation. Importing it again therefore changes nothing, and the first line makes it.
    """
    read = list(_read(lines, source))
    titles = _doubtful_titles(one for one in read if isinstance(one, _Sentence))
    of_pair: dict[Pair, list[_Sentence]] = defaultdict(list)
    for one in read:
        if isinstance(one, _Sentence):
            of_pair[one.pair].append(one)
    whole = {pair: _citation(sentences, titles) for pair, sentences in of_pair.items()}
    repetitions = Repetitions()
    for one in read:
        if isinstance(one, Rejected):
            yield one
        else:
            record = whole[one.pair]
            citing, cited = repetitions.of_paper(record.citing), repetitions.of_paper(record.cited)
            yield replace(record, citing=citing, cited=cited)


def _source(line: Line) -> str:
    """The corpus that a line is of, by its keys and its label; "" where neither tells."""
    label = _word(line, ("label", "intent")).lower()
    citing = _word(line, _CITING)
    if label in _LABELS[ACL_ARC] and ("intent" in line or _anthology(citing)):
        return ACL_ARC
    return SCICITE if label in _LABELS[SCICITE] and _semantic_scholar(citing) else ""


def _read(lines: Iterable[str], source: str) -> Iterator[_Sentence | Rejected]:
    """The lines, each taken apart."""
    for number, line in enumerate((line for line in lines if line.strip()), start=1):
        try:
            content = read_json(line)
        except SourceError as error:
            yield Rejected(f"broken line {number}: it {error}"[:300], line[:_LONGEST_RAW])
            continue
        if isinstance(content, dict):
            yield _sentence(_short(content), source)
        else:
            yield Rejected(f"line {number}: no object", content)


def _short(line: Line) -> Line:
    """A line without its lists of objects: ACL-ARC adds the parse of every sentence around, 100 times the rest."""
    return {
        key: value
        for key, value in line.items()
        if not isinstance(value, dict | list) or (len(value) < 1_000 and all(isinstance(one, str) for one in value))
    }


def _sentence(line: Line, source: str) -> _Sentence | Rejected:
    """What a line says, or why it says nothing that can be kept."""
    citing, cited = _paper(line, "citing", _CITING, source), _paper(line, "cited", _CITED, source)
    for record, name in ((citing, "citing"), (cited, "cited")):
        if not record.identifiers:
            return Rejected(f"no {name} paper", line)
    sentence = clean(_word(line, _SENTENCE))
    if not sentence:
        return Rejected("no sentence", line)
    order = line.get(next((key for key in _ORDER if key in line), ""))
    mention = MentionRecord(
        sentence=sentence,
        section=_known(clean(_word(line, _SECTION))),
        order=order if isinstance(order, int) and 0 <= order < 2**31 else 0,
        intents=_intents(line),
    )
    is_key = line.get("isKeyCitation")
    return _Sentence(citing, cited, mention, is_key if isinstance(is_key, bool) else None, line)


def _intents(line: Line) -> tuple[str, ...]:
    """The raw labels of a sentence: its function and, in SciCite, which side the result takes."""
    values = (clean(_word(line, keys)) for keys in (("label", "intent"), ("label2",)))
    return tuple(value for value in values if _known(value))


def _citation(sentences: list[_Sentence], doubtful: frozenset[str]) -> CitationRecord:
    """All that the lines of one citation say."""
    first = sentences[0]
    mentions: dict[str, MentionRecord] = {}
    for one in sentences:
        key = content_hash(one.mention.sentence)
        known = mentions.get(key, one.mention)
        intents = tuple(dict.fromkeys((*known.intents, *one.mention.intents)))
        mentions[key] = MentionRecord(known.sentence, known.section, known.order, intents)
    stated = [one.is_key for one in sentences if one.is_key is not None]
    return CitationRecord(
        citing=_without_doubtful_title(first.citing, doubtful),
        cited=_without_doubtful_title(first.cited, doubtful),
        mentions=tuple(mentions.values()),
        is_influential=any(stated) if stated else None,
        raw=first.raw,
    )


# Papers --------------------------------------------------------------------------------------------------------------


def _paper(line: Line, side: str, keys: tuple[str, ...], source: str) -> PaperRecord:
    """The citing or cited paper of a line, as far as the corpus tells; without identifiers where that is too little."""
    name = _known(_word(line, keys))
    title = clean(_word(line, (f"{side}_paper_title",)))
    year = fields.plausible_year(_word(line, (f"{side}_paper_year",)))
    people = _people(line.get(f"{side}_author_ids"))
    known = _semantic_scholar(name) if source == SCICITE else _anthology(name)
    if known is None and name.startswith(_EXTERNAL):
        known = fingerprint(title, year, people[0].family if people else None)
    record = PaperRecord(identifiers=(known,) if known else (), title=title, year=year, may_lack_title=True, raw=line)
    if not record.identifiers:
        return record
    finished = fields.finished(record, people)
    return finished if isinstance(finished, PaperRecord) else record


def _people(raw: object) -> list[Person]:
    """Authors, printed as "K Simov"."""
    names = [fields.person(name) for name in raw if isinstance(name, str)] if isinstance(raw, list) else []
    return [one for one in names if one is not None]


def _semantic_scholar(name: str) -> Identifier | None:
    return _identifier(Scheme.S2, name)


def _anthology(name: str) -> Identifier | None:
    return _identifier(Scheme.ACL, name)


def _identifier(scheme: Scheme, name: str) -> Identifier | None:
    """The identifier, or None where the name is none of this scheme."""
    try:
        return normalise(scheme, name)
    except BadIdentifier:
        return None


def _doubtful_titles(sentences: Iterable[_Sentence]) -> frozenset[str]:
    """Titles that a file gives to several papers: ACL-ARC as published prints one title for all citing papers."""
    papers: dict[str, set[Identifier]] = defaultdict(set)
    for one in sentences:
        for record in (one.citing, one.cited):
            papers[record.title].update(record.identifiers)
    return frozenset(title for title, of_title in papers.items() if len(of_title) > 1)


def _without_doubtful_title(record: PaperRecord, doubtful: frozenset[str]) -> PaperRecord:
    """The record without a title that cannot be its own. A fingerprint is made of the title, which then is."""
    if record.title not in doubtful or record.identifiers[0].scheme is Scheme.FINGERPRINT:
        return record
    return replace(record, title="")


# Values --------------------------------------------------------------------------------------------------------------


def _word(line: Line, keys: Iterable[str]) -> str:
    """The first text or number under any of these keys that says something."""
    for key in keys:
        value = line.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and _known(clean(value)):
            return clean(value)
    return ""


def _known(text: str) -> str:
    """The text, unless it is what the corpora print for nothing."""
    return "" if text.strip().lower() in _NOTHING else text
