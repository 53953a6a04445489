"""Bulk files as services publish them: many files of many lines, read one line at a time in bounded memory.

A snapshot is read in steps (papers first, then who cites whom), a step file by file in the order of their names. What a
line says is a list of items: papers, links between papers, or rejected records that name the file and the line.
"""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, TypeAlias

from citations.identifiers import Identifier
from citations.sources.decoding import shown_name
from citations.sources.records import MentionRecord, PaperRecord, Rejected, SourceError

# The longest line taken in: OpenAlex's longest works (thousands of authors with their institutions) have 20 MB.
LONGEST_LINE = 64 << 20
# How much of a line is kept with a rejected record.
_SHOWN_LENGTH = 2_000
# Files and lines that are looked at to tell whether a directory holds what it should.
_LOOKED_AT = 3
# Registered by sources.decoding: bytes that are no UTF-8 are cp1252.
_ERRORS = "citations-cp1252"
# What lines are read in; anything else beside them (README, checksums, manifests) is no part of a snapshot.
ENDINGS = (".gz", ".jsonl", ".ndjson", ".json")


class Said(NamedTuple):
    """What a source says of a link beyond that it is there; see `records.CitationRecord`."""

    is_influential: bool | None = None
    mentions: tuple[MentionRecord, ...] = ()
    intents: tuple[str, ...] = ()


class Link(NamedTuple):
    """One paper cites another, both by the snapshot's own names, with the line that says so, counted from 1."""

    citing: str
    cited: str
    line: int
    said: Said | None = None


Item: TypeAlias = PaperRecord | Link | Rejected


class Line(NamedTuple):
    """One line of a file without its end, and its number, counted from 1."""

    number: int
    text: str


@dataclass(frozen=True)
class SnapshotFile:
    """One file: its name below the snapshot's directory, where it lies, and how many bytes it has there."""

    name: str
    path: Path
    size: int

    def rejected(self, reason: str, line: int, raw: object) -> Rejected:
        """A record of this file that cannot be taken in."""
        shown = raw[:_SHOWN_LENGTH] if isinstance(raw, str) else raw
        return Rejected(reason, {"file": self.name, "line": line, "record": shown})


# What the lines of one file say: the number of each line that says anything, with its items.
Reader: TypeAlias = Callable[[SnapshotFile, Iterable[Line]], Iterator[tuple[int, list[Item]]]]


@dataclass(frozen=True)
class Step:
    """One walk through some of the files."""

    name: str
    files: tuple[SnapshotFile, ...]
    read: Reader


class Snapshot(Protocol):
    """All bulk files of one source."""

    @property
    def source(self) -> str:
        """Whose word the facts in it are: a key of vocabulary.SOURCES."""

    @property
    def has_author_keys(self) -> bool:
        """Whether papers carry authors with stable keys, by which self-citations can be told."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """What to read, in order; papers stand before the links between them."""

    def identifier(self, node: str) -> Identifier:
        """The identifier that a name in a link stands for. Raises `identifiers.BadIdentifier`."""

    def stand_in(self, node: str) -> PaperRecord | None:
        """A record for a paper that only links name; None where such links are to be rejected."""


class LinesOf:
    """The lines of a file behind line `after`; gzip is unpacked, bytes that are no UTF-8 are read as cp1252.

    To be walked through once. `bytes_read` says how far it is in the file as it lies there. Afterwards `fault` is set
    where the file is damaged: not what its name says, broken off, or with a line without end.
    """

    def __init__(self, file: SnapshotFile, after: int = 0) -> None:
        self._file, self._after = file, after
        self._raw: BinaryIO | None = None
        self.fault: Rejected | None = None

    @property
    def bytes_read(self) -> int:
        """How many bytes were read, not unpacked."""
        return self._raw.tell() if self._raw is not None and not self._raw.closed else self._file.size

    def __iter__(self) -> Iterator[Line]:
        number = 0
        try:
            with self._opened() as unpacked:
                while piece := unpacked.readline(LONGEST_LINE):
                    number += 1
                    if len(piece) == LONGEST_LINE:
                        self.fault = self._fault(f"a line of more than {LONGEST_LINE >> 20} MB", number)
                        return
                    if number == 1:
                        piece = piece.removeprefix(codecs.BOM_UTF8)
                    if number > self._after:
                        yield Line(number, piece.decode(errors=_ERRORS).rstrip("\r\n"))
        except gzip.BadGzipFile:
            self.fault = self._fault("no gzip file" if number == 0 else "gzip is damaged from here on", number + 1)
        except (EOFError, zlib.error):
            self.fault = self._fault("the file breaks off here: load it again", number + 1)
        except OSError as error:
            raise SourceError(f"{self._file.name} cannot be read: {error.strerror or error}.") from None

    def _fault(self, reason: str, line: int) -> Rejected:
        return self._file.rejected(reason, line, "")

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        """The file, unpacked."""
        with self._file.path.open("rb") as raw:
            self._raw = raw
            if self._file.path.suffix == ".gz":
                with gzip.GzipFile(fileobj=raw) as unpacked:
                    yield unpacked
            else:
                yield raw


def json_items(interpret: Callable[[SnapshotFile, int, Any], list[Item]]) -> Reader:
    """A reader of JSON Lines: `interpret` gives the items of one value. Blank lines say nothing."""

    def read(file: SnapshotFile, several: Iterable[Line]) -> Iterator[tuple[int, list[Item]]]:
        for number, text in several:
            if not text.strip():
                continue
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                yield number, [file.rejected("no JSON", number, text)]
                continue
            yield number, interpret(file, number, value)

    return read


def files_below(
    directory: Path, belongs: Callable[[Path], bool], endings: Sequence[str] = ENDINGS
) -> list[SnapshotFile]:
    """The files of a directory whose path below it `belongs`, in the order of their names. Raises SourceError."""
    found = []
    try:
        for path in directory.rglob("*"):
            below = path.relative_to(directory)
            hidden = any(part.startswith(".") for part in below.parts)
            if path.is_file() and not hidden and path.name.endswith(tuple(endings)) and belongs(below):
                found.append(SnapshotFile(_printable(below.as_posix()), path, path.stat().st_size))
    except OSError as error:
        raise SourceError(f"{shown_name(directory)} cannot be read: {error.strerror or error}.") from None
    return sorted(found, key=lambda file: file.name)


def existing_directory(directory: Path) -> Path:
    """The directory, or why there is none. Raises SourceError."""
    if not directory.exists():
        raise SourceError(f"{shown_name(directory)} does not exist.")
    if not directory.is_dir():
        raise SourceError(f"{shown_name(directory)} is a file: name the directory of the snapshot.")
    return directory


def first_object(files: Iterable[SnapshotFile]) -> Any:
    """The first line that is JSON, to tell whether files are of the form that they should be; None where none is.

    Looks at the first lines of the first files only.
    """
    for file in islice(files, _LOOKED_AT):
        for line in islice(LinesOf(file), _LOOKED_AT):
            try:
                return json.loads(line.text)
            except (ValueError, RecursionError):
                continue
    return None


def _printable(name: str) -> str:
    """A name fit for a terminal and any database."""
    return "".join(character if character.isprintable() else "�" for character in name)
