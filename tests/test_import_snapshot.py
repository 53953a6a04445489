"""`manage.py import_snapshot`: what it prints, what it refuses, and what is left when it is killed or interrupted."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from citations.models import ImportRun, Paper
from tests.conftest import ROOT
from tests.prepared import ON_POSTGRESQL, create_on_server, drop_on_server, put_sqlite_file
from tests.snapshots import openalex_snapshot, s2_snapshot, write_lines

INTERRUPTED = 130


def run(*arguments: str | Path, **options: Any) -> list[str]:
    """The lines that the command prints."""
    out = StringIO()
    call_command("import_snapshot", *map(str, arguments), stdout=out, **options)
    return out.getvalue().splitlines()


def refusal(*arguments: str | Path) -> str:
    """The one line by which the command refuses."""
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# What it prints ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_last_line_counts_everything_and_those_before_each_step(tmp_path: Path) -> None:
    openalex_snapshot(tmp_path)
    printed = run(tmp_path, "--source", "openalex")
    assert printed[-3:] == [
        "papers: created 30, updated 0, unchanged 0, rejected 0",
        "citations: created 54, updated 0, unchanged 6, rejected 30",
        "created 84, updated 0, unchanged 6, rejected 30",
    ]
    assert "rejected: the cited paper is not in the collection: 30" in printed
    assert run(tmp_path, "--source", "openalex")[-1] == "created 0, updated 0, unchanged 90, rejected 30"


@pytest.mark.django_db
def test_every_step_ends_with_a_line_where_there_is_no_terminal(tmp_path: Path) -> None:
    s2_snapshot(tmp_path, papers=20, citations=60)
    printed = run(tmp_path, "--source", "semanticscholar")
    for step in ("papers", "paper-ids", "abstracts", "tldrs", "citations", "summaries", "full text"):
        assert [line for line in printed if line.startswith(f"{step}: 100%")], step


@pytest.mark.django_db
def test_an_edge_list_is_named_and_described_by_options(tmp_path: Path) -> None:
    (tmp_path / "graph.tsv").write_text("1\t2\n3\t2\n")
    (tmp_path / "about.tsv").write_text("id\ttitle\n2\tThe cited one\n")
    printed = run(tmp_path, "--source", "edges", "--name", "little", "--metadata", tmp_path / "about.tsv", "--dry-run")
    assert printed[-2:] == ["Dry run: nothing was stored.", "created 3, updated 0, unchanged 0, rejected 0"]
    assert not Paper.objects.exists()
    run(tmp_path, "--source", "edges", "--name", "little", "--metadata", tmp_path / "about.tsv")
    assert set(Paper.objects.values_list("title", flat=True)) == {"little 1", "The cited one", "little 3"}


@pytest.mark.django_db
def test_the_nodes_of_an_edge_list_may_be_dois(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("oci,citing,cited\n0,10.1000/A,10.1000/b\n1,10.1000/a,nonsense\n")
    printed = run(tmp_path / "pairs.csv", "--source", "edges", "--scheme", "doi")
    assert printed[-1] == "created 1, updated 0, unchanged 0, rejected 1"
    assert set(Paper.objects.values_list("title", flat=True)) == {"doi:10.1000/a", "doi:10.1000/b"}


@pytest.mark.django_db
def test_an_empty_list_is_taken_in_as_such(tmp_path: Path) -> None:
    (tmp_path / "graph.tsv").write_text("# nothing\n")
    assert run(tmp_path / "graph.tsv", "--source", "edges")[-1] == "created 0, updated 0, unchanged 0, rejected 0"


# What it refuses -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--source", "openalex"), "holds no snapshot of OpenAlex"),
        (("--source", "semanticscholar"), "holds no datasets of Semantic Scholar"),
        (("--source", "edges"), "holds no edge list"),
        (("--source", "openalex", "--scheme", "doi"), "--scheme goes with --source edges"),
        (("--source", "semanticscholar", "--name", "x"), "--name goes with --source edges"),
        (("--source", "edges", "--scheme", "isbn"), "There is no scheme 'isbn'"),
        (("--source", "edges", "--metadata", "gone"), "gone does not exist"),
    ],
)
def test_what_cannot_be_imported_is_named_in_one_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in refusal(tmp_path, *arguments)
    assert not ImportRun.objects.exists()


@pytest.mark.django_db
def test_the_files_of_another_source_are_refused(tmp_path: Path) -> None:
    openalex_snapshot(tmp_path / "one")
    s2_snapshot(tmp_path / "other")
    assert "holds no datasets" in refusal(tmp_path / "one", "--source", "semanticscholar")
    assert "holds no snapshot of OpenAlex" in refusal(tmp_path / "other", "--source", "openalex")


@pytest.mark.django_db
def test_names_of_files_cannot_disturb_the_terminal(tmp_path: Path) -> None:
    odd = tmp_path / "evil\x1b[31m.tsv"
    write_lines(odd, ["1\t2", "alone"])
    assert not any("\x1b" in line for line in run(odd, "--source", "edges", "--name", "x"))


# Killed and interrupted ----------------------------------------------------------------------------------------------

# Stores small batches and, after so many, gets a signal (none: 0).
IMPORT = """
import os, signal, sys
import django
django.setup()
from django.core.management import execute_from_command_line
from citations.importing import bulk
# Whoever starts programs in the background may have them ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
bulk.PAPERS_PER_BATCH, bulk.LINKS_PER_BATCH = 20, 40
after, number = int(sys.argv[1]), int(sys.argv[2])
usual, stored = bulk._Load._store, []
def store(self, *args):
    usual(self, *args)
    stored.append(1)
    if len(stored) == after:
        os.kill(os.getpid(), number)
bulk._Load._store = store
execute_from_command_line(["manage.py", "import_snapshot", *sys.argv[3:]])
"""
CONTENT = """
import django
django.setup()
from citations.importing.bulk_indexes import missing_indexes, missing_keys
from tests.test_bulk import content, nothing_is_stale
found = content()
found.pop("counts")
print(found, nothing_is_stale(), missing_indexes() + missing_keys())
"""
MISSING = """
import django
django.setup()
from citations.importing.bulk_indexes import missing_indexes, missing_keys
print(missing_indexes() + missing_keys())
"""


class Shell:
    """The command as a process of its own, on a database of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        self._environment = os.environ | {
            "DATABASE_URL": url,
            "DATA_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "explorer.settings",
            "PYTHONPATH": str(ROOT),
        }

    def python(self, *arguments: str, expected: int = 0) -> subprocess.CompletedProcess[str]:
        """A Python process, run to its end."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self._environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == expected, done.stderr
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The import, running."""
        return subprocess.Popen(
            [sys.executable, "-c", IMPORT, *arguments],
            env=self._environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def load(self, directory: Path, *, after: int = 0, number: int = 0, expected: int = 0) -> Any:
        """The import, with a signal after so many batches."""
        arguments = (str(after), str(number), str(directory), "--source", "semanticscholar")
        return self.python("-c", IMPORT, *arguments, expected=expected)

    def content(self) -> str:
        """Everything that the import wrote, whether anything derived is stale, and what indexes and keys are off."""
        return self.python("-c", CONTENT).stdout

    def missing_indexes(self) -> str:
        """The indexes and foreign keys that are off."""
        return self.python("-c", MISSING).stdout.strip()


_numbers = itertools.count(1)


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[list[Shell]]:
    """Two empty databases of the engine under test: files, or databases on the same server."""
    folders = [tmp_path / "killed", tmp_path / "whole"]
    for folder in folders:
        folder.mkdir()
    if not ON_POSTGRESQL:
        yield [Shell(put_sqlite_file(folder), folder) for folder in folders]
        return
    names = [f"snapshot_{os.getpid()}_{next(_numbers)}" for _ in folders]
    yield [Shell(create_on_server(name), folder) for name, folder in zip(names, folders, strict=True)]
    for name in names:
        drop_on_server(name)


@pytest.mark.engine
def test_a_run_that_is_killed_between_batches_goes_on_to_the_same_end(databases: list[Shell], tmp_path: Path) -> None:
    killed, whole = databases
    directory = s2_snapshot(tmp_path / "snapshot")
    killed.load(directory, after=11, number=signal.SIGKILL, expected=-signal.SIGKILL)
    assert killed.missing_indexes() != "[]"
    last = killed.load(directory).stdout.splitlines()
    assert last[-1] == whole.load(directory).stdout.splitlines()[-1]
    assert any(line.startswith("Went on after the ") for line in last)
    assert killed.content() == whole.content()
    assert killed.content().endswith(" True []\n")


@pytest.mark.engine
def test_two_lists_that_are_loaded_at_once_end_as_one(databases: list[Shell], tmp_path: Path) -> None:
    shell, _ = databases
    dice = random.Random(5)
    pairs = [[(dice.randint(1, 40), dice.randint(1, 40)) for _ in range(300)] for _ in range(2)]
    started = []
    for name, several in zip(("one", "other"), pairs, strict=True):
        path = tmp_path / f"{name}.tsv"
        path.write_text("".join(f"10.1000/{citing}\t10.1000/{cited}\n" for citing, cited in several))
        started.append(shell.start("0", "0", str(path), "--source", "edges", "--scheme", "doi"))
    for process in started:
        printed, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert printed.splitlines()[-1].startswith("created ")
    wanted = {pair for several in pairs for pair in several if pair[0] != pair[1]}
    count = (
        "from citations.models import Citation, ImportRun; print(Citation.objects.count(), ImportRun.objects.count())"
    )
    assert shell.python("-c", f"import django; django.setup(); {count}").stdout.split() == [str(len(wanted)), "2"]
    assert shell.content().endswith(" True []\n")


@pytest.mark.engine
def test_ctrl_c_ends_at_the_last_whole_batch_and_says_how_to_go_on(databases: list[Shell], tmp_path: Path) -> None:
    interrupted, _ = databases
    directory = s2_snapshot(tmp_path / "snapshot")
    done = interrupted.load(directory, after=3, number=signal.SIGINT, expected=INTERRUPTED)
    assert "Interrupted. " in done.stderr
    assert "rows of snapshot are stored: the same command goes on from there." in done.stderr
    assert "Traceback" not in done.stderr
    assert interrupted.missing_indexes() == "[]"
    interrupted.load(directory)
    assert interrupted.content().endswith(" True []\n")
