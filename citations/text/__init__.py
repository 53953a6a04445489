"""Text from outside made plain: cleaning, folding for sorting and searching, shortening.

- `plain_text`, `from_inverted_index`: markup, LaTeX, entities and damaged characters to readable text
- `fold`, `sort_key`, `slugify`, `content_hash`: forms of a text for comparing, ordering and addressing
- `first_sentence`: the beginning of a text
"""

from __future__ import annotations

from citations.text.folding import content_hash, fold, slugify, sort_key
from citations.text.plain import from_inverted_index, plain_text
from citations.text.sentences import first_sentence

__all__ = [
    "content_hash",
    "first_sentence",
    "fold",
    "from_inverted_index",
    "plain_text",
    "slugify",
    "sort_key",
]
