"""`python -m bench`: every measurement on every database that can be had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench import corpus, machine, synthetic
from bench.results import Result, received, table

ROOT = Path(__file__).resolve().parent.parent
MEASUREMENTS = {"bench.loading": "Loading", "bench.pages": "Pages"}
WITH_POSTGRES = str(ROOT / "scripts" / "with_postgres.sh")

INTRODUCTION = """# Performance

`make bench` has written this file. Figures are medians of several rounds, taken in turns where they are compared.
Ratios hold better than seconds: they compare two ways of doing the same on the same machine at the same time.
PostgreSQL runs on the same machine with `fsync` off, as the tests start it.

"""
# What holds a figure back, for readers who wonder.
NOTES = {
    "bench.loading": """
A load keeps every constraint on. On PostgreSQL the foreign keys of a citation are checked by a trigger for each row,
which takes more than half of the time (`EXPLAIN ANALYZE`), with COPY as with any other way: the loader comes close to
bare COPY of the same rows, and cannot come nearer to fifteen times `bulk_create`.
""",
    "bench.pages": """
Times of SQLite are the processor's, those of PostgreSQL the wall's. A view costs more than its statements and its
template because rows become objects, are checked against the filters and get their links in Python.
""",
}


def main() -> int:
    """Measure, print, write."""
    found: dict[str, list[Result]] = {module: [] for module in MEASUREMENTS}
    has_postgresql = subprocess.run([WITH_POSTGRES, "--available"], check=False, capture_output=True).returncode == 0
    for module in MEASUREMENTS:
        for prefix in ([], [WITH_POSTGRES]) if has_postgresql else ([],):
            sys.stderr.write(f"{module} on {'PostgreSQL' if prefix else 'SQLite'} ...\n")
            found[module] += _measured([*prefix, sys.executable, "-m", module])
    _, measured_on = corpus.graph(Path(tempfile.gettempdir()))
    for module, results in found.items():
        sys.stdout.write(f"\n{MEASUREMENTS[module]}\n\n{table(results)}")
    _write(found, machine.description(), f"{measured_on} and {synthetic.described()}")
    return 0


def _measured(command: list[str]) -> list[Result]:
    """The results of one process on a database of its own. How somebody's own site is set does not matter."""
    with tempfile.TemporaryDirectory() as folder:
        own = {"DATABASE_URL", "DATA_DIR", "DEBUG", "DJANGO_SETTINGS_MODULE"}
        environment = {name: value for name, value in os.environ.items() if name not in own} | {"DATA_DIR": folder}
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return received(done.stdout)


def _write(found: dict[str, list[Result]], description: dict[str, str], measured_on: str) -> None:
    """Keep the figures for programs and for readers."""
    results = [asdict(one) for of_module in found.values() for one in of_module]
    content = {"machine": description, "corpus": measured_on, "results": results}
    (ROOT / "bench" / "results.json").write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    about = "\n".join(f"- {name}: {value}" for name, value in description.items())
    parts = [
        f"## {title}\n\n{table(found[module])}{NOTES[module]}"
        for module, title in MEASUREMENTS.items()
        if found[module]
    ]
    text = f"{INTRODUCTION}Measured on {measured_on}, with:\n\n{about}\n\n" + "\n".join(parts)
    (ROOT / "docs" / "performance.md").write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
