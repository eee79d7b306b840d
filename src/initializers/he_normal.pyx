"""he_normal: weights that keep the size of the signals in layers with relu."""
from pyfc.component import Initializer
from pyfc.component.initializer import fans
from pyfc.derivation import Step


class HeNormal(Initializer):
    """He's (Kaiming) weights, normal, of variance ``2 / n_in``: for layers fed by ``relu`` or its kin.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, "Delving Deep into Rectifiers", ICCV (2015).

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> W = pyfc.get("initializers", "he_normal")()((300, 100), np.random.default_rng(0))
    >>> round(float(W.std() / np.sqrt(2 / 300)), 1)
    1.0
    """

    name = "he_normal"
    derivation = (
        Step(1, "var_z = n_in * v * x2",
             "an output sums n_in products of input and weight; x2 is the mean of x**2, v the variance of a weight"),
        Step(2, "integrate(a**2 * exp(-a**2 / 2) / sqrt(2 * pi), (a, 0, oo)) = 1 / 2",
             "of a z that is normal, or symmetric at all, relu keeps half of the mean square"),
        Step(3, "x2 = var_before / 2", "(2), where the inputs are relu of a z of variance var_before"),
        Step(4, "v = 2 / n_in", "the variance asked for"),
        Step(5, "var_z = var_before", "so the signals neither grow nor fade from layer to layer"),
        Step(6, "std = sqrt(2 / n_in)", "the standard deviation", runs=True),
        Step(7, "std**2 = v", "it gives the variance asked for"),
    )

    def sample(self, shape, rng):
        """Return normal weights."""
        std = (2 / fans(shape)[0]) ** 0.5  # (6)
        return rng.normal(0, std, shape)
