"""cosine: how far the direction of the outputs is from that of the targets, whatever their lengths."""
from libc.math cimport INFINITY, fabs, sqrt
from pyfc_kernel cimport int64_t, loss_capsule, loss_kernel, real, shape_t, status

from pyfc.component import Loss
from pyfc.derivation import Step

cdef loss_kernel functions


cdef inline double length(int64_t m, const real *x) noexcept nogil:
    """Return the square root of the sum of squares; in double, so that those of float32 cannot overflow."""
    cdef int64_t k
    cdef double total = 0, c = 0
    for k in range(m):
        total += <double>x[k] * x[k]                                                   # (1) (2)
    if not (total < 1e-280 or total > 1e280):
        return sqrt(total)                                                             # (1) (2)
    for k in range(m):  # too small or too large to be squared
        c = fabs(x[k]) if fabs(x[k]) > c else c
    if c == 0 or c == INFINITY:
        return c
    total = 0
    for k in range(m):
        total += (x[k] / c) * (x[k] / c)                                               # (1) (2)
    return c * sqrt(total)                                                             # (1) (2)


cdef inline double loss_of(int64_t m, const real *y, const real *t, double a, double b) noexcept nogil:
    """Return the loss of one sample."""
    cdef int64_t k
    cdef double d, total = 0
    if a == 0 or b == 0:
        return 1 if a == a else a  # NaN stays NaN
    for k in range(m):
        d = y[k] / a - t[k] / b                                                        # (3) (4)
        total += d * d                                                                 # (6)
    return 0.5 * total                                                                 # (6)


cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, m = shape.cols
    for i in range(shape.rows):
        loss[i] = <real>loss_of(m, y + i * m, t + i * m, length(m, y + i * m), length(m, t + i * m))
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, k, m = shape.cols
    cdef double a, b, u, v, value
    for i in range(shape.rows):
        a, b = length(m, y + i * m), length(m, t + i * m)
        value = loss_of(m, y + i * m, t + i * m, a, b)
        if a == 0 or b == 0:
            for k in range(m):
                dy[i * m + k] = 0 if a == a else <real>a                               # (7)
        else:
            for k in range(m):
                u, v = y[i * m + k] / a, t[i * m + k] / b                              # (3) (4)
                dy[i * m + k] = <real>(scale[i] * (((u - v) - value * u) / a))             # (7)
    return 0


class Cosine(Loss):
    """Cosine loss: for each sample 1 less the cosine of the angle between outputs and targets, a number from 0 to 2.

    Use it where the direction of a row is what it says, and its length is not: embeddings of words or pictures, texts
    of different lengths. 0 is the same direction, 1 a right angle, 2 the opposite. It needs two outputs or more: a
    single one has only a sign, and no gradient.

    Notes
    -----
    The additive constant is free: Keras takes minus the cosine; its loss is this one less 1. Where the outputs or the
    targets of a sample are all 0 they have no direction: the loss is then 1, as at a right angle, and the gradient 0.
    The gradient is at right angles to y, so small steps change its direction alone, and the smaller the longer y is.

    References
    ----------
    G. Salton, A. Wong, C. S. Yang, "A Vector Space Model for Automatic Indexing", Communications of the ACM 18 (1975).

    Examples
    --------
    >>> import pyfc
    >>> loss = pyfc.get("losses", "cosine")()
    >>> y, t = [[3.0, 4.0], [0.0, 2.0]], [[6.0, 8.0], [1.0, 0.0]]
    >>> loss.value(y, t)
    0.5
    >>> loss.gradient(y, t)
    array([[ 0.  ,  0.  ],
           [-0.25,  0.  ]])
    """

    name = "cosine"
    task = "regression"
    derivation = (
        Step(1, "a = sqrt(Sum(y[k]**2, (k, 1, m)))", "the length of the outputs", runs=True),
        Step(2, "b = sqrt(Sum(t[k]**2, (k, 1, m)))", "the length of the targets", runs=True),
        Step(3, "u[k] = y[k] / a", "the direction of the outputs: of length 1", runs=True),
        Step(4, "v[k] = t[k] / b", "the direction of the targets", runs=True),
        Step(5, "l = Piecewise((1 - Sum(u[k] * v[k], (k, 1, m)), a * b > 0), (1, True))",
             "definition, for one sample with m outputs: 1 less the cosine, which is taken as 0 if one of them is 0"),
        Step(6, "l = Piecewise((Sum((u[k] - v[k])**2, (k, 1, m)) / 2, a * b > 0), (1, True))",
             "(u - v)**2 = u**2 - 2 u v + v**2, and u and v have the length 1; this keeps the digits of a small loss",
             runs=True),
        Step(7, "dy[j] = Piecewise((((u[j] - v[j]) - l * u[j]) / a, a * b > 0), (0, True))",
             "quotient rule: the derivative of a by y[j] is u[j], and the cosine is 1 - l", runs=True),
    )
    kernel = loss_capsule(&functions, 0, 0, forward[float], forward[double], backward[float], backward[double])
