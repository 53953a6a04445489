"""Everything that services have answered and tools have exported, as recorded beside the project: each entry of each
file is created, updated, unchanged or rejected with a reason, and none is lost or ends in a traceback.

What the importers ask services for, page by page, is tested with each service (`test_import_citations.py`). Here each
record of each answer goes into the collection, whichever request it answered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from citations.identifiers import parse
from citations.importing import files as importing_files
from citations.importing.runs import run_import
from citations.models import Paper, RejectedRecord
from citations.sources import arxiv, crossref, europepmc, openalex, opencitations, semanticscholar
from citations.sources.records import CitationRecord, Direction, Page, PaperRecord, Rejected, SourceError
from tests.conftest import SHARED

DATA = SHARED / "data"
HUB = PaperRecord((parse("10.9999/the-hub"),), title="The hub")
Record = CitationRecord | PaperRecord | Rejected
# Of no supported form: what other services answer or other tools keep. Each is refused in one line.
FOREIGN = ("datacite/*.json", "datacite/*.jsonl", "icite/*.csv", "opencitations/*.csv", "arxiv/*.jsonl")

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.is_dir(), reason="the recorded answers of services are not beside the project"),
]


def body_of(path: Path) -> Any:
    """What a service answered; None for a file that is no JSON."""
    recorded = json.loads(path.read_text("utf-8"))
    if isinstance(recorded, dict) and "response" in recorded:
        return recorded["response"].get("body")
    return recorded


def semantic_scholar_rows(path: Path) -> tuple[list[Record], int]:
    """Rows of lists, or papers of a search or a look-up."""
    body = body_of(path)
    rows = body.get("data", [body] if "paperId" in body else []) if isinstance(body, dict) else body or []
    if isinstance(body, dict) and ("citingPaper" in body or "citedPaper" in body):
        rows = [body]
    found: list[Record] = []
    for row in rows:
        if "citingPaper" in row or "citedPaper" in row:
            direction: Direction = "citations" if "citingPaper" in row else "references"
            found.append(semanticscholar.citation_record(row, HUB, direction))
        else:
            found.append(semanticscholar.paper_record(row))
    return found, path.read_text("utf-8").count('"citingPaper"') if "offset" in path.name else len(rows)


def openalex_rows(path: Path) -> tuple[list[Record], int]:
    """Works, and objects of other kinds, which are rejected."""
    body = body_of(path)
    rows = body.get("results", [body])
    return [openalex.work_or_rejected(row) for row in rows], len(rows)


def crossref_rows(path: Path) -> tuple[list[Record], int]:
    """Works with their references."""
    body = body_of(path)
    if not isinstance(body, dict) or body.get("message-type") not in ("work", "work-list"):
        return [], 0
    works = body["message"].get("items", [body["message"]])
    found: list[Record] = [crossref.work_or_rejected(row) for row in works]
    for row in works:
        hub = crossref.paper_record(row)
        found += [crossref.reference_record(entry, hub, {}) for entry in row.get("reference", [])]
    return found, len(works) + sum(len(row.get("reference", [])) for row in works)


def opencitations_rows(path: Path) -> tuple[list[Record], int]:
    """Pairs of DOIs, or metadata."""
    rows = [row for row in body_of(path) or [] if isinstance(row, dict)] if isinstance(body_of(path), list) else []
    if rows and "citing" in rows[0]:
        return [opencitations.citation_record(row, HUB, "citations", {}) for row in rows], len(rows)
    return [opencitations.metadata_record(row) for row in rows], len(rows)


def europe_pmc_rows(path: Path) -> tuple[list[Record], int]:
    """Results of a search, or a list of citing papers."""
    body = body_of(path)
    rows = body["resultList"]["result"] if "resultList" in body else body["citationList"]["citation"]
    return [europepmc.citation_record(row, HUB, "citations") for row in rows], len(rows)


def arxiv_rows(path: Path) -> tuple[list[Record], int]:
    """Entries of a feed; where it was recorded as JSON, its UTF-8 was read as Latin-1."""
    content = path.read_bytes()
    if path.suffix == ".json":
        content = json.loads(content)["body"].encode("latin-1")
    found: list[Record] = [arxiv.entry_or_rejected(entry) for entry in arxiv.entries(arxiv.parse_feed(content))]
    return found, len(re.findall(rb"<entry\b", content))


READERS: dict[str, tuple[str, Callable[[Path], tuple[list[Record], int]]]] = {
    "semanticscholar/**/*.json": ("semanticscholar", semantic_scholar_rows),
    "openalex/*.json": ("openalex", openalex_rows),
    "crossref/test_*.json": ("crossref", crossref_rows),
    "opencitations/oc_*.json": ("opencitations", opencitations_rows),
    "europepmc/*.json": ("europepmc", europe_pmc_rows),
    "arxiv/*.json": ("arxiv", arxiv_rows),
    "arxiv/**/*.xml": ("arxiv", arxiv_rows),
}


def files(patterns: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """Recorded files with the pattern that names them."""
    for pattern in patterns:
        for path in sorted(DATA.glob(pattern)):
            yield pattern, path


def name_of(value: object) -> str:
    """How a case is called."""
    return f"{value.parent.name}/{value.name[-40:]}" if isinstance(value, Path) else ""


@pytest.mark.parametrize(("pattern", "path"), list(files(READERS)), ids=name_of)
def test_every_row_that_a_service_answered_is_accounted_for(pattern: str, path: Path) -> None:
    source, read = READERS[pattern]
    records, rows = read(path)
    assert len(records) == rows

    def imported() -> Any:
        return run_import(source, lambda _: [Page(tuple(records), papers=(HUB,), done=True)], {"file": path.name})

    first = imported()
    assert first.counts.total == rows
    assert RejectedRecord.objects.filter(reason="").count() == 0
    stored = Paper.objects.count()
    again = imported()
    assert (again.created, again.updated, Paper.objects.count()) == (0, 0, stored)
    # A reference without a title may have become known by a later row.
    assert again.rejected <= first.rejected


def test_the_files_of_services_are_all_looked_at() -> None:
    looked_at = {path for _, path in files([*READERS, *FOREIGN, "crossref/unixref_*.json"])}
    folders = ("semanticscholar", "openalex", "crossref", "opencitations", "europepmc", "arxiv", "datacite", "icite")
    there = {path for folder in folders for path in (DATA / folder).rglob("*.*") if path.is_file()}
    assert [path.name for path in sorted(there - looked_at) if path.suffix != ".md"] == []


def metadata_of(lines: Iterable[str], folder: Path) -> Path:
    """The blocks of AAN's metadata that tell of the papers on these lines."""
    named = {name for line in lines for name in re.findall(r"[A-Z][0-9]{2}-[0-9]{4}", line)}
    blocks = (DATA / "graphs/aan_metadata_to2005.txt").read_text("utf-8", errors="replace").split("\n\n")
    path = folder / "metadata.txt"
    path.write_text("\n\n".join(block for block in blocks if set(re.findall(r"id = {(.+?)}", block)) & named), "utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("opencitations/citations_data.csv", "doi"),
        ("opencitations/crossref_citations.csv", "doi"),
        ("opencitations/noci_citations.csv", "pmid"),
        ("graphs/aan_edges_citing_to2005.txt", "acl"),
        ("graphs/hepth_edges_reindexed.tsv", ""),
    ],
)
def test_every_line_of_a_published_list_of_pairs_is_accounted_for(name: str, scheme: str, tmp_path: Path) -> None:
    # Of the largest, a part: the whole of each is read in test_snapshot_sources.py and counted by `make bench`.
    lines = [line for line in (DATA / name).read_text("utf-8").splitlines() if line.strip()][:4_000]
    path = tmp_path / Path(name).name
    path.write_text("\n".join(lines) + "\n", "utf-8")
    rows = len(lines) - (1 if "citing" in lines[0] else 0)

    def imported() -> list[int]:
        printed = StringIO()
        options = ["--scheme", scheme] if scheme else []
        options += ["--metadata", str(metadata_of(lines, tmp_path))] if scheme == "acl" else []
        call_command("import_snapshot", str(path), "--source", "edges", *options, stdout=printed)
        of_step = re.findall(r"^citations: created .*", printed.getvalue(), re.MULTILINE)
        return [int(number) for number in re.findall(r"\d+", (of_step or printed.getvalue().splitlines())[-1])]

    created, updated, unchanged, rejected = imported()
    assert created > 0 and created + updated + unchanged + rejected == rows
    assert imported() == [0, 0, created + updated + unchanged, rejected]


@pytest.mark.parametrize("path", [path for _, path in files(FOREIGN)], ids=name_of)
def test_a_file_of_a_form_that_is_not_supported_is_refused_in_one_line(path: Path) -> None:
    with pytest.raises(SourceError, match=re.escape(path.name)) as caught:
        importing_files.import_file(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(CommandError):
        call_command("import_file", str(path), stdout=StringIO(), stderr=StringIO())
