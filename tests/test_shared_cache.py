"""Pages and counts of requests in a cache that processes share, spoken to as Redis is."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from citations.models import Paper
from citations.views import pages
from tests.factories import make_hub

pytestmark = pytest.mark.django_db(transaction=True)


class FakeRedis(socketserver.StreamRequestHandler):
    """As much of Redis as a cache needs: GET, SET and DEL, spoken as its protocol (RESP2) has them."""

    kept: ClassVar[dict[bytes, bytes]] = {}

    def handle(self) -> None:
        """Answer one command after the other."""
        while head := self.rfile.readline():
            words = [self._word() for _ in range(int(head[1:]))]
            name = words[0].upper()
            if name == b"GET":
                found = self.kept.get(words[1])
                self.wfile.write(b"$-1\r\n" if found is None else b"$%d\r\n%s\r\n" % (len(found), found))
            elif name == b"HELLO":
                self.wfile.write(b"-ERR unknown command\r\n")
            else:
                if name in (b"SET", b"SETEX"):
                    self.kept[words[1]] = words[2 if name == b"SET" else 3]
                self.wfile.write(b":1\r\n" if name == b"DEL" else b"+OK\r\n")

    def _word(self) -> bytes:
        length = int(self.rfile.readline()[1:])
        return self.rfile.read(length + 2)[:-2]


def use(settings: Settings, port: int) -> None:
    """Let both caches lie at this port."""
    address = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"redis://127.0.0.1:{port}/0"}
    rules = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "protocol": 2, "retry": Retry(NoBackoff(), 0)}
    options = {"OPTIONS": rules}
    pages.cache.left_alone_until = float("-inf")
    settings.CACHES = {name: address | options | {"KEY_PREFIX": name} for name in ("default", "pages")}
    settings.PAGE_VERSIONS = True


@pytest.fixture
def shared(settings: Settings) -> Iterator[dict[bytes, bytes]]:
    """What lies in a shared cache, which is empty at first."""
    FakeRedis.kept.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), FakeRedis) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        use(settings, server.server_address[1])
        yield FakeRedis.kept
        for name in ("default", "pages"):
            caches[name].close()
        server.shutdown()


def statements(client: Client, path: str) -> int:
    """How many statements a page takes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_a_page_that_one_process_made_is_handed_out_by_all(client: Client, shared: dict[bytes, bytes]) -> None:
    path = make_hub({"method": 3}).get_hub_url()
    assert statements(client, path) > 1
    assert any(key.startswith(b"pages:") for key in shared)
    assert statements(Client(), path) == 1
    Paper.objects.update(abstract="Corrected.")
    assert "Corrected." in Client().get(path).content.decode()


def test_while_it_is_away_pages_are_made_and_programs_are_answered(
    client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    use(settings, port)
    path = make_hub({"method": 3}).get_hub_url()
    assert statements(client, path) > 1
    assert client.get("/api/hubs/").status_code == 200
    assert "The cache of pages cannot be asked" in caplog.text
    assert "Requests cannot be counted" in caplog.text
    pages.cache.left_alone_until = float("-inf")


def test_the_settings_name_it(shared: dict[bytes, bytes], settings: Settings) -> None:
    names: Any = settings.CACHES
    caches["default"].set("word", "value")
    assert caches["default"].get("word") == "value"
    assert caches["pages"].get("word") is None
    assert names["pages"]["LOCATION"] == names["default"]["LOCATION"]
