"""Dropout: in training, sets some inputs to zero by chance and enlarges the others, so that no unit relies on another.

The coin of each number comes from a counter, hashed: coin i is a function of (key, i) alone. So the backward pass
tosses the same coins anew in place of keeping a mask, threads need not wait for each other, and a checkpoint keeps one
number.
"""
cimport numpy as cnp
from libc.stdint cimport uint32_t, uint64_t

from pyfc_kernel cimport int64_t, real, status

import numpy as np

from pyfc.derivation import Step

cnp.import_array()

derivation = (
    Step(1, "y = s * x / (1 - rate)", "definition: s is 0 with probability rate, else 1", runs=True),
    Step(2, "rate * (0 * x / (1 - rate)) + (1 - rate) * (1 * x / (1 - rate)) = x",
         "the mean of (1) over the coin is x: so nothing is to be rescaled after training"),
    Step(3, "dx = s * dy / (1 - rate)", "chain rule on (1): the same coin", runs=True),
)


cdef inline uint32_t coin(uint64_t key, uint64_t i) noexcept nogil:
    """Return 32 random bits, a function of its arguments: the finaliser of SplitMix64 (Steele, Lea, Flood 2014)."""
    cdef uint64_t h = key + i * <uint64_t>0x9E3779B97F4A7C15
    h = (h ^ (h >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    h = (h ^ (h >> 27)) * <uint64_t>0x94D049BB133111EB
    return <uint32_t>((h ^ (h >> 31)) >> 32)


cdef status toss(
    int64_t n, const real *x, real *y, uint32_t threshold, real enlarge, uint64_t key, uint64_t first,
) noexcept nogil:
    cdef int64_t i
    cdef real zero = 0
    for i in range(n):
        # A choice, not a product with s: 0 times infinity would be NaN.
        y[i] = x[i] * enlarge if coin(key, first + <uint64_t>i) >= threshold else zero    # (1), (3)
    return 0


def drop(x, double rate, uint64_t key, uint64_t first):
    """Return x with each number set to 0 with probability ``rate``, the others divided by ``1 - rate``.

    Applied to dy with the same key and first, it is the backward pass.

    Parameters
    ----------
    x : ndarray of float32 or float64
        Any shape.
    rate : float
        0 <= rate < 1.
    key, first : int
        Which stream of coins, and the number of the first one; 0 to 2**64 - 1.

    Returns
    -------
    ndarray
        C-contiguous.
    """
    cdef cnp.ndarray a = np.require(x, requirements="CA")
    cdef cnp.ndarray y = np.empty_like(a)
    cdef int64_t n = a.size
    if not 0 <= rate < 1:
        raise ValueError(f"rate is {rate}: expected 0 <= rate < 1")
    cdef uint32_t threshold = <uint32_t>(rate * 4294967296.0)
    cdef double enlarge = 1 / (1 - rate)
    if a.dtype == np.float32:
        with nogil:
            toss[float](n, <const float *>a.data, <float *>y.data, threshold, <float>enlarge, key, first)
    elif a.dtype == np.float64:
        with nogil:
            toss[double](n, <const double *>a.data, <double *>y.data, threshold, enlarge, key, first)
    else:
        raise TypeError(f"x has dtype {a.dtype}: expected float32 or float64")
    return y
