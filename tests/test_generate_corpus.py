"""`manage.py generate_corpus`: the same collection for the same seed, plainly synthetic, and whole."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from citations import labelling, search
from citations.importing.synthetic import NotEmpty, generate_corpus, parse_sizes
from citations.models import Citation, HubTally, Label, Mention, Paper
from tests.factories import make_paper

pytestmark = pytest.mark.django_db


def contents() -> list[tuple[object, ...]]:
    """What a collection says: papers, who cites whom how, labels and sentences; without numbers of rows."""
    papers = Paper.objects.order_by("slug").values_list(
        "slug", "title", "summary", "abstract", "year", "published_on", "venue__name", "notice", "cited_by_count"
    )
    citations = Citation.objects.order_by("citing__slug", "cited__slug").values_list(
        "citing__slug", "cited__slug", "role", "polarity", "role_by", "coarse", "suggested_role", "is_influential"
    )
    labels = Label.objects.order_by("citation__citing__slug", "citation__cited__slug").values_list(
        "citation__citing__slug", "role", "decided_by", "decision", "confidence", "created_at"
    )
    sentences = Mention.objects.order_by("citation__citing__slug", "sentence").values_list("sentence")
    return [*papers, *citations, *labels, *sentences]


def remade(seed: int) -> list[tuple[object, ...]]:
    """The contents of a small collection, which is gone afterwards."""
    with transaction.atomic():
        generate_corpus([40, 5], papers=50, seed=seed)
        found = contents()
        transaction.set_rollback(True)
    return found


def test_the_same_seed_gives_the_same_collection_and_another_seed_another() -> None:
    assert remade(1) == remade(1)
    assert remade(1) != remade(2)


def test_hubs_have_the_sizes_asked_for_and_everything_calls_itself_synthetic() -> None:
    corpus = generate_corpus([60, 10], papers=80)
    assert [Citation.objects.filter(cited__slug=slug).count() for slug in corpus.hubs] == [60, 10]
    assert corpus.papers == Paper.objects.count() == 82
    assert corpus.citations == 70
    assert corpus.labels == Label.objects.count() > 30
    assert corpus.sentences == Mention.objects.count() > 0
    assert all(title.startswith("Synthetic ") for title in Paper.objects.values_list("title", flat=True))


def test_everything_derived_is_what_labels_and_papers_say() -> None:
    generate_corpus([2_100, 300], papers=2_200)
    assert HubTally.objects.exists()
    out = io.StringIO()
    call_command("rebuild_summaries", "--check", stdout=out)
    assert out.getvalue() == "all 2 hubs agree\n"
    assert labelling.hubs_to_rebuild()
    hub = Paper.objects.get(slug="synthetic-1-hub-1")
    found = search.citations(Citation.objects.of_hub(hub.pk), search.parse("model"), hub.pk).count()
    assert 0 < found < 2_100


def test_a_database_with_papers_is_left_alone_unless_forced() -> None:
    make_paper("A real one")
    with pytest.raises(NotEmpty, match="holds papers already"):
        generate_corpus([3])
    generate_corpus([3], force=True)
    with pytest.raises(NotEmpty, match="seed 1 is in this database already"):
        generate_corpus([3], force=True)
    generate_corpus([3], seed=2, force=True)
    assert Paper.objects.count() == 9


def test_the_command_names_the_hubs() -> None:
    out = io.StringIO()
    call_command("generate_corpus", "--hub-sizes", "12,3", "--papers", "20", "--seed", "7", stdout=out)
    lines = out.getvalue().splitlines()
    assert re.fullmatch(r"22 papers, 15 citations, \d+ labels, \d+ sentences, all synthetic. Hubs:", lines[0])
    assert [line.split() for line in lines[1:]] == [["12", "synthetic-7-hub-1"], ["3", "synthetic-7-hub-2"]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--hub-sizes", "ten"], "“ten” is no number of citing papers"),
        (["--hub-sizes", "10,,5"], "“” is no number of citing papers"),
        (["--hub-sizes", "0"], "“0” is no number of citing papers"),
        (["--hub-sizes", "-5"], "“-5” is no number"),
        (["--hub-sizes", "10", "--papers", "9"], "needs as many papers, but only 9 are asked for"),
        (["--hub-sizes", "10", "--papers", "0"], "below 1"),
    ],
)
def test_sizes_that_cannot_be_are_refused_in_one_line(options: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("generate_corpus", *options)
    assert not Paper.objects.exists()


def test_the_command_says_how_to_add_to_papers() -> None:
    make_paper("A real one")
    with pytest.raises(CommandError, match="--force adds them all the same"):
        call_command("generate_corpus")


def test_sizes_are_read_in_order() -> None:
    assert list(parse_sizes("300, 20,1")) == [300, 20, 1]
