"""log_sigmoid: the logarithm of the sigmoid, exact also where the sigmoid is too small for a number."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport absolute, exp_below, expm1, log1p_unit

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real e, zero = 0
    for i in range(shape.rows * shape.cols):
        e = exp_below(-absolute(z[i]))                          # (2)
        y[i] = (z[i] if z[i] < 0 else zero) - log1p_unit(e)     # (3)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    for i in range(shape.rows * shape.cols):
        dz[i] = dy[i] * -expm1(y[i])                            # (6)
    return 0


class LogSigmoid(Activation):
    """The logarithm of the sigmoid, ``y = log(1 / (1 + exp(-z)))``.

    Use it where the log-probability of a yes is wanted: it is right where the probability would be rounded to 0. It is
    ``softplus`` turned around, ``-softplus(-z)``.

    References
    ----------
    C. M. Bishop, "Pattern Recognition and Machine Learning", Springer (2006), section 4.3.

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "log_sigmoid")().forward([-1000.0, 0.0, 1000.0])
    array([-1.00000000e+03, -6.93147181e-01,  0.00000000e+00])
    """

    name = "log_sigmoid"
    derivation = (
        Step(1, "y = -log(1 + exp(-z))", "definition: the logarithm of 1 / (1 + exp(-z))"),
        Step(2, "e = exp(-Abs(z))", "exp of a number that is not positive cannot overflow", runs=True),
        Step(3, "y = Min(z, 0) - log(1 + e)",
             "(1): for z < 0 the factor exp(-z) is taken out of the logarithm; log(1 + e) is one function, log1p",
             runs=True),
        Step(4, "diff(y, z) = exp(-z) / (1 + exp(-z))", "chain rule on (1): 1 less the sigmoid"),
        Step(5, "diff(y, z) = 1 - exp(y)", "(4) with exp(y) = 1 / (1 + exp(-z)) from (1)"),
        Step(6, "dz = dy * (1 - exp(y))", "chain rule with (5); exp(y) - 1 is one function, expm1", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 0,
        forward[float], forward[double], backward[float], backward[double])
