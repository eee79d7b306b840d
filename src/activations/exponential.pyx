"""exponential: e to the power of the input."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport exp

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    for i in range(shape.rows * shape.cols):
        y[i] = exp(z[i])               # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    for i in range(shape.rows * shape.cols):
        dz[i] = dy[i] * y[i]           # (3)
    return 0


class Exponential(Activation):
    """The exponential function, ``y = exp(z)``.

    Use it at an output that has to be positive and whose logarithm is the natural scale, such as a rate in a Poisson
    regression. A z above 88.7 (float64: 709.8) is infinite; ``softplus`` is also positive and grows no faster than z.

    References
    ----------
    P. McCullagh, J. A. Nelder, "Generalized linear models", Chapman and Hall (1989): the inverse of the log link.

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "exponential")().forward([-1000.0, 0.0, 1.0])
    array([0.        , 1.        , 2.71828183])
    """

    name = "exponential"
    derivation = (
        Step(1, "y = exp(z)", "definition", runs=True),
        Step(2, "diff(y, z) = y", "the function that is its own derivative"),
        Step(3, "dz = dy * y", "chain rule with (2): no exp is needed on the way back", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 0,
        forward[float], forward[double], backward[float], backward[double])
