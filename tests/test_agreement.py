"""How often curators agreed with each source: what is counted, and where it is shown."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from hypothesis import given
from pytest_django import DjangoAssertNumQueries
from pytest_django.live_server_helper import LiveServer

from citations import labelling
from citations.agreement import SourceAgreement, agreement, covers, measure
from citations.hub_class import wilson
from citations.labels import latest_roles, resolve
from citations.models import Citation, Paper
from citations.vocabulary import CLASSIFIED_ROLES, DecidedBy, Role
from tests.factories import make_citation, make_curator, make_label, make_paper
from tests.test_labels import ledgers

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


@pytest.fixture
def hub(db: None) -> Paper:
    return make_paper("Pythia: a suite", slug="pythia")


def both(hub: Paper, said: str, read: str, times: int = 1, **facts: Any) -> list[Citation]:
    """Citations that a source called `said` and a curator `read`."""
    made = [make_citation(cited=hub) for _ in range(times)]
    for citation in made:
        make_label(citation, said, **({"source": "semanticscholar"} | facts))
        make_label(citation, read, curator=make_curator())
    return made


def of(source: str = "semanticscholar") -> SourceAgreement:
    (found,) = [one for one in measure().sources if one.source == source]
    return found


# What is counted ------------------------------------------------------------------------------------------------------


def test_agreement_is_the_share_of_the_same_role_with_its_range(hub: Paper) -> None:
    both(hub, "background", "background", 3)
    both(hub, "background", "evidence", 1)
    found = of()
    assert (found.n, found.exact.numerator, found.exact.percent) == (4, 3, "75%")
    assert (found.exact.low, found.exact.high) == wilson(3, 4)
    assert found.table == {(Role.BACKGROUND, Role.BACKGROUND): 3, (Role.BACKGROUND, Role.EVIDENCE): 1}
    assert found.within == found.exact and found.coarse == 0


def test_a_coarse_label_may_mean_what_its_scheme_cannot_tell_apart(hub: Paper) -> None:
    for read in ("method", "dataset", "extension", "comparison"):
        both(hub, "method", read, coarse=True)
    found = of()
    assert (found.exact.numerator, found.within.numerator, found.coarse) == (1, 3, 4)


@pytest.mark.parametrize(
    ("source", "said", "coarse", "covered"),
    [
        ("semanticscholar", Role.METHOD, True, {Role.METHOD, Role.DATASET, Role.EXTENSION}),
        ("scicite", Role.COMPARISON, True, {Role.COMPARISON, Role.EVIDENCE}),
        ("acl-arc", Role.METHOD, True, {Role.METHOD, Role.DATASET}),
        ("semanticscholar", Role.METHOD, False, {Role.METHOD}),
        ("file", Role.METHOD, True, {Role.METHOD}),
        ("nowhere", Role.METHOD, True, {Role.METHOD}),
        ("acl-arc", Role.EXTENSION, False, {Role.EXTENSION}),
    ],
)
def test_what_a_value_covers(source: str, said: Role, coarse: bool, covered: set[Role]) -> None:
    assert covers(source, said, coarse=coarse) == covered


def test_only_what_both_have_labelled_counts(hub: Paper) -> None:
    make_label(make_citation(cited=hub), "method", source="semanticscholar")
    make_label(make_citation(cited=hub), "method", curator=make_curator())
    only_polarity = make_citation(cited=hub)
    make_label(only_polarity, "method", source="semanticscholar")
    make_label(only_polarity, "", "supports", curator=make_curator())
    assert measure().sources == ()


def test_the_newest_word_of_each_counts_once(hub: Paper) -> None:
    (citation,) = both(hub, "method", "dataset")
    make_label(citation, "background", source="semanticscholar")
    make_label(citation, "background", curator=make_curator("ben"))
    assert of().table == {(Role.BACKGROUND, Role.BACKGROUND): 1}


def test_what_was_taken_back_does_not_count(hub: Paper) -> None:
    (first,) = both(hub, "method", "dataset")
    curators_word = first.labels.get(role="dataset")
    labelling.retract(curators_word, make_curator())
    (second,) = both(hub, "background", "background", source="openalex")
    labelling.retract(second.labels.get(decided_by="import"), make_curator())
    assert measure().sources == ()
    undone = first.labels.get(retracts=curators_word)
    labelling.retract(undone, make_curator())
    assert of().table == {(Role.METHOD, Role.DATASET): 1}


def test_a_confirmed_label_is_agreement(hub: Paper) -> None:
    label = make_label(make_citation(cited=hub), "method", source="semanticscholar", coarse=True)
    labelling.confirm(label, make_curator())
    assert of().exact.percent == "100%"


def test_unclear_counts_neither_way(hub: Paper) -> None:
    both(hub, "method", "unclear", 2)
    both(hub, "method", "method")
    assert (of().n, of().unclear) == (1, 2)


def test_classifiers_are_measured_too_and_marked(hub: Paper) -> None:
    both(hub, "method", "method", decided_by="classifier", source="linear-2026-11", confidence=0.3)
    assert of("linear-2026-11").decided_by is DecidedBy.CLASSIFIER


def test_ledgers_that_a_merge_joined_are_one(hub: Paper) -> None:
    kept, hidden = make_citation(cited=hub), make_citation(cited=hub)
    make_label(kept, "method", source="semanticscholar")
    make_label(hidden, "dataset", curator=make_curator())
    Citation.objects.filter(pk=hidden.pk).update(merged_into=kept)
    assert of().citations([], []) == [kept.pk]


def test_of_very_many_the_newest_are_counted(hub: Paper) -> None:
    both(hub, "method", "dataset", 2)
    newest = both(hub, "method", "method", 2)
    found = measure(2)
    assert (found.citations, found.is_partial) == (2, True)
    assert found.sources[0].citations([], []) == [citation.pk for citation in reversed(newest)]
    assert measure(4).is_partial is False


@given(ledgers())
def test_the_word_of_curators_is_the_one_that_stands(labels: Any) -> None:
    found, effective = latest_roles(labels), resolve(labels)
    if effective.role_by == DecidedBy.CURATOR:
        assert found.curator == effective.role
    else:
        assert found.curator is None
    imports = {said.role for said in found.others if said.decided_by == DecidedBy.IMPORT}
    if effective.role_by == DecidedBy.IMPORT:
        assert effective.role in imports
    assert len({(said.decided_by, said.source) for said in found.others}) == len(found.others)


def test_it_is_kept_until_something_changes(hub: Paper, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    both(hub, "method", "method")
    assert agreement().citations == 1
    with django_assert_num_queries(2):
        agreement()
    both(hub, "method", "dataset")
    assert agreement().citations == 2


@pytest.mark.parametrize("size", [1, 40])
def test_it_takes_two_queries_for_each_five_hundred(
    hub: Paper, size: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    both(hub, "method", "method", size)
    # The citations, those hidden behind them, and the labels of both.
    with django_assert_num_queries(2):
        measure()


# Where it is shown ----------------------------------------------------------------------------------------------------


def read(client: Client, path: str = "/about/data/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def plain(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def links(page: str) -> Iterable[tuple[str, int]]:
    for url, number in re.findall(r'href="(/about/data/agreement/[^"]*)">([\d,]+)<', page):
        yield html.unescape(url), int(number.replace(",", ""))


def test_without_anything_to_compare_nothing_is_claimed(client: Client, hub: Paper) -> None:
    assert "so nothing can be said" in plain(read(client))


def test_the_page_of_the_data_shows_it_and_every_number_opens_its_list(client: Client, hub: Paper) -> None:
    both(hub, "method", "method", 3, coarse=True)
    both(hub, "method", "dataset", 2, coarse=True)
    both(hub, "background", "evidence", 1)
    both(hub, "background", "background", 1, source="openalex")
    make_curator("ann")
    page = read(client)
    words = plain(page)
    assert "Semantic Scholar 6 3 50% 19–81% 5 83% 44–97% 0" in words
    assert "OpenAlex 1 1 100%" in words
    found = list(links(page))
    assert len(found) > 12
    for url, number in found:
        listed = read(client, url)
        assert len(re.findall(r'href="/citations/\d+/"', listed)) == number, url
        assert f"{number} citation" in plain(listed), url


def test_the_list_says_what_it_lists_and_what_it_did_not_understand(client: Client, hub: Paper) -> None:
    both(hub, "method", "dataset")
    words = plain(read(client, "/about/data/agreement/?source=semanticscholar&said=method&read=dataset"))
    assert "1 citation that Semantic Scholar called Tool or method and a curator Dataset." in words
    wrong = plain(read(client, "/about/data/agreement/?said=tool"))
    assert "Unknown role “tool”" in wrong and "Pythia" not in wrong
    assert "No citation matches" in plain(read(client, "/about/data/agreement/?source=%3Cscript%3E"))
    assert "<script>alert" not in read(client, "/about/data/agreement/?source=%3Cscript%3Ealert(1)")


def test_the_admin_shows_the_same_to_those_who_may_see_labels(client: Client, hub: Paper) -> None:
    both(hub, "method", "method", 3)
    url = reverse("admin:citations_label_agreement")
    assert client.get(url).status_code == 302
    client.force_login(User.objects.create_user("guest", is_staff=True))
    assert client.get(url).status_code == 403
    client.force_login(make_curator("ann"))
    page = read(client, url)
    assert "Semantic Scholar" in page
    for address, number in links(page):
        assert f"{number} citation" in plain(read(client, address))
    assert url in read(client, reverse("admin:citations_label_changelist"))


def test_every_classified_role_has_a_column(client: Client, hub: Paper) -> None:
    both(hub, "method", "method")
    page = read(client)
    head = page[page.index("Roles by Semantic Scholar") :].split("</thead>")[0]
    assert [role.short for role in CLASSIFIED_ROLES] == re.findall(r'class="r">([a-z]+)</th>', head)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_fit_for_a_screen_reader_and_a_phone(
    page: Page, live_server: LiveServer, transactional_db: None, scheme: Any
) -> None:
    hub = make_paper("Pythia: a suite", slug="pythia")
    both(hub, "method", "dataset", 3, coarse=True)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 800})
    for path in ("/about/data/", "/about/data/agreement/?source=semanticscholar"):
        page.goto(live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert [(rule["id"], node["html"]) for rule in found.response["violations"] for node in rule["nodes"]] == []
