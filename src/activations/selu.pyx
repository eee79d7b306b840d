"""selu: elu scaled so that the outputs of a deep network keep mean 0 and variance 1 by themselves."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport expm1

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real s = 1.0507009873554805         # (2)
    cdef real c = 1.7580993408473769         # (3)
    for i in range(shape.rows * shape.cols):
        y[i] = s * z[i] if z[i] > 0 else c * expm1(z[i])         # (4)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real s = 1.0507009873554805         # (2)
    cdef real c = 1.7580993408473769         # (3)
    for i in range(shape.rows * shape.cols):
        dz[i] = dy[i] * (s if y[i] > 0 else y[i] + c)            # (6)
    return 0


class SELU(Activation):
    """The scaled exponential linear unit, ``y = s * z`` for z > 0 and ``c * (exp(z) - 1)`` elsewhere.

    Use it, with ``lecun_normal`` weights and standardised inputs, in deep networks without normalisation layers: with
    s = 1.0507 and c = 1.7581 outputs of mean 0 and variance 1 have that again after the next layer.

    Notes
    -----
    At z = 0 the derivative from below, c, is taken.

    References
    ----------
    G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter, "Self-Normalizing Neural Networks", NeurIPS (2017);
    the constants are its equation (14).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "selu")().forward([-1000.0, 0.0, 1.0]).round(4)
    array([-1.7581,  0.    ,  1.0507])
    """

    name = "selu"
    derivation = (
        Step(1, "r = exp(1/2) * erfc(1 / sqrt(2))", "an abbreviation for the two constants"),
        Step(2, "s = (1 - r) * sqrt(2 * pi)"
                " / sqrt(2 * erfc(sqrt(2)) * exp(2) + pi * r**2 - 2 * (2 + pi) * r + pi + 2)",
             "the scale for which variance 1 leads to variance 1", runs=True),
        Step(3, "c = s * sqrt(2 / pi) / (1 - r)", "the depth for which mean 0 leads to mean 0", runs=True),
        Step(4, "y = Piecewise((s * z, z > 0), (c * (exp(z) - 1), True))",
             "definition; exp(z) - 1 is one function, expm1, so that small z lose no digits", runs=True),
        Step(5, "diff(y, z) = Piecewise((s, z > 0), (y + c, True))", "(4), where c exp(z) = y + c"),
        Step(6, "dz = dy * Piecewise((s, y > 0), (y + c, True))",
             "chain rule with (5); y has the sign of z", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 0,
        forward[float], forward[double], backward[float], backward[double])
