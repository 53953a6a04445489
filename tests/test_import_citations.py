"""`import_citations` against recorded answers: the numbers that the files hold, whatever goes wrong on the way."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from citations.identifiers import parse
from citations.importing import make_service
from citations.management.output import INTERRUPTED
from citations.models import Citation, HubSummary, ImportRun, Label, Mention, Paper, RejectedRecord
from citations.sources import transport
from citations.vocabulary import source_label
from tests.conftest import ROOT, SHARED, Replay
from tests.factories import add_identifier, make_citation, make_paper, paper_changed
from tests.prepared import SQLITE_FILE, put_sqlite_file

DATA = SHARED / "data"
RECORDED = DATA / "semanticscholar"
# 1,881 rows, of which some have no id.
CITED = "CorpusID:14514057"
# 156 references, some with sentences and intents.
CITING = "CorpusID:1033682"


# Where each service is served.
ADDRESSES = {
    "SEMANTIC_SCHOLAR_API_URL": "/semanticscholar",
    "OPENALEX_API_URL": "/openalex",
    "OPENCITATIONS_API_URL": "/opencitations/index/coci/api/v1",
    "CROSSREF_API_URL": "/crossref",
    "ARXIV_API_URL": "/arxiv",
    "EUROPE_PMC_API_URL": "/europepmc/webservices/rest",
}


@pytest.fixture
def service(replay: Replay, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """The recorded services in place of the real ones; waits are not waited for."""
    for setting, path in ADDRESSES.items():
        setattr(settings, setting, replay.url + path)
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


# The other services --------------------------------------------------------------------------------------------------


def body_of(file: Path) -> Any:
    """The body of a recorded answer."""
    return json.loads(file.read_text("utf-8"))["response"]["body"]


def known_papers(names: Iterable[str], cites: Paper | None = None) -> None:
    """Papers that the collection has already, each under one of these names; `cites` is what all of them cite."""
    papers = []
    for number, name in enumerate(dict.fromkeys(names)):
        papers.append(Paper.objects.create(title=f"Known paper {number}", slug=f"known-paper-{number}"))
        add_identifier(papers[-1], name)
    if cites is not None:
        Citation.objects.bulk_create([Citation(citing=paper, cited=cites) for paper in papers])
        paper_changed(cites)
    paper_changed(*papers)


def openalex_knows() -> str:
    """The works that the recorded one names were not recorded themselves: they are in the collection already."""
    named = json.loads((DATA / "openalex/work_W2741809807_2026-03.json").read_text("utf-8"))["referenced_works"]
    known_papers(named)
    assert len(named) == len(set(named)) == 54
    return line(created=54)


def opencitations_knows() -> str:
    """Citing papers in the collection, but for the first two: those have no title anywhere."""
    citing = [row["citing"] for row in body_of(DATA / "opencitations/oc_coci_cites_0_200.json")]
    known_papers(citing[2:])
    assert len(set(citing)) == 20
    return line(created=18, rejected=2)


def crossref_knows() -> str:
    """References: those with a DOI are in the collection already, the others name no paper."""
    works = body_of(DATA / "crossref/test_works_field_queries_1_200.json")["message"]["items"]
    entries = next(one for one in works if one["DOI"] == "10.1111/ele.14024")["reference"]
    dois = [entry["DOI"].lower() for entry in entries if entry.get("DOI")]
    # Of one, the title was recorded, too.
    known_papers(doi for doi in dois if doi != "10.1007/s12080-020-00477-4")
    assert (len(entries), len(dois)) == (52, len(set(dois)))
    return line(created=len(dois), rejected=52 - len(dois))


def crossref_registered() -> str:
    """Citing papers with recorded DOIs, and one with a DOI of somebody else."""
    works = body_of(DATA / "crossref/test_works_field_queries_1_200.json")["message"]["items"]
    hub = make_paper("The hub", identifiers=["10.9999/hub"])
    dois = {one["DOI"].lower() for one in works}
    known_papers(sorted(dois), cites=hub)
    return line(updated=len(dois), rejected=1)


def arxiv_knows() -> str:
    """Citing papers with recorded arXiv ids, and a hub that arXiv does not know."""
    text = "".join(file.read_text("utf-8") for file in sorted((DATA / "arxiv").glob("oldformat_*.xml")))
    names = set(re.findall(r"<id>http://arxiv.org/abs/(\S+?)v[0-9]+</id>", text))
    hub = make_paper("The hub", identifiers=["arXiv:9912.99999"])
    known_papers(sorted(names), cites=hub)
    assert len(names) == 10
    return line(updated=len(names), rejected=1)


def europepmc_knows() -> str:
    """The hub, which the recorded search does not find; two rows of the list are preprints that have no identifier."""
    rows = json.loads((DATA / "europepmc/citationList_1.json").read_text("utf-8"))["citationList"]["citation"]
    known_papers(["PMID:34308300"])
    preprints = [row for row in rows if row["source"] == "PPR"]
    assert (len(rows), len(preprints)) == (25, 2)
    return line(created=23, rejected=2)


# What to import, what has to be known before, and the address of the list for faults.
SERVICES: dict[str, tuple[list[str], Callable[[], str], str]] = {
    "openalex": (["W2741809807", "--source", "openalex", "--direction", "references"], openalex_knows, "/openalex"),
    "opencitations": (["10.1108/jd-12-2013-0166", "--source", "opencitations"], opencitations_knows, "/citations/"),
    "crossref": (
        ["10.1111/ele.14024", "--source", "crossref", "--direction", "references"],
        crossref_knows,
        "/crossref/works",
    ),
    "crossref metadata": (["10.9999/hub", "--source", "crossref"], crossref_registered, "/crossref/works"),
    "arxiv metadata": (["arXiv:9912.99999", "--source", "arxiv"], arxiv_knows, "/arxiv/api"),
    "europepmc": (["PMID:34308300", "--source", "europepmc"], europepmc_knows, "/citations"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", SERVICES)
def test_each_recorded_list_ends_with_the_numbers_that_its_file_holds(service: Replay, name: str) -> None:
    arguments, prepare, _ = SERVICES[name]
    expected = prepare()
    assert run(*arguments, "--dry-run")[-1] == expected
    assert run(*arguments)[-1] == expected
    again = run(*arguments)[-1]
    assert again.startswith("created 0, updated 0, ")
    assert again.partition("rejected")[2] == expected.partition("rejected")[2]
    call_command("rebuild_summaries", check=True, stdout=StringIO())


@pytest.mark.django_db
def test_opencitations_says_which_citations_are_by_the_same_author(service: Replay) -> None:
    rows = body_of(DATA / "opencitations/oc_coci_cites_0_200.json")
    known_papers(row["citing"] for row in rows)
    run("10.1108/jd-12-2013-0166", "--source", "opencitations")
    marked = {row["citing"] for row in rows if row["author_sc"] == "yes"}
    stored = Citation.objects.filter(is_self_citation=True)
    assert set(stored.values_list("citing__identifiers__value", flat=True)) == marked


@pytest.mark.django_db
def test_the_recorded_preprint_and_what_it_was_published_as_are_one_paper(service: Replay) -> None:
    hub = make_paper("The hub", identifiers=["10.9999/hub"])
    make_citation(make_paper("A paper", identifiers=["10.1002/ece3.2314"]), hub)
    assert run("10.9999/hub", "--source", "crossref")[-1] == line(updated=1, rejected=1)
    run("10.1101/014852", "--source", "crossref")
    assert Paper.objects.filter(identifiers__value="10.1101/014852").get() == Citation.objects.get().citing
    assert Paper.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "times": 3, "retry_after": 1},
        {"status": 500, "times": 2},
        {"status": 504, "times": 2},
        {"kind": "drop"},
        {"kind": "truncate"},
        {"kind": "html"},
        {"kind": "content_type"},
        {"kind": "duplicate"},
        {"kind": "forever"},
    ],
    ids=lambda fault: str(fault.get("status", fault.get("kind"))),
)
@pytest.mark.parametrize("name", SERVICES)
def test_a_passing_accident_of_any_service_does_not_show(service: Replay, name: str, fault: dict[str, Any]) -> None:
    arguments, prepare, pattern = SERVICES[name]
    expected = prepare()
    service.faults({"pattern": pattern, **fault})
    assert run(*arguments)[-1] == expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fault",
    [
        *({"status": status} for status in (429, 500, 504)),
        *({"kind": kind} for kind in ("drop", "truncate", "html", "duplicate", "forever", "empty")),
    ],
    ids=lambda fault: str(fault.get("status", fault.get("kind"))),
)
@pytest.mark.parametrize("name", SERVICES)
def test_a_lasting_accident_of_any_service_is_an_end_or_one_line(
    service: Replay, name: str, fault: dict[str, Any]
) -> None:
    arguments, prepare, pattern = SERVICES[name]
    expected = prepare()
    service.faults({"pattern": pattern, "times": None, **fault})
    try:
        printed = run(*arguments)
    except CommandError as error:
        assert "\n" not in str(error)
        assert str(error).startswith(source_label(arguments[2]))
        assert ImportRun.objects.get().status == "failed"
    else:
        assert printed[-1].startswith("created ")
        assert ImportRun.objects.get().status == "finished"
    call_command("rebuild_summaries", check=True, stdout=StringIO())
    service.reset()
    run(*arguments)
    assert run(*arguments)[-1].startswith("created 0, updated 0, ")
    assert Citation.objects.count() == int(re.findall("[0-9]+", expected)[0]) or name.endswith("metadata")


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

    def __init__(self, folder: Path, replay: Replay, *arguments: str) -> None:
        self.arguments = arguments or (CITED,)
        self.database = folder / SQLITE_FILE
        self.environment = os.environ | {
            "DATABASE_URL": f"sqlite:///{self.database}",
            "DATA_DIR": str(folder),
            **{setting: replay.url + path for setting, path in ADDRESSES.items()},
            "DJANGO_SETTINGS_MODULE": "explorer.settings",
            "PYTHONUNBUFFERED": "1",
        }
        put_sqlite_file(folder)

    def command(self, *arguments: str) -> list[str]:
        """A command line of manage.py."""
        return [sys.executable, "manage.py", *arguments]

    def start(self) -> subprocess.Popen[str]:
        """The import, running."""
        command = self.command("import_citations", *self.arguments)
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
            if re.search(rf" {rows}( of [0-9]+)? rows", printed):
                process.send_signal(number)
                break
        return process.wait(timeout=30), process.communicate(timeout=30)[1]

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table of the application, without times, the random marks of decisions and the version."""
        with sqlite3.connect(self.database) as connection:
            tables = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'citations_%' "
                "AND name <> 'citations_siteversion'"
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


def test_several_services_are_gone_on_with_where_one_of_them_was_killed(replay: Replay, tmp_path: Path) -> None:
    for name in ("killed", "whole"):
        (tmp_path / name).mkdir()
    arguments = ("10.1111/geb.13950", "--source", "crossref,opencitations", "--direction", "references")
    killed = Shell(tmp_path / "killed", replay, *arguments)
    whole = Shell(tmp_path / "whole", replay, *arguments)
    replay.faults({"pattern": "filter=", "kind": "slow", "seconds": 60, "after": 1})
    assert killed.stop_after(50, signal.SIGKILL)[0] == -signal.SIGKILL
    assert killed.content() != whole.content()
    replay.reset()
    for shell in (killed, whole):
        printed, errors = shell.start().communicate(timeout=60)
        # Of its 124 references one has a title that was recorded.
        assert printed.splitlines()[-1] == line(created=1, rejected=123)
        assert errors.startswith("CommandError: OpenCitations knows no paper doi:10.1111/geb.13950")
    assert killed.content() == whole.content()


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
