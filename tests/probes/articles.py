"""Probes of the articles, through the transcriptions of their mathematics."""

from unittest import mock

import numpy as np
from articles import a, b, c, d, e

from probes import Probe, Step, logit

RATE = 1e-7  # of steps whose effect is measured: so small that the second step of a pass starts where the first did


def rng():
    """Return the generator of the weights: the same for every probe."""
    return np.random.default_rng(7)


class A(Probe):
    """A dict and functions over it."""

    def __init__(self, n_in, n_out):
        self.model = a.initialise([n_in, n_out], rng())
        self.held = self.model["weights"][0], self.model["biases"][0]

    def affine(self, X):
        return logit(self.outputs(X))

    def outputs(self, X):
        return a.forward(self.model, X)[-1]

    def step(self, X, T):
        outputs = a.forward(self.model, X)
        y = outputs[-1]
        with mock.patch.object(a, "loss_gradient", wraps=a.loss_gradient) as gradient:
            ((dW, db),) = a.backward(self.model, outputs, T)
        gradient.assert_called_once()
        return Step(a.loss(y, T), a.loss_gradient(y, T), y * (1 - y), X, dW, db)


class B(Probe):
    """A linear layer object; its losses return their gradients."""

    def __init__(self, n_in, n_out, loss="squared_error"):
        self.loss = b.LOSSES["softmax_cross_entropy" if loss == "cross_entropy" else loss]
        self.layer = b.Linear(b.initialise("xavier", n_out, n_in, rng()), rng().standard_normal((n_out, 1)))
        self.held = self.layer.W, self.layer.B

    def affine(self, X):
        return self.layer.forward(X)

    outputs = affine

    def step(self, X, T):
        value, dy = self.loss(self.layer.forward(X), T)
        self.layer.backward(dy)
        return Step(value, dy, 1, X, self.layer.dW, self.layer.dB)


class C(Probe):
    """Lists of neurons."""

    def __init__(self, n_in, n_out):
        c.make_network(seed=0)  # seeds the weights
        self.layer = [c.Neuron(n_in) for _ in range(n_out)]
        self.held = [neuron.weights for neuron in self.layer], [neuron.bias for neuron in self.layer]

    def affine(self, X):
        return logit(self.outputs(X))

    def outputs(self, X):
        return np.array(c.forward([self.layer], X))

    def step(self, X, T):
        samples = [(x, t[0]) for x, t in zip(X, T, strict=True)]
        with mock.patch.object(c, "backward", wraps=c.backward) as backward:
            (loss,) = c.train([self.layer], samples, 1, 0.0)
        dy = np.array([call.args[1] for call in backward.call_args_list])
        y = np.array([self.outputs(x) for x in X])
        dW = np.array([neuron.d_weights for neuron in self.layer])
        return Step(loss, dy, y * (1 - y), X, dW, np.array([neuron.d_bias for neuron in self.layer]))


class D(Probe):
    """Nine scalars. What the layer computes is asked of the two hidden neurons, a step of the output neuron."""

    n_in = 2

    def __init__(self, n_in, n_out):
        self.p = dict(zip(d.NAMES, rng().standard_normal(9), strict=True))
        self.held = {name: self.p[name] for name in ("w1", "w2", "w3", "w4")}, {n: self.p[n] for n in ("b1", "b2")}

    def affine(self, X):
        return logit(d.forward(self.p, *X)[:2])

    def outputs(self, X):
        return np.array([d.forward(self.p, *X)[2]])

    def step(self, X, T):
        samples = [(x, t.item()) for x, t in zip(X, T, strict=True)]
        _, (loss,) = d.train(self.p, samples, 1, 0.0)
        after, _ = d.train(self.p, samples, 1, RATE)
        moved = {name: (self.p[name] - after[name]) / RATE for name in d.NAMES}
        forwards = np.array([d.forward(self.p, *x) for x in X])
        y = forwards[:, 2:]
        slope = y * (1 - y)
        dy = np.array([[d.partials(self.p, *x, t)["b3"]] for x, t in samples]) / slope
        return Step(loss, dy, slope, forwards[:, :2], np.array([[moved["w5"], moved["w6"]]]), np.array([moved["b3"]]))


class E(Probe):
    """A layer class in matrices, which updates itself while it goes backward."""

    def __init__(self, n_in, n_out):
        self.layer = e.Layer(rng().standard_normal((n_in, n_out)), rng().standard_normal((n_out, 1)))
        self.held = self.layer.W, self.layer.b

    def affine(self, X):
        return logit(self.outputs(X))

    def outputs(self, X):
        return self.layer.forward(X)

    def step(self, X, T):
        loss, layer = e.SquareLoss(), e.Layer(*self.held)
        y = layer.forward(X)
        value, dy = loss.forward(y, T), loss.backward()
        layer.backward(dy, 1.0)
        W, b = self.held
        return Step(value, dy, y * (1 - y), X, W - layer.W, b - layer.b)
