"""Pages: the hub page and the explorer on hubs of 100 to 300,000 citing papers, against the first page of the smallest.

Runs in a process of its own with DATABASE_URL naming the kept collection. Prints results as one line of JSON. Pages are
asked for in process, through all middleware, with no cache of pages: what is measured is the work itself. On SQLite,
where all of it is done by this process, time is the processor's, which other programs on the machine do not lengthen.

BENCH_PARTS="hub_pages exports" measures only these.
"""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import django

ROUNDS = 7
# Pairs of filters that are measured thoroughly, after all pairs were tried: the slowest.
SLOWEST_PAIRS = 2
_NOTHING_KEPT = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
NO_CACHE = {"default": _NOTHING_KEPT, "pages": _NOTHING_KEPT}
# Names of static files as they are: nothing is collected for a measurement.
PLAIN = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
HOST = "localhost"

# One value of each filter that a good part of the papers passes, so that no pair makes an empty list.
FILTERS: Mapping[str, str] = {
    "role": "role=method&role=none",
    "polarity": "polarity=none",
    "suggested": "suggested=method&suggested=none",
    "decided_by": "decided_by=import&decided_by=none",
    "year": "year_min=2010&year_max=2024",
    "venue": "venue=synthetic-venue-1&venue=synthetic-venue-2",
    "influential": "influential=0",
    "self": "self=0",
    "retracted": "retracted=0",
    "coarse": "coarse=0",
    "confirmed": "confirmed=0",
}
# The most frequent word of the synthetic collection, one in the middle, and a rare one.
WORDS = ("model", "graph", "galaxy")
TWO_FACETS = "role=method&role=none&year_min=2010"
SORTS = ("newest", "oldest", "cited", "title", "confidence")


def measure() -> list[Any]:
    """All results of one database."""
    from bench.admin_pages import admin_pages

    parts = (hub_pages, explorer_pages, whole_collection, against_raw, unchanged, admin_pages, exports)
    wanted = os.environ.get("BENCH_PARTS", "").split() or [part.__name__ for part in parts]
    return [found for part in parts if part.__name__ in wanted for found in part()]


# Asking ---------------------------------------------------------------------------------------------------------------


def clock() -> Callable[[], float]:
    """Seconds of the processor where the database runs in this process, else of the wall."""
    from django.db import connection

    return time.process_time if connection.vendor == "sqlite" else time.perf_counter


def page(path: str) -> Callable[[], float]:
    """How long it takes to answer the address `path`, in milliseconds."""
    from django.test import Client

    client, now = Client(headers={"host": HOST}), clock()

    def ask() -> float:
        begin = now()
        answer = client.get(path)
        took = now() - begin
        if answer.status_code != 200:
            raise RuntimeError(f"{path} is answered with {answer.status_code}")
        return 1_000 * took

    return ask


def citing(size: int, query: str = "") -> str:
    """The address of the explorer of the hub of this size."""
    from bench import synthetic

    return f"/hubs/{synthetic.slug(size)}/citing/?{query}"


def hub(size: int) -> str:
    """The address of the page of that hub."""
    from bench import synthetic

    return f"/hubs/{synthetic.slug(size)}/"


def compared(paths: Mapping[str, str], base: str, rounds: int = ROUNDS) -> tuple[dict[str, float], dict[str, float]]:
    """Medians of each page, all asked in turns, and their ratios to the page named `base`: milliseconds, ratios.

    A ratio is the median of the ratios of each round, in which pages are neighbours in time.
    """
    asked = {name: page(path) for name, path in paths.items()}
    for ask in asked.values():
        ask()
    found = [{name: ask() for name, ask in asked.items()} for _ in range(rounds)]
    medians = {name: statistics.median(one[name] for one in found) for name in paths}
    return medians, {name: statistics.median(one[name] / one[base] for one in found) for name in paths}


def result(name: str, value: float, goal: float | None, **details: float) -> Any:
    """One ratio of which more is worse."""
    from django.db import connection

    from bench.results import Result

    return Result(name, connection.vendor, value, "x", goal=goal, at_least=False, rounds=ROUNDS, details=details)


# Pages ----------------------------------------------------------------------------------------------------------------


def hub_pages() -> list[Any]:
    """The hub page of every size, against that of the smallest."""
    from bench.synthetic import SIZES

    paths = {f"{size:,}": hub(size) for size in SIZES}
    medians, ratios = compared(paths, f"{SIZES[0]:,}", 3 * ROUNDS)
    details = {f"{name} (ms)": value for name, value in medians.items()}
    last = f"{SIZES[-1]:,}"
    return [result(f"hub page, {last} citing papers against {SIZES[0]:,}", ratios[last], 1.2, **details)]


def explorer_pages() -> list[Any]:
    """The explorer of the largest hub against its first page of the smallest, and of all others for comparison."""
    from bench.synthetic import SIZES

    smallest, *others = SIZES
    slowest = slowest_pairs(others[-1])
    results = []
    for size in others:
        pages = _pages_of(size, slowest)
        if size != others[-1]:
            pages = {name: path for name, path in pages.items() if name in _OF_ALL_SIZES}
        medians, ratios = compared({"first": citing(smallest), **pages}, "first")
        goals = _GOALS if size == others[-1] else {}
        for name in pages:
            goal = next((goal for start, goal in goals.items() if name.startswith(start)), None)
            details = {"ms": medians[name], "first page of the smallest (ms)": medians["first"]}
            results.append(result(f"explorer of {size:,}: {name}", ratios[name], goal, **details))
    return results


_GOALS = {"no filter": 1.2, "two filters": 4, "text": 8, "last page": 1.5, "middle page": 4}

# What is measured of hubs of middling size: enough to see where a curve bends.
_OF_ALL_SIZES = frozenset(
    {"no filter", "two filters: role, year", f"text “{WORDS[0]}”, two filters", "last page by newest"}
)


def _pages_of(size: int, pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """What is asked of the hub of one size."""
    pages = {"no filter": citing(size), "two filters: role, year": citing(size, TWO_FACETS)}
    for first, second in pairs:
        pages[f"two filters: {first}, {second}"] = citing(size, f"{FILTERS[first]}&{FILTERS[second]}")
    for word in WORDS:
        pages[f"text “{word}”"] = citing(size, f"q={word}")
        pages[f"text “{word}”, two filters"] = citing(size, f"q={word}&{TWO_FACETS}")
    last = -(-size // 50)
    for sort in SORTS:
        pages[f"last page by {sort}"] = citing(size, f"sort={sort}&page={last}")
        pages[f"middle page by {sort}"] = citing(size, f"sort={sort}&page={last // 2}")
    return pages


def slowest_pairs(size: int) -> list[tuple[str, str]]:
    """The pairs of filters whose pages take longest, each asked for once, after one that reads what is kept."""
    page(citing(size, FILTERS["role"]))()
    times = {
        (first, second): page(citing(size, f"{FILTERS[first]}&{FILTERS[second]}"))()
        for first, second in itertools.combinations(FILTERS, 2)
    }
    return sorted(times, key=lambda pair: -times[pair])[:SLOWEST_PAIRS]


def whole_collection() -> list[Any]:
    """The pages that look at the collection as a whole, against the first page of the explorer of the smallest hub."""
    from bench.synthetic import SIZES, slug

    paths = {
        "front page": "/",
        "list of hubs": "/hubs/",
        "hubs by title, last page": f"/hubs/?sort=title&page={_last_page()}",
        "list of papers": "/papers/",
        "papers, a word of the title": f"/papers/?q={WORDS[1]}",
        f"search for “{WORDS[0]}”": f"/search/?q={WORDS[0]}",
        f"search for “{WORDS[2]}”": f"/search/?q={WORDS[2]}",
        "about the data": "/about/data/",
        "comparison of two hubs": f"/compare/?hub={slug(SIZES[-2])}&hub={slug(SIZES[-1])}",
        "feed of all changes": "/history.atom",
    }
    medians, ratios = compared({"first": citing(SIZES[0]), **paths}, "first")
    return [
        result(name, ratios[name], None, **{"ms": medians[name], "first page of the smallest (ms)": medians["first"]})
        for name in paths
    ]


def _last_page() -> int:
    """The number of the last page of the list of hubs."""
    from citations.models import HubSummary

    return -(-HubSummary.objects.public().count() // 50)


# Against less ---------------------------------------------------------------------------------------------------------


def against_raw() -> list[Any]:
    """What the view of a page takes against its own statements, sent as they are, and its template alone.

    The rest is what Django's ORM and the project's own Python add.
    """
    from bench.synthetic import SIZES

    results = []
    for name, path in (("hub page", hub(SIZES[-1])), ("explorer", citing(SIZES[-1]))):
        view, raw = _view_and_raw(path)
        found = [(view(), *raw()) for _ in range(3 * ROUNDS)][ROUNDS:]
        whole, statements, rendering = (statistics.median(values) for values in zip(*found, strict=True))
        ratio = statistics.median(one[0] / (one[1] + one[2]) for one in found)
        details = {"view (ms)": whole, "statements (ms)": statements, "rendering (ms)": rendering}
        results.append(result(f"{name}: view against raw SQL and raw rendering", ratio, 1.25, **details))
    return results


def _view_and_raw(path: str) -> tuple[Callable[[], float], Callable[[], tuple[float, float]]]:
    """Two ways to time a page: its view, and its statements and its template apart. Milliseconds."""
    from unittest.mock import patch

    from django.db import connection
    from django.template.loader import get_template
    from django.test import RequestFactory
    from django.test.utils import CaptureQueriesContext
    from django.urls import resolve

    found = resolve(path.partition("?")[0])
    module = sys.modules[found.func.__module__]
    now = clock()

    def view() -> Any:
        request = RequestFactory(headers={"host": HOST}).get(path)
        return found.func(request, *found.args, **found.kwargs)

    rendered: list[tuple[Any, ...]] = []
    statements: list[tuple[str, Any]] = []
    original = module.render

    def render(request: Any, template: str, context: dict[str, Any]) -> Any:
        rendered.append((get_template(template), context, request))
        return original(request, template, context)

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with patch.object(module, "render", render), connection.execute_wrapper(note), CaptureQueriesContext(connection):
        view()
    template, context, request = rendered[0]

    def timed_view() -> float:
        begin = now()
        view()
        return 1_000 * (now() - begin)

    def timed_parts() -> tuple[float, float]:
        begin = now()
        with connection.cursor() as cursor:
            for sql, params in statements:
                cursor.execute(sql, params)
                cursor.fetchall()
        between = now()
        template.render(context, request)
        return 1_000 * (between - begin), 1_000 * (now() - between)

    return timed_view, timed_parts


def unchanged() -> list[Any]:
    """How much sooner than a page the answer comes that it has not changed; nothing where pages have no ETag."""
    from django.db import connection

    from bench.results import Result
    from bench.synthetic import SIZES

    results = []
    for name, path in (("hub page", hub(SIZES[-1])), ("explorer", citing(SIZES[-1]))):
        found = _whole_and_unchanged(path)
        if not found:
            continue
        ratio = statistics.median(whole / short for whole, short in found)
        whole, short = (statistics.median(values) for values in zip(*found, strict=True))
        details = {"page (ms)": whole, "304 (ms)": short}
        label = f"{name} of {SIZES[-1]:,}: 304 against the whole page"
        results.append(Result(label, connection.vendor, ratio, "x", goal=8, rounds=len(found), details=details))
    return results


def _whole_and_unchanged(path: str) -> list[tuple[float, float]]:
    """Milliseconds of a page, and of the answer to who has it already, in turns; none where there is no such answer."""
    from django.test import Client

    client, now = Client(headers={"host": HOST}), clock()
    tag = client.get(path).headers.get("ETag")
    if tag is None or client.get(path, headers={"if-none-match": tag}).status_code != 304:
        return []

    def ask(headers: dict[str, str]) -> float:
        begin = now()
        client.get(path, headers=headers)
        return 1_000 * (now() - begin)

    return [(ask({}), ask({"if-none-match": tag})) for _ in range(3 * ROUNDS)][ROUNDS:]


# Exports --------------------------------------------------------------------------------------------------------------


def exports() -> list[Any]:
    """The memory of a process that exports the largest hub as CSV, against one that exports a small one."""
    from django.db import connection

    from bench.results import Result
    from bench.synthetic import SIZES

    connection.close()
    small, large = (_exported(size) for size in (SIZES[1], SIZES[-1]))
    details = {
        f"{SIZES[1]:,} rows (MB)": small["megabytes"],
        f"{SIZES[-1]:,} rows (MB)": large["megabytes"],
        "rows a second": large["rows"] / large["seconds"],
    }
    # A tenth: the size of a process, which holds 60 MB before it begins, varies by some megabytes.
    name = f"memory of the CSV export of {SIZES[-1]:,} rows against {SIZES[1]:,}"
    ratio = large["megabytes"] / small["megabytes"]
    return [Result(name, connection.vendor, ratio, "x", goal=1.1, at_least=False, details=details)]


def _exported(size: int) -> dict[str, float]:
    """What a process says that exported a hub of this size."""
    import json

    command = [sys.executable, "-m", "bench.pages", "--export", str(size)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    said: dict[str, float] = json.loads(done.stdout)
    return said


def export(size: int) -> dict[str, float]:
    """Export a hub and throw the file away: rows, seconds, and the most megabytes that this process ever held."""
    from django.db import connection
    from django.test import Client

    from bench import synthetic

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # Pages of a file that is mapped count as memory of whoever reads them, though they are no more than cache.
            cursor.execute("PRAGMA mmap_size=0")
    begin = time.perf_counter()
    path = f"/hubs/{synthetic.slug(size)}/citing.csv"
    answer = Client(headers={"host": HOST}).get(path)
    lines = sum(piece.count(b"\n") for piece in answer.streaming_content)  # type: ignore[attr-defined]
    if lines != size + 1:
        raise RuntimeError(f"{path} has {lines - 1:,} rows instead of {size:,}")
    return {"rows": size, "seconds": time.perf_counter() - begin, "megabytes": most_held()}


def most_held() -> float:
    """The most megabytes that this process ever held; with `getrusage` that would count what its parent held, too."""
    status = Path("/proc/self/status")
    if not status.exists():
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    (line,) = (line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 2**10


def main() -> None:
    """Measure and hand over."""
    import json

    from django.conf import settings
    from django.test.utils import override_settings

    from bench.results import emit

    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DATA_DIR", folder)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "explorer.settings")
        Path(os.environ["DATA_DIR"], "static").mkdir(exist_ok=True)
        django.setup()
        with override_settings(CACHES=NO_CACHE, STORAGES=settings.STORAGES | PLAIN):
            if sys.argv[1:2] == ["--export"]:
                sys.stdout.write(json.dumps(export(int(sys.argv[2]))) + "\n")
            else:
                emit(measure())


if __name__ == "__main__":
    main()
