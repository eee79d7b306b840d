"""silu: the input times its sigmoid: smooth, and like relu far from zero."""
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
    cdef real x, up, low, e, d, n, w, zero = 0, one = 1, far = 770 if real is double else 150
    cdef real down = DOWN
    for i in range(shape.rows * shape.cols):
        x = distance(z[i], far)  # exp(-far) is 0, and infinity times it would be NaN
        up = exp_up_low(-x, zero, &low)  # a product with it is exact where e is subnormal
        e = up * down                                                                   # (2)
        d = one + e
        w = divide(e, low * down, d, (one - d) + e)
        n = choose(z[i], x, x * up)
        low = choose(z[i], zero, product_low(x, up, n) + x * low)
        n = less(choose(z[i], absolute(z[i]), n), n, low, w)                    # (3)
        y[i] = copysign(n * choose(z[i], one, down), z[i])                    # (3)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, up, low, e, d, n, p, q, r, t, dl, nl, low_e, zero = 0, one = 1, two = 2
    cdef real far = 770 if real is double else 150
    cdef real down = DOWN
    for i in range(shape.rows * shape.cols):
        x = distance(z[i], far)
        up = exp_up_low(-x, zero, &low)
        e = up * down                                                                   # (2)
        d = one + e
        low_e = low * down
        dl = ((one - d) + e) + low_e
        r = choose(z[i], x * e, -x)
        n = d + r                                                                       # (6)
        nl = sum_low(d, r, n) + dl
        up, low = choose(z[i], one, up), choose(z[i], zero, low)
        p = up * n
        t = two + e
        q = one + e * t  # d**2, rounded but once
        nl = product_low(up, n, p) + (up * nl + rounded(low * n))
        dl = ((one - q) + e * t) + (e * ((two - t) + e) + rounded(low_e * (d + d)))
        dz[i] = dy[i] * (divide(p, nl, q, dl) * choose(z[i], one, down))                # (6)
    return 0


class SiLU(Activation):
    """The sigmoid linear unit, ``y = z * sigmoid(z)``, also called swish.

    Use it in the hidden layers of deep networks, where its smoothness often trains a little better than ``relu``.

    References
    ----------
    S. Elfwing, E. Uchibe, K. Doya, "Sigmoid-weighted linear units for neural network function approximation in
    reinforcement learning", Neural Networks 107 (2018).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "silu")().forward([-1000.0, 0.0, 1000.0])
    array([  -0.,    0., 1000.])
    """

    name = "silu"
    derivation = (
        Step(1, "y = z / (1 + exp(-z))", "definition"),
        Step(2, "e = exp(-Abs(z))", "exp of a number that is not positive cannot overflow", runs=True),
        Step(3, "y = Piecewise((z / (1 + e), z > 0), (z * e / (1 + e), True))",
             "(1), for z <= 0 with numerator and denominator multiplied by e = exp(z)", runs=True),
        Step(4, "s = 1 / (1 + exp(-z))", "the sigmoid, so that y = z s"),
        Step(5, "diff(y, z) = s * (1 + z * (1 - s))", "product rule on (1) with s' = s (1 - s)"),
        Step(6, "dz = dy * Piecewise(((1 + z * e / (1 + e)) / (1 + e), z > 0),"
                " (e * (1 + z / (1 + e)) / (1 + e), True))",
             "chain rule with (5), where s is 1 / (1 + e) for z > 0 and e / (1 + e) elsewhere", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Z, 0,
        forward[float], forward[double], backward[float], backward[double])
