"""Data to learn with: digits in two sizes, small problems in the plane, and what prepares arrays for training.

Each function returns plain NumPy arrays with samples as rows. What downloads does so only when it is called.
"""

from pyfc.datasets.digits import load_digits
from pyfc.datasets.mnist import load_mnist
from pyfc.datasets.prepare import standardize, train_test_split
from pyfc.datasets.small import load_body, make_circle, make_moons, make_spirals

__all__ = [
    "load_body",
    "load_digits",
    "load_mnist",
    "make_circle",
    "make_moons",
    "make_spirals",
    "standardize",
    "train_test_split",
]
