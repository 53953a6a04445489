"""What changed at a hub: the page, its filters, its numbers and its feeds."""

from __future__ import annotations

import datetime
import html
import re
import warnings
from typing import TYPE_CHECKING, Any

import feedparser
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from pytest_django.live_server_helper import LiveServer

from citations import history, labelling, summaries
from citations.curation import reports
from citations.curation.reports import Suggestion
from citations.history.counting import MOST_RETRACTIONS
from citations.history.entries import curator_labels
from citations.history.filters import BY, POLARITY, TO, WHAT
from citations.models import Citation, ClassChange, HubPin, ImportRun, Label, Merge, Paper
from citations.vocabulary import HubClass, Polarity, Role
from tests.factories import CAUSE, make_citation, make_curator, make_hub, make_label, make_paper
from tests.walking import axe_options

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


def moment(month: int, day: int = 1, hour: int = 0) -> datetime.datetime:
    return datetime.datetime(2026, month, day, hour, tzinfo=datetime.UTC)


def make_run(source: str = "semanticscholar") -> ImportRun:
    return ImportRun.objects.create(
        source=source, fingerprint="f", status="finished", created=3, finished_at=moment(3, 2)
    )


@pytest.fixture
def busy(db: None) -> Paper:
    """A hub to which everything has happened: imports, labels, confirmations, retractions, pins, merges."""
    hub = make_paper("Pythia: a suite", slug="pythia")
    ann = make_curator("ann")
    citations = [make_citation(make_paper(f"Citing {number}"), hub) for number in range(8)]
    for run, role in ((make_run(), "background"), (make_run("openalex"), "method")):
        for citation in citations[:4]:
            make_label(citation, role, import_run=run, source=run.source, created_at=moment(3, 2, run.pk % 12))
    make_label(citations[5], "", "supports", source="scite", created_at=moment(1))
    made = [
        make_label(citations[0], "method", "supports", curator=ann, created_at=moment(4), note="Read in full."),
        make_label(citations[1], "dataset", curator=ann, created_at=moment(4)),
        make_label(citations[2], "", "disputes", curator=ann, created_at=moment(5, 31, 23)),
        make_label(citations[6], "method", "neutral", curator=ann, created_at=moment(6)),
    ]
    make_label(citations[0], confirms=made[0], role="method", polarity="supports", curator=ann, created_at=moment(6, 2))
    make_label(citations[6], retracts=made[3], curator=ann, created_at=moment(6, 3))
    make_label(citations[1], retracts=made[1], curator=ann, created_at=moment(6, 4))
    make_label(citations[7], "dataset", decided_by="classifier", created_at=moment(7))
    pin = HubPin.objects.create(
        hub=hub, hub_class="foundation", reason="They build on it.", curator=ann, created_at=moment(7)
    )
    HubPin.objects.create(hub=hub, citation=citations[3], reason="Typical.", curator=ann, created_at=moment(8))
    HubPin.objects.filter(pk=pin.pk).update(removed_at=moment(9), removed_by=ann)
    loser = make_paper("A duplicate")
    Merge.objects.create(
        survivor=citations[0].citing, loser=loser, curator=ann, reason="Same work.", created_at=moment(9)
    )
    Merge.objects.create(survivor=make_paper("Elsewhere"), loser=make_paper("Nowhere"), curator=ann)
    ClassChange.objects.filter(hub=hub).delete()
    for by in ({"curator": ann}, {"import_run": make_run("openalex")}, {}):
        ClassChange.objects.create(
            hub=hub, from_class="mixed-use", to_class="foundation", cause="It did.", created_at=moment(9), **by
        )
    summaries.recount([hub.pk], CAUSE)
    return hub


def read(client: Client, query: str = "", slug: str = "pythia") -> str:
    response = client.get(f"/hubs/{slug}/history/{query}")
    assert response.status_code == 200
    return response.content.decode()


def anchors(page: str) -> list[str]:
    return re.findall(r'<article class="row" id="([^"]+)"', page)


def plain(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def entry(page: str, anchor: str) -> str:
    """The words of one entry."""
    return plain(page[page.index(f'id="{anchor}"') - 1 :].split("</article>")[0].partition(">")[2])


# What is told ---------------------------------------------------------------------------------------------------------


def test_everything_that_happened_is_there_newest_first(client: Client, busy: Paper) -> None:
    page = read(client)
    found = re.findall(r'<time datetime="([^"]+)"', page)
    assert found == sorted(found, reverse=True)
    kinds = sorted(anchor.partition("-")[0] for anchor in anchors(page))
    assert kinds == ["class"] * 3 + ["label"] * 7 + ["merge"] + ["pin"] * 2 + ["run"] * 3 + ["unpin"]
    assert '<h2 class="results-count" id="count">17 changes</h2>' in page
    assert "Elsewhere" not in page


def test_a_label_says_from_what_to_what_by_whom_and_why(client: Client, busy: Paper) -> None:
    ann = make_curator("ann")
    ann.first_name, ann.last_name = "Ada", "Lovelace"
    ann.save()
    page = read(client)
    first = Label.objects.get(note="Read in full.")
    words = entry(page, f"label-{first.pk}")
    assert "Ada Lovelace" in words and "Citing 0" in words
    assert "Note: “Read in full.”" in words
    assert "from Not assessed to Supports" in words
    assert f'href="/citations/{first.citation_id}/#label-{first.pk}"' in page
    alone = Label.objects.get(polarity="disputes")
    assert "The role stays" in entry(page, f"label-{alone.pk}")
    replaced = Label.objects.get(role="dataset", decided_by="curator")
    assert "Replaced a label imported from" in entry(page, f"label-{replaced.pk}")
    assert "to Dataset" in entry(page, f"label-{replaced.pk}")


def test_names_to_log_in_by_stay_private(client: Client, busy: Paper) -> None:
    page = read(client)
    assert "a curator" in page and ">ann<" not in page
    assert ">ann<" not in client.get("/hubs/pythia/history.atom").content.decode()


def test_an_undone_label_says_what_stands_again(client: Client, busy: Paper) -> None:
    page = read(client)
    retraction = Label.objects.filter(retracts__role="dataset").get()
    words = entry(page, f"label-{retraction.pk}")
    assert "label taken back" in words and "from Dataset to" in words
    assert f"Label {retraction.retracts_id} was taken back. It stays in the ledger" in words
    nothing = Label.objects.filter(retracts__polarity="neutral").get()
    assert "from Tool or method to Not classified" in entry(page, f"label-{nothing.pk}")


def test_what_a_retraction_left_as_it_was_is_not_counted_as_changed(client: Client) -> None:
    citation = make_citation(cited=make_paper("Hub", slug="hub"))
    labelling.retract(make_label(citation, "method", curator=make_curator()), make_curator())
    assert len(anchors(read(client, "?to=none", slug="hub"))) == 1
    assert anchors(read(client, "?polarity=none", slug="hub")) == []


def test_an_accepted_report_is_named(client: Client, busy: Paper) -> None:
    citation = Citation.objects.filter(cited=busy).order_by("-pk").first()
    assert citation is not None
    sent = reports.submit(citation, Suggestion(Role.EVIDENCE, None, "They rely on it.", "reader@example.org"))
    reports.accept(sent.pk, make_curator(), "So it is.")
    page = read(client)
    words = entry(page, anchors(page)[0])
    assert f"Accepts a reader's report (number {sent.pk})" in words and "Answer: “So it is.”" in words
    assert "example.org" not in page and "They rely on it." not in page


def test_an_import_is_one_entry_that_opens_its_labels(client: Client, busy: Paper) -> None:
    page = read(client)
    label = Label.objects.filter(source="openalex").first()
    assert label is not None and label.import_run is not None
    run = label.import_run
    assert f'<a href="/hubs/pythia/history/?run={run.pk}">4 labels</a>' in page
    opened = read(client, f"?run={run.pk}")
    assert f"4 of 4 labels, by import {run.pk}" in plain(opened)
    assert len(anchors(opened)) == 4
    assert all(anchor.startswith("label-") for anchor in anchors(opened))


def test_a_large_import_adds_one_line(client: Client) -> None:
    hub = make_hub({"method": 300}, title="Big", slug="big")
    assert len(anchors(read(client, slug="big"))) == 1 + ClassChange.objects.filter(hub=hub).count()


def test_suggestions_change_nothing_and_are_not_listed(client: Client) -> None:
    citation = make_citation(cited=make_paper("Hub", slug="hub"))
    make_label(citation, "method", decided_by="classifier")
    assert "Nothing has changed yet" in read(client, slug="hub")


def test_labels_behind_a_merge_are_told_of_what_stands(client: Client) -> None:
    kept = make_citation(cited=make_paper("Hub", slug="hub"))
    hidden = make_citation(cited=make_paper("Old hub", slug="old"))
    label = make_label(hidden, "method", curator=make_curator())
    Citation.objects.filter(pk=hidden.pk).update(merged_into=kept)
    Paper.objects.filter(slug="old").update(merged_into=kept.cited)
    page = read(client, slug="hub")
    assert f'href="/citations/{kept.pk}/#label-{label.pk}"' in page
    response = client.get("/hubs/old/history/?by=curator")
    assert response["Location"] == "/hubs/hub/history/?by=curator"
    assert client.get("/hubs/old/history.atom")["Location"] == "/hubs/hub/history.atom"


def test_hostile_text_stays_text(client: Client) -> None:
    bad = "<script>alert(1)</script>{{ 7 * 7 }}"
    citation = make_citation(make_paper(bad), make_paper(f"{bad}: x", slug="bad"))
    make_label(citation, "method", note=bad, curator=make_curator())
    HubPin.objects.create(hub=citation.cited, citation=citation, reason=bad, curator=make_curator())
    page = read(client, f"?q={bad[:20]}", slug="bad") + read(client, slug="bad")
    assert "<script>alert" not in page and "&lt;script&gt;" in page and ">49" not in page
    found = feedparser.parse(client.get("/hubs/bad/history.atom").content)
    assert not found.bozo and bad in found.entries[0].title


# Parameters -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?what=labels", "Unknown kind of change “labels”. Allowed are: label, class, pin, merge."),
        ("?by=oracle", "Unknown author “oracle”."),
        ("?to=tool", "Unknown role “tool”."),
        ("?polarity=bad", "Unknown polarity “bad”."),
        ("?month=2026-13", "“2026-13” is no month. Give year and month, such as 2026-11."),
        ("?month=0000-01", "“0000-01” is no month."),
        ("?run=x", "“x” is no number of an import."),
        ("?run=" + "9" * 30, "is no number of an import."),
        ("?page=0", "“0” is no page."),
        ("?q=" + "a" * 400, "Give at most"),
    ],
)
def test_what_is_not_understood_is_told_and_nothing_listed(client: Client, busy: Paper, query: str, said: str) -> None:
    page = read(client, query)
    assert said in plain(page)
    assert "Nothing is listed until this is corrected." in page
    assert anchors(page) == []
    feed = client.get(f"/hubs/pythia/history.atom{query}")
    assert feed.status_code == 400 and said in feed.content.decode()


def test_an_unknown_name_is_told_and_the_list_stays(client: Client, busy: Paper) -> None:
    page = read(client, "?wat=label")
    assert "Unknown parameter “wat”" in page and len(anchors(page)) == 17
    assert client.get("/hubs/not-here/history/").status_code == 404
    assert client.get("/hubs/not-here/history.atom").status_code == 404
    assert client.post("/hubs/pythia/history/").status_code == 405


PAIRS = st.lists(
    st.one_of(
        *(
            st.tuples(st.just(name), st.sampled_from(list(values)))
            for name, values in (("what", WHAT), ("by", BY), ("to", TO), ("polarity", POLARITY))
        ),
        st.tuples(
            st.just("month"), st.sampled_from(["2026-03", "2026-04", "2026-05", "2026-06", "2026-09", "9999-12"])
        ),
        st.tuples(st.just("q"), st.sampled_from(["citing", "read", "duplicate", "openalex", "it", "zzz"])),
    ),
    max_size=4,
)


def test_every_number_opens_exactly_what_it_counts(client: Client, busy: Paper) -> None:
    answers: dict[str, history.HistoryList] = {}

    def listed(query: QueryDict) -> history.HistoryList:
        asked = query.copy()
        asked["page_size"] = "100"
        address = asked.urlencode()
        if address not in answers:
            answers[address] = history.hub_history(busy, asked, "/hubs/pythia/history/")
        return answers[address]

    @given(PAIRS)
    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    def check(pairs: list[tuple[str, str]]) -> None:
        query = QueryDict(mutable=True)
        for name, value in pairs:
            if name == "q":
                query[name] = value
            else:
                query.appendlist(name, value)
        found = listed(query)
        assert len(found.entries) == found.total <= found.known
        for name, counts in found.facets.items():
            for value, number in counts.items():
                alone = query.copy()
                alone.setlist(name, [value])
                assert listed(alone).total == number, (pairs, name, value)
        for name, number in found.without.items():
            dropped = query.copy()
            del dropped[name]
            assert listed(dropped).total == number

    check()


def test_months_end_at_midnight_of_universal_time(client: Client, busy: Paper) -> None:
    assert len(anchors(read(client, "?month=2026-05"))) == 1
    assert len(anchors(read(client, "?month=2026-06"))) == 4


def test_pages_join_without_gap_or_repetition(client: Client) -> None:
    citation = make_citation(cited=make_paper("Hub", slug="hub"))
    for number in range(60):
        make_label(citation, "method", curator=make_curator(), created_at=moment(3, 1 + number // 20))
    everything = anchors(read(client, "?page_size=100", slug="hub"))
    pages = [anchor for page in (1, 2, 3) for anchor in anchors(read(client, f"?page_size=25&page={page}", slug="hub"))]
    assert pages == everything and len(set(pages)) == 60
    assert "There is no page 9." in read(client, "?page_size=25&page=9", slug="hub")


def test_nothing_that_matches_offers_ways_out(client: Client, busy: Paper) -> None:
    page = plain(read(client, "?what=merge&by=import"))
    assert "No change matches" in page and "Drop “By” shows 1" in page


def test_more_retractions_than_are_resolved_are_still_listed(
    client: Client, busy: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_RETRACTIONS > 1
    monkeypatch.setattr("citations.history.counting.MOST_RETRACTIONS", 1)
    page = read(client)
    assert len(anchors(page)) == 17 and ">17 changes<" in page


def test_a_new_import_is_seen_at_once(client: Client, busy: Paper) -> None:
    read(client)
    run = make_run()
    citation = Citation.objects.filter(cited=busy).first()
    assert citation is not None
    make_label(citation, "evidence", import_run=run, source="semanticscholar", created_at=timezone.now())
    assert f"run={run.pk}" in read(client)


# Cost -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [3, 60])
def test_the_page_takes_the_same_few_queries_whatever_happened(
    client: Client, busy: Paper, size: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    citations = list(Citation.objects.filter(cited=busy))
    for number in range(size):
        label = make_label(citations[number % 8], "method", curator=make_curator())
        labelling.retract(label, make_curator())
    read(client)
    with django_assert_max_num_queries(22):
        read(client)


def test_what_curators_decided_is_read_from_an_index_of_its_own() -> None:
    hub = make_hub({"method": 3})
    with connection.cursor() as cursor:
        rows = curator_labels(hub).order_by("-created_at", "-pk").values_list("created_at", "pk")[:50]
        sql, parameters = rows.query.sql_with_params()
        if connection.features.has_native_uuid_field:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
        plan = rows.explain()
    assert "label_of_curators" in plan and "curator_id" in sql and parameters


# Feeds ----------------------------------------------------------------------------------------------------------------


def feed(client: Client, path: str) -> Any:
    response = client.get(path)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found = feedparser.parse(response.content, response_headers={"content-type": response["Content-Type"]})
    assert not found.bozo, found.bozo_exception
    return found


def test_the_feed_holds_the_newest_of_the_page(client: Client, busy: Paper) -> None:
    for query in ("", "?what=label", "?by=import", "?to=none", "?q=citing"):
        found = feed(client, f"/hubs/pythia/history.atom{query}")
        assert [one.id.rpartition("/")[2] for one in found.entries] == anchors(read(client, query)), query
    first = feed(client, "/hubs/pythia/history.atom?to=dataset").entries[0]
    assert "Citing 1: " in first.title and "Dataset" in first.title
    assert first.link.startswith("http://testserver/citations/")
    assert first.author == "a curator"


def test_the_feed_of_everything_names_hubs_and_imports(client: Client, busy: Paper) -> None:
    found = feed(client, "/history.atom")
    titles = [one.title for one in found.entries]
    assert any("(Pythia: a suite)" in title for title in titles)
    assert any(title.startswith("Import from Semantic Scholar") for title in titles)
    assert any("Two records of one paper" in title for title in titles)
    assert [one.title for one in feed(client, "/history.atom?what=merge").entries if "records" not in one.title] == []
    assert len(feed(client, "/history.atom?to=none").entries) == 1
    assert client.get("/history.atom?what=x").status_code == 400
    run = ImportRun.objects.first()
    assert run is not None
    assert len(feed(client, f"/history.atom?run={run.pk}").entries) == 1


def test_feeds_of_an_empty_collection_are_feeds(client: Client) -> None:
    make_paper("Alone", slug="alone")
    assert feed(client, "/history.atom").entries == []
    assert feed(client, "/hubs/alone/history.atom").entries == []


def test_programs_are_told_of_pins_and_merges_too(client: Client, busy: Paper) -> None:
    results = client.get("/api/hubs/pythia/history/?page_size=100").json()["results"]
    told = [one["what"] for one in results]
    assert (told.count("pin"), told.count("merge"), told.count("class")) == (3, 1, 3)
    assert told.count("label") == Label.objects.filter(citation__cited=busy).count()
    merge = next(one["merge"] for one in results if one["merge"])
    assert merge["loser"]["title"] == "A duplicate" and merge["reason"] == "Same work."
    assert {one["pin"]["removed"] for one in results if one["pin"]} == {True, False}
    assert "ann" not in {value for one in results for value in one.values() if isinstance(value, str)}
    small = [one for page in walk(client, "/api/hubs/pythia/history/?page_size=25") for one in page]
    assert small == results


def walk(client: Client, path: str) -> list[list[Any]]:
    pages = []
    address: str | None = path
    while address:
        answer = client.get(address).json()
        pages.append(answer["results"])
        address = answer["next"]
    return pages


# In a browser ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_fit_for_a_screen_reader_and_a_phone(
    page: Page, live_server: LiveServer, busy: Paper, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{live_server.url}/hubs/pythia/history/?by=curator")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page, options=axe_options(width, scheme))
        assert [(rule["id"], node["html"]) for rule in found.response["violations"] for node in rule["nodes"]] == []


def test_the_vocabulary_of_classes_fits_the_marks(client: Client) -> None:
    hub = make_paper("Hub", slug="hub")
    for place, to_class in enumerate(HubClass):
        ClassChange.objects.create(
            hub=hub, from_class="", to_class=to_class, cause="x", created_at=moment(1, place + 1)
        )
    page = plain(read(client, slug="hub"))
    assert all(named.label in page for named in HubClass)
    assert all(polarity.value in POLARITY for polarity in Polarity)
