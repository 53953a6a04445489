"""The models that come with this site: phrases alone, and one learnt from sentences whose licence allows it."""

from __future__ import annotations

from pathlib import Path

from citations.classifier import files
from citations.classifier.features import FEATURES
from citations.classifier.model import Model

FOLDER = Path(__file__).resolve().parent / "models"
ENDING = ".model"
# What is used until a model of the collection's own is trained: it beats phrases alone on sentences of other fields
# (docs/classifier.md).
DEFAULT = "linear-open-1"

# Phrases alone. A sentence without any is background more often than not. The temperature has the highest likelihood on
# the sentences that the shipped model has learnt from; the threshold asks for several phrases that agree.
CUES = Model(
    name="cues-1",
    threshold=0.9,
    bias=(0.0, 0.0, 0.5),
    phrases=1.0,
    temperature=1.0,
    card={
        "title": "Phrases",
        "about": "Phrases of scholarly English, written down by hand. Nothing was learnt but how sure they are.",
        "features": FEATURES,
    },
)


def names() -> list[str]:
    """The names of the shipped models, the default first."""
    stored = sorted(path.name.removesuffix(ENDING) for path in FOLDER.glob(f"*{ENDING}"))
    return sorted([*stored, CUES.name], key=lambda name: name != DEFAULT)


def load(name: str = DEFAULT) -> Model:
    """The shipped model of this name. Raises `files.ModelError` where there is none."""
    return CUES if name == CUES.name else files.load(FOLDER / f"{name}{ENDING}")
