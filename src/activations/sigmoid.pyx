"""sigmoid: squashes any number into (0, 1), so that it can be read as a probability."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport DOWN, choose, distance, exp_up, rounded

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real e, q, one = 1, zero = 0, far = 770 if real is double else 150
    cdef real down = DOWN
    for i in range(shape.rows * shape.cols):
        e = exp_up(-distance(z[i], far), zero) * down            # (2)
        q = choose(z[i], one, e) / (one + e)                    # (3)
        # Below zero, q itself is 2.4 ULP off at worst; e - e q is the same number, and 1.8 ULP off.
        y[i] = choose(z[i], q, e - rounded(e * q))              # (3)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real one = 1
    for i in range(shape.rows * shape.cols):
        dz[i] = dy[i] * (y[i] * (one - y[i]))              # (6)
    return 0


class Sigmoid(Activation):
    """The logistic sigmoid, ``y = 1 / (1 + exp(-z))``.

    Use it at the output of a yes-or-no network. In hidden layers its gradient, at most 1/4, fades from layer to layer;
    ``relu`` or ``tanh`` train faster there.

    Notes
    -----
    The derivative needs only the output: y (1 - y). Far from zero it vanishes, which is called saturation.

    References
    ----------
    D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning representations by back-propagating errors",
    Nature 323 (1986).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "sigmoid")().forward([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """

    name = "sigmoid"
    derivation = (
        Step(1, "y = 1 / (1 + exp(-z))", "definition"),
        Step(2, "e = exp(-Abs(z))", "exp of a number that is not positive cannot overflow", runs=True),
        Step(3, "y = Piecewise((1 / (1 + e), z > 0), (e - e * (e / (1 + e)), True))",
             "(1), for z <= 0 with numerator and denominator multiplied by e = exp(z); "
             "and e / (1 + e) = (e + e**2 - e**2) / (1 + e)", runs=True),
        Step(4, "diff(y, z) = exp(-z) / (1 + exp(-z))**2", "chain rule on (1)"),
        Step(5, "diff(y, z) = y * (1 - y)", "(4) with exp(-z) / (1 + exp(-z)) = 1 - y"),
        Step(6, "dz = dy * (y * (1 - y))", "chain rule with (5): no exp is needed on the way back", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 0,
        forward[float], forward[double], backward[float], backward[double])
