"""How an activation takes NaN, infinity, huge numbers, empty arrays, and arrays that are strided or read-only."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyfc.component import Activation
from pyfc.component.base import Array
from pyfc.differences import random_dy
from pyfc.report import Report
from pyfc.testing.inputs import Widths


def add_edges(report: Report, act: Activation, widths: Widths, *, strict: bool = False) -> None:
    """Check an activation at its edges.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    act : Activation
        What to check.
    widths : Widths
        Which numbers of columns it accepts.
    strict : bool, default False
        Ask for a NaN in the gradient too. Where it is missing, as where a backward compares, nothing is hidden: the
        loss is NaN already.
    """
    for dtype in (np.float32, np.float64):
        name = np.dtype(dtype).name
        with report.guard(f"{act.name} of NaN and infinity, {name}"):
            _add_special(report, act, dtype, widths.near(1), strict)
        with report.guard(f"{act.name} of huge inputs, {name}"):
            report.add(f"huge inputs do not become NaN, {name}", *_huge(act, dtype, widths.near(2)))
    if not act.elementwise:
        with report.guard(f"{act.name} of equal inputs"):
            _add_ties(report, act, widths.near(4))
    for rows, cols in ((0, 3), (1, 1), (1, 7), (9, 1), (3, 0)):
        if not cols and act.compiled and act.learned and not act.params(widths.near(cols)):
            report.note(
                "rows of 0", f"{act.name} has no learned parameter there, and no kernel is to see shape->params 0"
            )
            continue
        with report.guard(f"{act.name} of {rows} rows of {cols}"):
            _add_shape(report, act, (rows, widths.near(cols)))
    with report.guard(f"{act.name} of three axes"):
        _add_shape(report, act, (2, 3, widths.near(4)))
    with report.guard(f"{act.name} of a strided and read-only input"):
        _add_strided(report, act, widths.near(4))


def _gradients(act: Activation, dy: Array, z: Array, y: Array) -> tuple[Array, Array]:
    result = act.backward(dy, z=z, y=y)
    return result if act.learned else (result, np.empty(0))


def _dz(act: Activation, dy: Array, z: Array, y: Array) -> Array:
    return _gradients(act, dy, z, y)[0]


def _add_special(report: Report, act: Activation, dtype: Any, cols: int, strict: bool) -> None:
    name = np.dtype(dtype).name
    z = np.repeat(np.array([[np.nan], [1.0], [np.inf], [-np.inf], [0.0], [-0.0]], dtype), cols, axis=1)
    y = act.forward(z)
    dz, da = _gradients(act, np.ones_like(y), z, y)
    # A backward that reads neither z nor y, such as the identity's, has no NaN to pass on; one may read z for da alone.
    passed_on = not strict or not act.needs or np.isnan(dz[0]).any() or np.isnan(da).any()
    stays = np.isnan(y[0]).all() and passed_on
    report.add(f"NaN stays NaN, {name}", stays, f"y {y[0]}, dz {dz[0]}")
    zeros = np.isfinite(y[4:]).all() and np.isfinite(dz[4:]).all()
    report.add(f"0.0 and -0.0 have a finite y and dz, {name}", zeros, f"y {y[4]} and {y[5]}, dz {dz[4]} and {dz[5]}")
    report.add(f"a NaN spoils no other row, {name}", np.isfinite(y[1]).all() and np.isfinite(dz[1]).all(), f"y {y[1]}")


def _add_ties(report: Report, act: Activation, cols: int) -> None:
    """Check that where entries of a row are equal, their dz sum to the change when they all move together.

    The largest of equal numbers moves as they do: a backward that hands all of dy to each of them gives too much.
    """
    equal, h = np.arange(cols) < np.array([cols, cols, (cols + 1) // 2, 2])[:, None], 1e-6
    z = np.where(equal, np.array([0.7, -1.3, 0.7, 1.9])[:, None], np.linspace(-1.1, -0.3, cols))
    y = act.forward(z)
    dy = random_dy(np.random.default_rng(3), y.shape)
    got = (_dz(act, dy, z, y) * equal).sum(axis=1)
    sides = [((act.forward(z + side * equal) - y) * dy).sum(axis=1) / side for side in (h, -h)]
    spare = 1e-4 * (1 + np.abs(sides).max(axis=0))
    error = np.maximum(np.min(sides, axis=0) - got, got - np.max(sides, axis=0)) - spare
    row = int(np.where(np.isnan(error), np.inf, error).argmax())
    report.add(
        "the dz of equal inputs sum to what moving them together changes",
        bool(error[row] <= 0),
        f"z = {z[row]}, dy = {dy[row]}: dz of the first {int(equal[row].sum())} sum to {got[row]:.9g}, "
        f"difference {sides[0][row]:.9g}",
    )


def _huge(act: Activation, dtype: Any, cols: int) -> tuple[bool, str]:
    signs = np.where(np.arange(cols) % 2, -1.0, 1.0)
    z = np.array([1e30 * signs, 1e5 * signs, np.full(cols, -1e30)], dtype)
    y = act.forward(z)
    dz = _dz(act, np.ones_like(y), z, y)
    for letter, array in (("y", y), ("dz", dz)):
        if np.isnan(array).any():
            row = int(np.isnan(array).any(axis=1).argmax())
            return False, f"{letter} of z = {z[row]} is {array[row]}"
    return True, "|z| up to 1e30"


def _add_shape(report: Report, act: Activation, shape: tuple[int, ...]) -> None:
    z = np.random.default_rng(4).normal(size=shape)
    y = act.forward(z)
    dz = _dz(act, np.ones_like(y), z, y)
    right = dz.shape == shape and y.shape == (*shape[:-1], act.out_cols(shape[-1]))
    report.add(f"shape {shape}", right, f"y {y.shape}, dz {dz.shape}")


def _add_strided(report: Report, act: Activation, cols: int) -> None:
    z = np.random.default_rng(4).normal(size=(6, 2 * cols))[::2, ::2]
    z.flags.writeable = False
    copy = np.ascontiguousarray(z)
    y = act.forward(copy)
    dy = np.ones_like(y)
    dz = _dz(act, dy, copy, y)
    for array in (copy, y, dy):
        array.flags.writeable = False
    same = np.array_equal(act.forward(z), y) and np.array_equal(_dz(act, dy, z, y), dz)
    report.add("strided and read-only input", same, "same result as for a copy")
