"""mish: the input times the tanh of its softplus: smooth, and like relu far from zero."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Z, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport (
    DOWN, absolute, choose, copysign, distance, divide, exp_up_low, less, product_low, rounded, sum_low)

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, up, low, e, f, q, r, w, one = 1, half = 0.5, two = 2, zero = 0, far = 770 if real is double else 150
    cdef real down = DOWN
    for i in range(shape.rows * shape.cols):
        x = distance(z[i], far)  # exp(-far) is 0, and infinity times it would be NaN
        up = exp_up_low(-x, zero, &low)  # a product with it is exact where e is subnormal
        e = up * down                                                          # (3)
        f = one + e
        r = e * choose(z[i], two * f, one + half * e)
        q = one + r                                                            # (4)
        w = choose(z[i], two * e, half * f) * e
        w = divide(w, zero, q, (one - q) + r)                                  # (5)
        r = choose(z[i], x, x * up)
        low = choose(z[i], zero, product_low(x, up, r) + x * low)
        r = less(choose(z[i], absolute(z[i]), r), r, low, w)                    # (5)
        y[i] = copysign(r * choose(z[i], one, down), z[i])                    # (5)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, up, low, e, d, g, n, p, q, ql, r, rl, u, ul, v, vl, b, one = 1, half = 0.5, two = 2, four = 4, zero = 0
    cdef real far = 770 if real is double else 150
    cdef real down = DOWN
    for i in range(shape.rows * shape.cols):
        x = distance(z[i], far)
        up = exp_up_low(-x, zero, &low)
        e = up * down                                                          # (3)
        b = choose(z[i], two, half) * e
        u = one + b                                                            # (6)
        ul = (one - u) + b
        g = choose(z[i], two + two * e, u)
        r = e * g
        q = one + r                                                            # (4)
        rl = product_low(e, g, r) + e * choose(z[i], zero, ul)
        ql = ((one - q) + r) + rl
        b = x * choose(z[i], four * e * e, -one)
        v = b + b * e                                                          # (6)
        vl = (b - v) + b * e
        p = rounded(u * q)
        n = p + v                                                              # (6)
        vl += product_low(u, q, p) + (u * ql + rounded(ul * q)) + sum_low(p, v, n)
        up, low = choose(z[i], one, up), choose(z[i], zero, low)
        p = up * n                                                             # (6)
        b = two + r
        d = one + r * b  # q**2, rounded but once                              # (6)
        vl = product_low(up, n, p) + (up * vl + rounded(low * n))
        ql = ((one - d) + r * b) + (r * ((two - b) + r) + rounded((b + r) * rl))
        dz[i] = dy[i] * (divide(p, vl, d, ql) * choose(z[i], one, down))       # (6)
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
