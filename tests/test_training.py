"""Training: batches, shuffling, schedules, penalties, weights, callbacks, stopping, Ctrl-C, and what is refused."""

import os
import signal
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pyfc
from pyfc import schedules
from pyfc.errors import TrainingError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(np.int64) + (X[:, 3] > 1)


def net(seed=1, **more):
    return pyfc.mlp([4, 8, 3], activation="tanh", dtype="float64", seed=seed, **more)


def quiet(network, **more):
    return network.fit(X, Y, **{"progress": False, "epochs": 3, "batch_size": 16, **more})


def test_sgd_epochs_equal_a_transcription_in_numpy():
    network = net()
    p = {name: value.copy() for name, value in network.parameters.items()}
    history = quiet(network, optimizer=pyfc.SGD(lr=0.1), shuffle=False)
    losses = []
    for _ in range(3):
        total = 0.0
        for start in range(0, 60, 16):
            x, t = X[start : start + 16], np.eye(3)[Y[start : start + 16]]
            h = np.tanh(x @ p["dense_0.W"] + p["dense_0.b"])
            z = h @ p["dense_1.W"] + p["dense_1.b"]
            e = np.exp(z - z.max(axis=1, keepdims=True))
            s = e / e.sum(axis=1, keepdims=True)
            total += -np.log((s * t).sum(axis=1)).sum()
            dz = (s - t) / len(x)
            dh = dz @ p["dense_1.W"].T * (1 - h * h)
            for name, gradient in {
                "dense_0.W": x.T @ dh,
                "dense_0.b": dh.sum(axis=0),
                "dense_1.W": h.T @ dz,
                "dense_1.b": dz.sum(axis=0),
            }.items():
                p[name] = p[name] - 0.1 * gradient
        losses.append(total / 60)
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-12)
    for name, value in network.parameters.items():
        np.testing.assert_allclose(value, p[name], rtol=1e-11, atol=1e-14)


def test_each_epoch_takes_every_sample_once_in_a_new_order():
    seen = []

    def spy(outputs, targets, loss):
        seen.append(targets[:, 0].copy())
        return 0.0

    network = pyfc.mlp([1, 1], loss="squared_error", dtype="float64")
    numbers = np.arange(50.0)[:, None]
    network.fit(numbers, numbers, epochs=4, batch_size=7, metrics=[spy], optimizer=pyfc.SGD(lr=0), progress=False)
    for order in seen:
        np.testing.assert_array_equal(np.sort(order), numbers[:, 0])
    assert len({tuple(order) for order in seen}) == 4
    assert not any(np.array_equal(order, numbers[:, 0]) for order in seen)


def test_the_same_seed_gives_the_same_weights_bit_by_bit():
    one, two, other = net(dropout=0.3), net(dropout=0.3), net(seed=2, dropout=0.3)
    for network in (one, two, other):
        quiet(network)
    np.testing.assert_array_equal(one.flat, two.flat)
    assert not np.array_equal(one.flat, other.flat)


@pytest.mark.parametrize("optimizer", pyfc.available("optimizers"))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_optimizer_learns(optimizer, dtype):
    network = pyfc.mlp([4, 16, 3], activation="tanh", dtype=dtype)
    cls = pyfc.get("optimizers", optimizer)
    chosen = cls() if cls.full_batch else cls(lr=0.1 if optimizer in ("sgd", "adagrad") else 0.01)
    first = network.evaluate(X, Y)["loss"]
    history = quiet(network, optimizer=chosen, epochs=60)
    assert history["loss"][-1] < 0.5 * first
    assert network.evaluate(X, Y)["accuracy"] > 0.8


def test_history_and_table():
    network = net()
    history = quiet(network, validation=(X[:20], Y[:20]), metrics=["accuracy"])
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert history.epochs == len(history["loss"]) == 3
    assert network.history is history
    assert history.stop_reason == "finished"
    assert history.samples == 180
    assert history.samples_per_second > 0
    arrays = history.arrays()
    assert arrays["epoch"].tolist() == [1, 2, 3]
    assert arrays["loss"].dtype == np.float64
    assert history["val_loss"][-1] == pytest.approx(network.evaluate(X[:20], Y[:20])["loss"])
    assert repr(history).splitlines()[0].split() == ["epoch", *history]
    assert "<table>" in history._repr_html_()


def test_a_long_history_is_shown_in_part_and_small_numbers_in_full():
    history = pyfc.History()
    for epoch in range(31):
        history.append({"loss": 0.5 if epoch < 30 else 2e-7, "lr": 0.0, "val_loss": float("nan")})
    lines = repr(history).splitlines()
    assert lines[0] == "epoch    loss      lr  val_loss"
    assert lines[15:18] == [
        "   15  0.5000  0.0000       nan",
        "  ...     ...     ...       ...",
        "   17  0.5000  0.0000       nan",
    ]
    assert lines[-1] == "   31   2e-07  0.0000       nan"
    assert len(lines) == 32
    assert history._repr_html_().count("<tr>") == 32
    with pytest.raises(KeyError, match="no metric 'val_los'"):
        history["val_los"]


def test_epochs_zero_and_batches_larger_than_the_data():
    network = net()
    before = network.flat.copy()
    assert quiet(network, epochs=0).epochs == 0
    np.testing.assert_array_equal(network.flat, before)
    assert quiet(network, batch_size=10_000, epochs=2).samples == 120
    single = net()
    single.fit(X[:1], Y[:1], progress=False, epochs=2)
    assert np.isfinite(single.flat).all()


def test_data_of_other_forms():
    images = RNG.integers(0, 256, (30, 4)).astype(np.uint8)
    labels = images[:, 0] // 86
    network = pyfc.Network([pyfc.Scale(1 / 255), pyfc.Dense(4, 3)], loss="softmax_cross_entropy", dtype="float64")
    twin = network.copy()
    kept = images.copy()
    network.fit(images, labels, epochs=2, progress=False)
    twin.fit(images.astype(float), np.eye(3)[labels], epochs=2, progress=False)
    np.testing.assert_allclose(network.flat, twin.flat, rtol=1e-12)
    np.testing.assert_array_equal(images, kept)
    read_only = X.copy()
    read_only.flags.writeable = False
    one, two = net(), net()
    quiet(one)
    two.fit(np.repeat(read_only, 2, axis=0)[::2], Y.tolist(), progress=False, epochs=3, batch_size=16)
    np.testing.assert_array_equal(one.flat, two.flat)


def test_sample_weights_are_repeats():
    weight = RNG.integers(1, 4, 60)
    one, two = net(), net()
    one.fit(X, Y, sample_weight=weight, batch_size=60, shuffle=False, epochs=4, progress=False, optimizer="sgd")
    two.fit(
        np.repeat(X, weight, axis=0), np.repeat(Y, weight), batch_size=300, shuffle=False, epochs=4, progress=False,
        optimizer="sgd",
    )  # fmt: skip
    np.testing.assert_allclose(one.flat, two.flat, rtol=1e-9)
    np.testing.assert_allclose(one.history["loss"], two.history["loss"], rtol=1e-12)


def test_a_batch_of_weight_zero_moves_nothing():
    weight = np.r_[np.ones(16), np.zeros(44)]
    one, two = net(), net()
    quiet(one, sample_weight=weight, shuffle=False, optimizer="sgd")
    two.fit(X[:16], Y[:16], shuffle=False, optimizer="sgd", epochs=3, batch_size=16, progress=False)
    np.testing.assert_allclose(one.flat, two.flat, rtol=1e-12)
    np.testing.assert_allclose(one.history["loss"], two.history["loss"], rtol=1e-12)


def test_class_weights():
    one, two, three = net(), net(), net()
    quiet(one, class_weight={0: 2.0, 2: 0.5})
    quiet(two, sample_weight=np.array([2.0, 1.0, 0.5])[Y])
    np.testing.assert_array_equal(one.flat, two.flat)
    quiet(three, class_weight="balanced")
    counts = np.bincount(Y)
    four = net()
    quiet(four, sample_weight=(60 / (3 * counts))[Y])
    np.testing.assert_allclose(three.flat, four.flat, rtol=1e-12)
    binary = pyfc.mlp([4, 1], loss="binary_cross_entropy")
    binary.fit(X, Y > 0, class_weight={1: 3.0}, progress=False)
    one_hot = net()
    one_hot.fit(X, np.eye(3)[Y], class_weight={0: 2.0, 2: 0.5}, progress=False, epochs=3, batch_size=16)
    np.testing.assert_allclose(one_hot.flat, one.flat, rtol=1e-12)


@pytest.mark.parametrize(
    ("loss", "targets"),
    [("squared_error", X[:, :1]), ("squared_error", X[:, :3]), ("binary_cross_entropy", np.ones((60, 3)))],
)
def test_class_weights_need_classes(loss, targets):
    network = pyfc.mlp([4, targets.shape[1]], loss=loss)
    with pytest.raises(ValueError, match="class_weight needs samples of one class each"):
        network.fit(X, targets, class_weight="balanced", progress=False)


def test_l2_shrinks_and_l1_makes_zeros():
    plain, l2, l1 = net(), net(l2=0.3), net(l1=0.05)
    for network in (plain, l2, l1):
        quiet(network, epochs=200, optimizer=pyfc.SGD(lr=0.05))
    size = {n: np.abs(w.parameters["dense_0.W"]) for n, w in {"plain": plain, "l2": l2, "l1": l1}.items()}
    assert size["l2"].sum() < 0.5 * size["plain"].sum()
    assert (size["l1"] < 0.01).mean() > (size["plain"] < 0.01).mean() + 0.2


def test_clip_norm_and_clip_value():
    one = net()
    before = one.flat.copy()
    one.step((X, Y), pyfc.SGD(lr=1.0), clip_norm=1e-3)
    assert np.linalg.norm(one.flat - before) == pytest.approx(1e-3)
    two = net()
    before = two.flat.copy()
    two.step((X, Y), pyfc.SGD(lr=1.0), clip_value=1e-4)
    assert np.abs(two.flat - before).max() == pytest.approx(1e-4)
    loose, plain = net(), net()
    quiet(loose, clip_norm=1e6, clip_value=1e6)
    quiet(plain)
    np.testing.assert_array_equal(loose.flat, plain.flat)


def test_max_norm_holds_after_training():
    network = pyfc.Network(
        [pyfc.Dense(4, 8, max_norm=0.5), "relu", pyfc.Dense(8, 3)], loss="softmax_cross_entropy", dtype="float64"
    )
    quiet(network, epochs=10, optimizer=pyfc.SGD(lr=0.5))
    assert np.linalg.norm(network.parameters["dense_0.W"], axis=0).max() <= 0.5 + 1e-12
    assert np.linalg.norm(network.parameters["dense_1.W"], axis=0).max() > 0.5


SCHEDULES = [
    schedules.Constant(0.1),
    schedules.StepDecay(0.1, factor=0.5, every=2),
    schedules.ExponentialDecay(0.1, factor=0.9),
    schedules.Cosine(0.1, epochs=3, minimum=0.01),
    schedules.WarmUp(1, then=schedules.Cosine(0.1, epochs=2)),
    schedules.WarmUp(2, then=0.05),
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_schedules_set_the_rate_of_each_step(schedule):
    rates, network = [], net()

    class Spy(pyfc.Callback):
        def on_batch_end(self, run):
            rates.append(run.lr)

    history = quiet(network, optimizer=pyfc.SGD(lr=schedule), callbacks=[Spy()])
    assert rates == [schedule(epoch + batch / 4) for epoch in range(3) for batch in range(4)]
    assert history["lr"] == rates[3::4]
    assert schedules.schedule_from_config(schedule.config()) == schedule


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: schedules.Constant(-1), ValueError),
        (lambda: schedules.Constant("0.1"), TypeError),
        (lambda: schedules.Constant(True), TypeError),
        (lambda: schedules.StepDecay(0.1, every=0), ValueError),
        (lambda: schedules.Cosine(0.1, epochs=0), ValueError),
        (lambda: schedules.Cosine(float("nan"), epochs=1), ValueError),
        (lambda: schedules.WarmUp(0, then=0.1), ValueError),
        (lambda: schedules.schedule_from_config({"schedule": "Triangle"}), ValueError),
        (lambda: pyfc.SGD(lr=-0.1), ValueError),
        (lambda: pyfc.SGD(lr=float("inf")), ValueError),
        (lambda: pyfc.SGD(lr="fast"), TypeError),
    ],
)
def test_unfit_rates_are_refused(make, error):
    with pytest.raises(error, match="expected"):
        make()


def test_early_stopping_brings_the_best_weights_back():
    network, values = net(), iter([3.0, 2.0, 1.0, 5.0, 4.0, 6.0, 7.0])
    kept = {}

    def wave(outputs, targets, loss):
        return next(values)

    stop = pyfc.EarlyStopping("wave", patience=2)
    history = quiet(
        network, epochs=50, metrics=[wave], callbacks=[lambda run: kept.update({run.epoch: run.snapshot()}), stop]
    )
    assert history["wave"] == [3.0, 2.0, 1.0, 5.0, 4.0]
    assert (stop.best, stop.best_epoch) == (1.0, 2)
    assert history.stop_reason == "wave was best in epoch 3: 1"
    np.testing.assert_array_equal(network.flat, kept[2])


def test_early_stopping_knows_what_is_better():
    values = iter([0.1, 0.5, 0.4, 0.3, 0.2])

    def rising(outputs, targets, loss):
        return next(values)

    up = pyfc.EarlyStopping("rising", patience=0, mode="max", restore_best=False)
    assert quiet(net(), epochs=9, metrics=[rising], callbacks=[up]).epochs == 3
    assert pyfc.EarlyStopping("val_accuracy").best == -np.inf
    assert pyfc.EarlyStopping("val_loss").best == np.inf
    small_changes = iter(np.linspace(1, 0.99, 9))

    def flat(outputs, targets, loss):
        return next(small_changes)

    assert (
        quiet(net(), epochs=9, metrics=[flat], callbacks=[pyfc.EarlyStopping("flat", patience=1, min_delta=0.1)]).epochs
        == 2
    )
    rate = pyfc.schedules.Cosine(0.1, epochs=2)
    untrained = net()
    with pytest.raises(ValueError, match="'val_loss', which is not measured: expected one of loss, accuracy, lr;"):
        quiet(untrained, callbacks=[pyfc.EarlyStopping()], optimizer=pyfc.SGD(lr=rate))
    np.testing.assert_array_equal(untrained.flat, net().flat)
    assert quiet(net(), epochs=1, optimizer=pyfc.SGD(lr=rate), callbacks=[pyfc.EarlyStopping("lr")]).epochs == 1
    for settings_, text in (({"patience": -1}, "patience"), ({"min_delta": -1}, "min_delta"), ({"mode": "up"}, "mode")):
        with pytest.raises(ValueError, match=text):
            pyfc.EarlyStopping(**settings_)


def test_callbacks_run_in_order_and_can_stop():
    calls = []

    class Spy(pyfc.Callback):
        def on_train_begin(self, run):
            calls.append("begin")

        def on_batch_end(self, run):
            calls.append((run.epoch, run.batch))
            if run.steps == 6:
                run.stop("enough")

        def on_epoch_end(self, run):
            calls.append(("epoch", run.epoch, sorted(run.logs)))

        def on_train_end(self, run):
            calls.append("end")

    history = quiet(net(), callbacks=[Spy()])
    assert calls == [
        "begin", (0, 0), (0, 1), (0, 2), (0, 3), ("epoch", 0, ["accuracy", "loss"]), (1, 0), (1, 1), "end",
    ]  # fmt: skip
    assert history.stop_reason == "enough"
    assert history.epochs == 1


def test_a_callback_may_train_the_network_itself():
    network, inner = net(), []

    def nested(run):
        if not inner:
            inner.append(quiet(network, epochs=1))
            network.step((X, Y))
            network.freeze("dense_0").check_gradients(X, Y)

    history = quiet(network, epochs=3, callbacks=[nested])
    assert (history.epochs, inner[0].epochs) == (3, 1)
    assert network.history is history


def test_a_callback_that_raises_leaves_a_usable_network():
    def fail(run):
        raise RuntimeError("mine")

    network = net()
    with pytest.raises(RuntimeError, match="mine"):
        quiet(network, callbacks=[fail])
    assert np.isfinite(network.forward(X)).all()
    assert network.history.epochs == 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_loss_that_is_not_finite_stops_with_the_weights_from_before(dtype):
    network = pyfc.mlp([4, 8, 1], loss="squared_error", dtype=dtype)
    good = []
    with (
        np.errstate(all="ignore"),
        pytest.raises(
            TrainingError, match=r"the loss became (nan|inf) in epoch \d+, batch \d of 4; .*learning rate"
        ) as caught,
    ):
        network.fit(
            1e3 * X, 1e3 * X[:, :1], optimizer=pyfc.SGD(lr=10.0), epochs=50, batch_size=16, progress=False,
            callbacks=[lambda run: good.append(run.snapshot())],
        )  # fmt: skip
    assert isinstance(caught.value, ArithmeticError)
    first = pyfc.mlp([4, 8, 1], loss="squared_error", dtype=dtype)
    np.testing.assert_array_equal(network.flat, good[-1] if good else first.flat)
    assert np.isfinite(network.flat).all()
    assert "the loss became" in network.history.stop_reason


@pytest.mark.parametrize("batch_size", [16, 60])
def test_a_last_step_that_ruins_the_weights_is_noticed(batch_size):
    def last_is_huge(run):
        run.optimizer.lr = 1e39 if run.steps + 1 == run.batches else 0.01

    class Ruin(pyfc.Callback):
        on_train_begin = on_batch_end = staticmethod(last_is_huge)

    network = pyfc.mlp([4, 8, 3], activation="tanh", dtype="float32")
    before = network.flat.copy()
    with np.errstate(all="ignore"), pytest.raises(TrainingError, match="weights became NaN or infinite in epoch 1"):
        quiet(network, epochs=1, batch_size=batch_size, optimizer=pyfc.SGD(), callbacks=[Ruin()])
    np.testing.assert_array_equal(network.flat, before)
    assert "weights became" in network.history.stop_reason


def test_a_step_with_an_infinite_gradient_is_not_made():
    network = pyfc.Network([pyfc.Dense(1, 1, init="zeros"), pyfc.Scale(1e30)], loss="absolute_error")
    with np.errstate(all="ignore"), pytest.raises(TrainingError, match="the gradient has a NaN or infinite entry"):
        network.step(([[1e30]], [[1.0]]))
    np.testing.assert_array_equal(network.flat, 0)


def test_step_makes_the_steps_of_fit():
    one, two = net(), net()
    quiet(one, shuffle=False, optimizer=pyfc.Adam(lr=0.01), epochs=2)
    optimizer = pyfc.Adam(lr=0.01)
    for _ in range(2):
        for start in range(0, 60, 16):
            two.step((X[start : start + 16], Y[start : start + 16]), optimizer)
    np.testing.assert_array_equal(one.flat, two.flat)
    with pytest.raises(TypeError, match="expected a tuple"):
        two.step(X)
    with pytest.raises(ValueError, match="all data at once"):
        two.step((X, Y), "lbfgs")
    two.flat[0] = 1e308
    before = two.flat.copy()
    two.parameters["dense_1.W"][:] = np.nan
    with pytest.raises(TrainingError, match="no step was made"):
        two.step((X, Y, np.ones(60)), optimizer)
    assert before.shape == two.flat.shape


def test_lbfgs_finds_the_exact_solution_of_linear_regression():
    t = X @ np.array([[1.0], [-2.0], [0.5], [3.0]]) + 4
    network = pyfc.mlp([4, 1], loss="squared_error", dtype="float64")
    history = network.fit(X, t, optimizer=pyfc.LBFGS(), epochs=100, progress=False)
    np.testing.assert_allclose(network.parameters["dense_0.W"].ravel(), [1, -2, 0.5, 3], atol=1e-4)
    assert history["loss"][-1] < 1e-8
    assert history.epochs < 100
    frozen = pyfc.mlp([4, 8, 3], dtype="float64").freeze("dense_0")
    before = frozen.parameters["dense_0.W"].copy()
    frozen.fit(X, Y, optimizer="lbfgs", epochs=5, progress=False)
    np.testing.assert_array_equal(frozen.parameters["dense_0.W"], before)
    with pytest.raises(ValueError, match="without Dropout"):
        net(dropout=0.5).fit(X, Y, optimizer="lbfgs", progress=False)
    stopped = net().fit(X, Y, optimizer="lbfgs", epochs=50, progress=False, callbacks=[lambda run: run.stop("now")])
    assert (stopped.epochs, stopped.stop_reason) == (1, "now")


def test_lbfgs_refuses_what_it_cannot_do():
    frozen, bounded = net().freeze(), pyfc.Network([pyfc.Dense(4, 3, max_norm=1)], loss="softmax_cross_entropy")
    for network, text in ((frozen, "all layers are frozen"), (bounded, "without max_norm")):
        with pytest.raises(ValueError, match=text):
            network.fit(X, Y, optimizer="lbfgs", progress=False)
        assert network.history is None


def test_lbfgs_that_fails_keeps_the_weights_of_its_last_iteration():
    kept = []

    class Sabotage(pyfc.Callback):
        def on_epoch_end(self, run):
            kept.append(run.snapshot())
            if run.epoch == 2:
                run.network.l2 = float("nan")

    network = net()
    with pytest.raises(TrainingError, match="the loss became nan in epoch 4"):
        network.fit(X, Y, optimizer="lbfgs", epochs=50, progress=False, callbacks=[Sabotage()])
    np.testing.assert_array_equal(network.flat, kept[-1])
    assert network.history.epochs == len(kept) == 3


@pytest.mark.parametrize(
    ("more", "error", "text"),
    [
        ({"epochs": -1}, ValueError, "epochs is -1: expected an int >= 0"),
        ({"epochs": 1.5}, ValueError, "epochs"),
        ({"batch_size": 0}, ValueError, "batch_size is 0: expected an int >= 1"),
        ({"batch_size": True}, ValueError, "batch_size"),
        ({"optimizer": "sdg"}, pyfc.errors.UnknownNameError, "did you mean 'sgd'"),
        ({"optimizer": 3}, TypeError, "3 is no optimizer"),
        ({"validation": X}, TypeError, r"expected a tuple \(X, y\)"),
        ({"validation": (X[:, :2], Y)}, ValueError, r"validation: X has shape \(60, 2\)"),
        ({"validation": (X, Y + 5)}, ValueError, "validation: .*labels from"),
        ({"metrics": ["speed"]}, ValueError, "unknown metric 'speed'"),
        ({"callbacks": [3]}, TypeError, "callback 3"),
        ({"callbacks": pyfc.EarlyStopping()}, TypeError, "expected a list"),
        ({"callbacks": [pyfc.EarlyStopping]}, TypeError, "EarlyStopping"),
        ({"n_threads": 0}, ValueError, "n_threads is 0: expected an int >= 1"),
        ({"sample_weight": np.ones(3)}, ValueError, "expected 60 numbers"),
        ({"sample_weight": -np.ones(60)}, ValueError, "negative"),
        ({"sample_weight": np.zeros(60)}, ValueError, "all zero"),
        ({"sample_weight": np.full(60, np.inf)}, ValueError, "infinite"),
        ({"class_weight": {7: 1.0}}, ValueError, r"classes \[7\]: expected 0 to 2"),
        ({"class_weight": "fair"}, ValueError, "'balanced'"),
        ({"class_weight": [1, 2, 3]}, TypeError, "expected a dict or 'balanced'"),
        ({"class_weight": {0: "a"}}, TypeError, r"class_weight\[0\]='a'"),
        ({"class_weight": {0: None}}, TypeError, r"class_weight\[0\]=None"),
        ({"class_weight": {0: -1.0}}, ValueError, r"class_weight\[0\]=-1\.0.*>= 0"),
        ({"sample_weight": np.full(60, 1e308)}, ValueError, "infinite sum"),
        ({"clip_norm": 0}, ValueError, "clip_norm"),
        ({"clip_value": -1}, ValueError, "clip_value"),
        ({"resume": True}, ValueError, "without checkpoint"),
    ],
)
def test_unfit_settings_change_nothing(more, error, text):
    network = net()
    before = network.flat.copy()
    with pytest.raises(error, match=text):
        quiet(network, **more)
    np.testing.assert_array_equal(network.flat, before)
    assert network.history is None


def test_empty_data_is_refused():
    with pytest.raises(ValueError, match="at least one sample"):
        net().fit(np.empty((0, 4)), np.empty(0, int), progress=False)


@given(rows=st.integers(1, 20), batch=st.integers(1, 25), epochs=st.integers(0, 3), weighted=st.booleans())
@settings(max_examples=30, deadline=None)
def test_every_sample_is_used_in_every_epoch(rows, batch, epochs, weighted):
    network = net()
    weight = np.linspace(0, 1, rows) + 0.1 if weighted else None
    history = network.fit(X[:rows], Y[:rows], epochs=epochs, batch_size=batch, sample_weight=weight, progress=False)
    assert history.samples == rows * epochs
    assert history.epochs == epochs


def test_progress_is_shown_and_silent_when_told(capsys):
    quiet(net())
    assert capsys.readouterr() == ("", "")
    quiet(net(), progress=True)
    err = capsys.readouterr().err
    assert "epoch 3/3" in err
    assert "loss=" in err
    assert "100%" in err


def test_threads_do_not_change_the_result_beyond_rounding():
    one, two = net(), net()
    quiet(one, n_threads=1)
    quiet(two, n_threads=2)
    np.testing.assert_allclose(one.flat, two.flat, rtol=1e-9)


def test_training_in_a_thread_and_two_at_once():
    alone = net()
    quiet(alone)
    networks = [net() for _ in range(2)]
    threads = [threading.Thread(target=quiet, args=(network,)) for network in networks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for network in networks:
        np.testing.assert_array_equal(network.flat, alone.flat)


INTERRUPTED = """
    import os, signal, threading, time
    import numpy as np, pyfc
    X, y = np.random.default_rng(0).normal(size=(400, 4)), np.arange(400) % 3
    network = pyfc.mlp([4, 8, 3])

    class Press(pyfc.Callback):
        def on_batch_end(self, run):
            if run.steps == 130:
                os.kill(os.getpid(), signal.SIGINT)

    history = network.fit(X, y, epochs=1000, batch_size=4, progress=False, callbacks=[Press()])
    print(history.stop_reason, history.epochs, network.last_step, network.predict(X[:3]).shape)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    network.fit(X, y, epochs=1, progress=False)
"""


def test_ctrl_c_ends_training_cleanly():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(INTERRUPTED)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["interrupted", "1", "None", "(3,)"]


def test_a_second_ctrl_c_raises_and_brings_the_epochs_weights_back():
    network, states = net(), []

    class Press(pyfc.Callback):
        def on_epoch_end(self, run):
            states.append(run.snapshot())

        def on_batch_end(self, run):
            if run.epoch == 1 and run.batch == 2:
                os.kill(os.getpid(), signal.SIGINT)
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        quiet(network, callbacks=[Press()])
    np.testing.assert_array_equal(network.flat, states[0])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
