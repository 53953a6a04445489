"""Forms of a text for comparing, ordering and addressing. All are pure ASCII, so that every database agrees."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

# Letters that Unicode does not decompose into a Latin letter and a mark, in the spelling that readers search for.
_LATIN_LETTERS = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i",
    "ȷ": "j", "ĸ": "k", "ŋ": "ng", "ŧ": "t", "ƒ": "f", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ɨ": "i", "ʉ": "u", "ə": "e",
    "ǝ": "e", "ɛ": "e", "ɔ": "o", "ƴ": "y", "ſ": "s", "ƶ": "z", "ɠ": "g", "ɫ": "l", "ɵ": "o", "ɪ": "i", "ʊ": "u",
    "ɑ": "a", "ɣ": "g", "ɩ": "i", "ʋ": "v", "ƞ": "n", "ɲ": "n", "ⱥ": "a", "ƀ": "b", "ȼ": "c", "ɇ": "e", "ɉ": "j",
    "ɍ": "r", "ɏ": "y", "ᵹ": "g", "ꞌ": "",
}  # fmt: skip
# A Greek letter that stands alone is a symbol in Latin text and is searched for by its name ("α-helix").
_GREEK_NAMES = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "ο": "omicron", "π": "pi",
    "ρ": "rho", "σ": "sigma", "ς": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi",
    "ω": "omega",
}  # fmt: skip
# Marks that join the two halves of a word in some spellings and vanish in others.
_APOSTROPHES = "'’‘ʼʻ`´′"
_LONE_GREEK = re.compile(r"(?<![\u0370-\u03ff\u1f00-\u1fff])[α-ω](?![\u0370-\u03ff\u1f00-\u1fff])")
# After "z" in ASCII: titles in other scripts sort after those in Latin script.
_OTHER_SCRIPT_MARK = "~"
# Enough to order any two titles; short enough for an index row on both databases.
_SORT_KEY_LENGTH = 200
_HASH_LENGTH = 32


def fold(text: str) -> str:
    """`text` in lower-case ASCII letters, digits and single spaces, for searching: "Łódź – a Study" is "lodz a study".

    Diacritics go (ß is ss, ø is o, æ is ae), full-width and raised forms become plain, apostrophes vanish, other
    punctuation separates words. A lone Greek letter becomes its name. Letters of other scripts are left out, so a
    title without Latin letters or digits folds to "". Idempotent.
    """
    return _joined(_fold_to_ascii(character) for character in _prepared(text))


def sort_key(title: str) -> str:
    """The ASCII text by which a title is ordered, at most 200 characters; compare it byte by byte (collation "C").

    The fold of the title, in which each letter of another script stands as `~` and six hexadecimal digits of its
    code point: such titles keep an order of their own, after all Latin ones. "" only for a title without letters
    and digits.
    """
    pieces = (_fold_to_ascii(character) or _escaped(character) for character in _prepared(title))
    return _joined(pieces)[:_SORT_KEY_LENGTH].rstrip()


def slugify(title: str, max_length: int = 120) -> str:
    """Lower-case ASCII words joined by hyphens, at most `max_length` characters; may be "".

    Cut between words; only a first word that is too long itself is cut inside.
    """
    slug = fold(title).replace(" ", "-")
    if len(slug) <= max_length:
        return slug
    cut = slug[: max_length + 1].rpartition("-")[0]
    return cut or slug[:max_length]


def content_hash(text: str) -> str:
    """32 hexadecimal digits of SHA-256 over `text` without regard to case, white space and Unicode composition."""
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    # Lone surrogates may reach this function before cleaning; they must not stop it.
    content = " ".join(composed.split()).encode("utf-8", errors="surrogatepass")
    return hashlib.sha256(content).hexdigest()[:_HASH_LENGTH]


def _prepared(text: str) -> str:
    """`text` decomposed and case-folded, without apostrophes, lone Greek letters spelt out."""
    lowered = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    unmarked = "".join(character for character in lowered if not "\u0300" <= character <= "\u036f")
    without_apostrophes = unmarked.translate(dict.fromkeys(map(ord, _APOSTROPHES)))
    return _LONE_GREEK.sub(lambda match: _GREEK_NAMES[match[0]], without_apostrophes)


def _fold_to_ascii(character: str) -> str:
    """The ASCII of one prepared character: letters and digits, a space for a separator, "" for what has none."""
    if character.isascii():
        return character if character.isalnum() else " "
    if character in _LATIN_LETTERS:
        return _LATIN_LETTERS[character]
    category = unicodedata.category(character)
    return " " if category[0] in "PZSC" and category not in ("Cf", "Cs", "Cn", "Co") else ""


def _escaped(character: str) -> str:
    category = unicodedata.category(character)
    return f"{_OTHER_SCRIPT_MARK}{ord(character):06x}" if category[0] in "LNM" else ""


def _joined(pieces: Iterable[str]) -> str:
    return " ".join("".join(pieces).split())
