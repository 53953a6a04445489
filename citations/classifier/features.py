"""What a classifier sees of a citing sentence: its words in runs of one to three, phrases, company and section."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from citations.classifier.cues import PHRASES, Cue
from citations.classifier.marking import JUDGED, LONGEST, mask
from citations.vocabulary import Role

# The roles that may be suggested, the most specific first (`vocabulary.ROLE_SPECIFICITY`).
ROLES: tuple[Role, ...] = (Role.METHOD, Role.COMPARISON, Role.BACKGROUND)
# Counts up when anything here, in `marking` or in `cues` changes what a sentence shows: a model only fits the features
# that it learnt from.
FEATURES = 1
# The version of this project, as pyproject.toml has it, for the cards of models.
CODE = "0.1.0"
# A word, a number, or a mark that changes what is said. Brackets and quotes say little once citations are masked.
_WORDS = re.compile(r"[^\W\d_]+(?:[-'’.][^\W\d_]+)*|\d+(?:[.,]\d+)*|[%;:?]")
_JUDGED = JUDGED.strip()
# So many words before and after the judged citation are seen as near it, besides. More of them added nothing.
NEAR = 4
# How many characters runs of letters have.
LETTERS = (4, 5)
# Fewer words than this, citations apart, say nothing.
SHORTEST = 3
# English words that other languages written in Latin letters do not share, or seldom ("was" is German too, "is" Dutch).
# Of 14,000 labelled sentences of papers, one in a hundred has too few of them; most of those are scraps of tables.
_ENGLISH = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "were",
        "are",
        "with",
        "by",
        "that",
        "this",
        "we",
        "from",
        "which",
        "has",
        "have",
        "been",
        "using",
        "our",
        "these",
        "their",
        "its",
        "be",
        "it",
        "not",
        "used",
        "between",
        "than",
        "also",
        "when",
        "where",
        "how",
        "each",
        "they",
        "such",
        "is",
    ]
)
_LEAST_ENGLISH = 0.07
# From so many words on, one such word may be chance.
_LONG = 14
# Facts count up to this: three phrases say as much as five.
_MOST = 3
_WORDS_PER_STEP, _LENGTH_STEPS = 10, 6
# Background phrases are the commonest, and half of them stand beside phrases that say more.
_STRENGTH = {Cue.METHOD: 1.0, Cue.COMPARISON: 1.0, Cue.BACKGROUND: 0.5}

# Section headings by parts of words, in the order in which they are asked: "Related methods" is related work.
_SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("related", ("related", "previous work", "prior work", "literature", "state of the art", "review")),
    ("introduction", ("introduc", "background", "motivation", "overview", "preliminar")),
    ("data", ("dataset", "data set", "data collection", "corpus", "corpora", "participant", "subjects", "patients")),
    (
        "method",
        (
            "method",
            "material",
            "procedure",
            "experiment",
            "implementation",
            "model",
            "approach",
            "algorithm",
            "statistic",
            "analys",
            "protocol",
            "measure",
            "assay",
            "setup",
            "design",
            "technique",
            "architecture",
            "simulation",
            "extraction",
            "preparation",
            "training",
            "culture",
        ),
    ),
    ("discussion", ("discussion", "limitation", "implication", "comparison")),
    ("results", ("result", "evaluation", "finding", "performance")),
    ("conclusion", ("conclu", "future", "summary")),
)


@dataclass(frozen=True)
class Features:
    """What a sentence shows. `text`: its words, masked, each between spaces; `runs`: runs of words, as often as they
    occur; `facts`: what else is known, by names; `strengths`: what the phrases speak for, in the order of `ROLES`;
    `cues`: the groups of phrases that occur.
    """

    text: str
    runs: Sequence[str]
    facts: Sequence[str]
    strengths: tuple[float, float, float]
    cues: frozenset[Cue]


def words(text: str) -> list[str]:
    """The words of masked text, lower-cased, numbers as "#"."""
    return ["#" if word[0].isdigit() else word for word in _WORDS.findall(text.lower())]


def _is_english(tokens: Sequence[str]) -> bool:
    """Whether enough of the words are common English ones."""
    spoken = [token for token in tokens if token[0].isalpha()]
    common = sum(token in _ENGLISH for token in spoken)
    return len(spoken) >= SHORTEST and common >= max(1 + (len(spoken) > _LONG), _LEAST_ENGLISH * len(spoken))


def features(sentence: str, section: str = "") -> Features | None:
    """What `sentence` shows, its judged citation marked by `marking.MARK`; None where it cannot be judged: empty,
    longer than `marking.LONGEST`, fewer than `SHORTEST` words, or not in English.
    """
    if len(sentence) > LONGEST:
        return None
    masked = mask(sentence)
    tokens = words(masked.text)
    if not _is_english(tokens):
        return None
    runs = list(tokens)
    runs += map(" ".join, pairwise(tokens))
    runs += map(" ".join, zip(tokens, tokens[1:], tokens[2:], strict=False))
    phrases = PHRASES.keys() & runs
    counts = dict.fromkeys(Cue, 0)
    strengths = dict.fromkeys(Cue, 0.0)
    for phrase in phrases:
        for cue in PHRASES[phrase]:
            counts[cue] += 1
            # A longer phrase is less ambiguous.
            strengths[cue] += 1 + phrase.count(" ")
    runs += _near(tokens)
    runs += ["^" + " ".join(tokens[:n]) for n in (1, 2, 3)]
    facts = [f"cue {cue} {min(_MOST, n)}" for cue, n in counts.items() if n]
    facts += [
        f"companions {min(masked.companions, _MOST)}",
        f"others {min(masked.others, _MOST)}",
        f"section {section_group(section)}",
        f"length {min(_LENGTH_STEPS, len(tokens) // _WORDS_PER_STEP)}",
    ]
    weighed = [strengths[cue] * weight for cue, weight in _STRENGTH.items()]
    found = frozenset(cue for cue, n in counts.items() if n)
    return Features(f" {' '.join(tokens)} ", runs, facts, (weighed[0], weighed[1], weighed[2]), found)


def letters(text: str) -> list[str]:
    """Runs of four and of five characters of `Features.text`: they see through endings ("describe", "described")."""
    return [text[n : n + length] for length in LETTERS for n in range(len(text) - length + 1)]


def _near(tokens: list[str]) -> list[str]:
    """Words around the judged citation, each with the side on which it stands."""
    if _JUDGED not in tokens:
        return []
    place = tokens.index(_JUDGED)
    before = [f"<{word}" for word in tokens[max(0, place - NEAR) : place]]
    return before + [f">{word}" for word in tokens[place + 1 : place + 1 + NEAR]]


def cues(sentence: str) -> frozenset[Cue]:
    """The groups of phrases that occur in a sentence; none where it cannot be judged. `cues.ORDERING` tells which of
    them only order the queue.
    """
    found = features(sentence)
    return found.cues if found else frozenset()


def section_group(section: str) -> str:
    """The kind of section that a heading names: "method", "results", ...; "other" where none, "none" for no heading."""
    name = section[:200].lower()
    if "result" in name and "discussion" in name:
        return "discussion"
    for group, parts in _SECTIONS:
        if any(part in name for part in parts):
            return group
    return "other" if name.strip() else "none"
