"""softplus: a smooth relu: always positive, and its derivative is the sigmoid."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport DOWN, distance, exp_up, expm1, log1p_unit

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real e, zero = 0, far = 770 if real is double else 150
    cdef real down = DOWN
    for i in range(shape.rows * shape.cols):
        e = exp_up(-distance(z[i], far), zero) * down           # (2)
        y[i] = (z[i] if z[i] > 0 else zero) + log1p_unit(e)     # (3)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    for i in range(shape.rows * shape.cols):
        dz[i] = dy[i] * -expm1(-y[i])                           # (6)
    return 0


class Softplus(Activation):
    """The softplus, ``y = log(1 + exp(z))``.

    Use it at an output that has to be positive, such as a variance or a rate.

    References
    ----------
    C. Dugas, Y. Bengio, F. Belisle, C. Nadeau, R. Garcia, "Incorporating second-order functional knowledge for better
    option pricing", NeurIPS (2000).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "softplus")().forward([-1000.0, 0.0, 1000.0])
    array([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """

    name = "softplus"
    derivation = (
        Step(1, "y = log(1 + exp(z))", "definition"),
        Step(2, "e = exp(-Abs(z))", "exp of a number that is not positive cannot overflow", runs=True),
        Step(3, "y = Max(z, 0) + log(1 + e)",
             "(1): for z > 0 the factor exp(z) is taken out of the logarithm; log(1 + e) is one function, log1p",
             runs=True),
        Step(4, "diff(y, z) = exp(z) / (1 + exp(z))", "chain rule on (1): the sigmoid"),
        Step(5, "diff(y, z) = 1 - exp(-y)", "(4) with exp(y) = 1 + exp(z) from (1)"),
        Step(6, "dz = dy * (1 - exp(-y))", "chain rule with (5); exp(-y) - 1 is one function, expm1", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 0,
        forward[float], forward[double], backward[float], backward[double])
