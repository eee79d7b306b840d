"""softmax: turns a row of numbers into probabilities that sum to 1."""
from pyfc_kernel cimport (
    IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport exp_below, highest, product_low, rounded, sum_low, sum_of

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef inline void backward_row(int64_t m, const real *y, const real *dy, real *dz) noexcept nogil:
    """Fill one row of dz."""
    cdef int64_t j
    cdef double p, s, low = 0, total = 0
    for j in range(m):
        p = rounded(<double>dy[j] * y[j])                         # (6)
        s = total + p                                             # (6)
        if real is double:  # what rounding took
            low += product_low(<double>dy[j], <double>y[j], p) + sum_low(total, p, s)
        total = s
    total += low
    for j in range(m):
        dz[j] = y[j] * (dy[j] - <real>total)                      # (6)


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    # A row of ten classes is too short for vector code. So exp goes over all rows at once.
    cdef int64_t i, j, m = shape.cols
    cdef real c, s
    for i in range(shape.rows if m else 0):
        c = highest(z + i * m, m)                                 # (2)
        for j in range(m):
            y[i * m + j] = z[i * m + j] - c                       # (3)
    for i in range(shape.rows * m):
        y[i] = exp_below(y[i])                                    # (3)
    for i in range(shape.rows):
        s = <real>sum_of(y + i * m, m)                            # (4)
        for j in range(m):
            y[i * m + j] = y[i * m + j] / s                       # (5)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i, m = shape.cols
    for i in range(shape.rows):
        backward_row(m, y + i * m, dy + i * m, dz + i * m)
    return 0


class Softmax(Activation):
    """The softmax of each row, ``y[i] = exp(z[i]) / sum(exp(z))``.

    Use it at an output that chooses one of several classes. In training, the loss ``softmax_cross_entropy`` without an
    activation before it does the same with less work and smaller errors.

    References
    ----------
    J. S. Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs", in: Neurocomputing,
    Springer (1990).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "softmax")().forward([[0.0, 0.0], [1000.0, 0.0]])
    array([[0.5, 0.5],
           [1. , 0. ]])
    """

    name = "softmax"
    derivation = (
        Step(1, "y[i] = exp(z[i]) / Sum(exp(z[k]), (k, 1, m))", "definition"),
        Step(2, "c = Max(z[k], (k, 1, m))", "the largest of the row: less it, none has an exp that overflows",
             runs=True),
        Step(3, "e[i] = exp(z[i] - c)", "from 0 to 1, and 1 for the largest", runs=True),
        Step(4, "s = Sum(e[k], (k, 1, m))", "from 1 to m", runs=True),
        Step(5, "y[i] = e[i] / s", "(1) with numerator and denominator divided by exp(c)", runs=True),
        Step(6, "dz[i] = y[i] * (dy[i] - Sum(dy[k] * y[k], (k, 1, m)))",
             "z[i] is in every y[k], whose derivative by it is y[k] ((1 if k = i else 0) - y[i])", runs=True),
    )
    kernel = activation_capsule(
        &functions, IN_PLACE | NEEDS_Y, 0,
        forward[float], forward[double], backward[float], backward[double])
