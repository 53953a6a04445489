"""The Jinja2 environment of every public page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.templatetags.static import static
from jinja2 import Environment, FileSystemBytecodeCache, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from citations.addresses import path_of

# How many results of one macro are kept: more than there are words, shapes and colours.
_REMEMBERED = 2048


def remembered(macro: Callable[..., Markup]) -> Callable[..., Markup]:
    """A macro that keeps what it drew: one that prints its arguments and constants alone, since nothing else is asked.

    Types count: a role and a polarity of the same value are two members.
    """
    return lru_cache(maxsize=_REMEMBERED, typed=True)(macro)


_quoted = lru_cache(maxsize=_REMEMBERED)(quote)


@lru_cache(maxsize=64)
def _begun(base: str) -> str:
    """An address up to its next parameter, escaped."""
    return f"{escape(base)}{'&amp;' if '?' in base else '?'}"


def address(base: str, query: Mapping[str, Sequence[str]]) -> Markup:
    """The address of a list: `query` maps parameters to lists of values; `base` may have parameters already."""
    pairs = [f"{_quoted(name)}={_quoted(value)}" for name, values in query.items() for value in values]
    # Nothing that is quoted needs to be escaped again.
    return Markup(_begun(base) + "&amp;".join(pairs)) if pairs else escape(base)


class TemplateCache(FileSystemBytecodeCache):
    """Compiled templates in a private folder, so that a process begins with what another has compiled."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template; where the disk is full or the folder is gone, the page is rendered all the same."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def environment(**options: Any) -> Environment:
    """The environment for Django's Jinja2 engine, which calls this once with its own options.

    Everything is escaped; a name that a view forgot to pass raises instead of printing nothing. Filters are the
    functions that `citations.formatting.FILTERS` lists.
    """
    # Imported here, not above: Django reads this module before its applications are ready.
    from citations import formatting
    from citations.glossary import WORDS

    if settings.TEMPLATE_CACHE:
        options["bytecode_cache"] = TemplateCache(settings.TEMPLATE_CACHE)
    options |= {"autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    made = Environment(**options)
    made.globals.update(url=path_of, static=static, address=address, remembered=remembered, glossary=WORDS)
    made.filters.update(formatting.FILTERS)
    return made
