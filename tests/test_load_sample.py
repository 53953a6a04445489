"""The sample collection, loaded: the numbers that its hub page shows."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from citations.models import Citation, HubSummary, ImportRun, Label, Mention, Paper
from citations.vocabulary import SAMPLE
from tests.factories import make_paper

pytestmark = pytest.mark.django_db

SLUG = "pythia-a-suite-for-analyzing-large-language-models-across-training-and-scaling"


def load(**options: bool) -> list[str]:
    """What the command prints, line by line."""
    printed = StringIO()
    call_command("load_sample", stdout=printed, **options)
    return printed.getvalue().splitlines()


def test_the_sample_makes_a_tool_reference_of_eighteen_in_twenty_three() -> None:
    assert load() == ["created 30, updated 0, unchanged 0, rejected 0"]
    hub = HubSummary.objects.get()
    assert hub.paper.slug == SLUG
    assert (hub.known, hub.classified, hub.unclear, hub.numerator) == (30, 23, 0, 18)
    assert hub.hub_class == "tool-reference"
    assert hub.share == 18 / 23
    assert [round(100 * end) for end in (hub.low or 0, hub.high or 0)] == [58, 90]


def test_every_role_of_the_sample_is_an_imports_in_the_sources_own_name() -> None:
    load()
    assert set(Label.objects.values_list("decided_by", "source", "coarse")) == {("import", SAMPLE, False)}
    assert Label.objects.count() == Citation.objects.exclude(role="").count() == 23
    assert all(label.raw_value == label.role for label in Label.objects.all())


def test_the_sample_invents_no_sentence() -> None:
    load()
    assert not Mention.objects.exists()


def test_the_hub_is_known_by_its_arxiv_id_and_its_doi() -> None:
    load()
    names = set(Paper.objects.get(slug=SLUG).identifiers.values_list("scheme", "value"))
    assert names == {("arxiv", "2304.01373"), ("doi", "10.48550/arxiv.2304.01373")}


def test_loading_it_twice_changes_nothing() -> None:
    load()
    assert load() == ["created 0, updated 0, unchanged 30, rejected 0"]


def test_it_is_left_out_where_there_are_papers_when_asked_so() -> None:
    make_paper("Mine")
    assert load(if_empty=True) == ["There are papers already: the sample is not loaded."]
    assert Paper.objects.count() == 1
    assert not ImportRun.objects.exists()


def test_it_is_loaded_into_an_empty_database_when_asked_so() -> None:
    assert load(if_empty=True)[-1].startswith("created 30")


def test_the_derived_numbers_agree_afterwards() -> None:
    load()
    printed = StringIO()
    call_command("rebuild_summaries", check=True, stdout=printed)
    assert printed.getvalue().strip() == "all 1 hub agrees"
