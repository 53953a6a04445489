"""An audit as a curator does it: drawn, read by keyboard alone, and shown on the hub's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from citations.curation import audits
from citations.models import Audit, Citation, Label, Paper
from citations.vocabulary import Role
from tests.factories import make_hub, make_mention
from tests.test_admin.test_desk_in_a_browser import sign_in, watch
from tests.walking import axe_options

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.django_db(transaction=True)


def hub_to_audit() -> Paper:
    """60 papers cite it; of each a sentence is known."""
    hub = make_hub({"background": 12}, 48, title="A language model suite", authors=["Ada Example"])
    for number, citation in enumerate(Citation.objects.filter(cited=hub).order_by("pk")):
        make_mention(citation, f"We train on A language model suite, with seed {number}.", section="Method")
    return hub


def test_an_audit_of_twenty_is_drawn_and_read_by_keyboard_and_the_hub_page_shows_its_shares(
    page: Page, live_server: Any, client: Client, curator: User
) -> None:
    hub = hub_to_audit()
    sign_in(page.context, live_server, client, curator)
    said = watch(page)
    page.goto(f"{live_server.url}{reverse('desk_audits')}?hub={hub.slug}")
    page.get_by_label("Citing papers to read").fill("20")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    for number in range(20):
        assert f"{number} of 20 audited" in page.locator(".place").inner_text()
        if number == 7:
            page.keyboard.press("s")
            page.keyboard.press("j")
        if number == 5:
            with page.expect_navigation():
                page.keyboard.press("u")
            assert "4 of 20 audited" in page.locator(".place").inner_text()
            with page.expect_navigation():
                page.keyboard.press("1")
        with page.expect_navigation():
            page.keyboard.press("6" if number % 10 == 0 else "1")
    assert "That was the last one." in page.locator("#main").inner_text()
    labels = Label.objects.filter(curator=curator, retracts=None, retracted_by=None)
    assert (labels.count(), labels.filter(polarity="supports").count()) == (20, 1)
    assert labels.exclude(mention=None).count() == 1
    page.goto(live_server.url + hub.get_hub_url())
    shown = page.locator("#audit").inner_text()
    assert "use it as a tool (20 audited of 60)." in shown
    assert "90%" in shown
    assert "by an audit of 20 of 60 citing papers" in page.locator(".headline").inner_text()
    page.get_by_role("link", name="20 audited of 60").first.click()
    assert page.locator("article.row").count() == 20
    assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_audits_keep_the_rules_of_accessibility(
    browser: Browser, live_server: Any, client: Client, curator: User, scheme: Any
) -> None:
    hub = hub_to_audit()
    finished = audits.draw(hub, curator, planned=20, stratified=True)
    for entry in finished.entries.order_by("position")[:12]:
        audits.read(entry.pk, curator, Role.METHOD)
    audits.finish(finished, curator)
    open_ = audits.draw(hub, curator, planned=20)
    audits.read(open_.entries.order_by("position")[0].pk, curator, Role.DATASET)
    assert Audit.objects.count() == 2
    for width in (1280, 360, 320):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        context.set_default_timeout(5_000)
        sign_in(context, live_server, client, curator)
        page = context.new_page()
        said = watch(page)
        for address in (
            reverse("desk_audits"),
            reverse("desk_audit", args=[open_.pk]),
            hub.get_hub_url(),
            finished.get_absolute_url(),
            open_.get_absolute_url(),
            reverse("about_data"),
            reverse("about_classes"),
        ):
            page.goto(live_server.url + address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            found = Axe().run(page, options=axe_options(width, scheme)).response["violations"]
            assert [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]] == [], address
        assert said == []
        context.close()


def test_an_audit_is_read_without_a_script(browser: Browser, live_server: Any, client: Client, curator: User) -> None:
    audit = audits.draw(hub_to_audit(), curator, planned=20)
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(5_000)
    sign_in(context, live_server, client, curator)
    page = context.new_page()
    page.goto(live_server.url + reverse("desk"))
    page.get_by_label("Disputes").check()
    # Return on a polarity decides nothing: a role is chosen by its own button.
    page.keyboard.press("Enter")
    page.get_by_text("Choose a role").wait_for()
    page.get_by_label("Disputes").check()
    assert Label.objects.filter(curator=curator).count() == 0
    page.get_by_role("button", name="Evidence").click()
    page.get_by_text("Your last: number").wait_for()
    assert "1 of 20 audited" in page.locator(".place").inner_text()
    label = Label.objects.get(curator=curator)
    assert (label.role, label.polarity, label.audit_entry.audit_id) == ("evidence", "disputes", audit.pk)
    context.close()
