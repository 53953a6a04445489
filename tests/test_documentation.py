"""The documentation says what is so: its commands are understood, and run where that is possible; its links lead
somewhere; every command, address and parameter stands in it.

Settings are held to docs/deploying.md by tests/test_settings.py.
"""

from __future__ import annotations

import importlib.util
import io
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command, get_commands, load_command_class
from django.test import Client

from citations import urls
from citations.filters.base import PAGE, PAGE_SIZE, SORT, StrictFilterSet
from citations.filters.citations import CitationFilter, CleanFilter
from citations.filters.compare import CompareFilter
from citations.filters.hubs import HubFilter
from citations.filters.papers import PaperFilter, ReferenceFilter
from citations.filters.search import PaperSearch
from citations.history.filters import HistoryFilter
from citations.listing.lists import COUNT_VENUES, FIND_VENUE
from citations.models import Paper
from citations.views.agreement import AgreementFilter
from citations.views.audit import AuditFilter
from citations.views.citing import JUMP
from tests.factories import make_hub

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
# What was decided and what changed tells of the past too.
OF_TODAY = tuple(file for file in DOCUMENTS if file.name != "decisions.md")
TEXT = "\n".join(file.read_text("utf-8") for file in OF_TODAY)
READING = (ROOT / "docs" / "reading.md").read_text("utf-8")

# Commands that are only parsed here, and why.
NOT_RUN = {
    "import_citations": "asks services; tests/test_import_citations.py lets recorded answers reply",
    "ask_language_model": "asks a service; tests/test_ask_language_model.py",
    "createsuperuser": "asks a person",
    "runserver": "does not end",
    "migrate": "has run for every test",
    "prepare": "collects static files for this very process; tests/test_prepare.py",
    "generate_corpus": "makes thousands of papers; tests/test_generate_corpus.py makes fewer",
    "train_classifier": "takes long; tests/test_train_classifier.py",
    "evaluate_classifier": "judges the model that the command before it has made; tests/test_evaluate_classifier.py",
    "backup": "needs a database of its own; tests/test_backup.py",
    "restore": "needs a database of its own; tests/test_backup.py",
    "import_collection": "needs an empty database; tests/test_collection.py",
}
# Files that the examples name.
ROW = {"title": "A Table of Rows", "year": 2024, "doi": "10.1000/row", "role": "method"}
FILES = {
    "references.bib": "@article{a, title={On References}, author={Doe, Jane}, year={2021}, doi={10.1000/bib}}\n",
    "citing.ris": "TY  - JOUR\nTI  - On Tags\nAU  - Doe, Jane\nPY  - 2022\nDO  - 10.1000/ris\nER  - \n",
    "citing.csv": "title,year,doi,role,hub\nOn Commas,2023,10.1000/csv,method,pythia\n",
    "more.jsonl": json.dumps(ROW | {"hub": "pythia"}) + "\n",
    "edges.tsv": "doi:10.1000/one\tdoi:10.1000/two\n",
}


def lines_of_code(file: Path) -> Iterator[str]:
    """The lines of a document's blocks of code, fenced or indented; a line that ends in a backslash goes on."""
    fenced, before, kept = False, "", ""
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or (line.startswith("    ") and (not before.strip() or before.startswith("    "))):
            kept += line.strip()
            if kept.endswith("\\"):
                kept = kept[:-1]
                continue
            yield kept
            kept = ""
        before = line


CODE = [(file.name, line) for file in OF_TODAY for line in lines_of_code(file)]
MANAGE = [(name, line) for name, line in CODE if re.search(r"\bmanage\.py [a-z]", line)]


def arguments(line: str) -> list[str]:
    """What follows `manage.py` in a line of the documentation, up to a comment or a pipe."""
    words = shlex.split(line.partition("manage.py ")[2], comments=True)
    return words[: words.index("|")] if "|" in words else words


def test_there_are_commands_to_look_at() -> None:
    """The reader of documents finds what is there: else all below would hold of nothing."""
    assert len(MANAGE) > 25
    assert {name for name, _ in MANAGE} > {"README.md", "importing.md", "operating.md", "classifier.md"}
    assert any("systemd-run" in line and line.endswith("prepare --no-sample") for _, line in MANAGE)


@pytest.mark.parametrize(("name", "line"), MANAGE)
def test_a_documented_command_is_understood(name: str, line: str) -> None:
    command, *given = arguments(line)
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    parser.parse_args(given)  # ends the process where it does not understand


@pytest.mark.django_db
def test_documented_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, "utf-8")
    monkeypatch.chdir(tmp_path)
    call_command("load_sample", stdout=io.StringIO())
    make_hub({"method": 2}, 1, title="Pythia", slug="pythia")
    ran = set()
    for name, line in MANAGE:
        command, *given = arguments(line)
        if command in NOT_RUN:
            continue
        printed = io.StringIO()
        given = [f"{tmp_path}/out.jsonl.gz" if word == "-" else word for word in given]
        if command == "export_collection" and Path(given[0]).exists():
            given.append("--force")
        call_command(command, *given, stdout=printed, stderr=printed)  # raises where it ends with a reason
        assert printed.getvalue().strip() or command == "rebuild_summaries", (name, line)
        ran.add(command)
    assert ran >= {"import_file", "import_snapshot", "classify", "export_collection", "rebuild_summaries", "axes_reset"}
    titles = set(Paper.objects.values_list("title", flat=True))
    assert {"On References", "On Tags"} <= titles
    assert not {"On Commas", "A Table of Rows"} & titles  # tried by --dry-run alone


@pytest.mark.django_db
def test_documented_requests_are_answered(client: Client) -> None:
    call_command("load_sample", stdout=io.StringIO())
    slug = Paper.objects.get(title__startswith="Pythia").slug
    asked = [line for _, line in CODE if line.startswith("curl ")]
    assert asked
    for line in asked:
        address = urlsplit(shlex.split(line)[1])
        answer = client.get(f"{address.path}?{address.query}".replace("SLUG", slug))
        assert answer.status_code == 200, line


def test_documented_programs_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", TEXT)) | {
        line.split()[1] for _, line in CODE if line.startswith("make ") and "=" not in line.split()[1]
    }
    assert named and named <= targets
    for path in set(re.findall(r"\b(?:scripts|tests)/[a-z_/]+\.(?:sh|py)\b", TEXT)):
        assert (ROOT / path).exists(), path
    for module in set(re.findall(r"python -m (bench[a-z_.]*)", TEXT)):
        assert importlib.util.find_spec(module.rstrip(".")), module


def test_every_command_is_documented_and_nothing_else() -> None:
    ours = {name for name, app in get_commands().items() if app == "citations"}
    named = set(re.findall(r"manage\.py ([a-z_]+)", TEXT))
    assert ours <= named
    assert named <= set(get_commands())


# Addresses and parameters ---------------------------------------------------------------------------------------------

LISTS: dict[str, tuple[type[StrictFilterSet], tuple[str, ...]]] = {
    "/search/": (PaperSearch, ()),
    "/hubs/": (HubFilter, ()),
    "/hubs/<slug>/": (CleanFilter, ()),
    "/hubs/<slug>/citing/": (CitationFilter, (JUMP, FIND_VENUE, COUNT_VENUES)),
    "/hubs/<slug>/history/": (HistoryFilter, ()),
    "/compare/": (CompareFilter, ()),
    "/papers/": (PaperFilter, ()),
    "/papers/<slug>/": (ReferenceFilter, ()),
    "/audits/<number>/": (AuditFilter, ()),
    "/about/data/agreement/": (AgreementFilter, ()),
}


def filtersets(parent: type[StrictFilterSet] = StrictFilterSet) -> Iterator[type[StrictFilterSet]]:
    """Every list's parameters; those of the interface for programs are taken from these."""
    for child in parent.__subclasses__():
        if child.__module__.startswith("citations.") and not child.__module__.startswith("citations.api."):
            yield child
        yield from filtersets(child)


def parameters(filters: type[StrictFilterSet], more: tuple[str, ...] = ()) -> set[str]:
    """The names that a list takes."""
    pages = {PAGE, PAGE_SIZE} if filters.sorts else set()
    return {*filters.base_filters, *filters.ignored, *more, *pages, *({SORT} if len(filters.sorts) > 1 else ())}


def test_every_list_is_looked_at() -> None:
    assert {filters for filters, _ in LISTS.values()} == set(filtersets())


@pytest.mark.parametrize("address", LISTS)
def test_every_parameter_of_a_list_is_documented_and_nothing_else(address: str) -> None:
    rows = [row for row in READING.splitlines() if row.startswith(f"| `{address}` |")]
    assert len(rows) == 1
    documented = set(re.findall(r"`([a-z_]+)`", rows[0].split("|")[3]))
    assert documented == parameters(*LISTS[address])


def test_every_parameter_has_its_meaning() -> None:
    explained = set()
    for row in READING.partition("What the parameters mean")[2].splitlines():
        if row.startswith("| `"):
            explained |= set(re.findall(r"`([a-z_]+)`", row.split("|")[1]))
    wanted = set().union(*(parameters(*of_list) for of_list in LISTS.values()))
    assert explained == wanted


def test_every_public_address_is_documented() -> None:
    missing = []
    patterns: list[Any] = urls.urlpatterns
    for pattern in patterns:
        address = "/" + re.sub(r"<\w+:(\w+)>", r"<\1>", str(pattern.pattern))
        written = re.escape(address).replace("<form>", "(csv|bib)")
        if not re.search(rf"`[^`\n]*{written}[^`\n]*`", TEXT):
            missing.append(address)
    assert not missing


# Links ----------------------------------------------------------------------------------------------------------------


def headings(file: Path) -> set[str]:
    """The anchors of a document's headings."""
    found = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_links_between_documents_lead_somewhere(file: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", file.read_text("utf-8")):
        if urlsplit(target).scheme or target.startswith("{"):
            continue
        path, _, anchor = target.partition("#")
        found = (file.parent / path).resolve() if path else file
        if not found.exists() or (anchor and found.suffix == ".md" and anchor not in headings(found)):
            broken.append(target)
    assert not broken


def test_the_index_names_every_document() -> None:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    for file in DOCUMENTS[1:]:
        assert file.name == "README.md" or f"]({file.name})" in index, file.name
