"""sparsemax: turns a row of numbers into probabilities, of which many are exactly 0."""
from pyfc_kernel cimport (
    IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport highest, sum_low

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef inline double threshold(int64_t m, const real *z, double c) noexcept nogil:
    """Return u of a row; c is its largest number.

    Of too many numbers the threshold comes out too low, so that those below it can be left out, until none is.
    """
    cdef int64_t k, last = 0, count = -1
    cdef double d, total, u = -1
    while count != last:
        last, count, total = count, 0, 0
        for k in range(m):
            d = z[k] - c
            if not d <= u:  # so that a NaN counts, and all of its row becomes NaN
                total += d                                             # (7)
                count += 1
        u = (total - 1) / count                                        # (7)
    return u


cdef inline void forward_row(int64_t m, const real *z, real *y) noexcept nogil:
    cdef int64_t i
    cdef double d, c = highest(z, m)                                   # (6)
    cdef double u = threshold(m, z, c)
    for i in range(m):
        d = (z[i] - c) - u                                             # (8)
        y[i] = <real>(0 if d <= 0 else d)                              # (8)


cdef inline void backward_row(int64_t m, const real *y, const real *dy, real *dz) noexcept nogil:
    """Fill one row of dz."""
    cdef int64_t i
    cdef double s, p, q, t, count = 0, low = 0, total = 0
    for i in range(m):
        s = 1 if y[i] > 0 else y[i]                                    # (9)
        count += s                                                     # (10)
        p = s * dy[i]                                                  # (10)
        t = total + p                                                  # (10)
        if real is double:  # what rounding took
            low += sum_low(total, p, t)
        total = t
    q = total / count                                                  # (10)
    low = ((total - q * count) + low) / count  # and from q
    for i in range(m):
        s = 1 if y[i] > 0 else y[i]                                    # (9)
        dz[i] = <real>(s * ((dy[i] - q) - low))                           # (10)


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i, m = shape.cols
    for i in range(shape.rows if m else 0):
        forward_row(m, z + i * m, y + i * m)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i, m = shape.cols
    for i in range(shape.rows if m else 0):
        backward_row(m, y + i * m, dy + i * m, dz + i * m)
    return 0


class Sparsemax(Activation):
    """The sparsemax of each row: the probabilities, numbers >= 0 with sum 1, that are nearest to it.

    Use it in place of ``softmax`` at an output that may exclude classes altogether: entries far enough below the
    largest get exactly 0. Each entry loses the same threshold tau, and what is below it becomes 0.

    To train it, take a loss that is finite at a probability of 0, such as ``squared_error``. It learns nothing where
    the network is sure of a wrong class, for there the gradient of sparsemax itself is 0: begin with small weights, or
    train with ``softmax_cross_entropy`` and no activation and put sparsemax behind the trained network. The loss made
    for sparsemax (section 3 of the paper below) is not in pyfc; a plugin can bring it.

    References
    ----------
    A. F. T. Martins, R. F. Astudillo, "From Softmax to Sparsemax: A Sparse Model of Attention and Multi-Label
    Classification", ICML (2016).

    Examples
    --------
    >>> import pyfc
    >>> sparsemax = pyfc.get("activations", "sparsemax")()
    >>> y = sparsemax.forward([[0.5, 0.25, -3.0], [1000.0, 0.0, 0.0]])
    >>> y
    array([[0.625, 0.375, 0.   ],
           [1.   , 0.   , 0.   ]])
    >>> sparsemax.backward([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]], y=y)
    array([[ 0.5, -0.5, -0. ],
           [ 0. , -0. , -0. ]])
    """

    name = "sparsemax"
    derivation = (
        Step(1, "s[i] = Piecewise((1, Sum(Max(z[k] - z[i], 0), (k, 1, m)) < 1), (0, True))",
             "which entries keep something: those above it are above it by less than 1 in sum"),
        Step(2, "tau = (Sum(s[k] * z[k], (k, 1, m)) - 1) / Sum(s[k], (k, 1, m))",
             "the threshold that leaves 1 of them in sum"),
        Step(3, "y[i] = Max(z[i] - tau, 0)",
             "definition: for the nearest point with sum 1 and no entry below 0, z - y is tau where y > 0 and at most "
             "tau elsewhere (the conditions of Karush, Kuhn and Tucker)"),
        Step(4, "total = Sum(y[k], (k, 1, m))", "to be 1"),
        Step(5, "total = 1", "so (1) has chosen the right entries"),
        Step(6, "c = Max(z[k], (k, 1, m))", "the largest: less it, no number is far from the threshold", runs=True),
        Step(7, "u = (Sum(s[k] * (z[k] - c), (k, 1, m)) - 1) / Sum(s[k], (k, 1, m))", "the threshold of z - c",
             runs=True),
        Step(8, "y[i] = s[i] * ((z[i] - c) - u)", "(3): u is tau - c, and what is above the threshold has s = 1",
             runs=True),
        Step(9, "s[i] = sign(y[i])", "the output shows which entries they were", runs=True),
        Step(10, "dz[i] = s[i] * (dy[i] - Sum(s[k] * dy[k], (k, 1, m)) / Sum(s[k], (k, 1, m)))",
             "chain rule on (3): a z[i] with s = 1 moves y[i] by itself and all by tau, of which it is one part in "
             "Sum(s)", runs=True),
    )
    kernel = activation_capsule(
        &functions, IN_PLACE | NEEDS_Y, 0, forward[float], forward[double], backward[float], backward[double])
