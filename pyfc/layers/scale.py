"""A fixed factor on the input, kept with the model, so that data can be passed as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pyfc import kernels
from pyfc.component import Hyper
from pyfc.component.base import Array
from pyfc.kernels import scale
from pyfc.layers.base import Layer

_FACTOR = Hyper(1.0)


class Scale(Layer):
    """Multiplies its input by a constant: ``Scale(1 / 255)`` brings uint8 pixels to [0, 1].

    Parameters
    ----------
    factor : float
        Finite and not 0.
    name : str, optional
        Its name in a network.

    Examples
    --------
    >>> from pyfc import Scale
    >>> Scale(0.5).forward([[1.0, 4.0]])[0].tolist()
    [[0.5, 2.0]]
    """

    kind = "scale"
    derivation = scale.derivation

    def __init__(self, factor: float, name: str | None = None) -> None:
        super().__init__(name)
        self.factor = _FACTOR.check("Scale", "factor", factor)
        if self.factor == 0:
            raise ValueError("Scale(0): expected a number other than 0")

    def __repr__(self) -> str:
        return f"Scale({self.factor:g})"

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> tuple[Array, Any]:
        """Return (y, cache); see :meth:`pyfc.layers.Layer.forward`."""
        return kernels.rescale(self.ready(x), self.factor), None

    def backward(
        self,
        dy: npt.ArrayLike,
        cache: Any,
        *,
        need_dx: bool = True,
        out: Mapping[str, Array] | None = None,
    ) -> tuple[Array | None, dict[str, Array]]:
        """Return (dx, {}); see :meth:`pyfc.layers.Layer.backward`."""
        return (kernels.rescale(np.asarray(dy), self.factor) if need_dx else None), {}

    def operation(self) -> tuple[str, Any]:
        """Return the factor; at the beginning of a network it is applied as the samples are read."""
        return "scale", self.factor

    def config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().config(), "factor": self.factor}
