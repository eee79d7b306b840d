"""Initialisers: where a layer's first weights come from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pyfc.component.base import Array, Component


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return (n_in, n_out): how many inputs an output sums, and how many outputs an input reaches.

    A bias (n_out,) has no such numbers of its own. As in Keras, n_out stands for both, so that biases come out about as
    large as the weights; but what the formulas promise holds for biases that begin at zero.

    Parameters
    ----------
    shape : tuple of int
        (n_in, n_out), or (n_out,) for biases.

    Returns
    -------
    tuple of int
        Each at least 1, because formulas divide by them.

    Raises
    ------
    ValueError
        If the shape has not one or two numbers.

    Examples
    --------
    >>> fans((784, 10)), fans((10,))
    ((784, 10), (10, 10))
    """
    if len(shape) not in (1, 2):
        raise ValueError(f"shape is {shape}: expected (n_in, n_out) for weights or (n_out,) for biases")
    return max(shape[0], 1), max(shape[-1], 1)


class Initializer(Component):
    """Draws a layer's first weights.

    A subclass defines ``sample``. Numbers are drawn in float64 and then rounded, so that one seed gives the same
    network in both precisions.
    """

    group = "initializers"

    @classmethod
    def method_problem(cls) -> str:
        """Return what an initialiser lacks."""
        return "" if cls.sample is not Initializer.sample else f"class {cls.__name__} does not define `sample`"

    def __call__(self, shape: tuple[int, ...], rng: np.random.Generator, dtype: npt.DTypeLike = np.float64) -> Array:
        """Return new weights.

        Parameters
        ----------
        shape : tuple of int
            (n_in, n_out) for weights, (n_out,) for biases.
        rng : numpy.random.Generator
            Where the randomness comes from.
        dtype : dtype, default float64
            Of the result.

        Returns
        -------
        ndarray of the given shape
        """
        values = np.asarray(self.sample(shape, rng), np.float64)
        if values.shape != shape:
            raise ValueError(f"{type(self).__name__}.sample returned shape {values.shape}: expected {shape}")
        return values.astype(dtype)

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Return float64 weights of the given shape; a subclass defines this."""
        raise NotImplementedError
