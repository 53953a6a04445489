"""BibTeX, with what BibLaTeX adds: one entry a paper, UTF-8.

What is said of the citation stands in `keywords`, and in `annote`, which no common style prints.
"""

from __future__ import annotations

from citations.exports.formats import About, Format, key, keywords, note, reference
from citations.exports.rows import ExportRow, PaperFacts
from citations.identifiers import Scheme


def entry(paper: PaperFacts, row: ExportRow | None = None) -> str:
    """A paper as one entry, with what is said of its citation where a row is given."""
    more = {
        "date": paper.published_on.isoformat() if paper.published_on else "",
        "pmid": paper.named(Scheme.PMID),
        "abstract": paper.abstract,
    }
    if row is not None:
        more |= {"keywords": ", ".join(keywords(row)), "annote": " ".join(note(row))}
    return f"{reference(paper).bibtex_entry(key(paper), more)}\n"


def _begin(about: About) -> str:
    """What the file is of. Text between entries is no part of any; an at sign would begin one."""
    lines = [f"% {about.description}", f"% {about.list_address}, {about.moment:%Y-%m-%d}"]
    lines += [f"% {notice}" for notice in about.notices]
    return "\n".join(line.replace("@", "(at)") for line in lines) + "\n\n"


def _broken(message: str, _: bool) -> str:
    """An entry that never ends, so that programs stumble over it too."""
    return f"\n@ERROR{{{message.translate(_NO_SYNTAX)}\n"


_NO_SYNTAX = str.maketrans("{}@", "() ")

BIBTEX = Format(
    extension="bib",
    label="BibTeX",
    media_type="application/x-bibtex",
    begin=_begin,
    entry=lambda row, about: entry(row.paper, row),
    broken=_broken,
    separator="\n",
)
