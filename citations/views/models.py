"""The classifiers of this site with their cards and figures, for anybody to look at and to take away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_safe

from citations import suggesting
from citations.classifier import files, shipped
from citations.classifier.files import ModelError

# Cards kept in memory: each is a few kilobytes, but reading one means to check and parse its whole model.
CARDS_KEPT = 32


@dataclass(frozen=True)
class Card:
    """What a reader should know of a model. `in_use`: `classify` takes it unless told otherwise."""

    name: str
    threshold: float
    facts: Mapping[str, Any]
    has_file: bool
    in_use: bool

    @property
    def about(self) -> str:
        """What it is, in words."""
        return str(self.facts.get("about") or self.facts.get("title") or "")

    @property
    def date(self) -> str:
        """When it was trained, as its card says."""
        return str(self.facts.get("date") or "")

    @property
    def figure(self) -> Mapping[str, Any]:
        """What it reached in cross-validation; empty where nothing was measured."""
        found = self.facts.get("cross_validation")
        return found if isinstance(found, Mapping) else {}

    @property
    def macro_f1(self) -> tuple[float, float, float] | None:
        """Macro-F1 with its 95% interval."""
        values = self.figure.get("macro_f1")
        if not isinstance(values, list | tuple) or len(values) != 3 or any(value is None for value in values):
            return None
        return float(values[0]), float(values[1]), float(values[2])


def cards() -> list[Card]:
    """All models that can be loaded, the one in use first. One that cannot be read is left out: `classify` says why."""
    own = suggesting.own_models()
    named: list[tuple[str, Path | None]] = [(path.name.removesuffix(shipped.ENDING), path) for path in own]
    named += [(name, _shipped_path(name)) for name in shipped.names()]
    found: list[Card] = []
    for name, path in named:
        try:
            threshold, facts = _card(str(path), path.stat().st_mtime_ns) if path else _plain(shipped.CUES)
        except (ModelError, OSError):
            continue
        found.append(Card(name, threshold, facts, path is not None, not found))
    return found


def _shipped_path(name: str) -> Path | None:
    """The file of a model that the site comes with; None for one that has none."""
    return None if name == shipped.CUES.name else shipped.FOLDER / f"{name}{shipped.ENDING}"


@lru_cache(CARDS_KEPT)
def _card(path: str, _changed: int) -> tuple[float, Mapping[str, Any]]:
    return _plain(files.load(Path(path)))


def _plain(model: Any) -> tuple[float, Mapping[str, Any]]:
    return model.least_confidence, model.card


@require_safe
def model_card(request: HttpRequest, name: str) -> JsonResponse:
    """The card of a model as JSON."""
    card = next((card for card in cards() if card.name == name), None)
    if card is None:
        raise Http404(f"There is no model “{name}”.")
    return JsonResponse({"name": card.name, "threshold": card.threshold, **card.facts}, json_dumps_params={"indent": 1})


@require_safe
def model_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """The file of a model, as `classify --model` takes it."""
    card = next((card for card in cards() if card.name == name and card.has_file), None)
    if card is None:
        raise Http404(f"There is no model “{name}” that has a file.")
    path = _shipped_path(name) if name in shipped.names() else suggesting.model_path(name)
    assert path is not None
    plain = "text/plain; charset=utf-8"
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type=plain)
