"""kl_divergence: how far predicted probabilities are from target probabilities, in units of information."""
from pyfc_kernel cimport int64_t, loss_capsule, loss_kernel, real, shape_t, status
from pyfc_math cimport log

from pyfc.component import Hyper, Loss
from pyfc.derivation import Step

cdef loss_kernel functions

cdef double EPS = 2.0**-23                                                             # (4)


# Forward goes down the columns, because the rows of a few classes are too short for vector code.

cdef status forward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, real *loss, const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef real a, u, v, e, zero = 0, one = 1, eps = <real>EPS
    for i in range(shape.rows):
        loss[i] = 0
    for j in range(m):  # in both: an output of minus infinity where the target is 0 does no harm; NaN does
        if hyper[0]:
            for i in range(shape.rows):
                u, v = y[i * m + j], t[i * m + j]
                e = v * log(v if v > 0 else one)                                       # (1)
                loss[i] += e - v * u if v > 0 else (zero if u == u else u)             # (2)
        else:
            for i in range(shape.rows):
                u, v = y[i * m + j], t[i * m + j]
                e = v * log(v if v > 0 else one)                                       # (1)
                a = eps if u < eps else u                                              # (5)
                u = log(a) + (u / a - one)
                loss[i] += e - v * u if v > 0 else (zero if u == u else u)             # (6)
    return 0


cdef status backward(
    const shape_t *shape, const real *y, const real *t, const int64_t *labels, const real *scale, real *dy,
    const double *hyper,
) noexcept nogil:
    cdef int64_t i, j, m = shape.cols
    cdef bint from_log = hyper[0] != 0
    cdef real u, one = 1, eps = <real>EPS
    for i in range(shape.rows):
        for j in range(m):
            u = y[i * m + j]
            if from_log:
                u = one if u == u else u  # NaN stays NaN
            else:
                u = eps if u < eps else u                                              # (5)
            dy[i * m + j] = scale[i] * (-t[i * m + j] / u)                             # (3) (7)
    return 0


class KLDivergence(Loss):
    """Kullback-Leibler divergence: for each sample ``sum(t * log(t / p))``, 0 if the probabilities p are the targets t.

    Use it where the targets are probabilities themselves, such as the votes of several people on one picture, or the
    outputs of a larger network that this one is to imitate. From the cross-entropy it differs by the entropy of the
    targets, which no output can change: the gradients are the same, but it ends at 0. End the network with
    ``log_softmax``: outputs that are no logarithms of probabilities let the loss fall without end. Targets are rows
    (n, m) of probabilities; labels are taken as one-hot rows.

    Parameters
    ----------
    from_log : bool, default True
        True, as in PyTorch: outputs y are logarithms of probabilities, after ``log_softmax``. False, as
        in Keras: outputs are the probabilities, p = y, after ``softmax``.

    Notes
    -----
    The loss sums over the outputs and takes the mean over the samples, PyTorch's ``"batchmean"``. It does not check
    that p sums to 1; without that, it can be negative. With ``from_log=False`` the logarithm has no end at 0. So below
    eps = 2**-23 = 1.2e-7, the spacing of float32 at 1, ``log(p)`` goes on as its tangent.

    References
    ----------
    S. Kullback, R. A. Leibler, "On Information and Sufficiency", Annals of Mathematical Statistics 22 (1951).

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> loss = pyfc.get("losses", "kl_divergence")()
    >>> p, t = np.array([[0.5, 0.5], [0.25, 0.75]]), [[0.5, 0.5], [1, 0]]
    >>> round(loss.value(np.log(p), t), 6)
    0.693147
    >>> pyfc.get("losses", "kl_divergence")(from_log=False).gradient(p, t)
    array([[-0.5, -0.5],
           [-2. , -0. ]])
    """

    name = "kl_divergence"
    task = "classification"
    hyperparameters = {"from_log": Hyper(True)}
    derivation = (
        Step(1, "e[k] = Piecewise((t[k] * log(t[k]), t[k] > 0), (0, True))",
             "minus the entropy of the targets; 0 is the limit of t log(t) as t goes to 0", runs=True),
        Step(2, "l = Sum(e[k] - t[k] * y[k], (k, 1, m))",
             "definition: Sum(t log(t / p)) with log(p) = y, for one sample with m outputs", runs=True,
             when={"from_log": True}),
        Step(3, "dy[j] = -t[j]", "l is linear in y; that the p of a sample sum to 1 is the last layer's part",
             runs=True, when={"from_log": True}),
        Step(4, "eps = 1 / 2**23", "the spacing of float32 at 1", runs=True, when={"from_log": False}),
        Step(5, "a[k] = Max(y[k], eps)", "what log(y) is taken of", runs=True, when={"from_log": False}),
        Step(6, "l = Sum(e[k] - t[k] * (log(a[k]) + (y[k] / a[k] - 1)), (k, 1, m))",
             "definition: Sum(t log(t / p)) with p = y, for with a = y the fraction is 1; below eps, log goes on as "
             "its tangent", runs=True, when={"from_log": False}),
        Step(7, "dy[j] = -t[j] / a[j]",
             "log and its tangent have the same slope where they meet, so there is no kink", runs=True,
             when={"from_log": False}),
    )
    kernel = loss_capsule(&functions, 0, 1, forward[float], forward[double], backward[float], backward[double])

    @property
    def probability(self):
        """Return ``"softmax"``, which undoes the logarithm; ``"identity"`` where the outputs are probabilities."""
        return "softmax" if self.from_log else "identity"

    @property
    def log_probabilities(self):
        """Return whether the outputs are logarithms of the probabilities."""
        return self.from_log

    @property
    def in_unit_interval(self):
        """Return whether the outputs are the probabilities themselves."""
        return not self.from_log
