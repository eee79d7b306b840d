"""Dropout (inverted): against overfitting, by making training forget some inputs by chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pyfc import kernels
from pyfc.component import Hyper
from pyfc.component.base import Array
from pyfc.kernels import dropout
from pyfc.layers.base import Layer

_RATE = Hyper(0.5, low=0, high=1, open_high=True)


class Dropout(Layer):
    """In training, sets each input to 0 with probability ``rate`` and divides the others by ``1 - rate``.

    The mean stays the same, so in use (``training=False``) it does nothing. Before the first dense layer it drops
    inputs; 0.2 is usual there, and 0.5 between dense layers.

    Parameters
    ----------
    rate : float, default 0.5
        0 <= rate < 1.
    name : str, optional
        Its name in a network.

    Attributes
    ----------
    key, position : int
        Its stream of random coins and how many were tossed; a checkpoint keeps them.

    References
    ----------
    N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, "Dropout: A Simple Way to Prevent Neural
    Networks from Overfitting", JMLR 15 (2014).

    Examples
    --------
    >>> from pyfc import Dropout
    >>> y, cache = Dropout(0.5).forward([[1.0] * 8], training=True)
    >>> sorted(set(y.ravel().tolist()))
    [0.0, 2.0]
    """

    kind = "dropout"
    derivation = dropout.derivation

    def __init__(self, rate: float = 0.5, name: str | None = None) -> None:
        super().__init__(name)
        self.rate = _RATE.check("Dropout", "rate", rate)
        self.key = self.position = 0

    def __repr__(self) -> str:
        return f"Dropout({self.rate:g})"

    def first_values(self, n_in: int, dtype: npt.DTypeLike, rng: np.random.Generator) -> dict[str, Array]:
        """Choose the stream of coins; there is nothing to learn."""
        self.key, self.position = int(rng.integers(2**63)), 0
        return {}

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> tuple[Array, Any]:
        """Return (y, cache); see :meth:`pyfc.layers.Layer.forward`."""
        x = self.ready(x)
        if not training or self.rate == 0:
            return x, None
        first, self.position = self.position, self.position + x.size
        return kernels.drop(x, self.rate, self.key, first), first

    def backward(
        self,
        dy: npt.ArrayLike,
        cache: Any,
        *,
        need_dx: bool = True,
        out: Mapping[str, Array] | None = None,
    ) -> tuple[Array | None, dict[str, Array]]:
        """Return (dx, {}); see :meth:`pyfc.layers.Layer.backward`."""
        if not need_dx:
            return None, {}
        dy = np.asarray(dy)
        return (dy if cache is None else kernels.drop(dy, self.rate, self.key, cache)), {}

    def operation(self) -> tuple[str, Any]:
        """Return this layer: the engine tosses its coins, and moves ``position`` on."""
        return "dropout", self

    def config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().config(), "rate": self.rate}
