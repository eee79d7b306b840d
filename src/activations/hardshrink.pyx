"""hardshrink: the input where it is far enough from 0, and 0 elsewhere."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport absolute

from pyfc.component import Activation, Hyper
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real lambd = <real>hyper[0], zero = 0
    for i in range(shape.rows * shape.cols):
        y[i] = zero if absolute(z[i]) <= lambd else z[i]            # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    for i in range(shape.rows * shape.cols):
        dz[i] = dy[i] if absolute(y[i]) > 0 else y[i]               # (3)
    return 0


class Hardshrink(Activation):
    """The hard shrinkage, ``y = z`` where abs(z) > lambd and 0 elsewhere.

    Use it where small outputs are to be exactly 0 and large ones are to stay as they are; ``softshrink`` makes those
    smaller too, but does not jump.

    Parameters
    ----------
    lambd : float, default 0.5
        Up to where y is 0; >= 0. Keras calls it threshold.

    Notes
    -----
    At z = -lambd and z = lambd y jumps and there is no derivative; 0 is taken.

    References
    ----------
    D. L. Donoho, I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81 (1994).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "hardshrink")().forward([-2.0, -0.25, 0.5, 3.0])
    array([-2.,  0.,  0.,  3.])
    """

    name = "hardshrink"
    hyperparameters = {"lambd": Hyper(0.5, low=0)}
    derivation = (
        Step(1, "y = Piecewise((0, Abs(z) <= lambd), (z, True))", "definition; a NaN is not <= lambd, so it stays",
             runs=True),
        Step(2, "dz = dy * Piecewise((1, Abs(z) > lambd), (0, True))",
             "chain rule with (1); 0 is taken at z = -lambd and z = lambd"),
        Step(3, "dz = dy * Piecewise((1, Abs(y) > 0), (0, True))",
             "(2): y is 0 just where z does not exceed lambd; in the code a NaN stays NaN", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 1,
        forward[float], forward[double], backward[float], backward[double])
