"""What a layer is: a forward pass that returns what its backward needs, so that two calls never disturb each other."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from pyfc.component.base import Array
from pyfc.derivation import Step


class Layer:
    """Base of the layers.

    A layer gets its parameters when it is built: by the network that it is given to, or by its first call by hand.

    Attributes
    ----------
    name : str or None
        Its name in a network, such as ``"dense_0"``; given by the network if it is None.
    parameters : mapping of str to ndarray
        Short name (``"W"``) -> values; empty before it is built, and for a layer that learns nothing. In a network they
        are views of one array: write ``layer.parameters["W"][:] = values``.
    frozen : bool
        Whether training leaves the parameters as they are.
    """

    kind: ClassVar[str]
    derivation: ClassVar[tuple[Step, ...]] = ()
    #: The parameters that L1 and L2 penalties apply to.
    penalised: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str | None = None) -> None:
        if name is not None and (not isinstance(name, str) or not name or "." in name):
            raise ValueError(f"name is {name!r}: expected a non-empty str without a dot")
        self.name = name
        self.parameters: Mapping[str, Array] = {}
        self.frozen = False
        self.built = False

    def __getstate__(self) -> dict[str, Any]:
        """Return what pickle and copies keep: the parameters in a dict of their own."""
        return {**self.__dict__, "parameters": dict(self.parameters)}

    def out_size(self, n_in: int) -> int:
        """Return how many outputs it has for so many inputs, or raise if it cannot take so many."""
        return n_in

    def parameter_shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of its parameters."""
        return {}

    def build(self, n_in: int, dtype: npt.DTypeLike, rng: np.random.Generator) -> None:
        """Create the parameters.

        Parameters
        ----------
        n_in : int
            Number of inputs.
        dtype : dtype
            float32 or float64.
        rng : numpy.random.Generator
            Where first values come from.
        """
        self.parameters = self.first_values(n_in, dtype, rng)
        self.built = True

    def first_values(self, n_in: int, dtype: npt.DTypeLike, rng: np.random.Generator) -> dict[str, Array]:
        """Return new parameters."""
        return {}

    def ready(self, x: npt.ArrayLike) -> Array:
        """Return x as a float matrix that fits, building the layer if this is its first call by hand."""
        array = np.asarray(x)
        if array.dtype.kind in "iub":
            array = array.astype(np.float64)
        if array.dtype not in (np.float32, np.float64):
            raise TypeError(f"{self!r} got x of dtype {array.dtype}: expected float32 or float64; use .astype")
        if array.ndim != 2:
            raise ValueError(f"{self!r} got x of shape {array.shape}: expected (n, n_in)")
        self.out_size(array.shape[1])
        if not self.built:
            self.build(array.shape[1], array.dtype, np.random.default_rng(0))
        return np.require(array, requirements=("C", "A"))

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> tuple[Array, Any]:
        """Return the output for x, and what :meth:`backward` needs.

        Parameters
        ----------
        x : array_like, shape (n, n_in)
            Samples as rows.
        training : bool, default False
            Whether this is a training step: only dropout differs.

        Returns
        -------
        y : ndarray, shape (n, n_out)
        cache : object
            Opaque; give it to :meth:`backward`.
        """
        raise NotImplementedError

    def backward(
        self, dy: npt.ArrayLike, cache: Any, *, need_dx: bool = True, out: Mapping[str, Array] | None = None
    ) -> tuple[Array | None, dict[str, Array]]:
        """Return the gradients of the loss by input and parameters, given the one by the output.

        Parameters
        ----------
        dy : array_like, shape (n, n_out)
            Gradient by the output of the :meth:`forward` that returned the cache.
        cache : object
            From that call.
        need_dx : bool, default True
            Give False where dx is not used, as in a first layer.
        out : mapping of str to ndarray, optional
            Where to write the parameters' gradients.

        Returns
        -------
        dx : ndarray, shape (n, n_in), or None
        grads : dict of str to ndarray
            With the names of ``parameters``.
        """
        raise NotImplementedError

    def operation(self) -> tuple[str, Any]:
        """Return how the engine runs this layer: the kind of its operation, and what that needs to know.

        ``("python", self)``: by calling :meth:`forward` and :meth:`backward`.
        """
        return "python", self

    def after_update(self) -> None:
        """Put the parameters back into what is allowed, after an optimizer's step."""

    def config(self) -> dict[str, Any]:
        """Return what :func:`layer_from_config` needs to make an equal layer, without the parameters' values."""
        return {"kind": self.kind, "name": self.name}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return a layer from its configuration without ``kind``."""
        return cls(**config)

    def copy(self) -> Self:
        """Return a layer with the same settings and a copy of the parameters' values."""
        twin = copy.copy(self)
        twin.parameters = {name: value.copy() for name, value in self.parameters.items()}
        return twin


def layer_from_config(config: Mapping[str, Any]) -> Layer:
    """Return the layer that a configuration describes.

    Parameters
    ----------
    config : mapping
        From :meth:`Layer.config`.

    Returns
    -------
    Layer
        Not yet built.

    Raises
    ------
    ValueError
        If there is no layer of that kind, or its settings are not such as it takes.
    """
    kinds = {cls.kind: cls for cls in Layer.__subclasses__()}
    settings = dict(config)
    kind = settings.pop("kind", None)
    if kind not in kinds:
        raise ValueError(f"unknown layer {kind!r}: expected one of {', '.join(sorted(kinds))}")
    try:
        return kinds[kind].from_config(settings)
    except TypeError as error:
        raise ValueError(f"layer {kind!r} cannot be made from {settings}: {error}") from error
