"""squared_error: the squared distance between output and target, the loss of regression."""
from pyfc_kernel cimport int64_t, loss_capsule, loss_kernel, real, shape_t, status

from pyfc.component import Hyper, Loss
from pyfc.derivation import Step

cdef loss_kernel functions


cdef inline double multiplier(const double *hyper, int64_t m) noexcept nogil:
    """Return what the sum is multiplied by: the factor, divided by m for the mean over the outputs."""
    return hyper[0] / m if hyper[1] else hyper[0]                                      # (1)


cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real total, c = <real>multiplier(hyper, m)
    for i in range(shape.rows):
        total = 0
        for j in range(m):
            total += (y[i * m + j] - t[i * m + j]) * (y[i * m + j] - t[i * m + j])    # (2)
        loss[i] = c * total                                                            # (2)
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real c = <real>(2 * multiplier(hyper, m))                                     # (3)
    for i in range(shape.rows):
        for j in range(m):
            dy[i * m + j] = scale[i] * (c * (y[i * m + j] - t[i * m + j]))             # (3)
    return 0


class SquaredError(Loss):
    """Squared error: for each sample ``factor * sum((y - t)**2)`` over its outputs; the loss is the mean over samples.

    Use it for regression when errors scatter about as a normal distribution does: then the smallest loss is the most
    probable network. Large errors count by their square, so a few wild targets pull it far; ``huber`` or
    ``absolute_error`` are better there. For classes take a cross-entropy.

    Parameters
    ----------
    factor : float, default 1.0
        Multiplies the loss. 0.5 cancels the 2 of the derivative, as many textbooks do.
    mean_outputs : bool, default False
        Divide by the number of outputs, as PyTorch's ``MSELoss`` and Keras do.

    References
    ----------
    C. F. Gauss, "Theoria combinationis observationum erroribus minimis obnoxiae" (1821).

    Examples
    --------
    >>> import pyfc
    >>> loss = pyfc.get("losses", "squared_error")()
    >>> y, t = [[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 4.0]]
    >>> loss.value(y, t)
    6.5
    >>> loss.gradient(y, t)
    array([[0., 2.],
           [3., 0.]])
    """

    name = "squared_error"
    task = "regression"
    hyperparameters = {
        "factor": Hyper(1.0, low=0, open_low=True),
        "mean_outputs": Hyper(False),
    }
    derivation = (
        Step(1, "c = Piecewise((factor / m, mean_outputs), (factor, True))", "the free factor of the loss", runs=True),
        Step(2, "l = c * Sum((y[k] - t[k])**2, (k, 1, m))", "definition, for one sample with m outputs", runs=True),
        Step(3, "dy[j] = 2 * c * (y[j] - t[j])", "of the sum only the term k = j depends on y[j]", runs=True),
    )
    kernel = loss_capsule(&functions, 0, 2, forward[float], forward[double], backward[float], backward[double])
