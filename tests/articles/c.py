"""C: neurons one by one in pure Python; a network is a list of lists of neurons."""

import math
import random


class Neuron:
    """A sigmoid of a weighted sum, which adds up its gradients until they are set to zero."""

    def __init__(self, n_in):
        self.weights = [random.random() - 0.5 for _ in range(n_in)]  # noqa: S311 (the article's numbers)
        self.bias = 0.0
        self.zero_grad()

    def zero_grad(self):
        self.d_weights = [0.0] * len(self.weights)
        self.d_bias = 0.0

    def forward(self, inputs):
        self.inputs = inputs
        z = sum(w * x for w, x in zip(self.weights, inputs, strict=True)) + self.bias
        self.y = 1 / (1 + math.exp(-z))
        return self.y

    def backward(self, dy):
        dz = dy * self.y * (1 - self.y)
        for i, x in enumerate(self.inputs):
            self.d_weights[i] += dz * x
        self.d_bias += dz
        return [dz * w for w in self.weights]

    def update(self, rate):
        self.weights = [w - rate * d for w, d in zip(self.weights, self.d_weights, strict=True)]
        self.bias -= rate * self.d_bias


def make_network(seed=0):
    """Return 2-4-1, its weights drawn neuron by neuron."""
    random.seed(seed)
    return [[Neuron(2) for _ in range(4)], [Neuron(4)]]


def forward(network, inputs):
    """Return the outputs of the last layer for one sample."""
    for layer in network:
        inputs = [neuron.forward(inputs) for neuron in layer]
    return inputs


def backward(network, dy):
    """Add one sample's gradients, given those by its outputs."""
    for layer in reversed(network):
        parts = [neuron.backward(d) for neuron, d in zip(layer, dy, strict=True)]
        dy = [sum(column) for column in zip(*parts, strict=True)]


def train(network, samples, steps, rate):
    """Descend over all samples at once, and return the loss before each step: the mean of (y - t)**2."""
    losses = []
    for _ in range(steps):
        total = 0.0
        for layer in network:
            for neuron in layer:
                neuron.zero_grad()
        for inputs, target in samples:
            (y,) = forward(network, inputs)
            total += (y - target) ** 2
            backward(network, [2 * (y - target) / len(samples)])
        for layer in network:
            for neuron in layer:
                neuron.update(rate)
        losses.append(total / len(samples))
    return losses
