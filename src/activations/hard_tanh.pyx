"""hard_tanh: z cut off at -1 and 1."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, one = 1
    for i in range(shape.rows * shape.cols):
        x = -one if z[i] < -one else z[i]                                   # (1)
        y[i] = one if x > one else x                                        # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real g, one = 1, zero = 0
    for i in range(shape.rows * shape.cols):
        g = dy[i] if y[i] > -one else (zero if y[i] <= -one else y[i])      # (3)
        dz[i] = zero if y[i] >= one else g                                  # (3)
    return 0


class HardTanh(Activation):
    """The hard hyperbolic tangent, ``y = clip(z, -1, 1)``.

    Use it in place of ``tanh`` where exp is too expensive, or for outputs that have to stay within -1 and 1.

    Notes
    -----
    At z = -1 and z = 1 there is no derivative; 0 is taken.

    References
    ----------
    R. Collobert, "Large scale machine learning", PhD thesis, Universite Paris VI (2004).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "hard_tanh")().forward([-4.0, 0.5, 4.0])
    array([-1. ,  0.5,  1. ])
    """

    name = "hard_tanh"
    derivation = (
        Step(1, "y = Min(Max(z, -1), 1)", "definition", runs=True),
        Step(2, "dz = dy * Piecewise((0, z >= 1), (1, z > -1), (0, True))",
             "chain rule with (1); 0 is taken at z = -1 and z = 1"),
        Step(3, "dz = Piecewise((0, y >= 1), (dy, y > -1), (0, True))",
             "(2): y is z between -1 and 1, and the end that z has passed elsewhere; in the code a NaN stays NaN",
             runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 0,
        forward[float], forward[double], backward[float], backward[double])
