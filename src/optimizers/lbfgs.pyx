"""lbfgs: the limited-memory quasi-Newton method, on all data at once. It runs in SciPy's ``minimize``."""
import numpy as np
from scipy.optimize import minimize

from pyfc.component import Hyper, Optimizer
from pyfc.derivation import Step


class LBFGS(Optimizer):
    """L-BFGS: steps ``-H g``, with H the inverse of the curvature as the last few steps have shown it.

    It uses the gradient of all data in every iteration and finds the length of its steps by a line search, so it has no
    learning rate. For small networks on small data it needs far fewer passes than any method of small steps.

    Parameters
    ----------
    lr : None
        Not used; giving any number but 1 is an error.
    history : int, default 10
        How many of the last steps the curvature is taken from, >= 1.
    tolerance : float, default 1e-10
        Ends when an iteration lowers the loss by less than this part of it, >= 0.
    gradient_tolerance : float, default 1e-6
        Ends when no entry of the gradient is larger than this, >= 0.

    References
    ----------
    J. Nocedal, "Updating Quasi-Newton Matrices with Limited Storage", Mathematics of Computation 35 (1980). C. Zhu,
    R. H. Byrd, P. Lu, J. Nocedal, "Algorithm 778: L-BFGS-B", ACM Transactions on Mathematical Software 23 (1997).

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> def bowl(w):
    ...     return float(((w - 3) ** 2).sum()), 2 * (w - 3)
    >>> pyfc.LBFGS().minimize(bowl, np.zeros(2), 20, lambda w: None)
    array([3., 3.])
    """

    name = "lbfgs"
    arguments = ()  # no learning rate
    default_lr = 1.0
    full_batch = True
    hyperparameters = {
        "history": Hyper(10, low=1),
        "tolerance": Hyper(1e-10, low=0),
        "gradient_tolerance": Hyper(1e-6, low=0),
    }
    derivation = (
        Step(1, "s = w_new - w", "the last step"),
        Step(2, "d = g_new - g", "how the gradient changed over it: for a quadratic loss, the curvature times s"),
        Step(3, "h_new = (1 - s * d / (s * d)) * h * (1 - d * s / (s * d)) + s**2 / (s * d)",
             "the BFGS formula for the inverse curvature, here in one dimension"),
        Step(4, "h_new * d = s", "the secant equation: h_new turns the observed change of gradient into the step"),
    )

    def __init__(self, lr=None, **hyperparameters):
        if lr not in (None, 1):
            raise ValueError(f"LBFGS(lr={lr!r}): L-BFGS finds its step length by a line search; leave lr out")
        super().__init__(**hyperparameters)

    def minimize(self, function, w, iterations, callback):
        """Return the parameters that minimise a function; see the base class.

        Raised by ``callback``, StopIteration ends it with the parameters of that iteration; any other error passes.
        """
        options = {
            "maxiter": iterations,
            "maxcor": self.history,
            "ftol": self.tolerance,
            "gtol": self.gradient_tolerance,
            # Its own limit of 15000 evaluations would end a long training without a word.
            "maxfun": np.iinfo(np.int32).max,
        }
        start = np.asarray(w, np.float64)
        if iterations < 1:
            return start.copy()  # where SciPy would make one iteration
        return minimize(function, start, method="L-BFGS-B", jac=True, callback=callback, options=options).x
