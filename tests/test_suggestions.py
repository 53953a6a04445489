"""Suggestions under a search."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.factories import make_hub, make_paper

pytestmark = pytest.mark.django_db

HUBS, PAPERS, FULL_TEXT = 1, 1, 1


def asked(client: Client, typed: str) -> list[Any]:
    """The answer: what was typed, titles, remarks, addresses."""
    response = client.get(reverse("suggestions"), {"q": typed})
    assert response.status_code == 200
    assert response["Content-Type"] == "application/x-suggestions+json"
    answer: list[Any] = response.json()
    assert len({len(part) for part in answer[1:]}) == 1
    return answer


def test_titles_that_begin_so_come_first_and_hubs_before_other_papers(client: Client) -> None:
    make_paper("Scaling a wall", year=2020)
    make_paper("On scaling laws")
    hub = make_hub({"method": 2}, title="Scaling laws", year=2021)
    typed, titles, remarks, addresses = asked(client, "scal")
    assert typed == "scal"
    assert titles == ["Scaling laws", "Scaling a wall", "On scaling laws"]
    assert remarks[:2] == ["2021, cited by 2 papers here", "2020"]
    assert addresses[0] == hub.get_hub_url()
    assert addresses[1] == "/papers/scaling-a-wall/"


def test_no_paper_comes_twice_and_at_most_eight_come(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        make_paper(f"Pythia, part {number:02}")
    make_hub({"method": 1}, title="Pythia: a suite")
    with django_assert_num_queries(HUBS + PAPERS):
        titles = asked(client, "Pythia")[1]
    assert len(titles) == len(set(titles)) == 8
    assert titles[0] == "Pythia: a suite"


def test_a_paper_is_found_by_words_within_its_title(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_paper("A suite for analysing language models")
    with django_assert_num_queries(HUBS + PAPERS + FULL_TEXT):
        assert asked(client, "language mod")[1] == ["A suite for analysing language models"]


@pytest.mark.parametrize("typed", ["", " ", "*", '"', "-", "author:", "%", "x" * 5_000, "<script>", "深層", "\ud800"])
def test_whatever_is_typed_is_answered(client: Client, typed: str) -> None:
    make_paper("Pythia")
    response = client.get(reverse("suggestions"), {"q": typed.encode("utf-8", "replace").decode()})
    assert response.status_code == 200
    assert response.json()[1] == []


def test_a_merged_paper_is_not_suggested(client: Client) -> None:
    paper, other = make_paper("Pythia, a draft"), make_paper("Another work")
    paper.merged_into = other
    paper.save()
    assert asked(client, "pythia")[1] == []


def test_shared_caches_may_keep_an_answer_for_minutes(client: Client) -> None:
    assert client.get(reverse("suggestions"), {"q": "x"})["Cache-Control"] == "public, max-age=300"
