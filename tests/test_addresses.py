"""Addresses are those that Django and Python would make."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test.utils import override_script_prefix
from django.urls import NoReverseMatch, reverse
from hypothesis import given
from hypothesis import strategies as st

from citations.addresses import encoded, path_of, quoted

TEXT = st.text(max_size=30)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_queries_are_those_of_the_standard_library(pairs: list[tuple[str, str]]) -> None:
    assert encoded(pairs) == urlencode(pairs, errors="replace")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("two words", "two+words"),
        ("a&b=c#d?e/f", "a%26b%3Dc%23d%3Fe%2Ff"),
        ("“”", "%E2%80%9C%E2%80%9D"),
        ("\x00\n%", "%00%0A%25"),
        ("\ud800", "%3F"),
        ("", ""),
    ],
)
def test_a_value_is_quoted(value: str, expected: str) -> None:
    assert quoted(value) == expected


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("home", ()),
        ("paper", ("a-paper-2",)),
        ("paper", ("8317460592643815",)),
        ("citing", ("a_paper",)),
        ("citation", (17,)),
        ("citation", ("17",)),
        ("doi", ("10.1000/a b",)),
        ("arxiv", ("2304.01373",)),
        ("identifier", ("pmid", "123")),
    ],
)
def test_paths_are_those_of_django(name: str, arguments: tuple[str | int, ...]) -> None:
    for _ in range(2):
        assert path_of(name, *arguments) == reverse(name, args=arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("no-such-name", ()), ("no-such-name", ("a",)), ("paper", ()), ("citation", ("a",)), ("paper", ("a b",))],
)
def test_what_has_no_path_is_refused(name: str, arguments: tuple[str | int, ...]) -> None:
    for _ in range(2):
        with pytest.raises(NoReverseMatch):
            path_of(name, *arguments)


def test_a_site_below_a_folder_has_addresses_below_it() -> None:
    assert path_of("paper", "a") == "/papers/a/"
    with override_script_prefix("/explorer/"):
        assert path_of("paper", "a") == "/explorer/papers/a/"
        assert path_of("home") == "/explorer/"
    assert path_of("home") == "/"
