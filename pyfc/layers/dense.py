"""The dense (affine, fully connected) layer: Z = XW + b."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from pyfc import kernels, registry
from pyfc.component import Hyper, Initializer
from pyfc.component.base import Array
from pyfc.description import describe, rebuild
from pyfc.kernels import dense
from pyfc.layers.base import Layer

_MAX_NORM = Hyper(1.0, low=0, open_low=True)


class Dense(Layer):
    """A dense layer: every output is a weighted sum of all inputs, plus a bias.

    Parameters
    ----------
    n_in, n_out : int
        Number of inputs and outputs, >= 1.
    init : str or Initializer, default "glorot_uniform"
        Where the first weights come from; ``"he_normal"`` suits relu and its kin.
    bias_init : str or Initializer, default "zeros"
        Where the first biases come from.
    max_norm : float, optional
        After every step, the incoming weights of a unit (a column of W) are scaled down to this length if they are
        longer (N. Srivastava et al., "Dropout", JMLR 15 (2014), section 5.1).
    name : str, optional
        Its name in a network.

    Attributes
    ----------
    parameters : dict
        ``W`` (n_in, n_out) and ``b`` (n_out,).

    Examples
    --------
    >>> import numpy as np
    >>> from pyfc import Dense
    >>> layer = Dense(2, 3, init="zeros")
    >>> z, cache = layer.forward(np.ones((4, 2)))
    >>> dx, grads = layer.backward(np.ones((4, 3)), cache)
    >>> z.shape, dx.shape, grads["W"].tolist(), grads["b"].tolist()
    ((4, 3), (4, 2), [[4.0, 4.0, 4.0], [4.0, 4.0, 4.0]], [4.0, 4.0, 4.0])
    """

    kind = "dense"
    derivation = dense.derivation
    penalised = ("W",)

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        init: str | Initializer = "glorot_uniform",
        bias_init: str | Initializer = "zeros",
        max_norm: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        for label, size in (("n_in", n_in), ("n_out", n_out)):
            if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or not 1 <= size < 2**31:
                raise ValueError(f"Dense({n_in!r}, {n_out!r}): expected {label} to be an int from 1 to 2147483647")
        self.n_in, self.n_out = int(n_in), int(n_out)
        self.init: Initializer = registry.make("initializers", init)
        self.bias_init: Initializer = registry.make("initializers", bias_init)
        self.max_norm = None if max_norm is None else _MAX_NORM.check("Dense", "max_norm", max_norm)

    def __repr__(self) -> str:
        return f"Dense({self.n_in}, {self.n_out})"

    def out_size(self, n_in: int) -> int:
        """Return n_out, or raise if n_in is not this layer's."""
        if n_in != self.n_in:
            raise ValueError(f"{self!r} got x of shape (n, {n_in}): expected (n, {self.n_in})")
        return self.n_out

    def parameter_shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of W and b."""
        return {"W": (self.n_in, self.n_out), "b": (self.n_out,)}

    def first_values(self, n_in: int, dtype: npt.DTypeLike, rng: np.random.Generator) -> dict[str, Array]:
        """Return first W and b."""
        return {
            "W": self.init((self.n_in, self.n_out), rng, dtype),
            "b": self.bias_init((self.n_out,), rng, dtype),
        }

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> tuple[Array, Any]:
        """Return (Z, cache); see :meth:`pyfc.layers.Layer.forward`."""
        x = self.ready(x)
        return kernels.dense_forward(x, self.parameters["W"], self.parameters["b"]), x

    def backward(
        self, dy: npt.ArrayLike, cache: Any, *, need_dx: bool = True, out: Mapping[str, Array] | None = None
    ) -> tuple[Array | None, dict[str, Array]]:
        """Return (dX, {"W": dW, "b": db}); see :meth:`pyfc.layers.Layer.backward`."""
        into = out or {}
        dx, dw, db = kernels.dense_backward(dy, cache, self.parameters["W"], need_dx, into.get("W"), into.get("b"))
        return dx, {"W": dw, "b": db}

    def operation(self) -> tuple[str, Any]:
        """Return ``("dense", None)``: the engine calls the same kernels."""
        return "dense", None

    def after_update(self) -> None:
        """Scale columns of W down to ``max_norm``."""
        if self.max_norm is not None:
            weights = self.parameters["W"]
            norms = np.sqrt(np.einsum("ij,ij->j", weights, weights))
            weights *= np.minimum(1, self.max_norm / np.maximum(norms, self.max_norm))

    def config(self) -> dict[str, Any]:
        """Return the settings."""
        return {
            **super().config(),
            "n_in": self.n_in,
            "n_out": self.n_out,
            "init": describe(self.init),
            "bias_init": describe(self.bias_init),
            "max_norm": self.max_norm,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return a layer from its configuration."""
        return cls(
            **{
                **config,
                "init": rebuild("initializers", config["init"]),
                "bias_init": rebuild("initializers", config["bias_init"]),
            }
        )
