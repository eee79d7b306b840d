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


@pytest.mark.parametrize("name", [n for n in pyfc.available("activations") if pyfc.get("activations", n).in_place])
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


@pytest.mark.parametrize("name", pyfc.available("activations"))
def test_a_kernel_gets_all_the_numbers_that_it_reads(name: str) -> None:
    act = pyfc.get("activations", name)()
    z, a, hyper = np.zeros((4, 6)), np.ones(act.params(6)), act.hyper
    with pytest.raises(ValueError, match=rf"hyper has {len(hyper) + 1} numbers: expected {len(hyper)}"):
        kernels.activation_forward(act.kernel, z, z.copy(), a, np.ones(len(hyper) + 1))
    other = NONE if act.learned else np.ones(1)
    with pytest.raises(
        ValueError, match="a has 0 numbers: expected 1 or 6" if act.learned else "a has 1 numbers: expected none"
    ):
        kernels.activation_forward(act.kernel, z, z.copy(), other, hyper)


def test_a_class_that_disagrees_with_its_kernel_is_refused() -> None:
    elu, prelu = pyfc.get("activations", "elu"), pyfc.get("activations", "prelu")
    forgetful = type("Forgetful", (elu,), {"name": "forgetful", "hyperparameters": {}})
    with pytest.raises(TypeError, match="reads 1 hyper-parameters and its class declares 0"):
        pyfc.register(forgetful)
    unlearned = type("Unlearned", (prelu,), {"name": "unlearned", "learned": None})
    with pytest.raises(TypeError, match="has the flag PYFC_LEARNS and its class has learned = None"):
        pyfc.register(unlearned)
