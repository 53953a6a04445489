"""`evaluate_classifier`: the figures of a model on a file."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests import sentences


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """A folder of data of its own."""
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path


def run(*args: object, **options: Any) -> list[str]:
    """What the command prints, line by line."""
    printed = StringIO()
    call_command("evaluate_classifier", *map(str, args), stdout=printed, **options)
    return printed.getvalue().splitlines()


@pytest.fixture
def file(folder: Path) -> Path:
    """A small file of labelled sentences."""
    return sentences.write(folder / "invented.jsonl", sentences.examples(20, papers=10))


def test_the_shipped_model_is_judged_by_default(file: Path) -> None:
    printed = run(file)
    assert printed[0] == "linear-open-1 on invented.jsonl, labels read as ours:"
    assert printed[1].startswith("60 sentences of 10 papers; 0 could not be judged")
    assert [line.split()[0] for line in printed[2:]] == [
        "macro-F1",
        "accuracy",
        "calibration",
        "role",
        "method",
        "comparison",
        "background",
        "threshold",
        *("0.5", "0.6", "0.7", "0.8", "0.9", "0.95"),
    ]


def test_figures_are_had_as_json_of_any_model(file: Path) -> None:
    figures = json.loads("\n".join(run(file, model="cues-1", json=True)))
    assert figures["model"] == "cues-1"
    assert figures["sentences"] == 60
    value, low, high = figures["macro_f1"]
    assert 0 <= low <= value <= high <= 1


def test_sentences_without_a_role_that_may_be_suggested_are_named_apart(file: Path) -> None:
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps({"text": "We extend the work.", "label": "extension"}) + "\n")
        lines.write(json.dumps({"text": "A strange one.", "label": "strange"}) + "\n")
    assert run(file)[-1] == "2 more sentences have no role, or one that is never suggested."


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["missing.jsonl"], "missing.jsonl cannot be read"),
        (["missing.jsonl", "--model", "linear-unknown"], "There is no model 'linear-unknown'. There are linear-open-1"),
    ],
)
def test_what_is_missing_is_said(args: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run(*args)


def test_a_broken_model_and_a_file_without_roles_are_refused(file: Path, folder: Path) -> None:
    broken = folder / "broken.model"
    broken.write_text("nonsense", "utf-8")
    with pytest.raises(CommandError, match=r"broken\.model is no model file"):
        run(file, model=str(broken))
    file.write_text(json.dumps({"text": "We extend the work.", "label": "extension"}), "utf-8")
    with pytest.raises(CommandError, match="no sentence with a role"):
        run(file)
