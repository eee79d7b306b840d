"""Checks a loss: proof, precision, finite differences, weights, labels and edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyfc import registry
from pyfc.component import Loss
from pyfc.component.base import Array
from pyfc.report import Report, worst_entry
from pyfc.testing.precision import add_precision, columns, derivation_of, values
from pyfc.testing.proofs import add_proof


def check_loss(loss: Loss | type[Loss] | str, *, strict: bool = False) -> Report:
    """Check a loss against its derivation and against finite differences.

    Parameters
    ----------
    loss : Loss, type or str
        What to check: an instance (with its hyper-parameters), a class, or a registered name.
    strict : bool, default False
        As in :func:`~pyfc.testing.check_activation`.

    Returns
    -------
    Report

    Examples
    --------
    >>> check_loss("squared_error").ok
    True
    """
    component: Loss = registry.make("losses", loss)
    report = Report(repr(component))
    proved = add_proof(report, component, "l")
    with np.errstate(all="ignore"):  # NumPy warns of the very extremes that are tried here
        for dtype in (np.float32, np.float64) if proved else ():
            for cols in (1, 2, 5):
                with report.guard(f"{component.name}, {np.dtype(dtype).name}, {columns(cols)}, against its steps"):
                    _add_precision(report, component, dtype, cols, strict)
        for cols in (1, 4):
            with report.guard(f"{component.name} by finite differences, {columns(cols)}"):
                _add_differences(report, component, cols)
            with report.guard(f"{component.name} with weights, {columns(cols)}"):
                _add_weights(report, component, cols)
        for dtype in (np.float32, np.float64):
            with report.guard(f"{component.name} of NaN, {np.dtype(dtype).name}"):
                _add_edges(report, component, dtype)
        with report.guard(f"{component.name} of no samples"):
            y, t = samples(component, 0, 3, np.float64)
            nothing = np.isnan(component.value(y, t)) and component.gradient(y, t).shape == (0, 3)
            report.add("no samples", nothing)
        with report.guard(f"{component.name} called twice"):
            _add_calls(report, component)
    return report


def samples(loss: Loss, rows: int, cols: int, dtype: Any) -> tuple[Array, Array]:
    """Return outputs (rows, cols) and targets that suit a loss."""
    draw = np.random.default_rng(rows + cols)
    y = draw.normal(0, 2, (rows, cols))
    y[::3] *= 10
    if loss.task == "regression":
        t: Array = draw.normal(0, 2, (rows, cols))
    elif loss.task == "binary" or (cols == 1 and not loss.takes_labels):
        t = draw.integers(0, 2, (rows, cols)).astype(float)
    else:
        t = np.eye(cols)[draw.integers(0, cols, rows)]
    if loss.in_unit_interval:
        y = np.clip(1 / (1 + np.exp(-y)), 1e-3, 1 - 1e-3)
    y = y.astype(dtype)
    return y, loss.targets(t, rows, cols, dtype)


def _rows(t: Array, cols: int) -> Array:
    return t if t.ndim == 2 else np.eye(cols)[t]


def _add_precision(report: Report, loss: Loss, dtype: Any, cols: int, strict: bool) -> None:
    y, t = samples(loss, 30, cols, dtype)
    derivation = derivation_of(loss, "l", sizes={"m": cols})
    value, dy = np.empty(len(y), dtype), np.empty_like(y)
    loss.compute_forward(y, t, value)
    loss.compute_backward(y, t, np.ones(len(y), dtype), dy)
    computed = {"l": value[:, None], "dy": dy}
    given = {"y": y, "t": _rows(t, cols).astype(dtype)}
    add_precision(report, loss, derivation, computed, given, columns(cols), strict=strict)


def _add_differences(report: Report, loss: Loss, cols: int) -> None:
    y, t = samples(loss, 20, cols, np.float64)
    weight = np.random.default_rng(5).uniform(0.5, 2, len(y))
    dy, h = loss.gradient(y, t, weight), 1e-6
    wanted = np.empty_like(y)
    for at in np.ndindex(*y.shape):
        step = np.zeros_like(y)
        step[at] = h
        wanted[at] = (loss.value(y + step, t, weight) - loss.value(y - step, t, weight)) / (2 * h)
    error = np.abs(dy - wanted) / (1 + np.abs(wanted))
    # A difference of two losses cannot be known better than the losses are.
    allowed = 1e-6 + 8 * float(np.finfo(np.float64).eps) * abs(loss.value(y, t, weight)) / h
    at = worst_entry(error)
    inputs = {"y": y[at], "t": _rows(t, cols)[at], "share": (weight / weight.sum())[at[0]]}
    report.add(
        f"{loss.name}.gradient, dy by finite differences, {columns(cols)}",
        bool(error[at] < allowed) and bool(np.abs(dy).max() > 0 or (cols == 1 and loss.task == "classification")),
        f"worst of {error.size} at {at}, {values(inputs)}: gradient {dy[at]:.12g}, difference {wanted[at]:.12g}",
    )


def _add_weights(report: Report, loss: Loss, cols: int) -> None:
    y, t = samples(loss, 6, cols, np.float64)
    weight = np.array([1.0, 2, 1, 1, 3, 0])
    repeats = weight.astype(int)
    one = loss.value(y, t, weight)
    other = loss.value(np.repeat(y, repeats, axis=0), np.repeat(t, repeats, axis=0))
    report.add(
        f"weight 2 counts as two samples, {columns(cols)}",
        bool(np.isclose(one, other, rtol=1e-12)),
        f"{one} and {other}",
    )
    if loss.takes_labels and cols > 1:
        labels = _rows(t, cols).argmax(axis=1)
        ones = np.eye(cols)[labels]
        same = loss.value(y, labels) == loss.value(y, ones) and np.array_equal(
            loss.gradient(y, labels), loss.gradient(y, ones)
        )
        report.add("labels and one-hot rows agree", same)


def _add_edges(report: Report, loss: Loss, dtype: Any) -> None:
    name = np.dtype(dtype).name
    y, t = samples(loss, 4, 3, dtype)
    y[1, 1] = np.nan
    value, dy = np.empty(4, dtype), np.empty_like(y)
    loss.compute_forward(y, t, value)
    loss.compute_backward(y, t, np.ones(4, dtype), dy)
    report.add(f"NaN stays NaN in its row, {name}", np.isnan(value).tolist() == [False, True, False, False], f"{value}")
    report.add(f"a NaN spoils no other row's gradient, {name}", np.isfinite(dy[[0, 2, 3]]).all() and np.isnan(dy[1, 1]))


def _add_calls(report: Report, loss: Loss) -> None:
    y, t = samples(loss, 5, 3, np.float64)
    y_before, t_before = y.copy(), t.copy()
    first = loss.gradient(y, t)
    loss.value(y, t)
    report.add("inputs are left alone", np.array_equal(y, y_before) and np.array_equal(t, t_before))
    report.add("no memory of earlier calls", np.array_equal(first, loss.gradient(y, t)))
