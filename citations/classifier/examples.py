"""Labelled citing sentences to learn from and to be judged by, and files of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from citations.vocabulary import MAPPINGS, Role

# Which tables a file's labels may be of, in the order in which they are tried.
SCHEMES = ("ours", "semanticscholar", "acl-arc", "citelling", "software-intent")
# The keys of the known forms for the same thing, the better one first: a marked sentence tells more than a bare one.
_SENTENCE = ("text_marked", "string", "text", "sentence")
_SECTION = ("section", "sectionName", "section_name")
_LABEL = ("label", "intent", "role")
_CITING = ("citing_id", "citingPaperId", "citing_paper_id", "citing")
# What files print for nothing.
_NOTHING = ("", "none", "nan", "null", "unknown")
# CiTelling flags sentences of mixed function with this; they teach nothing clear.
_FLAGGED = "1"


class ExampleError(ValueError):
    """A file of labelled sentences that cannot be used: the message names it, the line, and what to do."""


@dataclass(frozen=True)
class Example:
    """A citing sentence (its judged citation marked where known), its section, its role, and the paper it stands in.

    `citing` only groups: sentences of one paper are never split between learning and judging. Where it is not known,
    the sentence is a group of its own.
    """

    sentence: str
    role: Role
    section: str = ""
    citing: str = ""


@dataclass(frozen=True)
class ExampleFile:
    """The examples of a file; `scheme`, the table that its labels are of; and how many lines say no role, by label."""

    examples: list[Example]
    scheme: str
    left_out: Mapping[str, int]


def read(path: Path, scheme: str = "") -> ExampleFile:
    """The examples of a file with one JSON object a line: the sentence under `text_marked`, `string`, `text` or
    `sentence`, its role under `label`, `intent` or `role`, besides `section` and `citing_id` where known.

    `scheme` names the table of `vocabulary.MAPPINGS` that its labels are of; without one, the table of `SCHEMES` that
    knows most of them. Raises `ExampleError` where the file cannot be read or a line is malformed.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ExampleError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ExampleError(f"{path} is not text in UTF-8.") from None
    rows = [_row(path, number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    labels = Counter(_word(row, _LABEL).lower() for row in rows)
    scheme = scheme or _scheme(labels)
    if not any(MAPPINGS.get(scheme, {}).get(label) for label in labels):
        known = ", ".join(MAPPINGS["ours"])
        raise ExampleError(f"{path} holds no label that is known; this site's own words are {known}.")
    examples, left_out = [], Counter[str]()
    for number, row in enumerate(rows, start=1):
        label = _word(row, _LABEL)
        mapped = MAPPINGS[scheme].get(label.lower())
        if mapped is None or mapped.role is None or str(row.get("flag")) == _FLAGGED:
            left_out[label] += 1
            continue
        citing = _known(_word(row, _CITING)) or f"line {number} of {path.name}"
        section = _known(_word(row, _SECTION))
        examples.append(Example(_word(row, _SENTENCE), mapped.role, section, citing))
    return ExampleFile(examples, scheme, left_out)


def _row(path: Path, number: int, line: str) -> Mapping[str, Any]:
    """One line, decoded and complete."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise ExampleError(f"{path}, line {number}: it is not JSON. One object a line is read.") from None
    if not isinstance(row, dict):
        raise ExampleError(f"{path}, line {number}: it is not an object.")
    for keys in (_SENTENCE, _LABEL):
        if not any(isinstance(row.get(key), str) for key in keys):
            raise ExampleError(f"{path}, line {number}: it has no text under {' or '.join(keys)}.")
    return row


def _scheme(labels: Mapping[str, int]) -> str:
    """The table that knows most of the labels, each counted once; the first of equals."""
    return max(SCHEMES, key=lambda scheme: (len(MAPPINGS[scheme].keys() & labels.keys()), -SCHEMES.index(scheme)))


def _word(row: Mapping[str, Any], keys: Iterable[str]) -> str:
    """The first text or number under any of these keys."""
    for key in keys:
        value = row.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value).strip()
    return ""


def _known(text: str) -> str:
    """The text, unless it is what files print for nothing."""
    return "" if text.lower() in _NOTHING else text
