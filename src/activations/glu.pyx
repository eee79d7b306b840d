"""glu: the first half of a row, each number times the sigmoid of its partner in the second half."""
from pyfc_kernel cimport (
    NEEDS_Z, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport DOWN, absolute, choose, distance, divide, exp_up_low

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions

# e and s may be below the smallest normal number, while their product with a large z is not. So they are worked out
# 2**100 times as large, and what undoes that is put where nothing overflows: before, if z is large, else at the end.


cdef inline void forward_row(int64_t q, const real *z, real *y) noexcept nogil:
    """Fill one row of y."""
    cdef int64_t j
    cdef real b, up, low, e, d, s, zero = 0, one = 1, far = 770 if real is double else 150
    cdef real first, last, down = DOWN
    for j in range(q):
        b = z[q + j]
        up = exp_up_low(-distance(b, far), zero, &low)
        up, low = (zero, zero) if absolute(b) > far else (up, low)
        e = up * down                                                       # (2)
        d = one + e
        s = divide(choose(b, one, up), choose(b, zero, low), d, ((one - d) + e) + low * down)           # (3)
        first = choose(b, one, down if absolute(z[j]) > one else one)
        last = choose(b, one, one if absolute(z[j]) > one else down)
        y[j] = (z[j] * first) * s * last                                    # (4)


cdef inline void backward_row(int64_t q, const real *z, const real *dy, real *dz) noexcept nogil:
    """Fill one row of dz."""
    cdef int64_t j
    cdef real b, up, low, e, d, dl, s, t, c, cl, zero = 0, one = 1, two = 2, far = 770 if real is double else 150
    cdef real first, last, down = DOWN
    for j in range(q):
        b = z[q + j]
        up = exp_up_low(-distance(b, far), zero, &low)
        up, low = (zero, zero) if absolute(b) > far else (up, low)
        e = up * down                                                       # (2)
        d = one + e
        dl = ((one - d) + e) + low * down
        s = divide(choose(b, one, up), choose(b, zero, low), d, dl) * choose(b, one, down)              # (3)
        dz[j] = dy[j] * s                                                   # (6)
        t = two + e
        c = one + e * t  # d**2, rounded but once
        cl = ((one - c) + e * t) + (e * ((two - t) + e) + low * down * (d + d))
        first = down if absolute(z[j]) > one else one
        last = one if absolute(z[j]) > one else down
        dz[q + j] = dy[j] * ((z[j] * first) * divide(up, low, c, cl) * last)            # (6)


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i, q = shape.out_cols
    if shape.cols != 2 * q:
        return 1
    for i in range(shape.rows):
        forward_row(q, z + i * 2 * q, y + i * q)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i, q = shape.out_cols
    if shape.cols != 2 * q:
        return 1
    for i in range(shape.rows):
        backward_row(q, z + i * 2 * q, dy + i * q, dz + i * 2 * q)
    return 0


class GLU(Activation):
    """The gated linear unit, ``y[j] = z[j] * sigmoid(z[q + j])``: a row of 2 q inputs gives q outputs.

    Use it in hidden layers: the second half of a layer's outputs are gates, which learn what of the first half passes.
    ``Dense(64, 128), "glu", Dense(64, 10)``: 128 inputs, 64 outputs.

    Notes
    -----
    The halves are those of PyTorch and Keras (the last axis; both can take another one).

    References
    ----------
    Y. N. Dauphin, A. Fan, M. Auli, D. Grangier, "Language modeling with gated convolutional networks", ICML (2017).

    Examples
    --------
    >>> import pyfc
    >>> glu = pyfc.get("activations", "glu")()
    >>> glu.forward([[1.0, 2.0, 0.0, 1000.0]])
    array([[0.5, 2. ]])
    >>> glu.backward([[1.0, 1.0]], z=[[1.0, 2.0, 0.0, 1000.0]])
    array([[0.5 , 1.  , 0.25, 0.  ]])
    """

    name = "glu"
    derivation = (
        Step(1, "y[j] = z[j] / (1 + exp(-z[j + q]))", "definition: times the sigmoid of its partner",
             shapes="z (m), y (q), dy (q), e (q), s (q)"),
        Step(2, "e[j] = exp(-Abs(z[j + q]))", "exp of a number that is not positive cannot overflow", runs=True),
        Step(3, "s[j] = Piecewise((1, z[j + q] > 0), (e[j], True)) / (1 + e[j])",
             "the sigmoid, for z[j + q] <= 0 with numerator and denominator multiplied by exp(z[j + q])", runs=True),
        Step(4, "y[j] = z[j] * s[j]", "(1) with (3)", runs=True),
        Step(5, "s[j] * (1 - s[j]) = e[j] / (1 + e[j])**2", "(3): the derivative of the sigmoid, on both sides of 0"),
        Step(6, "dz[i] = Piecewise((dy[i] * s[i], i <= q),"
                " (dy[i - q] * z[i - q] * e[i - q] / (1 + e[i - q])**2, True))",
             "chain rule on (4): the first half has the gate as its slope; the second, with (5), the slope of the gate",
             shapes="dz (m)", runs=True),
    )
    kernel = activation_capsule(
        &functions, NEEDS_Z, 0,
        forward[float], forward[double], backward[float], backward[double])

    def out_cols(self, cols):
        """Return how many outputs a row of ``cols`` inputs has: half as many."""
        if cols % 2:
            raise ValueError(
                f"{self!r} got {cols} inputs: expected an even number, half of them gates; "
                f"give the layer before it {cols + 1} outputs"
            )
        return cols // 2
