"""Checks the data that a user passes, once, and cuts batches out of them without copying the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pyfc.component.base import Array

#: How many numbers are looked at in one go in the search for NaN: a buffer of this size is all it costs.
_AT_ONCE = 1 << 20


def as_samples(X: npt.ArrayLike, n_in: int, dtype: npt.DTypeLike) -> Array:
    """Return X as a 2-D array of numbers, not copied, or raise with what was expected.

    Parameters
    ----------
    X : array_like
        Samples as rows.
    n_in : int
        How many numbers a row must have.
    dtype : dtype
        In which they must be finite: the network's.

    Returns
    -------
    ndarray, shape (n, n_in)
        Of X's dtype.

    Raises
    ------
    TypeError
        If the entries are not real numbers, or some are masked.
    ValueError
        If the shape is another one, or an entry is NaN, infinite or too large; the message says which.
    """
    if np.ma.is_masked(X):
        raise TypeError("X is a masked array with masked entries: expected all of them; remove or fill such samples")
    samples: Any = np.asarray(X)
    if samples.dtype.kind not in "buif":
        raise TypeError(f"X has dtype {samples.dtype}: expected float, integer or boolean; convert it with .astype")
    if samples.ndim != 2 or samples.shape[1] != n_in:
        hint = ""
        if samples.ndim == 1 and samples.size == n_in:
            hint = "; one sample is X[None, :]"
        elif samples.ndim > 2 and int(np.prod(samples.shape[1:])) == n_in:
            hint = "; use X.reshape(len(X), -1)"
        raise ValueError(f"X has shape {samples.shape}: expected (n, {n_in}){hint}")
    if samples.dtype.kind == "f":
        rows = max(1, _AT_ONCE // max(n_in, 1))
        for start in range(0, len(samples), rows):
            with np.errstate(over="ignore"):  # too large for the dtype is infinite, and said so
                finite = np.isfinite(samples[start : start + rows].astype(dtype, copy=False))
            if not finite.all():
                row, column = map(int, np.argwhere(~finite)[0])
                raise ValueError(
                    f"X[{start + row}, {column}] is {samples[start + row, column]}: expected numbers that are finite "
                    f"in {np.dtype(dtype)}; remove or replace such samples"
                )
    return np.asarray(samples)


def float_rows(samples: Array, rows: slice | Array, dtype: npt.DTypeLike) -> Array:
    """Return some rows in a network's dtype, C-contiguous and aligned."""
    return np.require(samples[rows], dtype, ("C", "A"))
