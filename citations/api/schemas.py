"""The shapes of all answers, for the OpenAPI document: what `rows` and `lists` make. A test compares the two."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from citations import vocabulary
from citations.identifiers import Scheme
from citations.vocabulary import (
    CLASSIFIED_ROLES,
    NONE,
    DecidedBy,
    HubClass,
    Kind,
    Notice,
    Polarity,
    Role,
    choices,
)

# The enumerations of the document; `SPECTACULAR_SETTINGS` gives them their names there.
ROLES = choices(Role)
POLARITIES = choices(Polarity)
DECIDERS = [(one.value, one.label) for one in vocabulary.DECIDERS]
LABEL_AUTHORS = choices(DecidedBy)
HUB_CLASSES = choices(HubClass)
NOTICES = choices(Notice)
KINDS = choices(Kind)
SCHEMES = [(one.value, one.label) for one in Scheme]
CHANGES = [
    ("class", "A change of class"),
    ("label", "A label"),
    ("pin", "A pin, set or removed"),
    ("merge", "Two records of one paper became one"),
]


def _text(about: str, *, null: bool = False) -> serializers.Field:
    return serializers.CharField(help_text=about, allow_null=null, allow_blank=True)


def _address(about: str, *, null: bool = False) -> serializers.Field:
    return serializers.URLField(help_text=about, allow_null=null)


def _number(about: str, *, null: bool = False) -> serializers.Field:
    return serializers.IntegerField(help_text=about, allow_null=null, min_value=0)


def _fraction(about: str, *, null: bool = True) -> serializers.Field:
    return serializers.FloatField(help_text=about, allow_null=null, min_value=0, max_value=1)


def _flag(about: str) -> serializers.Field:
    return serializers.BooleanField(help_text=about)


def _time(about: str) -> serializers.Field:
    return serializers.DateTimeField(help_text=about)


def _date(about: str) -> serializers.Field:
    return serializers.DateField(help_text=about, allow_null=True)


def _word(words: list[tuple[str, str]], about: str, *, null: bool = True) -> serializers.Field:
    return serializers.ChoiceField(choices=words, help_text=about, allow_null=null)


def _texts(about: str) -> serializers.Field:
    return serializers.ListField(child=serializers.CharField(allow_blank=True), help_text=about)


def _shape(
    name: str, fields: dict[str, Any], about: str = "", *, many: bool = False, null: bool = False, required: bool = True
) -> Any:
    """An object of these members, under its name in the document; the same name is the same shape."""
    if name not in _SHAPES:
        _SHAPES[name] = type(name, (serializers.Serializer,), dict(fields))
    return _SHAPES[name](many=many, help_text=about, allow_null=null, required=required)


_SHAPES: dict[str, Any] = {}


def _numbers(about: str) -> serializers.Field:
    """A number for each word."""
    return serializers.DictField(child=serializers.IntegerField(min_value=0), help_text=about)


@extend_schema_field({"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}})
class _Query(serializers.Field):
    """Parameters with their values."""


# Problems ------------------------------------------------------------------------------------------------------------

PROBLEM = _shape(
    "Problem",
    {
        "type": _address("Names the kind of problem, and leads to what is said of it."),
        "title": _text("The kind of problem in words."),
        "status": serializers.IntegerField(help_text="The status of the answer.", min_value=400, max_value=599),
        "detail": _text("What exactly is wrong, and what to do."),
        "errors": _shape(
            "ParameterError",
            {
                "parameter": _text("The name of the parameter."),
                "value": _text("The value that was not understood, cut after 60 characters."),
                "message": _text("What is wrong with it."),
                "allowed": _texts("What may stand there; empty where that is no list."),
                "suggestion": _text("What was probably meant.", null=True),
            },
            "The parameters that were not understood.",
            many=True,
        ),
    },
)

# Citing papers -------------------------------------------------------------------------------------------------------

_CITING_FIELDS = {
    "title": _text("Title of the citing paper."),
    "authors": _texts("All authors, as printed on the paper."),
    "year": _number("Year of publication.", null=True),
    "published_on": _date("Day of publication."),
    "venue": _text("Journal, conference or series.", null=True),
    "kind": _word(KINDS, "What sort of work it is."),
    "doi": _text("Its DOI; that of a publisher goes before that of a preprint.", null=True),
    "arxiv": _text("Its arXiv identifier.", null=True),
    "url": _text("Where it can be read.", null=True),
    "summary": _text("What it found, in one sentence.", null=True),
    "role": _word(ROLES, "How it uses the hub; null: nobody has decided."),
    "polarity": _word(POLARITIES, "Whether it supports or disputes the hub; null: not assessed."),
    "decided_by": _word(DECIDERS, "Who decided the role."),
    "source": _text("Which source decided: `curator`, `semanticscholar` and so on.", null=True),
    "coarse": _flag("Whether the source's scheme could not have told our roles apart."),
    "confirmed": _flag("Whether a curator stated or confirmed the polarity, or the role where there is no polarity."),
    "suggested": _word(ROLES, "What a classifier suggests, while nobody has decided."),
    "confidence": _fraction("The classifier's confidence in its suggestion."),
    "influential": _flag("Whether the source marks the citation as influential."),
    "self_citation": _flag("Whether the two papers share an author."),
    "notice": _word(NOTICES, "What publishers say of it since."),
    "cited_by_count": _number("How often the world cites it; null: not known.", null=True),
    "sentences": _texts("The sentences in which it names the hub, in the order of the paper."),
    "paper": _address("Its page."),
    "hub": _text("Slug of the paper that it cites."),
    "citation": _address("This citation in this interface."),
}
_FACET = {
    "name": _text("The parameter; `also` for flags, of which each value is a parameter of its own, and `year`."),
    "label": _text("The same in words."),
    "values": _shape(
        "FacetValue",
        {
            "value": _text("The value of the parameter, or the flag."),
            "label": _text("The same in words."),
            "count": _number("How many rows have it, under all filters but this facet's own."),
            "selected": _flag("Whether the list is filtered by it."),
            "url": _address("The list of exactly these rows."),
        },
        "The values.",
        many=True,
    ),
}
_LIST_FIELDS = {
    "count": _number("How many rows match, on all pages."),
    "filter": _Query(help_text="Filters and sort as they were understood."),
    "next": _address("The next page; null on the last one.", null=True),
    "previous": _address("The page before; null on the first one.", null=True),
}


def _list(name: str, row: str, fields: dict[str, Any], head: dict[str, Any] | None = None) -> Any:
    """The shape of a list of rows."""
    return _shape(
        name,
        {
            **(head or {}),
            **_LIST_FIELDS,
            "results": _shape(row, fields, "The rows of this page, in order.", many=True),
            "facets": _shape("Facet", _FACET, "Counts by value; only with `facets=1`.", many=True, required=False),
        },
    )


_HUB_HEAD = {"hub": _text("Slug of the hub."), "title": _text("Title of the hub.")}
CITING_LIST = _list(
    "CitingList",
    "CitingPaper",
    _CITING_FIELDS,
    {
        **_HUB_HEAD,
        "description": _text("The list in English."),
        "known": _number("How many papers in the collection cite the hub."),
        "notice": _text(
            "Said where labels of the sample collection, which are illustrative, are among them.", null=True
        ),
        "notices": _texts("What of the search was passed over, and why."),
        "page": _address("The same list as a page for readers."),
    },
)
CITATION = _shape(
    "Citation",
    {
        **_CITING_FIELDS,
        "polarity_by": _word(DECIDERS, "Who decided the polarity."),
        "polarity_source": _text("From which source the polarity is; null: not assessed.", null=True),
        "cited": _shape(
            "PaperName",
            {"slug": _text("Slug."), "title": _text("Title."), "api": _address("The hub in this interface.")},
            "The paper that is cited.",
        ),
        "mentions": _shape(
            "Mention",
            {
                "sentence": _text("The sentence, as the source gives it."),
                "section": _text("The section in which it stands.", null=True),
                "source": _text("Who gave it."),
                "source_label": _text("The same in words."),
            },
            "The places where the citing paper names the hub, in the order of the paper.",
            many=True,
        ),
        "added_at": _time("When the citation came into the collection."),
        "changed_at": _time("When it, or one of its labels, was written last."),
        "labels": _address("All labels of this citation."),
    },
)

# Labels --------------------------------------------------------------------------------------------------------------

_LABEL_FIELDS = {
    "id": _number("Number of the label."),
    "role": _word(ROLES, "The role that it states."),
    "polarity": _word(POLARITIES, "The polarity that it states."),
    "decided_by": _word(LABEL_AUTHORS, "Who states it. A classifier only suggests.", null=False),
    "source": _text("Which source, or which classifier in which version."),
    "source_label": _text("The same in words."),
    "raw_value": _text("The value in the source's own scheme.", null=True),
    "coarse": _flag("Whether that scheme could not have told our roles apart."),
    "confidence": _fraction("The confidence that the source gives."),
    "sentence": _text("The sentence that it was made from.", null=True),
    "note": _text("What its author adds.", null=True),
    "decision": serializers.UUIDField(help_text="Labels written together share one."),
    "retracts": _number("The label that it takes back.", null=True),
    "confirms": _number("The label that it confirms.", null=True),
    "created_at": _time("When it was written."),
}
LABELS = _shape(
    "LabelList",
    {
        "citation": _address("The citation in this interface."),
        "count": _number("How many labels there are."),
        "role": _word(ROLES, "What they come to."),
        "polarity": _word(POLARITIES, "What they come to."),
        "results": _shape(
            "LedgerEntry",
            {
                **_LABEL_FIELDS,
                "undone": _flag("Whether another label takes it back."),
                "decides": _flag("Whether the role or the polarity is what this label says."),
            },
            "The labels, newest first.",
            many=True,
        ),
    },
)


def _paper_name() -> dict[str, serializers.Field]:
    """A paper, named."""
    return {"slug": _text("Slug."), "title": _text("Title.")}


HISTORY = _shape(
    "History",
    {
        **_HUB_HEAD,
        "next": _address("Older changes; null where there are none.", null=True),
        "previous": _address("Newer changes; null where there are none.", null=True),
        "results": _shape(
            "Change",
            {
                "what": _word(CHANGES, "What changed.", null=False),
                "at": _time("When."),
                "class": _shape(
                    "ClassChange",
                    {
                        "from": _word(HUB_CLASSES, "The class before; null: none."),
                        "to": _word(HUB_CLASSES, "The class since.", null=False),
                        "cause": _text("Why."),
                    },
                    "The change of class.",
                    null=True,
                ),
                "label": _shape("Label", _LABEL_FIELDS, "The label that was written.", null=True),
                "pin": _shape(
                    "Pin",
                    {
                        "removed": _flag("Whether the pin was removed, not set."),
                        "class": _word(HUB_CLASSES, "The class that is pinned; null: a representative citing paper."),
                        "reason": _text("Why it was set."),
                    },
                    "The pin.",
                    null=True,
                ),
                "merge": _shape(
                    "Merge",
                    {
                        "survivor": _shape("Survivor", _paper_name(), "The paper that stands for both."),
                        "loser": _shape("Loser", _paper_name(), "The record that is hidden now."),
                        "reason": _text("Why; null: none was given.", null=True),
                    },
                    "The merge of two records.",
                    null=True,
                ),
                "citing": _shape(
                    "CitingName",
                    {"slug": _text("Slug."), "title": _text("Title.")},
                    "The citing paper that the label or the pin speaks of.",
                    null=True,
                ),
                "citation": _address("The citation in this interface.", null=True),
            },
            "The changes of this page, newest first.",
            many=True,
        ),
    },
)

# Papers and hubs -----------------------------------------------------------------------------------------------------

_PAPER_FIELDS = {
    "slug": _text("Its short name in addresses; it never changes."),
    "title": _text("Title."),
    "authors": _texts("All authors, as printed on the paper."),
    "year": _number("Year of publication.", null=True),
    "published_on": _date("Day of publication."),
    "venue": _text("Journal, conference or series.", null=True),
    "kind": _word(KINDS, "What sort of work it is."),
    "notice": _word(NOTICES, "What publishers say of it since."),
    "summary": _text("What it found, in one sentence.", null=True),
    "url": _text("Where it can be read.", null=True),
    "identifiers": _shape(
        "Identifier",
        {
            "scheme": _word(SCHEMES, "Which scheme.", null=False),
            "value": _text("The identifier, in the one spelling that is used here."),
            "url": _address("Where it leads.", null=True),
        },
        "Its names elsewhere.",
        many=True,
    ),
    "cited_by_count": _number("How often the world cites it; null: not known.", null=True),
    "paper": _address("Its page."),
    "api": _address("The paper in this interface."),
}
PAPER_LIST = _list("PaperList", "PaperRow", _PAPER_FIELDS)
PAPER = _shape(
    "Paper",
    {
        **_PAPER_FIELDS,
        "abstract": _text("Abstract.", null=True),
        "field_sources": serializers.DictField(child=serializers.CharField(), help_text="Who gave each field."),
        "cited_by": _shape(
            "CitedBy",
            {
                "source": _text("Who counts."),
                "source_label": _text("The same in words."),
                "count": _number("How often the world cites it, as they count."),
                "as_of": serializers.DateField(help_text="On which day."),
            },
            "Worldwide counts.",
            many=True,
        ),
        "known_citing": _number("How many papers in this collection cite it."),
        "cites": _numbers("How many papers in this collection it cites in which role; `none`: not classified."),
        "hub": _address("The page that tells how it is cited."),
        "hub_api": _address("The same in this interface."),
    },
)

_SHARE = {
    "count": _number("How many papers."),
    "of": _number("Of how many."),
    "share": _fraction("The one divided by the other; null where that is of none."),
    "low": _fraction("Lower bound of the 95% range of sampling; null where nothing is left to classify."),
    "high": _fraction("Upper bound of the same."),
}


def _shares(name: str, words: Any, about: str) -> Any:
    return _shape(name, {word.value: _shape("Share", _SHARE, word.label) for word in words}, about)


_HUB_FIELDS = {
    "slug": _text("Its short name in addresses; it never changes."),
    "title": _text("Title."),
    "authors": _texts("All authors, as printed on the paper."),
    "year": _number("Year of publication.", null=True),
    "venue": _text("Journal, conference or series.", null=True),
    "class": _word(
        HUB_CLASSES, "What it is to those who cite it: the pinned class, else the computed one.", null=False
    ),
    "class_label": _text("The same in words."),
    "computed_class": _word(HUB_CLASSES, "What the rules say.", null=False),
    "pinned": _flag("Whether a curator pinned the class."),
    "sentence": _text("The computed class in a sentence, with its share, range and what is not classified."),
    "share": _shape("Share", _SHARE, "The share that decided the computed class; null where none did.", null=True),
    "rules_version": _number("Version of the rules."),
    "counts": _shape(
        "Counts",
        {
            "known": _number("Papers in the collection that cite it."),
            "classified": _number("Of these, with a decided role other than unclear: the denominator of roles."),
            "unclear": _number("Read, but no role could be named."),
            "not_classified": _number("Whose role nobody has decided."),
            "assessed": _number("With a decided polarity: the denominator of polarities."),
            "not_assessed": _number("Whose polarity nobody has decided."),
            "confirmed_disputes": _number("Disputes that a curator stated or confirmed."),
        },
        "Totals. known = classified + unclear + not_classified = assessed + not_assessed.",
    ),
    "roles": _shares("RoleShares", CLASSIFIED_ROLES, "Each role with its share of the classified papers."),
    "polarities": _shares("PolarityShares", Polarity, "Each polarity with its share of the assessed papers."),
    "sample": _flag("Whether labels of the sample collection, which are illustrative, are among them."),
    "updated_at": _time("When any of the numbers changed last."),
    "hub": _address("Its page."),
    "api": _address("The hub in this interface."),
    "citing": _address("The papers that cite it, in this interface."),
}
HUB_LIST = _list("HubList", "HubRow", _HUB_FIELDS)
HUB = _shape(
    "Hub",
    {
        **_HUB_FIELDS,
        "paper": _shape("PaperRow", _PAPER_FIELDS, "The paper itself."),
        "abstract": _text("Abstract.", null=True),
        "pin": _shape(
            "Pin",
            {"reason": _text("Why a curator pinned the class."), "date": _date("When.")},
            "The pin of the class; null where none is pinned.",
            null=True,
        ),
        "decided_by": _numbers(f"How many roles were decided by whom; `{NONE}`: by nobody."),
        "sources": _shape(
            "SourceCount",
            {"source": _text("Source."), "label": _text("The same in words."), "count": _number("How many papers.")},
            "How many papers have their label from which source.",
            many=True,
        ),
        "role_sources": _numbers("How many roles are from which source; their sum is `classified` + `unclear`."),
        "polarity_sources": _numbers("How many polarities are from which source; their sum is `assessed`."),
        "suggested": _numbers("How many papers without a decided role have which role suggested."),
        "years": _shape(
            "YearCount",
            {
                "year": _number("Year; null: not known.", null=True),
                "count": _number("How many papers."),
                "roles": _numbers("The same by role; `none`: not classified."),
            },
            "Citing papers by year.",
            many=True,
        ),
        "venues": _shape(
            "VenueCount",
            {"slug": _text("Slug."), "name": _text("Name."), "count": _number("How many papers.")},
            "The venues with most citing papers.",
            many=True,
        ),
        "flags": _shape(
            "Flags",
            {
                "influential": _number("Marked as influential."),
                "self": _number("Self-citations."),
                "retracted": _number("Retracted or withdrawn."),
                "coarse": _number("With a coarse label."),
                "confirmed": _number("Confirmed by a curator."),
            },
            "How many citing papers are marked with what.",
        ),
        "representatives": _shape(
            "Representative",
            {"why": _text("Why it was chosen."), "citation": _address("The citation in this interface.")},
            "A handful of citing papers that show how it is used.",
            many=True,
        ),
        "history": _address("What changed, in this interface."),
    },
)

INDEX = _shape(
    "Index",
    {
        "hubs": _address("The hubs."),
        "papers": _address("The papers."),
        "schema": _address("This interface as an OpenAPI document."),
        "docs": _address("The same for readers."),
        "site": _address("The site for readers."),
    },
)
