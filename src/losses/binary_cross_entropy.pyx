"""binary_cross_entropy: the loss of yes-or-no questions, one for each output."""
from pyfc_kernel cimport int64_t, loss_capsule, loss_kernel, real, shape_t, status
from pyfc_math cimport exp, log, log1p

import numpy as np

from pyfc.component import Hyper, Loss
from pyfc.derivation import Step

cdef loss_kernel functions

cdef double EPS = 2.0**-23                                                             # (7)


# Forward goes down the columns, and backward over all numbers at once, because with the usual single output the rows
# are too short for vector code.

cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real a, d, e, u, v, one = 1, zero = 0, eps = <real>EPS
    for i in range(shape.rows):
        loss[i] = 0
    for j in range(m):
        if hyper[0]:
            for i in range(shape.rows):
                u, v = y[i * m + j], t[i * m + j]
                e = exp(u if u < 0 else -u)                                            # (3)
                loss[i] += (zero if u < 0 else u) - v * u + log1p(e)                   # (4)
        else:
            for i in range(shape.rows):
                u, v = y[i * m + j], t[i * m + j]
                a = eps if u < eps else u                                              # (8)
                d = one - eps if u > one - eps else u                                  # (9)
                loss[i] -= v * (log(a) + (u / a - one))                                # (10)
                loss[i] -= (one - v) * (log1p(-d) + ((one - u) / (one - d) - one))     # (10)
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real a, d, e, u, one = 1, eps = <real>EPS
    if hyper[0]:
        for i in range(shape.rows * m):
            u = y[i]
            e = exp(u if u < 0 else -u)                                                # (3)
            u = (e if u < 0 else one) / (one + e)                                      # (5)
            dy[i] = u - t[i]                                                           # (6)
    else:
        for i in range(shape.rows * m):
            u = y[i]
            a = eps if u < eps else u                                                  # (8)
            d = one - eps if u > one - eps else u                                      # (9)
            dy[i] = (one - t[i]) / (one - d) - t[i] / a                                # (11)
    for i in range(shape.rows):
        for j in range(m):
            dy[i * m + j] *= scale[i]                                                  # (6) (11)
    return 0


class BinaryCrossEntropy(Loss):
    """Binary cross-entropy: for each sample the sum over its outputs of ``-(t log q + (1 - t) log(1 - q))``.

    Each output answers a question of its own: q is its probability of yes and t, from 0 to 1, the truth. For classes of
    which exactly one is right, use ``softmax_cross_entropy``.

    Parameters
    ----------
    from_logits : bool, default True
        True: outputs y are any numbers, and q is their sigmoid; the network ends without an activation. Loss and
        gradient are right for every y, however large. False: the outputs are the probabilities, q = y.

    Notes
    -----
    With ``from_logits=False`` the logarithm has no end at 0. So below eps = 2**-23 = 1.2e-7, the spacing of float32 at
    1, ``log`` goes on as its tangent (for q below eps and for 1 - q below eps). Loss and gradient stay finite, at most
    about 17 and 8.4e6 for an output in [0, 1], and the gradient still points the right way where clipping the
    probability alone would make it 0.

    References
    ----------
    I. J. Good, "Rational Decisions", Journal of the Royal Statistical Society B 14 (1952).

    Examples
    --------
    >>> import pyfc
    >>> loss = pyfc.get("losses", "binary_cross_entropy")()
    >>> round(loss.value([0.0, 1000.0], [1, 0]), 6)
    500.346574
    >>> loss.gradient([0.0, 1000.0], [1, 0])
    array([-0.25,  0.5 ])
    """

    name = "binary_cross_entropy"
    task = "binary"
    hyperparameters = {"from_logits": Hyper(True)}
    derivation = (
        Step(1, "q[k] = 1 / (1 + exp(-y[k]))", "the probability of yes that output k stands for: its sigmoid",
             when={"from_logits": True}),
        Step(2, "l = -Sum(t[k] * log(q[k]) + (1 - t[k]) * log(1 - q[k]), (k, 1, m))",
             "definition: minus the logarithm of the probability of the truth, for one sample with m outputs",
             when={"from_logits": True}),
        Step(3, "e[k] = exp(-Abs(y[k]))", "exp of a number that is not positive cannot overflow", runs=True,
             when={"from_logits": True}),
        Step(4, "l = Sum(Max(y[k], 0) - t[k] * y[k] + log(1 + e[k]), (k, 1, m))",
             "(2) with log(q) = y - log(1 + exp(y)), log(1 - q) = -log(1 + exp(y)), and "
             "log(1 + exp(y)) = Max(y, 0) + log(1 + e)", runs=True, when={"from_logits": True}),
        Step(5, "q[k] = Piecewise((1 / (1 + e[k]), y[k] >= 0), (e[k] / (1 + e[k]), True))",
             "(1), for y < 0 with numerator and denominator multiplied by e = exp(y)", runs=True,
             when={"from_logits": True}),
        Step(6, "dy[j] = q[j] - t[j]", "only the term k = j depends on y[j], and log(1 + exp(y)) has the derivative q",
             runs=True, when={"from_logits": True}),
        Step(7, "eps = 1 / 2**23", "the spacing of float32 at 1", runs=True, when={"from_logits": False}),
        Step(8, "a[k] = Max(y[k], eps)", "what log(y) is taken of", runs=True, when={"from_logits": False}),
        Step(9, "d[k] = Min(y[k], 1 - eps)", "likewise for log(1 - y)", runs=True, when={"from_logits": False}),
        Step(10, "l = -Sum(t[k] * (log(a[k]) + (y[k] / a[k] - 1)) "
             "+ (1 - t[k]) * (log(1 - d[k]) + ((1 - y[k]) / (1 - d[k]) - 1)), (k, 1, m))",
             "definition: with a = d = y both fractions are 1, and this is -Sum(t log(y) + (1 - t) log(1 - y)); "
             "nearer to 0 and 1 than eps, log goes on as its tangent", runs=True, when={"from_logits": False}),
        Step(11, "dy[j] = (1 - t[j]) / (1 - d[j]) - t[j] / a[j]",
             "a function and its tangent have the same slope where they meet, so there is no kink", runs=True,
             when={"from_logits": False}),
    )
    kernel = loss_capsule(&functions, 0, 1, forward[float], forward[double], backward[float], backward[double])

    @property
    def probability(self):
        """Return ``"sigmoid"`` on logits; ``"identity"`` where the outputs are probabilities already."""
        return "sigmoid" if self.from_logits else "identity"

    @property
    def in_unit_interval(self):
        """Return whether the outputs are the probabilities themselves."""
        return not self.from_logits

    def decide(self, y):
        """Return 1 where the probability is above 0.5, else 0: (n,) for one output, else (n, k), int64."""
        answer = (y > (0 if self.from_logits else 0.5)).astype(np.int64)
        return answer[:, 0] if y.shape[1] == 1 else answer
