"""identity: passes z on unchanged, for a layer that is to stay linear."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, activation_capsule, activation_kernel, int64_t, real, shape_t, status)

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    for i in range(shape.rows * shape.cols):
        y[i] = z[i]               # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    for i in range(shape.rows * shape.cols):
        dz[i] = dy[i]             # (3)
    return 0


class Identity(Activation):
    """The identity, ``y = z``.

    Use it at the output of a regression network, or to write down that a layer has no activation.

    References
    ----------
    C. M. Bishop, "Pattern Recognition and Machine Learning", Springer (2006), section 5.1.

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "identity")().forward([-2.0, 3.0])
    array([-2.,  3.])
    """

    name = "identity"
    derivation = (
        Step(1, "y = z", "definition", runs=True),
        Step(2, "diff(y, z) = 1", "(1)"),
        Step(3, "dz = dy", "chain rule with (2)", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE, 0,
        forward[float], forward[double], backward[float], backward[double])
