"""log_cosh: a smooth loss that is half the squared error near the target and the absolute error far from it."""
from pyfc_kernel cimport int64_t, loss_capsule, loss_kernel, real, shape_t, status
from pyfc_math cimport absolute, expm1, log1p_unit, tanh

from pyfc.component import Loss
from pyfc.derivation import Step

cdef loss_kernel functions

cdef double LOG_2 = 0.6931471805599453                                                 # (5)


# Forward goes down the columns, and backward over all numbers at once, because with the usual single output the rows
# are too short for vector code.

cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real a, w, x, zero = 0, half = <real>0.5, one = 1, log_2 = <real>LOG_2
    for i in range(shape.rows):
        loss[i] = 0
    for j in range(m):
        for i in range(shape.rows):
            a = absolute(y[i * m + j] - t[i * m + j])                                  # (1) (3)
            w = -expm1(-a)                                                             # (4)
            # Both forms of (5) end in log(1 + x), so there is no branch.
            x = half * w * w / (one - w) if a <= one else (one - w) * (one - w)        # (5)
            loss[i] += (zero if a <= one else a - log_2) + log1p_unit(x)               # (2) (5)
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    for i in range(shape.rows * m):
        dy[i] = tanh(y[i] - t[i])                                                      # (1) (6)
    for i in range(shape.rows):
        for j in range(m):
            dy[i * m + j] *= scale[i]                                                  # (6)
    return 0


class LogCosh(Loss):
    """Log-cosh loss: for each sample the sum over its outputs of ``log(cosh(y - t))``.

    For a small error d that is about ``d**2 / 2``, for a large one ``|d| - log(2)``. Use it as ``huber``, for
    regression in which a few wild targets must not rule, where the second derivative should have no jump either: the
    gradient is ``tanh(d)``, at most 1. It has no parameter; scale the targets so that 1 is about the size of an
    ordinary error. The loss of a batch is the mean over its samples.

    References
    ----------
    P. J. Green, "Bayesian Reconstructions from Emission Tomography Data Using a Modified EM Algorithm", IEEE
    Transactions on Medical Imaging 9 (1990).

    Examples
    --------
    >>> import pyfc
    >>> loss = pyfc.get("losses", "log_cosh")()
    >>> round(loss.value([0.5, 1000.0], [0.0, 0.0]), 6)
    499.713484
    >>> loss.gradient([0.5, 1000.0], [0.0, 0.0]).round(4)
    array([0.2311, 0.5   ])
    """

    name = "log_cosh"
    task = "regression"
    derivation = (
        Step(1, "d[k] = y[k] - t[k]", "the error of output k", runs=True),
        Step(2, "l = Sum(log(cosh(d[k])), (k, 1, m))", "definition, for one sample with m outputs", runs=True),
        Step(3, "a[k] = Abs(d[k])", "cosh(-d) = cosh(d), so the sign of the error does not matter", runs=True),
        Step(4, "w[k] = 1 - exp(-a[k])", "exp of a number that is not positive cannot overflow", runs=True),
        Step(5, "cosh(d[k]) = Piecewise((1 + w[k]**2 / (2 * (1 - w[k])), a[k] <= 1), "
             "(exp(a[k]) / 2 * (1 + (1 - w[k])**2), True))",
             "cosh(a) = (exp(a) + exp(-a)) / 2 with exp(-a) = 1 - w. For a <= 1 it is 1 + x, and log(1 + x) keeps all "
             "digits of a small x. For a > 1 it is exp(a) / 2 times 1 + x; the logarithm of exp(a) / 2 is a - log(2), "
             "so exp(a), which could overflow, is not computed",
             runs=True),
        Step(6, "dy[j] = tanh(d[j])", "only the term k = j depends on y[j], and cosh has the derivative sinh",
             runs=True),
    )
    kernel = loss_capsule(&functions, 0, 0, forward[float], forward[double], backward[float], backward[double])
