"""Public pages are read from replicas that are up and close behind; nobody sees it when one is not."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import ResolverMatch

from citations import replicas
from citations.engines.replication import Standing, is_unreachable
from citations.models import Paper
from citations.replicas import CHECK_HOLDS, PRIMARY, ReplicaRouter, Replicas
from citations.views import health, reading
from tests.replication import Readers, Server, Site, cluster, served

PAGES = ["/", "/hubs/", "/papers/", "/search/?q=model", "/hubs/?sort=title", "/papers/?sort=title", "/about/data/"]


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """It stands at 100 seconds."""
    return Clock()


@pytest.fixture
def two(clock: Clock) -> Replicas:
    """Two replicas that nobody has checked."""
    return Replicas(("replica1", "replica2"), most_lag=10.0, clock=clock, checks=False)


def at(place: int, seconds_behind: float | None = 0.0) -> Standing:
    """A replica that has come to this place."""
    return Standing(True, place, seconds_behind)


def primary_at(place: int) -> Standing:
    """A primary at this place."""
    return Standing(False, place, None)


# Which one is read ----------------------------------------------------------------------------------------------------


def test_a_replica_is_read_once_it_has_been_checked(two: Replicas, clock: Clock) -> None:
    assert two.choose() is None
    two.learn("replica2", clock.now, at(5))
    assert {two.choose() for _ in range(20)} == {"replica2"}
    two.learn("replica1", clock.now, at(5))
    assert {two.choose() for _ in range(100)} == {"replica1", "replica2"}


def test_a_check_holds_for_seconds_only(two: Replicas, clock: Clock) -> None:
    """A server that hangs answers no check, and fails none."""
    two.learn("replica1", clock.now, at(5))
    clock.now += CHECK_HOLDS
    assert two.choose() == "replica1"
    clock.now += 0.1
    assert two.choose() is None
    assert two.report()[0].said == "it does not answer"


def test_a_replica_that_failed_is_left_out_until_a_later_check(two: Replicas, clock: Clock) -> None:
    begun = clock.now
    two.learn("replica1", clock.now, at(5))
    clock.now += 1
    two.leave_out("replica1", "connection refused")
    assert two.choose() is None
    two.learn("replica1", begun, at(5))  # this check began before the failure
    assert two.choose() is None
    clock.now += 1
    two.learn("replica1", clock.now, at(5))
    assert two.choose() == "replica1"


def test_a_replica_is_behind_since_the_primary_left_its_place(two: Replicas, clock: Clock) -> None:
    for place in (10, 20, 20, 30):
        two.learn(PRIMARY, clock.now, primary_at(place))
        clock.now += 5
    now = clock.now  # 120: it stood at 10 at 100, at 20 at 105 and 110, at 30 at 115
    for place, lag in ((30, 0), (31, 0), (29, 5), (20, 5), (19, 15), (10, 15)):
        two.learn("replica1", now, at(place))
        assert two._known["replica1"].lag == lag, place
        assert (two.choose() is None) is (lag > 10)


def test_an_idle_primary_is_not_taken_for_a_lagging_replica(two: Replicas, clock: Clock) -> None:
    """The last transaction is an hour old, and the replica has it."""
    two.learn(PRIMARY, clock.now, primary_at(10))
    two.learn("replica1", clock.now, at(10, seconds_behind=3600.0))
    assert two.choose() == "replica1"


def test_a_replica_that_lags_by_more_than_was_watched_is_as_old_as_its_last_transaction(
    two: Replicas, clock: Clock
) -> None:
    two.learn(PRIMARY, clock.now, primary_at(10))
    two.learn("replica1", clock.now, at(5, seconds_behind=3600.0))
    assert two.choose() is None
    assert two.report()[0].said == "it is 3600 s behind"


def test_a_server_that_is_no_replica_is_not_read(two: Replicas, clock: Clock) -> None:
    """A replica that was promoted, or the address of another server."""
    two.learn("replica1", clock.now, primary_at(10))
    assert two.choose() is None
    assert two.report()[0].said == "it is not a replica"


def test_replicas_are_read_while_the_primary_is_away(two: Replicas, clock: Clock) -> None:
    two.learn(PRIMARY, clock.now, primary_at(10))
    for _ in range(100):
        clock.now += 1
        two.learn("replica1", clock.now, at(10, seconds_behind=3600.0))
    assert two.choose() == "replica1"


def test_the_router_follows_the_request_for_reading_alone() -> None:
    router = ReplicaRouter()
    assert router.db_for_read(Paper) is None
    with replicas.reading_from("replica1"):
        assert router.db_for_read(Paper) == "replica1" == replicas.current()
        assert router.db_for_write(Paper) == "default"
        with replicas.reading_from(None):
            assert replicas.current() == "default"
    assert replicas.current() == "default"
    assert router.allow_migrate("replica1", "citations") is False
    assert router.allow_migrate("default", "citations") is None
    assert router.allow_relation(Paper(), Paper())


@pytest.mark.parametrize(
    ("state", "unreachable"),
    [(None, True), ("08006", True), ("57P01", True), ("53300", True), ("40001", False), ("57014", False)],
)
def test_a_refused_statement_is_told_from_a_server_that_is_away(state: str | None, unreachable: bool) -> None:
    cause = Exception()
    cause.sqlstate = state  # type: ignore[attr-defined]
    error = OperationalError("no")
    error.__cause__ = cause
    assert is_unreachable(error) is unreachable


# Requests -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def one(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Replicas:
    """One replica, in use. Its alias is that of no database: whoever reads it in earnest fails."""
    known = Replicas(("replica1",), most_lag=10.0, clock=clock, checks=False)
    known.learn("replica1", clock.now, at(5))
    monkeypatch.setattr(replicas, "REPLICAS", known)
    monkeypatch.setattr(health, "REPLICAS", known)
    monkeypatch.setattr(replicas, "connections", {"replica1": None})
    return known


def read_by(request: HttpRequest) -> str:
    """The database that a request would read."""
    with override_settings(REPLICA_ALIASES=["replica1"]):
        middleware = reading.ReplicaMiddleware(lambda request: HttpResponse(replicas.current()))
        return bytes(middleware(request).content).decode()  # type: ignore[attr-defined]


def request_for(path: str = "/hubs/", method: str = "GET", **cookies: str) -> HttpRequest:
    """A request."""
    request = HttpRequest()
    request.method, request.path, request.path_info = method, path, path
    request.COOKIES = dict(cookies)
    return request


def test_public_pages_read_a_replica_and_all_else_the_primary(one: Replicas) -> None:
    assert read_by(request_for()) == "replica1"
    assert read_by(request_for(method="HEAD")) == "replica1"
    assert read_by(request_for("/api/hubs/")) == "replica1"
    assert read_by(request_for("/admin/")) == "default"
    assert read_by(request_for("/citations/1/report/", "POST")) == "default"
    assert read_by(request_for(sessionid="x")) == "default"
    assert read_by(request_for(wrote="1")) == "default"
    one.leave_out("replica1", "away")
    assert read_by(request_for()) == "default"


def test_a_reader_who_wrote_reads_the_primary_for_longer_than_a_replica_may_lag(one: Replicas) -> None:
    with override_settings(REPLICA_ALIASES=["replica1"], REPLICA_MAX_LAG=10.0):
        middleware = reading.ReplicaMiddleware(lambda request: HttpResponse())
        cookie = middleware(request_for("/citations/1/report/", "POST")).cookies["wrote"]
        assert cookie["max-age"] > 10 + CHECK_HOLDS
        assert cookie["httponly"]
        assert not middleware(request_for()).cookies


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("server closed the connection"),
        InterfaceError("closed"),
        # What closing a cursor meets is the driver's own.
        psycopg.OperationalError("server closed the connection unexpectedly"),
    ],
)
def test_a_request_whose_replica_fails_goes_on_with_the_primary(one: Replicas, error: Exception) -> None:
    asked: list[str] = []

    def view(request: HttpRequest, slug: str) -> HttpResponse:
        asked.append(replicas.current())
        if replicas.is_in_use():
            raise error
        return HttpResponse("made")

    def handled(request: HttpRequest) -> Any:
        try:
            return view(request, "x")
        except Exception as raised:
            return middleware.process_exception(request, raised)

    request = request_for()
    request.resolver_match = ResolverMatch(view, (), {"slug": "x"})
    with override_settings(REPLICA_ALIASES=["replica1"]):
        middleware = reading.ReplicaMiddleware(handled)
        assert middleware(request).content == b"made"  # type: ignore[attr-defined]
        assert asked == ["replica1", "default"]
        assert one.choose() is None
        assert replicas.current() == "default"
        assert middleware.process_exception(request, error) is None  # the primary's own errors are not hidden


def test_an_error_of_the_site_itself_is_not_taken_for_one_of_the_replica(one: Replicas) -> None:
    def failing(request: HttpRequest) -> Any:
        assert middleware.process_exception(request, ValueError("ours")) is None
        return HttpResponse(replicas.current())

    with override_settings(REPLICA_ALIASES=["replica1"]):
        middleware = reading.ReplicaMiddleware(failing)
        assert middleware(request_for()).content == b"replica1"  # type: ignore[attr-defined]
    assert one.choose() == "replica1"


@pytest.mark.django_db
def test_ready_says_how_the_replicas_are(one: Replicas, client: Client) -> None:
    assert client.get("/readyz").content == b"ok\nreplica1: in use, 0 s behind\n"
    one.leave_out("replica1", "password=hunter2 is wrong")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ok\nreplica1: left out\n")


# A primary and a replica in earnest -----------------------------------------------------------------------------------

needs_postgresql = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="tried in the run on PostgreSQL"
)


def is_read(replica: Server) -> bool:
    """Whether a connection of the site to this server has read the version of a page."""
    return bool(
        replica.ask(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%FROM citations_siteversion%'"
            " AND pid <> pg_backend_pid()"
        )
    )


@pytest.mark.engine
@needs_postgresql
def test_a_replica_is_read_killed_hung_delayed_and_taken_back_without_an_error(tmp_path: Path) -> None:
    with cluster() as (primary, replica):
        variables = {"DATABASE_URL": primary.url, "DATABASE_REPLICA_URLS": replica.url, "REPLICA_MAX_LAG": "2"}
        with served(tmp_path, variables) as site:
            site.until("the replica is read", "/readyz", "replica1: in use", seconds=20)
            with Readers(site, PAGES, 2, pause=0.01) as readers:
                site.until("pages are read", "/readyz", "ok", seconds=5)
                _kill_and_bring_back(site, replica)
                _hang_and_let_go(site, replica)
            _delay(site, primary, replica)
        assert readers.failed == []
        assert set(readers.statuses) == {200}
        assert readers.statuses.total() > 20
        assert max(readers.seconds) < 15


def _kill_and_bring_back(site: Site, replica: Server) -> None:
    """As a machine that crashes and is started again."""
    replica.kill()
    site.until("the dead replica is left out", "/readyz", "left out", seconds=10)
    replica.start()
    site.until("the replica is taken back", "/readyz", "in use", seconds=10)
    for _ in range(100):
        site.get("/hubs/?q=anything")
        if is_read(replica):
            return
    raise AssertionError("nothing is read from the replica that is back")


def _hang_and_let_go(site: Site, replica: Server) -> None:
    """As a machine that stands still: its connections stay, and nothing comes back."""
    replica.signal(signal.SIGSTOP)
    site.until("the hung replica is left out", "/readyz", "left out", seconds=15)
    assert site.get("/hubs/?q=meanwhile")[0] == 200
    replica.signal(signal.SIGCONT)
    site.until("the replica is taken back", "/readyz", "in use", seconds=15)


def _delay(site: Site, primary: Server, replica: Server) -> None:
    """A replica that no longer follows: who wrote sees it at once, others when it is left out."""
    title = primary.ask("SELECT title FROM citations_paper ORDER BY id LIMIT 1")
    path = f"/papers/{primary.ask('SELECT slug FROM citations_paper ORDER BY id LIMIT 1')}/"
    assert title.split(":")[0] in site.get(path)[1]
    replica.ask("SELECT pg_wal_replay_pause()")
    primary.ask("UPDATE citations_paper SET abstract = 'Corrected a moment ago.'")
    wanted = "Corrected a moment ago."
    assert wanted in site.get(path, Cookie="wrote=1")[1]
    assert wanted in site.get(path, Cookie="sessionid=x")[1]
    site.until("the delayed replica is left out", path, wanted, seconds=15)
    replica.ask("SELECT pg_wal_replay_resume()")
    site.until("the replica is taken back", "/readyz", "in use", seconds=15)
    assert wanted in site.get(path)[1]
