"""What stands between Python's arrays and the kernels: no argument makes a kernel write or read outside an array."""

import numpy as np
import pytest

import pyfc
from pyfc import kernels
from pyfc.component.base import Array

NONE = np.empty(0)


def unaligned(array: Array) -> Array:
    """Return an equal array whose memory begins one byte beside where its numbers should."""
    odd = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    odd[...] = array
    assert not odd.flags.aligned
    return odd


@pytest.mark.parametrize("name", pyfc.available("activations"))
def test_outputs_of_another_width_are_refused(name: str) -> None:
    act = pyfc.get("activations", name)()
    z, a, hyper = np.zeros((40, 6)), np.zeros(act.params(6)), act.hyper
    narrow = np.empty((40, 1))
    with pytest.raises(ValueError, match="y has 1 columns and z has 6: expected the same"):
        kernels.activation_forward(act.kernel, z, narrow, a, hyper)
    with pytest.raises(ValueError, match="dy has 1 columns and dz has 6: expected the same"):
        kernels.activation_backward(act.kernel, z, narrow, narrow, np.empty_like(z), a, np.empty_like(a), hyper)


def test_learned_parameters_that_are_too_few_are_refused() -> None:
    act = pyfc.get("activations", "prelu")()
    z, few = -np.ones((2, 1000)), np.ones(3)
    with pytest.raises(ValueError, match="a has 3 numbers: expected none, 1, or 1000"):
        kernels.activation_forward(act.kernel, z, np.empty_like(z), few, act.hyper)
    with pytest.raises(ValueError, match="a has 3 numbers"):
        kernels.activation_backward(act.kernel, z, None, z, np.empty_like(z), few, few.copy(), act.hyper)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_unaligned_arrays(dtype: type) -> None:
    x = np.random.default_rng(0).normal(size=(20, 3)).astype(dtype)
    odd, y = unaligned(x), np.arange(20) % 2
    network = pyfc.Network(["tanh", pyfc.Scale(2.0), pyfc.Dense(3, 2)], loss="softmax_cross_entropy", dtype=dtype)
    np.testing.assert_array_equal(network.forward(odd), network.forward(x))
    assert network.evaluate(odd, y) == network.evaluate(x, y)
    for layer in (pyfc.Activation("tanh"), pyfc.Scale(2.0), pyfc.Dropout(0.5), pyfc.Dense(3, 2)):
        out, cache = layer.forward(x, training=True)
        dx, _ = layer.backward(out, cache)
        np.testing.assert_array_equal(layer.backward(unaligned(out), cache)[0], dx)
    tanh = pyfc.Activation("tanh")
    np.testing.assert_array_equal(tanh.forward(odd)[0], tanh.forward(x)[0])
    act = pyfc.get("activations", "relu")()
    with pytest.raises(ValueError, match="not C-contiguous, aligned and writeable"):
        act.forward(x, out=odd)
    with pytest.raises(ValueError, match="z is not aligned"):
        kernels.activation_forward(act.kernel, odd, x.copy(), NONE, act.hyper)
