"""Where the citations of a sentence are: the judged one is marked, every other one is masked.

A citing sentence may name many works. What it says of each differs, so that the place of the judged one has to be
known; the names and years of the others tell nothing of its role, and would only be learnt by heart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# How files of labelled sentences mark the judged citation.
MARK = "@@CITATION@@"
# The longest sentence that is read, in characters. The longest of 14,000 labelled ones has 1,500; what is longer is no
# sentence but a page, and the time that patterns need stays bounded.
LONGEST = 3_000
# What stands in masked text for the judged citation, and for any other.
JUDGED, OTHER = " citjudged ", " citother "

_YEAR = r"(?:1[6-9]|20)\d\d[a-z]?"
_NAME = r"[A-Z][\w'’-]+"
# Text in brackets without further brackets, short enough to be a list of citations and not half a paragraph.
_BRACKET = re.compile(r"\[([^\[\]]{1,400})\]|\(([^()\[\]]{1,400})\)")
_NUMBERS = re.compile(r"\s*(?:[a-z]{1,12}\.?\s*){0,3}\d{1,4}[a-z]?(?:\s*[,;–—-]\s*\d{1,4}[a-z]?)*\s*", re.IGNORECASE)
_HAS_YEAR = re.compile(rf"\b{_YEAR}\b")
_ONLY_YEARS = re.compile(rf"\s*{_YEAR}(?:\s*[,;]\s*{_YEAR})*\s*")
# The authors before "(1999)": one or two names, or the first and "et al.".
_AUTHORS_BEFORE = re.compile(rf"({_NAME}(?:\s+et\s+al\s?\.?,?|\s*(?:,|and|&)\s+{_NAME}){{0,3}})\s*$")
# A shorter family name is often a word.
_SHORTEST_NAME = 2
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
_SEPARATORS = re.compile(r"[;,]")
# What some files put for each citation that is not the judged one.
_PLACEHOLDER = re.compile(r"(?<!@)[(\[]?\bCIT(?:ATION)?\b[)\]]?(?!@)")


@dataclass(frozen=True)
class Masked:
    """A sentence without names of works. `companions`: citations in one bracket with the judged one (0 where it stands
    alone); `others`: further citations. `judged` is whether its place is known.
    """

    text: str
    judged: bool
    companions: int
    others: int


@dataclass(frozen=True)
class _Group:
    """A citation or list of citations in a sentence: where it stands, how many works, and whether the mark is in it."""

    start: int
    end: int
    works: int
    judged: bool


def mask(sentence: str) -> Masked:
    """`sentence` with the judged citation, marked by `MARK`, and the others replaced by words that stand for them.

    Without a mark the only citation counts as the judged one; of several, none does. A sentence beyond `LONGEST`
    characters is cut there.
    """
    sentence = sentence[:LONGEST]
    if "CIT" in sentence:
        sentence = _PLACEHOLDER.sub(" [0] ", sentence)
    groups = _groups(sentence)
    marked = MARK in sentence
    if not marked and len(groups) == 1:
        groups = [_Group(groups[0].start, groups[0].end, groups[0].works, judged=True)]
    pieces, place, companions, others = [], 0, 0, 0
    for group in groups:
        pieces += [sentence[place : group.start], JUDGED if group.judged else OTHER]
        place = group.end
        if group.judged:
            companions += group.works - 1
        else:
            others += group.works
    pieces.append(sentence[place:])
    masked = "".join(pieces).replace(MARK, JUDGED)
    return Masked(masked, marked or len(groups) == 1, companions, others)


def _groups(sentence: str) -> list[_Group]:
    """The citations of a sentence that stand in brackets, with the names before a year in brackets."""
    groups: list[_Group] = []
    for found in _BRACKET.finditer(sentence):
        inside, start = found[1] or found[2], found.start()
        judged = MARK in inside
        bare = inside.replace(MARK, "") if judged else inside
        if not judged and not _is_citation(bare, square=found[1] is not None):
            continue
        if not judged and _ONLY_YEARS.fullmatch(bare):
            left = max(groups[-1].end if groups else 0, start - 80)
            authors = _AUTHORS_BEFORE.search(sentence[left:start])
            start = left + authors.start() if authors else start
        works = max(len(_HAS_YEAR.findall(bare)), len(_SEPARATORS.findall(bare)) + 1 if _NUMBERS.fullmatch(bare) else 0)
        groups.append(_Group(start, found.end(), max(1, works + judged), judged))
    return groups


def _is_citation(inside: str, *, square: bool) -> bool:
    """Whether what stands in brackets names works: numbers in square brackets, or a year."""
    return bool((square and _NUMBERS.fullmatch(inside)) or _HAS_YEAR.search(inside))


def mark(sentence: str, first_author: str, year: int | None) -> str:
    """`sentence` with the citation of a paper marked, where its first author (as printed) and year tell which it is.

    A sentence that bears a mark already, and one in which the paper is named otherwise or more than once, is returned
    as it is.
    """
    family = _family_name(first_author)
    if MARK in sentence or year is None or len(family) < _SHORTEST_NAME or len(sentence) > LONGEST:
        return sentence
    named = rf"(?<![\w-]){re.escape(family)}(?!\w)[^()\[\];\d]{{0,80}}(?:\(\s*{year}[a-z]?\s*\)|\b{year}[a-z]?\b)"
    found = list(re.finditer(named, sentence))
    if len(found) != 1:
        return sentence
    start, end = found[0].span()
    return f"{sentence[:start]}{MARK}{sentence[end:]}"


def _family_name(author: str) -> str:
    """What stands before a comma, else the last word that is no suffix."""
    before, comma, _ = author.partition(",")
    if comma:
        return before.strip()
    words = [word for word in author.split() if word.strip(".").lower() not in _SUFFIXES]
    return words[-1] if words else ""
