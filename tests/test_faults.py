"""Whatever goes wrong inside a plugin stops training with its name, its distribution, layer, epoch and batch."""

import numpy as np
import pytest

import pyfc
from pyfc.component import Activation, Loss, Optimizer
from pyfc.errors import PluginError, TrainingError
from pyfc.layers import Layer

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(47, 6)), RNG.integers(0, 3, 47)
WAYS = [
    {"optimizer": "sgd"},
    {"optimizer": "sgd", "callbacks": [lambda run: None]},
    {"optimizer": pyfc.SGD(lr=0.01, momentum=0.9)},
    {"optimizer": "lbfgs"},
]

#: A plugin whose functions can be spoilt: {forward} and {backward} are lines.
SOURCE = """
import numpy as np
from pyfc.component import Activation

class Square(Activation):
    name, needs, calls = "NAME", "z", 0

    def compute_forward(self, z, y, a):
        y[:] = np.tanh(z)
        FORWARD

    def compute_backward(self, z, y, dy, dz, a, da):
        dz[:] = dy * (1 - np.tanh(z) ** 2)
        Square.calls += 1
        if Square.calls == 8:
            BACKWARD
"""


def spoilt(forward="pass", backward="pass"):
    return SOURCE.replace("FORWARD", forward).replace("BACKWARD", backward)


class Stuck(Optimizer):
    """Fails in its third step."""

    name = "stuck"

    def update(self, w, dw, state, lr, step):
        w -= 0.01 * dw
        if step == 3:
            raise RuntimeError("stuck")


class Picky(Loss):
    """Fails backward."""

    name = "picky"

    def compute_forward(self, y, t, loss):
        loss[:] = ((y - t) ** 2).sum(axis=1)

    def compute_backward(self, y, t, share, dy):
        dy[:] = share * (y - t)  # its shape is wrong


class Short(Layer):
    """Loses a column on the way back."""

    kind = "short"

    def forward(self, x, *, training=False):
        return x, None

    def backward(self, dy, cache, *, need_dx=True, out=None):
        return dy[:, 1:], {}


@pytest.mark.parametrize("way", WAYS, ids=["engine", "callback", "momentum", "lbfgs"])
def test_an_exception_names_plugin_distribution_layer_and_place(install, way):
    install("alpha", "wobble", source=spoilt(backward="raise ZeroDivisionError('no more')"))
    network = pyfc.Network([pyfc.Dense(6, 8), "wobble", pyfc.Dense(8, 3)], loss="softmax_cross_entropy")
    before = network.flat.copy()
    place = r"epoch \d+, an iteration" if way["optimizer"] == "lbfgs" else "epoch 2, batch 3 of 5"
    with pytest.raises(
        PluginError,
        match=rf"^layer 'wobble_0', activation 'wobble' of alpha 1.2 failed: ZeroDivisionError: no more, at "
        rf"__init__.py:16, raise .*; in {place}.* weights from before that epoch again$",
    ) as caught:
        network.fit(X, Y, epochs=9, batch_size=10, progress=False, **way)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert np.isfinite(network.flat).all()
    assert not np.array_equal(network.flat, before)  # the first epoch is kept
    history = network.fit(X, Y, epochs=1, progress=False)  # it can go on
    assert np.isfinite(history["loss"]).all()


@pytest.mark.parametrize("way", WAYS[:2], ids=["engine", "callback"])
def test_a_wrong_shape(install, way):
    install("alpha", "wide", source=spoilt(forward="y[:] = np.zeros((len(z), 99))"))
    network = pyfc.Network([pyfc.Dense(6, 8), "wide", pyfc.Dense(8, 3)], loss="softmax_cross_entropy")
    said = r"layer 'wide_0', activation 'wide' of alpha 1.2 failed: ValueError: could not broadcast .*\(10,99\)"
    with pytest.raises(PluginError, match=rf"{said}.*in epoch 1, batch 1 of 5"):
        network.fit(X, Y, batch_size=10, progress=False, **way)
    for call in (network.forward, network.predict, lambda x: network.evaluate(x, Y), lambda x: network.step((x, Y))):
        with pytest.raises(PluginError, match=r"'wide' of alpha 1.2 failed: ValueError"):
            call(X)


@pytest.mark.parametrize("way", WAYS, ids=["engine", "callback", "momentum", "lbfgs"])
@pytest.mark.parametrize("value", ["np.nan", "np.inf"])
def test_a_nan_names_the_plugin_that_made_it(install, way, value):
    install("alpha", "leak", source=spoilt(forward=f"y[z > 1.5] = {value}"))
    network = pyfc.Network([pyfc.Dense(6, 8), "leak", pyfc.Dense(8, 3)], loss="softmax_cross_entropy")
    before = network.flat.copy()
    source = (
        r"The first number that is not finite is of layer 'leak_0', activation 'leak' of alpha 1.2: its forward gave "
        rf"y\[\d+, \d\] = {value[3:]} from z = (1\.[5-9]|[2-9]).*\. Likely causes"
    )
    with pytest.raises(TrainingError, match=source):
        network.fit(X, Y, batch_size=10, progress=False, **way)
    np.testing.assert_array_equal(network.flat, before)
    with pytest.raises(TrainingError, match=f"no step was made. {source}"):
        network.step((X, Y))


@pytest.mark.parametrize("way", WAYS[:3], ids=["engine", "callback", "momentum"])
def test_a_nan_on_the_way_back_is_traced_to_its_plugin(install, way):
    install("alpha", "drip", source=spoilt().replace("Square.calls += 1", "dz[z > 1.5] = np.nan"))
    network = pyfc.Network([pyfc.Dense(6, 8), "drip", pyfc.Dense(8, 3)], loss="softmax_cross_entropy")
    source = r"layer 'drip_0', activation 'drip' of alpha 1.2: its backward gave dz\[\d+, \d\] = nan from dy = "
    with pytest.raises(TrainingError, match=source):
        network.fit(X, Y, batch_size=10, progress=False, **way)
    assert np.isfinite(network.flat).all()


def test_a_loss_an_optimizer_and_a_layer_are_named():
    network = pyfc.Network([pyfc.Dense(6, 3)], loss=Picky())
    with pytest.raises(PluginError, match=r"^loss 'picky' of module .* failed: ValueError.*in epoch 1, batch 1 of 5"):
        network.fit(X, RNG.normal(size=(47, 3)), batch_size=10, progress=False)
    network = pyfc.Network([pyfc.Dense(6, 3)], loss="softmax_cross_entropy")
    with pytest.raises(PluginError, match=r"^optimizer 'stuck' of module .* RuntimeError: stuck, .*, batch 3 of 5"):
        network.fit(X, Y, batch_size=10, progress=False, optimizer=Stuck(lr=0.1))
    network = pyfc.Network([pyfc.Dense(6, 8), Short(), pyfc.Dense(8, 3)], loss="softmax_cross_entropy")
    with pytest.raises(PluginError, match=r"^layer 'short_0', class Short of .* shape \(10, 7\): expected \(10, 8\)"):
        network.fit(X, Y, batch_size=10, progress=False)


def test_ctrl_c_in_a_plugin_is_no_fault_of_it():
    class Slow(Activation):
        name, needs = "slow", "z"

        def compute_forward(self, z, y, a):
            raise KeyboardInterrupt

        def compute_backward(self, z, y, dy, dz, a, da):
            pass

    network = pyfc.Network([pyfc.Dense(6, 8), Slow(), pyfc.Dense(8, 3)], loss="softmax_cross_entropy")
    with pytest.raises(KeyboardInterrupt):
        network.forward(X)


def test_overflow_is_traced_too():
    network = pyfc.Network([pyfc.Dense(1, 1)], loss="squared_error", dtype="float64")
    with pytest.raises(
        TrainingError, match=r"is of loss 'squared_error' of pyfc .*: its forward gave l\[\d+, 0\] = inf from y"
    ):
        network.fit([[1e160], [1e160]], [0.0, 1.0], batch_size=1, progress=False)
