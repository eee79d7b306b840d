"""Layers called by hand: their derivations, their gradients, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pyfc
from pyfc import kernels
from pyfc.layers import layer_from_config
from pyfc.testing.layers import LAYERS as LAYERS_WITH_STEPS
from pyfc.testing.layers import check_layer

LAYERS = [
    pytest.param(lambda: pyfc.Dense(5, 3), id="dense"),
    pytest.param(lambda: pyfc.Activation("tanh"), id="tanh"),
    pytest.param(lambda: pyfc.Activation("softmax"), id="softmax"),
    pytest.param(lambda: pyfc.Activation("prelu"), id="prelu"),
    pytest.param(lambda: pyfc.Dropout(0.4), id="dropout"),
    pytest.param(lambda: pyfc.Scale(-0.5), id="scale"),
]


@pytest.mark.parametrize("kind", LAYERS_WITH_STEPS)
def test_kernels_are_held_to_their_derivations(kind):
    check_layer(kind).raise_if_failed()
    proofs = LAYERS_WITH_STEPS[kind].steps().prove()
    assert sum(proof.kind == "proved" for proof in proofs) >= len(proofs) - 1


@pytest.mark.parametrize(
    ("kind", "kernel", "wrong", "found"),
    [
        ("dense", "dense_backward", lambda dz, x, w: (dz @ w.T, x.T @ dz, 2 * dz.sum(0)), {"db"}),
        ("dense", "dense_forward", lambda x, w, b: x @ w - b, {"Z", "db"}),
        ("scale", "rescale", lambda x, c: c * x + c, {"y", "dx"}),
        ("dropout", "drop", lambda x, rate, key, first: x.copy(), {"y", "dx"}),
    ],
)
def test_a_wrong_kernel_is_found(monkeypatch, kind, kernel, wrong, found):
    monkeypatch.setattr(kernels, kernel, wrong)
    assert {check.name.partition(",")[0].partition(" ")[0] for check in check_layer(kind).failures} == found


def test_only_layers_with_steps_are_checked():
    with pytest.raises(ValueError, match="unknown layer 'activation': expected one of dense, dropout, scale"):
        check_layer("activation")


@pytest.mark.parametrize("make", LAYERS)
@pytest.mark.parametrize("rows", [1, 2, 7])
def test_gradients_by_finite_differences(make, rows):
    layer = make()
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, 5))
    layer.build(5, np.float64, rng)

    def forward(value):
        layer.position = 0  # dropout tosses the same coins each time
        return layer.forward(value, training=True)

    y, cache = forward(x)
    dy = rng.normal(size=y.shape)
    dx, grads = layer.backward(dy, cache)
    assert np.abs(dx).max() > 0
    direction = rng.normal(size=x.shape)
    slope = ((forward(x + 1e-6 * direction)[0] - forward(x - 1e-6 * direction)[0]) * dy).sum() / 2e-6
    assert slope == pytest.approx((dx * direction).sum(), rel=1e-6)
    assert set(grads) == set(layer.parameters)
    for name, value in layer.parameters.items():
        before, direction = value.copy(), rng.normal(size=value.shape)
        value += 1e-6 * direction
        above = (forward(x)[0] * dy).sum()
        value[...] = before - 1e-6 * direction
        below = (forward(x)[0] * dy).sum()
        value[...] = before
        assert (above - below) / 2e-6 == pytest.approx((grads[name] * direction).sum(), rel=1e-5), name


@pytest.mark.parametrize("make", LAYERS)
def test_two_calls_do_not_disturb_each_other(make):
    layer = make()
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(4, 5)), rng.normal(size=(6, 5))
    y, cache = layer.forward(first, training=True)
    alone = layer.backward(np.ones_like(y), cache)
    layer.forward(second, training=True)
    between = layer.backward(np.ones_like(y), cache)
    np.testing.assert_array_equal(alone[0], between[0])
    for name in alone[1]:
        np.testing.assert_array_equal(alone[1][name], between[1][name])


@pytest.mark.parametrize("make", LAYERS)
def test_config_makes_an_equal_layer(make):
    layer = make()
    twin = layer_from_config(layer.config())
    assert type(twin) is type(layer)
    assert twin.config() == layer.config()


@given(
    rows=st.integers(0, 9),
    n_in=st.integers(1, 9),
    n_out=st.integers(1, 9),
    dtype=st.sampled_from(["float32", "float64"]),
)
@settings(max_examples=60, deadline=None)
def test_dense_equals_numpy(rows, n_in, n_out, dtype):
    rng = np.random.default_rng(rows + 10 * n_in + 100 * n_out)
    X, W, b, dZ = (
        rng.normal(size=shape).astype(dtype) for shape in [(rows, n_in), (n_in, n_out), (n_out,), (rows, n_out)]
    )
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if dtype == "float32" else {"rtol": 1e-12, "atol": 1e-13}
    Z = kernels.dense_forward(X, W, b)
    assert Z.dtype == dtype
    np.testing.assert_allclose(Z, X @ W + b, **tolerance)
    dX, dW, db = kernels.dense_backward(dZ, X, W)
    np.testing.assert_allclose(dX, dZ @ W.T, **tolerance)
    np.testing.assert_allclose(dW, X.T @ dZ, **tolerance)
    np.testing.assert_allclose(db, dZ.sum(axis=0), **tolerance)


def test_dense_takes_strided_read_only_and_integer_arrays():
    rng = np.random.default_rng(0)
    whole = rng.normal(size=(8, 6))
    X, b = whole[::2, ::2], np.zeros(3)
    X.flags.writeable = False
    W = rng.normal(size=(3, 6))[:, ::2]
    np.testing.assert_allclose(kernels.dense_forward(X, W, b), X @ W + b)
    assert kernels.dense_forward([[1, 2]], [[1], [3]], [0]).tolist() == [[7.0]]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (([[1.0]], [[1.0], [2.0]], [0.0]), ValueError, r"W has shape \(2, 1\): expected \(1, m\)"),
        (([1.0], [[1.0]], [0.0]), ValueError, r"X has shape \(1,\): expected \(n, m\)"),
        (([[1.0]], [[1.0]], [0.0, 1.0]), ValueError, r"b has shape \(2,\): expected \(1,\)"),
        (([["a"]], [[1.0]], [0.0]), TypeError, "X has dtype"),
        (([[1j]], [[1.0]], [0.0]), TypeError, "X has dtype complex128"),
        ((np.ones((1, 1), "f"), np.ones((1, 1)), np.zeros(1)), TypeError, "expected the same"),
    ],
)
def test_dense_forward_refuses(arguments, error, text):
    with pytest.raises(error, match=text):
        kernels.dense_forward(*arguments)


@pytest.mark.parametrize(
    "out",
    [
        np.empty((3, 2)),
        np.empty((2, 2), "f"),
        np.empty((2, 4))[:, ::2],
        [[0.0, 0.0], [0.0, 0.0]],
        np.broadcast_to(np.empty(2), (2, 2)),
    ],
)
def test_dense_forward_refuses_an_unfit_out(out):
    with pytest.raises(ValueError, match="out "):
        kernels.dense_forward(np.ones((2, 2)), np.ones((2, 2)), np.ones(2), out=out)


def test_dense_forward_refuses_to_overwrite_its_input():
    X = np.ones((2, 2))
    with pytest.raises(ValueError, match="overlaps"):
        kernels.dense_forward(X, np.eye(2), np.zeros(2), out=X)
    np.testing.assert_array_equal(X, 1)


def test_dense_writes_into_out():
    out, dW, db = np.empty((2, 3)), np.empty((2, 3)), np.empty(3)
    assert kernels.dense_forward(np.ones((2, 2)), np.ones((2, 3)), np.ones(3), out=out) is out
    result = kernels.dense_backward(np.ones((2, 3)), np.ones((2, 2)), np.ones((2, 3)), False, dW, db)
    assert result[0] is None
    assert result[1] is dW
    assert result[2] is db
    assert out.tolist() == [[3.0] * 3] * 2
    assert db.tolist() == [2.0] * 3


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: pyfc.Dense(0, 3), "expected n_in to be an int from 1"),
        (lambda: pyfc.Dense(3, -1), "expected n_out to be an int from 1"),
        (lambda: pyfc.Dense(3, 2.5), "expected n_out to be an int from 1"),
        (lambda: pyfc.Dense(True, 3), "expected n_in to be an int"),
        (lambda: pyfc.Dense(2**31, 3), "2147483647"),
        (lambda: pyfc.Dense(3, 3, max_norm=0), "max_norm"),
        (lambda: pyfc.Dense(3, 3, name="a.b"), "without a dot"),
        (lambda: pyfc.Dropout(1.0), "< 1"),
        (lambda: pyfc.Dropout(-0.1), ">= 0"),
        (lambda: pyfc.Scale(0), "other than 0"),
        (lambda: pyfc.Scale(float("nan")), "finite"),
    ],
)
def test_layers_refuse_unfit_settings(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_layers_refuse_unfit_input():
    layer = pyfc.Dense(3, 2)
    with pytest.raises(ValueError, match=r"Dense\(3, 2\) got x of shape \(n, 4\): expected \(n, 3\)"):
        layer.forward(np.ones((5, 4)))
    with pytest.raises(ValueError, match=r"expected \(n, n_in\)"):
        layer.forward(np.ones(3))
    with pytest.raises(TypeError, match="dtype complex128"):
        layer.forward(np.ones((5, 3), complex))
    assert not layer.built


@pytest.mark.parametrize(
    ("config", "text"),
    [({"kind": "conv"}, "unknown layer 'conv'"), ({"kind": "scale"}, "cannot be made"), ({}, "unknown layer None")],
)
def test_layer_from_config_refuses(config, text):
    with pytest.raises(ValueError, match=text):
        layer_from_config(config)


def test_dropout_keeps_the_mean_and_drops_the_rate():
    for dtype in ("float32", "float64"):
        x = np.ones((1000, 300), dtype)
        layer = pyfc.Dropout(0.3)
        y, cache = layer.forward(x, training=True)
        dropped = (y == 0).mean()
        # 300000 coins: the standard deviation of the share is 0.0008.
        assert abs(dropped - 0.3) < 0.005
        assert abs(y.mean() - 1) < 0.01
        dx, _ = layer.backward(x, cache)
        np.testing.assert_array_equal(dx, y)
        again, _ = layer.forward(x, training=True)
        assert (again != y).mean() > 0.3
        np.testing.assert_array_equal(layer.forward(x)[0], x)


def test_dropout_coins_do_not_repeat_between_rows_or_keys():
    x = np.ones((64, 64))
    coins = kernels.drop(x, 0.5, 7, 0) > 0
    assert abs(np.corrcoef(coins[:-1].ravel(), coins[1:].ravel())[0, 1]) < 0.06
    assert abs(np.corrcoef(coins.ravel(), (kernels.drop(x, 0.5, 8, 0) > 0).ravel())[0, 1]) < 0.06
    np.testing.assert_array_equal(kernels.drop(x, 0.5, 7, 64)[0], kernels.drop(x, 0.5, 7, 0)[1])
    assert np.isfinite(kernels.drop(np.full((4, 4), np.inf), 0.5, 1, 0)).any()
    with pytest.raises(ValueError, match="expected 0 <= rate < 1"):
        kernels.drop(x, 1.0, 0, 0)
    with pytest.raises(TypeError, match="int64"):
        kernels.drop(np.ones(3, np.int64), 0.5, 0, 0)


def test_max_norm_limits_the_columns():
    layer = pyfc.Dense(30, 4, init=pyfc.get("initializers", "normal")(std=1.0), max_norm=0.5)
    layer.build(30, np.float64, np.random.default_rng(0))
    layer.parameters["W"][:, 0] = 0.01
    layer.after_update()
    norms = np.linalg.norm(layer.parameters["W"], axis=0)
    assert norms[0] == pytest.approx(0.01 * np.sqrt(30))
    np.testing.assert_allclose(norms[1:], 0.5)


def test_a_step_that_needs_dx_of_nothing_gets_none():
    for make in (
        lambda: pyfc.Dense(5, 3),
        lambda: pyfc.Activation("prelu"),
        lambda: pyfc.Dropout(0.4),
        lambda: pyfc.Scale(2),
    ):
        layer = make()
        y, cache = layer.forward(np.ones((2, 5)), training=True)
        assert layer.backward(np.ones_like(y), cache, need_dx=False)[0] is None


def test_copies_are_apart():
    layer = pyfc.Dense(2, 2)
    layer.forward(np.ones((1, 2)))
    twin = layer.copy()
    twin.parameters["W"][:] = 9
    assert layer.parameters["W"].max() < 9


def test_dense_backward_refuses_outputs_that_overlap():
    memory, x = np.empty(4), np.ones((2, 2))
    with pytest.raises(ValueError, match="out overlaps"):
        kernels.dense_backward(x, x, x, dW=memory.reshape(2, 2), db=memory[:2])
