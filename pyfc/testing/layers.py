"""Checks the layers that have a derivation: dense, dropout and scale, whose kernels the engine calls by name.

They are not in the registry, so their letters and bounds stand here. The dense layer is compared on many small
matrices, each one case; dropout and scale work number by number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyfc import kernels
from pyfc.component.base import Array
from pyfc.derivation import Source, Step, source_of, tag_problems
from pyfc.differences import Differences, random_dy
from pyfc.errors import ProofError
from pyfc.kernels import dense, dropout, scale
from pyfc.proof import Derivation
from pyfc.quotient import Function
from pyfc.report import Report
from pyfc.testing.inputs import inputs
from pyfc.testing.precision import add_precision

#: Samples, inputs and outputs of the dense layer on which it is compared with its steps, and how many times.
_SIZES, _CASES = {"n": 3, "p": 3, "q": 2, "m": 3}, 20
#: The settings on which dropout and scale are compared.
_RATE, _FACTOR = 0.4, 1 / 255

#: Letter -> what was computed, or was given; setting -> number.
Computed = tuple[dict[str, Array], dict[str, Array], dict[str, float]]


@dataclass(frozen=True)
class LayerKernel:
    """The derivation of a layer, and how its kernel is called.

    Attributes
    ----------
    module : str
        Where both are.
    derivation : tuple of Step
        Its steps.
    output : str
        The letter whose derivative is given.
    bounds : mapping
        As in :class:`pyfc.proof.Derivation`.
    call : callable
        Returns what the kernel computes in a dtype, from what.
    functions : callable
        Returns a letter with the gradient by it and the function that it is the gradient of, for each.
    """

    module: str
    derivation: tuple[Step, ...]
    output: str
    bounds: Mapping[str, tuple[float, bool]]
    call: Callable[[Any], Computed]
    functions: Callable[[], list[tuple[str, Array, Function]]]

    def source_code(self) -> Source:
        """Return the code that the derivation's tags are in."""
        return source_of(self.module)

    def steps(self) -> Derivation:
        """Return the derivation, ready to be proved."""
        sizes = {"sizes": _SIZES} if self.output == "z" else {}
        return Derivation(self.derivation, self.output, self.bounds, {}, **sizes)


def check_layer(kind: str) -> Report:
    """Check a layer against its derivation and against finite differences.

    Parameters
    ----------
    kind : str
        ``"dense"``, ``"dropout"`` or ``"scale"``.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If no layer of that kind has a derivation.

    Examples
    --------
    >>> check_layer("scale").ok
    True
    """
    if kind not in LAYERS:
        raise ValueError(f"unknown layer {kind!r}: expected one of {', '.join(LAYERS)}")
    layer, report = LAYERS[kind], Report(kind)
    problems = tag_problems(layer.derivation, layer.source_code())
    report.add("tags", not problems, "; ".join(problems))
    try:
        layer.steps().prove()
    except ProofError as error:
        report.add("derivation", False, str(error))
        return report
    report.add("derivation", True)
    add_layer_checks(report, layer)
    return report


def add_layer_checks(report: Report, layer: LayerKernel) -> None:
    """Compare what a layer computes with its steps, and its gradients with finite differences."""
    for dtype in (np.float32, np.float64):
        with report.guard(f"{layer.module}, {np.dtype(dtype).name}, against its steps"):
            computed, given, hyper = layer.call(dtype)
            cases = f"{len(next(iter(given.values())))} cases"
            add_precision(report, None, layer.steps(), computed, given, cases, hyper=hyper)
    differences = Differences(report, entries=60, step=1e-5, tolerance=1e-7)
    with report.guard(f"{layer.module} by finite differences"):
        for letter, gradient, function in layer.functions():
            differences.compare(f"d{letter} by finite differences", letter, gradient, function)


def _draw(shape: tuple[int, ...], dtype: Any, seed: int) -> Array:
    return np.random.default_rng(seed).normal(0, 2, shape).astype(dtype)


def _dense(dtype: Any) -> Computed:
    n, p, q = (_SIZES[letter] for letter in "npq")
    shapes = {"X": (n, p), "W": (p, q), "b": (q,), "dZ": (n, q)}
    given = {letter: _draw((_CASES, *shape), dtype, seed) for seed, (letter, shape) in enumerate(shapes.items())}
    computed: dict[str, list[Array]] = {"Z": [], "dX": [], "dW": [], "db": []}
    for x, w, b, dz in zip(*given.values(), strict=True):
        results = (kernels.dense_forward(x, w, b), *kernels.dense_backward(dz, x, w))
        for letter, result in zip(computed, results, strict=True):
            computed[letter].append(np.asarray(result).ravel())
    return {letter: np.array(rows) for letter, rows in computed.items()}, given, {}


def _dense_functions() -> list[tuple[str, Array, Function]]:
    x, w, b = _draw((6, 5), np.float64, 0), _draw((5, 3), np.float64, 1), _draw((3,), np.float64, 2)
    dz = random_dy(np.random.default_rng(3), (6, 3))
    gradients = kernels.dense_backward(dz, x, w)

    def terms() -> Array:
        return kernels.dense_forward(x, w, b).ravel()

    return [
        (letter, np.asarray(gradient), Function(values, terms, dz.ravel()))
        for letter, values, gradient in zip("XWb", (x, w, b), gradients, strict=True)
    ]


def _elementwise(function: Callable[[Array], Array]) -> Callable[[], list[tuple[str, Array, Function]]]:
    """Return the functions of a layer that does the same to x and to dy, number by number."""

    def functions() -> list[tuple[str, Array, Function]]:
        x = _draw((60,), np.float64, 0)
        dy = random_dy(np.random.default_rng(1), x.shape)
        return [("x", function(dy), Function(x, lambda: function(x), dy))]

    return functions


def _dropped(x: Array) -> Array:
    return kernels.drop(x, _RATE, 7, 0)


def _dropout(dtype: Any) -> Computed:
    x = inputs(dtype, 1)[:, 0]
    dy = _draw(x.shape, dtype, 1)
    coins = (_dropped(np.ones_like(x)) != 0).astype(dtype)
    computed = {"y": _dropped(x)[:, None], "dx": _dropped(dy)[:, None]}
    return computed, {"x": x, "dy": dy, "s": coins}, {"rate": _RATE}


def _scale(dtype: Any) -> Computed:
    x = inputs(dtype, 1)[:, 0]
    dy = _draw(x.shape, dtype, 1)
    computed = {"y": kernels.rescale(x, _FACTOR)[:, None], "dx": kernels.rescale(dy, _FACTOR)[:, None]}
    return computed, {"x": x, "dy": dy}, {"c": _FACTOR}


#: Kind of a layer -> its derivation and its calls.
LAYERS = {
    "dense": LayerKernel("pyfc.kernels.dense", dense.derivation, "z", {}, _dense, _dense_functions),
    "dropout": LayerKernel(
        "pyfc.kernels.dropout", dropout.derivation, "y", {"rate": (0.0, False), "s": (0.0, False)}, _dropout,
        _elementwise(_dropped),
    ),
    "scale": LayerKernel(
        "pyfc.kernels.scale", scale.derivation, "y", {}, _scale, _elementwise(lambda x: kernels.rescale(x, _FACTOR)),
    ),
}  # fmt: skip
