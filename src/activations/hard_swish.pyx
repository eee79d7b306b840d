"""hard_swish: silu with the sigmoid drawn with three straight lines, for the cheapest of machines."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Z, activation_capsule, activation_kernel, int64_t, real, shape_t, status)

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, three = 3, six = 6
    for i in range(shape.rows * shape.cols):
        x = -three if z[i] < -three else z[i]  # from there on y is 0, and minus infinity times 0 would be NaN
        y[i] = x * (((three if x > three else x) + three) / six)                        # (2)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real slope, three = 3, six = 6, one = 1, zero = 0
    for i in range(shape.rows * shape.cols):
        slope = one if z[i] >= three else (z[i] + z[i] + three) / six                   # (3)
        dz[i] = dy[i] * (zero if z[i] <= -three else slope)                             # (3)
    return 0


class HardSwish(Activation):
    """The hard swish, ``y = z * clip((z + 3) / 6, 0, 1)``; Keras also calls it hard_silu.

    Use it in place of ``silu`` where exp is too expensive, as on phones.

    Notes
    -----
    At z = -3 and z = 3 there is no derivative; 0 and 1 are taken, the slopes further out, as in PyTorch.

    References
    ----------
    A. Howard et al., "Searching for MobileNetV3", ICCV (2019).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "hard_swish")().forward([-4.0, -1.5, 0.0, 1.5, 4.0])
    array([-0.   , -0.375,  0.   ,  1.125,  4.   ])
    """

    name = "hard_swish"
    derivation = (
        Step(1, "y = z * Min(Max((z + 3) / 6, 0), 1)", "definition: z times the hard sigmoid"),
        Step(2, "y = Max(z, -3) * ((Min(Max(z, -3), 3) + 3) / 6)",
             "(1): below -3 the second factor is 0, whatever the first", runs=True),
        Step(3, "dz = dy * Piecewise((0, z <= -3), (1, z >= 3), ((2 * z + 3) / 6, True))",
             "chain rule with (1), between -3 and 3 the product rule; 0 and 1 are taken at the ends", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Z, 0,
        forward[float], forward[double], backward[float], backward[double])
