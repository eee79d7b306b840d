"""Components in Python inside the engine give the same as by hand, to the last bit."""

import gc

import numpy as np
import pytest
from by_hand import assert_same, fit_by_hand

import pyfc
from pyfc.component import Activation, Loss, Optimizer
from pyfc.component.activation import Learned
from pyfc.layers import Layer

pytestmark = pytest.mark.usefixtures("threads_at_any_size")

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(47, 6)), RNG.integers(0, 3, 47)


class Square(Activation):
    """Learns nothing."""

    name, needs = "square", "z"

    def compute_forward(self, z, y, a):
        np.multiply(z, z, out=y)

    def compute_backward(self, z, y, dy, dz, a, da):
        np.multiply(2 * z, dy, out=dz)


class Slope(Activation):
    """Learns, and adds its gradient to the zeros that it gets."""

    name, needs, learned = "slope", "zy", Learned("a", 0.5)

    def compute_forward(self, z, y, a):
        np.multiply(z, a, out=y)

    def compute_backward(self, z, y, dy, dz, a, da):
        np.testing.assert_array_equal(y, z * a)
        da += (dy * z).sum()
        np.multiply(dy, a, out=dz)


class Distance(Loss):
    """For numbers as targets."""

    name = "distance"

    def compute_forward(self, y, t, loss):
        loss[:] = np.sqrt(1 + (y - t) ** 2).sum(axis=1)

    def compute_backward(self, y, t, share, dy):
        dy[:] = share[:, None] * (y - t) / np.sqrt(1 + (y - t) ** 2)


class Labels(Distance):
    """For labels."""

    name, task, takes_labels = "labels", "classification", True

    def compute_forward(self, y, t, loss):
        assert t.dtype == np.int64
        super().compute_forward(y, t[:, None], loss)

    def compute_backward(self, y, t, share, dy):
        super().compute_backward(y, t[:, None], share, dy)


class Heavy(Optimizer):
    """Has a state."""

    name, states = "heavy", 1

    def update(self, w, dw, state, lr, step):
        state[0][:] = 0.9 * state[0] + dw
        w -= np.asarray(lr / step, w.dtype) * state[0]


class Shift(Layer):
    """A layer with a parameter: y = x + c."""

    kind = "shift"

    def parameter_shapes(self, n_in):
        return {"c": (n_in,)}

    def first_values(self, n_in, dtype, rng):
        return {"c": rng.normal(size=n_in).astype(dtype)}

    def forward(self, x, *, training=False):
        self.training, self.seen = training, x
        return x + self.parameters["c"], x.shape

    def backward(self, dy, cache, *, need_dx=True, out=None):
        assert cache == dy.shape
        gradients = {"c": dy.sum(axis=0)}
        if out:
            out["c"][...] = gradients["c"]
        return (dy * 1 if need_dx else None), gradients


class Flip(Layer):
    """A layer without parameters, that keeps the order of the columns reversed: its arrays have negative strides."""

    kind = "flip"

    def forward(self, x, *, training=False):
        return x[:, ::-1], None

    def backward(self, dy, cache, *, need_dx=True, out=None):
        return dy[:, ::-1], {}


class OwnDense(pyfc.Dense):
    """Has a forward of its own, which must be called."""

    def forward(self, x, *, training=False):
        z, cache = super().forward(x, training=training)
        return np.maximum(z, -1), (cache, z)

    def backward(self, dy, cache, *, need_dx=True, out=None):
        return super().backward(np.where(cache[1] > -1, dy, 0).astype(dy.dtype), cache[0], need_dx=need_dx, out=out)


CHAINS = {
    "activation": [pyfc.Dense(6, 8), Square(), pyfc.Dense(8, 3)],
    "activation first": [Square(), pyfc.Dense(6, 8), "relu", pyfc.Dense(8, 3), Square()],
    "learned": [pyfc.Dense(6, 8), Slope(), pyfc.Dense(8, 3), Slope()],
    "learned first": [Slope(), pyfc.Dense(6, 3)],
    "layer": [pyfc.Dense(6, 8), Flip(), "tanh", Shift(), pyfc.Dense(8, 3)],
    "layer first": [Shift(), pyfc.Dropout(0.2), pyfc.Dense(6, 3), Flip()],
    "layer without parameters first": [Flip(), pyfc.Dense(6, 3)],
    "subclass": [OwnDense(6, 8), "relu", OwnDense(8, 3)],
}


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", [pyfc.SGD(lr=0.01), Heavy(lr=0.01)], ids=["kernel", "python"])
@pytest.mark.parametrize("loss", ["softmax_cross_entropy", Distance(), Labels()], ids=["kernel", "python", "labels"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_as_by_hand(chain, dtype, optimizer, loss, shuffle):
    one, two = (pyfc.Network(CHAINS[chain], loss=loss, dtype=dtype) for _ in range(2))
    settings = {"epochs": 2, "batch_size": 10, "optimizer": optimizer, "shuffle": shuffle}
    x = X.astype(dtype)
    x.flags.writeable = False
    fit_by_hand(one, x, Y, **settings)
    two.fit(x, Y, progress=False, n_threads=2, **settings)
    assert_same(one, two)
    np.testing.assert_array_equal(two.forward(x), one.forward_batch(x))


def test_training_is_said_and_arrays_may_be_kept():
    network = pyfc.Network([Shift(), pyfc.Dense(6, 3)], loss="softmax_cross_entropy", dtype="float64")
    network.fit(X, Y, epochs=1, batch_size=47, shuffle=False, progress=False)
    kept, trained = network.layers[0].seen, network.layers[0].training
    gc.collect()
    np.testing.assert_array_equal(kept, X)  # its memory is still there
    network.forward(X)
    assert trained
    assert not network.layers[0].training
