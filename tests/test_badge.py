"""The badge: class and share of a hub as a small picture."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from pytest_django.live_server_helper import LiveServer

from citations import labelling
from citations.models import HubPin, HubSummary, Paper
from citations.views.badge import FILLS, HEAD_FILL, text_width
from citations.vocabulary import HubClass
from tests.factories import make_curator, make_hub, make_paper
from tests.test_export_readers import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db

SVG = "{http://www.w3.org/2000/svg}"


def picture(client: Client, hub: Paper) -> ET.Element:
    """The badge as a tree."""
    response = client.get(f"/hubs/{hub.slug}/badge.svg")
    assert response.status_code == 200
    assert response["Content-Type"] == "image/svg+xml; charset=utf-8"
    return ET.fromstring(response.content)


def said(client: Client, hub: Paper) -> list[str]:
    """The texts of the badge."""
    return [element.text or "" for element in picture(client, hub).iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("roles", "unclassified", "polarities", "words"),
    [
        ({"method": 18, "dataset": 5}, 7, {}, "Tool reference 78% of 23"),
        ({"evidence": 30}, 0, {}, "Evidence reference 100% of 30"),
        ({"method": 9}, 21, {}, "Not enough evidence, 9 of 30 classified"),
        ({"method": 12, "dataset": 12}, 1, {}, "Mixed use, 24 of 25 classified"),
        ({"method": 20}, 0, {"disputes": 10, "supports": 10}, "Contested, disputed by 50% of 20"),
    ],
)
def test_it_shows_class_and_share_with_its_denominator(
    client: Client, roles: dict[str, int], unclassified: int, polarities: dict[str, int], words: str
) -> None:
    hub = make_hub(roles, unclassified, polarities=polarities, curator=make_curator())
    assert said(client, hub) == ["cited as", words]


def test_the_sample_is_named(client: Client) -> None:
    assert said(client, make_hub({"method": 18, "dataset": 5}, 7))[1] == "Tool reference 78% of 23, sample"


def test_a_paper_that_nothing_cites_has_a_badge_too(client: Client) -> None:
    assert said(client, make_paper("Lonely"))[1] == "No citing paper known"


def test_a_pinned_class_is_shown_as_such_and_without_the_share_of_another(client: Client) -> None:
    hub = make_hub({"method": 23}, curator=make_curator())
    HubPin.objects.create(hub=hub, hub_class=HubClass.FOUNDATION, reason="It is.", curator=make_curator())
    labelling.rebuild_hub(hub.pk)
    assert HubSummary.objects.get(pk=hub.pk).hub_class == HubClass.FOUNDATION
    assert said(client, hub)[1] == "Foundation, pinned by a curator"


def test_it_can_be_read_out(client: Client) -> None:
    hub = make_hub({"method": 18, "dataset": 5}, 7, title="Pythia: a suite", curator=make_curator())
    root = picture(client, hub)
    assert root.get("role") == "img"
    named = {element.get("id"): element.text for element in root}
    labels = [named[name] for name in (root.get("aria-labelledby") or "").split()]
    assert labels[0] == "Pythia: cited as Tool reference 78% of 23"
    assert "78% of 23 classified citing papers (58–90%)" in (labels[1] or "")


def test_it_needs_nothing_from_elsewhere_and_runs_nothing(client: Client) -> None:
    content = client.get(f"/hubs/{make_hub({'method': 23}).slug}/badge.svg").content.decode()
    assert not re.search(r"<script|<style|style=|\son\w+=|<image|<foreignObject|href=|@import|url\(", content)
    assert re.findall(r"https?://[^\"<\s]+", content) == ["http://www.w3.org/2000/svg"]


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_is_text(client: Client, title: str) -> None:
    root = picture(client, make_paper(title.replace("\x00", "\x01"), slug="hub"))
    assert {element.tag for element in root.iter()} == {
        f"{SVG}{name}" for name in ("svg", "title", "desc", "rect", "path", "g", "text")
    }
    assert len(root[0].text or "") < 130


@given(st.text())
def test_words_take_room(text: str) -> None:
    assert 0 <= text_width(text) <= 12 * len(text)
    assert text_width(f"{text}W") > text_width(text)


def luminance(colour: str) -> float:
    """The relative luminance of a colour "#rrggbb" (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_class_has_a_colour_on_which_white_can_be_read() -> None:
    assert {hub_class.token for hub_class in HubClass} <= set(FILLS)
    for colour in (*FILLS.values(), HEAD_FILL):
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5, colour


def test_it_may_be_shown_elsewhere_and_kept_for_a_while(client: Client) -> None:
    hub = make_hub({"method": 1})
    response = client.get(f"/hubs/{hub.slug}/badge.svg")
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "public" in response["Cache-Control"] and "max-age=3600" in response["Cache-Control"]
    assert not response.cookies
    again = client.get(f"/hubs/{hub.slug}/badge.svg", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_unknown_and_merged_papers(client: Client) -> None:
    Paper.objects.filter(pk=make_paper("Old").pk).update(merged_into=make_paper("New"))
    assert client.get("/hubs/nobody/badge.svg").status_code == 404
    assert client.get("/hubs/old/badge.svg")["Location"] == "/hubs/new/badge.svg"


def test_it_takes_one_query(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    hub = make_hub({"method": 23})
    with django_assert_num_queries(1):
        client.get(f"/hubs/{hub.slug}/badge.svg")


@pytest.mark.django_db(transaction=True)
def test_its_words_stand_within_it(live_server: LiveServer, page: Page) -> None:
    hub = make_hub({"method": 12, "dataset": 12}, 1)
    page.goto(f"{live_server.url}/hubs/{hub.slug}/badge.svg")
    boxes = page.evaluate("""() => ["rect", "text", "text:last-of-type"].map(name => {
        const box = document.querySelector(name).getBoundingClientRect();
        return [box.left, box.right, box.top, box.bottom];
    })""")
    whole, first, last = boxes
    assert whole[0] <= first[0] < first[1] < last[0] < last[1] <= whole[1]
    assert whole[2] <= last[2] and last[3] <= whole[3]
