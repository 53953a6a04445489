"""The parameters of a history: `what` `by` `to` `polarity` `month` `q`, and `run`, which opens one import."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict

from citations.filters.base import ChoiceFilter, ConditionFilter, SearchField, StrictFilterSet
from citations.filters.fields import OnceField, ValuesField, shown
from citations.formatting import MONTHS, join_words
from citations.models import Label
from citations.vocabulary import NONE, Polarity, Role

WHAT = {"label": "Label", "class": "Class", "pin": "Pin", "merge": "Merge"}
BY = {"curator": "Curator", "import": "Import"}
TO = {role.value: role.label for role in Role} | {NONE: "Not classified"}
POLARITY = {polarity.value: polarity.label for polarity in Polarity} | {NONE: "Not assessed"}

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
# Of a search: more words than a title that one remembers.
MOST_WORDS = 12


class MonthField(ValuesField):
    """Months such as 2026-11; repeated means OR."""

    def to_python(self, value: Any) -> list[str]:
        given = list(dict.fromkeys(value or ()))
        for text in given:
            if not _MONTH.fullmatch(text) or text[:4] == "0000":
                raise ValidationError(
                    f"“{shown(text)}” is no month. Give year and month, such as 2026-11.", params={"value": text}
                )
        return given

    def labels(self, value: Any) -> list[str]:
        return [month_text(month) for month in value]


class RunField(OnceField):
    """The number of an import run."""

    def read(self, text: str) -> int:
        if not re.fullmatch(r"[1-9][0-9]{0,17}", text):
            raise ValidationError(f"“{shown(text)}” is no number of an import.", params={"value": text})
        return int(text)


class _MonthFilter(ConditionFilter):
    field_class = MonthField


class _SearchFilter(ConditionFilter):
    field_class = SearchField


class _RunFilter(ConditionFilter):
    field_class = RunField


class HistoryFilter(StrictFilterSet):
    """All of a history's parameters, checked; `entries` and `counting` say what they mean to each table."""

    what = ChoiceFilter("what", WHAT, noun="kind of change", label="What")
    by = ChoiceFilter("by", BY, noun="author", label="By")
    to = ChoiceFilter("to", TO, noun="role", label="New role")
    polarity = ChoiceFilter("polarity", POLARITY, noun="polarity", label="New polarity")
    month = _MonthFilter(label="Month", field_name="month")
    q = _SearchFilter(label="Search", field_name="q")
    run = _RunFilter(label="Import", field_name="run")

    sorts = {"newest": "Newest"}

    def __init__(self, data: QueryDict, queryset: QuerySet[Any] | None = None) -> None:
        super().__init__(data, Label.objects.none() if queryset is None else queryset)

    def chosen(self, name: str) -> frozenset[str]:
        """The values of a parameter that may be repeated; empty: all."""
        return frozenset(self.cleaned(name) or ())

    @property
    def words(self) -> list[str]:
        """What is searched for."""
        return str(self.cleaned("q") or "").split()[:MOST_WORDS]

    @property
    def description(self) -> str:
        """The filter in English, to follow "11 of 341 changes": ", made by curators, in November 2026"."""
        parts = []
        if self.cleaned("run"):
            parts.append(f"by import {self.cleaned('run')}")
        if what := self.cleaned("what"):
            parts.append("of " + join_words([{"class": "classes"}.get(word, f"{word}s") for word in what], "or"))
        if by := self.cleaned("by"):
            parts.append("made by " + join_words([f"{word}s" for word in by], "or"))
        if to := self.cleaned("to"):
            parts.append("to " + join_words([TO[word] for word in to], "or"))
        if polarity := self.cleaned("polarity"):
            parts.append("to " + join_words([POLARITY[word] for word in polarity], "or"))
        if month := self.cleaned("month"):
            parts.append("in " + join_words([month_text(word) for word in month], "or"))
        if self.words:
            parts.append(f"with “{' '.join(self.words)}”")
        return "".join(f", {part}" for part in parts)


def month_text(month: str) -> str:
    """ "2026-11" as "November 2026"."""
    year, number = month.split("-")
    return f"{MONTHS[int(number) - 1]} {int(year)}"


def in_month(column: str, month: str) -> Q:
    """The moments of a month of universal time."""
    year, number = map(int, month.split("-"))
    first = datetime(year, number, 1, tzinfo=UTC)
    if (year, number) == (9999, 12):
        return Q(**{f"{column}__gte": first})
    after = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return Q(**{f"{column}__gte": first, f"{column}__lt": after})
