"""Addresses of this site, of which a page prints hundreds: what Django's `reverse` and Python's `urlencode` would give,
put together from parts that are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote_plus

from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse

# What a path may hold as it is: names of papers, and numbers.
_PLAIN = re.compile(r"[-a-zA-Z0-9_]+")
# Stand for the argument while the rest of an address is worked out.
_NUMBER, _WORD = 8_317_460_592_643_815, "x8317460592643815"
_QUOTED = {number: quote_plus(chr(number)) for number in range(128)}


@lru_cache(maxsize=256)
def _around(name: str, is_number: bool, prefix: str, urlconf: str | None) -> tuple[str, str] | None:
    """What stands before and behind the one argument of a named address; None where it takes none of this kind, or only
    certain ones.
    """
    place: int | str = _NUMBER if is_number else _WORD
    try:
        before, _, behind = reverse(name, args=[place]).partition(str(place))
    except NoReverseMatch:
        return None
    return before, behind


@lru_cache(maxsize=256)
def _alone(name: str, prefix: str, urlconf: str | None) -> str:
    """A named address without arguments."""
    return reverse(name)


def path_of(name: str, *arguments: str | int) -> str:
    """The path of the named address. Raises NoReverseMatch where there is none with these arguments."""
    if not arguments:
        return _alone(name, get_script_prefix(), get_urlconf())
    first, *others = arguments
    if not others and isinstance(first, int | str) and _PLAIN.fullmatch(given := str(first)):
        around = _around(name, isinstance(first, int), get_script_prefix(), get_urlconf())
        if around:
            return f"{around[0]}{given}{around[1]}"
    return reverse(name, args=arguments)


def quoted(value: str) -> str:
    """A value as it stands in the query of an address; what is no text in UTF-8 becomes "?"."""
    return value.translate(_QUOTED) if value.isascii() else quote_plus(value, errors="replace")


def encoded(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values as the query of an address: "role=method&q=two+words"; "" for none."""
    return "&".join([f"{quoted(name)}={quoted(value)}" for name, value in pairs])
