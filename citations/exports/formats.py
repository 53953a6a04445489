"""What a format of export is made of: how it begins, how it writes one row, how it ends, and how it says that it broke
off.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from citations.exports.rows import ExportRow, PaperFacts, Site
from citations.identifiers import Scheme
from citations.references import Reference
from citations.vocabulary import NONE

# Said wherever labels of the sample collection are.
SAMPLE_NOTICE = "Roles and polarities in this sample collection are illustrative, not findings."


@dataclass(frozen=True)
class About:
    """What a file of citing papers is of: the hub, the filter as parameters and in English, and how many papers match.

    `list_address` is the absolute address of the same list as a page. `sample`: whether labels of the sample
    collection, which are illustrative, are among them. `notes`: what else a reader must know, in sentences.
    """

    hub: PaperFacts
    site: Site
    query: Mapping[str, Sequence[str]]
    description: str
    count: int
    list_address: str
    moment: datetime.datetime
    sample: bool = False
    notes: tuple[str, ...] = ()

    @property
    def notices(self) -> list[str]:
        """Everything that must stand beside the list, in sentences."""
        return [*self.notes, *([SAMPLE_NOTICE] if self.sample else [])]


@dataclass(frozen=True)
class Format:
    """A format: `extension` in addresses and names of files, `label` for readers, `media_type` for programs.

    A file is `begin`, the entries joined by `separator`, then `end`. Where it breaks off, `broken` stands in the place
    of `end`: it takes the message, and whether any entry came before.
    """

    extension: str
    label: str
    media_type: str
    begin: Callable[[About], str]
    entry: Callable[[ExportRow, About], str]
    broken: Callable[[str, bool], str]
    separator: str = ""
    end: str = ""
    charset: str = "utf-8"

    @property
    def content_type(self) -> str:
        """The header Content-Type."""
        return f"{self.media_type}; charset={self.charset}" if self.charset else self.media_type


# What formats for references can carry of a citation ------------------------------------------------------------------


def keywords(row: ExportRow) -> list[str]:
    """The label of a citation as keywords without commas, in the words of addresses: "role: method", "hub: pythia"."""
    pairs = [
        ("hub", row.hub),
        ("role", row.role.value if row.role else NONE),
        ("polarity", row.polarity.value if row.polarity else NONE),
        ("decided_by", row.decided_by.value if row.decided_by else NONE),
        ("source", row.source),
        ("suggested", row.suggested.value if row.suggested else ""),
        ("notice", row.paper.notice.value if row.paper.notice else ""),
    ]
    return [f"{name}: {value.replace(',', ' ')}" for name, value in pairs if value]


def note(row: ExportRow) -> list[str]:
    """The label of a citation and its sentences for readers, one statement each."""
    lines = [
        f"Cites {row.hub}.",
        f"Role: {row.role.label if row.role else 'not classified'}.",
        f"Polarity: {row.polarity.label.lower() if row.polarity else 'not assessed'}.",
    ]
    lines += [f"{credit}." for credit in row.credits]
    if row.suggested:
        lines.append(f"Suggested by a classifier: {row.suggested.label} ({row.confidence:.2f}).")
    if row.paper.notice:
        lines.append(f"Notice: {row.paper.notice.label}.")
    return lines + [f"Citing sentence: “{sentence}”" for sentence in row.sentences]


def reference(paper: PaperFacts) -> Reference:
    """How a paper is cited, with all of its authors."""
    return Reference(
        title=paper.title,
        authors=paper.authors,
        year=paper.year,
        venue=paper.venue,
        kind=paper.kind or "",
        doi=paper.named(Scheme.DOI),
        arxiv=paper.named(Scheme.ARXIV),
        url=paper.url,
    )


def key(paper: PaperFacts) -> str:
    """A key that no other paper here has, and that is the same in every export: "biderman2023pythia-1"."""
    return f"{reference(paper).key}-{paper.number}"


def named_parts(name: str) -> tuple[str, str]:
    """Family name and the rest of a name as printed: ("van der Berg", "Anna"). A name of one word has no rest.

    The family name is the last word, with the small words before it and what follows it ("Jr."). A name with a comma, a
    digit or "and" is that of a body, and whole. Names that put the family first cannot be told from others.
    """
    words = name.split()
    if len(words) < 2 or re.search(r"[,\d]|\band\b", name):
        return name, ""
    place = len(words) - (2 if len(words) > 2 and words[-1] in _SUFFIXES else 1)
    while place > 0 and words[place - 1][:1].islower():
        place -= 1
    return " ".join(words[place:]), " ".join(words[:place])


_SUFFIXES = ("Jr", "Jr.", "Sr", "Sr.", "II", "III", "IV")
