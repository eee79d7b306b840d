"""The scaling layer, y = cx: brings inputs such as pixels of 0..255 to a size that suits the first weights."""
cimport numpy as cnp

from pyfc_kernel cimport int64_t, real, status

import numpy as np

from pyfc.derivation import Step

cnp.import_array()

derivation = (
    Step(1, "y = c * x", "definition, c is a constant", runs=True),
    Step(2, "dx = c * dy", "chain rule on (1)", runs=True),
)


cdef status multiply(int64_t n, const real *x, real c, real *y) noexcept nogil:
    cdef int64_t i
    for i in range(n):
        y[i] = c * x[i]        # (1), (2)
    return 0


def rescale(x, double c):
    """Return c times a float array, in its dtype.

    Parameters
    ----------
    x : ndarray of float32 or float64
        Any shape.
    c : float
        The factor.

    Returns
    -------
    ndarray
        C-contiguous.
    """
    cdef cnp.ndarray a = np.require(x, requirements="CA")
    cdef cnp.ndarray y = np.empty_like(a)
    cdef int64_t n = a.size
    if a.dtype == np.float32:
        with nogil:
            multiply[float](n, <const float *>a.data, <float>c, <float *>y.data)
    elif a.dtype == np.float64:
        with nogil:
            multiply[double](n, <const double *>a.data, c, <double *>y.data)
    else:
        raise TypeError(f"x has dtype {a.dtype}: expected float32 or float64")
    return y
