"""hard_sigmoid: the sigmoid drawn with three straight lines, for the cheapest of machines."""
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
        x = -three if z[i] < -three else z[i]
        y[i] = ((three if x > three else x) + three) / six                          # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real slope, three = 3, sixth = 1.0 / 6, zero = 0
    for i in range(shape.rows * shape.cols):
        slope = sixth if z[i] > -three else (zero if z[i] <= -three else z[i])      # (2)
        dz[i] = dy[i] * (zero if z[i] >= three else slope)                          # (2)
    return 0


class HardSigmoid(Activation):
    """The hard sigmoid, ``y = clip((z + 3) / 6, 0, 1)``.

    Use it in place of ``sigmoid`` where exp is too expensive. This is the definition of PyTorch and of Keras 3,
    ``relu6(z + 3) / 6``; the first paper and Keras 2 have the slope 0.2.

    Notes
    -----
    At z = -3 and z = 3 there is no derivative; 0 is taken.

    References
    ----------
    M. Courbariaux, Y. Bengio, J.-P. David, "BinaryConnect", NeurIPS (2015);
    with this slope: A. Howard et al., "Searching for MobileNetV3", ICCV (2019).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "hard_sigmoid")().forward([-4.0, 0.0, 1.5, 4.0])
    array([0.  , 0.5 , 0.75, 1.  ])
    """

    name = "hard_sigmoid"
    derivation = (
        Step(1, "y = (Min(Max(z, -3), 3) + 3) / 6", "definition", runs=True),
        Step(2, "dz = dy * Piecewise((0, z >= 3), (1/6, z > -3), (0, True))",
             "chain rule with (1); 0 is taken at z = -3 and z = 3, and a NaN stays NaN", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Z, 0,
        forward[float], forward[double], backward[float], backward[double])
