"""Sentences in parts: what each number in a sentence counts, and which list it opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from citations.vocabulary import CLASSIFIED_ROLES, NONE, Polarity, Role

Query = Mapping[str, list[str]]

# The list parameters that open the papers behind the numbers.
CITING: Query = {}
CLASSIFIED: Query = {"role": [role.value for role in CLASSIFIED_ROLES]}
UNCLASSIFIED: Query = {"role": [NONE]}
UNCLEAR: Query = {"role": [Role.UNCLEAR.value]}
ASSESSED: Query = {"polarity": [polarity.value for polarity in Polarity]}
UNASSESSED: Query = {"polarity": [NONE]}
CONFIRMED_DISPUTES: Query = {"polarity": [Polarity.DISPUTES.value], "confirmed": ["1"]}
UNCONFIRMED_DISPUTES: Query = {"polarity": [Polarity.DISPUTES.value], "confirmed": ["0"]}


def role_query(role: Role) -> Query:
    """The list parameters that open the papers of one role."""
    return {"role": [role.value]}


def polarity_query(polarity: Polarity) -> Query:
    """The list parameters that open the papers of one polarity."""
    return {"polarity": [polarity.value]}


Kind = Literal["text", "share", "count", "range"]


@dataclass(frozen=True)
class Part:
    """A piece of a sentence. `query`: the list parameters that open the `number` papers that a share or a count names.

    A range opens no list: its `query` is None, and a page may link it to what explains it. `short` is what stands in
    its place in the short form of the sentence; None where that is the same.
    """

    text: str
    kind: Kind = "text"
    query: Query | None = None
    number: int | None = None
    short: str | None = None

    @property
    def opens_list(self) -> bool:
        """Whether there is a list to open: a zero has none."""
        return self.query is not None and bool(self.number)


def text_of(parts: Iterable[Part]) -> str:
    """The sentence that the parts make."""
    return "".join(part.text for part in parts)


def short_parts(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts of the short form: without ranges and denominators, for lists that show these in other ways."""
    shortened = (part if part.short is None else replace(part, text=part.short, short=None) for part in parts)
    return tuple(part for part in shortened if part.text)
