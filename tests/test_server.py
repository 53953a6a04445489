"""How the server behaves beside its pages: it ends without dropping a request, and notes requests where asked to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.prepared import ROOT, environment, put_sqlite_file, put_static_files


class Served:
    """A started server, and the port that it listens to."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path) -> None:
        self.process, self.port, self._log = process, port, log

    def ask(self, path: str, **headers: str) -> HTTPConnection:
        """A request that was sent; its answer is for the caller to fetch."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers=headers)
        return connection

    def end(self) -> str:
        """Tell it to end, wait until it has, and give what it wrote to its log."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        return self._log.read_text("utf-8")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that is ready to be served, with an empty database."""
    folder = tmp_path_factory.mktemp("server")
    put_static_files(folder)
    put_sqlite_file(folder)
    return folder


@contextmanager
def serving(data: Path, folder: Path, application: str = "explorer.wsgi", **variables: str) -> Iterator[Served]:
    """The site served by gunicorn with the project's own configuration; its log goes to `folder`."""
    log = folder / "log"
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", application]
    env = environment(data, **variables) | {"PORT": "0", "WEB_CONCURRENCY": "1"}
    with (
        log.open("w", encoding="utf-8") as stream,
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=stream, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            line = next((line for line in process.stdout if "is ready: " in line), "")
            assert line, log.read_text("utf-8")
            yield Served(process, int(line.rstrip("/\n").rsplit(":", 1)[1]), log)
        finally:
            process.kill()


def test_a_request_under_way_is_answered_before_the_server_ends(data: Path, tmp_path: Path) -> None:
    for name in ("begun", "go"):
        os.mkfifo(tmp_path / name)
    with serving(data, tmp_path, "tests.slow_site", PIPES=str(tmp_path)) as served:
        slow = served.ask("/healthz?slow")
        assert (tmp_path / "begun").read_text("ascii") == "begun"
        served.process.send_signal(signal.SIGTERM)
        # The server knows of its end before the request goes on: nobody else is let in.
        while _listens(served.port):
            pass
        (tmp_path / "go").write_text("go", "ascii")
        answer = slow.getresponse()
        assert answer.status == 200
        assert answer.read() == b"ok\n"
        assert served.process.wait(timeout=60) == 0


def _listens(port: int) -> bool:
    """Whether a new connection is accepted."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True


@pytest.mark.parametrize("form", ["json", "keyvalue"])
def test_each_request_is_noted_with_its_name_where_that_is_asked_for(data: Path, tmp_path: Path, form: str) -> None:
    with serving(data, tmp_path, ACCESS_LOG="on", LOG_FORMAT=form) as served:
        assert served.process.stdout is not None
        answer = served.ask("/no/such/page/?q=a+private+search").getresponse()
        answer.read()
        name = answer.headers["X-Request-ID"]
        errors = served.end()
        noted = next(line for line in served.process.stdout if name in line)
    assert name in errors  # the line in which Django says that there is no such page
    assert "private" not in noted
    if form == "json":
        facts = json.loads(noted)
        assert (facts["method"], facts["path"], facts["status"]) == ("GET", "/no/such/page/", 404)
        assert facts["request_id"] == name
        assert facts["milliseconds"] > 0
    else:
        assert f"request_id={name}" in noted
        assert "path=/no/such/page/" in noted


def test_requests_are_not_noted_unless_asked_for(data: Path, tmp_path: Path) -> None:
    with serving(data, tmp_path) as served:
        assert served.process.stdout is not None
        served.ask("/healthz").getresponse().read()
        served.end()
        assert "/healthz" not in served.process.stdout.read()


def test_a_malformed_switch_stops_the_start_in_one_line(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "gunicorn.conf.py"],
        cwd=ROOT,
        env=environment(tmp_path, ACCESS_LOG="perhaps"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert line.startswith("Citation Explorer cannot start: ACCESS_LOG: ")
