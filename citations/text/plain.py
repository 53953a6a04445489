"""Plain text from whatever a source sends."""

from __future__ import annotations

from collections.abc import Mapping

from citations.text.characters import clean_characters, collapse_space, decode_entities, mend_encoding
from citations.text.latex import unwrap_latex
from citations.text.markup import defuse_markup, strip_markup

# Markup may hide in entities, entities in markup, both in LaTeX: the steps repeat until nothing changes. Honest
# texts settle after two or three rounds; the bound is for hostile ones.
_MAXIMUM_ROUNDS = 30
# OpenAlex gives positions of words in an abstract; a larger one is damage.
_MAXIMUM_POSITION = 1_000_000


def plain_text(raw: str | None, *, paragraphs: bool = False, bibtex: bool = False) -> str:
    """Readable Unicode text (NFC) from HTML, MathML, JATS, LaTeX and damaged encodings; "" for None.

    Newlines and runs of spaces become one space, so that the result is one line; with `paragraphs`, blank lines and
    block elements become one "\\n\\n" each. With `bibtex`, braces are grouping and go, `~` is a space and `--` a
    dash, as in fields of BibTeX files.

    What was text stays, in its order: an angle bracket that belongs to no markup is kept (with a space after it
    where it would otherwise look like a tag), as are lone dollar, percent and backslash characters. No match of
    `</?[A-Za-z][^<>]*>` is left. The result is a fixed point: cleaning it again changes nothing. It is text, not
    HTML: templates must still escape it. Never raises.
    """
    text = raw or ""
    for _ in range(_MAXIMUM_ROUNDS):
        step = _one_round(text, paragraphs, bibtex)
        if step == text:
            step = defuse_markup(text)
            if step == text:
                return text
        text = step
    return defuse_markup(text)


def _one_round(text: str, paragraphs: bool, bibtex: bool) -> str:
    text = strip_markup(text)
    text = decode_entities(text)
    text = mend_encoding(text)
    text = unwrap_latex(text, bibtex=bibtex)
    return collapse_space(clean_characters(text), paragraphs=paragraphs)


def from_inverted_index(index: Mapping[str, object] | None) -> str:
    """The text of an inverted index (OpenAlex: word to its positions, from 0), cleaned, with paragraph breaks.

    Gaps close up; positions that are no plausible numbers are left out; of two words at one position the first
    stays. "" where there is no index.
    """
    if not isinstance(index, Mapping):
        return ""
    words: dict[int, str] = {}
    for word, positions in index.items():
        if not isinstance(positions, (list, tuple)):
            continue
        for position in positions:
            if type(position) is int and 0 <= position <= _MAXIMUM_POSITION:
                words.setdefault(position, str(word))
    return plain_text(" ".join(words[position] for position in sorted(words)), paragraphs=True)
