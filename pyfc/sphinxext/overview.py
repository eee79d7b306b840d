"""The columns of the table of a group: a small picture, and what tells its components apart."""

from __future__ import annotations

import numpy as np

from pyfc.component import Activation, Component, Initializer, Loss, Optimizer
from pyfc.component.base import Array
from pyfc.sphinxext.figures.activations import FAR, HIGH, drawn_range, kinds, value_and_slope
from pyfc.sphinxext.figures.drawing import minus
from pyfc.sphinxext.figures.losses import curves
from pyfc.testing.inputs import Widths

_HEADS = {
    "activations": ["values", "the way back reads"],
    "losses": ["task"],
    "optimizers": ["kept for each parameter", "usual rate"],
    "initializers": ["std of 256 x 256"],
}
_WIDTH, _HEIGHT = 72, 36
#: What is beyond is left out of a small picture.
_HIGH = 8


def heads(group: str) -> list[str]:
    """Return the titles of the columns after the picture, the name and the summary."""
    return _HEADS[group]


def columns(cls: type[Component]) -> list[str]:
    """Return the cells of a component in the table of its group, the first one its picture, in reST.

    Parameters
    ----------
    cls : type
        Its class.

    Returns
    -------
    list of str
        A picture that cannot be drawn, or what is not known, is empty.
    """
    try:
        return _columns(cls())
    except Exception:  # a plugin may do anything; its own page tells of it
        return [""] * (len(_HEADS[cls.group]) + 1)


def _columns(component: Component) -> list[str]:
    if isinstance(component, Activation):
        reads = " and ".join(component.needs) or "neither"
        return [_spark(_course(component)), _values(component), reads]
    if isinstance(component, Loss):
        return [_spark(curves(component)[1][0][1]), component.task]
    if isinstance(component, Optimizer):
        if component.full_batch:
            return ["", "all data at once", "none"]
        return ["", f"{component.states} number{'s' * (component.states != 1)}", f"{component.rate(0):g}"]
    if isinstance(component, Initializer):
        weights = component((256, 256), np.random.default_rng(0))
        return ["", f"{weights.std() if np.ptp(weights) else 0:.3g}"]  # of equal numbers std is what rounding leaves
    return [""]


def _course(act: Activation) -> Array:
    z = np.linspace(-4, 4, 81)
    if act.elementwise:
        z = z if drawn_range(act)[-1] == HIGH else z * FAR / 4
        return value_and_slope(act, z)[0]
    cols = Widths(act).near(3)
    row = np.zeros((len(z), cols))
    row[:, kinds(act, cols)] = z[:, None]  # a number and its gate, where there are gates
    return act.forward(row)[:, 0]


def _values(act: Activation) -> str:
    """Return between which numbers the outputs lie."""
    if act.elementwise:
        y = value_and_slope(act, np.concatenate([np.linspace(-30, 30, 6001), [-1e6, 1e6]]))[0]
    else:
        y = act.forward(np.random.default_rng(0).normal(0, 30, (2000, Widths(act).near(3))))
    low, high = (round(float(value), 3) + 0.0 for value in (np.nanmin(y), np.nanmax(y)))
    ends = "-∞" if low < -25 else f"{low:g}", "∞" if high > 25 else f"{high:g}"
    return minus("\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}".join(ends))


def _spark(line: Array) -> str:
    """Return a line as a small picture, for the eye alone: what it shows stands on the component's page."""
    line = line[:: max(len(line) // 80, 1)]
    x, inside = np.linspace(2, _WIDTH - 2, len(line)), np.abs(line) < _HIGH
    x, line = x[inside], line[inside]
    size = float(np.ptp(line)) or 1.0
    y = _HEIGHT - 3 - (line - line.min()) / size * (_HEIGHT - 6)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        f'.. raw:: html\n\n   <svg class="pyfc-spark" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-hidden="true">'
        f'<polyline points="{points}"/></svg>'
    )
