"""uniform: numbers evenly spread between two bounds."""

from pyfc.component import Hyper, Initializer
from pyfc.derivation import Step


class Uniform(Initializer):
    """Uniform between two bounds.

    Use it to repeat what a text or another program does with fixed bounds. For a new network take one whose width
    follows from the size of the layer, such as ``glorot_uniform`` or ``he_uniform``.

    Parameters
    ----------
    low, high : float, default -0.05 and 0.05
        Bounds: low <= w < high.

    References
    ----------
    D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning internal representations by error propagation", in:
    Parallel Distributed Processing 1 (1986): small random weights break the symmetry of the units.

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> pyfc.get("initializers", "uniform")(low=0, high=0.01)((3,), np.random.default_rng(0)).round(5)
    array([0.00637, 0.0027 , 0.00041])
    """

    name = "uniform"
    hyperparameters = {"low": Hyper(-0.05), "high": Hyper(0.05)}
    derivation = (
        Step(1, "w = low + (high - low) * u", "u is uniform on [0, 1)", runs=True),
        Step(2, "diff(w, u) = high - low", "so w has the density 1 / (high - low) between low and high"),
        Step(3, "integrate(a / (high - low), (a, low, high)) = (low + high) / 2", "the mean of w"),
        Step(4, "integrate((a - (low + high) / 2)**2 / (high - low), (a, low, high)) = (high - low)**2 / 12",
             "the variance of w"),
    )

    def __init__(self, **hyperparameters):
        super().__init__(**hyperparameters)
        if self.low > self.high:
            raise ValueError(f"Uniform(low={self.low:g}, high={self.high:g}): expected low <= high")

    def sample(self, shape, rng):
        """Return uniform numbers."""
        return rng.uniform(self.low, self.high, shape)  # (1)
