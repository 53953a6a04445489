"""Signing in: throttled by address, on both engines, with a page that says what is the matter."""

from __future__ import annotations

import logging

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings

from citations.views.signing_in import client_address

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/login/"
PASSWORD = "correct horse battery staple"


@pytest.fixture
def curator() -> User:
    """Somebody who may sign in."""
    return User.objects.create_user("ann", password=PASSWORD, is_staff=True)


def attempt(client: Client, password: str, *, username: str = "ann", address: str = "192.0.2.1") -> HttpResponse:
    """What is answered to a form with this password."""
    sent = {"username": username, "password": password, "next": "/admin/"}
    return client.post(ADDRESS, sent, REMOTE_ADDR=address)  # type: ignore[return-value]


def fail(client: Client, times: int, address: str = "192.0.2.1") -> HttpResponse:
    """So many attempts with a wrong password, each for another name; the last answer."""
    for number in range(times):
        response = attempt(client, "wrong", username=f"name{number}", address=address)
    return response


def test_after_too_many_failures_even_the_right_password_is_refused(client: Client, curator: User) -> None:
    assert fail(client, settings.AXES_FAILURE_LIMIT - 1).status_code == 200
    refused = fail(client, 1)
    page = refused.content.decode()
    assert refused.status_code == 429
    assert refused["Retry-After"] == "900"
    assert "Signing in is closed for 15 minutes" in page
    assert "default-src 'none'" in refused["Content-Security-Policy"]
    assert "<style" not in page and "<script>" not in page
    assert refused["X-Request-ID"] in page
    assert attempt(client, PASSWORD).status_code == 429
    assert "_auth_user_id" not in client.session


def test_others_are_not_kept_out(client: Client, curator: User) -> None:
    fail(client, settings.AXES_FAILURE_LIMIT)
    assert attempt(client, PASSWORD, address="192.0.2.2").status_code == 302


def test_a_success_begins_the_count_anew(client: Client, curator: User) -> None:
    fail(client, settings.AXES_FAILURE_LIMIT - 1)
    assert attempt(client, PASSWORD).status_code == 302
    client.logout()
    assert fail(client, settings.AXES_FAILURE_LIMIT - 1).status_code == 200


def test_addresses_of_one_ipv6_network_count_together(client: Client) -> None:
    for number in range(settings.AXES_FAILURE_LIMIT):
        response = fail(client, 1, f"2001:db8::{number + 1:x}")
    assert response.status_code == 429
    assert fail(client, 1, "2001:db8:0:1::1").status_code == 200


def test_failures_are_logged_and_no_password_is(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        attempt(client, "a secret word")
    assert "New login failure" in caplog.text
    assert "192.0.2.1" in caplog.text
    assert "a secret word" not in caplog.text


def test_neither_password_nor_token_is_kept(client: Client) -> None:
    from axes.models import AccessAttempt

    client.post(ADDRESS, {"username": "ann", "password": "a secret word", "csrfmiddlewaretoken": "token"})
    (kept,) = AccessAttempt.objects.all()
    assert "a secret word" not in kept.post_data
    assert "=token" not in kept.post_data


def test_the_form_can_still_be_looked_at(client: Client) -> None:
    fail(client, settings.AXES_FAILURE_LIMIT)
    assert client.get(ADDRESS, REMOTE_ADDR="192.0.2.1").status_code == 200


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", "0.0.0.0"),
        ("unix:", "0.0.0.0"),
    ],
)
def test_an_address_is_that_of_a_network_where_one_has_many(rf: RequestFactory, told: str, meant: str) -> None:
    assert client_address(rf.get("/", REMOTE_ADDR=told)) == meant


def test_only_a_proxy_of_ours_is_believed(rf: RequestFactory) -> None:
    request = rf.get("/", REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": "198.51.100.1, 192.0.2.9"})
    assert client_address(request) == "127.0.0.1"
    with override_settings(SECURE=True):
        assert client_address(request) == "192.0.2.9"
