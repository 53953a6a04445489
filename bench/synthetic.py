"""The synthetic collection that pages are measured on: hubs of 100 to 300,000 citing papers, made by
`manage.py generate_corpus`.

On SQLite the file is kept between runs, in `var/bench/` or in the folder that BENCH_DIR names. On PostgreSQL, whose
server is made for each run alone, it is made each time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

SIZES = (100, 1_000, 10_000, 50_000, 300_000)
SEED = 1
# With BENCH_CITATIONS=10000000, say, there are so many citations in all: further hubs of this size make up the rest.
FILLER = 1_000
ROOT = Path(__file__).resolve().parent.parent


def sizes() -> list[int]:
    """The sizes of all hubs, the measured ones first. Raises ValueError where BENCH_CITATIONS is no number."""
    wanted = int(os.environ.get("BENCH_CITATIONS", "0"))
    return [*SIZES, *[FILLER] * (max(0, wanted - sum(SIZES)) // FILLER)]


def slug(size: int) -> str:
    """The address of the hub of this size."""
    return f"synthetic-{SEED}-hub-{SIZES.index(size) + 1}"


def described() -> str:
    """What is measured on, for the report."""
    made = sizes()
    return f"a synthetic collection of {sum(made):,} citations of {len(made):,} hubs"


def kept(of: Path) -> Path:
    """Where a database of this collection is kept between runs: a name for each state of what makes it."""
    makers = [*sorted((ROOT / "citations" / "migrations").glob("*.py")), ROOT / "citations/importing/synthetic.py"]
    digest = hashlib.sha256(repr(sizes()).encode())
    for maker in makers:
        digest.update(maker.read_bytes())
    return of / f"pages-{digest.hexdigest()[:12]}.sqlite3"


def make() -> None:
    """Fill the empty database with the collection, or copy the one that is kept. Django is set up."""
    from django.db import connection

    is_file = connection.vendor == "sqlite"
    folder = Path(os.environ.get("BENCH_DIR", ROOT / "var" / "bench"))
    file = kept(folder)
    if is_file and file.is_file():
        connection.close()
        shutil.copyfile(file, connection.settings_dict["NAME"])
        return
    _generate()
    with connection.cursor() as cursor:
        # What a server's autovacuum does by itself, and SQLite never: statistics by which plans are chosen.
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)" if is_file else "VACUUM ANALYZE")
    if is_file:
        connection.close()
        folder.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}")
        shutil.copyfile(connection.settings_dict["NAME"], partial)
        partial.replace(file)


def _generate() -> None:
    """Tables and rows, by the commands that anybody has."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    listed = ",".join(map(str, sizes()))
    with open(os.devnull, "w") as nowhere:
        call_command("generate_corpus", hub_sizes=listed, seed=SEED, stdout=nowhere, stderr=nowhere)
