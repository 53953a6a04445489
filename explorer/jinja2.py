"""The Jinja2 environment of every public page."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment, StrictUndefined


def url(name: str, *args: Any, **kwargs: Any) -> str:
    """The path of a named address with its arguments; raises NoReverseMatch where there is none."""
    return reverse(name, args=args or None, kwargs=kwargs or None)


def environment(**options: Any) -> Environment:
    """The environment for Django's Jinja2 engine, which calls this once with its own options.

    Everything is escaped; a name that a view forgot to pass raises instead of printing nothing. Filters are the
    functions that `citations.formatting.FILTERS` lists.
    """
    # Imported here, not above: Django reads this module before its applications are ready.
    from citations import formatting

    options |= {"autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    made = Environment(**options)
    made.globals.update(url=url, static=static)
    made.filters.update(formatting.FILTERS)
    return made
