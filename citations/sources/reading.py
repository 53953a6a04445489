"""What the modules of several services need to read answers: values, names of papers, and walks through lists."""

from __future__ import annotations

import datetime
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlsplit

from citations.identifiers import BadIdentifier, Identifier, Scheme, normalise
from citations.sources.records import Cursor, PaperRecord, Rejected, SourceError
from citations.text import plain_text

_Item = TypeVar("_Item")

# How often a page that brings nothing new is asked for before we believe that no more will come.
STALE_PAGES = 3

_ORCID = re.compile(r"([0-9]{4})-?([0-9]{4})-?([0-9]{4})-?([0-9]{3}[0-9Xx])\Z")


@dataclass(frozen=True)
class Answer:
    """One answer with a list: its rows, the service's mark of where the next begins (None: nowhere), and the total."""

    rows: list[Any]
    after: str | None
    total: int | None = None


@dataclass(frozen=True)
class Batch(Generic[_Item]):
    """A stretch of a list that came as a whole, and the cursor behind it."""

    items: list[_Item]
    cursor: dict[str, Any]
    done: bool
    expected: int


def ask_until_new(ask: Callable[[], Answer], seen: set[str], here: str, sentence: str) -> Answer:
    """What `ask` answers, asked again while it brings no row that is not `seen`, to which the new rows are added.

    A page that repeats, or is empty though more should follow, is an accident of the service; where it stays so, an
    honest end is an error, because the rest of the list cannot be had. `here` is the mark of this page: a list whose
    next page is this one goes nowhere. `sentence` has a place for what the service does. Raises `SourceError`.
    """
    for _ in range(STALE_PAGES):
        answer = ask()
        keys = {_row_key(row) for row in answer.rows}
        brings_new = bool(keys - seen) or (not answer.rows and answer.after is None)
        if brings_new and answer.after != here:
            seen |= keys
            return answer
    if answer.after is None:
        return answer
    what = "repeats rows that it has already given" if answer.rows else "sends empty pages"
    raise SourceError(f"{sentence.format(what)} and promises more.")


def batches(keyed: Iterable[tuple[str, _Item]], cursor: Cursor, size: int, limit: int | None) -> Iterator[Batch[_Item]]:
    """The items from `cursor` on, at most `size` at a time and `limit` in all; at least one batch, maybe an empty one.

    They come in the order of their keys, because a cursor that names the last key holds even when the service gives
    the list in another order the next time.
    """
    times: Counter[str] = Counter()
    rows = []
    for key, item in keyed:
        times[key] += 1
        rows.append((key, times[key], item))
    rows.sort(key=lambda row: row[:2])
    last, read = tuple(cursor.get("after", ("", 0))), int(cursor.get("rows", 0))
    remaining = [row for row in rows if row[:2] > last]
    if limit is not None:
        remaining = remaining[: max(0, limit - read)]
    expected = len(rows) if limit is None else min(len(rows), limit)
    if not remaining:
        yield Batch([], dict(cursor), True, expected)
    for start in range(0, len(remaining), size):
        stretch = remaining[start : start + size]
        read += len(stretch)
        after = {"after": list(stretch[-1][:2]), "rows": read}
        yield Batch([item for *_, item in stretch], after, start + size >= len(remaining), expected)


def accepted(paper: PaperRecord) -> PaperRecord | Rejected:
    """The record, or why it names no paper."""
    if not paper.identifiers:
        return Rejected("no identifier", paper.raw)
    return paper if paper.title else Rejected("no title", paper.raw)


def also_named(paper: PaperRecord, identifier: Identifier) -> PaperRecord:
    """The record with the name under which it was asked for."""
    if identifier in paper.identifiers:
        return paper
    return replace(paper, identifiers=(*paper.identifiers, identifier))


def in_path(value: str) -> str:
    """A name as part of an address. Slashes stay, as all these services want DOIs."""
    return quote(value, safe="/:;()-._~")


def pause_at(address: str, home: str, seconds: float) -> float:
    """The pause between requests: a service's own limit holds at its own host, not at a copy of it."""
    return seconds if urlsplit(address).hostname == urlsplit(home).hostname else 0.0


def at_most(total: int | None, limit: int | None) -> int | None:
    """How many rows there should be in all, for a progress bar; None where the service does not say."""
    return total if limit is None or total is None else min(total, limit)


def identifiers_of(named: Iterable[tuple[Scheme, object]]) -> tuple[Identifier, ...]:
    """Identifiers in order, each once; a malformed one is left out, since the others still tell which paper it is."""
    found: dict[Identifier, None] = {}
    for scheme, value in named:
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            try:
                found[normalise(scheme, value)] = None
            except BadIdentifier:
                continue
    return tuple(found)


def inside(raw: object, *keys: str) -> Any:
    """The value under keys of what should be nested objects; None where one is missing."""
    for key in keys:
        raw = raw.get(key) if isinstance(raw, dict) else None
    return raw


def text_of(raw: object) -> str:
    """Clean text of one paragraph; "" for anything that is no text."""
    return plain_text(raw) if isinstance(raw, str) else ""


def abstract_of(raw: object) -> str:
    """Clean text with its paragraphs; "" for anything that is no text."""
    return plain_text(raw, paragraphs=True) if isinstance(raw, str) else ""


def number_of(raw: object) -> int | None:
    """A whole number from 0 on, also where it comes as text; else None."""
    if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) < 12:
        return int(raw)
    return raw if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0 else None


def date_of(raw: object) -> datetime.date | None:
    """A whole date in ISO form, with or without a time; else None."""
    try:
        return datetime.date.fromisoformat(raw[:10]) if isinstance(raw, str) else None
    except ValueError:
        return None


def orcid_of(raw: object) -> str:
    """An ORCID as sixteen characters in four groups, from any address or spelling; "" where its check digit is wrong.

    The check digit is that of ISO 7064, MOD 11-2.
    """
    found = _ORCID.search(raw.strip() if isinstance(raw, str) else "")
    if found is None:
        return ""
    digits = "".join(found.groups()).upper()
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2 % 11
    check = (12 - total) % 11
    return "-".join(found.groups()).upper() if digits[-1] == ("X" if check == 10 else str(check)) else ""


def _row_key(row: object) -> str:
    """What tells one row of a list from another: its id and where that comes from, else the whole row."""
    key = inside(row, "id")
    return f"{inside(row, 'source')}/{key}" if isinstance(key, str) else json.dumps(row, sort_keys=True)
