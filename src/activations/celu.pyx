"""celu: elu whose slope has no jump at 0, whatever its alpha."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport expm1

from pyfc.component import Activation, Hyper
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real alpha = <real>hyper[0]
    for i in range(shape.rows * shape.cols):
        y[i] = z[i] if z[i] > 0 else alpha * expm1(z[i] / alpha)             # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real one = 1, alpha = <real>hyper[0]
    for i in range(shape.rows * shape.cols):
        dz[i] = dy[i] * (one if y[i] > 0 else (y[i] + alpha) / alpha)        # (4)
    return 0


class CELU(Activation):
    """The continuously differentiable ELU, ``y = z`` for z > 0 and ``alpha * (exp(z / alpha) - 1)`` elsewhere.

    Use it in place of ``elu`` where alpha is not 1: there ``elu`` has a kink at 0, and this one has the slope 1 on both
    sides. With alpha = 1 the two are the same.

    Parameters
    ----------
    alpha : float, default 1.0
        ``-alpha`` is the limit far below zero; greater than 1e-30, because z is divided by it, and less can be 0 in
        float32. The smaller, the more like ``relu``.

    References
    ----------
    J. T. Barron, "Continuously differentiable exponential linear units", arXiv:1704.07483 (2017).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "celu")(alpha=0.5).forward([-1000.0, 0.0, 3.0])
    array([-0.5,  0. ,  3. ])
    """

    name = "celu"
    hyperparameters = {"alpha": Hyper(1.0, low=1e-30, open_low=True)}
    derivation = (
        Step(1, "y = Piecewise((z, z > 0), (alpha * (exp(z / alpha) - 1), True))",
             "definition; exp(u) - 1 is one function, expm1, so that small z lose no digits", runs=True),
        Step(2, "diff(y, z) = Piecewise((1, z > 0), (exp(z / alpha), True))",
             "chain rule on (1): the alpha in front cancels the one inside, so both pieces give 1 at z = 0"),
        Step(3, "diff(y, z) = Piecewise((1, z > 0), ((y + alpha) / alpha, True))",
             "(2) with alpha exp(z / alpha) = y + alpha from (1)"),
        Step(4, "dz = dy * Piecewise((1, y > 0), ((y + alpha) / alpha, True))",
             "chain rule with (3); y has the sign of z because alpha > 0", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 1,
        forward[float], forward[double], backward[float], backward[double])
