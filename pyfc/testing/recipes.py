"""Checks an optimizer or an initialiser: proof, and one step of an optimizer in high precision."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyfc import registry
from pyfc.component import Initializer, Optimizer
from pyfc.report import Report
from pyfc.testing.precision import add_precision, derivation_of
from pyfc.testing.proofs import add_proof


def check_optimizer(optimizer: Optimizer | type[Optimizer] | str) -> Report:
    """Check an optimizer against its derivation.

    The derivation writes w for the parameters, g for their gradients, lr for the rate and t for the step number, and
    ``v_new`` for the new value of a state array v; the arrays stand in the kernel in the order of those steps.

    Parameters
    ----------
    optimizer : Optimizer, type or str
        What to check.

    Returns
    -------
    Report
    """
    component: Optimizer = registry.make("optimizers", optimizer)
    report = Report(repr(component))
    proved = add_proof(report, component, "")
    if component.full_batch:
        with report.guard(f"{component.name} in a bowl"):
            add_minimum(report, component)
        return report
    for dtype in (np.float32, np.float64):
        for step_number in (1, 2, 7):
            if proved:
                with report.guard(f"{component.name}, {np.dtype(dtype).name}, step {step_number}, against its steps"):
                    add_step_precision(report, component, dtype, step_number)
    with report.guard(f"{component.name} in a bowl"):
        _add_descent(report, component)
    return report


def add_step_precision(report: Report, optimizer: Optimizer, dtype: Any, number: int) -> None:
    """Compare the step of a number with the derivation, for 60 parameters."""
    derivation = derivation_of(optimizer, "")
    new = [step.left for step in derivation.steps if step.left.endswith("_new") and step.runs]
    letters = [name.removesuffix("_new") for name in new if name != "w_new"]
    if len(letters) != optimizer.states or "w_new" not in new:
        report.add(
            "each state has a step", False, f"running steps define {new}: expected w_new and {optimizer.states} states"
        )
        return
    draw, size = np.random.default_rng(number), 60
    w, g = draw.normal(size=size).astype(dtype), draw.normal(size=size).astype(dtype)
    g[:3] = (0, 1e-20, 1e6)
    old = [np.zeros(size, dtype) if number == 1 else np.abs(draw.normal(size=size)).astype(dtype) for _ in letters]
    moved, state, lr = w.copy(), [array.copy() for array in old], 0.0123
    optimizer.update(moved, g, state, lr, number)
    computed = {"w_new": moved[:, None]}
    # A state that is neither written nor read, such as a velocity of which nothing is kept, has no new value.
    apart = w.copy()
    optimizer.update(apart, g, [np.full_like(array, np.nan) for array in old], lr, number)
    unread = np.array_equal(apart, moved)
    for letter, before, after in zip(letters, old, state, strict=True):
        if not (unread and np.array_equal(before, after)):
            computed[f"{letter}_new"] = after[:, None]
    given = {"w": w, "g": g, **dict(zip(letters, old, strict=True)), "t": np.full(size, number, dtype)}
    add_precision(report, optimizer, derivation, computed, given, f"step {number}", hyper={"lr": lr})


def _add_descent(report: Report, optimizer: Optimizer) -> None:
    w = np.array([1.0, -2.0, 0.5])
    state = optimizer.new_state(3, w.dtype)
    first = float(w @ w)
    for number in range(1, 201):
        optimizer.update(w, 2 * w, state, 0.01, number)
    report.add("goes down a bowl", bool(w @ w < first), f"from {first:.3g} to {float(w @ w):.3g} in 200 steps")


def add_minimum(report: Report, optimizer: Optimizer) -> None:
    """Check that an optimizer of all data at once finds the minimum of a bowl."""
    target = np.array([1.0, -2.0, 3.0])
    w = optimizer.minimize(
        lambda x: (float(((x - target) ** 2).sum()), 2 * (x - target)), np.zeros(3), 50, lambda _: None
    )
    report.add("finds the minimum of a bowl", bool(np.allclose(w, target, atol=1e-5)), f"{w}")


def check_initializer(initializer: Initializer | type[Initializer] | str) -> Report:
    """Check an initialiser: proof, shapes, one stream of numbers for both dtypes.

    Parameters
    ----------
    initializer : Initializer, type or str
        What to check.

    Returns
    -------
    Report
    """
    component: Initializer = registry.make("initializers", initializer)
    report = Report(repr(component))
    add_proof(report, component, "")
    for shape in ((7, 3), (3, 7), (1, 1), (5,)):
        with report.guard(f"{component.name} of shape {shape}"):
            double = component(shape, np.random.default_rng(1))
            single = component(shape, np.random.default_rng(1), np.float32)
            again = component(shape, np.random.default_rng(1))
            report.add(f"shape {shape}", double.shape == shape and bool(np.isfinite(double).all()))
            report.add(f"a seed repeats, {shape}", np.array_equal(double, again))
            report.add(f"float32 is float64 rounded, {shape}", np.array_equal(single, double.astype(np.float32)))
    return report
