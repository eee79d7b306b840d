"""What a number becomes does not depend on its place: vector code, and the loop over what is left, round alike."""

import numpy as np
import pytest

import pyfc
from pyfc.component import Activation, Optimizer

BUILTIN = {
    group: [record.name for record in pyfc.registry.records(group) if record.builtin]
    for group in ("activations", "losses", "optimizers")
}
DTYPES = (np.float32, np.float64)


def numbers(rows: int, cols: int, dtype: type) -> np.ndarray:
    draw = np.random.default_rng(rows + cols)
    return (draw.normal(size=(rows, cols)) * 10.0 ** draw.uniform(-3, 2, (rows, 1))).astype(dtype)


def same(one: np.ndarray, other: np.ndarray) -> None:
    bits = np.uint32 if one.dtype == np.float32 else np.uint64
    np.testing.assert_array_equal(one.view(bits), other.view(bits))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BUILTIN["activations"])
def test_an_activation_of_pieces(name: str, dtype: type) -> None:
    act: Activation = pyfc.get("activations", name)()
    cols = 1 if act.elementwise else 10
    z = numbers(12007, cols, dtype) if act.elementwise else numbers(1201, cols, dtype)
    y, dy = act.forward(z), numbers(len(z) + 1, act.out_cols(cols), dtype)[1:]

    def backward(at: slice) -> np.ndarray:
        result = act.backward(dy[at], z=z[at], y=y[at])
        return result[0] if act.learned else result

    dz = backward(slice(None))
    for step in (1, 7) if len(z) < 2000 else (1, 3, 29):
        stop = min(len(z), 4000 * step)
        pieces = [slice(at, min(at + step, stop)) for at in range(0, stop, step)]
        same(np.concatenate([act.forward(z[at]) for at in pieces]), y[:stop])
        same(np.concatenate([backward(at) for at in pieces]), dz[:stop])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("cols", [1, 10, 37])
@pytest.mark.parametrize("name", BUILTIN["losses"])
def test_a_loss_of_pieces(name: str, cols: int, dtype: type) -> None:
    loss = pyfc.get("losses", name)()
    y = numbers(1201, cols, dtype)
    t = (np.random.default_rng(1).random(y.shape) < 0.5).astype(dtype)
    share = np.full(len(y), 1 / 7, dtype)

    def run(at: slice) -> np.ndarray:
        value, dy = np.empty(len(y[at]), dtype), np.empty_like(y[at])
        loss.compute_forward(y[at], t[at], value)
        loss.compute_backward(y[at], t[at], share[at], dy)
        return np.column_stack([value, dy])

    whole = run(slice(None))
    for step in (1, 7):
        same(np.concatenate([run(slice(at, at + step)) for at in range(0, len(y), step)]), whole)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "name", [name for name in BUILTIN["optimizers"] if not pyfc.get("optimizers", name).full_batch]
)
def test_an_optimizer_of_pieces(name: str, dtype: type) -> None:
    optimizer: Optimizer = pyfc.get("optimizers", name)()
    start, gradient = numbers(3001, 1, dtype)[:, 0], numbers(3003, 1, dtype)[:3001, 0]

    def run(at: slice) -> np.ndarray:
        w = start[at].copy()
        state = optimizer.new_state(w.size, w.dtype)
        for step in (1, 2, 3):
            optimizer.update(w, gradient[at] / step, state, 0.01, step)
        return w

    whole = run(slice(None))
    for step in (1, 5):
        same(np.concatenate([run(slice(at, at + step)) for at in range(0, 3001, step)]), whole)


def test_sgd_without_momentum_leaves_the_velocity_alone() -> None:
    optimizer = pyfc.SGD(lr=0.5)
    w = np.ones(5)
    state = optimizer.new_state(w.size, w.dtype)
    for array in state:
        array[...] = np.nan
    optimizer.update(w, np.full(5, 2.0), state, 0.5, 1)
    np.testing.assert_array_equal(w, np.zeros(5))
    assert all(np.isnan(array).all() for array in state)
