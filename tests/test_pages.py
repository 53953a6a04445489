"""Pages that a reader has are not made again, pages that were made are handed out again, and none outlives its data."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from typing import Any

import brotli
import pytest
from django.core.cache import caches
from django.db import OperationalError, connection, connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import http_date
from pytest_django import Settings

from citations.engines import site_version
from citations.models import Citation, HubPin, Paper
from citations.views import encodings, pages
from tests.factories import make_curator, make_hub, make_label, make_paper, paper_changed

pytestmark = pytest.mark.django_db(transaction=True)

ONE_QUERY = 1  # the version


@pytest.fixture(autouse=True)
def _versions(settings: Settings) -> Iterator[None]:
    """As in service: pages have versions and are kept."""
    settings.PAGE_VERSIONS = True
    pages.cache.left_alone_until = float("-inf")
    caches[pages.CACHE].clear()
    yield
    caches[pages.CACHE].clear()


@pytest.fixture
def hub() -> Paper:
    """A hub with a page of some length."""
    return make_hub({"method": 12, "dataset": 3}, 5, title="Pythia: a suite")


def queries(ask: Callable[[], Any]) -> int:
    """How many statements a request takes."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


def etag_of(client: Client, path: str, **headers: str) -> str:
    """The ETag of a page that is answered in full."""
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return str(answer["ETag"])


# Conditional requests ------------------------------------------------------------------------------------------------

PAGES = [
    "/",
    "/hubs/",
    "/hubs/pythia-a-suite/",
    "/hubs/pythia-a-suite/?self=0",
    "/hubs/pythia-a-suite/citing/?role=method&sort=oldest",
    "/papers/",
    "/papers/pythia-a-suite/",
    "/papers/pythia-a-suite.bib",
    "/compare/?hub=pythia-a-suite",
    "/search/?q=pythia",
    "/about/classes/",
    "/about/data/",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_reader_who_has_the_page_is_answered_by_one_query(client: Client, hub: Paper, path: str) -> None:
    etag = etag_of(client, path)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path, headers={"If-None-Match": etag})
    assert answer.status_code == 304
    assert answer.content == b""
    assert len(captured) == ONE_QUERY
    assert answer["ETag"] == etag
    assert answer["Cache-Control"] == "no-cache"
    assert {"Accept-Encoding", "HX-Request"} <= {name.strip() for name in answer["Vary"].split(",")}
    assert client.head(path, headers={"If-None-Match": etag}).status_code == 304


def test_a_weak_or_listed_name_is_understood_and_an_asterisk_is_answered_in_full(client: Client, hub: Paper) -> None:
    """A proxy that compresses by itself weakens the name. An asterisk does not say which page the reader has."""
    etag = etag_of(client, "/hubs/")
    for known in (f"W/{etag}", f'"other", {etag}'):
        assert client.get("/hubs/", headers={"If-None-Match": known}).status_code == 304
    for unknown in ('"other"', "*", "nonsense", etag.strip('"')):
        assert client.get("/hubs/", headers={"If-None-Match": unknown}).status_code == 200


def test_a_name_stands_for_one_address_one_host_one_part_and_one_encoding(client: Client, hub: Paper) -> None:
    listed = "/hubs/pythia-a-suite/citing/"
    names = {
        etag_of(client, listed),
        etag_of(client, listed + "?role=method"),
        etag_of(client, listed, **{"HX-Request": "true"}),
        etag_of(client, listed, **{"Accept-Encoding": "gzip"}),
        etag_of(client, listed, **{"Accept-Encoding": "br"}),
        str(client.get(listed, SERVER_NAME="127.0.0.1")["ETag"]),
        str(client.get(listed, secure=True)["ETag"]),
    }
    assert len(names) == 7
    for name in names:
        answers = [client.get("/papers/", headers={"If-None-Match": name}).status_code]
        assert answers == [200]


def test_an_upgrade_of_the_site_gives_every_page_a_new_name(
    client: Client, hub: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = etag_of(client, "/hubs/")
    monkeypatch.setattr(pages, "code_version", lambda: "another")
    assert Client().get("/hubs/", headers={"If-None-Match": before}).status_code == 200


CHANGES: dict[str, Callable[[Paper, Citation], object]] = {
    "a label": lambda hub, citation: make_label(citation, "evidence", curator=make_curator()),
    "a pin": lambda hub, citation: HubPin.objects.create(
        hub=hub, hub_class="contested", reason="Read.", curator=make_curator()
    ),
    "a notice": lambda hub, citation: Paper.objects.filter(pk=hub.pk).update(notice="retracted"),
    "a citing paper's title": lambda hub, citation: Paper.objects.filter(pk=citation.citing_id).update(title="New"),
    "a merge": lambda hub, citation: Paper.objects.filter(pk=citation.citing_id).update(merged_into=make_paper()),
}


@pytest.mark.parametrize("what", CHANGES)
def test_nobody_is_left_with_a_page_from_before(client: Client, hub: Paper, what: str) -> None:
    etag = etag_of(client, hub.get_hub_url())
    CHANGES[what](hub, Citation.objects.filter(cited=hub)[0])
    answer = client.get(hub.get_hub_url(), headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert answer["ETag"] != etag


def test_a_time_is_compared_only_once_it_is_settled(
    client: Client, hub: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times say no more than the second; an ETag goes before them."""
    fresh = client.get("/hubs/")
    assert "Last-Modified" not in fresh
    version = site_version.read(connection)
    assert version is not None
    changed = version.milliseconds / 1000
    monkeypatch.setattr(pages, "STARTED_AT", changed - 3600)
    monkeypatch.setattr("citations.views.pages.time.time", lambda: changed + pages.SETTLED_AFTER + 2)
    settled = client.get("/hubs/")["Last-Modified"]
    assert client.get("/hubs/", headers={"If-Modified-Since": settled}).status_code == 304
    earlier = http_date(changed - 5)
    assert client.get("/hubs/", headers={"If-Modified-Since": earlier}).status_code == 200
    assert client.get("/hubs/", headers={"If-Modified-Since": "yesterday"}).status_code == 200
    both = {"If-Modified-Since": settled, "If-None-Match": '"other"'}
    assert client.get("/hubs/", headers=both).status_code == 200
    monkeypatch.setattr(pages, "STARTED_AT", changed + 5)
    assert "Last-Modified" not in client.get("/hubs/")


# Pages that are kept -------------------------------------------------------------------------------------------------


def test_a_page_is_made_once_and_handed_out_to_everybody(client: Client, hub: Paper) -> None:
    made = client.get(hub.get_hub_url())
    assert queries(lambda: client.get(hub.get_hub_url())) == ONE_QUERY
    again = Client().get(hub.get_hub_url())
    assert again.content == made.content
    # Each request has a name of its own.
    ours = {name: value for name, value in made.items() if name not in ("Vary", "X-Request-ID")}
    assert ours == {name: value for name, value in again.items() if name not in ("Vary", "X-Request-ID")}
    head = client.head(hub.get_hub_url())
    assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", str(len(made.content)))


def test_a_page_that_is_asked_for_by_its_head_alone_is_not_kept(client: Client, hub: Paper) -> None:
    """A view may leave the content out."""
    client.head("/hubs/")
    assert queries(lambda: client.get("/hubs/")) > ONE_QUERY


def test_a_decision_is_seen_by_everybody_at_once(client: Client, hub: Paper) -> None:
    path = hub.get_hub_url()
    other = Client()
    assert b"<td>9</td>" not in client.get(path).content
    other.get(path)
    Paper.objects.filter(pk=hub.pk).update(abstract="Corrected by a curator.")
    for reader in (client, other):
        assert "Corrected by a curator." in reader.get(path).content.decode()


def test_a_page_that_was_being_made_when_something_was_committed_is_not_kept(
    client: Client, hub: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version is read first, then a writer on another connection commits, then the page's data are read."""
    path = hub.get_hub_url()
    known = pages.cache.fetch

    def commit_elsewhere(key: str) -> Any:
        def write() -> None:
            Paper.objects.filter(pk=hub.pk).update(abstract="Committed in between.")
            connections.close_all()

        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        return known(key)

    monkeypatch.setattr(pages.cache, "fetch", commit_elsewhere)
    first = client.get(path)
    monkeypatch.setattr(pages.cache, "fetch", known)
    assert "ETag" not in first
    assert queries(lambda: client.get(path)) > ONE_QUERY
    assert "Committed in between." in client.get(path).content.decode()


def test_a_page_of_before_that_is_kept_late_is_not_shown(
    client: Client, hub: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow process may keep its page after others have kept a newer one: it stands under the older version."""
    path = hub.get_hub_url()
    late: list[tuple[str, Any]] = []
    keep = pages.cache.keep
    monkeypatch.setattr(pages.cache, "keep", lambda key, kept: late.append((key, kept)))
    client.get(path)
    monkeypatch.setattr(pages.cache, "keep", keep)
    Paper.objects.filter(pk=hub.pk).update(abstract="Newer.")
    assert b"Newer." in client.get(path).content
    for key, kept in late:
        pages.cache.keep(key, kept)
    assert b"Newer." in client.get(path).content


def test_curators_who_are_signed_in_are_never_shown_a_kept_page(client: Client, hub: Paper) -> None:
    client.get("/hubs/")
    desk = Client()
    desk.force_login(make_curator())
    answer = desk.get("/hubs/")
    assert "ETag" not in answer
    assert answer["Cache-Control"] == "private, no-cache"
    assert queries(lambda: desk.get("/hubs/")) > ONE_QUERY


@pytest.mark.parametrize("path", ["/admin/login/", "/healthz", "/readyz", "/nothing/", "/hubs", "/doi/10.1000/x"])
def test_forms_probes_errors_and_redirects_are_not_kept(client: Client, path: str) -> None:
    client.get(path)
    assert len(caches[pages.CACHE]._cache) == 0  # type: ignore[attr-defined]
    assert not str(client.get(path).get("ETag", "")).startswith('"v')


def answered(monkeypatch: pytest.MonkeyPatch, make: Callable[[HttpRequest], HttpResponseBase]) -> HttpResponseBase:
    """What the middleware makes of an answer."""
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", "/x/", "/x/"
    request.META |= {"SERVER_NAME": "testserver", "SERVER_PORT": "80", "HTTP_ACCEPT_ENCODING": "gzip"}
    return pages.PageMiddleware(make)(request)


def test_what_holds_a_secret_is_neither_named_nor_kept_nor_compressed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The length of compressed text tells of what stands beside it."""

    def with_cookie(request: HttpRequest) -> HttpResponse:
        response = HttpResponse("form " * 1000)
        response.set_cookie("csrftoken", "secret")
        return response

    def with_vary(request: HttpRequest) -> HttpResponse:
        return HttpResponse("form " * 1000, headers={"Vary": "Cookie"})

    def with_rule(request: HttpRequest) -> HttpResponse:
        return HttpResponse("form " * 1000, headers={"Cache-Control": "no-store"})

    for make in (with_cookie, with_vary, with_rule):
        response = answered(monkeypatch, make)
        assert "ETag" not in response and "Content-Encoding" not in response
    assert len(caches[pages.CACHE]._cache) == 0  # type: ignore[attr-defined]
    assert "ETag" in answered(monkeypatch, lambda request: HttpResponse("page " * 1000))


def test_what_is_kept_is_bounded(client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    most = settings.CACHES["pages"]["OPTIONS"]["MAX_ENTRIES"]
    for number in range(most + 20):
        pages.cache.keep(f"key-{number}", pages.Kept("1", (), b"p"))
    assert len(caches[pages.CACHE]._cache) <= most  # type: ignore[attr-defined]
    caches[pages.CACHE].clear()
    pages.cache.keep("large", pages.Kept("1", (), b"p" * (pages.LARGEST_ENTRY + 1)))
    assert caches[pages.CACHE].get("large") is None


def test_a_cache_that_is_away_costs_nobody_a_page(
    client: Client, hub: Paper, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = []

    class Away:
        def get(self, *_: Any) -> None:
            asked.append(1)
            raise ConnectionError("nobody there")

        set = get

    monkeypatch.setattr(pages, "caches", {pages.CACHE: Away()})
    assert client.get(hub.get_hub_url()).status_code == 200
    assert "nobody there" in caplog.text
    assert client.get("/hubs/").status_code == 200
    assert len(asked) == 1  # it is left alone for some seconds
    pages.cache.left_alone_until = float("-inf")


def test_what_somebody_else_put_into_the_cache_is_not_shown(client: Client, hub: Paper) -> None:
    client.get("/hubs/")
    (key,) = [key.split(":")[-1] for key in caches[pages.CACHE]._cache]  # type: ignore[attr-defined]
    caches[pages.CACHE].set(key, "nonsense")
    assert b"Pythia" in client.get("/hubs/").content


def test_a_database_without_a_version_serves_pages_that_nobody_keeps(
    client: Client, hub: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("no such table: citations_siteversion")

    monkeypatch.setattr(site_version, "read", away)
    answer = client.get("/hubs/")
    assert answer.status_code == 200
    assert "ETag" not in answer


# Compression ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "used"),
    [
        ("br, gzip", "br"),
        ("gzip, deflate, br;q=0", "gzip"),
        ("gzip;q=0.5", "gzip"),
        ("*", "br"),
        ("*;q=0", ""),
        ("identity", ""),
        ("", ""),
        ("GZIP", "gzip"),
    ],
)
def test_pages_come_in_an_encoding_that_the_reader_takes(client: Client, hub: Paper, accepted: str, used: str) -> None:
    plain = client.get("/hubs/").content
    readers = {"br": brotli.decompress, "gzip": gzip.decompress, "": lambda content: content}
    for _ in ("made", "kept"):
        answer = client.get("/hubs/", headers={"Accept-Encoding": accepted})
        assert answer.get("Content-Encoding", "") == used
        assert readers[used](answer.content) == plain
        assert answer["Content-Length"] == str(len(answer.content))
        if used:
            assert len(answer.content) * 3 < len(plain)
        caches[pages.CACHE].clear()


def test_a_few_words_are_not_compressed() -> None:
    short, long = b"x" * (encodings.LEAST_BYTES - 1), b"x" * encodings.LEAST_BYTES
    assert "Content-Encoding" not in encodings.unpack_into(HttpResponse(), encodings.pack(short), "br")
    assert encodings.unpack_into(HttpResponse(), encodings.pack(long), "br")["Content-Encoding"] == "br"
    assert encodings.unpack_into(HttpResponse(), encodings.pack(long), "").content == long


def test_papers_that_change_are_found_again(client: Client, hub: Paper) -> None:
    """The full text is read behind the version, too."""
    assert b"of Pythia" not in client.get("/search/?q=zeolite").content
    hub.title = "Zeolite of Pythia"
    hub.save()
    paper_changed(hub)
    assert b"of Pythia" in client.get("/search/?q=zeolite").content
