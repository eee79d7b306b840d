"""What goes wrong inside the engine: an error says whose it is, the epoch is undone, and no thread waits for ever."""

import ctypes
import subprocess
import sys

import numpy as np
import pytest
from by_hand import assert_same

import pyfc
from pyfc.component import Activation
from pyfc.errors import KernelError, PluginError, TrainingError
from pyfc.layers import Layer

pytestmark = pytest.mark.usefixtures("threads_at_any_size")

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(47, 6)), RNG.integers(0, 3, 47)


class Stumble(Activation):
    """y = z**2; fails in one of its calls."""

    name, needs, calls, at = "stumble", "z", 0, 12

    def compute_forward(self, z, y, a):
        np.multiply(z, z, out=y)

    def compute_backward(self, z, y, dy, dz, a, da):
        np.multiply(2 * z, dy, out=dz)
        Stumble.calls += 1
        if Stumble.calls == Stumble.at:
            raise OSError("twisted ankle")


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("callbacks", [[], [lambda run: None]])
def test_an_error_comes_out_and_the_epoch_is_undone(n_threads, callbacks):
    layers = [pyfc.Dense(6, 8), Stumble(), pyfc.Dense(8, 3)]
    one, two = (pyfc.Network(layers, loss="softmax_cross_entropy") for _ in range(2))
    settings = {"batch_size": 10, "progress": False, "n_threads": n_threads}
    Stumble.calls = 1000
    two.fit(X, Y, epochs=2, **settings)
    Stumble.calls = 0
    place = r"in epoch 3, batch 2 of 5; the network has its weights from before that epoch again$"
    line = r"OSError: twisted ankle, at test_engine_errors.py:\d+, raise OSError\(\"twisted ankle\"\)"
    with pytest.raises(
        PluginError, match=rf"^layer 'stumble_0', activation 'stumble' of .* failed: {line}; {place}"
    ) as e:
        one.fit(X, Y, epochs=5, callbacks=callbacks, **settings)
    assert isinstance(e.value.__cause__, OSError)
    assert one.history.stop_reason in str(e.value)
    assert_same(one, two)
    assert one.history["loss"] == two.history["loss"]
    one.fit(X, Y, epochs=1, **settings)


def test_wrong_shapes_are_said():
    class Narrow(Layer):
        kind = "narrow"

        def forward(self, x, *, training=False):
            return x[:, :1], None

    network = pyfc.Network([pyfc.Dense(6, 8), Narrow(), pyfc.Dense(8, 3)], loss="softmax_cross_entropy")
    said = r"layer 'narrow_0', class Narrow of .* ValueError: .*forward returned shape \(\d+, 1\): expected \(\d+, 8\)"
    for call in (lambda: network.fit(X, Y, progress=False), lambda: network.forward(X)):
        with pytest.raises(PluginError, match=said):
            call()


class ActivationKernel(ctypes.Structure):
    """pyfc_activation of the C interface."""

    _fields_ = [(name, ctypes.c_uint32) for name in ("abi", "size", "flags", "hypers")] + [
        (name, ctypes.c_void_p) for name in ("forward_f32", "forward_f64", "backward_f32", "backward_f64")
    ]


FORWARD = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 5)
KEPT = []


@pytest.fixture
def failing():
    """Return an activation with a kernel whose forward returns status 7 for the last rows."""
    get, new = ctypes.pythonapi.PyCapsule_GetPointer, ctypes.pythonapi.PyCapsule_New
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    source = ActivationKernel.from_address(get(pyfc.get("activations", "tanh").kernel, b"pyfc.activation.v1"))
    kernel, name = ActivationKernel.from_buffer_copy(source), ctypes.create_string_buffer(b"pyfc.activation.v1")
    real = FORWARD(source.forward_f64)

    def forward(shape, z, y, a, hyper):
        rows, cols = (ctypes.c_int64 * 2).from_address(shape)
        numbers = (ctypes.c_double * (rows * cols)).from_address(z)
        return 7 if any(number == 0 for number in numbers) else real(shape, z, y, a, hyper)

    own = FORWARD(forward)
    kernel.forward_f64 = ctypes.cast(own, ctypes.c_void_p).value
    KEPT.extend([kernel, name, own, real])
    capsule = new(ctypes.addressof(kernel), ctypes.cast(name, ctypes.c_char_p), None)
    return type("Failing", (Activation,), {"name": "failing", "kernel": capsule})


@pytest.mark.parametrize("n_threads", [1, 2, 3])
@pytest.mark.parametrize("row", [0, 46, 20])
def test_a_kernel_that_fails_is_named(failing, monkeypatch, n_threads, row):
    x = X.copy()
    x[row] = 0
    network = pyfc.Network([failing(), pyfc.Dense(6, 3)], loss="softmax_cross_entropy", dtype="float64")
    before = network.flat.copy()
    batch = row // 10 + 1
    said = "layer 'failing_0', activation 'failing' of .* failed: its kernel returned status 7: expected 0"
    with pytest.raises(KernelError, match=rf"{said}; in epoch 1, batch {batch} of 5"):
        network.fit(x, Y, progress=False, batch_size=10, n_threads=n_threads, shuffle=False)
    np.testing.assert_array_equal(network.flat, before)
    monkeypatch.setattr("pyfc.planning.WORTH_A_THREAD", 1)
    monkeypatch.setattr("pyfc.planning.available_processors", lambda: n_threads)
    with pytest.raises(KernelError, match=f"{said}$"):
        network.forward(np.tile(x, (50, 1)))


@pytest.mark.parametrize("n_threads", [1, 2, 3, 5])
@pytest.mark.parametrize("where", ["loss", "weights"])
def test_nan_is_reported_with_its_place(n_threads, where):
    network = pyfc.mlp([6, 100, 100, 3], activation="relu", dtype="float32")
    steps, batch = {"loss": (4, "2 of 4"), "weights": (1, "1 of 1")}[where]
    for _ in range(20):  # threads meet in another order each time
        before = network.flat.copy()
        with pytest.raises(TrainingError, match=f"the {where} became .* in epoch 1, batch {batch}"):
            network.fit(
                X[:40], Y[:40], epochs=3, batch_size=40 // steps, optimizer=pyfc.SGD(lr=1e300), progress=False,
                n_threads=n_threads,
            )  # fmt: skip
        np.testing.assert_array_equal(network.flat, before)


def test_nan_later_leaves_the_history_of_the_epochs_before():
    results = []
    for callbacks in ([], [lambda run: None]):
        network = pyfc.mlp([1, 1], loss="squared_error", dtype="float64")
        network.flat[:] = 1
        with pytest.raises(TrainingError) as caught:
            network.fit(
                [[1.0], [1.0]], [0.0, 0.0], epochs=2000, batch_size=1, optimizer=pyfc.SGD(lr=3.0), progress=False,
                callbacks=callbacks,
            )  # fmt: skip
        results.append((str(caught.value), network.history["loss"], network.flat.tolist(), network.history.samples))
    assert results[0] == results[1]
    assert len(results[0][1]) > 50


INTERRUPTED = """
import os, signal, threading, time
import numpy as np, pyfc
X, y = np.random.default_rng(0).normal(size=(200_000, 200)).astype(np.float32), np.arange(200_000) % 3
network = pyfc.mlp([200, 256, 256, 3])
pressed = []
def press():
    pressed.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)
threading.Timer(0.3, press).start()
history = network.fit(X, y, epochs=1000, batch_size=50, progress=False, n_threads=THREADS)
assert time.perf_counter() - pressed[0] < 20, time.perf_counter() - pressed[0]
assert np.isfinite(network.flat).all()
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
print(history.stop_reason, history.epochs < 1000, history.samples > 0)
"""


@pytest.mark.parametrize("n_threads", [1, 2])
def test_ctrl_c_ends_a_long_epoch(n_threads):
    code = INTERRUPTED.replace("THREADS", str(n_threads))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["interrupted", "True", "True"]
