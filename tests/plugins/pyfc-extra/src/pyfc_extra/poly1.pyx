"""poly1: the cross-entropy of the softmax, with another weight on its first term as a polynomial. In Cython."""
from pyfc_kernel cimport TAKES_LABELS, int64_t, loss_capsule, loss_kernel, real, shape_t, status
from pyfc_math cimport exp_below, highest, largest, log1p, sum_of

from pyfc.component import Hyper, Loss, Step

cdef loss_kernel functions


cdef inline real target(const real *t, const int64_t *labels, int64_t i, int64_t at, int64_t k) noexcept nogil:
    """Return t[k] of sample i, which is 1 at a label and 0 elsewhere."""
    if labels != NULL:
        return <real>(k == labels[i])
    return t[at + k]


cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, k, at, top, m = shape.cols
    cdef real c, p, r, s, total, epsilon = <real>hyper[0]
    for i in range(shape.rows if m else 0):
        at = i * m
        top = largest(y + at, m)
        c, r, total = y[at + top], 0, 0                                    # (3)
        for k in range(m):
            if k != top:  # whose exp is 1
                r += exp_below(y[at + k] - c)                              # (4)
        for k in range(m):
            s = target(t, labels, i, at, k)
            if s != 0:  # an output of minus infinity at a class that is not asked for does no harm
                p = exp_below(y[at + k] - c) / (1 + r)                     # (5)
                total += s * (log1p(r) + (c - y[at + k]) + epsilon * (1 - p))      # (2) (7)
        loss[i] = total
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, k, at, m = shape.cols
    cdef real c, s, f, g, epsilon = <real>hyper[0]
    for i in range(shape.rows if m else 0):
        at, g = i * m, 0
        c = highest(y + at, m)                                             # (3)
        for k in range(m):
            dy[at + k] = exp_below(y[at + k] - c)                          # (4)
        f = <real>sum_of(dy + at, m)                                       # (4)
        for k in range(m):
            dy[at + k] /= f                                                # (5)
            g += target(t, labels, i, at, k) * (1 + epsilon * dy[at + k])  # (8)
        for k in range(m):
            s = target(t, labels, i, at, k)
            dy[at + k] = scale[i] * (dy[at + k] * g - s * (1 + epsilon * dy[at + k]))  # (8) (9)
    return 0


class Poly1(Loss):
    """The Poly-1 loss of the softmax: for each sample ``-log(p) + epsilon * (1 - p)``, p the probability of its label.

    As a series the cross-entropy is ``(1 - p) + (1 - p)**2 / 2 + (1 - p)**3 / 3 + ...``; here the first term has the
    factor ``1 + epsilon``. Use it where one more number to tune is worth some tenths of a percent: more than 0 makes
    the network surer of what is nearly right already, less than 0 less so. With 0 it is ``softmax_cross_entropy``. As
    there, the outputs y are logits, any numbers, and the network ends without an activation; targets are integer
    labels (n,), or rows (n, m) of probabilities, one-hot as a rule.

    Parameters
    ----------
    epsilon : float, default 1.0
        What is added to the factor of the first term, >= -1: below that, the loss would fall as p does.

    References
    ----------
    Z. Leng, M. Tan, C. Liu, E. D. Cubuk, X. Shi, S. Cheng, D. Anguelov, "PolyLoss: A Polynomial Expansion Perspective
    of Classification Loss Functions", ICLR (2022).

    Examples
    --------
    >>> import pyfc
    >>> y, labels = [[0.0, 0.0], [1.0, 0.0], [0.0, 10000.0]], [0, 0, 0]
    >>> [round(pyfc.get("losses", "poly1")(epsilon=e).value(y[:2], labels[:2]), 4) for e in (0, 1)]
    [0.5032, 0.8877]
    >>> pyfc.get("losses", "poly1")().gradient(y, labels).round(3)
    array([[-0.25 ,  0.25 ],
           [-0.155,  0.155],
           [-0.333,  0.333]])
    """

    name = "poly1"
    task = "classification"
    hyperparameters = {"epsilon": Hyper(1.0, low=-1)}
    derivation = (
        Step(1, "s = Sum(exp(y[j]), (j, 1, m))", "what all classes of a sample share"),
        Step(2, "l = Sum(t[k] * (log(s) - y[k] + epsilon * (1 - exp(y[k]) / s)), (k, 1, m))",
             "definition: Sum(t (-log(p) + epsilon (1 - p))), for one sample with m outputs, with the p of (6); t[k] "
             "is 1 at the label and 0 elsewhere, or a probability", runs=True),
        Step(3, "c = Max(y[k], (k, 1, m))", "the largest output: less it, none has an exp that overflows", runs=True),
        Step(4, "r = Sum(exp(y[k] - c), (k, 1, m)) - 1",
             "the term of the largest output is exp(0) = 1: leaving it out keeps the others exact", runs=True),
        Step(5, "p[k] = exp(y[k] - c) / (1 + r)", "the probability of class k", runs=True),
        Step(6, "p[k] = exp(y[k]) / s", "(5) with numerator and denominator multiplied by exp(c): the softmax"),
        Step(7, "log(s) = c + log(1 + r)", "(4) with exp(c) put back into the sum", runs=True),
        Step(8, "g[k] = t[k] * (1 + epsilon * p[k])", "-p[k] times the derivative of l by p[k]", runs=True),
        Step(9, "dy[j] = p[j] * Sum(g[k], (k, 1, m)) - g[j]",
             "chain rule with (8): the derivative of p[k] by y[j] is p[k] ((1 if k = j else 0) - p[j])", runs=True),
    )
    kernel = loss_capsule(
        &functions, TAKES_LABELS, 1, forward[float], forward[double], backward[float], backward[double])

    @property
    def probability(self):
        """Return ``"softmax"``."""
        return "softmax"
