"""gelu_tanh: the approximation of gelu by a tanh."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Z, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport (
    DOWN, absolute, choose, copysign, distance, divide, exp_up_low, less, product_low, rounded, short, sum_low)

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef inline real exponent(real z, real *low) noexcept nogil:
    """Return 2 u = c1 z + c3 z**3 for z >= 0, and what rounding takes from it, for exp multiplies that by 2 |u|."""
    cdef double c1 = 1.5957691216057308, c1_high = 1.5957691216053718, c1_low = 3.589464330756845e-13
    cdef double c3 = 0.07135481627260025, c3_high = 0.07135391235351562, c3_low = 9.039190846237764e-07
    cdef double x = z, h, cube, first, second, total, back, rest
    cdef real u
    if real is float:
        total = x * (c1 + c3 * x * x)
        u = <real>total
        low[0] = <real>(total - u)
        return u
    h = short(x + 0.0001220703125 * x)  # rounded, not cut
    cube = h * h * h
    first = c1_high * h
    second = c3_high * cube  # exact, as the first: all factors are short
    total = first + second
    back = total - first
    rest = (first - (total - back)) + (second - back)
    rest += c1_low * h + rounded(c3_low * cube)
    rest += (x - h) * (c1 + c3 * (x * (x + h) + rounded(h * h)))
    u = <real>(total + rest)  # rest can be 0.4: too much for exp_up to take beside a number
    low[0] = <real>((total - u) + rest)
    return u


cdef inline real slope(real z, real *low) noexcept nogil:
    """Return z times the derivative of 2 u, c1 z + c3 z**3, and what rounding takes from it."""
    cdef double c1 = 1.5957691216057308, c1_low = -9.96930880911092e-17
    cdef double c3 = 0.21406444881780073, c3_low = 1.2025242832367862e-17
    cdef double x = z, square = x * x, t = rounded(c3 * square), v = c1 + t, r = x * v, rest
    if real is float:
        low[0] = 0
    else:
        rest = product_low(c3, square, t) + (c3_low * square + rounded(c3 * product_low(x, x, square)))
        rest += sum_low(c1, t, v) + c1_low
        low[0] = product_low(x, v, r) + x * rest
    return <real>r


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, u, up, low, e, d, n, w, zero = 0, one = 1, far = 21.75 if real is double else 12
    cdef real down = DOWN
    for i in range(shape.rows * shape.cols):
        x = distance(z[i], far)  # e(far) is 0, and infinity times it would be NaN
        u = exponent(x, &low)                                                             # (1) (4)
        up = exp_up_low(-u, -low, &low)  # a product with it is exact where e is subnormal
        e = up * down                                                                     # (4)
        d = one + e
        w = divide(e, low * down, d, (one - d) + e)
        n = choose(z[i], x, x * up)
        low = choose(z[i], zero, product_low(x, up, n) + x * low)
        n = less(choose(z[i], absolute(z[i]), n), n, low, w)                    # (5)
        y[i] = copysign(n * choose(z[i], one, down), z[i])                    # (5)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, u, up, low, e, d, n, p, q, r, t, dl, nl, low_e, zero = 0, one = 1, two = 2
    cdef real far = 21.75 if real is double else 12
    cdef real down = DOWN
    for i in range(shape.rows * shape.cols):
        x = distance(z[i], far)
        u = exponent(x, &low)                                                             # (1) (4)
        up = exp_up_low(-u, -low, &low)
        e = up * down                                                                     # (4)
        d = one + e
        low_e = low * down
        dl = ((one - d) + e) + low_e
        r = slope(x, &nl)                                                                 # (6)
        nl = choose(z[i], nl * e, -nl)
        r = choose(z[i], r * e, -r)
        n = d + r                                                                         # (7)
        nl += sum_low(d, r, n) + dl
        up, low = choose(z[i], one, up), choose(z[i], zero, low)
        p = up * n
        t = two + e
        q = one + e * t  # d**2, rounded but once
        nl = product_low(up, n, p) + (up * nl + rounded(low * n))
        dl = ((one - q) + e * t) + (e * ((two - t) + e) + rounded(low_e * (d + d)))
        dz[i] = dy[i] * (divide(p, nl, q, dl) * choose(z[i], one, down))                  # (7)
    return 0


class GELUTanh(Activation):
    """The tanh form of gelu, ``y = z / 2 * (1 + tanh(u))`` with ``u = sqrt(2 / pi) * (z + 0.044715 * z**3)``.

    Use it to run models that were trained with it, such as BERT and GPT-2; it differs from ``gelu`` by at most 0.0005.

    References
    ----------
    D. Hendrycks, K. Gimpel, "Gaussian error linear units (GELUs)", arXiv:1606.08415 (2016).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "gelu_tanh")().forward([-1000.0, 0.0, 1000.0])
    array([  -0.,    0., 1000.])
    """

    name = "gelu_tanh"
    derivation = (
        Step(1, "u = sqrt(2 / pi) * (z + 44715 * z**3 / 1000000)", "an abbreviation", runs=True),
        Step(2, "y = z / 2 * (1 + tanh(u))", "definition"),
        Step(3, "y = z / (1 + exp(-2 * u))", "(2) with tanh(u) = 2 / (1 + exp(-2 u)) - 1"),
        Step(4, "e = exp(-2 * Abs(u))", "exp of a number that is not positive cannot overflow", runs=True),
        Step(5, "y = Piecewise((z / (1 + e), z > 0), (z * e / (1 + e), True))",
             "(3), for z <= 0 with numerator and denominator multiplied by e; u has the sign of z", runs=True),
        Step(6, "v = 2 * sqrt(2 / pi) * (1 + 3 * 44715 * z**2 / 1000000)", "the derivative of 2 u", runs=True),
        Step(7, "dz = dy * Piecewise(((1 + z * v * e / (1 + e)) / (1 + e), z > 0),"
                " (e * (1 + z * v / (1 + e)) / (1 + e), True))",
             "chain rule and product rule with (5) and (6)", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Z, 0,
        forward[float], forward[double], backward[float], backward[double])
