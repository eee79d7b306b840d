"""What a loss makes of outputs that equal their targets, that are all equal, and that are huge.

A sum of exponentials of y = 100 is infinite in float32, and what is divided by it NaN, where the loss itself is 100. So
values are asked to be finite up to |y| = 1000 and never NaN, and gradients not to be NaN, unless the loss itself is
larger than the dtype can hold: this is seen from its value in float64, or, in float64, from its slope being huge too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyfc.component import Loss
from pyfc.component.base import Array
from pyfc.report import Report
from pyfc.testing.inputs import one_hot
from pyfc.testing.precision import columns, values
from pyfc.trial import samples

#: Up to which |y| a value has to be finite.
_FINITE = 1e3


def add_extremes(report: Report, loss: Loss, cols: int, dtype: Any) -> None:
    """Check that neither value nor gradient is NaN where the loss is within range.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    loss : Loss
        What to check.
    cols : int
        Length of a row.
    dtype : dtype
        float32 or float64.
    """
    y, t = _rows(loss, cols, dtype)
    value, dy = _run(loss, y, t)
    beyond = _out_of_range(loss, value, dy, y, t)
    size = np.abs(y).max(axis=1)
    asked = ~beyond
    wrong = asked & (np.isnan(value) | (~np.isfinite(value) & (size <= _FINITE)) | np.isnan(dy).any(axis=1))
    what = f"{np.dtype(dtype).name}, {columns(cols)}"
    detail = f"{int(asked.sum())} rows: y equal to t, y all equal, |y| up to {size.max():.0e}"
    if wrong.any():
        row = int(wrong.argmax())
        given = values({"y": y[row], "t": one_hot(t, cols)[row]})
        detail = f"{given}: l = {value[row]}, dy = {dy[row]}: expected numbers that are not NaN, and a finite l"
    report.add(f"ties and extremes make neither NaN nor infinity, {what}", not wrong.any(), detail)


def _rows(loss: Loss, cols: int, dtype: Any) -> tuple[Array, Array]:
    """Return outputs and targets, a few rows of each kind."""
    bounded = loss.in_unit_interval
    sizes = () if bounded else (20.0, 100.0, 1e3, 1e5, 1e30)
    rows = 5 + 3 * len(sizes)
    y, t = samples(loss, rows, cols, dtype)
    low, high = (1e-3, 1 - 1e-3) if bounded else (-np.inf, np.inf)
    y[:3] = np.clip(one_hot(t, cols)[:3], low, high)
    y[3] = 0.5
    y[4] = np.clip(0, low, high)
    signs = np.where(np.arange(cols) % 2, -1.0, 1.0)
    for index, size in enumerate(sizes):
        y[5 + 3 * index : 8 + 3 * index] = size * np.stack([signs, -signs, np.ones(cols)])
    return y, t


def _run(loss: Loss, y: Array, t: Array) -> tuple[Array, Array]:
    value, dy = np.empty(len(y), y.dtype), np.empty_like(y)
    loss.compute_forward(y, t, value)
    loss.compute_backward(y, t, np.ones(len(y), y.dtype), dy)
    return value, dy


def _out_of_range(loss: Loss, value: Array, dy: Array, y: Array, t: Array) -> Array:
    """Return for which rows the loss itself is larger than the dtype can hold."""
    largest = float(np.finfo(y.dtype).max)
    if y.dtype == np.float32:
        wide_t = t.astype(np.float64) if t.dtype.kind == "f" else t
        value, dy = _run(loss, y.astype(np.float64), wide_t)
        beyond: Array = np.abs(value) > 0.9 * largest
        largest = float(np.finfo(np.float64).max)
    else:
        beyond = np.zeros(len(y), bool)
    # What grows to infinity within so far has a slope of that size on its way.
    steep = np.abs(dy).max(axis=1) * (1 + np.abs(y).max(axis=1)) >= 1e-3 * largest
    return np.where(np.isfinite(value), beyond, np.isinf(value) & steep)
