"""Probes of pyfc and of other libraries; one that is not installed skips the test that asks for it."""

import inspect
import os
import tempfile
from unittest import mock

import numpy as np
import pytest

import pyfc
from probes import Probe, Step

PEERS = 'not installed: pip install -e ".[peers]"'


def parameters(*shapes):
    """Return random numbers of these shapes, the same at every call."""
    rng = np.random.default_rng(7)
    return [rng.standard_normal(shape) for shape in shapes]


class PyFC(Probe):
    """A network of one dense layer."""

    def __init__(self, n_in, n_out, loss="squared_error"):
        loss = "softmax_cross_entropy" if loss == "cross_entropy" else loss
        self.net = pyfc.Network([pyfc.Dense(n_in, n_out, bias_init="normal")], loss=loss, dtype="float64", seed=7)
        self.held = self.net.parameters["dense_0.W"], self.net.parameters["dense_0.b"]

    def affine(self, X):
        return self.net.forward(X)

    outputs = affine

    def step(self, X, T):
        trace = self.net.trace(X, T)
        _, gradients = self.net.loss_and_gradients(X, T)
        return Step(trace.loss, trace["loss.dy"], 1, X, gradients["dense_0.W"], gradients["dense_0.b"])


class PyTorch(Probe):
    """``nn.Linear`` and a loss with its default settings."""

    def __init__(self, n_in, n_out, loss="squared_error"):
        self.torch = pytest.importorskip("torch", reason=f"PyTorch is {PEERS}")
        self.layer = self.torch.nn.Linear(n_in, n_out, dtype=self.torch.float64)
        for parameter, values in zip(self.layer.parameters(), parameters((n_out, n_in), n_out), strict=True):
            parameter.data[...] = self.torch.from_numpy(values)
        self.loss = self.torch.nn.CrossEntropyLoss() if loss == "cross_entropy" else self.torch.nn.MSELoss()
        self.held = self.layer.weight.detach().numpy(), self.layer.bias.detach().numpy()

    def affine(self, X):
        return self.layer(self.torch.from_numpy(X)).detach().numpy()

    outputs = affine

    def step(self, X, T):
        self.layer.zero_grad()
        y = self.layer(self.torch.from_numpy(X))
        y.retain_grad()
        loss = self.loss(y, self.torch.from_numpy(T))
        loss.backward()
        return Step(loss.item(), y.grad.numpy(), 1, X, self.layer.weight.grad.numpy(), self.layer.bias.grad.numpy())


def import_keras():
    """Return Keras on PyTorch, whose gradients it then uses; leave environment and home folder as they are."""
    pytest.importorskip("torch", reason=f"PyTorch, on which Keras runs here, is {PEERS}")
    with tempfile.TemporaryDirectory() as home, mock.patch.dict(os.environ, KERAS_BACKEND="torch", KERAS_HOME=home):
        keras = pytest.importorskip("keras", minversion="3", reason=f"Keras is {PEERS}")
    assert keras.config.backend() == "torch"
    return keras


class Keras(Probe):
    """``Dense``, a softmax where the loss takes probabilities, and a loss with its default settings."""

    cross_entropy = "CategoricalCrossentropy"

    def __init__(self, n_in, n_out, loss="squared_error"):
        self.keras = import_keras()
        self.layer = self.keras.layers.Dense(n_out, dtype="float64")
        self.layer.build((None, n_in))
        self.layer.set_weights(parameters((n_in, n_out), n_out))
        last, name = ("softmax", self.cross_entropy) if loss == "cross_entropy" else ("linear", "MeanSquaredError")
        self.last = self.keras.layers.Activation(last, dtype="float64")
        self.loss = getattr(self.keras.losses, name)(dtype="float64")
        self.held = tuple(self._numpy(v.value) for v in (self.layer.kernel, self.layer.bias))

    def affine(self, X):
        return self._numpy(self.layer(X))

    def outputs(self, X):
        return self._numpy(self.last(self.layer(X)))

    def step(self, X, T):
        variables = self.layer.kernel.value, self.layer.bias.value
        for variable in variables:
            variable.grad = None
        z = self.layer(X)
        z.retain_grad()
        loss = self.loss(T, self.last(z))
        loss.backward()
        dW, db = (self._numpy(variable.grad) for variable in variables)
        return Step(loss.item(), self._numpy(z.grad), 1, X, dW, db)

    def _numpy(self, tensor):
        return tensor.detach().cpu().numpy()


class KerasSparse(Keras):
    """The same with the loss that takes labels."""

    cross_entropy = "SparseCategoricalCrossentropy"


class ScikitLearn(Probe):
    """A multi-layer perceptron without hidden layers, which makes plain steps of gradient descent."""

    def __init__(self, n_in, n_out, loss="squared_error"):
        pytest.importorskip("sklearn", reason=f"scikit-learn is {PEERS}")
        from sklearn.neural_network import MLPClassifier, MLPRegressor

        self.kind = MLPClassifier if loss == "cross_entropy" else MLPRegressor
        self.n_in, self.n_out = n_in, n_out
        targets = np.arange(n_out) if loss == "cross_entropy" else np.zeros((n_out, n_out))
        self.model = self.model_of(np.zeros((n_out, n_in)), targets)
        W, b = self.model.coefs_[0], self.model.intercepts_[0]
        self.held = tuple(parameters(W.shape, b.shape))

    def affine(self, X):
        """Return ``predict`` of a regression with these weights: public, and without a softmax."""
        from sklearn.neural_network import MLPRegressor

        regression = self.model_of(np.zeros((2, self.n_in)), np.zeros((2, self.n_out)), MLPRegressor)
        return self._restore(regression).predict(X).reshape(-1, self.n_out)

    def outputs(self, X):
        self._restore(self.model)
        return self.model.predict_proba(X) if hasattr(self.model, "predict_proba") else self.affine(X)

    def step(self, X, T):
        model = self._restore(self.model_of(X, T))
        seen = {}
        signature, original = inspect.signature(self.kind._backprop), model._backprop

        def backprop(*args, **settings):
            result = original(*args, **settings)
            seen["dy"] = signature.bind(model, *args, **settings).arguments["deltas"][-1].copy()
            return result

        # Weights, loss_ and learning rate are public; the errors that are passed back can only be seen from inside.
        with mock.patch.object(model, "_backprop", backprop):
            model.partial_fit(X, self._targets(T))
        moved = [
            before - after for before, after in zip(self.held, (model.coefs_[0], model.intercepts_[0]), strict=True)
        ]
        return Step(model.loss_, seen["dy"], 1, X, *moved)

    def model_of(self, X, T, kind=None):
        """Return a model that has seen data of these shapes; before that, a model has no weights."""
        kind = kind or self.kind
        plain = {"solver": "sgd", "learning_rate_init": 1.0, "momentum": 0, "alpha": 0, "shuffle": False}
        model = kind(hidden_layer_sizes=(), **plain)
        classes = {"classes": np.arange(self.n_out)} if kind.__name__ == "MLPClassifier" else {}
        return model.partial_fit(X, self._targets(T), **classes)

    def _restore(self, model):
        model.coefs_[0][...], model.intercepts_[0][...] = self.held
        return model

    def _targets(self, T):
        return T[:, 0] if T.ndim == 2 and T.shape[1] == 1 else T
