"""hinge: the loss of the support vector machine, which asks each output to be on its side by a margin."""
from pyfc_kernel cimport int64_t, loss_capsule, loss_kernel, real, shape_t, status

import numpy as np

from pyfc.component import Hyper, Loss
from pyfc.derivation import Step

cdef loss_kernel functions


cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real d, total, zero = 0, margin = <real>hyper[0]
    for i in range(shape.rows):
        total = 0
        for j in range(m):
            d = margin - t[i * m + j] * y[i * m + j]                                   # (1)
            total += zero if d <= 0 else d                                             # (2)
        loss[i] = total                                                                # (2)
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real d, one = 1, zero = 0, margin = <real>hyper[0]
    for i in range(shape.rows):
        for j in range(m):
            d = margin - t[i * m + j] * y[i * m + j]                                   # (1)
            d = one if d > 0 else (zero if d <= 0 else d)  # the third case is NaN
            dy[i * m + j] = scale[i] * (-t[i * m + j] * d)                             # (3)
    return 0


class Hinge(Loss):
    """Hinge loss: for each sample the sum over its outputs of ``max(0, margin - t * y)``, with targets t of -1 and +1.

    With several outputs it is one-vs-rest: output k says by its sign whether the sample is of class k, and the largest
    one decides. With one output, its sign decides between 0 and 1. Outputs are scores: they have no probabilities.

    Targets may be integer labels or one-hot rows of 0 and 1, or of -1 and +1; for one output 0 and 1, or -1 and +1.

    Parameters
    ----------
    margin : float, default 1.0
        How far on its side an output should be, > 0.

    References
    ----------
    C. Cortes, V. Vapnik, "Support-Vector Networks", Machine Learning 20 (1995). R. Rifkin, A. Klautau, "In Defense of
    One-Vs-All Classification", Journal of Machine Learning Research 5 (2004).

    Examples
    --------
    >>> import pyfc
    >>> loss = pyfc.get("losses", "hinge")()
    >>> y = [[2.0, -0.5, -3.0]]
    >>> loss.value(y, [0]), loss.value(y, [1])
    (0.5, 4.5)
    >>> loss.gradient(y, [1])
    array([[ 1., -1.,  0.]])
    """

    name = "hinge"
    task = "classification"
    hyperparameters = {"margin": Hyper(1.0, low=0, open_low=True)}
    derivation = (
        Step(1, "d[k] = margin - t[k] * y[k]", "what output k lacks to the margin; t[k] is -1 or +1", runs=True),
        Step(2, "l = Sum(Max(0, d[k]), (k, 1, m))", "definition, for one sample with m outputs", runs=True),
        Step(3, "dy[j] = -t[j] * Piecewise((1, d[j] > 0), (0, True))",
             "only the term k = j depends on y[j]; at the kink, d[j] = 0, 0 is one of the subgradients", runs=True),
    )
    kernel = loss_capsule(&functions, 0, 1, forward[float], forward[double], backward[float], backward[double])

    # These are also squared_hinge's, which is no Hinge: so they name their base instead of asking for super().

    def decide(self, y):
        """Return the class of the largest output (n,); for one output 1 where it is positive, else 0."""
        return Loss.decide(self, y) if y.shape[1] > 1 else (y[:, 0] > 0).astype(np.int64)

    def from_labels(self, labels, cols):
        """Return rows with +1 at the label and -1 elsewhere."""
        return 2 * Loss.from_labels(self, labels, cols) - 1

    def targets(self, t, rows, cols, dtype):
        """Return targets of -1 and +1, (rows, cols); see the base class for what is accepted."""
        numbers = Loss.targets(self, t, rows, cols, dtype)
        return 2 * numbers - 1 if (numbers == 0).any() else numbers

    def check_numbers(self, t):
        """Raise unless targets (rows, cols) are of 0 and 1 or of -1 and +1, with one 1 in a row of several."""
        if not (np.isin(t, (0, 1)).all() or np.isin(t, (-1, 1)).all()):
            wrong = np.unique(t)
            shown = ", ".join(f"{value:g}" for value in wrong[:5]) + (", ..." if wrong.size > 5 else "")
            raise ValueError(
                f"{type(self).__name__}: targets have the values {shown}: expected 0 and 1, or -1 and +1")
        ones = (t == 1).sum(axis=1)
        if t.shape[1] > 1 and (ones != 1).any():
            row = int(np.argmax(ones != 1))
            raise ValueError(
                f"{type(self).__name__}: row {row} of the targets has {ones[row]} entries of 1: expected one, at the "
                "sample's class")
