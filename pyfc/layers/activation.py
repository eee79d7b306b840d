"""The layer that applies an activation, and holds the parameter that it may learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from pyfc import component, registry
from pyfc.component.base import Array
from pyfc.description import describe, rebuild
from pyfc.layers.base import Layer


class Activation(Layer):
    """Applies an activation function to its input.

    In a list of layers, a name stands for it: ``"relu"`` is ``Activation("relu")``.

    Parameters
    ----------
    function : str, type or pyfc.component.Activation
        A registered name, or an activation with its hyper-parameters: ``pyfc.get("activations", "elu")(alpha=0.1)``.
    name : str, optional
        Its name in a network.

    Examples
    --------
    >>> from pyfc import Activation
    >>> layer = Activation("sigmoid")
    >>> y, cache = layer.forward([[0.0, 100.0]])
    >>> y.tolist(), layer.backward([[1.0, 1.0]], cache)[0].tolist()
    ([[0.5, 1.0]], [[0.25, 0.0]])
    """

    kind = "activation"

    def __init__(
        self, function: str | type[component.Activation] | component.Activation, name: str | None = None
    ) -> None:
        super().__init__(name)
        self.function: component.Activation = registry.make("activations", function)

    def __repr__(self) -> str:
        return f"Activation({self.function!r})"

    def out_size(self, n_in: int) -> int:
        """Return the number of outputs; n_in for most functions."""
        return self.function.out_cols(n_in)

    def parameter_shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of the learned parameter, if there is one."""
        learned = self.function.learned
        return {learned.letter: (self.function.params(n_in),)} if learned else {}

    def first_values(self, n_in: int, dtype: npt.DTypeLike, rng: np.random.Generator) -> dict[str, Array]:
        """Return the learned parameter's start value."""
        learned = self.function.learned
        return {learned.letter: np.full(self.function.params(n_in), learned.start, dtype)} if learned else {}

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> tuple[Array, Any]:
        """Return (y, cache); see :meth:`pyfc.layers.Layer.forward`."""
        z = self.ready(x)
        y = self.function.forward(z, a=self._learned())
        return y, (z if "z" in self.function.needs else None, y if "y" in self.function.needs else None)

    def backward(
        self, dy: npt.ArrayLike, cache: Any, *, need_dx: bool = True, out: Mapping[str, Array] | None = None
    ) -> tuple[Array | None, dict[str, Array]]:
        """Return (dz, gradient of the learned parameter by its letter); see :meth:`pyfc.layers.Layer.backward`."""
        z, y = cache
        result = self.function.backward(dy, z=z, y=y, a=self._learned())
        learned = self.function.learned
        if learned is None:
            return (result if need_dx else None), {}
        dz, da = result
        if out:
            out[learned.letter][...] = da
            da = out[learned.letter]
        return (dz if need_dx else None), {learned.letter: da}

    def operation(self) -> tuple[str, Any]:
        """Return the function, whose kernel the engine calls, or its methods if it has none."""
        return "activation" if self.function.compiled else "function", self.function

    def _learned(self) -> Array | None:
        return self.parameters[self.function.learned.letter] if self.function.learned else None

    def config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().config(), "function": describe(self.function)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return a layer from its configuration."""
        return cls(**{**config, "function": rebuild("activations", config["function"])})
