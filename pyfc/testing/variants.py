"""Which settings of a component are checked: its defaults, and each hyper-parameter moved on its own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, TypeVar

from pyfc.component import Component, Hyper

C = TypeVar("C", bound=Component)


def variants(cls: type[C]) -> Iterator[C]:
    """Yield a component with its defaults, then with each switch turned, each choice made and each number moved.

    A kernel that reads its hyper-parameters in the wrong order, or not at all, is right as long as they are what its
    author tried it with.

    Parameters
    ----------
    cls : type
        The component's class.

    Yields
    ------
    Component

    Examples
    --------
    >>> import pyfc
    >>> list(variants(pyfc.get("losses", "huber")))
    [Huber(delta=1.0), Huber(delta=1.125)]
    """
    yield cls()
    for name, hyper in cls.hyperparameters.items():
        yield from (cls(**{name: value}) for value in _others(hyper))


def _others(hyper: Hyper) -> list[Any]:
    """Return the values of a hyper-parameter to try beside its default; none, if its bounds leave none."""
    default: Any = hyper.default
    if isinstance(default, bool):
        return [not default]
    if isinstance(default, str):
        return [choice for choice in hyper.choices if choice != default]
    if isinstance(default, int):
        tries: list[float] = [default + 1, default - 1]
    else:
        low, high = max(hyper.low, default - 1), min(hyper.high, default + 1)
        tries = [default * 1.125 or 0.125, (hyper.low + hyper.high) / 2, (default + low) / 2, (default + high) / 2]
    # A bound itself is often a special case, such as a slope of 0.
    inside = [value for value in tries if math.isfinite(value) and hyper.low < value < hyper.high and value != default]
    return inside[:1] or [v for v in tries if math.isfinite(v) and hyper.low <= v <= hyper.high and v != default][:1]
