"""gelu: the input times the probability that a normal variable is below it."""
from pyfc_kernel cimport (
    ELEMENTWISE, IN_PLACE, NEEDS_Z, activation_capsule, activation_kernel, int64_t, real, shape_t, status)
from pyfc_math cimport DOWN, choose, distance, normal_tail_slope, normal_tail_x

from pyfc.component import Activation
from pyfc.derivation import Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real xq, far = 39 if real is double else 15
    cdef real down = DOWN
    for i in range(shape.rows * shape.cols):
        # Beyond far, where q is 0, infinity times it would be NaN.
        xq = normal_tail_x(distance(z[i], far)) * down      # (2)
        y[i] = choose(z[i], z[i] - xq, -xq)                 # (3)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real d, one = 1, far = 39 if real is double else 15
    cdef real down = DOWN
    for i in range(shape.rows * shape.cols):
        d = normal_tail_slope(distance(z[i], far)) * down   # (2) (4) (5)
        dz[i] = dy[i] * choose(z[i], one - d, d)            # (5)
    return 0


class GELU(Activation):
    """The Gaussian error linear unit, ``y = z * Phi(z)``, where Phi is the normal distribution function.

    Use it in the hidden layers of deep networks; transformers have it. This is the exact form; ``gelu_tanh`` is the
    approximation that some published models were trained with.

    References
    ----------
    D. Hendrycks, K. Gimpel, "Gaussian error linear units (GELUs)", arXiv:1606.08415 (2016).

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("activations", "gelu")().forward([-1000.0, 0.0, 1000.0])
    array([  -0.,    0., 1000.])
    """

    name = "gelu"
    derivation = (
        Step(1, "y = z * erfc(-z / sqrt(2)) / 2", "definition: Phi(z) = erfc(-z / sqrt(2)) / 2"),
        Step(2, "q = erfc(Abs(z) / sqrt(2)) / 2", "the probability beyond |z|: small numbers keep their digits",
             runs=True),
        Step(3, "y = Max(z, 0) - Abs(z) * q",
             "(1): Phi(z) is q for z <= 0, and 1 - q for z > 0 because Phi(-z) = 1 - Phi(z)",
             runs=True),
        Step(4, "f = exp(-z**2 / 2) / sqrt(2 * pi)", "the density of the normal distribution, Phi'", runs=True),
        Step(5, "dz = dy * Piecewise((1 - (q - Abs(z) * f), z > 0), (q - Abs(z) * f, True))",
             "chain rule and product rule, (Phi + z f) dy, with (2)", runs=True),
    )
    kernel = activation_capsule(
        &functions, ELEMENTWISE | IN_PLACE | NEEDS_Z, 0,
        forward[float], forward[double], backward[float], backward[double])
