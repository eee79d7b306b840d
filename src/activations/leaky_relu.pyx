"""leaky_relu: relu with a small slope below zero, so that no unit stops learning."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)

from pyfc.component import Activation, Hyper
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real alpha = <real>hyper[0]
    for i in range(shape.rows * shape.cols):
        y[i] = z[i] if z[i] > 0 else alpha * z[i]                                   # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real one = 1, alpha = <real>hyper[0]
    for i in range(shape.rows * shape.cols):
        dz[i] = dy[i] * (one if y[i] > 0 else (alpha if y[i] <= 0 else y[i]))       # (3)
    return 0


class LeakyReLU(Activation):
    """The leaky rectified linear unit, ``y = z`` for z > 0 and ``alpha * z`` elsewhere.

    Use it in place of ``relu`` where units die: with a slope below zero every unit keeps a gradient.

    Parameters
    ----------
    alpha : float, default 0.01
        Slope below zero, greater than 0.

    Notes
    -----
    At z = 0 there is no derivative; the slope from below, alpha, is taken.

    References
    ----------
    A. L. Maas, A. Y. Hannun, A. Y. Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML (2013).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "leaky_relu")(alpha=0.1).forward([-2.0, 0.0, 3.0])
    array([-0.2,  0. ,  3. ])
    """

    name = "leaky_relu"
    hyperparameters = {"alpha": Hyper(0.01, low=0, open_low=True)}
    derivation = (
        Step(1, "y = Piecewise((z, z > 0), (alpha * z, True))", "definition", runs=True),
        Step(2, "dz = dy * Piecewise((1, z > 0), (alpha, True))", "chain rule with (1); alpha is taken at z = 0"),
        Step(3, "dz = dy * Piecewise((1, y > 0), (alpha, True))",
             "(2): y has the sign of z because alpha > 0; in the code a NaN stays NaN", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 1,
        forward[float], forward[double], backward[float], backward[double])
