"""A PostgreSQL primary with a streaming replica, and the site served from both, for tests."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from tests.prepared import ROOT, environment, manage, put_static_files

# Nothing has to survive a crash of the machine here.
_OPTIONS = "-c listen_addresses='' -c fsync=off -c max_connections=60 -c wal_keep_size=256MB"


def binaries() -> Path | None:
    """The folder of PostgreSQL's server programs; None where they are not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    folders += [Path(found).parent for found in [shutil.which("initdb")] if found]
    return next((folder for folder in folders if (folder / "pg_basebackup").exists()), None)


class Server:
    """One PostgreSQL server in a folder; its socket lies there, too."""

    def __init__(self, folder: Path, programs: Path, owner: str | None) -> None:
        self.folder, self._programs, self._owner = folder, programs, owner

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as a user whom it accepts: it refuses root."""
        command: Sequence[str] = [str(self._programs / program), *arguments]
        if self._owner:
            group = str(pwd.getpwnam(self._owner).pw_gid)
            command = ["setpriv", f"--reuid={self._owner}", f"--regid={group}", "--clear-groups", *command]
        finished = subprocess.run(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if finished.returncode:
            raise RuntimeError(f"{program}: {finished.stdout}")

    def start(self) -> None:
        """Start it and wait until it answers. Its output goes to a file: a pipe would stay open with it."""
        options = f"{_OPTIONS} -c unix_socket_directories='{self.folder}'"
        log = str(self.folder / "server.log")
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-o", options, "-w", "-s", "start")

    def kill(self) -> None:
        """End it as a crash would."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-s", "stop")

    def processes(self) -> list[int]:
        """The ids of its processes, the first one first."""
        first = int((self.folder / "data" / "postmaster.pid").read_text("ascii").split()[0])
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(first)], capture_output=True, text=True, check=False)
        return [first, *map(int, listed.stdout.split())]

    def signal(self, number: int) -> None:
        """Send a signal to all of its processes: SIGSTOP makes it hang as a machine in trouble does."""
        for process in self.processes():
            with contextlib.suppress(ProcessLookupError):  # one of them may have ended meanwhile
                os.kill(process, number)

    @property
    def url(self) -> str:
        """Its address as DATABASE_URL has it."""
        return f"postgres://explorer@/{quote(str(self.folder), safe='')}/postgres"

    def ask(self, statement: str) -> Any:
        """The first value that a statement gives."""
        with psycopg.connect(host=str(self.folder), user="explorer", dbname="postgres", autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchone()[0] if cursor.description else None  # type: ignore[index]


@contextmanager
def cluster() -> Iterator[tuple[Server, Server]]:
    """A primary and its replica; skips where PostgreSQL is not installed."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed; on Debian: apt-get install postgresql")
    owner = None
    if os.geteuid() == 0:
        names = {entry.pw_name for entry in pwd.getpwall()}
        owner = "postgres" if "postgres" in names else "nobody"
    folder = Path(tempfile.mkdtemp(prefix="explorer-"))  # short: the path of a socket may be 107 bytes long
    folder.chmod(0o755)
    primary, replica = (Server(folder / name, programs, owner) for name in ("p", "r"))
    try:
        for server in (primary, replica):
            server.folder.mkdir()
            if owner:
                shutil.chown(server.folder, owner)
        data = str(primary.folder / "data")
        primary.run("initdb", "-D", data, "-U", "explorer", "-A", "trust", "-E", "UTF8", "-N", "--locale=C.UTF-8")
        primary.start()
        copy = ["-D", str(replica.folder / "data"), "-h", str(primary.folder), "-U", "explorer"]
        replica.run("pg_basebackup", *copy, "-R", "-X", "stream", "-c", "fast", "-N")
        replica.start()
        yield primary, replica
    finally:
        for server in (replica, primary):
            if (server.folder / "data" / "postmaster.pid").exists():
                server.signal(signal.SIGCONT)
                server.kill()
        shutil.rmtree(folder, ignore_errors=True)


class Site:
    """The site served by gunicorn; `host` and `port` are where, `process` is the one that watches the workers."""

    def __init__(self, port: int, process: int) -> None:
        self.host, self.port, self.process = "127.0.0.1", port, process

    def memory(self) -> int:
        """Megabytes that the one worker has for itself; mapped pages of a file are the system's to take back."""
        command = ["ps", "-o", "pid=", "--ppid", str(self.process)]
        (worker,) = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        lines = Path(f"/proc/{worker}/smaps_rollup").read_text("ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) // 1024

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and text of a page."""
        connection = HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8")
        finally:
            connection.close()

    def until(self, what: str, path: str, wanted: str, *, seconds: float, present: bool = True) -> float:
        """Ask until the page contains `wanted` (or no longer does); the seconds it took. Fails after `seconds`."""
        begun = time.monotonic()
        while (waited := time.monotonic() - begun) < seconds:
            if (wanted in self.get(path)[1]) is present:
                return waited
            time.sleep(0.1)
        raise AssertionError(f"{what}: not within {seconds} s")


@contextmanager
def served(folder: Path, variables: Mapping[str, str], workers: int = 1) -> Iterator[Site]:
    """The site with the sample, prepared and served by gunicorn from the databases that the variables name."""
    put_static_files(folder)
    manage(folder, "prepare", **variables)
    env = environment(folder, **variables) | {"PORT": "0", "WEB_CONCURRENCY": str(workers)}
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "explorer.wsgi"]
    with (
        (folder / "served.log").open("w+", encoding="utf-8") as log,
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            line = next((line for line in process.stdout if "is ready: " in line), "")
            if not line:
                log.seek(0)
                raise RuntimeError(log.read())
            yield Site(int(line.rstrip("/\n").rsplit(":", 1)[1]), process.pid)
        finally:
            process.terminate()


class Readers:
    """Threads that ask for pages one after the other until they are told to end.

    `anew`: each asks with a visit counter of its own, which the site passes over, so that no page is one that was kept.
    """

    def __init__(
        self, site: Site, paths: Sequence[str], number: int = 4, *, pause: float = 0.0, anew: bool = False
    ) -> None:
        self.statuses: Counter[int] = Counter()
        self.seconds: list[float] = []
        self.failed: list[str] = []
        self._site, self._paths, self._pause, self._anew = site, paths, pause, anew
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._read, args=(place,)) for place in range(number)]

    def _read(self, place: int) -> None:
        connection = HTTPConnection(self._site.host, self._site.port, timeout=30)
        while not self._end.wait(self._pause):
            place += 1
            path = self._paths[place % len(self._paths)]
            if self._anew:
                path += f"{'&' if '?' in path else '?'}utm_source={threading.get_ident()}-{place}"
            begun = time.monotonic()
            try:
                connection.request("GET", path, headers={"Accept-Encoding": "br"})
                answer = connection.getresponse()
                answer.read()
            except OSError as error:
                self.failed.append(f"{path}: {error!r}")
                connection.close()
                continue
            self.seconds.append(time.monotonic() - begun)
            self.statuses[answer.status] += 1
        connection.close()

    @property
    def p99(self) -> float:
        """Seconds within which 99 of 100 pages came."""
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)]

    def __enter__(self) -> Readers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()
