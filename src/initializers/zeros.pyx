"""zeros: every number begins at 0, as biases do."""
import numpy as np

from pyfc.component import Initializer
from pyfc.derivation import Step


class Zeros(Initializer):
    """All zero: for biases, not for weights.

    Weights that are all equal give every unit of a layer the same output and the same gradient, so the units stay equal
    for ever; only random weights make them differ.

    References
    ----------
    D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning representations by back-propagating errors", Nature 323
    (1986): weights that start equal stay equal.

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> pyfc.get("initializers", "zeros")()((3,), np.random.default_rng(0))
    array([0., 0., 0.])
    """

    name = "zeros"
    derivation = (
        Step(1, "w = 0", "definition", runs=True),
        Step(2, "z = Sum(x[k] * w, (k, 1, m)) + b", "every unit of the layer has the same weights"),
        Step(3, "z = b", "so no unit sees the input, and none can learn to differ from its neighbours"),
    )

    def sample(self, shape, rng):
        """Return zeros."""
        return np.zeros(shape)                         # (1)
