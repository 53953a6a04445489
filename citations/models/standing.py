"""Which paper stands for a name or for a paper that was merged: one answer for pages, programs and imports."""

from __future__ import annotations

from citations.identifiers import Identifier as IdentifierValue
from citations.identifiers import equivalents
from citations.models.papers import Identifier, Paper

# Merges follow one another; more of them than this are damage, and must not hang a page.
MOST_MERGES = 50


def find_paper(wanted: IdentifierValue) -> Paper | None:
    """The paper that carries an identifier, or one that means the same; of merged papers the one that stands.

    None where there is none. One query for each name that is tried, and one for each merge. Raises RuntimeError where
    merges form a ring.
    """
    for name in (wanted, *equivalents(wanted)):
        found = Identifier.objects.select_related("paper").filter(scheme=name.scheme, value=name.value).first()
        if found is not None:
            return survivor(found.paper)
    return None


def survivor(paper: Paper) -> Paper:
    """The paper that this one was merged into, or itself. Raises RuntimeError where merges form a ring."""
    standing = paper
    for _ in range(MOST_MERGES):
        if standing.merged_into is None:
            return standing
        standing = standing.merged_into
    raise RuntimeError(f"The merges of the paper {paper.slug} form a ring.")
