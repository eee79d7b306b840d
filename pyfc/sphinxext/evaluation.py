"""Evaluates the steps of a derivation at concrete numbers, one after the other, as someone with a calculator would.

A step may use what the steps before it gave. So the numbers are those that one comes by on the way, to 30 digits.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import sympy

from pyfc.derivation import Step
from pyfc.proof import Derivation
from pyfc.symbolic import number_at

#: A step, and for each entry of its left side the symbol (None if it is no letter) and the right side.
Equations = list[tuple[Step, list[tuple[Any, Any]]]]


def equations_of(derivation: Derivation) -> Equations:
    """Return the right sides of all steps, in terms of what comes before each.

    Parameters
    ----------
    derivation : Derivation
        With the sizes of its rows.

    Returns
    -------
    list of tuple
        A step, with a pair for each entry of its left side: the symbol, or None if that is no letter, and the right
        side. In a step that runs over rows of 4 there are 4.
    """
    derivation = copy.copy(derivation)
    derivation.definitions = {}  # from the beginning, whatever has been worked out of a derivation that others share
    found: Equations = []
    for step in derivation.steps:
        entries = list(derivation.equations(step))
        if all(symbol is not None and meaning is None for symbol, meaning, _ in entries):
            for symbol, _, right in entries:
                derivation.definitions[symbol] = right  # a later step may take a derivative of it
        found.append((step, [(symbol, right) for symbol, _, right in entries]))
    return found


def evaluate(equations: Equations, given: Mapping[Any, Any]) -> dict[int, list[Any]]:
    """Return the numbers of all steps whose right sides are known.

    Parameters
    ----------
    equations : list
        From :func:`equations_of`.
    given : mapping
        Symbol -> number, of the inputs and of what can be set.

    Returns
    -------
    dict of int to list
        The step's number, and for each entry a SymPy number of 30 digits; without those that cannot be worked out.
    """
    known = {symbol: exact(value) for symbol, value in given.items()}
    found = {}
    for step, entries in equations:
        numbers = []
        for symbol, right in entries:
            value = number_at(right, known)
            if value.free_symbols or not (value.is_number or value in (sympy.true, sympy.false)):
                break
            numbers.append(value)
            if symbol is not None:
                known.setdefault(symbol, value)
        else:
            found[step.number] = numbers
    return found


def exact(value: Any) -> Any:
    """Return a number as SymPy's, of the very value that a float64 has."""
    if isinstance(value, sympy.Basic):
        return value
    return sympy.Integer(int(value)) if float(value).is_integer() else sympy.Rational(float(value))
