"""squared_hinge: the hinge loss squared, which has no kink and punishes outputs on the wrong side far more."""
from pyfc_kernel cimport int64_t, loss_capsule, loss_kernel, real, shape_t, status

from pyfc.component import Hyper, Loss
from pyfc.derivation import Step
from pyfc.kernels.losses.hinge import Hinge

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
            d = zero if d <= 0 else d                                                  # (2)
            total += d * d                                                             # (3)
        loss[i] = total                                                                # (3)
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real d, zero = 0, minus_two = -2, margin = <real>hyper[0]
    for i in range(shape.rows):
        for j in range(m):
            d = margin - t[i * m + j] * y[i * m + j]                                   # (1)
            d = zero if d <= 0 else d                                                  # (2)
            dy[i * m + j] = scale[i] * (minus_two * t[i * m + j] * d)                  # (4)
    return 0


class SquaredHinge(Loss):
    """Squared hinge loss: for each sample the sum over its outputs of ``max(0, margin - t * y)**2``, with t -1 or +1.

    Use it in the place of ``hinge`` where a smooth loss is wanted: its gradient fades as an output comes to its margin,
    where that of ``hinge`` jumps, and some optimizers, such as L-BFGS, need that. It grows with the square, so a few
    wrong labels pull harder than they do there. Targets and decisions are those of ``hinge``.

    Parameters
    ----------
    margin : float, default 1.0
        How far on its side an output should be, > 0.

    Notes
    -----
    The factor is free: some halve the loss, which cancels the 2 of the derivative. Keras takes the mean over the
    outputs, where here is the sum.

    References
    ----------
    K.-W. Chang, C.-J. Hsieh, C.-J. Lin, "Coordinate Descent Method for Large-scale L2-loss Linear Support Vector
    Machines", Journal of Machine Learning Research 9 (2008). Y. Tang, "Deep Learning using Linear Support Vector
    Machines", ICML Workshop on Challenges in Representation Learning (2013).

    Examples
    --------
    >>> import pyfc
    >>> loss = pyfc.get("losses", "squared_hinge")()
    >>> y = [[2.0, -0.5, -3.0]]
    >>> loss.value(y, [0]), loss.value(y, [1])
    (0.25, 11.25)
    >>> loss.gradient(y, [1])
    array([[ 6., -3.,  0.]])
    """

    name = "squared_hinge"
    task = "classification"
    hyperparameters = {"margin": Hyper(1.0, low=0, open_low=True)}
    derivation = (
        Step(1, "d[k] = margin - t[k] * y[k]", "what output k lacks to the margin; t[k] is -1 or +1", runs=True),
        Step(2, "h[k] = Max(0, d[k])", "an output beyond its margin lacks nothing", runs=True),
        Step(3, "l = Sum(h[k]**2, (k, 1, m))", "definition, for one sample with m outputs", runs=True),
        Step(4, "dy[j] = -2 * t[j] * h[j]",
             "only the term k = j depends on y[j]; at h[j] = 0 both sides have the slope 0, so there is no kink",
             runs=True),
    )
    kernel = loss_capsule(&functions, 0, 1, forward[float], forward[double], backward[float], backward[double])

    decide, from_labels = Hinge.decide, Hinge.from_labels
    targets, check_numbers = Hinge.targets, Hinge.check_numbers
