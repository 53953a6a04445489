"""What is measured on: the HepTh citation graph where it lies beside the project, else a made-up one of its size."""

from __future__ import annotations

import random
from pathlib import Path

RECORDED = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "graphs" / "hepth_edges_reindexed.tsv"
NODES, EDGES = 27_770, 352_807
_SEED = 20030
# Three of four references go to papers that are cited already: so a few are cited much, as in real graphs.
_TO_KNOWN = 0.75


def graph(directory: Path) -> tuple[Path, str]:
    """The file of the graph, and what it is."""
    if RECORDED.is_file():
        return RECORDED, "the HepTh citation graph"
    path = directory / "graph.tsv"
    if not path.is_file():
        path.write_text("".join(f"{citing}\t{cited}\n" for citing, cited in _made_up()))
    return path, "a made-up graph of the size of HepTh's"


def _made_up() -> list[tuple[int, int]]:
    """Distinct pairs in the order of the citing papers."""
    dice = random.Random(_SEED)
    cited: list[int] = [0]
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < EDGES:
        citing = dice.randrange(1, NODES)
        other = dice.choice(cited) if dice.random() < _TO_KNOWN else dice.randrange(NODES)
        if other != citing and (citing, other) not in pairs:
            pairs.add((citing, other))
            cited.append(other)
    return sorted(pairs)


def pairs(path: Path) -> list[tuple[int, int]]:
    """The pairs of a graph without self-citations and repetitions."""
    read = (line.split("\t") for line in path.read_text("ascii").splitlines())
    found = dict.fromkeys((int(citing), int(cited)) for citing, cited in read)
    return [pair for pair in found if pair[0] != pair[1]]
