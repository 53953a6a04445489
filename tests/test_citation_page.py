"""The page of one citation: its sentences, and the whole ledger of its labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.live_server_helper import LiveServer

from citations import labelling
from citations.curation import reports
from citations.curation.reports import Suggestion
from citations.models import Citation
from citations.vocabulary import Role
from tests.factories import make_citation, make_curator, make_label, make_mention, make_paper

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def citation() -> Citation:
    hub = make_paper("Pythia: a suite", slug="pythia")
    return make_citation(make_paper("A citing paper", authors=["Ada Bee"]), hub)


def read(client: Client, citation: Citation) -> str:
    response = client.get(f"/citations/{citation.pk}/")
    assert response.status_code == 200
    return response.content.decode()


def plain(page: str) -> str:
    """What a reader sees of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_it_names_both_papers_and_every_place_of_the_citation(client: Client, citation: Citation) -> None:
    make_mention(citation, "We use Pythia here.", section="Methods")
    make_mention(citation, "", section="Appendix")
    page = read(client, citation)
    assert 'href="/papers/a-citing-paper/"' in page and 'href="/hubs/pythia/"' in page
    assert 'We use <b class="cited">Pythia</b> here.' in page
    assert "From the section Methods , given by" in plain(page)
    assert "A place without a sentence." in page
    assert f'href="/citations/{citation.pk}/report/" rel="nofollow"' in page
    assert f'href="/hubs/pythia/citing/#c{citation.pk}"' in page and 'href="/hubs/pythia/history/"' in page


def test_the_ledger_says_who_when_from_what_and_what_became_of_it(client: Client, citation: Citation) -> None:
    mention = make_mention(citation, "We use Pythia here.")
    first = make_label(citation, "background", source="semanticscholar", raw_value="background")
    ann = make_curator("ann")
    ann.first_name, ann.last_name = "Ada", "Lovelace"
    ann.save()
    second = labelling.decide(citation, ann, role=Role.METHOD, mention=mention, note="Read in full.")
    third = labelling.confirm(second, make_curator("secretname"))
    labelling.retract(third, make_curator("secretname"))
    make_label(citation, "dataset", decided_by="classifier", confidence=0.9)
    page = read(client, citation)
    words = plain(page)
    assert "Ada Lovelace" in words and "a curator" in words
    assert "secretname" not in page and ">ann<" not in page
    assert f'Confirms <a href="#label-{second.pk}">label {second.pk}</a>.' in page
    assert f'<a href="#label-{third.pk}">Label {third.pk}</a> was taken back' in page
    assert "withdrawn" in words and "suggests only" in words and "decides the role" in words
    assert f'href="#mention-{mention.pk}"' in page and f'id="mention-{mention.pk}"' in page
    assert "Note: “Read in full.”" in words and "raw value background" in words
    assert page.index(f'id="label-{third.pk}"') < page.index(f'id="label-{first.pk}"')


def test_an_accepted_report_is_named_without_its_author(client: Client, citation: Citation) -> None:
    make_label(citation, "method")
    sent = reports.submit(citation, Suggestion(Role.DATASET, None, "They only use the data.", "reader@example.org"))
    reports.accept(sent.pk, make_curator(), "So it is.")
    page = read(client, citation)
    assert f'id="report-{sent.pk}"' in page
    assert f"Accepts a reader's report (number {sent.pk}) of" in plain(page).replace("&#39;", "'")
    assert "Note: “So it is.”" in plain(page)
    assert "reader@example.org" not in page and "They only use the data." not in page


def test_a_declined_report_is_nowhere(client: Client, citation: Citation) -> None:
    sent = reports.submit(citation, Suggestion(Role.DATASET, None, "They only use the data."))
    reports.decline(sent.pk, make_curator(), "No, they do not.")
    page = read(client, citation)
    assert "No, they do not." not in page and "They only use the data." not in page
    assert "No label yet" in page


def test_labels_of_a_citation_that_a_merge_hid_are_read_with_it(client: Client, citation: Citation) -> None:
    hidden = make_citation(cited=citation.cited)
    make_label(hidden, "method", raw_value="hidden-raw")
    Citation.objects.filter(pk=hidden.pk).update(merged_into=citation)
    labelling.rebuild_hub(citation.cited_id)
    assert "hidden-raw" in read(client, citation)
    assert client.get(f"/citations/{hidden.pk}/")["Location"] == f"/citations/{citation.pk}/"


def test_what_is_not_there_is_said_so(client: Client) -> None:
    assert client.get("/citations/999999/").status_code == 404
    response = client.get(f"/citations/{10**40}/")
    assert response.status_code == 404 and "There is no citation" in response.content.decode()
    assert client.post("/citations/1/").status_code == 405


def test_hostile_text_stays_text(client: Client) -> None:
    bad = "<script>alert(1)</script>{{ 7 * 7 }}"
    citation = make_citation(make_paper(bad), make_paper(f"{bad}: x"), sentences=[bad])
    make_label(citation, "method", source="semanticscholar", raw_value=bad[:90], note=bad, curator=make_curator())
    page = read(client, citation)
    assert "<script>alert" not in page and "&lt;script&gt;" in page and ">49" not in page


@pytest.mark.parametrize("size", [1, 30])
def test_the_page_takes_the_same_few_queries_whatever_the_ledger(
    client: Client, citation: Citation, size: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for place in range(size):
        make_label(citation, "method", curator=make_curator(), mention=make_mention(citation, f"We use it {place}."))
    with django_assert_num_queries(9):
        client.get(f"/citations/{citation.pk}/")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_fit_for_a_screen_reader_and_a_phone(
    page: Page, live_server: LiveServer, citation: Citation, scheme: Any
) -> None:
    mention = make_mention(citation, "We use Pythia here " + "and there " * 40, section="Methods")
    label = make_label(citation, "method", "supports", mention=mention, raw_value="x" * 90)
    labelling.confirm(label, make_curator())
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(f"{live_server.url}/citations/{citation.pk}/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert [(rule["id"], node["html"]) for rule in found.response["violations"] for node in rule["nodes"]] == []
