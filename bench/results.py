"""What a measurement gives, and how it is printed and kept."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """One figure with its goal. `unit` is "x" for a ratio; `at_least` says on which side of the goal is good.

    `details` holds what the figure is made of, each a median of `rounds`.
    """

    name: str
    engine: str
    value: float
    unit: str
    goal: float | None = None
    at_least: bool = True
    rounds: int = 1
    details: dict[str, float] = field(default_factory=dict)

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def shown_value(self) -> str:
        """The figure with its unit."""
        if self.unit == "x":
            return f"{self.value:.{2 if self.value < 2 else 1}f}x"
        return f"{number(self.value)} {self.unit}"

    @property
    def shown_goal(self) -> str:
        """The goal, and whether it is reached."""
        if self.goal is None:
            return ""
        sign = "at least" if self.at_least else "at most"
        unit = self.unit if self.unit == "x" else f" {self.unit}"
        return f"{sign} {_goal(self.goal)}{unit}: {'reached' if self.reached else 'NOT reached'}"

    @property
    def shown_details(self) -> str:
        """What the figure is made of."""
        return "; ".join(f"{name} {number(value)}" for name, value in self.details.items())


def _goal(value: float) -> str:
    """A goal as it was set: 1.25, 8, 1,000,000."""
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def number(value: float) -> str:
    """A figure with as many digits as say something."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


def seconds(work: Callable[[], Any]) -> float:
    """How long something takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def interleaved(rounds: int, **works: Callable[[], float]) -> dict[str, float]:
    """The median of each measurement, all taken in turns, so that a busy moment of the machine hits each of them."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(work())
    return {name: statistics.median(values) for name, values in found.items()}


def emit(results: Iterable[Result]) -> None:
    """Hand results to the process that collects them."""
    sys.stdout.write(json.dumps([asdict(result) for result in results]) + "\n")


def received(text: str) -> list[Result]:
    """The results that a process has handed over: its last line."""
    return [Result(**values) for values in json.loads(text.strip().splitlines()[-1])]


def table(results: Sequence[Result]) -> str:
    """A Markdown table."""
    lines = ["| what | database | figure | goal | made of |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {one.name} | {one.engine} | {one.shown_value} | {one.shown_goal} | {one.shown_details} |" for one in results
    ]
    return "\n".join(lines) + "\n"
