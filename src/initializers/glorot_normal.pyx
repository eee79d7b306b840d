"""glorot_normal: the weights of glorot_uniform from a bell curve."""

from pyfc.component import Hyper, Initializer
from pyfc.component.initializer import fans
from pyfc.derivation import Step


class GlorotNormal(Initializer):
    """Glorot's (Xavier) weights, normal, of variance ``gain**2 * 2 / (n_in + n_out)``.

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
    >>> W = pyfc.get("initializers", "glorot_normal")()((300, 100), np.random.default_rng(0))
    >>> round(float(W.std() / np.sqrt(2 / 400)), 1)
    1.0
    """

    name = "glorot_normal"
    hyperparameters = {"gain": Hyper(1.0, low=0, open_low=True)}
    derivation = (
        Step(1, "var_z = n_in * v * var_x",
             "an output sums n_in products of an input and a weight, independent and of mean 0, weights of variance v"),
        Step(2, "var_dx = n_out * v * var_dz", "likewise backward: dx sums n_out products of dz and a weight"),
        Step(3, "v = gain**2 * 2 / (n_in + n_out)",
             "with gain 1, var_z = var_x asks for 1 / n_in, var_dx = var_dz for 1 / n_out: the compromise"),
        Step(4, "var_z / var_x + var_dx / var_dz = 2 * gain**2",
             "so with gain 1 the growth forward and the growth backward are 1 on average"),
        Step(5, "std = gain * sqrt(2 / (n_in + n_out))", "the standard deviation", runs=True),
        Step(6, "std**2 = v", "it gives the variance asked for"),
    )

    def sample(self, shape, rng):
        """Return normal weights."""
        n_in, n_out = fans(shape)
        std = self.gain * (2 / (n_in + n_out)) ** 0.5  # (5)
        return rng.normal(0, std, shape)
