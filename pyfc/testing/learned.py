"""Whether an activation that learns is right for the values its parameter may get to: below 0, 0, and where it starts.

The other checks take values between 0.1 and 0.5, where one that works with the parameter's size alone is right too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyfc.component import Activation
from pyfc.component.base import Array
from pyfc.report import Report, worst_entry
from pyfc.testing.inputs import ordinary

#: Compares an activation with its steps by dtype, inputs, the values of its parameter, and words for them.
Precision = Callable[[Any, Array, Array, str], None]


def add_learned(report: Report, act: Activation, cols: int, precision: Precision | None) -> None:
    """Check an activation at further values of its learned parameter; one without such a parameter passes.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    act : Activation
        What to check.
    cols : int
        Columns to check it with, at ordinary inputs.
    precision : callable, optional
        Compares it with its steps, if it has some that are proved.
    """
    if act.learned is None:
        return
    letter = act.learned.letter
    z = ordinary(13, cols, np.float64)
    for value in dict.fromkeys((-0.375, 0.0, float(act.learned.start))):
        words = f"{letter} = {value:g}"
        with report.guard(f"{act.name} at {words}"):
            a = np.full(act.params(cols), value)
            y = act.forward(z, a=a)
            dz, da = act.backward(np.ones_like(y), z=z, y=y, a=a)
            if not all(np.isfinite(array).all() for array in (y, dz, da)):
                report.note(words, f"{act.name} has results there that are no finite numbers")
                continue
            _add_differences(report, act, z, a, words)
            if precision is None or value >= 0:
                continue
            for dtype in (np.float32, np.float64):
                precision(dtype, z.astype(dtype), a.astype(dtype), words)


def _add_differences(report: Report, act: Activation, z: Array, a: Array, words: str) -> None:
    y, h = act.forward(z, a=a), 1e-6
    dy = ordinary(y.shape[0], y.shape[1], np.float64, seed=5)
    result = act.backward(dy, z=z, y=y, a=a)
    letter = act.learned.letter if act.learned else ""
    for name, got, moved in (("dz", result[0], z), (f"d{letter}", result[1], a)):
        changes = []
        for j in range(moved.shape[-1]):
            step = np.zeros_like(moved)
            step[..., j] = h
            pairs = [(z + s * step, a) if name == "dz" else (z, a + s * step) for s in (1, -1)]
            changes.append([dy * (act.forward(x, a=b) - y) / h for x, b in pairs])
        up, down = (
            np.stack([pair[side].sum(axis=None if name != "dz" else 1) for pair in changes], axis=-1) for side in (0, 1)
        )
        wanted = (up - down) / 2
        error = np.abs(got - wanted) / (1 + np.abs(wanted))
        error[np.abs(up + down) > 1e-3 * (1 + np.abs(wanted))] = 0  # a kink: there is no derivative to compare with
        at = worst_entry(error)
        report.add(
            f"{act.name}.backward, {name} by finite differences, {words}",
            bool(error[at] < 1e-6),
            f"worst of {error.size} at {at}: gradient {got[at]:.12g}, difference {wanted[at]:.12g}",
        )
