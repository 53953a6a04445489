"""Malformed addresses, forms without a token, a busy database: each gets a page of ours, and never a traceback."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from citations.engines.busy import is_busy
from citations.models import Paper
from citations.querysets import CitationQuerySet
from tests.factories import make_citation, make_curator, make_paper

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    """A browser in which a curator has signed in."""
    client.force_login(make_curator("ann"))
    return client


# Addresses -----------------------------------------------------------------------------------------------------------

HOSTILE = [
    "/hubs/?q=%00",
    "/hubs/?q=a%00b",
    "/%00",
    "/doi/10.1000/%00",
    "/papers/?q=%00&page=2",
    "/admin/citations/citation/?role=%00",
    "/admin/citations/citation/?source=%00",
    "/admin/citations/paper/?q=%00",
    "/admin/autocomplete/?term=%00&app_label=citations&model_name=citation&field_name=citing",
]


@pytest.mark.parametrize("address", HOSTILE)
def test_an_address_with_a_nul_in_it_is_refused_and_the_nul_is_not_echoed(desk: Client, address: str) -> None:
    response = desk.get(address)
    assert response.status_code == 400
    assert b"\0" not in response.content
    assert b"This request was not understood" in response.content


def test_the_interface_for_programs_names_a_nul_in_a_problem(client: Client) -> None:
    response = client.get("/api/hubs/?q=%00")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert b"\0" not in response.content


def test_a_percent_sign_that_is_spelled_out_is_no_nul(client: Client) -> None:
    assert client.get("/hubs/?q=100%2500").status_code == 200


def test_a_word_outside_a_filter_finds_nothing(desk: Client) -> None:
    make_citation()
    for condition in ("role=tool", "polarity=%FF", "role_by=oracle", "source=nowhere"):
        response = desk.get(f"{reverse('admin:citations_citation_changelist')}?{condition}")
        assert response.status_code == 200
        assert response.context["cl"].result_count == 0, condition


@pytest.mark.parametrize("model", ["label", "importrun", "hubpin", "classchange", "report"])
@pytest.mark.parametrize(
    "condition",
    [
        "__year=99999",
        "__year=9999",
        "__year=0",
        "__year=-1",
        "__year=2024&{}__month=13",
        "__year=2024&{}__month=2&{}__day=31",
        "__year__gte=99999",
        "__gte=99999-01-01",
        "__month=x",
    ],
)
def test_a_date_that_cannot_be_is_not_an_error_of_ours(desk: Client, model: str, condition: str) -> None:
    desk.raise_request_exception = False
    column = "started_at" if model == "importrun" else "created_at"
    address = f"{reverse(f'admin:citations_{model}_changelist')}?{column}{condition.format(column, column)}"
    assert desk.get(address, follow=True).status_code in (200, 400)


@pytest.mark.parametrize("year", ["99999", "9999", "0"])
def test_users_are_not_searched_by_dates_that_cannot_be_either(desk: Client, year: str) -> None:
    desk.raise_request_exception = False
    address = f"{reverse('admin:auth_user_changelist')}?date_joined__year={year}"
    assert desk.get(address, follow=True).status_code in (200, 400)


# Methods and tokens --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/", "/hubs/", "/papers/", "/about/classes/", "/healthz", "/doi/10.1000/x"])
def test_nothing_can_be_sent_to_a_page_that_is_read(address: str) -> None:
    response = Client(enforce_csrf_checks=True).post(address, {"a": "b"})
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert "This page can only be read" in response.content.decode()


def test_the_interface_for_programs_answers_for_itself() -> None:
    response = Client(enforce_csrf_checks=True).post("/api/hubs/")
    assert response.status_code == 405
    assert response["Content-Type"] == "application/problem+json"


def test_a_form_without_its_token_gets_a_page_of_ours() -> None:
    response = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "ann", "password": "x"})
    page = response.content.decode()
    assert response.status_code == 403
    assert "This form could not be accepted" in page
    assert "Nothing was saved." in page
    assert "<style" not in page
    assert "style-src 'self'" in response["Content-Security-Policy"]


# A busy database -----------------------------------------------------------------------------------------------------


def refusal(**driver: Any) -> OperationalError:
    """An error of Django's whose cause is a driver's with these attributes."""
    error = OperationalError("refused")
    cause = sqlite3.OperationalError("refused")
    for name, value in driver.items():
        setattr(cause, name, value)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("driver", "busy"),
    [
        ({"sqlite_errorcode": sqlite3.SQLITE_BUSY}, True),
        ({"sqlite_errorcode": sqlite3.SQLITE_BUSY_SNAPSHOT}, True),
        ({"sqlite_errorcode": sqlite3.SQLITE_LOCKED}, True),
        ({"sqlite_errorcode": sqlite3.SQLITE_ERROR}, False),
        ({"sqlite_errorcode": sqlite3.SQLITE_IOERR}, False),
        ({"sqlstate": "40P01"}, True),
        ({"sqlstate": "40001"}, True),
        ({"sqlstate": "57P03"}, False),
        ({}, False),
    ],
)
def test_only_another_writer_makes_a_database_busy(driver: dict[str, Any], busy: bool) -> None:
    assert is_busy(refusal(**driver)) is busy


def test_a_curator_who_meets_a_busy_database_is_told_that_nothing_was_saved(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = make_paper("A title")

    def locked(*_: Any, **__: Any) -> None:
        raise refusal(sqlite_errorcode=sqlite3.SQLITE_BUSY)

    monkeypatch.setattr(Paper, "save", locked)
    address = reverse("admin:citations_paper_add")
    rows = ("identifiers", "authorships", "cited_by_counts")
    forms = {f"{row}-{name}_FORMS": "0" for row in rows for name in ("TOTAL", "INITIAL")}
    response = desk.post(address, {"title": "Another", **forms})
    page = response.content.decode()
    assert response.status_code == 503
    assert "Nothing was saved: go back and try again in a minute." in page
    assert "Traceback" not in page
    assert list(Paper.objects.all()) == [paper]


def test_another_error_of_the_database_is_not_taken_for_a_busy_one(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise refusal(sqlite_errorcode=sqlite3.SQLITE_ERROR)

    monkeypatch.setattr(CitationQuerySet, "count", broken)
    desk.raise_request_exception = False
    assert desk.get(reverse("admin:citations_citation_changelist")).status_code == 500
