"""relu: zero below zero, the input above; the usual activation of hidden layers."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real zero = 0
    for i in range(shape.rows * shape.cols):
        y[i] = zero if z[i] <= 0 else z[i]        # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    for i in range(shape.rows * shape.cols):
        dz[i] = dy[i] if y[i] > 0 else y[i]       # (4)
    return 0


class ReLU(Activation):
    """The rectified linear unit, ``y = max(z, 0)``.

    The first choice for hidden layers: cheap, and its gradient does not fade for z > 0. A unit whose z is negative for
    every sample no longer learns; ``leaky_relu`` and ``elu`` keep it alive.

    Notes
    -----
    At z = 0 there is no derivative; 0 is taken, as everywhere.

    References
    ----------
    V. Nair, G. E. Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML (2010).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "relu")().forward([-2.0, 0.0, 3.0])
    array([0., 0., 3.])
    """

    name = "relu"
    derivation = (
        Step(1, "y = Piecewise((0, z <= 0), (z, True))", "definition; a NaN is not <= 0, so it stays", runs=True),
        Step(2, "y = Max(z, 0)", "(1) in one word"),
        Step(3, "dz = dy * Piecewise((1, z > 0), (0, True))", "chain rule with (1); 0 is taken at z = 0"),
        Step(4, "dz = Piecewise((dy, y > 0), (y, True))",
             "(3): y > 0 just where z > 0, and elsewhere y is the 0 that is wanted (or a NaN)", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 0,
        forward[float], forward[double], backward[float], backward[double])
