"""sparsemax_loss: to sparsemax what the cross-entropy is to softmax. In NumPy, over pyfc's compiled sparsemax."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import pyfc
from pyfc.component import Loss, Step

Array = npt.NDArray[Any]


class SparsemaxLoss(Loss):
    """The loss whose gradient is ``sparsemax(y) - t``, for classes of which many may be excluded altogether.

    Use it to train a network for sparse probabilities. The network ends without an activation, and ``predict_proba``
    gives the sparsemax of its outputs. The loss is 0 as soon as the output of the label is above all others by 1.
    Targets are integer labels (n,), or rows (n, m) of probabilities, one-hot as a rule.

    Notes
    -----
    With ``sparsemax`` as an activation and ``squared_error``, a sample has no gradient any more once the network is
    sure of a wrong class.

    References
    ----------
    A. F. T. Martins, R. F. Astudillo, "From Softmax to Sparsemax: A Sparse Model of Attention and Multi-Label
    Classification", ICML (2016); for rows of probabilities M. Blondel, A. F. T. Martins, V. Niculae, "Learning with
    Fenchel-Young Losses", JMLR 21 (2020).

    Examples
    --------
    >>> import pyfc
    >>> loss = pyfc.get("losses", "sparsemax_loss")()
    >>> y = [[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]]
    >>> [loss.value([row], [0]) for row in y]
    [0.25, 0.0, 3.0]
    >>> loss.gradient(y, [0, 0, 0]) * 3
    array([[-0.5,  0.5],
           [ 0. ,  0. ],
           [-1. ,  1. ]])
    """

    name = "sparsemax_loss"
    task = "classification"
    derivation = (
        Step(1, "s[i] = Piecewise((1, Sum(Max(y[k] - y[i], 0), (k, 1, m)) < 1), (0, True))",
             "which entries keep something: those above it are above it by less than 1 in sum"),
        Step(2, "tau = (Sum(s[k] * y[k], (k, 1, m)) - 1) / Sum(s[k], (k, 1, m))",
             "the threshold that leaves 1 of them in sum"),
        Step(3, "p[i] = s[i] * (y[i] - tau)", "definition of the sparsemax, which has its own derivation", runs=True),
        Step(4, "l = Sum((p[k] - t[k]) * (y[k] - (p[k] + t[k]) / 2), (k, 1, m))",
             "definition; t[k] is 1 at the label and 0 elsewhere, or a probability", runs=True),
        Step(5, "l = Sum((y[k] - t[k])**2, (k, 1, m)) / 2 - Sum((y[k] - p[k])**2, (k, 1, m)) / 2",
             "how much nearer y is to p, the nearest of all probabilities, than to t: never below 0"),
        Step(6, "dy[j] = p[j] - t[j]",
             "(5): moving y moves p too, but along probabilities, among which p is the nearest", runs=True),
    )  # fmt: skip

    @property
    def probability(self) -> str:
        """Return ``"sparsemax"``."""
        return "sparsemax"

    def compute_forward(self, y: Array, t: Array, loss: Array) -> None:
        """Fill loss."""
        p = pyfc.get("activations", "sparsemax")().forward(y)  # (3)
        loss[:] = ((p - t) * (y - (p + t) / 2)).sum(axis=1)  # (4)

    def compute_backward(self, y: Array, t: Array, share: Array, dy: Array) -> None:
        """Fill dy."""
        p = pyfc.get("activations", "sparsemax")().forward(y)  # (3)
        np.multiply(p - t, share[:, None], out=dy)  # (6)
