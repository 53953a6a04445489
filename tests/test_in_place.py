"""Lists that refresh in place, in a real browser: one request, focus and scroll kept, Back works; no script needed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from citations import summaries
from citations.models import Citation, Paper
from tests.factories import CAUSE, make_hub, make_mention, make_paper, paper_changed
from tests.walking import axe_options

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.django_db(transaction=True)


class Watched:
    """A page whose requests and console are kept."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[Any] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", self._note)

    def _note(self, request: Any) -> None:
        """Keep a request; the icon, which the browser fetches when it likes, is not the page's doing."""
        if not request.url.endswith("icon.svg"):
            self.asked.append(request)


@pytest.fixture
def hub(transactional_db: None) -> Paper:
    """A hub with 60 citing papers, some of 2023, some with sentences."""
    hub = make_hub(
        {"method": 30, "dataset": 12, "evidence": 3},
        15,
        polarities={"supports": 5, "disputes": 2},
        title="Pythia: a suite",
    )
    papers = list(Paper.objects.filter(references_made__cited=hub).order_by("pk"))
    for place, paper in enumerate(papers):
        paper.year = 2020 + place % 5
        paper.summary = "About the zeolite." if place % 2 else ""
    Paper.objects.bulk_update(papers, ["year", "summary"])
    for citation in Citation.objects.filter(cited=hub)[:5]:
        make_mention(citation, "We use Pythia here.", counted=False)
    paper_changed(*papers)
    return hub


def heading(page: Page) -> str:
    """What the list says it is."""
    return page.locator("#count").inner_text()


def test_a_facet_refreshes_everything_in_one_request(hub: Paper, live_server: LiveServer, page: Page) -> None:
    watched = Watched(page)
    page.goto(f"{live_server.url}/hubs/{hub.slug}/citing/")
    page.evaluate("window.scrollTo(0, 200)")
    watched.asked.clear()
    page.locator("#f-polarity-supports").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/citing/?polarity=supports")
    assert [request.url for request in watched.asked] == [page.url]
    assert heading(page) == "5 of 60 citing papers support Pythia"
    assert page.title() == "5 papers that support Pythia - Citation Explorer"
    assert page.locator("article.row").count() == 5
    assert page.locator(".chip").count() == 1
    assert page.locator("#said").inner_text() == "5 of 60 citing papers support Pythia"
    assert page.evaluate("document.activeElement.id") == "f-polarity-supports"
    assert page.evaluate("window.scrollY") == 200
    assert page.locator("a[type='text/csv']").get_attribute("href") == f"/hubs/{hub.slug}/citing.csv?polarity=supports"
    assert watched.said == []


def test_back_and_forward_show_the_lists_that_were(hub: Paper, live_server: LiveServer, page: Page) -> None:
    watched = Watched(page)
    page.goto(f"{live_server.url}/hubs/{hub.slug}/citing/")
    page.locator("#f-role-dataset").click()
    page.wait_for_url("**?role=dataset")
    page.locator("#f-year-2023").click()
    page.wait_for_url("**year_max=2023")
    page.go_back()
    page.wait_for_url("**?role=dataset")
    expect(page.locator("#count")).to_contain_text("12 of 60")
    page.go_back()
    expect(page.locator("#count")).to_have_text("60 citing papers")
    page.go_forward()
    expect(page.locator("#count")).to_contain_text("12 of 60")
    assert watched.said == []


def test_back_from_a_paper_shows_the_whole_page(hub: Paper, live_server: LiveServer, page: Page) -> None:
    page.goto(f"{live_server.url}/hubs/{hub.slug}/citing/")
    page.locator("#f-role-dataset").click()
    page.wait_for_url("**?role=dataset")
    page.locator(".row-title a").first.click()
    page.wait_for_url("**/papers/**")
    page.go_back()
    page.wait_for_url("**?role=dataset")
    assert page.locator(".site-head").count() == 1
    assert heading(page).startswith("12 of 60")


def test_forms_give_a_clean_address_and_keep_the_focus(hub: Paper, live_server: LiveServer, page: Page) -> None:
    page.goto(f"{live_server.url}/hubs/{hub.slug}/citing/?role=method")
    page.locator("#q").fill("zeolite")
    page.locator("#q").press("Enter")
    page.wait_for_url("**/citing/?role=method&q=zeolite")
    assert page.evaluate("document.activeElement.id") == "q"
    assert page.locator("mark").count() == 15
    page.locator("#sort").select_option("cited")
    page.locator("#size-go").click()
    page.wait_for_url("**/citing/?role=method&q=zeolite&sort=cited")
    assert heading(page).endswith("most cited first")


def test_of_two_quick_clicks_the_last_one_counts(hub: Paper, live_server: LiveServer, page: Page) -> None:
    watched = Watched(page)
    page.goto(f"{live_server.url}/hubs/{hub.slug}/citing/")
    # The first answer does not come.
    page.route("**/citing/?role=dataset", lambda route: None)
    page.locator("#f-role-dataset").click()
    with page.expect_event("requestfailed", lambda request: "role=dataset" in request.url, timeout=10_000):
        page.locator("#f-polarity-supports").click()
    page.wait_for_url("**/citing/?polarity=supports")
    expect(page.locator("#count")).to_have_text("5 of 60 citing papers support Pythia")
    assert page.locator("#said").inner_text() == "5 of 60 citing papers support Pythia"
    # That the first request was broken off is told on the console, and nothing else is.
    assert all(line.startswith(("htmx:sendAbort", "htmx:afterRequest")) for line in watched.said)


def test_a_chip_that_goes_hands_the_focus_to_the_heading(hub: Paper, live_server: LiveServer, page: Page) -> None:
    page.goto(f"{live_server.url}/hubs/{hub.slug}/citing/?role=method")
    page.locator(".chip").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/citing/")
    expect(page.locator("#count")).to_be_focused()


def test_the_next_page_begins_at_its_top(hub: Paper, live_server: LiveServer, page: Page) -> None:
    page.goto(f"{live_server.url}/hubs/{hub.slug}/citing/")
    page.locator(".pager a[rel=next]").click()
    page.wait_for_url("**?page=2")
    expect(page.locator("#count")).to_be_focused()
    top = page.locator("#explorer").bounding_box()
    assert top is not None
    assert abs(top["y"]) < 60


def test_an_error_is_shown_and_not_swallowed(hub: Paper, live_server: LiveServer, page: Page) -> None:
    page.goto(f"{live_server.url}/hubs/{hub.slug}/citing/")
    Paper.objects.filter(pk=hub.pk).update(slug="moved")
    page.locator("#f-role-dataset").click()
    expect(page.locator("main h1")).to_have_text("There is no such page")
    assert page.locator(".site-head").count() == 1


def test_on_a_phone_the_filters_stay_as_open_as_they_were(hub: Paper, live_server: LiveServer, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{live_server.url}/hubs/{hub.slug}/citing/")
    assert not page.locator("#f-role-dataset").is_visible()
    page.locator(".facets > summary").click()
    page.locator("#f-role-dataset").click()
    page.wait_for_url("**?role=dataset")
    expect(page.locator(".facets")).to_have_attribute("open", "")
    assert page.locator(".facets > summary").inner_text() == "Filter (1 on)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_scripts_the_same_links_and_forms_work(hub: Paper, live_server: LiveServer, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/hubs/{hub.slug}/citing/")
    page.locator("#f-role-dataset").click()
    assert page.url.endswith("?role=dataset")
    page.locator("#q").fill("zeolite")
    page.locator("#q").press("Enter")
    assert re.search(r"role=dataset.*q=zeolite", page.url)
    assert heading(page) == "6 of 60 citing papers use the data of Pythia, matching “zeolite”"
    page.locator(".chips >> text=Clear all").click()
    assert heading(page) == "60 citing papers"
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    "path",
    [
        "/hubs/{slug}/",
        "/hubs/{slug}/?self=0",
        "/hubs/{slug}/citing/?self=0&role=method",
        "/hubs/{slug}/citing/?role=method&role=none&q=zeolite&find_venue=x",
        "/hubs/{slug}/citing/?role=extension&year_max=1999",
        "/compare/?hub={slug}&hub=other&hub=nowhere",
        "/search/?q=zeolite",
    ],
)
def test_nothing_keeps_readers_out(
    path: str, width: int, scheme: Any, hub: Paper, live_server: LiveServer, browser: Browser
) -> None:
    make_hub({"background": 3}, title="Other", slug="other")
    make_paper("Zeolite")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{live_server.url}{path.format(slug=hub.slug)}")
    page.evaluate("document.querySelectorAll('details').forEach(found => { found.open = true; })")
    found = Axe().run(page, options=axe_options(width, scheme))
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_shares_above_the_list_follow_what_is_left_out(hub: Paper, live_server: LiveServer, page: Page) -> None:
    own = Citation.objects.filter(cited=hub, role="method").order_by("pk")[:10]
    Citation.objects.filter(pk__in=[citation.pk for citation in own]).update(is_self_citation=True)
    with transaction.atomic():
        summaries.recount([hub.pk], CAUSE)
    watched = Watched(page)
    page.goto(f"{live_server.url}/hubs/{hub.slug}/citing/")
    expect(page.locator("#verdict")).to_contain_text("67% of 45 classified citing papers")
    watched.asked.clear()
    page.get_by_role("link", name="Without self-citations").click()
    page.wait_for_url("**/citing/?self=0")
    expect(page.locator("#verdict")).to_contain_text("No single role is a clear majority of 35 classified")
    expect(page.locator("#verdict")).to_contain_text("Counted without 10 self-citations: count all 60.")
    assert len(watched.asked) == 1
    page.go_back()
    expect(page.locator("#verdict")).to_contain_text("67% of 45 classified citing papers")
    assert watched.said == []
