"""The synthetic collection that pages are measured on: hubs of 100 to 300,000 citing papers, made by
`manage.py generate_corpus`, within a citation graph of a million papers and ten million citations (`bench.filler`).

It is made once and kept in `var/bench/`, or in the folder that BENCH_DIR names: an SQLite file, and the folder of a
PostgreSQL server that is filled from that file. BENCH_PAPERS and BENCH_CITATIONS choose another size.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEED = 1
# To be raised whenever the same size and seed give other rows, so that what was kept before is not used.
VERSION = 1
# Room that is asked for before anything is made, for both databases and what lies beside them meanwhile.
BYTES_PER_CITATION = 2_500


def _whole_number(name: str, default: int) -> int:
    """A positive whole number from the environment; ends the process with one line for anything else."""
    given = os.environ.get(name, str(default)).replace("_", "").replace(",", "")
    if not given.isascii() or not given.isdigit() or not 100 <= int(given) <= 10**9:
        raise SystemExit(f"{name}: {given!r} is not a whole number from 100 to 1,000,000,000")
    return int(given)


PAPERS = _whole_number("BENCH_PAPERS", 1_000_000)
CITATIONS = _whole_number("BENCH_CITATIONS", 10_000_000)
# The hubs that are measured: as many as there are papers for.
SIZES = tuple(size for size in (100, 1_000, 10_000, 50_000, 300_000) if size <= PAPERS)
FOLDER = Path(os.environ.get("BENCH_DIR") or ROOT / "var" / "bench").absolute()


def slug(size: int) -> str:
    """The address of the hub of this size."""
    return f"synthetic-{SEED}-hub-{SIZES.index(size) + 1}"


def described() -> str:
    """What is measured on, for the report."""
    hubs = ", ".join(f"{size:,}" for size in SIZES)
    return f"a synthetic collection of {PAPERS:,} papers and {CITATIONS:,} citations, with hubs of {hubs} citing papers"


def sqlite_file() -> Path:
    """Where the collection is kept for SQLite."""
    return FOLDER / f"collection-{VERSION}-{PAPERS}-{CITATIONS}.sqlite3"


def postgresql_folder() -> Path:
    """Where it is kept for PostgreSQL: the data of a server."""
    return FOLDER / f"collection-{VERSION}-{PAPERS}-{CITATIONS}.postgresql"


# Making ---------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def collection(engine: str) -> Iterator[str]:
    """The address of the kept collection on one engine, which is made where it is not there and brought up to date."""
    from bench import postgres

    FOLDER.mkdir(parents=True, exist_ok=True)
    _make_sqlite()
    if engine == "sqlite":
        address = f"sqlite:///{sqlite_file()}"
        _stage("renew", address)
        yield address
        return
    _make_postgresql()
    with postgres.server(postgresql_folder()) as address:
        _stage("renew", address)
        yield address


def _make_sqlite() -> None:
    """Make the SQLite file in two stages, each under another name until it is whole."""
    if sqlite_file().is_file():
        return
    _need_room()
    hubs = FOLDER / f"hubs-{VERSION}-{SIZES[-1]}.sqlite3"
    partial = FOLDER / "unfinished.sqlite3"
    if not hubs.is_file():
        _forget(partial)
        _stage("hubs", f"sqlite:///{partial}")
        partial.replace(hubs)
    _forget(partial)
    shutil.copyfile(hubs, partial)
    _stage("grow", f"sqlite:///{partial}")
    partial.replace(sqlite_file())


def _make_postgresql() -> None:
    """Fill a new server from the SQLite file; its folder has another name until it is whole."""
    from bench import postgres

    if postgresql_folder().is_dir():
        return
    _need_room()
    partial = FOLDER / "unfinished.postgresql"
    shutil.rmtree(partial, ignore_errors=True)
    with postgres.server(partial) as address:
        _stage("transfer", address)
    partial.rename(postgresql_folder())


def _need_room() -> None:
    """End with one line where the disk is too full."""
    needed, free = BYTES_PER_CITATION * CITATIONS, shutil.disk_usage(FOLDER).free
    if free < needed:
        raise SystemExit(
            f"The collection needs {needed / 1e9:.0f} GB in {FOLDER}, and {free / 1e9:.0f} GB are free: name another "
            "folder by BENCH_DIR, or a smaller collection by BENCH_PAPERS and BENCH_CITATIONS."
        )


def _forget(partial: Path) -> None:
    """Remove an unfinished file and what lies beside it."""
    for end in ("", "-wal", "-shm", "-journal"):
        partial.with_name(partial.name + end).unlink(missing_ok=True)


def _stage(name: str, address: str) -> None:
    """One step of making, as a process of its own on a database."""
    settings = {"DATABASE_URL": address, "SLOW_QUERY_MS": "off", "DJANGO_SETTINGS_MODULE": "explorer.settings"}
    command = [sys.executable, "-m", "bench.synthetic", name]
    subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=True)


# Stages ---------------------------------------------------------------------------------------------------------------


def say(line: str) -> None:
    """How far it is: one line, which the next one overwrites on a terminal."""
    sys.stderr.write(f"\r\033[K  {line}" if sys.stderr.isatty() else f"  {line}\n")
    sys.stderr.flush()


def hubs_stage() -> None:
    """Tables, the measured hubs, and the papers that cite them, by the commands that anybody has."""
    from django.core.management import call_command
    from django.db import connection

    from citations.importing.synthetic import generate_corpus

    call_command("migrate", verbosity=0)

    def progress(what: str, done: int, total: int) -> None:
        if done % 20_000 < 2_000:
            say(f"{done:,} of {total:,} {what}")

    generate_corpus(SIZES, papers=SIZES[-1], seed=SEED, progress=progress)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def grow_stage() -> None:
    """Everything around the hubs."""
    from bench import filler

    filler.grow(PAPERS, CITATIONS, say)


def transfer_stage() -> None:
    """The same rows for PostgreSQL."""
    from bench import transfer

    transfer.fill(sqlite_file(), say)


def renew_stage() -> None:
    """Bring what was kept up to the tables and summaries of today's code; nothing where it is."""
    from django.core.management import call_command

    from citations import summaries
    from citations.models import Paper

    call_command("migrate", verbosity=0)
    hubs = list(Paper.objects.filter(slug__in=map(slug, SIZES)).values_list("pk", flat=True))
    if summaries.differing(hubs):
        summaries.recount(hubs, summaries.REBUILT)


_STAGES = {"hubs": hubs_stage, "grow": grow_stage, "transfer": transfer_stage, "renew": renew_stage}

if __name__ == "__main__":
    import tempfile

    import django

    with tempfile.TemporaryDirectory() as data:
        os.environ["DATA_DIR"] = data
        django.setup()
        _STAGES[sys.argv[1]]()
