"""Compares what a kernel computed with a derivation step evaluated in high precision, in units of the last place.

One ULP is the distance between neighbouring floating-point numbers at the true value. Where a step adds terms that
cancel, the error is also given in ULP of the largest term, which is what rounding allows: 1 - y near y = 1 loses digits
in any order of evaluation. Code that is not held to be strict may also lose what lies below the smallest normal number,
which harms nobody, and what the rounding of a product costs its exponential.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

from pyfc.component import Component
from pyfc.component.base import Array
from pyfc.derivation import Step
from pyfc.proof import Derivation
from pyfc.report import Figure, Report
from pyfc.symbolic import evaluator, magnitude

#: How far a kernel may be from its step, in ULP of the largest term.
MAX_ULP = 4.0

#: Enough digits that 1 + exp(-z) keeps exp(-z) wherever that is not 0 in the dtype.
_DIGITS = {np.dtype(np.float32): 120, np.dtype(np.float64): 720}

#: Derivations by all that they depend on, and how many are kept: to read and to prove one takes up to seconds.
_KEPT = 256
_derivations: dict[str, Derivation] = {}


@dataclass(frozen=True)
class Worst:
    """The largest error of a kernel against one step.

    Attributes
    ----------
    ulp : float
        In units in the last place of the largest term.
    ulp_of_result : float
        In units in the last place of the result itself.
    where : str
        The inputs, the computed and the true value.
    at : tuple of (str, str)
        Each input that the entry depends on, with its value.
    """

    ulp: float
    ulp_of_result: float
    where: str
    at: tuple[tuple[str, str], ...] = ()


def derivation_of(component: Component, output: str, *, sizes: Mapping[str, int] | None = None) -> Derivation:
    """Return the derivation of a component, for the values that its switches, choices and whole numbers have.

    The same object for the same steps and values: other numbers change nothing in a proof, nor does the dtype.
    """
    bounds = {
        name: None if isinstance(hyper.default, (bool, str)) else (hyper.low, hyper.open_low)
        for name, hyper in component.hyperparameters.items()
    }
    options = {name: value for name, value in component.config().items() if isinstance(value, (bool, str, int))}
    key = repr((component.derivation, output, bounds, options, sizes))
    if key not in _derivations:
        if len(_derivations) >= _KEPT:
            _derivations.clear()
        more = {} if sizes is None else {"sizes": sizes}
        _derivations[key] = Derivation(component.derivation, output, bounds, options, **more)
    return _derivations[key]


def add_precision(
    report: Report,
    component: Component | None,
    derivation: Derivation,
    computed: Mapping[str, Array],
    inputs: Mapping[str, Array],
    label: str,
    *,
    hyper: Mapping[str, Any] | None = None,
    given: Mapping[str, tuple[str, ...]] | None = None,
    strict: bool = True,
) -> None:
    """Compare what a kernel computed with every step that runs and has it on the left; each must have such a step.

    Parameters
    ----------
    report : Report
        Where the checks are taken down.
    component : Component or None
        Whose kernel; None for that of a layer.
    derivation : Derivation
        Its steps.
    computed : mapping of str to ndarray, shape (rows, entries)
        Left side -> result.
    inputs : mapping of str to ndarray, shape (rows, cols) or (cases, rows, cols)
        Letter -> what the kernel was given; of a layer, which takes matrices, in each of several cases.
    label : str
        Says which call it was.
    hyper : mapping, optional
        Numbers beside the hyper-parameters, such as a learning rate.
    given : mapping of str to tuple of str, optional
        Left side -> letters among the definitions that the kernel was given for it, and need not work out.
    strict : bool, default True
        Whether numbers below the smallest normal one count, and the rounding of a product in an exponent does not.
    """
    compared = set()
    for step in derivation.steps:
        name = step.left.partition("[")[0]
        if not step.runs or name not in computed:
            continue
        right = expressions(derivation, step, (given or {}).get(name, ()))
        numbers = {**(component.config() if component else {}), **(hyper or {})}
        worst = worst_error(derivation, right, inputs, numbers, computed[name], strict=strict)
        report.add(
            f"{name}, {computed[name].dtype.name}, {label}, against step ({step.number})",
            0 <= worst.ulp <= MAX_ULP,
            f"{worst.ulp:.2f} ULP ({worst.ulp_of_result:.2f} of the result) {worst.where}",
            Figure(name, computed[name].dtype.name, worst.ulp, worst.at),
        )
        compared.add(name)
    for name in set(computed) - compared:
        report.add(
            f"{name} has a step", False, f"no step that runs has {name} on its left: the code is tied to nothing"
        )


def columns(count: int) -> str:
    """Return so many columns in words."""
    return f"{count} column{'s' if count > 1 else ''}"


def values(named: Mapping[str, Array]) -> str:
    """Return numbers and rows by their letters in words: ``z = 0.5, dy = 1.25``."""
    return ", ".join(
        f"{letter} = {np.array2string(value, max_line_width=120, precision=6)}" for letter, value in named.items()
    )


def shown(named: Mapping[str, Array]) -> tuple[tuple[str, str], ...]:
    """Return numbers and rows by their letters, each entry of a row by its own: ``("z_1", "0.5")``."""
    return tuple(
        ("_".join([letter, *(str(index + 1) for index in at)]), f"{value[at]:.6g}")
        for letter, value in named.items()
        for at in np.ndindex(*np.shape(value))
    )


def expressions(derivation: Derivation, step: Step, given: tuple[str, ...]) -> list[Any]:
    """Return the right sides of a step, one for each entry of the left, in terms of what the kernel is given."""
    derivation.define_all()
    key = step.number, given
    if key not in derivation.expanded:
        kept = {s: e for s, e in derivation.definitions.items() if str(s).split("_")[0] in given}
        for symbol in kept:
            del derivation.definitions[symbol]
        try:
            rights = [right for _, _, right in derivation.equations(step)]
            derivation.expanded[key] = [derivation.expand(right) for right in rights]
        finally:
            derivation.definitions.update(kept)
    return derivation.expanded[key]


@lru_cache(maxsize=2 * _KEPT)
def _exact_and_scale(symbols: tuple[Any, ...], right: Any, strict: bool) -> Any:
    """Return a function of mpmath numbers that returns the value of an expression and the size of its largest term."""
    return evaluator(symbols, [right, magnitude(right, strict=strict)])


@lru_cache(maxsize=1 << 14)
def _measured(function: Any, digits: int, values: tuple[float, ...]) -> Any:
    """Return what such a function returns; components with the same steps are held to the same numbers."""
    with mpmath.workdps(digits):
        return function(*map(mpmath.mpf, values))


def worst_error(
    derivation: Derivation,
    right_sides: list[Any],
    inputs: Mapping[str, Array],
    hyper: Mapping[str, Any],
    computed: Array,
    *,
    strict: bool = True,
) -> Worst:
    """Return the worst error of computed (rows, entries) against expressions in letters of the inputs (rows, ...)."""
    dtype = computed.dtype
    symbols, columns = [], []
    for letter, array in inputs.items():
        if derivation.sizes and array.ndim > 1:
            for place in np.ndindex(*array.shape[1:]):
                symbols.append(derivation.symbol(letter, *(index + 1 for index in place)))
                columns.append(array[:, *place])
        else:
            symbols.append(derivation.symbol(letter))
            columns.append(array.reshape(len(array)))
    given_count = len(symbols)
    for letter, value in hyper.items():
        if not isinstance(value, (bool, str)):
            symbols.append(derivation.symbol(letter))
            columns.append(np.full(len(computed), value))  # a kernel is given doubles
    worst = Worst(-1.0, -1.0, "nothing was compared")
    tiny = 0.0 if strict else float(np.finfo(dtype).tiny)
    with mpmath.workdps(_DIGITS[dtype]):
        for entry, right in enumerate(right_sides):
            function = _exact_and_scale(tuple(symbols), right, strict)
            for row in range(len(computed)):
                values = tuple(float(column[row]) + 0.0 for column in columns)  # without a sign of zero
                got, (true, scale) = computed[row, entry], _measured(function, _DIGITS[dtype], values)
                of_result = ulp_error(got, true, true)
                found = min(of_result, ulp_error(got, true, scale, floor=tiny))
                if found > worst.ulp or (found == worst.ulp and of_result > worst.ulp_of_result):
                    at = ", ".join(f"{s} = {v!r}" for s, v in zip(symbols, values, strict=True))
                    text = f"at row {row}, entry {entry} ({at}) computed {got!r}, true {mpmath.nstr(true, 17)}"
                    given = zip(symbols[:given_count], columns, strict=False)
                    inside = tuple((str(s), str(column[row])) for s, column in given if s in right.free_symbols)
                    worst = Worst(found, max(of_result, worst.ulp_of_result), text, inside)
    return worst


def ulp_error(got: Any, true: Any, scale: Any, *, floor: float = 0.0) -> float:
    """Return the distance between a computed and a true value, in ULP of a scale.

    Parameters
    ----------
    got : numpy floating
        Computed; its dtype says what an ULP is.
    true, scale : mpmath number
        True value, and the number whose ULP is the unit.
    floor : float, default 0.0
        Smallest unit.

    Returns
    -------
    float
        0 if both overflow; infinity for a NaN.
    """
    info = np.finfo(type(got))
    if np.isnan(got):
        return float("inf")
    if np.isinf(got):
        return (
            0.0
            if abs(true) > mpmath.mpf(float(info.max)) * (1 - 4 * float(info.eps)) and (true > 0) == (got > 0)
            else float("inf")
        )
    if mpmath.isinf(true):
        return float("inf")
    unit = max(unit_in_last_place(scale, info), mpmath.mpf(floor))
    return float(abs(mpmath.mpf(float(got)) - true) / unit)


def unit_in_last_place(value: Any, info: npt.NDArray[Any] | np.finfo[Any]) -> Any:
    """Return the distance between neighbouring floating-point numbers at a value."""
    smallest = mpmath.mpf(float(info.smallest_subnormal))  # type: ignore[union-attr]
    if value == 0:
        return smallest
    if mpmath.isinf(value):
        return mpmath.inf
    exponent = mpmath.frexp(abs(value))[1]
    return max(mpmath.ldexp(1, exponent - info.nmant - 1), smallest)  # type: ignore[union-attr]
