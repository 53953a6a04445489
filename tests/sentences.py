"""Invented citing sentences for tests of the classifier: enough to learn from, of papers that do not exist."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from pathlib import Path

from citations.classifier.examples import Example
from citations.vocabulary import Role

_SUBJECTS = ["lichens", "tides", "glaciers", "beetles", "orchids", "cables", "violins", "kilns", "ferns", "comets"]
_TEMPLATES: dict[Role, tuple[str, ...]] = {
    Role.METHOD: (
        "We used the procedure of @@CITATION@@ to measure the {0} and the {1}.",
        "The {0} were counted using the {1} software @@CITATION@@ with default settings.",
        "All {0} were prepared as described by @@CITATION@@ before the {1} were added.",
    ),
    Role.COMPARISON: (
        "Our results on {0} are consistent with those of @@CITATION@@ for {1}.",
        "In contrast to @@CITATION@@, the {0} in our study outperform the {1}.",
        "The {0} were larger than those reported by @@CITATION@@ for the {1}.",
    ),
    Role.BACKGROUND: (
        "It is well known that the {0} depend on the {1} @@CITATION@@.",
        "Several studies have shown that {0} are associated with {1} (Invented 1999; @@CITATION@@).",
        "The {0} have been studied for the {1} in recent years @@CITATION@@.",
    ),
}


def examples(of_role: int = 140, roles: Iterable[Role] = tuple(_TEMPLATES), papers: int = 60) -> list[Example]:
    """So many examples of each role, spread over so many papers; each sentence is another one."""
    found = []
    for role in roles:
        pairs = itertools.permutations(_SUBJECTS, 2)
        texts = (template.format(*pair) for pair in pairs for template in _TEMPLATES[role])
        found += [
            Example(text, role, "", f"paper {n % papers}") for n, text in enumerate(itertools.islice(texts, of_role))
        ]
    return found


def write(path: Path, some: Iterable[Example]) -> Path:
    """A file of examples, as `train_classifier` and `evaluate_classifier` read them."""
    rows = (
        {"text_marked": one.sentence, "label": one.role.value, "section": one.section, "citing_id": one.citing}
        for one in some
    )
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path
