"""The words of a text, as the full-text index keeps them and as a reader's search is cut up: one function for both.

Neither engine's own parser is used, so that both find the same. A word is a run of letters and digits, folded:

- case, diacritics and vowel points go ("Muça" is "muca", "Schölkopf" is "scholkopf"), full-width and raised forms
  become plain, apostrophes and soft hyphens vanish; no stemming, no stop words;
- letters of other scripts stay; a lone Greek letter is its name ("α-helix" is "alpha helix"); digits are ASCII;
- scripts that put no spaces between words (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) give one word for
  each character or syllable, so that any part of a text is found as the phrase that it is;
- `++` and `#` right after a letter or digit are a word of their own: "C++" is "c ++", found by `c` and by `c++`;
- everything else separates: "state-of-the-art" is the phrase "state of the art".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from citations import text as plain

# Longer ones are chemical names, addresses and damage; their beginning tells them apart. Cut here, a word fits an
# index row of either engine in any script.
LONGEST_WORD = 40
# Pieces between spaces that are worth remembering: the vocabulary of a field, a few megabytes.
_REMEMBERED = 50_000
_LONGEST_REMEMBERED = 40

_PIECE = re.compile(r"\S+")
_APOSTROPHES = "'’‘ʼʻ`´′"
_GREEK = "\u0370-\u03ff\u1f00-\u1fff"
_GREEK_LETTER = re.compile(f"[{_GREEK}]")
_LONE_GREEK = re.compile(f"(?<![{_GREEK}])[α-ω](?![{_GREEK}])")
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3041-\u312f\u3130-\u318f"
    "\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
_ASCII_WORD = re.compile(r"(?<=[a-z0-9])(?:\+\+|#)|[a-z0-9]+")
_FOLDED_WORD = re.compile(rf"(?<=[^ +#])(?:\+\+|#)|[{_UNSPACED}]|[^ +#{_UNSPACED}]+")
_HANGUL_LETTERS = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?")
_HALF_WIDTH_MARKS = "\uff9e\uff9f"  # the voicing marks of half-width Japanese, to Unicode no marks
# Classes of combining marks that only decorate a letter (Latin, Greek, Cyrillic, Hebrew, Arabic, Syriac). The others,
# such as the vowel signs of India and the voicing marks of Japan, are part of the spelling.
_DECORATING = frozenset({1, *range(10, 37), *range(200, 241)})
# Decorates Arabic letters by stretching them.
_TATWEEL = "\u0640"


class Word(NamedTuple):
    """One word, folded, and the stretch of the text that it was: `text[start:end]`."""

    folded: str
    start: int
    end: int


def words(text: str) -> Iterator[Word]:
    """The words of a text, in order. Total: any text, also one with NULs or lone surrogates."""
    for piece in _PIECE.finditer(text):
        start = piece.start()
        found = piece[0]
        inside = _remembered(found) if len(found) <= _LONGEST_REMEMBERED else _words_of(found)
        for word in inside:
            yield Word(word.folded, start + word.start, start + word.end)


def folded_words(text: str) -> list[str]:
    """The words of a text without their places."""
    return [word.folded for word in words(text)]


def _words_of(piece: str) -> tuple[Word, ...]:
    """The words of a text without spaces."""
    if piece.isascii() and not any(mark in piece for mark in _APOSTROPHES):
        return tuple(Word(word[0][:LONGEST_WORD], *word.span()) for word in _ASCII_WORD.finditer(piece.lower()))
    letters = list(_letters(piece))
    folded = "".join(letter.folded for letter in letters)
    return tuple(
        Word(_finished(word[0]), letters[word.start()].start, letters[word.end() - 1].end)
        for word in _FOLDED_WORD.finditer(folded)
    )


_remembered = lru_cache(maxsize=_REMEMBERED)(_words_of)


def _letters(piece: str) -> Iterator[Word]:
    """The folded characters of a piece, one at a time, each with the character and marks that it came from.

    What separates words is a space; what vanishes is left out.
    """
    start = 0
    while start < len(piece):
        syllable = _HANGUL_LETTERS.match(piece, start)
        end = syllable.end() if syllable else start + 1
        while end < len(piece) and (unicodedata.category(piece[end])[0] == "M" or piece[end] in _HALF_WIDTH_MARKS):
            end += 1
        for character in _folded(piece[start:end]):
            yield Word(character, start, end)
        start = end


@lru_cache(maxsize=_REMEMBERED)
def _folded(cluster: str) -> str:
    """A character with its marks, folded; "" for what vanishes, " " for what separates."""
    if cluster[0] in _APOSTROPHES:
        return ""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", cluster).casefold())
    return unicodedata.normalize("NFC", "".join(_folded_character(character) for character in decomposed))


def _folded_character(character: str) -> str:
    """What is left of a decomposed, lower-case character."""
    if character.isascii():
        return character if character.isalnum() or character in "+#" else " "
    category = unicodedata.category(character)
    if unicodedata.combining(character) in _DECORATING or category == "Cf" or character == _TATWEEL:
        return ""
    if category[0] in "PZSC":
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if _GREEK_LETTER.match(character):
        return character
    return plain.fold(character) or character


def _finished(word: str) -> str:
    """A word with lone Greek letters spelt out, cut to its greatest length."""
    return _LONE_GREEK.sub(lambda match: plain.fold(match[0]), word)[:LONGEST_WORD]
