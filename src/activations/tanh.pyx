"""tanh: squashes any number into (-1, 1), with mean zero for inputs of mean zero."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport tanh

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    for i in range(shape.rows * shape.cols):
        y[i] = tanh(z[i])                                       # (2) (3)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real one = 1
    for i in range(shape.rows * shape.cols):
        dz[i] = dy[i] * ((one - y[i]) * (one + y[i]))           # (6)
    return 0


class Tanh(Activation):
    """The hyperbolic tangent, ``y = (exp(z) - exp(-z)) / (exp(z) + exp(-z))``.

    Use it in hidden layers of small networks, and where outputs between -1 and 1 are wanted. It trains better than
    ``sigmoid``, which it is but for scale and shift: tanh(z) = 2 sigmoid(2 z) - 1. Far from zero it saturates.

    References
    ----------
    Y. LeCun, L. Bottou, G. B. Orr, K.-R. Mueller, "Efficient BackProp", in: Neural Networks: Tricks of the Trade
    (1998).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "tanh")().forward([-1000.0, 0.0, 1000.0])
    array([-1.,  0.,  1.])
    """

    name = "tanh"
    derivation = (
        Step(1, "y = (exp(z) - exp(-z)) / (exp(z) + exp(-z))", "definition"),
        Step(2, "t = exp(-2 * Abs(z)) - 1", "from -1 to 0: it cannot overflow, and expm1 gives it without loss near 0",
             runs=True),
        Step(3, "y = sign(z) * (-t / (2 + t))", "(1) for |z|, multiplied above and below by exp(-|z|); y is odd",
             runs=True),
        Step(4, "diff(y, z) = 4 / (exp(z) + exp(-z))**2", "quotient rule on (1)"),
        Step(5, "diff(y, z) = 1 - y**2", "(4) with (1)"),
        Step(6, "dz = dy * ((1 - y) * (1 + y))",
             "chain rule with (5); as a product it keeps its digits near |y| = 1, where y**2 would be rounded",
             runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 0,
        forward[float], forward[double], backward[float], backward[double])
