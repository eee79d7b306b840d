"""The gradient of the very definition that a derivation begins with, by complex step in 50 digits.

It goes neither through the derivation's later steps nor through SymPy's derivatives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mpmath
import numpy as np
import sympy

from pyfc.component import Component
from pyfc.component.base import Array
from pyfc.proof import Derivation
from pyfc.symbolic import KINKS, evaluator, resolved
from pyfc.testing.functions import Arrays, Function


def gradients_of_definition(
    component: Component, derivation: Derivation, forward: Function, weight: Array, by: Sequence[tuple[str, str]]
) -> dict[str, Array]:
    """Return the gradients by complex step of the derivation's definition of the output.

    Parameters
    ----------
    component : Component
        Whose.
    derivation : Derivation
        Proved.
    forward : Function
        Has the inputs.
    weight : ndarray
        What each output is multiplied by before they are summed up: dy, or the shares of a loss.
    by : sequence of tuple of str
        Letter of an input, and that of the gradient by it.

    Returns
    -------
    dict of str to ndarray
    """
    derivation.define_all()
    outputs = [derivation.expand(derivation.definitions[symbol]) for symbol in derivation.outputs()]
    numbers = {k: v for k, v in component.config().items() if not isinstance(v, (bool, str))}
    learned = getattr(component, "learned", None)
    named = {learned.letter if learned and k == "a" else k: v for k, v in forward.inputs.items()}
    if "t" in named and named["t"].ndim == 1:  # labels
        named["t"] = np.eye(named["y"].shape[1])[named["t"]]
    letters = {(learned.letter if learned and k == "a" else k): name for k, name in by}
    gradients = {name: np.zeros(forward.inputs[k].shape) for k, name in by}
    evaluators: dict[Any, Any] = {}
    rows = weight.reshape(len(weight), -1)
    for row in range(len(rows)):
        # Without sizes each entry of a row is a case of its own, and so is each output.
        for entry in range(rows.shape[1]) if not derivation.sizes else (0,):
            symbols, values, places = _point(derivation, named, letters, numbers, row, entry)
            point = {symbol: sympy.Float(value) for symbol, value in zip(symbols, values, strict=True)}
            for k, output in enumerate(outputs):
                smooth = resolved(output, point) if output.has(*KINKS) else output
                if smooth not in evaluators:
                    evaluators[smooth] = evaluator(symbols, smooth)
                part = rows[row, entry] if not derivation.sizes or len(outputs) == 1 else rows[row, k]
                for index, (name, at) in places.items():
                    gradients[name][at] += part * _slope(evaluators[smooth], values, index)
    return gradients


def _point(
    derivation: Derivation, named: Arrays, letters: Mapping[str, str], numbers: Mapping[str, Any], row: int, entry: int
) -> tuple[list[Any], list[Any], dict[int, tuple[str, tuple[int, ...]]]]:
    """Return symbols and values of one row, and which of them are asked for: position -> gradient and its index."""
    symbols: list[Any] = []
    values: list[Any] = []
    places: dict[int, tuple[str, tuple[int, ...]]] = {}
    for letter, array in named.items():
        per_row = len(array) if array.ndim == 2 else 0
        line = array[row] if per_row else array
        indexed = bool(derivation.sizes) and (per_row > 0 or letter in derivation.indexed)
        for j in range(len(line)) if indexed else [entry if len(line) > entry else 0]:
            if letter in letters:
                places[len(symbols)] = (letters[letter], (row, j) if per_row else (j,))
            symbols.append(derivation.symbol(letter, j + 1) if indexed else derivation.symbol(letter))
            values.append(mpmath.mpf(float(line[j])))
    for letter, value in numbers.items():
        symbols.append(derivation.symbol(letter))
        values.append(mpmath.mpf(float(value)))
    return symbols, values, places


def _slope(function: Any, values: list[Any], index: int) -> float:
    with mpmath.workdps(50):
        h = mpmath.mpf(10) ** -25
        moved = [mpmath.mpc(v, h) if k == index else v for k, v in enumerate(values)]
        return float(mpmath.im(function(*moved)) / h)
