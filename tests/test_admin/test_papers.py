"""What a curator edits of a paper is the curator's, and reaches all that is derived from it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from citations import labelling
from citations.admin import authors
from citations.admin.papers import free_slug
from citations.models import Author, Authorship, Citation, HubSummary, Identifier, Paper, Venue
from citations.vocabulary import CURATOR
from tests.factories import make_citation, make_label, make_paper, make_venue
from tests.test_admin.pages import QUERIES, address, form_of, send, text_of

pytestmark = pytest.mark.django_db


def test_only_the_fields_that_a_curator_touched_are_the_curators(desk: Client) -> None:
    paper = make_paper(
        "A titel",
        abstract="One paragraph.\n\nAnother.",
        year=2020,
        field_sources={"title": "openalex", "year": "openalex"},
    )
    send(desk, address(Paper, "change", paper.pk), title="A  title")
    paper.refresh_from_db()
    assert paper.title == "A title"
    assert paper.field_sources == {"title": CURATOR, "year": "openalex"}
    assert paper.abstract == "One paragraph.\n\nAnother."
    assert paper.sort_title == "a title"


def test_a_form_that_stood_open_during_an_import_puts_nothing_back(desk: Client) -> None:
    paper = make_paper("A titel", year=2020, field_sources={"title": "openalex", "year": "openalex"})
    url = address(Paper, "change", paper.pk)
    filled_in = {**form_of(desk, url), "title": "A title"}
    Paper.objects.filter(pk=paper.pk).update(year=2021, field_sources={"title": "openalex", "year": "crossref"})
    desk.post(url, filled_in)
    paper.refresh_from_db()
    assert (paper.title, paper.year) == ("A title", 2021)
    assert paper.field_sources == {"title": CURATOR, "year": "crossref"}


def test_a_changed_year_or_notice_reaches_the_lists_and_counts_at_once(desk: Client) -> None:
    citation = make_citation(make_paper(year=2020), make_paper("A hub"))
    send(desk, address(Paper, "change", citation.citing_id), year="2022", notice="retracted")
    citation.refresh_from_db()
    assert (citation.year, citation.retracted) == (2022, True)
    assert HubSummary.objects.get(pk=citation.cited_id).counts["year"] == {"2022": {"": 1}}
    send(desk, address(Paper, "change", citation.cited_id), title="Zebra")
    assert HubSummary.objects.get(pk=citation.cited_id).sort_title == "zebra"
    assert not labelling.hub_differs(citation.cited_id).differed


def test_the_slug_of_a_paper_never_changes(desk: Client) -> None:
    paper = make_paper("A title")
    url = address(Paper, "change", paper.pk)
    assert "slug" not in form_of(desk, url)
    send(desk, url, slug="another", title="Another title")
    paper.refresh_from_db()
    assert paper.slug == "a-title"


def test_a_new_paper_gets_its_slug_from_its_title_and_its_fields_are_the_curators(desk: Client) -> None:
    make_paper("A title")
    send(desk, address(Paper, "add"), title="A title", year="2024")
    paper = Paper.objects.latest("id")
    assert (paper.slug, paper.sort_title) == ("a-title-2024", "a title")
    assert paper.field_sources == {"title": CURATOR, "year": CURATOR}


@pytest.mark.parametrize(
    ("taken", "year", "made"),
    [
        ([], 2024, "a-title"),
        (["a-title"], 2024, "a-title-2024"),
        (["a-title"], None, "a-title-2"),
        (["a-title", "a-title-2024"], 2024, "a-title-2"),
        (["a-title", "a-title-2024", "a-title-2"], 2024, "a-title-3"),
    ],
)
def test_a_slug_that_is_taken_gets_the_year_then_a_number(taken: list[str], year: int | None, made: str) -> None:
    for slug in taken:
        make_paper(slug=slug)
    assert free_slug("A title", year) == made


def test_the_longest_slugs_stay_within_their_column_and_apart() -> None:
    title = "word " * 60
    first = make_paper(title, slug=free_slug(title, 2024))
    second = make_paper(title, slug=free_slug(title, 2024))
    assert first.slug != second.slug
    assert len(first.slug) <= 120
    assert second.slug.endswith("-2024")


def test_a_title_without_letters_and_an_impossible_year_get_a_clear_error(desk: Client) -> None:
    page = text_of(send(desk, address(Paper, "add"), title="!!!", year="20233"))
    assert "No address can be made from this title" in page
    assert "20233 is not the year of a work: give one from 1000 to 2999." in page
    assert not Paper.objects.exists()


def test_identifiers_are_normalised_and_refused_in_words(desk: Client) -> None:
    other = make_paper("The other", identifiers=["doi:10.1/taken"])
    paper = make_paper()
    url = address(Paper, "change", paper.pk)
    row = {"identifiers-TOTAL_FORMS": "1", "identifiers-0-scheme": "doi", "identifiers-0-paper": str(paper.pk)}
    send(desk, url, **row, **{"identifiers-0-value": "https://doi.org/10.1000/ABC"})
    stored = Identifier.objects.get(paper=paper)
    assert (stored.scheme, stored.value, stored.source) == ("doi", "10.1000/abc", CURATOR)
    page = text_of(send(desk, address(Identifier, "add"), paper=paper.pk, scheme="pmid", value="abc"))
    assert "abc" in page
    page = text_of(send(desk, address(Identifier, "add"), paper=paper.pk, scheme="doi", value="10.1/TAKEN"))
    assert f"doi:10.1/taken names another paper already: {other.pk}, “The other”." in page
    assert Identifier.objects.count() == 2


def test_an_untouched_identifier_keeps_its_source(desk: Client) -> None:
    paper = make_paper(identifiers=["doi:10.1/one"])
    Identifier.objects.update(source="openalex")
    send(desk, address(Paper, "change", paper.pk), title="Another title")
    assert Identifier.objects.get().source == "openalex"


@pytest.mark.django_db(transaction=True)
def test_authors_deleted_in_bulk_are_the_curators_doing(desk: Client) -> None:
    paper = make_paper(authors=["Ada Author", "Ben Writer"])
    chosen = [row.pk for row in paper.authorships.all()[:1]]
    url = address(Authorship, "changelist")
    desk.post(url, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})
    paper.refresh_from_db()
    assert (paper.authorships.count(), paper.field_sources) == (1, {"authors": CURATOR})


def test_authors_change_places_in_one_go(desk: Client) -> None:
    paper = make_paper(authors=["Ada Author", "Ben Writer", "Cleo Scribe"])
    url = address(Paper, "change", paper.pk)
    places = {"authorships-0-position": "2", "authorships-1-position": "0", "authorships-2-DELETE": "on"}
    send(desk, url, **places)
    assert [(row.position, row.name) for row in paper.authorships.all()] == [(0, "Ben Writer"), (2, "Ada Author")]
    paper.refresh_from_db()
    assert paper.field_sources == {"authors": CURATOR}
    page = text_of(send(desk, url, **{"authorships-0-position": "2"}))
    assert "Each position is for one author: 2 is given to several." in page


def test_a_paper_with_very_many_authors_can_still_be_saved(desk: Client) -> None:
    paper = make_paper()
    author = Author.objects.create(key="a", name="Ada Author")
    Authorship.objects.bulk_create(
        Authorship(paper=paper, author=author, position=n, name=f"Author {n}") for n in range(3000)
    )
    url = address(Paper, "change", paper.pk)
    assert "3,000 authors: edit them in their own list" in text_of(desk.get(url))
    send(desk, url, title="Another title")
    paper.refresh_from_db()
    assert (paper.title, paper.authorships.count()) == ("Another title", 3000)
    send(desk, address(Authorship, "change", Authorship.objects.filter(position=0).get().pk), name="A. Author")
    paper.refresh_from_db()
    assert paper.field_sources["authors"] == CURATOR


def test_the_page_of_a_paper_with_many_authors_takes_few_queries(desk: Client) -> None:
    paper = make_paper(authors=[f"Author {n}" for n in range(40)], venue="A Journal", identifiers=["doi:10.1/one"])
    with CaptureQueriesContext(connection) as queries:
        response = desk.get(address(Paper, "change", paper.pk))
    assert "Author 39" in text_of(response)
    assert len(queries) <= QUERIES


def test_a_merged_paper_is_looked_at_only(desk: Client) -> None:
    paper = make_paper(merged_into=make_paper())
    assert desk.post(address(Paper, "change", paper.pk), {"title": "x"}).status_code == 403


def test_renaming_a_venue_reaches_the_summaries_that_print_it(desk: Client) -> None:
    venue = make_venue("A Jurnal")
    citation = make_citation(make_paper(venue="A Jurnal"))
    send(desk, address(Venue, "change", venue.pk), name="A Journal")
    assert HubSummary.objects.get(pk=citation.cited_id).counts["venue"] == [["a-jurnal", "A Journal", 1]]


def test_an_orcid_is_cut_from_its_address_and_checked(desk: Client) -> None:
    author = Author.objects.create(key="a", name="Ada Author")
    url = address(Author, "change", author.pk)
    send(desk, url, orcid="https://orcid.org/0000-0002-1825-0097")
    author.refresh_from_db()
    assert author.orcid == "0000-0002-1825-0097"
    assert "is not an ORCID iD" in text_of(send(desk, url, orcid="12"))


def test_authors_that_an_import_replaced_after_they_were_read_are_not_written_over(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = make_paper(authors=["Ada Author", "Bo Author"])
    hold = authors._lock_papers

    def late(paper_ids: Iterable[int]) -> list[Paper]:
        """An import was quicker to the lock."""
        Authorship.objects.filter(paper=paper, position=0).update(name="Ada Imported")
        return hold(paper_ids)

    monkeypatch.setattr(authors, "_lock_papers", late)
    page = text_of(send(desk, address(Paper, "change", paper.pk), **{"authorships-1-name": "Bo Curated"}))
    assert "The authors changed while you were reading. Nothing was saved: open the page again." in page
    assert list(paper.authorships.values_list("name", flat=True)) == ["Ada Imported", "Bo Author"]
    paper.refresh_from_db()
    assert "authors" not in paper.field_sources


def test_a_place_that_an_import_replaced_meanwhile_does_not_come_back(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = make_paper(authors=["Ada Author"])
    place = Authorship.objects.get()
    hold = authors._lock_papers

    def late(paper_ids: Iterable[int]) -> list[Paper]:
        """An import was quicker to the lock."""
        Authorship.objects.filter(paper=paper).delete()
        return hold(paper_ids)

    monkeypatch.setattr(authors, "_lock_papers", late)
    page = text_of(send(desk, address(Authorship, "change", place.pk), name="Ada Curated"))
    assert "The authors changed while you were reading." in page
    assert not Authorship.objects.exists()


def test_a_position_that_is_taken_is_refused_in_words(desk: Client) -> None:
    paper = make_paper(authors=["Ada Author", "Bo Author"])
    place = Authorship.objects.get(position=1)
    page = text_of(send(desk, address(Authorship, "change", place.pk), position="0"))
    assert "Ada Author has position 0 on this paper: each is for one author." in page
    assert list(paper.authorships.values_list("name", flat=True)) == ["Ada Author", "Bo Author"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://example.org/a", "data:text/html,x"])
def test_a_web_address_is_one_of_the_web(desk: Client, url: str) -> None:
    paper = make_paper()
    page_address = address(Paper, "change", paper.pk)
    page = text_of(desk.post(page_address, {**form_of(desk, page_address), "url": url}))
    assert "Enter an address that begins with http:// or https://." in page
    paper.refresh_from_db()
    assert paper.url == ""


def test_each_field_in_the_rows_of_a_paper_says_its_name(desk: Client) -> None:
    paper = make_paper(authors=["Ada Author"], identifiers=["doi:10.1000/a"])
    page = desk.get(address(Paper, "change", paper.pk)).content.decode()
    for row in ("identifiers", "authorships"):
        fields = re.findall(rf"<(?:input|select|textarea)[^>]*name=\"{row}-0-[^>]*>", page)
        shown = [field for field in fields if 'type="hidden"' not in field]
        assert len(shown) >= 3
        for field in shown:
            assert re.search(r'aria-label="\w[\w ?]* 1"', field), field


def test_links_within_the_tables_of_the_admin_are_underlined_by_a_sheet_of_ours(desk: Client) -> None:
    assert 'href="/static/css/admin.css"' in desk.get("/admin/").content.decode()


def test_the_page_of_a_paper_shows_what_cites_it_and_what_it_cites(desk: Client) -> None:
    paper = make_paper("In the middle")
    citing = make_citation(make_paper("A newer paper <b>"), paper)
    cited = make_citation(paper, make_paper("An older paper"))
    make_label(cited, "dataset")
    response = desk.get(address(Paper, "change", paper.pk))
    page = text_of(response)
    for words in (
        "Citing papers known: 1",
        "The newest that cite it: A newer paper <b> (–)",
        "Papers known that it cites: 1",
        "The first that it cites: An older paper (Dataset)",
    ):
        assert words in page, words
    for citation in (citing, cited):
        assert address(Citation, "change", citation.pk) in response.content.decode()
    assert "paper <b>" not in response.content.decode()
