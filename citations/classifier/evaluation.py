"""How good a classifier is on labelled sentences: figures with their ranges. Plain Python.

Ranges are 95% percentile intervals of a bootstrap (Efron 1979) that draws whole papers, not sentences: those of one
paper resemble each other, and drawing them singly would make the ranges too narrow.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from citations.classifier.examples import Example
from citations.classifier.features import ROLES
from citations.classifier.model import Model, Triple
from citations.vocabulary import Role

# Draws of the bootstrap: the ends of the interval are then the 13th value from each side, steady to the digit printed.
DRAWS = 500
_OUTSIDE = 0.025
_SEED = 20261123
# Confidences are counted in so many steps between 0 and 1; thresholds lie on their bounds.
_STEPS = 20
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
# Calibration is compared in steps twice as wide: finer ones would hold a handful of sentences each.
_CALIBRATION_STEPS = 10


@dataclass(frozen=True)
class Judged:
    """A sentence whose role is known, what a classifier made of it (None: it could not be judged), and its paper."""

    role: Role
    probabilities: Triple | None
    citing: str


@dataclass(frozen=True)
class Figure:
    """A share between 0 and 1 with its 95% interval; None throughout where there is nothing to divide by."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class RoleFigures:
    """Of one role: sentences that have it, precision, recall."""

    sentences: int
    precision: Figure
    recall: Figure


@dataclass(frozen=True)
class Figures:
    """What is known of a classifier from `sentences` of `papers`; `refused` of them it could not judge: they count as
    background without confidence. `calibration_error`: mean distance between confidence and accuracy (Naeini et al.
    2015). `by_threshold`: share of sentences at or above a confidence, and accuracy among them.
    """

    sentences: int
    papers: int
    refused: int
    macro_f1: Figure
    accuracy: Figure
    calibration_error: Figure
    roles: Mapping[Role, RoleFigures]
    by_threshold: Mapping[float, tuple[Figure, Figure]]


# True role, predicted role, step of confidence: what matters of a judged sentence.
_Cell = tuple[int, int, int]
_Cells = Mapping[_Cell, int]


def judge(model: Model, examples: Iterable[Example], *, with_sections: bool = True) -> list[Judged]:
    """What `model` makes of each example that has a role it may suggest; the others are left out."""
    return [
        Judged(
            one.role,
            model.probabilities(one.sentence, one.section if with_sections else ""),
            one.citing or one.sentence,
        )
        for one in examples
        if one.role in ROLES
    ]


def measure(judged: Sequence[Judged], draws: int = DRAWS) -> Figures:
    """The figures of at least one judged sentence. The same sentences give the same ranges each time.

    Raises ValueError without any.
    """
    if not judged:
        raise ValueError("there is no sentence to judge by")
    papers: dict[str, list[_Cell]] = defaultdict(list)
    sums: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for one in judged:
        cell, confidence = _cell(one)
        papers[one.citing].append(cell)
        sums[cell[2]][0] += confidence
        sums[cell[2]][1] += 1
    confidences = {step: total / n for step, (total, n) in sums.items()}
    groups = list(papers.values())
    whole = Counter(chain.from_iterable(groups))
    dice = random.Random(_SEED)
    drawn = [Counter(chain.from_iterable(dice.choices(groups, k=len(groups)))) for _ in range(draws)]

    def figure(statistic: Callable[[_Cells], float | None]) -> Figure:
        values = sorted(value for value in map(statistic, drawn) if value is not None)
        if not values:
            return Figure(statistic(whole), None, None)
        outside = int(_OUTSIDE * len(values))
        return Figure(statistic(whole), values[outside], values[-1 - outside])

    return Figures(
        sentences=len(judged),
        papers=len(groups),
        refused=sum(one.probabilities is None for one in judged),
        macro_f1=figure(_macro_f1),
        accuracy=figure(lambda cells: _share(cells, _is_right)),
        calibration_error=figure(lambda cells: _calibration_error(cells, confidences)),
        roles={
            role: RoleFigures(
                sum(n for cell, n in whole.items() if cell[0] == number),
                figure(partial(_precision, role=number)),
                figure(partial(_recall, role=number)),
            )
            for number, role in enumerate(ROLES)
        },
        by_threshold={
            threshold: (
                figure(partial(_coverage_from, step=round(threshold * _STEPS))),
                figure(partial(_accuracy_from, step=round(threshold * _STEPS))),
            )
            for threshold in THRESHOLDS
        },
    )


def _cell(one: Judged) -> tuple[_Cell, float]:
    """What matters of a judged sentence, and its confidence."""
    triple = one.probabilities or (0.0, 0.0, 0.0)
    confidence = max(triple)
    predicted = triple.index(confidence) if one.probabilities else ROLES.index(Role.BACKGROUND)
    # A confidence on a bound belongs above it, which the error of a binary fraction must not undo.
    return (ROLES.index(one.role), predicted, min(_STEPS - 1, int(confidence * _STEPS + 1e-9))), confidence


def _is_right(cell: _Cell) -> bool:
    return cell[0] == cell[1]


def _share(cells: _Cells, wanted: Callable[[_Cell], bool]) -> float | None:
    """The share of cells that are wanted."""
    total = sum(cells.values())
    return sum(n for cell, n in cells.items() if wanted(cell)) / total if total else None


def _coverage_from(cells: _Cells, step: int) -> float | None:
    return _share(cells, lambda cell: cell[2] >= step)


def _accuracy_from(cells: _Cells, step: int) -> float | None:
    return _share({cell: n for cell, n in cells.items() if cell[2] >= step}, _is_right)


def _precision(cells: _Cells, role: int) -> float | None:
    return _share({cell: n for cell, n in cells.items() if cell[1] == role}, _is_right)


def _recall(cells: _Cells, role: int) -> float | None:
    return _share({cell: n for cell, n in cells.items() if cell[0] == role}, _is_right)


def _macro_f1(cells: _Cells) -> float | None:
    """The mean of the roles' F1; 0 for one that is never found."""
    f1 = []
    for role in range(len(ROLES)):
        precision, recall = _precision(cells, role) or 0.0, _recall(cells, role) or 0.0
        f1.append(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    return sum(f1) / len(f1)


def _calibration_error(cells: _Cells, confidences: Mapping[int, float]) -> float | None:
    """The distance of confidence from accuracy in each of ten steps, weighed by sentences."""
    width = _STEPS // _CALIBRATION_STEPS
    said: dict[int, float] = defaultdict(float)
    for cell, n in cells.items():
        said[cell[2] // width] += n * (confidences[cell[2]] - _is_right(cell))
    total = sum(cells.values())
    return sum(abs(distance) for distance in said.values()) / total if total else None


# Printing ------------------------------------------------------------------------------------------------------------


def percent(figure: Figure) -> str:
    """A figure in per cent with its interval: "82.1 (79.4–84.7)"; a dash where there is none."""
    if figure.value is None:
        return "–"
    if figure.low is None or figure.high is None:
        return f"{100 * figure.value:.1f}"
    return f"{100 * figure.value:.1f} ({100 * figure.low:.1f}–{100 * figure.high:.1f})"


def lines(figures: Figures) -> list[str]:
    """The figures as lines of text, for a terminal or a file."""
    printed = [
        f"{figures.sentences} sentences of {figures.papers} papers; {figures.refused} could not be judged. "
        "Per cent, with 95% intervals.",
        f"macro-F1           {percent(figures.macro_f1)}",
        f"accuracy           {percent(figures.accuracy)}",
        f"calibration error  {percent(figures.calibration_error)}",
        f"{'role':<12} {'sentences':>9}  {'precision':<19} recall",
    ]
    for role, of_role in figures.roles.items():
        printed.append(f"{role:<12} {of_role.sentences:>9}  {percent(of_role.precision):<19} {percent(of_role.recall)}")
    printed.append(f"{'threshold':<12} {'coverage':<19} accuracy")
    for threshold, (coverage, accuracy) in figures.by_threshold.items():
        printed.append(f"{threshold:<12} {percent(coverage):<19} {percent(accuracy)}")
    return printed


def as_card(figures: Figures) -> dict[str, object]:
    """The figures as plain values for a model's card: [value, low, high] each, shares between 0 and 1."""

    def plain(figure: Figure) -> list[float | None]:
        return [None if value is None else round(value, 4) for value in (figure.value, figure.low, figure.high)]

    return {
        "sentences": figures.sentences,
        "papers": figures.papers,
        "refused": figures.refused,
        "macro_f1": plain(figures.macro_f1),
        "accuracy": plain(figures.accuracy),
        "calibration_error": plain(figures.calibration_error),
        "roles": {
            role.value: {"sentences": one.sentences, "precision": plain(one.precision), "recall": plain(one.recall)}
            for role, one in figures.roles.items()
        },
        "by_threshold": {
            str(threshold): {"coverage": plain(coverage), "accuracy": plain(accuracy)}
            for threshold, (coverage, accuracy) in figures.by_threshold.items()
        },
    }
