"""absolute_error: the distance between output and target, for regression in which a few wild targets must not rule."""
from pyfc_kernel cimport int64_t, loss_capsule, loss_kernel, real, shape_t, status

from pyfc.component import Hyper, Loss
from pyfc.derivation import Step

cdef loss_kernel functions


cdef inline double multiplier(const double *hyper, int64_t m) noexcept nogil:
    """Return what the sum is multiplied by: the factor, divided by m for the mean over the outputs."""
    return hyper[0] / m if hyper[1] else hyper[0]                                      # (1)


cdef inline real sign(real x) noexcept nogil:
    """Return 1, -1, or x itself where it is 0 or NaN."""
    cdef real one = 1
    return one if x > 0 else (-one if x < 0 else x)


cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real d, total, c = <real>multiplier(hyper, m)
    for i in range(shape.rows):
        total = 0
        for j in range(m):
            d = y[i * m + j] - t[i * m + j]
            total += -d if d < 0 else d                                                # (2)
        loss[i] = c * total                                                            # (2)
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real c = <real>multiplier(hyper, m)
    for i in range(shape.rows):
        for j in range(m):
            dy[i * m + j] = scale[i] * (c * sign(y[i * m + j] - t[i * m + j]))         # (3)
    return 0


class AbsoluteError(Loss):
    """Absolute error: for each sample ``factor * sum(|y - t|)`` over its outputs; the loss is the mean over samples.

    Its best constant prediction is the median, where that of the squared error is the mean. The gradient has the same
    size near the target as far from it, so the learning rate must fall for the output to settle; ``huber`` mends that.

    Parameters
    ----------
    factor : float, default 1.0
        Multiplies the loss, > 0.
    mean_outputs : bool, default False
        Divide by the number of outputs, as PyTorch's ``L1Loss`` and Keras do.

    References
    ----------
    P.-S. Laplace, "Memoire sur la probabilite des causes par les evenements" (1774).

    Examples
    --------
    >>> import pyfc
    >>> loss = pyfc.get("losses", "absolute_error")()
    >>> y, t = [[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 4.0]]
    >>> loss.value(y, t)
    2.5
    >>> loss.gradient(y, t)
    array([[0. , 0.5],
           [0.5, 0. ]])
    """

    name = "absolute_error"
    task = "regression"
    hyperparameters = {
        "factor": Hyper(1.0, low=0, open_low=True),
        "mean_outputs": Hyper(False),
    }
    derivation = (
        Step(1, "c = Piecewise((factor / m, mean_outputs), (factor, True))", "the free factor of the loss", runs=True),
        Step(2, "l = c * Sum(Abs(y[k] - t[k]), (k, 1, m))", "definition, for one sample with m outputs", runs=True),
        Step(3, "dy[j] = c * sign(y[j] - t[j])",
             "only the term k = j depends on y[j]; at the kink, y[j] = t[j], sign(0) = 0 is one of the subgradients",
             runs=True),
    )
    kernel = loss_capsule(&functions, 0, 2, forward[float], forward[double], backward[float], backward[double])
