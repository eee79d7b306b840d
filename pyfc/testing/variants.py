"""Which settings of a component are checked: its defaults, and each hyper-parameter moved on its own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, TypeVar

from pyfc.component import Component, Hyper

C = TypeVar("C", bound=Component)


def variants(cls: type[C]) -> Iterator[C]:
    """Yield a component with its defaults, then with each switch turned, each choice made and each number moved.

    A number is moved to another one inside its bounds, and to each of these that is finite and allowed.

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
        yield from (cls(**{name: value}) for value in others(hyper))


def others(hyper: Hyper) -> list[Any]:
    """Return the values to try beside a hyper-parameter's default; none, if its bounds leave none.

    Parameters
    ----------
    hyper : Hyper
        The hyper-parameter.

    Returns
    -------
    list
    """
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
    inside = [value for value in tries if math.isfinite(value) and hyper.low < value < hyper.high and value != default]
    # A bound that is allowed is often a special case, such as a slope of 0.
    bounds = [(hyper.low, hyper.open_low), (hyper.high, hyper.open_high)]
    closed = [type(default)(bound) for bound, is_open in bounds if math.isfinite(bound) and not is_open]
    return inside[:1] + [bound for bound in dict.fromkeys(closed) if bound != default]
