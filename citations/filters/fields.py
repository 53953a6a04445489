"""Parameters of lists: how each kind is read, what is said of one that is not understood, and what it lets pass."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict

from citations import search
from citations.models import Venue
from citations.models.papers import YEAR_MAX, YEAR_MIN
from citations.vocabulary import NONE, SOURCES, source_label

# As long as what somebody types or pastes to find a paper; longer texts are mistakes.
LONGEST_SEARCH = 200
# Each word is a condition of its own: more would make a statement that no planner reads quickly.
MOST_WORDS = 20
# Nobody chooses more venues than this by hand. Each stands on a chip and in a line whose addresses name all the others,
# so that a page grows with the square of their number.
MOST_VALUES = 50
# How citations are called that no source has given a role or polarity.
UNLABELLED = "No source"
# What a notice repeats of a value that was not understood.
SHOWN_LENGTH = 60

_YEAR = re.compile(r"[0-9]{4}")
SLUG = re.compile(r"[-a-zA-Z0-9_]{1,120}")
# Control and formatting characters: they could hide or reorder the sentence of a notice.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def shown(value: str, length: int = SHOWN_LENGTH) -> str:
    """`value` as a notice may repeat it: one line, no hidden characters, at most `length` of them."""
    text = " ".join(_UNPRINTABLE.sub(" ", value).split())
    return text if len(text) <= length else f"{text[:length]}…"


def did_you_mean(value: str, allowed: Iterable[str], labels: Mapping[str, str] | None = None) -> str:
    """The one of `allowed` that `value` was probably meant to be, by its spelling or by a word of its label; "" for
    none.
    """
    words = {name.lower(): name for name in allowed}
    for name, label in (labels or {}).items():
        words |= dict.fromkeys(re.findall(r"[a-z]{4,}", label.lower()), name) | {label.lower(): name}
    near = difflib.get_close_matches(value.strip().lower(), words, n=1, cutoff=0.7)
    return words[near[0]] if near else ""


# Fields ---------------------------------------------------------------------------------------------------------------


class _Values(forms.Widget):
    """Hands on all values of a parameter; the templates write their own controls."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return data.getlist(name) if isinstance(data, QueryDict) else list(data.get(name, ()))


def given_again(name: str, given: Sequence[str]) -> str:
    """The message for a parameter that stands for one value and is given several."""
    first, second = shown(given[0]), shown(given[1])
    return f"The parameter “{name}” is given {len(given)} times, as “{first}” and “{second}”. Give it once."


class ValuesField(forms.Field):
    """A parameter that may be repeated. Subclasses check the values in `to_python`.

    A `ValidationError` carries the offending `value` and, where there is one, the `suggestion` in its params.
    """

    widget = _Values

    def labels(self, value: Any) -> list[str]:
        """How a cleaned value reads on chips: one text for each value given."""
        return [str(item) for item in value]


class ChoicesField(ValuesField):
    """Some of a fixed set of words; repeated means OR. Cleans to a list without duplicates, in the order given."""

    def __init__(self, *, words: Mapping[str, str], noun: str = "value", **options: Any) -> None:
        self.words = dict(words)
        self.noun = noun
        super().__init__(**options)

    def to_python(self, value: Any) -> list[str]:
        given = list(dict.fromkeys(value or ()))
        for word in given:
            if word not in self.words:
                raise ValidationError(
                    f"Unknown {self.noun} “{shown(word)}”. Allowed are: {', '.join(self.words)}.",
                    params={"value": word, "suggestion": did_you_mean(word, self.words, self.words)},
                )
        return given

    def labels(self, value: Any) -> list[str]:
        return [self.words[word] for word in value]


class SourceField(ValuesField):
    """Names of sources of labels, or `none`; repeated means OR. Cleans to a list without duplicates, in the order
    given.

    Besides those of the vocabulary, `others` names the sources that the list at hand knows; it is asked only where a
    source is given.
    """

    def __init__(self, *, others: Callable[[], Iterable[str]] = tuple, **options: Any) -> None:
        self.others = others
        super().__init__(**options)

    def to_python(self, value: Any) -> list[str]:
        given = list(dict.fromkeys(value or ()))
        if given:
            words = {name: source_label(name) for name in (*SOURCES, *sorted(self.others()))} | {NONE: UNLABELLED}
            for word in given:
                if word not in words:
                    raise ValidationError(
                        f"Unknown source “{shown(word)}”. Allowed are: {', '.join(map(shown, words))}.",
                        params={"value": word, "suggestion": did_you_mean(word, words, words)},
                    )
        return given

    def labels(self, value: Any) -> list[str]:
        return [UNLABELLED if name == NONE else shown(source_label(name)) for name in value]


class OnceField(ValuesField):
    """A parameter that stands for one value. Cleans to it, or to None where it is not given."""

    def to_python(self, value: Any) -> Any:
        given = list(dict.fromkeys(value or ()))
        if len(given) > 1:
            raise ValidationError(given_again("{name}", given), params={"value": given[1]})
        return self.read(given[0]) if given else None

    def read(self, text: str) -> Any:
        """The value that `text` says. Raises ValidationError where it says none."""
        return text

    def labels(self, value: Any) -> list[str]:
        return [str(value)]


class YearField(OnceField):
    """A year of four digits."""

    def __init__(self, *, word: str, **options: Any) -> None:
        self.word = word
        super().__init__(**options)

    def read(self, text: str) -> int:
        if not _YEAR.fullmatch(text) or not YEAR_MIN <= int(text) <= YEAR_MAX:
            raise ValidationError(
                f"“{shown(text)}” is no year for “{{name}}”. Give four digits, from {YEAR_MIN} to {YEAR_MAX}.",
                params={"value": text},
            )
        return int(text)

    def labels(self, value: Any) -> list[str]:
        return [f"{self.word} {value}"]


class SearchField(OnceField):
    """Words to search for. Cleans to the text, one space between words."""

    def read(self, text: str) -> str:
        words = search_words(text)
        if len(text) > LONGEST_SEARCH:
            raise ValidationError(
                f"The search “{shown(text)}” has {len(text)} characters. Give at most {LONGEST_SEARCH}.",
                params={"value": text},
            )
        if len(words) > MOST_WORDS:
            raise ValidationError(
                f"The search “{shown(text)}” has {len(words)} words. Give at most {MOST_WORDS}.", params={"value": text}
            )
        return " ".join(words)

    def labels(self, value: Any) -> list[str]:
        return [f"“{value}”"]


class QueryField(OnceField):
    """A full-text search. Cleans to a `search.Query`, which any text is; an empty one counts as none."""

    def read(self, text: str) -> search.Query:
        return search.parse(text)

    def labels(self, value: Any) -> list[str]:
        text = shown(str(value))
        return [text if '"' in text else f"“{text}”"]


def search_words(text: str) -> list[str]:
    """The words of a search, without characters that print nothing."""
    return _UNPRINTABLE.sub(" ", text).split()


class VenueField(ValuesField):
    """Slugs of venues; repeated means OR. Cleans to a list of `Venue` in the order given, by one query."""

    def to_python(self, value: Any) -> list[Venue]:
        given = list(dict.fromkeys(value or ()))
        if len(given) > MOST_VALUES:
            raise ValidationError(
                f"The parameter “{{name}}” has {len(given):,} values. Give at most {MOST_VALUES}.",
                params={"value": given[MOST_VALUES]},
            )
        found = (
            {venue.slug: venue for venue in Venue.objects.filter(slug__in=filter(SLUG.fullmatch, given))}
            if given
            else {}
        )
        for slug in given:
            if slug not in found:
                raise ValidationError(
                    f"No venue is called “{shown(slug)}” here. Venues are named by the short form in their links.",
                    params={"value": slug, "suggestion": _venue_meant(slug)},
                )
        return [found[slug] for slug in given]

    def labels(self, value: Any) -> list[str]:
        return [venue.name for venue in value]


def _venue_meant(text: str) -> str:
    """The slug of the venue whose name or slug somebody typed in another case; "" for none."""
    if _UNPRINTABLE.search(text):
        return ""
    meant = Venue.objects.filter(Q(slug__iexact=text) | Q(name__iexact=text)).order_by("pk").first()
    return meant.slug if meant else ""


# Filters -------------------------------------------------------------------------------------------------------------


class ConditionFilter(django_filters.Filter):
    """A filter that is one condition on the list's own table. `name` is that of its parameter, `label` that of its
    chip.
    """

    field_class: type[ValuesField] = ValuesField

    def __init__(self, *, label: str, **options: Any) -> None:
        super().__init__(label=label, required=False, **options)

    def condition(self, value: Any) -> Q:
        """The rows that a cleaned value lets pass."""
        raise NotImplementedError

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs.filter(self.condition(value)) if value else qs


class ChoiceFilter(ConditionFilter):
    """`column` is one of the words given; a word of `stored` stands for another value in the column."""

    field_class = ChoicesField

    def __init__(
        self, column: str, words: Mapping[str, str], *, stored: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        super().__init__(words=words, field_name=column, **options)
        self.stored = stored or {}

    def condition(self, value: Any) -> Q:
        return Q(**{f"{self.field_name}__in": [self.stored.get(word, word) for word in value]})


class FlagFilter(ChoiceFilter):
    """A yes-or-no column: 1 or 0; both is all."""

    def __init__(self, column: str, *, yes: str, no: str, **options: Any) -> None:
        super().__init__(column, {"1": yes, "0": no}, stored={"1": True, "0": False}, noun="value", **options)


class YearFilter(ConditionFilter):
    """Bounds of the column `year`, both included; rows without a year lie outside."""

    field_class = YearField

    def __init__(self, *, lower: bool, **options: Any) -> None:
        super().__init__(label="Year", word="from" if lower else "to", field_name="year", **options)
        self.lower = lower

    def condition(self, value: int) -> Q:
        return Q(year__gte=value) if self.lower else Q(year__range=(YEAR_MIN, value))


class VenueFilter(ConditionFilter):
    """The column `venue` is one of those given."""

    field_class = VenueField

    def __init__(self, **options: Any) -> None:
        super().__init__(label="Venue", field_name="venue", **options)

    def condition(self, value: list[Venue]) -> Q:
        return Q(venue__in=[venue.pk for venue in value])
