"""softshrink: moves every input towards 0 by the same amount, and what would pass it to 0."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Y, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport absolute, limit

from pyfc.component import Activation, Hyper
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real lambd = <real>hyper[0]
    for i in range(shape.rows * shape.cols):
        y[i] = z[i] - limit(z[i], lambd)                            # (2)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    for i in range(shape.rows * shape.cols):
        dz[i] = dy[i] if absolute(y[i]) > 0 else y[i]               # (4)
    return 0


class Softshrink(Activation):
    """The soft shrinkage, ``y = z - lambd`` for z > lambd, ``z + lambd`` for z < -lambd, and 0 between.

    Use it where many outputs are to be exactly 0, as in a sparse code or when noise is taken away: it is the step of
    the iterative solvers of the lasso.

    Parameters
    ----------
    lambd : float, default 0.5
        By how much; >= 0. Keras calls it threshold.

    Notes
    -----
    At z = -lambd and z = lambd there is no derivative; 0 is taken.

    References
    ----------
    D. L. Donoho, "De-noising by soft-thresholding", IEEE Transactions on Information Theory 41 (1995);
    in a network: K. Gregor, Y. LeCun, "Learning fast approximations of sparse coding", ICML (2010).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "softshrink")().forward([-2.0, -0.25, 0.5, 3.0])
    array([-1.5,  0. ,  0. ,  2.5])
    """

    name = "softshrink"
    hyperparameters = {"lambd": Hyper(0.5, low=0)}
    derivation = (
        Step(1, "y = Piecewise((z - lambd, z > lambd), (z + lambd, z < -lambd), (0, True))", "definition"),
        Step(2, "y = z - Min(Max(z, -lambd), lambd)", "(1): z less what it has between -lambd and lambd", runs=True),
        Step(3, "dz = dy * Piecewise((1, Abs(z) > lambd), (0, True))",
             "chain rule with (1); 0 is taken at z = -lambd and z = lambd"),
        Step(4, "dz = dy * Piecewise((1, Abs(y) > 0), (0, True))",
             "(3): y is 0 just where z does not exceed lambd; in the code a NaN stays NaN", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Y, 1,
        forward[float], forward[double], backward[float], backward[double])
