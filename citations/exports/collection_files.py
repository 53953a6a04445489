"""The files in which collections travel: written whole or not at all, read line by line, compressed or not."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

from citations.exports.collection_format import END, FORMAT, VERSION, CollectionError, Record

# The longest line is a paper with some thousand authors, far below; one endless line must not fill the memory.
LONGEST_LINE = 64 * 1024 * 1024  # bytes
# The first two bytes of everything that gzip wrote: the name may say otherwise.
_GZIP_MAGIC = b"\x1f\x8b"
# A better ratio costs several times the time.
_GZIP_LEVEL = 6


# Writing --------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def replacing(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """A stream whose content becomes the file at `path` when the block ends well; else nothing is left behind.

    Compressed where the name ends in `.gz`. The file is for its owner's eyes (mode 0600): reports of readers are in it.
    Raises `CollectionError` when something is in the way, also when a file appeared there meanwhile.
    """
    target = path.resolve() if path.is_symlink() else path
    _check_target(target, overwrite=overwrite)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise CollectionError(f"{path} cannot be written: {error.strerror or error}") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            with _compressing(file, target) as stream:
                yield stream
            file.flush()
            os.fsync(file.fileno())
        _check_target(target, overwrite=overwrite)
        temporary.replace(target)
    except OSError as error:
        raise CollectionError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _check_target(target: Path, *, overwrite: bool) -> None:
    """Refuse to lose what is there."""
    try:
        if not target.parent.is_dir():
            raise CollectionError(f"{target.parent} is not a folder: make it first.")
        if target.exists() and not target.is_file():
            raise CollectionError(f"{target} is not a regular file: choose another name.")
        if target.exists() and not overwrite:
            raise CollectionError(f"{target} exists: choose another name, or overwrite it with --force.")
    except OSError as error:
        raise CollectionError(f"{target} cannot be written: {error.strerror or error}") from None


@contextlib.contextmanager
def _compressing(file: BinaryIO, target: Path) -> Iterator[BinaryIO]:
    """`file`, through gzip where the name asks for it; without name and time, so that equal content is equal bytes."""
    if target.suffix != ".gz":
        yield file
        return
    with gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=file, mtime=0) as compressed:
        yield cast(BinaryIO, compressed)


# Reading --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Header:
    """What the first and last line say: counts by type of record, how many in all, and the checksum of all but the
    last line.
    """

    exported_at: str
    counts: dict[str, int]
    records: int
    checksum: str


def verify(path: Path) -> Header:
    """Read a file once, whole, and say what it announces. Nothing is taken in.

    Raises `CollectionError` when it cannot be read, is no collection, is of a version that this site does not read, is
    truncated, or is not as it was exported.
    """
    checksum = hashlib.sha256()
    first, last, number = b"", b"", 0
    for number, line in enumerate(lines(path), start=1):
        if number == 1:
            first = line
            _check_header(path, _parsed(line))
        else:
            checksum.update(last)
        last = line
    if not number:
        raise CollectionError(f"{path} is empty: it holds no collection.")
    end = _parsed(last)
    if number == 1 or end.get("type") != END or not last.endswith(b"\n"):
        raise CollectionError(f"{path} is truncated: its last line is not the end record. Copy or export it again.")
    if end.get("sha256") != checksum.hexdigest():
        raise CollectionError(f"{path} is not as it was exported: its checksum differs. Copy or export it again.")
    header = _parsed(first)
    counts: Any = header.get("counts")
    records = number - 2
    if not _are_counts(counts) or end.get("records") != records or sum(counts.values()) != records:
        raise CollectionError(f"{path} holds {records} records, which is not what its first and last line say.")
    return Header(str(header.get("exported_at", "")), counts, records, checksum.hexdigest())


def _check_header(path: Path, header: Record) -> None:
    """Refuse what is no collection, or one that this site cannot read."""
    if header.get("type") != FORMAT:
        raise CollectionError(f"{path} is no exported collection: its first line is no header.")
    version = header.get("version")
    if type(version) is not int or version != VERSION:
        found = str(version) if type(version) is int and abs(version) < 10**6 else "unknown"
        raise CollectionError(
            f"{path} is written in version {found} of the format, and this site reads version {VERSION}: "
            "use a release of Citation Explorer that reads it."
        )


def _are_counts(counts: Any) -> bool:
    """Whether the header counts records by their types."""
    return isinstance(counts, dict) and all(type(n) is int and n >= 0 for n in counts.values())


def _parsed(line: bytes) -> Record:
    """A line as an object; an empty one where it is none."""
    try:
        return parse(line)
    except ValueError:
        return {}


def parse(line: bytes) -> Record:
    """The object of a line. Raises ValueError, with a reason, where there is none."""
    try:
        found = json.loads(line.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise ValueError("this line is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"this line is not JSON ({error.msg} at character {error.pos + 1})") from None
    except (RecursionError, ValueError):
        raise ValueError("this line is JSON that cannot be read (a number too large, or nested too deeply)") from None
    if not isinstance(found, dict):
        raise ValueError("this line is not a JSON object")
    return found


def _refuse_constant(_: str) -> NoReturn:
    """NaN and Infinity are not JSON."""
    raise ValueError


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, compressed or not, with their line feeds. Raises `CollectionError` when it is unreadable."""
    number = 0
    try:
        if path.exists() and not path.is_file():
            raise CollectionError(f"{path} is not a regular file: a collection is read twice, so give it as a file.")
        with path.open("rb") as file:
            compressed = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            with gzip.open(file) if compressed else contextlib.nullcontext(file) as stream:
                while line := stream.readline(LONGEST_LINE + 1):
                    number += 1
                    if len(line) > LONGEST_LINE:
                        raise CollectionError(f"{path}, line {number}: longer than {LONGEST_LINE} bytes.")
                    yield line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        reason = "truncated" if isinstance(error, EOFError) else "damaged"
        raise CollectionError(f"{path} is {reason}: gzip cannot read it to its end. Copy or export it again.") from None
    except OSError as error:
        raise CollectionError(f"{path} cannot be read: {error.strerror or error}") from None
