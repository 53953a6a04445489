"""The curation desk: what comes next, what a decision does, and that no two curators overwrite each other."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from citations.models import Citation
from tests.factories import make_citation, make_hub, make_label

pytestmark = pytest.mark.django_db


def test_smoke(desk: Client) -> None:
    hub = make_hub({"method": 15, "comparison": 5}, 4, title="Pythia: a suite")
    c = Citation.objects.filter(cited=hub, role="").first()
    make_label(c, "dataset", decided_by="classifier")
    make_citation(cited=hub, sentences=["We use Pythia here."])
    r = desk.get(reverse("desk"))
    assert r.status_code == 200
    open("/tmp/desk.html", "w").write(r.content.decode())
    r = desk.get(reverse("desk_skipped"))
    assert r.status_code == 200
