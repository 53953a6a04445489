"""The parameters of each address: what is documented of them, and how strictly they are read.

Those of lists are taken from the filters of the pages, so that the two cannot differ. Reading is stricter than there: a
program is told of a slip, where a reader is shown a notice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from citations.api.cursors import LONGEST_CURSOR
from citations.api.problems import BAD_REQUEST, ParameterError, Refusal, refuse_parameters
from citations.filters.base import (
    DEFAULT_PAGE_SIZE,
    MOST_WORDS,
    PAGE,
    PAGE_SIZE,
    PAGE_SIZES,
    SORT,
    Problem,
    StrictFilterSet,
    did_you_mean,
    shown,
)
from citations.filters.fields import LONGEST_SEARCH, MOST_VALUES, given_again
from citations.models.papers import YEAR_MAX, YEAR_MIN

CURSOR, FACETS, IDENTIFIER, SEARCH = "cursor", "facets", "identifier", "q"

# The characters that a search passes over: blanks, control and formatting characters, as a regular expression that
# JSON Schema and Python read alike. A NUL is refused wherever it stands.
_NUL = r"\u0000"
_NOTHING = r"\u0001-\u0020\u007f-\u00a0\u00ad\u061c\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
_WORD = f"[^{_NUL}{_NOTHING}]+"
_WORDS = f"^[{_NOTHING}]*{_WORD}([{_NOTHING}]+{_WORD}){{0,{MOST_WORDS - 1}}}[{_NOTHING}]*$"
_TRIMMED = f"^{_WORD}([{_NOTHING}]+{_WORD})*$"
_SOME_TEXT = f"^[^{_NUL}]*{_WORD}[^{_NUL}]*$"
_VISIBLE = re.compile(_WORD)
_SLUG = "^[-a-zA-Z0-9_]{1,120}$"
# As long as the longest that `filters` takes for a page.
_LAST_PAGE = 999_999_999


@dataclass(frozen=True)
class Parameter:
    """One parameter of the query. `schema` is the JSON Schema of one value; `many`: it may be repeated, meaning OR.

    `allowed` lists the values, empty where they are no list.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    example: Any
    many: bool = False
    allowed: tuple[str, ...] = field(default=())

    @property
    def documented(self) -> OpenApiParameter:
        """The same for the OpenAPI document."""
        schema = {"type": "array", "items": dict(self.schema), "minItems": 1} if self.many else dict(self.schema)
        return OpenApiParameter(
            self.name,
            type=schema,
            location=OpenApiParameter.QUERY,
            description=self.description,
            explode=True if self.many else None,
            style="form" if self.many else None,
            examples=[OpenApiExample(self.name, value=[self.example] if self.many else self.example)],
        )


# What each parameter is for, and a value to try. The kinds of values are those of the filters.
_ABOUT: Mapping[str, tuple[str, Any]] = {
    "role": ("How the citing paper uses the hub. `none`: nobody has decided.", "method"),
    "polarity": ("Whether the citing paper supports or disputes the hub. `none`: not assessed.", "supports"),
    "suggested": (
        "The role that a classifier suggests, where nobody has decided the role. `none`: nothing is suggested.",
        "dataset",
    ),
    "decided_by": ("Who decided the role. `none`: nobody has.", "curator"),
    "source": (
        "From which source the label is: that of the role, or of the polarity where no role is decided, as `source` in"
        " a row. `none`: neither is decided. The facets name the sources of a hub; one that neither they nor the rest"
        " of this site know is refused.",
        "semanticscholar",
    ),
    "year_min": ("Papers of this year or later. Papers without a year are left out.", 2020),
    "year_max": ("Papers of this year or earlier. Papers without a year are left out.", 2026),
    "venue": (f"The venue, by its slug. An unknown one is refused, and so are more than {MOST_VALUES}.", "icml"),
    SEARCH: (
        "Words to search for; all of them have to occur. Characters that print nothing are passed over.",
        "language models",
    ),
    "influential": ("`1`: marked as influential by the source; `0`: not.", "1"),
    "self": ("`1`: self-citations only; `0`: none of them.", "0"),
    "retracted": ("`1`: retracted or withdrawn papers only; `0`: none of them.", "0"),
    "coarse": (
        "`1`: labels of a scheme that could not have told our roles apart; `0`: all others.",
        "0",
    ),
    "confirmed": ("`1`: a curator stated or confirmed the polarity, or the role where there is none; `0`: not.", "1"),
    "class": ("What the paper is to those who cite it: the class that is shown, pinned or computed.", "tool-reference"),
}

# The language of full-text search, in short.
_LANGUAGE = (
    '`"two words"` stand together, `-word` must not occur, `begin*` begins a word, `author:` and `venue:` name a field.'
    " A text without a letter or digit is refused; what else is passed over is told in `notices`."
)
_FLAG = ("1", "0")
# How many errors a problem tells: enough to see what is wrong.
_MOST_ERRORS = 10

CURSOR_PARAMETER = Parameter(
    CURSOR,
    "Where to go on: copied from `next` or `previous` of an answer, as it stands. The list goes on behind (or before)"
    " the row last seen, whatever was added meanwhile. Excludes `page`. A cursor of a list with other filters, or"
    " another sort, is refused; `page_size` and `facets` may differ.",
    {"type": "string", "pattern": "^[-_.:A-Za-z0-9]+$", "maxLength": LONGEST_CURSOR},
    "WyJh...:Rk3c...",
)
FACETS_PARAMETER = Parameter(
    FACETS,
    "`1`: also counts each value of each facet, under all filters but the facet's own.",
    {"type": "string", "enum": list(_FLAG)},
    "1",
    allowed=_FLAG,
)
PAGE_PARAMETER = Parameter(
    PAGE,
    "The number of a page, from 1, as on the pages of the site. Rows that come meanwhile shift it: to read a whole"
    " list, follow `next`. Excludes `cursor`.",
    {"type": "integer", "minimum": 1, "maximum": _LAST_PAGE},
    1,
    allowed=(f"1 to {_LAST_PAGE}",),
)
PAGE_SIZE_PARAMETER = Parameter(
    PAGE_SIZE,
    f"How many rows a page has; {DEFAULT_PAGE_SIZE} if not given.",
    {"type": "integer", "enum": list(PAGE_SIZES), "default": DEFAULT_PAGE_SIZE},
    25,
    allowed=tuple(map(str, PAGE_SIZES)),
)
IDENTIFIER_PARAMETER = Parameter(
    IDENTIFIER,
    "The one paper with this DOI, arXiv, PubMed, OpenAlex, Semantic Scholar or other identifier, in any spelling, with"
    " or without its address. Of a merged paper the one that stands for it.",
    {"type": "string", "pattern": f"^[^{_NUL}]+$", "maxLength": 500},
    "arXiv:2304.01373",
)


def list_parameters(filterset: type[StrictFilterSet], *own: Parameter) -> tuple[Parameter, ...]:
    """The parameters of a list with these filters: the filters, sort, pages and facets, and those of its `own`."""
    filters = tuple(_of_filter(name, one) for name, one in filterset.get_filters().items())
    return (*filters, *own, _sort(filterset), PAGE_SIZE_PARAMETER, PAGE_PARAMETER, CURSOR_PARAMETER, FACETS_PARAMETER)


def _of_filter(name: str, one: Any) -> Parameter:
    """A filter of the pages as a parameter: its kind of value is that of its form field."""
    description, example = _ABOUT[name]
    kind = one.field_class.__name__
    if kind == "ChoicesField":
        words = tuple(one.extra["words"])
        return Parameter(name, description, {"type": "string", "enum": list(words)}, example, True, words)
    if kind == "SourceField":
        return Parameter(name, description, {"type": "string", "pattern": _TRIMMED, "maxLength": 50}, example, True)
    if kind == "VenueField":
        return Parameter(name, description, {"type": "string", "pattern": _SLUG}, example, True)
    if kind == "YearField":
        schema = {"type": "integer", "minimum": YEAR_MIN, "maximum": YEAR_MAX}
        return Parameter(name, description, schema, example, allowed=(f"{YEAR_MIN} to {YEAR_MAX}",))
    if kind == "QueryField":
        return Parameter(name, f"{description} {_LANGUAGE}", {"type": "string", "pattern": _SOME_TEXT}, example)
    return Parameter(name, description, {"type": "string", "pattern": _WORDS, "maxLength": LONGEST_SEARCH}, example)


def _sort(filterset: type[StrictFilterSet]) -> Parameter:
    """The parameter `sort` of a list."""
    words = tuple(filterset.sorts)
    labels = "; ".join(f"`{value}`: {label.lower()}" for value, label in filterset.sorts.items())
    needs = " `relevance` needs `q`." if "relevance" in words else ""
    return Parameter(
        SORT,
        f"The order of the list; `{words[0]}` if not given. {labels}.{needs} Ties are broken by the order of entry.",
        {"type": "string", "enum": list(words), "default": words[0]},
        words[-2] if needs else words[-1],
        allowed=words,
    )


def slug_parameter(what: str) -> OpenApiParameter:
    """The slug of a hub or paper in an address."""
    return OpenApiParameter(
        "slug",
        type={"type": "string", "pattern": _SLUG},
        location=OpenApiParameter.PATH,
        description=f"The short name of the {what} in the addresses of this site; it never changes.",
        examples=[OpenApiExample("slug", value="pythia-a-suite-for-analyzing-large-language-models")],
    )


NUMBER_PARAMETER = OpenApiParameter(
    "number",
    type=OpenApiTypes.INT64,
    location=OpenApiParameter.PATH,
    description="The number of the citation: the end of the address in the member `citation` of a row.",
    examples=[OpenApiExample("number", value=1)],
)


# Reading -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Given:
    """What a request gives: the parameters of the filters in `filters`, and the others that it knows in `own`."""

    filters: QueryDict
    own: Mapping[str, str]
    errors: tuple[ParameterError, ...]

    @property
    def wants_facets(self) -> bool:
        """Whether facets are to be counted."""
        return self.own.get(FACETS) == "1"

    @property
    def cursor(self) -> str:
        """Where to go on; "" for the beginning."""
        return self.own.get(CURSOR, "")

    def refuse(self, *more: ParameterError) -> None:
        """Raise Refusal where anything was not understood, `more` included: one error a parameter."""
        errors: dict[str, ParameterError] = {}
        for error in (*self.errors, *more):
            errors.setdefault(error.parameter, error)
        if errors:
            raise refuse_parameters(list(errors.values())[:_MOST_ERRORS])


# Parameters that the filters do not know.
_OWN = frozenset({CURSOR, FACETS, IDENTIFIER})


def given(query: QueryDict, raw: str, parameters: Sequence[Parameter]) -> Given:
    """The parameters of a request, whose query is `raw` as it came. Raises Refusal where that is not UTF-8.

    The `errors` are those of names, of empty values and of what the filters do not read; filters find their own.
    """
    _require_utf8(raw)
    known = {parameter.name: parameter for parameter in parameters}
    errors: list[ParameterError] = []
    filters, own = QueryDict(mutable=True), {}
    for name, values in query.lists():
        error = _refused(known, name, values)
        if error:
            errors.append(error)
            if len(errors) == _MOST_ERRORS:
                break
        elif name in _OWN:
            own[name] = values[0]
        else:
            filters.setlist(name, values)
    if own.get(CURSOR) and query.get(PAGE) and PAGE in known:
        errors.append(
            _error(known[PAGE], str(query[PAGE]), f"“{PAGE}” and “{CURSOR}” exclude each other. Give one of them.")
        )
    return Given(filters, own, tuple(errors))


def parameter_errors(problems: Sequence[Problem], parameters: Sequence[Parameter]) -> list[ParameterError]:
    """What filters did not understand, in the words of this interface."""
    known = {parameter.name: parameter for parameter in parameters}
    return [
        ParameterError(
            problem.parameter,
            shown(problem.value),
            problem.message,
            known[problem.parameter].allowed if problem.parameter in known else (),
            problem.suggestion,
        )
        for problem in problems
    ]


def own_error(parameter: Parameter, value: str, message: str) -> ParameterError:
    """A value of a parameter that the caller reads and did not understand."""
    return _error(parameter, value, message)


def _refused(known: Mapping[str, Parameter], name: str, values: Sequence[str]) -> ParameterError | None:
    """What is wrong with a parameter before anything reads it; None for nothing."""
    if name not in known:
        meant = did_you_mean(name, known)
        names = ", ".join(known) or "none"
        message = f"Unknown parameter “{shown(name)}”. Parameters of this address: {names}."
        return ParameterError(shown(name), shown(values[0]), message, tuple(known), meant)
    parameter = known[name]
    for value in values:
        if "\0" in value:
            return _error(parameter, value, f"“{name}” holds a NUL (%00), which no text here has: leave it out.")
        visible = _VISIBLE.search(value) if name == SEARCH else value and value == value.strip()
        if not visible:
            return _error(
                parameter, value, f"“{shown(value)}” is empty or has blanks around it: “{name}” takes neither."
            )
    if name in _OWN and len(set(values)) > 1:
        return _error(parameter, values[1], given_again(name, list(dict.fromkeys(values))).replace("{name}", name))
    if name == FACETS and values[0] not in parameter.allowed:
        return _error(parameter, values[0], f"“{shown(values[0])}” is no value of “{FACETS}”. Allowed are: 1, 0.")
    return None


def _error(parameter: Parameter, value: str, message: str) -> ParameterError:
    return ParameterError(parameter.name, shown(value), message, parameter.allowed)


def _require_utf8(raw: str) -> None:
    """Raise Refusal where the query as it came is not UTF-8."""
    try:
        # WSGI hands bytes on as letters of Latin-1.
        unquote_to_bytes(raw.encode("latin-1", "replace")).decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(BAD_REQUEST, "The address is not UTF-8. Percent-encode its parameters as UTF-8.") from None
