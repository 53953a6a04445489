"""Single characters: entities, damaged encodings, invisible and forbidden characters, white space."""

from __future__ import annotations

import html
import re
import unicodedata
from html.entities import html5

# --- entities ---------------------------------------------------------------------------------------------------

# Misspelt entities that publishers' records do contain.
_MISSPELT_ENTITIES = {"&dquo;": '"', "&Apos;": "'", "&squo;": "'"}
_ENTITY_AT_END = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});\Z")
_LONGEST_ENTITY = 34


def decode_entities(text: str) -> str:
    """`text` with its entities decoded, also those that were escaped several times (`&amp;lt;` is `<`).

    Only entities that end in a semicolon and that exist: "AT&T" and "R&D;" stay. One pass, because each decoded
    character is looked at together with what precedes it.
    """
    if "&" not in text:
        return text
    decoded: list[str] = []
    for character in text:
        decoded.append(character)
        while decoded and decoded[-1] == ";":
            match = _ENTITY_AT_END.search("".join(decoded[-_LONGEST_ENTITY:]))
            replacement = _entity_character(match[0]) if match else None
            if match is None or replacement is None:
                break
            del decoded[-len(match[0]) :]
            decoded.extend(replacement)
    return "".join(decoded)


def _entity_character(entity: str) -> str | None:
    if entity in _MISSPELT_ENTITIES:
        return _MISSPELT_ENTITIES[entity]
    if entity.startswith("&#") or entity[1:] in html5:
        return html.unescape(entity)
    return None


# --- damaged encodings ------------------------------------------------------------------------------------------


def _continuation_characters() -> str:
    """What the bytes 0x80 to 0xBF look like when UTF-8 is read as cp1252 or Latin-1, for a character class."""
    shown = {chr(byte) for byte in range(0x80, 0xC0)}
    for byte in range(0x80, 0xC0):
        shown.update(bytes([byte]).decode("cp1252", errors="ignore"))
    return "".join(re.escape(character) for character in sorted(shown))


_TAIL = f"[{_continuation_characters()}]"
# Quotes and dashes that may honestly follow a capital letter at the end of a word ("MANHÃ—", "Ä“").
_TYPOGRAPHIC_TAIL = "[‘’“”–—»\u0091-\u0097]"
# Pairs that are no honest text in any language: damaged Latin letters, punctuation, ligatures, emoji, Greek. Scripts
# whose damaged letters could stand alone by chance (Cyrillic, Chinese, ...) must come at least twice in a row.
_DAMAGED = re.compile(
    rf"(?:(?<![A-ZÀ-Þ])[ÃÂ]{_TAIL}|[ÃÂÄÅÎÏ](?!{_TYPOGRAPHIC_TAIL}){_TAIL}|â{_TAIL}{{2}}|ï[¬»]{_TAIL}"
    rf"|ð[\u009fŸ]{_TAIL}{{2}}|(?:[ÐÑ×ØÙÚ]{_TAIL}){{2,}}|(?:[à-ï]{_TAIL}{{2}}){{2,}})+"
)


def mend_encoding(text: str) -> str:
    """`text` with UTF-8 that was read as cp1252 or Latin-1 read again (`Ã©` is `é`), where it is certain."""
    return _DAMAGED.sub(_mend, text)


def _mend(match: re.Match[str]) -> str:
    try:
        mended = b"".join(_byte_of(character) for character in match[0]).decode("utf-8")
    except UnicodeError:
        return match[0]
    is_readable = all(unicodedata.category(character) not in ("Cc", "Cn", "Co", "Cs") for character in mended)
    return mended if is_readable else match[0]


def _byte_of(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")


# --- invisible characters and space -----------------------------------------------------------------------------

_LINE_BREAK = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028]")
# Joiners change the spelling of Persian and Indic words and the look of emoji; next to other letters they are noise.
_IDLE_JOINER = re.compile("(?:(?<=[\x00-\u058f])|^)[\u200c\u200d]+")
_FORBIDDEN_CATEGORIES = ("Cc", "Cf", "Cs")
_KEPT_CONTROLS = "\n\t\u200c\u200d"


def clean_characters(text: str) -> str:
    """`text` in NFC without control, format (soft hyphen, zero width, direction) and impossible characters."""
    if not text.isascii():
        text = _LINE_BREAK.sub("\n", text.replace("\u2029", "\n\n"))
        text = "".join(character for character in text if not _is_forbidden(character))
        return unicodedata.normalize("NFC", _IDLE_JOINER.sub("", text))
    text = _LINE_BREAK.sub("\n", text)
    return "".join(character for character in text if character.isprintable() or character in "\n\t")


def _is_forbidden(character: str) -> bool:
    if character.isprintable() or character in _KEPT_CONTROLS:
        return False
    code = ord(character)
    is_noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return is_noncharacter or unicodedata.category(character) in _FORBIDDEN_CATEGORIES


def collapse_space(text: str, *, paragraphs: bool) -> str:
    """`text` with single plain spaces; blank lines become "\\n\\n" with `paragraphs`, else a space."""
    if not paragraphs:
        return " ".join(text.split())
    blocks = (" ".join(block.split()) for block in re.split(r"\n\s*\n", text))
    return "\n\n".join(block for block in blocks if block)
