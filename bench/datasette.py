"""Datasette, tuned, with the same rows: one table with an index for each thing that is asked, and a full-text index.

It is installed into an environment of its own beside the kept collection, from requirements-bench.txt.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench import synthetic

_REQUIREMENTS = synthetic.ROOT / "requirements-bench.txt"
# Nothing is guessed, nothing is cut short, and memory for the whole file.
_SETTINGS = {
    "suggest_facets": "off",
    "default_page_size": "50",
    "facet_time_limit_ms": "60000",
    "sql_time_limit_ms": "60000",
    "cache_size_kb": "400000",
}
_COLUMNS = (
    "id INTEGER PRIMARY KEY, hub INTEGER, title TEXT, authors TEXT, summary TEXT, sentences TEXT, year INTEGER, "
    "published TEXT, venue TEXT, role TEXT, polarity TEXT, decided_by TEXT, suggested TEXT, influential INTEGER, "
    "self_citation INTEGER, retracted INTEGER, coarse INTEGER, confirmed INTEGER, cited_by_count INTEGER"
)
# The order of each follows the GROUP BY or ORDER BY that Datasette writes.
_INDEXES = ("hub, published", "hub, role, year", "hub, year, role")


def address(size: int, query: str = "") -> str:
    """The page of the papers that cite the hub of this size, newest first, with two facets."""
    asked = f"{query}&" if query else ""
    return f"/bench/citing?hub={size}&{asked}_facet=role&_facet=year&_sort_desc=published&_size=50"


def make_file() -> Path:
    """The rows of the measured hubs as one table, from the database that Django is connected with; kept."""
    file = synthetic.FOLDER / f"datasette-{synthetic.VERSION}-{synthetic.SIZES[-1]}.sqlite3"
    if file.is_file():
        return file
    partial = synthetic.FOLDER / "unfinished-datasette.sqlite3"
    partial.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(partial)) as made:
        made.execute(f"CREATE TABLE citing ({_COLUMNS})")
        made.execute(
            "CREATE VIRTUAL TABLE citing_fts USING fts5(title, summary, abstract, sentences, content=[citing])"
        )
        for size in synthetic.SIZES:
            _fill(made, size)
            synthetic.say(f"Datasette's rows of the hub of {size:,}")
        for columns in _INDEXES:
            made.execute(f'CREATE INDEX "citing {columns}" ON citing ({columns})')
        made.execute("INSERT INTO citing_fts(citing_fts) VALUES ('optimize')")
        made.execute("ANALYZE")
        made.commit()
    partial.replace(file)
    return file


def _fill(made: sqlite3.Connection, size: int) -> None:
    """The rows of one hub."""
    from citations.models import Authorship, Citation, Mention

    citations = Citation.objects.public().filter(cited__slug=synthetic.slug(size))
    names: dict[int, list[str]] = {}
    sentences: dict[int, list[str]] = {}
    ids = citations.order_by().values("citing_id")
    for paper, name in Authorship.objects.filter(paper_id__in=ids).order_by("position").values_list("paper_id", "name"):
        names.setdefault(paper, []).append(name)
    mentions = Mention.objects.filter(citation__cited__slug=synthetic.slug(size)).order_by("id")
    for citation, sentence in mentions.values_list("citation_id", "sentence"):
        sentences.setdefault(citation, []).append(sentence)
    columns = (
        "id", "citing_id", "citing__title", "citing__summary", "citing__abstract", "year", "sort_date", "venue__name",
        "role", "polarity", "role_by", "suggested_role", "is_influential", "is_self_citation", "retracted", "coarse",
        "confirmed", "cited_by_count",
    )  # fmt: skip
    for number, paper, title, summary, abstract, year, day, *rest in citations.values_list(*columns).iterator():
        said = " | ".join(sentences.get(number, ()))
        row = (number, size, title, "; ".join(names.get(paper, ())), summary, said, year, day.isoformat(), *rest)
        made.execute(f"INSERT INTO citing VALUES ({', '.join('?' * len(row))})", row)
        made.execute(
            "INSERT INTO citing_fts (rowid, title, summary, abstract, sentences) VALUES (?, ?, ?, ?, ?)",
            (number, title, summary, abstract, said),
        )


def _program() -> Path:
    """Datasette, which is installed where it is not there or not as pinned."""
    folder = synthetic.FOLDER / "datasette-venv"
    program, noted = folder / "bin" / "datasette", folder / "installed"
    wanted = _REQUIREMENTS.read_text("utf-8")
    if not (program.exists() and noted.is_file() and noted.read_text("utf-8") == wanted):
        synthetic.say("Installing Datasette ...")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        install = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", str(_REQUIREMENTS)], check=True, stderr=subprocess.DEVNULL)
        noted.write_text(wanted, "utf-8")
    return program


@contextlib.contextmanager
def served(file: Path) -> Iterator[int]:
    """Datasette serving the file under the name `bench`; gives its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    link = file.with_name("bench.db")
    link.unlink(missing_ok=True)
    link.symlink_to(file.name)
    settings = [part for name, value in _SETTINGS.items() for part in ("--setting", name, value)]
    command = [str(_program()), "serve", "-i", str(link), "-p", str(port), *settings]
    quiet = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with subprocess.Popen(command, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            begun = time.monotonic()
            while time.monotonic() - begun < 60 and process.poll() is None:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.1)
            else:
                raise RuntimeError("Datasette did not start")
            yield port
        finally:
            process.terminate()
