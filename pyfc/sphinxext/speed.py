"""How fast a component is on the machine that builds the page, by the very measurement of ``pyfc doctor``."""

from __future__ import annotations

from functools import cache
from statistics import median
from typing import Any

import numpy as np

from pyfc.component import Component, Initializer
from pyfc.doctor.components import COLS, ROWS, nanoseconds, per_number
from pyfc.doctor.machine import processor_name

_DTYPES = (np.float32, np.float64)
_TIMES = 5
_COPY = "copy"


def speed(component: Component) -> dict[str, dict[str, tuple[float, float]]]:
    """Return how long each function of a component takes for one number, on one thread.

    Parameters
    ----------
    component : Component
        With its hyper-parameters.

    Returns
    -------
    dict
        Function -> name of the dtype -> nanoseconds per number, and how many times as long as a copy takes. Empty for
        what cannot be measured so, such as an optimizer that works on all data at once.
    """
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for dtype in _DTYPES:
        # A copy is measured in turn with it: other pages may be made at the same time, and load the machine for both.
        runs = [_measured(component, dtype) | {_COPY: copying(dtype)} for _ in range(_TIMES)]
        times = {name: median(run[name] for run in runs) for name in runs[0]}
        copy = times.pop(_COPY)
        for name, time in times.items():
            found.setdefault(name, {})[np.dtype(dtype).name] = time, time / copy
    return found


def words() -> str:
    """Return under which circumstances was measured."""
    return (
        f"Nanoseconds for one number, measured when this page was built, on one thread of {machine()}, perhaps beside "
        f"other work; an array of {ROWS} x {COLS}, the call from Python included. Beside it, how many times as long as "
        "a copy takes."
    )


@cache
def machine() -> str:
    """Return the name of the processor here."""
    return processor_name()


def copying(dtype: Any) -> float:
    """Return how many nanoseconds it takes to copy a number."""
    source = np.ones((ROWS, COLS), dtype)
    out = np.empty_like(source)
    return per_number(lambda: np.copyto(out, source))


def _measured(component: Component, dtype: Any) -> dict[str, float]:
    if isinstance(component, Initializer):
        rng = np.random.default_rng(0)
        return {"draw": per_number(lambda: component((ROWS, COLS), rng, dtype))}
    return nanoseconds(component, dtype)
