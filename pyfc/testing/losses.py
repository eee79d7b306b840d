"""Checks a loss: proof, precision, gradients, weights, labels, edges, memory, independence, threads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pyfc import registry
from pyfc.component import Loss
from pyfc.component.base import Array
from pyfc.report import Figure, Report, worst_entry
from pyfc.testing.calls import add_calls, add_first_calls, may_go_on
from pyfc.testing.complex_step import add_complex_step
from pyfc.testing.effects import add_effects
from pyfc.testing.functions import Function, add_same, loss_functions
from pyfc.testing.independence import add_rows
from pyfc.testing.inputs import one_hot
from pyfc.testing.loss_edges import add_extremes
from pyfc.testing.precision import add_precision, columns, derivation_of, shown, values
from pyfc.testing.proofs import add_proof
from pyfc.trial import samples

#: Largest disagreement with differences, relative where the derivative is above 1.
_ALLOWED = 1e-6


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
    problem = type(component).problem()
    if problem:  # a kernel that is not what it should be must not be called
        report.add("can be called", False, problem)
        return report
    proved = add_proof(report, component, "l")
    with np.errstate(all="ignore"):  # NumPy warns of the very extremes that are tried here
        if not add_first_calls(report, component, _functions) or not _add_labels(report, component):
            return report
        add_effects(report, component, lambda moved: _functions(moved, 90, 3, np.float64))
        for dtype in (np.float32, np.float64) if proved else ():
            for cols in (1, 2, 5):
                with report.guard(f"{component.name}, {np.dtype(dtype).name}, {columns(cols)}, against its steps"):
                    add_loss_precision(report, component, dtype, cols, strict=strict)
        for cols in (1, 4):
            with report.guard(f"{component.name} by finite differences, {columns(cols)}"):
                add_loss_differences(report, component, cols)
                _add_far_differences(report, component, cols)
            with report.guard(f"{component.name} with weights, {columns(cols)}"):
                _add_weights(report, component, cols)
        for dtype in (np.float32, np.float64):
            with report.guard(f"{component.name} of NaN, {np.dtype(dtype).name}"):
                _add_edges(report, component, dtype)
            for cols in (1, 3):
                with report.guard(f"{component.name} at ties and extremes, {np.dtype(dtype).name}, {columns(cols)}"):
                    add_extremes(report, component, cols, dtype)
        with report.guard(f"{component.name} of no samples"):
            y, t = samples(component, 0, 3, np.float64)
            nothing = np.isnan(component.value(y, t)) and component.gradient(y, t).shape == (0, 3)
            report.add("no samples", nothing)
        with report.guard(f"{component.name}.backward with shares"):
            _add_shares(report, component)
        for cols in (1, 3):
            with report.guard(f"{component.name} by complex step, {columns(cols)}"):
                _add_complex_step(report, component, cols, proved)
        add_calls(report, component, _functions)
    return report


def _functions(loss: Loss, rows: int, cols: int, dtype: Any) -> list[Function]:
    """Return forward and backward of a loss at ordinary outputs, and shares of which some are 0."""
    y, t = samples(loss, min(rows, 4099), cols, dtype)
    share = np.random.default_rng(6).uniform(0.5, 2, len(y)).astype(dtype)
    share[3::7] = 0
    return loss_functions(loss, *(np.resize(array, (rows, *array.shape[1:])) for array in (y, t, share)))


def add_loss_precision(report: Report, loss: Loss, dtype: Any, cols: int, *, strict: bool = False) -> None:
    """Compare forward and backward with their steps, on 30 samples."""
    y, t = samples(loss, 30, cols, dtype)
    derivation = derivation_of(loss, "l", sizes={"m": cols})
    value, dy = np.empty(len(y), dtype), np.empty_like(y)
    loss.compute_forward(y, t, value)
    loss.compute_backward(y, t, np.ones(len(y), dtype), dy)
    computed = {"l": value[:, None], "dy": dy}
    given = {"y": y, "t": one_hot(t, cols).astype(dtype)}
    add_precision(report, loss, derivation, computed, given, columns(cols), strict=strict)


def add_loss_differences(report: Report, loss: Loss, cols: int) -> None:
    """Compare dy with finite differences of each sample's own loss times its share, on 20 samples.

    Not of their mean, in which one sample with a huge loss would hide all others.
    """
    y, t = samples(loss, 20, cols, np.float64)
    share = np.random.default_rng(5).uniform(0.5, 2, len(y))
    h, dy = 1e-6, np.empty_like(y)
    loss.compute_backward(y, t, share, dy)
    value, wanted = _differences(loss, y, t, h)
    wanted *= share[:, None]
    # A difference of two losses cannot be known better than the losses are.
    unknown = 8 * float(np.finfo(np.float64).eps) * np.abs(share * value)[:, None] / h / (1 + np.abs(wanted))
    error = np.where(unknown > _ALLOWED, 0, np.abs(dy - wanted) / (1 + np.abs(wanted)))
    at = worst_entry(error)
    inputs = {"y": y[at], "t": one_hot(t, cols)[at], "share": share[at[0]]}
    report.add(
        f"{loss.name}.gradient, dy by finite differences, {columns(cols)}",
        # A single output may have nothing to learn: the only class is right, and a number has no angle to another one.
        bool(error[at] < _ALLOWED) and bool((unknown <= _ALLOWED).any()) and bool(np.abs(dy).max() > 0 or cols == 1),
        f"worst of {np.sum(~(unknown > _ALLOWED))} at {at}, {values(inputs)}: "
        f"gradient {dy[at]:.12g}, difference {wanted[at]:.12g}",
        Figure("dy", "difference", float(error[at]), shown(inputs)),
    )


def _differences(loss: Loss, y: Array, t: Array, h: float) -> tuple[Array, Array]:
    """Return each sample's own loss (rows,), and its differences by its outputs, in the shape of y."""
    value, wanted = np.empty(len(y)), np.empty_like(y)
    loss.compute_forward(y, t, value)
    for j in range(y.shape[1]):
        up, down, above, below = y.copy(), y.copy(), np.empty(len(y)), np.empty(len(y))
        up[:, j] += h
        down[:, j] -= h
        loss.compute_forward(up, t, above)
        loss.compute_forward(down, t, below)
        wanted[:, j] = (above - below) / (up - down)[:, j]
    return value, wanted


def _add_far_differences(report: Report, loss: Loss, cols: int) -> None:
    """Compare dy with differences of each sample's own loss, up to |y| of 300: beyond kinks that lie far out."""
    y, t = samples(loss, 40, cols, np.float64)
    if loss.in_unit_interval:
        return
    draw = np.random.default_rng(7)
    y = draw.uniform(-1, 1, y.shape) * np.repeat([12.0, 50.0, 100.0, 300.0], 10)[:, None]
    h, dy = 1e-5, np.empty_like(y)
    loss.compute_backward(y, t, np.ones(len(y)), dy)
    value, wanted = _differences(loss, y, t, h)
    known = 8 * float(np.finfo(np.float64).eps) * np.abs(value)[:, None] / h
    error = np.maximum(np.abs(dy - wanted) - known, 0) / (1 + np.abs(wanted))
    error[~(np.abs(value) < 1e30)] = 0  # of what is larger a difference says nothing
    at = worst_entry(error)
    report.add(
        f"{loss.name}.backward, dy by finite differences far out, {columns(cols)}",
        bool(error[at] < _ALLOWED),
        f"worst of {error.size} at {at}, {values({'y': y[at[0]], 't': one_hot(t, cols)[at[0]]})}: "
        f"gradient {dy[at]:.12g}, difference {wanted[at]:.12g}",
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
        labels = one_hot(t, cols).argmax(axis=1)
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


def _add_shares(report: Report, loss: Loss) -> None:
    """Check that a sample's gradient is its share times the one of the share 1, and that of the share 0 is 0."""
    for dtype in (np.float32, np.float64):
        backward = _functions(loss, 15, 3, dtype)[1]
        share = backward.inputs["share"]
        ones = replace(backward, inputs={**backward.inputs, "share": np.ones_like(share)})
        got, whole = backward(), ones()
        add_same(report, "each row times its share", backward, got, {"dy": whole["dy"] * share[:, None]})
        left = got["dy"][share == 0]
        name = f"{backward.name}: a sample of weight 0 has no gradient, {np.dtype(dtype).name}"
        report.add(name, not left.any(), f"largest entry {np.abs(left).max():.3g}")


def _add_labels(report: Report, loss: Loss) -> bool:
    """Check the calls with integer labels, which take the place of rows of targets; return whether to go on."""
    for direction, word in enumerate(("forward", "backward")) if loss.takes_labels else ():
        calls, rows_of_ones = [], []
        for dtype in (np.float32, np.float64):
            for rows, cols in ((1, 2), (6, 4), (37, 17), (2053, 3)):
                function = _functions(loss, rows, cols, dtype)[direction]
                labels = one_hot(function.inputs["t"], cols).argmax(axis=1)
                ones = np.eye(cols, dtype=dtype)[labels]
                rows_of_ones.append(replace(function, inputs={**function.inputs, "t": ones}))
                name = f"{function.name} of labels"
                calls.append(replace(function, inputs={**function.inputs, "t": labels}, name=name))
        if not may_go_on(report, loss, f"{loss.name}.{word} of labels", calls):
            return False
        with report.guard(f"{loss.name}.{word} of labels"):
            add_rows(report, calls[2])
            for call, other in zip(calls, rows_of_ones, strict=True):
                rows, cols = call.inputs["y"].shape
                add_same(report, f"as of one-hot rows, {rows} x {cols}", call, call(), other())
    return True


def _add_complex_step(report: Report, loss: Loss, cols: int, proved: bool) -> None:
    forward, backward = _functions(loss, 4, cols, np.float64)
    derivation = derivation_of(loss, "l", sizes={"m": cols}) if proved else None
    add_complex_step(report, loss, forward, backward, [("y", "dy")], derivation)
