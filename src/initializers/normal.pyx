"""normal: numbers from a bell curve."""

from pyfc.component import Hyper, Initializer
from pyfc.derivation import Step


class Normal(Initializer):
    """Normal with a given mean and standard deviation.

    Use it to repeat what a text or another program does with a fixed standard deviation. For a new network take one
    that follows from the size of the layer, such as ``glorot_normal`` or ``he_normal``: with a fixed one, the outputs
    of deep networks shrink or grow from layer to layer.

    Parameters
    ----------
    mean : float, default 0.0
        Mean.
    std : float, default 0.05
        Standard deviation, >= 0.

    References
    ----------
    A. Krizhevsky, I. Sutskever, G. E. Hinton, "ImageNet Classification with Deep Convolutional Neural Networks",
    NeurIPS (2012): weights of standard deviation 0.01.

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> pyfc.get("initializers", "normal")(std=0.01)((3,), np.random.default_rng(0)).round(5)
    array([ 0.00126, -0.00132,  0.0064 ])
    """

    name = "normal"
    hyperparameters = {"mean": Hyper(0.0), "std": Hyper(0.05, low=0)}
    derivation = (
        Step(1, "w = mean + std * u", "u is normal with mean 0 and variance 1", runs=True),
        Step(2, "integrate(a * exp(-a**2 / 2) / sqrt(2 * pi), (a, -oo, oo)) = 0",
             "the mean of u, so w has the given one"),
        Step(3, "integrate(a**2 * exp(-a**2 / 2) / sqrt(2 * pi), (a, -oo, oo)) = 1", "the variance of u"),
        Step(4, "diff(w, u)**2 = std**2", "the variance of w: that of u times the square of the slope"),
    )

    def sample(self, shape, rng):
        """Return normal numbers."""
        return rng.normal(self.mean, self.std, shape)  # (1)
