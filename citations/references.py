"""A paper as others cite it: in plain text and as BibTeX. Pure: facts in, text out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from citations import text
from citations.vocabulary import Kind

# Whoever has more co-authors than this is listed with "et al." in plain text; BibTeX carries all that are given.
AUTHORS_PRINTED = 6

_ENTRY_TYPES = {
    Kind.ARTICLE: "article",
    Kind.CONFERENCE: "inproceedings",
    Kind.BOOK: "book",
    Kind.CHAPTER: "incollection",
    Kind.THESIS: "phdthesis",
    Kind.REVIEW: "article",
    Kind.REPORT: "techreport",
}
_VENUE_FIELDS = {
    "inproceedings": "booktitle",
    "incollection": "booktitle",
    "phdthesis": "school",
    "techreport": "institution",
}

# What TeX reads as commands; a backslash and the signs that have no backslashed form are spelt out.
_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_TEX |= {sign: f"\\{sign}" for sign in "{}$&#_%"}
_TEX_PATTERN = re.compile("|".join(re.escape(sign) for sign in _TEX))


@dataclass(frozen=True)
class Reference:
    """The facts that a reference prints. `authors` as printed on the paper; `more_authors`: how many are not given."""

    title: str
    authors: Sequence[str] = ()
    more_authors: int = 0
    year: int | None = None
    venue: str = ""
    kind: str = ""
    doi: str = ""
    arxiv: str = ""
    url: str = ""

    @property
    def before_title(self) -> str:
        """The authors and a space, or "" without any: "A. Lovelace, C. Babbage et al. "."""
        names = [name for name in self.authors if name.strip()]
        printed = names[:AUTHORS_PRINTED]
        if not printed:
            return ""
        line = ", ".join(printed)
        return f"{line} et al. " if self.more_authors or len(names) > len(printed) else f"{line}{_stop(line)} "

    @property
    def after_title(self) -> str:
        """Where and when, and the best identifier: ". ICML, 2023. https://doi.org/10.1000/x"; never empty."""
        where = ", ".join(part for part in (self.venue, str(self.year or "")) if part)
        link = f"https://doi.org/{self.doi}" if self.doi else f"arXiv:{self.arxiv}" if self.arxiv else self.url
        return f"{_stop(self.title)}{f' {where}.' if where else ''}{f' {link}' if link else ''}"

    @property
    def plain(self) -> str:
        """The whole reference in one line of plain text."""
        return f"{self.before_title}{self.title}{self.after_title}"

    @property
    def key(self) -> str:
        """A BibTeX key of ASCII letters and digits: first author's last name, year, first long word of the title."""
        family = text.fold(self.authors[0]).split() if self.authors else []
        words = [word for word in text.fold(self.title).split() if len(word) > 3]
        parts = [*family[-1:], str(self.year or ""), *words[:1]]
        return "".join(parts) or "paper"

    @property
    def bibtex(self) -> str:
        """One BibTeX entry. Braces keep the title's capitals; what TeX would read as commands is escaped."""
        entry = _entry_type(self.kind)
        fields = {
            "title": f"{{{_escaped(self.title)}}}",
            "author": " and ".join([*map(_escaped, self.authors), *(["others"] if self.more_authors else [])]),
            "year": str(self.year or ""),
            _VENUE_FIELDS.get(entry, "journal" if entry == "article" else "howpublished"): _escaped(self.venue),
            "doi": _address(self.doi),
            "eprint": self.arxiv,
            "archiveprefix": "arXiv" if self.arxiv else "",
            "url": _address(self.url),
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"@{entry}{{{self.key},", *lines, "}"])


def _entry_type(kind: str) -> str:
    """BibTeX's word for a kind of work; what it has no word for is "misc"."""
    return _ENTRY_TYPES.get(Kind(kind), "misc") if kind in list(Kind) else "misc"


def _stop(line: str) -> str:
    """The full stop that a line still needs."""
    return "" if line.endswith((".", "!", "?")) else "."


def _address(value: str) -> str:
    """An identifier or address, which TeX prints as it is; braces would end the field."""
    return value.replace("{", "%7B").replace("}", "%7D")


def _escaped(value: str) -> str:
    """`value` as TeX prints it."""
    return _TEX_PATTERN.sub(lambda match: _TEX[match[0]], value)
