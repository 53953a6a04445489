"""Commands on a database without tables, or without a database: one line that says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import IntegrityError, OperationalError

from citations.management.base import DatabaseCommand
from citations.models import Paper

ROOT = Path(__file__).resolve().parent.parent

COMMANDS = (
    ["load_sample"],
    ["rebuild_summaries"],
    ["rebuild_summaries", "--check"],
    ["export_collection", "out.jsonl"],
    ["import_file", "library.bib"],
    ["import_snapshot", ".", "--source", "edges"],
    ["generate_corpus", "--hub-sizes", "3"],
)


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command in a process and a folder of its own, where nothing is migrated."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        cwd=folder,
        env={**kept, "DATA_DIR": str(folder / "data"), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file of references and one of edges."""
    (tmp_path / "data").mkdir()
    (tmp_path / "library.bib").write_text("@article{a, title={A}, doi={10.1000/a}}", "utf-8")
    (tmp_path / "edges.csv").write_text("citing,cited\na,b\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_on_a_database_without_tables_says_in_one_line_what_to_do(folder: Path, command: list[str]) -> None:
    finished = run(folder, *command)
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
    (line,) = finished.stderr.splitlines()
    assert "no such table" in line
    assert "run manage.py prepare" in line


def test_a_server_that_is_not_there_is_said_in_one_line(folder: Path) -> None:
    nowhere = f"postgres://explorer@/{str(folder).replace('/', '%2F')}/nothing"
    finished = run(folder, "rebuild_summaries", DATABASE_URL=nowhere)
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert line.startswith("CommandError: The database is not ready (")
    assert "DATABASE_URL" in line


def test_every_command_of_ours_but_the_one_that_makes_the_database_ready_ends_like_that() -> None:
    ours = {name for name, app in get_commands().items() if app == "citations"}
    # One makes the database ready; the other needs none.
    for name in ours - {"prepare", "evaluate_classifier"}:
        assert isinstance(load_command_class("citations", name), DatabaseCommand), name


@pytest.mark.django_db
def test_what_a_database_refuses_is_not_taken_for_one_that_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise IntegrityError("constraint failed\nDETAIL: much more")

    monkeypatch.setattr(Paper.objects.__class__, "exists", refuse)
    with pytest.raises(CommandError, match=r"^The database refused: constraint failed\.$"):
        call_command("load_sample", if_empty=True)


@pytest.mark.django_db
def test_a_busy_database_is_to_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object, **__: object) -> None:
        cause = Exception()
        cause.sqlite_errorcode = 5  # type: ignore[attr-defined]
        raise OperationalError("database is locked") from cause

    monkeypatch.setattr(Paper.objects.__class__, "exists", locked)
    with pytest.raises(CommandError, match=r"busy with another writer \(database is locked\): try again"):
        call_command("load_sample", if_empty=True)
