"""Models that score citing sentences: a weight for each run of words and each fact, and what phrases speak for.

Scores are computed in plain Python, from dictionaries: no array package is loaded, and thousands of sentences pass in a
second. The probabilities are those of a multinomial logistic regression over TF-IDF (Salton and Buckley 1988: 1 + ln of
the count, times the inverse document frequency, scaled to length 1), with scores divided by a temperature (Guo et al.
2017).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from citations.classifier.features import ROLES, Features, features, letters
from citations.vocabulary import Role, suggestion_threshold

# One number for each of `ROLES`: scores, or probabilities that add up to 1.
Triple = tuple[float, float, float]
# What a run says: its inverse document frequency, and its weights for `ROLES`.
Weights = tuple[float, float, float, float]
_NOTHING: Triple = (0.0, 0.0, 0.0)
# Stored in this precision: the name of a run and three weights then take about 40 bytes, and no figure changes.
DECIMALS = 4


@dataclass(frozen=True)
class Suggestion:
    """What a model would call a citation, how sure it is (0 to 1), and which of the sentences given says so most."""

    role: Role
    confidence: float
    sentence: int


@dataclass(frozen=True)
class Model:
    """A classifier of citing sentences.

    `name`: its family and version, under which its suggestions are stored ("linear-2026-11-23"). `threshold`: the least
    confidence at which it says anything. `bias`, and the weights of runs of words, of runs of letters and of facts.
    `phrases`: the weight of what phrases speak for. `card`: what a reader should know of it.
    """

    name: str
    threshold: float
    bias: Triple = (0.0, 0.0, 0.0)
    runs: Mapping[str, Weights] = field(default_factory=dict, repr=False)
    letters: Mapping[str, Weights] = field(default_factory=dict, repr=False)
    facts: Mapping[str, Triple] = field(default_factory=dict, repr=False)
    phrases: float = 0.0
    temperature: float = 1.0
    card: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def family(self) -> str:
        """The first part of its name, by which `vocabulary.py` lists thresholds."""
        return self.name.partition("-")[0]

    @property
    def least_confidence(self) -> float:
        """At or above which it suggests: its own threshold, or the family's in `vocabulary.py` where that is higher."""
        return max(self.threshold, suggestion_threshold(self.name) or 0.0)

    @cached_property
    def _ready(self) -> tuple[dict[str, Weights], dict[str, Weights]]:
        """Runs of words and of letters as `_weighed` takes them: what no sentence changes is multiplied once."""
        return _squared(self.runs), _squared(self.letters)

    def scores(self, seen: Features) -> Triple:
        """The logits of `ROLES` for a sentence, before the temperature."""
        one, two, three = self.bias
        of_words, of_letters = self._ready
        for known, runs in ((of_words, seen.runs), (of_letters, letters(seen.text) if of_letters else ())):
            weighed = _weighed(known, runs) if known else _NOTHING
            one, two, three = one + weighed[0], two + weighed[1], three + weighed[2]
        for fact in seen.facts:
            if fact in self.facts:
                weight = self.facts[fact]
                one, two, three = one + weight[0], two + weight[1], three + weight[2]
        strengths = seen.strengths
        return (
            one + self.phrases * strengths[0],
            two + self.phrases * strengths[1],
            three + self.phrases * strengths[2],
        )

    def probabilities(self, sentence: str, section: str = "") -> Triple | None:
        """How likely each of `ROLES` is for one sentence; None where it cannot be judged (`features.features`)."""
        seen = features(sentence, section)
        return None if seen is None else softmax(self.scores(seen), self.temperature)

    def suggest(self, sentences: Iterable[tuple[str, str]]) -> Suggestion | None:
        """What to call a citation, from all its sentences, each with its section; None below `least_confidence`."""
        judged = [(n, self.probabilities(sentence, section)) for n, (sentence, section) in enumerate(sentences)]
        readable = [(n, triple) for n, triple in judged if triple is not None]
        if not readable:
            return None
        together = combine([triple for _, triple in readable])
        confidence = max(together)
        best = together.index(confidence)
        if confidence < self.least_confidence:
            return None
        sentence, _ = max(readable, key=lambda one: (one[1][best], -one[0]))
        return Suggestion(ROLES[best], round(confidence, DECIMALS), sentence)


def _squared(runs: Mapping[str, Weights]) -> dict[str, Weights]:
    """For each run the square of its rarity, and its weights times its rarity."""
    return {run: (rare * rare, rare * one, rare * two, rare * three) for run, (rare, one, two, three) in runs.items()}


def _weighed(known: Mapping[str, Weights], runs: Sequence[str]) -> Triple:
    """The weights of runs, times their TF-IDF scaled to length 1.

    All are looked up and summed by built-in functions as if they occurred once; what is repeated is added after.
    """
    find = known.get
    counts = Counter(runs)
    found = list(filter(None, map(find, counts)))
    if not found:
        return _NOTHING
    squares, one, two, three = (sum(column, 0.0) for column in zip(*found, strict=True))
    if len(counts) < len(runs):
        for run, count in [item for item in counts.items() if item[1] > 1]:
            weights = find(run)
            if weights is not None:
                times = 1 + math.log(count)
                square, first, second, third = weights
                squares += (times * times - 1) * square
                times -= 1
                one, two, three = one + times * first, two + times * second, three + times * third
    length = math.sqrt(squares) or 1.0
    return one / length, two / length, three / length


def softmax(scores: Sequence[float], temperature: float = 1.0) -> Triple:
    """Probabilities from logits, each divided by the temperature; they add up to 1."""
    highest = max(scores)
    powers = [math.exp((score - highest) / temperature) for score in scores]
    total = sum(powers)
    return powers[0] / total, powers[1] / total, powers[2] / total


def combine(sentences: Sequence[Triple]) -> Triple:
    """The probabilities of a citation, from those of its sentences (at least one), whatever their order.

    The most specific role that any sentence gives is that of the citation, as within a decision of the ledger: a paper
    that names a tool in passing and then runs it, uses it. So it is as likely a method as its likeliest sentence says.
    What is left goes to comparison by the likeliest sentence among those not taken for method, the rest to background.
    Sentences of one paper resemble each other: taking them for independent would make ten vague ones look certain.
    """
    if len(sentences) == 1:
        return sentences[0]
    method = max(triple[0] for triple in sentences)
    of_rest = max((triple[1] / (triple[1] + triple[2]) if triple[1] else 0.0) for triple in sentences)
    comparison = (1 - method) * of_rest
    return method, comparison, max(0.0, 1 - method - comparison)
