"""Components made of two functions, or of addresses, are as good as classes: checked, trained, saved and loaded."""

import ctypes
import pickle

import numpy as np
import pytest

import pyfc
from pyfc.component import Hyper, Learned, Step
from pyfc.errors import PluginError, ProofError
from pyfc.testing import check_activation, check_loss

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
LABELS = (X[:, 0] * X[:, 1] > 0).astype(int)


def bent(z, c=1.0):
    """Bent identity."""
    return (np.sqrt(z * z + c * c) - c) / 2 + z  # (1)


def bent_backward(dy, z, c):
    """Its way back."""
    return dy * (z / (2 * np.sqrt(z * z + c * c)) + 1)  # (2)


STEPS = (
    Step(1, "y = (sqrt(z**2 + c**2) - c) / 2 + z", "definition", runs=True),
    Step(2, "dz = dy * (z / (2 * sqrt(z**2 + c**2)) + 1)", "chain rule with (1)", runs=True),
)
Bent = pyfc.activation_from_functions("bent", bent, bent_backward, derivation=STEPS)


SLOPE, POWER = Learned("a", 0.25), Hyper(4.0, low=2)


def leaky(z, a=SLOPE):
    """PReLU."""
    return np.where(z > 0, z, a * z)


def leaky_backward(dy, z, a):
    """Its way back."""
    return dy * np.where(z > 0, 1, a), dy * np.where(z > 0, 0, z)


@pytest.fixture
def registered():
    """Register classes for one test."""
    kept = []

    def register(cls):
        kept.append(cls)
        return pyfc.register(cls)

    yield register
    for cls in kept:
        pyfc.unregister(cls)


def test_it_is_a_class_of_the_module_that_made_it():
    assert (Bent.__module__, Bent.__qualname__, Bent.name, Bent.needs) == (__name__, "Bent", "bent", "z")
    assert repr(Bent(c=2.0)) == "Bent(c=2.0)"
    assert pickle.loads(pickle.dumps(Bent(c=2.0))) == Bent(c=2.0)  # noqa: S301
    assert Bent.source_code().text.count("# (") == 2
    assert not Bent().compiled


def test_it_passes_the_kit_with_its_proof():
    positive = Hyper(1.0, low=0, open_low=True)
    bounded = pyfc.activation_from_functions("bent", lambda z, c=positive: bent(z, c), bent_backward)
    with pytest.raises(ValueError, match=r"Bent\(c=0\): expected a finite number > 0"):
        bounded(c=0)
    report = check_activation(bounded)
    assert report.ok, str(report)
    assert "no derivation" in report.unproved
    report = check_activation(Bent)
    assert not report.unproved
    assert any(check.name == "derivation" and check.passed for check in report.checks), str(report)


@pytest.mark.parametrize("per", ["layer", "unit"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_learned_as_the_built_in(per, dtype):
    made = pyfc.activation_from_functions("leaky", leaky, leaky_backward, per=per)
    assert made().per == per
    chains = ([pyfc.Dense(4, 6), act, pyfc.Dense(6, 2)] for act in (made(per=per), pyfc.PReLU(per=per)))
    one, two = (pyfc.Network(chain, loss="softmax_cross_entropy", dtype=dtype) for chain in chains)
    for network in (one, two):
        network.fit(X, LABELS, epochs=20, progress=False, n_threads=1)
    np.testing.assert_allclose(one.flat, two.flat, rtol=1e-4 if dtype == "float32" else 1e-12)
    assert one.parameters["leaky_0.a"].shape == ((1,) if per == "layer" else (6,))
    assert one.check_gradients(X, LABELS).ok


def test_rows_and_output():
    def share(z):
        e = np.exp(z - z.max(axis=1, keepdims=True, initial=-np.inf))
        return e / e.sum(axis=1, keepdims=True)

    made = pyfc.activation_from_functions(
        "share", share, lambda dy, y: y * (dy - (dy * y).sum(axis=1, keepdims=True)), elementwise=False
    )
    assert made.needs == "y"
    assert check_activation(made).ok
    np.testing.assert_allclose(made().forward(X), pyfc.Softmax().forward(X))


def test_a_loss_of_two_functions(registered):
    def value(y, t, power=POWER):
        return (np.abs(y - t) ** power).sum(axis=1)

    def gradient(y, t, power):
        return power * np.sign(y - t) * np.abs(y - t) ** (power - 1)

    made = pyfc.loss_from_functions("power", value, gradient)
    assert check_loss(made).ok
    assert check_loss(made(power=2.0)).ok
    square = pyfc.SquaredError()
    y, t, weight = X[:, :2], X[:, 2:], np.arange(60.0)
    np.testing.assert_allclose(made(power=2).value(y, t, weight), square.value(y, t, weight))
    np.testing.assert_allclose(made(power=2).gradient(y, t, weight), square.gradient(y, t, weight))
    network = pyfc.mlp([2, 8, 2], loss=registered(made))
    network.fit(y, t, epochs=3, progress=False, sample_weight=weight)
    assert network.check_gradients(y, t).ok


def test_saved_and_loaded(tmp_path, registered):
    registered(Bent)
    assert "bent" in pyfc.available("activations")
    network = pyfc.mlp([4, 6, 2], activation=Bent(c=0.5))
    network.save(tmp_path / "bent.safetensors")
    again = pyfc.load(tmp_path / "bent.safetensors")
    np.testing.assert_array_equal(again.forward(X), network.forward(X))
    pyfc.unregister(Bent)
    with pytest.raises(PluginError, match=r"'bent' is needed and not there: run the code that registers it"):
        pyfc.load(tmp_path / "bent.safetensors")


@pytest.mark.parametrize(
    ("forward", "backward", "problem"),
    [
        (lambda x: x, lambda dy: dy, r"<lambda>\(x\): expected \(z, \.\.\.\)"),
        (lambda z: z, lambda z, dy: dy, r"<lambda>\(z, dy\): expected \(dy, z, y, \.\.\.\)"),
        (lambda z, c: z, lambda dy: dy, "forward: c has no default: expected a number, a bool, a Hyper or a Learned"),
        (lambda z, c="x": z, lambda dy: dy, "forward: c has 'x'"),
        (
            lambda z, c=1.0: z,
            lambda dy, b: dy,
            r"backward takes b: expected dy, z, y, and parameters of forward: \['c'\]",
        ),
        (lambda z, c=SLOPE: z, lambda dy: dy, r"expected one learned parameter, c=Learned\('c', \.\.\.\)"),
        (3, lambda dy: dy, "3 is no function"),
    ],
)
def test_functions_that_do_not_fit(forward, backward, problem):
    with pytest.raises(TypeError, match=problem):
        pyfc.activation_from_functions("odd", forward, backward)


def test_names_and_tasks_that_do_not_fit():
    with pytest.raises(TypeError, match="has name 'a:b': expected letters"):
        pyfc.activation_from_functions("a:b", lambda z: z, lambda dy: dy)
    with pytest.raises(ValueError, match="task is 'guess'"):
        pyfc.loss_from_functions("odd", lambda y, t: y, lambda y, t: y, task="guess")
    with pytest.raises(TypeError, match="a loss learns nothing"):
        pyfc.loss_from_functions("odd", lambda y, t, a=SLOPE: y, lambda y, t: y)
    with pytest.raises(TypeError, match="backward takes b"):
        pyfc.loss_from_functions("odd", lambda y, t: y, lambda y, t, b: y)


def test_wrong_results_are_said():
    short = pyfc.activation_from_functions("short", lambda z: z[:, :1], lambda dy: dy)
    network = pyfc.Network([pyfc.Dense(4, 6), short, pyfc.Dense(6, 2)], loss="softmax_cross_entropy")
    with pytest.raises(PluginError, match=r"forward returned shape \(32, 1\): expected \(32, 6\).*epoch 1, batch 1"):
        network.fit(X, LABELS, progress=False, batch_size=32)
    untupled = pyfc.activation_from_functions("untupled", leaky, lambda dy, a: dy)
    with pytest.raises(TypeError, match=r"backward returned ndarray: expected \(dz, da\)"):
        untupled().backward(X, z=X)
    total = pyfc.loss_from_functions("total", lambda y, t: ((y - t) ** 2).sum(), lambda y, t: 2 * (y - t))
    with pytest.raises(ValueError, match=r"forward returned shape \(\): expected \(60,\)"):
        total().value(X, X)


# Addresses


def tanh_pointers(cast=ctypes.c_void_p):
    """Return the functions of the built-in tanh as addresses."""
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    at = get(pyfc.Tanh.kernel, b"pyfc.activation.v1")
    pointers = (ctypes.c_void_p * 4).from_address(at + 16)
    return dict(zip(("forward_f32", "forward_f64", "backward_f32", "backward_f64"), map(int, pointers), strict=True))


def test_addresses():
    made = pyfc.activation_from_address("tanh_at", **tanh_pointers(), needs="y", in_place=True)
    assert made().compiled
    assert (made.needs, made.elementwise, made.in_place, made.__module__) == ("y", True, True, __name__)
    chains = ([pyfc.Dense(4, 6), act, pyfc.Dense(6, 2)] for act in (made, "tanh"))
    one, two = (pyfc.Network(chain, loss="softmax_cross_entropy") for chain in chains)
    for network in (one, two):
        network.fit(X, LABELS, epochs=3, progress=False)
    np.testing.assert_array_equal(one.flat, two.flat)
    pointer = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 5)(tanh_pointers()["forward_f32"])
    again = pyfc.activation_from_address("tanh_at", **{**tanh_pointers(), "forward_f32": pointer}, needs="y")
    np.testing.assert_array_equal(again().forward(X), np.asarray(made().forward(X)))


def test_addresses_pass_the_kit_or_are_refused():
    swapped = tanh_pointers()
    with pytest.raises(ProofError, match=r"FAIL .*finite differences"):  # it would need y
        pyfc.activation_from_address("odd", **{**swapped, "forward_f64": _identity_forward()}, needs="y")
    with pytest.raises(TypeError, match="forward_f32 is 0: expected an address"):
        pyfc.activation_from_address("odd", **{**swapped, "forward_f32": 0})
    with pytest.raises(TypeError, match="backward_f64 is 'x': expected an address"):
        pyfc.activation_from_address("odd", **{**swapped, "backward_f64": "x"})
    with pytest.raises(TypeError, match="needs is 'x'"):
        pyfc.activation_from_address("odd", **swapped, needs="x")


def _identity_forward():
    """Return the forward_f64 of the built-in identity."""
    get = ctypes.pythonapi.PyCapsule_GetPointer
    at = get(pyfc.get("activations", "identity").kernel, b"pyfc.activation.v1")
    return int((ctypes.c_void_p * 4).from_address(at + 16)[1])


def test_a_loss_at_addresses():
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    pointers = (ctypes.c_void_p * 4).from_address(get(pyfc.Huber.kernel, b"pyfc.loss.v1") + 16)
    names = ("forward_f32", "forward_f64", "backward_f32", "backward_f64")
    functions = dict(zip(names, map(int, pointers), strict=True))
    made = pyfc.loss_from_address("huber_at", **functions, hyperparameters={"delta": Hyper(1.0, low=0, open_low=True)})
    assert made(delta=0.5).value(X, 2 * X) == pyfc.Huber(delta=0.5).value(X, 2 * X)
    with pytest.raises(ValueError, match="task is 'guess'"):
        pyfc.loss_from_address("odd", **functions, task="guess")
