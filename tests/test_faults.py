"""Whatever goes wrong inside a plugin stops training with its name, its distribution, layer, epoch and batch."""

import numpy as np
import pytest

import pyfc
from pyfc.component import Activation, Learned, Loss, Optimizer
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
        rf"y\[\d+, \d\] = {value[3:]} from z = (1\.[5-9]|[2-9]).*\. Hold it to pyfc.testing, and tell its author\.$"
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


class BothError(PluginError):
    """A plugin's own error, which takes two arguments."""

    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")


def test_a_plugins_own_plugin_error_is_no_trap(install):
    source = spoilt(backward="from pyfc.errors import PluginError; raise PluginError('of my own')")
    install("alpha", "trap", source=source)
    network = pyfc.Network([pyfc.Dense(6, 8), "trap", pyfc.Dense(8, 3)], loss="softmax_cross_entropy")
    with pytest.raises(
        PluginError, match=r"^layer 'trap_0', activation 'trap' of alpha 1.2 failed: .*of my own.*epoch 2"
    ):
        network.fit(X, Y, epochs=9, batch_size=10, progress=False)

    class Trap(Activation):
        name, needs = "trap", "z"

        def compute_forward(self, z, y, a):
            raise BothError("this", "that")

        def compute_backward(self, z, y, dy, dz, a, da):
            pass

    network = pyfc.Network([pyfc.Dense(6, 8), Trap(), pyfc.Dense(8, 3)], loss="softmax_cross_entropy")
    for call in (lambda: network.fit(X, Y, progress=False), lambda: network.forward(X), lambda: network.trace(X, Y)):
        with pytest.raises(
            PluginError, match=r"^layer 'trap_0', activation 'trap' of module .* this and that"
        ) as caught:
            call()
        assert type(caught.value) is PluginError


def test_a_fault_in_the_validation_says_so(install):
    install("alpha", "late", source=spoilt(forward="if len(z) == 3: raise ValueError('three')"))
    network = pyfc.Network([pyfc.Dense(6, 8), "late", pyfc.Dense(8, 3)], loss="softmax_cross_entropy")
    with pytest.raises(
        PluginError, match=r"'late' of alpha 1.2 failed: .*three.*; in the validation after epoch 1; the"
    ):
        network.fit(X, Y, batch_size=47, validation=(X[:3], Y[:3]), progress=False)


@pytest.mark.parametrize("spoil", ["raise", "nan"])
def test_a_single_step_that_fails_is_none(spoil):
    class Half(Optimizer):
        """Moves the weights, and fails in its third step."""

        name, states = "half", 1

        def update(self, w, dw, state, lr, step):
            state[0] += dw
            w -= lr * state[0]
            if step == 3:
                if spoil == "raise":
                    raise RuntimeError("stuck")
                w[0] = np.nan

    network = pyfc.Network([pyfc.Dense(6, 3)], loss="softmax_cross_entropy")
    half = Half(lr=0.01)
    for _ in range(2):
        network.step((X, Y), half)
    before, state = network.flat.copy(), network.last_step.state[0].copy()
    with pytest.raises((PluginError, TrainingError), match=r"stuck" if spoil == "raise" else r"weights became NaN"):
        network.step((X, Y), half)
    np.testing.assert_array_equal(network.flat, before)
    np.testing.assert_array_equal(network.last_step.state[0], state)
    assert network.last_step.steps == 2


@pytest.mark.parametrize(
    ("base", "changes", "said"),
    [
        ("silu", {"out_cols": lambda self, cols: 1}, "has 1 outputs for 8 inputs: expected 8"),
        ("tanh", {"out_cols": lambda self, cols: cols // 2}, "has 4 outputs for 8 inputs: expected 8"),
        ("prelu", {"params": lambda self, cols: 0}, "has 0 learned parameters for 8 inputs: expected 1 or 8"),
        ("prelu", {"params": lambda self, cols: 3}, "has 3 learned parameters for 8 inputs: expected 1 or 8"),
        ("silu", {"params": lambda self, cols: 3}, "has 3 learned parameters for 8 inputs: expected none"),
    ],
)
def test_a_class_cannot_lead_its_kernel_out_of_bounds(base, changes, said):
    odd = type("Odd", (pyfc.get("activations", base),), {"name": "odd", **changes})()
    if base == "silu" and "params" in changes:
        odd.learned = Learned("a", 0.5)
    network = pyfc.Network([pyfc.Dense(6, 8), odd, pyfc.Dense(odd.out_cols(8), 3)], loss="softmax_cross_entropy")
    for call in (lambda: network.fit(X, Y, progress=False), lambda: network.forward(X)):
        with pytest.raises(ValueError, match=said):
            call()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t + 1_000_000, "its targets.. returned labels from 1000000 to 1000002: expected 0 to 2"),
        (lambda t: t[:3], r"returned int64 \(3,\): expected C-contiguous int64 \(47,\)"),
        (lambda t: t.astype(np.int32), "returned int32"),
        (
            lambda t: np.zeros((47, 2), np.float32),
            r"returned float32 \(47, 2\): expected C-contiguous float32 \(47, 3\)",
        ),
    ],
)
def test_a_loss_cannot_lead_its_kernel_out_of_bounds(change, said):
    class Odd(pyfc.SoftmaxCrossEntropy):
        name = "odd"

        def targets(self, t, rows, cols, dtype):
            return change(super().targets(t, rows, cols, dtype))

    network = pyfc.Network([pyfc.Dense(6, 3)], loss=Odd())
    for call in (network.fit, network.evaluate, network.loss_and_gradients):
        with pytest.raises(PluginError, match=f"^loss 'odd' of .* failed: .*{said}"):
            call(X, Y)
