"""The network: how layers become a chain, what goes in and out, gradients, freezing, copies, tables."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pyfc
from pyfc.network import CHUNK


def small(loss="softmax_cross_entropy", activation="tanh", sizes=(4, 6, 3), **more):
    return pyfc.mlp(list(sizes), activation=activation, loss=loss, dtype="float64", **more)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(12, 4)), rng.integers(0, 3, 12)


def test_mlp_is_the_network_written_out():
    one = pyfc.mlp([784, 256, 128, 10], activation="relu", loss="softmax_cross_entropy", init="he_normal", seed=3)
    other = pyfc.Network(
        [
            pyfc.Dense(784, 256, init="he_normal"),
            "relu",
            pyfc.Dense(256, 128, init="he_normal"),
            "relu",
            pyfc.Dense(128, 10, init="he_normal"),
        ],
        loss="softmax_cross_entropy",
        dtype="float32",
        seed=3,
    )
    np.testing.assert_array_equal(one.flat, other.flat)
    assert repr(one) == repr(other)
    assert list(one.parameters) == [f"dense_{i}.{key}" for i in range(3) for key in "Wb"]
    assert [layer.name for layer in one.layers] == ["dense_0", "relu_0", "dense_1", "relu_1", "dense_2"]


def test_forward_equals_numpy(data):
    X, _ = data
    net = small(seed=2)
    p = net.parameters
    hidden = np.tanh(X @ p["dense_0.W"] + p["dense_0.b"])
    np.testing.assert_allclose(net.forward(X), hidden @ p["dense_1.W"] + p["dense_1.b"], rtol=1e-12)
    probabilities = net.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(net.predict(X), probabilities.argmax(axis=1))


def test_seed_decides_and_both_precisions_begin_alike():
    one, two, other, single = (
        small(seed=1),
        small(seed=1),
        small(seed=2),
        pyfc.mlp([4, 6, 3], activation="tanh", seed=1),
    )
    np.testing.assert_array_equal(one.flat, two.flat)
    assert not np.array_equal(one.flat, other.flat)
    np.testing.assert_array_equal(one.flat.astype("float32"), single.flat)
    assert not np.array_equal(small(seed=None).flat, small(seed=None).flat)


def test_inputs_that_are_too_large_for_the_dtype_are_refused():
    X = np.array([[0.0, 1e39]])
    assert np.isfinite(pyfc.mlp([2, 3], dtype="float64").forward(X)).all()
    with pytest.raises(ValueError, match=r"X\[0, 1\] is 1e\+39: expected numbers that are finite in float32"):
        pyfc.mlp([2, 3], dtype="float32").predict(X)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool, np.float16, np.float32, np.float64])
def test_inputs_of_many_dtypes(dtype):
    X = np.array([[0, 1, 1, 0], [1, 0, 1, 1]]).astype(dtype)
    net = small()
    np.testing.assert_array_equal(net.forward(X), net.forward(X.astype(np.float64)))


@pytest.mark.parametrize(("last", "loss"), [("softmax", "softmax_cross_entropy"), ("sigmoid", "binary_cross_entropy")])
def test_the_function_that_is_in_the_loss_is_not_taken_twice(last, loss):
    with pytest.raises(ValueError, match=f"the last layer is '{last}', and '{loss}' works it out by itself"):
        pyfc.Network([pyfc.Dense(4, 3), last], loss=loss)
    pyfc.Network([pyfc.Dense(4, 3), last], loss="squared_error")
    pyfc.Network([pyfc.Dense(4, 3), "identity"], loss=pyfc.BinaryCrossEntropy(from_logits=False))


def test_strided_read_only_empty_one_row_and_many_rows():
    rng = np.random.default_rng(0)
    net = small()
    whole = rng.normal(size=(10, 8))
    part = whole[::2, ::2]
    part.flags.writeable = False
    np.testing.assert_array_equal(net.forward(part), net.forward(part.copy()))
    assert net.forward(np.empty((0, 4))).shape == (0, 3)
    assert net.predict(np.empty((0, 4))).shape == (0,)
    np.testing.assert_allclose(net.forward(part[:1]), net.forward(part)[:1], rtol=1e-12)
    many = rng.normal(size=(CHUNK + 5, 4))
    np.testing.assert_allclose(net.forward(many)[-5:], net.forward(many[-5:]), rtol=1e-12)


@pytest.mark.parametrize(
    ("X", "error", "text"),
    [
        (np.ones((2, 5)), ValueError, r"X has shape \(2, 5\): expected \(n, 4\)"),
        (np.ones(4), ValueError, r"one sample is X\[None, :\]"),
        (np.ones((3, 2, 2)), ValueError, r"X.reshape\(len\(X\), -1\)"),
        (np.ones((2, 4), complex), TypeError, "dtype complex128"),
        (np.array([["a"] * 4]), TypeError, "dtype <U1"),
        ([[1, 2, 3, np.nan]], ValueError, r"X\[0, 3\] is nan"),
        ([[1, 2, 3, 4], [1, -np.inf, 3, 4]], ValueError, r"X\[1, 1\] is -inf"),
        (np.ma.masked_greater([[1.0, 2, 3, 4]], 3), TypeError, "X is a masked array with masked entries"),
    ],
)
def test_unfit_inputs_are_refused(X, error, text):
    net = small()
    before = net.flat.copy()
    for call in (
        net.forward,
        net.predict,
        net.predict_proba,
        lambda X: net.evaluate(X, [0, 1]),
        lambda X: net.fit(X, [0, 1]),
    ):
        with pytest.raises(error, match=text):
            call(X)
    np.testing.assert_array_equal(net.flat, before)


@pytest.mark.parametrize(
    ("y", "text"),
    [
        ([0] * 11, "one for each of the 12 samples"),
        ([3] + [0] * 11, "labels from 0 to 3: expected 0 to 2, because the network has 3 outputs$"),
        ([1, 2, 3] * 4, "labels from 1 to 3: expected 0 to 2, because the network has 3 outputs; use y - 1"),
        ([-1] + [0] * 11, "labels from -1 to 0"),
        (np.zeros((12, 2)), r"expected \(12, 3\), or \(12,\) integer labels"),
        (np.full((12, 3), np.nan), "NaN or infinity"),
        (np.full((12, 3), 0.7), "sum"),
        (np.zeros(12), r"expected \(12, 3\), or \(12,\) integer labels; use np.ravel\(y\).astype\(int\)"),
        (np.zeros((12, 1), int), r"integer labels; use np.ravel\(y\).astype\(int\)"),
        (np.full(12, 0.5), "integer labels$"),
    ],
)
def test_unfit_targets_are_refused(data, y, text):
    net = small()
    before = net.flat.copy()
    with pytest.raises(ValueError, match=text):
        net.fit(data[0], y, progress=False)
    np.testing.assert_array_equal(net.flat, before)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: pyfc.Network(["relu"], loss="huber"), ValueError, "at least one Dense"),
        (lambda: pyfc.Network([], loss="huber"), ValueError, "at least one Dense"),
        (lambda: pyfc.Network("relu", loss="huber"), TypeError, "expected a list"),
        (lambda: pyfc.Network(pyfc.Dense(1, 1), loss="huber"), TypeError, "expected a list"),
        (
            lambda: pyfc.Network([pyfc.Dense(3, 4), "relu", pyfc.Dense(5, 1)], loss="huber"),
            ValueError,
            r"layer 2 does not fit after Activation\(ReLU\(\)\): Dense\(5, 1\) got x of shape \(n, 4\): "
            r"expected \(n, 5\)",
        ),
        (lambda: pyfc.Network([pyfc.Dense(1, 1), "rellu"], loss="huber"), pyfc.errors.UnknownNameError, "did you mean"),
        (lambda: pyfc.Network([pyfc.Dense(1, 1), 3], loss="huber"), TypeError, "3 is no activation"),
        (lambda: pyfc.Network([pyfc.Dense(1, 1)], loss="hubber"), pyfc.errors.UnknownNameError, "'huber'"),
        (lambda: pyfc.Network([pyfc.Dense(1, 1)], loss="huber", dtype="float16"), ValueError, "float32"),
        (lambda: pyfc.Network([pyfc.Dense(1, 1)], loss="huber", dtype="int8"), ValueError, "float32"),
        (lambda: pyfc.Network([pyfc.Dense(1, 1)], loss="huber", seed=-1), ValueError, "seed"),
        (lambda: pyfc.Network([pyfc.Dense(1, 1)], loss="huber", seed=1.5), ValueError, "seed"),
        (lambda: pyfc.Network([pyfc.Dense(1, 1)], loss="huber", l2=-1), ValueError, "l2"),
        (lambda: pyfc.Network([pyfc.Dense(1, 1)], loss="huber", l1=float("nan")), ValueError, "l1"),
        (lambda: pyfc.mlp([3]), ValueError, "at least the number"),
    ],
)
def test_unfit_networks_are_refused(make, error, text):
    with pytest.raises(error, match=text):
        make()


LOSSES = pyfc.available("losses")
#: Those that keep a layer's width: a glu would need another dense layer behind it.
ACTIVATIONS = [n for n in pyfc.available("activations") if pyfc.get("activations", n)().out_cols(6) == 6]


def targets_for(loss, rows, cols, rng):
    task = pyfc.get("losses", loss).task
    if task == "classification" and cols > 1:
        return rng.integers(0, cols, rows)
    if task in ("binary", "classification"):
        return rng.integers(0, 2, (rows, cols)).astype(float)
    return np.maximum(rng.normal(size=(rows, cols)), pyfc.get("losses", loss).lowest_target)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_with_every_activation(activation, data):
    report = small(activation=activation, seed=5).check_gradients(*data)
    assert report.ok, str(report)


NOTHING_TO_LEARN = {"categorical_hinge", "cosine", "focal", "kl_divergence", "softmax_cross_entropy"}


# One class is always right, and one number has no angle: every gradient is 0.
@pytest.mark.parametrize(
    ("loss", "cols"),
    [(loss, cols) for loss in LOSSES for cols in (1, 3) if cols > 1 or loss not in NOTHING_TO_LEARN],
)
def test_gradients_with_every_loss(loss, cols):
    rng = np.random.default_rng(1)
    net = small(loss=loss, sizes=(4, 5, cols), seed=4, l1=0.01, l2=0.1)
    X, y = rng.normal(size=(9, 4)), targets_for(loss, 9, cols, rng)
    report = net.check_gradients(X, y)
    assert report.ok, str(report)


def test_gradients_are_those_of_the_reported_loss(data):
    X, y = data
    weight = np.random.default_rng(3).uniform(0, 2, len(X))
    net = small(l1=0.02, l2=0.3)
    loss, grads = net.loss_and_gradients(X, y, sample_weight=weight)
    assert loss == pytest.approx(net.evaluate(X, y, sample_weight=weight)["loss"], rel=1e-12)
    assert set(grads) == set(net.parameters)
    for name, value in net.parameters.items():
        index = np.unravel_index(np.abs(grads[name]).argmax(), value.shape)
        before = value[index]
        value[index] = before + 1e-6
        above = net.evaluate(X, y, sample_weight=weight)["loss"]
        value[index] = before - 1e-6
        below = net.evaluate(X, y, sample_weight=weight)["loss"]
        value[index] = before
        assert (above - below) / 2e-6 == pytest.approx(grads[name][index], rel=1e-6), name


def test_gradients_in_chunks_are_those_of_the_whole():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2 * CHUNK + 7, 4)), rng.integers(0, 3, 2 * CHUNK + 7)
    net = small(l2=0.1)
    loss, grads = net.loss_and_gradients(X, y)
    whole, _ = net.backpropagate_batch(X, y, np.full(len(X), 1 / len(X)), training=False)
    assert loss == pytest.approx(whole, rel=1e-12)
    for name, part in net.slices.items():
        np.testing.assert_allclose(grads[name].ravel(), net.flat_gradient[part], rtol=1e-9, atol=1e-15)


def test_a_wrong_backward_is_found(data):
    class Wrong(pyfc.get("activations", "tanh")):
        def compute_backward(self, z, y, dy, dz, a, da):
            super().compute_backward(z, y, dy, dz, a, da)
            dz *= 1.001

    class Broken(pyfc.get("activations", "tanh")):
        def compute_backward(self, z, y, dy, dz, a, da):
            super().compute_backward(z, y, dy, dz, a, da)
            dz[:, 0] = np.nan

    broken = small(activation=Broken()).check_gradients(*data)
    assert {check.name.split()[0] for check in broken.failures} == {"tanh_0.backward,", "dense_0.W", "dense_0.b"}
    for nothing, expected in (({"entries": 0}, "an int >= 1"), ({"step": 0}, "a number > 0")):
        with pytest.raises(ValueError, match=f" is 0: expected {expected}"):
            small().check_gradients(*data, **nothing)

    report = small(activation=Wrong()).check_gradients(*data)
    assert not report.ok
    failed = {check.name.split()[0] for check in report.failures}
    assert failed == {"tanh_0.backward,", "dense_0.W", "dense_0.b"}, str(report)
    assert "gradient" in report.failures[0].detail
    with pytest.raises(pyfc.errors.ProofError, match=r"dense_0\.W"):
        report.raise_if_failed()


@given(
    hidden=st.lists(st.integers(1, 7), max_size=3),
    rows=st.integers(1, 6),
    activation=st.sampled_from(ACTIVATIONS),
    loss=st.sampled_from(LOSSES),
    dtype=st.sampled_from(["float32", "float64"]),
)
@settings(max_examples=40, deadline=None)
def test_any_network_steps_and_stays_finite(hidden, rows, activation, loss, dtype):
    rng = np.random.default_rng(rows)
    net = pyfc.mlp([3, *hidden, 2], activation=activation, loss=loss, dtype=dtype)
    X, y = rng.normal(size=(rows, 3)), targets_for(loss, rows, 2, rng)
    if getattr(net.loss, "from_logits", True):
        # A small rate: four log_softmax in a row make gradients so large that at 0.01 the loss may become infinite.
        net.fit(X, y, epochs=2, batch_size=4, progress=False, optimizer=pyfc.SGD(lr=1e-5))
        assert np.isfinite(net.flat).all()
        assert net.forward(X).dtype == dtype


def test_trace_has_every_number_of_the_step(data):
    X, y = data
    net = pyfc.Network(
        [pyfc.Scale(0.5), pyfc.Dense(4, 5), "prelu", pyfc.Dropout(0.5), pyfc.Dense(5, 3)],
        loss="softmax_cross_entropy",
        dtype="float64",
    )
    trace = net.trace(X, y)
    loss, grads = net.loss_and_gradients(X, y)
    assert trace.loss == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(trace["dense_1.z"], net.forward(X), rtol=1e-12)
    for name, gradient in grads.items():
        layer, _, key = name.partition(".")
        np.testing.assert_allclose(trace[f"{layer}.d{key}"], gradient, rtol=1e-12)
    assert next(iter(trace)) == "x"
    assert len(trace) == len(list(trace)) > 12
    assert "dense_0.dW" in repr(trace)
    assert "<table>" in trace._repr_html_()
    with pytest.raises(KeyError, match=r"expected one of x, scale_0\.y"):
        trace["dense_9.z"]


def test_a_trace_stays_as_it_was(data):
    X, y = data[0].copy(), data[1]
    trace = small().trace(X, y)
    X[:] = 0
    np.testing.assert_array_equal(trace["x"], data[0])


def test_predictions_by_task():
    X = np.random.default_rng(0).normal(size=(5, 4))
    assert small("squared_error", sizes=(4, 1)).predict(X).shape == (5,)
    assert small("squared_error", sizes=(4, 2)).predict(X).shape == (5, 2)
    binary = small("binary_cross_entropy", sizes=(4, 1))
    assert set(binary.predict(X)) <= {0, 1}
    assert binary.predict(X).dtype == np.int64
    np.testing.assert_array_equal(binary.predict(X), binary.predict_proba(X)[:, 0] > 0.5)
    assert small("binary_cross_entropy", sizes=(4, 2)).predict(X).shape == (5, 2)
    with pytest.raises(TypeError, match="no probabilities"):
        small("squared_error", sizes=(4, 1)).predict_proba(X)


def test_evaluate_and_metrics(data):
    X, y = data
    net = small()
    result = net.evaluate(X, y)
    assert set(result) == {"loss", "accuracy"}
    assert result["accuracy"] == (net.predict(X) == y).mean()
    assert net.evaluate(X, np.eye(3)[y])["accuracy"] == result["accuracy"]

    def largest(outputs, targets, loss):
        return outputs.max()

    regression = small("squared_error", sizes=(4, 2))
    t = np.random.default_rng(1).normal(size=(12, 2))
    names = ["mean_absolute_error", "mean_squared_error", "root_mean_squared_error", "r2", largest]
    values = regression.evaluate(X, t, metrics=names)
    p = regression.predict(X)
    assert values["mean_absolute_error"] == pytest.approx(np.abs(p - t).mean())
    assert values["mean_squared_error"] == pytest.approx(((p - t) ** 2).mean())
    assert values["root_mean_squared_error"] == pytest.approx(np.sqrt(((p - t) ** 2).mean()))
    assert values["r2"] == pytest.approx((1 - ((p - t) ** 2).sum(0) / ((t - t.mean(0)) ** 2).sum(0)).mean())
    assert values["largest"] == p.max()
    assert regression.evaluate(X, np.ones((12, 2)), metrics=["r2"])["r2"] == 0

    def lr(outputs, targets, loss):
        return 0.0

    for metrics, error in (
        (["acuracy"], ValueError),
        (["r2", "r2"], ValueError),
        ([lr], ValueError),
        ("r2", TypeError),
        ([3], TypeError),
    ):
        with pytest.raises(error, match="metric"):
            net.evaluate(X, y, metrics=metrics)
    with pytest.raises(ValueError, match="at least one sample"):
        net.evaluate(np.empty((0, 4)), [])


def test_accuracy_of_other_losses():
    X = np.random.default_rng(0).normal(size=(20, 4))
    net = small("squared_error", sizes=(4, 3))
    labels = net.forward(X).argmax(axis=1)
    assert net.evaluate(X, labels, metrics=["accuracy"])["accuracy"] == 1
    one = small("squared_error", sizes=(4, 1))
    assert one.evaluate(X, (one.forward(X) > 0.5).astype(float), metrics=["accuracy"])["accuracy"] == 1
    hinge = small("hinge", sizes=(4, 1))
    assert hinge.evaluate(X, np.where(hinge.forward(X)[:, 0] > 0, 1, -1))["accuracy"] == 1
    many = small("hinge", sizes=(4, 3))
    assert many.evaluate(X, many.forward(X).argmax(axis=1))["accuracy"] == 1
    binary = small("binary_cross_entropy", sizes=(4, 2))
    assert binary.evaluate(X, (binary.forward(X) > 0).astype(float))["accuracy"] == 1


def test_freeze_keeps_layers_and_reuse_copies_them(data):
    X, y = data
    net = small()
    net.fit(X, y, epochs=3, progress=False)
    trained = net.parameters["dense_0.W"].copy()
    new = pyfc.Network([*net.layers[:2], pyfc.Dense(6, 2)], loss="softmax_cross_entropy", dtype="float64")
    np.testing.assert_array_equal(new.parameters["dense_0.W"], trained)
    assert new.freeze("dense_0") is new
    head = new.parameters["dense_1.W"].copy()
    new.fit(X, y % 2, epochs=3, progress=False)
    np.testing.assert_array_equal(new.parameters["dense_0.W"], trained)
    assert not np.array_equal(new.parameters["dense_1.W"], head)
    assert "frozen" in repr(new.summary())
    new.unfreeze()
    new.fit(X, y % 2, epochs=3, progress=False)
    assert not np.array_equal(new.parameters["dense_0.W"], trained)
    np.testing.assert_array_equal(net.parameters["dense_0.W"], trained)
    with pytest.raises(KeyError, match="no layer 'dense_7': expected one of dense_0"):
        new.freeze("dense_7")


def test_everything_frozen_changes_nothing(data):
    net = small().freeze()
    before = net.flat.copy()
    net.fit(*data, epochs=2, progress=False)
    np.testing.assert_array_equal(net.flat, before)


def test_names_are_unique_and_kept():
    layer = pyfc.Dense(2, 2, name="first")
    net = pyfc.Network([layer, "relu", pyfc.Dense(2, 2, name="first"), pyfc.Dense(2, 2)], loss="huber")
    assert len({one.name for one in net.layers}) == 4
    named = pyfc.Network([pyfc.Dense(2, 2, name="dense_0"), pyfc.Dense(2, 2)], loss="huber")
    assert [one.name for one in named.layers] == ["dense_0", "dense_1"]
    assert named["dense_1"] is named.layers[1]


def test_parameters_are_views_and_the_mapping_is_fixed():
    net = small()
    net.parameters["dense_0.b"][:] = 7
    assert (net.flat == 7).sum() == 6
    assert net["dense_0"].parameters["b"][0] == 7
    with pytest.raises(TypeError):
        net.parameters["dense_0.b"] = np.zeros(6)

    with pytest.raises(TypeError):
        net["dense_0"].parameters["b"] = np.zeros(6)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])  # noqa: S301
def test_pickle_and_deepcopy(again, data):
    net = pyfc.Network(
        [pyfc.Dropout(0.2), pyfc.Dense(4, 6, max_norm=2), "prelu", pyfc.Dense(6, 3)], "softmax_cross_entropy", l2=0.01
    ).freeze("dense_1")
    net.fit(*data, epochs=1, progress=False)
    net.step(data, pyfc.SGD(momentum=0.9))
    twin = again(net)
    assert (repr(twin), twin.history) == (repr(net), net.history)
    for one in (net, twin):  # goes on with the same coins, order and momentum
        one.step(data, pyfc.SGD(momentum=0.9))
        one.fit(*data, epochs=2, batch_size=5, progress=False)
    np.testing.assert_array_equal(twin.flat, net.flat)
    before = net.flat.copy()
    twin["dense_0"].parameters["W"][:] = 5
    assert (twin.flat == 5).sum() == 24
    np.testing.assert_array_equal(net.flat, before)
    layer = again(net["dense_0"])
    assert not np.shares_memory(layer.parameters["W"], net.flat)


def test_copy_is_equal_and_apart(data):
    X, _ = data
    net = small(l2=0.5)
    twin, single = net.copy(), net.copy("float32")
    np.testing.assert_array_equal(twin.forward(X), net.forward(X))
    np.testing.assert_allclose(single.forward(X), net.forward(X), rtol=1e-4, atol=1e-5)
    assert twin.l2 == 0.5
    twin.flat[:] = 0
    assert np.abs(net.flat).max() > 0


def test_summary_reads_well():
    text = repr(pyfc.mlp([784, 256, 10], dropout=0.5, input_dropout=0.2).summary())
    assert "203,530 parameters, float32, 795 KiB" in text
    assert "Dropout(0.2)" in text
    assert "<table>" in pyfc.mlp([2, 2]).summary()._repr_html_()


def test_scale_and_dropout_before_the_first_dense_layer():
    net = pyfc.Network([pyfc.Scale(1 / 255), pyfc.Dropout(0.2), pyfc.Dense(4, 2)], loss="softmax_cross_entropy")
    assert (net.n_in, net.n_out) == (4, 2)
    X = np.array([[0, 255, 255, 0]], np.uint8)
    p = net.parameters
    np.testing.assert_allclose(net.forward(X), (X / 255) @ p["dense_0.W"] + p["dense_0.b"], rtol=1e-5)
