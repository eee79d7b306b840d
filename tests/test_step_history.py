"""StepHistory: the numbers are those of the steps, in a network, in a picture and over a break."""

import numpy as np
import pytest

import pyfc
from pyfc.plots import plot_history

RNG = np.random.default_rng(3)
X = RNG.normal(size=(50, 3))
Y = (X[:, 0] > X[:, 1]).astype(np.int64)


def net(**more):
    return pyfc.mlp([3, 5, 2], dtype="float64", **more)


def train(network, curves, **settings):
    settings = {"epochs": 4, "batch_size": 8, "optimizer": pyfc.SGD(lr=0.5), "progress": False, **settings}
    return network.fit(X, Y, callbacks=[curves], **settings)


def test_every_step_has_the_loss_and_accuracy_of_its_batch():
    curves, twin = pyfc.StepHistory(1), net()
    train(net(), curves, shuffle=False, epochs=2)
    losses, accuracies = [], []
    for _ in range(2):
        for start in range(0, 50, 8):
            batch = X[start : start + 8], Y[start : start + 8]
            accuracies.append(float(np.mean(twin.predict(batch[0]) == batch[1])))
            losses.append(twin.step(batch, pyfc.SGD(lr=0.5)))
    np.testing.assert_allclose(curves.history["loss"], losses, rtol=1e-12)
    assert curves.history["accuracy"] == accuracies
    assert curves.history.arrays()["step"].tolist() == list(range(1, 15))


def test_a_number_is_of_all_batches_since_the_last_one():
    each, some = pyfc.StepHistory(1), pyfc.StepHistory(5)  # of 7 steps an epoch: some lie across the border of two
    train(net(), each)
    train(net(), some)
    sizes = np.array([8, 8, 8, 8, 8, 8, 2] * 4)[:25].reshape(5, 5)
    for name in ("loss", "accuracy"):
        rows = np.array(each.history[name])[:25].reshape(5, 5)
        np.testing.assert_allclose(some.history[name], np.average(rows, axis=1, weights=sizes), rtol=1e-12)
    assert str(some.history).splitlines()[0].split() == ["step", "loss", "accuracy"]
    assert [line.split()[0] for line in str(some.history).splitlines()[1:]] == ["5", "10", "15", "20", "25"]


def test_validation_is_measured_with_the_weights_after_the_step():
    curves, network = pyfc.StepHistory(7, validation=(X[:9], Y[:9]), metrics=["accuracy", "r2"]), net()
    train(network, curves, epochs=1)
    assert list(curves.history) == ["loss", "accuracy", "r2", "val_loss", "val_accuracy", "val_r2"]
    measured = network.evaluate(X[:9], Y[:9], metrics=["r2"])
    assert curves.history["val_loss"] == [measured["loss"]]
    assert curves.history["val_r2"] == [measured["r2"]]


def test_the_picture_counts_steps():
    curves = pyfc.StepHistory(5, validation=(X, Y))
    train(net(), curves)
    left, right = curves.history.plot().axes
    assert left.get_xlabel() == right.get_xlabel() == "step"
    assert left.lines[0].get_xdata().tolist() == [5, 10, 15, 20, 25]
    best = 5 * (1 + int(np.argmin(curves.history["val_loss"])))
    assert f", step {best}" in " ".join(text.get_text() for text in left.texts)


def test_a_break_changes_nothing(tmp_path):
    whole, resumed = (pyfc.StepHistory(5, validation=(X, Y)) for _ in range(2))
    train(net(), whole)
    train(net(), pyfc.StepHistory(5, validation=(X, Y)), epochs=3, checkpoint=tmp_path / "c.safetensors")
    train(net(), resumed, checkpoint=tmp_path / "c.safetensors", resume=True)
    assert list(resumed.history.items()) == list(whole.history.items())
    assert resumed.history.at == whole.history.at == [5, 10, 15, 20, 25]


def test_a_break_may_change_how_often(tmp_path):
    train(net(), pyfc.StepHistory(5), epochs=2, checkpoint=tmp_path / "c.safetensors")
    curves = pyfc.StepHistory(4)
    train(net(), curves, checkpoint=tmp_path / "c.safetensors", resume=True)
    assert curves.history.at == curves.history.arrays()["step"].tolist() == [5, 10, 16, 20, 24, 28]
    assert list(curves.history) == ["loss", "accuracy"]


@pytest.mark.parametrize("weights", [{"sample_weight": np.geomspace(1, 1e-3, 50)}, {"class_weight": {1: 5.0}}])
def test_weights_count_as_in_the_history_of_fit(weights):
    curves = pyfc.StepHistory(7)
    history = train(net(), curves, **weights)
    np.testing.assert_allclose(curves.history["loss"], history["loss"], rtol=1e-12)
    assert curves.history["accuracy"] == history["accuracy"]


def test_batches_that_count_nothing_have_no_loss():
    curves = pyfc.StepHistory(1)
    train(net(), curves, sample_weight=(np.arange(50) >= 8).astype(float), shuffle=False, epochs=1)
    assert np.isnan(curves.history["loss"]).tolist() == [True] + 6 * [False]


def test_the_history_tells_of_the_run():
    curves = pyfc.StepHistory(7)
    history = train(net(), curves)
    assert (curves.history.samples, curves.history.stop_reason) == (200, "finished")
    assert curves.history.seconds == history.seconds > 0
    assert repr(curves) == "StepHistory(every=7)"


def test_a_new_training_begins_anew():
    curves = pyfc.StepHistory(2)
    train(net(), curves, epochs=1)
    first = dict(curves.history)
    train(net(), curves, epochs=1)
    assert dict(curves.history) == first


def test_a_picture_of_other_places_is_refused():
    with pytest.raises(ValueError, match=r"2 numbers of each metric and at=\[5\]: expected as many"):
        plot_history({"loss": [2.0, 1.0]}, at=[5])
    with pytest.raises(ValueError, match="`every` not above the number of steps"):
        pyfc.StepHistory(100).history.plot()


@pytest.mark.parametrize("every", [0, -1, 1.5, True, "5"])
def test_every_is_a_count(every):
    with pytest.raises(ValueError, match="expected an int >= 1"):
        pyfc.StepHistory(every)


@pytest.mark.parametrize(
    ("curves", "settings", "error", "text"),
    [
        (lambda: pyfc.StepHistory(5, validation=(X[:, :2], Y)), {}, ValueError, "expected"),
        (lambda: pyfc.StepHistory(5, metrics=["speed"]), {}, ValueError, "unknown metric"),
        (lambda: pyfc.StepHistory(5), {"optimizer": "lbfgs"}, ValueError, "has every step already"),
        (lambda: pyfc.StepHistory(5, validation=X), {}, TypeError, "expected a tuple"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_changes(curves, settings, error, text):
    network = net()
    before = network.flat.copy()
    with pytest.raises(error, match=text):
        train(network, curves(), **settings)
    np.testing.assert_array_equal(network.flat, before)
