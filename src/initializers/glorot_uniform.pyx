"""glorot_uniform: weights that keep the size of the signals, forward and backward, in layers with tanh."""

from pyfc.component import Hyper, Initializer
from pyfc.component.initializer import fans
from pyfc.derivation import Step


class GlorotUniform(Initializer):
    """Glorot's (Xavier) weights, uniform, of variance ``gain**2 * 2 / (n_in + n_out)``.

    For layers whose activation is about the identity near 0, such as ``tanh``, ``softsign`` and ``identity``.

    Parameters
    ----------
    gain : float, default 1.0
        Multiplies the weights, > 0: 5/3 is customary for ``tanh``.

    Notes
    -----
    Another "Xavier", ``randn / sqrt(n_out / 2)``, is ``variance_scaling(scale=2, mode="fan_out")``.

    References
    ----------
    X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS (2010).

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> W = pyfc.get("initializers", "glorot_uniform")()((300, 100), np.random.default_rng(0))
    >>> bool(np.abs(W).max() < np.sqrt(6 / 400))
    True
    """

    name = "glorot_uniform"
    hyperparameters = {"gain": Hyper(1.0, low=0, open_low=True)}
    derivation = (
        Step(1, "var_z = n_in * v * var_x",
             "an output sums n_in products of an input and a weight, independent and of mean 0, weights of variance v"),
        Step(2, "var_dx = n_out * v * var_dz", "likewise backward: dx sums n_out products of dz and a weight"),
        Step(3, "v = gain**2 * 2 / (n_in + n_out)",
             "with gain 1, var_z = var_x asks for 1 / n_in, var_dx = var_dz for 1 / n_out: the compromise"),
        Step(4, "var_z / var_x + var_dx / var_dz = 2 * gain**2",
             "so with gain 1 the growth forward and the growth backward are 1 on average"),
        Step(5, "integrate(a**2 / (2 * c), (a, -c, c)) = c**2 / 3", "the variance of a number uniform on (-c, c)"),
        Step(6, "c = gain * sqrt(6 / (n_in + n_out))", "the bound", runs=True),
        Step(7, "c**2 / 3 = v", "it gives the variance asked for"),
    )

    def sample(self, shape, rng):
        """Return uniform weights."""
        n_in, n_out = fans(shape)
        c = self.gain * (6 / (n_in + n_out)) ** 0.5    # (6)
        return rng.uniform(-c, c, shape)
