"""The gradient check: a wrong function is found in its own line, and what cannot be checked is said."""

import re

import numpy as np
import pytest

import pyfc
from pyfc.component import Activation, Loss
from pyfc.report import Report, raised
from pyfc.testing import check_activation

RNG = np.random.default_rng(0)
X, LABELS, NUMBERS = RNG.normal(size=(6, 4)), np.array([0, 1, 2, 0, 1, 2]), RNG.normal(size=(6, 3))


class Square(Activation):
    """Right; what is wrong overrides one of the two."""

    name = "square"
    needs = "z"

    def compute_forward(self, z, y, a):
        y[...] = z * z

    def compute_backward(self, z, y, dy, dz, a, da):
        dz[...] = dy * 2 * z


class OwnLoss(Loss):
    """The squared error."""

    name = "own_loss"

    def compute_forward(self, y, t, loss):
        loss[...] = ((y - t) ** 2).sum(axis=1)

    def compute_backward(self, y, t, share, dy):
        dy[...] = share[:, None] * 2 * (y - t)


def net(*functions, loss="softmax_cross_entropy", **more):
    """Return 4-5-...-5-3 with these functions between."""
    layers = [pyfc.Dense(4, 5)]
    for function in functions:
        layers += [function, pyfc.Dense(5, 5)]
    return pyfc.Network([*layers[:-1], pyfc.Dense(5, 3)] if functions else [pyfc.Dense(4, 3)], loss=loss, **more)


def failed(report):
    return {check.name: check.detail for check in report.failures}


def numbers(detail):
    """Return index, value, gradient and difference of a line."""
    found = re.fullmatch(r"worst of \d+ at \(([\d, ]+)\), \w+ = (\S+): gradient (\S+), difference (\S+)", detail)
    index, *values = found.groups()
    return tuple(int(i) for i in index.split(",") if i), *map(float, values)


def test_the_wrong_layer_is_found_among_several():
    class Wrong(Square):
        def compute_backward(self, z, y, dy, dz, a, da):
            dz[...] = dy * 3 * z

    network = net("tanh", Wrong(), "sigmoid")
    report = network.check_gradients(X, LABELS)
    alone = {name: detail for name, detail in failed(report).items() if "whole network" not in name}
    assert list(alone) == ["square_0.backward, dx"]
    (row, column), z, gradient, difference = numbers(alone["square_0.backward, dx"])
    hidden = network.copy("float64").trace(X, LABELS)["dense_1.z"]
    assert z == pytest.approx(hidden[row, column], rel=1e-5)
    assert gradient / difference == pytest.approx(1.5, rel=1e-6)
    assert 0.5 <= abs(difference / (2 * z)) <= 2
    # As a whole, every layer before it is wrong, and none after it.
    whole = {name.split()[0] for name in failed(report) if "whole network" in name}
    assert whole == {"dense_0.W", "dense_0.b", "dense_1.W", "dense_1.b"}


def test_right_as_a_whole_but_wrong_alone():
    class Undivided(OwnLoss):
        def compute_backward(self, y, t, share, dy):
            dy[...] = 2 * (y - t)

    class Dividing(pyfc.Dense):
        def backward(self, dy, cache, *, need_dx=True, out=None):
            dx, grads = super().backward(dy, cache, need_dx=need_dx, out=out)
            for gradient in grads.values():
                gradient /= len(cache)
            return dx, grads

    layers = [Dividing(4, 5), "tanh", Dividing(5, 3)]
    report = pyfc.Network(layers, loss=Undivided()).check_gradients(X, NUMBERS)
    assert set(failed(report)) == {
        "dense_0.backward, dW", "dense_0.backward, db", "dense_1.backward, dW", "dense_1.backward, db",
        "own_loss.gradient, dy",
    }  # fmt: skip
    *_, gradient, difference = numbers(failed(report)["own_loss.gradient, dy"])
    assert gradient / difference == pytest.approx(len(X), rel=1e-6)
    *_, gradient, difference = numbers(failed(report)["dense_1.backward, dW"])
    assert gradient / difference == pytest.approx(1 / len(X), rel=1e-6)


def test_right_alone_but_wrong_as_a_whole():
    class Astray(pyfc.Dense):
        def backward(self, dy, cache, *, need_dx=True, out=None):
            return super().backward(dy, cache, need_dx=need_dx)  # `out` is what the network reads

    report = pyfc.Network([Astray(4, 3)], loss="squared_error").check_gradients(X, NUMBERS)
    assert set(failed(report)) == {"dense_0.W (4, 3), whole network", "dense_0.b (3,), whole network"}


def test_an_exception_of_a_backward():
    class Calling(Square):
        def compute_backward(self, z, y, dy, dz, a, da):
            dz[...] = dy(2 * z)

    report = net("tanh", Calling(), "relu").check_gradients(X, LABELS)
    line = Calling.compute_backward.__code__.co_firstlineno + 1
    assert failed(report) == {
        "square_0.backward": "input (6, 5), dy (6, 5) raised TypeError: 'numpy.ndarray' object is not callable, "
        f"at test_gradients.py:{line}, dz[...] = dy(2 * z)",
        "whole network": "not checked as a whole, because square_0.backward does not work",
    }
    assert {"tanh_0.backward, dx", "relu_0.backward, dx", "softmax_cross_entropy.gradient, dy"} < {
        check.name for check in report.checks if check.passed
    }


def test_an_exception_of_a_forward():
    class Missing(Square):
        def compute_forward(self, z, y, a):
            y[...] = self.factor * z

    report = net("tanh", Missing(), "relu").check_gradients(X, LABELS)
    details = failed(report)
    assert list(details) == ["square_0.forward", "dense_2, relu_0, dense_3, softmax_cross_entropy", "whole network"]
    assert "input (6, 5) raised AttributeError" in details["square_0.forward"]
    assert details["square_0.forward"].endswith("y[...] = self.factor * z")
    assert (
        "no input, because square_0.forward does not work" in details["dense_2, relu_0, dense_3, softmax_cross_entropy"]
    )
    assert {"dense_0.backward, dW", "tanh_0.backward, dx"} < {check.name for check in report.checks if check.passed}


def test_an_exception_at_a_small_step_only():
    class Picky(Square):
        def compute_forward(self, z, y, a):
            if getattr(self, "seen", None) is None:
                self.seen = z.copy()
            if not np.array_equal(self.seen, z):
                raise ArithmeticError
            y[...] = z * z

    details = failed(net(Picky()).check_gradients(X, LABELS))
    assert details["square_0.forward"].startswith("input (6, 5), moved by a small step, raised ArithmeticError, at ")
    assert details["whole network"].startswith("input (6, 4) raised ArithmeticError, at ")


@pytest.mark.parametrize(
    ("method", "name"), [("compute_forward", "own_loss.value"), ("compute_backward", "own_loss.gradient")]
)
def test_an_exception_of_a_loss(method, name):
    def fail(self, *arrays):
        raise RuntimeError("no")

    report = net("tanh", loss=type("Failing", (OwnLoss,), {method: fail})()).check_gradients(X, NUMBERS)
    assert list(failed(report)) == [name, "whole network"]
    assert failed(report)[name].startswith("output (6, 3) raised RuntimeError: no, at test_gradients.py:")
    assert failed(report)[name].endswith('raise RuntimeError("no")')


class Narrow(pyfc.Dense):
    """Drops columns of the gradients that it is told to."""

    def __init__(self, *sizes, drop=(), **more):
        super().__init__(*sizes, **more)
        self.drop = drop

    def backward(self, dy, cache, **more):
        dx, grads = super().backward(dy, cache, **more)
        grads = {key: gradient[..., :-1] if key in self.drop else gradient for key, gradient in grads.items()}
        return dx[:, :-1] if "x" in self.drop and dx is not None else dx, grads


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("x", "returned shape (6, 3): expected shape (6, 4), that of x"),
        ("W", "returned shape (4, 2): expected shape (4, 3), that of W"),
        ("b", "returned shape (2,): expected shape (3,), that of b"),
    ],
)
def test_a_gradient_of_a_wrong_shape(key, text):
    report = pyfc.Network([Narrow(4, 3, drop=key)], loss="squared_error").check_gradients(X, NUMBERS)
    assert failed(report) == {
        f"dense_0.backward, d{key}": text,
        "whole network": "not checked as a whole, because dense_0.backward does not work",
    }


def test_a_missing_gradient_and_a_wrong_output():
    class Without(pyfc.Dense):
        def backward(self, dy, cache, **more):
            _, grads = super().backward(dy, cache, **more)
            return None, {"W": grads["W"]}

    details = failed(pyfc.Network([Without(4, 3)], loss="squared_error").check_gradients(X, NUMBERS))
    assert details["dense_0.backward, dx"] == "returned None: expected shape (6, 4), that of x"
    assert details["dense_0.backward, db"] == "returned None: expected shape (3,), that of b"

    class Shorter(pyfc.Dense):
        def forward(self, x, **more):
            y, cache = super().forward(x, **more)
            return y[1:], cache

    class Infinite(Square):
        def compute_forward(self, z, y, a):
            y[...] = np.where(np.arange(z.shape[1]) == 2, np.inf, z)

    details = failed(pyfc.Network([Shorter(4, 3)], loss="squared_error").check_gradients(X, NUMBERS))
    assert details["dense_0.forward"] == "returned shape (5, 3): expected shape (6, 3)"
    details = failed(net(Infinite()).check_gradients(X, LABELS))
    assert details["square_0.forward"] == "returned inf at (0, 2): expected finite numbers"


def test_a_nan_is_found_wherever_it_is():
    class Spoilt(Square):
        def compute_backward(self, z, y, dy, dz, a, da):
            super().compute_backward(z, y, dy, dz, a, da)
            dz[4, 3] = np.nan

    detail = failed(net(Spoilt()).check_gradients(X, LABELS, entries=1))["square_0.backward, dx"]
    index, _, gradient, _ = numbers(detail)
    assert index == (4, 3)
    assert np.isnan(gradient)


@pytest.mark.parametrize("name", pyfc.available("activations"))
def test_every_activation_is_right_alone(name):
    report = net(name).check_gradients(X, LABELS)
    assert report.ok, str(report)
    assert f"{name}_0.backward, dx" in [check.name for check in report.checks]


@pytest.mark.parametrize("name", pyfc.available("losses"))
def test_every_loss_is_right_alone(name):
    targets = LABELS if pyfc.get("losses", name).task == "classification" else (NUMBERS > 0).astype(float)
    report = net("tanh", loss=name).check_gradients(X, targets)
    assert report.ok, str(report)
    assert f"{name}.gradient, dy" in [check.name for check in report.checks]


def test_a_learned_parameter():
    class Wrong(pyfc.get("activations", "prelu")):
        def compute_backward(self, z, y, dy, dz, a, da):
            super().compute_backward(z, y, dy, dz, a, da)
            da *= 2

    assert "prelu_0.backward, da" in [check.name for check in net("prelu").check_gradients(X, LABELS).checks]
    report = net(Wrong()).check_gradients(X, LABELS)
    assert set(failed(report)) == {"prelu_0.backward, da", "prelu_0.a (5,), whole network"}
    *_, gradient, difference = numbers(failed(report)["prelu_0.backward, da"])
    assert gradient / difference == pytest.approx(2, rel=1e-6)


def test_pixels_one_sample_frozen_layers_dropout_and_penalties():
    pixels = np.random.default_rng(1).integers(0, 256, (3, 4), dtype=np.uint8)
    layers = [pyfc.Scale(1 / 255), pyfc.Dropout(0.2), pyfc.Dense(4, 5), "relu", pyfc.Dense(5, 3)]
    for rows in (3, 1):
        network = pyfc.Network(layers, loss="softmax_cross_entropy", l1=0.01, l2=0.1).freeze("dense_0")
        before = network.flat.copy()
        report = network.check_gradients(pixels[:rows], LABELS[:rows])
        assert report.ok, str(report)
        names = [check.name for check in report.checks]
        assert {"scale_0.backward, dx", "dense_0.backward, dW", "dense_0.W (4, 5), whole network"} < set(names)
        np.testing.assert_array_equal(network.flat, before)
        assert network["dense_0"].frozen


def test_an_input_on_a_kink_is_no_fault_but_a_wrong_slope_there_is():
    layers = [pyfc.Activation("relu"), pyfc.Dense(4, 3)]
    pixels = np.array([[0.0, 0, 1, -1], [0, 2, 0, 0]])
    assert pyfc.Network(layers, loss="absolute_error").check_gradients(pixels, np.zeros((2, 3))).ok
    assert net("relu", "relu").check_gradients(X, LABELS).ok

    class Steep(pyfc.get("activations", "relu")):
        def compute_backward(self, z, y, dy, dz, a, da):
            dz[...] = dy * np.where(y > 0, 1, 1.01)

    details = failed(
        pyfc.Network([Steep(), *layers[1:]], loss="absolute_error").check_gradients(pixels, np.zeros((2, 3)))
    )
    assert list(details) == ["relu_0.backward, dx"]


def test_a_saturated_activation_is_right():
    network = net("tanh", dtype="float64")
    network.parameters["dense_0.W"][:] = 0
    network.parameters["dense_0.b"][:] = np.linspace(14, 16, 5)  # the difference of two outputs is 0 or 1 ULP
    details = failed(network.check_gradients(X, LABELS))
    assert not any("backward" in name for name in details), details


def test_probabilities_near_0_and_1_are_right():
    loss = pyfc.BinaryCrossEntropy(from_logits=False)
    network = pyfc.Network([pyfc.Dense(4, 3), "sigmoid"], loss=loss, dtype="float64")
    network.parameters["dense_0.W"][:] *= 0.01
    network.parameters["dense_0.b"][:] = 15  # 1 - y is 3e-7, less than a step
    report = network.check_gradients(X, np.zeros((6, 3)))
    assert "binary_cross_entropy.gradient, dy" not in failed(report), str(report)


class Reusing(pyfc.Dense):
    """Returns the same array from every call."""

    def forward(self, x, **more):
        y, cache = super().forward(x, **more)
        if getattr(self, "kept", None) is None or self.kept.shape != y.shape:
            self.kept = np.empty_like(y)
        self.kept[:] = y
        return self.kept, cache


def test_arrays_that_are_shared_do_not_mislead():
    X_before = X.copy()
    X_before.flags.writeable = False
    report = pyfc.Network([pyfc.Dropout(0.5), Reusing(4, 3)], loss="squared_error").check_gradients(X_before, NUMBERS)
    other = pyfc.Network([pyfc.Dropout(0.5), pyfc.Dense(4, 3)], loss="squared_error").check_gradients(X, NUMBERS)
    np.testing.assert_array_equal(X, X_before)
    assert report.ok, str(report)
    for check, same in zip(report.checks, other.checks, strict=True):
        assert check == same
        *_, gradient, difference = numbers(check.detail)
        assert difference == pytest.approx(gradient, rel=1e-6)


def test_the_line_of_an_exception_is_the_callers_where_a_library_raised():
    def call():
        np.linalg.inv(np.zeros((2, 2)))

    with pytest.raises(np.linalg.LinAlgError) as info:
        call()
    line = call.__code__.co_firstlineno + 1
    assert raised(info.value) == (
        f"LinAlgError: Singular matrix, at test_gradients.py:{line}, np.linalg.inv(np.zeros((2, 2)))"
    )
    assert raised(KeyError()) == "KeyError"
    report = Report("nothing")
    with report.guard("reading"):
        pyfc.kernels.dense_forward(np.zeros(3), np.zeros((3, 1)), np.zeros(1))
    assert "X has shape (3,): expected (n, m)" in report.failures[0].detail
    assert report.failures[0].detail.endswith("np.zeros((3, 1)), np.zeros(1))")


@pytest.mark.parametrize("wrong", [np.abs, lambda dz: np.maximum(dz, 0)], ids=["abs", "max"])
def test_a_backward_that_is_right_for_positive_dy_only(wrong):
    class Wrong(Square):
        def compute_backward(self, z, y, dy, dz, a, da):
            dz[...] = 2 * z * wrong(dy)

    class WrongLoss(OwnLoss):
        def compute_backward(self, y, t, share, dy):
            dy[...] = share[:, None] * 2 * wrong(y - t)

    report = pyfc.Network([Wrong(), pyfc.Dense(4, 3)], loss="squared_error").check_gradients(X, NUMBERS)
    assert list(failed(report)) == ["square_0.backward, dx"]
    assert "own_loss.gradient, dy" in failed(net("tanh", loss=WrongLoss()).check_gradients(X, NUMBERS - 1))
    assert "square.backward, dz by finite differences" in failed(check_activation(Wrong))


def test_large_outputs_hide_no_wrong_gradient():
    class Wrong(pyfc.Dense):
        def backward(self, dy, cache, **more):
            dx, grads = super().backward(dy, cache, **more)
            grads["W"] *= 1.001
            return None if dx is None else 1.1 * dx, grads

    for kind in (pyfc.Dense, Wrong):
        network = pyfc.Network([kind(4, 3)], loss="squared_error", dtype="float64")
        network.parameters["dense_0.W"][:] *= 0.01
        network.parameters["dense_0.b"][:] = [1e4, -1e4, 1e5]
        report = network.check_gradients(X, NUMBERS)
        alone = {name for name in failed(report) if "whole" not in name}
        assert alone == ({"dense_0.backward, dx", "dense_0.backward, dW"} if kind is Wrong else set()), str(report)


def test_differences_that_are_known_to_few_digits_say_so():
    class Offset(Square):
        def compute_forward(self, z, y, a):
            y[...] = 1e12 + np.sin(50 * z)

        def compute_backward(self, z, y, dy, dz, a, da):
            dz[...] = dy * 50 * np.cos(50 * z)

    report = pyfc.Network([Offset(), pyfc.Dense(4, 3)], loss="squared_error").check_gradients(X, NUMBERS)
    (alone,) = [check for check in report.checks if check.name == "square_0.backward, dx"]
    assert alone.passed
    assert re.search(r"; differences known to \S+ only, as the terms are large$", alone.detail)


@pytest.mark.parametrize(("slope", "passes"), [(-0.01, False), (0, True), (0.5, True), (1, True), (1.01, False)])
def test_on_a_kink_the_gradient_lies_between_the_slopes_of_its_sides(slope, passes):
    class Choosing(pyfc.get("activations", "relu")):
        def compute_backward(self, z, y, dy, dz, a, da):
            dz[...] = dy * np.where(y > 0, 1, np.where(zeros, slope, 0))

    points = np.array([[0.0, 1, -1, 0]])
    zeros = points == 0
    network = pyfc.Network([Choosing(), pyfc.Dense(4, 3)], loss="squared_error")
    (check,) = [c for c in network.check_gradients(points, [[0.0, 0, 0]]).checks if c.name == "relu_0.backward, dx"]
    assert check.passed == passes, str(check)
    if passes:  # the difference is half of the slopes' sum
        kinks = 0 if slope == 0.5 else 2
        told = "; 2 of 4 on a kink, where any slope between those of its two sides will do"
        assert check.detail.endswith(told) == bool(kinks)


def test_a_smooth_function_has_no_kink():
    class Bent(Square):
        """Bends so much within a step of 1e-3 that its one-sided quotients are 0.2 % apart."""

        def compute_backward(self, z, y, dy, dz, a, da):
            dz[...] = dy * (2 * z + 4e-4)

    report = pyfc.Network([Bent(), pyfc.Dense(4, 3)], loss="squared_error").check_gradients(X, NUMBERS, step=1e-3)
    assert "square_0.backward, dx" in failed(report)


def test_what_is_only_to_be_read_is_not_changed():
    class Overwriting(pyfc.Dense):
        def forward(self, x, **more):
            y, cache = super().forward(x, **more)
            x += 1
            return y, cache - 1

        def backward(self, dy, cache, **more):
            result = super().backward(dy, cache, **more)
            dy *= 2
            return result

    class OverwritingLoss(OwnLoss):
        def compute_backward(self, y, t, share, dy):
            super().compute_backward(y, t, share, dy)
            y += 1

    report = pyfc.Network([Overwriting(4, 3)], loss=OverwritingLoss()).check_gradients(X, NUMBERS)
    told = {name: detail for name, detail in failed(report).items() if "expected it as it was" in detail}
    assert told == {
        "dense_0.forward": "changed the x that it was given: expected it as it was; write into a copy",
        "dense_0.backward": "changed the dy that it was given: expected it as it was; write into a copy",
        "own_loss.gradient": "changed the y that it was given: expected it as it was; write into a copy",
    }


@pytest.mark.parametrize("entries", [0, 2.5, True, "5", None])
def test_entries_is_a_count(entries):
    with pytest.raises(ValueError, match="expected an int entries >= 1"):
        net().check_gradients(X, LABELS, entries=entries)


def test_an_exception_in_pyfc_alone_says_so():
    with pytest.raises(ValueError, match="X has shape") as info:
        pyfc.kernels.dense_forward(np.zeros(3), np.zeros((3, 1)), np.zeros(1))
    info.value.__traceback__ = info.value.__traceback__.tb_next
    assert re.search(r", at dense.pyx:\d+ \(in pyfc\)", raised(info.value))
