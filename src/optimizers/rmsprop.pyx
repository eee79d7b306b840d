"""rmsprop: each step is divided by the root mean square of the recent gradients of its parameter."""
from pyfc_kernel cimport ELEMENTWISE, int64_t, optimizer_capsule, optimizer_kernel, real, status
from pyfc_math cimport rounded, sqrt

from pyfc.component import Hyper, Optimizer
from pyfc.derivation import Step

cdef optimizer_kernel functions


cdef status update(
    int64_t n, real *w, const real *dw, real *const *state, double lr, int64_t step, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real rate = <real>lr, rho = <real>hyper[0], rest = <real>(1 - hyper[0]), eps = <real>hyper[1]
    cdef real *s = state[0]
    for i in range(n):
        s[i] = rho * s[i] + rounded(rest * (dw[i] * dw[i]))        # (1)
        w[i] -= rate * dw[i] / (sqrt(s[i]) + eps)                  # (4)
    return 0


class RMSprop(Optimizer):
    """RMSprop: ``w - lr * g / (sqrt(s) + eps)``, with s a fading mean of the squared gradients.

    It is Adagrad with a memory that ends: after about ``1 / (1 - rho)`` steps a gradient is forgotten, so the steps do
    not shrink for ever.

    Use it where what is learned from changes while it is learned, or to repeat what a text does; else take ``adam``,
    which is the same with a mean of the gradients and corrected first steps.

    Parameters
    ----------
    lr : float or Schedule, default 0.001
        Learning rate: about the size of a step of a parameter whose gradients are steady.
    rho : float, default 0.9
        How much of the mean is kept in each step, >= 0 and < 1.
    eps : float, default 1e-8
        Keeps the divisor from 0, > 1e-30: less can be 0 in float32.

    Notes
    -----
    s begins at 0, so the first steps are too long, by 1 / sqrt(1 - rho**t); ``adam`` corrects that.

    References
    ----------
    T. Tieleman, G. Hinton, "Lecture 6.5 - RMSProp", Coursera: Neural Networks for Machine Learning (2012).

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> optimizer, w = pyfc.RMSprop(lr=0.1, rho=0.75), np.array([1.0, 1.0])
    >>> state = optimizer.new_state(w.size, w.dtype)
    >>> optimizer.update(w, np.array([0.001, 1000.0]), state, optimizer.rate(0), 1)
    >>> w.round(4)
    array([0.8, 0.8])
    """

    name = "rmsprop"
    default_lr = 0.001
    hyperparameters = {
        "rho": Hyper(0.9, low=0, high=1, open_high=True),
        "eps": Hyper(1e-8, low=1e-30, open_low=True),
    }
    derivation = (
        Step(1, "s_new = rho * s + (1 - rho) * g**2", "a fading mean of the squared gradients; 0 at the start",
             runs=True),
        Step(2, "s_new - g**2 = rho * (s - g**2)",
             "with a constant gradient, what s lacks to g**2 shrinks by rho in each step"),
        Step(3, "Sum((1 - rho) * rho**(t - k), (k, 1, t)) = 1 - rho**t",
             "the weights of the gradients of steps 1 to t in s: a mean once rho**t has faded"),
        Step(4, "w_new = w - lr * g / (sqrt(s_new) + eps)", "a step divided by the root of the mean", runs=True),
    )
    kernel = optimizer_capsule(&functions, ELEMENTWISE, 2, 1, update[float], update[double])
