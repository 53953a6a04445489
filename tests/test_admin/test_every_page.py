"""Every page opens, keeps the policy and escapes what it shows; what happened cannot be undone by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citations import summaries
from citations.models import (
    Audit,
    AuditEntry,
    Author,
    Authorship,
    Citation,
    CitedByCount,
    ClassChange,
    HubPin,
    HubSummary,
    HubTally,
    Identifier,
    ImportRun,
    Label,
    Mention,
    Merge,
    Paper,
    RejectedRecord,
    Report,
    Skip,
    Venue,
)
from tests.factories import CAUSE, make_citation, make_curator, make_hub, make_label, make_mention, make_paper
from tests.test_admin.pages import QUERIES, address, text_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db


HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'

MODELS = sorted(apps.get_app_config("citations").get_models(), key=lambda model: model.__name__)

# Tables that nobody adds to, changes, or deletes from by hand.
READ_ONLY = (
    Audit,
    AuditEntry,
    CitedByCount,
    ClassChange,
    HubSummary,
    HubTally,
    ImportRun,
    Label,
    Mention,
    Merge,
    RejectedRecord,
    Skip,
)
NOT_ADDED = (*READ_ONLY, Report)
NOT_DELETED = (*READ_ONLY, HubPin, Report)


@pytest.mark.parametrize("model", MODELS)
def test_every_table_is_registered_and_can_be_searched(model: type[models.Model]) -> None:
    assert admin.site.is_registered(model)
    assert admin.site.get_model_admin(model).search_fields


@pytest.mark.parametrize("model", MODELS)
def test_a_superuser_opens_every_list_and_row(
    desk: Client, everything: dict[type[models.Model], Any], model: type[models.Model]
) -> None:
    row = everything[model]
    for url in (address(model, "changelist"), address(model, "change", row.pk), address(model, "history", row.pk)):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = desk.get(url)
        assert response.status_code == 200, url
        assert len(queries) <= QUERIES, url


@pytest.mark.parametrize("model", MODELS)
def test_adding_by_hand_is_open_or_refused_on_purpose(desk: Client, model: type[models.Model]) -> None:
    assert desk.get(address(model, "add")).status_code == (403 if model in NOT_ADDED else 200)


@pytest.mark.parametrize("model", NOT_DELETED)
def test_what_happened_cannot_be_deleted(
    desk: Client, everything: dict[type[models.Model], Any], model: type[models.Model]
) -> None:
    row = everything[model]
    assert desk.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    desk.post(address(model, "changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert model._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", READ_ONLY)
def test_derived_and_recorded_tables_refuse_a_change(
    desk: Client, everything: dict[type[models.Model], Any], model: type[models.Model]
) -> None:
    row = everything[model]
    before = model._default_manager.filter(pk=row.pk).values().get()
    assert desk.post(address(model, "change", row.pk), {"note": "x", "role": "dataset"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).values().get() == before


@pytest.mark.parametrize("model", MODELS)
def test_search_finds_the_row_and_every_filter_opens(
    desk: Client, everything: dict[type[models.Model], Any], model: type[models.Model]
) -> None:
    words = {
        AuditEntry: "a paper",
        Author: "ada",
        Authorship: "ada",
        Citation: "a paper",
        Identifier: "10.1/one",
        ImportRun: "semanticscholar",
        Label: "a paper",
        Mention: "used",
        Merge: "duplicate",
        Paper: "a paper",
        RejectedRecord: "title",
        Report: "data only",
        Skip: "a paper",
        Venue: "journal",
        CitedByCount: "a paper",
    }
    found = desk.get(address(model, "changelist"), {"q": words.get(model, "a hub")})
    assert everything[model].pk in [row.pk for row in found.context["cl"].result_list]
    assert desk.get(address(model, "changelist"), {"q": HOSTILE}).context["cl"].result_count == 0
    choices = [
        choice["query_string"]
        for spec in found.context["cl"].filter_specs
        for choice in spec.choices(found.context["cl"])
    ]
    for query in choices:
        response = desk.get(address(model, "changelist") + query)
        assert response.status_code == 200, query


def test_the_admin_carries_the_name_of_the_site(desk: Client) -> None:
    page = text_of(desk.get(reverse("admin:index")))
    assert "Citation Explorer" in page
    assert "Django" not in page


@pytest.mark.parametrize("model", MODELS)
def test_nobody_sees_a_page_without_signing_in(
    client: Client, everything: dict[type[models.Model], Any], model: type[models.Model]
) -> None:
    for url in (address(model, "changelist"), address(model, "change", everything[model].pk)):
        assert client.get(url).status_code == 302


def test_pages_keep_the_strict_policy(desk: Client, everything: dict[type[models.Model], Any]) -> None:
    for model, row in everything.items():
        response = desk.get(address(model, "change", row.pk))
        assert "'unsafe" not in response.headers["Content-Security-Policy"]
        page = response.content.decode()
        assert not re.search(r"<[^>]* (?:style|on[a-z]+)=", page), model
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", page), model


@pytest.mark.parametrize("model", [Citation, Paper, HubSummary, Label, Mention, ImportRun])
def test_a_list_of_sixty_rows_takes_few_queries(desk: Client, curator: User, model: type[models.Model]) -> None:
    hub = make_hub({"method": 40, "comparison": 20}, curator=curator, citing_facts={"venue": "A Journal"})
    for citation in Citation.objects.filter(cited=hub):
        make_mention(citation, "We used it.", counted=False)
    HubSummary.objects.bulk_create(
        HubSummary(paper_id=paper_id, hub_class="mixed-use", computed_class="mixed-use")
        for paper_id in Citation.objects.values_list("citing_id", flat=True)
    )
    ImportRun.objects.bulk_create(
        ImportRun(source="openalex", fingerprint=str(n), started_by=curator, rejected=n) for n in range(60)
    )
    with CaptureQueriesContext(connection) as queries:
        response = desk.get(address(model, "changelist"))
    assert response.context["cl"].result_count >= 60
    assert len(queries) <= QUERIES


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("role=method", 2),
        ("role=none", 1),
        ("role_by=curator", 1),
        ("role_by=none", 1),
        ("polarity=none", 4),
        ("suggestion=open", 1),
        ("suggestion=differs", 1),
        ("suggestion=agrees", 1),
        ("suggestion=none", 1),
        ("source=sample", 2),
        ("merged=0", 4),
        ("merged=1", 0),
        ("role=tool", 0),
        ("suggestion=x", 0),
        ("merged=x", 0),
    ],
)
def test_citations_are_filtered_by_what_stands_and_what_is_suggested(
    desk: Client, curator: User, query: str, found: int
) -> None:
    hub = make_paper("A hub")
    by_curator, differing, agreeing, unlabelled = (make_citation(cited=hub) for _ in range(4))
    make_label(by_curator, "comparison", curator=curator)
    for citation in (differing, agreeing):
        make_label(citation, "method")
    make_label(differing, "background", decided_by="classifier")
    make_label(agreeing, "method", decided_by="classifier")
    make_label(unlabelled, "dataset", decided_by="classifier")
    assert desk.get(f"{address(Citation, 'changelist')}?{query}").context["cl"].result_count == found


@pytest.mark.parametrize("typed", ["10.1/ONE", "https://doi.org/10.1/one", "doi:10.1/one", "universite"])
def test_a_paper_is_found_by_any_form_of_its_identifier_and_without_accents(desk: Client, typed: str) -> None:
    make_paper("Another")
    paper = make_paper("L’Université", identifiers=["doi:10.1/one"])
    listed = desk.get(address(Paper, "changelist"), {"q": typed}).context["cl"].result_list
    assert [row.pk for row in listed] == [paper.pk]


@pytest.mark.parametrize(("model", "field"), [("citation", "citing"), ("paper", "venue"), ("authorship", "author")])
def test_autocompletes_answer(desk: Client, everything: dict[type[models.Model], Any], model: str, field: str) -> None:
    asked = {"app_label": "citations", "model_name": model, "field_name": field, "term": "a"}
    assert desk.get(reverse("admin:autocomplete"), asked).json()["results"]


def test_hostile_text_is_escaped_wherever_it_shows(desk: Client, curator: User) -> None:
    hub = make_hub({"method": 1}, title=f"Hub {HOSTILE}")
    citation = make_citation(make_paper(f"Citing {HOSTILE}", authors=[HOSTILE]), hub, sentences=[HOSTILE])
    make_label(citation, "method", curator=curator, note=HOSTILE)
    make_label(citation, raw_value=HOSTILE)
    run = ImportRun.objects.create(source="file", fingerprint="f", message=HOSTILE, arguments={"path": HOSTILE})
    RejectedRecord.objects.create(run=run, reason=HOSTILE, raw=HOSTILE)
    HubPin.objects.create(hub=hub, hub_class="foundation", reason=HOSTILE, curator=curator)
    Report.objects.create(citation=citation, comment=HOSTILE)
    summaries.recount([hub.pk], CAUSE)
    for model in MODELS:
        row = model._default_manager.order_by("-pk").first()
        pages = [address(model, "changelist")] + ([address(model, "change", row.pk)] if row else [])
        for url in pages:
            assert "<script>alert" not in (page := desk.get(url).content.decode()), url
            assert "<img src=x" not in page, url


@pytest.mark.django_db(transaction=True)
def test_a_curator_decides_and_pins_in_a_browser_without_the_policy_refusing_anything(
    page: Page, live_server: Any, client: Client
) -> None:
    hub = make_hub({"method": 15, "comparison": 5}, title="A hub")
    citation = Citation.objects.filter(cited=hub, role="method").first()
    assert citation is not None
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: refused.append(str(error)))
    curator = make_curator("ann")
    client.force_login(curator)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page.goto(live_server.url + address(Citation, "change", citation.pk))
    page.get_by_label("Decide role").select_option("comparison")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("“A hub” is now Mixed use; it was Tool reference.").wait_for()
    page.goto(live_server.url + address(HubPin, "add"))
    page.locator(".select2-selection").first.click()
    page.locator("input.select2-search__field").fill("a hub")
    page.locator(".select2-results__option", has_text="A hub").click()
    page.get_by_label("Hub class").select_option("tool-reference")
    page.get_by_label("Reason").fill("They use it.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("The class of “A hub” is Tool reference.").wait_for()
    for model, row in ((Paper, hub.pk), (HubSummary, hub.pk), (Label, Label.objects.latest("id").pk)):
        page.goto(live_server.url + address(model, "changelist"))
        page.goto(live_server.url + address(model, "change", row))
    assert refused == []
