"""elu: exponential below zero, the input above; smooth, and negative outputs keep the mean near zero."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport expm1

from pyfc.component import Activation, Hyper
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real alpha = <real>hyper[0]
    for i in range(shape.rows * shape.cols):
        y[i] = z[i] if z[i] > 0 else alpha * expm1(z[i])                 # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real one = 1, alpha = <real>hyper[0]
    for i in range(shape.rows * shape.cols):
        dz[i] = dy[i] * (one if y[i] > 0 else y[i] + alpha)              # (4)
    return 0


class ELU(Activation):
    """The exponential linear unit, ``y = z`` for z > 0 and ``alpha * (exp(z) - 1)`` elsewhere.

    Use it in hidden layers where ``relu`` loses units, or where outputs with a mean near zero help.

    Parameters
    ----------
    alpha : float, default 1.0
        ``-alpha`` is the limit far below zero; greater than 0. With 1 the slope has no jump at 0.

    Notes
    -----
    At z = 0 the derivative from below, alpha, is taken.

    References
    ----------
    D.-A. Clevert, T. Unterthiner, S. Hochreiter, "Fast and accurate deep network learning by exponential linear units
    (ELUs)", ICLR (2016).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "elu")(alpha=0.5).forward([-1000.0, 0.0, 3.0])
    array([-0.5,  0. ,  3. ])
    """

    name = "elu"
    hyperparameters = {"alpha": Hyper(1.0, low=0, open_low=True)}
    derivation = (
        Step(1, "y = Piecewise((z, z > 0), (alpha * (exp(z) - 1), True))",
             "definition; exp(z) - 1 is one function, expm1, so that small z lose no digits", runs=True),
        Step(2, "diff(y, z) = Piecewise((1, z > 0), (alpha * exp(z), True))", "(1); alpha is taken at z = 0"),
        Step(3, "diff(y, z) = Piecewise((1, z > 0), (y + alpha, True))", "(2) with alpha exp(z) = y + alpha from (1)"),
        Step(4, "dz = dy * Piecewise((1, y > 0), (y + alpha, True))",
             "chain rule with (3); y has the sign of z because alpha > 0", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 1,
        forward[float], forward[double], backward[float], backward[double])
