"""prelu: leaky_relu whose slope below zero is learned."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, LEARNS, NEEDS_Z, activation_capsule, activation_kernel, int64_t, real, shape_t, status)

from pyfc.component import Activation, Hyper
from pyfc.component.activation import Learned
from pyfc.derivation import Step

cdef activation_kernel functions


cdef inline real slope_at(real z, real a) noexcept nogil:
    """Return dy/dz."""
    cdef real one = 1
    return one if z > 0 else (a if z <= 0 else z)                                                  # (2)


cdef inline real backward_row(int64_t n, const real *z, const real *dy, real *dz, real a) noexcept nogil:
    """Fill dz and return da for n numbers that share a slope; the sum is in double, for they may be many."""
    cdef int64_t i
    cdef double total = 0
    cdef real zero = 0
    for i in range(n):
        total += dy[i] * (zero if z[i] > 0 else z[i])                                              # (3)
        dz[i] = dy[i] * slope_at(z[i], a)                                                          # (2)
    return <real>total


cdef inline void backward_units(
    int64_t m, const real *z, const real *dy, real *dz, const real *a, real *da,
) noexcept nogil:
    """Fill one row of dz and add its part to da."""
    cdef int64_t j
    cdef real zero = 0
    for j in range(m):
        da[j] += dy[j] * (zero if z[j] > 0 else z[j])                                              # (3)
        dz[j] = dy[j] * slope_at(z[j], a[j])                                                       # (2)


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real slope
    if shape.params == 1:
        slope = a[0]
        for i in range(shape.rows * m):
            y[i] = z[i] if z[i] > 0 else slope * z[i]                                              # (1)
        return 0
    for i in range(shape.rows):
        for j in range(m):
            y[i * m + j] = z[i * m + j] if z[i * m + j] > 0 else a[j] * z[i * m + j]               # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i, m = shape.cols
    if shape.params == 1:
        da[0] = backward_row(shape.rows * m, z, dy, dz, a[0])
        return 0
    for i in range(m):
        da[i] = 0
    for i in range(shape.rows):
        backward_units(m, z + i * m, dy + i * m, dz + i * m, a, da)
    return 0


class PReLU(Activation):
    """The parametric rectified linear unit: ``y = z`` for z > 0 and ``a * z`` elsewhere, with a learned slope a.

    Use it where data are plenty and the slope of ``leaky_relu`` matters. The slopes start at 0.25 and are trained with
    the weights; weight decay on them would pull them to ``relu``.

    Parameters
    ----------
    per : {"unit", "layer"}, default "unit"
        One slope for each unit, or one for the whole layer.

    Notes
    -----
    At z = 0 there is no derivative; the slope from below, a, is taken. The gradient by a slope is the sum over all
    samples, and over all units that share it.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, "Delving Deep into Rectifiers", ICCV (2015).

    Examples
    --------
    >>> import numpy as np, pyfc
    >>> act = pyfc.get("activations", "prelu")(per="unit")
    >>> act.forward([[-2.0, -2.0]], a=np.array([0.5, 0.25]))
    array([[-1. , -0.5]])
    >>> dz, da = act.backward([[1.0, 1.0]], z=[[-2.0, 3.0]])
    >>> dz, da
    (array([[0.25, 1.  ]]), array([-2.,  0.]))
    """

    name = "prelu"
    hyperparameters = {"per": Hyper("unit", choices=("unit", "layer"))}
    learned = Learned("a", 0.25)
    derivation = (
        Step(1, "y = Piecewise((z, z > 0), (a * z, True))", "definition", runs=True),
        Step(2, "dz = dy * Piecewise((1, z > 0), (a, True))",
             "chain rule with (1); a is taken at z = 0, and a NaN stays NaN", runs=True),
        Step(3, "da = dy * Piecewise((0, z > 0), (z, True))",
             "chain rule with (1), for one sample and one unit: the sum over all that share the slope", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | LEARNS | NEEDS_Z, 1,
        forward[float], forward[double], backward[float], backward[double])

    def params(self, cols):
        """Return how many slopes a layer of ``cols`` units has: ``cols``, or 1 if they share it."""
        return cols if self.per == "unit" else 1
