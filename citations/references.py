"""A paper as others cite it: in plain text, as BibTeX and as COinS. Pure: facts in, text out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from citations import text
from citations.addresses import encoded
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
# BibTeX counts braces even after a backslash: one without its partner would swallow the rest of a file.
_LONE_BRACES = _TEX | {"{": r"\textbraceleft{}", "}": r"\textbraceright{}"}

# Genres of the OpenURL formats "journal" and "book" (ANSI/NISO Z39.88-2004), and where the venue stands in them.
_JOURNAL_GENRES = {Kind.PREPRINT: "preprint", Kind.CONFERENCE: "proceeding"}
_BOOK_GENRES = {Kind.BOOK: "book", Kind.CHAPTER: "bookitem", Kind.REPORT: "report"}


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
        return self.bibtex_entry(self.key)

    def bibtex_entry(self, key: str, more: Mapping[str, str] | None = None) -> str:
        """As `bibtex`, under a key of ASCII letters, digits and hyphens, with `more` fields, given as plain text."""
        entry = _entry_type(self.kind)
        fields = {
            "title": f"{{{_escaped(self.title)}}}",
            "author": " and ".join([*map(_person, self.authors), *(["others"] if self.more_authors else [])]),
            "year": str(self.year or ""),
            _VENUE_FIELDS.get(entry, "journal" if entry == "article" else "howpublished"): _escaped(self.venue),
            "doi": _address(self.doi),
            "eprint": self.arxiv,
            "archiveprefix": "arXiv" if self.arxiv else "",
            "url": _address(self.url),
        }
        fields |= {name: _escaped(value) for name, value in (more or {}).items()}
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"@{entry}{{{key},", *lines, "}"])

    @property
    def coins(self) -> str:
        """The reference as an OpenURL context object, for the title of an element of the class Z3988 (COinS).

        Tools that collect references from pages read it: https://web.archive.org/web/2017/http://ocoins.info/.
        """
        book = Kind(self.kind) in _BOOK_GENRES if self.kind in list(Kind) else False
        pairs = [
            ("ctx_ver", "Z39.88-2004"),
            ("rft_val_fmt", f"info:ofi/fmt:kev:mtx:{'book' if book else 'journal'}"),
            ("rft.genre", _genre(self.kind)),
            ("rft.btitle" if self.kind == Kind.BOOK else "rft.atitle", self.title),
            ("rft.btitle" if book else "rft.jtitle", "" if self.kind == Kind.BOOK else self.venue),
            ("rft.date", str(self.year or "")),
            *(("rft.au", name) for name in self.authors),
            ("rft_id", f"info:doi/{self.doi}" if self.doi else ""),
            ("rft_id", f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else ""),
            ("rft_id", self.url),
        ]
        return encoded((name, value) for name, value in pairs if value)


def _entry_type(kind: str) -> str:
    """BibTeX's word for a kind of work; what it has no word for is "misc"."""
    return _ENTRY_TYPES.get(Kind(kind), "misc") if kind in list(Kind) else "misc"


def _genre(kind: str) -> str:
    """OpenURL's word for a kind of work."""
    return (_JOURNAL_GENRES | _BOOK_GENRES).get(Kind(kind), "article") if kind in list(Kind) else "article"


def _stop(line: str) -> str:
    """The full stop that a line still needs."""
    return "" if line.endswith((".", "!", "?")) else "."


def _address(value: str) -> str:
    """An identifier or address, which TeX prints as it is; braces would end the field."""
    return value.replace("{", "%7B").replace("}", "%7D")


def _person(name: str) -> str:
    """A name as BibTeX reads one: in braces where a comma or "and" in it would make several parts or people of it."""
    escaped = _escaped(name)
    return f"{{{escaped}}}" if "," in name or re.search(r"\band\b", name, re.IGNORECASE) else escaped


def _escaped(value: str) -> str:
    """`value` as TeX prints it."""
    signs = _TEX if _is_balanced(value) else _LONE_BRACES
    return _TEX_PATTERN.sub(lambda match: signs[match[0]], value)


def _is_balanced(value: str) -> bool:
    """Whether each brace has its partner."""
    depth = 0
    for character in value:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0
