"""softmax_cross_entropy: the loss of classification, where exactly one of the classes is right."""
from libc.math cimport INFINITY
from pyfc_kernel cimport TAKES_LABELS, int64_t, loss_capsule, loss_kernel, real, shape_t, status
from pyfc_math cimport exp_below, highest, largest, log1p, sum_of

from pyfc.component import Hyper, Loss
from pyfc.derivation import Step

cdef loss_kernel functions


cdef enum:
    BUFFER = 1024  # numbers


# A row of ten classes is too short for vector code. So exp goes over all rows of a block at once.

cdef inline void exp_all(int64_t n, real *e) noexcept nogil:
    """Replace n numbers <= 0 by their exp."""
    cdef int64_t j
    for j in range(n):
        e[j] = exp_below(e[j])                                                         # (4)


cdef inline void block(int64_t rows, int64_t m, const real *y, real *c, real *r) noexcept nogil:
    """Fill c and r of each row; all rows have BUFFER numbers, or there is one of m."""
    cdef int64_t i, j, width, first = 0
    cdef int64_t tops[BUFFER]
    cdef real e[BUFFER]
    cdef real minus_infinity = -INFINITY
    for i in range(rows):
        tops[i] = largest(y + i * m, m)
        c[i], r[i] = y[i * m + tops[i]], 0                                             # (3)
    while first < m:
        width = m - first if m - first < BUFFER else BUFFER
        for i in range(rows):
            for j in range(width):
                e[i * width + j] = y[i * m + first + j] - c[i]                         # (4)
            if first <= tops[i] < first + width:
                e[i * width + tops[i] - first] = minus_infinity  # whose exp is 0
        exp_all(rows * width, e)
        for i in range(rows):
            r[i] += <real>sum_of(&e[i * width], width)                                 # (4)
        first += width


cdef inline real loss_of(
    int64_t m, const real *y, const real *t, real c, real r, real keep, real spread,
) noexcept nogil:
    """Return the loss of one row of targets."""
    cdef int64_t j
    cdef real s, total = 0
    for j in range(m):
        s = keep * t[j] + spread                                                       # (1)
        if s != 0:  # an output of minus infinity at a class that is not asked for does no harm
            total += s * (r + (c - y[j]))                                              # (5)
    return total


cdef inline real loss_at(
    int64_t m, const real *y, int64_t label, real c, real r, real keep, real spread,
) noexcept nogil:
    """Return the same for a label."""
    cdef int64_t j
    cdef real total = 0
    if spread == 0:
        return keep * (r + (c - y[label]))                                             # (5)
    for j in range(m):
        total += (keep + spread if j == label else spread) * (r + (c - y[j]))          # (1) (5)
    return total


cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, rows, first = 0, m = shape.cols
    cdef int64_t step = BUFFER // m if 0 < m < BUFFER else 1
    cdef real keep = <real>(1 - hyper[0]), spread = <real>(hyper[0] / m)
    cdef real c[BUFFER]
    cdef real r[BUFFER]
    while m and first < shape.rows:
        rows = shape.rows - first if shape.rows - first < step else step
        block(rows, m, y + first * m, c, r)
        for i in range(rows):
            r[i] = log1p(r[i])                                                         # (5)
        for i in range(rows):
            if labels != NULL:
                loss[first + i] = loss_at(m, y + (first + i) * m, labels[first + i], c[i], r[i], keep, spread)
            else:
                loss[first + i] = loss_of(m, y + (first + i) * m, t + (first + i) * m, c[i], r[i], keep, spread)
        first += rows
    return 0


cdef inline void backward_row(
    int64_t m, const real *t, const int64_t *label, real scale, real *dy, real keep, real spread, real smoothing,
) noexcept nogil:
    """Turn a row of dy from exp(y - c) into the gradient."""
    cdef int64_t j
    cdef real s, f, e
    f = <real>sum_of(dy, m)                                                            # (4)
    if label != NULL:
        f = (keep + smoothing) / f                                                     # (6) (8)
        e = dy[label[0]]
        for j in range(m):
            dy[j] = scale * (dy[j] * f - spread)                                       # (1) (8)
        dy[label[0]] = scale * (e * f - (keep + spread))                               # (1) (8)
    else:
        f = (keep * <real>sum_of(t, m) + smoothing) / f                                # (6) (8)
        for j in range(m):
            s = keep * t[j] + spread                                                   # (1)
            dy[j] = scale * (dy[j] * f - s)                                            # (8)


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real c, keep = <real>(1 - hyper[0]), spread = <real>(hyper[0] / m), smoothing = <real>hyper[0]
    for i in range(shape.rows if m else 0):
        c = highest(y + i * m, m)                                                      # (3)
        for j in range(m):
            dy[i * m + j] = y[i * m + j] - c                                           # (4)
    exp_all(shape.rows * m, dy)
    for i in range(shape.rows if m else 0):
        backward_row(
            m, NULL if t == NULL else t + i * m, NULL if labels == NULL else labels + i, scale[i], dy + i * m,
            keep, spread, smoothing)
    return 0


class SoftmaxCrossEntropy(Loss):
    """Cross-entropy of the softmax: for each sample ``-log p[label]``, with ``p = softmax(y)``.

    The outputs y are logits, any numbers; the network ends without an activation, because loss and softmax together are
    both simpler and safe for every y, however large. Targets are integer labels (n,), or rows (n, m) of probabilities,
    of which one-hot rows are the usual case: the loss is then ``-sum(t * log(p))``.

    Use it for classes of which exactly one is right. For a single yes or no, or several that may be right together,
    take ``binary_cross_entropy``; where some of the labels are wrong, some ``smoothing`` helps.

    Parameters
    ----------
    smoothing : float, default 0.0
        Label smoothing, >= 0 and < 1: so much of each target is spread evenly over all classes.

    References
    ----------
    J. S. Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs", in: Neurocomputing,
    Springer (1990). Label smoothing: C. Szegedy et al., "Rethinking the Inception Architecture for Computer Vision",
    CVPR (2016).

    Examples
    --------
    >>> import pyfc
    >>> loss = pyfc.get("losses", "softmax_cross_entropy")()
    >>> y = [[0.0, 0.0], [1000.0, 0.0]]
    >>> round(loss.value(y, [0, 1]), 6)
    500.346574
    >>> loss.gradient(y, [0, 1])
    array([[-0.25,  0.25],
           [ 0.5 , -0.5 ]])
    """

    name = "softmax_cross_entropy"
    task = "classification"
    hyperparameters = {"smoothing": Hyper(0.0, low=0, high=1, open_high=True)}
    derivation = (
        Step(1, "s[k] = (1 - smoothing) * t[k] + smoothing / m",
             "the smoothed target; t[k] is 1 at the label and 0 elsewhere, or a probability", runs=True),
        Step(2, "l = Sum(s[k] * (log(Sum(exp(y[j]), (j, 1, m))) - y[k]), (k, 1, m))",
             "definition: -Sum(s log p), for one sample with m outputs, with the p of (7)"),
        Step(3, "c = Max(y[k], (k, 1, m))", "the largest output: less it, none has an exp that overflows", runs=True),
        Step(4, "r = Sum(exp(y[k] - c), (k, 1, m)) - 1",
             "the term of the largest output is exp(0) = 1: leaving it out keeps the others exact, however small",
             runs=True),
        Step(5, "l = Sum(s[k] * (log(1 + r) + (c - y[k])), (k, 1, m))", "(2) with log(Sum(exp(y))) = c + log(1 + r)",
             runs=True),
        Step(6, "p[k] = exp(y[k] - c) / (1 + r)", "the probability of class k", runs=True),
        Step(7, "p[k] = exp(y[k]) / Sum(exp(y[j]), (j, 1, m))",
             "(6) with numerator and denominator multiplied by exp(c): the softmax, of which (2) has the logarithm"),
        Step(8, "dy[j] = p[j] * Sum(s[k], (k, 1, m)) - s[j]",
             "each term of (2) holds the same logarithm, whose derivative by y[j] is p[j]; "
             "the sum is 1 for targets that sum to 1", runs=True),
    )
    kernel = loss_capsule(
        &functions, TAKES_LABELS, 1, forward[float], forward[double], backward[float], backward[double])

    @property
    def probability(self):
        """Return ``"softmax"``."""
        return "softmax"
