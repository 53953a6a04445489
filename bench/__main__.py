"""`python -m bench [PART ...] [--engine sqlite]`: measurements, by default all, on every database that can be had.

The parts: `collection` makes what pages are measured on, once, and measures nothing; `loading`, `pages` (in process)
and `served` (over HTTP). Figures are written after each part, so that an interrupted run keeps what it has; of parts
and databases that were not measured the last figures stay.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import corpus, machine, postgres, synthetic
from bench.results import Result, received, table

ROOT = Path(__file__).resolve().parent.parent
MEASUREMENTS = {"bench.loading": "Loading", "bench.pages": "Pages", "bench.served": "Pages over HTTP"}
WITH_POSTGRES = str(ROOT / "scripts" / "with_postgres.sh")
ENGINES = ("sqlite", "postgresql")
# A part that hangs is ended after so many seconds.
LONGEST = 3_600
# Of somebody's own site, what does not matter here.
_OWN = frozenset({"DATABASE_URL", "DATA_DIR", "DEBUG", "DJANGO_SETTINGS_MODULE", "DATABASE_REPLICA_URLS", "CACHE_URL"})

INTRODUCTION = """# Performance

`make bench` has written this file. Figures are medians of several rounds, taken in turns where they are compared.
Ratios hold better than seconds: they compare two ways of doing the same on the same machine at the same time.
PostgreSQL runs on the same machine with `fsync` off, as the tests start it.
Figures of pages in a browser: [interface-figures.md](interface-figures.md).

"""
# What holds a figure back, for readers who wonder.
NOTES = {
    "bench.loading": """
Into an empty table rows are loaded without its secondary indexes and, on PostgreSQL, without its foreign keys, which it
checks for each row by a trigger: with them the loader and bare COPY took two and a half times as long. They are put
back when the rows are in, and check all of them at once; "whole import" holds the time for that.
""",
    "bench.pages": """
Times of SQLite are the processor's, those of PostgreSQL the wall's. A view costs more than its statements and its
template because rows become objects, are checked against the filters and get their links in Python: of an explorer's
page a third is its template, a third the ORM (six statements are put together, 150 rows become objects), and the rest
filters, facets, marks and the ledgers of fifty rows. Tried and kept: addresses from kept parts, ledgers read as rows,
numbers of facets as sizes of sets, shapes drawn once. Each made template and view quicker by as much, so that the ratio
between them stays. 1.25 times the bare cost would take statements written by hand and rows that never become objects.
The list "papers, a word of the title" reads every title, and a search over
everything ranks every match.
""",
    "bench.served": """
Pages are made anew for each request and sent compressed, as browsers ask for them, through one connection to one
gunicorn worker; rates are of two workers that eight connections ask at once, beside the program that asks. Datasette
(requirements-bench.txt) serves the rows of the measured hubs alone from one SQLite table with an index for each list
and facet and a full-text index, suggestions of facets off; it counts two facets, this site all of its own. Both sides
are checked to list equally many papers. What a page of this site takes hardly depends on the hub: eleven facets,
ledgers, sentences and links of fifty rows are made in 30 ms whatever its size, where Datasette makes a plain table.
That keeps the ratios to it below the goals; SQL is the smaller part (see "view against raw"). Who asks for a page that
somebody has asked for before gets the one that was kept ("page kept"), until a label changes; Datasette keeps none.
Memory of a worker is what it has for itself; pages of SQLite's file that are mapped are the system's to take back.
""",
}


def main(arguments: list[str]) -> int:
    """Measure, print, write."""
    names = [module.partition(".")[2] for module in MEASUREMENTS]
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measurements of the site, as ratios.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of: collection, {', '.join(names)} (default: all)")
    parser.add_argument("--engine", choices=ENGINES, help="measure on this database alone")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.parts if name not in ("collection", *names)]:
        sys.stderr.write(f"There is no part {unknown[0]!r}: the parts are collection, {' and '.join(names)}.\n")
        return 2
    engines = [given.engine] if given.engine else list(ENGINES)
    if postgres.programs() is None and "postgresql" in engines:
        sys.stderr.write("PostgreSQL is not installed: it is left out.\n")
        engines.remove("postgresql")
    try:
        return _run([f"bench.{name}" for name in given.parts or names], engines)
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. What was measured until now is written.\n")
        return 130
    except subprocess.CalledProcessError as failed:
        sys.stderr.write(f"\n{' '.join(failed.cmd[-2:])} ended with {failed.returncode}; what it said stands above.\n")
        return 1
    except subprocess.TimeoutExpired as late:
        sys.stderr.write(f"\n{' '.join(late.cmd[-2:])} took longer than {LONGEST} seconds and was ended.\n")
        return 1


def _run(modules: list[str], engines: list[str]) -> int:
    """Measure these parts on these databases."""
    begun = time.monotonic()
    for engine in engines:
        for module in (module for module in modules if module == "bench.loading"):
            _measure(module, engine, None, begun)
        others = [module for module in modules if module != "bench.loading"]
        if not others:
            continue
        _say(begun, f"the collection on {engine}")
        with synthetic.collection(engine) as address:
            for module in (module for module in others if module in MEASUREMENTS):
                _measure(module, engine, address, begun)
    return 0


def _measure(module: str, engine: str, address: str | None, begun: float) -> None:
    """One part on one database: print it and write it."""
    _say(begun, f"{module} on {engine}")
    prefix = [WITH_POSTGRES] if address is None and engine == "postgresql" else []
    found = _measured([*prefix, sys.executable, "-m", module], address)
    sys.stdout.write(f"\n{MEASUREMENTS[module]}\n\n{table(found)}\n")
    sys.stdout.flush()
    _write(module, engine, found)


def _say(begun: float, what: str) -> None:
    """A line that tells how far it is, and since when."""
    minutes, seconds = divmod(int(time.monotonic() - begun), 60)
    sys.stderr.write(f"[{minutes:d}:{seconds:02d}] {what} ...\n")


def _measured(command: list[str], address: str | None) -> list[Result]:
    """The results of one process: on this database, or on one of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if name not in _OWN}
        environment |= {"DATA_DIR": folder, "SLOW_QUERY_MS": "off", "LOG_LEVEL": "ERROR"} | (
            {"DATABASE_URL": address} if address else {}
        )
        with _ended(command, environment) as process:
            said, _ = process.communicate(timeout=LONGEST)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
    return received(said)


@contextlib.contextmanager
def _ended(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process that is told to end, and then waited for, however this ends."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def _write(module: str, engine: str, results: list[Result]) -> None:
    """Keep the figures for programs and for readers; those of other parts and databases stay as they were."""
    _, graph = corpus.graph(Path(tempfile.gettempdir()))
    file = ROOT / "bench" / "results.json"
    parts: dict[str, Any] = json.loads(file.read_text("utf-8"))["parts"] if file.is_file() else {}
    before = parts.get(module, {}).get("results", [])
    kept = [one for one in before if one["engine"] != engine]
    new = [asdict(one) for one in results]
    parts[module] = {
        "measured": datetime.date.today().isoformat(),
        "corpus": graph if module == "bench.loading" else synthetic.described(),
        "results": sorted(kept + new, key=lambda one: ENGINES.index(one["engine"])),
    }
    description = machine.description()
    file.write_text(json.dumps({"machine": description, "parts": parts}, indent=1) + "\n", "utf-8")
    about = "\n".join(f"- {name}: {value}" for name, value in description.items())
    texts = [
        f"## {title}\n\nMeasured on {parts[module]['corpus']} ({parts[module]['measured']}).\n\n"
        f"{table([Result(**one) for one in parts[module]['results']])}{NOTES[module]}"
        for module, title in MEASUREMENTS.items()
        if module in parts
    ]
    text = f"{INTRODUCTION}Measured with:\n\n{about}\n\n" + "\n".join(texts)
    (ROOT / "docs" / "performance.md").write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
