"""Edge lists: files of pairs, one a line, the citing paper first, separated by tabs, commas, semicolons or blanks.

Comments begin with # or %. A first line that names the columns "citing" and "cited" (or "source" and "target", "from"
and "to") says where they stand; else they are the first two. Papers are named by a known scheme (DOIs, say), or by
numbers or words that mean something in this list alone.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from citations.identifiers import Identifier, Scheme, normalise
from citations.sources.decoding import shown_name
from citations.sources.edges_metadata import metadata_reader
from citations.sources.records import PaperRecord, SourceError
from citations.sources.snapshots import Item, Line, LinesOf, Link, SnapshotFile, Step, files_below
from citations.text import plain_text

# What the files of people are recorded as.
FILE = "file"
LIST_ENDINGS = (".tsv", ".csv", ".txt", ".edges", ".edgelist", ".tsv.gz", ".csv.gz", ".txt.gz", ".edges.gz")
# Longer names are damage; the longest DOIs that are in use have about 200 characters.
LONGEST_NODE = 300
LONGEST_NAME = 60
_CITING = frozenset({"citing", "citing_id", "citing_doi", "citing_paper", "source", "from", "fromnodeid", "src"})
_CITED = frozenset({"cited", "cited_id", "cited_doi", "cited_paper", "target", "to", "tonodeid", "dst"})
_COMMENTS = ("#", "%")
# Lines that are looked at to tell how a file is laid out; comments before the first pair are rarely longer.
_LOOKED_AT = 1_000
_PLAIN_NODE = re.compile(r"[A-Za-z0-9._:/-]+")
# As many hexadecimal digits as identifiers.fingerprint() makes.
_FINGERPRINT_LENGTH = 32


@dataclass(frozen=True)
class Layout:
    """How the lines of a file are laid out: what separates cells (None: blanks), the two columns, the header's line."""

    separator: str | None = None
    citing: int = 0
    cited: int = 1
    header: int = 0

    def pair(self, text: str) -> tuple[str, str] | None:
        """The citing and the cited node of a line; None where it has too few cells."""
        parts = _cells(text, self.separator)
        if len(parts) <= max(self.citing, self.cited):
            return None
        return parts[self.citing].strip(), parts[self.cited].strip()


@dataclass(frozen=True)
class EdgeList:
    """The files of one list, whose nodes are names in `scheme`, or in the namespace `name` where there is none."""

    files: tuple[SnapshotFile, ...]
    name: str
    scheme: Scheme | None = None
    metadata: SnapshotFile | None = None
    source: str = FILE
    has_author_keys: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """The metadata, if there are any, then the pairs."""
        papers = () if self.metadata is None else (self.metadata,)
        read = metadata_reader(papers[0], self.identifier) if papers else None
        found = (Step("papers", papers, read),) if read else ()
        return (*found, Step("citations", self.files, pairs))

    def identifier(self, node: str) -> Identifier:
        """The identifier of a node. Raises `identifiers.BadIdentifier` where it is none of the scheme."""
        return normalise(self.scheme, node) if self.scheme else node_identifier(self.name, node)

    def stand_in(self, node: str) -> PaperRecord:
        """A record that any other source corrects. It is called by the name of the list and the node, or by its
        identifier where the scheme is known.
        """
        named = (self.identifier(node),)
        if self.scheme:
            return PaperRecord(named, may_lack_title=True)
        return PaperRecord(named, title=placeholder_title(self.name, node))


def open_edges(path: Path, *, name: str = "", scheme: Scheme | None = None, metadata: Path | None = None) -> EdgeList:
    """The edge list in a file, or in all files of a directory. Raises `SourceError` where there is none.

    The namespace is `name`; without it the file's name (or the directory's) up to the first dot.
    """
    beside = _single(metadata) if metadata else None
    files = tuple(file for file in _files(path) if beside is None or not file.path.samefile(beside.path))
    if not files:
        raise SourceError(
            f"{shown_name(path)} holds no edge list: there is no file ending in {', '.join(LIST_ENDINGS)}."
        )
    for file in files:
        layout(file)
    space = name or (files[0].path if len(files) == 1 else path.absolute()).name.partition(".")[0]
    space = plain_text(space)
    if not space or len(space) > LONGEST_NAME:
        raise SourceError(f"The name {space[:LONGEST_NAME]!r} of the list should have 1 to {LONGEST_NAME} characters.")
    return EdgeList(files, space, scheme, beside)


def node_identifier(name: str, node: str) -> Identifier:
    """The fingerprint of a node in the namespace `name`: 128 bits of SHA-256 over both, case and all."""
    digest = hashlib.sha256(f"node\x1f{name}\x1f{node}".encode()).hexdigest()
    return Identifier(Scheme.FINGERPRINT, digest[:_FINGERPRINT_LENGTH])


def placeholder_title(name: str, node: str) -> str:
    """What a paper is called of which only the node is known, such as "hepth 123"."""
    return f"{name} {node}" if _PLAIN_NODE.fullmatch(node) else plain_text(f"{name} {node}")


def pairs(file: SnapshotFile, lines: Iterable[Line]) -> Iterator[tuple[int, list[Item]]]:
    """The links of a file. Blank lines and comments say nothing."""
    how = layout(file)
    pair_of = partial(_plain_pair, how.separator) if (how.citing, how.cited) == (0, 1) else how.pair
    for number, text in lines:
        if not text or text.startswith(_COMMENTS) or number == how.header or not text.strip():
            continue
        pair = pair_of(text)
        if pair is None:
            yield number, [file.rejected("no pair", number, text)]
            continue
        citing, cited = pair
        if _is_node(citing) and _is_node(cited):
            yield number, [Link(citing, cited, number)]
        else:
            yield number, [file.rejected("no name of a paper", number, text)]


def layout(file: SnapshotFile) -> Layout:
    """How a file is laid out, as its first lines tell. Raises `SourceError` for what is no list of pairs."""
    head = list(islice(LinesOf(file), _LOOKED_AT))
    if any(ord(character) < 32 and character != "\t" for line in head for character in line.text):
        raise SourceError(f"{file.name} is no text file.")
    for line in head:
        text = line.text
        if not text.strip() or text.startswith(_COMMENTS):
            continue
        if text.lstrip().startswith(("{", "[")):
            raise SourceError(f"{file.name} is no edge list: its lines are JSON.")
        separator = next((one for one in "\t,;" if one in text), None)
        header = [cell.strip().lower() for cell in _cells(text, separator)]
        citing = next((place for place, cell in enumerate(header) if cell in _CITING), None)
        cited = next((place for place, cell in enumerate(header) if cell in _CITED), None)
        if citing is not None and cited is not None:
            return Layout(separator, citing, cited, line.number)
        return Layout(separator)
    return Layout()


def _plain_pair(separator: str | None, text: str) -> tuple[str, str] | None:
    """The first two cells of a line: what most lists hold, without quotes, in half the time."""
    if '"' in text:
        return Layout(separator).pair(text)
    parts = text.split(separator, 2)
    return (parts[0].strip(), parts[1].strip()) if len(parts) > 1 else None


def _cells(text: str, separator: str | None) -> list[str]:
    """The cells of a line, quotation marks as in CSV."""
    if separator is None:
        return text.split()
    if '"' not in text:
        return text.split(separator)
    try:
        return next(csv.reader([text], delimiter=separator), [])
    except csv.Error:
        return []


def _is_node(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NODE and text.isprintable()


def _files(path: Path) -> list[SnapshotFile]:
    """The file, or the files of a directory."""
    if path.is_dir():
        return files_below(path, lambda _: True, LIST_ENDINGS)
    return [_single(path)]


def _single(path: Path) -> SnapshotFile:
    """One file that was named. Raises SourceError."""
    if path.is_dir():
        raise SourceError(f"{shown_name(path)} is a directory: name the file in it.")
    try:
        return SnapshotFile(shown_name(path), path, path.stat().st_size)
    except FileNotFoundError:
        raise SourceError(f"{shown_name(path)} does not exist.") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{shown_name(path)} cannot be read: {getattr(error, 'strerror', None) or error}.") from None


def known_scheme(raw: str) -> Scheme:
    """The scheme that a person names. Raises `SourceError`, listing those that there are."""
    schemes = {scheme.value: scheme for scheme in Scheme if scheme is not Scheme.FINGERPRINT}
    if raw.lower() not in schemes:
        raise SourceError(f"There is no scheme {raw!r}: choose one of {', '.join(schemes)}.")
    return schemes[raw.lower()]
