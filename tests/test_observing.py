"""What every request gets: a name, headers, and an answer where the database is away."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from citations import logs
from citations.engines import slow_queries
from citations.engines.busy import is_away
from citations.views import errors
from tests.factories import make_curator, make_hub

logger = logging.getLogger(__name__)


def away(request: HttpRequest) -> HttpResponse:
    """A page whose database is down."""
    raise error_of(OperationalError, psycopg.OperationalError('connection to "secret-host" failed'))


def broken(request: HttpRequest) -> HttpResponse:
    """A page that fails and says so in the log."""
    logger.warning("noted in the view")
    raise RuntimeError("a secret of the inside")


urlpatterns = [path("away", away), path("broken", broken), path("", include("citations.urls"))]
handler400 = "citations.views.errors.bad_request"
handler403 = "citations.views.errors.permission_denied"
handler404 = "citations.views.errors.page_not_found"
handler500 = "citations.views.errors.server_error"

here = override_settings(ROOT_URLCONF="tests.test_observing")


def error_of(kind: type[Error], cause: Exception) -> Error:
    """An error of Django's with the driver's own as its cause."""
    error = kind(*cause.args)
    error.__cause__ = cause
    return error


def state(name: str) -> Exception:
    """An error of psycopg's with this SQLSTATE."""
    error = psycopg.OperationalError("refused")
    error.sqlstate = name
    return error


# Names ---------------------------------------------------------------------------------------------------------------


def test_each_answer_carries_a_name_of_its_own(client: Client) -> None:
    names = {client.get("/healthz")["X-Request-ID"] for _ in range(3)}
    assert len(names) == 3
    assert all(re.fullmatch(r"[0-9a-f]{16}", name) for name in names)


def test_a_stranger_cannot_name_requests(client: Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "chosen-by-me"})["X-Request-ID"] != "chosen-by-me"


@override_settings(SECURE=True)
def test_a_proxy_of_ours_names_requests_well_or_not_at_all(client: Client) -> None:
    def named(told: str) -> str:
        return str(client.get("/healthz", headers={"X-Request-ID": told})["X-Request-ID"])

    assert named("from-the-proxy-1") == "from-the-proxy-1"
    assert named("a b") != "a b"
    assert named('"><script>alert(1)</script>') != '"><script>alert(1)</script>'


@here
def test_what_is_logged_for_a_request_carries_the_name_on_its_page(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.raise_request_exception = False
    named = logs.RequestFilter()
    caplog.handler.addFilter(named)
    try:
        response = client.get("/broken")
    finally:
        caplog.handler.removeFilter(named)
    name = response["X-Request-ID"]
    page = response.content.decode()
    assert response.status_code == 500
    assert f"<code>{name}</code>" in page
    assert "secret" not in page
    noted = {record.name: record.request_id for record in caplog.records}  # type: ignore[attr-defined]
    assert noted["tests.test_observing"] == name


def test_after_the_answer_nothing_belongs_to_the_request(client: Client) -> None:
    client.get("/healthz")
    assert logs.request_id() == ""


@here
def test_the_last_resort_names_the_request_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> str:
        raise OSError("the templates are gone")

    monkeypatch.setattr(errors, "render_to_string", fails)
    client.raise_request_exception = False
    response = client.get("/broken")
    assert f"Reference: {response['X-Request-ID']}" in response.content.decode()


@here
def test_a_page_that_is_not_there_needs_no_reference(client: Client) -> None:
    assert "Reference" not in client.get("/no/such/page/").content.decode()


# Headers -------------------------------------------------------------------------------------------------------------

PUBLIC = (
    "/",
    "/hubs/",
    "/hubs/hub/",
    "/hubs/hub/citing/",
    "/hubs/hub/history/",
    "/hubs/hub/badge.svg",
    "/hubs/hub/citing.csv",
    "/hubs/hub/citing.atom",
    "/papers/",
    "/papers/hub/",
    "/compare/?hub=hub",
    "/search/?q=hub",
    "/about/classes/",
    "/about/data/",
    "/api/hubs/",
    "/api/docs/",
    "/robots.txt",
    "/sitemap.xml",
    "/opensearch.xml",
    "/healthz",
    "/no/such/page/",
)
ADMIN = ("/admin/login/", "/admin/", "/admin/citations/paper/", "/admin/citations/queue/", "/admin/auth/user/add/")


def assert_safe(response: Any, place: str) -> None:
    """The headers that every answer has, and a policy without exceptions."""
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy, place
    assert "unsafe" not in policy, place
    assert "frame-ancestors 'none'" in policy, place
    for source in re.split(r"[; ]+", policy):
        assert source.startswith("'") or source.endswith(("-src", "-uri", "-ancestors", "-action")), (place, source)
    assert response["X-Content-Type-Options"] == "nosniff", place
    assert response["X-Frame-Options"] == "DENY", place
    assert response["Referrer-Policy"] == "same-origin", place
    assert response["Cross-Origin-Opener-Policy"] == "same-origin", place
    assert "geolocation=()" in response["Permissions-Policy"], place
    is_for_others = place.startswith("/api/") or place.endswith("badge.svg")
    assert response["Cross-Origin-Resource-Policy"] == ("cross-origin" if is_for_others else "same-origin"), place


@pytest.mark.django_db
def test_every_public_answer_is_guarded_and_sets_no_cookie(client: Client) -> None:
    make_hub({"method": 2}, title="Hub", slug="hub")
    for place in PUBLIC:
        response = client.get(place)
        assert_safe(response, place)
        assert not response.cookies, place


@pytest.mark.django_db
def test_every_page_of_the_admin_is_guarded(client: Client) -> None:
    client.force_login(make_curator("ann"))
    for place in ADMIN:
        assert_safe(client.get(place), place)


# A database that is away ---------------------------------------------------------------------------------------------


@here
def test_a_page_without_its_database_says_so_and_names_the_request(client: Client) -> None:
    """pytest-django refuses any query here: the page is made without one."""
    response = client.get("/away")
    page = response.content.decode()
    assert response.status_code == 503
    assert response["Retry-After"] == "60"
    assert "The database cannot be reached" in page
    assert response["X-Request-ID"] in page
    assert "secret-host" not in page


def with_code(code: int) -> Exception:
    """An error of sqlite3's with this result code."""
    error = sqlite3.OperationalError("refused")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "is_so"),
    [
        (error_of(OperationalError, psycopg.OperationalError("connection refused")), True),
        (error_of(InterfaceError, psycopg.InterfaceError("the connection is closed")), True),
        (error_of(OperationalError, state("57P01")), True),
        (error_of(OperationalError, state("57P03")), True),
        (error_of(OperationalError, state("08006")), True),
        (error_of(OperationalError, state("53300")), True),
        (error_of(OperationalError, state("57014")), False),
        (error_of(OperationalError, state("42P01")), False),
        (error_of(OperationalError, with_code(sqlite3.SQLITE_CANTOPEN)), True),
        (error_of(OperationalError, with_code(sqlite3.SQLITE_BUSY)), False),
        (error_of(OperationalError, with_code(sqlite3.SQLITE_ERROR)), False),
        (OperationalError("of nobody"), False),
    ],
)
def test_only_a_database_that_cannot_be_reached_is_away(error: Error, is_so: bool) -> None:
    assert is_away(error) is is_so


# Slow statements -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_slow_statement_is_noted_without_its_parameters(caplog: pytest.LogCaptureFixture) -> None:
    with (
        connection.execute_wrapper(slow_queries.SlowQueryWatch(0, "default")),
        caplog.at_level(logging.WARNING, slow_queries.__name__),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT %s", ["a curator's private note"])
    (record,) = caplog.records
    line = logs.JsonFormatter().format(record)
    assert json.loads(line)["sql"] == "SELECT %s"
    assert json.loads(line)["database"] == "default"
    assert "private" not in line


@pytest.mark.django_db
def test_a_quick_statement_is_not(caplog: pytest.LogCaptureFixture) -> None:
    with (
        connection.execute_wrapper(slow_queries.SlowQueryWatch(3_600_000, "default")),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT 1")
    assert not [record for record in caplog.records if record.name == slow_queries.__name__]


@pytest.mark.django_db
def test_a_connection_is_watched_once_however_often_it_is_opened() -> None:
    before = list(connection.execute_wrappers)
    try:
        for _ in range(3):
            slow_queries.watch(connection, 1000)
        watches = [wrap for wrap in connection.execute_wrappers if isinstance(wrap, slow_queries.SlowQueryWatch)]
        assert len(watches) == 1
    finally:
        connection.execute_wrappers[:] = before


def test_slow_statements_are_noted_unless_switched_off() -> None:
    assert settings.SLOW_QUERY_MS == 1000
