"""`python -m bench.audits FOLDER`: how far audited shares are off, and what that writes into docs/classifier.md.

FOLDER holds the sets `scicite` (train.jsonl, dev.jsonl) and `acl_arc` (train.jsonl, dev.jsonl, test.jsonl), as for
`python -m bench.classifier`. Hubs are made of their sentences so that a known share is `method`; a sample is drawn
and its labels looked up, as an audit would. Takes about five minutes, most of them for one model that is trained.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from citations.classifier import shipped
from citations.classifier.examples import Example, read
from citations.classifier.features import ROLES
from citations.classifier.model import Model
from citations.hub_class import Estimate, ReadPaper, Stratum, shares
from citations.vocabulary import Role

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "classifier.md"
BEGIN, END = "<!-- audits: python -m bench.audits -->", "<!-- end of audits -->"
SHARES = (0.05, 0.20, 0.35, 0.50, 0.65, 0.80, 0.95)
SIZES = (100, 500)
AUDITED = 50
# Standard error of a coverage near 95%: 0.7 points.
RUNS = 1_000
# As in `citations.curation.audits`, which needs a database: from here on the likeliest role tells the stratum.
LIKELY = 0.5


@dataclass(frozen=True)
class Sentence:
    """A sentence as it is labelled, and as a model scores it."""

    role: Role
    scores: Mapping[Role, float]

    @property
    def reading(self) -> str:
        """What the model says."""
        best = max(self.scores, key=lambda role: self.scores[role], default=None)
        return best.value if best is not None and self.scores[best] >= LIKELY else ""


@dataclass
class Found:
    """Runs of one setting: distances from the truth, and how many intervals held it."""

    runs: int = 0
    misses: dict[str, float] = field(default_factory=dict)
    covered: dict[str, int] = field(default_factory=dict)
    widths: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, truth: float, said: Estimate | float) -> None:
        """One estimate of one run."""
        share = said.share if isinstance(said, Estimate) else said
        self.misses[name] = self.misses.get(name, 0.0) + abs(share - truth)
        if isinstance(said, Estimate):
            held = said.low - 1e-9 <= truth <= said.high + 1e-9
            self.covered[name] = self.covered.get(name, 0) + held
            self.widths[name] = self.widths.get(name, 0.0) + said.high - said.low

    def miss(self, name: str) -> float:
        """Mean distance from the truth, in points."""
        return 100 * self.misses[name] / self.runs

    def cover(self, name: str) -> float:
        """Part of the intervals that hold the truth, in per cent."""
        return 100 * self.covered[name] / self.runs


# The estimates that are compared.
PLAIN, POWERED, STRATIFIED, BOTH, COUNTED = "audit", "with predictions", "stratified", "both", "counted"


def scored(model: Model, examples: Sequence[Example]) -> list[Sentence]:
    """Sentences with the probabilities of a model; 0 for one that it cannot judge."""
    found = []
    for one in examples:
        triple = model.probabilities(one.sentence, one.section)
        found.append(Sentence(one.role, dict(zip(ROLES, triple or (0.0, 0.0, 0.0), strict=True))))
    return found


def simulate(pool: Sequence[Sentence], share: float, size: int, runs: int, seed: int = 1) -> Found:
    """Audits of hubs with `size` citing papers of which `share` are `method`."""
    chance = random.Random(seed)
    yes = [one for one in pool if one.role is Role.METHOD]
    no = [one for one in pool if one.role is not Role.METHOD]
    methods = round(size * share)
    found = Found()
    for _ in range(runs):
        hub = chance.choices(yes, k=methods) + chance.choices(no, k=size - methods)
        truth = methods / size
        found.runs += 1
        said = shares(
            [ReadPaper(one.role, "", one.scores) for one in chance.sample(hub, AUDITED)], {"": _stratum(hub)}
        )[Role.METHOD]
        found.add(PLAIN, truth, said.alone)
        found.add(POWERED, truth, said.powered)
        groups = _groups(hub)
        drawn = _allotted({name: len(group) for name, group in groups.items()}, AUDITED)
        reads = [
            ReadPaper(one.role, name, one.scores)
            for name, group in groups.items()
            for one in chance.sample(group, drawn[name])
        ]
        said = shares(reads, {name: _stratum(group) for name, group in groups.items()})[Role.METHOD]
        found.add(STRATIFIED, truth, said.alone)
        found.add(BOTH, truth, said.powered)
        found.add(COUNTED, truth, sum(one.reading == Role.METHOD for one in hub) / size)
    return found


def _stratum(group: Sequence[Sentence]) -> Stratum:
    return Stratum(len(group), {role: sum(one.scores.get(role, 0.0) for one in group) for role in ROLES})


def _groups(hub: Sequence[Sentence]) -> dict[str, list[Sentence]]:
    found: dict[str, list[Sentence]] = {}
    for one in hub:
        found.setdefault(one.reading, []).append(one)
    return dict(sorted(found.items()))


def _allotted(sizes: Mapping[str, int], number: int) -> dict[str, int]:
    """As an audit allots its papers. Imported late: what it stands beside needs Django."""
    from citations.curation.audits import allotted

    return allotted(sizes, number)


def pools(folder: Path, say: Callable[[str], None]) -> dict[str, list[Sentence]]:
    """Scored sentences by the setting that they stand for."""
    from citations.classifier import training

    dev = _read(folder, "scicite/dev.jsonl")
    papers = {one.citing for one in dev}
    train = [one for one in _read(folder, "scicite/train.jsonl") if one.citing not in papers]
    acl = _read(folder, "acl_arc/train.jsonl", "acl_arc/dev.jsonl", "acl_arc/test.jsonl")
    say(f"Training on {len(train)} sentences of SciCite ...")
    own = training.train(train, "linear-scicite", {}, training.Settings(folds=3), lambda *_: None).model
    default = shipped.load()
    return {
        "SciCite, model of SciCite (in domain)": scored(own, dev),
        f"SciCite, `{default.name}` (across corpora)": scored(default, dev),
        "ACL-ARC, model of SciCite (across corpora)": scored(own, acl),
        f"ACL-ARC, `{default.name}` (across corpora)": scored(default, acl),
    }


def _read(folder: Path, *names: str) -> list[Example]:
    """The examples of these files that have a role that may be suggested."""
    return [one for name in names for one in read(folder / name).examples if one.role in ROLES]


def tables(found: Mapping[str, Mapping[tuple[int, float], Found]], runs: int) -> list[str]:
    """The figures as Markdown."""
    lines = [
        f"Audits of {AUDITED} papers, {runs:,} runs for each setting and true share, of the share of `method`. Points",
        "by which the share was off on average, and the least part of the 95% intervals that held the truth, over the",
        f"true shares of {', '.join(f'{share:.0%}' for share in SHARES)}. Counted: the share of predictions, for",
        "contrast.",
        "",
        "| sentences and scores | papers | off: audit alone | with predictions | stratified | both | counted "
        "| least cover: audit alone | with predictions | stratified | both |",
        "| --- |" + " ---: |" * 10,
    ]
    for name, settings in found.items():
        for size in SIZES:
            of_size = [one for (papers, _), one in settings.items() if papers == size]
            lines.append(_row(f"{name} | {size}", of_size))
    everything = [one for settings in found.values() for one in settings.values()]
    lines.append(_row("all | |".removesuffix(" |"), everything))
    lines += ["", "By true share, all settings together: points off.", ""]
    lines.append("| true share | audit alone | with predictions | stratified | both | counted |")
    lines.append("| ---: |" + " ---: |" * 5)
    for share in SHARES:
        some = [one for settings in found.values() for (_, of), one in settings.items() if of == share]
        cells = " | ".join(f"{_mean(one.miss(name) for one in some):.1f}" for name in _ALL)
        lines.append(f"| {share:.0%} | {cells} |")
    return lines


_ALL = (PLAIN, POWERED, STRATIFIED, BOTH, COUNTED)


def _row(name: str, some: Sequence[Found]) -> str:
    off = " | ".join(f"{_mean(one.miss(kind) for one in some):.1f}" for kind in _ALL)
    cover = " | ".join(f"{min(one.cover(kind) for one in some):.1f}" for kind in _ALL[:-1])
    return f"| {name} | {off} | {cover} |"


def _mean(values: object) -> float:
    kept = list(values)  # type: ignore[call-overload]
    return float(sum(kept) / len(kept))


def run(folder: Path, runs: int, say: Callable[[str], None]) -> dict[str, dict[tuple[int, float], Found]]:
    """All settings."""
    found: dict[str, dict[tuple[int, float], Found]] = {}
    for name, pool in pools(folder, say).items():
        say(f"{name} ...")
        found[name] = {(size, share): simulate(pool, share, size, runs) for size in SIZES for share in SHARES}
    return found


def main(folder: Path) -> int:
    """Simulate, and write the figures into the page."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "explorer.settings")
    django.setup()

    def say(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    figures = "\n".join(tables(run(folder, RUNS, say), RUNS))
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}", "utf-8")
    say(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("Usage: python -m bench.audits FOLDER (see its docstring for what the folder holds)")
    sys.exit(main(Path(sys.argv[1])))
