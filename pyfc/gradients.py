"""Compares a network's gradients with finite differences of its loss: the test that finds a wrong backward pass.

The two-sided difference (L(p + h) - L(p - h)) / 2h has an error of order h**2, so in float64 it agrees with a right
gradient to nine digits or so. A parameter that a kink (of relu, say) lies right beside can disagree honestly; the
report tells those apart by asking again with a smaller h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyfc.report import Report

if TYPE_CHECKING:
    from pyfc.network import Network

GradientReport = Report


def check_gradients(
    network: Network,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    entries: int = 50,
    step: float = 1e-6,
    tolerance: float = 1e-5,
) -> GradientReport:
    """Compare the gradient of the loss by every parameter with finite differences.

    The network itself is not changed: a copy in float64 is used, with dropout off.

    Parameters
    ----------
    network : Network
        What to check.
    X : array_like, shape (n, n_in)
        A few samples.
    y : array_like
        Their targets.
    entries : int, default 50
        At most so many entries of each parameter are checked, chosen by a fixed stream of random numbers.
    step : float, default 1e-6
        h, relative to the size of the parameter where that is above 1.
    tolerance : float, default 1e-5
        Largest difference allowed, relative to the larger of the two and to the mean entry of that gradient.

    Returns
    -------
    Report
        One line for each parameter, with the worst entry: its index, the gradient, and the difference quotient.

    Examples
    --------
    >>> import numpy as np, pyfc
    >>> net = pyfc.mlp([3, 4, 2], activation="tanh", seed=1)
    >>> print(net.check_gradients(np.eye(3), np.array([0, 1, 1]), entries=2))  # doctest: +ELLIPSIS
    Network([Dense(3, 4), 'tanh', Dense(4, 2)], ...): 4 checks, 0 failed
      ok    dense_0.W (3, 4): worst of 2 at ... gradient ..., difference ...
      ...
    """
    if entries < 1 or not step > 0:
        raise ValueError(f"entries={entries!r}, step={step!r}: expected entries >= 1 and step > 0")
    twin = network.copy(np.float64)
    samples, targets = twin.check_data(X, y)
    shares = twin.loss.shares(len(samples), None, np.float64)
    twin.backpropagate(samples, targets, shares)
    gradient = twin.flat_gradient.copy()
    report = Report(repr(network))
    draw = np.random.default_rng(0)

    def slope(index: int, relative: float) -> float:
        value = twin.flat[index]
        h = relative * max(1.0, abs(float(value)))
        twin.flat[index] = value + h
        above = twin.evaluate_checked(samples, targets, {})["loss"]
        twin.flat[index] = value - h
        below = twin.evaluate_checked(samples, targets, {})["loss"]
        twin.flat[index] = value
        return (above - below) / (2 * h)

    for name, part in twin.slices.items():
        size = part.stop - part.start
        chosen = np.sort(draw.choice(size, min(entries, size), replace=False))
        typical = float(np.abs(gradient[part]).mean())
        worst, detail = -1.0, ""
        for offset in chosen:
            index = part.start + int(offset)
            got, wanted = float(gradient[index]), slope(index, step)
            error = _error(got, wanted, typical)
            if error > tolerance:
                wanted = slope(index, step / 100)
                error = _error(got, wanted, typical)
            if not (error <= worst or np.isnan(worst)):  # a NaN is the worst error of all
                worst = error
                at = tuple(map(int, np.unravel_index(int(offset), twin.parameters[name].shape)))
                detail = f"worst of {len(chosen)} at {at}: gradient {got:.9g}, difference {wanted:.9g}"
        report.add(f"{name} {twin.parameters[name].shape}", worst <= tolerance, detail)
    return report


def _error(got: float, wanted: float, typical: float) -> float:
    scale = max(abs(got), abs(wanted), typical, 1e-8)
    return abs(got - wanted) / scale
