"""The lines of a worked example: what is given, what each step gives for it, and what the code makes of the same."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyfc.component import Component
from pyfc.derivation import Step
from pyfc.proof import Derivation
from pyfc.sphinxext.figures.drawing import minus

#: A kernel and its steps agree in more digits than this, or something is wrong.
ENOUGH = 10


@dataclass(frozen=True)
class Line:
    """One line of an example.

    Attributes
    ----------
    label : str
        The letter that the numbers are of.
    numbers : sequence
        One for each column, or fewer that share them out.
    step : Step or None
        Which gives them; None for what is given, or comes from the kernel.
    digits : float or None
        For numbers of a kernel: in how many digits all agree with the steps; infinity if none could be better.
    """

    label: str
    numbers: Sequence[Any]
    step: Step | None = None
    digits: float | None = None


@dataclass(frozen=True)
class Example:
    """A table of lines under some columns, with a sentence above it and one below."""

    caption: str
    columns: Sequence[str]
    lines: Sequence[Line]
    note: str = ""


def agreement(got: Sequence[Any], true: Sequence[Any]) -> float:
    """Return in how many digits all numbers agree; infinity if each is the float64 nearest to the true one.

    They are digits of the largest number: a small one beside it may be what is left of a difference.
    """
    pairs = [(float(one), float(other)) for one, other in zip(got, true, strict=True)]
    wrong = [(one, other) for one, other in pairs if one != other]
    scale = max((abs(other) for _, other in pairs), default=0.0)
    if not wrong:
        return math.inf
    if not scale or not math.isfinite(scale) or not all(math.isfinite(one) for one, _ in wrong):
        return -math.inf
    return -math.log10(max(abs(one - other) for one, other in wrong) / scale)


def setting_numbers(derivation: Derivation, component: Component, **more: float) -> dict[Any, Any]:
    """Return the symbols of hyper-parameters that are numbers, and of others, with their values."""
    numbers = {k: v for k, v in component.config().items() if isinstance(v, (int, float)) and not isinstance(v, bool)}
    return {derivation.symbol(name): value for name, value in {**numbers, **more}.items()}


def make_lines(
    every: Sequence[Step],
    solved: Sequence[Mapping[int, Sequence[Any]]],
    given: Mapping[str, Any],
    kernel: Mapping[str, Any],
) -> Iterator[Line]:
    """Yield the lines of one table: solved has the numbers of each step, for each sample that is beside the others.

    What is given stands before the first step that uses it, what the kernel gave after the last that it is held to.
    """
    steps = [step for step in every if all(step.number in sample for sample in solved)]
    names = [step.left.partition("[")[0] for step in steps]
    waiting = dict(given)
    for index, step in enumerate(steps):
        used = {next(iter(given), ""), *re.findall(r"\w+", step.right)}
        for letter in [letter for letter in waiting if letter in used]:
            yield Line(letter, waiting.pop(letter))
        numbers = [number for sample in solved for number in sample[step.number]]
        yield Line(names[index], numbers, step)
        runs = [i for i, name in enumerate(names) if name == names[index] and steps[i].runs]
        if names[index] in kernel and runs and index == runs[-1]:
            yield Line(names[index], kernel[names[index]], digits=agreement(kernel[names[index]], numbers))


def shown(number: Any) -> str:
    """Return a number with at most six digits."""
    return minus(f"{float(number) + 0.0:.6g}")
