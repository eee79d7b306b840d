"""focal: the cross-entropy of the softmax, with less weight on samples that are right already. In Cython."""
from libc.math cimport pow
from pyfc_kernel cimport TAKES_LABELS, int64_t, loss_capsule, loss_kernel, real, shape_t, status
from pyfc_math cimport DOWN, distance, exp_below, exp_up, log1p, sum_low

from pyfc.component import Hyper, Loss, Step

cdef loss_kernel functions

ctypedef struct row_t:
    int64_t top   # where the largest output is
    double c, r   # that output, and the sum of (6)


cdef inline double exp_of_difference(double y, double c) noexcept nogil:
    """Return exp(y - c) for y <= c, with what rounding takes from the difference: the power of q would show it."""
    cdef double d = y - c
    return exp_up(-distance(d, <double>770), sum_low(y, -c, d)) * DOWN if d > -770 else exp_below(d)


cdef inline row_t row_of(int64_t m, const real *y) noexcept nogil:
    """Return what all classes of a sample share; in double, for q is raised to a power."""
    cdef int64_t k
    cdef row_t row
    row.top, row.r = 0, 0
    for k in range(1, m):
        if y[k] > y[row.top]:
            row.top = k
    row.c = y[row.top]                                                 # (5)
    for k in range(m):
        if k != row.top:  # whose exp is 1
            row.r += exp_of_difference(y[k], row.c)                  # (6)
    return row


cdef inline double surprise(const row_t *row, double y) noexcept nogil:
    """Return u."""
    return log1p(row.r) + (row.c - y)                                  # (7)


cdef inline double chance(const row_t *row, double y) noexcept nogil:
    """Return p."""
    return exp_of_difference(y, row.c) / (1 + row.r)                          # (8)


cdef inline double rest(const row_t *row, int64_t k, double p) noexcept nogil:
    """Return q; where p is near 1, the sum of the others has digits that 1 - p has not."""
    return row.r / (1 + row.r) if k == row.top else 1 - p              # (9)


cdef inline double push(const row_t *row, int64_t k, double y, double gamma) noexcept nogil:
    """Return g of a target that is 1."""
    cdef double p = chance(row, y), q = rest(row, k, p)
    return pow(q, gamma) * (1 + gamma * (p * surprise(row, y) / q if q != 0 else 1))        # (10) (11)


cdef inline double target(
    const shape_t *shape, const real *t, const int64_t *labels, int64_t i, int64_t k,
) noexcept nogil:
    """Return t[k] of sample i, which is 1 at a label and 0 elsewhere."""
    if labels != NULL:
        return 1 if k == labels[i] else 0
    return t[i * shape.cols + k]


cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, k, m = shape.cols
    cdef double share, p, q, total, gamma = hyper[0]
    cdef row_t row
    for i in range(shape.rows if m else 0):
        row, total = row_of(m, y + i * m), 0
        for k in range(m):
            share = target(shape, t, labels, i, k)
            if share != 0:  # an output of minus infinity at a class that is not asked for does no harm
                p = chance(&row, y[i * m + k])
                q = rest(&row, k, p)
                total += share * pow(q, gamma) * surprise(&row, y[i * m + k])              # (4)
        loss[i] = <real>total
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, k, at, m = shape.cols
    cdef double share, p, g, total, gamma = hyper[0]
    cdef row_t row
    for i in range(shape.rows if m else 0):
        row, total = row_of(m, y + i * m), 0
        for k in range(m):
            share = target(shape, t, labels, i, k)
            if share != 0:
                total += share * push(&row, k, y[i * m + k], gamma)                        # (11)
        for k in range(m):
            at, share = i * m + k, target(shape, t, labels, i, k)
            g = share * push(&row, k, y[at], gamma) if share != 0 else 0                   # (11)
            p = chance(&row, y[at])
            dy[at] = <real>(scale[i] * (p * (total - g) - rest(&row, k, p) * g))           # (12)
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
        Step(1, "p[k] = exp(y[k]) / Sum(exp(y[j]), (j, 1, m))", "the softmax: the probability of class k"),
        Step(2, "q[k] = 1 - p[k]", "the probability of all others"),
        Step(3, "u[k] = -log(p[k])", "the cross-entropy, if k is the label"),
        Step(4, "l = Sum(t[k] * q[k]**gamma * u[k], (k, 1, m))",
             "definition; t[k] is 1 at the label and 0 elsewhere, or a probability", runs=True),
        Step(5, "c = Max(y[k], (k, 1, m))", "the largest output: less it, none has an exp that overflows", runs=True),
        Step(6, "r = Sum(exp(y[k] - c), (k, 1, m)) - 1",
             "the term of the largest output is exp(0) = 1: leaving it out keeps the others exact", runs=True),
        Step(7, "u[k] = log(1 + r) + (c - y[k])", "(3) with (1), numerator and denominator divided by exp(c)",
             runs=True),
        Step(8, "p[k] = exp(y[k] - c) / (1 + r)", "likewise", runs=True),
        Step(9, "q[k] = Sum(Piecewise((0, Eq(j, k)), (exp(y[j] - c), True)), (j, 1, m)) / (1 + r)",
             "(2): the sum without its own term; of the largest output that is r", runs=True),
        Step(10, "h[k] = Piecewise((p[k] * u[k] / q[k], q[k] > 0), (1, True))", "1 is the limit for p = 1", runs=True),
        Step(11, "g[k] = t[k] * q[k]**gamma * (1 + gamma * h[k])", "-p[k] times the derivative of (4) by p[k]",
             runs=True),
        Step(12, "dy[j] = p[j] * (Sum(g[k], (k, 1, m)) - g[j]) - q[j] * g[j]",
             "chain rule with (11): the derivative of p[k] by y[j] is p[k] ((1 if k = j else 0) - p[j])", runs=True),
    )
    kernel = loss_capsule(
        &functions, TAKES_LABELS, 1, forward[float], forward[double], backward[float], backward[double])

    @property
    def probability(self):
        """Return ``"softmax"``."""
        return "softmax"
