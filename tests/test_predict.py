"""Predictions: in chunks, on threads, with a plan that waits for the next one; to the last bit those of the layers."""

import copy
import pickle
import threading

import numpy as np
import pytest
import scipy.sparse as sp

import pyfc
from pyfc.network import CHUNK

RNG = np.random.default_rng(0)
LAYERS = [pyfc.Scale(0.1), pyfc.Dense(6, 40), "relu", pyfc.Dropout(0.5), pyfc.Dense(40, 30), "prelu", pyfc.Dense(30, 3)]


def make(dtype="float32"):
    return pyfc.Network(LAYERS, loss="softmax_cross_entropy", dtype=dtype)


@pytest.fixture(params=[1, 2, 3])
def threads(request, monkeypatch):
    """Let predictions run on so many threads, however small they are."""
    monkeypatch.setattr("pyfc.planning.WORTH_A_THREAD", 1)
    monkeypatch.setattr("pyfc.planning.available_processors", lambda: request.param)
    return request.param


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_number_of_rows(threads, dtype):
    network = make(dtype)
    X = RNG.normal(size=(3 * CHUNK + 5, 6))
    wanted = network.forward_batch(X.astype(dtype))
    for rows in (len(X), 1, 0, 2, CHUNK, CHUNK + 1, 0, 2 * CHUNK - 1, 7):
        np.testing.assert_array_equal(network.forward(X[:rows]), wanted[:rows])
        assert network.predict(X[:rows]).shape == (rows,)
    assert network.layers[3].position == 0


@pytest.mark.parametrize("repeat", range(3))
def test_one_form_of_numbers_after_another(threads, repeat):
    """A plan that was kept from the last prediction must fit the next one, or not be used."""
    network = make()
    X = RNG.integers(1, 100, (2 * CHUNK + 7, 6))
    wanted = network.forward_batch(X.astype(np.float32))
    zeros = X * (X < 20)
    expected = network.forward_batch(zeros.astype(np.float32))
    forms = [np.float32, np.uint8, np.float16, np.longdouble, ">f8", np.int64]
    for form in [*forms, *RNG.permutation(forms), sp.csr_array]:
        np.testing.assert_array_equal(network.forward(form(X) if form is sp.csr_array else X.astype(form)), wanted)
        np.testing.assert_array_equal(network.forward(zeros.astype(np.float16)), expected)
        np.testing.assert_array_equal(network.forward(sp.csr_array(zeros)), expected)


def test_training_in_between(threads):
    network, X = make("float64"), RNG.normal(size=(90, 6))
    for _ in range(3):
        network.fit(X, np.arange(90) % 3, epochs=1, progress=False)
        np.testing.assert_array_equal(network.forward(X), network.forward_batch(X))
        network.parameters["dense_1.b"][:] += 1
        np.testing.assert_array_equal(network.forward(X), network.forward_batch(X))


def test_two_threads_on_one_network(threads):
    network = make()
    inputs = [RNG.normal(size=(rows, 6)).astype(np.float32) for rows in (3000, 500, 1)]
    wanted = [network.forward_batch(X) for X in inputs]
    wrong = []

    def work(X, right):
        for _ in range(60):
            wrong.extend([X.shape] * (not np.array_equal(network.forward(X), right)))

    workers = [threading.Thread(target=work, args=both) for both in zip(inputs, wanted, strict=True)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@pytest.mark.parametrize(
    "twin_of",
    [lambda n: n.copy(), copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))],  # noqa: S301
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copy_after_a_prediction_has_a_life_of_its_own(twin_of):
    network, X = make(), RNG.normal(size=(50, 6)).astype(np.float32)
    before = network.forward(X)
    twin = twin_of(network)
    np.testing.assert_array_equal(twin.forward(X), before)
    twin.fit(X, np.arange(50) % 3, epochs=2, progress=False)
    np.testing.assert_array_equal(network.forward(X), before)
    np.testing.assert_array_equal(twin.forward(X), twin.forward_batch(X))
    assert not np.array_equal(twin.forward(X), before)


def test_a_setting_that_is_changed_counts_at_once():
    network, X = make(), RNG.normal(size=(50, 6)).astype(np.float32)
    network.forward(X)
    network.layers[0].factor = 2.0
    np.testing.assert_array_equal(network.forward(X), network.forward_batch(X))
    network.layers[2].function = pyfc.get("activations", "tanh")()
    np.testing.assert_array_equal(network.forward(X), network.forward_batch(X))
