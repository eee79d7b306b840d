"""The kit as one pytest line, the variants that it runs over, and what it asks of plain NumPy code."""

import numpy as np
import pytest

import pyfc
from pyfc.component import Activation, Component, Hyper, Learned, Loss, Step
from pyfc.errors import UnknownNameError
from pyfc.testing import check_activation, conformance_test, variants


class Swish(Activation):
    """Written as one writes it in NumPy, whose rounding of beta * z comes back many times larger from exp."""

    name = "test_swish"
    needs = "z"
    hyperparameters = {"beta": Hyper(1.0, low=0, open_low=True)}  # noqa: RUF012
    derivation = (
        Step(1, "y = z / (1 + exp(-beta*z))", "definition", runs=True),
        Step(
            2,
            "dz = dy * (1/(1 + exp(-beta*z)) + beta*z*exp(-beta*z)/(1 + exp(-beta*z))**2)",
            "the product rule",
            runs=True,
        ),
    )

    def compute_forward(self, z, y, a):
        e = np.exp(-np.abs(self.beta * z))
        y[:] = z * np.where(z > 0, 1, e) / (1 + e)  # (1)

    def compute_backward(self, z, y, dy, dz, a, da):
        e = np.exp(-np.abs(self.beta * z))
        s = np.where(z > 0, 1, e) / (1 + e)
        dz[:] = dy * (s + self.beta * z * e / (1 + e) ** 2)  # (2)


class Unproved(Swish):
    """The same, with no derivation."""

    derivation = ()


class WrongForOtherBetas(Swish):
    """Right where beta is 1."""

    derivation = ()

    def compute_forward(self, z, y, a):
        y[:] = z / (1 + np.exp(-z))


class Maxout(Activation):
    """The largest of each so many inputs: a row of y is shorter than one of z, and not every length of z will do."""

    name = "test_maxout"
    needs = "zy"
    elementwise = False
    hyperparameters = {"pieces": Hyper(2, low=2)}  # noqa: RUF012
    derivation = (
        Step(1, "y[i] = Max(z[(i-1)*pieces + j], (j, 1, pieces))", "definition", shapes="y (q), dy (q)", runs=True),
        Step(
            2,
            "dz[i] = dy[(i-1)//pieces + 1] * Piecewise((1, z[i] >= y[(i-1)//pieces + 1]), (0, True))"
            " / Sum(Piecewise((1, z[(i-1)//pieces*pieces + k] >= y[(i-1)//pieces + 1]), (0, True)), (k, 1, pieces))",
            "the largest alone moves y; equal ones share dy",
            shapes="dz (m)",
            runs=True,
        ),
    )

    def out_cols(self, cols):
        if cols % self.pieces:
            raise ValueError(f"{cols} inputs: expected a multiple of pieces={self.pieces}")
        return cols // self.pieces

    def compute_forward(self, z, y, a):
        y[:] = z.reshape(len(z), y.shape[1], self.pieces).max(axis=2)  # (1)

    def compute_backward(self, z, y, dy, dz, a, da):
        largest = z.reshape(*y.shape, self.pieces) >= y[:, :, None]
        dz[:] = (dy[:, :, None] * largest / largest.sum(axis=2, keepdims=True)).reshape(z.shape)  # (2)


class Scaled(Activation):
    """A learned factor for each unit, and the derivative by it."""

    name = "test_scaled"
    needs = "z"
    learned = Learned("a", 1.0)
    derivation = (
        Step(1, "y = a * tanh(z)", "definition", runs=True),
        Step(2, "dz = dy * a * (1 - tanh(z)**2)", "the derivative of tanh", runs=True),
        Step(3, "da = dy * tanh(z)", "y is linear in a", runs=True),
    )

    def params(self, cols):
        return cols

    def compute_forward(self, z, y, a):
        y[:] = a * np.tanh(z)  # (1)

    def compute_backward(self, z, y, dy, dz, a, da):
        s = np.tanh(z)
        dz[:] = dy * a * (1 - s * s)  # (2)
        da[:] = (dy * s).sum(axis=0)  # (3)


test_a_shorter_row = conformance_test(Maxout)
test_a_learned_parameter_for_each_unit = conformance_test(Scaled)
test_a_class = conformance_test(Swish)
test_an_instance = conformance_test(Swish(beta=0.3))
test_a_name = conformance_test("softsign")
test_a_loss = conformance_test("squared_error")
test_without_a_proof = conformance_test(Unproved(), unproved=True)


def test_the_report_says_which_widths_were_refused() -> None:
    report = check_activation(Maxout(pieces=3))
    (note,) = (note for note in report.notes if note.startswith("rows of 1, 2, "))
    assert "Maxout.out_cols refuses them: 1 inputs: expected a multiple of pieces=3; checked: [0, 3, 6, " in note
    assert any("3 columns, against step (1)" in check.name for check in report.checks)
    assert any("6 columns, against step (2)" in check.name for check in report.checks)


@pytest.mark.parametrize("beta", [1.0, 1.125])
def test_strict_asks_more_than_plain_code_gives(beta: float) -> None:
    assert check_activation(Swish(beta=beta)).ok
    failed = [check.name for check in check_activation(Swish(beta=beta), strict=True).failures]
    assert len(failed) == 4
    assert all("against step" in name for name in failed)


def test_a_failure_is_the_whole_report() -> None:
    test = conformance_test(WrongForOtherBetas, unproved=True)
    cases = test.pytestmark[0].args[1]
    assert [case.id for case in cases] == ["WrongForOtherBetas(beta=1.0)", "WrongForOtherBetas(beta=1.125)"]
    test(*cases[0].values)
    with pytest.raises(
        pytest.fail.Exception, match=r"(?s)NOT PROVED: .*ok .*FAIL .*dz by finite differences: worst of"
    ):
        test(*cases[1].values)


def test_a_proof_is_asked_for() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"0 failed\n  NOT PROVED: Unproved has no derivation"):
        conformance_test(Unproved)(Unproved())


def test_a_name_in_two_groups() -> None:
    class Both(Loss):
        name = "test_swish"

        def compute_forward(self, y, t, loss):
            loss[:] = 0

        def compute_backward(self, y, t, share, dy):
            dy[:] = 0

    pyfc.register(Swish)
    pyfc.register(Both)
    try:
        with pytest.raises(UnknownNameError, match="both an activation and a loss: say which, group="):
            conformance_test("test_swish")
        (case,) = conformance_test("test_swish", group="losses").pytestmark[0].args[1]
        assert isinstance(case.values[0], Both)
    finally:
        pyfc.unregister(Swish)
        pyfc.unregister(Both)


@pytest.mark.parametrize(
    ("given", "message"),
    [("nothing", "unknown name 'nothing'"), ("sgd", "unknown name 'sgd'")],
)
def test_a_name_of_neither(given: str, message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        conformance_test(given)


@pytest.mark.parametrize("given", [3, pyfc.SGD, pyfc.SGD()])
def test_what_is_neither(given: object) -> None:
    with pytest.raises(TypeError, match="expected an activation or a loss, as a class, an instance or a registered"):
        conformance_test(given)


@pytest.mark.parametrize(
    ("hyper", "values"),
    [
        (Hyper(True), [True, False]),
        (Hyper("a", choices=("a", "b", "c")), ["a", "b", "c"]),
        (Hyper(2, low=2), [2, 3]),
        (Hyper(4, low=1, high=4), [4, 3, 1]),
        (Hyper(1, low=1, high=1), [1]),
        (Hyper(0.9, low=0, high=1, open_high=True), [0.9, 0.5, 0.0]),
        (Hyper(-0.5, low=-0.5, high=0), [-0.5, -0.25, 0.0]),
        (Hyper(0.0), [0.0, 0.125]),
    ],
)
def test_variants_stay_within_bounds(hyper: Hyper, values: list[object]) -> None:
    class Moved(Component):
        name = "moved"
        hyperparameters = {"h": hyper}  # noqa: RUF012

    assert [component.h for component in variants(Moved)] == values
