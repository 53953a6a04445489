"""Permanent addresses by identifier."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from citations.models import Paper
from tests.factories import add_identifier, make_paper

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper() -> Paper:
    """A paper with names in several schemes."""
    return make_paper(
        "A fabricated work",
        identifiers=["doi:10.1000/xyz.123", "arXiv:2301.00001", "PMID:12345", "hep-th/9711200"],
    )


@pytest.mark.parametrize(
    "address",
    [
        "/doi/10.1000/xyz.123",
        "/doi/10.1000/XYZ.123",
        "/doi/10.1000%2Fxyz.123",
        "/doi/10.1000/xyz.123/",
        "/doi/https://doi.org/10.1000/xyz.123",
        "/arxiv/2301.00001",
        "/arxiv/2301.00001v7",
        "/arxiv/arXiv:2301.00001",
        "/arxiv/hep-th/9711200",
        "/arxiv/hep-th/9711200v2",
        "/id/doi/10.1000/xyz.123",
        "/id/DOI/10.1000/xyz.123",
        "/id/pmid/0012345",
        # The DOI that arXiv registers names the same paper.
        "/doi/10.48550/arXiv.2301.00001",
    ],
)
def test_every_spelling_of_a_name_leads_to_the_hub_for_good(client: Client, paper: Paper, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 301
    assert response["Location"] == paper.get_hub_url()
    assert not response.cookies


def test_a_doi_with_angle_brackets_and_semicolons_is_found(client: Client) -> None:
    """SICIs are legal DOIs."""
    name = "10.1002/(SICI)1096-8644(199601)99:1<1::AID-AJPA1>3.0.CO;2-1"
    paper = make_paper("An old work", identifiers=[name])
    for address in (f"/doi/{name}", f"/doi/{name.replace('<', '%3C').replace('>', '%3E').replace(';', '%3B')}"):
        assert client.get(address)["Location"] == paper.get_hub_url()


def test_the_name_of_a_merged_paper_leads_to_its_survivor(client: Client, paper: Paper) -> None:
    last = make_paper("The survivor of the survivor")
    middle = make_paper("The survivor", merged_into=last)
    Paper.objects.filter(pk=paper.pk).update(merged_into=middle)
    assert client.get("/doi/10.1000/xyz.123")["Location"] == last.get_hub_url()


def test_an_unknown_name_is_said_with_the_command_that_brings_it_in(client: Client) -> None:
    response = client.get("/doi/10.1000/Unknown")
    page = response.content.decode()
    assert response.status_code == 404
    assert "No paper with DOI 10.1000/unknown is in this collection." in page
    assert ".venv/bin/python manage.py import_citations doi:10.1000/unknown --source semanticscholar" in page


def test_the_command_is_safe_to_paste(client: Client) -> None:
    page = client.get("/doi/10.1000/x;touch$(id)").content.decode()
    assert "import_citations &#39;doi:10.1000/x;touch$(id)&#39; --source" in page


def test_a_scheme_that_cannot_be_imported_offers_no_command(client: Client) -> None:
    response = client.get("/id/dblp/conf/acl/Nobody2020")
    assert response.status_code == 404
    assert b"import_citations" not in response.content


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/arxiv/nonsense", "&#39;nonsense&#39; is not an arXiv identifier"),
        ("/doi/nonsense", "&#39;nonsense&#39; is not a DOI"),
        ("/id/isbn/123", "“isbn” is no scheme of identifiers that is known here"),
        ("/arxiv/10.1000/xyz", "is not an arXiv identifier"),
    ],
)
def test_a_malformed_name_is_repeated_and_explained(client: Client, address: str, words: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert words in response.content.decode()


def test_markup_in_a_name_is_escaped(client: Client) -> None:
    page = client.get("/arxiv/<script>alert(1)</script>").content.decode()
    assert "<script>alert" not in page


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post("/doi/10.1000/xyz.123").status_code == 405


def test_a_name_with_an_equivalent_costs_at_most_two_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    add_identifier(make_paper("On arXiv only"), "arXiv:2302.00002")
    with django_assert_max_num_queries(2):
        assert client.get("/doi/10.48550/arxiv.2302.00002").status_code == 301
