"""softmax_cross_entropy: the loss of classification, where exactly one of the classes is right."""
from pyfc_kernel cimport TAKES_LABELS, int64_t, loss_capsule, loss_kernel, real, shape_t, status
from pyfc_math cimport exp, log1p

from pyfc.component import Hyper, Loss
from pyfc.derivation import Step

cdef loss_kernel functions


cdef inline real target(const real *t, const int64_t *labels, int64_t i, int64_t j, int64_t m) noexcept nogil:
    """Return t[i, j], which is 1 at the label and 0 elsewhere if labels are given."""
    cdef real one = 1, zero = 0
    if labels != NULL:
        return one if labels[i] == j else zero
    return t[i * m + j]


cdef inline int64_t largest(const real *y, int64_t m) noexcept nogil:
    """Return the index of the largest of m numbers."""
    cdef int64_t j, top = 0
    for j in range(1, m):
        if y[j] > y[top]:
            top = j
    return top


cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, top, m = shape.cols
    cdef real c, r, s, total, keep = <real>(1 - hyper[0]), spread = <real>(hyper[0] / m)
    for i in range(shape.rows if m else 0):
        top = largest(&y[i * m], m)
        c = y[i * m + top]                                                             # (3)
        r = 0
        for j in range(m):
            if j != top:
                r += exp(y[i * m + j] - c)                                             # (4)
        r = log1p(r)                                                                   # (5)
        total = 0
        for j in range(m):
            s = keep * target(t, labels, i, j, m) + spread                             # (1)
            if s != 0:  # an output of minus infinity at a class that is not asked for does no harm
                total += s * (r + (c - y[i * m + j]))                                  # (5)
        loss[i] = total                                                                # (5)
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real c, s, r, total, one = 1, keep = <real>(1 - hyper[0]), spread = <real>(hyper[0] / m)
    for i in range(shape.rows if m else 0):
        c = y[i * m + largest(&y[i * m], m)]                                           # (3)
        r = -one
        total = 0
        for j in range(m):
            dy[i * m + j] = exp(y[i * m + j] - c)                                      # (4)
        for j in range(m):
            r += dy[i * m + j]                                                         # (4)
            total += keep * target(t, labels, i, j, m) + spread                        # (1)
        for j in range(m):
            s = keep * target(t, labels, i, j, m) + spread                             # (1)
            dy[i * m + j] = scale[i] * (dy[i * m + j] / (one + r) * total - s)         # (6) (8)
    return 0


class SoftmaxCrossEntropy(Loss):
    """Cross-entropy of the softmax: for each sample ``-log p[label]``, with ``p = softmax(y)``.

    The outputs y are logits, any numbers; the network ends without an activation, because loss and softmax together are
    both simpler and safe for every y, however large. Targets are integer labels (n,), or rows (n, m) of probabilities,
    of which one-hot rows are the usual case: the loss is then ``-sum(t * log(p))``.

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
