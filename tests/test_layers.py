"""The layers: modules of `citations` import lower numbers only, and only two places know the kind of database."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

LAYERS = {
    "vocabulary": 1,
    "identifiers": 1,
    "text": 1,
    "formatting": 1,
    "glossary": 1,  # docs/decisions.md
    "addresses": 1,  # docs/decisions.md
    "logs": 1,
    "charts": 2,  # this and the next are not in the first design: docs/decisions.md
    "references": 2,
    "hub_class": 2,
    "labels": 2,
    "sources": 2,
    "engines": 2,
    "classifier": 2,
    "querysets": 2,
    "models": 3,
    "replicas": 3,
    "search": 4,
    "summaries": 4,
    "labelling": 5,
    "filters": 5,
    "importing": 6,
    "agreement": 6,
    "suggesting": 6,
    "curation": 6,
    "history": 6,
    "facets": 6,
    "exports": 6,
    "listing": 7,
    "backups": 7,
    "views": 8,
    "api": 8,
    "feeds": 8,
    "admin": 8,
    "templatetags": 8,
    "management": 8,
    "urls": 9,
}
# Django loads these by their names, and nothing else imports them.
EXEMPT = {"apps", "migrations"}
# The first layer that sees a request or standard output.
OUTERMOST = 8
ENGINE_NAMES = {"sqlite", "sqlite3", "postgres", "postgresql"}


def modules(package: Path) -> Iterator[tuple[str, Path]]:
    """The Python files of a package, each with its dotted name below the package, such as "sources.ris"."""
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        if not parts or parts[0] not in EXEMPT:
            yield ".".join(parts), file


def executed(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes except those below `if TYPE_CHECKING:`, which only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                yield other
                yield from executed(other)
        else:
            yield from executed(node)


def imports(package: Path, name: str, file: Path) -> Iterator[tuple[int, str]]:
    """Each import that a module makes, anywhere in it: line, and absolute dotted name as far as it can be known."""
    inside = [package.name, *name.split(".")] if name else [package.name]
    if file.name != "__init__.py":
        inside = inside[:-1]
    for node in executed(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = inside[: len(inside) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            if origin == package.name:
                yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, origin


def layer_problems(package: Path) -> list[str]:
    """One sentence for each module without a layer and each import that does not go down."""
    problems = []
    for name, file in modules(package):
        own = name.split(".")[0]
        if own and own not in LAYERS:
            problems.append(f"{package.name}/{own} has no layer: declare it in LAYERS of tests/test_layers.py")
            continue
        for line, imported in imports(package, name, file):
            first, _, rest = imported.partition(".")
            target = rest.split(".")[0]
            where = f"{file.relative_to(package.parent)}:{line}"
            if first == "explorer":
                problems.append(f"{where} imports the project; take settings from django.conf")
            elif first != package.name or target == own:
                continue
            elif not own or target not in LAYERS:
                problems.append(
                    f"{where} imports {imported}, which it may not: {'no layer' if own else 'first of all'}"
                )
            elif LAYERS[target] >= LAYERS[own]:
                layers = f"{own} (layer {LAYERS[own]}) imports {target} (layer {LAYERS[target]})"
                problems.append(f"{where}: {layers}; import lower numbers only")
    return problems


def output_problems(package: Path) -> list[str]:
    """One sentence for each place below the outermost layer that prints, or that knows a request."""
    problems = []
    for name, file in modules(package):
        if LAYERS.get(name.split(".")[0], OUTERMOST) >= OUTERMOST:
            continue
        for node in executed(ast.parse(file.read_text("utf-8"))):
            printed = isinstance(node, ast.Name) and node.id == "print"
            stream = isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr")
            request = isinstance(node, ast.alias) and node.name in ("HttpRequest", "WSGIRequest")
            if printed or stream or request:
                line = getattr(node, "lineno", 0)
                problems.append(
                    f"{file.relative_to(package.parent)}:{line} prints or knows a request; only layer {OUTERMOST} may"
                )
    return problems


def engine_problems(root: Path) -> list[str]:
    """One sentence for each place outside settings, engines and migrations that asks for the kind of database."""
    files = [*(root / "citations").rglob("*.py"), *(root / "explorer").rglob("*.py")]
    allowed = ("explorer/settings.py", "citations/engines/", "citations/engines.py", "citations/migrations/")
    problems = []
    for file in sorted(files):
        place = file.relative_to(root).as_posix()
        if place.startswith(allowed):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            named = isinstance(node, ast.Constant) and str(node.value).lower() in ENGINE_NAMES
            asked = isinstance(node, ast.Attribute) and node.attr == "vendor"
            if named or asked:
                where = f"{place}:{getattr(node, 'lineno', 0)}"
                problems.append(f"{where} branches on the kind of database; citations/engines/ is the place")
    return problems


def written(folder: Path, files: dict[str, str]) -> Path:
    """A package `citations` in `folder` with these files."""
    package = folder / "citations"
    for name, content in {"__init__.py": "", **files}.items():
        file = package / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
    return package


def test_every_module_imports_lower_layers_only() -> None:
    assert layer_problems(ROOT / "citations") == []


def test_only_the_outermost_layer_prints_or_sees_a_request() -> None:
    assert output_problems(ROOT / "citations") == []


def test_only_settings_engines_and_migrations_know_the_kind_of_database() -> None:
    assert engine_problems(ROOT) == []


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("labels.py", "from citations.models import Label"),
        ("labels.py", "from citations import models"),
        ("labels.py", "import citations.models"),
        ("labels.py", "from .models import Label"),
        ("labels.py", "from . import models"),
        ("labels.py", "def late():\n    from citations.hub_class import wilson  # a sibling\n"),
        ("sources/ris.py", "from ..models import Label"),
        ("sources/__init__.py", "from .. import models"),
        ("labels.py", "from explorer import settings"),
        ("labels.py", "from citations import surprise"),
        ("surprise.py", ""),
        ("__init__.py", "from citations.vocabulary import Role"),
    ],
)
def test_an_import_that_does_not_go_down_is_found(tmp_path: Path, file: str, content: str) -> None:
    assert len(layer_problems(written(tmp_path, {file: content}))) == 1


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("labels.py", "from citations.vocabulary import Role\nimport citations.text, django.db"),
        (
            "sources/ris.py",
            "from .bibtex import read\nfrom . import bibtex\nimport citations.sources.bibtex\nfrom ..text import fold",
        ),
        ("sources/__init__.py", "from .ris import read\nfrom . import ris"),
        (
            "querysets.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from citations.models import Paper\n",
        ),
        ("migrations/0001_initial.py", "import citations.models"),
        ("apps.py", "from citations import engines"),
    ],
)
def test_an_import_that_goes_down_or_stays_in_its_package_is_allowed(tmp_path: Path, file: str, content: str) -> None:
    assert layer_problems(written(tmp_path, {file: content})) == []


@pytest.mark.parametrize(
    "content", ["print('done')", "import sys\nsys.stdout.write('x')", "from django.http import HttpRequest"]
)
def test_output_below_the_outermost_layer_is_found(tmp_path: Path, content: str) -> None:
    assert len(output_problems(written(tmp_path, {"importing.py": content}))) == 1
    assert output_problems(written(tmp_path, {"importing.py": "", "views/hub.py": content})) == []


@pytest.mark.parametrize(
    "content", ["fast = connection.vendor", "if kind == 'sqlite': pass", "if kind == 'PostgreSQL': pass"]
)
def test_a_branch_on_the_kind_of_database_is_found_outside_its_places(tmp_path: Path, content: str) -> None:
    written(tmp_path, {"search.py": content})
    assert len(engine_problems(tmp_path)) == 1
    written(tmp_path, {"search.py": "", "engines/sqlite.py": content, "migrations/0002_index.py": content})
    assert engine_problems(tmp_path) == []
