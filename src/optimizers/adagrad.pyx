"""adagrad: each parameter has a learning rate of its own, which falls with the gradients that it has seen."""
from pyfc_kernel cimport ELEMENTWISE, int64_t, optimizer_capsule, optimizer_kernel, real, status
from pyfc_math cimport sqrt

from pyfc.component import Hyper, Optimizer
from pyfc.derivation import Step

cdef optimizer_kernel functions


cdef status update(
    int64_t n, real *w, const real *dw, real *const *state, double lr, int64_t step, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real rate = <real>lr, eps = <real>hyper[0]
    cdef real *s = state[0]
    for i in range(n):
        s[i] += dw[i] * dw[i]                                      # (1)
        w[i] -= rate * dw[i] / (sqrt(s[i]) + eps)                  # (3)
    return 0


class Adagrad(Optimizer):
    """Adagrad: ``w - lr * g / (sqrt(s) + eps)``, with s the sum of all squared gradients so far.

    A parameter whose gradients are rare or small gets larger steps than one whose gradients are frequent or large, so
    it suits sparse inputs. The sum only grows, so the steps shrink for ever, about as 1 / sqrt(t).

    Parameters
    ----------
    lr : float or Schedule, default 0.01
        Learning rate: the size of the first step of every parameter.
    eps : float, default 1e-10
        Keeps the divisor from 0, > 1e-30: less can be 0 in float32.

    References
    ----------
    J. Duchi, E. Hazan, Y. Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
    Journal of Machine Learning Research 12 (2011).

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> optimizer, w = pyfc.Adagrad(lr=0.1), np.array([1.0, 1.0])
    >>> state = optimizer.new_state(w.size, w.dtype)
    >>> optimizer.update(w, np.array([0.001, 1000.0]), state, optimizer.rate(0), 1)
    >>> w.round(6)
    array([0.9, 0.9])
    """

    name = "adagrad"
    default_lr = 0.01
    hyperparameters = {"eps": Hyper(1e-10, low=1e-30, open_low=True)}
    derivation = (
        Step(1, "s_new = s + g**2", "the sum of the squared gradients; 0 at the start", runs=True),
        Step(2, "Sum(g**2, (k, 1, t)) = t * g**2",
             "so with a constant gradient the divisor of (3) is sqrt(t) * Abs(g), and step t is lr / sqrt(t) long"),
        Step(3, "w_new = w - lr * g / (sqrt(s_new) + eps)", "a step whose rate is divided by the root of the sum",
             runs=True),
        Step(4, "(w - w_new) * (sqrt(s + g**2) + eps) = lr * g", "(1) in (3)"),
        Step(5, "(exp(a) * g)**2 / (exp(a)**2 * s + (exp(a) * g)**2) = g**2 / s_new",
             "the square of (3) without eps: gradients multiplied by any number exp(a) > 0 give the same steps"),
    )
    kernel = optimizer_capsule(&functions, ELEMENTWISE, 1, 1, update[float], update[double])
