"""Pages over HTTP, from gunicorn: every size of hub, against Datasette, unchanged pages, rates, and a worker's memory.

Runs in a process of its own with DATABASE_URL naming the kept collection. Prints results as one line of JSON. Pages are
asked for through one connection that stays open, compressed, as browsers ask. Each is made anew: a visit counter, which
the site passes over, gives it an address of its own, so that no kept page answers.

BENCH_PARTS="against_datasette memory" measures only these.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import django

ROUNDS = 9
# Seconds for which each kind of request is counted, in turns, and connections that ask at once.
SECONDS, CONNECTIONS = 1.0, 8
REQUESTS_BEFORE, REQUESTS = 1_000, 10_000
# Of a worker, as gunicorn.conf.py has it where nothing else is set.
_THREADS = 4
ROOT = Path(__file__).resolve().parent.parent
_COUNTER = itertools.count(1)


# Asking ---------------------------------------------------------------------------------------------------------------


class Connection:
    """A connection that stays open, and as little between it and the clock as can be."""

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._socket: socket.socket | None = None

    def ask(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body, compressed as they came. A connection that the server closed is opened again."""
        lines = [
            f"GET {path} HTTP/1.1",
            "Host: localhost",
            *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items()),
        ]
        request = ("\r\n".join(lines) + "\r\nAccept-Encoding: br, gzip\r\n\r\n").encode("ascii")
        for _ in range(2):
            if self._socket is None:
                self._socket = socket.create_connection(self._address, timeout=120)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(OSError):
                self._socket.sendall(request)
                if first := self._socket.recv(65_536):
                    return self._read(first)
            self.close()
        raise RuntimeError(f"{path} is not answered")

    def _read(self, data: bytes) -> tuple[int, dict[str, str], bytes]:
        """The rest of an answer, of which a part has come."""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        code = int(status.split(" ", 2)[1])
        if "content-length" in headers:
            pieces, missing = [body], int(headers["content-length"]) - len(body)
            while missing > 0:
                pieces.append(self._more())
                missing -= len(pieces[-1])
            body = b"".join(pieces)
        elif code not in (204, 304):
            while not body.endswith(b"0\r\n\r\n"):
                body += self._more()
        if headers.get("connection", "").lower() == "close":
            self.close()
        return code, headers, body

    def _more(self) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(1 << 20)
        if not data:
            raise RuntimeError("the server closed the connection in the middle of an answer")
        return data

    def close(self) -> None:
        """Close it; the next question opens it again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def anew(path: str, counter: str = "utm_source") -> str:
    """The same page under an address that nobody has asked for, by a parameter that is passed over."""
    return f"{path}{'&' if '?' in path else '?'}{counter}=bench-{next(_COUNTER)}"


def timed(
    connection: Connection, path: str, counter: str = "utm_source", *, is_new: bool = True
) -> Callable[[], float]:
    """How long the answer to a page takes, in milliseconds: made anew, or, from the second time on, kept."""

    def ask() -> float:
        address = anew(path, counter) if is_new else path
        begin = time.perf_counter()
        status, _, _ = connection.ask(address)
        took = time.perf_counter() - begin
        if status != 200:
            raise RuntimeError(f"{address} is answered with {status}")
        return 1_000 * took

    return ask


class Site:
    """The site, served; `process` watches the workers."""

    def __init__(self, port: int, process: int) -> None:
        self.port, self.process = port, process

    def megabytes(self) -> float:
        """What the one worker has for itself, in MB. Pages of a file that is mapped are the system's to take back."""
        (worker,) = Path(f"/proc/{self.process}/task/{self.process}/children").read_text("ascii").split()
        lines = Path(f"/proc/{worker}/smaps_rollup").read_text("ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024


@contextlib.contextmanager
def served(workers: int) -> Iterator[Site]:
    """The site served by gunicorn from the database of this process."""
    environment = os.environ | {
        "PORT": "0", "WEB_CONCURRENCY": str(workers), "API_RATE": "off", "HOST": "127.0.0.1", "SLOW_QUERY_MS": "off",
        "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "explorer.wsgi"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = next((line for line in process.stdout if "is ready: " in line), None)
            if line is None:
                raise RuntimeError("gunicorn did not start")
            yield Site(int(line.rstrip("/\n").rsplit(":", 1)[1]), process.pid)
        finally:
            process.terminate()


# Measuring ------------------------------------------------------------------------------------------------------------


def measure() -> list[Any]:
    """All results of one database."""
    parts = (all_sizes, against_datasette, rates, memory)
    wanted = os.environ.get("BENCH_PARTS", "").split() or [part.__name__ for part in parts]
    results = []
    for part in parts:
        if part.__name__ in wanted:
            results += part()
    return results


def in_turns(asked: Mapping[str, Callable[[], float]], rounds: int = ROUNDS) -> list[dict[str, float]]:
    """What each measurement gives in each round, after one that does not count."""
    for ask in asked.values():
        ask()
    return [{name: ask() for name, ask in asked.items()} for _ in range(rounds)]


def all_sizes() -> list[Any]:
    """Hub page and explorer of every size, against the page and the first list of the smallest."""
    from bench import pages, synthetic

    smallest, largest = synthetic.SIZES[0], synthetic.SIZES[-1]
    last = -(-largest // 50)
    paths = {f"hub page of {size:,}": pages.hub(size) for size in synthetic.SIZES}
    for size in synthetic.SIZES:
        paths[f"explorer of {size:,}: no filter"] = pages.citing(size)
        paths[f"explorer of {size:,}: two filters"] = pages.citing(size, pages.TWO_FACETS)
        paths[f"explorer of {size:,}: text, two filters"] = pages.citing(size, f"q=model&{pages.TWO_FACETS}")
        paths[f"explorer of {size:,}: last page"] = pages.citing(size, f"page={-(-size // 50)}")
    paths[f"explorer of {largest:,}: middle page"] = pages.citing(largest, f"page={last // 2}")
    with served(1) as site:
        connection = Connection(site.port)
        found = in_turns({name: timed(connection, path) for name, path in paths.items()})
        connection.close()
    goals = {"hub page": 1.2, "two filters": 4, "text": 8, "last page": 1.5, "middle page": 4}
    results = []
    for name in paths:
        base = f"hub page of {smallest:,}" if name.startswith("hub") else f"explorer of {smallest:,}: no filter"
        if name == base:
            continue
        kind = name.partition(": ")[2] or name
        is_largest = f" of {largest:,}" in name
        goal = next((goal for start, goal in goals.items() if kind.startswith(start)), None) if is_largest else None
        ratio = statistics.median(one[name] / one[base] for one in found)
        details = {"ms": statistics.median(one[name] for one in found)}
        details["the smallest (ms)"] = statistics.median(one[base] for one in found)
        results.append(_ratio(f"over HTTP, {name}", ratio, goal, at_least=False, **details))
    return results


def against_datasette() -> list[Any]:
    """The same lists from this site and from Datasette, each with one worker: how many times as long that takes."""
    from bench import datasette, pages, synthetic

    large = synthetic.SIZES[-1]
    filters = "role=method&year_min=2010"
    theirs = "role=method&year__gte=2010"
    cases = {
        f"hub of {large:,}, two facets": (15, pages.citing(large), datasette.address(large)),
        f"hub of {large:,}, two filters and two facets": (
            10, pages.citing(large, filters), datasette.address(large, theirs)
        ),
        f"hub of {large:,}, text and two facets": (
            3, pages.citing(large, "q=model"), datasette.address(large, "_search=model")
        ),
        "hub of 1,000, two facets": (3, pages.citing(1_000), datasette.address(1_000)),
    }  # fmt: skip
    results = []
    with served(1) as site, datasette.served(datasette.make_file()) as port:
        ours, other = Connection(site.port), Connection(port)
        for name, (goal, own, their) in cases.items():
            _agree(ours, own, other, their)
            # Datasette takes a parameter without an underscore for a filter.
            asked = {
                "site": timed(ours, own),
                "site, page kept": timed(ours, own, is_new=False),
                "Datasette": timed(other, their, "_bench"),
            }
            rounds = in_turns(asked)
            ratio = statistics.median(one["Datasette"] / one["site"] for one in rounds)
            details = {f"{who} (ms)": statistics.median(one[who] for one in rounds) for who in asked}
            results.append(_ratio(f"against Datasette: {name}", ratio, goal, at_least=True, **details))
    return results


def _agree(ours: Connection, own: str, other: Connection, their: str) -> None:
    """Both sides list equally many papers: what is compared is the same."""
    slug, _, query = own.removeprefix("/hubs/").partition("/citing/?")
    counted = _json(ours, f"/api/hubs/{slug}/citing/?{query}")["count"]
    listed = _json(other, their.replace("/citing?", "/citing.json?"))
    if listed["filtered_table_rows_count"] != counted:
        raise RuntimeError(f"{own}: {counted} papers here, {listed['filtered_table_rows_count']} there")
    if listed.get("facets_timed_out"):
        raise RuntimeError(f"Datasette gave up on {listed['facets_timed_out']}")


def _json(connection: Connection, path: str) -> Any:
    """An answer in JSON."""
    import gzip

    import brotli

    status, headers, body = connection.ask(path)
    if status != 200:
        raise RuntimeError(f"{path} is answered with {status}")
    if headers.get("transfer-encoding") == "chunked":
        body = _joined(body)
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress}.get(headers.get("content-encoding", ""))
    return json.loads(unpack(body) if unpack else body)


def _joined(body: bytes) -> bytes:
    """A body that was sent in pieces, each after a line with its length (RFC 9112, section 7.1)."""
    pieces = []
    while body:
        line, _, rest = body.partition(b"\r\n")
        length = int(line.partition(b";")[0], 16)
        pieces.append(rest[:length])
        body = rest[length + 2 :] if length else b""
    return b"".join(pieces)


def rates() -> list[Any]:
    """Requests a second of two workers, asked through eight connections at once: pages made anew, kept, unchanged."""
    from bench import pages, synthetic
    from bench.results import Result

    large = synthetic.SIZES[-1]
    paths = {"hub page": pages.hub(large), "explorer": pages.citing(large)}
    results = []
    with served(2) as site:
        asking: dict[str, Callable[[], float]] = {}
        for name, path in paths.items():
            tag = Connection(site.port).ask(path)[1].get("etag", "")
            asking[f"{name}, made anew"] = _rate(site.port, path, 200, is_new=True)
            asking[f"{name}, kept"] = _rate(site.port, path, 200)
            asking[f"{name}, unchanged"] = _rate(site.port, path, 304, If_None_Match=tag)
        found = in_turns(asking, 7)
    from django.db import connection

    for name in paths:
        ratio = statistics.median(one[f"{name}, unchanged"] / one[f"{name}, made anew"] for one in found)
        ways = ("made anew", "kept", "unchanged")
        details = {f"{way} (a second)": statistics.median(one[f"{name}, {way}"] for one in found) for way in ways}
        label = f"{name} of {large:,} over HTTP, two workers: rate of 304s against pages"
        results.append(Result(label, connection.vendor, ratio, "x", goal=8, rounds=7, details=details))
    return results


def _rate(port: int, path: str, status: int, *, is_new: bool = False, **headers: str) -> Callable[[], float]:
    """How many answers a second come through all connections together."""

    def measured() -> float:
        end = time.perf_counter() + SECONDS
        numbers: list[int] = []

        def ask() -> None:
            connection, number = Connection(port), 0
            while time.perf_counter() < end:
                got, _, _ = connection.ask(anew(path) if is_new else path, **headers)
                if got != status:
                    raise RuntimeError(f"{path} is answered with {got} instead of {status}")
                number += 1
            connection.close()
            numbers.append(number)

        threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if len(numbers) < CONNECTIONS:
            raise RuntimeError(f"{path}: not every connection was served to the end")
        return sum(numbers) / SECONDS

    return measured


def memory() -> list[Any]:
    """The megabytes by which the one worker grows while it answers ten thousand requests of all kinds."""
    from django.db import connection

    from bench import pages, synthetic
    from bench.results import Result

    if not Path("/proc/self/smaps_rollup").exists():
        return []
    paths = ["/", "/hubs/", "/papers/?sort=title", "/search/?q=galaxy", "/about/data/", "/api/hubs/", "/nothing/"]
    for size in 3 * synthetic.SIZES:
        paths += [pages.hub(size), pages.citing(size), pages.citing(size, "sort=title&page=2")]
        paths += [pages.citing(size, "role=method"), f"/hubs/{synthetic.slug(size)}/badge.svg"]
    paths += [f"/hubs/{synthetic.slug(synthetic.SIZES[0])}/citing.csv"]
    with served(1) as site:
        _ask_all(site.port, paths, REQUESTS_BEFORE)
        before = site.megabytes()
        _ask_all(site.port, paths, REQUESTS)
        after = site.megabytes()
    details = {"before (MB)": before, "after (MB)": after}
    name = f"a worker grows in {REQUESTS:,} mixed requests by"
    return [Result(name, connection.vendor, after - before, "MB", goal=10, at_least=False, details=details)]


def _ask_all(port: int, paths: Sequence[str], number: int) -> None:
    """So many requests through as many connections as a worker has threads: each has a database connection of its own,
    with a cache, and memory counts when all of them are in use.
    """
    failed: list[str] = []

    def ask(first: int) -> None:
        connection = Connection(port)
        for place in range(first, number, _THREADS):
            path = paths[place % len(paths)]
            status, _, _ = connection.ask(path if place % 2 else anew(path))
            if status not in (200, 400, 404):
                failed.append(f"{path} is answered with {status}")
        connection.close()

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(failed[0])


def _ratio(name: str, value: float, goal: float | None, *, at_least: bool, **details: float) -> Any:
    """One ratio."""
    from django.db import connection

    from bench.results import Result

    return Result(name, connection.vendor, value, "x", goal=goal, at_least=at_least, rounds=ROUNDS, details=details)


def main() -> None:
    """Measure and hand over."""
    from bench.results import emit

    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "explorer.settings")
        django.setup()
        prepare = [sys.executable, "manage.py", "prepare", "--no-sample"]
        subprocess.run(prepare, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        emit(measure())


if __name__ == "__main__":
    main()
