"""The commands of the Makefile, and what they say on a machine that lacks something."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parent.parent
SURROUNDINGS = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def run(*command: str, folder: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in an environment of `variables`."""
    env = SURROUNDINGS | variables
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What `make run` needs of the project before it has an environment, in a folder of its own."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    for name in ("requirements.txt", "requirements-dev.txt", "Makefile"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "tools").mkdir()
    return tmp_path


def tool(clone: Path, name: str, script: str) -> None:
    """Put a program of this name before all others: a shell script."""
    file = clone / "tools" / name
    file.write_text(f"#!/bin/sh\n{script}\n", "ascii")
    file.chmod(0o755)


def install(clone: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Install the site's packages with the programs in `tools` first."""
    variables.setdefault("PATH", f"{clone / 'tools'}:{SURROUNDINGS['PATH']}")
    return run("scripts/install.sh", "requirements.txt", folder=clone, **variables)


def test_help_names_every_command() -> None:
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert targets is not None
    shown = re.findall(r"^  make ([a-z]+)", run("make", "help").stdout, re.MULTILINE)
    assert set(shown) == set(targets.group(1).split()) - {"install"}


def test_a_python_that_is_too_old_is_said_in_one_line(clone: Path) -> None:
    finished = install(clone, PYTHON="false")
    assert finished.returncode == 1
    assert finished.stderr.splitlines() == [
        "Citation Explorer cannot be installed: it needs Python 3.11 or newer (PYTHON=false is not); "
        "on Debian: apt-get install python3 python3-venv"
    ]


def test_a_missing_venv_module_is_said_in_one_line(clone: Path) -> None:
    tool(clone, "python3", f'case "$*" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"')
    finished = install(clone)
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert "venv module is missing" in line


@pytest.mark.parametrize("script", ["install.sh", "run.sh"])
def test_a_full_disk_is_said_in_one_line(clone: Path, script: str) -> None:
    tool(clone, "df", "echo header; echo disk 1000000 999000 1000 100% /")
    if script == "run.sh":
        tool(clone, "python", "exit 0")
        (clone / ".venv" / "bin").mkdir(parents=True)
        shutil.copy(clone / "tools" / "python", clone / ".venv" / "bin")
        twice = (clone / "requirements.txt").read_bytes() * 2
        (clone / ".venv" / "installed-requirements.txt").write_bytes(twice)
    path = f"{clone / 'tools'}:{SURROUNDINGS['PATH']}"
    finished = run(f"scripts/{script}", "requirements.txt", folder=clone, PATH=path)
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert "MB of disk space" in line


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "99999999999999999999"),
        ("PORT", ""),
        ("PORT", "٨٠"),
        ("HOST", ""),
        ("HOST", "192.0.2.1"),  # reserved for documentation: no machine has it
        ("WEB_CONCURRENCY", "0"),
        ("WEB_CONCURRENCY", "two"),
    ],
)
def test_a_malformed_address_is_said_in_one_line(variable: str, value: str) -> None:
    variables = {"PORT": "0"} | {variable: value}
    finished = run(sys.executable, "gunicorn.conf.py", folder=ROOT, **variables)
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert line.startswith(f"Citation Explorer cannot start: {variable}: ")


def test_a_port_in_use_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        finished = run(sys.executable, "gunicorn.conf.py", PORT=str(taken.getsockname()[1]))
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert line.startswith("Citation Explorer cannot start: PORT: ")


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve the site with its data in `folder`; gives its address and the lines printed until it was ready."""
    env = SURROUNDINGS | {"DATA_DIR": str(folder), "PORT": "0", "WEB_CONCURRENCY": "1"}
    command = ["scripts/run.sh"]
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            printed = []
            for line in process.stdout:
                printed.append(line.rstrip())
                if "is ready: " in line:
                    break
            assert printed and "is ready: " in printed[-1], printed
            yield printed[-1].split()[-1], printed
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0, process.returncode


@pytest.mark.skipif(not (ROOT / ".venv" / "bin" / "gunicorn").exists(), reason="the project has no .venv of its own")
def test_run_serves_the_sample_and_keeps_it_for_the_next_start(tmp_path: Path) -> None:
    with served(tmp_path) as (address, first):
        with urlopen(f"{address}arxiv/2304.01373", timeout=20) as answer:
            assert answer.status == 200
            assert "/hubs/pythia" in answer.url
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert "Set-Cookie" not in answer.headers
            page = answer.read().decode("utf-8")
        (style_sheet,) = re.findall(r'href="/(static/[^"]+\.css)"', page)[:1]
        with urlopen(address + style_sheet, timeout=20) as answer:
            assert "immutable" in answer.headers["Cache-Control"]
    assert any("Preparing the database" in line for line in first)
    with served(tmp_path) as (address, second):
        with urlopen(f"{address}healthz", timeout=20) as answer:
            assert answer.status == 200
        assert not any("Preparing" in line or "Collecting" in line for line in second)


def test_a_server_that_others_reach_says_to_which_names_it_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOST", "0.0.0.0")
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
    configured = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    listener = SimpleNamespace(getsockname=lambda: ("0.0.0.0", 8000))
    configured["when_ready"](SimpleNamespace(LISTENERS=[listener]))
    line = capsys.readouterr().out.splitlines()[-1]
    assert "localhost, 127.0.0.1 and [::1]" in line
