"""Pages of the admin as a screen reader meets them, as far as what is ours in them goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.test import Client

from citations.models import Citation, ImportRun, Paper
from tests.factories import make_citation, make_label, make_paper
from tests.test_admin.pages import address

if TYPE_CHECKING:
    from playwright.sync_api import Page

# The rules of axe that our fields and tables could break; others judge Django's own templates.
RULES = ["label", "select-name", "link-name", "link-in-text-block", "td-headers-attr", "th-has-data-cells"]


@pytest.mark.django_db(transaction=True)
def test_every_field_has_a_name_and_no_link_is_told_by_its_colour_alone(
    page: Page, live_server: Any, client: Client, curator: User
) -> None:
    paper = make_paper(authors=["Ada Author"], identifiers=["doi:10.1000/a"])
    citation = make_citation(paper, make_paper("A hub"), sentences=["We used it."])
    run = ImportRun.objects.create(source="semanticscholar", fingerprint="f")
    make_label(citation, "method", import_run=run)
    client.force_login(curator)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    for url in (address(Paper, "change", paper.pk), address(Paper, "add"), address(Citation, "change", citation.pk)):
        page.goto(live_server.url + url)
        found = Axe().run(page, options={"runOnly": {"type": "rule", "values": RULES}, "resultTypes": ["violations"]})
        broken = [(rule["id"], node["html"]) for rule in found.response["violations"] for node in rule["nodes"]]
        assert broken == [], url
