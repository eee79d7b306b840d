"""constant: every number begins at one value."""
import numpy as np

from pyfc.component import Hyper, Initializer
from pyfc.derivation import Step


class Constant(Initializer):
    """All the same value: for biases, such as a small positive one under ``relu``, not for weights (see ``zeros``).

    Parameters
    ----------
    value : float, default 0.1
        The value.

    References
    ----------
    I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", MIT Press (2016), section 8.4: biases of 0.1 before relu.

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> pyfc.get("initializers", "constant")(value=0.5)((3,), np.random.default_rng(0))
    array([0.5, 0.5, 0.5])
    """

    name = "constant"
    hyperparameters = {"value": Hyper(0.1)}
    derivation = (
        Step(1, "w = value", "definition", runs=True),
        Step(2, "diff(w, u) = 0", "whatever random number u there is: all units begin alike"),
    )

    def sample(self, shape, rng):
        """Return the value everywhere."""
        return np.full(shape, self.value)              # (1)
