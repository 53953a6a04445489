"""A curator's day in a browser: sign in, decide by keyboard, undo, merge, pin, decline; all of it in the history."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from citations.curation import groups, reports
from citations.curation.reports import Suggestion
from citations.models import Citation, HubSummary, Label, Merge, Report
from citations.vocabulary import Role
from tests.factories import make_citation, make_hub, make_paper

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long enough password of a test"


@pytest.fixture
def editor() -> User:
    """An account as an operator makes one: of the group that may do all of this, and of nothing else."""
    from django.apps import apps

    groups.install(apps)  # a test that empties all tables takes the groups away, too
    account = User.objects.create_user("ada", password=PASSWORD, first_name="Ada", last_name="Example", is_staff=True)
    account.groups.add(Group.objects.get(name=groups.EDITOR))
    return account


def test_every_step_of_a_day_is_in_the_history_with_its_author(page: Page, live_server: Any, editor: User) -> None:
    hub = make_hub({"method": 15, "comparison": 6}, 25, title="A language model suite")
    Citation.objects.filter(cited=hub, role="").update(is_influential=True)
    twin = make_paper("A language model suite (preprint)", identifiers=["arXiv:2101.00001"])
    moved = make_citation(make_paper("Cites the preprint"), twin)
    suggestion = Suggestion(Role.EVIDENCE, None, "I believe that they rely on a finding.")
    report = reports.submit(Citation.objects.filter(cited=hub, role="method").order_by("pk")[0], suggestion)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    page.goto(live_server.url + reverse("desk"))
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_navigation():  # and so until scripts have run
        page.keyboard.press("Enter")
    for number in range(20):
        with page.expect_navigation():
            page.keyboard.press("1" if number % 2 else "6")
    with page.expect_navigation():
        page.keyboard.press("u")
    labels = Label.objects.filter(curator=editor)
    assert (labels.count(), labels.filter(retracts__isnull=False).count()) == (21, 1)

    page.goto(live_server.url + reverse("admin:citations_merge_changelist"))
    page.get_by_label("Keep, named").fill(hub.slug)
    page.get_by_label("Fold in, named").fill(twin.slug)
    page.get_by_role("button", name="Compare").click()
    page.get_by_label("Reason").fill("Preprint and article.")
    for box in page.locator("form input[type=checkbox]").all():
        box.check()
    page.get_by_role("button", name=re.compile("^Fold the right one")).click()
    page.get_by_text("was folded into").wait_for()
    assert Merge.objects.get().curator == editor

    page.goto(f"{live_server.url}{reverse('admin:citations_hubpin_add')}?hub={hub.pk}")
    page.get_by_label("Hub class").select_option("mixed-use")
    page.get_by_label("Reason").fill("Two communities use it in two ways.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was added successfully").wait_for()

    page.goto(live_server.url + reverse("admin:citations_report_change", args=[report.pk]))
    page.get_by_label("Status").select_option(Report.DECLINED)
    page.get_by_role("textbox", name="Answer").fill("The sentence only compares.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("no label was written").wait_for()
    report.refresh_from_db()
    assert (report.status, report.answered_by, report.label) == (Report.DECLINED, editor, None)

    summary = HubSummary.objects.get(pk=hub.pk)
    moved.refresh_from_db()
    # The reported citation, which comes first at the desk, had a role before.
    assert (summary.known, summary.classified, moved.cited_id) == (47, 21 + 18, hub.pk)
    page.goto(live_server.url + hub.get_hub_url())
    words = page.locator("#main").inner_text()
    assert "39 classified" in words and "Mixed use" in words and "Two communities use it in two ways." in words
    page.goto(f"{live_server.url}{reverse('history', args=[hub.slug])}?page_size=100")
    told = page.locator("#main").inner_text()
    assert told.count("Ada Example") >= 21 + 1 + 1
    assert "Preprint and article." in told and "Two communities use it in two ways." in told
    assert said == []
