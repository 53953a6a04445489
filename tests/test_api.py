"""The interface for programs: its lists, its pages, what it refuses, and what it lets others read."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from citations import labelling
from citations.api import cursors
from citations.api.cursors import Place
from citations.api.problems import KINDS, MEDIA_TYPE, Refusal
from citations.exports import COLUMNS
from citations.filters.citations import CitationFilter
from citations.filters.hubs import HubFilter
from citations.filters.papers import PaperFilter
from citations.listing import find_hub, list_citing
from citations.models import Citation, HubSummary, Paper
from citations.vocabulary import HubClass, Polarity, Role
from tests.factories import (
    make_citation,
    make_curator,
    make_hub,
    make_label,
    make_paper,
    paper_changed,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_rate(settings: Settings) -> Iterator[None]:
    """No bound on requests, unless a test sets one."""
    settings.API_RATE = None
    cache.clear()
    yield
    cache.clear()


def get(address: str, status: int = 200, **headers: str) -> Any:
    """The JSON at an address, which may be absolute."""
    parts = urlsplit(address)
    response = Client().get(f"{parts.path}?{parts.query}" if parts.query else parts.path, headers=headers)
    assert response.status_code == status, response.content[:500]
    assert response["Content-Type"] == ("application/json" if status == 200 else MEDIA_TYPE)
    return json.loads(response.content)


def refused(address: str) -> dict[str, Any]:
    """The one parameter that is to blame for a 400."""
    problem = get(address, 400)
    assert (problem["status"], problem["type"].rpartition("#")[2]) == (400, "bad-parameter")
    (error,) = problem["errors"]
    assert error["message"] in problem["detail"]
    found: dict[str, Any] = error
    return found


def walk(address: str, towards: str = "next") -> list[list[dict[str, Any]]]:
    """The rows of all pages from an address on, page by page."""
    pages = []
    following: str | None = address
    while following:
        answer = get(following)
        pages.append(answer["results"])
        following = answer[towards]
        assert len(pages) < 50
    return pages


def titles(rows: list[dict[str, Any]]) -> list[str]:
    """The titles of rows, in order."""
    return [row["title"] for row in rows]


@pytest.fixture
def varied() -> Paper:
    """A hub cited by 60 papers of many years, some undated, with equal and different counts and suggestions."""
    hub = make_hub({"method": 20, "dataset": 11}, 29, title="Varied", polarities={"supports": 9, "disputes": 2})
    for place, citation in enumerate(Citation.objects.filter(cited=hub).select_related("citing").order_by("pk")):
        paper = citation.citing
        paper.year = 2000 + place % 7 if place % 3 else None
        paper.save()
        citation.is_influential = place % 4 == 0
        citation.save()
        if not citation.role and place % 2:
            make_label(citation, "method", decided_by="classifier", confidence=0.8 + (place % 5) / 50)
    paper_changed(*Paper.objects.filter(references_made__cited=hub))
    labelling.rebuild_hub(hub.pk)
    return hub


# Lists ----------------------------------------------------------------------------------------------------------------


def test_the_index_leads_everywhere() -> None:
    index = get("/api/")
    assert set(index) == {"hubs", "papers", "schema", "docs", "site"}
    for name in ("hubs", "papers", "schema"):
        assert get(index[name])
    assert Client().get(urlsplit(index["docs"]).path).status_code == 200


def test_a_row_is_that_of_the_exports_and_says_where_its_citation_is() -> None:
    hub = make_paper("Hub")
    citing = make_paper("Citing", authors=["Ada Bee", "Cy Dee"], identifiers=["10.1000/x"], venue="ICML", year=2024)
    citation = make_citation(citing, hub, sentences=["We use it."])
    make_label(citation, "method", curator=make_curator())
    answer = get(f"/api/hubs/{hub.slug}/citing/")
    (row,) = answer["results"]
    assert list(row) == [*COLUMNS, "citation"]
    assert (row["authors"], row["doi"], row["role"], row["decided_by"]) == (
        ["Ada Bee", "Cy Dee"],
        "10.1000/x",
        "method",
        "curator",
    )
    assert (row["sentences"], row["hub"]) == (["We use it."], hub.slug)
    assert get(row["citation"])["title"] == "Citing"
    exported = json.loads(b"".join(Client().get(f"/hubs/{hub.slug}/citing.json").streaming_content))  # type: ignore[attr-defined]
    assert [{**row, "citation": None}] == [{**one, "citation": None} for one in exported["results"]]
    assert {name: answer[name] for name in ("hub", "title", "filter", "description", "page", "count")} == {
        name: exported[name] for name in ("hub", "title", "filter", "description", "page", "count")
    }


@pytest.mark.parametrize("sort", [*CitationFilter.sorts])
@pytest.mark.parametrize("query", ["", "role=none", "year_min=2002"])
def test_following_next_gives_the_pages_of_the_site_and_previous_leads_back(
    varied: Paper, sort: str, query: str
) -> None:
    query = f"{query}&sort={sort}&page_size=25{'&q=paper' if sort == 'relevance' else ''}".lstrip("&")
    pages = walk(f"/api/hubs/{varied.slug}/citing/?{query}")
    hub = Paper.objects.select_related("hub").get(pk=varied.pk)
    expected = [
        [row.paper.title for row in list_citing(hub, QueryDict(f"{query}&page={number}")).rows]
        for number in range(1, len(pages) + 1)
    ]
    assert [titles(page) for page in pages] == expected
    by_number = [
        titles(get(f"/api/hubs/{varied.slug}/citing/?{query}&page={number}")["results"])
        for number in range(1, len(pages) + 2)
    ]
    assert by_number == [*expected, []]
    if len(pages) > 1:
        last = get(f"/api/hubs/{varied.slug}/citing/?{query}&page={len(pages)}")
        back = walk(last["previous"], "previous")
        # The last page by its number is as long as it is; from there back the pages are the same rows.
        assert [title for page in reversed(back) for title in titles(page)] == [
            title for page in expected[:-1] for title in page
        ]


@pytest.mark.parametrize("sort", [*HubFilter.sorts])
def test_hubs_are_paged_in_every_sort(sort: str) -> None:
    for place in range(30):
        make_hub({"method": 1 + place % 2}, place % 3, year=2000 + place % 4 if place % 5 else None)
    pages = walk(f"/api/hubs/?sort={sort}&page_size=25")
    expected = [
        summary.paper.title
        for summary in HubFilter(QueryDict(f"sort={sort}"), HubSummary.objects.public().for_listing()).ordered()
    ]
    assert [title for page in pages for title in titles(page)] == expected
    assert [len(page) for page in pages] == [25, 5]
    assert titles(get(f"/api/hubs/?sort={sort}&page_size=25&page=2")["results"]) == expected[25:]


@pytest.mark.parametrize("sort", [*PaperFilter.sorts])
def test_papers_are_paged_in_every_sort(sort: str) -> None:
    for place in range(60):
        make_paper(year=2000 + place % 4 if place % 5 else None, cited_by=place % 6)
    pages = walk(f"/api/papers/?sort={sort}&page_size=25")
    expected = [paper.title for paper in PaperFilter(QueryDict(f"sort={sort}"), Paper.objects.public()).ordered()]
    assert [title for page in pages for title in titles(page)] == expected
    for number in (1, 2, 3):
        found = get(f"/api/papers/?sort={sort}&page_size=25&page={number}")
        assert titles(found["results"]) == expected[25 * (number - 1) : 25 * number]
        assert (found["previous"] is None, found["next"] is None) == (number == 1, number == 3)


@pytest.mark.parametrize("sort", [*CitationFilter.sorts])
def test_papers_that_come_or_go_while_a_list_is_read_shift_no_others(varied: Paper, sort: str) -> None:
    query = f"sort={sort}&page_size=25{'&q=paper' if sort == 'relevance' else ''}"
    address = f"/api/hubs/{varied.slug}/citing/?{query}"
    before = [title for page in walk(address) for title in titles(page)]
    first = get(address)
    for year, name in ((2030, "A paper"), (1990, "Zz paper"), (None, "Mm paper")):
        make_citation(make_paper(name, year=year, cited_by=5), varied)
    gone = before[10]
    survivor = Citation.objects.get(cited=varied, citing__title=before[0])
    Citation.objects.filter(cited=varied, citing__title=gone).update(merged_into=survivor)
    labelling.rebuild_hub(varied.pk)
    after = titles(first["results"]) + [title for page in walk(first["next"]) for title in titles(page)]
    assert [title for title in after if title in before] == before
    assert len(after) == len(set(after))


def test_a_cursor_goes_on_where_its_own_row_is_gone() -> None:
    hub = make_hub(unclassified=60)
    first = get(f"/api/hubs/{hub.slug}/citing/?page_size=25")
    everything = titles(get(f"/api/hubs/{hub.slug}/citing/?page_size=100")["results"])
    last = Citation.objects.get(cited=hub, citing__title=everything[24])
    Citation.objects.filter(pk=last.pk).update(merged_into=last.pk - 30)
    labelling.rebuild_hub(hub.pk)
    assert titles(get(first["next"])["results"]) == everything[25:50]


def test_page_size_may_change_on_the_way(varied: Paper) -> None:
    first = get(f"/api/hubs/{varied.slug}/citing/?page_size=25&role=none&role=method&facets=1")
    assert "facets=1" in first["next"]
    rest = get(first["next"].replace("page_size=25", "page_size=100"))
    assert len(rest["results"]) == 49 - 25
    assert (rest["next"], rest["count"]) == (None, 49)


FILTERS = {
    "role": [*Role, "none"],
    "polarity": [*Polarity, "none"],
    "suggested": [*Role, "none"],
    "decided_by": ["curator", "import", "none"],
    "influential": ["0", "1"],
    "coarse": ["0", "1"],
    "confirmed": ["0", "1"],
    "year_min": ["2001", "2004"],
    "year_max": ["2005", "2006"],
    "sort": ["newest", "oldest", "cited", "title", "confidence"],
}


@pytest.mark.parametrize("_", [0])
def test_any_filter_lists_what_the_page_lists_and_facets_count_what_they_open(varied: Paper, _: int) -> None:
    hub = find_hub(varied.slug)
    assert hub is not None

    @hypothesis_settings(max_examples=25)
    @given(
        st.fixed_dictionaries(
            {},
            optional={
                name: st.lists(
                    st.sampled_from(values), min_size=1, max_size=1 if name in ("year_min", "year_max", "sort") else 2
                )
                for name, values in FILTERS.items()
            },
        )
    )
    def agrees(query: dict[str, list[str]]) -> None:
        text = urlencode(query, doseq=True)
        listing = list_citing(hub, QueryDict(text))
        answer = get(
            f"/api/hubs/{varied.slug}/citing/?{text}&facets=1" if text else f"/api/hubs/{varied.slug}/citing/?facets=1"
        )
        assert titles(answer["results"]) == [row.paper.title for row in listing.rows]
        assert (answer["count"], answer["known"]) == (listing.count, listing.known)
        assert [
            (facet["name"], value["value"], value["count"], value["selected"])
            for facet in answer["facets"]
            for value in facet["values"]
        ] == [
            (facet.name, value.value, value.count, value.selected) for facet in listing.facets for value in facet.values
        ]
        for facet in answer["facets"]:
            value = max(facet["values"], key=lambda value: value["count"])
            assert get(value["url"])["count"] == value["count"]

    agrees()


def test_facets_of_hubs_and_papers_count_what_they_open() -> None:
    for place in range(4):
        make_hub({"method": 20 + place}, title=f"Tool {place}", year=2020, venue="ICML" if place else "ACL")
    make_hub({"dataset": 21}, title="Data", year=2021, venue="ACL")
    for address in (
        "/api/hubs/?facets=1",
        "/api/hubs/?facets=1&venue=icml",
        "/api/hubs/?facets=1&class=tool-reference",
    ):
        answer = get(address)
        assert [facet["name"] for facet in answer["facets"]] == ["class", "venue"]
        for facet in answer["facets"]:
            for value in facet["values"]:
                assert get(value["url"])["count"] == value["count"], (address, value)
    for address in (
        "/api/papers/?facets=1",
        "/api/papers/?facets=1&venue=acl&q=tool",
        "/api/papers/?facets=1&venue=acl&year_min=2021",
    ):
        answer = get(address)
        (facet,) = answer["facets"]
        assert {value["value"] for value in facet["values"]} >= {"acl"}
        for value in facet["values"]:
            assert get(value["url"])["count"] == value["count"], (address, value)
    assert "facets" not in get("/api/papers/")
    assert "facets" not in get("/api/papers/?facets=0")


def test_a_chosen_venue_is_counted_however_rare_it_is() -> None:
    for number in range(12):
        for _ in range(2):
            make_paper(venue=f"Venue {number}")
    make_paper(venue="Rare")
    values = get("/api/papers/?facets=1&venue=rare")["facets"][0]["values"]
    assert [value["count"] for value in values] == [2] * 10 + [1]
    assert [value["value"] for value in values if value["selected"]] == ["rare"]


def test_a_paper_is_found_by_any_of_its_names_and_a_merged_one_by_its_own() -> None:
    paper = make_paper("Named", identifiers=["10.1000/x", "arXiv:2304.01373"])
    loser = make_paper("Merged", identifiers=["10.1000/y"])
    Paper.objects.filter(pk=loser.pk).update(merged_into=paper)
    names = ["10.1000/X", "https://doi.org/10.1000/x", "arXiv:2304.01373v2", "10.48550/arXiv.2304.01373", "10.1000/y"]
    for name in names:
        answer = get(f"/api/papers/?{urlencode({'identifier': name})}")
        assert titles(answer["results"]) == ["Named"], name
        assert answer["filter"]["identifier"] == [name]
    assert get("/api/papers/?identifier=10.1000/other")["count"] == 0
    assert get("/api/papers/?identifier=10.1000/x&year_min=2000")["count"] == 0
    assert refused("/api/papers/?identifier=pythia")["parameter"] == "identifier"


def test_the_sample_says_that_its_labels_are_illustrative() -> None:
    hub = make_hub({"method": 3})
    assert "illustrative" in get(f"/api/hubs/{hub.slug}/citing/")["notice"]
    assert get(f"/api/hubs/{hub.slug}/")["sample"] is True
    read = make_hub({"method": 3}, curator=make_curator())
    assert get(f"/api/hubs/{read.slug}/citing/")["notice"] is None
    assert get(f"/api/hubs/{read.slug}/")["sample"] is False


# Single things --------------------------------------------------------------------------------------------------------


def test_a_hub_tells_every_share_with_its_numerator_denominator_and_range() -> None:
    hub = make_hub({"method": 18, "dataset": 5, "unclear": 1}, 7, title="Tool", venue="ICML", year=2023)
    answer = get(f"/api/hubs/{hub.slug}/")
    assert (answer["class"], answer["class_label"], answer["pinned"]) == ("tool-reference", "Tool reference", False)
    assert answer["sentence"].startswith("78% of 23 classified citing papers (58–90%) use this work as a method")
    assert "7 more are not classified" in answer["sentence"]
    assert answer["counts"] == {
        "known": 31,
        "classified": 23,
        "unclear": 1,
        "not_classified": 7,
        "assessed": 0,
        "not_assessed": 31,
        "confirmed_disputes": 0,
    }
    share = answer["roles"]["method"]
    assert (share["count"], share["of"], round(share["share"], 3)) == (18, 23, 0.783)
    assert 0.58 < share["low"] < share["share"] < share["high"] < 0.91
    assert answer["share"] == share
    assert answer["polarities"]["disputes"] == {"count": 0, "of": 0, "share": None, "low": None, "high": None}
    assert answer["paper"]["venue"] == "ICML"
    for entry in answer["representatives"]:
        assert get(entry["citation"])["hub"] == hub.slug
    assert get(answer["citing"])["count"] == get(answer["api"])["counts"]["known"] == 31
    listed = get("/api/hubs/")["results"][0]
    assert {name: answer[name] for name in listed} == listed


def test_a_hub_whose_papers_are_all_classified_has_no_range() -> None:
    hub = make_hub({"method": 23})
    assert get(f"/api/hubs/{hub.slug}/")["roles"]["method"] == {
        "count": 23,
        "of": 23,
        "share": 1.0,
        "low": None,
        "high": None,
    }


def test_a_paper_that_nothing_cites_is_a_hub_with_zeros() -> None:
    paper = make_paper("Alone")
    answer = get(f"/api/hubs/{paper.slug}/")
    assert (answer["class"], answer["counts"]["known"]) == (HubClass.NOT_ENOUGH_EVIDENCE, 0)
    assert get(f"/api/hubs/{paper.slug}/citing/?facets=1")["results"] == []
    assert get(f"/api/hubs/{paper.slug}/history/")["results"] == []
    assert get("/api/hubs/")["count"] == 0


def test_a_paper_tells_its_names_sources_and_counts() -> None:
    paper = make_paper(
        "Paper",
        identifiers=["10.1000/x"],
        authors=["Ada Bee"],
        abstract="Long.",
        cited_by=9,
        field_sources={"title": "crossref"},
    )
    make_label(make_citation(paper, make_paper("Cited")), "method")
    make_citation(paper)
    answer = get(f"/api/papers/{paper.slug}/")
    assert answer["identifiers"] == [{"scheme": "doi", "value": "10.1000/x", "url": "https://doi.org/10.1000/x"}]
    assert (answer["abstract"], answer["field_sources"]) == ("Long.", {"title": "crossref"})
    assert [count["count"] for count in answer["cited_by"]] == [9]
    assert answer["cites"] == {"method": 1, "none": 1}
    assert get(answer["hub_api"])["slug"] == paper.slug
    listed = next(row for row in get("/api/papers/")["results"] if row["slug"] == paper.slug)
    assert {name: answer[name] for name in listed} == listed


def test_a_citation_tells_its_sentences_and_its_labels_what_they_replaced() -> None:
    citation = make_citation(sentences=["We use it.", "It is large."])
    first = make_label(citation, "background", source="semanticscholar", raw_value="background")
    label = labelling.decide(
        citation, make_curator("ada.lovelace"), role=Role.METHOD, mention=citation.mentions.first(), note="Read."
    )
    answer = get(f"/api/citations/{citation.pk}/")
    assert (
        [mention["sentence"] for mention in answer["mentions"]] == answer["sentences"] == ["We use it.", "It is large."]
    )
    assert answer["cited"]["slug"] == citation.cited.slug
    ledger = get(answer["labels"])
    assert (ledger["count"], ledger["role"]) == (2, "method")
    assert [(one["id"], one["decides"], one["undone"]) for one in ledger["results"]] == [
        (label.pk, True, False),
        (first.pk, False, False),
    ]
    assert (ledger["results"][0]["sentence"], ledger["results"][0]["note"]) == ("We use it.", "Read.")
    assert "lovelace" not in json.dumps(ledger)


def test_role_and_polarity_are_credited_to_the_source_of_each() -> None:
    hub = make_hub({"method": 2}, 1, title="Tool")
    first, second = Citation.objects.filter(cited=hub, role="method").order_by("pk")
    make_label(first, polarity="supports", source="scite")
    make_label(second, polarity="disputes", curator=make_curator())
    answer = get(f"/api/citations/{first.pk}/")
    assert (answer["decided_by"], answer["source"]) == ("import", "sample")
    assert (answer["polarity_by"], answer["polarity_source"]) == ("import", "scite")
    unassessed = get(f"/api/citations/{Citation.objects.get(cited=hub, role='').pk}/")
    assert (unassessed["polarity_by"], unassessed["polarity_source"]) == (None, None)
    told = get(f"/api/hubs/{hub.slug}/")
    assert told["role_sources"] == {"sample": 2}
    assert told["polarity_sources"] == {"curator": 1, "scite": 1}
    assert sum(told["role_sources"].values()) == told["counts"]["classified"] + told["counts"]["unclear"]
    assert sum(told["polarity_sources"].values()) == told["counts"]["assessed"]


def test_the_history_of_a_hub_is_told_newest_first_in_pages_that_join() -> None:
    hub = make_hub({"method": 40}, 5)
    for place, citation in enumerate(Citation.objects.filter(cited=hub).order_by("pk")[:12]):
        make_label(citation, "dataset" if place % 2 else "method", curator=make_curator())
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    for change in hub.class_changes.all():
        change.created_at = moment
        change.save()
    pages = walk(f"/api/hubs/{hub.slug}/history/?page_size=25")
    entries = [entry for page in pages for entry in page]
    assert len(entries) == 52 + hub.class_changes.count()
    assert [entry["at"] for entry in entries] == sorted((entry["at"] for entry in entries), reverse=True)
    assert entries[-1]["class"] is not None
    assert {(entry["class"] is None, entry["label"] is None) for entry in entries} == {(True, False), (False, True)}
    second = get(get(f"/api/hubs/{hub.slug}/history/?page_size=25")["next"])
    assert get(second["previous"])["results"] == pages[0]
    assert get(second["previous"])["previous"] is None
    assert get(entries[0]["citation"])["hub"] == hub.slug


def test_changes_of_one_moment_are_told_once_each() -> None:
    hub = make_hub({"method": 30})
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    for citation in Citation.objects.filter(cited=hub)[:30]:
        make_label(citation, "dataset", created_at=moment)
    for change in hub.class_changes.all():
        change.created_at = moment
        change.save()
    pages = walk(f"/api/hubs/{hub.slug}/history/?page_size=25")
    ids = [(entry["what"], entry["label"] and entry["label"]["id"]) for page in pages for entry in page]
    labels = [one for one in ids if one[0] == "label"]
    assert len(labels) == len(set(labels)) == 60
    last = get(f"/api/hubs/{hub.slug}/history/?page_size=25")
    while last["next"]:
        last = get(last["next"])
    back = [entry for page in reversed(walk(last["previous"], "previous")) for entry in page]
    assert back == [entry for page in pages[:-1] for entry in page]


def test_what_was_merged_leads_to_what_stands_for_it() -> None:
    hub, loser = make_paper("Hub"), make_paper("Loser")
    kept, hidden = make_citation(cited=hub), make_citation(cited=hub)
    make_label(hidden, "method")
    Citation.objects.filter(pk=hidden.pk).update(merged_into=kept)
    Paper.objects.filter(pk=loser.pk).update(merged_into=hub)
    labelling.rebuild_hub(hub.pk)
    client = Client()
    for path in ("hubs/{}/", "hubs/{}/citing/", "hubs/{}/history/", "papers/{}/"):
        response = client.get(f"/api/{path.format(loser.slug)}?page_size=25")
        if path.endswith(("citing/", "history/")):
            assert (response.status_code, response["Location"]) == (302, f"/api/{path.format(hub.slug)}?page_size=25")
        assert client.get(f"/api/{path.format(loser.slug)}")["Location"] == f"/api/{path.format(hub.slug)}"
    for path in ("citations/{}/", "citations/{}/labels/"):
        assert client.get(f"/api/{path.format(hidden.pk)}")["Location"] == f"/api/{path.format(kept.pk)}"
    assert get(f"/api/citations/{kept.pk}/labels/")["count"] == 1
    (entry,) = [entry for entry in get(f"/api/hubs/{hub.slug}/history/")["results"] if entry["what"] == "label"]
    assert entry["citation"].endswith(f"/api/citations/{kept.pk}/")


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "parameter", "allowed", "suggestion"),
    [
        ("role=tool", "role", "method", "method"),
        ("role=", "role", "method", None),
        ("role=%20method", "role", "method", None),
        ("role=method&role=tool", "role", "method", "method"),
        ("year_min=abc", "year_min", "1000 to 2999", None),
        ("year_min=2020&year_min=2021", "year_min", "1000 to 2999", None),
        ("year_min=2025&year_max=2020", "year_min", "1000 to 2999", "2020 to 2025"),
        ("venue=nowhere", "venue", None, None),
        ("influential=yes", "influential", "1", None),
        ("sort=newset", "sort", "newest", "newest"),
        ("sort=relevance", "sort", "relevance", "newest"),
        ("page=0", "page", "1 to 999999999", "1"),
        ("page=01", "page", "1 to 999999999", None),
        ("page_size=7", "page_size", "25", None),
        ("page_size=1000", "page_size", "100", None),
        ("facets=yes", "facets", "1", None),
        ("facets=1&facets=0", "facets", "1", None),
        ("q=", "q", None, None),
        ("q=%09%E2%80%8B", "q", None, None),
        ("rol=method", "rol", "role", "role"),
        ("utm_source=x", "utm_source", "role", None),
        ("format=json", "format", "role", None),
    ],
)
def test_a_parameter_that_is_not_understood_is_named_with_what_is_allowed(
    query: str, parameter: str, allowed: str | None, suggestion: str | None
) -> None:
    hub = make_hub({"method": 2})
    error = refused(f"/api/hubs/{hub.slug}/citing/?{query}")
    assert error["parameter"] == parameter
    assert error["message"]
    assert (allowed in error["allowed"]) if allowed else error["allowed"] == []
    if suggestion:
        assert error["suggestion"] == suggestion


def test_every_bad_parameter_is_told_at_once() -> None:
    problem = get("/api/papers/?year_min=abc&sort=x&nonsense=1&page_size=7&identifier=x", 400)
    assert {error["parameter"] for error in problem["errors"]} == {
        "year_min",
        "sort",
        "nonsense",
        "page_size",
        "identifier",
    }


@pytest.mark.parametrize(
    "path", ["", "hubs/{slug}/", "papers/{slug}/", "citations/{number}/", "citations/{number}/labels/", "schema/"]
)
def test_what_takes_no_parameter_refuses_all(path: str) -> None:
    citation = make_citation()
    error = refused(f"/api/{path.format(slug=citation.cited.slug, number=citation.pk)}?role=method")
    assert (error["parameter"], error["allowed"]) == ("role", [])


def cursor_of(address: str | None) -> str:
    """The cursor in an address."""
    assert address
    return parse_qs(urlsplit(address).query)["cursor"][0]


def test_a_cursor_that_was_changed_is_refused() -> None:
    hub = make_hub(unclassified=30)
    path = f"/api/hubs/{hub.slug}/citing/"
    cursor = cursor_of(get(f"{path}?page_size=25")["next"])
    body, _, signature = cursor.rpartition(":")
    forged = ["x", f"{body}x:{signature}", body, f":{signature}", f"{cursor}x", "x" * 3000, "é:é", "A:A:A"]
    for text in [*forged, cursor[:-1]]:
        problem = get(f"{path}?{urlencode({'cursor': text, 'page_size': 25})}", 400)
        assert problem["type"].endswith("#bad-cursor"), text


def test_a_cursor_of_another_list_is_refused() -> None:
    hub, other = make_hub({"method": 26}, 30), make_hub(unclassified=30)
    path = f"/api/hubs/{hub.slug}/citing/"
    cursor = cursor_of(get(f"{path}?page_size=25&role=method")["next"])
    for address in (
        f"{path}?",
        f"{path}?role=none&",
        f"{path}?role=method&sort=title&",
        f"/api/hubs/{other.slug}/citing/?role=method&",
    ):
        problem = get(f"{address}cursor={cursor}", 400)
        assert "other filters or another sort" in problem["detail"]
    assert get(f"{path}?role=method&cursor={cursor}")["count"] == 26


def test_a_page_and_a_cursor_exclude_each_other() -> None:
    hub = make_hub(unclassified=30)
    path = f"/api/hubs/{hub.slug}/citing/?page_size=25"
    assert refused(f"{path}&page=2&cursor={cursor_of(get(path)['next'])}")["parameter"] == "page"


@given(st.text(max_size=200))
def test_no_text_is_a_cursor_that_was_not_signed(text: str) -> None:
    with pytest.raises(Refusal):
        cursors.read(text, "x")


@given(
    st.one_of(st.dates(), st.text(max_size=300), st.integers(0, 2**40), st.floats(0, 1)),
    st.integers(1, 2**62),
    st.booleans(),
)
def test_a_cursor_is_read_back_as_it_was_written_and_stays_short(value: Any, pk: int, backwards: bool) -> None:
    text = cursors.write(Place(0, value, pk, backwards), "name")
    assert len(text) <= cursors.LONGEST_CURSOR
    read = cursors.read(text, "name")
    assert (read.pk, read.backwards) == (pk, backwards)
    assert read.value == (value.isoformat() if isinstance(value, datetime.date) else value)


@pytest.mark.parametrize(
    "path",
    [
        "/api/hubs/nowhere/",
        "/api/hubs/nowhere/citing/",
        "/api/hubs/nowhere/history/",
        "/api/papers/nowhere/",
        "/api/citations/0/",
        "/api/citations/99999999999999999999999999/",
        f"/api/citations/{'9' * 5000}/",
        "/api/citations/1/labels/",
        "/api/citations/x/",
        "/api/nothing/",
        "/api/hubs/a/b/c/",
        "/api/hubs/%FF/",
        "/api//",
    ],
)
def test_what_is_not_there_is_told_as_a_problem(path: str) -> None:
    problem = get(path, 404)
    assert problem["type"].endswith("/api/docs/#not-found")
    assert problem["detail"]
    assert problem["errors"] == []


def test_an_address_without_its_slash_is_completed_for_readers_on_other_sites_too() -> None:
    response = Client().get("/api/hubs?sort=title")
    assert (response.status_code, response["Location"]) == (301, "/api/hubs/?sort=title")
    assert response["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "trace"])
def test_nothing_can_be_written(method: str) -> None:
    for path in ("/api/", "/api/hubs/", "/api/schema/", "/api/nothing/"):
        response = getattr(Client(), method)(path)
        assert response.status_code == 405
        assert response["Allow"] == "GET, HEAD, OPTIONS"
        assert response["Content-Type"] == MEDIA_TYPE
        assert response.json()["type"].endswith("#method-not-allowed")


@pytest.mark.parametrize("path", ["/api/", "/api/hubs/", "/api/schema/", "/api/nothing/"])
def test_whoever_wants_no_json_is_told_that_there_is_nothing_else(path: str) -> None:
    assert get(path, 406, accept="text/html")["title"] == "Only JSON is served"
    status = 404 if "nothing" in path else 200
    for accept in ("application/json", "*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "application/*", ""):
        assert get(path, status, accept=accept)


HOSTILE = [
    "&".join(["role=method"] * 900),
    "&".join(["role=x"] * 900),
    "&".join(["q=a"] * 900),
    "&".join(f"x{number}=1" for number in range(900)),
    "&".join(["role=method"] * 1001),
    "&".join(["facets=1"] * 1001),
    "q=%00",
    "q=a%00b",
    "q=%FF%FE",
    "role=%FF",
    "%FF=1",
    "q=" + "%F0%9F%92%A9" * 100,
    "q=" + "a" * 100_000,
    "q=" + "a+" * 200,
    "q=%22%27%3B--%20DROP%20TABLE",
    "page=" + "9" * 5000,
    "page=999999999",
    "page_size=" + "9" * 5000,
    "year_min=" + "9" * 5000,
    "year_min=-1",
    "year_min=%D9%A2%D9%A0%D9%A2%D9%A0",
    "cursor=" + "A" * 100_000,
    "cursor=%00",
    "venue=" + "a" * 100_000,
    "venue=%00",
    "venue=..%2F..%2Fetc",
    "sort[]=title",
    "=",
    "&&&",
    "%",
    "role",
    "identifier=" + "1" * 100_000,
    "identifier=%00",
]


@pytest.mark.parametrize(
    "path", ["/api/", "/api/hubs/", "/api/papers/", "/api/hubs/{}/citing/", "/api/hubs/{}/history/"]
)
def test_hostile_queries_are_answered_or_refused(path: str) -> None:
    hub = make_hub({"method": 2})
    for query in HOSTILE:
        response = Client().get(path.format(hub.slug), QUERY_STRING=query)
        assert response.status_code in (200, 400), (query[:60], response.content[:300])
        if response.status_code == 400:
            problem = response.json()
            assert response["Content-Type"] == MEDIA_TYPE
            assert len(response.content) < 10_000, query[:60]
            assert "\x00" not in problem["detail"]


@pytest.mark.parametrize("header", ["accept", "if-none-match", "x-forwarded-for", "origin", "accept-language"])
def test_hostile_headers_are_borne(header: str) -> None:
    for value in ("", ",", "\x7f", "é" * 2000, "a/b;q=x", ";;;", "*/", "application/json; q=é", '"' * 500, "W/" * 500):
        response = Client().get("/api/hubs/", headers={header: value})
        assert response.status_code in (200, 304, 406), (header, value[:20])


@pytest.mark.parametrize("path", ["/api/?x=%00", "/api/hubs/%00/", "/api/nothing/?%00"])
def test_what_is_refused_before_any_view_is_told_as_a_problem_too(path: str) -> None:
    response = Client().get(path)
    assert response.status_code in (400, 404)
    assert response["Content-Type"] == MEDIA_TYPE
    assert response["Access-Control-Allow-Origin"] == "*"


def test_a_request_for_another_host_is_refused_as_a_problem() -> None:
    response = Client().get("/api/", headers={"host": "other.example.org"})
    assert (response.status_code, response["Content-Type"]) == (400, MEDIA_TYPE)
    assert response.json()["type"] == "/api/docs/#bad-request"


def test_an_error_of_ours_is_told_as_a_problem_without_its_inner_parts(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret inner part")

    monkeypatch.setattr("citations.api.lists.paper_list", broken)
    problem = get("/api/papers/", 500)
    assert problem["type"].endswith("#server-error")
    assert "secret" not in json.dumps(problem)
    assert "secret inner part" in caplog.text


# Other sites, caches and rates ----------------------------------------------------------------------------------------


def test_any_site_may_read_and_nothing_else() -> None:
    client = Client(headers={"origin": "https://other.example.org"})
    for path in ("/api/", "/api/hubs/", "/api/hubs/nowhere/", "/api/schema/", "/api/hubs/?x=1"):
        response = client.get(path)
        assert response["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response
        assert "ETag" in response["Access-Control-Expose-Headers"]
    preflight = client.options("/api/hubs/", headers={"access-control-request-method": "GET"})
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert preflight["Access-Control-Allow-Methods"] == preflight["Allow"] == "GET, HEAD, OPTIONS"
    assert "If-None-Match" in preflight["Access-Control-Allow-Headers"]
    for path in ("/", "/hubs/", "/healthz"):
        assert "Access-Control-Allow-Origin" not in client.get(path)


def test_there_is_no_cookie_session_or_user(client: Client, admin_client: Client) -> None:
    hub = make_hub({"method": 2})
    for path in ("/api/", "/api/hubs/", f"/api/hubs/{hub.slug}/citing/?facets=1", "/api/docs/", "/api/schema/"):
        response = client.get(path)
        assert response.status_code == 200
        assert not response.cookies
        assert "Cookie" not in response.get("Vary", "")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        admin_client.get("/api/hubs/")
    assert not any("session" in query["sql"].lower() for query in queries)


def test_an_answer_that_did_not_change_is_not_sent_again() -> None:
    citation = make_citation(sentences=["We use it."])
    hub = citation.cited
    client = Client()
    for path in ("/api/hubs/", f"/api/hubs/{hub.slug}/", f"/api/hubs/{hub.slug}/citing/?sort=title", "/api/schema/"):
        response = client.get(path)
        tag = response["ETag"]
        assert response["Cache-Control"] == "no-cache"
        for sent in (tag, f'"x", {tag}', f"W/{tag}", "*"):
            again = client.get(path, headers={"if-none-match": sent})
            assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
            assert again["Access-Control-Allow-Origin"] == "*"
        assert client.get(path, headers={"if-none-match": '"x"'}).status_code == 200
        head = client.head(path)
        assert (head.status_code, head.content, head["ETag"]) == (200, b"", tag)
    citing = f"/api/hubs/{hub.slug}/citing/"
    tags = {client.get(f"{citing}{query}")["ETag"] for query in ("", "?sort=title", "?facets=1", "?role=none")}
    assert len(tags) == 4
    tag = client.get(citing)["ETag"]
    make_label(citation, "method")
    assert client.get(citing, headers={"if-none-match": tag}).status_code == 200


def test_a_corrected_sentence_changes_the_etag_though_no_number_changed() -> None:
    citation = make_citation(sentences=["We use it."])
    path = f"/api/hubs/{citation.cited.slug}/citing/"
    tag = Client().get(path)["ETag"]
    citation.mentions.update(sentence="We used it.")
    assert Client().get(path, headers={"if-none-match": tag}).status_code == 200


def test_whoever_asks_too_often_is_told_when_to_come_back(settings: Settings) -> None:
    settings.API_RATE = "3/min"
    client = Client()
    for _ in range(3):
        assert client.get("/api/").status_code == 200
    response = client.get("/api/hubs/")
    assert (response.status_code, response["Content-Type"]) == (429, MEDIA_TYPE)
    assert 1 <= int(response["Retry-After"]) <= 60
    assert "3/min" in response.json()["detail"]
    assert client.get("/api/", headers={"x-forwarded-for": "203.0.113.9"}).status_code == 429
    assert client.options("/api/").status_code == 204
    assert client.get("/hubs/").status_code == 200
    assert client.get("/api/", REMOTE_ADDR="203.0.113.10").status_code == 200


def test_every_kind_of_problem_is_explained_where_its_type_leads() -> None:
    page = Client().get("/api/docs/").content.decode()
    for kind in KINDS:
        assert f'id="{kind.name}"' in page


# Cost -----------------------------------------------------------------------------------------------------------------

# The hub; citations, authors, identifiers, sentences, labels' times; ids; and what a filter needs.
QUERIES = {
    "hubs/{hub}/citing/": 7,
    "hubs/{hub}/citing/?facets=1": 7,
    "hubs/{hub}/citing/?role=method&sort=title": 8,
    "hubs/{hub}/citing/?role=method&facets=1": 8,
    "hubs/{hub}/citing/?venue=icml&page=1": 9,
    "hubs/{hub}/": 3,
    "hubs/{hub}/history/": 6,
    "hubs/": 4,
    "hubs/?facets=1": 6,
    "papers/?sort=title": 5,
    "papers/?facets=1&sort=cited": 7,
    "papers/{hub}/": 5,
    "citations/{citation}/": 7,
    "citations/{citation}/labels/": 2,
    "": 0,
}


@pytest.mark.parametrize("size", [30, 120])
@pytest.mark.parametrize(("path", "queries"), QUERIES.items())
def test_an_answer_takes_the_same_few_queries_whatever_its_size(
    size: int, path: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    hub = make_hub(
        {"method": size // 2, "dataset": 3}, size - size // 2 - 3, citing_facts={"venue": "ICML", "year": 2020}
    )
    citation = Citation.objects.filter(cited=hub).first()
    assert citation is not None
    with django_assert_num_queries(queries):
        get(f"/api/{path.format(hub=hub.slug, citation=citation.pk)}")


@pytest.mark.parametrize("address", ["hubs/?q=a%00b", "papers/?q=a%00b", "hubs/?venue=a%00b", "hubs/?class=%00"])
def test_a_nul_is_refused_wherever_it_stands(address: str) -> None:
    answer = Client().get(f"/api/{address}")
    assert answer.status_code == 400
    assert "NUL" in answer.json()["errors"][0]["message"]
    assert b"\\u0000" not in answer.content
