"""`manage.py import_file`: from files of every form into the collection."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rich.console import Console
from rich.progress import Progress

from citations.importing import SOURCE_PRIORITY, service_names
from citations.importing import files as importing_files
from citations.management import output
from citations.models import Citation, ImportRun, Label, Mention, Paper, RejectedRecord
from citations.sources import decoding, files
from citations.sources.records import SourceError
from tests.conftest import SHARED
from tests.factories import add_identifier, make_citation, make_label, make_paper

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent

BIB = """
@article{a, title = {The First}, author = {Doe, Jane}, year = 2001, doi = {10.1000/first}}
@article{b, title = {The Second}, author = {Roe, Richard}, year = 2002}
@misc{c, note = {nothing that names it}}
"""
HEADER = "title,authors,year,doi,role,polarity,coarse,decided_by,influential,sentences,hub\n"


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """A maker of files."""

    def make(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def run(*paths: Path, **options: Any) -> list[str]:
    """The lines that the command prints."""
    out = io.StringIO()
    call_command("import_file", *[str(path) for path in paths], stdout=out, **options)
    return out.getvalue().splitlines()


def refusal(*paths: Path, **options: Any) -> str:
    """What the command says where it fails."""
    with pytest.raises(CommandError) as caught:
        run(*paths, **options)
    return str(caught.value)


def stored() -> list[list[Any]]:
    """All that files can change, without ids and times."""
    papers = Paper.objects.order_by("slug")
    citations = Citation.objects.order_by("citing__slug")
    labels = Label.objects.order_by("citation__citing__slug", "raw_value")
    return [
        list(papers.values_list("slug", "title", "year", "abstract", "kind", "url", "field_sources")),
        list(citations.values_list("citing__slug", "cited__slug", "role", "polarity", "source")),
        list(labels.values_list("role", "polarity", "raw_value", "source")),
        list(Mention.objects.order_by("content_hash").values_list("sentence", "section", "source")),
    ]


# Papers and citations -------------------------------------------------------------------------------------------------


def test_entries_become_papers(file: Callable[..., Path]) -> None:
    lines = run(file("refs.bib", BIB))
    assert lines == [
        "refs.bib: 3 rows",
        "rejected: no identifier and no title: 1",
        "created 2, updated 0, unchanged 0, rejected 1",
    ]
    paper = Paper.objects.get(slug="the-first")
    assert (paper.title, paper.year, paper.field_sources["title"]) == ("The First", 2001, "file")
    assert not Citation.objects.exists()


def test_a_second_run_changes_nothing(file: Callable[..., Path]) -> None:
    path = file("refs.bib", BIB)
    run(path)
    before = stored()
    assert run(path)[-1] == "created 0, updated 0, unchanged 2, rejected 1"
    assert stored() == before


def test_entries_that_repeat_each_other_agree_on_the_first(file: Callable[..., Path]) -> None:
    path = file(
        "refs.bib",
        "@misc{a, title={First Word}, doi={10.1000/x}}\n@misc{b, title={Second Word}, doi={10.1000/X}, year=2001}",
    )
    assert run(path)[-1] == "created 1, updated 1, unchanged 0, rejected 0"
    assert Paper.objects.get().title == "First Word" and Paper.objects.get().year == 2001
    assert run(path)[-1] == "created 0, updated 0, unchanged 2, rejected 0"


def test_with_cites_every_entry_cites_that_paper(file: Callable[..., Path]) -> None:
    hub = make_paper("The Hub", identifiers=["arXiv:2304.01373"])
    path = file("refs.bib", BIB)
    assert run(path, cites="https://arxiv.org/abs/2304.01373v2")[-1] == "created 2, updated 0, unchanged 0, rejected 1"
    assert set(Citation.objects.values_list("cited", flat=True)) == {hub.pk}
    assert run(path, cites="the-hub")[-1] == "created 0, updated 0, unchanged 2, rejected 1"
    assert run(path, cites="10.48550/arXiv.2304.01373")[-1] == "created 0, updated 0, unchanged 2, rejected 1"


def test_the_hub_in_its_own_file_does_not_cite_itself(file: Callable[..., Path]) -> None:
    make_paper("The First", identifiers=["doi:10.1000/first"])
    assert run(file("refs.bib", BIB), cites="10.1000/first")[-1] == "created 1, updated 0, unchanged 0, rejected 2"
    assert "a paper citing itself" in RejectedRecord.objects.values_list("reason", flat=True)


def test_a_hub_that_is_not_there_is_named_with_what_to_do(file: Callable[..., Path]) -> None:
    reason = refusal(file("refs.bib", BIB), cites="10.1000/unknown")
    assert "10.1000/unknown" in reason and "import_citations" in reason and "\n" not in reason
    assert not ImportRun.objects.exists()


def test_a_merged_hub_is_cited_through_the_one_that_stands_for_it(file: Callable[..., Path]) -> None:
    survivor = make_paper("Survivor", identifiers=["doi:10.1000/survivor"])
    make_paper("Merged", identifiers=["doi:10.1000/merged"], merged_into=survivor)
    run(file("refs.bib", BIB), cites="10.1000/merged")
    assert set(Citation.objects.values_list("cited", flat=True)) == {survivor.pk}


def test_a_better_source_and_a_curator_stand_above_a_file(file: Callable[..., Path]) -> None:
    make_paper(
        "Their Title",
        identifiers=["doi:10.1000/first"],
        year=1999,
        field_sources={"title": "semanticscholar", "year": "curator"},
    )
    run(file("refs.bib", BIB))
    paper = Paper.objects.get(slug="their-title")
    assert (paper.title, paper.year) == ("Their Title", 1999)
    assert paper.field_sources["authors"] == "file"


# Rows -----------------------------------------------------------------------------------------------------------------


def test_rows_become_citations_of_their_hubs(file: Callable[..., Path]) -> None:
    hub = make_paper("The Hub", identifiers=["doi:10.1000/hub"])
    content = HEADER + "One,Jane Doe,2001,10.1000/1,method,supports,0,curator,1,We use it. | Again.,the-hub\n"
    assert run(file("rows.csv", content))[-1] == "created 1, updated 0, unchanged 0, rejected 0"
    citation = Citation.objects.get(cited=hub)
    assert (citation.role, citation.polarity, citation.is_influential) == ("method", "supports", True)
    label = citation.labels.get()
    assert (label.decided_by, label.source, label.raw_value, label.curator) == ("import", "file", "method", None)
    assert [mention.sentence for mention in citation.mentions.all()] == ["We use it.", "Again."]


def test_rows_of_an_unknown_hub_are_rejected_by_its_name(file: Callable[..., Path]) -> None:
    content = HEADER + "One,,2001,10.1000/1,,,,,,,no-such-hub\nTwo,,2001,10.1000/2,method,,,,,,\nThree,,2001,,,,,,,,\n"
    assert run(file("rows.csv", content))[-1] == "created 1, updated 0, unchanged 0, rejected 2"
    unknown, homeless = RejectedRecord.objects.values_list("reason", flat=True)
    assert "no-such-hub" in unknown and "--cites" in homeless


def test_rows_of_another_hub_than_the_one_named_are_rejected(file: Callable[..., Path]) -> None:
    make_paper("One Hub", identifiers=["doi:10.1000/one"])
    make_paper("Other Hub", identifiers=["doi:10.1000/other"])
    content = HEADER + "One,,2001,10.1000/1,,,,,,,one-hub\nTwo,,2001,10.1000/2,,,,,,,other-hub\nThree,,2001,,,,,,,,\n"
    assert run(file("rows.csv", content), cites="one-hub")[-1] == "created 2, updated 0, unchanged 0, rejected 1"


def test_rows_that_contradict_each_other_are_not_both_taken(file: Callable[..., Path]) -> None:
    make_paper("The Hub", identifiers=["doi:10.1000/hub"])
    content = HEADER + "".join(f"One,,2001,10.1000/1,{role},,,,,,the-hub\n" for role in ("method", "dataset", "method"))
    path = file("rows.csv", content)
    assert run(path)[-1] == "created 1, updated 0, unchanged 1, rejected 1"
    assert run(path)[-1] == "created 0, updated 0, unchanged 2, rejected 1"
    assert Label.objects.count() == 1


def test_a_label_from_a_file_does_not_outweigh_a_curator(file: Callable[..., Path]) -> None:
    hub = make_paper("The Hub", identifiers=["doi:10.1000/hub"])
    citing = make_paper("One", identifiers=["doi:10.1000/1"])
    citation = make_citation(citing, hub)
    make_label(citation, "background", decided_by="curator")
    run(file("rows.csv", HEADER + "One,,2001,10.1000/1,method,,,curator,,,the-hub\n"))
    citation.refresh_from_db()
    assert (citation.role, citation.role_by, citation.labels.count()) == ("background", "curator", 2)


def test_a_row_without_identifiers_finds_the_paper_that_it_was_exported_from(file: Callable[..., Path]) -> None:
    make_paper("The Hub", identifiers=["doi:10.1000/hub"])
    make_paper("One", identifiers=["S2:" + "a" * 40], year=2001, authors=["Jane Doe"])
    row = {"title": "One", "authors": "Jane Doe", "paper": "https://x.example/papers/one/", "hub": "the-hub"}
    lines = [{**row, "year": 2001}, {**row, "year": 1999}]
    run(file("rows.jsonl", "\n".join(map(json.dumps, lines))))
    assert set(Citation.objects.values_list("citing__slug", flat=True)) == {"one", "one-1999"}


def test_a_json_export_comes_in_as_it_is(file: Callable[..., Path]) -> None:
    make_paper("The Hub", identifiers=["doi:10.1000/hub"])
    row = {"title": "One", "doi": "10.1000/1", "role": "method", "hub": "the-hub"}
    export = {"hub": "the-hub", "filter": {}, "count": 1, "results": [row]}
    for name, text in (("a.json", json.dumps(export)), ("b.json", json.dumps(export, indent=2))):
        run(file(name, text))
    assert Citation.objects.get().role == "method"


def test_a_self_citation_stays_one(file: Callable[..., Path]) -> None:
    make_paper("The Hub", identifiers=["doi:10.1000/hub"])
    lines = [
        {"title": "One", "self_citation": True, "hub": "the-hub"},
        {"title": "Two", "self_citation": False, "hub": "the-hub"},
    ]
    path = file("rows.jsonl", "\n".join(map(json.dumps, lines)))
    run(path)
    said = Citation.objects.order_by("citing__slug").values_list("is_self_citation", flat=True)
    assert list(said) == [True, False]
    assert run(path)[-1] == "created 0, updated 0, unchanged 2, rejected 0"


def test_a_coarse_label_stays_coarse(file: Callable[..., Path]) -> None:
    make_paper("The Hub", identifiers=["doi:10.1000/hub"])
    lines = [{"title": title, "role": "method", "coarse": title == "One", "hub": "the-hub"} for title in ("One", "Two")]
    run(file("rows.jsonl", "\n".join(map(json.dumps, lines))))
    assert list(Citation.objects.order_by("citing__slug").values_list("coarse", flat=True)) == [True, False]


# Labelled sentences ---------------------------------------------------------------------------------------------------


def labelled(**changes: Any) -> str:
    """A line of SciCite between two papers."""
    line = {"string": "We compare.", "label": "result", "sectionName": "Results", "isKeyCitation": True}
    return json.dumps({**line, "citingPaperId": "a" * 40, "citedPaperId": "b" * 40, **changes}) + "\n"


def test_labelled_sentences_become_mentions_with_labels(file: Callable[..., Path]) -> None:
    for letter in "ab":
        make_paper(f"Paper {letter}", identifiers=[f"S2:{letter * 40}"])
    path = file("scicite.jsonl", labelled() + labelled(string="We use it.", label="method"))
    assert run(path)[-1] == "created 1, updated 0, unchanged 1, rejected 0"
    citation = Citation.objects.get()
    assert (citation.role, citation.coarse, citation.source) == ("method", True, "scicite")
    said = Label.objects.order_by("raw_value").values_list("raw_value", "role", "mention__sentence", "mention__section")
    assert list(said) == [
        ("method", "method", "We use it.", "Results"),
        ("result", "comparison", "We compare.", "Results"),
    ]
    assert run(path)[-1] == "created 0, updated 0, unchanged 2, rejected 0"
    assert Label.objects.count() == 2


def test_the_second_label_of_scicite_says_which_side_is_taken(file: Callable[..., Path]) -> None:
    supporting = labelled(label2="supportive", citingPaperId="c" * 40)
    run(file("scicite.jsonl", supporting + labelled(label2="not_supportive", citingPaperId="d" * 40)))
    said = Citation.objects.order_by("citing__slug").values_list("role", "polarity", "coarse")
    assert list(said) == [("comparison", "supports", True), ("comparison", "disputes", True)]


def test_papers_known_by_an_identifier_alone_are_called_by_it_at_first(file: Callable[..., Path]) -> None:
    path = file("scicite.jsonl", labelled())
    assert run(path)[-1] == "created 1, updated 0, unchanged 0, rejected 0"
    paper = Citation.objects.get().cited
    assert (paper.title, paper.field_sources["title"]) == ("S2:" + "b" * 40, "placeholder")
    run(file("refs.jsonl", json.dumps({"title": "Its Title", "s2": "b" * 40})))
    paper.refresh_from_db()
    assert (paper.title, paper.field_sources["title"]) == ("Its Title", "file")
    assert run(path)[-1] == "created 0, updated 0, unchanged 1, rejected 0"


def test_labelled_sentences_name_the_cited_paper_themselves(file: Callable[..., Path]) -> None:
    make_paper("The Hub", identifiers=["doi:10.1000/hub"])
    assert "--cites" in refusal(file("scicite.jsonl", labelled()), cites="the-hub")


# Files ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.bib", "no matter what", files.BIBTEX),
        ("a.RIS", "no matter what", files.RIS),
        ("a.txt", "words\n@book{a, title={x}}", files.BIBTEX),
        ("a", "\n\nTY  - JOUR\nTI  - x\nER  - \n", files.RIS),
        ("a.json", '[{"title": "x"}]', files.CSL_JSON),
        ("a.json", '{\n"title": "x",\n"type": "book"}', files.CSL_JSON),
        ("a.json", '{\n"hub": "x",\n"results": []}', files.JSONL),
        ("a.jsonl", '{"title": "x", "role": "method"}', files.JSONL),
        ("a.txt", labelled(), files.LABELS),
        ("a.txt", "title;year;doi\nx;2001;\n", files.CSV),
    ],
)
def test_forms_are_told_by_ending_and_content(file: Callable[..., Path], name: str, content: str, form: str) -> None:
    assert files.open_file(file(name, content)).format == form


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.bib", "", "is empty"),
        ("blank.ris", " \r\n\0\n", "is empty"),
        ("image.bib", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "image"),
        ("junk.ris", bytes(range(256)) * 20, "no text file"),
        ("sheet.csv", b"PK\x03\x04" + bytes(100), "save the sheet as CSV"),
        ("refs.bib.gz", b"\x1f\x8b\x08" + bytes(100), "unpack it"),
        ("words.txt", "nothing but words", "--format"),
        ("comments.bib", "@comment{nothing}", "holds no entries"),
        ("header.csv", "title,year\n", "holds no entries"),
        ("wrong.json", "{broken", "valid JSON"),
        ("other.jsonl", '{"a": 1}\n{"a": 2}\n', "neither rows"),
        ("icite.csv", "pmid,title,journal,human,animal\n1,x,y,0,0\n", "columns"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_line(
    file: Callable[..., Path], name: str, content: str | bytes, reason: str
) -> None:
    said = refusal(file(name, content))
    assert said.startswith(name) and reason in said and "\n" not in said
    assert not Paper.objects.exists()


def test_directories_and_missing_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert refusal(tmp_path / "folder") == "folder is a directory: name the files in it."
    assert refusal(tmp_path / "none.bib") == "none.bib does not exist."


def test_a_file_that_fails_does_not_keep_others_out(file: Callable[..., Path], tmp_path: Path) -> None:
    out = io.StringIO()
    good, missing = file("good.bib", BIB), tmp_path / "none.bib"
    with pytest.raises(CommandError, match=r"none\.bib does not exist"):
        call_command("import_file", str(missing), str(good), stdout=out)
    assert out.getvalue().splitlines()[-1] == "created 2, updated 0, unchanged 0, rejected 1"


def test_names_of_files_cannot_steer_the_terminal(file: Callable[..., Path]) -> None:
    assert "\x1b" not in "".join(run(file("a\x1b[31m.bib", BIB)))
    assert ImportRun.objects.get().arguments["file"] == "a�[31m.bib"


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode("cp1252"),
        lambda text: text.replace("\n", "\r\n").encode("utf-8"),
        lambda text: text.replace("\n", "\r").encode("utf-8"),
        lambda text: text.replace(" = ", " = \0").encode("utf-8"),
    ],
)
def test_every_encoding_says_the_same(file: Callable[..., Path], encode: Callable[[str], bytes]) -> None:
    text = "@book{a,\n title = {Café – “Müßig”},\n author = {Zoë, Ann}\n}\n"
    run(file("a.bib", encode(text)))
    paper = Paper.objects.get()
    assert (paper.title, paper.authorships.get().name) == ("Café – “Müßig”", "Ann Zoë")


def test_bytes_of_two_encodings_in_one_file_are_told_apart(file: Callable[..., Path]) -> None:
    run(file("a.bib", "@book{a, title={Café}}\n".encode("cp1252") + "@book{b, title={Müßig}}\n".encode()))
    assert set(Paper.objects.values_list("title", flat=True)) == {"Café", "Müßig"}


def test_a_file_too_large_to_be_read_as_a_whole_says_so(
    file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "LARGEST_WHOLE_FILE", 10)
    assert "split it" in refusal(file("refs.bib", BIB))


def test_hostile_values_are_stored_or_rejected(file: Callable[..., Path]) -> None:
    items = [
        {"title": "x" * 5_000, "DOI": "10.1000/" + "y" * 600, "URL": "javascript:alert(1)"},
        {"title": "\ud800\x00Title <script>alert(1)</script>", "DOI": "10.1000/2", "container-title": "v" * 3_000},
        {"title": "a", "DOI": "10.1000/3", "author": [{"family": "z" * 4_000}] * 3, "issued": {"date-parts": [[9999]]}},
        {"title": "b", "DOI": "10.1000/4", "abstract": "\0" * 50, "URL": "https://example.org/" + "u" * 3_000},
    ]
    assert run(file("a.json", json.dumps(items)))[-1].endswith("unchanged 0, rejected 0")
    assert not Paper.objects.filter(title__contains="<script>").exists()
    assert not Paper.objects.filter(url__startswith="javascript").exists()


# Runs -----------------------------------------------------------------------------------------------------------------


def test_a_dry_run_reports_the_same_and_stores_nothing(file: Callable[..., Path]) -> None:
    lines = run(file("refs.bib", BIB), dry_run=True)
    assert lines[-3:] == [
        "rejected: no identifier and no title: 1",
        "Dry run: nothing was stored.",
        "created 2, updated 0, unchanged 0, rejected 1",
    ]
    assert not Paper.objects.exists() and not ImportRun.objects.exists()


def test_rejected_entries_are_kept_with_reason_and_raw_form(file: Callable[..., Path]) -> None:
    run(file("refs.bib", BIB))
    rejected = ImportRun.objects.get().rejected_records.get()
    assert rejected.reason == "no identifier and no title" and "nothing that names it" in rejected.raw


def test_an_interrupted_import_goes_on_where_it_stopped(
    file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PAGE_ENTRIES", 2)
    path = file("refs.bib", "\n".join(f"@book{{k{n}, title={{Book {n}}}}}" for n in range(5)))
    pages = 0

    def interrupt(report: object) -> None:
        nonlocal pages
        pages += 1
        if pages == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importing_files.import_file(path, progress=interrupt)
    assert Paper.objects.count() == 4
    lines = run(path)
    assert "Went on after the 4 rows of an interrupted run." in lines
    assert lines[-1] == "created 5, updated 0, unchanged 0, rejected 0"
    assert ImportRun.objects.get().status == ImportRun.FINISHED


def test_a_resumed_import_tells_all_reasons_and_of_many_the_commonest(
    file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_paper("The Hub", identifiers=["doi:10.1000/hub"])
    monkeypatch.setattr(files, "PAGE_ENTRIES", 10)
    rows = "".join(f"Row {n},,2001,10.1000/{n},,,,,,,hub-{n}\n" for n in range(13))
    path = file("rows.csv", HEADER + ",,2001,,,,,,,,the-hub\n" * 2 + rows)

    def interrupt(report: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importing_files.import_file(path, progress=interrupt)
    lines = run(path)
    told = [line for line in lines if line.startswith("rejected: ")]
    assert told[0].startswith("rejected: ") and told[0].endswith(": 1")
    assert (len(told), told[-1]) == (11, "rejected: for other reasons: 5")
    assert lines[-1] == "created 0, updated 0, unchanged 0, rejected 15"


def test_ctrl_c_says_how_to_go_on(file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def pages(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.EntryFile, "pages", pages)
    with pytest.raises(CommandError, match="Interrupted") as caught:
        run(file("refs.bib", BIB))
    assert caught.value.returncode == 130


def test_on_a_terminal_a_bar_moves_and_the_last_line_is_the_same(file: Callable[..., Path]) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    call_command("import_file", str(file("[bold]refs.bib", BIB)), stdout=out)
    assert out.getvalue().splitlines()[1:] == ["created 2, updated 0, unchanged 0, rejected 1"]


def test_the_bar_says_how_fast_rows_come_in() -> None:
    times = iter(range(100))
    bar = Progress(output.RateColumn(), console=Console(file=io.StringIO()), get_time=lambda: next(times))
    bar.add_task("a list", total=1_000)
    task = bar.tasks[0]
    assert output.RateColumn().render(task).plain == ""
    for rows in (250, 500):
        bar.update(task.id, completed=rows)
    assert re.fullmatch(r"[0-9]+ rows/s", output.RateColumn().render(task).plain)


def test_a_changed_file_is_another_import(file: Callable[..., Path]) -> None:
    run(file("refs.bib", BIB))
    run(file("refs.bib", BIB + "\n@book{d, title={Another}}"))
    assert ImportRun.objects.count() == 2 and Paper.objects.count() == 3


def test_several_files_are_counted_each_and_together(file: Callable[..., Path]) -> None:
    lines = run(file("a.bib", BIB), file("b.ris", "TY  - JOUR\nTI  - Third\nER  - \n"))
    assert "b.ris: created 1, updated 0, unchanged 0, rejected 0" in lines
    assert lines[-1] == "created 3, updated 0, unchanged 0, rejected 1"


# Files from the field -------------------------------------------------------------------------------------------------

_BIBTEX_ENTRY = re.compile(r"^[ \t]*@(?!\s*(?:comment|string|preamble)\b)\s*\w+\s*[{(]", re.MULTILINE | re.IGNORECASE)
_FOLDERS = ("bibtex", "ris", "csljson", "scicite", "citation_function/acl_arc", "citation_function/scicite")


def field_files() -> list[Path]:
    """The recorded files of supported forms; the largest corpus is left to its smaller part."""
    found = [path for folder in _FOLDERS for path in sorted((SHARED / "data" / folder).glob("*.*"))]
    return [path for path in found if path.suffix != ".md" and path.stat().st_size < 2_000_000]


def entries_in(path: Path) -> int:
    """How many entries a file holds, counted without the parsers."""
    text = path.read_bytes().decode("utf-8", errors="replace")
    if path.parent.name == "bibtex":
        return len(_BIBTEX_ENTRY.findall(text))
    if path.suffix == ".ris":
        return len(re.findall(r"^\ufeff?TY  -", text, re.MULTILINE))
    return len(text.splitlines()) if path.suffix == ".jsonl" else 1


@pytest.mark.parametrize("path", field_files(), ids=lambda path: f"{path.parent.name}/{path.name[-40:]}")
def test_every_entry_of_a_file_from_the_field_is_accounted_for(path: Path) -> None:
    first = importing_files.import_file(path)
    assert first.counts.total == entries_in(path)
    second = importing_files.import_file(path)
    assert (second.created, second.updated, second.rejected) == (0, 0, first.rejected)
    assert RejectedRecord.objects.filter(reason="").count() == 0


@pytest.mark.parametrize("name", ["icite/icite_sample_visible.csv", "citation_function/citelling/all.jsonl"])
def test_files_of_other_forms_are_refused_in_one_line(name: str) -> None:
    path = SHARED / "data" / name
    if not path.exists():
        pytest.skip("the recorded files are not beside the project (../shared)")
    with pytest.raises(SourceError, match=path.name) as caught:
        importing_files.import_file(path)
    assert "\n" not in str(caught.value)


def test_the_documentation_names_every_form_and_option() -> None:
    documentation = (ROOT / "docs" / "importing.md").read_text("utf-8")
    named = (*files.FORMATS, files.AUTO, "--cites", "--format", "--dry-run", "import_file")
    assert [name for name in named if f"`{name}" not in documentation and f" {name}" not in documentation] == []


def test_a_paper_without_identifiers_cannot_be_cited_by_a_file(file: Callable[..., Path]) -> None:
    hub = make_paper("Nameless")
    path = file("refs.bib", BIB)
    assert "no identifier" in refusal(path, cites="nameless")
    add_identifier(hub, "doi:10.1000/now")
    assert run(path, cites="nameless")[-1].startswith("created 2")


def test_the_documentation_lists_the_sources_in_their_order() -> None:
    documentation = (ROOT / "docs" / "importing.md").read_text("utf-8")
    places = [re.search(rf"^\d+\. `{source}`", documentation, re.MULTILINE) for source in SOURCE_PRIORITY]
    starts = [place.start() for place in places if place is not None]
    assert len(starts) == len(SOURCE_PRIORITY) and starts == sorted(starts)


def test_the_documentation_names_every_service() -> None:
    documentation = (ROOT / "docs" / "importing.md").read_text("utf-8")
    assert [name for name in service_names() if f"\n| `{name}`" not in documentation] == []
