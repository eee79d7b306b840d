"""Every component passes pyfc's kit in all of its variants, and does what its paper says."""

import doctest
from pathlib import Path

import numpy as np
import pytest

import pyfc
from pyfc.testing import conformance_test

test_snake = conformance_test("snake")
test_crelu = conformance_test("crelu")
test_maxout = conformance_test("maxout")
test_poly1 = conformance_test("poly1")
test_sparsemax_loss = conformance_test("sparsemax_loss")

RNG = np.random.default_rng(0)
README = Path(__file__).parents[1] / "README.md"


@pytest.mark.parametrize("name", ["snake", "crelu", "maxout", "poly1", "sparsemax_loss", "README"])
def test_examples(name):
    if name == "README":
        assert doctest.testfile(str(README), module_relative=False).failed == 0
        return
    cls = pyfc.get("losses" if name in ("poly1", "sparsemax_loss") else "activations", name)
    (example,) = doctest.DocTestFinder(recurse=False).find(cls, name, module=False)
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


def snake(**settings):
    return pyfc.get("activations", "snake")(**settings)


def test_snake_repeats_itself():
    z = np.linspace(-9, 9, 50)
    np.testing.assert_allclose(snake().forward(z + np.pi / 0.5) - snake().forward(z), np.pi / 0.5, rtol=1e-12)


def test_snake_has_its_limit_where_the_frequency_is_0():
    z, zero = np.array([[-3.0, 0.0, 2.0]]), np.zeros(3)
    np.testing.assert_array_equal(snake().forward(z, a=zero), z)
    dz, da = snake().backward(np.ones_like(z), z=z, a=zero)
    np.testing.assert_array_equal(dz, 1)
    np.testing.assert_array_equal(da, z[0] ** 2)


def test_snake_starts_where_it_is_told_and_learns():
    x = RNG.uniform(-3, 3, (256, 1))
    layers = [pyfc.Dense(1, 16, init="lecun_normal"), snake(start=2.0, per="layer"), pyfc.Dense(16, 1)]
    net = pyfc.Network(layers, loss="squared_error", seed=0)
    np.testing.assert_array_equal(net.parameters["snake_0.a"], [2.0])
    before = net.evaluate(x, np.sin(3 * x))["loss"]
    net.fit(x, np.sin(3 * x), epochs=100, optimizer=pyfc.Adam(lr=0.01), progress=False)
    assert net.evaluate(x, np.sin(3 * x))["loss"] < before / 10
    assert net.parameters["snake_0.a"][0] != 2.0


def sparsemax_by_sorting(z):
    """Return the sparsemax of rows as in the paper, algorithm 1."""
    falling = -np.sort(-z, axis=1)
    sums = np.cumsum(falling, axis=1)
    k = (1 + np.arange(1, z.shape[1] + 1) * falling > sums).sum(axis=1)
    tau = (sums[np.arange(len(z)), k - 1] - 1) / k
    return np.maximum(z - tau[:, None], 0)


def test_sparsemax_loss_is_that_of_the_paper():
    y, labels = RNG.normal(0, 2, (50, 6)), RNG.integers(0, 6, 50)
    p = sparsemax_by_sorting(y)
    tau = (y - p).max(axis=1, where=p > 0, initial=-np.inf)
    wanted = -y[np.arange(50), labels] + ((y**2 - tau[:, None] ** 2) * (p > 0)).sum(axis=1) / 2 + 0.5
    loss = pyfc.get("losses", "sparsemax_loss")()
    np.testing.assert_allclose(loss.value(y, labels), wanted.mean(), rtol=1e-13)
    net = pyfc.Network([pyfc.Dense(6, 6)], loss=loss)
    np.testing.assert_allclose(net.predict_proba(y), sparsemax_by_sorting(net.forward(y)), atol=1e-6)


def test_crelu_has_more_outputs_and_loses_nothing():
    net = pyfc.Network([pyfc.Dense(784, 64), "crelu", pyfc.Dense(128, 10)], loss="softmax_cross_entropy")
    assert net.sizes == [784, 64, 128, 10]
    z = RNG.normal(size=(20, 7))
    y = pyfc.get("activations", "crelu")().forward(z)
    np.testing.assert_array_equal(y[:, :7] - y[:, 7:], z)
    assert (y >= 0).all()


def test_maxout_has_fewer_outputs():
    net = pyfc.Network(
        [pyfc.Dense(784, 256), pyfc.get("activations", "maxout")(pieces=2), pyfc.Dense(128, 10)],
        loss="softmax_cross_entropy",
    )
    assert net.sizes == [784, 256, 128, 10]


def test_maxout_says_what_does_not_fit():
    layers = [pyfc.Dense(4, 7), pyfc.get("activations", "maxout")(pieces=3), pyfc.Dense(2, 2)]
    with pytest.raises(ValueError, match=r"Maxout\(pieces=3\) got 7 inputs: expected a multiple of 3; .* 9 outputs"):
        pyfc.Network(layers, loss="squared_error")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("width", [1, 1e4])
def test_poly1_adds_a_term_to_the_cross_entropy(dtype, width):
    y = RNG.normal(0, width, (40, 10)).astype(dtype)
    weight, eps = RNG.uniform(0, 2, 40), float(np.finfo(dtype).eps)
    entropy, softmax = pyfc.get("losses", "softmax_cross_entropy")(), pyfc.get("activations", "softmax")()
    for epsilon in (-1.0, 0.0, 2.5):
        loss = pyfc.get("losses", "poly1")(epsilon=epsilon)
        for t in (RNG.integers(0, 10, 40), np.eye(10)[RNG.integers(0, 10, 40)], RNG.dirichlet(np.ones(10), 40)):
            rows = t if t.ndim == 2 else np.eye(10)[t]
            lacks = 1 - (rows * softmax.forward(y)).sum(axis=1)
            wanted = entropy.value(y, t, weight) + epsilon * np.average(lacks, weights=weight)
            np.testing.assert_allclose(loss.value(y, t, weight), wanted, rtol=16 * eps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("epsilon", [-1.0, 0.0, 2.5])
def test_poly1_of_large_outputs(dtype, epsilon):
    loss = pyfc.get("losses", "poly1")(epsilon=epsilon)
    y = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]], dtype)
    assert loss.value(y[:1], [0]) == 0
    assert loss.value(y[1:], [0]) == 2e4 + epsilon
    np.testing.assert_array_equal(loss.gradient(y, [0, 0]), np.array([[0, 0, 0], [-0.5, 0.5, 0]], dtype))
