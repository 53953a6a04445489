"""Atom feeds of the papers that cite a hub."""

from __future__ import annotations

import datetime
import warnings
from typing import Any

import feedparser
import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from citations.exports.rows import one_line
from citations.feeds import MOST_ENTRIES
from citations.models import Citation, Label, Paper
from tests.factories import make_citation, make_curator, make_hub, make_label, make_paper
from tests.test_export_readers import hostile
from tests.test_exports import PAIRS, as_query, page_titles, varied

pytestmark = pytest.mark.django_db

__all__ = ["hostile", "varied"]  # fixtures


def feed(client: Client, hub: Paper, query: str = "") -> Any:
    """The feed as a reader of feeds understands it; it is well-formed."""
    response = client.get(f"/hubs/{hub.slug}/citing.atom{query}")
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found = feedparser.parse(response.content, response_headers={"content-type": response["Content-Type"]})
    assert not found.bozo, found.bozo_exception
    assert found.version == "atom10"
    return found


def titles(found: Any) -> list[str]:
    """The titles of its entries."""
    return [entry.title for entry in found.entries]


def test_the_feed_names_the_papers_of_the_page_in_their_order(client: Client, varied: Paper) -> None:
    @given(PAIRS)
    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    def check(pairs: list[tuple[str, str]]) -> None:
        query = as_query(pairs)
        assert titles(feed(client, varied, query)) == page_titles(varied, query)

    check()


@pytest.mark.parametrize("sort", ["newest", "oldest", "cited", "title", "confidence"])
def test_of_a_long_list_it_holds_what_was_added_last_in_the_order_of_the_page(client: Client, sort: str) -> None:
    hub = make_hub({"method": MOST_ENTRIES + 5})
    added_last = Citation.objects.filter(cited=hub).order_by("-pk")[:MOST_ENTRIES]
    names = {citation.citing.title for citation in added_last.select_related("citing")}
    found = feed(client, hub, f"?sort={sort}")
    assert titles(found) == [title for title in page_titles(hub, f"?sort={sort}") if title in names]
    assert len(found.entries) == MOST_ENTRIES
    assert "Of 55 papers the 50 that were added to this collection last" in found.feed.subtitle


def test_an_old_paper_that_is_added_late_comes_into_the_feed(client: Client) -> None:
    hub = make_hub({"method": MOST_ENTRIES + 5}, citing_facts={"year": 2024})
    make_citation(make_paper("Forgotten", year=1999), hub)
    assert titles(feed(client, hub))[-1] == "Forgotten"


def test_an_entry_tells_paper_label_and_sentence(client: Client) -> None:
    hub = make_paper("Pythia: a suite", slug="pythia")
    paper = make_paper(
        "Citing",
        authors=["Ada Bee", "Cy Dee"],
        venue="ICML",
        year=2024,
        summary="It finds.",
        url="https://example.org/1",
    )
    citation = make_citation(paper, hub, sentences=["We run Pythia.", "Again."])
    make_label(citation, "method", "supports", curator=make_curator())
    entry = feed(client, hub).entries[0]
    assert entry.id == "tag:testserver,2026:/hubs/pythia/cited-by/citing"
    assert entry.link == "http://testserver/papers/citing/"
    assert [author.name for author in entry.authors] == ["Ada Bee", "Cy Dee"]
    assert [(tag.term, tag.label) for tag in entry.tags] == [("method", "Tool or method"), ("supports", "Supports")]
    assert entry.summary == (
        "ICML, 2024. Cites “Pythia: a suite”: Tool or method; supports. Decided by: curator, source: Curators. "
        "It finds. “We run Pythia.”"
    )


def test_role_and_polarity_are_credited_apart_where_their_deciders_differ(client: Client) -> None:
    citation = make_citation(make_paper("Mixed"), make_paper("Hub"))
    make_label(citation, "method", "supports")
    make_label(citation, "background", curator=make_curator())
    assert (
        "Role decided by: curator, source: Curators. Polarity decided by: imported, source: Sample (illustrative)."
        in feed(client, citation.cited).entries[0].summary
    )


def test_what_is_not_decided_is_said_so(client: Client) -> None:
    citation = make_citation(make_paper("Bare"), make_paper("Hub"))
    make_label(citation, "dataset", decided_by="classifier", confidence=0.9)
    entry = feed(client, citation.cited).entries[0]
    assert entry.summary == (
        "Cites “Hub”: role not classified; polarity not assessed. Suggested by a classifier: Dataset."
    )
    assert "tags" not in entry


def test_times_come_from_the_data(client: Client) -> None:
    citation = make_citation(make_paper("Citing"), make_paper("Hub"))
    Citation.objects.filter(pk=citation.pk).update(
        created_at=datetime.datetime(2025, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    )
    entry = feed(client, citation.cited).entries[0]
    assert entry.published == entry.updated == "2025-01-02T03:04:05Z"
    label = make_label(citation, "method")
    found = feed(client, citation.cited)
    said = Label.objects.get(pk=label.pk).created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert found.entries[0].published == "2025-01-02T03:04:05Z"
    assert found.entries[0].updated == found.feed.updated == said


def test_the_feed_names_itself_and_its_page_by_their_stable_addresses(client: Client) -> None:
    hub = make_hub({"method": 2}, slug="pythia")
    found = feed(client, hub, "?sort=title&page=1&page_size=25&utm_source=x&role=method")
    links = {link.rel: link.href for link in found.feed.links}
    assert links == {
        "self": "http://testserver/hubs/pythia/citing.atom?role=method&sort=title",
        "alternate": "http://testserver/hubs/pythia/citing/?role=method&sort=title",
    }
    assert found.feed.id == "tag:testserver,2026:/hubs/pythia/citing.atom?role=method&sort=title"
    assert found.feed.title.startswith("2 of 2 citing papers use Hub")
    assert "illustrative, not findings" in found.feed.subtitle


def test_a_feed_of_nothing_is_valid(client: Client) -> None:
    for hub, query in ((make_hub({"method": 1}), "?role=dataset"), (make_paper("Nobody cites it"), "")):
        found = feed(client, hub, query)
        assert found.entries == []
        assert found.feed.updated


def test_hostile_texts_are_text(client: Client, hostile: Paper) -> None:
    found = feed(client, hostile)
    assert titles(found) == [one_line(title) for title in page_titles(hostile)]
    assert len({entry.id for entry in found.entries}) == len(found.entries)
    content = client.get(f"/hubs/{hostile.slug}/citing.atom").content.decode()
    assert "<script" not in content
    assert "\u202e" not in content


@given(st.text())
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
def test_any_search_gives_a_valid_feed_or_a_refusal(text: str) -> None:
    data = QueryDict(mutable=True)
    data["q"] = text
    response = Client().get(f"/hubs/{make_paper('Hub').slug}/citing.atom?{data.urlencode()}")
    assert response.status_code in (200, 400)
    if response.status_code == 200:
        assert not feedparser.parse(response.content).bozo


@pytest.mark.parametrize("query", ["?role=tool", "?rol=method", "?page=0", "?year_min=x"])
def test_a_parameter_that_is_not_understood_is_refused(client: Client, query: str) -> None:
    response = client.get(f"/hubs/{make_hub({'method': 1}).slug}/citing.atom{query}")
    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/plain")
    assert response.content.decode().startswith(query[1:].split("=")[0])


def test_a_feed_that_has_not_changed_is_not_sent_again(client: Client) -> None:
    hub = make_hub({"method": 1})
    first = client.get(f"/hubs/{hub.slug}/citing.atom")
    assert "max-age=600" in first["Cache-Control"]
    headers = {"If-None-Match": first["ETag"]}
    again = client.get(f"/hubs/{hub.slug}/citing.atom", headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    make_citation(make_paper("New"), hub)
    assert client.get(f"/hubs/{hub.slug}/citing.atom", headers=headers).status_code == 200


def test_feeds_of_unknown_and_merged_papers(client: Client) -> None:
    new = make_hub({"method": 1}, title="New")
    Paper.objects.filter(pk=make_paper("Old").pk).update(merged_into=new)
    assert client.get("/hubs/nobody/citing.atom").status_code == 404
    assert client.get("/hubs/old/citing.atom?role=method")["Location"] == "/hubs/new/citing.atom?role=method"


@pytest.mark.parametrize("size", [1, 60])
def test_a_feed_takes_the_same_queries_whatever_its_length(
    client: Client, size: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    hub = make_hub({"method": size})
    # The hub, its authors and identifiers; which citations, in which order; five for their rows.
    with django_assert_num_queries(3 + 2 + 5):
        client.get(f"/hubs/{hub.slug}/citing.atom")
