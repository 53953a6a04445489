"""What all lists have in common: strict parameters, addresses in a stable order, chips for active filters, and pages.

An unknown value, or one that is malformed or repeated where one is meant, is a blocking `Problem`: nothing is listed
until it is corrected. An unknown name of a parameter is a `Problem` too, but the list stays: links that other sites
decorate with parameters of their own must not break. Names that only count visitors (`utm_...`) are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.http import QueryDict

from citations.addresses import encoded
from citations.filters.fields import (
    MOST_VALUES,
    MOST_WORDS,
    ChoiceFilter,
    ConditionFilter,
    FlagFilter,
    QueryField,
    SearchField,
    VenueFilter,
    YearFilter,
    did_you_mean,
    given_again,
    search_words,
    shown,
)
from citations.formatting import join_words

# What filters of lists are made of, too: one place to import from.
__all__ = [
    "DEFAULT_PAGE_SIZE",
    "MOST_VALUES",
    "MOST_WORDS",
    "PAGE",
    "PAGE_SIZE",
    "PAGE_SIZES",
    "SORT",
    "YEAR_FROM",
    "YEAR_TO",
    "Chip",
    "ChoiceFilter",
    "ConditionFilter",
    "FlagFilter",
    "PageLink",
    "Pages",
    "Problem",
    "Query",
    "QueryField",
    "SearchField",
    "StrictFilterSet",
    "VenueFilter",
    "YearFilter",
    "did_you_mean",
    "query_string",
    "search_words",
    "shown",
]

# Names of parameters and their values, in the order in which they stand in an address.
Query = Mapping[str, Sequence[str]]

PAGE_SIZES = (25, 50, 100)
DEFAULT_PAGE_SIZE = 50
# How many unknown names a notice lists: enough to see what is wrong.
MOST_UNKNOWN = 5
SORT, PAGE, PAGE_SIZE = "sort", "page", "page_size"
YEAR_FROM, YEAR_TO = "year_min", "year_max"

# Added to links by newsletters and networks to count visitors; they say nothing about the list.
_VISIT_COUNTERS = re.compile(r"utm_\w+|fbclid|gclid|mc_[ce]id")
_WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Problem:
    """A parameter that was not understood: `message` names it, its value and what is allowed.

    `suggestion`: what was probably meant; `corrected`: the query with it, None where there is none. `blocking`:
    nothing may be listed until it is corrected.
    """

    parameter: str
    value: str
    message: str
    suggestion: str = ""
    corrected: Query | None = None
    blocking: bool = True

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Chip:
    """One active filter in words; `url` leads to the list without it. `joined`: a further value of the same
    parameter.
    """

    name: str
    label: str
    value: str
    url: str
    joined: bool = False


@dataclass(frozen=True)
class PageLink:
    """One entry of the pager; `number` None is a gap."""

    number: int | None
    url: str = ""
    current: bool = False


@dataclass(frozen=True)
class Pages:
    """Where a list stands: which rows (`first` to `last`, from 1) of how many, and the addresses of its pages."""

    number: int
    size: int
    total: int
    last_number: int
    previous: str
    next: str
    links: tuple[PageLink, ...]

    @property
    def first(self) -> int:
        """The place of the first row of this page, from 1; 0 where there is none."""
        return self.offset + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """The place of the last row of this page; 0 where there is none."""
        return self.offset + self.rows if self.rows else 0

    @property
    def offset(self) -> int:
        """How many rows stand on the pages before."""
        return (self.number - 1) * self.size

    @property
    def rows(self) -> int:
        """How many rows this page holds."""
        return max(0, min(self.size, self.total - self.offset))

    @property
    def is_beyond(self) -> bool:
        """Whether the page asked for lies after the last one of a list that has rows."""
        return self.total > 0 and self.rows == 0


def query_string(
    query: Query,
    *,
    drop: Collection[str] = (),
    set: Query | None = None,
    order: Sequence[str] = (),
) -> str:
    """The part of an address after its path: "?role=method&sort=title", or "" for none.

    `drop` leaves parameters out, `set` replaces or adds some. Names come in the order of `order`, others after them
    as given; the values of one name stay in the order given. A name without values is left out.
    """
    merged = {name: list(values) for name, values in query.items() if name not in drop}
    merged |= {name: list(values) for name, values in (set or {}).items()}
    names = [name for name in order if name in merged] + [name for name in merged if name not in order]
    pairs = [(name, value) for name in names for value in merged[name]]
    return f"?{encoded(pairs)}" if pairs else ""


class StrictFilterSet(django_filters.FilterSet):
    """The parameters of one list: its filters, `sort`, `page` and `page_size`, all of them checked.

    Subclasses declare filters in the order of display and list `sorts` (value to label, the default first); without
    any, the page has neither sorts nor pages. `ignored` are names that mean something to the caller and nothing to the
    list.
    """

    sorts: ClassVar[Mapping[str, str]] = {}
    ignored: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, data: QueryDict, queryset: QuerySet[Any]) -> None:
        given = QueryDict(mutable=True)
        for name, values in data.lists():
            stripped = [value.strip() for value in values]
            given.setlist(name, [value for value in stripped if value])
        super().__init__(data=given, queryset=queryset)
        self._found: list[Problem] = []
        self.sort, self.page_size, self.page = "", DEFAULT_PAGE_SIZE, 1
        if self.sorts:
            self.sort = self._read_choice(SORT, list(self.sorts))
            self.page_size = int(self._read_choice(PAGE_SIZE, [str(DEFAULT_PAGE_SIZE), *map(str, PAGE_SIZES)]))
            self.page = self._read_page()
        self._problems: tuple[Problem, ...] | None = None

    # Reading -----------------------------------------------------------------------------------------------------

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything in the address that was not understood: one problem a parameter, the blocking ones first."""
        if self._problems is None:
            self.is_valid()
            found = [*self._field_problems(), *self._found, *self.check(), *self._unknown_names()]
            self._problems = tuple(sorted(found, key=lambda problem: not problem.blocking))
        return self._problems

    @property
    def is_usable(self) -> bool:
        """Whether the list may be shown: nothing was asked for that was not understood."""
        return not any(problem.blocking for problem in self.problems)

    def check(self) -> Iterable[Problem]:
        """Problems of values that are fine alone but not together. Subclasses extend it."""
        lower, upper = self.cleaned(YEAR_FROM), self.cleaned(YEAR_TO)
        if lower and upper and lower > upper:
            swapped = {YEAR_FROM: [str(upper)], YEAR_TO: [str(lower)]}
            yield self.problem(
                YEAR_FROM, str(lower), f"No year lies between {lower} and {upper}.", f"{upper} to {lower}", swapped
            )

    def problem(
        self, name: str, value: str, message: str, suggestion: str = "", corrected: Query | None = None
    ) -> Problem:
        """A blocking problem of one parameter; `corrected` is what to set for the `suggestion`."""
        query = {**self.query, **corrected} if corrected else None
        return Problem(name, value, message.replace("{name}", name), suggestion, query)

    def cleaned(self, name: str) -> Any:
        """The checked value of a filter; None where it is not given, not declared or not understood."""
        self.is_valid()
        return (self.form.cleaned_data.get(name) or None) if name in self.filters else None

    def _field_problems(self) -> Iterable[Problem]:
        """The problems of the filters' own values."""
        for name, errors in self.form.errors.as_data().items():
            error = errors[0]
            params = error.params or {}
            value, suggestion = str(params.get("value", "")), str(params.get("suggestion", ""))
            kept = [suggestion if given == value else given for given in self.data.getlist(name)]
            corrected = {name: list(dict.fromkeys(kept))} if suggestion else None
            yield self.problem(name, value, str(error.message), suggestion, corrected)

    def _unknown_names(self) -> Iterable[Problem]:
        """Names that are no parameters of this list; they do not block."""
        known = [*self.filters, *([SORT, PAGE, PAGE_SIZE] if self.sorts else [])]
        unknown = [name for name in self.data if name not in known and name not in self.ignored]
        for name in [name for name in unknown if not _VISIT_COUNTERS.fullmatch(name)][:MOST_UNKNOWN]:
            meant = did_you_mean(name, known)
            corrected = {**self.query, meant: self.data.getlist(name)} if meant and self.data.getlist(name) else None
            message = f"Unknown parameter “{shown(name)}”: it was ignored. Parameters are: {', '.join(known)}."
            yield Problem(shown(name), shown(self.data.get(name, "")), message, meant, corrected, blocking=False)

    def _read_choice(self, name: str, allowed: list[str]) -> str:
        """One of `allowed`, of which the first is the default; anything else is noted as a problem."""
        given = list(dict.fromkeys(self.data.getlist(name)))
        if not given:
            return allowed[0]
        if len(given) == 1 and given[0] in allowed:
            return given[0]
        wrong = next((value for value in given if value not in allowed), given[-1])
        words = join_words(list(dict.fromkeys(allowed if name == SORT else allowed[1:])), "or")
        if len(given) > 1:
            self._note(name, wrong, given_again(name, given))
        else:
            meant = did_you_mean(wrong, allowed, dict(self.sorts) if name == SORT else None)
            self._note(name, wrong, f"“{shown(wrong)}” is no {name}. Give one of {words}.", meant)
        return allowed[0]

    def _read_page(self) -> int:
        """The page asked for, from 1."""
        given = list(dict.fromkeys(self.data.getlist(PAGE)))
        if len(given) > 1:
            self._note(PAGE, given[1], given_again(PAGE, given))
        elif given and not _WHOLE_NUMBER.fullmatch(given[0]):
            self._note(PAGE, given[0], f"“{shown(given[0])}” is no page. Pages are counted from 1.", "1")
        elif given:
            return int(given[0])
        return 1

    def _note(self, name: str, value: str, message: str, suggestion: str = "") -> None:
        corrected = {**self._given_filters(), name: [suggestion]} if suggestion else None
        self._found.append(Problem(name, value, message, suggestion, corrected))

    # Addresses ---------------------------------------------------------------------------------------------------

    def _given_filters(self) -> dict[str, list[str]]:
        """The filters as given, checked or not."""
        return {name: list(dict.fromkeys(self.data.getlist(name))) for name in self.filters if self.data.getlist(name)}

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """Filters, sort and page size as parameters in a stable order; defaults and `page` are left out."""
        query = self._given_filters()
        if self.sort != next(iter(self.sorts), self.sort):
            query[SORT] = [self.sort]
        if self.page_size != DEFAULT_PAGE_SIZE:
            query[PAGE_SIZE] = [str(self.page_size)]
        return query

    @cached_property
    def active(self) -> dict[str, list[str]]:
        """The filters alone, without sort and page size."""
        return {name: values for name, values in self.query.items() if name in self.filters}

    @cached_property
    def _order(self) -> tuple[str, ...]:
        """The names of parameters as they stand in an address."""
        return (*self.filters, SORT, PAGE_SIZE, PAGE)

    def address(self, path: str, *, drop: Collection[str] = (), set: Query | None = None) -> str:
        """`path` with this list's parameters, some of them dropped or set; always its first page unless `page` is
        set.
        """
        return path + query_string(self.query, drop=drop, set=set, order=self._order)

    def corrected_address(self, path: str, problem: Problem) -> str:
        """The address that follows a problem's suggestion; "" where it has none."""
        if problem.corrected is None:
            return ""
        return path + query_string(problem.corrected, order=self._order)

    def toggled(self, path: str, name: str, value: str) -> str:
        """The address with one value of a repeatable filter added, or dropped where it is chosen."""
        chosen = self.query.get(name, [])
        kept = [given for given in chosen if given != value] if value in chosen else [*chosen, value]
        return self.address(path, set={name: kept})

    def chips(self, path: str) -> tuple[Chip, ...]:
        """One chip for each value of each active filter. A single year stands on one chip, and so do more values than
        any list takes.
        """
        chips: list[Chip] = []
        active = dict(self.active)
        if active.get(YEAR_FROM) and active.get(YEAR_FROM) == active.get(YEAR_TO):
            only = active.pop(YEAR_FROM)[0]
            del active[YEAR_TO]
            chips.append(Chip(YEAR_FROM, "Year", only, self.address(path, drop=(YEAR_FROM, YEAR_TO))))
        for name, values in active.items():
            if len(values) > MOST_VALUES:
                label = str(self.filters[name].label)
                chips.append(Chip(name, label, f"{len(values):,} values", self.address(path, drop=(name,))))
                continue
            cleaned = self.cleaned(name)
            labels = self.form.fields[name].labels(cleaned) if cleaned else [shown(value) for value in values]
            for place, (value, label) in enumerate(zip(values, labels, strict=False)):
                url = self.address(path, set={name: [other for other in values if other != value]})
                chips.append(Chip(name, str(self.filters[name].label), label, url, joined=place > 0))
        order = list(self.filters)
        return tuple(sorted(chips, key=lambda chip: order.index(chip.name)))

    def pages(self, path: str, total: int) -> Pages:
        """The pager of a list of `total` rows."""
        last = max(1, -(-total // self.page_size))

        def url(number: int) -> str:
            return self.address(path, set={PAGE: [str(number)]} if number > 1 else None)

        return Pages(
            number=self.page,
            size=self.page_size,
            total=total,
            last_number=last,
            previous=url(min(self.page - 1, last)) if self.page > 1 else "",
            next=url(self.page + 1) if self.page < last else "",
            links=tuple(
                PageLink(number, url(number) if number else "", number == self.page)
                for number in _page_numbers(self.page, last)
            ),
        )

    # Filtering ---------------------------------------------------------------------------------------------------

    @property
    def qs(self) -> QuerySet[Any]:
        """The rows that all filters let pass; none of them while a problem blocks."""
        return self.filter_except(self.queryset) if self.is_usable else self.queryset.none()

    def filter_except(self, queryset: QuerySet[Any], *without: str) -> QuerySet[Any]:
        """`queryset` under all filters but those named. It may be of another table with the same columns."""
        for name in self.filters:
            if name not in without:
                queryset = self.filters[name].filter(queryset, self.cleaned(name))
        return queryset


def _page_numbers(current: int, last: int) -> list[int | None]:
    """The pages to print: the first, the last and two on either side of the current one; None for a gap."""
    near = {1, last, *range(max(1, current - 2), min(last, current + 2) + 1)}
    numbers: list[int | None] = []
    for number in sorted(near):
        before = numbers[-1] if numbers else None
        if before is not None and number - before == 2:
            numbers.append(number - 1)
        elif before is not None and number - before > 2:
            numbers.append(None)
        numbers.append(number)
    return numbers
