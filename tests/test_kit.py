"""The parts of the conformance kit by themselves: what they find, and what they say where they cannot look."""

import numpy as np
import pytest
from scipy.special import expit

import pyfc
from pyfc.component import Activation, Loss, Step
from pyfc.component.base import Array
from pyfc.report import Report
from pyfc.testing import check_activation
from pyfc.testing.complex_step import Complex
from pyfc.testing.functions import Function
from pyfc.testing.gil import add_gil
from pyfc.testing.guarded import Guarded
from pyfc.testing.losses import add_loss_differences


class Logistic(Activation):
    """SciPy's, which takes no complex numbers."""

    name = "test_logistic"
    needs = "y"
    derivation = (
        Step(1, "y = 1 / (1 + exp(-z))", "definition", runs=True),
        Step(2, "dz = dy * y * (1 - y)", "the derivative in terms of y", runs=True),
    )

    def compute_forward(self, z, y, a):
        y[:] = expit(z)  # (1)

    def compute_backward(self, z, y, dy, dz, a, da):
        dz[:] = dy * y * (1 - y)  # (2)


class Cast(Logistic):
    """Throws the imaginary part away."""

    derivation = ()

    def compute_forward(self, z, y, a):
        y[:] = expit(z.astype(y.dtype if y.dtype.kind == "f" else float))


class Unproved(Logistic):
    """No derivation either."""

    derivation = ()


def test_the_definition_takes_the_place_of_code_that_takes_no_complex_numbers() -> None:
    report = check_activation(Logistic).raise_if_failed(unproved=False)
    names = [check.name for check in report.checks if "complex step" in check.name]
    assert names == ["test_logistic.backward, float64, 6 x 3, dz by complex step of the derivation's definition"]


@pytest.mark.parametrize(
    ("cls", "reason"),
    [
        (Unproved, "its forward does not run on complex numbers (TypeError: ufunc 'expit' not supported"),
        (Cast, "its forward runs on complex numbers, but not as the same function; there is no derivation"),
    ],
)
def test_without_either_the_report_says_so(cls: type[Activation], reason: str) -> None:
    report = check_activation(cls)
    assert report.ok
    assert not any("complex step" in check.name for check in report.checks)
    (note,) = (note for note in report.notes if "complex step" in note)
    assert reason in note
    assert f"  ----  not checked: {note}" in str(report)


def test_complex_arrays_keep_functions_with_kinks_analytic() -> None:
    z = np.array([-2.0, 3.0]) + 1j * 1e-30
    x = z.view(Complex)
    slopes = {
        "abs": (np.abs(x), [-1, 1]),
        "abs of where": (np.abs(np.where(x > 0, x, 2 * x)), [-2, 1]),
        "maximum": (np.maximum(x, 0.5 * x), [0.5, 1]),
        "minimum": (np.minimum(x, 1), [1, 0]),
        "max": (x.max() * np.ones(2), [1, 1]),
        "sign": (x * np.sign(x), [-1, 1]),
        "out": (np.absolute(x, out=np.empty_like(x)), [-1, 1]),
        "clip": (np.clip(x, -1, 5), [0, 1]),
    }
    for name, (value, wanted) in slopes.items():
        np.testing.assert_allclose(np.asarray(value).imag / 1e-30, wanted, err_msg=name)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_guarded_memory(dtype: type) -> None:
    output = Guarded((3, 2), dtype)
    assert output.array.shape == (3, 2)
    assert output.array.flags.carray
    assert output.array.ctypes.data % 16
    assert len(output.unwritten()) == 6
    output.array[:] = np.nan
    output.array[1, 1] = Guarded((1,), dtype).array[0]
    assert output.unwritten() == [(1, 1)]
    assert not output.outside()
    around = np.lib.stride_tricks.as_strided(output.array, (8,), (output.array.itemsize,))
    around[6] = 0
    assert output.outside() == f"{np.dtype(dtype).itemsize} bytes up to {np.dtype(dtype).itemsize} behind its end"
    assert not Guarded((2,), dtype, zeroed=True).array.any()
    assert not Guarded((2,), dtype, zeroed=True).unwritten()


@pytest.mark.parametrize("share", [0, 3])
def test_python_code_holds_the_gil(share: int) -> None:
    """A part without the GIL does not help, if Python stands still for most of the call."""
    array = np.ones(200_000)

    def make(rows: int, dtype: type) -> list[Function]:
        def compute(inputs: object, outputs: object) -> None:
            for _ in range(share):
                array.sort()  # NumPy releases the lock in it
            sum(range(400_000))

        return [Function("f", {"z": np.ones((2, 2))}, {"y": (2, 2)}, compute, np.dtype(dtype))]

    report = Report("f")
    add_gil(report, make, 2)
    assert [check.passed for check in report.checks] == [False, False]


PoissonNLL: type[Loss] = pyfc.get("losses", "poisson_nll")


class SlightlyWrong(PoissonNLL):
    """Its gradient is a thousandth too large at ordinary outputs, and right at those whose loss is huge."""

    def compute_backward(self, y: Array, t: Array, share: Array, dy: Array) -> None:
        super().compute_backward(y, t, share, dy)
        dy[np.abs(y) < 3] *= 1.001


@pytest.mark.parametrize(("loss", "agrees"), [(PoissonNLL(), True), (SlightlyWrong(), False)])
def test_a_huge_loss_hides_no_wrong_gradient_of_other_samples(loss: Loss, agrees: bool) -> None:
    report = Report("")
    add_loss_differences(report, loss, 4)
    assert report.ok == (report.figures[0].error < 1e-7) == agrees
