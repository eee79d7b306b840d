"""Initialisers: where a layer's first weights come from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pyfc.component.base import Array, Component


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
