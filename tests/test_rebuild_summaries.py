"""`rebuild_summaries`: finds what disagrees with labels and citations, and mends it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from citations.models import Citation, HubSummary, HubTally, Paper
from citations.vocabulary import Role
from tests.factories import make_hub, make_paper

pytestmark = pytest.mark.django_db


def run(**options: Any) -> list[str]:
    """What the command prints, line by line."""
    printed = StringIO()
    call_command("rebuild_summaries", stdout=printed, **options)
    return printed.getvalue().splitlines()


@pytest.fixture
def hub() -> Paper:
    """A hub with a class, beside another one."""
    make_hub({"background": 3}, title="Another hub")
    return make_hub({"method": 18, "dataset": 5}, unclassified=7, title="A hub")


def damage_summary(hub: Paper) -> None:
    HubSummary.objects.filter(paper=hub).update(known=99)


def damage_counts(hub: Paper) -> None:
    HubSummary.objects.filter(paper=hub).update(counts={})


def damage_effective_column(hub: Paper) -> None:
    Citation.objects.filter(cited=hub, role=Role.DATASET).update(role=Role.METHOD)


def damage_copied_column(hub: Paper) -> None:
    Citation.objects.filter(cited=hub).update(sort_title="zzz")


def remove_summary(hub: Paper) -> None:
    HubSummary.objects.filter(paper=hub).delete()


def add_tally(hub: Paper) -> None:
    HubTally.objects.create(hub=hub, n=5)


DAMAGES = (damage_summary, damage_counts, damage_effective_column, damage_copied_column, remove_summary, add_tally)


def test_a_collection_in_order_is_said_to_be(hub: Paper) -> None:
    assert run(check=True) == ["all 2 hubs agree"]
    assert run() == ["rebuilt 2 hubs, 0 of them differed"]


def test_an_empty_collection_is_in_order() -> None:
    assert run(check=True) == ["all 0 hubs agree"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_check_names_the_hub_that_differs_exits_with_1_and_writes_nothing(hub: Paper, damage: Any) -> None:
    damage(hub)
    before = [list(model.objects.order_by("pk").values()) for model in (HubSummary, HubTally, Citation)]
    printed = StringIO()
    with pytest.raises(CommandError, match=r"^1 hub differs of 2") as caught:
        call_command("rebuild_summaries", check=True, stdout=printed)
    assert caught.value.returncode == 1
    assert printed.getvalue().splitlines() == ["a-hub"]
    assert [list(model.objects.order_by("pk").values()) for model in (HubSummary, HubTally, Citation)] == before


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_rebuild_mends_what_differs(hub: Paper, damage: Any) -> None:
    whole = HubSummary.objects.filter(paper=hub).values("known", "classified", "hub_class", "counts", "share").get()
    damage(hub)
    assert run() == ["rebuilt 2 hubs, 1 of them differed"]
    assert run(check=True) == ["all 2 hubs agree"]
    assert HubSummary.objects.filter(paper=hub).values(*whole).get() == whole


def test_one_hub_alone_can_be_rebuilt(hub: Paper) -> None:
    damage_summary(hub)
    assert run(check=True, hub="another-hub") == ["all 1 hub agrees"]
    assert run(hub="a-hub") == ["rebuilt 1 hub, 1 of them differed"]
    assert run(check=True) == ["all 2 hubs agree"]


def test_an_unknown_slug_is_named() -> None:
    make_paper("Something else")
    with pytest.raises(CommandError, match="There is no paper with the slug 'nothing'"):
        run(hub="nothing")


@pytest.mark.parametrize("options", [{}, {"hub": "a-hub"}])
def test_full_text_that_lags_behind_is_named_and_mended(options: dict[str, str]) -> None:
    hub = make_hub({"method": 1}, title="A hub")
    citing = hub.citations_received.get().citing
    type(citing).objects.filter(pk=citing.pk).update(title="Written behind the back of the index")
    type(citing).objects.filter(pk=citing.pk).update(sort_title="written behind the back of the index")
    hub.citations_received.update(sort_title="written behind the back of the index")
    printed = StringIO()
    with pytest.raises(CommandError, match="Full-text search knows 1 papers otherwise"):
        call_command("rebuild_summaries", check=True, stdout=printed, **options)
    assert f"{citing.slug} (full text)" in printed.getvalue()
    call_command("rebuild_summaries", stdout=StringIO(), **options)
    call_command("rebuild_summaries", check=True, stdout=StringIO(), **options)
