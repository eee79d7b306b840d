"""Checks an activation: proof, precision, finite differences, edges, and that it leaves its inputs alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyfc import registry
from pyfc.component import Activation
from pyfc.component.base import Array
from pyfc.differences import random_dy
from pyfc.report import Report, worst_entry
from pyfc.testing.precision import add_precision, columns, derivation_of, values
from pyfc.testing.proofs import add_proof


def check_activation(activation: Activation | type[Activation] | str, *, strict: bool = False) -> Report:
    """Check an activation against its derivation and against finite differences.

    Parameters
    ----------
    activation : Activation, type or str
        What to check: an instance (with its hyper-parameters), a class, or a registered name.
    strict : bool, default False
        Hold it to what pyfc's own kernels are held to: digits also below the smallest normal number, and where the
        rounding of a product, such as that of beta * z in exp(beta * z), leaves fewer.

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
    proved = add_proof(report, act, "y")
    with np.errstate(all="ignore"):  # NumPy warns of the very extremes that are tried here
        for dtype in (np.float32, np.float64) if proved else ():
            for cols in (1,) if act.elementwise else (1, 2, 5):
                with report.guard(f"{act.name}, {np.dtype(dtype).name}, {columns(cols)}, against its steps"):
                    _add_precision(report, act, dtype, cols, strict)
        with report.guard(f"{act.name} by finite differences"):
            _add_differences(report, act)
        for dtype in (np.float32, np.float64):
            name = np.dtype(dtype).name
            with report.guard(f"{act.name} of NaN and infinity, {name}"):
                _add_edges(report, act, dtype)
            with report.guard(f"{act.name} of huge inputs, {name}"):
                report.add(f"huge inputs do not become NaN, {name}", _huge(act, dtype), "|z| up to 1e30")
        with report.guard(f"{act.name} of arrays of several shapes"):
            _add_shapes(report, act)
        with report.guard(f"{act.name} called twice"):
            _add_calls(report, act)
    return report


#: Inputs at which kernels were seen to be wrong by more than 4 ULP, or are at their worst, found by dense scans.
HARD = [
    0.0017331410199403763,
    5.478486061096191,
    11.821641864281625,
    12.16500473022461,
    19.969943087366552,
    21.156087553654856,
]


def inputs(dtype: Any, cols: int) -> Array:
    """Return inputs (rows, cols) that are ordinary, extreme, tiny and special, all finite."""
    draw = np.random.default_rng(0)
    if cols > 1:
        rows = [draw.normal(0, 2, (12, cols)), draw.normal(0, 40, (8, cols)), np.full((1, cols), 3.0)]
        rows += [draw.normal(0, 1e4, (3, cols)), 1e-30 * draw.normal(0, 1, (2, cols)), np.zeros((1, cols))]
        rows += [np.where(np.arange(cols) == 0, 1e30, -1e30)[None]]
        return np.concatenate(rows).astype(dtype)
    info = np.finfo(dtype)
    far = -np.log(float(info.tiny)) / 4  # the tails of the normal distribution and of exp, while they are above 0
    powers = 10.0 ** np.linspace(np.log10(float(info.tiny)), 30, 40)
    special = [float(info.smallest_subnormal), float(info.tiny), 0.5, 1, 3, 20, 87.3, 88.8, 103.9, 708.3, 745.1, 1e30]
    positive = np.concatenate(
        [np.linspace(0, 12, 60), draw.exponential(1, 40), draw.uniform(0, far, 30), powers, special, HARD]
    )
    both = np.concatenate([positive, -positive]).astype(dtype)
    return both[:, None]


def _upstream(z: Array, act: Activation) -> Array:
    shape = (len(z), act.out_cols(z.shape[1]))
    return np.random.default_rng(1).uniform(0.5, 2, shape).astype(z.dtype)


def _slopes(act: Activation, cols: int, dtype: Any) -> Array:
    return np.random.default_rng(2).uniform(0.1, 0.5, act.params(cols)).astype(dtype)


def _add_precision(report: Report, act: Activation, dtype: Any, cols: int, strict: bool) -> None:
    z = inputs(dtype, cols)
    derivation = derivation_of(act, "y", sizes={"m": cols})
    dy, a = _upstream(z, act), _slopes(act, cols, dtype)
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
    add_precision(report, act, derivation, computed, given, columns(cols), given=kept, strict=strict)


def _add_differences(report: Report, act: Activation) -> None:
    draw = np.random.default_rng(3)
    z = draw.normal(0, 1.5, (40, 5))
    a, h = _slopes(act, 5, np.float64), 1e-6
    y = act.forward(z, a=a)
    dy = random_dy(draw, y.shape)
    result = act.backward(dy, z=z, y=y, a=a)
    dz, da = result if act.learned else (result, None)
    size = float(np.abs(dz).max())
    report.add("the gradient is not all zero", size > 0, f"largest entry {size:.3g}")
    wanted = np.empty_like(z)
    for j in range(z.shape[1]):
        step = np.zeros_like(z)
        step[:, j] = h
        wanted[:, j] = ((act.forward(z + step, a=a) - act.forward(z - step, a=a)) * dy).sum(axis=1) / (2 * h)
    # In a function of whole rows, what is at an index depends on all of its row.
    shown = 2 if act.elementwise else 1
    _add_difference(report, act, "dz", dz, wanted, lambda at: {"z": z[at[:shown]], "dy": dy[at[:shown]]})
    if da is not None:
        changes = [act.forward(z, a=a + step) - act.forward(z, a=a - step) for step in h * np.eye(len(a))]
        wanted = np.array([(change * dy).sum() / (2 * h) for change in changes])
        letter = act.learned.letter if act.learned else ""
        _add_difference(report, act, f"d{letter}", da, wanted, lambda at: {letter: a[at]})


def _add_difference(
    report: Report,
    act: Activation,
    name: str,
    got: Array,
    wanted: Array,
    given: Callable[[tuple[int, ...]], dict[str, Array]],
) -> None:
    error = np.abs(got - wanted) / (1 + np.abs(wanted))
    at = worst_entry(error)
    report.add(
        f"{act.name}.backward, {name} by finite differences",
        bool(error[at] < 1e-7),
        f"worst of {error.size} at {at}, {values(given(at))}: gradient {got[at]:.12g}, difference {wanted[at]:.12g}",
    )


def _add_edges(report: Report, act: Activation, dtype: Any) -> None:
    name = np.dtype(dtype).name
    z = np.array([[np.nan], [1.0], [np.inf], [-np.inf], [-0.0]], dtype)
    y = act.forward(z)
    dz = _dz(act, np.ones_like(y), z, y)
    # A backward that reads neither z nor y, such as the identity's, has no NaN to pass on.
    stays = np.isnan(y[0, 0]) and (np.isnan(dz[0, 0]) or not act.needs)
    report.add(f"NaN stays NaN, {name}", stays, f"y {y[0, 0]}, dz {dz[0, 0]}")
    report.add(f"a NaN spoils no other row, {name}", np.isfinite(y[1]).all() and np.isfinite(dz[1]).all(), f"y {y[1]}")


def _huge(act: Activation, dtype: Any) -> bool:
    z = np.array([[1e30, -1e30], [1e5, -1e5], [-1e30, -1e30]], dtype)
    y = act.forward(z)
    return not (np.isnan(y).any() or np.isnan(_dz(act, np.ones_like(y), z, y)).any())


def _add_shapes(report: Report, act: Activation) -> None:
    draw = np.random.default_rng(4)
    for shape in ((0, 3), (1, 1), (1, 7), (9, 1), (3, 0), (2, 3, 4)):
        z = draw.normal(size=shape)
        y = act.forward(z)
        dz = _dz(act, np.ones_like(y), z, y)
        report.add(f"shape {shape}", dz.shape == shape and y.shape[:-1] == shape[:-1], f"y {y.shape}, dz {dz.shape}")


def _add_calls(report: Report, act: Activation) -> None:
    draw = np.random.default_rng(4)
    z = draw.normal(size=(6, 8))[::2, ::2]
    z.flags.writeable = False
    copy = np.ascontiguousarray(z)
    y = act.forward(copy)
    dy = np.ones_like(y)
    report.add("strided and read-only input", np.array_equal(act.forward(z), y), "same result as for a copy")
    first, y_before = _dz(act, dy, copy, y), y.copy()
    act.forward(draw.normal(size=(6, 8)))
    again = act.forward(copy)
    same = np.array_equal(again, y_before) and np.array_equal(first, _dz(act, dy, copy, again))
    report.add("no memory of earlier calls", same)
    left_alone = np.array_equal(copy, z) and np.array_equal(y, y_before) and bool((dy == 1).all())
    report.add("inputs are left alone", left_alone)


def _dz(act: Activation, dy: Array, z: Array, y: Array) -> Array:
    result = act.backward(dy, z=z, y=y)
    return np.asarray(result[0] if act.learned else result)
