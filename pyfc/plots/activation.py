"""The picture of an activation with its derivative."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pyfc import component, registry
from pyfc.plots.style import FAINT, axes_or_new, draw_lines, dress, figure_of

#: A derivative that changes by more than this from one point to the next has a jump there.
JUMP = 0.1


def plot_activation(
    activation: str | component.Activation | type[component.Activation],
    *,
    low: float = -4.0,
    high: float = 4.0,
    ax: Axes | None = None,
) -> Figure:
    """Draw an activation and its derivative.

    Parameters
    ----------
    activation : str or activation
        A name from ``pyfc.available("activations")``, a class or an instance; what it learns is at its start value.
    low, high : float, default -4.0 and 4.0
        The range of z.
    ax : matplotlib.axes.Axes, optional
        Where to draw; in a new figure if not given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If it is a function of whole rows, such as softmax, or the range is empty or not finite.

    Examples
    --------
    >>> figure = plot_activation("tanh")
    >>> z, derivative = next(line for line in figure.axes[0].lines if line.get_label() == "f'(z)").get_data()
    >>> float(derivative[z == 0][0])
    1.0
    """
    function: component.Activation = registry.make("activations", activation)
    if not function.elementwise:
        raise ValueError(
            f"plot_activation({function.name!r}): its outputs depend on a whole row: expected a function of one number"
        )
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(f"plot_activation(low={low!r}, high={high!r}): expected finite numbers, low < high")
    z = np.linspace(low, high, 1001)
    y = function.forward(z[:, None])
    dz = function.backward(np.ones_like(y), z=z[:, None], y=y)
    derivative = np.array(dz[0] if function.learned else dz)[:, 0]
    jumps = np.flatnonzero(np.abs(np.diff(derivative)) > JUMP)
    ax = axes_or_new(ax, 5.8, 4.4)
    for zero in (ax.axhline, ax.axvline):
        zero(0, color=FAINT, linewidth=1, zorder=0)
    settings = ", ".join(f"{key} = {value}" for key, value in function.config().items())
    dress(ax, function.name, settings, "z", "y = f(z), and its derivative f'(z)")
    # No line is drawn to NaN: the derivative does not pass through the values between the two sides of a jump.
    broken = np.insert(z, jumps + 1, np.nan), np.insert(derivative, jumps + 1, np.nan)
    draw_lines(ax, {"f(z)": (z, y[:, 0]), "f'(z)": broken})
    ax.set_xlim(low, high)
    return figure_of(ax)
