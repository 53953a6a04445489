"""Who works in the admin, and one row of every table."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from django.utils import timezone

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
from citations.vocabulary import HubClass
from tests.factories import CAUSE, make_citation, make_curator, make_hub, make_label, make_paper


@pytest.fixture
def curator() -> User:
    return make_curator("ann")


@pytest.fixture
def desk(client: Client, curator: User) -> Client:
    client.force_login(curator)
    return client


@pytest.fixture
def everything(curator: User) -> dict[type[models.Model], Any]:
    """One row of each table, by model."""
    hub = make_hub({"method": 23}, title="A hub", venue="A Journal")
    paper = make_paper("A paper", identifiers=["doi:10.1/one"], authors=["Ada Author"], cited_by=7, venue="A Journal")
    citation = make_citation(paper, hub, sentences=["We used it."])
    label = make_label(citation, "comparison")
    run = ImportRun.objects.create(source="semanticscholar", fingerprint="f", started_by=curator, rejected=1)
    record = RejectedRecord.objects.create(run=run, reason="no title", raw='{"title": null}')
    pin = HubPin.objects.create(hub=hub, hub_class=HubClass.FOUNDATION, reason="They build on it.", curator=curator)
    summaries.recount([hub.pk], CAUSE)
    loser = make_paper("A duplicate")
    merge = Merge.objects.create(survivor=paper, loser=loser, curator=curator)
    report = Report.objects.create(citation=citation, role="dataset", comment="They use the data only.")
    audit = Audit.objects.create(
        hub=hub, seed=4711, population=24, planned=1, curator=curator, finished_at=timezone.now()
    )
    entry = AuditEntry.objects.create(audit=audit, citation=citation, position=1, reading="method")
    tally = HubTally.objects.create(hub=hub, role="method", n=23)
    return {
        Audit: audit,
        AuditEntry: entry,
        Author: Author.objects.get(),
        Authorship: Authorship.objects.get(),
        Citation: citation,
        CitedByCount: CitedByCount.objects.get(),
        ClassChange: ClassChange.objects.filter(hub=hub).first(),
        HubPin: pin,
        HubSummary: HubSummary.objects.get(pk=hub.pk),
        HubTally: tally,
        Identifier: Identifier.objects.get(),
        ImportRun: run,
        Label: label,
        Mention: Mention.objects.get(),
        Merge: merge,
        Paper: paper,
        RejectedRecord: record,
        Report: report,
        Skip: Skip.objects.create(citation=citation, curator=curator, reason="field"),
        Venue: Venue.objects.get(),
    }
