"""Loading: the bulk import against `bulk_create` and against the bare database, and a whole import of a graph.

Runs in a process of its own with DATABASE_URL naming an empty database. Prints results as one line of JSON.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import django

ROUNDS = 7
# A whole import takes half a minute and more.
WHOLE_ROUNDS = 3
# bulk_create is given fewer rows, since its rate does not depend on their number and it takes long.
ROWS_OF_BULK_CREATE = 40_000
ROOT = Path(__file__).resolve().parent.parent
# Runs a command, and prints as the last line what it held at most. A process inherits that figure from the one that
# starts it, so that the one between is small.
_WATCHED = (
    "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:]); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
)


def measure(folder: Path) -> list[Any]:
    """All results of one database."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from bench import corpus

    path, _ = corpus.graph(folder)
    rows = rows_into_the_table(corpus.pairs(path))
    return [*rows, *summaries_rebuilt(), *whole_import(path)]


def rows_into_the_table(pairs: list[tuple[int, int]]) -> list[Any]:
    """Rows a second into the empty citation table without its secondary indexes and without the foreign keys that
    the loader takes off, by the loader and by other ways.
    """
    from django.db import connection, transaction

    from bench.results import Result, interleaved, seconds
    from citations import engines
    from citations.importing import bulk_indexes, bulk_links
    from citations.models import Citation, Paper

    papers = sorted({node for pair in pairs for node in pair})
    with transaction.atomic():
        made = [Paper(title=f"Paper {node}", slug=f"paper-{node}", sort_title=f"paper {node}") for node in papers]
        ids = dict(zip(papers, (paper.pk for paper in Paper.objects.bulk_create(made, batch_size=500)), strict=True))
    known = sorted((ids[citing], ids[cited]) for citing, cited in pairs)
    with transaction.atomic():
        engines.bulk.drop_indexes(connection, Citation)
        engines.bulk.drop_keys(connection, Citation)
        # Rows go again after each round.
        engines.bulk.allow_deletion(connection, Citation)

    def timed(number: int, work: Any) -> float:
        _empty(Citation)

        def in_one_transaction() -> None:
            with transaction.atomic():
                work(known[:number])

        rate = number / seconds(in_one_transaction)
        if Citation.objects.count() != number:
            raise RuntimeError("not all rows were loaded")
        return rate

    def bulk_create(some: list[tuple[int, int]]) -> None:
        Citation.objects.bulk_create(Citation(citing_id=citing, cited_id=cited) for citing, cited in some)

    def loader(some: list[tuple[int, int]]) -> None:
        for start in range(0, len(some), 50_000):
            bulk_links._add_plain(some[start : start + 50_000], bulk_links.Stored(), False, is_first=True)

    with engines.bulk.session(connection):
        rates = interleaved(
            ROUNDS,
            bulk_create=lambda: timed(ROWS_OF_BULK_CREATE, bulk_create),
            bare=lambda: timed(len(known), lambda some: _bare(connection, Citation, some)),
            loader=lambda: timed(len(known), loader),
        )
    bulk_indexes.restore_indexes()
    details = {f"{name} rows/s": rate for name, rate in rates.items()}
    return [
        Result(
            "citations loaded before indexes, against bulk_create",
            connection.vendor,
            rates["loader"] / rates["bulk_create"],
            "x",
            goal=15,
            rounds=ROUNDS,
            details=details,
        ),
        Result(
            "citations loaded before indexes, against bare rows of full width",
            connection.vendor,
            rates["loader"] / rates["bare"],
            "x",
            goal=0.7,
            rounds=ROUNDS,
            details=details,
        ),
    ]


def _empty(model: Any) -> None:
    """No rows, and no remains of them. TRUNCATE would have to empty the ledger, too, which refuses that."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f'DELETE FROM "{model._meta.db_table}"')
        if connection.vendor == "postgresql":
            cursor.execute(f'VACUUM "{model._meta.db_table}"')


def _bare(connection: Any, model: Any, some: list[tuple[int, int]]) -> None:
    """Rows with all their columns, handed to the database as they are: COPY, or statements with many rows each.

    Nothing is looked up and nothing is copied from the papers: less than the loader does.
    """
    from citations import engines

    engines.bulk.insert(connection, model, ("citing_id", "cited_id"), some)


def summaries_rebuilt() -> list[Any]:
    """Citations a minute through the summaries of their hubs, from nothing."""
    from django.db import connection

    from bench.results import Result, seconds
    from citations import summaries
    from citations.models import Citation, HubSummary
    from citations.summaries import Cause

    hubs = sorted(Citation.objects.order_by().values_list("cited_id", flat=True).distinct())
    citations = Citation.objects.count()
    rates = []
    for _ in range(ROUNDS):
        HubSummary.objects.all().delete()
        rates.append(60 * citations / seconds(lambda: summaries.recount(hubs, Cause("A measurement."))))
    return [
        Result(
            "summaries made anew",
            connection.vendor,
            statistics.median(rates),
            "citations a minute",
            goal=1_000_000,
            rounds=ROUNDS,
            details={"hubs": len(hubs), "citations": citations},
        )
    ]


def whole_import(path: Path) -> list[Any]:
    """Seconds and memory of `manage.py import_snapshot`, each time into an empty database."""
    from django.db import connection

    from bench.results import Result

    took, used = [], []
    lines = sum(1 for line in path.open("rb") if line.strip())
    for place in range(WHOLE_ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {"DATA_DIR": folder, "DATABASE_URL": _fresh(folder, place)}
            _run(environment, "migrate", "-v0")
            wall, memory = _run(
                environment, "import_snapshot", str(path), "--source", "edges", "--name", "graph", counted=lines
            )
            took.append(wall)
            used.append(memory)
    is_sqlite = connection.vendor == "sqlite"
    return [
        Result(
            "whole import of the graph",
            connection.vendor,
            statistics.median(took),
            "s",
            goal=40 if is_sqlite else None,
            at_least=False,
            rounds=WHOLE_ROUNDS,
        ),
        Result(
            "memory of that import",
            connection.vendor,
            max(used),
            "MB",
            goal=400,
            at_least=False,
            rounds=WHOLE_ROUNDS,
        ),
    ]


def _fresh(folder: str, place: int) -> str:
    """The address of an empty database."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return f"sqlite:///{folder}/db.sqlite3"
    name = f"bench_{os.getpid()}_{place}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"


def _run(environment: dict[str, str], *arguments: str, counted: int | None = None) -> tuple[float, float]:
    """Seconds and megabytes (the most that was resident) of a command, whose last line counts so many records."""
    from time import perf_counter

    begin = perf_counter()
    command = [sys.executable, "-c", _WATCHED, sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"manage.py {arguments[0]} ended with {done.returncode}")
    *printed, most = done.stdout.splitlines()
    if counted is not None and sum(map(int, re.findall(r"[0-9]+", printed[-1]))) != counted:
        raise RuntimeError(f"manage.py {arguments[0]} accounts for other than {counted} records: {printed[-1]}")
    kilobytes = int(most) / (1024 if sys.platform == "darwin" else 1)
    return perf_counter() - begin, kilobytes / 1024


def main() -> None:
    """Measure and hand over."""
    from bench.results import emit

    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DATA_DIR", folder)
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/db.sqlite3")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "explorer.settings")
        django.setup()
        emit(measure(Path(folder)))


if __name__ == "__main__":
    main()
