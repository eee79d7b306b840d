"""The gradient by complex step: the imaginary part of f(z + ih) is h times the slope, with no difference that cancels.

So it is known to nearly all digits, where a finite difference is known to half of them (Squire and Trapp, 1998). f is,
in this order: a NumPy component's own forward, run on complex arrays; the definition that its derivation begins with,
in high precision, with each kink resolved to the side that a point lies on; or there is none, and the report says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pyfc.component import Component
from pyfc.component.base import Array
from pyfc.proof import Derivation
from pyfc.report import Report, raised, worst_entry
from pyfc.testing.definition import gradients_of_definition
from pyfc.testing.functions import Arrays, Function

#: How far the gradient may be off, relative to 1 plus its size.
_TOLERANCE = 1e-12
#: The step of the arrays; so small that its square is nothing beside 1.
_H = 1e-30
#: How far a complex step may be from a difference of the same function, if the function is analytic.
_ANALYTIC = 1e-5


class Complex(np.ndarray[Any, Any]):
    """A complex array whose sign and absolute value go by the real part: ``abs(z)`` is z or -z.

    So the parts of a function with kinks stay analytic. Comparisons and extremes go by it in NumPy itself.
    """

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Run a NumPy function, with another meaning for those that are not analytic."""
        plain = [np.asarray(i) if isinstance(i, Complex) else i for i in inputs]
        if "out" in options:
            options["out"] = tuple(np.asarray(o) if isinstance(o, Complex) else o for o in options["out"])
        if ufunc in (np.absolute, np.fabs):
            ufunc, plain = np.multiply, [plain[0], np.where(np.real(plain[0]) < 0, -1, 1)]
        elif ufunc is np.sign:
            plain = [np.real(plain[0])]
        return _complex(getattr(ufunc, method)(*plain, **options))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Keep what ``where`` and others return of this type."""
        return _complex(super().__array_function__(function, types, args, kwargs))


def _complex(result: Any) -> Any:
    return result.view(Complex) if isinstance(result, np.ndarray) and result.dtype.kind == "c" else result


def add_complex_step(
    report: Report,
    component: Component,
    forward: Function,
    backward: Function,
    by: Sequence[tuple[str, str]],
    derivation: Derivation | None,
) -> None:
    """Compare the gradient with the complex step, or say why it is not possible.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    component : Component
        Whose gradient.
    forward, backward : Function
        At the same float64 inputs, none of them on a kink.
    by : sequence of tuple of str
        Letter of an input, and that of the gradient by it.
    derivation : Derivation or None
        Proved; None if there is none.
    """
    got, (out,) = backward(), tuple(forward.shapes)
    weight = backward.inputs["dy"] if out == "y" else backward.inputs["share"]
    reasons = []
    if getattr(component, "compiled", False):
        reasons.append("a compiled kernel takes no complex numbers")
    else:
        wanted, reason = _by_code(forward, out, weight, by)
        if wanted:
            _add(report, backward, "its own forward on complex numbers", got, wanted)
            return
        reasons.append(reason)
    if derivation is None:
        reasons.append("there is no derivation whose definition could take its place")
        report.note(f"{backward.name} by complex step", "; ".join(reasons))
        return
    _add(
        report,
        backward,
        "the derivation's definition",
        got,
        gradients_of_definition(component, derivation, forward, weight, by),
    )


def _add(report: Report, function: Function, of: str, got: Arrays, wanted: Arrays) -> None:
    for letter, right in wanted.items():
        error = np.abs(got[letter] - right) / (1 + np.abs(right))
        at = worst_entry(error)
        report.add(
            f"{function.label}, {letter} by complex step of {of}",
            bool(error[at] <= _TOLERANCE),
            f"worst of {error.size} at {letter}[{', '.join(map(str, at))}], {function.at(at)}: "
            f"gradient {got[letter][at]:.15g}, complex step {right[at]:.15g}",
        )


def _by_code(forward: Function, out: str, weight: Array, by: Sequence[tuple[str, str]]) -> tuple[dict[str, Array], str]:
    """Return the gradients by complex step of a NumPy forward, or none and why."""
    found = {}
    try:
        for letter, name in by:
            with warnings.catch_warnings():  # of an imaginary part that is cast away, which the next lines find
                warnings.simplefilter("ignore")
                found[name] = _gradient(forward, letter, out, weight, _stepped, complex)
            plain = _gradient(forward, letter, out, weight, _difference, float)
            if not np.allclose(found[name], plain, rtol=_ANALYTIC, atol=_ANALYTIC):
                return {}, "its forward runs on complex numbers, but not as the same function"
    except Exception as error:  # whatever NumPy or the plugin makes of complex numbers
        return {}, f"its forward does not run on complex numbers ({raised(error)})"
    return found, ""


def _stepped(function: Callable[[Any], Array], step: Array) -> Array:
    return np.asarray(function(1j * _H * step).imag / _H)


def _difference(function: Callable[[Any], Array], step: Array) -> Array:
    h = 1e-6
    return np.asarray((function(h * step) - function(-h * step)) / (2 * h))


def _gradient(
    forward: Function,
    letter: str,
    out: str,
    weight: Array,
    slope: Callable[[Callable[[Any], Array], Array], Array],
    kind: type,
) -> Array:
    """Return the gradient of the weighted outputs by an input, one entry of each row at a time."""
    at = forward.inputs[letter]
    shared = letter in forward.per_call
    gradient = np.empty(at.shape)
    for j in range(at.shape[-1]):
        step = np.zeros(at.shape)
        step[..., j] = 1

        def run(change: Any) -> Array:
            inputs: dict[str, Array] = dict(forward.inputs)
            inputs[letter] = at + change
            result: Array = np.zeros(forward.shapes[out], kind)
            if kind is complex:
                inputs[letter], result = inputs[letter].view(Complex), result.view(Complex)
            forward.compute(inputs, {out: result})
            return np.asarray(result)

        change = slope(run, step) * weight
        gradient[..., j] = change.sum() if shared else change.reshape(len(at), -1).sum(axis=1)
    return gradient
