"""Checks the data that a user passes, once, and cuts batches out of them without copying the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pyfc.component.base import Array
from pyfc.kernels.samples import first_not_finite

#: How many numbers of an unusual dtype are converted at a time in the search for NaN.
_AT_ONCE = 1 << 20


def as_samples(X: Any, n_in: int, dtype: npt.DTypeLike) -> Any:
    """Return X as a 2-D array of numbers, dense or sparse, not copied, or raise with what was expected.

    Parameters
    ----------
    X : array_like, or sparse array of SciPy
        Samples as rows.
    n_in : int
        How many numbers a row must have.
    dtype : dtype
        In which they must be finite: the network's.

    Returns
    -------
    ndarray, or scipy.sparse.csr_array, shape (n, n_in)
        Of X's dtype.

    Raises
    ------
    TypeError
        If the entries are not real numbers, or some are masked.
    ValueError
        If the shape is another one, or an entry is NaN, infinite or too large; the message says which.
    """
    if issparse(X):
        return _sparse_samples(X, n_in, dtype)
    if type(X) is not np.ndarray and np.ma.is_masked(X):
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
        row = _first_not_finite(samples, np.dtype(dtype))
        if row >= 0:
            with np.errstate(over="ignore"):  # too large for the dtype is infinite, and said so
                column = int(np.isfinite(samples[row].astype(dtype)).argmin())
            raise ValueError(
                f"X[{row}, {column}] is {samples[row, column]}: expected numbers that are finite "
                f"in {np.dtype(dtype)}; remove or replace such samples"
            )
    return np.asarray(samples)


def _first_not_finite(samples: Array, dtype: np.dtype[Any]) -> int:
    """Return the first row with a number that is not finite in a dtype, or -1."""
    single = dtype == np.float32
    if samples.dtype in (np.float32, np.float64) and samples.dtype.isnative and samples.flags.aligned:
        return first_not_finite(samples, single)
    rows = max(1, _AT_ONCE // max(samples.shape[1], 1))
    for start in range(0, len(samples), rows):
        with np.errstate(over="ignore"):
            row = first_not_finite(samples[start : start + rows].astype(dtype), single)
        if row >= 0:
            return start + row
    return -1


def issparse(X: object) -> bool:
    """Return whether X is a sparse array or matrix of SciPy, without importing that for those that are none."""
    return type(X).__module__.startswith("scipy.sparse") and hasattr(X, "tocsr")


def _sparse_samples(X: Any, n_in: int, dtype: npt.DTypeLike) -> Any:
    """Do the same for a sparse X: return it with compressed rows, each column at most once in a row."""
    if X.dtype.kind not in "buif":
        raise TypeError(f"X has dtype {X.dtype}: expected float, integer or boolean; convert it with .astype")
    if X.ndim != 2 or X.shape[1] != n_in:
        raise ValueError(f"X has shape {X.shape}: expected (n, {n_in})")
    samples = X.tocsr()
    # SciPy takes them on trust, and reads and writes beside the arrays.
    ends = samples.indptr
    held = min(len(samples.indices), len(samples.data))
    if not (len(ends) == samples.shape[0] + 1 and ends[0] == 0 and ends[-1] <= held and (np.diff(ends) >= 0).all()) or (
        samples.nnz and not (samples.indices.min() >= 0 and samples.indices.max() < n_in)
    ):
        raise ValueError("X has indices that do not fit its shape: expected a valid array, as X.check_format() says")
    if not samples.has_canonical_format:
        samples = samples.copy()
        samples.sum_duplicates()
    with np.errstate(over="ignore"):
        finite = np.isfinite(samples.data.astype(dtype, copy=False))
    if not finite.all():
        at = int(finite.argmin())
        row, column = int(np.searchsorted(samples.indptr, at, side="right")) - 1, samples.indices[at]
        raise ValueError(
            f"X[{row}, {column}] is {samples.data[at]}: expected numbers that are finite in {np.dtype(dtype)}; "
            "remove or replace such samples"
        )
    return samples


def float_rows(samples: Array, rows: slice | Array, dtype: npt.DTypeLike) -> Array:
    """Return some rows in a network's dtype, C-contiguous and aligned."""
    chosen: Any = samples[rows]
    return np.require(chosen.toarray() if issparse(chosen) else chosen, dtype, ("C", "A"))
