"""The network that most people want, from a list of sizes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy.typing as npt

from pyfc import component
from pyfc.component import Loss
from pyfc.layers import Dense, Dropout, LayerLike
from pyfc.network import Network


def mlp(
    sizes: Sequence[int],
    *,
    activation: str | component.Activation = "relu",
    loss: str | Loss = "softmax_cross_entropy",
    init: str | component.Initializer = "glorot_uniform",
    dropout: float = 0.0,
    input_dropout: float = 0.0,
    dtype: npt.DTypeLike = "float32",
    seed: int | None = 0,
    l1: float = 0.0,
    l2: float = 0.0,
) -> Network:
    """Return a network of dense layers with one activation between them.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, hidden units, outputs: ``[784, 256, 128, 10]``.
    activation : str or activation, default "relu"
        After each dense layer but the last one.
    loss : str or Loss, default "softmax_cross_entropy"
        As in :class:`Network`.
    init : str or Initializer, default "glorot_uniform"
        Of the weights.
    dropout, input_dropout : float, default 0.0
        Rate of dropout after each activation, and on the input.
    dtype, seed, l1, l2
        As in :class:`Network`.

    Returns
    -------
    Network

    Examples
    --------
    >>> import pyfc
    >>> pyfc.mlp([4, 8, 3], init="he_normal")
    Network([Dense(4, 8), 'relu', Dense(8, 3)], loss='softmax_cross_entropy', dtype='float32')
    """
    if len(sizes) < 2:
        raise ValueError(f"mlp({list(sizes)!r}): expected at least the number of inputs and of outputs")
    layers: list[LayerLike] = [Dropout(input_dropout)] if input_dropout else []
    for index, (n_in, n_out) in enumerate(pairwise(sizes)):
        if index:
            layers.append(activation)
            if dropout:
                layers.append(Dropout(dropout))
        layers.append(Dense(n_in, n_out, init=init))
    return Network(layers, loss, dtype=dtype, seed=seed, l1=l1, l2=l2)
