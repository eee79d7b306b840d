"""A: a network as a dict, and plain functions over it; samples are columns, W is (n_out, n_in), b is (n_out, 1).

The article does not say which loss it descends. This is half the squared error, averaged over the samples of a batch.
"""

from itertools import pairwise

import numpy as np


def initialise(sizes, rng):
    """Return a model with standard normal weights and biases."""
    pairs = list(pairwise(sizes))
    return {
        "nlayers": len(pairs),
        "weights": [rng.standard_normal((n_out, n_in)) for n_in, n_out in pairs],
        "biases": [rng.standard_normal((n_out, 1)) for _, n_out in pairs],
    }


def sigmoid(z):
    """Return 1 / (1 + exp(-z)) in two branches by sign, so that exp never overflows."""
    y = np.empty_like(z)
    right = z >= 0
    y[right] = 1 / (1 + np.exp(-z[right]))
    e = np.exp(z[~right])
    y[~right] = e / (1 + e)
    return y


def forward(model, x):
    """Return the outputs of all layers for x (n_in, n), beginning with x itself."""
    outputs = [x]
    for W, b in zip(model["weights"], model["biases"], strict=True):
        outputs.append(sigmoid(W @ outputs[-1] + b))
    return outputs


def loss(y, t):
    """Return half the squared error of columns y against t, the mean over the columns."""
    return np.sum((y - t) ** 2) / 2 / y.shape[1]


def loss_gradient(y, t):
    """Return y - t, which is not divided by the number of columns: :func:`backward` does that in dW and db."""
    return y - t


def backward(model, outputs, t):
    """Return the gradients (dW, db) of every layer."""
    n, gradients = t.shape[1], []
    dy = loss_gradient(outputs[-1], t)
    for layer in reversed(range(model["nlayers"])):
        y, x = outputs[layer + 1], outputs[layer]
        dz = dy * y * (1 - y)
        gradients.insert(0, (dz @ x.T / n, dz.sum(axis=1, keepdims=True) / n))
        dy = model["weights"][layer].T @ dz
    return gradients


def update(model, gradients, rate):
    """Go one step down."""
    for layer, (dW, db) in enumerate(gradients):
        model["weights"][layer] -= rate * dW
        model["biases"][layer] -= rate * db
