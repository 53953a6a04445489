"""`train_classifier`: from curators' labels or files to a model file, and what it refuses."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from citations import labelling, suggesting
from citations.classifier import files, training
from citations.classifier.evaluation import Judged, measure
from citations.classifier.examples import Example
from citations.classifier.model import Model
from citations.models import Citation, Mention
from citations.summaries import Cause
from citations.text import content_hash
from citations.vocabulary import SAMPLE, Role
from tests import sentences
from tests.factories import make_citation, make_curator, make_label, make_paper, new_label

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """A folder of data of its own."""
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path


@pytest.fixture
def trained_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training gives an empty model at once, for tests of what happens around it."""

    def train(_: object, name: str, card: dict[str, object], *__: object) -> training.Trained:
        figures = measure([Judged(Role.METHOD, (0.8, 0.1, 0.1), "paper")])
        return training.Trained(Model(name, 0.8, card=card), figures)

    monkeypatch.setattr(training, "train", train)


def run(*args: object, **options: Any) -> list[str]:
    """What the command prints, line by line."""
    printed = StringIO()
    call_command("train_classifier", *map(str, args), stdout=printed, stderr=StringIO(), **options)
    return printed.getvalue().splitlines()


def curated(some: Iterable[Example]) -> None:
    """A collection whose curator labelled citations with these sentences."""
    hub, curator = make_paper("A hub"), make_curator()
    wanted = list(some)
    papers = {name: make_paper(f"Citing {name}") for name in sorted({one.citing for one in wanted})}
    hubs = [hub, *(make_paper() for _ in range(20))]
    pairs: dict[tuple[str, int], Example] = {}
    for one in wanted:
        number = next(n for n in range(len(hubs)) if (one.citing, n) not in pairs)
        pairs[one.citing, number] = one
    citations = Citation.objects.bulk_create(
        Citation(citing=papers[name], cited=hubs[number]) for name, number in pairs
    )
    Mention.objects.bulk_create(
        Mention(citation=citation, sentence=one.sentence, source=SAMPLE, content_hash=content_hash(one.sentence))
        for citation, one in zip(citations, pairs.values(), strict=True)
    )
    labels = [
        new_label(citation, one.role, curator=curator) for citation, one in zip(citations, pairs.values(), strict=True)
    ]
    labelling.add_labels(labels, Cause("A test labelled them."))


def test_a_model_is_trained_from_files_and_saved_with_its_card(folder: Path) -> None:
    path = sentences.write(folder / "invented.jsonl", sentences.examples())
    printed = run(path, name="linear-trial", about="Invented, free for all.")
    saved = folder / "data" / "models" / "linear-trial.model"
    assert printed[-1] == f"saved linear-trial in {saved}"
    assert any(line.startswith("macro-F1") for line in printed)
    assert any(line.startswith("0.8 ") for line in printed)
    model = files.load(saved)
    assert model.name == "linear-trial"
    assert model.card["about"] == "Invented, free for all."
    assert model.card["data"] == [{"from": "invented.jsonl", "sentences": 420, "labels": "ours"}]
    assert model.card["roles"] == {"method": 140, "comparison": 140, "background": 140}
    assert {"date", "code", "features", "settings", "cross_validation"} <= set(model.card)


def test_a_model_is_trained_from_what_curators_decided(folder: Path) -> None:
    curated(sentences.examples(136))
    make_label(make_citation(sentences=["We used the invented software @@CITATION@@."]), "method")
    printed = run(name="linear-own", output=folder / "own.model")
    assert any(line.startswith("408 sentences of 60 papers") for line in printed)
    assert files.load(folder / "own.model").card["data"] == [{"from": "curators of this collection", "sentences": 408}]


def test_a_decision_teaches_the_sentence_that_it_is_about() -> None:
    curator = make_curator()
    several = make_citation(sentences=["The first sentence.", "The second sentence."])
    make_label(several, "method", curator=curator)
    context = make_citation(sentences=["The third sentence.", "The fourth sentence."])
    make_label(context, "background", curator=curator)
    pointed = make_citation(sentences=["The fifth sentence.", "The sixth sentence."])
    make_label(pointed, "comparison", curator=curator, mention=pointed.mentions.get(sentence="The sixth sentence."))
    make_label(make_citation(sentences=["The seventh sentence."]), "dataset", curator=curator)
    make_label(make_citation(sentences=["The eighth sentence."]), "method")
    found = suggesting.curated_examples()
    assert [(one.sentence, one.role) for one in found] == [
        ("The third sentence.", Role.BACKGROUND),
        ("The fourth sentence.", Role.BACKGROUND),
        ("The sixth sentence.", Role.COMPARISON),
    ]
    assert len({one.citing for one in found}) == 2


def test_too_few_labels_are_said_with_what_is_needed() -> None:
    with pytest.raises(CommandError, match=r"0 labelled sentences .* at least 400 are needed, 50 of each role"):
        run()


@pytest.mark.usefixtures("trained_before")
def test_a_dry_run_saves_nothing(folder: Path) -> None:
    path = sentences.write(folder / "invented.jsonl", sentences.examples())
    assert run(path, dry_run=True)[-1] == "Dry run: nothing was saved."
    assert not (folder / "data" / "models").exists()


@pytest.mark.usefixtures("trained_before")
def test_a_threshold_of_ones_own_is_kept_and_said_in_the_card(folder: Path) -> None:
    path = sentences.write(folder / "invented.jsonl", sentences.examples())
    run(path, name="linear-shy", threshold=0.97)
    model = files.load(folder / "data" / "models" / "linear-shy.model")
    assert model.threshold == model.card["threshold_chosen"] == 0.97


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--name", "linear"], "a family, a hyphen and a version"),
        (["--name", "../linear-1"], "a family, a hyphen and a version"),
        (["--name", "forest-1"], "no family of classifiers"),
        (["--phrases", "3"], "from 0 to 2"),
        (["--phrases", "nan"], "from 0 to 2"),
        (["--least", "0"], "from 1 to 1000"),
        (["--threshold", "eighty"], "from 0 to 1"),
        (["missing.jsonl"], "missing.jsonl cannot be read"),
    ],
)
def test_bad_options_are_refused_by_name(args: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run(*args)


def test_an_existing_model_is_refused_before_anything_is_trained(folder: Path) -> None:
    path = folder / "there.model"
    path.write_text("a model", "utf-8")
    with pytest.raises(CommandError, match="never replaced"):
        run(output=path, name="linear-new")
    assert path.read_text("utf-8") == "a model"


@pytest.mark.usefixtures("trained_before")
def test_a_second_model_of_one_day_gets_a_name_of_its_own(folder: Path) -> None:
    path = sentences.write(folder / "invented.jsonl", sentences.examples())
    first, second = run(path)[-1], run(path)[-1]
    assert first.split()[1] + ".2" == second.split()[1]
    assert len(suggesting.own_models()) == 2
    assert suggesting.load_model().name == second.split()[1]


def test_without_scikit_learn_one_line_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "citations.classifier" and "training" in (args[2] if len(args) > 2 else ()):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(CommandError, match=r"requirements-train\.txt"):
        run()


def test_an_interruption_saves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("citations.classifier.training.train", interrupted)
    path = sentences.write(folder / "invented.jsonl", sentences.examples(2))
    with pytest.raises(CommandError, match="nothing was saved") as stopped:
        run(path)
    assert stopped.value.returncode == 130
