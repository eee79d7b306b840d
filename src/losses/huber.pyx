"""huber: squared error near the target and absolute error far from it, with a slope that joins without a kink."""
from pyfc_kernel cimport int64_t, loss_capsule, loss_kernel, real, shape_t, status

from pyfc.component import Hyper, Loss
from pyfc.derivation import Step

cdef loss_kernel functions


cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real d, total, half = <real>0.5, delta = <real>hyper[0]
    for i in range(shape.rows):
        total = 0
        for j in range(m):
            d = y[i * m + j] - t[i * m + j]                                            # (1)
            d = -d if d < 0 else d
            total += delta * (d - half * delta) if d > delta else half * d * d         # (2)
        loss[i] = total                                                                # (2)
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real d, delta = <real>hyper[0]
    for i in range(shape.rows):
        for j in range(m):
            d = y[i * m + j] - t[i * m + j]                                            # (1)
            dy[i * m + j] = scale[i] * (delta if d > delta else (-delta if d < -delta else d))    # (4)
    return 0


class Huber(Loss):
    """Huber's loss of d = y - t: ``d**2 / 2`` where ``|d| <= delta``, else ``delta * (|d| - delta / 2)``.

    The loss of a sample is the sum over its outputs, that of a batch the mean over its samples. A wild target pulls
    with a force of at most delta, and near the target the gradient fades, so the output settles.

    Parameters
    ----------
    delta : float, default 1.0
        Where the parabola goes over into the straight line, > 0: about the size of an ordinary error.

    References
    ----------
    P. J. Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical Statistics 35 (1964).

    Examples
    --------
    >>> import pyfc
    >>> loss = pyfc.get("losses", "huber")(delta=1.0)
    >>> loss.value([0.5, 10.0], [0.0, 0.0])
    4.8125
    >>> loss.gradient([0.5, 10.0], [0.0, 0.0])
    array([0.25, 0.5 ])
    """

    name = "huber"
    task = "regression"
    hyperparameters = {"delta": Hyper(1.0, low=0, open_low=True)}
    derivation = (
        Step(1, "d[k] = y[k] - t[k]", "the error of output k", runs=True),
        Step(2, "l = Sum(Piecewise((delta * (Abs(d[k]) - delta / 2), Abs(d[k]) > delta), "
             "(d[k]**2 / 2, True)), (k, 1, m))", "definition, for one sample with m outputs", runs=True),
        Step(3, "dy[j] = Piecewise((delta * sign(d[j]), Abs(d[j]) > delta), (d[j], True))",
             "only the term k = j depends on y[j], and d[j] grows as y[j] does"),
        Step(4, "dy[j] = Max(-delta, Min(delta, d[j]))",
             "(3) in one piece: both parts have slope delta where they meet, so there is no kink", runs=True),
    )
    kernel = loss_capsule(&functions, 0, 1, forward[float], forward[double], backward[float], backward[double])
