"""crelu: the positive and the negative parts of a row, beside each other: twice as many outputs. In Cython."""
from pyfc_kernel cimport (
    NEEDS_Z, activation_capsule, activation_kernel, int64_t, real, shape_t, status)

from pyfc.component import Activation, Step

cdef activation_kernel functions


cdef status forward(
    const shape_t *shape, const real *z, real *y, const real *a, const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real x, zero = 0
    if shape.out_cols != 2 * m:
        return 1  # an array of another width would be written past its end
    for i in range(shape.rows):
        for j in range(m):
            x = z[i * m + j]
            y[2 * i * m + j] = zero if x <= 0 else x             # (1)
            y[2 * i * m + m + j] = zero if x >= 0 else -x        # (1)
    return 0


cdef status backward(
    const shape_t *shape, const real *z, const real *y, const real *dy, real *dz,
    const real *a, real *da, const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real x, below
    if shape.out_cols != 2 * m:
        return 1
    for i in range(shape.rows):
        for j in range(m):
            x = z[i * m + j]
            below = -dy[2 * i * m + m + j] if x < 0 else x       # (2)
            dz[i * m + j] = dy[2 * i * m + j] if x > 0 else below        # (2)
    return 0


class CReLU(Activation):
    """The concatenated rectified linear unit: ``max(z, 0)`` of a row and then ``max(-z, 0)``, twice as many outputs.

    Use it in place of ``relu`` in first layers: ``relu`` throws away what is below 0, so layers learn many units in
    pairs of opposite sign; here one unit gives both. ``Dense(784, 64), "crelu", Dense(128, 10)``: 64 inputs, 128
    outputs.

    Notes
    -----
    At z = 0 there is no derivative; 0 is taken.

    References
    ----------
    W. Shang, K. Sohn, D. Almeida, H. Lee, "Understanding and Improving Convolutional Neural Networks via Concatenated
    Rectified Linear Units", ICML (2016).

    Examples
    --------
    >>> import pyfc
    >>> crelu = pyfc.get("activations", "crelu")()
    >>> crelu.forward([[2.0, -3.0]])
    array([[2., 0., 0., 3.]])
    >>> crelu.backward([[0.5, 0.25, 1.0, 4.0]], z=[[2.0, -3.0]])
    array([[ 0.5, -4. ]])
    """

    name = "crelu"
    derivation = (
        Step(1, "y[j] = Max(Piecewise((z[j], j <= m), (-z[j - m], True)), 0)",
             "definition: the first m outputs are those of relu, the others those of -z", runs=True,
             shapes="z (m), y (q), dy (q)"),
        Step(2, "dz[i] = Piecewise((dy[i], z[i] > 0), (-dy[m + i], z[i] < 0), (0, True))",
             "chain rule on (1): z[i] is in y[i] and y[m + i], of which one is 0 and does not move; 0 is taken at "
             "z = 0, and in the code a NaN stays NaN", runs=True, shapes="dz (m)"),
    )
    kernel = activation_capsule(
        &functions, NEEDS_Z, 0, forward[float], forward[double], backward[float], backward[double])

    def out_cols(self, cols):
        """Return how many outputs a row of ``cols`` inputs has: twice as many."""
        return 2 * cols
