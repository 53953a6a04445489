"""`python -m bench [loading] [pages]`: measurements, by default all, on every database that can be had."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import corpus, machine, synthetic
from bench.results import Result, received, table

ROOT = Path(__file__).resolve().parent.parent
MEASUREMENTS = {"bench.loading": "Loading", "bench.pages": "Pages"}
WITH_POSTGRES = str(ROOT / "scripts" / "with_postgres.sh")

INTRODUCTION = """# Performance

`make bench` has written this file. Figures are medians of several rounds, taken in turns where they are compared.
Ratios hold better than seconds: they compare two ways of doing the same on the same machine at the same time.
PostgreSQL runs on the same machine with `fsync` off, as the tests start it.
Figures of pages in a browser: [interface-figures.md](interface-figures.md).

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


def main(names: list[str]) -> int:
    """Measure, print, write. `names` are the parts to measure, by default all; of others the last figures stay."""
    wanted = [f"bench.{name}" for name in names] or list(MEASUREMENTS)
    if unknown := [module.partition(".")[2] for module in wanted if module not in MEASUREMENTS]:
        known = " and ".join(module.partition(".")[2] for module in MEASUREMENTS)
        sys.stderr.write(f"There is no part {unknown[0]!r}: the parts are {known}.\n")
        return 2
    has_postgresql = subprocess.run([WITH_POSTGRES, "--available"], check=False, capture_output=True).returncode == 0
    found: dict[str, list[Result]] = {}
    for module in wanted:
        for prefix in ([], [WITH_POSTGRES]) if has_postgresql else ([],):
            sys.stderr.write(f"{module} on {'PostgreSQL' if prefix else 'SQLite'} ...\n")
            found.setdefault(module, []).extend(_measured([*prefix, sys.executable, "-m", module]))
        sys.stdout.write(f"\n{MEASUREMENTS[module]}\n\n{table(found[module])}")
        _write(found)
    return 0


def _measured(command: list[str]) -> list[Result]:
    """The results of one process on a database of its own. How somebody's own site is set does not matter."""
    with tempfile.TemporaryDirectory() as folder:
        own = {"DATABASE_URL", "DATA_DIR", "DEBUG", "DJANGO_SETTINGS_MODULE"}
        environment = {name: value for name, value in os.environ.items() if name not in own} | {"DATA_DIR": folder}
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return received(done.stdout)


def _write(found: dict[str, list[Result]]) -> None:
    """Keep the figures for programs and for readers; those of parts that were not measured now stay as they were."""
    _, graph = corpus.graph(Path(tempfile.gettempdir()))
    measured_on = {"bench.loading": graph, "bench.pages": synthetic.described()}
    file = ROOT / "bench" / "results.json"
    parts: dict[str, Any] = json.loads(file.read_text("utf-8"))["parts"] if file.is_file() else {}
    for module, results in found.items():
        parts[module] = {
            "measured": datetime.date.today().isoformat(),
            "corpus": measured_on[module],
            "results": [asdict(one) for one in results],
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
