"""he_uniform: the weights of he_normal, evenly spread between two bounds."""
from pyfc.component import Initializer
from pyfc.component.initializer import fans
from pyfc.derivation import Step


class HeUniform(Initializer):
    """He's (Kaiming) weights, uniform, of variance ``2 / n_in``: for layers fed by ``relu`` or its kin.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, "Delving Deep into Rectifiers", ICCV (2015).

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> W = pyfc.get("initializers", "he_uniform")()((300, 100), np.random.default_rng(0))
    >>> bool(np.abs(W).max() < np.sqrt(6 / 300))
    True
    """

    name = "he_uniform"
    derivation = (
        Step(1, "var_z = n_in * v * x2",
             "an output sums n_in products of input and weight; x2 is the mean of x**2, v the variance of a weight"),
        Step(2, "integrate(a**2 * exp(-a**2 / 2) / sqrt(2 * pi), (a, 0, oo)) = 1 / 2",
             "of a z that is normal, or symmetric at all, relu keeps half of the mean square"),
        Step(3, "x2 = var_before / 2", "(2), where the inputs are relu of a z of variance var_before"),
        Step(4, "v = 2 / n_in", "the variance asked for"),
        Step(5, "var_z = var_before", "so the signals neither grow nor fade from layer to layer"),
        Step(6, "integrate(a**2 / (2 * c), (a, -c, c)) = c**2 / 3", "the variance of a number uniform on (-c, c)"),
        Step(7, "c = sqrt(6 / n_in)", "the bound", runs=True),
        Step(8, "c**2 / 3 = v", "it gives the variance asked for"),
    )

    def sample(self, shape, rng):
        """Return uniform weights."""
        c = (6 / fans(shape)[0]) ** 0.5    # (7)
        return rng.uniform(-c, c, shape)
