"""tanhshrink: the input less its tanh: nearly nothing near 0, and the input less 1 far from it."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Z, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport absolute, copysign, divide, exp_below, product_low, tanh_rest, tanh_square_rest

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, e, w, near, beyond, one = 1, two = 2
    for i in range(shape.rows * shape.cols):
        x = absolute(z[i])
        w = x * x
        near = x * (w * tanh_rest(w))                                   # (1)
        e = exp_below(-two * x)                                         # (2)
        beyond = (x - one) + two * e / (one + e)                        # (3)
        y[i] = copysign(near if x < one else beyond, z[i])              # (3)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, e, t, w, q, ql, near, beyond, zero = 0, one = 1, two = 2, four = 4
    for i in range(shape.rows * shape.cols):
        x = absolute(z[i])
        w = x * x
        near = w - (w * (w * tanh_square_rest(w)) - product_low(x, x, w))       # (5)
        e = exp_below(-two * x)                                                 # (2)
        t = two + e
        q = one + e * t  # (1 + e)**2, rounded but once
        ql = ((one - q) + e * t) + e * ((two - t) + e)
        beyond = one - divide(four * e, zero, q, ql)                            # (6)
        dz[i] = dy[i] * (near if x < one else beyond)                           # (5) (6)
    return 0


class Tanhshrink(Activation):
    """The tanh shrinkage, ``y = z - tanh(z)``.

    Use it where small outputs are to be nearly 0, as in a sparse code, without the jump of ``hardshrink`` and the
    corners of ``softshrink``. Near 0 its gradient is only z**2, so large initial weights help.

    References
    ----------
    R. Collobert, K. Kavukcuoglu, C. Farabet, "Torch7: a Matlab-like environment for machine learning", BigLearn
    workshop at NeurIPS (2011).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "tanhshrink")().forward([-1000.0, 0.0, 0.003])
    array([-9.9900000e+02,  0.0000000e+00,  8.9999676e-09])
    """

    name = "tanhshrink"
    derivation = (
        Step(1, "y = z - tanh(z)", "definition; for z near 0 a polynomial, for the difference would lose all digits",
             runs=True),
        Step(2, "e = exp(-2 * Abs(z))", "exp of a number that is not positive cannot overflow", runs=True),
        Step(3, "y = sign(z) * (Abs(z) - 1 + 2 * e / (1 + e))",
             "(1) with tanh(Abs(z)) = (1 - e) / (1 + e) = 1 - 2 e / (1 + e), for Abs(z) >= 1", runs=True),
        Step(4, "diff(y, z) = tanh(z)**2", "(1): the derivative of tanh(z) is 1 - tanh(z)**2"),
        Step(5, "dz = dy * tanh(z)**2", "chain rule with (4); a polynomial for z near 0", runs=True),
        Step(6, "dz = dy * (1 - 4 * e / (1 + e)**2)", "(5) with ((1 - e) / (1 + e))**2, for Abs(z) >= 1", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Z, 0,
        forward[float], forward[double], backward[float], backward[double])
