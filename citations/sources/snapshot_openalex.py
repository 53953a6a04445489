"""OpenAlex's snapshot: `works/updated_date=.../part_*.gz`, one work a line, with the works that it cites.

Each file is read twice: a work may cite one that stands in a later file, so that all works come before all links.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from citations.identifiers import BadIdentifier, Identifier, Scheme, normalise
from citations.sources import openalex
from citations.sources.decoding import shown_name
from citations.sources.records import SourceError
from citations.sources.snapshots import (
    Item,
    Link,
    SnapshotFile,
    Step,
    existing_directory,
    files_below,
    first_object,
    json_items,
)

# The usual spelling of a work, which needs no further look: most lines have dozens.
_USUAL_ADDRESS = re.compile(r"https://openalex\.org/(W[1-9][0-9]{0,11})")
# Of the snapshot's directories, the one of works; `merged_ids` has a directory of that name, too.
_WORKS, _MERGED = "works", "merged_ids"


@dataclass(frozen=True)
class OpenAlexSnapshot:
    """The works of a snapshot."""

    files: tuple[SnapshotFile, ...]
    source: str = openalex.NAME
    has_author_keys: bool = True

    @property
    def steps(self) -> tuple[Step, ...]:
        """Works, then what they cite."""
        return (
            Step("papers", self.files, json_items(work)),
            Step("citations", self.files, json_items(references)),
        )

    def identifier(self, node: str) -> Identifier:
        """The identifier of a work, by its number with the W."""
        return Identifier(Scheme.OPENALEX, node) if _is_usual(node) else normalise(Scheme.OPENALEX, node)

    def stand_in(self, node: str) -> None:
        """None: a work that is not in the snapshot was deleted there, and has no title."""
        return


def open_snapshot(directory: Path) -> OpenAlexSnapshot:
    """The snapshot in a directory. Raises `SourceError` where there is none."""
    files = files_below(existing_directory(directory), _is_of_works)
    if not files:
        files = files_below(directory, lambda below: below.parts[0].startswith("updated_date="))
    first = first_object(files)
    if first is not None and not (isinstance(first, dict) and _number(first.get("id"))):
        raise SourceError(f"{files[0].name} is no file of OpenAlex's works: its lines are something else.")
    if not files:
        raise SourceError(
            f"{shown_name(directory)} holds no snapshot of OpenAlex: there is no works/updated_date=.../part_*.gz."
        )
    return OpenAlexSnapshot(tuple(files))


def _is_of_works(below: Path) -> bool:
    return _WORKS in below.parts[:-1] and _MERGED not in below.parts


def work(file: SnapshotFile, line: int, value: Any) -> list[Item]:
    """The paper of a line, or why it is none."""
    record = openalex.work_or_rejected(value)
    kept = {"file": file.name, "line": line, "record": _shortened(value)}
    # Whole works with all their parts would fill the memory until the batch is stored.
    return [replace(record, raw=kept)]


def references(file: SnapshotFile, line: int, value: Any) -> list[Item]:
    """The works that the work of a line cites. A line that is no work was rejected as such in the step before."""
    citing = _number(value.get("id")) if isinstance(value, dict) else ""
    if citing in ("", openalex.DELETED_WORK.value):
        return []
    cited = value.get("referenced_works")
    found: list[Item] = []
    for raw in cited if isinstance(cited, list) else []:
        number = _number(raw)
        if number and number != openalex.DELETED_WORK.value:
            found.append(Link(citing, number, line))
        else:
            reason = "deleted work" if number else "no identifier"
            found.append(file.rejected(reason, line, {"citing": citing, "cited": raw}))
    return found


def _is_usual(node: str) -> bool:
    return node.startswith("W") and node[1:].isascii() and node[1:].isdigit() and node[1] != "0"


def _number(raw: object) -> str:
    """The number of a work with its W, from its address or any other spelling; "" for anything else."""
    if not isinstance(raw, str):
        return ""
    usual = _USUAL_ADDRESS.fullmatch(raw)
    if usual:
        return usual[1]
    try:
        return normalise(Scheme.OPENALEX, raw).value
    except BadIdentifier:
        return ""


def _shortened(value: Any) -> Any:
    """What is kept of a line that is no work: whole works with all their parts would fill the database."""
    if not isinstance(value, dict):
        return value
    return {key: value[key] for key in ("id", "doi", "display_name", "title", "type") if key in value}
