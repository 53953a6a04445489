"""Every public page and the main pages of the admin in a real browser: light, dark, on a phone, without scripts.

On each: axe finds nothing, the console stays silent, no request leaves the site, nothing scrolls sideways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from tests.factories import make_curator
from tests.walking import COLOUR_RULES, SIZE_RULES, Collection, make_collection, public_pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.django_db(transaction=True)

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# And what axe calls best practices. Django's own templates of the admin keep to WCAG alone.
STANDARDS = [*WCAG, "best-practice"]
# In pixels: the narrowest page that WCAG 2.2 asks for (1.4.10), which is also 1,280 px at 400%.
NARROWEST = 320
LAPTOP, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@pytest.fixture
def held(transactional_db: None) -> Collection:
    """The collection that is walked."""
    return make_collection()


class Walker:
    """A page that keeps what went wrong on its way: `troubles` are pairs of address and what."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site
        self.troubles: list[tuple[str, str]] = []
        self.path = ""
        page.on("console", lambda message: self._note(f"console: {message.text}"))
        page.on("pageerror", lambda error: self._note(f"script: {error}"))
        page.on("request", lambda request: self._check_origin(request.url))

    def _note(self, what: str) -> None:
        self.troubles.append((self.path, what))

    def _check_origin(self, url: str) -> None:
        if not url.startswith((self.site + "/", "data:")):
            self._note(f"request to {url}")

    def go(self, path: str) -> None:
        """Open a page and see that it does not scroll sideways."""
        self.path = path
        self.page.goto(self.site + path)
        self.check_width()

    def check_width(self) -> None:
        """Note a page that is wider than its window."""
        wide, room = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        if wide > room:
            self._note(f"{wide} px wide in a window of {room} px")

    def finish(self) -> None:
        """Close the window; fails naming every page on which something was wrong."""
        self.page.context.close()
        assert not self.troubles, "\n".join(f"{path}  {what}" for path, what in self.troubles)

    def run_axe(self, **run_only: Any) -> None:
        """Note what axe finds."""
        # Without `preload`, for which axe writes style sheets of its own, and the policy of the site refuses them.
        options = {"preload": False, "runOnly": run_only or {"type": "tag", "values": STANDARDS}}
        # Of rules that pass, one node each is told: reading them all took longer than the rules themselves.
        options["resultTypes"] = ["violations"]
        found = Axe().run(self.page, options=options)
        for rule in found.response["violations"]:
            self._note(f"axe {rule['id']}: {rule['nodes'][0]['html'][:200]}")


def walker(browser: Browser, server: LiveServer, **options: Any) -> Walker:
    """A walker with a window of its own."""
    context = browser.new_context(locale="en-GB", timezone_id="UTC", **options)
    context.set_default_timeout(20_000)  # milliseconds
    return Walker(context.new_page(), server.url)


def test_every_public_page_in_light_has_no_violation(
    held: Collection, browser: Browser, live_server: LiveServer
) -> None:
    walk = walker(browser, live_server, viewport=LAPTOP, color_scheme="light")
    for path in public_pages(held):
        walk.go(path)
        walk.run_axe()
    walk.finish()


def test_every_public_page_in_dark_has_enough_contrast(
    held: Collection, browser: Browser, live_server: LiveServer
) -> None:
    walk = walker(browser, live_server, viewport=LAPTOP, color_scheme="dark", reduced_motion="reduce")
    for path in public_pages(held):
        walk.go(path)
        walk.run_axe(type="rule", values=COLOUR_RULES)
    walk.finish()


def test_every_public_page_fits_a_phone_and_the_narrowest_window(
    held: Collection, browser: Browser, live_server: LiveServer
) -> None:
    walk = walker(browser, live_server, viewport=PHONE)
    for path in public_pages(held):
        walk.go(path)
        walk.run_axe(type="rule", values=SIZE_RULES)
        walk.page.set_viewport_size({"width": NARROWEST, "height": 640})
        walk.check_width()
        walk.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    walk.finish()


def test_every_public_page_says_its_piece_without_scripts(
    held: Collection, browser: Browser, live_server: LiveServer
) -> None:
    walk = walker(browser, live_server, viewport=LAPTOP, java_script_enabled=False)
    for path in public_pages(held):
        walk.path = path
        walk.page.goto(live_server.url + path)
        assert walk.page.locator("main h1").first.is_visible(), path
        assert not walk.page.locator("[data-theme-toggle]").is_visible(), path
    walk.page.goto(live_server.url)
    walk.page.locator("#home-q").fill("pythia")
    walk.page.locator("#home-q").press("Enter")
    assert walk.page.url == f"{live_server.url}{reverse('search')}?q=pythia"
    walk.finish()


@pytest.mark.parametrize("media", [{"forced_colors": "active"}, {"color_scheme": "light", "width": 2560}])
def test_pages_hold_together_in_forced_colours_and_on_a_wall(
    held: Collection, browser: Browser, live_server: LiveServer, media: dict[str, Any]
) -> None:
    window = {"width": media.pop("width", 1280), "height": 800}
    walk = walker(browser, live_server, viewport=window, **media)
    for path in (reverse("hub", args=[held.hub.slug]), reverse("about_style")):
        walk.go(path)
        # Body and foot keep one left edge, and no line is longer than can be read.
        edge = walk.page.evaluate("document.querySelector('main').getBoundingClientRect().left")
        assert edge == walk.page.evaluate("document.querySelector('.site-foot').getBoundingClientRect().left")
        assert walk.page.locator(".headline").first.bounding_box()["width"] < 1_300  # type: ignore[index]
    walk.finish()


def test_print_shows_sentences_and_drops_what_is_for_the_screen(
    held: Collection, live_server: LiveServer, page: Page
) -> None:
    page.goto(live_server.url + reverse("hub", args=[held.hub.slug]))
    page.emulate_media(media="print")
    assert not page.locator(".site-bar").is_visible()
    assert not page.locator(".facets").is_visible()
    assert page.locator(".headline").is_visible()
    assert page.locator(".says .line").first.is_visible()


def test_the_main_pages_of_the_admin_have_no_violation_of_ours(
    held: Collection, browser: Browser, live_server: LiveServer, client: Client, django_user_model: type[User]
) -> None:
    curator = make_curator("ann")
    curator.is_superuser = True
    curator.save()
    client.force_login(curator)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    for scheme in ("light", "dark"):
        walk = walker(browser, live_server, viewport=LAPTOP, color_scheme=scheme)
        walk.page.context.add_cookies([session])  # type: ignore[list-item]
        for path in (
            reverse("admin:index"),
            reverse("desk"),
            reverse("admin:citations_paper_changelist"),
            reverse("admin:citations_paper_change", args=[held.paper.pk]),
            reverse("admin:citations_citation_change", args=[held.citation.pk]),
            reverse("admin:citations_label_changelist"),
            reverse("admin:citations_report_changelist"),
            reverse("admin:citations_merge_changelist"),
        ):
            walk.go(path)
            walk.run_axe(type="tag", values=WCAG)
        walk.finish()
