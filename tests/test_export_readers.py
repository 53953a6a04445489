"""Other people's programs, and our own importer, read our exports back to the same papers, however hostile."""

from __future__ import annotations

import csv
import io
import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from citeproc import Citation as CitedItem
from citeproc import CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from django.core.management import call_command
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citations.exports.formats import named_parts
from citations.exports.rows import one_line
from citations.models import Citation, Paper
from citations.sources import bibtex, csljson, ris
from citations.sources.records import Rejected
from citations.sources.rows import Row, csv_rows, export_rows
from citations.text import fold
from citations.vocabulary import Kind, Role
from tests.factories import make_citation, make_curator, make_hub, make_label, make_paper, paper_changed
from tests.test_exports import break_after, export, page_titles

pytestmark = pytest.mark.django_db

# Each is a way to break one format or another. Braces without partners, commands, ends of records and of scripts.
HOSTILE = [
    '=HYPERLINK("http://evil.example","x")',
    "Quotes \"double\" and 'single' and “curly”",
    "A new\nline, a carriage\r\nreturn and a\ttab",
    "Braces {open {and} closed} and a lone }",
    "A lone { and 100% of $5 & #1 _under_ ~tilde ^hat",
    "Backslash \\textbf{bold} \\n \\input{/etc/passwd} \\\\",
    "</script><script>alert(1)</script><!-- -->",
    "@article{evil, title={no}}",
    "ER  - \r\nTY  - JOUR",
    "TY  - in a title",
    "% a comment",
    '{"json": [1, 2]} \\u0000',
    "Right to left \u202eoverride\u202c and \u200fmark",
    "Null \x00 bell \x07 escape \x1b[31m",
    "深度學習 und Übergröße — naïve café",
    "שלום עולם مرحبا",
    "Comma, semicolon; bar | pipe",
    "x" * 1_900,
    "-- dashes --- `` quotes ''",
    "' starts with an apostrophe",
    "&amp; &lt;b&gt; ]]>",
    "a  b   c",
]


@pytest.fixture
def hostile() -> Paper:
    """A hub with a hostile name, cited by papers all of whose texts are hostile."""
    hub = make_paper("Hub </script> {x", slug="hub")
    for place, title in enumerate(HOSTILE):
        # PostgreSQL stores no null characters; the other engine may hold them.
        storable = title.replace("\x00", "\x01")
        citing = make_paper(
            storable,
            slug=f"citing-{place}",
            summary=storable,
            authors=[storable[:290] or "x", "Ada van Lovelace"],
            venue=f"{place} {storable[:290]}",
            kind=list(Kind)[place % len(Kind)].value,
            year=2000 + place,
            url=f"https://example.org/{place}?a=1&b={{2}}%20",
            identifiers=[f"10.1000/hostile.{place}"],
        )
        citation = make_citation(citing, hub, sentences=[storable])
        make_label(citation, "method", curator=make_curator())
    return hub


def expected(hub: Paper, query: str = "") -> list[str]:
    """The titles of the page as files have them: in one line, without what prints nothing."""
    return [one_line(title) for title in page_titles(hub, query)]


def words(text: str) -> str:
    """The letters and digits of a text: what is left of it after a walk through TeX."""
    return fold(text).replace(" ", "")


def test_csv_reads_every_title_back(client: Client, hostile: Paper) -> None:
    rows = list(csv.DictReader(io.StringIO(export(client, hostile, "csv"), newline=""), strict=True))
    guarded = [f"'{title}" if title.startswith(("=", "+", "-", "@")) else title for title in expected(hostile)]
    assert [row["title"] for row in rows] == guarded
    assert all(None not in row and None not in row.values() for row in rows)
    assert {row["role"] for row in rows} == {"method"}


def test_json_reads_every_title_back(client: Client, hostile: Paper) -> None:
    results = json.loads(export(client, hostile, "json"))["results"]
    assert [row["title"] for row in results] == expected(hostile)
    assert [row["sentences"] for row in results] == [[title] for title in expected(hostile)]


def test_bibtexparser_reads_every_paper_back(client: Client, hostile: Paper) -> None:
    library = parse_string(export(client, hostile, "bib"))
    assert library.failed_blocks == []
    assert len(library.entries) == len({entry.key for entry in library.entries}) == len(HOSTILE)
    for entry, title in zip(library.entries, expected(hostile), strict=True):
        assert words(re.sub(r"\\text[a-z]+\{\}", "", entry["title"])) == words(title)
        assert entry["author"].endswith(" and Ada van Lovelace")
        assert "role: method" in entry["keywords"] and "hub: hub" in entry["keywords"]
        assert entry["annote"].startswith("Cites hub. Role: Tool or method.")
    assert [entry["doi"] for entry in library.entries] == [
        f"10.1000/hostile.{HOSTILE.index(raw)}" for raw in reversed(HOSTILE)
    ]


def test_every_bibtex_entry_has_balanced_braces(client: Client, hostile: Paper) -> None:
    """BibTeX counts them all, escaped or not."""
    for entry in parse_string(export(client, hostile, "bib")).entries:
        assert entry.raw is not None
        assert entry.raw.count("{") == entry.raw.count("}")


def test_rispy_reads_every_paper_back(client: Client, hostile: Paper) -> None:
    records = rispy.loads(export(client, hostile, "ris"))
    assert [record["title"] for record in records] == expected(hostile)
    for record in records:
        assert record["doi"].startswith("10.1000/hostile.")
        assert "role: method" in record["keywords"] and "hub: hub" in record["keywords"]
        assert record["authors"][-1] == "van Lovelace, Ada"
        assert any(note.startswith("Citing sentence: ") for note in record["notes"])


def test_a_citation_processor_prints_every_paper(client: Client, hostile: Paper) -> None:
    content = json.loads(export(client, hostile, "csl.json"))
    assert [item["title"] for item in content] == expected(hostile)
    assert all(item["custom"]["role"] == "method" and item["custom"]["hub"] == "hub" for item in content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = CiteProcJSON(content)
        bibliography = CitationStylesBibliography(
            CitationStylesStyle("harvard-cite-them-right", validate=False), source, formatter.plain
        )
        for item in content:
            bibliography.register(CitedItem([CitationItem(item["id"])]))
        printed = [str(entry) for entry in bibliography.bibliography()]
    assert len(printed) == len(HOSTILE)
    together = words(" ".join(printed))
    assert all(words(title) in together for title in expected(hostile))


def read_back(rows: Any) -> list[Row]:
    """The rows that our importer reads; none is rejected."""
    found = list(rows)
    assert all(isinstance(row, Row) for row in found), found
    return found


@pytest.mark.parametrize(
    ("form", "read"),
    [
        ("csv", lambda content: csv_rows(content.splitlines(keepends=True))),
        ("json", lambda content: export_rows(json.loads(content))),
    ],
)
def test_our_importer_reads_rows_back(client: Client, form: str, read: Callable[[str], Any]) -> None:
    hub = make_hub({"method": 3, "dataset": 2, "unclear": 1}, 2, polarities={"supports": 2, "disputes": 1}, slug="hub")
    citing = list(Paper.objects.filter(references_made__cited=hub))
    for place, paper in enumerate(citing):
        paper.summary, paper.year, paper.kind = f"Summary; {place} | x", 2010 + place, "article"
        paper.save()
    paper_changed(*citing)
    full = make_citation(
        make_paper("Full", authors=["Ada van Lovelace", "Émile Zola"], identifiers=["10.1000/1", "arXiv:2401.00001"]),
        hub,
        sentences=["p(x | y) | z |", "| Second"],
        is_influential=True,
    )
    make_label(full, "evidence", "mixed", curator=make_curator())
    rows = read_back(read(export(client, hub, form)))
    stored = list(Citation.objects.filter(cited=hub).order_by("-sort_date", "-id").select_related("citing"))
    assert [row.paper.title for row in rows] == page_titles(hub) == [citation.citing.title for citation in stored]
    for row, citation in zip(rows, stored, strict=True):
        assert (row.role, row.polarity) == (citation.role, citation.polarity)
        assert (row.hub, row.paper_slug) == ("hub", citation.citing.slug)
        assert (row.paper.summary, row.paper.year, row.paper.kind) == (
            citation.citing.summary,
            citation.citing.year,
            citation.citing.kind,
        )
        assert row.is_influential is citation.is_influential
    last = next(row for row in rows if row.paper.title == "Full")
    assert [author.name for author in last.paper.authors] == ["Ada van Lovelace", "Émile Zola"]
    assert [mention.sentence for mention in last.mentions] == ["p(x | y) | z |", "| Second"]
    assert [str(name) for name in last.paper.identifiers] == ["doi:10.1000/1", "arxiv:2401.00001"]


@pytest.mark.parametrize("form", ["csv", "json", "bib", "ris", "csl.json"])
def test_the_import_command_takes_every_export_of_references(client: Client, tmp_path: Path, form: str) -> None:
    """What is imported again names papers that are there already: nothing is made twice."""
    hub = make_paper("Hub", identifiers=["10.1000/hub"], slug="hub")
    for place in range(3):
        make_citation(make_paper(f"Citing {place}", identifiers=[f"10.1000/{place}"], authors=["Ada Bee"]), hub)
    file = tmp_path / f"export.{form}"
    file.write_bytes(export(client, hub, form).encode())
    before = Paper.objects.count()
    call_command("import_file", str(file), "--cites", "doi:10.1000/hub", stdout=io.StringIO())
    assert Paper.objects.count() == before
    assert Citation.objects.filter(cited=hub).count() == 3


def test_programs_stumble_over_a_file_that_is_not_whole(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = make_paper("Hub")
    for place in range(3):
        make_citation(make_paper(f"Citing {place}", identifiers=[f"10.1000/{place}"]), hub)
    readers: dict[str, Callable[[str], Any]] = {
        "csv": lambda content: csv_rows(content.splitlines(keepends=True)),
        "bib": bibtex.entries,
        "ris": lambda content: ris.entries(content.splitlines(keepends=True)),
        "csl.json": csljson.entries,
    }
    for form, read in readers.items():
        with monkeypatch.context() as patch:
            break_after(2, patch)
            content = export(client, hub, form)
        assert [isinstance(one, Rejected) for one in read(content)] == [False, False, True], form


# Names ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada Lovelace", ("Lovelace", "Ada")),
        ("Oskar van der Wal", ("van der Wal", "Oskar")),
        ("Ludwig van Beethoven", ("van Beethoven", "Ludwig")),
        ("Martin Luther King Jr.", ("King Jr.", "Martin Luther")),
        ("van der Wal", ("van der Wal", "")),
        ("Plato", ("Plato", "")),
        ("Barnes and Noble", ("Barnes and Noble", "")),
        ("Team 42", ("Team 42", "")),
        ("Google, Inc.", ("Google, Inc.", "")),
        ("{", ("{", "")),
        ("", ("", "")),
    ],
)
def test_a_name_falls_into_family_name_and_rest(name: str, parts: tuple[str, str]) -> None:
    assert named_parts(name) == parts


@given(st.text(max_size=40).map(one_line))
@settings(suppress_health_check=list(HealthCheck))
def test_no_name_loses_a_word(name: str) -> None:
    family, rest = named_parts(name)
    assert sorted(f"{rest} {family}".split()) == sorted(name.split())


def test_every_role_has_its_word_in_every_format(client: Client) -> None:
    for role in Role:
        hub = make_hub({role.value: 1})
        for form in ("csv", "json", "bib", "ris", "csl.json"):
            assert role.value in export(client, hub, form), (role, form)
        assert f'"cito:{role.cito}"' in export(client, hub, "jsonld")
