"""sgd: a step against the gradient, with momentum if asked for. The plainest optimizer, and often the one to beat."""
from pyfc_kernel cimport ELEMENTWISE, int64_t, optimizer_capsule, optimizer_kernel, real, status

from pyfc.component import Hyper, Optimizer
from pyfc.derivation import Step

cdef optimizer_kernel functions


cdef status update(
    int64_t n, real *w, const real *dw, real *const *state, double lr, int64_t step, const double *hyper,
) noexcept nogil:
    cdef int64_t i
    cdef real rate = <real>lr, momentum = <real>hyper[0]
    cdef real *v = state[0]
    if momentum == 0:  # v is g: the old one need not be read, nor the new one kept
        for i in range(n):
            w[i] -= rate * dw[i]                                   # (1) (3) (5)
    elif hyper[1] == 0:
        for i in range(n):
            v[i] = momentum * v[i] + dw[i]                         # (1)
            w[i] -= rate * v[i]                                    # (3)
    else:
        for i in range(n):
            v[i] = momentum * v[i] + dw[i]                         # (1)
            w[i] -= rate * (dw[i] + momentum * v[i])               # (5)
    return 0


class SGD(Optimizer):
    """Stochastic gradient descent: ``w - lr * v`` with the velocity ``v = momentum * v + g``.

    Use it with ``momentum=0.9`` when there is time to try learning rates: it often ends a little better than ``adam``,
    and keeps one number for each parameter in place of two. Without momentum it is the plainest one, to understand and
    to compare with. One rate serves all parameters, so scale the inputs.

    Parameters
    ----------
    lr : float or Schedule, default 0.01
        Learning rate.
    momentum : float, default 0.0
        How much of the velocity is kept, >= 0 and < 1. With a constant gradient the steps grow until they are
        ``1 / (1 - momentum)`` times as long as those of plain descent: ten times with 0.9.
    nesterov : bool, default False
        Take the gradient where the velocity is about to lead. With momentum 0 it changes nothing.

    Notes
    -----
    The velocity is in units of the gradient, and the learning rate multiplies it when the step is made, as in PyTorch;
    in the papers the rate is inside the velocity, which differs only while the rate changes. For Nesterov's form, w is
    kept at the point looked ahead to, ``w = x - lr * momentum * v`` with x the papers' parameters: step (6) shows that
    x then moves as they say.

    References
    ----------
    H. Robbins, S. Monro, "A Stochastic Approximation Method", Annals of Mathematical Statistics 22 (1951).
    B. T. Polyak, "Some methods of speeding up the convergence of iteration methods" (1964). I. Sutskever, J. Martens,
    G. Dahl, G. Hinton, "On the importance of initialization and momentum in deep learning", ICML (2013).

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> optimizer, w = pyfc.SGD(lr=0.1, momentum=0.5), np.array([1.0])
    >>> state = optimizer.new_state(w.size, w.dtype)
    >>> for step in (1, 2):
    ...     optimizer.update(w, np.array([2.0]), state, optimizer.rate(0), step)
    ...     print(w)
    [0.8]
    [0.5]
    """

    name = "sgd"
    default_lr = 0.01
    hyperparameters = {
        "momentum": Hyper(0.0, low=0, high=1, open_high=True),
        "nesterov": Hyper(False),
    }
    derivation = (
        Step(1, "v_new = momentum * v + g", "the velocity: a fading sum of the gradients; 0 at the start", runs=True),
        Step(2, "v_new - g / (1 - momentum) = momentum * (v - g / (1 - momentum))",
             "with a constant gradient, what v lacks to g / (1 - momentum) shrinks by momentum in each step"),
        Step(3, "w_new = w - lr * v_new", "a step along the velocity", runs=True, when={"nesterov": False}),
        Step(4, "w_new = w - lr * g - lr * momentum * v", "(1) in (3): plain descent where momentum is 0",
             when={"nesterov": False}),
        Step(5, "w_new = w - lr * (g + momentum * v_new)",
             "a step along the velocity, and on to where the next one will lead", runs=True, when={"nesterov": True}),
        Step(6, "w_new + lr * momentum * v_new = (w + lr * momentum * v) - lr * v_new",
             "so x = w + lr * momentum * v moves by -lr * v_new, g being taken at x - lr * momentum * v: Nesterov",
             when={"nesterov": True}),
    )
    kernel = optimizer_capsule(&functions, ELEMENTWISE, 2, 1, update[float], update[double])
