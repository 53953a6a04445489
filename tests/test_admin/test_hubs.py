"""Pins, reports, imports and summaries in the admin."""

from __future__ import annotations

import datetime
import html
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from citations import labelling
from citations.models import Citation, ClassChange, HubPin, HubSummary, ImportRun, Label, RejectedRecord, Report
from citations.vocabulary import Polarity, Role
from tests.factories import make_citation, make_hub, make_label
from tests.test_admin.pages import address, form_of, send, text_of

pytestmark = pytest.mark.django_db


def test_a_pinned_class_shows_at_once_and_its_removal_is_recorded(desk: Client, curator: User) -> None:
    hub = make_hub({"method": 23}, title="A hub")
    send(desk, address(HubPin, "add"), hub=hub.pk, hub_class="foundation", reason="They build on it.")
    summary = HubSummary.objects.get(pk=hub.pk)
    assert (summary.hub_class, summary.computed_class) == ("foundation", "tool-reference")
    change = ClassChange.objects.latest("id")
    assert (change.cause, change.curator) == ("A curator pinned a class.", curator)
    pin = HubPin.objects.get()
    assert pin.curator == curator
    page = send(desk, address(HubPin, "change", pin.pk), remove="on")
    assert "The class of “A hub” is Tool reference." in text_of(page)
    pin.refresh_from_db()
    assert pin.removed_at is not None
    assert pin.removed_by == curator
    assert HubSummary.objects.get(pk=hub.pk).hub_class == "tool-reference"
    assert ClassChange.objects.latest("id").curator == curator
    assert desk.post(address(HubPin, "change", pin.pk), {"remove": "on"}).status_code == 403
    assert not labelling.hub_differs(hub.pk).differed


def test_a_pinned_citation_is_the_first_representative(desk: Client) -> None:
    hub = make_hub({"method": 3}, unclassified=1)
    citation = Citation.objects.get(cited=hub, role="")
    send(desk, address(HubPin, "add"), hub=hub.pk, citation=citation.pk, reason="It says why.")
    assert HubSummary.objects.get(pk=hub.pk).representatives[0]["citation"] == citation.pk


def test_a_pin_that_cannot_be_is_refused_in_words(desk: Client, curator: User) -> None:
    hub, stranger = make_hub({"method": 3}), make_citation()
    url = address(HubPin, "add")
    either = "Pin either a class or a citation: choose one of the two."
    assert either in text_of(send(desk, url, hub=hub.pk, reason="x"))
    assert either in text_of(send(desk, url, hub=hub.pk, hub_class="foundation", citation=stranger.pk, reason="x"))
    page = text_of(send(desk, url, hub=hub.pk, citation=stranger.pk, reason="x"))
    assert f"Citation {stranger.pk} is not one of this hub" in page
    assert "This field is required." in text_of(send(desk, url, hub=hub.pk, hub_class="foundation", reason="  "))
    pin = HubPin.objects.create(hub=hub, hub_class="mixed-use", reason="x", curator=curator)
    page = text_of(send(desk, url, hub=hub.pk, hub_class="foundation", reason="x"))
    assert f"The class of this hub, Mixed use, is pinned already (pin {pin.pk}). Remove that pin first." in page
    assert HubPin.objects.count() == 1


def test_an_accepted_report_becomes_a_label_of_the_curator(desk: Client, curator: User) -> None:
    citation = make_citation()
    make_label(citation, "method")
    report = Report.objects.create(citation=citation, role="dataset", polarity="supports", comment="Data only.")
    url = address(Report, "change", report.pk)
    send(desk, url, status="accepted", answer="Thank you.")
    report.refresh_from_db()
    assert report.label is not None
    assert (report.status, report.answered_by, report.label.curator) == ("accepted", curator, curator)
    assert (report.label.role, report.label.polarity) == (Role.DATASET, Polarity.SUPPORTS)
    citation.refresh_from_db()
    assert citation.role == "dataset"
    second = desk.post(url, {"status": "declined"}, follow=True)
    assert f"Report {report.pk} was accepted by ann on" in text_of(second)
    assert "The answer: “Thank you.” Nothing of yours was saved." in text_of(second)
    report.refresh_from_db()
    assert (report.status, Label.objects.filter(decided_by="curator").count()) == ("accepted", 1)


def test_a_declined_report_writes_no_label_and_is_answered_once(desk: Client, curator: User) -> None:
    report = Report.objects.create(citation=make_citation(), role="dataset")
    url = address(Report, "change", report.pk)
    filled_in = {**form_of(desk, url), "status": "declined", "answer": "The text says otherwise."}
    desk.post(url, filled_in)
    report.refresh_from_db()
    assert (report.status, report.answer, report.label) == ("declined", "The text says otherwise.", None)
    assert report.answered_at is not None
    assert not Label.objects.exists()


def test_the_page_of_an_import_leads_to_its_rejected_records(desk: Client) -> None:
    run = ImportRun.objects.create(source="openalex", fingerprint="f", rejected=3)
    for reason in ("no title", "no title", "cites itself"):
        RejectedRecord.objects.create(run=run, reason=reason, raw="{}")
    page = desk.get(address(ImportRun, "change", run.pk)).content.decode()
    links = [html.unescape(found) for found in re.findall(r'href="([^"]*rejectedrecord[^"]*run__id[^"]*)"', page)]
    counts = [desk.get(url).context["cl"].result_count for url in links]
    assert sorted(counts) == [1, 2, 3]


def test_numbers_on_the_page_of_a_hub_open_their_lists(desk: Client) -> None:
    hub = make_hub({"method": 3, "comparison": 2}, unclassified=4, polarities={"disputes": 1})
    page = desk.get(address(HubSummary, "change", hub.pk)).content.decode()
    links = re.findall(r'href="([^"]*citation/\?cited__id[^"]*)">([\d,]+)<', page)
    assert len(links) == 6
    for url, number in links:
        assert desk.get(html.unescape(url)).context["cl"].result_count == int(number), url


def test_papers_hubs_and_citations_lead_to_their_public_pages(desk: Client) -> None:
    hub = make_hub({"method": 1})
    citation = Citation.objects.get()
    for row, public in (
        (hub, hub.get_absolute_url()),
        (HubSummary.objects.get(pk=hub.pk), hub.get_hub_url()),
        (citation, citation.get_absolute_url()),
    ):
        page = desk.get(address(type(row), "change", row.pk)).content.decode()
        assert f'<a href="{public}" class="viewsitelink">' in page


def test_dates_narrow_the_ledger(desk: Client) -> None:
    citation = make_citation()
    make_label(citation, "method", created_at=datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC))
    make_label(citation, "method", created_at=timezone.now())
    assert desk.get(address(Label, "changelist"), {"created_at__year": "2024"}).context["cl"].result_count == 1
