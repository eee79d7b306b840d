"""B: layers as objects; samples are columns, W is (n_out, n_in), and each layer divides its gradients by the batch.

So the derivatives that travel backward are those of the sum of the losses, and only dW and dB are those of the mean.
"""

import numpy as np

INITIALISATIONS = ("zeros", "uniform", "normal", "xavier", "xavier_out")


def initialise(name, n_out, n_in, rng):
    """Return W (n_out, n_in): zeros, uniform and normal times 0.01, and ``randn / sqrt(n / 2)`` with n_in or n_out."""
    if name == "zeros":
        return np.zeros((n_out, n_in))
    if name == "uniform":
        return rng.random((n_out, n_in)) * 0.01
    if name == "normal":
        return rng.standard_normal((n_out, n_in)) * 0.01
    if name == "xavier":
        return rng.standard_normal((n_out, n_in)) / np.sqrt(n_in / 2)
    if name == "xavier_out":
        return rng.standard_normal((n_out, n_in)) / np.sqrt(n_out / 2)
    raise ValueError(f"unknown initialisation {name!r}")


class Linear:
    """A = W Z + B."""

    def __init__(self, W, B):
        self.W, self.B = W.copy(), B.copy()

    def forward(self, Z):
        self.Z = Z
        return self.W @ Z + self.B

    def backward(self, dA):
        n = dA.shape[1]
        self.dW = dA @ self.Z.T / n
        self.dB = dA.sum(axis=1, keepdims=True) / n
        return self.W.T @ dA

    def update(self, rate):
        self.W -= rate * self.dW
        self.B -= rate * self.dB


class Function:
    """Z = f(A), with f and its derivative given."""

    def __init__(self, f, derivative):
        self.f, self.derivative = f, derivative

    def forward(self, A):
        self.A = A
        return self.f(A)

    def backward(self, dZ):
        return dZ * self.derivative(self.A)

    def update(self, rate):
        pass


class PReLU:
    """Z = A where A > 0, else slope * A, with a slope for each unit that is learned too."""

    def __init__(self, units, start=0.25):
        self.slope = np.full((units, 1), start)

    def forward(self, A):
        self.A = A
        return np.where(A > 0, A, self.slope * A)

    def backward(self, dZ):
        self.dslope = (dZ * np.where(self.A > 0, 0, self.A)).sum(axis=1, keepdims=True) / dZ.shape[1]
        return dZ * np.where(self.A > 0, 1, self.slope)

    def update(self, rate):
        self.slope -= rate * self.dslope


def _sigmoid(A):
    return 1 / (1 + np.exp(-A))


#: Name -> a function of the number of units that returns a layer.
ACTIVATIONS = {
    "sigmoid": lambda units: Function(_sigmoid, lambda A: _sigmoid(A) * (1 - _sigmoid(A))),
    "tanh": lambda units: Function(np.tanh, lambda A: 1 - np.tanh(A) ** 2),
    "relu": lambda units: Function(lambda A: np.maximum(A, 0), lambda A: (A > 0) * 1.0),
    "leaky_relu": lambda units: Function(lambda A: np.where(A > 0, A, 0.1 * A), lambda A: np.where(A > 0, 1, 0.1)),
    "elu": lambda units: Function(
        lambda A: np.where(A > 0, A, 0.1 * (np.exp(np.minimum(A, 0)) - 1)),
        lambda A: np.where(A > 0, 1, 0.1 * np.exp(np.minimum(A, 0))),
    ),
    "prelu": PReLU,
}


def softmax(A):
    """Return the probabilities of each column, with its largest entry subtracted first."""
    e = np.exp(A - A.max(axis=0))
    return e / e.sum(axis=0)


def softmax_cross_entropy(A, T):
    """Return the loss, a mean over columns, and p - t, which is not divided by their number."""
    p = softmax(A)
    return -np.sum(T * np.log(p)) / A.shape[1], p - T


def squared_error(Y, T):
    """Return the loss, a mean over columns of the sum over rows, and y - t, which lacks the 2 of that loss."""
    return np.sum((Y - T) ** 2) / Y.shape[1], Y - T


LOSSES = {"softmax_cross_entropy": softmax_cross_entropy, "squared_error": squared_error}


def train_step(layers, loss, X, T, rate):
    """Make one step with columns X and targets T, and return the loss before it."""
    for layer in layers:
        X = layer.forward(X)
    value, gradient = loss(X, T)
    for layer in reversed(layers):
        gradient = layer.backward(gradient)
    for layer in layers:
        layer.update(rate)
    return value
