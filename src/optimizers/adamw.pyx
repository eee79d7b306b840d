"""adamw: adam with weight decay that is a shrinking of its own, not a part of the gradient."""
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
    cdef real keep = <real>(1 - lr * hyper[3])                     # (8)
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
        w[i] = keep * w[i] - rate * mean / (sqrt(unbias * square) + eps)  # (5) (6) (8)
        m[i], v[i] = mean, square
    return 0


class AdamW(Optimizer):
    """Adam with decoupled weight decay: ``(1 - lr * weight_decay) * w - lr * m_hat / (sqrt(v_hat) + eps)``.

    An L2 penalty in the loss would pass through Adam's division, so that parameters with large gradients would hardly
    decay. Here every parameter shrinks by the same factor.

    Use it in place of ``adam`` when a network learns its training data better than new data. With a falling learning
    rate the decay falls too, as the two are multiplied.

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
    weight_decay : float, default 0.01
        A step without gradient multiplies the parameters by ``1 - lr * weight_decay``, >= 0.

    References
    ----------
    I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR (2019). D. P. Kingma, J. Ba, "Adam: A Method
    for Stochastic Optimization", ICLR (2015).

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> optimizer, w = pyfc.AdamW(lr=0.1, weight_decay=0.5), np.array([1.0, 1.0])
    >>> state = optimizer.new_state(w.size, w.dtype)
    >>> optimizer.update(w, np.array([0.0, 1000.0]), state, optimizer.rate(0), 1)
    >>> w.round(4)
    array([0.95, 0.85])
    """

    name = "adamw"
    default_lr = 0.001
    hyperparameters = {
        "beta1": Hyper(0.9, low=0, high=1, open_high=True),
        "beta2": Hyper(0.999, low=0, high=1, open_high=True),
        "eps": Hyper(1e-8, low=1e-30, open_low=True),
        "weight_decay": Hyper(0.01, low=0),
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
        Step(7, "u = m_hat / (sqrt(v_hat) + eps)", "Adam's direction"),
        Step(8, "w_new = (1 - lr * weight_decay) * w - lr * u", "the decay acts on w alone, beside the gradient",
             runs=True),
        Step(9, "w_new - (w - lr * u) = -lr * weight_decay * w", "Adam's step where weight_decay is 0"),
    )
    kernel = optimizer_capsule(&functions, ELEMENTWISE, 4, 2, update[float], update[double])
