"""An editor merges two papers: chooses, reads what would become of them, confirms."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citations.admin.merges import because
from citations.curation import merge_plan
from citations.curation.merge_plan import Collision
from citations.labels import Effective
from citations.models import Citation, HubPin, Merge, Paper
from tests.factories import make_citation, make_curator, make_hub, make_label, make_paper
from tests.test_admin.pages import PageForm, address, text_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db

HERE = "/admin/citations/merge/"


@pytest.fixture
def two() -> tuple[Paper, Paper]:
    """A hub, and a second record of it that shares a citing paper."""
    survivor = make_hub({"method": 18, "background": 2}, title="One work", identifiers=["doi:10.1/a"])
    loser = make_paper("One work", identifiers=["doi:10.1/b", "arXiv:2101.00001"], year=2021)
    citation = Citation.objects.filter(cited=survivor, role="background").first()
    assert citation is not None
    make_label(make_citation(citation.citing, loser, sentences=["We extend it."]), "extension", curator=make_curator())
    make_citation(make_paper("Only of the other"), loser)
    return survivor, loser


def plan_of(keep: Paper, fold: Paper) -> str:
    return f"{HERE}?keep={keep.pk}&fold={fold.pk}"


def confirmed(desk: Client, url: str, **changes: str) -> dict[str, str]:
    """What a browser sends when everything is ticked."""
    parser = PageForm()
    parser.feed(desk.get(url).content.decode())
    return {
        "seen": parser.data["seen"],
        "reason": "Preprint and article.",
        "sure": "on",
        "warnings_read": "on",
        **changes,
    }


def test_the_plan_shows_both_papers_what_moves_and_what_readers_will_see(
    desk: Client, two: tuple[Paper, Paper]
) -> None:
    with CaptureQueriesContext(connection) as queries:
        response = desk.get(plan_of(*two))
    page = text_of(response)
    assert response.status_code == 200
    assert len(queries) < 80
    for words in (
        "doi:10.1/a",
        "arxiv:2101.00001",
        "moves: the other has none",
        "Cited by 20 papers 2 papers",
        "Citations of it 2 1 1 0 0",
        "Sentences 1 1 0 0 0",
        "1 of 1 that collide read differently",
        "Background Extension Extension on the role a curator goes before an import",
        "20 of 20 citing papers classified.",
        "20 of 21 citing papers classified.",
        "The class stays.",
        "A preprint and its published version have one each",
    ):
        assert words in page, words
    assert not Merge.objects.exists()


def test_every_number_of_the_plan_that_has_a_list_opens_one_as_long(desk: Client, two: tuple[Paper, Paper]) -> None:
    page = desk.get(plan_of(*two)).content.decode()
    links = re.findall(r'href="(/admin/citations/citation/\?[^"]+)">(\d+)<', page)
    assert len(links) >= 3
    for link, number in links:
        assert f"{number} citation" in text_of(desk.get(html.unescape(link))), link
    # What does not exist yet is no link.
    after = page[page.index("After the merge") : page.index("m-confirm")]
    assert "<a " not in after.replace('<a class="badge"', "")


@pytest.mark.parametrize(
    ("before", "folded", "why"),
    [
        ((), ("method", "import"), "only the folded one had a role"),
        (("method", "import"), ("dataset", "curator"), "on the role a curator goes before an import"),
        (("method", "curator"), ("dataset", "curator"), "on the role the newer of two curators’ words counts"),
        (("method", "import"), ("dataset", "import"), "on the role the finer of two imports counts, else the newer"),
    ],
)
def test_why_a_citation_reads_differently_is_said(before: tuple[str, str], folded: tuple[str, str], why: str) -> None:
    then = Effective(role=before[0], role_by=before[1]) if before else Effective()
    now = Effective(role=folded[0], role_by=folded[1])
    assert because(Collision(1, 2, "", then, now, now)) == why


def test_a_confirmed_merge_is_done_and_told(desk: Client, curator: User, two: tuple[Paper, Paper]) -> None:
    url = plan_of(*two)
    response = desk.post(url, confirmed(desk, url), follow=True)
    assert "“One work” was folded into “One work”. Its address leads there now." in text_of(response)
    record = Merge.objects.get()
    assert (record.survivor, record.loser, record.curator) == (*two, curator)
    assert record.reason == "Preprint and article."
    listed = text_of(desk.get(HERE))
    assert "Preprint and article." in listed
    assert desk.get(two[1].get_hub_url())["Location"] == two[0].get_hub_url()


@pytest.mark.parametrize("missing", ["reason", "sure", "warnings_read"])
def test_what_is_not_confirmed_is_not_merged(desk: Client, two: tuple[Paper, Paper], missing: str) -> None:
    url = plan_of(*two)
    sent = confirmed(desk, url)
    del sent[missing]
    response = desk.post(url, sent)
    assert response.status_code == 422
    assert "This field is required." in text_of(response)
    assert not Merge.objects.exists()


def test_a_paper_that_changed_meanwhile_is_shown_again_and_can_be_confirmed_then(
    desk: Client, two: tuple[Paper, Paper]
) -> None:
    url = plan_of(*two)
    sent = confirmed(desk, url)
    make_citation(cited=two[1])
    response = desk.post(url, sent)
    assert response.status_code == 409
    assert "One of the papers changed while you were reading." in text_of(response)
    assert "Preprint and article." in response.content.decode()
    assert not Merge.objects.exists()
    parser = PageForm()
    parser.feed(response.content.decode())
    desk.post(url, {**sent, "seen": parser.data["seen"]})
    assert Merge.objects.count() == 1


def test_what_cannot_be_merged_has_no_button_and_is_refused_all_the_same(
    desk: Client, curator: User, two: tuple[Paper, Paper]
) -> None:
    url = plan_of(*two)
    sent = confirmed(desk, url)
    for paper, hub_class in zip(two, ("foundation", "mixed-use"), strict=True):
        HubPin.objects.create(hub=paper, hub_class=hub_class, reason="x", curator=curator)
    page = text_of(desk.get(url))
    assert (
        "Their classes are pinned differently, as Foundation and Mixed use: remove one of the two pins first." in page
    )
    assert "Fold the right one" not in page
    desk.post(url, sent)
    assert not Merge.objects.exists()


def test_more_than_a_page_can_move_is_for_the_command_line(
    desk: Client, two: tuple[Paper, Paper], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = plan_of(*two)
    sent = confirmed(desk, url)
    monkeypatch.setattr(merge_plan, "LARGEST_ON_A_PAGE", 1)
    assert f"manage.py merge_papers {two[0].slug} {two[1].slug}" in text_of(desk.get(url))
    desk.post(url, sent)
    assert not Merge.objects.exists()


@pytest.mark.parametrize("name", ["10.1/b", "arXiv:2101.00001", "slug", "number"])
def test_papers_are_named_as_people_name_them(desk: Client, two: tuple[Paper, Paper], name: str) -> None:
    typed = {"slug": two[1].slug, "number": str(two[1].pk)}.get(name, name)
    response = desk.get(HERE, {"keep": str(two[0].pk), "fold_name": typed})
    assert (response.status_code, response["Location"]) == (302, plan_of(*two))


def test_a_name_that_nobody_has_is_told(desk: Client, two: tuple[Paper, Paper]) -> None:
    response = desk.get(HERE, {"keep": str(two[0].pk), "fold_name": "10.9/<b>none"})
    assert response.status_code == 422
    assert "No paper here is called “10.9/<b>none”." in text_of(response)
    assert "<b>none" not in response.content.decode()


def test_two_chosen_papers_of_the_list_lead_to_the_plan_the_better_known_one_stays(
    desk: Client, two: tuple[Paper, Paper]
) -> None:
    chosen = {"action": "merge_chosen", "index": "0", "_selected_action": [paper.pk for paper in two]}
    assert desk.post(address(Paper, "changelist"), chosen)["Location"] == plan_of(*two)
    three = {**chosen, "_selected_action": [paper.pk for paper in Paper.objects.all()[:3]]}
    assert "Choose two papers to merge" in text_of(desk.post(address(Paper, "changelist"), three, follow=True))


def test_somebody_who_may_only_look_sees_the_record_and_no_plan(client: Client, two: tuple[Paper, Paper]) -> None:
    from django.contrib.auth.models import Permission

    looker = User.objects.create(username="cleo", is_staff=True)
    looker.user_permissions.add(*Permission.objects.filter(codename__in=["view_merge", "change_paper", "add_label"]))
    client.force_login(looker)
    assert "Which two" not in text_of(client.get(HERE))
    sent = {"reason": "x", "sure": "on", "warnings_read": "on", "seen": merge_plan.fingerprint(*two)}
    assert client.get(plan_of(*two)).status_code == 403
    assert client.post(plan_of(*two), sent).status_code == 403
    assert not Merge.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_editor_merges_in_a_browser(
    page: Page, live_server: Any, client: Client, two: tuple[Paper, Paper], scheme: Any
) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: refused.append(str(error)))
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 800})
    client.force_login(make_curator("ann"))
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page.goto(live_server.url + HERE)
    page.get_by_label("Keep, named").fill("10.1/a")
    page.get_by_label("Fold in, named").fill("10.1/b")
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("heading", name="What readers will see").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert [(rule["id"], node["html"]) for rule in found.response["violations"] for node in rule["nodes"]] == []
    page.get_by_label("Reason").fill("Preprint and article.")
    page.get_by_label("they are one work").check()
    page.get_by_label("I have read what speaks against it").check()
    page.get_by_role("button", name="Fold the right one").click()
    page.get_by_text("was folded into").wait_for()
    assert refused == []
    assert Merge.objects.count() == 1


def test_the_address_of_the_page_is_as_published() -> None:
    assert reverse("admin:citations_merge_changelist") == HERE
