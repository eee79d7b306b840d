"""E: a layer as matrices; samples are columns, W is (n_in, n_out), Z = W^T X + b, and a layer updates itself.

Nothing divides the gradient by the number of samples: the loss that is reported is a mean, and the descent is that of
the sum. So a rate of 0.1 is one of 0.1 n where the gradient is the mean's.
"""

import numpy as np


class Layer:
    """A dense layer with a sigmoid, that keeps what its backward needs."""

    def __init__(self, W, b):
        self.W, self.b = W.copy(), b.copy()

    def forward(self, X):
        self.X = X
        self.Y = 1 / (1 + np.exp(-(self.W.T @ X + self.b)))
        return self.Y

    def backward(self, dY, rate):
        dZ = dY * self.Y * (1 - self.Y)
        dX = self.W @ dZ
        self.W -= rate * (self.X @ dZ.T)
        self.b -= rate * dZ.sum(axis=1, keepdims=True)
        return dX


class SquareLoss:
    """Half the squared error: its value is the mean over the samples, its gradient that of the sum."""

    def forward(self, Y, T):
        self.difference = Y - T
        return np.sum(self.difference**2) / Y.shape[1] / 2

    def backward(self):
        return self.difference


def train(layers, X, T, steps, rate):
    """Descend over all columns at once, and return the loss before each step."""
    loss, losses = SquareLoss(), []
    for _ in range(steps):
        Y = X
        for layer in layers:
            Y = layer.forward(Y)
        losses.append(loss.forward(Y, T))
        dY = loss.backward()
        for layer in reversed(layers):
            dY = layer.backward(dY, rate)
    return losses
