"""How much a reader has to fetch before a page is there, and that nothing of it comes from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import brotli
import pytest
from django.test import Client
from pytest_django import Settings

from explorer import settings as in_service
from tests.walking import make_collection, public_pages

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parent.parent
# Bytes of a hub page with everything that it needs, compressed.
BUDGET = 60_000
# What the headers of one answer take at the most, in bytes: measured 700 to 900.
HEADERS = 1_000
# What the page itself needs to be read: nothing else is fetched unless somebody asks for it.
ASSET = re.compile(r'(?:src|href)="(/static/[^"]+)"')


def test_a_hub_page_with_everything_stays_below_60_kilobytes(client: Client, settings: Settings) -> None:
    settings.PAGE_VERSIONS = True  # as in service: this compresses
    held = make_collection()
    response = client.get(held.hub.get_hub_url(), headers={"accept-encoding": "br"})
    assert response["Content-Encoding"] == "br"
    assert len(re.findall(r'<article class="row"', brotli.decompress(response.content).decode())) == 50
    sizes = {held.hub.get_hub_url(): len(response.content) + HEADERS}
    for address in set(ASSET.findall(brotli.decompress(response.content).decode())):
        file = ROOT / address.lstrip("/")
        sizes[address] = len(brotli.compress(file.read_bytes())) + HEADERS
    assert len(sizes) == 4  # the page, its style, its script, its icon
    assert sum(sizes.values()) < BUDGET, sizes


def test_no_public_page_asks_another_origin_and_no_script_holds_up_its_paint(client: Client) -> None:
    for path in public_pages(make_collection()):
        page = client.get(path).content.decode()
        fetched = re.findall(r'<(?:script|img|iframe|source|video|object|embed)[^>]* (?:src|data)="([^"]+)"', page)
        fetched += re.findall(r'<link rel="(?:stylesheet|icon|preload|modulepreload)"[^>]* href="([^"]+)"', page)
        assert fetched, path
        assert all(address.startswith(("/", "http://testserver/")) for address in fetched), path
        if not path.startswith("/api/"):
            scripts = re.findall(r"<script[^>]* src=[^>]*>", page.partition("</head>")[0])
            assert all(" async" in script or " defer" in script for script in scripts), path


def test_assets_are_named_by_their_content_and_kept_for_good() -> None:
    assert in_service.STORAGES["staticfiles"]["BACKEND"].endswith("CompressedManifestStaticFilesStorage")
