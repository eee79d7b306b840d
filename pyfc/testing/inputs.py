"""What components are tried on: inputs that are ordinary, extreme, tiny and special, of widths that they accept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pyfc.component import Activation
from pyfc.component.base import Array
from pyfc.report import Report

#: Inputs at which kernels were seen to be wrong by more than 4 ULP, or are at their worst, found by dense scans.
HARD = [
    0.0017331410199403763,
    5.478486061096191,
    11.821641864281625,
    12.16500473022461,
    19.969943087366552,
    21.156087553654856,
]

#: How many columns more than asked for are tried, where a count is refused.
_FURTHER = 16


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


def ordinary(rows: int, cols: int, dtype: Any, *, seed: int = 4) -> Array:
    """Return inputs of ordinary size, others for each number of rows."""
    # The same few thousand again and again, where there are millions: to draw them takes longer than to check them.
    some = np.random.default_rng((seed, rows)).normal(0, 2, min(rows * cols, 4099)).astype(dtype)
    return np.resize(some, (rows, cols))


def upstream(z: Array, act: Activation) -> Array:
    """Return some dy for an activation's inputs, none near 0."""
    shape = (len(z), act.out_cols(z.shape[1]))
    return np.random.default_rng(1).uniform(0.5, 2, shape).astype(z.dtype)


def slopes(act: Activation, cols: int, dtype: Any) -> Array:
    """Return values of an activation's learned parameters; none if it learns none."""
    return np.random.default_rng(2).uniform(0.1, 0.5, act.params(cols)).astype(dtype)


def one_hot(t: Array, cols: int) -> Array:
    """Return targets as rows, also where they are labels."""
    return t if t.ndim == 2 else np.eye(cols)[t]


class Widths:
    """Which numbers of columns an activation accepts: those that ``out_cols`` and ``params`` do not refuse.

    Parameters
    ----------
    act : Activation
        Whose.
    """

    def __init__(self, act: Activation) -> None:
        self._act = act
        #: Count -> why it was refused.
        self.refused: dict[int, str] = {}
        self.taken: list[int] = []

    def near(self, count: int) -> int:
        """Return a count, or the next one above it that is accepted; ValueError if none is."""
        for cols in range(count, count + _FURTHER + 1):
            try:
                wide = self._act.out_cols(cols)
                self._act.params(cols)
            except ValueError as error:
                self.refused[cols] = str(error)
                continue
            if not isinstance(wide, (int, np.integer)) or (cols and wide < 1):
                raise ValueError(f"out_cols({cols}) returned {wide!r}: expected a whole number >= 1")
            if cols not in self.taken:
                self.taken.append(cols)
            return cols
        raise ValueError(f"out_cols refuses {count} to {count + _FURTHER} columns: {self.refused[count]}")

    def of(self, counts: Iterable[int]) -> list[int]:
        """Return an accepted count for each, without repeats."""
        return list(dict.fromkeys(self.near(count) for count in counts))

    def report(self, report: Report) -> None:
        """Say in a report which were refused."""
        if self.refused:
            counts = sorted(self.refused)
            reason = f"{type(self._act).__name__}.out_cols refuses them: {self.refused[counts[0]]}"
            report.note(f"rows of {', '.join(map(str, counts))}", f"{reason}; checked: {sorted(self.taken)}")
