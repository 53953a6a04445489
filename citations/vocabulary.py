"""The words of this site: roles, polarities, who decided, hub classes, sources, and how foreign schemes map to them.

Every value that is stored, shown in an address or printed stands here once, with what belongs to it. Layer 1: imports
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

# What `role=`, `polarity=` and `decided_by=` take for "nobody has decided"; never stored (the column is empty then).
NONE = "none"


class Role(StrEnum):
    """How a citing paper uses the cited one: one primary role per citing paper. Members in order of display."""

    label: str
    short: str
    phrase: str
    coarse_phrase: str
    sentence: str
    cito: str

    METHOD = (
        "method",
        "Tool or method",
        "tool",
        "use this work as a method, library or software dependency, not as a substantive claim",
        "use {name} as a tool",
        "usesMethodIn",
        "use this work as a method, tool or data",
    )
    DATASET = ("dataset", "Dataset", "dataset", "use its data", "use the data of {name}", "usesDataFrom")
    COMPARISON = (
        "comparison",
        "Baseline",
        "baseline",
        "compare their results against it",
        "compare their results against {name}",
        "citesAsRelated",
    )
    EXTENSION = ("extension", "Extension", "extension", "build directly on it", "build directly on {name}", "extends")
    EVIDENCE = (
        "evidence",
        "Evidence",
        "evidence",
        "rely on its findings",
        "rely on the findings of {name}",
        "citesAsEvidence",
    )
    BACKGROUND = (
        "background",
        "Background",
        "background",
        "cite it as context rather than using it",
        "cite {name} as context",
        "obtainsBackgroundFrom",
    )
    UNCLEAR = (
        "unclear",
        "Unclear",
        "unclear",
        "were read, but no role could be named",
        "cite {name} in an unclear role",
        "cites",
    )

    def __new__(
        cls,
        value: str,
        label: str = "",
        short: str = "",
        phrase: str = "",
        sentence: str = "",
        cito: str = "",
        coarse_phrase: str = "",
    ) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label, member.short, member.phrase, member.cito = label, short, phrase, cito
        member.sentence = sentence
        # Said where most labels come from schemes that cannot tell these roles apart (DESIGN 3).
        member.coarse_phrase = coarse_phrase or phrase
        return member

    @property
    def token(self) -> str:
        """The name of its colour in the style sheet (`--method`) and of its shape in the sprite (`#i-method`)."""
        return self.value

    @property
    def is_classified(self) -> bool:
        """Whether it counts in the denominator of shares: all but `unclear`."""
        return self is not Role.UNCLEAR


# The roles that shares are made of, in the order of display.
CLASSIFIED_ROLES: tuple[Role, ...] = tuple(role for role in Role if role.is_classified)

# Within one decision the most specific role wins; the first is the most specific.
ROLE_SPECIFICITY: tuple[Role, ...] = (
    Role.METHOD,
    Role.DATASET,
    Role.EXTENSION,
    Role.COMPARISON,
    Role.EVIDENCE,
    Role.BACKGROUND,
    Role.UNCLEAR,
)


class Polarity(StrEnum):
    """Whether a citing paper supports or disputes the cited one. Use is not support."""

    label: str
    phrase: str
    sentence: str
    cito: str

    SUPPORTS = ("supports", "Supports", "support this work", "support it", "supports")
    DISPUTES = ("disputes", "Disputes", "dispute this work", "dispute it", "disputes")
    MIXED = ("mixed", "Mixed", "qualify this work", "qualify it", "qualifies")
    NEUTRAL = ("neutral", "Neutral", "take no side", "take no side on it", "")

    def __new__(cls, value: str, label: str = "", phrase: str = "", sentence: str = "", cito: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label, member.phrase, member.sentence, member.cito = label, phrase, sentence, cito
        return member

    @property
    def token(self) -> str:
        """The name of its colour in the style sheet and of its shape in the sprite."""
        return self.value


class DecidedBy(StrEnum):
    """Who stated a label. A classifier only suggests: its labels never decide."""

    label: str

    CURATOR = ("curator", "Curator")
    IMPORT = ("import", "Imported")
    CLASSIFIER = ("classifier", "Classifier")

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    @property
    def token(self) -> str:
        """The name of its shape in the sprite."""
        return self.value


# Who may decide, that is: what the effective columns and the parameter `decided_by` hold.
DECIDERS: tuple[DecidedBy, ...] = (DecidedBy.CURATOR, DecidedBy.IMPORT)


class HubClass(StrEnum):
    """What a paper is to those who cite it. Members stand in the order in which the rules are evaluated."""

    label: str
    role: Role | None

    CONTESTED = ("contested", "Contested", None)
    NOT_ENOUGH_EVIDENCE = ("not-enough-evidence", "Not enough evidence", None)
    TOOL_REFERENCE = ("tool-reference", "Tool reference", Role.METHOD)
    DATASET_REFERENCE = ("dataset-reference", "Dataset reference", Role.DATASET)
    BASELINE_REFERENCE = ("baseline-reference", "Baseline reference", Role.COMPARISON)
    FOUNDATION = ("foundation", "Foundation", Role.EXTENSION)
    EVIDENCE_REFERENCE = ("evidence-reference", "Evidence reference", Role.EVIDENCE)
    BACKGROUND_REFERENCE = ("background-reference", "Background reference", Role.BACKGROUND)
    MIXED_USE = ("mixed-use", "Mixed use", None)

    def __new__(cls, value: str, label: str = "", role: Role | None = None) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label, member.role = label, role
        return member

    @property
    def token(self) -> str:
        """The shape on its badge: that of its role; contested has that of a dispute, mixed use its own."""
        if self.role is not None:
            return self.role.token
        return {HubClass.CONTESTED: "disputes", HubClass.MIXED_USE: "blend"}.get(self, "none")


class Notice(StrEnum):
    """What publishers say of a paper after its publication. The value "" means that nothing is known."""

    label: str

    RETRACTED = ("retracted", "Retracted")
    WITHDRAWN = ("withdrawn", "Withdrawn")
    CONCERN = ("concern", "Expression of concern")

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


# The notices after which a paper no longer stands; the parameter `retracted` asks for these.
RETRACTING_NOTICES: tuple[Notice, ...] = (Notice.RETRACTED, Notice.WITHDRAWN)


class Kind(StrEnum):
    """What sort of work a paper is: few words, since the services agree on few. The value "" means unknown."""

    label: str

    ARTICLE = ("article", "Article")
    PREPRINT = ("preprint", "Preprint")
    CONFERENCE = ("conference", "Conference paper")
    BOOK = ("book", "Book")
    CHAPTER = ("chapter", "Chapter")
    THESIS = ("thesis", "Thesis")
    REVIEW = ("review", "Review")
    REPORT = ("report", "Report")
    DATASET = ("dataset", "Dataset")
    SOFTWARE = ("software", "Software")
    OTHER = ("other", "Other")

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class SkipReason(StrEnum):
    """Why a curator puts a citation aside."""

    label: str

    FULL_PAPER = ("full-paper", "Needs the full paper")
    FIELD = ("field", "Not my field")
    SENTENCE = ("sentence", "Wrong sentence")
    SOMEONE_ELSE = ("someone-else", "Someone else should see it")

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


@dataclass(frozen=True)
class Source:
    """Where labels and facts come from.

    `scheme` names the table of `MAPPINGS` by which its raw values are read, `second_scheme` that of a second set of
    values which it gives besides.
    """

    name: str
    label: str
    scheme: str = ""
    address: str = ""
    second_scheme: str = ""


SAMPLE = "sample"
CURATOR = "curator"
# Stands in `Paper.field_sources` for a title that nobody stated: an identifier, until any source gives the title.
PLACEHOLDER = "placeholder"

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(CURATOR, "Curators", "ours"),
        Source(SAMPLE, "Sample (illustrative)", "ours"),
        Source("semanticscholar", "Semantic Scholar", "semanticscholar", "https://www.semanticscholar.org/"),
        Source("openalex", "OpenAlex", address="https://openalex.org/"),
        Source("opencitations", "OpenCitations", address="https://opencitations.net/"),
        Source("crossref", "Crossref", address="https://www.crossref.org/"),
        Source("arxiv", "arXiv", address="https://arxiv.org/"),
        Source("europepmc", "Europe PMC", address="https://europepmc.org/"),
        Source("scicite", "SciCite", "semanticscholar", "https://github.com/allenai/scicite", "scicite-polarity"),
        Source("acl-arc", "ACL-ARC", "acl-arc", "https://github.com/davidjurgens/citation-function"),
        Source("scite", "scite", "scite", "https://scite.ai/"),
        Source("file", "File", "ours"),
    )
}


def source_label(name: str) -> str:
    """The printed name of a source; a source that is not listed (a classifier's version, say) is its own name."""
    return SOURCES[name].label if name in SOURCES else name


@dataclass(frozen=True)
class Mapped:
    """What a foreign scheme's value says in our words. `role` and `polarity` are None where it says nothing of them."""

    role: Role | None = None
    polarity: Polarity | None = None
    coarse: bool = False

    @property
    def says_something(self) -> bool:
        """Whether a role or a polarity is stated."""
        return self.role is not None or self.polarity is not None


_METHOD_COARSE = Mapped(Role.METHOD, coarse=True)
_COMPARISON_COARSE = Mapped(Role.COMPARISON, coarse=True)

_CITO = {role.cito: Mapped(role) for role in CLASSIFIED_ROLES} | {
    polarity.cito: Mapped(polarity=polarity) for polarity in Polarity if polarity.cito
}

# Raw value, lower-cased -> our words. `coarse` where the scheme could not have told our roles apart.
# Semantic Scholar's intents are SciCite's classes (Cohan et al. 2019): tool, dataset and extension are all "method"
# there.
MAPPINGS: dict[str, dict[str, Mapped]] = {
    "semanticscholar": {
        "methodology": _METHOD_COARSE,
        "method": _METHOD_COARSE,
        "result": _COMPARISON_COARSE,
        "background": Mapped(Role.BACKGROUND),
    },
    # SciCite's second label, given for `result` only: which side the result takes.
    "scicite-polarity": {
        "supportive": Mapped(polarity=Polarity.SUPPORTS),
        "not_supportive": Mapped(polarity=Polarity.DISPUTES),
    },
    # Jurgens et al. 2018, table 1.
    "acl-arc": {
        "uses": _METHOD_COARSE,
        "extends": Mapped(Role.EXTENSION),
        "compareorcontrast": Mapped(Role.COMPARISON),
        "background": Mapped(Role.BACKGROUND),
        "motivation": Mapped(Role.BACKGROUND),
        "future": Mapped(Role.BACKGROUND),
    },
    # The verbs by which CiTelling sorts citing sentences. Those that say what the cited paper did are context.
    "citelling": {
        "use": _METHOD_COARSE,
        "extend": Mapped(Role.EXTENSION),
        "compare": Mapped(Role.COMPARISON),
        "propose": Mapped(Role.BACKGROUND),
        "analyze": Mapped(Role.BACKGROUND),
    },
    # Sentences of papers about software. One without any stands for context; software that is only named, or that
    # the authors made, tells nothing of a citation.
    "software-intent": {"used": _METHOD_COARSE, "none": Mapped(Role.BACKGROUND)},
    # The Citation Typing Ontology (Peroni and Shotton 2012). `cites` says nothing beyond the citation itself.
    "cito": {name.lower(): mapped for name, mapped in _CITO.items()},
    "scite": {
        "supporting": Mapped(polarity=Polarity.SUPPORTS),
        "contrasting": Mapped(polarity=Polarity.DISPUTES),
        "mentioning": Mapped(polarity=Polarity.NEUTRAL),
    },
    "ours": {role.value: Mapped(role) for role in Role}
    | {polarity.value: Mapped(polarity=polarity) for polarity in Polarity},
}


def map_raw(scheme: str, raw: str) -> Mapped:
    """What `raw` says in the words of this site, by the table of `scheme` (a key of `MAPPINGS`).

    A value outside the table says nothing: `Mapped()` with neither role nor polarity. Its raw form is kept by the
    caller.
    """
    return MAPPINGS.get(scheme, {}).get(raw.strip().lower(), Mapped())


# At or above which confidence a classifier's word becomes a suggestion, by the family of its name ("linear" for
# "linear-2026-11"). 0.8 keeps nine suggestions of ten right in the domain a model was trained in; below it, silence is
# better. A family that is not listed here suggests nothing.
SUGGESTION_THRESHOLDS: dict[str, float] = {"linear": 0.8, "cues": 0.8, "llm": 0.8}


# From here on a suggestion is called confident: a curator mostly has to agree. Halfway between the least that is shown
# and certainty.
CONFIDENT = 0.9


def suggestion_threshold(classifier: str) -> float | None:
    """The least confidence (0 to 1) at which `classifier` suggests; None for one that is not listed."""
    return SUGGESTION_THRESHOLDS.get(classifier.partition("-")[0])


def meaning(source: str, raw: str) -> Mapped:
    """What `raw` says when `source` says it, by its tables; a source that is not listed uses our words."""
    listed = SOURCES.get(source, Source(source, source, "ours"))
    readings = (map_raw(scheme, raw) for scheme in (listed.scheme, listed.second_scheme))
    return next((mapped for mapped in readings if mapped.says_something), Mapped())


def choices(vocabulary: type[StrEnum]) -> list[tuple[str, str]]:
    """Value and label of each member, for form and model fields."""
    return [(member.value, member.label) for member in vocabulary]  # type: ignore[attr-defined]
