"""The designed pages for 400, 403, 404 and 500."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import include, path

from citations.views import errors


def broken(request: HttpRequest) -> HttpResponse:
    """A page that fails."""
    raise RuntimeError("a secret of the inside")


def refused(request: HttpRequest) -> HttpResponse:
    """A page that is not for everyone."""
    raise PermissionDenied


def suspicious(request: HttpRequest) -> HttpResponse:
    """A page that meets a malformed request."""
    raise SuspiciousOperation("a secret of the inside")


urlpatterns = [
    path("broken", broken),
    path("refused", refused),
    path("suspicious", suspicious),
    path("", include("citations.urls")),
]
handler400 = "citations.views.errors.bad_request"
handler403 = "citations.views.errors.permission_denied"
handler404 = "citations.views.errors.page_not_found"
handler500 = "citations.views.errors.server_error"

here = override_settings(ROOT_URLCONF="tests.test_error_pages")


@here
def test_an_unknown_address_is_named_and_search_is_offered(client: Client) -> None:
    response = client.get("/no/such/page/")
    page = response.content.decode()
    assert response.status_code == 404
    assert "Nothing stands at /no/such/page/." in page
    assert 'name="q"' in page
    assert 'href="/hubs/"' in page


@here
def test_an_address_with_markup_in_it_is_escaped(client: Client) -> None:
    page = client.get("/<script>alert(1)</script>").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@here
@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/refused", 403, "This page is not for everyone"),
        ("/suspicious", 400, "This request was not understood"),
        ("/broken", 500, "Something went wrong on our side"),
    ],
)
def test_each_error_has_its_page_and_tells_no_secret(client: Client, address: str, status: int, words: str) -> None:
    client.raise_request_exception = False
    response = client.get(address)
    page = response.content.decode()
    assert response.status_code == status
    assert words in page
    assert "secret" not in page
    assert "Traceback" not in page
    assert 'href="/papers/"' in page


@here
def test_the_page_for_500_is_made_without_request_and_database(rf: RequestFactory) -> None:
    """Nothing of the request is read, and pytest-django refuses any query here."""
    response = errors.server_error(HttpRequest())
    assert response.status_code == 500
    assert b"site-head" in response.content


def test_where_even_the_template_fails_a_plain_page_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> str:
        raise OSError("the templates are gone")

    monkeypatch.setattr(errors, "render_to_string", fails)
    response = errors.server_error(HttpRequest())
    assert response.status_code == 500
    assert b"Something went wrong on our side" in response.content


@here
def test_error_pages_are_not_indexed_and_set_no_cookie(client: Client) -> None:
    response = client.get("/no/such/page/")
    assert b'<meta name="robots" content="noindex">' in response.content
    assert not response.cookies
