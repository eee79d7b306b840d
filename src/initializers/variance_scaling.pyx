"""variance_scaling: weights whose variance is a number divided by how many inputs or outputs there are."""
from pyfc.component import Hyper, Initializer
from pyfc.component.initializer import fans
from pyfc.derivation import Step


class VarianceScaling(Initializer):
    """Weights of variance ``scale / fan``: the family that Glorot's, He's and LeCun's weights belong to.

    Use it where none of those by name fits: for an activation that needs another factor than relu's 2, or to keep the
    variance of the gradients on their way back (``mode="fan_out"``) in place of that of the outputs.

    Parameters
    ----------
    scale : float, default 1.0
        The variance times the fan, > 0.
    mode : {"fan_in", "fan_out", "fan_avg"}, default "fan_in"
        The fan: number of inputs, of outputs, or the mean of both.
    distribution : {"normal", "uniform"}, default "normal"
        The shape of the distribution. The normal one is not truncated.

    Notes
    -----
    With the normal distribution: ``lecun_normal`` is scale 1, fan_in; ``he_normal`` is 2, fan_in; ``glorot_normal`` is
    1, fan_avg. The form ``randn / sqrt(n_out / 2)`` that some texts call Xavier is 2, fan_out.

    References
    ----------
    X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS (2010).
    K. He, X. Zhang, S. Ren, J. Sun, "Delving Deep into Rectifiers", ICCV (2015), for one formula with a free factor.

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> init = pyfc.get("initializers", "variance_scaling")(scale=2, mode="fan_out")
    >>> W, rng = init((784, 256), np.random.default_rng(0)), np.random.default_rng(0)
    >>> np.allclose(W, rng.standard_normal((784, 256)) / np.sqrt(256 / 2))
    True
    """

    name = "variance_scaling"
    hyperparameters = {
        "scale": Hyper(1.0, low=0, open_low=True),
        "mode": Hyper("fan_in", choices=("fan_in", "fan_out", "fan_avg")),
        "distribution": Hyper("normal", choices=("normal", "uniform")),
    }
    derivation = (
        Step(1, "fan = n_in", "an output sums n_in products: for signals forward", runs=True, when={"mode": "fan_in"}),
        Step(2, "fan = n_out", "dx sums n_out products: for gradients backward", runs=True, when={"mode": "fan_out"}),
        Step(3, "fan = (n_in + n_out) / 2", "the compromise", runs=True, when={"mode": "fan_avg"}),
        Step(4, "v = scale / fan", "the variance asked for", runs=True),
        Step(5, "n_in * v = scale", "what multiplies the variance from input to output", when={"mode": "fan_in"}),
        Step(6, "n_out * v = scale", "what multiplies it from dz to dx", when={"mode": "fan_out"}),
        Step(7, "n_in * v + n_out * v = 2 * scale", "so scale is the mean of both", when={"mode": "fan_avg"}),
        Step(8, "std = sqrt(v)", "the standard deviation", runs=True, when={"distribution": "normal"}),
        Step(9, "integrate(a**2 / (2 * c), (a, -c, c)) = c**2 / 3", "the variance of a number uniform on (-c, c)",
             when={"distribution": "uniform"}),
        Step(10, "c = sqrt(3 * v)", "the bound", runs=True, when={"distribution": "uniform"}),
        Step(11, "c**2 / 3 = v", "it gives the variance asked for", when={"distribution": "uniform"}),
    )

    def sample(self, shape, rng):
        """Return weights of the variance asked for."""
        n_in, n_out = fans(shape)
        if self.mode == "fan_in":
            fan = n_in                                 # (1)
        elif self.mode == "fan_out":
            fan = n_out                                # (2)
        else:
            fan = (n_in + n_out) / 2                   # (3)
        v = self.scale / fan                           # (4)
        if self.distribution == "normal":
            return rng.normal(0, v**0.5, shape)        # (8)
        c = (3 * v) ** 0.5                             # (10)
        return rng.uniform(-c, c, shape)
