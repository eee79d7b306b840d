"""mish: the input times the tanh of its softplus: smooth, and like relu far from zero."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Z, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport DOWN, absolute, exp_up, limit

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, up, e, h, n, q, one = 1, half = 0.5, two = 2, zero = 0, far = 1000
    cdef real down = DOWN
    for i in range(shape.rows * shape.cols):
        x = limit(z[i], far)  # exp(-far) is 0, and infinity times it would be NaN
        up = exp_up(-absolute(x), zero)  # a product with it is exact where e is subnormal
        e = up * down                                                          # (3)
        h = up + half * e * up
        q = one + (two * (e + e * e) if x > 0 else h * down)                   # (4)
        n = z[i] * (one + two * e) if x > 0 else x * h                         # (5)
        y[i] = n / q * (one if x > 0 else down)                                # (5)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, up, e, q, u, v, one = 1, half = 0.5, two = 2, four = 4, zero = 0, far = 1000
    cdef real down = DOWN
    for i in range(shape.rows * shape.cols):
        x = limit(z[i], far)
        up = exp_up(-absolute(x), zero)
        e = up * down                                                          # (3)
        q = one + (two * (e + e * e) if x > 0 else e + half * e * e)           # (4)
        u = one + (two if x > 0 else half) * e                                 # (6)
        v = x * (one + e) * (four * e * e if x > 0 else one)                   # (6)
        dz[i] = dy[i] * ((one if x > 0 else up) * (u + v / q) / q * (one if x > 0 else down))  # (6)
    return 0


class Mish(Activation):
    """Mish, ``y = z * tanh(log(1 + exp(z)))``.

    Use it in the hidden layers of deep networks, as an alternative to ``silu``, which is cheaper.

    References
    ----------
    D. Misra, "Mish: a self regularized non-monotonic activation function", BMVC (2020).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "mish")().forward([-1000.0, 0.0, 1000.0])
    array([  -0.,    0., 1000.])
    """

    name = "mish"
    derivation = (
        Step(1, "y = z * tanh(log(1 + exp(z)))", "definition"),
        Step(2, "y = z * ((1 + exp(z))**2 - 1) / ((1 + exp(z))**2 + 1)", "tanh(log(u)) = (u**2 - 1) / (u**2 + 1)"),
        Step(3, "e = exp(-Abs(z))", "exp of a number that is not positive cannot overflow", runs=True),
        Step(4, "q = Piecewise((1 + 2 * e + 2 * e**2, z > 0), (1 + e + e**2 / 2, True))",
             "the denominator of (2), times e**2 for z > 0 and halved elsewhere", runs=True),
        Step(5, "y = Piecewise((z * (1 + 2 * e) / q, z > 0), (z * (e + e**2 / 2) / q, True))",
             "(2) with (3) and (4)", runs=True),
        Step(6, "dz = dy * Piecewise(((1 + 2 * e + 4 * z * e**2 * (1 + e) / q) / q, z > 0),"
                " (e * (1 + e / 2 + z * (1 + e) / q) / q, True))",
             "chain rule with (2), written with (3) and (4)", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Z, 0,
        forward[float], forward[double], backward[float], backward[double])
