"""docs/curating.md: every word and every pair of roles is explained, with the keys of the desk."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from citations.vocabulary import CLASSIFIED_ROLES, ROLE_SPECIFICITY, Polarity, Role

GUIDE = (Path(__file__).resolve().parent.parent / "docs" / "curating.md").read_text("utf-8")


@pytest.mark.parametrize(("one", "other"), list(combinations(CLASSIFIED_ROLES, 2)))
def test_every_pair_of_roles_has_its_boundary(one: Role, other: Role) -> None:
    title = f"### {one.label}, or {other.label.lower()}\n"
    assert title in GUIDE
    section = GUIDE[GUIDE.index(title) :][len(title) :].split("\n### ")[0]
    assert f"- {one.label}: “" in section and f"- {other.label}: “" in section


def test_roles_stand_in_the_order_of_their_keys_and_polarities_with_theirs() -> None:
    for key, role in enumerate(Role, start=1):
        assert f"| {key} | **{role.label}** |" in GUIDE
        assert f"| {role.cito} |" in GUIDE
    for polarity in Polarity:
        assert f"| {polarity.value[0]} | **{polarity.label}** |" in GUIDE


def test_the_order_for_several_uses_is_that_of_the_rules() -> None:
    words = ", ".join(role.label.lower() for role in ROLE_SPECIFICITY if role.is_classified)
    assert f"take the first that applies: {words}." in " ".join(GUIDE.split())


def test_each_heading_of_the_contents_is_there() -> None:
    for line in GUIDE.splitlines():
        if line.startswith("- [") and "](#" in line:
            name = line.removeprefix("- [").partition("]")[0]
            assert f"\n## {name}\n" in GUIDE
