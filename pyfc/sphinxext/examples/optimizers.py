"""The worked example of an optimizer: its first steps with a single weight, and all that it keeps for it."""

from __future__ import annotations

import numpy as np

from pyfc.component import Optimizer
from pyfc.component.base import Array
from pyfc.sphinxext.evaluation import equations_of, evaluate
from pyfc.sphinxext.examples.lines import Example, make_lines, setting_numbers
from pyfc.sphinxext.figures.optimizers import livelier
from pyfc.testing.precision import derivation_of


def optimizer_example(optimizer: Optimizer) -> Example:
    """Return two steps of an optimizer, or some iterations of one that works on all data at once."""
    return _full_batch(optimizer) if optimizer.full_batch else _steps(optimizer)


def _steps(optimizer: Optimizer) -> Example:
    state = optimizer.new_state(1, np.float64)
    optimizer.update(np.ones(1), np.ones(1), state, 1.0, 1)
    if not all(np.any(array) for array in state):  # with these settings it has no use for it
        optimizer = livelier(optimizer)
    derivation = derivation_of(optimizer, "")
    equations = equations_of(derivation)
    new = dict.fromkeys(step.left for step in derivation.steps if step.left.endswith("_new") and step.runs)
    letters = [name.removesuffix("_new") for name in new if name != "w_new"][: optimizer.states]
    lr, w, state = optimizer.rate(0), np.ones(1), optimizer.new_state(1, np.float64)
    given: dict[str, list[float]] = {name: [] for name in ("w", "g", *letters)}
    kernel: dict[str, list[float]] = {f"{name}_new": [] for name in ("w", *letters)}
    solved = []
    for number in (1, 2):
        arrays = dict(zip(("w", "g", *letters), (w, 2 * w, *state), strict=False))
        now = {name: float(array[0]) for name, array in arrays.items()}
        settings = setting_numbers(derivation, optimizer, lr=lr, t=number)
        solved.append(evaluate(equations, settings | {derivation.symbol(name): value for name, value in now.items()}))
        optimizer.update(w, arrays["g"], state, lr, number)
        for name, value in now.items():
            given[name].append(value)
            if name != "g":
                kernel[f"{name}_new"].append(float(arrays[name][0]))
    caption = f"Two steps of one weight w with {optimizer!r} down the parabola w²; its gradient g is 2 w:"
    return Example(caption, ["step 1", "step 2"], list(make_lines(derivation.steps, solved, given, kernel)))


def _full_batch(optimizer: Optimizer) -> Example:
    """Return what an optimizer of all data did in one dimension, with its steps at the numbers it came by."""
    derivation = derivation_of(optimizer, "")
    way = [2.0]

    def function(w: Array) -> tuple[float, Array]:
        return float(w[0] ** 4 / 4), w**3

    optimizer.minimize(function, np.array(way), 3, lambda w: way.append(float(w[0])))
    slopes = [w**3 for w in way]
    count = len(way) - 1
    given: dict[str, list[float]] = {"w": way[:-1], "w_new": way[1:], "g": slopes[:-1], "g_new": slopes[1:]}
    new = {step.left.removesuffix("_new") for step in derivation.steps if step.left.endswith("_new")}
    memory = dict.fromkeys(new - {"w", "g"}, 1.0)
    given |= {name: [] for name in memory}
    solved, equations = [], equations_of(derivation)
    for index in range(count):
        for name, value in memory.items():
            given[name].append(value)
        now = {derivation.symbol(name): values[index] for name, values in given.items()}
        solved.append(evaluate(equations, setting_numbers(derivation, optimizer) | now))
        for step in derivation.steps:
            if step.left.endswith("_new") and step.left.removesuffix("_new") in memory:
                memory[step.left.removesuffix("_new")] = float(solved[-1][step.number][0])
    caption = (
        f"The first {count} iterations of {type(optimizer).__name__} down w⁴ / 4 from w = 2; its gradient g is w³:"
    )
    return Example(
        caption, [f"iteration {i + 1}" for i in range(count)], list(make_lines(derivation.steps, solved, given, {}))
    )
