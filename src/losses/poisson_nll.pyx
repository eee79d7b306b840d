"""poisson_nll: the loss of counts, such as visitors in an hour: how unlikely they are at the rate that is predicted."""
from pyfc_kernel cimport int64_t, loss_capsule, loss_kernel, real, shape_t, status
from pyfc_math cimport exp, log

import numpy as np

from pyfc.component import Hyper, Loss
from pyfc.derivation import Step

cdef loss_kernel functions

cdef double EPS = 2.0**-23                                                             # (4)
cdef double TWO_PI = 6.283185307179586


# Loops go down the columns, because with the usual single output the rows are too short for vector code.

cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real a, u, v, f, zero = 0, half = <real>0.5, one = 1, eps = <real>EPS, two_pi = <real>TWO_PI
    for i in range(shape.rows):
        loss[i] = 0
    for j in range(m):  # in both: where the target is 0, an output of minus infinity does no harm
        if hyper[1]:
            for i in range(shape.rows):
                v = t[i * m + j]
                f = (v * log(v) - v) + half * log(two_pi * v)                          # (1)
                loss[i] += f if v > one else zero                                      # (1)
        if hyper[0]:
            for i in range(shape.rows):
                u, v = y[i * m + j], t[i * m + j]
                loss[i] += exp(u) - (v * u if v != 0 else zero)                        # (2)
        else:
            for i in range(shape.rows):
                u, v = y[i * m + j], t[i * m + j]
                a = eps if u < eps else u                                              # (5)
                a = log(a) + (u / a - one)                                             # (6)
                loss[i] += u - (v * a if v != 0 else zero)                             # (6)
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real u, one = 1, eps = <real>EPS
    if hyper[0]:
        for i in range(shape.rows * m):
            dy[i] = exp(y[i]) - t[i]                                                   # (3)
    else:
        for i in range(shape.rows * m):
            u = y[i]
            dy[i] = one - t[i] / (eps if u < eps else u)                               # (5) (7)
    for i in range(shape.rows):
        for j in range(m):
            dy[i * m + j] *= scale[i]                                                  # (3) (7)
    return 0


class PoissonNLL(Loss):
    """Poisson loss of counts t: minus the logarithm of their probability, if the outputs are the rates of their events.

    Use it where the targets count something that happens now and then, each time for itself: calls in an hour, cars on
    a road, photons on a pixel. Such counts scatter by the square root of their mean, so an error of 5 is much at a mean
    of 3 and nothing at 3000; the squared error would take both alike. Targets are >= 0, as a rule whole numbers. The
    loss of a sample is the sum over its outputs, that of a batch the mean over its samples.

    Parameters
    ----------
    log_input : bool, default True
        True: outputs y are any numbers, logarithms of the rates; the loss is ``exp(y) - t * y``, and ``predict`` gives
        the rates ``exp(y)``. False: outputs are the rates themselves, positive, as after ``softplus``; the loss is
        ``y - t * log(y)``.
    full : bool, default False
        Add ``log(t!)``, which no output can change, by Stirling's formula, where t > 1. The loss is then the whole
        negative log-likelihood, up to an error of at most 0.042 at whole numbers and 0.122 between them.

    Notes
    -----
    With ``log_input=False`` the logarithm has no end at 0. So below eps = 2**-23 = 1.2e-7, the spacing of float32 at 1,
    ``log`` goes on as its tangent, and the gradient pulls a rate that is 0 or negative back. PyTorch takes
    ``log(y + 1e-8)`` instead, which has no value for y below that.

    References
    ----------
    J. A. Nelder, R. W. M. Wedderburn, "Generalized Linear Models", Journal of the Royal Statistical Society A 135
    (1972).

    Examples
    --------
    >>> import pyfc
    >>> loss = pyfc.get("losses", "poisson_nll")()
    >>> loss.value([0.0, 1.0], [1, 0])
    1.8591409142295225
    >>> loss.gradient([0.0, 1.0], [1, 0])
    array([0.        , 1.35914091])
    """

    name = "poisson_nll"
    task = "regression"
    lowest_target = 0.0
    hyperparameters = {"log_input": Hyper(True), "full": Hyper(False)}
    derivation = (
        Step(1, "f[k] = Piecewise((t[k] * log(t[k]) - t[k] + log(2 * pi * t[k]) / 2, And(full, t[k] > 1)), (0, True))",
             "Stirling's formula for log(t!), if asked for; log(0!) = log(1!) = 0", runs=True),
        Step(2, "l = Sum(exp(y[k]) - t[k] * y[k] + f[k], (k, 1, m))",
             "definition: -log(exp(-r) * r**t / t!) at the rate r = exp(y), for one sample with m outputs", runs=True,
             when={"log_input": True}),
        Step(3, "dy[j] = exp(y[j]) - t[j]", "only the term k = j depends on y[j]: predicted rate less what was counted",
             runs=True, when={"log_input": True}),
        Step(4, "eps = 1 / 2**23", "the spacing of float32 at 1", runs=True, when={"log_input": False}),
        Step(5, "a[k] = Max(y[k], eps)", "what log(y) is taken of", runs=True, when={"log_input": False}),
        Step(6, "l = Sum(y[k] - t[k] * (log(a[k]) + (y[k] / a[k] - 1)) + f[k], (k, 1, m))",
             "definition: with a = y the fraction is 1, and this is y - t log(y), as (2) with the rate r = y; below "
             "eps, log goes on as its tangent", runs=True, when={"log_input": False}),
        Step(7, "dy[j] = 1 - t[j] / a[j]",
             "log and its tangent have the same slope where they meet, so there is no kink", runs=True,
             when={"log_input": False}),
    )
    kernel = loss_capsule(&functions, 0, 2, forward[float], forward[double], backward[float], backward[double])

    def decide(self, y):
        """Return the rates: ``exp(y)``, or the outputs themselves where they are rates."""
        return np.exp(y) if self.log_input else y
