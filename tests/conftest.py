"""What all tests share: the database's guard, a browser, the recorded answers of services, profiles of Hypothesis."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.request import Request, urlopen

import pytest
from django.db import connections, transaction
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
IN_CI = os.environ.get("CI", "").lower() in ("true", "1")

# No deadline: a slow machine is not a failed property. In CI the same examples each time, so that failures come again.
hypothesis_settings.register_profile("default", deadline=None)
hypothesis_settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis_settings.load_profile("ci" if IN_CI else "default")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test that uses the browser, so that `-m "not browser"` leaves them out. Where the tests of one database
    follow those of another, leave out what would be the same again: those that use none, and those in the browser,
    which judge what it makes of pages that other tests compare on both.
    """
    for item in items:
        if {"browser", "page"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
    if os.environ.get("DATABASE_TESTS_ONLY") == "1":
        left_out = [item for item in items if not _uses_database(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _uses_database(item)]


def _uses_database(item: pytest.Item) -> bool:
    """Whether a test looks at what the database does, itself or through programs that it starts."""
    if item.get_closest_marker("browser"):
        return False
    if any(item.get_closest_marker(name) for name in ("django_db", "engine")):
        return True
    if issubclass(getattr(item, "cls", None) or object, TransactionTestCase):
        return True
    return bool({"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ())))


# --- the database -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _ledger_can_be_flushed() -> Iterator[None]:
    """Take the triggers that make labels append-only off around the flush that ends a transactional test."""
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def flush_without_triggers(test: Any) -> None:
        from citations import engines

        used = [connections[alias] for alias in test._databases_names(include_mirrors=False)]
        for connection in used:
            engines.remove_triggers(connection)
        try:
            flush(test)
        finally:
            for connection in used:
                engines.install_triggers(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_without_triggers)
        yield


@pytest.fixture(scope="module")
def module_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The database for fixtures that a whole module reads: what they make stays until its last test, and what a test
    changes is taken back after it. Not for modules with transactional tests, which empty all tables.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


# --- the browser ------------------------------------------------------------------------------------------------------


def _missing(what: str) -> NoReturn:
    """Skip the test; fail it in CI, where everything has to be there."""
    if IN_CI:
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, started once. Use `page` unless a test needs a context of its own making."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        _missing("Chromium is not installed; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    options = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-gpu"]
    options += ["--no-first-run", "--disable-dev-shm-usage"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium's sandbox refuses root
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's own event loop runs in this thread, which Django takes for an asynchronous caller.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        started = playwright.chromium.launch(executable_path=executable, args=options)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty tab with no cookies, 1280 by 800. It waits no longer than it has to, and long on a busy machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(30_000)  # milliseconds
    yield context.new_page()
    context.close()


# --- recorded answers of services -------------------------------------------------------------------------------------


class Replay:
    """A server of recorded answers, running beside the tests.

    `url` is its address without a slash at the end; below it lie /semanticscholar, /openalex, /crossref and others.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        sent = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.url + path, data=sent, method=method), timeout=20) as answer:
            return json.load(answer)

    def faults(self, *rules: dict[str, Any]) -> None:
        """Let requests go wrong: {"pattern": "/citations", "status": 429, "times": 3}, ..."""
        self._ask("POST", "/_faults", list(rules))

    def reset(self) -> None:
        """Forget the faults and the log."""
        self._ask("POST", "/_reset?faults=1")

    def log(self) -> list[dict[str, Any]]:
        """The requests since the last reset, each with method, path, query, status, time, fault and user_agent."""
        requests: list[dict[str, Any]] = self._ask("GET", "/_log")
        return requests


@pytest.fixture(scope="session")
def replay_server() -> Iterator[Replay]:
    """The server, started once; skips where the recorded answers are not beside the project."""
    program = SHARED / "tools" / "replay.py"
    if not program.is_file():
        pytest.skip("the recorded answers of services are not beside the project (../shared)")
    with subprocess.Popen([sys.executable, str(program), "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            first_line = process.stdout.readline()
            assert first_line.startswith("replay ready: "), f"the replay server did not start: {first_line!r}"
            yield Replay(first_line.split()[-1])
        finally:
            process.terminate()


@pytest.fixture
def replay(replay_server: Replay) -> Iterator[Replay]:
    """The server without faults and with an empty log."""
    replay_server.reset()
    yield replay_server
    replay_server.reset()
