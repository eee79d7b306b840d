"""sparse_sigmoid: a straight line from 0 to 1, which it reaches: probabilities may be exactly 0 or 1."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Z, activation_capsule, activation_kernel, int64_t, real, shape_t, status)

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, one = 1, half = 0.5
    for i in range(shape.rows * shape.cols):
        x = -one if z[i] < -one else z[i]
        y[i] = half * ((one if x > one else x) + one)                               # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real slope, one = 1, half = 0.5, zero = 0
    for i in range(shape.rows * shape.cols):
        slope = half if z[i] > -one else (zero if z[i] <= -one else z[i])           # (2)
        dz[i] = dy[i] * (zero if z[i] >= one else slope)                            # (2)
    return 0


class SparseSigmoid(Activation):
    """The sparse sigmoid, ``y = clip((z + 1) / 2, 0, 1)``.

    Use it in place of ``sigmoid`` at a yes-or-no output that may be certain: from z = 1 on y is exactly 1. It is the
    first output of ``sparsemax`` for the two numbers z and 0, and the derivative of ``sparse_plus``.

    Notes
    -----
    At z = -1 and z = 1 there is no derivative; 0 is taken.

    References
    ----------
    M. Blondel, A. F. T. Martins, V. Niculae, "Learning with Fenchel-Young losses", JMLR 21 (2020).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "sparse_sigmoid")().forward([-4.0, 0.0, 0.5, 4.0])
    array([0.  , 0.5 , 0.75, 1.  ])
    """

    name = "sparse_sigmoid"
    derivation = (
        Step(1, "y = (Min(Max(z, -1), 1) + 1) / 2", "definition", runs=True),
        Step(2, "dz = dy * Piecewise((0, z >= 1), (1/2, z > -1), (0, True))",
             "chain rule with (1); 0 is taken at z = -1 and z = 1, and a NaN stays NaN", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Z, 0,
        forward[float], forward[double], backward[float], backward[double])
