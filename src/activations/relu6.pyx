"""relu6: relu that stops at 6, so that few bits are enough for it."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real x, zero = 0, six = 6
    for i in range(shape.rows * shape.cols):
        x = zero if z[i] <= 0 else z[i]                                     # (1)
        y[i] = six if x > six else x                                        # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real g, zero = 0, six = 6
    for i in range(shape.rows * shape.cols):
        g = dy[i] if y[i] > 0 else y[i]                                     # (3)
        dz[i] = zero if y[i] >= six else g                                  # (3)
    return 0


class ReLU6(Activation):
    """The rectified linear unit with a ceiling, ``y = min(max(z, 0), 6)``.

    Use it in networks that will run in few bits: with outputs from 0 to 6 the places behind the point are known. Else
    ``relu`` does as well, and its gradient does not end at 6.

    Notes
    -----
    At z = 0 and z = 6 there is no derivative; 0 is taken.

    References
    ----------
    A. Krizhevsky, "Convolutional deep belief networks on CIFAR-10", University of Toronto (2010);
    A. Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision applications",
    arXiv:1704.04861 (2017).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "relu6")().forward([-2.0, 0.0, 3.0, 8.0])
    array([0., 0., 3., 6.])
    """

    name = "relu6"
    derivation = (
        Step(1, "y = Min(Max(z, 0), 6)", "definition", runs=True),
        Step(2, "dz = dy * Piecewise((0, z >= 6), (1, z > 0), (0, True))",
             "chain rule with (1); 0 is taken at z = 0 and z = 6"),
        Step(3, "dz = Piecewise((0, y >= 6), (dy, y > 0), (0, True))",
             "(2): y is z between 0 and 6, and the end that z has passed elsewhere; in the code a NaN stays NaN",
             runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 0,
        forward[float], forward[double], backward[float], backward[double])
