"""Files as text: any of the encodings that people's tools write, and one line of reason for what is no text."""

from __future__ import annotations

import codecs
import hashlib
import os
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from citations.sources.records import SourceError

# What is looked at to tell text from other things, in bytes.
_BEGINNING = 65_536
# How much is read at a time, and the longest line: a file without line ends must not fill the memory.
_PIECE = 1 << 20
_LONGEST_LINE = 32 << 20
# Formats that cannot be read piece by piece are taken whole up to this: their objects are some ten times as large.
LARGEST_WHOLE_FILE = 64 << 20

# What files begin with that are mistaken for lists of references, and what to do with each.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "is a ZIP archive or an office document: unpack it, or save the sheet as CSV"),
    (b"\x1f\x8b", "is compressed with gzip: unpack it first"),
    (b"BZh", "is compressed with bzip2: unpack it first"),
    (b"\xfd7zXZ\x00", "is compressed with xz: unpack it first"),
    (b"%PDF", "is a PDF document: export the references from the program that holds them"),
    (b"\xd0\xcf\x11\xe0", "is an office document: save the sheet as CSV"),
    (b"SQLite format 3\x00", "is a database: export the references from the program that holds them"),
    (b"\x89PNG", "is an image"),
)
_BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Control characters that text has: tab, line ends, form feed, the end mark of DOS, the escape of old terminals.
_TEXT_CONTROLS = b"\t\n\r\x0c\x1a\x1b"
# Above this share of other control characters a file is no text; a few are damage, and are dropped.
_MOST_CONTROLS = 0.05


def shown_name(path: Path) -> str:
    """The file's name on one line, fit for a terminal and for any database."""
    name = "".join(character if character.isprintable() else "�" for character in path.name)
    return name or str(path)


def digest(path: Path) -> str:
    """SHA-256 of the file's bytes, by which an interrupted import of it is found again. Raises SourceError."""
    with _opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def whole_text(path: Path) -> str:
    """The file as one text, decoded like `text_lines`. Raises SourceError, also above `LARGEST_WHOLE_FILE` bytes."""
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST_WHOLE_FILE:
            raise SourceError(
                f"{shown_name(path)} has {size >> 20} MB; this format is read as a whole, up to "
                f"{LARGEST_WHOLE_FILE >> 20} MB: split it."
            )
        text = "".join(_pieces(path, file))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def text_lines(path: Path) -> Iterator[str]:
    """The lines of a file, each ending in a newline where the file has one; line ends of all systems are newlines.

    UTF-8, UTF-16 and UTF-32 are told by byte order mark (UTF-16 also by its zeros); bytes that are no UTF-8 are read as
    cp1252, each by itself, so that files put together from several sources come out right. Zero bytes are dropped.
    Raises SourceError naming the file where it is missing, a directory, not readable, empty, or no text.
    """
    with _opened(path) as file:
        yield from _lines(path, _pieces(path, file))


def _opened(path: Path) -> BufferedReader:
    """The file, or why there is none."""
    try:
        if path.is_dir():
            raise SourceError(f"{shown_name(path)} is a directory: name the files in it.")
        if path.exists() and not path.is_file():
            raise SourceError(f"{shown_name(path)} is no regular file.")
        return path.open("rb")
    except FileNotFoundError:
        raise SourceError(f"{shown_name(path)} does not exist.") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise SourceError(f"{shown_name(path)} cannot be read: {_reason(error)}.") from None


def _reason(error: Exception) -> str:
    """What the system says, without the path that it repeats."""
    return getattr(error, "strerror", None) or str(error)


def _encoding(path: Path, beginning: bytes) -> tuple[str, bytes]:
    """The encoding and the byte order mark. Raises SourceError for what is no text."""
    name = shown_name(path)
    if not beginning.strip(b"\0 \t\r\n"):
        raise SourceError(f"{name} is empty.")
    for signature, verdict in _SIGNATURES:
        if beginning.startswith(signature):
            raise SourceError(f"{name} {verdict}.")
    for mark, encoding in _BYTE_ORDER_MARKS:
        if beginning.startswith(mark):
            return encoding, mark
    zeros = beginning.count(0)
    for encoding, first_zero in (("utf-16-le", 1), ("utf-16-be", 0)):
        # Latin text in UTF-16 has a zero in every other byte.
        if beginning[first_zero::2].count(0) > 0.4 * len(beginning) / 2 and zeros <= 0.55 * len(beginning):
            return encoding, b""
    controls = sum(beginning.count(code) for code in range(32) if code not in _TEXT_CONTROLS)
    if controls > _MOST_CONTROLS * len(beginning):
        raise SourceError(f"{name} is no text file.")
    return "utf-8", b""


def _pieces(path: Path, file: BufferedReader) -> Iterator[str]:
    """Decoded stretches of an open file, without zeros. Raises SourceError."""
    try:
        encoding, mark = _encoding(path, file.read(_BEGINNING))
        file.seek(len(mark))
        decoder = codecs.getincrementaldecoder(encoding)(errors=_ERRORS if encoding == "utf-8" else "replace")
        while piece := file.read(_PIECE):
            yield decoder.decode(piece).replace("\0", "")
        yield decoder.decode(b"", final=True).replace("\0", "")
    except OSError as error:
        raise SourceError(f"{shown_name(path)} cannot be read to its end: {_reason(error)}.") from None


def _lines(path: Path, pieces: Iterator[str]) -> Iterator[str]:
    """Stretches of text cut into lines."""
    pending = ""
    for piece in pieces:
        pending += piece
        if len(pending) > _LONGEST_LINE:
            raise SourceError(f"{shown_name(path)} has a line of more than {_LONGEST_LINE >> 20} MB.")
        if pending.endswith("\r"):
            continue  # a newline may follow in the next piece
        *lines, pending = pending.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines:
            yield line + "\n"
    *lines, last = pending.replace("\r", "\n").split("\n")
    for line in lines:
        yield line + "\n"
    if last:
        yield last


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """What bytes that are no UTF-8 mean in cp1252; the five that it leaves open are read as Latin-1."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    text = "".join(
        bytes([code]).decode("cp1252", errors="ignore") or chr(code) for code in error.object[error.start : error.end]
    )
    return text, error.end


_ERRORS = "citations-cp1252"
codecs.register_error(_ERRORS, _as_cp1252)
