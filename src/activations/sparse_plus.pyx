"""sparse_plus: relu with the corner at 0 rounded by a parabola, and exactly 0 below -1."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Z, activation_capsule, activation_kernel, int64_t, real, shape_t, status)

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real h, one = 1, half = 0.5
    for i in range(shape.rows * shape.cols):
        h = half * ((-one if z[i] < -one else z[i]) + one)                          # (2)
        y[i] = z[i] if z[i] >= one else h * h                                       # (3)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, one = 1, half = 0.5
    for i in range(shape.rows * shape.cols):
        x = -one if z[i] < -one else z[i]
        dz[i] = dy[i] * (half * ((one if x > one else x) + one))                    # (4)
    return 0


class SparsePlus(Activation):
    """The sparse plus, ``y = z`` for z >= 1, 0 for z <= -1, and ``(z + 1)**2 / 4`` between.

    Use it where a smooth ``relu`` is wanted that is exactly 0 for what lies far enough below: ``softplus`` never is.
    Its derivative is ``sparse_sigmoid``.

    References
    ----------
    M. Blondel, A. F. T. Martins, V. Niculae, "Learning with Fenchel-Young losses", JMLR 21 (2020).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "sparse_plus")().forward([-4.0, 0.0, 1.0, 4.0])
    array([0.  , 0.25, 1.  , 4.  ])
    """

    name = "sparse_plus"
    derivation = (
        Step(1, "y = Piecewise((z, z >= 1), ((z + 1)**2 / 4, z > -1), (0, True))",
             "definition; value and slope of the pieces agree at z = -1 and z = 1"),
        Step(2, "h = (Max(z, -1) + 1) / 2", "0 below -1", runs=True),
        Step(3, "y = Piecewise((z, z >= 1), (h**2, True))", "(1) with (2)", runs=True),
        Step(4, "dz = dy * ((Min(Max(z, -1), 1) + 1) / 2)",
             "chain rule with (1): the slope is 0, then (z + 1) / 2, then 1", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Z, 0,
        forward[float], forward[double], backward[float], backward[double])
