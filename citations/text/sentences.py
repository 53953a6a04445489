"""The beginning of a text."""

from __future__ import annotations

import re

# After these a full stop does not end a sentence. "etc." is missing on purpose: it often does.
_ABBREVIATION_LIST = (
    "al app approx art ca cf ch chap chaps co col corp dept diff dr ed eds eq eqn eqns eqs est esp fig figs gen"
    " hon inc incl jr lit ltd mr mrs ms no nos op p par pp prof prop pt ref refs rep resp rev sec"
    " sect sects sp spp sr st subsp supp suppl tab tabs thm univ var viz vol vols vs wrt"
)
_ABBREVIATIONS = frozenset(_ABBREVIATION_LIST.split())
# Closing quotes and brackets still belong to the sentence that they close.
_SENTENCE_END = re.compile(
    r"(?P<stop>[.!?…]+)(?P<closing>[\"'”’»)\]]*)(?=\s|\Z)|(?P<wide>[。！？｡]+[」』”’）]*)|(?P<paragraph>\n\s*\n)"
)
_LAST_WORD = re.compile(r"[^\s(\[{\"'“‘«]*\Z")
# An ellipsis, then, takes one of the characters that the caller allows.
_ELLIPSIS = "…"


def first_sentence(text: str, max_length: int = 300) -> str:
    """The first sentence of plain text on one line, at most `max_length` characters; "" for an empty text.

    A full stop ends no sentence after an abbreviation ("e.g.", "et al.", "Fig."), after an initial ("J."), inside a
    number, or before a lower-case letter. A sentence that is too long is cut between words, with an ellipsis.
    """
    stripped = text.strip()
    sentence = " ".join(stripped[: _end_of_first_sentence(stripped)].split())
    if len(sentence) <= max_length:
        return sentence
    cut = sentence[: max(max_length, 1)]
    # Text without spaces (Chinese, Japanese) is cut between letters.
    kept = cut.rpartition(" ")[0] or cut[:-1]
    return kept.rstrip(" ,;:–—-(") + _ELLIPSIS


def _end_of_first_sentence(text: str) -> int:
    for match in _SENTENCE_END.finditer(text):
        if match["paragraph"] is not None:
            return match.start()
        if match["wide"] is not None or _ends_sentence(text, match):
            return match.end()
    return len(text)


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    following = text[match.end() :].lstrip()[:1] if match.end() < len(text) else ""
    if following.islower():
        return False
    if match["stop"] != ".":
        return True
    word_match = _LAST_WORD.search(text, max(0, match.start() - 40), match.start())
    word = word_match[0] if word_match else ""
    is_initial = len(word) == 1 and word.isupper()
    has_inner_stop = re.fullmatch(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}", word) is not None
    if not following:
        return True
    return not (is_initial or has_inner_stop or word.lower() in _ABBREVIATIONS)
