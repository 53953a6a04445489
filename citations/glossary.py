"""The words that this site uses in a sense of its own, each explained in a sentence or two: data only.

Templates print them where a reader meets the word, and all of them on `/about/words/`. What a word means is decided
elsewhere (`vocabulary`, `hub_class`); here it is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """A word and what it means. `key` names its place on the page of words; `meaning` is plain text."""

    key: str
    name: str
    meaning: str


_WORDS = (
    Word("hub", "Hub", "A paper that at least one other paper in this collection cites."),
    Word("known", "Known", "Citing papers that this collection holds. The world may hold more."),
    Word(
        "classified",
        "Classified",
        "Citing papers whose role a curator or an imported label has decided. All shares of roles are of these.",
    ),
    Word(
        "not-classified",
        "Not classified",
        "Nobody has decided the role yet. Shown hatched, and in no share: how these papers use the work is not known.",
    ),
    Word(
        "unclear",
        "Unclear",
        "Somebody read the citation and could name no role. Shown dotted, and in no share.",
    ),
    Word(
        "coverage",
        "Coverage",
        "How many of the known citing papers are classified: “23 of 30”. The lower it is, the less a share tells.",
    ),
    Word(
        "range",
        "Range",
        "The 95% range of a share: how far chance alone could have moved it while only some papers are classified. "
        "It knows nothing of wrong labels, and takes the classified papers for typical of all.",
    ),
    Word("role", "Role", "How a citing paper uses the cited one. Each citing paper has one, so that shares add up."),
    Word(
        "polarity",
        "Polarity",
        "Whether a citing paper supports or disputes the cited one. Using a work is not supporting it.",
    ),
    Word("not-assessed", "Not assessed", "Nobody has said whether the citing paper supports or disputes the work."),
    Word(
        "confirmed",
        "Confirmed",
        "A curator asserted or confirmed the dispute. One that is not confirmed rests on an import alone.",
    ),
    Word("curator", "Curator", "A person who reads citations for this collection. What curators say stands."),
    Word(
        "imported",
        "Imported",
        "The label came with the data of a service or a file. Many such labels were made by a machine: a reading, "
        "not a fact.",
    ),
    Word(
        "coarse",
        "Coarse",
        "The source of the label uses fewer roles than this site, and could not have told some of ours apart: its "
        "“methodology” may be a tool, data or an extension.",
    ),
    Word(
        "classifier",
        "Classifier",
        "A program that guesses the role from the citing sentence. It only suggests: a suggestion stands apart, with "
        "its confidence from 0 to 1, and is in no count, share or class.",
    ),
    Word("influential", "Influential", "Semantic Scholar found that the citing paper draws much on the cited one."),
    Word("self-citation", "Self-citation", "The two papers have an author in common."),
    Word(
        "pinned",
        "Pinned",
        "A curator chose the class or the example, with a public reason. What the rules say is shown beside it.",
    ),
)

WORDS: Mapping[str, Word] = {word.key: word for word in _WORDS}
