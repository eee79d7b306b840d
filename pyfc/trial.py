"""Arrays to try a component on: what tests and measurements give it. Needs no extra."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyfc.component import Loss
from pyfc.component.base import Array


def samples(loss: Loss, rows: int, cols: int, dtype: Any) -> tuple[Array, Array]:
    """Return outputs (rows, cols) and targets that suit a loss."""
    draw = np.random.default_rng(rows + cols)
    y = draw.normal(0, 2, (rows, cols))
    y[::3] *= 10
    if loss.task == "regression":
        t: Array = draw.normal(0, 2, (rows, cols))
        if loss.lowest_target > -np.inf:
            t = loss.lowest_target + np.abs(t)
    elif loss.task == "binary" or (cols == 1 and type(loss).check_numbers is not Loss.check_numbers):
        # A single output may stand for yes or no; as the only class it is right each time.
        t = draw.integers(0, 2, (rows, cols)).astype(float)
    else:
        t = np.eye(cols)[draw.integers(0, cols, rows)]
    if loss.in_unit_interval:
        y = np.clip(1 / (1 + np.exp(-y)), 1e-3, 1 - 1e-3)
    y = y.astype(dtype)
    return y, loss.targets(t, rows, cols, dtype)
