"""The filter of the papers that cite one hub, and how it reads in English."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict

from citations import search
from citations.filters.base import (
    SORT,
    YEAR_FROM,
    YEAR_TO,
    ChoiceFilter,
    ConditionFilter,
    FlagFilter,
    Problem,
    Query,
    QueryField,
    StrictFilterSet,
    VenueFilter,
    YearFilter,
    shown,
)
from citations.filters.fields import SourceField
from citations.formatting import count, join_words, plural
from citations.models import Citation, HubSummary
from citations.vocabulary import (
    CLASSIFIED_ROLES,
    CURATOR,
    DECIDERS,
    NONE,
    DecidedBy,
    Polarity,
    Role,
    choices,
    source_label,
)

RELEVANCE = "relevance"
SEARCH = "q"

_ROLES = dict(choices(Role))
_POLARITIES = dict(choices(Polarity))
_UNDECIDED = {NONE: ""}

# A heading repeats a search up to this many characters; the form below it shows the whole.
LONGEST_DESCRIPTION = 200

# Verbs that sentences begin with, as one paper does them; the others follow the rule: "1 of 30 citing papers uses
# Pythia".
_IRREGULAR = {"have": "has", "are": "is"}


class SuggestedFilter(ChoiceFilter):
    """What a classifier suggests for citations whose role nobody has decided; `none`: nothing is suggested for them."""

    def condition(self, value: list[str]) -> Q:
        return Q(role="") & super().condition(value)


class SourceFilter(ConditionFilter):
    """From which source the label is: that of the role, or of the polarity where no role is decided; `none`: neither
    is.
    """

    field_class = SourceField
    # A word that stands for another value of the column.
    stored = _UNDECIDED

    def __init__(self, **options: Any) -> None:
        super().__init__(field_name="source", others=self._of_hub, **options)

    def condition(self, value: list[str]) -> Q:
        return Q(source__in=[self.stored.get(name, name) for name in value])

    def _of_hub(self) -> list[str]:
        """The sources of the labels of the hub's citing papers."""
        hub_id = getattr(self.parent, "hub_id", None)
        counts = HubSummary.objects.filter(pk=hub_id).values_list("counts", flat=True).first() if hub_id else None
        return [name for name in (counts or {}).get("source", ()) if name]


class SearchFilter(ConditionFilter):
    """What the full-text search finds among the papers that cite one hub: see `citations.search` for the language."""

    field_class = QueryField

    def filter(self, qs: QuerySet[Any], value: search.Query | None) -> QuerySet[Any]:
        return search.citations(qs, value, self.parent.hub_id) if value else qs


class CitationFilter(StrictFilterSet):
    """The list parameters of `/hubs/<slug>/citing/`, on `Citation`; those of columns that it has also on `HubTally`."""

    role = ChoiceFilter("role", _ROLES | {NONE: "Not classified"}, stored=_UNDECIDED, noun="role", label="Role")
    polarity = ChoiceFilter(
        "polarity", _POLARITIES | {NONE: "Not assessed"}, stored=_UNDECIDED, noun="polarity", label="Polarity"
    )
    suggested = SuggestedFilter(
        "suggested_role",
        _ROLES | {NONE: "Nothing suggested"},
        stored=_UNDECIDED,
        noun="suggested role",
        label="Suggested",
    )
    decided_by = ChoiceFilter(
        "role_by",
        {decider.value: decider.label for decider in DECIDERS} | {NONE: "Nobody"},
        stored=_UNDECIDED,
        noun="decider",
        label="Decided by",
    )
    source = SourceFilter(label="Source")
    year_min = YearFilter(lower=True)
    year_max = YearFilter(lower=False)
    venue = VenueFilter()
    q = SearchFilter(label="Search")
    influential = FlagFilter("is_influential", yes="yes", no="no", label="Influential")
    self = FlagFilter("is_self_citation", yes="yes", no="no", label="Self-citation")
    retracted = FlagFilter("retracted", yes="yes", no="no", label="Retracted")
    coarse = FlagFilter("coarse", yes="yes", no="no", label="Coarse label")
    confirmed = FlagFilter("confirmed", yes="yes", no="no", label="Confirmed by a curator")

    sorts = {
        "newest": "Newest",
        "oldest": "Oldest",
        "cited": "Most cited",
        "title": "Title",
        "confidence": "Confidence",
        RELEVANCE: "Relevance",
    }

    def __init__(self, data: QueryDict, hub_id: int | None = None) -> None:
        """The list of the papers that cite the paper with the id `hub_id`, which may be left out where only words and
        addresses are wanted.
        """
        self.hub_id = hub_id
        if SEARCH in data and data.get(SORT) == RELEVANCE and not any(words.strip() for words in data.getlist(SEARCH)):
            # A form whose search was emptied still sends the order of the search before: what it asks for is the list.
            data = data.copy()
            del data[SORT]
        super().__init__(data, Citation.objects.public() if hub_id is None else Citation.objects.of_hub(hub_id))

    def address(self, path: str, *, drop: Collection[str] = (), set: Query | None = None) -> str:
        """As the base; without a search the list is not sorted by relevance either."""
        changed = {**self.query, **dict.fromkeys(drop, ()), **(set or {})}
        if not changed.get(SEARCH) and SORT not in (set or {}) and self.sort == RELEVANCE:
            drop = (*drop, SORT)
        return super().address(path, drop=drop, set=set)

    @property
    def asked(self) -> search.Query:
        """What is searched for; empty (false) for nothing."""
        return self.cleaned(SEARCH) or search.Query()

    @property
    def qs(self) -> QuerySet[Any]:
        """As the base; sorted by relevance, the rows carry `rank`."""
        if self.sort == RELEVANCE and self.is_usable and self.asked and self.hub_id is not None:
            return search.ranked_citations(self.filter_except(self.queryset, SEARCH), self.asked, self.hub_id)
        return super().qs

    def in_page_order(self) -> QuerySet[Any]:
        """As `qs`, for the first few rows in the order of an index, where many match the search."""
        rows = self.filter_except(self.queryset, SEARCH)
        return search.citations(rows, self.asked, self.hub_id or 0, in_order=True)

    def check(self) -> Iterable[Problem]:
        """As the base, and: a search needs a word, and relevance something to be relevant to."""
        yield from super().check()
        if self.sort == RELEVANCE and not self.data.get(SEARCH):
            message = "The list can be sorted by relevance only together with a search (q)."
            yield self.problem("sort", RELEVANCE, message, "newest", {"sort": ["newest"]})
        searched = self.form.cleaned_data.get(SEARCH)
        if searched is not None and not searched:
            yield self.problem(SEARCH, shown(self.data[SEARCH]), " ".join(searched.problems))

    @property
    def notices(self) -> tuple[str, ...]:
        """What of the search was passed over, in sentences. The list is what the rest of it asks for."""
        return self.asked.problems

    @property
    def sorts_offered(self) -> dict[str, str]:
        """The sorts that make sense for this list, value to label."""
        return {value: label for value, label in self.sorts.items() if value != RELEVANCE or self.asked}


class CleanFilter(StrictFilterSet):
    """`self=0` and `retracted=0` of a hub page: its numbers without what distorts them."""

    self = ChoiceFilter("is_self_citation", {"0": "left out"}, stored={"0": False}, label="Self-citations")
    retracted = ChoiceFilter("retracted", {"0": "left out"}, stored={"0": False}, label="Retracted papers")


# In English ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Description:
    """A filter in words. `predicate`: what the papers do ("use Pythia as a tool"), `of_one`: the same of a single
    paper, `limits`: which of them, `order`: how they are sorted. Empty parts are "" or empty.
    """

    name: str
    predicate: str
    of_one: str
    limits: tuple[str, ...]
    order: str

    def heading(self, number: int, known: int) -> str:
        """ "18 of 30 citing papers use Pythia as a tool, 2024 to 2026, most cited first"."""
        papers = f"{count(known)} citing {plural(known, 'paper')}"
        start = f"{count(number)} of {papers}" if self.predicate or self.limits else papers
        return self._joined(start, self.of_one if number == 1 else self.predicate)

    def title(self, number: int) -> str:
        """ "412 papers that use Pythia as a tool, 2024 to 2026, most cited first"."""
        one = number == 1
        predicate = (self.of_one if one else self.predicate) or f"{'cites' if one else 'cite'} {self.name}"
        return self._joined(f"{count(number)} {plural(number, 'paper')}", f"that {predicate}")

    def _joined(self, start: str, predicate: str) -> str:
        limits = list(self.limits)
        if not predicate and limits:
            first = limits.pop(0)
            predicate = f"from {first}" if first[:1].isdigit() else first
        return ", ".join(
            [f"{start} {predicate}" if predicate else start, *limits, *([self.order] if self.order else [])]
        )


def short_name(title: str) -> str:
    """What a hub is called in sentences: its title before the first colon that a space follows, else the whole title.

    "Pythia: A Suite" is "Pythia"; placeholders such as "CorpusId:14514057" stay whole.
    """
    before = title.partition(": ")[0].strip()
    return before or title


def describe(filterset: CitationFilter, name: str) -> Description:
    """The filter in English; `name` is what the hub is called. Parameters that were not understood are left out."""
    sort = filterset.sort
    order = "" if sort == next(iter(filterset.sorts)) else _ORDERS[sort]
    predicate, of_one = (_predicate(filterset, name, one=one) for one in (False, True))
    return Description(name, predicate, of_one, tuple(_limits(filterset)), order)


_ORDERS = {
    "oldest": "oldest first",
    "cited": "most cited first",
    "title": "by title",
    "confidence": "most confident suggestion first",
    RELEVANCE: "most relevant first",
}


def _predicate(filterset: CitationFilter, name: str, *, one: bool) -> str:
    """What papers (or `one` paper) under the filter do: role, polarity and suggestion."""
    roles = _role_phrases(filterset.cleaned("role") or [])
    polarities = _polarity_phrases(filterset.cleaned("polarity") or [], named=bool(roles))
    suggested = _suggested_phrases(filterset.cleaned("suggested") or [])
    clauses = [
        join_words([_singular(phrase) if one else phrase for phrase in phrases], "or")
        for phrases in (roles, polarities, suggested)
        if phrases
    ]
    # Put in last, and by replacement: a title may hold braces, and words that look like verbs.
    return join_words(clauses).replace("{name}", name)


def _role_phrases(chosen: list[str]) -> list[str]:
    """ "use {name} as a tool", "have no classified role"; all classified roles together are one phrase."""
    phrases = []
    classified = [role.value for role in CLASSIFIED_ROLES]
    if set(classified) <= set(chosen):
        phrases.append("have a classified role")
        chosen = [value for value in chosen if value not in classified]
    return phrases + [Role(value).sentence if value != NONE else "have no classified role" for value in chosen]


def _polarity_phrases(chosen: list[str], *, named: bool) -> list[str]:
    """ "support it", or "support {name}" where nothing before has `named` it."""
    phrases = []
    every = [polarity.value for polarity in Polarity]
    if set(every) <= set(chosen):
        phrases.append("have a known position")
        chosen = [value for value in chosen if value not in every]
    phrases += [Polarity(value).sentence if value != NONE else "have no known position" for value in chosen]
    return [
        phrase if named or not phrase.endswith(" it") else f"{phrase.removesuffix('it')}{{name}}" for phrase in phrases
    ]


def _suggested_phrases(chosen: list[str]) -> list[str]:
    """ "are not classified but suggested as tool or dataset"."""
    roles = [Role(value).short for value in chosen if value != NONE]
    phrases = [f"are not classified but suggested as {join_words(roles, 'or')}"] if roles else []
    return phrases + (["are neither classified nor suggested as anything"] if NONE in chosen else [])


def _singular(phrase: str) -> str:
    """What one paper does: "use it" as "uses it"."""
    verb, _, rest = phrase.partition(" ")
    return f"{_IRREGULAR.get(verb) or (f'{verb[:-1]}ies' if verb.endswith('y') else f'{verb}s')} {rest}"


_DECIDED = {
    DecidedBy.CURATOR.value: "with a role decided by a curator",
    DecidedBy.IMPORT.value: "with an imported role",
    NONE: "without a decided role",
}
_FLAGS = {
    "influential": ("marked as influential", "not marked as influential"),
    "self": ("self-citations only", "without self-citations"),
    "retracted": ("retracted ones only", "without retracted ones"),
    "coarse": ("with a coarse label", "without a coarse label"),
    "confirmed": ("confirmed by a curator", "not confirmed by a curator"),
}


def _limits(filterset: CitationFilter) -> Iterable[str]:
    """The filters that name no role or polarity, one text each."""
    decided = filterset.cleaned("decided_by")
    if decided:
        yield join_words([_DECIDED[value] for value in decided], "or")
    sources = filterset.cleaned("source")
    if sources:
        labels = {CURATOR: "curators"}
        named = join_words([labels.get(name) or shown(source_label(name)) for name in sources if name != NONE], "or")
        yield join_words([f"labelled by {named}"] * bool(named) + ["without any label"] * (NONE in sources), "or")
    years = _years(filterset.cleaned(YEAR_FROM), filterset.cleaned(YEAR_TO))
    if years:
        yield years
    venues = filterset.cleaned("venue")
    if venues:
        yield f"in {join_words([shown(venue.name) for venue in venues], 'or')}"
    if filterset.asked:
        yield shown(filterset.asked.describe(), LONGEST_DESCRIPTION)
    for name, (yes, no) in _FLAGS.items():
        chosen = filterset.cleaned(name)
        if chosen and len(chosen) == 1:
            yield yes if chosen == ["1"] else no


def _years(lower: int | None, upper: int | None) -> str:
    """ "2024 to 2026", "from 2024 on", "up to 2026", "from 2024" for one year alone; "" without a bound."""
    if lower and upper:
        return f"from {lower}" if lower == upper else f"{lower} to {upper}"
    if lower:
        return f"from {lower} on"
    return f"up to {upper}" if upper else ""
