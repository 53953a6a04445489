"""Single keys, their list, their switch, and suggestions, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from citations.models import Paper
from tests.factories import make_hub

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)

FOCUS = "document.activeElement.id || document.activeElement.textContent.trim()"


@pytest.fixture
def hub(transactional_db: None) -> Paper:
    """A hub with a handful of citing papers."""
    return make_hub({"method": 4, "evidence": 2}, 2, title="Pythia: a suite")


def test_rows_filters_and_search_are_reached_by_single_keys(hub: Paper, live_server: LiveServer, page: Page) -> None:
    page.goto(f"{live_server.url}{reverse('citing', args=[hub.slug])}")
    titles = page.locator(".row-title a").all_inner_texts()
    page.keyboard.press("j")
    assert page.evaluate(FOCUS) == titles[0]
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate(FOCUS) == titles[1]
    page.keyboard.press("f")
    assert page.evaluate("document.activeElement.closest('.facet') !== null")
    page.keyboard.press("/")
    assert page.evaluate(FOCUS) == "site-q"
    page.keyboard.press("j")
    assert page.locator("#site-q").input_value() == "j"
    page.locator("#site-q").fill("")
    page.locator(".row-title a").nth(2).focus()
    page.keyboard.press("o")
    page.wait_for_url("**/papers/**")


def test_the_list_of_keys_is_a_dialog_that_gives_the_focus_back(
    hub: Paper, live_server: LiveServer, page: Page
) -> None:
    page.goto(f"{live_server.url}{hub.get_hub_url()}")
    page.locator(".brand").focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("to the next row of a list")
    found = Axe().run(page, options={"preload": False, "resultTypes": ["violations"]})
    assert [rule["id"] for rule in found.response["violations"]] == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.evaluate(FOCUS) == "Citation Explorer"


def test_keys_that_are_switched_off_do_nothing_until_they_are_switched_on(
    hub: Paper, live_server: LiveServer, page: Page
) -> None:
    page.goto(f"{live_server.url}{reverse('about_words')}#keys")
    switch = page.get_by_role("button", name="Single keys")
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    page.goto(f"{live_server.url}{reverse('citing', args=[hub.slug])}")
    page.keyboard.press("/")
    page.keyboard.press("?")
    assert page.evaluate("document.activeElement === document.body")
    assert page.locator("dialog").count() == 0
    page.goto(f"{live_server.url}{reverse('about_words')}#keys")
    page.get_by_role("button", name="Single keys").click()
    page.keyboard.press("/")
    assert page.evaluate(FOCUS) == "site-q"


def test_keys_with_a_modifier_are_the_browsers_own(hub: Paper, live_server: LiveServer, page: Page) -> None:
    page.goto(f"{live_server.url}{reverse('citing', args=[hub.slug])}")
    page.keyboard.press("Control+j")
    page.keyboard.press("Alt+f")
    assert page.evaluate("document.activeElement === document.body")


def test_a_suggestion_is_chosen_by_arrow_and_enter(hub: Paper, live_server: LiveServer, page: Page) -> None:
    page.goto(live_server.url)
    field = page.get_by_role("combobox", name="Search papers and hubs")
    field.press_sequentially("pyth")
    option = page.get_by_role("option").first
    expect(option).to_contain_text("Pythia: a suite")
    expect(field).to_have_attribute("aria-expanded", "true")
    found = Axe().run(page, options={"preload": False, "resultTypes": ["violations"]})
    assert [rule["id"] for rule in found.response["violations"]] == []
    field.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    page.wait_for_url(f"**{hub.get_hub_url()}")


def test_enter_without_a_choice_searches_and_escape_closes_the_list(
    hub: Paper, live_server: LiveServer, page: Page
) -> None:
    page.goto(live_server.url)
    field = page.get_by_role("combobox", name="Search papers and hubs")
    field.press_sequentially("suite")
    expect(page.get_by_role("option").first).to_be_visible()
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    field.press("Enter")
    page.wait_for_url("**/search/?q=suite")
