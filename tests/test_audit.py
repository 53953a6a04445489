"""The audit of packages: fails for what is known, and never for want of a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
Answer = Callable[[list[dict[str, Any]]], tuple[int, bytes]]


@contextmanager
def database(answer: Answer) -> Iterator[str]:
    """The address of a server that answers the one request as `answer` says."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = answer(sent["queries"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def audit(address: str) -> tuple[int, str]:
    """How the audit ends, and what it prints."""
    env = {"PATH": os.environ["PATH"], "AUDIT_URL": address}
    command = [sys.executable, str(ROOT / "scripts" / "audit.py")]
    finished = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert finished.stderr == ""
    return finished.returncode, finished.stdout


def knowing(vulnerable: dict[str, str]) -> Answer:
    """Knows a vulnerability of each of these packages, by its identifier."""

    def answer(queries: list[dict[str, Any]]) -> tuple[int, bytes]:
        names = [query["package"]["name"] for query in queries]
        results = [{"vulns": [{"id": vulnerable[name]}]} if name in vulnerable else {} for name in names]
        return 200, json.dumps({"results": results}).encode()

    return answer


def test_every_pinned_package_is_asked_about_with_its_version() -> None:
    asked: list[dict[str, Any]] = []

    def answer(queries: list[dict[str, Any]]) -> tuple[int, bytes]:
        asked.extend(queries)
        return knowing({})(queries)

    with database(answer) as address:
        code, printed = audit(address)
    assert code == 0
    assert printed.startswith(f"No vulnerability is known in {len(asked)} packages.")
    pins = [line for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines() if "==" in line]
    for pin in pins:
        name, _, version = pin.partition("==")
        assert {"package": {"name": name, "ecosystem": "PyPI"}, "version": version} in asked


def test_a_known_vulnerability_fails_and_is_named() -> None:
    with database(knowing({"Django": "PYSEC-2099-1"})) as address:
        code, printed = audit(address)
    assert code == 1
    assert "Django" in printed and "https://osv.dev/vulnerability/PYSEC-2099-1" in printed


@pytest.mark.parametrize(
    "answer", [(500, b""), (200, b"no json"), (200, b"[]"), (200, b'{"results": []}'), (200, b'{"results": null}')]
)
def test_a_database_that_does_not_answer_well_fails_nothing(answer: tuple[int, bytes]) -> None:
    with database(lambda _: answer) as address:
        code, printed = audit(address)
    assert code == 0
    (line,) = printed.splitlines()
    assert line.startswith(f"Packages are not audited: {address} does not answer")


def test_without_a_network_one_line_says_so() -> None:
    code, printed = audit("http://127.0.0.1:9")
    assert code == 0
    assert len(printed.splitlines()) == 1


def test_it_can_be_switched_off() -> None:
    assert audit("off") == (0, "Packages are not audited: AUDIT_URL is off.\n")
