"""Checks an activation: proof, precision, gradients, edges, memory, independence, threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyfc import registry
from pyfc.component import Activation
from pyfc.component.base import Array
from pyfc.differences import random_dy
from pyfc.proof import Derivation
from pyfc.report import Figure, Report, worst_entry
from pyfc.testing.calls import add_calls, add_first_calls
from pyfc.testing.complex_step import add_complex_step
from pyfc.testing.edges import add_edges
from pyfc.testing.effects import add_effects
from pyfc.testing.functions import Function, activation_functions
from pyfc.testing.independence import add_columns, add_in_place
from pyfc.testing.inputs import Widths, inputs, ordinary, slopes, upstream
from pyfc.testing.learned import add_learned
from pyfc.testing.precision import add_precision, columns, derivation_of, shown, values
from pyfc.testing.proofs import add_proof

#: Where a function far out is larger, differences say nothing of it.
_STEEPEST = 1e30
#: Largest disagreement with differences.
_ALLOWED = 1e-7
#: Columns of a layer that is wide, and of the pieces that it is compared with.
_WIDE, _PIECE = 1030, 4


def check_activation(activation: Activation | type[Activation] | str, *, strict: bool = False) -> Report:
    """Check an activation against its derivation, against its own differences, and as the engine calls it.

    Parameters
    ----------
    activation : Activation, type or str
        What to check: an instance (with its hyper-parameters), a class, or a registered name.
    strict : bool, default False
        Hold it to what pyfc's own kernels are held to: digits also below the smallest normal number, and where the
        rounding of a product, such as that of beta * z in exp(beta * z), leaves fewer; and NaN also in the gradient.

    Returns
    -------
    Report

    Examples
    --------
    >>> check_activation("sigmoid").ok
    True
    """
    act: Activation = registry.make("activations", activation)
    report = Report(repr(act))
    problem = type(act).problem()
    if problem:  # a kernel that is not what it should be must not be called
        report.add("can be called", False, problem)
        return report
    widths = Widths(act)
    with np.errstate(all="ignore"):  # NumPy warns of the very extremes that are tried here
        with report.guard(f"{act.name}.out_cols", "3 columns"):
            widths.near(3)
        if not widths.taken:
            return report
        proved = add_proof(report, act, "y", sizes=sizes_of(act, widths.near(3)))
        if not add_first_calls(report, act, _functions, widths):
            return report
        add_effects(report, act, lambda moved: _scaled(moved, Widths(moved).near(3)))
        for dtype in (np.float32, np.float64) if proved else ():
            for cols in (1,) if act.elementwise else widths.of((1, 2, 5)):
                with report.guard(f"{act.name}, {np.dtype(dtype).name}, {columns(cols)}, against its steps"):
                    add_activation_precision(report, act, dtype, cols, strict=strict)
        cols = widths.near(1 if act.elementwise else 2)
        add_learned(
            report,
            act,
            cols,
            (lambda dtype, *at: add_activation_precision(report, act, dtype, cols, at, strict=strict))
            if proved
            else None,
        )
        with report.guard(f"{act.name} by finite differences"):
            add_activation_differences(report, act, widths.near(5))
        with report.guard(f"{act.name} by complex step"):
            _add_complex_step(report, act, widths.near(3), proved)
        add_edges(report, act, widths, strict=strict)
        add_calls(report, act, _functions, widths)
        with report.guard(f"{act.name} by columns and in place"):
            _add_claims(report, act, widths.near(5))
    widths.report(report)
    return report


def sizes_of(act: Activation, cols: int) -> dict[str, int]:
    """Return the letters of sizes in a derivation: m numbers in a row of z, q in a row of y."""
    return {"m": cols, "n": 2, "p": 2, "q": act.out_cols(cols)}


def _functions(act: Activation, rows: int, cols: int, dtype: Any) -> list[Function]:
    """Return forward and backward of an activation at ordinary inputs."""
    z = ordinary(rows, cols, dtype)
    dy = ordinary(rows, act.out_cols(cols), dtype, seed=5)
    return activation_functions(act, z, slopes(act, cols, dtype), dy)


def _scaled(act: Activation, cols: int) -> list[Function]:
    """Return forward and backward at small, ordinary and large inputs: a bound or a threshold may be anywhere."""
    z = ordinary(90, cols, np.float64) * np.repeat([0.1, 1, 20], 30)[:, None]
    dy = ordinary(90, act.out_cols(cols), np.float64, seed=5)
    return activation_functions(act, z, slopes(act, cols, np.float64), dy)


def add_activation_precision(
    report: Report,
    act: Activation,
    dtype: Any,
    cols: int,
    at: tuple[Array, Array, str] | None = None,
    *,
    strict: bool = False,
) -> None:
    """Compare forward and backward with their steps, on all of :func:`~pyfc.testing.inputs.inputs` or ``at`` others."""
    z, a, words = at or (inputs(dtype, cols), slopes(act, cols, dtype), "")
    label = f"{columns(cols)}, {words}" if words else columns(cols)
    derivation = derivation_of(act, "y", sizes=sizes_of(act, cols))
    dy = upstream(z, act)
    y = act.forward(z, a=a)
    result = act.backward(dy, z=z, y=y, a=a)
    dz = result[0] if act.learned else result
    computed = {"y": y, "dz": dz}
    given = {"z": z, "y": y, "dy": dy} if "y" in act.needs else {"z": z, "dy": dy}
    if act.learned:
        letter = act.learned.letter
        given[letter] = np.broadcast_to(a, (len(z), len(a)))
        # One row at a time, so that da is not yet a sum.
        rows = [act.backward(dy[i : i + 1], z=z[i : i + 1], y=y[i : i + 1], a=a)[1] for i in range(len(z))]
        computed[f"d{letter}"] = np.array(rows)
    kept = {} if "y" not in act.needs else {name: ("y",) for name in computed if name != "y"}
    add_precision(report, act, derivation, computed, given, label, given=kept, strict=strict)


def add_activation_differences(report: Report, act: Activation, cols: int) -> None:
    """Compare backward with finite differences of forward, at 80 rows of inputs."""
    draw = np.random.default_rng(3)
    ordinary = draw.normal(0, 1.5, (40, cols))
    # Further out there may be a kink that the ordinary ones do not meet.
    z = np.concatenate([ordinary, draw.uniform(-1, 1, (40, cols)) * np.repeat([12.0, 50.0], 20)[:, None]])
    a, h = slopes(act, cols, np.float64), 1e-6
    usable = (np.abs(act.forward(z, a=a)) < _STEEPEST).all(axis=1)
    z = z[usable | (np.arange(len(z)) < len(ordinary))]
    y = act.forward(z, a=a)
    dy = random_dy(draw, y.shape)
    result = act.backward(dy, z=z, y=y, a=a)
    dz, da = result if act.learned else (result, None)
    size = float(np.abs(dz).max())
    report.add("the gradient is not all zero", size > 0, f"largest entry {size:.3g}")
    wanted = np.empty_like(z)
    for j in range(z.shape[1]):
        up, down = z.copy(), z.copy()
        up[:, j] += h
        down[:, j] -= h
        change = (act.forward(up, a=a) - act.forward(down, a=a)) * dy
        wanted[:, j] = change.sum(axis=1) / (up - down)[:, j]
    # A difference cannot be known better than what is subtracted.
    known = 8 * float(np.finfo(np.float64).eps) * np.abs(y * dy).max(axis=1, keepdims=True) / h
    # In a function of whole rows, what is at an index depends on all of its row.
    depth = 2 if act.elementwise else 1
    _add_difference(report, act, "dz", dz, wanted, lambda at: {"z": z[at[:depth]], "dy": dy[at[:depth]]}, known)
    if da is not None:
        changes = [act.forward(z, a=a + step) - act.forward(z, a=a - step) for step in h * np.eye(len(a))]
        wanted = np.array([(change * dy).sum() / (2 * h) for change in changes])
        letter = act.learned.letter if act.learned else ""
        _add_difference(report, act, f"d{letter}", da, wanted, lambda at: {letter: a[at]}, float(np.linalg.norm(known)))


def _add_difference(
    report: Report,
    act: Activation,
    name: str,
    got: Array,
    wanted: Array,
    given: Callable[[tuple[int, ...]], dict[str, Array]],
    known: Any,
) -> None:
    off = np.abs(got - wanted) / (1 + np.abs(wanted))
    error = np.maximum(off - known / (1 + np.abs(wanted)), 0)
    at = worst_entry(error)
    # Shown is what is off, except where the difference is not known well enough to say.
    seen = np.where(known < _ALLOWED * (1 + np.abs(wanted)), off, error)
    farthest = worst_entry(seen)
    report.add(
        f"{act.name}.backward, {name} by finite differences",
        bool(error[at] < _ALLOWED),
        f"worst of {error.size} at {at}, {values(given(at))}: gradient {got[at]:.12g}, difference {wanted[at]:.12g}",
        Figure(name, "difference", float(seen[farthest]), shown(given(farthest))),
    )


def _add_complex_step(report: Report, act: Activation, cols: int, proved: bool) -> None:
    forward, backward = _functions(act, 6 if act.elementwise else 4, cols, np.float64)
    derivation: Derivation | None = derivation_of(act, "y", sizes=sizes_of(act, cols)) if proved else None
    by = [("z", "dz"), ("a", "da")] if act.learned else [("z", "dz")]
    add_complex_step(report, act, forward, backward, by, derivation)


def _add_claims(report: Report, act: Activation, cols: int) -> None:
    """Hold an activation to what it says of itself: elementwise, in place."""
    for dtype in (np.float32, np.float64):
        forward, backward = _functions(act, 9, cols, dtype)
        if act.elementwise:
            add_columns(report, forward)
            add_columns(report, backward)
            for function in _functions(act, 2, _WIDE, dtype):
                name = f"{_WIDE} columns are as {_PIECE} at a time"
                add_columns(report, function, width=_PIECE, name=name)
        if act.in_place:
            add_in_place(report, forward, "z", "y")
            add_in_place(report, backward, "dy", "dz")
