"""Learning a model from labelled sentences. The only module that needs scikit-learn, SciPy and NumPy.

A multinomial logistic regression over TF-IDF of runs of words and of letters. Each column is scaled by the square root
of its largest naive Bayes log-count ratio, after Wang and Manning (2012), who scale by the ratio itself: the root was
the better one on held-out papers. The temperature and all figures come from cross-validation in which no paper's
sentences are on both sides.
"""

from __future__ import annotations

import datetime
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sparse
from sklearn.linear_model import LogisticRegression

from citations.classifier import evaluation, files
from citations.classifier.evaluation import Figures, Judged
from citations.classifier.examples import Example
from citations.classifier.features import CODE, FEATURES, ROLES, Features, features, letters
from citations.classifier.model import DECIMALS, Model, Triple, Weights, softmax
from citations.vocabulary import suggestion_threshold

# Fewer labels leave intervals of more than ten points, and a role with fewer is learnt from chance.
LEAST_LABELS, LEAST_OF_ROLE = 400, 50
_SEED = 20261123
# A run of letters in fewer sentences than this hardly ever helps, and there are many; so many of the commonest stay.
_LEAST_OF_LETTERS, _MOST_LETTERS = 5, 40_000
# How much runs of letters and facts count beside runs of words, each of which has length 1.
_WEIGHT_OF_LETTERS, _WEIGHT_OF_FACTS = 0.7, 0.3
# A fact in fewer sentences is left out.
_LEAST_OF_FACTS = 5
_ROUNDS, _TOLERANCE = 150, 3e-3
# Thresholds for a model of its own are tried in this order until so many of those above are right.
_THRESHOLDS, _WANTED_ACCURACY = (0.8, 0.9, 0.95), 0.9


class TooFewLabels(ValueError):
    """Not enough to learn from: the message says what there is and what is needed."""


@dataclass(frozen=True)
class Settings:
    """How a model is trained. `inverse_penalty`: C of the regression. `least`: sentences in which a run of words must
    occur. `phrases`: the weight of what phrases speak for. `folds` of the cross-validation.
    """

    inverse_penalty: float = 3.0
    least: int = 2
    phrases: float = 0.0
    folds: int = 5


@dataclass(frozen=True)
class Trained:
    """A model as it will be read from its file, and what cross-validation says of it."""

    model: Model
    figures: Figures


@dataclass
class _Columns:
    """Which runs and facts are seen, in the order of the columns of the matrix, with the runs' document frequencies."""

    words: dict[str, float] = field(default_factory=dict)
    letters: dict[str, float] = field(default_factory=dict)
    facts: list[str] = field(default_factory=list)


def train(
    examples: Iterable[Example],
    name: str,
    card: Mapping[str, object],
    settings: Settings = Settings(),
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Trained:
    """Learn a model called `name` (`files.NAME`) from examples; `card` says where they come from, and is completed.

    `progress` is called with rounds done and rounds in all. Raises `TooFewLabels` below `LEAST_LABELS` and
    `LEAST_OF_ROLE`. The same examples give the same model.
    """
    kept = [one for one in examples if one.role in ROLES]
    pairs = [(one, seen) for one in kept if (seen := features(one.sentence, one.section)) is not None]
    _check(Counter(one.role for one, _ in pairs))
    known = [seen for _, seen in pairs]
    roles = np.array([ROLES.index(one.role) for one, _ in pairs])
    groups = [one.citing or one.sentence for one, _ in pairs]
    rounds = settings.folds + 1
    scores: list[Triple] = [(0.0, 0.0, 0.0)] * len(pairs)
    for number, (learning, judging) in enumerate(_folds(groups, roles, settings.folds)):
        progress(number, rounds)
        fold = _fit([known[n] for n in learning], roles[learning], name, settings)
        for n in judging:
            scores[n] = fold.scores(known[n])
    progress(settings.folds, rounds)
    temperature = round(_temperature(scores, roles), DECIMALS)
    judged = [
        Judged(one.role, softmax(of, temperature), group)
        for (one, _), of, group in zip(pairs, scores, groups, strict=True)
    ]
    figures = evaluation.measure(judged)
    model = replace(
        _fit(known, roles, name, settings),
        temperature=temperature,
        threshold=_threshold(name, figures),
        card=_card(card, pairs_left_out=len(kept) - len(pairs), figures=figures, settings=settings),
    )
    progress(rounds, rounds)
    return Trained(files.rounded(model), figures)


def _check(counts: Mapping[object, int]) -> None:
    """Refuse to learn from too little."""
    total = sum(counts.values())
    few = [f"{role.value} {counts.get(role, 0)}" for role in ROLES if counts.get(role, 0) < LEAST_OF_ROLE]
    if total >= LEAST_LABELS and not few:
        return
    said = ", ".join(f"{role.value} {counts.get(role, 0)}" for role in ROLES)
    raise TooFewLabels(
        f"{total} labelled sentences can be learnt from ({said}); at least {LEAST_LABELS} are needed, "
        f"{LEAST_OF_ROLE} of each role. Label more, or train from a file."
    )


def _card(
    card: Mapping[str, object], *, pairs_left_out: int, figures: Figures, settings: Settings
) -> dict[str, object]:
    """The card with what is known after training."""
    return {
        **card,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "code": CODE,
        "features": FEATURES,
        "roles": {role.value: of_role.sentences for role, of_role in figures.roles.items()},
        "not_readable": pairs_left_out,
        "settings": {
            "inverse_penalty": settings.inverse_penalty,
            "least": settings.least,
            "phrases": settings.phrases,
            "folds": settings.folds,
        },
        "cross_validation": evaluation.as_card(figures),
    }


def _threshold(name: str, figures: Figures) -> float:
    """The lowest threshold not below the family's at which nine of ten suggestions are right, else the highest."""
    least = suggestion_threshold(name) or 0.0
    for threshold in _THRESHOLDS:
        accuracy = figures.by_threshold[threshold][1].value
        if threshold >= least and accuracy is not None and accuracy >= _WANTED_ACCURACY:
            return threshold
    return _THRESHOLDS[-1]


def _folds(groups: Sequence[str], roles: np.ndarray, number: int) -> Iterable[tuple[list[int], list[int]]]:
    """Rows to learn from and to judge by, so many times; each row is judged once, and groups stay together.

    Groups are dealt out in random order, each to the fold that has the fewest rows.
    """
    rows: dict[str, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        rows[group].append(row)
    order = list(rows.values())
    random.Random(_SEED).shuffle(order)
    folds: list[list[int]] = [[] for _ in range(number)]
    for group_rows in sorted(order, key=len, reverse=True):
        min(folds, key=len).extend(group_rows)
    for fold in folds:
        judging = set(fold)
        learning = [row for row in range(len(groups)) if row not in judging]
        if len(set(roles[learning])) < len(ROLES):
            raise TooFewLabels("The labels of one role come from too few papers: label sentences of more papers.")
        if fold:
            yield learning, sorted(fold)


def _temperature(scores: Sequence[Triple], roles: np.ndarray) -> float:
    """The temperature with the highest likelihood of the held-out labels (Guo et al. 2017), to about one per cent."""
    logits = np.array(scores)

    def surprise(temperature: float) -> float:
        scaled = logits / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        likelihood = scaled[np.arange(len(roles)), roles] - np.log(np.exp(scaled).sum(axis=1))
        return -float(likelihood.mean())

    return min((1.01**step for step in range(-200, 301)), key=surprise)


# Fitting -------------------------------------------------------------------------------------------------------------


def _fit(seen: Sequence[Features], roles: np.ndarray, name: str, settings: Settings) -> Model:
    """A model with temperature 1 learnt from these features and numbers of roles."""
    spelt = [letters(one.text) for one in seen]
    columns = _columns(seen, spelt, settings)
    matrix = _matrix(seen, spelt, columns)
    scale = _scale(matrix, roles)
    regression = LogisticRegression(C=settings.inverse_penalty, max_iter=_ROUNDS, tol=_TOLERANCE)
    regression.fit(matrix @ sparse.diags(scale), roles)
    weights = regression.coef_ * scale
    n_words, n_letters = len(columns.words), len(columns.letters)
    ends = (n_words, n_words + n_letters)
    return Model(
        name=name,
        threshold=1.0,
        bias=_triple(regression.intercept_),
        runs=_weights(columns.words, weights[:, : ends[0]], 1.0),
        letters=_weights(columns.letters, weights[:, ends[0] : ends[1]], _WEIGHT_OF_LETTERS),
        facts={fact: _triple(_WEIGHT_OF_FACTS * weights[:, ends[1] + n]) for n, fact in enumerate(columns.facts)},
        phrases=settings.phrases,
    )


def _columns(seen: Sequence[Features], spelt: Sequence[list[str]], settings: Settings) -> _Columns:
    """What is frequent enough to be learnt from."""
    words = Counter(run for one in seen for run in set(one.runs))
    strings = Counter(run for one in spelt for run in set(one))
    facts = Counter(fact for one in seen for fact in one.facts)
    total = len(seen)
    common = sorted(strings.items(), key=lambda item: (-item[1], item[0]))[:_MOST_LETTERS]
    return _Columns(
        words={run: _rarity(n, total) for run, n in sorted(words.items()) if n >= settings.least},
        letters={run: _rarity(n, total) for run, n in common if n >= _LEAST_OF_LETTERS},
        facts=sorted(fact for fact, n in facts.items() if n >= _LEAST_OF_FACTS),
    )


def _rarity(sentences: int, total: int) -> float:
    """The smoothed inverse document frequency, as scikit-learn defines it, in the precision of the file."""
    return round(math.log((1 + total) / (1 + sentences)) + 1, DECIMALS)


def _matrix(seen: Sequence[Features], spelt: Sequence[list[str]], columns: _Columns) -> sparse.csr_matrix:
    """Sentences by columns: runs of words, runs of letters, facts."""
    words = _block([one.runs for one in seen], columns.words)
    strings = _block(spelt, columns.letters) * _WEIGHT_OF_LETTERS
    places = {fact: n for n, fact in enumerate(columns.facts)}
    cells = [(row, places[fact]) for row, one in enumerate(seen) for fact in one.facts if fact in places]
    shape = len(seen), len(places)
    rows, found = zip(*cells, strict=True) if cells else ((), ())
    facts = sparse.csr_matrix((np.full(len(cells), _WEIGHT_OF_FACTS), (rows, found)), shape=shape)
    return sparse.hstack([words, strings, facts]).tocsr()


def _block(rows: Sequence[Sequence[str]], rarities: Mapping[str, float]) -> sparse.csr_matrix:
    """TF-IDF of runs, each row scaled to length 1: the arithmetic of `model.Model.scores`."""
    places = {run: n for n, run in enumerate(rarities)}
    starts, found, values = [0], [], []
    for runs in rows:
        counts = Counter(run for run in runs if run in places)
        row = [(1 + math.log(count)) * rarities[run] for run, count in counts.items()]
        length = math.sqrt(sum(value * value for value in row)) or 1.0
        found += [places[run] for run in counts]
        values += [value / length for value in row]
        starts.append(len(found))
    return sparse.csr_matrix((values, found, starts), shape=(len(rows), len(places)))


def _scale(matrix: sparse.csr_matrix, roles: np.ndarray) -> np.ndarray:
    """For each column the square root of the largest log-count ratio of a role against the rest, smoothed by 1."""
    occurs = matrix.copy()
    occurs.data = np.ones_like(occurs.data)
    total = np.asarray(occurs.sum(axis=0)).ravel()
    ratios = []
    for role in range(len(ROLES)):
        inside = np.asarray(occurs[roles == role].sum(axis=0)).ravel()
        with_it, without = inside + 1.0, total - inside + 1.0
        ratios.append(np.abs(np.log((with_it / with_it.sum()) / (without / without.sum()))))
    return np.sqrt(np.max(ratios, axis=0))


def _weights(rarities: Mapping[str, float], weights: np.ndarray, factor: float) -> dict[str, Weights]:
    """Each run with its rarity and weights."""
    return {
        run: (rarity, *_triple(factor * weights[:, column])) for column, (run, rarity) in enumerate(rarities.items())
    }


def _triple(numbers: np.ndarray) -> Triple:
    one, two, three = (round(float(number), DECIMALS) for number in numbers)
    return one, two, three
