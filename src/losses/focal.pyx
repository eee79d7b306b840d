"""focal: the cross-entropy of the softmax, with less weight on samples that are right already."""
from libc.math cimport pow
from pyfc_kernel cimport TAKES_LABELS, int64_t, loss_capsule, loss_kernel, real, shape_t, status
from pyfc_math cimport DOWN, divide, exp_up_low, largest, log1p, sum_low

from pyfc.component import Hyper, Loss
from pyfc.derivation import Step

cdef loss_kernel functions

cdef enum:
    BUFFER = 512  # numbers


# All is worked out in double, with what rounding takes from it, because the power of q multiplies an error by gamma. A
# row of ten classes is too short for vector code. So exp goes over all rows of a block at once.

ctypedef struct row_t:
    int64_t top     # where the largest output is
    double c, r, d  # that output, the sum of (7), and 1 + r
    double rl, dl   # what rounding took from the last two

ctypedef struct term_t:
    double loss, g, p, q  # the loss if this is the label, the g of a target that is 1, and what they come from


cdef inline void exp_all(int64_t n, double *e, double *low) noexcept nogil:
    """Replace n numbers <= 0, and what rounding took from them, by 2**100 times their exp, likewise."""
    cdef int64_t j
    for j in range(n):
        e[j] = exp_up_low(e[j], low[j], &low[j])                                       # (7) (9)


cdef inline void fill(
    int64_t rows, int64_t m, int64_t first, int64_t width, const real *y, const row_t *row, double *e, double *low,
) noexcept nogil:
    """Fill e (rows, width) with 2**100 * exp(y - c), from column first on."""
    cdef int64_t i, j
    cdef double d, far = -770
    for i in range(rows):
        for j in range(width):
            d = <double>y[i * m + first + j] - row[i].c                                # (7) (9)
            low[i * width + j] = 0 if d < far else sum_low(<double>y[i * m + first + j], -row[i].c, d)
            e[i * width + j] = far if d < far else d
    exp_all(rows * width, e, low)


cdef inline void block(int64_t rows, int64_t m, const real *y, row_t *row, double *e, double *low) noexcept nogil:
    """Fill what the classes of each row share, and e, low if they have room for them all; else there is one row."""
    cdef int64_t i, j, width, first = 0
    cdef double r, total
    for i in range(rows):
        row[i].top, row[i].r, row[i].rl = largest(y + i * m, m), 0, 0
        row[i].c = y[i * m + row[i].top]                                               # (6)
    while first < m:
        width = m - first if m - first < BUFFER else BUFFER
        fill(rows, m, first, width, y, row, e, low)
        for i in range(rows):
            r = row[i].r
            for j in range(width):
                if first + j != row[i].top:  # whose exp is 1
                    total = r + e[i * width + j]                                       # (7)
                    row[i].rl += sum_low(r, e[i * width + j], total) + low[i * width + j]
                    r = total
            row[i].r = r
        first += width
    for i in range(rows):
        row[i].r, row[i].rl = row[i].r * DOWN, row[i].rl * DOWN
        row[i].d = 1 + row[i].r
        row[i].dl = sum_low(<double>1, row[i].r, row[i].d) + row[i].rl


cdef inline term_t term(const row_t *row, int64_t k, double y, double gamma) noexcept nogil:
    """Return what there is to know of a label k with output y."""
    cdef term_t x
    cdef double e, power, low = 0, d = y - row.c, u = log1p(row.r) + (row.c - y)       # (8)
    e = exp_up_low(-770 if d < -770 else d, 0 if d < -770 else sum_low(y, -row.c, d), &low)    # (9)
    x.p = divide(e * DOWN, low * DOWN, row.d, row.dl)                                  # (9)
    # Of the largest output, 1 - p would have no digits left.
    x.q = divide(row.r, row.rl, row.d, row.dl) if k == row.top else 1 - x.p            # (10)
    power = pow(x.q, gamma)
    x.loss = power * u                                                                 # (5)
    x.g = power * (1 + gamma * (x.p * u / x.q if x.q != 0 else 1))                     # (11) (12)
    return x


cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, k, at, rows, first = 0, m = shape.cols
    cdef int64_t step = BUFFER // m if 0 < m < BUFFER else 1
    cdef double e[BUFFER]
    cdef double low[BUFFER]
    cdef row_t row[BUFFER]
    cdef double total
    while m and first < shape.rows:
        rows = shape.rows - first if shape.rows - first < step else step
        block(rows, m, y + first * m, row, e, low)
        for i in range(rows):
            at, total = (first + i) * m, row[i].c - row[i].c  # 0, or NaN
            if labels != NULL:
                k = labels[first + i]
                total = term(&row[i], k, y[at + k], hyper[0]).loss                     # (5)
            else:
                for k in range(m):
                    if t[at + k] != 0:  # an output of minus infinity that is not asked for does no harm
                        total += t[at + k] * term(&row[i], k, y[at + k], hyper[0]).loss  # (5)
            loss[first + i] = <real>total
        first += rows
    return 0


cdef inline void backward_row(
    int64_t m, const real *y, const real *t, const int64_t *label, double scale, const row_t *row, double *e,
    double *low, real *dy, double gamma,
) noexcept nogil:
    """Fill dy of one row; e and low have its exps, unless the row is longer than that."""
    cdef int64_t k, width, first = 0
    cdef term_t x
    cdef double p, total = 0
    if label != NULL:
        x = term(row, label[0], y[label[0]], gamma)
        total = x.g                                                                    # (12)
    else:
        for k in range(m):
            if t[k] != 0:
                total += t[k] * term(row, k, y[k], gamma).g                            # (12)
    while first < m:
        width = m - first if m - first < BUFFER else BUFFER
        if m > BUFFER:
            fill(1, m, first, width, y, row, e, low)
        for k in range(width):
            p = divide(e[k] * DOWN, low[k] * DOWN, row.d, row.dl)                      # (9)
            dy[first + k] = <real>(scale * (p * total))                                # (13)
        first += width
    if label != NULL:
        dy[label[0]] = <real>(scale * (-x.q * x.g))                                    # (13)
    else:
        for k in range(m):
            if t[k] != 0:
                x = term(row, k, y[k], gamma)
                dy[k] = <real>(scale * (x.p * (total - t[k] * x.g) - x.q * (t[k] * x.g)))    # (13)


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, at, rows, first = 0, m = shape.cols
    cdef int64_t step = BUFFER // m if 0 < m < BUFFER else 1
    cdef double e[BUFFER]
    cdef double low[BUFFER]
    cdef row_t row[BUFFER]
    while m and first < shape.rows:
        rows = shape.rows - first if shape.rows - first < step else step
        block(rows, m, y + first * m, row, e, low)
        for i in range(rows):
            at = (first + i) * m
            backward_row(
                m, y + at, NULL if t == NULL else t + at, NULL if labels == NULL else labels + first + i,
                scale[first + i], &row[i], e + i * m, low + i * m, dy + at, hyper[0])  # of a long row, i is 0
        first += rows
    return 0


class Focal(Loss):
    """The focal loss of the softmax: for each sample ``-(1 - p)**gamma log(p)`` with the probability p of its label.

    Use it where most samples are easy and would drown the others, as with rare classes: a sample that is right already
    counts less, the more so the larger gamma is. With gamma = 0 it is ``softmax_cross_entropy``. As there, the outputs
    y are logits, any numbers, and the network ends without an activation; targets are integer labels (n,), or rows
    (n, m) of probabilities, one-hot as a rule.

    Parameters
    ----------
    gamma : float, default 2.0
        How much less, >= 0.

    Notes
    -----
    The weight of each class, alpha in the paper, is what ``class_weight`` of ``fit`` is for.

    References
    ----------
    T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollar, "Focal Loss for Dense Object Detection", ICCV (2017), for two
    classes.

    Examples
    --------
    >>> import pyfc
    >>> y, labels = [[0.0, 0.0], [1.0, 0.0], [0.0, 10000.0]], [0, 0, 0]
    >>> [round(pyfc.get("losses", "focal")(gamma=g).value(y[:2], labels[:2]), 4) for g in (0, 2)]
    [0.5032, 0.098]
    >>> pyfc.get("losses", "focal")().gradient(y, labels).round(3)
    array([[-0.099,  0.099],
           [-0.018,  0.018],
           [-0.333,  0.333]])
    """

    name = "focal"
    task = "classification"
    hyperparameters = {"gamma": Hyper(2.0, low=0)}
    derivation = (
        Step(1, "s = Sum(exp(y[j]), (j, 1, m))", "what all classes of a sample share"),
        Step(2, "p[k] = exp(y[k]) / s", "the softmax: the probability of class k"),
        Step(3, "q[k] = Sum(Piecewise((0, Eq(j, k)), (exp(y[j]), True)), (j, 1, m)) / s",
             "1 - p[k], the probability of all others"),
        Step(4, "u[k] = log(s) - y[k]", "-log(p[k]): the cross-entropy, if k is the label"),
        Step(5, "l = Sum(t[k] * q[k]**gamma * u[k], (k, 1, m))",
             "definition; t[k] is 1 at the label and 0 elsewhere, or a probability", runs=True),
        Step(6, "c = Max(y[k], (k, 1, m))", "the largest output: less it, none has an exp that overflows", runs=True),
        Step(7, "r = Sum(exp(y[k] - c), (k, 1, m)) - 1",
             "the term of the largest output is exp(0) = 1: leaving it out keeps the others exact", runs=True),
        Step(8, "log(s) = c + log(1 + r)", "(1) with exp(c) taken out of the sum: what is left of (4) is c - y[k]",
             runs=True),
        Step(9, "p[k] = exp(y[k] - c) / (1 + r)", "(2), numerator and denominator divided by exp(c)", runs=True),
        Step(10, "q[k] = Sum(Piecewise((0, Eq(j, k)), (exp(y[j] - c), True)), (j, 1, m)) / (1 + r)",
             "(3) likewise: for the largest output that is r / (1 + r)", runs=True),
        Step(11, "h[k] = Piecewise((p[k] * u[k] / q[k], q[k] > 0), (1, True))", "1 is the limit for p = 1", runs=True),
        Step(12, "g[k] = t[k] * q[k]**gamma * (1 + gamma * h[k])", "-p[k] times the derivative of (5) by p[k]",
             runs=True),
        Step(13, "dy[j] = p[j] * (Sum(g[k], (k, 1, m)) - g[j]) - q[j] * g[j]",
             "chain rule with (12): the derivative of p[k] by y[j] is p[k] ((1 if k = j else 0) - p[j])", runs=True),
    )
    kernel = loss_capsule(
        &functions, TAKES_LABELS, 1, forward[float], forward[double], backward[float], backward[double])

    @property
    def probability(self):
        """Return ``"softmax"``."""
        return "softmax"
