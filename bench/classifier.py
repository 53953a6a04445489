"""`python -m bench.classifier FOLDER`: judge the classifier on labelled sentences, and write docs/classifier.md.

FOLDER holds the sets `scicite` (train.jsonl, dev.jsonl), `acl_arc` (train.jsonl, dev.jsonl, test.jsonl), `citelling`
(all.jsonl) and `software_intent` (train.jsonl), one JSON object a line. Takes about ten minutes.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.linear_model import LogisticRegression

from citations.classifier import evaluation, shipped, training
from citations.classifier.evaluation import Figures, Judged, percent
from citations.classifier.examples import Example, read
from citations.classifier.features import ROLES, features, section_group
from citations.classifier.model import Model, Triple

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "classifier.md"
BEGIN, END = "<!-- figures: python -m bench.classifier -->", "<!-- end of figures -->"
SECTION_FOLDS = 10
# Sentences whose speed is measured, each once.
TIMED = 4_000
# So many rounds, of which the median counts.
ROUNDS = 8


def main(folder: Path) -> int:
    """Measure and write the figures into the page."""
    scicite_train, scicite_dev = _read(folder, "scicite/train.jsonl"), _read(folder, "scicite/dev.jsonl")
    acl = _read(folder, "acl_arc/train.jsonl", "acl_arc/dev.jsonl", "acl_arc/test.jsonl")
    of_dev = {one.citing for one in scicite_dev}
    apart = [one for one in scicite_train if one.citing not in of_dev]
    settings = training.Settings(folds=3)
    say(f"SciCite, {len(apart)} of {len(scicite_train)} sentences, of papers that dev does not hold ...")
    own = training.train(apart, "linear-scicite", {}, settings, _progress).model
    say("SciCite as published ...")
    published = training.train(scicite_train, "linear-published", {}, settings, _progress).model
    say("ACL-ARC ...")
    acl_own = training.train(acl, "linear-aclarc", {}, training.Settings(folds=5), _progress)
    default = shipped.load()
    plain = [replace(one, section="") for one in acl]
    rows = [
        ("SciCite dev, text alone", "SciCite train, without the papers of dev", _on(own, scicite_dev)),
        ("SciCite dev, text and section", "the same; sections: see below", _measure(_sectioned(own, scicite_dev))),
        ("SciCite dev, text alone", "SciCite train as published (shares papers with dev)", _on(published, scicite_dev)),
        (
            "SciCite dev, text and section",
            "the same; sections: see below",
            _measure(_sectioned(published, scicite_dev)),
        ),
        ("ACL-ARC, cross-validated by paper", "ACL-ARC with sections", acl_own.figures),
        ("ACL-ARC, all", "SciCite train, as above", _on(own, plain)),
        ("SciCite dev", f"`{default.name}` (shipped)", _on(default, scicite_dev)),
        ("SciCite dev", f"`{shipped.CUES.name}` (shipped)", _on(shipped.CUES, scicite_dev)),
        ("ACL-ARC, all", f"`{default.name}` (shipped)", _on(default, plain)),
        ("ACL-ARC, all", f"`{shipped.CUES.name}` (shipped)", _on(shipped.CUES, plain)),
    ]
    speeds = [(model.name, *_speed(model, scicite_train)) for model in (published, default, shipped.CUES)]
    _write(_page(rows, speeds))
    return 0


def say(line: str) -> None:
    """A line about what is going on."""
    sys.stderr.write(f"{line}\n")


def _progress(done: int, of: int) -> None:
    say(f"  {done} of {of}")


def _read(folder: Path, *names: str) -> list[Example]:
    """The examples of these files that have a role that may be suggested."""
    return [one for name in names for one in read(folder / name).examples if one.role in ROLES]


def _on(model: Model, examples: Sequence[Example]) -> Figures:
    return evaluation.measure(evaluation.judge(model, examples))


def _measure(judged: Sequence[Judged]) -> Figures:
    return evaluation.measure(judged)


def _sectioned(model: Model, examples: Sequence[Example]) -> list[Judged]:
    """The model with weights for sections besides, which it could not learn: its training file names none.

    They are learnt from nine tenths of the papers of `examples` and used on the other tenth, ten times.
    """
    papers = sorted({one.citing for one in examples})
    random.Random(1).shuffle(papers)
    fold_of = {paper: n % SECTION_FOLDS for n, paper in enumerate(papers)}
    seen = [features(one.sentence) for one in examples]
    scores = np.array([model.scores(one) if one else (0.0, 0.0, 0.0) for one in seen]) / model.temperature
    groups = sorted({section_group(one.section) for one in examples})
    sections = np.array([[section_group(one.section) == group for group in groups] for one in examples], dtype=float)
    columns = np.hstack([scores, sections])
    roles = np.array([ROLES.index(one.role) for one in examples])
    folds = np.array([fold_of[one.citing] for one in examples])
    judged: list[Judged] = []
    for fold in range(SECTION_FOLDS):
        learning = (folds != fold) & np.array([one is not None for one in seen])
        regression = LogisticRegression(C=1.0, max_iter=500).fit(columns[learning], roles[learning])
        for n in np.flatnonzero(folds == fold):
            one, two, three = (float(value) for value in regression.predict_proba(columns[n : n + 1])[0])
            found: Triple | None = (one, two, three) if seen[n] else None
            judged.append(Judged(examples[n].role, found, examples[n].citing))
    return judged


def _speed(model: Model, examples: Sequence[Example]) -> tuple[float, int]:
    """Sentences in a second of processor time, from text to suggestion; and runs that the model knows."""
    texts = [(one.sentence, one.section) for one in examples[:TIMED]]
    model.suggest([texts[0]])  # what is prepared once is not what is measured
    rounds = []
    for n in range(ROUNDS):
        some = texts[n::ROUNDS]
        start = time.process_time()
        for text in some:
            model.suggest([text])
        rounds.append(len(some) / (time.process_time() - start))
    return statistics.median(rounds), len(model.runs) + len(model.letters)


def _page(rows: Sequence[tuple[str, str, Figures]], speeds: Sequence[tuple[str, float, int]]) -> str:
    """The figures as Markdown."""
    lines = [
        "Per cent, each with its 95% interval (500 bootstrap draws of whole papers). The threshold of 0.8 is that of",
        "`citations/vocabulary.py`; coverage is the share of sentences at or above it.",
        "",
        "| judged on | learnt from | sentences | macro-F1 | calibration error | coverage at 0.8 | accuracy at 0.8 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for judged_on, learnt_from, figures in rows:
        coverage, accuracy = figures.by_threshold[0.8]
        cells = map(percent, (figures.macro_f1, figures.calibration_error, coverage, accuracy))
        lines.append(f"| {judged_on} | {learnt_from} | {figures.sentences} | {' | '.join(cells)} |")
    lines += ["", "By threshold: coverage, then accuracy.", "", _thresholds_head(), _thresholds_rule()]
    for judged_on, learnt_from, figures in rows:
        cells = (
            f"{percent(coverage)}; {percent(accuracy)}"
            for threshold, (coverage, accuracy) in figures.by_threshold.items()
            if threshold >= 0.7
        )
        lines.append(f"| {judged_on} | {learnt_from} | {' | '.join(cells)} |")
    lines += [
        "",
        "By role: precision, then recall.",
        "",
        "| judged on | learnt from | method | comparison | background |",
    ]
    lines.append("| --- | --- | --- | --- | --- |")
    for judged_on, learnt_from, figures in rows:
        cells = (f"{percent(figures.roles[role].precision)}; {percent(figures.roles[role].recall)}" for role in ROLES)
        lines.append(f"| {judged_on} | {learnt_from} | {' | '.join(cells)} |")
    lines += ["", "| model | runs of words and letters | sentences a second of processor time |", "| --- | --- | --- |"]
    lines += [f"| `{name}` | {runs} | {round(speed, -2):.0f} |" for name, speed, runs in speeds]
    return "\n".join(lines)


def _thresholds_head() -> str:
    return "| judged on | learnt from | " + " | ".join(str(one) for one in evaluation.THRESHOLDS if one >= 0.7) + " |"


def _thresholds_rule() -> str:
    return "| --- | --- |" + " --- |" * sum(one >= 0.7 for one in evaluation.THRESHOLDS)


def _write(figures: str) -> None:
    """Put the figures between their marks in the page."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}", "utf-8")
    say(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("Usage: python -m bench.classifier FOLDER (see its docstring for what the folder holds)")
    sys.exit(main(Path(sys.argv[1])))
