"""Which paper stands for a name, and for one that was merged."""

from __future__ import annotations

import pytest

from citations import identifiers
from citations.models import Paper, find_paper, survivor
from tests.factories import make_paper

pytestmark = pytest.mark.django_db


def test_a_chain_of_merges_leads_to_the_paper_that_stands() -> None:
    last = make_paper("Last")
    first = make_paper("First", merged_into=make_paper("Middle", merged_into=last), identifiers=["10.1000/first"])
    assert survivor(first) == last == survivor(last)
    assert find_paper(identifiers.parse("https://doi.org/10.1000/FIRST")) == last
    assert find_paper(identifiers.parse("10.1000/nowhere")) is None


def test_a_ring_of_merges_is_told_and_hangs_nothing() -> None:
    one, other = make_paper("One"), make_paper("Other")
    Paper.objects.filter(pk=one.pk).update(merged_into=other)
    Paper.objects.filter(pk=other.pk).update(merged_into=one)
    with pytest.raises(RuntimeError, match="ring"):
        survivor(Paper.objects.get(pk=one.pk))
