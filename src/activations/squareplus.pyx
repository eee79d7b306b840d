"""squareplus: softplus without exp: always positive, and like relu far from zero."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport absolute, choose, divide, product_low, rounded, sqrt, sum_low

from pyfc.component import Activation, Hyper
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real w, x, r, h, low, q, zero = 0, half = 0.5, far = 1e150 if real is double else 1e18
    cdef real b = <real>hyper[0], quarter = b / 4
    for i in range(shape.rows * shape.cols):
        w = absolute(z[i])
        x = w if w < far else far  # whose square is a number
        r = sqrt(x * x + b)                                                     # (2)
        r = w if w > far else r  # b is nothing beside its square
        h = half * w + half * r                                                 # (3)
        low = sum_low(half * w, half * r, h)
        q = divide(quarter, zero, h, low) if w < far else quarter / h           # (4)
        y[i] = choose(z[i], h, q)                                               # (4)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, w, d, low, zero = 0, far = 1e150 if real is double else 1e18
    cdef real quarter = <real>hyper[0] / 4
    for i in range(shape.rows * shape.cols):
        x = far if y[i] > far else y[i]  # the quotient is 1 there
        w = rounded(x * x)
        d = w + quarter
        low = sum_low(w, quarter, d) + product_low(x, x, w)
        dz[i] = dy[i] * (x * divide(x, zero, d, low))                       # (7)
    return 0


class Squareplus(Activation):
    """The squareplus, ``y = (z + sqrt(z**2 + b)) / 2``.

    Use it in place of ``softplus`` where exp is too expensive. Below zero it falls off like 1/z and ``softplus`` like
    exp(z), so a unit far below still learns a little.

    Parameters
    ----------
    b : float, default 4.0
        How round the corner at 0 is; between 1e-30 and 1e20, which are excluded. With 4 the value at 0 is 1, and with
        ``4 * log(2)**2`` it is that of ``softplus``; towards 0 it becomes ``relu``.

    References
    ----------
    J. T. Barron, "Squareplus: a softplus-like algebraic rectifier", arXiv:2112.11687 (2021).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "squareplus")().forward([-1.5, 0.0, 1.5])
    array([0.5, 1. , 2. ])
    """

    name = "squareplus"
    hyperparameters = {"b": Hyper(4.0, low=1e-30, open_low=True, high=1e20, open_high=True)}
    derivation = (
        Step(1, "y = (z + sqrt(z**2 + b)) / 2", "definition"),
        Step(2, "r = sqrt(z**2 + b)", "an abbreviation: never below Abs(z)", runs=True),
        Step(3, "h = (Abs(z) + r) / 2", "a sum of two numbers that are not negative loses no digits", runs=True),
        Step(4, "y = Piecewise((h, z > 0), (b / 4 / h, True))",
             "(1), for z <= 0 with numerator and denominator multiplied by r - z: r**2 - z**2 = b", runs=True),
        Step(5, "diff(y, z) = y / r", "(1): (1 + z / r) / 2 over the denominator r"),
        Step(6, "r = y + b / (4 * y)", "(4): h and b / (4 h) have the sum r, and y is one of them"),
        Step(7, "dz = dy * y**2 / (y**2 + b / 4)",
             "chain rule with (5), r by (6): no root is needed on the way back", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 1,
        forward[float], forward[double], backward[float], backward[double])
