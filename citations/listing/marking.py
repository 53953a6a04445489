"""What stands out in the texts of a row: words that were searched for, and the place where a sentence names the hub.

Pure. Texts come out in pieces, so that templates mark them and escape all of them alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from citations import search
from citations.filters.citations import short_name
from citations.search import Query

# A longer title is not what a sentence calls a work.
LONGEST_NAME = 60
# A shorter word, or a family name, means something else too often.
SHORTEST_NAME = 3
# Words that titles begin with and that sentences hold without meaning the work: "Attention: ...", "Learning: ...".
_COMMON_WORDS = (
    "abstract analysis appendix attention comment correction data deep editorial erratum evaluation evidence "
    "introduction language learning methods model models network networks note overview preface reply report research "
    "results review reviews science study survey technical theory towards transformer transformers tutorial"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
# Between a family name and the year: co-authors, "et al.", brackets. "Biderman, van der Wal and Sutawika (2023".
_AND_OTHERS = r"(?:,?\s+et\s+al\.?|(?:,\s+|,?\s+and\s+|,?\s+&\s+)[^\W\d_][\w'’.-]*(?:\s+[^\W\d_][\w'’.-]*){0,2}){0,4}"


# A search for nothing.
NOTHING = Query()


@dataclass(frozen=True)
class Piece:
    """A stretch of a text. `is_hit`: it was searched for. `is_name`: it names the cited work."""

    text: str
    is_hit: bool = False
    is_name: bool = False


@dataclass(frozen=True)
class Marking:
    """What to mark in the rows of one list: a search, and the names of the hub. By default nothing."""

    query: Query = NOTHING
    title: str = ""
    first_author: str = ""
    year: int | None = None

    def text(self, text: str) -> tuple[Piece, ...]:
        """A title or summary, with what was searched for."""
        return _pieces(text, _hits(text, self.query), None)

    def sentence(self, sentence: str) -> tuple[Piece, ...]:
        """A citing sentence, with what was searched for and the place where it names the hub."""
        return _pieces(sentence, _hits(sentence, self.query), self.named_at(sentence))

    def named_at(self, sentence: str) -> tuple[int, int] | None:
        """Where the sentence names the hub: by the name that its title gives it, else by its first author and year.

        None where neither is found: better nothing than another work.
        """
        plain = _plain(sentence)
        for pattern in self._patterns:
            found = pattern.search(plain)
            if found:
                return found.span()
        return None

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        """What names the hub, the surest first. Letters are compared without their marks, capitals as they stand."""
        return tuple(pattern for pattern in (_name_pattern(self.title), self._author_pattern()) if pattern)

    def _author_pattern(self) -> re.Pattern[str] | None:
        """The first author's family name, perhaps others, and the year; None where one of the two is not known."""
        family = _family_name(self.first_author)
        if len(family) < SHORTEST_NAME or self.year is None:
            return None
        year = rf"[\s,]*[(\[]?\s*{self.year}[a-z]?(?!\d)"
        return re.compile(rf"(?<![\w-]){re.escape(_plain(family))}(?!\w){_AND_OTHERS}{year}")


def _name_pattern(title: str) -> re.Pattern[str] | None:
    """The name before the colon of a title, or a whole short title; None where it is too short, long or common."""
    name = short_name(title)
    words = name.split()
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME or not any(letter.isalpha() for letter in name):
        return None
    if len(words) == 1 and (name.islower() or name.lower() in _COMMON):
        return None
    # A title without a name, of one or two words, is a topic: "Gene expression".
    if name == title and len(words) < 3 and not _is_coined(name):
        return None
    spaced = r"\s+".join(re.escape(_plain(word)) for word in words)
    return re.compile(rf"(?<![\w-]){spaced}(?!\w)")


def _is_coined(name: str) -> bool:
    """Whether a name looks like one: with a capital inside, or a digit ("BLEU", "word2vec", "QLoRA")."""
    return any(letter.isupper() for letter in name[1:] if letter.isalpha()) or any(map(str.isdigit, name))


def _family_name(author: str) -> str:
    """The family name: what stands before a comma, else the last word that is no suffix."""
    before, comma, _ = author.partition(",")
    if comma:
        return before.strip()
    words = [word for word in author.split() if word.strip(".").lower() not in _SUFFIXES]
    return words[-1] if words else ""


def _plain(text: str) -> str:
    """The text with each letter bare of its marks, letter for letter: places in it are places in the text."""
    if text.isascii():
        return text
    return "".join(unicodedata.normalize("NFD", letter)[0] for letter in text)


def _hits(text: str, query: Query) -> Iterable[tuple[int, int]]:
    """Where a text holds what was searched for."""
    if not query:
        return
    place = 0
    for fragment in search.highlight(text, query):
        if fragment.is_hit:
            yield place, place + len(fragment.text)
        place += len(fragment.text)


def _pieces(text: str, hits: Iterable[tuple[int, int]], name: tuple[int, int] | None) -> tuple[Piece, ...]:
    """The text cut where a hit or the name begins or ends; joined, the pieces are the text."""
    stretches: Sequence[tuple[int, int]] = tuple(hits)
    cuts = sorted({0, len(text), *(place for stretch in (*stretches, *([name] if name else [])) for place in stretch)})
    pieces = []
    for start, end in pairwise(cuts):
        is_hit = any(first <= start < last for first, last in stretches)
        pieces.append(Piece(text[start:end], is_hit, name is not None and name[0] <= start < name[1]))
    return tuple(pieces)


# The marking of rows that belong to no list.
NO_MARKING = Marking()
