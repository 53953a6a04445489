"""The classifier, without a database: what it sees, what it says, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.classifier import evaluation, files, shipped, training
from citations.classifier.cues import ORDERING, PHRASES, Cue
from citations.classifier.evaluation import Judged, measure
from citations.classifier.examples import Example, ExampleError, read
from citations.classifier.features import CODE, ROLES, cues, features, letters, section_group, words
from citations.classifier.files import ModelError
from citations.classifier.marking import LONGEST, MARK, mark, mask
from citations.classifier.model import Model, Triple, combine, softmax
from citations.vocabulary import ROLE_SPECIFICITY, Role
from tests import sentences

ROOT = Path(__file__).resolve().parent.parent
LABELLED = ROOT.parent / "shared" / "data" / "citation_function"
METHOD = "We used the software of @@CITATION@@ to count the lichens, as described by them."
DEFAULT = shipped.load()
SURE = replace(shipped.CUES, name="cues-test", threshold=0.5)

triples = st.tuples(*[st.floats(0.001, 1)] * 3).map(lambda parts: softmax([math.log(part) for part in parts]))


@pytest.fixture(scope="module")
def trained() -> training.Trained:
    """A model of invented sentences."""
    return training.train(sentences.examples(), "linear-test", {"title": "A test"}, training.Settings(folds=3))


# Marking -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "judged", "companions", "others"),
    [
        ("We follow @@CITATION@@ here.", True, 0, 0),
        ("Seen before (Doe, 1999; @@CITATION@@; Roe et al., 2001).", True, 2, 0),
        ("Unlike Doe and Roe (1999), we follow @@CITATION@@ [3-5].", True, 0, 2),
        ("The only one [7] counts as judged.", True, 0, 0),
        ("Of two [7] none [8] counts.", False, 0, 2),
        ("A sample (n = 12) is no citation.", False, 0, 0),
        ("Others (CITATION) are marked by a word, this by another @@CITATION@@.", True, 0, 1),
        ("No citation at all.", False, 0, 0),
    ],
)
def test_citations_of_a_sentence_are_found_and_counted(
    sentence: str, judged: bool, companions: int, others: int
) -> None:
    masked = mask(sentence)
    assert (masked.judged, masked.companions, masked.others) == (judged, companions, others)


def test_names_and_years_of_works_are_masked() -> None:
    seen = words(mask("Unlike Smith and Wesson ( 1999 ), we follow @@CITATION@@ (Doe et al., 2001).").text)
    assert seen == ["unlike", "citother", "we", "follow", "citjudged", "citother"]


@pytest.mark.parametrize(
    ("sentence", "marked"),
    [
        ("We use Doe (Doe et al., 2023) and (Roe, 2023).", "We use Doe (@@CITATION@@) and (Roe, 2023)."),
        ("As Doe et al. (2023a) say.", "As @@CITATION@@ say."),
        ("Doe (2023) and again Doe (2023).", "Doe (2023) and again Doe (2023)."),
        ("Doe (2021) is another one.", "Doe (2021) is another one."),
        ("Already @@CITATION@@ (Doe, 2023).", "Already @@CITATION@@ (Doe, 2023)."),
        ("Doebler (2023) has a longer name.", "Doebler (2023) has a longer name."),
    ],
)
def test_a_paper_is_marked_where_its_author_and_year_tell_it(sentence: str, marked: str) -> None:
    assert mark(sentence, "Jane Q. Doe", 2023) == marked
    assert mark(sentence, "Doe, Jane", 2023) == marked


def test_nothing_is_marked_for_a_paper_without_author_or_year() -> None:
    assert mark("Doe (2023)", "", 2023) == mark("Doe (2023)", "Doe", None) == "Doe (2023)"


# Features and cues ---------------------------------------------------------------------------------------------------


def test_every_phrase_can_be_found() -> None:
    for phrase in PHRASES:
        assert " ".join(words(phrase)) == phrase
        assert phrase.count(" ") < 3


def test_roles_are_those_that_may_be_suggested_most_specific_first() -> None:
    assert set(ROLES) == {Role.METHOD, Role.COMPARISON, Role.BACKGROUND}
    assert list(ROLES) == [role for role in ROLE_SPECIFICITY if role in ROLES]


def test_cues_of_data_extension_and_dispute_order_the_queue() -> None:
    found = cues("We extend the corpus of @@CITATION@@, which contradicts this.")
    assert found >= ORDERING == {Cue.DATA, Cue.EXTENSION, Cue.DISPUTE}
    assert cues("") == frozenset()


@pytest.mark.parametrize(
    ("heading", "group"),
    [
        ("", "none"),
        ("2. Materials and Methods", "method"),
        ("Related methods", "related"),
        ("RESULTS AND DISCUSSION", "discussion"),
        ("3 Results", "results"),
        ("Acknowledgements", "other"),
        ("Introduction", "introduction"),
        ("5 Conclusions", "conclusion"),
        ("Datasets", "data"),
    ],
)
def test_headings_are_grouped(heading: str, group: str) -> None:
    assert section_group(heading) == group


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "   \n ",
        "[12]",
        "ibid. [12]",
        "x" * 100_000,
        "the of and " * 10_000,
        "(" * 100_000,
        "Wir haben die Methode von Erfunden (2003) verwendet, was gut war.",
        "Nous avons utilisé la méthode de Personne (2003) pour les analyses.",
        "Se utilizó el método de Nadie (2010) para estimar los parámetros.",
        "Usamos o método de Ninguém (2010) para as análises dos dados.",
        "Мы использовали метод, описанный в работе [3].",
        "我们使用了该方法 [3]。",
        "استخدمنا الطريقة الموصوفة [3].",
    ],
)
def test_what_cannot_be_judged_gets_no_suggestion(sentence: str) -> None:
    for model in (SURE, DEFAULT):
        assert features(sentence) is None
        assert model.probabilities(sentence) is None
        assert model.suggest([(sentence, "")]) is None


@given(st.text(max_size=200), st.text(max_size=60))
def test_any_text_gets_probabilities_or_none(sentence: str, section: str) -> None:
    for text in (sentence, f"We used the tool of {sentence} {MARK} and the {sentence}."):
        found = DEFAULT.probabilities(text, section)
        assert found is None or (sum(found) == pytest.approx(1) and min(found) >= 0)


@given(st.text(alphabet="([)]@;, CITATION12390aA\n", max_size=LONGEST))
def test_no_arrangement_of_brackets_and_marks_is_too_much(sentence: str) -> None:
    assert mask(sentence).others >= 0


# Scores --------------------------------------------------------------------------------------------------------------


@given(st.lists(triples, min_size=1, max_size=6))
def test_a_citation_is_judged_by_all_its_sentences_in_any_order(found: list[Triple]) -> None:
    together = combine(found)
    assert sum(together) == pytest.approx(1)
    assert min(together) >= 0
    assert together[0] == max(triple[0] for triple in found)
    assert combine(found[::-1]) == together
    assert combine([found[0]]) == found[0]
    assert combine([found[0], found[0]]) == pytest.approx(found[0])


def test_one_sentence_that_uses_a_tool_outweighs_several_that_name_it() -> None:
    naming = "It is well known that the lichens depend on the tides @@CITATION@@."
    suggestion = SURE.suggest([(naming, ""), (METHOD, "Methods"), (naming, "")])
    assert suggestion is not None
    assert (suggestion.role, suggestion.sentence) == (Role.METHOD, 1)


def test_below_its_threshold_a_model_says_nothing() -> None:
    silent = replace(SURE, threshold=1.0)
    assert SURE.suggest([(METHOD, "")]) is not None
    assert silent.suggest([(METHOD, "")]) is None


def test_no_model_suggests_below_the_threshold_of_its_family() -> None:
    assert replace(SURE, threshold=0.1).least_confidence == 0.8
    assert replace(SURE, threshold=0.97).least_confidence == 0.97


def test_unreadable_sentences_do_not_silence_the_others() -> None:
    suggestion = SURE.suggest([("x" * 100_000, ""), (METHOD, "")])
    assert suggestion is not None
    assert suggestion.sentence == 1


# Training ------------------------------------------------------------------------------------------------------------


def test_a_model_learns_what_its_sentences_teach(trained: training.Trained) -> None:
    unseen = "We used the procedure of @@CITATION@@ to measure the bridges."
    found = trained.model.probabilities(unseen)
    assert found is not None
    assert found.index(max(found)) == ROLES.index(Role.METHOD)
    assert trained.figures.macro_f1.value is not None
    assert trained.figures.macro_f1.value > 0.95


def test_training_again_gives_the_same_model(trained: training.Trained) -> None:
    again = training.train(sentences.examples(), "linear-test", {"title": "A test"}, training.Settings(folds=3))
    assert again.model == trained.model


def test_a_matrix_and_a_model_score_alike() -> None:
    """What is learnt with arrays is scored without: the probabilities must be those of the regression."""
    some = sentences.examples(20)
    seen = [found for one in some if (found := features(one.sentence, one.section))]
    spelt = [letters(one.text) for one in seen]
    settings = training.Settings()
    columns = training._columns(seen, spelt, settings)
    matrix = training._matrix(seen, spelt, columns)
    roles = np.array([ROLES.index(one.role) for one in some])
    model = training._fit(seen, roles, "linear-test", settings)
    ends = len(columns.words), len(columns.words) + len(columns.letters)
    for row, one in zip(matrix.toarray(), seen, strict=True):
        for role in range(len(ROLES)):
            weights = [weight[role + 1] for weight in model.runs.values()]
            expected = model.bias[role] + float(row[: ends[0]] @ np.array(weights))
            spelling = [weight[role + 1] for weight in model.letters.values()]
            factor = training._WEIGHT_OF_LETTERS
            expected += float(row[ends[0] : ends[1]] @ np.array(spelling)) / factor
            facts = [weight[role] for weight in model.facts.values()]
            expected += float(row[ends[1] :] @ np.array(facts)) / training._WEIGHT_OF_FACTS
            assert model.scores(one)[role] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("some", "said"),
    [
        ([], "0 labelled sentences"),
        (sentences.examples(130), "390 labelled sentences"),
        (sentences.examples(200, (Role.METHOD, Role.COMPARISON)), "background 0"),
        (sentences.examples(200, (Role.METHOD, Role.COMPARISON)) + sentences.examples(49), "background 49"),
        (sentences.examples(papers=2), "too few papers"),
    ],
)
def test_too_little_is_refused_with_what_is_missing(some: list[Example], said: str) -> None:
    if "papers" in said:
        some = [replace(one, citing=one.role) for one in some]
    with pytest.raises(training.TooFewLabels, match=said):
        training.train(some, "linear-test", {})


def test_no_paper_is_learnt_from_and_judged_by() -> None:
    some = sentences.examples(50, papers=11)
    groups = [one.citing for one in some]
    roles = np.array([ROLES.index(one.role) for one in some])
    judged: list[int] = []
    for learning, judging in training._folds(groups, roles, 4):
        assert not {groups[n] for n in learning} & {groups[n] for n in judging}
        judged += judging
    assert sorted(judged) == list(range(len(some)))


# Files ---------------------------------------------------------------------------------------------------------------


def test_a_saved_model_is_read_as_it_was(trained: training.Trained, tmp_path: Path) -> None:
    path = tmp_path / "models" / "one.model"
    files.save(trained.model, path)
    loaded = files.load(path)
    assert loaded == trained.model
    assert loaded.probabilities(METHOD) == trained.model.probabilities(METHOD)
    assert loaded.card["title"] == "A test"
    assert list(path.parent.iterdir()) == [path]


def test_a_model_is_never_replaced(trained: training.Trained, tmp_path: Path) -> None:
    path = tmp_path / "one.model"
    files.save(trained.model, path)
    with pytest.raises(ModelError, match="never replaced"):
        files.save(trained.model, path)


def valid(tmp_path: Path) -> tuple[Path, bytes]:
    """A small model file and its content."""
    path = tmp_path / "small.model"
    files.save(Model("linear-small", 0.8, runs={"we used": (1.0, 2.0, -1.0, -1.0)}, card={"title": "Small"}), path)
    return path, path.read_bytes()


def signed(body: bytes) -> bytes:
    """A body below a line with the right checksum."""
    return f"citation-classifier 1 sha256:{hashlib.sha256(body).hexdigest()}\n".encode() + body


@pytest.mark.parametrize("length", [0, 1, 40, 90, 200, -1])
def test_a_truncated_model_is_refused(tmp_path: Path, length: int) -> None:
    path, content = valid(tmp_path)
    path.write_bytes(content[:length])
    with pytest.raises(ModelError, match=r"small\.model"):
        files.load(path)


def test_a_changed_model_is_refused(tmp_path: Path) -> None:
    path, content = valid(tmp_path)
    path.write_bytes(content.replace(b"2.0", b"9.0"))
    with pytest.raises(ModelError, match="cut or changed"):
        files.load(path)


@pytest.mark.parametrize(
    "changed",
    [
        {"roles": ["background", "method", "comparison"]},
        {"features": 999},
        {"name": "../../etc"},
        {"threshold": 2},
        {"temperature": 0},
        {"temperature": "hot"},
        {"bias": [1, 2]},
        {"bias": [1, 2, True]},
        {"runs": {"we": [1, 2, 3]}},
        {"runs": {"we": [1, 2, 3, None]}},
        {"runs": {"we": [1, 2, 3, 1e300]}},
        {"letters": []},
        {"facts": 7},
        {"card": []},
        {"surprise": 1},
    ],
)
def test_a_forged_model_is_refused(tmp_path: Path, changed: dict[str, object]) -> None:
    path, content = valid(tmp_path)
    body = json.loads(content.split(b"\n", 1)[1]) | changed
    path.write_bytes(signed(json.dumps(body).encode()))
    with pytest.raises(ModelError, match="no valid model"):
        files.load(path)


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b"[" * 100_000, b'{"bias": NaN}', b"\xff\xfe", b"1" * 5_000])
def test_a_file_of_something_else_is_refused(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "other.model"
    for content in (body, signed(body)):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"other\.model"):
            files.load(path)


def test_a_file_that_is_too_large_or_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        files.load(tmp_path / "none.model")
    large = tmp_path / "large.model"
    with large.open("wb") as file:
        file.truncate(files.LARGEST + 1)
    with pytest.raises(ModelError, match="larger"):
        files.load(large)
    run = "x" * 1_000
    many = {f"{run}{n}": (1.0, 1.0, 1.0, 1.0) for n in range(files.LARGEST // 1_000)}
    with pytest.raises(ModelError, match="fewer words"):
        files.save(Model("linear-large", 0.8, runs=many), tmp_path / "new.model")


# What ships ----------------------------------------------------------------------------------------------------------


def test_the_shipped_models_load_and_say_what_they_are() -> None:
    assert shipped.names() == [shipped.DEFAULT, shipped.CUES.name]
    for name in shipped.names():
        model = shipped.load(name)
        assert model.name == name
        assert model.card["title"] and model.card["about"]
        assert 0.8 <= model.least_confidence < 1
    data = shipped.load().card["data"]
    assert isinstance(data, list)
    assert {one["from"] for one in data} == {"citelling.jsonl", "software_intent.jsonl"}


def test_the_shipped_model_holds_runs_of_words_and_no_sentence() -> None:
    assert all(len(words(run)) <= 3 for run in shipped.load().runs)
    assert all(len(run) <= 5 for run in shipped.load().letters)


def test_phrases_work_at_once() -> None:
    suggestion = shipped.CUES.suggest([(METHOD, "Methods")])
    assert suggestion is not None
    assert suggestion.role is Role.METHOD


@pytest.mark.skipif(not LABELLED.is_dir(), reason="the labelled sentences are not here")
@pytest.mark.parametrize("names", [("scicite/dev.jsonl",), ("acl_arc/train.jsonl", "acl_arc/test.jsonl")])
def test_the_default_model_beats_phrases_on_sentences_of_other_fields(names: tuple[str, ...]) -> None:
    some = [one for name in names for one in read(LABELLED / name).examples]
    learnt, phrases = (measure(evaluation.judge(model, some), draws=10) for model in (shipped.load(), shipped.CUES))
    assert learnt.macro_f1.value is not None and phrases.macro_f1.value is not None
    assert learnt.macro_f1.value > phrases.macro_f1.value


def test_the_web_process_loads_no_package_of_training(tmp_path: Path) -> None:
    program = (
        "import sys, explorer.wsgi, citations.urls, citations.classifier.shipped, citations.suggesting\n"
        "from django.urls import get_resolver\n"
        "assert get_resolver().url_patterns\n"
        "found = {'sklearn', 'numpy', 'scipy', 'joblib'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(found)) or 0)\n"
    )
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    environment = {**kept, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "explorer.settings"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_cards_name_the_version_of_this_project() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == CODE
    assert shipped.load().card["code"] == CODE


def test_what_training_needs_is_pinned_alike_in_both_files() -> None:
    lines = [
        {line for line in (ROOT / name).read_text("utf-8").splitlines() if line and line[0] not in "#-"}
        for name in ("requirements-train.txt", "requirements-dev.txt", "requirements.txt")
    ]
    training_needs, development, site = lines
    assert training_needs <= development
    assert not training_needs & site


# Figures -------------------------------------------------------------------------------------------------------------


def judged(role: Role, said: Role | None, confidence: float = 0.9, citing: str = "") -> Judged:
    """A sentence, and what was made of it."""
    if said is None:
        return Judged(role, None, citing)
    rest = (1 - confidence) / 2
    one, two, three = (confidence if other is said else rest for other in ROLES)
    return Judged(role, (one, two, three), citing)


def test_figures_are_those_worked_out_by_hand() -> None:
    some = [
        judged(Role.METHOD, Role.METHOD, 0.9, "a"),
        judged(Role.METHOD, Role.BACKGROUND, 0.6, "a"),
        judged(Role.COMPARISON, Role.COMPARISON, 0.8, "b"),
        judged(Role.BACKGROUND, Role.BACKGROUND, 0.9, "c"),
        judged(Role.BACKGROUND, None, citing="c"),
    ]
    found = measure(some)
    assert (found.sentences, found.papers, found.refused) == (5, 3, 1)
    # F1: method 2/3, comparison 1, background 4/5.
    assert found.macro_f1.value == pytest.approx((2 / 3 + 1 + 4 / 5) / 3)
    assert found.accuracy.value == pytest.approx(4 / 5)
    assert found.roles[Role.METHOD].precision.value == 1
    assert found.roles[Role.METHOD].recall.value == pytest.approx(1 / 2)
    coverage, accuracy = found.by_threshold[0.8]
    assert coverage.value == pytest.approx(3 / 5)
    assert accuracy.value == 1
    # Steps: 0.0 (right, said 0), 0.6 (wrong), 0.8 (right), 0.9 (both right).
    assert found.calibration_error.value == pytest.approx((1 + 0.6 + 0.2 + 0.2) / 5)
    assert found.by_threshold[0.95][1].value is None


def test_ranges_enclose_the_figure_and_come_out_the_same_again() -> None:
    some = [judged(role, role if n % 3 else Role.BACKGROUND, 0.7, f"{n % 7}") for n in range(40) for role in ROLES]
    found = measure(some)
    assert measure(some) == found
    for figure in (found.macro_f1, found.accuracy, found.by_threshold[0.5][1]):
        assert figure.low is not None and figure.high is not None and figure.value is not None
        assert figure.low <= figure.value <= figure.high


def test_sentences_of_one_paper_are_drawn_together() -> None:
    apart = [judged(Role.METHOD, Role.METHOD if n < 20 else Role.BACKGROUND, citing=str(n)) for n in range(40)]
    together = [replace(one, citing=str(int(one.citing) // 20)) for one in apart]
    assert measure(together).accuracy.low == 0
    assert (measure(apart).accuracy.low or 0) > 0.2


def test_without_a_sentence_there_are_no_figures() -> None:
    with pytest.raises(ValueError, match="no sentence"):
        measure([])


# Files of examples ---------------------------------------------------------------------------------------------------


def test_the_scheme_of_a_file_is_told_by_its_labels(tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    for labels, scheme, roles in (
        (["background", "method", "result"], "semanticscholar", [Role.BACKGROUND, Role.METHOD, Role.COMPARISON]),
        (["Uses", "Extends", "Future"], "acl-arc", [Role.METHOD, Role.EXTENSION, Role.BACKGROUND]),
        (["method", "comparison", "dataset"], "ours", [Role.METHOD, Role.COMPARISON, Role.DATASET]),
        (["use", "propose", "compare"], "citelling", [Role.METHOD, Role.BACKGROUND, Role.COMPARISON]),
    ):
        path.write_text("\n".join(json.dumps({"text": "A sentence.", "label": label}) for label in labels), "utf-8")
        found = read(path)
        assert found.scheme == scheme
        assert [one.role for one in found.examples] == roles


def test_the_marked_sentence_its_section_and_its_paper_are_read(tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    row = {"text": "bare", "text_marked": f"marked {MARK}", "label": "method", "section": "Methods", "citing_id": 7}
    path.write_text(json.dumps(row) + "\n\n" + json.dumps({"text": "b", "label": "odd", "section": "None"}), "utf-8")
    found = read(path)
    assert found.examples == [Example(f"marked {MARK}", Role.METHOD, "Methods", "7")]
    assert found.left_out == {"odd": 1}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no label"),
        (b"nonsense", "line 1"),
        (b'{"text": "a", "label": "method"}\n[1]', "line 2"),
        (b'{"label": "method"}', "text_marked"),
        (b'{"text": "a"}', "label"),
        (b'{"text": "a", "label": "never heard"}', "no label that is known"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(ExampleError, match=said):
        read(path)
    with pytest.raises(ExampleError, match="cannot be read"):
        read(tmp_path / "missing.jsonl")
