"""Shows every number of one training step: what each layer got, computed and passed back; made to be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyfc.component.base import Array
from pyfc.faults import blamed

if TYPE_CHECKING:
    from pyfc.network import Network


class Trace(Mapping[str, Array]):
    """The arrays of one step by name, in the order in which they were computed.

    Names are a layer's and a symbol: ``"dense_0.z"``, ``"relu_0.y"``, ``"dense_0.dW"``. The input is ``"x"``; the loss
    of each sample is ``"loss.l"``, the gradient by the network's output ``"loss.dy"``.

    Parameters
    ----------
    arrays : dict of str to ndarray
        In order.
    loss : float
        The loss of the batch.

    Attributes
    ----------
    loss : float
        As given.
    """

    def __init__(self, arrays: dict[str, Array], loss: float) -> None:
        self._arrays, self.loss = arrays, loss

    def __getitem__(self, name: str) -> Array:
        """Return an array by name."""
        if name not in self._arrays:
            raise KeyError(f"no array {name!r} in this trace: expected one of {', '.join(self._arrays)}")
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        """Return the names in order."""
        return iter(self._arrays)

    def __len__(self) -> int:
        """Return how many arrays there are."""
        return len(self._arrays)

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        for name, array in self._arrays.items():
            with np.printoptions(precision=4, suppress=False, threshold=24, edgeitems=3, linewidth=100):
                yield name, str(array.shape), str(array)

    def __repr__(self) -> str:
        rows = list(self._rows())
        wide, high = max(len(name) for name, _, _ in rows), max(len(shape) for _, shape, _ in rows)
        lines = []
        for name, shape, text in rows:
            first, *more = text.splitlines()
            lines.append(f"{name:{wide}}  {shape:{high}}  {first}")
            lines += [" " * (wide + high + 4) + line for line in more]
        return "\n".join([*lines, f"loss {self.loss:.6g}"])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(shape)}</td><td><pre>{escape(text)}</pre></td></tr>"
            for name, shape, text in self._rows()
        )
        head = "<tr><th>name</th><th>shape</th><th>values</th></tr>"
        return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table><p>loss {self.loss:.6g}</p>"


def trace(network: Network, X: npt.ArrayLike, y: npt.ArrayLike) -> Trace:
    """Run one step, forward and backward, and keep every array; dropout is off and no parameter moves.

    The penalties l1 and l2 are left out, of the loss and of dW; :meth:`pyfc.Network.loss_and_gradients` has them.

    Parameters
    ----------
    network : Network
        Whose step.
    X : array_like, shape (n, n_in)
        Samples as rows, at least one.
    y : array_like
        Targets.

    Returns
    -------
    Trace

    Examples
    --------
    >>> import numpy as np, pyfc
    >>> half = pyfc.Constant(value=0.5)
    >>> net = pyfc.Network([pyfc.Dense(2, 1, init=half), "sigmoid"], loss="squared_error", dtype="float64")
    >>> net.trace([[1.0, -1.0]], [[1.0]])
    x             (1, 2)  [[ 1. -1.]]
    dense_0.z     (1, 1)  [[0.]]
    sigmoid_0.y   (1, 1)  [[0.5]]
    loss.l        (1,)    [0.25]
    loss.dy       (1, 1)  [[-1.]]
    sigmoid_0.dz  (1, 1)  [[-0.25]]
    dense_0.dx    (1, 2)  [[-0.125 -0.125]]
    dense_0.dW    (2, 1)  [[-0.25]
                           [ 0.25]]
    dense_0.db    (1,)    [-0.25]
    loss 0.25
    """
    samples, targets = network.check_data(X, y)
    x = np.array(samples, network.dtype, order="C")  # a copy: a trace stays as it was
    arrays = {"x": x}
    caches = []
    for layer in network.layers:
        with blamed(layer):
            x, cache = layer.forward(x)
        caches.append(cache)
        arrays[f"{layer.name}.{'z' if layer.kind == 'dense' else 'y'}"] = x
    losses, dy = np.empty(len(x), network.dtype), np.empty_like(x)
    shares = network.loss.shares(len(x), None, network.dtype)
    with blamed(network.loss):
        network.loss.compute_forward(x, targets, losses)
        network.loss.compute_backward(x, targets, shares, dy)
    arrays["loss.l"], arrays["loss.dy"] = losses, dy
    for layer, cache in zip(reversed(network.layers), reversed(caches), strict=True):
        with blamed(layer):
            dx, gradients = layer.backward(dy, cache)
        assert dx is not None  # noqa: S101 (need_dx is on)
        dy = dx
        arrays[f"{layer.name}.{'dz' if layer.kind == 'activation' else 'dx'}"] = dx
        arrays.update({f"{layer.name}.d{key}": value for key, value in gradients.items()})
    return Trace(arrays, float(losses.astype(np.float64).mean()))
