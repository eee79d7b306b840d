"""quantile: the pinball loss, whose best prediction is a quantile, which so large a share of the targets is below."""
from pyfc_kernel cimport int64_t, loss_capsule, loss_kernel, real, shape_t, status

from pyfc.component import Hyper, Loss
from pyfc.derivation import Step

cdef loss_kernel functions


cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real d, total, below = <real>hyper[0], above = <real>(1 - hyper[0])
    for i in range(shape.rows):
        total = 0
        for j in range(m):
            d = t[i * m + j] - y[i * m + j]                                            # (1)
            total += below * d if d > 0 else -above * d                                # (3)
        loss[i] = total                                                                # (3)
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real d, below = <real>hyper[0], above = <real>(1 - hyper[0])
    for i in range(shape.rows):
        for j in range(m):
            d = t[i * m + j] - y[i * m + j]                                            # (1)
            d = -below if d > 0 else (above if d < 0 else d)  # the third case is 0 or NaN
            dy[i * m + j] = scale[i] * d                                               # (4)
    return 0


class Quantile(Loss):
    """Quantile loss, also called pinball loss, of d = t - y: ``q * d`` where d > 0, else ``(1 - q) * -d``.

    Its best constant prediction is the q-quantile of the targets. Use it where the middle is not what is asked for:
    what a delivery takes at most in 9 of 10 cases (q = 0.9), or, with two networks for q = 0.05 and q = 0.95, an
    interval that holds 90 % of the targets. The loss of a sample is the sum over its outputs, that of a batch the mean
    over its samples.

    Parameters
    ----------
    q : float, default 0.5
        The share of targets that is to be below the output, > 0 and < 1: to be too low costs q for each unit, to be too
        high 1 - q. With 0.5 it is the median.

    Notes
    -----
    The factor is free: some double the loss, so that q = 0.5 gives the absolute error; here it gives half of that.
    Where y equals t the loss has a kink and 0, one of its subgradients, is taken.

    References
    ----------
    R. Koenker, G. Bassett, "Regression Quantiles", Econometrica 46 (1978).

    Examples
    --------
    >>> import pyfc
    >>> loss = pyfc.get("losses", "quantile")(q=0.75)
    >>> loss.value([0.0, 8.0], [4.0, 4.0])
    2.0
    >>> loss.gradient([0.0, 8.0], [4.0, 4.0])
    array([-0.375,  0.125])
    """

    name = "quantile"
    task = "regression"
    hyperparameters = {"q": Hyper(0.5, low=0, high=1, open_low=True, open_high=True)}
    derivation = (
        Step(1, "d[k] = t[k] - y[k]", "what output k is too low by", runs=True),
        Step(2, "l = Sum(Max(q * d[k], (q - 1) * d[k]), (k, 1, m))", "definition, for one sample with m outputs"),
        Step(3, "l = Sum(Piecewise((q * d[k], d[k] > 0), (-(1 - q) * d[k], True)), (k, 1, m))",
             "q is positive and q - 1 negative, so the sign of d[k] says which is larger", runs=True),
        Step(4, "dy[j] = Piecewise((-q, d[j] > 0), (1 - q, d[j] < 0), (0, True))",
             "only the term k = j depends on y[j], and d[j] falls as y[j] grows", runs=True),
    )
    kernel = loss_capsule(&functions, 0, 1, forward[float], forward[double], backward[float], backward[double])
