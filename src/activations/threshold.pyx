"""threshold: the input above a threshold, a fixed value up to it."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Z, activation_capsule, activation_kernel, int64_t, real, shape_t, status)

from pyfc.component import Activation, Hyper
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real threshold = <real>hyper[0], value = <real>hyper[1]
    for i in range(shape.rows * shape.cols):
        y[i] = value if z[i] <= threshold else z[i]                                     # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real threshold = <real>hyper[0], zero = 0
    for i in range(shape.rows * shape.cols):
        dz[i] = dy[i] if z[i] > threshold else (zero if z[i] <= threshold else z[i])    # (2)
    return 0


class Threshold(Activation):
    """The threshold unit, ``y = z`` for z > threshold and ``value`` elsewhere.

    Use it where only strong inputs are to count: with value 0 it is a ``relu`` that begins at the threshold, with a
    jump. With threshold 0, too, it is ``relu``.

    Parameters
    ----------
    threshold : float, default 1.0
        Above it, z passes.
    value : float, default 0.0
        What y is elsewhere. Unless it is the threshold, y jumps there.

    Notes
    -----
    PyTorch and Keras have no defaults; these are those of the paper. Keras calls ``value`` default_value. At
    z = threshold there is no derivative; 0 is taken.

    References
    ----------
    K. Konda, R. Memisevic, D. Krueger, "Zero-bias autoencoders and the benefits of co-adapting features", ICLR (2015).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "threshold")(threshold=1.0, value=-1.0).forward([-2.0, 1.0, 1.5])
    array([-1. , -1. ,  1.5])
    """

    name = "threshold"
    hyperparameters = {"threshold": Hyper(1.0), "value": Hyper(0.0)}
    derivation = (
        Step(1, "y = Piecewise((value, z <= threshold), (z, True))",
             "definition; a NaN is not <= threshold, so it stays", runs=True),
        Step(2, "dz = dy * Piecewise((1, z > threshold), (0, True))",
             "chain rule with (1); 0 is taken at z = threshold, and in the code a NaN stays NaN", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Z, 2,
        forward[float], forward[double], backward[float], backward[double])
