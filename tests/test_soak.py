"""Many writers, many readers, for long: no error, no lock, no slow page, no memory that grows.

`make test` tries each for a few seconds and looks for errors alone; `make soak` takes the minutes, and looks at times.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from citations import text
from tests.prepared import ROOT, environment, manage, put_sqlite_file
from tests.replication import Readers, Site, cluster, served

pytestmark = pytest.mark.engine

WRITERS = 8
# Seconds between two decisions of one writer. Eight that hurry decide 70 times a second, as much as two cores can
# beside readers: what they meet is each other. Eight that are quick decide 16 times a second, more than any desk.
HURRIED, QUICK = 0.1, 0.5
SAMPLE = json.loads((ROOT / "citations" / "sample" / "pythia.json").read_text("utf-8"))
HUB = f"/hubs/{text.slugify(SAMPLE['hub']['title'])}/"


def pages_of(hub: str) -> list[str]:
    """Pages of a hub, and lists of everything."""
    of_hub = [hub, f"{hub}?self=0", f"{hub}citing/", f"{hub}citing/?role=method&sort=title", f"{hub}citing/?q=model"]
    return [*of_hub, "/hubs/", "/papers/?sort=title", "/search/?q=model"]


PAGES = pages_of(HUB)
# A hub of so many papers: in a minute each gets no more labels than a paper may have in years. A thousand on the
# sample's thirty papers would make its pages longer while they are timed.
BIG = 3_000
MIXED = [
    *PAGES,
    "/",
    "/about/data/",
    "/api/hubs/",
    f"{HUB}citing.csv",
    f"{HUB}badge.svg",
    "/nothing/",
    "/doi/10.1000/x",
]

# A curator who decides on one citation after the other, until the time is over.
WRITER = """
import random, sys, time
import django
django.setup()
from django.contrib.auth.models import User
from citations import labelling
from citations.models import Citation, HubSummary
from citations.vocabulary import Polarity, Role
end = time.monotonic() + float(sys.argv[1])
curator = User.objects.get_or_create(username=f"curator-{sys.argv[2]}")[0]
ids = list(Citation.objects.values_list("pk", flat=True))
decided = 0
while not decided or time.monotonic() < end:  # once at least: others may need the processor for longer than that
    citation = Citation.objects.get(pk=random.choice(ids))
    labelling.decide(citation, curator, role=random.choice(list(Role)), polarity=random.choice(list(Polarity)))
    decided += 1
    time.sleep(float(sys.argv[3]))
print(decided)
"""

# A curator at the desk's own pages: opens a citation, presses a key, and where another was quicker opens the next one.
DESK = """
import random, re, sys, time
import django
django.setup()
from django.contrib.auth.models import User
from django.test import Client
from citations.models import Citation
from citations.vocabulary import Role
end = time.monotonic() + float(sys.argv[1])
rights = {"is_staff": True, "is_superuser": True}
# Another trial on the same database may have made the user, without rights.
curator = User.objects.update_or_create(username=f"curator-{sys.argv[2]}", defaults=rights)[0]
browser = Client(SERVER_NAME="localhost")
browser.force_login(curator, "django.contrib.auth.backends.ModelBackend")
ids = list(Citation.objects.values_list("pk", flat=True))
decided = 0
while time.monotonic() < end or not decided:
    page = browser.get("/admin/citations/queue/", {"citation": random.choice(ids)})
    assert page.status_code == 200, page.status_code
    form = dict(re.findall(r'name="(citation|seen)" value="([^"]+)"', page.content.decode()))
    form |= {"do": "decide", "role": random.choice(list(Role)).value}
    answer = browser.post("/admin/citations/queue/", form)
    assert answer.status_code in (302, 409), answer.status_code
    decided += answer.status_code == 302
    time.sleep(float(sys.argv[3]))
print(decided)
"""


# An import of new citing papers with labels, and of some that others import at the same time, again and again.
IMPORTER = """
import pathlib, random, sys, tempfile, time
import django
django.setup()
from django.core.management import call_command
from io import StringIO
end, own, rounds = time.monotonic() + float(sys.argv[1]), sys.argv[2], 0
with tempfile.TemporaryDirectory() as folder:
    while not rounds or time.monotonic() < end:
        names = [f"10.9999/{own}.{rounds}.{row}" for row in range(8)]
        names += [f"10.9999/shared.{rounds}.{row}" for row in range(4)]
        random.shuffle(names)
        rows = [f"Paper {name},{name},2020,{random.choice(['method', 'background'])}" for name in names]
        path = pathlib.Path(folder) / f"{own}-{rounds}.csv"
        path.write_text("\\n".join(["title,doi,year,role", *rows]) + "\\n")
        call_command("import_file", str(path), cites=sys.argv[4], stdout=StringIO())
        rounds += 1
        time.sleep(float(sys.argv[3]))
print(8 * rounds)
"""

# Somebody who computes everything anew all the time.
REBUILDER = """
import sys, time
import django
django.setup()
from django.core.management import call_command
from io import StringIO
end, rounds = time.monotonic() + float(sys.argv[1]), 0
while not rounds or time.monotonic() < end:
    call_command("rebuild_summaries", stdout=StringIO())
    rounds += 1
    time.sleep(float(sys.argv[3]))
print(rounds)
"""

# How many labels each curator has in the ledger, and how many papers each import made that no other did.
LEDGER = """
import json
import django
django.setup()
from django.db.models import Count
from citations.models import Identifier, Label
curators = Label.objects.filter(curator__isnull=False).values_list("curator__username").annotate(Count("pk")).order_by()
imported = {own: Identifier.objects.filter(value__startswith=f"10.9999/{own}.").count() for own in ("7", "8")}
print(json.dumps([dict(curators), imported]))
"""

# What each of them does first when it is to begin together with others: before its time is taken, and all is imported.
WAIT = """
print("ready", flush=True)
sys.stdin.readline()
"""


@dataclass(frozen=True)
class Place:
    """A data folder and the variables that name a database."""

    folder: Path
    variables: dict[str, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One database of the engine that is tested for all trials: a file, or a server of its own."""
    folder = tmp_path_factory.mktemp("soak")
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        with cluster() as (primary, _):
            yield Place(folder, {"DATABASE_URL": primary.url})
    else:
        yield Place(folder, {"DATABASE_URL": put_sqlite_file(folder)})


def started(
    seconds: float, programs: Sequence[str], place: Place, pause: float = HURRIED
) -> list[subprocess.Popen[str]]:
    """So many writers, all of them ready to begin: what a process imports first takes longer than many decisions."""
    env = environment(place.folder, **place.variables)
    waiting = [program.replace("\nend", f"{WAIT}end", 1) for program in programs]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(seconds), str(writer), str(pause), HUB.split("/")[2]],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for writer, program in enumerate(waiting)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n", writer.communicate()[1]
    return writers


def worked(writers: Sequence[subprocess.Popen[str]]) -> list[int]:
    """Let them work at once; how often each did. Fails with what the first of them that failed said."""
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("begin\n")
        writer.stdin.flush()
    finished = [writer.communicate() for writer in writers]
    for writer, (_, errors) in zip(writers, finished, strict=True):
        assert writer.returncode == 0, errors
    return [int(printed) for printed, _ in finished]


def read_and_write(place: Place, seconds: float, pages: list[str], pause: float) -> tuple[Readers, Readers]:
    """Readers alone, then readers beside writers; fails where anything failed."""
    with served(place.folder, place.variables, workers=2) as site:
        # What is imported, compiled and connected on first use is no part of the comparison.
        ask(site, 5 * len(pages), pages)
        with Readers(site, pages, 2, pause=0.02, anew=True) as quiet:
            time.sleep(seconds / 2)
        ready = started(seconds, [WRITER] * WRITERS, place, pause)
        with Readers(site, pages, 2, pause=0.02, anew=True) as loud:
            decided = worked(ready)
    for readers in (quiet, loud):
        assert readers.failed == []
        assert set(readers.statuses) == {200}
    assert min(decided) > 0
    return quiet, loud


@pytest.mark.soak
@pytest.mark.parametrize("pause", [QUICK, HURRIED])
def test_eight_writers_and_readers_for_a_minute(place: Place, pause: float) -> None:
    manage(place.folder, "migrate", **place.variables)
    seed = str(round(10 * pause))
    sizes = ["--hub-sizes", str(BIG), "--seed", seed, "--force"]
    manage(place.folder, "generate_corpus", *sizes, **place.variables)
    quiet, loud = read_and_write(place, 60, pages_of(f"/hubs/synthetic-{seed}-hub-1/"), pause)
    manage(place.folder, "rebuild_summaries", "--check", **place.variables)
    told = f"99 of 100 pages within {quiet.p99 * 1000:.0f} ms without writers, {loud.p99 * 1000:.0f} ms beside them"
    print(f"{told}, a pause of {pause} s ({loud.statuses.total()} pages)")  # noqa: T201 - what the trial is for
    assert loud.p99 <= 3 * quiet.p99, told


def ten_writers(place: Place, seconds: float) -> None:
    """Seven curators, two of them at the desk's own pages, two imports of which some rows are the same, and a rebuild,
    beside readers: nothing is lost, and no page is one of an error.
    """
    with served(place.folder, place.variables, workers=2) as site:
        ask(site, len(PAGES), PAGES)
        before = ledger(place)
        with Readers(site, PAGES, 2, pause=0.05, anew=True) as readers:
            done = worked(started(seconds, [*[WRITER] * 5, DESK, DESK, IMPORTER, IMPORTER, REBUILDER], place))
    assert readers.failed == []
    assert set(readers.statuses) == {200}
    assert min(done) > 0
    (of_curators, imported), (of_curators_before, imported_before) = ledger(place), before
    for writer, decided in enumerate(done[:7]):
        name = f"curator-{writer}"
        assert of_curators[name] == of_curators_before.get(name, 0) + decided
    for writer in (7, 8):
        # A second trial on the same database finds the papers of the first.
        assert imported[str(writer)] == max(done[writer], imported_before[str(writer)])
    manage(place.folder, "rebuild_summaries", "--check", **place.variables)


def ledger(place: Place) -> tuple[dict[str, int], dict[str, int]]:
    """Labels by curator, papers by import."""
    told = subprocess.run(
        [sys.executable, "-c", LEDGER],
        cwd=ROOT,
        env=environment(place.folder, **place.variables),
        capture_output=True,
        text=True,
        check=True,
    )
    of_curators, imported = json.loads(told.stdout)
    return of_curators, imported


def test_ten_writers_lose_nothing_for_a_moment(place: Place) -> None:
    ten_writers(place, 1)


@pytest.mark.soak
def test_ten_writers_lose_nothing_for_a_minute(place: Place) -> None:
    ten_writers(place, 60)


def growth(place: Place, warm: int, measured: int) -> int:
    """Megabytes by which the one worker grows while it answers so many requests, after it has answered others."""
    with served(place.folder, place.variables | {"API_RATE": "off"}) as site:
        ask(site, warm)
        before = site.memory()
        ask(site, measured)
        return site.memory() - before


def ask(site: Site, number: int, paths: Sequence[str] = MIXED) -> None:
    """Ask for pages of all kinds, so many in all, from four connections at once; half of the pages are made anew."""
    with Readers(site, paths, 2) as kept, Readers(site, paths, 2, anew=True) as made:
        while sum(readers.statuses.total() + len(readers.failed) for readers in (kept, made)) < number:
            time.sleep(0.05)
    for readers in (kept, made):
        assert readers.failed == []
        assert set(readers.statuses) <= {200, 400, 404}


def test_a_worker_does_not_grow_by_some_hundred_requests(place: Place) -> None:
    assert growth(place, 200, 400) < 10


@pytest.mark.soak
def test_a_worker_does_not_grow_by_ten_thousand_requests(place: Place) -> None:
    grown = growth(place, 1_000, 10_000)
    print(f"grown by {grown} MB")  # noqa: T201 - as above
    assert grown < 10


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="replicas are PostgreSQL's")
def test_a_replica_that_is_killed_under_load_costs_no_request(tmp_path: Path) -> None:
    with cluster() as (primary, replica):
        variables = {"DATABASE_URL": primary.url, "DATABASE_REPLICA_URLS": replica.url}
        with served(tmp_path, variables, workers=2) as site, Readers(site, PAGES, 8, anew=True) as readers:
            for _ in range(5):
                site.until("the replica is read", "/readyz", "in use", seconds=20)
                time.sleep(3)
                replica.kill()
                time.sleep(5)
                assert "left out" in site.get("/readyz")[1]
                replica.start()
                site.until("the replica is taken back", "/readyz", "in use", seconds=10)
                read_since = replica.ask("SELECT now()")
                begun = time.monotonic()
                while not replica.ask(
                    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%citations_siteversion%' "
                    f"AND pid <> pg_backend_pid() AND query_start > '{read_since.isoformat()}'"
                ):
                    assert time.monotonic() - begun < 10, "reads did not return within 10 s"
                    time.sleep(0.2)
    assert readers.failed == []
    assert set(readers.statuses) == {200}
