"""maxout: the largest of each group of inputs. Its kernel is in C, in ``_maxout.c``."""

from __future__ import annotations

from typing import ClassVar

from pyfc.component import Activation, Hyper, Step
from pyfc_extra._maxout import kernel


class Maxout(Activation):
    """Maxout: the largest of each group of ``pieces`` inputs, which makes ``pieces`` times fewer outputs.

    Use it in a hidden layer: each output is a convex function that is learned, made of as many straight pieces.
    ``Dense(784, 256), Maxout(pieces=2), Dense(128, 10)``: 256 inputs, 128 outputs. Its authors train
    it with dropout.

    Parameters
    ----------
    pieces : int, default 2
        Inputs of each group, >= 1. The number of inputs must be a multiple of it.

    Notes
    -----
    Of equal inputs the first one gets the gradient.

    References
    ----------
    I. J. Goodfellow, D. Warde-Farley, M. Mirza, A. Courville, Y. Bengio, "Maxout Networks", ICML (2013).

    Examples
    --------
    >>> import pyfc
    >>> maxout = pyfc.get("activations", "maxout")(pieces=2)
    >>> maxout.forward([[1.0, 2.0, -3.0, -4.0]])
    array([[ 2., -3.]])
    >>> maxout.backward([[0.5, 0.25]], z=[[1.0, 2.0, -3.0, -4.0]])
    array([[0.  , 0.5 , 0.25, 0.  ]])
    """

    name = "maxout"
    source = "_maxout.c"
    hyperparameters: ClassVar = {"pieces": Hyper(2, low=1)}
    derivation = (
        Step(1, "y[j] = Max(z[(j - 1) * pieces + k], (k, 1, pieces))", "definition", runs=True,
             shapes="y (q), dy (q), r (q)"),
        Step(2, "r[j] = pieces - Max(Piecewise((pieces - k, Eq(z[(j - 1) * pieces + k], y[j])), (0, True)),"
                " (k, 1, pieces))", "which of the group's inputs that is; the first of equal ones", runs=True),
        Step(3, "dz[i] = Sum(Piecewise((dy[j], Eq(i, (j - 1) * pieces + r[j])), (0, True)), (j, 1, q))",
             "chain rule on (1): the input that is y[j] has its dy, the others of the group have none", runs=True),
    )  # fmt: skip
    kernel = kernel

    def out_cols(self, cols: int) -> int:
        """Return how many outputs a row of ``cols`` inputs has."""
        if cols % self.pieces:
            raise ValueError(
                f"{self!r} got {cols} inputs: expected a multiple of {self.pieces}; "
                f"give the layer before it {cols - cols % self.pieces + self.pieces} outputs"
            )
        return cols // self.pieces
