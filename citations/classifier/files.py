"""Models in files: a line with a checksum, then JSON. Nothing in a file is ever run, and all of it is checked.

The first line is `citation-classifier 1 sha256:...`, of the bytes after it. The checksum tells a file that was cut or
changed on its way; it is no signature, and needs none: the worst that a forged file can do is to suggest badly.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from citations.classifier.features import FEATURES, ROLES
from citations.classifier.model import DECIMALS, Model, Triple, Weights

# Of the file. A model of 100,000 runs of words takes 5 MB.
LARGEST = 10_000_000
_KIND, _VERSION = "citation-classifier", 1
_HEADER = re.compile(rb"citation-classifier (\d{1,6}) sha256:([0-9a-f]{64})\n")
# Fits `Label.source`, a file name and an address.
NAME = re.compile(r"[a-z]{2,10}-[a-z0-9][a-z0-9.-]{0,36}")
# Beyond this no weight of a trained model lies, and sums cannot overflow.
_HEAVIEST = 1e6
_KEYS = {"name", "features", "roles", "threshold", "bias", "runs", "letters", "facts", "phrases", "temperature", "card"}


class ModelError(ValueError):
    """A model file that cannot be used: the message names it and says what to do."""


def save(model: Model, path: Path) -> None:
    """Write a model to a new file, whole or not at all. Raises `ModelError` where the file exists or cannot be written,
    or the model is larger than `LARGEST`.
    """
    body = _body(model)
    digest = hashlib.sha256(body).hexdigest()
    content = f"{_KIND} {_VERSION} sha256:{digest}\n".encode() + body
    if len(content) > LARGEST:
        raise ModelError(f"{model.name} would take {len(content)} bytes, more than {LARGEST}: train it on fewer words.")
    half_done = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            half_done.write_bytes(content)
            os.link(half_done, path)
        finally:
            half_done.unlink(missing_ok=True)
    except FileExistsError:
        raise ModelError(f"{path} exists, and a model is never replaced: choose another name.") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror}.") from None


def load(path: Path) -> Model:
    """The model of a file. Raises `ModelError` where it cannot be read, is cut or changed, or holds something else."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > LARGEST:
        raise ModelError(f"{path} is larger than {LARGEST} bytes: it is no model of this site.")
    header = _HEADER.match(content)
    if header is None:
        raise ModelError(f"{path} is no model file: its first line is not that of one.")
    if int(header[1]) != _VERSION:
        raise ModelError(f"{path} has format {int(header[1])}, this version reads {_VERSION}: train the model anew.")
    body = content[header.end() :]
    if hashlib.sha256(body).hexdigest().encode() != header[2]:
        raise ModelError(f"{path} was cut or changed since it was saved: fetch or train it again.")
    try:
        return _model(json.loads(body))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelError(f"{path} holds no valid model ({error}): fetch or train it again.") from None


def rounded(model: Model) -> Model:
    """The model as it will be read from its file."""
    return _model(json.loads(_body(model)))


def _body(model: Model) -> bytes:
    """The model as JSON, one run of words a line, in an order that only depends on the model."""
    head = {
        "name": model.name,
        "features": FEATURES,
        "roles": list(ROLES),
        "threshold": model.threshold,
        "temperature": round(model.temperature, DECIMALS),
        "phrases": model.phrases,
        "bias": _short(model.bias),
        "card": dict(model.card),
        "facts": {fact: _short(weights) for fact, weights in sorted(model.facts.items())},
    }
    text = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    return f'{text},\n "runs": {_lines(model.runs)},\n "letters": {_lines(model.letters)}\n}}\n'.encode()


def _lines(runs: Mapping[str, Weights]) -> str:
    """Runs with their weights as a JSON object, each on a line."""
    lines = (
        f"{json.dumps(run, ensure_ascii=False)}:{json.dumps(_short(weights), separators=(',', ':'))}"
        for run, weights in sorted(runs.items())
    )
    return "{\n" + ",\n".join(lines) + "\n}"


def _short(numbers: tuple[float, ...]) -> list[float]:
    return [round(number, DECIMALS) for number in numbers]


def _model(content: Any) -> Model:
    """The model of decoded JSON; raises ValueError, TypeError or KeyError where it is none."""
    if not isinstance(content, dict) or set(content) != _KEYS:
        raise ValueError("its parts are not those of a model")
    if content["roles"] != list(ROLES):
        raise ValueError("its roles are not those of this version")
    if content["features"] != FEATURES:
        raise ValueError(f"it needs features {content['features']!r}, this version has {FEATURES}")
    name = content["name"]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError("its name is malformed")
    if not isinstance(content["card"], dict):
        raise ValueError("its card is malformed")
    threshold, temperature = _number(content["threshold"]), _number(content["temperature"])
    if not 0 <= threshold <= 1 or temperature <= 0:
        raise ValueError("its threshold or temperature is out of range")
    return Model(
        name=name,
        threshold=threshold,
        bias=_triple(content["bias"]),
        runs=_weights(content["runs"]),
        letters=_weights(content["letters"]),
        facts={fact: _triple(weights) for fact, weights in _rows(content["facts"], 3)},
        phrases=_number(content["phrases"]),
        temperature=temperature,
        card=content["card"],
    )


def _weights(rows: object) -> dict[str, Weights]:
    return {run: (_number(weights[0]), *_triple(weights[1:])) for run, weights in _rows(rows, 4)}


def _rows(rows: object, width: int) -> list[tuple[str, list[object]]]:
    """The items of an object of lists of so many numbers."""
    if not isinstance(rows, Mapping) or not all(isinstance(row, list) and len(row) == width for row in rows.values()):
        raise ValueError("its weights are malformed")
    return list(rows.items())


def _triple(numbers: object) -> Triple:
    if not isinstance(numbers, list) or len(numbers) != len(ROLES):
        raise ValueError("its weights are malformed")
    return _number(numbers[0]), _number(numbers[1]), _number(numbers[2])


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number is missing")
    if not math.isfinite(value) or abs(value) > _HEAVIEST:
        raise ValueError("a number is out of range")
    return float(value)


def with_threshold(model: Model, threshold: float | None) -> Model:
    """The model with another threshold, which its card then says was chosen; the same model where it is None."""
    if threshold is None:
        return model
    return replace(model, threshold=threshold, card={**model.card, "threshold_chosen": threshold})
