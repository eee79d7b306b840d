"""softsign: squashes any number into (-1, 1) like tanh, but approaches the ends slowly."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Z, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport absolute, distance, divide, limit, sum_low

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, one = 1, far = 1e38
    for i in range(shape.rows * shape.cols):
        x = limit(z[i], far)  # y is 1 or -1 there, and infinity would give NaN
        y[i] = x / (one + absolute(x))                                     # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, d, low, zero = 0, one = 1, far = 1e300 if real is double else 1e38
    for i in range(shape.rows * shape.cols):
        x = distance(z[i], far)  # dz is 0 there, and infinity would give NaN
        d = one + x
        low = sum_low(one, x, d)
        dz[i] = divide(divide(dy[i], zero, d, low), zero, d, low)          # (3)
    return 0


class Softsign(Activation):
    """The softsign, ``y = z / (1 + abs(z))``.

    Use it in place of ``tanh`` where units saturate: its gradient fades like 1/z**2 and not like exp(-2 abs(z)).

    References
    ----------
    X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS (2010).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "softsign")().forward([-1.0, 0.0, 3.0])
    array([-0.5 ,  0.  ,  0.75])
    """

    name = "softsign"
    derivation = (
        Step(1, "y = z / (1 + Abs(z))", "definition", runs=True),
        Step(2, "diff(y, z) = 1 / (1 + Abs(z))**2", "quotient rule, for z > 0 and z < 0; both give 1 at 0"),
        Step(3, "dz = dy / (1 + Abs(z)) / (1 + Abs(z))",
             "chain rule with (2); divided twice because the square could overflow", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Z, 0,
        forward[float], forward[double], backward[float], backward[double])
