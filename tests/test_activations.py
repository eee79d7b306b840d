"""What the checks over the registry leave open: work in place, edges with known limits, empty rows, shared slopes."""

import numpy as np
import pytest

import pyfc
from pyfc.component import Activation
from pyfc.component.base import Array

NAMES = pyfc.available("activations")
DTYPES = (np.float32, np.float64)

#: The value at minus infinity and at infinity, of every built-in function of single numbers.
LIMITS = {
    "celu": (-1, np.inf),
    "elu": (-1, np.inf),
    "exponential": (0, np.inf),
    "gelu": (0, np.inf),
    "gelu_tanh": (0, np.inf),
    "hard_sigmoid": (0, 1),
    "hard_swish": (0, np.inf),
    "hard_tanh": (-1, 1),
    "hardshrink": (-np.inf, np.inf),
    "identity": (-np.inf, np.inf),
    "leaky_relu": (-np.inf, np.inf),
    "log_sigmoid": (-np.inf, 0),
    "mish": (0, np.inf),
    "prelu": (-np.inf, np.inf),
    "relu": (0, np.inf),
    "relu6": (0, 6),
    "selu": (-1.758099340847377, np.inf),
    "sigmoid": (0, 1),
    "silu": (0, np.inf),
    "softplus": (0, np.inf),
    "softshrink": (-np.inf, np.inf),
    "softsign": (-1, 1),
    "sparse_plus": (0, np.inf),
    "sparse_sigmoid": (0, 1),
    "squareplus": (0, np.inf),
    "tanh": (-1, 1),
    "tanhshrink": (-np.inf, np.inf),
    "threshold": (0, np.inf),
}

#: Functions that are z times a number near 0: they keep subnormal z and the sign of zero.
ODD_AT_ZERO = (
    "celu", "elu", "gelu", "gelu_tanh", "hard_swish", "hard_tanh", "identity", "leaky_relu", "mish", "silu", "softsign",
    "tanh",
)  # fmt: skip


def make(name: str) -> Activation:
    activation: Activation = pyfc.get("activations", name)()
    return activation


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [name for name in NAMES if make(name).in_place])
def test_in_place_gives_the_same(name: str, dtype: type) -> None:
    act = make(name)
    draw = np.random.default_rng(0)
    z = draw.normal(0, 3, (37, 19)).astype(dtype)
    dy = draw.normal(size=z.shape).astype(dtype)
    y = act.forward(z)
    result = act.backward(dy, z=z, y=y)
    dz = result[0] if act.learned else result
    same = z.copy()
    act.forward(same, out=same)
    np.testing.assert_array_equal(same, y)
    same = dy.copy()
    act.backward(same, z=z, y=y, out=same)
    np.testing.assert_array_equal(same, dz)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", sorted(LIMITS))
def test_infinity_gives_the_limit(name: str, dtype: type) -> None:
    act = make(name)
    z = np.array([[-np.inf], [np.inf]], dtype)
    y = act.forward(z)
    np.testing.assert_allclose(y[:, 0], LIMITS[name], rtol=1e-7)
    result = act.backward(np.ones_like(z), z=z, y=y)
    assert not np.isnan(result[0] if act.learned else result).any()


def test_every_function_of_single_numbers_has_its_limits_tested() -> None:
    builtin = {record.name for record in pyfc.registry.records("activations") if record.builtin}
    assert {name for name in builtin if make(name).elementwise} == set(LIMITS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ODD_AT_ZERO)
def test_zero_and_subnormals_are_kept(name: str, dtype: type) -> None:
    tiny = np.finfo(dtype).smallest_subnormal
    z = np.array([-0.0, 0.0, -4096 * tiny, 4096 * tiny], dtype)
    y = make(name).forward(z)
    assert list(np.signbit(y)) == [True, False, True, False]
    assert y[0] == y[1] == 0
    assert (y[2:] != 0).all()


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax"])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_rows_without_numbers(name: str, shape: tuple[int, int]) -> None:
    act = make(name)
    y = act.forward(np.empty(shape))
    assert y.shape == act.backward(y, y=y, z=y).shape == shape


def test_rows_of_one_number() -> None:
    z = np.array([[-1e30], [0.0], [5.0]])
    np.testing.assert_array_equal(make("softmax").forward(z), np.ones_like(z))
    np.testing.assert_array_equal(make("sparsemax").forward(z), np.ones_like(z))
    np.testing.assert_array_equal(make("log_softmax").forward(z), np.zeros_like(z))


def test_log_softmax_keeps_small_probabilities_of_the_others() -> None:
    y = make("log_softmax").forward([[0.0, -50.0, -60.0]])
    np.testing.assert_allclose(y[0, 0], -(np.exp(-50.0) + np.exp(-60.0)), rtol=1e-15)


@pytest.mark.parametrize("cols", [2, 10, 300])
@pytest.mark.parametrize("width", [1e-3, 1, 100])
def test_sparsemax_is_that_of_the_paper(cols: int, width: float) -> None:
    z = np.random.default_rng(0).normal(0, width, (50, cols))
    falling = -np.sort(-z, axis=1)  # algorithm 1
    sums = np.cumsum(falling, axis=1)
    k = (1 + np.arange(1, cols + 1) * falling > sums).sum(axis=1)
    tau = (sums[np.arange(len(z)), k - 1] - 1) / k
    y = make("sparsemax").forward(z)
    np.testing.assert_allclose(y, np.maximum(z - tau[:, None], 0), atol=1e-12 * max(width, 1))
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
def test_glu_keeps_what_a_large_number_times_a_tiny_gate_is(dtype: type) -> None:
    z = np.array([[1e30, -95.0], [1e-3, -95.0], [3.0, 1e5], [3.0, -1e5]], dtype)
    gate = np.exp(-95.0)
    act = make("glu")
    np.testing.assert_allclose(act.forward(z)[:, 0], [1e30 * gate, 1e-3 * gate, 3, 0], rtol=1e-6, atol=2e-45)
    dz = act.backward(np.ones((4, 1), dtype), z=z)
    np.testing.assert_allclose(dz[:, 1], [1e30 * gate, 1e-3 * gate, 0, 0], rtol=1e-6, atol=2e-45)
    with pytest.raises(ValueError, match=r"GLU\(\) got 3 inputs: expected an even number"):
        act.forward(np.ones((2, 3)))


@pytest.mark.parametrize("per", ["unit", "layer"])
def test_prelu_sums_the_gradient_over_what_shares_a_slope(per: str) -> None:
    act = pyfc.get("activations", "prelu")(per=per)
    assert (act.params(4), make("prelu").params(4)) == (4 if per == "unit" else 1, 4)
    draw = np.random.default_rng(0)
    z, dy = draw.normal(size=(6, 4)), draw.normal(size=(6, 4))
    a = draw.uniform(0.1, 0.5, act.params(4))
    dz, da = act.backward(dy, z=z, a=a)
    parts = dy * np.where(z > 0, 0, z)
    np.testing.assert_allclose(da, parts.sum(axis=0) if per == "unit" else [parts.sum()], rtol=1e-14)
    np.testing.assert_allclose(dz, dy * np.where(z > 0, 1, a), rtol=1e-15)


class Reversed(Activation):
    """In NumPy, and not to be run in place: each entry is the one from the other end of the row."""

    name = "reversed"
    elementwise = False

    def compute_forward(self, z: Array, y: Array, a: Array) -> None:
        """Fill y."""
        for j in range(z.shape[1]):
            y[:, j] = z[:, -1 - j]

    def compute_backward(self, z: Array | None, y: Array | None, dy: Array, dz: Array, a: Array, da: Array) -> None:
        """Fill dz."""
        self.compute_forward(dy, dz, a)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("act", [Reversed(), *map(make, NAMES)], ids=repr)
@pytest.mark.parametrize("shift", [0, 1, 3])
def test_an_out_that_shares_memory_with_an_input(act: Activation, dtype: type, shift: int) -> None:
    def shared(values: Array, result: Array) -> tuple[Array, Array]:
        memory = np.zeros(max(values.size, result.size) + shift, dtype)
        memory[: values.size] = values.ravel()
        out = memory[shift : shift + result.size]
        return memory[: values.size].reshape(values.shape), out.reshape(result.shape)

    draw = np.random.default_rng(0)
    z = draw.normal(size=(24, 4)).astype(dtype)
    y = act.forward(z)
    dy = draw.normal(size=y.shape).astype(dtype)
    dz = act.backward(dy, z=z, y=y)
    dz = dz[0] if act.learned else dz
    given, out = shared(z, y)
    np.testing.assert_array_equal(act.forward(given, out=out), y)
    for name, value in {"dy": dy, "z": z, "y": y}.items():
        given, out = shared(value, dz)
        act.backward(**{"dy": dy, "z": z, "y": y, name: given}, out=out)
        np.testing.assert_array_equal(out, dz, err_msg=name)
