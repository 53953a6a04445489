"""Files of citing papers: what they hold, in which order, and how they end when something goes wrong."""

from __future__ import annotations

import csv
import datetime
import io
import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from citations import labelling
from citations.exports import BATCH, COLUMNS, FORMATS, Site, export_row, load_rows
from citations.exports import rows as export_rows
from citations.listing import find_hub, list_citing, select_citing
from citations.models import Citation, Paper
from tests.factories import make_citation, make_curator, make_hub, make_label, make_paper, paper_changed

pytestmark = pytest.mark.django_db

SITE = Site("https://example.org")


def export(client: Client, hub: Paper, form: str, query: str = "") -> str:
    """The whole file."""
    response = client.get(f"/hubs/{hub.slug}/citing.{form}{query}")
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]


def csv_rows(content: str) -> list[dict[str, str]]:
    """The rows of a CSV file, by column."""
    return list(csv.DictReader(io.StringIO(content)))


def titles(client: Client, hub: Paper, query: str = "") -> list[str]:
    """The titles of an export."""
    return [row["title"] for row in json.loads(export(client, hub, "json", query))["results"]]


def page_titles(hub: Paper, query: str = "") -> list[str]:
    """The titles of all pages of the list."""
    found = find_hub(hub.slug)
    assert found is not None
    data = QueryDict(query.removeprefix("?"), mutable=True)
    data["page_size"] = "100"
    names: list[str] = []
    for page in range(1, 100):
        data["page"] = str(page)
        listing = list_citing(found, data)
        assert listing.filterset.is_usable
        names += [row.paper.title for row in listing.rows]
        if not listing.pages.next:
            return names
    raise AssertionError("too many pages")


@pytest.fixture
def varied() -> Paper:
    """A hub cited by papers of all sorts: roles, years, venues, flags, ties in every sort, and some without a date."""
    hub = make_hub({"method": 9, "dataset": 4, "unclear": 2}, 8, polarities={"supports": 3, "disputes": 2})
    citing = list(Paper.objects.filter(references_made__cited=hub).order_by("pk"))
    for place, paper in enumerate(citing):
        paper.year = None if place % 5 == 0 else 2020 + place % 3
        paper.title = f"{'same' if place % 2 else 'Title'} {place % 4}"
        paper.notice = "retracted" if place % 7 == 0 else ""
        paper.save()
    paper_changed(*citing)
    citations = list(Citation.objects.filter(cited=hub).order_by("pk"))
    for place, citation in enumerate(citations):
        Citation.objects.filter(pk=citation.pk).update(is_influential=place % 3 == 0, is_self_citation=place % 4 == 0)
    for citation, confidence in zip(citations[-6:], (0.9, 0.9, 0.8, 0.95, 0.99, 0.9), strict=True):
        make_label(citation, "dataset", decided_by="classifier", confidence=confidence)
    make_label(citations[0], "background", curator=make_curator())
    labelling.rebuild_hub(hub.pk)
    return hub


# The order -----------------------------------------------------------------------------------------------------------

VALUES = {
    "role": ["method", "dataset", "background", "unclear", "none"],
    "polarity": ["supports", "disputes", "none"],
    "suggested": ["dataset", "none"],
    "decided_by": ["curator", "import", "none"],
    "year_min": ["2020", "2021"],
    "year_max": ["2021", "2022"],
    "influential": ["0", "1"],
    "self": ["0", "1"],
    "retracted": ["0", "1"],
    "q": ["same", "title 1", "nothing like it"],
    "sort": ["newest", "oldest", "cited", "title", "confidence", "relevance"],
}
ONCE = ("year_min", "year_max", "q", "sort")
PAIRS = st.lists(st.sampled_from([(name, value) for name in VALUES for value in VALUES[name]]), max_size=5, unique=True)


def as_query(pairs: list[tuple[str, str]]) -> str:
    """An address's parameters; of those that may stand once the first stays."""
    data = QueryDict(mutable=True)
    for name, value in pairs:
        if name not in ONCE or name not in data:
            data.appendlist(name, value)
    if data.get("sort") == "relevance" and "q" not in data:
        data["q"] = "same"
    return f"?{data.urlencode()}" if data else ""


def test_page_and_every_export_name_the_same_papers_in_the_same_order(client: Client, varied: Paper) -> None:
    """For any combination of filters and sorts, whatever the size of the batches."""

    @given(PAIRS, st.integers(1, 7))
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    def check(pairs: list[tuple[str, str]], size: int) -> None:
        query = as_query(pairs)
        expected = page_titles(varied, query)
        assert titles(client, varied, query) == expected
        assert [row["title"] for row in csv_rows(export(client, varied, "csv", query))] == expected
        found = find_hub(varied.slug)
        assert found is not None
        selection = select_citing(found, QueryDict(query.removeprefix("?")))
        batches = list(selection.batches(size))
        assert all(len(batch) <= size for batch in batches)
        assert [row.paper.title for batch in batches for row in load_rows(batch)] == expected
        assert selection.count == len(expected)

    check()


def test_a_paper_that_comes_between_two_batches_shifts_no_other(varied: Paper) -> None:
    found = find_hub(varied.slug)
    assert found is not None
    batches = select_citing(found, QueryDict("sort=newest")).batches(5)
    first = next(batches)
    before = list(Citation.objects.of_hub(varied.pk).order_by("-sort_date", "-id").values_list("pk", flat=True))
    make_citation(make_paper("Newer than all", year=2030), varied)
    assert [*first, *(pk for batch in batches for pk in batch)] == before


# What a row holds ----------------------------------------------------------------------------------------------------


@pytest.fixture
def full() -> Citation:
    """A citation of which everything is known."""
    paper = make_paper(
        "Full",
        identifiers=["10.48550/arXiv.2401.00001", "arXiv:2401.00001", "10.1000/full", "PMID:12345"],
        authors=["Ada van Lovelace", "Charles Babbage"],
        venue="Journal of Engines",
        year=2024,
        published_on=datetime.date(2024, 3, 7),
        kind="article",
        notice="concern",
        url="https://example.org/full",
        summary="It is full.",
        cited_by=12,
    )
    hub = make_paper("Hub")
    citation = make_citation(
        paper, hub, sentences=["We use p(x | y) of Hub.", "Hub again."], is_influential=True, is_self_citation=True
    )
    make_label(citation, "method", "supports", curator=make_curator())
    return citation


def test_a_row_has_the_agreed_names_and_values(full: Citation) -> None:
    row = export_row(load_rows([full.pk])[0], SITE)
    assert tuple(row) == COLUMNS
    assert row == {
        "title": "Full",
        "authors": ["Ada van Lovelace", "Charles Babbage"],
        "year": 2024,
        "published_on": "2024-03-07",
        "venue": "Journal of Engines",
        "kind": "article",
        "doi": "10.1000/full",
        "arxiv": "2401.00001",
        "url": "https://example.org/full",
        "summary": "It is full.",
        "role": "method",
        "polarity": "supports",
        "decided_by": "curator",
        "source": "curator",
        "coarse": False,
        "confirmed": True,
        "suggested": None,
        "confidence": None,
        "influential": True,
        "self_citation": True,
        "notice": "concern",
        "cited_by_count": 12,
        "sentences": ["We use p(x | y) of Hub.", "Hub again."],
        "paper": "https://example.org/papers/full/",
        "hub": "hub",
    }


def test_a_suggestion_is_told_only_while_nobody_has_decided() -> None:
    citation = make_citation()
    make_label(citation, "dataset", decided_by="classifier", confidence=0.9)
    row = load_rows([citation.pk])[0]
    assert (row.role, row.suggested, row.confidence) == (None, "dataset", 0.9)
    make_label(citation, "method", curator=make_curator())
    row = load_rows([citation.pk])[0]
    assert (row.role, row.suggested, row.confidence) == ("method", None, None)


def test_an_unknown_paper_is_empty_and_not_zero() -> None:
    row = export_row(load_rows([make_citation(make_paper("Bare"), make_paper("Hub")).pk])[0], SITE)
    told = {name for name, value in row.items() if value not in (None, False, [])}
    assert told == {"title", "paper", "hub"}


def test_rows_keep_the_order_of_the_ids_and_leave_out_what_is_gone(varied: Paper) -> None:
    ids = list(Citation.objects.filter(cited=varied).order_by("-pk").values_list("pk", flat=True))
    assert [row.number for row in load_rows([ids[3], 10**9, ids[0]])] == [ids[3], ids[0]]
    assert load_rows([]) == []


@pytest.mark.parametrize("size", [1, 30])
def test_a_batch_of_any_size_takes_five_queries(size: int, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    hub = make_hub({"method": size})
    ids = list(Citation.objects.filter(cited=hub).values_list("pk", flat=True))
    with django_assert_num_queries(5):
        assert len(load_rows(ids)) == size


def test_an_export_of_many_batches_takes_as_many_statements_as_batches_need(
    client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    hub = make_hub({"method": 10})
    monkeypatch.setattr("citations.views.exports.BATCH", 5)
    # The hub, its authors and identifiers; five for the rows of each batch, and one for its ids, and two more, since
    # only the last look, at papers of the same date and of another, tells that none is left.
    with django_assert_num_queries(3 + 2 * (1 + 5) + 2):
        export(client, hub, "csv")


# CSV -----------------------------------------------------------------------------------------------------------------


def test_csv_joins_lists_and_keeps_bars_within_sentences(client: Client, full: Citation) -> None:
    content = export(client, full.cited, "csv")
    assert content.startswith("title,authors,year")
    assert content.count("\r\n") == content.count("\n") == 2
    row = csv_rows(content)[0]
    assert row["authors"] == "Ada van Lovelace; Charles Babbage"
    assert row["sentences"].split(" | ") == ["We use p(x\u00a0|\u00a0y) of Hub.", "Hub again."]
    assert (row["influential"], row["coarse"], row["suggested"]) == ("1", "0", "")


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")'])
def test_no_cell_is_a_formula(client: Client, title: str) -> None:
    hub = make_paper("Hub")
    make_citation(make_paper(title, summary=title, authors=[title], venue=title), hub, sentences=[title])
    row = csv_rows(export(client, hub, "csv"))[0]
    assert row["title"] == row["summary"] == row["authors"] == row["venue"] == row["sentences"] == f"'{title}"
    assert titles(client, hub) == [title]


# JSON ----------------------------------------------------------------------------------------------------------------


def test_json_says_what_it_is_of(client: Client) -> None:
    hub = make_hub({"method": 3, "dataset": 1}, 2, title="Pythia: a suite", slug="pythia")
    content = json.loads(export(client, hub, "json", "?sort=title&role=method&role=dataset&page=2&page_size=25"))
    results = content.pop("results")
    moment = datetime.datetime.fromisoformat(content.pop("exported_at"))
    assert datetime.datetime.now(datetime.UTC) - moment < datetime.timedelta(hours=1)
    assert len(results) == 4
    assert content == {
        "hub": "pythia",
        "title": "Pythia: a suite",
        "filter": {"role": ["method", "dataset"], "sort": ["title"]},
        "description": "4 of 6 citing papers use Pythia as a tool or use the data of Pythia, by title",
        "page": "http://testserver/hubs/pythia/citing/?role=method&role=dataset&sort=title",
        "notice": "Roles and polarities in this sample collection are illustrative, not findings.",
        "count": 4,
    }


def test_labels_that_are_no_sample_have_no_notice(client: Client) -> None:
    hub = make_hub({"method": 1}, curator=make_curator())
    assert "notice" not in json.loads(export(client, hub, "json"))


# Answers -------------------------------------------------------------------------------------------------------------


def test_the_file_name_tells_hub_filter_and_date(client: Client) -> None:
    hub = make_hub({"method": 1}, title="Pythia: a suite", slug="pythia-a-suite")
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    for form in FORMATS:
        response = client.get(f"/hubs/{hub.slug}/citing.{form}?role=method&sort=title")
        assert response["Content-Disposition"] == f'attachment; filename="pythia-citing-role-method-{today}.{form}"'


def test_file_names_are_ascii_and_short_and_tell_long_filters_apart(client: Client) -> None:
    hub = make_hub({"method": 1}, title="深度學習" * 100, slug=f"deep-{'x' * 100}")
    roles = "&".join(f"role={role}" for role in VALUES["role"])
    names = set()
    for query in (f"?q={'é' * 150}&{roles}", f"?q={'é' * 149}&{roles}", '?q=";a="&sort=title'):
        name = client.get(f"/hubs/{hub.slug}/citing.csv{query}")["Content-Disposition"]
        assert name.isascii() and len(name) < 180 and name.count('"') == 2 and "\n" not in name
        names.add(name)
    assert len(names) == 3


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("role=tool", "role: Unknown role “tool”. Allowed are: method,"),
        ("rol=method", "rol: Unknown parameter “rol”. Parameters are: role,"),
        ("year_min=abc", "year_min: “abc” is no year"),
        ("page=0", "page: “0” is no page"),
        ("page_size=7", "page_size: “7” is no page_size"),
        ("sort=relevance", "sort: "),
        ("venue=nowhere", "venue: No venue is called “nowhere”"),
        ("q=!!", "q: “!!” holds nothing to search for"),
    ],
)
def test_a_parameter_that_is_not_understood_is_named_and_nothing_exported(
    client: Client, form: str, query: str, said: str
) -> None:
    hub = make_hub({"method": 2})
    response = client.get(f"/hubs/{hub.slug}/citing.{form}?{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode().startswith(said)
    assert "ignored" not in response.content.decode()


def test_what_a_search_passed_over_is_told_in_the_file(client: Client) -> None:
    hub = make_paper("Hub", slug="hub")
    make_citation(make_paper("A tool"), hub)
    make_citation(make_paper("Another"), hub)
    content = json.loads(export(client, hub, "json", '?q="tool'))
    assert [row["title"] for row in content["results"]] == ["A tool"]
    assert content["notice"] == "A quotation mark without a partner was ignored."
    assert "% A quotation mark without a partner was ignored." in export(client, hub, "bib", '?q="tool')


def test_visit_counters_are_passed_over(client: Client) -> None:
    assert len(titles(client, make_hub({"method": 2}), "?utm_source=letter")) == 2


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_sets_no_cookie_and_may_not_be_indexed(client: Client, form: str) -> None:
    response = client.get(f"/hubs/{make_hub({'method': 1}).slug}/citing.{form}")
    assert not response.cookies
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Content-Type"].startswith(FORMATS[form].media_type)


@pytest.mark.parametrize("form", FORMATS)
def test_head_has_the_same_headers_and_reads_no_row(client: Client, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = make_hub({"method": 1})
    address = f"/hubs/{hub.slug}/citing.{form}"
    get = client.get(address)
    monkeypatch.setattr(export_rows, "load_rows", None)
    head = client.head(address)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Disposition", "Link", "Cache-Control"):
        assert head[name] == get[name]


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post(f"/hubs/{make_hub({'method': 1}).slug}/citing.csv").status_code == 405


def test_unknown_hubs_and_formats_are_not_found(client: Client) -> None:
    hub = make_hub({"method": 1})
    for address in ("/hubs/nobody/citing.csv", "/papers/nobody.bib"):
        assert client.get(address).status_code == 404
    response = client.get(f"/hubs/{hub.slug}/citing.xls")
    assert response.status_code == 404
    assert "csv, json, bib, ris, csl.json and jsonld" in response.content.decode()
    assert client.get(f"/papers/{hub.slug}.csv").status_code == 404


def test_exports_of_a_merged_paper_lead_to_the_one_that_stands_for_it(client: Client) -> None:
    old, middle, new = make_paper("Old"), make_paper("Middle"), make_hub({"method": 1}, title="New")
    Paper.objects.filter(pk=old.pk).update(merged_into=middle)
    Paper.objects.filter(pk=middle.pk).update(merged_into=new)
    response = client.get("/hubs/old/citing.csv?role=method")
    assert (response.status_code, response["Location"]) == (302, "/hubs/new/citing.csv?role=method")
    assert client.get("/papers/old.ris")["Location"] == "/papers/new.ris"


# Nothing, and what goes wrong ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "empty"),
    [
        ("csv", lambda content: len(content.splitlines()) == 1),
        ("json", lambda content: json.loads(content)["results"] == [] and json.loads(content)["count"] == 0),
        ("bib", lambda content: "@" not in content),
        ("ris", lambda content: content == ""),
        ("csl.json", lambda content: json.loads(content) == []),
        ("jsonld", lambda content: [node["@type"] for node in json.loads(content)["@graph"]] == ["ScholarlyArticle"]),
    ],
)
def test_where_nothing_matches_the_file_is_whole_and_empty(
    client: Client, form: str, empty: Callable[[str], bool]
) -> None:
    hub = make_hub({"method": 2}, curator=make_curator())
    assert empty(export(client, hub, form, "?role=dataset"))
    assert empty(export(client, make_paper("Nobody cites it"), form))


def break_after(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let reading fail once `rows` batches of one row were read."""
    real, read = export_rows.load_rows, []

    def load(ids: list[int]) -> Any:
        read.append(ids)
        if len(read) > rows:
            raise RuntimeError("the disk is gone")
        return real(ids)

    monkeypatch.setattr("citations.views.exports.BATCH", 1)
    monkeypatch.setattr(export_rows, "load_rows", load)


ERROR = "ERROR: export incomplete after {} of 3 papers: something went wrong on our side; try again."


@pytest.mark.parametrize("written", [0, 2])
@pytest.mark.parametrize("form", FORMATS)
def test_an_export_that_fails_midway_ends_in_an_error_line(
    client: Client, monkeypatch: pytest.MonkeyPatch, form: str, written: int
) -> None:
    hub = make_hub({"method": 3})
    break_after(written, monkeypatch)
    content = export(client, hub, form)
    assert ERROR.format(written) in content
    assert "disk" not in content
    if form == "csv":
        rows = list(csv.reader(io.StringIO(content)))
        assert len(rows) == 1 + written + 1
        assert rows[-1][0] == ERROR.format(written)
        assert len(rows[-1]) == len(COLUMNS) + 1
    if form == "json":
        assert json.loads(content)["error"] == ERROR.format(written)
        assert len(json.loads(content)["results"]) == written
    if form == "csl.json":
        assert [item.get("error") for item in json.loads(content)] == [None] * written + [ERROR.format(written)]
    if form == "jsonld":
        assert json.loads(content)["error"] == ERROR.format(written)


@pytest.mark.parametrize("form", FORMATS)
def test_a_list_that_changed_meanwhile_is_not_taken_for_whole(
    client: Client, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    hub = make_hub({"method": 3})
    real = export_rows.load_rows
    monkeypatch.setattr(export_rows, "load_rows", lambda ids: real(ids[1:]))
    assert "ERROR: export incomplete after 2 of 3 papers: the list changed meanwhile" in export(client, hub, form)


def peak(client: Client, hub: Paper, form: str) -> int:
    """The most memory that reading an export takes beyond what was there before, in bytes."""
    tracemalloc.start()
    try:
        for _ in client.get(f"/hubs/{hub.slug}/citing.{form}").streaming_content:  # type: ignore[attr-defined]
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_long_export_takes_no_more_memory_than_a_short_one(client: Client) -> None:
    short, long = make_hub({"method": 2 * BATCH}), make_hub({"method": 20 * BATCH})
    peak(client, short, "json")  # what is imported and remembered once for all
    assert peak(client, long, "json") < 1.5 * peak(client, short, "json")
