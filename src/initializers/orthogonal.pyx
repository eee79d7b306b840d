"""orthogonal: a random rotation, which changes no length; where n_in and n_out differ, a part of one."""
import numpy as np

from pyfc.component import Hyper, Initializer
from pyfc.derivation import Step


class Orthogonal(Initializer):
    """Random weights with orthogonal rows or columns (whichever are fewer), of length ``gain``.

    All such matrices are equally likely. A square one keeps the length of every signal, forward and backward, not only
    on the average.

    Parameters
    ----------
    gain : float, default 1.0
        Multiplies the weights, > 0: sqrt(2) is customary before ``relu``.

    Notes
    -----
    The factor Q of a normal random matrix depends on the signs that the algorithm happens to choose; with the diagonal
    of R made positive, Q is unique and uniformly distributed. Biases (n_out,) are taken as one row.

    References
    ----------
    A. M. Saxe, J. L. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear
    neural networks", ICLR (2014). F. Mezzadri, "How to Generate Random Matrices from the Classical Compact Groups",
    Notices of the AMS 54 (2007), for the signs.

    Examples
    --------
    >>> import numpy as np
    >>> import pyfc
    >>> W = pyfc.get("initializers", "orthogonal")()((3, 5), np.random.default_rng(0))
    >>> np.allclose(W @ W.T, np.eye(3))
    True
    """

    name = "orthogonal"
    hyperparameters = {"gain": Hyper(1.0, low=0, open_low=True)}
    derivation = (
        Step(1, "a[i,j] = Sum(q[i,k] * r[k,j], (k, 1, m))",
             "QR factorisation of a matrix of normal random numbers: q has orthonormal columns, r is upper triangular"),
        Step(2, "d[j] = sign(r[j,j])", "the signs on the diagonal of r", runs=True),
        Step(3, "w[i,j] = gain * q[i,j] * d[j]", "columns of length gain", runs=True),
        Step(4, "a[i,j] = Sum(w[i,k] / gain * (d[k] * r[k,j]), (k, 1, m))",
             "so w / gain and the rows of r with the sign d are a QR factorisation too, that with positive diagonal"),
        Step(5, "p[i,j] = Sum(q[k,i] * q[k,j], (k, 1, m))", "products of the columns of q: 1 for i = j, else 0"),
        Step(6, "s[i,j] = Sum(w[k,i] * w[k,j], (k, 1, m))", "products of the columns of w"),
        Step(7, "s[i,j] = gain**2 * d[i] * d[j] * p[i,j]",
             "gain**2 for i = j, else 0: the columns of w are orthogonal too"),
    )

    def sample(self, shape, rng):
        """Return orthogonal weights."""
        rows, cols = shape if len(shape) == 2 else (1, *shape)
        q, r = np.linalg.qr(rng.standard_normal((max(rows, cols), min(rows, cols))))
        d = np.where(np.diagonal(r) < 0, -1.0, 1.0)    # (2)
        w = self.gain * q * d                          # (3)
        return (w if rows >= cols else w.T).reshape(shape)
