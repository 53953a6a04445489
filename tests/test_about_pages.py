"""The pages that explain the rules, and what the collection holds."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from citations import hub_class
from citations.models import ImportRun
from citations.views.about import SCHEME_LABELS, least
from citations.vocabulary import MAPPINGS, SOURCES, HubClass, Polarity, Role
from tests.factories import make_citation, make_curator, make_hub, make_label, make_paper


def classes_page(client: Client) -> str:
    """The page of rules: pytest-django refuses any query where the test asks for no database."""
    response = client.get("/about/classes/")
    assert response.status_code == 200
    return response.content.decode()


def data_page(client: Client) -> str:
    """The page of the collection."""
    response = client.get("/about/data/")
    assert response.status_code == 200
    return response.content.decode()


def test_every_word_of_the_vocabulary_is_explained(client: Client) -> None:
    page = classes_page(client)
    for role in Role:
        assert role.label in page and role.phrase in page and f"role={role.value}" in page and role.cito in page
    for polarity in Polarity:
        assert polarity.label in page and polarity.phrase in page and f"polarity={polarity.value}" in page


def test_every_class_has_its_anchor_its_rule_and_its_list(client: Client) -> None:
    page = classes_page(client)
    for named in HubClass:
        rule = page[page.index(f'id="{named.value}"') :][:1500]
        assert named.label in rule
        assert f'href="/hubs/?class={named.value}"' in rule
    for anchor in ("representatives", "changes", "pins", "range", "mappings"):
        assert f'id="{anchor}"' in page
    places = [page.index(f'id="{named.value}"') for named in HubClass]
    assert places == sorted(places)


def test_the_thresholds_are_those_of_the_rules(client: Client) -> None:
    page = classes_page(client)
    assert f"rules of version {hub_class.RULES_VERSION}" in page
    assert f"Fewer than {hub_class.ENOUGH} citing papers" in page
    assert f"At least {hub_class.CONTESTED_ENOUGH} citing papers" in page
    assert "A majority needs at least 15 of 20, 17 of 23, 32 of 50, 60 of 100, 114 of 200." in page
    assert "3 of 20" in page and "10 of 100" in page


@pytest.mark.parametrize(("size", "needed"), [(20, 15), (23, 17), (50, 32), (100, 60), (200, 114)])
def test_one_paper_fewer_is_no_majority(size: int, needed: int) -> None:
    assert least(size, 0.5) == needed
    assert hub_class.wilson(needed, size)[0] > 0.5 >= hub_class.wilson(needed - 1, size)[0]


def test_where_not_even_all_are_enough_the_next_number_is_given() -> None:
    assert least(3, 0.5) == 4


def test_every_imported_value_is_listed_with_what_it_says(client: Client) -> None:
    page = classes_page(client)
    table = page[page.index('id="mappings"') :]
    for scheme, label in SCHEME_LABELS.items():
        assert label in table
        for raw in MAPPINGS[scheme]:
            assert f"<code>{raw}</code>" in table
    assert set(SCHEME_LABELS) == set(MAPPINGS) - {"ours"}


def test_the_rules_obey_the_strict_policy_and_set_no_cookie(client: Client) -> None:
    response = client.get("/about/classes/")
    page = response.content.decode()
    assert "style=" not in page
    assert page.count("<script") == 1
    assert not response.cookies
    assert client.post("/about/classes/").status_code == 405


@pytest.mark.django_db
def test_totals_count_each_citation_once(client: Client) -> None:
    make_hub({"method": 3, "unclear": 1}, unclassified=4, polarities={"neutral": 2})
    page = data_page(client)
    for anchor, number, share in (("classified", 3, "38%"), ("unclear", 1, "13%"), ("unclassified", 4, "50%")):
        row = page[page.index(f'<tr id="{anchor}"') :].split("</tr>")[0]
        assert f">{number}</td>" in row and share in row
    assert '<a class="num" href="/papers/">9</a>' in page
    assert '<a class="num" href="/hubs/">1</a>' in page


@pytest.mark.django_db
def test_the_page_says_which_source_decided_how_many(client: Client) -> None:
    hub = make_paper("Cited")
    for source, options in (
        ("semanticscholar", {"coarse": True}),
        ("semanticscholar", {}),
        ("curator", {"curator": make_curator()}),
    ):
        make_label(make_citation(cited=hub), "method", **({"source": source} | options))
    make_label(make_citation(cited=hub), "", "supports", source="scite")
    table = data_page(client)
    table = table[table.index("Sources of the labels that stand") : table.index('id="agreement"')]
    rows = {
        re.sub(r"<.*?>", "", row.split("</th>")[0]).strip(): re.findall(r">(\d+)</td>", row)
        for row in table.split('<th scope="row">')[1:]
    }
    assert rows == {"Semantic Scholar": ["2", "1", "0"], "Curators": ["1", "0", "0"], "scite": ["0", "0", "1"]}


@pytest.mark.django_db
def test_models_are_said_to_be_in_use_only_where_there_are_suggestions(client: Client) -> None:
    citation = make_citation()
    assert "No classifier is in use" in data_page(client)
    make_label(citation, "method", decided_by="classifier")
    assert "Classifiers have left suggestions on 1 citation" in data_page(client)


@pytest.mark.django_db
def test_imports_are_listed_newest_first_with_their_numbers(client: Client) -> None:
    ImportRun.objects.create(source="semanticscholar", fingerprint="a", status="failed", rejected=7)
    ImportRun.objects.create(source="crossref", fingerprint="b", status="finished", created=1881, updated=2)
    page = data_page(client)
    runs = page[page.index('id="runs"') : page.index('id="services"')]
    assert runs.index("Crossref") < runs.index("Semantic Scholar")
    assert "1,881" in runs and "Finished" in runs and "Failed" in runs and ">7</td>" in runs


@pytest.mark.django_db
def test_what_a_person_asked_an_import_for_stays_private(client: Client) -> None:
    ImportRun.objects.create(
        source="file", fingerprint="a", arguments={"path": "/home/ann/private.bib"}, message="secret"
    )
    page = data_page(client)
    assert "private.bib" not in page
    assert "secret" not in page


@pytest.mark.django_db
def test_an_empty_collection_is_said_to_be_empty(client: Client) -> None:
    page = data_page(client)
    assert "No citation has a role or a polarity yet." in page
    assert "Nothing was imported yet." in page


@pytest.mark.django_db
def test_the_sample_and_every_known_service_are_named(client: Client) -> None:
    page = data_page(client)
    assert 'id="sample"' in page and "illustrative" in page
    for source in SOURCES.values():
        if source.address:
            assert f'<a href="{source.address}" rel="external noreferrer">{source.label}</a>' in page


@pytest.mark.django_db
@pytest.mark.parametrize("hubs", [1, 8])
def test_the_number_of_queries_does_not_grow(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, hubs: int
) -> None:
    for number in range(hubs):
        make_hub({"method": 3}, unclassified=2)
        ImportRun.objects.create(source="semanticscholar", fingerprint=str(number))
    # Audits and what each classifier has written are one query each.
    with django_assert_num_queries(12):
        client.get("/about/data/")


@pytest.mark.django_db
def test_numbers_of_the_whole_collection_are_said_to_have_no_list(client: Client) -> None:
    assert "Numbers of the whole collection have no list of their own" in data_page(client)
