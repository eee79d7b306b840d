"""The UCI optical digits, shipped with pyfc: real handwriting that needs no download and trains in a second.

The data and their licence are described in ``digits.txt`` beside this file.
"""

import gzip
from importlib import resources

import numpy as np
import numpy.typing as npt


def load_digits() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return 1797 handwritten digits of 8 x 8 pixels.

    They are the test set of the UCI "Optical Recognition of Handwritten Digits", in its order: about 180 of each digit,
    by 13 people.

    Returns
    -------
    X : ndarray of uint8, shape (1797, 64)
        Pixels from 0 (paper) to 16 (ink), row by row.
    y : ndarray of int64, shape (1797,)
        The digits, 0 to 9.

    References
    ----------
    E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository (1998),
    https://doi.org/10.24432/C50P49, licensed CC BY 4.0.

    Examples
    --------
    >>> X, y = load_digits()
    >>> X.shape, y[:5]
    ((1797, 64), array([0, 1, 2, 3, 4]))
    >>> for row in X[0].reshape(8, 8):
    ...     print("".join("-+ox#"[pixel // 4] for pixel in row))
    --+xo---
    --xxox+-
    --x--oo-
    -+x--oo-
    -+o--oo-
    -+o--x+-
    --x+ox--
    --+xo---
    """
    packed = resources.files("pyfc.datasets").joinpath("digits.csv.gz").read_bytes()
    lines = gzip.decompress(packed).decode("ascii").splitlines()
    rows = np.loadtxt(lines, dtype=np.uint8, delimiter=",")
    return np.ascontiguousarray(rows[:, :64]), rows[:, 64].astype(np.int64)
