"""One layer of each system on the page Conventions, made to tell by its own means what it does with numbers.

A probe has the system's own layout: ``X``, targets and outputs are what the system takes and returns, and ``held`` is W
and b as the system keeps them. Which layout that is, `test_conventions.py` finds out by trying.
"""

from typing import NamedTuple

import numpy as np


class Step(NamedTuple):
    """What can be seen of one training step; arrays are in the system's layout."""

    loss: float  #: reported for the batch
    dy: np.ndarray  #: what the backward pass starts with; of a cross-entropy, the gradient by the logits
    slope: np.ndarray | float  #: of the activation, which dy is multiplied by
    inputs: np.ndarray  #: of the layer whose gradients these are
    dW: np.ndarray  # noqa: N815 (the name of the mathematics): what W is moved by, per learning rate
    db: np.ndarray


class Probe:
    """One layer, n_in to n_out, with random weights; what every system defines in its own way."""

    n_in = 3  # where the system leaves the choice

    def __init__(self, n_in, n_out, loss="squared_error"):
        raise NotImplementedError

    def affine(self, X):
        """Return what the layer computes before its activation, or raise if X is not laid out as it wants."""
        raise NotImplementedError

    def outputs(self, X):
        """Return the network's outputs, which its loss takes."""
        raise NotImplementedError

    def step(self, X, T):
        """Return what is to be seen of a training step."""
        raise NotImplementedError


def logit(y):
    """Return the z of which y is the sigmoid."""
    return np.log(y) - np.log1p(-np.asarray(y))
