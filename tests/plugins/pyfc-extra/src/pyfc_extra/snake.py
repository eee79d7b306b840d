"""snake: the input and a learned wave on it, for what repeats itself. In NumPy."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pyfc.component import Activation, Hyper, Learned, Step

Array = npt.NDArray[Any]


class Snake(Activation):
    """Snake, ``y = z + sin(a z)**2 / a``, with a learned frequency a.

    Use it in the hidden layers of a network for data that repeat themselves: unlike ``relu`` and ``tanh`` it goes on
    with the wave outside of where the data are. Take weights of variance 1 / n_in, ``init="lecun_normal"``. The
    frequencies are trained with the weights.

    Parameters
    ----------
    start : float, default 0.5
        The frequency before training, > 0. Its authors take 0.2 to 1 for most tasks, and 5 to 50 where the data are
        known to repeat themselves.
    per : {"unit", "layer"}, default "unit"
        One frequency for each unit, or one for the whole layer.

    Notes
    -----
    Training may take a frequency through 0, where y is z: the definition is continued there.

    References
    ----------
    L. Ziyin, T. Hartwig, M. Ueda, "Neural Networks Fail to Learn Periodic Functions and How to Fix It", NeurIPS (2020).

    Examples
    --------
    >>> import numpy as np, pyfc
    >>> snake = pyfc.get("activations", "snake")(per="layer")
    >>> snake.forward([0.0, np.pi / 2, np.pi], a=np.array([1.0]))
    array([0.        , 2.57079633, 3.14159265])
    >>> dz, da = snake.backward([1.0, 1.0], z=[0.0, np.pi / 4], a=np.array([1.0]))
    >>> dz.round(3), da.round(3)
    (array([1., 2.]), array([0.285]))
    """

    name = "snake"
    needs = "z"
    hyperparameters: ClassVar = {
        "start": Hyper(0.5, low=0, open_low=True),
        "per": Hyper("unit", choices=("unit", "layer")),
    }
    learned = Learned("a", 0.5)
    derivation = (
        Step(1, "y = z + sin(a * z)**2 / a", "definition"),
        Step(2, "s = Piecewise((sin(a * z) / a, Ne(a, 0)), (z, True))", "z is the limit for a = 0", runs=True),
        Step(3, "y = z + a * s**2", "(1) with (2)", runs=True),
        Step(4, "diff(y, z) = 1 + 2 * sin(a * z) * cos(a * z)", "chain rule on (1)"),
        Step(5, "dz = dy * (1 + 2 * a * s * cos(a * z))", "(4) with (2)", runs=True),
        Step(6, "da = dy * s * (2 * z * cos(a * z) - s)",
             "quotient rule on (1), for one sample and one unit: the sum over all that share the frequency", runs=True),
    )  # fmt: skip

    def __init__(self, **hyperparameters: Any) -> None:
        super().__init__(**hyperparameters)
        self.learned = Learned("a", self.start)

    def params(self, cols: int) -> int:
        """Return how many frequencies a layer of ``cols`` units has: ``cols``, or 1 if they share it."""
        return cols if self.per == "unit" else 1

    def compute_forward(self, z: Array, y: Array, a: Array) -> None:
        """Fill y."""
        s = self._wave(z, a)
        y[:] = z + a * s**2  # (3)

    def compute_backward(self, z: Array, y: Array | None, dy: Array, dz: Array, a: Array, da: Array) -> None:
        """Fill dz and da."""
        s, slope = self._wave(z, a), 2 * np.cos(a * z)  # (5), (6)
        each = dy * s * (z * slope - s)  # (6)
        da[:] = each.sum(axis=0) if self.per == "unit" else each.sum()
        dz[:] = dy * (1 + a * s * slope)  # (5)

    @staticmethod
    def _wave(z: Array, a: Array) -> Array:
        """Return sin(a z) / a, which is z where a is 0."""
        return np.where(a == 0, z, np.sin(a * z) / np.where(a == 0, 1, a))  # (2)
