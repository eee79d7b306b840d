"""adam: a fading mean of the gradients, divided by the root of a fading mean of their squares."""
from libc.math cimport expm1, log
from pyfc_kernel cimport ELEMENTWISE, int64_t, optimizer_capsule, optimizer_kernel, real, status
from pyfc_math cimport rounded, sqrt

from pyfc.component import Hyper, Optimizer
from pyfc.derivation import Step

cdef optimizer_kernel functions


cdef status update(
    int64_t n, real *w, const real *dw, real *const *state, double lr, int64_t step, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real beta1 = <real>hyper[0], rest1 = <real>(1 - hyper[0])
    cdef real beta2 = <real>hyper[1], rest2 = <real>(1 - hyper[1]), eps = <real>hyper[2]
    # -expm1(t log(beta)) is 1 - beta**t without the cancellation.
    cdef real rate = <real>(lr / -expm1(step * log(hyper[0])))     # (5)
    cdef real unbias = <real>(1 / -expm1(step * log(hyper[1])))    # (6)
    cdef real *m = state[0]
    cdef real *v = state[1]
    cdef real g, mean, square  # written late, so that no load waits for a store
    for i in range(n):
        g = dw[i]
        mean = beta1 * m[i] + rounded(rest1 * g)                   # (1)
        square = beta2 * v[i] + rounded(rest2 * (g * g))           # (2)
        w[i] -= rate * mean / (sqrt(unbias * square) + eps)        # (5) (6) (7)
        m[i], v[i] = mean, square
    return 0


class Adam(Optimizer):
    """Adam: ``w - lr * m_hat / (sqrt(v_hat) + eps)``, with means m of the gradients and v of their squares.

    Both means begin at 0 and are therefore too small at first; m_hat and v_hat are corrected for that. The size of a
    step is about lr, whatever the size of the gradients.

    Use it first: it learns well with its usual rate on most networks, also where the gradients of parameters differ
    much in size. With weight decay take ``adamw``; ``sgd`` with momentum is worth a try at the end.

    Parameters
    ----------
    lr : float or Schedule, default 0.001
        Learning rate.
    beta1 : float, default 0.9
        How much of the mean of the gradients is kept in each step, >= 0 and < 1.
    beta2 : float, default 0.999
        The same for the mean of their squares.
    eps : float, default 1e-8
        Keeps the divisor from 0, > 1e-30: less can be 0 in float32.

    References
    ----------
    D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR (2015).

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> optimizer, w = pyfc.Adam(lr=0.1), np.array([1.0, 1.0])
    >>> state = optimizer.new_state(w.size, w.dtype)
    >>> optimizer.update(w, np.array([0.001, 1000.0]), state, optimizer.rate(0), 1)
    >>> w.round(4)
    array([0.9, 0.9])
    """

    name = "adam"
    default_lr = 0.001
    hyperparameters = {
        "beta1": Hyper(0.9, low=0, high=1, open_high=True),
        "beta2": Hyper(0.999, low=0, high=1, open_high=True),
        "eps": Hyper(1e-8, low=1e-30, open_low=True),
    }
    derivation = (
        Step(1, "m_new = beta1 * m + (1 - beta1) * g", "a fading mean of the gradients; 0 at the start", runs=True),
        Step(2, "v_new = beta2 * v + (1 - beta2) * g**2", "a fading mean of their squares; 0 at the start", runs=True),
        Step(3, "m_new - g = beta1 * (m - g)",
             "with a constant gradient, what m lacks to g shrinks by beta1 in each step"),
        Step(4, "Sum((1 - beta1) * beta1**(t - k), (k, 1, t)) = 1 - beta1**t",
             "the weights of the gradients of steps 1 to t in m; likewise with beta2 in v"),
        Step(5, "m_hat = m_new / (1 - beta1**t)", "divided by (4), the weights have the sum 1: a true mean", runs=True),
        Step(6, "v_hat = v_new / (1 - beta2**t)", "likewise", runs=True),
        Step(7, "w_new = w - lr * m_hat / (sqrt(v_hat) + eps)",
             "a step along the mean, in units of the root mean square", runs=True),
    )
    kernel = optimizer_capsule(&functions, ELEMENTWISE, 3, 2, update[float], update[double])
