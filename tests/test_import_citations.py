"""`import_citations` against recorded answers: the numbers that the files hold, whatever goes wrong on the way."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from citations.identifiers import parse
from citations.importing import make_service
from citations.management.commands.import_citations import INTERRUPTED
from citations.models import Citation, HubSummary, ImportRun, Label, Mention, Paper, RejectedRecord
from citations.sources import transport
from tests.conftest import ROOT, SHARED, Replay

RECORDED = SHARED / "data" / "semanticscholar"
# 1,881 rows, of which some have no id.
CITED = "CorpusID:14514057"
# 156 references, some with sentences and intents.
CITING = "CorpusID:1033682"


@pytest.fixture
def service(replay: Replay, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """The recorded service in place of the real one; waits are not waited for."""
    settings.SEMANTIC_SCHOLAR_API_URL = f"{replay.url}/semanticscholar"
    monkeypatch.setattr(transport, "_sleep", lambda seconds: None)
    return replay


def run(*arguments: str, **options: Any) -> list[str]:
    """What the command prints, line by line."""
    printed = StringIO()
    call_command("import_citations", *arguments, stdout=printed, **options)
    return printed.getvalue().splitlines()


def recorded_rows(pattern: str) -> list[dict[str, Any]]:
    """The rows of recorded pages, in order."""
    files = sorted(RECORDED.glob(pattern))
    return [row for file in files for row in json.loads(file.read_text("utf-8"))["response"]["body"]["data"]]


def line(created: int = 0, updated: int = 0, unchanged: int = 0, rejected: int = 0) -> str:
    """The last line."""
    return f"created {created}, updated {updated}, unchanged {unchanged}, rejected {rejected}"


def nothing_is_stored() -> bool:
    """Whether there is no paper and no citation."""
    return not Paper.objects.exists() and not Citation.objects.exists()


# The recorded lists --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_recorded_citations_end_with_the_numbers_that_the_files_hold(service: Replay) -> None:
    ids = [row["citingPaper"]["paperId"] for row in recorded_rows("citations_CorpusID14514057/*.json")]
    with_id = {one for one in ids if one}
    assert len(ids) == 1881
    assert run(CITED)[-1] == line(created=len(with_id), rejected=ids.count(None))
    stored = Citation.objects.filter(cited__identifiers__value="14514057")
    assert set(stored.values_list("citing__identifiers__value", flat=True)) == with_id
    assert HubSummary.objects.get().known == len(with_id)
    assert set(RejectedRecord.objects.values_list("reason", flat=True)) == {"no identifier"}
    assert RejectedRecord.objects.count() == ids.count(None)
    assert run(CITED)[-1] == line(unchanged=len(with_id), rejected=ids.count(None))


@pytest.mark.django_db
def test_the_recorded_references_bring_their_sentences_and_intents(service: Replay) -> None:
    rows = recorded_rows("references_CorpusID1033682_p*_contexts.json")
    with_id = [row for row in rows if row["citedPaper"]["paperId"]]
    sentences = sum(len(row["contexts"]) for row in with_id)
    intents = sum(len(row["intents"]) for row in with_id)
    of_sentences = sum(len(one["intents"] or ()) for row in with_id for one in row["contextsWithIntent"])
    assert (len(rows), sentences, intents) == (156, 54, 1)
    report = run(CITING, "--direction", "references")
    assert report[-1] == line(created=len(with_id), rejected=len(rows) - len(with_id))
    assert Mention.objects.count() == sentences
    assert Label.objects.count() == intents + of_sentences
    influential = sum(bool(row["isInfluential"]) for row in with_id)
    assert Citation.objects.filter(is_influential=True).count() == influential
    assert Citation.objects.exclude(role="").count() == 1
    again = run(CITING, "--direction", "references")
    assert again[-1] == line(unchanged=len(with_id), rejected=len(rows) - len(with_id))
    call_command("rebuild_summaries", check=True, stdout=StringIO())


@pytest.mark.django_db
def test_both_directions_of_several_papers_are_counted_one_by_one_and_together(service: Replay) -> None:
    printed = run("10.1093/mind/lix.236.433", CITING, "--direction", "both")
    assert f"doi:10.1093/mind/lix.236.433 citations: {line(created=60)}" in printed
    assert f"CorpusId:1033682 references: {line(created=147, rejected=9)}" in printed
    runs = ImportRun.objects.all()
    assert printed[-1] == line(
        sum(one.created for one in runs),
        sum(one.updated for one in runs),
        sum(one.unchanged for one in runs),
        sum(one.rejected for one in runs),
    )
    assert len(runs) == 4


@pytest.mark.django_db
def test_a_limit_ends_the_list_early(service: Replay) -> None:
    assert run(CITED, "--limit", "30")[-1] == line(created=30)
    assert Citation.objects.count() == 30


@pytest.mark.django_db
def test_a_dry_run_prints_the_same_and_stores_nothing(service: Replay) -> None:
    printed = run(CITED, "--dry-run")
    assert printed[-2] == "Dry run: nothing was stored."
    assert nothing_is_stored()
    assert not ImportRun.objects.exists()
    assert printed[-1] == run(CITED)[-1]


@pytest.mark.django_db
def test_it_asks_in_few_large_pages_with_named_fields(service: Replay) -> None:
    run(CITED)
    pages = [one for one in service.log() if one["path"].endswith("/citations")]
    assert len(pages) < 10
    for one in pages:
        fields = set(one["query"]["fields"].split(","))
        assert {"intents", "contexts", "isInfluential", "externalIds", "authors"} <= fields
        assert "tldr" not in fields


# Accidents -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fault",
    [
        {"pattern": "/citations", "status": 429, "times": 3, "retry_after": 1},
        {"pattern": "", "status": 504, "times": 2},
        {"pattern": "offset=500", "status": 502, "times": 2},
        {"pattern": "offset=500", "kind": "drop"},
        {"pattern": "offset=500", "kind": "truncate"},
        {"pattern": "offset=500", "kind": "html"},
        {"pattern": "offset=500", "kind": "content_type"},
        {"pattern": "offset=500", "kind": "duplicate"},
        {"pattern": "offset=500", "kind": "forever"},
        {"pattern": "offset=500", "kind": "empty"},
    ],
    ids=lambda fault: str(fault.get("status", fault.get("kind"))),
)
def test_a_passing_accident_does_not_show_in_the_end(service: Replay, fault: dict[str, Any]) -> None:
    service.faults(fault)
    assert run(CITED, "--limit", "1000")[-1].startswith("created 1000, updated 0, unchanged 0")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 404}, "has no list of citations for CorpusId:14514057"),
        ({"status": 429}, "asks for fewer requests"),
        ({"status": 400}, "refused the request"),
        ({"kind": "html"}, "a page of HTML instead of JSON"),
        ({"kind": "truncate"}, "incomplete JSON"),
        ({"kind": "drop"}, "broke off in the middle"),
        ({"kind": "empty"}, "empty pages"),
    ],
    ids=lambda value: str(value.get("status", value.get("kind"))) if isinstance(value, dict) else "",
)
def test_a_lasting_accident_is_one_line_and_leaves_nothing(service: Replay, fault: dict[str, Any], said: str) -> None:
    service.faults({"pattern": "/citations", "times": None, **fault})
    with pytest.raises(CommandError, match=said) as caught:
        run(CITED)
    assert str(caught.value).startswith("Semantic Scholar")
    assert "\n" not in str(caught.value)
    assert caught.value.returncode == 1
    assert nothing_is_stored()
    assert ImportRun.objects.get().status == "failed"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["forever", "duplicate"])
def test_a_list_that_repeats_for_ever_ends_with_what_was_whole(service: Replay, kind: str) -> None:
    service.faults({"pattern": "/citations", "kind": kind, "times": None})
    with pytest.raises(CommandError, match="the same command goes on from there"):
        run(CITED)
    assert Citation.objects.count() == 250
    service.reset()
    printed = run(CITED)
    assert printed[-2:] == ["Went on after the 250 rows of an interrupted run.", line(created=1873, rejected=8)]


@pytest.mark.django_db
def test_an_accident_half_way_leaves_whole_pages_and_the_same_command_goes_on(service: Replay) -> None:
    service.faults({"pattern": "offset=1000", "kind": "truncate", "times": None})
    with pytest.raises(CommandError, match="1000 rows of CorpusId:14514057 citations are stored"):
        run(CITED)
    assert Citation.objects.count() + RejectedRecord.objects.count() == 1000
    call_command("rebuild_summaries", check=True, stdout=StringIO())
    service.reset()
    assert run(CITED)[-1] == line(created=1873, rejected=8)
    offsets = [one["query"]["offset"] for one in service.log() if one["path"].endswith("/citations")]
    assert offsets[0] == "1000"


@pytest.mark.django_db
def test_an_unknown_paper_is_named_and_the_others_are_imported(service: Replay) -> None:
    with pytest.raises(CommandError, match=r"^Semantic Scholar knows no paper CorpusId:999\.$"):
        run("CorpusId:999")
    assert nothing_is_stored()
    printed = StringIO()
    with pytest.raises(CommandError, match=r"^Semantic Scholar knows no paper CorpusId:999\.$"):
        call_command("import_citations", "CorpusId:999", "10.1093/mind/lix.236.433", stdout=printed)
    assert printed.getvalue().splitlines()[-1] == line(created=60)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["CorpusId:abc"], "'CorpusId:abc' is not a Semantic Scholar corpus id"),
        (["https://example.org/paper"], "https://example.org/paper"),
        (["W2741809807"], "cannot be asked for OpenAlex:W2741809807"),
        ([CITED, "--limit", "0"], "--limit takes a whole number from 1 on, not '0'"),
        ([CITED, "--limit", "many"], "not 'many'"),
        ([CITED, "--source", "gazette"], "There is no source 'gazette'"),
    ],
)
def test_what_cannot_be_asked_for_is_named_in_one_line(service: Replay, arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert nothing_is_stored()
    assert service.log() == []


def test_the_settings_say_where_the_service_is_and_as_whom_it_is_asked(replay: Replay, settings: Any) -> None:
    settings.SEMANTIC_SCHOLAR_API_URL = f"{replay.url}/semanticscholar/"
    settings.SEMANTIC_SCHOLAR_API_KEY = "secret"
    settings.CONTACT_EMAIL = "desk@example.org"
    next(iter(make_service("semanticscholar").pages(parse(CITING), "references")))
    assert {one["path"].partition("/graph")[0] for one in replay.log()} == {"/semanticscholar"}
    assert all("desk@example.org" in one["user_agent"] for one in replay.log())


# Killed and interrupted ----------------------------------------------------------------------------------------------


class Shell:
    """The command as a user runs it, on a database file of its own."""

    def __init__(self, folder: Path, replay: Replay) -> None:
        self.database = folder / "explorer.sqlite3"
        self.environment = os.environ | {
            "DATABASE_URL": f"sqlite:///{self.database}",
            "DATA_DIR": str(folder),
            "SEMANTIC_SCHOLAR_API_URL": f"{replay.url}/semanticscholar",
            "DJANGO_SETTINGS_MODULE": "explorer.settings",
            "PYTHONUNBUFFERED": "1",
        }
        subprocess.run(self.command("migrate", "-v0"), env=self.environment, cwd=ROOT, check=True, timeout=60)

    def command(self, *arguments: str) -> list[str]:
        """A command line of manage.py."""
        return [sys.executable, "manage.py", *arguments]

    def start(self) -> subprocess.Popen[str]:
        """The import, running."""
        command = self.command("import_citations", CITED)
        return subprocess.Popen(
            command, env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def finish(self) -> str:
        """The import, run to its end; what it prints last."""
        process = self.start()
        printed, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        return printed.splitlines()[-1]

    def stop_after(self, rows: int, number: signal.Signals) -> tuple[int, str]:
        """The import, stopped by a signal once so many rows are stored; its exit code and what it says of it."""
        process = self.start()
        assert process.stdout is not None
        for printed in process.stdout:
            if f" {rows} rows" in printed:
                process.send_signal(number)
                break
        return process.wait(timeout=30), process.communicate(timeout=30)[1]

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table of the application, without times and the random marks of decisions."""
        with sqlite3.connect(self.database) as connection:
            tables = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'citations_%'"
            )
            return {table: list(self._rows(connection, table)) for (table,) in tables.fetchall()}

    @staticmethod
    def _rows(connection: sqlite3.Connection, table: str) -> Iterator[tuple[Any, ...]]:
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
        kept = [name for name in columns if not name.endswith(("_at", "_since", "as_of")) and name != "decision"]
        names = ", ".join(f'"{name}"' for name in kept)
        yield from connection.execute(f'SELECT {names} FROM "{table}" ORDER BY 1')


def test_an_import_that_is_killed_and_started_again_ends_with_the_same_database(replay: Replay, tmp_path: Path) -> None:
    for name in ("killed", "whole"):
        (tmp_path / name).mkdir()
    killed, whole = Shell(tmp_path / "killed", replay), Shell(tmp_path / "whole", replay)
    replay.faults({"pattern": "offset=1000", "kind": "slow", "seconds": 60, "times": 1})
    assert killed.stop_after(1000, signal.SIGKILL)[0] == -signal.SIGKILL
    half = killed.content()
    assert 0 < len(half["citations_citation"]) <= 1000
    replay.reset()
    assert killed.finish() == whole.finish() == line(created=1873, rejected=8)
    assert killed.content() == whole.content()
    assert len(whole.content()["citations_citation"]) == 1873


def test_ctrl_c_ends_at_the_last_whole_page_and_says_how_to_go_on(replay: Replay, tmp_path: Path) -> None:
    shell = Shell(tmp_path, replay)
    replay.faults({"pattern": "offset=500", "kind": "slow", "seconds": 60, "times": 1})
    code, said = shell.stop_after(500, signal.SIGINT)
    assert code == INTERRUPTED
    assert (
        "Interrupted. 500 rows of CorpusId:14514057 citations are stored: the same command goes on from there." in said
    )
    assert "Traceback" not in said
    replay.reset()
    assert shell.finish() == line(created=1873, rejected=8)
