"""What the modules of several services share: values, identifiers, and walks through lists."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.identifiers import Identifier, Scheme
from citations.sources import openalex
from citations.sources.reading import accepted, batches, date_of, identifiers_of, number_of, orcid_of, pause_at
from citations.sources.records import PaperRecord, Rejected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("https://orcid.org/0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("http://orcid.org/0000000218250097", "0000-0002-1825-0097"),
        ("0000-0002-1694-233x", "0000-0002-1694-233X"),
        ("0000-0002-1825-0098", ""),
        ("0000-0002-1825", ""),
        (None, ""),
        (5, ""),
    ],
)
def test_an_orcid_is_taken_only_with_its_check_digit(raw: object, expected: str) -> None:
    assert orcid_of(raw) == expected


def test_values_are_read_from_texts_and_numbers_alike() -> None:
    assert [number_of(raw) for raw in (7, "7", 0, -1, True, "7.5", "٧", "9" * 30, None)] == [
        7, 7, 0, None, None, None, None, None, None,
    ]  # fmt: skip
    assert [date_of(raw) for raw in ("2020-02-29", "2020-02-29T12:00:00Z", "2021-02-29", "2020", 5, None)] == [
        datetime.date(2020, 2, 29), datetime.date(2020, 2, 29), None, None, None, None,
    ]  # fmt: skip
    assert identifiers_of([(Scheme.DOI, "nonsense"), (Scheme.PMID, 5), (Scheme.PMID, "5"), (Scheme.PMID, None)]) == (
        Identifier(Scheme.PMID, "5"),
    )
    assert isinstance(accepted(PaperRecord()), Rejected)


def test_only_the_services_own_address_is_paced() -> None:
    assert pause_at("https://api.openalex.org", openalex.API_URL, 0.1) == 0.1
    assert pause_at("http://127.0.0.1:8765/openalex", openalex.API_URL, 0.1) == 0.0


@given(
    keys=st.lists(st.text(alphabet="abc", max_size=2), max_size=12),
    size=st.integers(1, 5),
    limit=st.none() | st.integers(0, 15),
)
def test_batches_give_each_item_once_whatever_order_the_service_gives_them_in(
    keys: list[str], size: int, limit: int | None
) -> None:
    straight = list(batches([(key, key) for key in keys], {}, size, limit))
    expected = len(keys) if limit is None else min(len(keys), limit)
    given_out = [item for batch in straight for item in batch.items]
    assert given_out == sorted(keys)[:expected]
    assert [batch.done for batch in straight] == [False] * (len(straight) - 1) + [True]
    cursor: dict[str, Any] = {}
    resumed: list[str] = []
    for _ in range(len(straight)):
        batch = next(batches([(key, key) for key in reversed(keys)], json.loads(json.dumps(cursor)), size, limit))
        resumed += batch.items
        cursor = batch.cursor
    assert resumed == given_out
