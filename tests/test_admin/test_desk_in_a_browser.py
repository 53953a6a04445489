"""The curation desk in a real browser: by keyboard alone, in both themes, on a phone, and without a script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from citations.models import Citation, HubSummary, Label, Paper, Report, Skip
from tests.factories import make_citation, make_curator, make_hub, make_label, make_mention
from tests.walking import axe_options

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.django_db(transaction=True)


def sign_in(context: BrowserContext, live_server: Any, client: Client, curator: User) -> None:
    client.force_login(curator)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])


def watch(page: Page) -> list[str]:
    """What the console says, and what scripts throw, from now on."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def busy_hub() -> Paper:
    """A hub with one of everything that a page of the desk can show."""
    hub = make_hub({"method": 15, "comparison": 6}, 25, title="A language model suite", authors=["Ada Example"])
    Citation.objects.filter(cited=hub, role="").update(is_influential=True)
    for number, citation in enumerate(Citation.objects.filter(cited=hub, role="").order_by("pk")):
        make_mention(citation, f"We train on A language model suite, with seed {number}.", section="Method")
    return hub


def shown(page: Page) -> int:
    """The citation that the page shows."""
    return int(page.locator("#decide input[name=citation]").get_attribute("value") or 0)


def test_twenty_citations_are_decided_by_keyboard_alone_and_the_hub_page_shows_it_at_once(
    page: Page, live_server: Any, client: Client, curator: User
) -> None:
    hub = busy_hub()
    sign_in(page.context, live_server, client, curator)
    said = watch(page)
    page.goto(live_server.url + reverse("desk"))
    for number in range(20):
        before = shown(page)
        if number % 5 == 0:
            page.keyboard.press("s")
        with page.expect_navigation():
            page.keyboard.press(str(number % 6 + 1))
        assert shown(page) != before
    labels = Label.objects.filter(curator=curator)
    assert (labels.count(), labels.filter(polarity="supports").count()) == (20, 4)
    counts = HubSummary.objects.get(pk=hub.pk).counts["role"]
    with page.expect_navigation():
        page.keyboard.press("u")
    last = labels.order_by("-pk")[0]
    assert last.retracts is not None
    assert shown(page) == last.citation_id
    assert HubSummary.objects.get(pk=hub.pk).counts["role"] != counts
    page.goto(live_server.url + hub.get_hub_url())
    assert "40 classified" in page.locator("#main").inner_text()
    assert said == []


def test_every_key_does_what_the_list_of_keys_says(page: Page, live_server: Any, client: Client, curator: User) -> None:
    citation = make_citation(sentences=["First.", "Second."], is_influential=True)
    other = make_citation(is_influential=True)
    make_label(citation, "", "disputes", source="scite")
    sign_in(page.context, live_server, client, curator)
    said = watch(page)
    page.goto(live_server.url + reverse("desk"))
    assert shown(page) == citation.pk
    page.keyboard.press("?")
    assert page.locator("#keys").get_attribute("open") is not None
    page.keyboard.press("?")
    assert page.locator("#keys").get_attribute("open") is None
    page.keyboard.press("j")
    page.keyboard.press("t")
    page.keyboard.type("1 of 7: keys rest while one types. skd?")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    label = Label.objects.latest("id")
    assert (label.role, label.polarity, label.note) == ("", "mixed", "1 of 7: keys rest while one types. skd?")
    assert label.mention is not None
    label = make_label(other, "method", source="openalex")
    page.goto(f"{live_server.url}{reverse('desk')}?citation={other.pk}")
    with page.expect_navigation():
        page.keyboard.press("c")
    assert Label.objects.latest("id").confirms == label
    page.goto(f"{live_server.url}{reverse('desk')}?citation={citation.pk}")
    page.keyboard.press("k")
    page.keyboard.press("n")  # the first reason that begins so
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert Skip.objects.get().citation == citation
    page.goto(f"{live_server.url}{reverse('desk')}?citation={citation.pk}")
    page.keyboard.press("?")
    page.get_by_role("button", name="Switch keys off").click()
    number = Label.objects.count()
    page.keyboard.press("1")
    page.get_by_role("button", name="Switch keys on").wait_for()
    assert Label.objects.count() == number
    assert said == []


def test_the_second_of_two_curators_is_led_to_what_changed(
    page: Page, live_server: Any, client: Client, curator: User
) -> None:
    citation = make_citation(is_influential=True)
    sign_in(page.context, live_server, client, curator)
    page.goto(live_server.url + reverse("desk"))
    make_label(citation, "comparison", curator=make_curator("ben"))
    with page.expect_navigation():
        page.keyboard.press("1")
    assert page.evaluate("document.activeElement.id") == "clash-h"
    assert "ben added to this citation" in page.locator("#clash-h").inner_text()
    page.get_by_role("button", name="Decide again: Tool or method").click()
    page.get_by_text("Recorded: Tool or method").wait_for()
    assert Label.objects.filter(curator=curator, role="method").count() == 1


def test_the_desk_works_without_a_script(browser: Browser, live_server: Any, client: Client, curator: User) -> None:
    citation = make_citation(sentences=["We used it."], is_influential=True)
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(5_000)
    sign_in(context, live_server, client, curator)
    page = context.new_page()
    page.goto(live_server.url + reverse("desk"))
    page.get_by_label("Disputes").check()
    page.get_by_label("decide from this one").check()
    page.get_by_role("button", name=re.compile("^Evidence")).click()
    label = Label.objects.get()
    assert (label.role, label.polarity, label.mention) == ("evidence", "disputes", citation.mentions.get())
    page.get_by_role("button", name="Undo").first.click()
    page.get_by_text("Undone: your decision").wait_for()
    page.locator("#skip-why").select_option("field")
    page.get_by_role("button", name="Skip", exact=True).click()
    page.get_by_text("Nothing to decide").wait_for()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_desk_keeps_the_rules_of_accessibility(
    browser: Browser, live_server: Any, client: Client, curator: User, scheme: Any
) -> None:
    hub = busy_hub()
    citation = Citation.objects.filter(cited=hub, role="").order_by("-pk")[0]
    make_label(citation, "background", "disputes", source="scite", coarse=True)
    make_label(citation, "dataset", decided_by="classifier")
    make_label(citation, "dataset", curator=curator, note="A note.")
    Report.objects.create(citation=citation, role="comparison", comment="Section 5 compares.")
    Skip.objects.create(citation=Citation.objects.filter(cited=hub)[3], curator=curator, reason="field")
    for width in (1280, 360, 320):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        context.set_default_timeout(5_000)
        sign_in(context, live_server, client, curator)
        page = context.new_page()
        said = watch(page)
        desk = live_server.url + reverse("desk")
        for url in (
            f"{desk}?citation={citation.pk}",
            f"{desk}?reason=dispute",
            live_server.url + reverse("desk_skipped"),
        ):
            page.goto(url)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, url
            found = Axe().run(page, options=axe_options(width, scheme)).response["violations"]
            assert [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]] == [], url
        page.goto(f"{desk}?citation={citation.pk}")
        make_label(citation, "method", curator=make_curator("ben"), note="Theirs.")
        assert said == []
        with page.expect_navigation():
            page.get_by_role("button", name=re.compile("^Baseline")).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page, options=axe_options(width, scheme)).response["violations"]
        assert [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]] == []
        context.close()
