"""log_softmax: the logarithm of softmax, exact also where the probability is too small for a number."""
from pyfc_kernel cimport (
    IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport exp, exp_below, largest, log1p, sum_of

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions

cdef enum:
    BUFFER = 256  # numbers


cdef inline void forward_row(int64_t m, const real *z, real *y) noexcept nogil:
    """Fill one row; the sum is in double, for it may be long. y holds the terms of the sum, then the result."""
    cdef int64_t j, top = largest(z, m)
    cdef real c = z[top]                                          # (2)
    cdef int64_t k, width
    cdef double r = 0
    cdef real e[BUFFER]
    for j in range(m):
        y[j] = z[j] - c                                           # (4)
    j = 0
    while j < m:
        width = m - j if m - j < BUFFER else BUFFER
        for k in range(width):
            e[k] = exp_below(y[j + k])                            # (3)
        if j <= top < j + width:
            e[top - j] = 0                                        # (3)
        r += sum_of(e, width)                                     # (3)
        j += width
    c = log1p(<real>r)                                            # (4)
    for j in range(m):
        y[j] = y[j] - c                                           # (4)


cdef inline void backward_row(int64_t m, const real *y, const real *dy, real *dz) noexcept nogil:
    """Fill one row of dz."""
    cdef int64_t j
    cdef double total = 0
    for j in range(m):
        total += dy[j]                                            # (5)
    for j in range(m):
        dz[j] = dy[j] - exp(y[j]) * <real>total                   # (5)


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i, m = shape.cols
    for i in range(shape.rows if m else 0):
        forward_row(m, z + i * m, y + i * m)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i, m = shape.cols
    for i in range(shape.rows):
        backward_row(m, y + i * m, dy + i * m, dz + i * m)
    return 0


class LogSoftmax(Activation):
    """The logarithm of the softmax of each row, ``y[i] = z[i] - log(sum(exp(z)))``.

    Use it at an output whose log-probabilities are wanted: they are right where a probability would be rounded to 0
    or 1.

    References
    ----------
    J. S. Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs", in: Neurocomputing,
    Springer (1990).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "log_softmax")().forward([[0.0, 0.0], [1000.0, 0.0]])
    array([[-6.93147181e-01, -6.93147181e-01],
           [ 0.00000000e+00, -1.00000000e+03]])
    """

    name = "log_softmax"
    derivation = (
        Step(1, "y[i] = z[i] - log(Sum(exp(z[k]), (k, 1, m)))", "definition: the logarithm of the softmax"),
        Step(2, "c = Max(z[k], (k, 1, m))", "the largest of the row: less it, none has an exp that overflows",
             runs=True),
        Step(3, "r = Sum(exp(z[k] - c), (k, 1, m)) - 1",
             "the term of the largest is exp(0) = 1: leaving it out keeps the others exact, however small", runs=True),
        Step(4, "y[i] = z[i] - c - log(1 + r)",
             "(1) with exp(c) taken out of the sum; log(1 + r) is one function, log1p", runs=True),
        Step(5, "dz[i] = dy[i] - exp(y[i]) * Sum(dy[k], (k, 1, m))",
             "z[i] is in its own y[i], and in the sum of every y[k], whose logarithm has the derivative exp(y[i])",
             runs=True),
    )
    kernel = activation_capsule(
        &functions, IN_PLACE | NEEDS_Y, 0,
        forward[float], forward[double], backward[float], backward[double])
