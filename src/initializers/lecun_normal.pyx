"""lecun_normal: weights that keep the variance of the signals where the activation does, as selu is made to."""
from pyfc.component import Initializer
from pyfc.component.initializer import fans
from pyfc.derivation import Step


class LecunNormal(Initializer):
    """LeCun's weights, normal, of variance ``1 / n_in``: for ``selu``, and for inputs scaled to variance 1.

    References
    ----------
    Y. LeCun, L. Bottou, G. B. Orr, K.-R. Mueller, "Efficient BackProp", in: Neural Networks: Tricks of the Trade
    (1998). G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter, "Self-Normalizing Neural Networks", NeurIPS (2017).

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> W = pyfc.get("initializers", "lecun_normal")()((300, 100), np.random.default_rng(0))
    >>> round(float(W.std() / np.sqrt(1 / 300)), 1)
    1.0
    """

    name = "lecun_normal"
    derivation = (
        Step(1, "var_z = n_in * v * var_x",
             "an output sums n_in products of an input and a weight, independent and of mean 0, weights of variance v"),
        Step(2, "v = 1 / n_in", "the variance asked for"),
        Step(3, "var_z = var_x", "so the outputs vary as much as the inputs"),
        Step(4, "std = sqrt(1 / n_in)", "the standard deviation", runs=True),
        Step(5, "std**2 = v", "it gives the variance asked for"),
    )

    def sample(self, shape, rng):
        """Return normal weights."""
        std = (1 / fans(shape)[0]) ** 0.5              # (4)
        return rng.normal(0, std, shape)
