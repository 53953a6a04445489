"""`classify`: suggestions are written once, replaced when they change, and never stand above a person's word."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from citations import labelling, suggesting
from citations.classifier import files, shipped
from citations.classifier.model import Model
from citations.models import Citation, HubSummary, Label, Paper
from citations.vocabulary import DecidedBy, Role
from tests.factories import make_citation, make_curator, make_hub, make_label, make_mention, make_paper

pytestmark = pytest.mark.django_db

USES = "We used the software of [4] to count lichens, which was implemented as described by them."
NAMES = "It is well known that lichens grow; several studies have shown that they have been studied."
SAYS_NOTHING = "The lichens of the northern wall, near the tides, were green that year."


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """A folder of data of its own."""
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path


def run(*args: str, **options: Any) -> list[str]:
    """What the command prints, line by line; suggestions are made by phrases unless told otherwise."""
    printed = StringIO()
    call_command("classify", *args, stdout=printed, **{"model": "cues-1", **options})
    return printed.getvalue().splitlines()


@pytest.fixture
def citation() -> Citation:
    """A citation that nobody has classified, whose sentence tells its role."""
    return make_citation(sentences=[USES])


def test_a_suggestion_is_a_label_of_the_model_and_decides_nothing(citation: Citation) -> None:
    printed = run()
    assert printed == [
        "cues-1 suggests from a confidence of 0.9.",
        "suggested 1, unchanged 0, withdrawn 0, silent 0 (0 without a sentence)",
    ]
    citation.refresh_from_db()
    assert (citation.role, citation.role_by, citation.suggested_role) == ("", "", "method")
    assert citation.suggested_confidence >= 0.9
    label = citation.labels.get()
    assert (label.decided_by, label.source, label.role) == (DecidedBy.CLASSIFIER, "cues-1", "method")
    assert label.mention is not None and label.mention.sentence == USES
    assert HubSummary.objects.get(paper=citation.cited).classified == 0


def test_a_second_run_writes_nothing(citation: Citation) -> None:
    run()
    stood = HubSummary.objects.get(paper=citation.cited).updated_at
    assert run()[-1] == "suggested 0, unchanged 1, withdrawn 0, silent 0 (0 without a sentence)"
    assert Label.objects.count() == 1
    assert HubSummary.objects.get(paper=citation.cited).updated_at == stood


def test_what_says_nothing_gets_no_suggestion() -> None:
    make_citation(sentences=[SAYS_NOTHING])
    make_citation(sentences=["x" * 100_000])
    make_citation(sentences=["Nous avons utilisé la méthode de Personne (2003) pour les analyses."])
    make_citation()
    assert run()[-1] == "suggested 0, unchanged 0, withdrawn 0, silent 4 (1 without a sentence)"
    assert not Label.objects.exists()


def test_all_sentences_of_a_citation_count_together() -> None:
    citation = make_citation(sentences=[NAMES, USES, SAYS_NOTHING])
    run()
    citation.refresh_from_db()
    assert citation.suggested_role == Role.METHOD
    assert citation.labels.get().mention == citation.mentions.get(sentence=USES)


def test_a_changed_suggestion_is_added_and_replaces_the_former(citation: Citation) -> None:
    citation.mentions.all().delete()
    make_mention(citation, NAMES)
    make_label(citation, "comparison", decided_by="classifier", source="cues-1", confidence=0.97)
    run(model=str(saved(citation, threshold=0.0)))
    citation.refresh_from_db()
    assert citation.suggested_role == Role.BACKGROUND
    assert citation.labels.count() == 2


def saved(citation: Citation, **changes: Any) -> Path:
    """A model by phrases with other values, in a file."""
    values = {"name": "cues-2", "threshold": 0.8, "phrases": 1.0, "bias": (0.0, 0.0, 0.5), **changes}
    path = suggesting.models_folder() / f"{values['name']}{shipped.ENDING}"
    files.save(Model(**values), path)
    return path


def test_a_new_version_takes_back_what_it_would_not_say(citation: Citation) -> None:
    run()
    path = saved(citation, threshold=1.0)
    assert run(model=str(path))[-1] == "suggested 0, unchanged 0, withdrawn 1, silent 0 (0 without a sentence)"
    citation.refresh_from_db()
    assert (citation.suggested_role, citation.suggested_confidence) == ("", 0)
    assert run(model=str(path))[-1] == "suggested 0, unchanged 0, withdrawn 0, silent 1 (0 without a sentence)"
    assert run()[-1].startswith("suggested 1")
    citation.refresh_from_db()
    assert citation.suggested_role == Role.METHOD


def test_a_silent_model_leaves_what_another_family_suggested(citation: Citation) -> None:
    make_label(citation, "comparison", decided_by="classifier", source="linear-2026-11", confidence=0.9)
    assert run(model=str(saved(citation, threshold=1.0)))[-1].endswith("silent 1 (0 without a sentence)")
    citation.refresh_from_db()
    assert citation.suggested_role == Role.COMPARISON


def test_what_a_curator_took_back_is_not_suggested_again(citation: Citation) -> None:
    run()
    labelling.retract(citation.labels.get(), make_curator())
    assert run()[-1].endswith("silent 1 (0 without a sentence)")
    assert run(model=str(saved(citation)))[-1].endswith("silent 1 (0 without a sentence)")
    citation.refresh_from_db()
    assert citation.suggested_role == ""


def test_decided_citations_are_left_alone_unless_all_are_wanted(citation: Citation) -> None:
    make_label(citation, "background", curator=make_curator())
    assert run()[-1].startswith("suggested 0, unchanged 0, withdrawn 0, silent 0")
    assert run(all=True)[-1].startswith("suggested 1")
    citation.refresh_from_db()
    assert (citation.role, citation.suggested_role) == ("background", "method")


def test_one_hub_is_classified_alone(citation: Citation) -> None:
    other = make_citation(sentences=[USES])
    assert run(hub=other.cited.slug)[-1].startswith("suggested 1")
    assert Label.objects.get().citation == other


def test_the_sentence_that_names_the_hub_among_several_works_is_marked() -> None:
    hub = make_paper("A hub", authors=["Jane Q. Doe", "Richard Roe"], year=2023)
    sentence = "We use lichens (Doe et al., 2023) and tides (Roe et al., 2020)."
    citation = make_citation(cited=hub, sentences=[sentence])
    (found,) = suggesting.sentences_of([citation.pk])[citation.pk]
    assert found.text == "We use lichens (@@CITATION@@) and tides (Roe et al., 2020)."


def test_sentences_of_a_citation_that_a_merge_hid_count_for_its_survivor(citation: Citation) -> None:
    survivor = make_citation()
    Citation.objects.filter(pk=citation.pk).update(merged_into=survivor)
    assert run()[-1].startswith("suggested 1")
    survivor.refresh_from_db()
    assert survivor.suggested_role == Role.METHOD


def test_the_newest_own_model_goes_before_the_shipped_one(citation: Citation) -> None:
    assert suggesting.load_model().name == shipped.DEFAULT
    saved(citation, name="linear-own")
    assert suggesting.load_model().name == "linear-own"
    assert run(model="")[0].startswith("linear-own suggests")


def test_what_is_wrong_with_a_model_or_a_hub_is_said(citation: Citation, folder: Path) -> None:
    with pytest.raises(CommandError, match="no paper with the slug 'nowhere'"):
        run(hub="nowhere")
    with pytest.raises(CommandError, match="There is no model 'linear-nowhere'"):
        run(model="linear-nowhere")
    with pytest.raises(CommandError, match="of no known family"):
        run(model=str(saved(citation, name="forest-1")))
    broken = folder / "broken.model"
    broken.write_bytes(b"\x00")
    with pytest.raises(CommandError, match=r"broken\.model is no model file"):
        run(model=str(broken))


def test_an_interrupted_run_keeps_what_is_done_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = make_hub(unclassified=3)
    for citation in Citation.objects.filter(cited=hub):
        make_mention(citation, USES)
    monkeypatch.setattr(suggesting, "BATCH", 1)
    work = suggesting._classify_batch
    done: list[list[int]] = []

    def interrupted(model: Model, ids: list[int]) -> suggesting.Counts:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(ids)
        return work(model, ids)

    monkeypatch.setattr(suggesting, "_classify_batch", interrupted)
    with pytest.raises(CommandError, match="Interrupted after 2 of 3 citations") as stopped:
        run()
    assert stopped.value.returncode == 130
    assert Label.objects.count() == 2
    monkeypatch.setattr(suggesting, "_classify_batch", work)
    assert run()[-1].startswith("suggested 1, unchanged 2")


def queries_of(model: Model, hub: Paper) -> int:
    """How many queries it takes to classify a hub."""
    ids = suggesting.citations_to_classify(hub.pk)
    with CaptureQueriesContext(connection) as captured:
        list(suggesting.classify(model, ids))
    return len(captured)


def test_a_batch_takes_the_same_number_of_queries_whatever_its_size() -> None:
    small, large = (make_hub(unclassified=n) for n in (2, 9))
    for citation in Citation.objects.all():
        make_mention(citation, USES)
    assert queries_of(shipped.CUES, small) == queries_of(shipped.CUES, large)
    silent = replace(shipped.CUES, threshold=1.0)
    assert queries_of(silent, small) == queries_of(silent, large)
    assert Label.objects.filter(retracts__isnull=False).count() == 11
