"""categorical_hinge: asks the output of the label to be above all others by a margin."""
from libc.math cimport INFINITY, NAN
from pyfc_kernel cimport TAKES_LABELS, int64_t, loss_capsule, loss_kernel, real, shape_t, status

from pyfc.component import Hyper, Loss
from pyfc.derivation import Step

cdef loss_kernel functions


cdef inline int64_t leader(
    int64_t m, const real *y, const real *t, const int64_t *label, real margin, real *c,
) noexcept nogil:
    """Return which output of a sample is ahead, the first of equal ones, and its c, or NaN if an output is."""
    cdef int64_t k, top = 0, wrong = 0
    cdef real s, one = 1
    c[0] = -INFINITY
    for k in range(m):
        if label != NULL:
            s = y[k] if k == label[0] else y[k] + margin                               # (1)
        else:
            s = y[k] + margin * (one - t[k])                                           # (1)
        top = k if s > c[0] else top                                                   # (2)
        c[0] = s if s > c[0] else c[0]                                                 # (2)
        wrong |= s != s
    if wrong:
        c[0] = <real>NAN
    return top


cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, k, at, m = shape.cols
    cdef real c, total, zero = 0, margin = <real>hyper[0]
    for i in range(shape.rows if m else 0):
        at = i * m
        leader(m, y + at, t + at if t != NULL else NULL, labels + i if labels != NULL else NULL, margin, &c)
        if labels != NULL:
            total = y[at + labels[i]]                                                  # (3)
        else:
            total = 0
            for k in range(m):
                total += t[at + k] * y[at + k] if t[at + k] != 0 else zero             # (3)
        loss[i] = c - total                                                            # (3)
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, k, at, top, m = shape.cols
    cdef real c, zero = 0, margin = <real>hyper[0]
    for i in range(shape.rows if m else 0):
        at = i * m
        top = leader(m, y + at, t + at if t != NULL else NULL, labels + i if labels != NULL else NULL, margin, &c)
        if c != c:
            for k in range(m):
                dy[at + k] = c  # NaN stays NaN
        elif labels != NULL:
            for k in range(m):
                dy[at + k] = zero
            dy[at + top] += scale[i]                                                   # (5)
            dy[at + labels[i]] -= scale[i]                                             # (5)
        else:
            for k in range(m):
                dy[at + k] = -scale[i] * t[at + k]                                     # (5)
            dy[at + top] += scale[i]                                                   # (5)
    return 0


class CategoricalHinge(Loss):
    """Hinge loss of several classes: for each sample ``max(0, margin + largest other output - output of the label)``.

    Use it to train scores of which the largest one decides, as in a support vector machine, where no probabilities are
    asked for: a sample whose label is ahead by the margin has no loss and no gradient, so training goes on with the
    hard ones alone. Where ``hinge`` asks a yes-or-no question for each class, here the classes compete. Targets are
    integer labels (n,), or rows (n, m) of probabilities, one-hot as a rule.

    Parameters
    ----------
    margin : float, default 1.0
        How far ahead the output of the label should be, > 0.

    Notes
    -----
    Where several outputs are ahead by the same, the first one has the gradient. Keras counts one more output, which is
    always 0, among the others: the two are the same where any other output is >= 0. PyTorch's ``MultiMarginLoss`` adds
    up all the others that are too near, and divides by m.

    References
    ----------
    K. Crammer, Y. Singer, "On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines", Journal of
    Machine Learning Research 2 (2001).

    Examples
    --------
    >>> import pyfc
    >>> loss = pyfc.get("losses", "categorical_hinge")()
    >>> y = [[2.0, 0.5, -3.0]]
    >>> loss.value(y, [0]), loss.value(y, [1])
    (0.0, 2.5)
    >>> loss.gradient(y, [1])
    array([[ 1., -1.,  0.]])
    """

    name = "categorical_hinge"
    task = "classification"
    hyperparameters = {"margin": Hyper(1.0, low=0, open_low=True)}
    derivation = (
        Step(1, "s[k] = y[k] + margin - margin * t[k]",
             "each output with a start of the margin, but that of the label; t[k] is 1 there and 0 elsewhere",
             runs=True),
        Step(2, "c = Max(s[k], (k, 1, m))", "who is ahead", runs=True),
        Step(3, "l = c - Sum(t[k] * y[k], (k, 1, m))",
             "definition, for one sample with m outputs: if the label is ahead in spite of it, both are its y, and l "
             "is 0", runs=True),
        Step(4, "e[k] = Piecewise((1, s[k] >= c), (0, True))",
             "1 for the output that is ahead, and for each of several alike"),
        Step(5, "dy[j] = Piecewise((e[j], Sum(e[k], (k, 1, j - 1)) < 1), (0, True)) - t[j]",
             "the one ahead moves c, and as it does itself; of several alike the first alone, with none before it: "
             "the gradient of one of them is a subgradient, the sum of all theirs is not", runs=True),
    )
    kernel = loss_capsule(
        &functions, TAKES_LABELS, 1, forward[float], forward[double], backward[float], backward[double])
