"""The words of the site: what is stored and stands in addresses, and how foreign schemes map to it."""

from __future__ import annotations

from enum import StrEnum

import pytest

from citations.vocabulary import (
    CLASSIFIED_ROLES,
    MAPPINGS,
    NONE,
    ROLE_SPECIFICITY,
    SOURCES,
    DecidedBy,
    HubClass,
    Kind,
    Mapped,
    Notice,
    Polarity,
    Role,
    choices,
    map_raw,
    meaning,
    source_label,
    suggestion_threshold,
)

# Stored in databases, exports and bookmarks of readers: none of these may ever change its spelling or its place.
SPELLINGS: list[tuple[type[StrEnum], list[str]]] = [
    (Role, ["method", "dataset", "comparison", "extension", "evidence", "background", "unclear"]),
    (Polarity, ["supports", "disputes", "mixed", "neutral"]),
    (DecidedBy, ["curator", "import", "classifier"]),
    (Notice, ["retracted", "withdrawn", "concern"]),
    (
        HubClass,
        [
            "contested",
            "not-enough-evidence",
            "tool-reference",
            "dataset-reference",
            "baseline-reference",
            "foundation",
            "evidence-reference",
            "background-reference",
            "mixed-use",
        ],
    ),
]


@pytest.mark.parametrize(("words", "spellings"), SPELLINGS, ids=lambda value: getattr(value, "__name__", ""))
def test_what_stands_in_addresses_and_databases_keeps_its_spelling(words: type[StrEnum], spellings: list[str]) -> None:
    assert [member.value for member in words] == spellings


@pytest.mark.parametrize("words", [Role, Polarity, DecidedBy])
def test_nothing_is_called_like_the_word_for_nobody_has_decided(words: type[StrEnum]) -> None:
    assert NONE == "none"
    assert NONE not in [member.value for member in words]


ROLE_WORDS = [
    (
        Role.METHOD,
        "Tool or method",
        "use this work as a method, library or software dependency, not as a substantive claim",
        "usesMethodIn",
    ),
    (Role.DATASET, "Dataset", "use its data", "usesDataFrom"),
    (Role.COMPARISON, "Baseline", "compare their results against it", "citesAsRelated"),
    (Role.EXTENSION, "Extension", "build directly on it", "extends"),
    (Role.EVIDENCE, "Evidence", "rely on its findings", "citesAsEvidence"),
    (Role.BACKGROUND, "Background", "cite it as context rather than using it", "obtainsBackgroundFrom"),
]


@pytest.mark.parametrize(("role", "label", "phrase", "cito"), ROLE_WORDS)
def test_each_role_has_its_label_its_phrase_and_its_property(role: Role, label: str, phrase: str, cito: str) -> None:
    assert (role.label, role.phrase, role.cito) == (label, phrase, cito)


def test_unclear_is_a_role_but_not_a_classified_one() -> None:
    assert Role.UNCLEAR.label == "Unclear"
    assert Role.UNCLEAR.cito == "cites"
    assert Role.UNCLEAR not in CLASSIFIED_ROLES
    assert [*CLASSIFIED_ROLES, Role.UNCLEAR] == list(Role)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_can_be_named_said_and_coloured(role: Role) -> None:
    assert all((role.label, role.short, role.phrase, role.coarse_phrase, role.sentence, role.cito, role.token))
    assert "{name}" in role.sentence


def test_only_the_method_has_a_phrase_of_its_own_for_coarse_labels() -> None:
    assert Role.METHOD.coarse_phrase == "use this work as a method, tool or data"
    assert [role for role in Role if role.coarse_phrase != role.phrase] == [Role.METHOD]


@pytest.mark.parametrize("words", [Role, Polarity, HubClass, Notice, Kind, DecidedBy])
def test_no_two_words_share_a_label(words: type[StrEnum]) -> None:
    labels = [label for _, label in choices(words)]
    assert all(labels)
    assert len(set(labels)) == len(labels)


def test_the_specificity_of_roles_ranks_each_role_once() -> None:
    assert [role.value for role in ROLE_SPECIFICITY] == [
        "method",
        "dataset",
        "extension",
        "comparison",
        "evidence",
        "background",
        "unclear",
    ]


MAPPED_ROWS = [
    ("semanticscholar", "methodology", Mapped(Role.METHOD, coarse=True)),
    ("semanticscholar", "method", Mapped(Role.METHOD, coarse=True)),
    ("semanticscholar", "result", Mapped(Role.COMPARISON, coarse=True)),
    ("semanticscholar", "background", Mapped(Role.BACKGROUND)),
    ("scicite-polarity", "supportive", Mapped(polarity=Polarity.SUPPORTS)),
    ("scicite-polarity", "not_supportive", Mapped(polarity=Polarity.DISPUTES)),
    ("acl-arc", "Uses", Mapped(Role.METHOD, coarse=True)),
    ("acl-arc", "Extends", Mapped(Role.EXTENSION)),
    ("acl-arc", "CompareOrContrast", Mapped(Role.COMPARISON)),
    ("acl-arc", "Background", Mapped(Role.BACKGROUND)),
    ("acl-arc", "Motivation", Mapped(Role.BACKGROUND)),
    ("acl-arc", "Future", Mapped(Role.BACKGROUND)),
    ("citelling", "use", Mapped(Role.METHOD, coarse=True)),
    ("citelling", "extend", Mapped(Role.EXTENSION)),
    ("citelling", "compare", Mapped(Role.COMPARISON)),
    ("citelling", "propose", Mapped(Role.BACKGROUND)),
    ("citelling", "analyze", Mapped(Role.BACKGROUND)),
    ("software-intent", "used", Mapped(Role.METHOD, coarse=True)),
    ("software-intent", "none", Mapped(Role.BACKGROUND)),
    ("cito", "usesMethodIn", Mapped(Role.METHOD)),
    ("cito", "usesDataFrom", Mapped(Role.DATASET)),
    ("cito", "citesAsRelated", Mapped(Role.COMPARISON)),
    ("cito", "extends", Mapped(Role.EXTENSION)),
    ("cito", "citesAsEvidence", Mapped(Role.EVIDENCE)),
    ("cito", "obtainsBackgroundFrom", Mapped(Role.BACKGROUND)),
    ("cito", "supports", Mapped(polarity=Polarity.SUPPORTS)),
    ("cito", "disputes", Mapped(polarity=Polarity.DISPUTES)),
    ("cito", "qualifies", Mapped(polarity=Polarity.MIXED)),
    ("scite", "supporting", Mapped(polarity=Polarity.SUPPORTS)),
    ("scite", "contrasting", Mapped(polarity=Polarity.DISPUTES)),
    ("scite", "mentioning", Mapped(polarity=Polarity.NEUTRAL)),
]


@pytest.mark.parametrize(("scheme", "raw", "mapped"), MAPPED_ROWS)
def test_a_foreign_value_says_what_the_mapping_table_says(scheme: str, raw: str, mapped: Mapped) -> None:
    assert map_raw(scheme, raw) == mapped
    assert map_raw(scheme, f"  {raw.upper()} ") == mapped
    assert mapped.says_something


def test_foreign_schemes_say_nothing_beyond_the_mapping_table() -> None:
    foreign = {(scheme, raw) for scheme, table in MAPPINGS.items() if scheme != "ours" for raw in table}
    assert foreign == {(scheme, raw.lower()) for scheme, raw, _ in MAPPED_ROWS}


@pytest.mark.parametrize("role", CLASSIFIED_ROLES)
def test_the_property_of_a_role_maps_back_to_the_role(role: Role) -> None:
    assert map_raw("cito", role.cito) == Mapped(role)


@pytest.mark.parametrize("word", [*Role, *Polarity])
def test_our_own_words_say_themselves(word: Role | Polarity) -> None:
    mapped = map_raw("ours", word.value)
    assert word in (mapped.role, mapped.polarity)
    assert not mapped.coarse


@pytest.mark.parametrize(
    ("scheme", "raw"),
    [
        ("cito", "cites"),
        ("cito", "citesAsAuthority"),
        ("semanticscholar", ""),
        ("scite", "method"),
        ("nowhere", "method"),
    ],
)
def test_an_unknown_value_or_scheme_says_nothing(scheme: str, raw: str) -> None:
    assert map_raw(scheme, raw) == Mapped()
    assert not map_raw(scheme, raw).says_something


def test_each_source_reads_its_values_by_a_scheme_that_exists() -> None:
    assert all({source.scheme, source.second_scheme} <= {"", *MAPPINGS} for source in SOURCES.values())
    assert all(name == source.name for name, source in SOURCES.items())


def test_a_source_with_two_sets_of_values_means_both() -> None:
    assert meaning("scicite", "result") == map_raw("semanticscholar", "result")
    assert meaning("scicite", "supportive") == map_raw("scicite-polarity", "supportive")
    assert meaning("semanticscholar", "supportive") == Mapped()
    assert meaning("a file of somebody", "method") == map_raw("ours", "method")


def test_a_source_that_is_not_listed_is_called_by_its_own_name() -> None:
    assert source_label("semanticscholar") == "Semantic Scholar"
    assert source_label("linear-2026-11") == "linear-2026-11"


def test_a_classifier_suggests_by_the_threshold_of_its_family_and_not_at_all_when_unlisted() -> None:
    assert suggestion_threshold("linear-2026-11") == suggestion_threshold("linear") == 0.8
    assert suggestion_threshold("newcomer-1") is None
    assert suggestion_threshold("") is None


def test_each_class_of_a_role_names_one_role_and_each_classified_role_has_a_class() -> None:
    assert [hub_class.role for hub_class in HubClass if hub_class.role] == list(CLASSIFIED_ROLES)
    assert all(hub_class.token for hub_class in HubClass)
