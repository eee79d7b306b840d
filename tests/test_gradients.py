"""The gradient check: a wrong function is found in its own line, and what cannot be checked is said."""

import re

import numpy as np
import pytest

import pyfc
from pyfc.component import Activation, Loss
from pyfc.differences import Differences, random_dy
from pyfc.quotient import Function
from pyfc.report import Report, raised

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
    found = re.fullmatch(
        r"worst of \d+ at \(([\d, ]+)\), \w+ = (\S+): gradient ([^\s,]+), difference ([^\s;]+)(?:; .*)?", detail
    )
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
    assert 0.5 <= abs(difference / (2 * z)) <= 2  # dy, of either sign
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
    whole = details["whole network"]
    assert whole.startswith("input (6, 4) raised PluginError: layer 'square_0', activation 'square' of module ")
    assert whole.endswith(", raise ArithmeticError")


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
    wide = pyfc.get("activations", name)().out_cols(6)
    network = pyfc.Network([pyfc.Dense(4, 6), name, pyfc.Dense(wide, 3)], loss="softmax_cross_entropy")
    report = network.check_gradients(X, LABELS)
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


def judged(gradient, values, f, **more):
    """Return the check of a gradient of sum(f(values)) by values."""
    report, values = Report("f"), np.array(values, float)
    settings = {"entries": 50, "step": 1e-6, "tolerance": 1e-5}
    Differences(report, **settings).compare(
        "f", "x", np.array(gradient, float), Function(values, lambda: f(values), np.ones(values.shape), **more)
    )
    return report.checks[0]


def leaky(x):
    """Slopes 0.5 and 2."""
    return np.where(x > 0, 2 * x, 0.5 * x)


ON_A_KINK = "; {} of {} on a kink, where any slope between those of its two sides will do"


@pytest.mark.parametrize("at", [0.0, 1e-12, 5e-9, -5e-9, 9e-9, 1.1e-8, -3e-8, 2e-7, -9e-7])
def test_beside_a_kink_the_slope_of_that_side_is_right(at):
    right = 2.0 if at > 0 else 0.5
    assert judged([right], [at], leaky).passed, at
    assert not judged([right * 1.1 if at > 0 else right * 0.9], [at], leaky).passed


def test_beside_a_slight_kink_the_slope_of_that_side_is_right():
    check = judged([1.0], [-3e-8], lambda x: np.where(x > 0, 1.0005 * x, x))
    assert check.passed, check
    assert "kink" not in check.detail


def test_on_a_kink_the_slopes_of_its_sides_are_the_bounds_and_it_is_said():
    check = judged([0.5, 2, 1.5, 2, 0.5], [0, 0, 0, 1, -1], leaky)
    assert check.passed
    assert check.detail.endswith(ON_A_KINK.format(3, 5)), check
    for outside in (0.4999, 2.0002, -1, 3):
        check = judged([outside], [0], leaky)
        assert not check.passed, check
        assert "kink" not in check.detail
    # In the very middle it is what a two-sided difference gives.
    assert "kink" not in judged([1.25], [0], leaky).detail


@pytest.mark.parametrize(("f", "slope"), [(lambda x: 1e4 * x**2, 0.0), (np.exp, 1.0), (lambda x: 50 * x**2 + x, 1.0)])
@pytest.mark.parametrize("part", [0.1, 0.3, 0.45])
def test_between_the_quotients_of_two_sides_of_a_smooth_function_is_wrong(f, slope, part):
    # Those of a strong bend differ by more than the tolerance.
    apart = (f(np.array(1e-3)) + f(np.array(-1e-3)) - 2 * f(np.array(0.0))) / 1e-3
    assert apart * part > 4e-5
    report, values = Report("f"), np.zeros(1)
    function = Function(values, lambda: f(values), np.ones(1))
    for h in (1e-3, 1e-6):
        gradient = np.array([slope + part * apart * h / 1e-3])
        Differences(report, 1, h, 1e-5).compare("f", "x", gradient, function)
    assert not report.checks[0].passed
    assert "kink" not in str(report)


def test_a_kink_of_one_side_only_is_none():
    # To the right the slope grows without end as h shrinks, to the left it is 0: no slope is right, so none passes.
    for gradient in (1.0, 100.0):
        assert not judged([gradient], [0], lambda x: np.sqrt(np.maximum(x, 0))).passed


def test_each_sample_may_take_its_own_slope_on_a_kink():
    network = net("leaky_relu", loss="squared_error", dtype="float64")
    network.parameters["dense_0.W"][:] = 0  # the kinks of all samples meet in each weight
    report = network.check_gradients(X, NUMBERS)
    assert report.ok, str(report)
    details = {check.name: check.detail for check in report.checks}
    assert details["dense_0.W (4, 5), whole network"].endswith(ON_A_KINK.format(20, 20))


class Scaled(pyfc.Dense):
    """Dense with a dx that is wrong by 10 %."""

    def backward(self, dy, cache, **more):
        dx, grads = super().backward(dy, cache, **more)
        return None if dx is None else dx * 1.1, grads


def test_large_outputs_hide_no_error():
    for layer in (pyfc.Dense(4, 3), Scaled(4, 3)):
        network = pyfc.Network([layer], loss="squared_error", dtype="float64")
        network.parameters["dense_0.W"][:] = 0.01 * RNG.normal(size=(4, 3))
        network.parameters["dense_0.b"][:] = 1e4
        report = network.check_gradients(X, NUMBERS + 1e4)
        assert set(failed(report)) == ({"dense_0.backward, dx"} if type(layer) is Scaled else set()), str(report)
        assert "known" not in report.checks[0].detail
    *_, gradient, difference = numbers(failed(report)["dense_0.backward, dx"])
    assert gradient / difference == pytest.approx(1.1, rel=1e-6)


def test_what_rounding_hides_is_said():
    # The smallest step that shows more than rounding is as large as the sine's period.
    check = judged(np.cos([1.0, 2]) * 1.01, [1.0, 2], lambda x: 1e14 + np.sin(x))
    assert check.passed
    assert re.search(r"; 2 of 2 known to \S+ of their size only$", check.detail), check
    known = float(re.search(r"known to (\S+)", check.detail)[1])
    assert known > 0.01
    assert not judged(np.cos([1.0, 2]) * (1 + 1e4), [1.0, 2], lambda x: 1e11 + np.sin(x)).passed
    # A function that ends is not left.

    def ending(x):
        if not (0 < x < 2e-3).all():
            raise ArithmeticError
        return 1e9 + 1e-3 * x

    check = judged([1e-3], [1e-3], ending, reach=np.array([1e-3]))
    assert check.passed, check


def test_a_bend_that_a_wider_step_would_cut_is_no_fault():
    for size in 10.0 ** np.arange(0, 13):
        for width in 10.0 ** np.arange(-4.0, 3):
            x = width * np.linspace(-1.5, 1.5, 20)
            check = judged(1 / np.cosh(x / width) ** 2 / width, x, lambda x: size + np.tanh(x / width))  # noqa: B023
            assert check.passed, (size, width, check)


def test_two_bends_that_cancel_in_a_wider_step_are_no_fault():
    # Far to the right one step rises, far to the left the other: a two-sided difference over both is 0.
    def steps(z):
        return np.array([np.tanh(z[0] / 5e-4 - 4), np.tanh(-z[0] / 5e-4 - 4.1)])

    values, slope = np.zeros(1), (1 / np.cosh(4) ** 2 - 1 / np.cosh(4.1) ** 2) / 5e-4
    report = Report("f")
    function = Function(values, lambda: 1e10 + steps(values), np.ones(2))
    Differences(report, 1, 1e-6, 1e-5).compare("f", "x", np.array([slope]), function)
    assert report.ok, str(report)


def test_a_wider_step_that_misses_a_wave_is_no_fault():
    # Both 50 h and 100 h are whole waves.
    check = judged([2 * np.pi / 5e-5], [0], lambda x: 1e10 + np.sin(2 * np.pi * x / 5e-5))
    assert check.passed, check


def test_a_smaller_step_that_rounding_blurs_does_not_excuse():
    assert judged([1.0], [0.5], lambda x: 9e3 + x).passed
    assert not judged([1.0003], [0.5], lambda x: 9e3 + x).passed


@pytest.mark.parametrize("function", ["identity", "relu", "sigmoid", "softmax"])
@pytest.mark.parametrize("kind", ["large", "pixels", "saturated", "zero", "small"])
def test_unusual_networks_are_right(function, kind):
    for seed in range(5):
        draw = np.random.default_rng(seed)
        x, t = draw.normal(size=(5, 4)), draw.normal(size=(5, 3))
        network = net(function, loss="squared_error", dtype="float64", seed=seed)
        if kind == "large":
            x *= 1e4
        elif kind == "pixels":
            x = draw.integers(0, 256, (5, 4)) * (draw.random((5, 4)) < 0.3)
        elif kind == "saturated":
            network.parameters["dense_0.b"][:] = draw.choice([-1, 1], 5) * draw.uniform(8, 40, 5)
        elif kind == "zero":
            network.flat[:] = 0
        else:
            network.flat[:] *= 0.01
            x *= 1e4
        report = network.check_gradients(x, t)
        assert report.ok, str(report)


@pytest.mark.parametrize(
    "wrong", [np.abs, lambda dz: np.maximum(dz, 0), lambda dz: dz * (dz > -0.3)], ids=["abs", "max", "clipped"]
)
def test_a_lost_sign_is_found(wrong):
    class Unsigned(Square):
        def compute_backward(self, z, y, dy, dz, a, da):
            dz[...] = wrong(dy) * 2 * z

    for rows in (6, 1):
        assert "square_0.backward, dx" in failed(net(Unsigned()).check_gradients(X[:rows], LABELS[:rows]))


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (7, 1), (6, 5)])
def test_the_sign_of_the_sum_is_found(shape):
    class Signed(Square):
        def compute_backward(self, z, y, dy, dz, a, da):
            dz[...] = dy * 2 * z * np.sign(dy.sum())

    for seed in range(10):
        dy = random_dy(np.random.default_rng(seed), shape)
        assert dy.sum() < 0
        assert (np.abs(dy) >= 0.5).all()
        assert (np.abs(dy) <= 2).all()
    assert (random_dy(np.random.default_rng(0), (6, 5)) > 0).any()
    layers = [pyfc.Dense(4, shape[1]), Signed(), pyfc.Dense(shape[1], 3)]
    report = pyfc.Network(layers, loss="softmax_cross_entropy").check_gradients(
        np.resize(X, (shape[0], 4)), np.resize(LABELS, shape[0])
    )
    assert "square_0.backward, dx" in failed(report)


def test_what_a_function_is_given_is_left_alone():
    class InPlace(Square):
        def compute_backward(self, z, y, dy, dz, a, da):
            super().compute_backward(z, y, dy, dz, a, da)
            dy[1, 2] = 7

    class Rectifying(Square):
        def compute_forward(self, z, y, a):
            y[...] = z * z
            z[0, 0] = np.nan

    class Moving(OwnLoss):
        def compute_forward(self, y, t, loss):
            super().compute_forward(y, t, loss)
            t[2, 0] = 3

        def compute_backward(self, y, t, share, dy):
            super().compute_backward(y, t, share, dy)
            y -= t

    def overwrote(report):
        assert failed(report)["whole network"].startswith("not checked as a whole, because ")
        assert len(report.failures) == len(failed(report))
        return {name: detail for name, detail in failed(report).items() if name != "whole network"}

    (name, detail), = overwrote(net("tanh", InPlace(), "tanh").check_gradients(X, LABELS)).items()  # fmt: skip
    assert name == "square_0.backward"
    assert re.fullmatch(
        r"overwrote the dy that it was given: at \(1, 2\) -?[\d.]+ became 7; expected it to be left alone", detail
    )
    details = overwrote(net("tanh", Rectifying(), "tanh").check_gradients(X, LABELS))
    assert list(details) == ["square_0.forward", "square_0.backward"]
    assert details["square_0.backward"] == "not checked: no right cache, because square_0.forward does not work"
    assert details["square_0.forward"].startswith("overwrote the x that it was given: at (0, 0) ")
    X_before, before = X.copy(), NUMBERS.copy()
    details = overwrote(net("tanh", loss=Moving()).check_gradients(X, NUMBERS))
    assert list(details) == ["own_loss.value", "own_loss.gradient"]
    assert details["own_loss.value"].startswith(
        f"overwrote the targets that it was given: at (2, 0) {before[2, 0]:.6g}"
    )
    assert details["own_loss.gradient"].startswith("overwrote the y that it was given: at ")
    np.testing.assert_array_equal(NUMBERS, before)
    np.testing.assert_array_equal(X, X_before)


@pytest.mark.parametrize("entries", [0, -1, 2.5, True, "3", None])
def test_entries_are_counted(entries):
    def fail(self, *arrays):
        raise AssertionError

    network = net(type("Unused", (Square,), {"compute_forward": fail})())
    with pytest.raises(ValueError, match=re.escape(f"entries is {entries!r}: expected an int >= 1")):
        network.check_gradients(X, LABELS, entries=entries)


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


def test_an_exception_from_a_library_that_a_plugin_called_is_the_plugins():
    class Inverting(Square):
        def compute_backward(self, z, y, dy, dz, a, da):
            dz[...] = np.linalg.inv(np.zeros((2, 2)))

    class Nested(Square):
        def compute_backward(self, z, y, dy, dz, a, da):
            pyfc.get("activations", "tanh")().backward(dy)

    for function, text in ((Inverting, "LinAlgError: Singular matrix"), (Nested, "TypeError: Tanh.backward needs y=")):
        line = function.compute_backward.__code__.co_firstlineno + 1
        detail = failed(net(function()).check_gradients(X, LABELS))["square_0.backward"]
        assert f"raised {text}" in detail
        assert f", at test_gradients.py:{line}, " in detail
        assert "(in pyfc)" not in detail


def test_an_exception_in_a_line_of_pyfc_is_said_to_be():
    class Without(pyfc.Dense):
        def backward(self, dy, cache, **more):
            return super().backward(dy, cache, **more)[0], None

    report = pyfc.Network([Without(4, 3)], loss="squared_error").check_gradients(X, NUMBERS)
    assert re.fullmatch(
        r"input \(6, 4\), dy \(6, 3\) raised AttributeError: 'NoneType' object has no attribute 'get', "
        r"at gradients.py:\d+ \(in pyfc\), by = .*",
        failed(report)["dense_0.backward"],
    )
