"""What may change around the engine: a network's settings between fits and inside callbacks, and the caller's data."""

import gc
import itertools
import weakref

import numpy as np
import pytest

import pyfc

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4)).astype("f")
Y = RNG.integers(0, 3, 60)


def fit(network, **more):
    settings = {"epochs": 3, "batch_size": 10, "optimizer": pyfc.SGD(lr=0.1), "metrics": [], "progress": False, **more}
    return network.fit(X, Y, **settings)


class OnBatch(pyfc.Callback):
    """Something is done after each batch."""

    def __init__(self, function):
        self.function = function

    def on_batch_end(self, run):
        self.function(run)


@pytest.mark.parametrize("clip", [None, 1.0])
@pytest.mark.parametrize("frozen", [True, False])
def test_a_layer_frozen_or_not_by_a_callback(clip, frozen):
    network = pyfc.mlp([4, 8, 3])
    seen = []
    (network.unfreeze if frozen else network.freeze)("dense_0")
    network.flat_gradient[:] = 7  # must never be used

    def change(run):
        seen.append(network.parameters["dense_0.W"].copy())
        (network.freeze if frozen else network.unfreeze)("dense_0")

    fit(network, callbacks=[change], clip_value=clip)
    moved = [not np.array_equal(a, b) for a, b in itertools.pairwise(seen)]
    assert moved == [not frozen] * 2


def test_a_layer_frozen_after_a_batch():
    network, seen = pyfc.mlp([4, 8, 3]), []

    def change(run):
        seen.append(network.parameters["dense_0.W"].copy())
        if run.steps == 2:
            network.freeze("dense_0")

    fit(network, epochs=1, callbacks=[OnBatch(change)])
    assert not np.array_equal(seen[0], seen[1])
    assert all(np.array_equal(seen[1], later) for later in seen[2:])


def test_the_rate_of_dropout_may_change_between_fits():
    layers = [pyfc.Dense(4, 8), "relu", pyfc.Dropout(0.5), pyfc.Dense(8, 3)]
    network = pyfc.Network(layers, loss="softmax_cross_entropy")
    dropout = network["dropout_0"]
    fit(network, epochs=1)
    before = dropout.position
    assert before == 60 * 8
    dropout.rate = 0.0
    fit(network, epochs=1)
    assert dropout.position == before


class Positive(pyfc.Dense):
    """Its weights are kept from being negative."""

    kind = "positive"

    def after_update(self):
        np.maximum(self.parameters["W"], 0, out=self.parameters["W"])


class Free(pyfc.Dense):
    """Its weights are not penalised."""

    kind = "free"
    penalised = ()


def test_what_a_layer_does_after_a_step_is_done():
    network = pyfc.Network([Positive(4, 8), "tanh", pyfc.Dense(8, 3)], loss="softmax_cross_entropy")
    fit(network)
    assert network.parameters["positive_0.W"].min() == 0


def test_only_what_a_layer_says_is_penalised():
    network = pyfc.Network([Free(4, 3)], loss="softmax_cross_entropy", l2=1.0)
    history = fit(network, epochs=1, optimizer=pyfc.SGD(lr=0.0))
    assert history["loss"][0] == pytest.approx(network.evaluate(X, Y)["loss"], rel=1e-6)
    penalised = pyfc.Network([pyfc.Dense(4, 3)], loss="softmax_cross_entropy", l2=1.0)
    history = fit(penalised, epochs=1, optimizer=pyfc.SGD(lr=0.0))
    assert history["loss"][0] == pytest.approx(penalised.evaluate(X, Y)["loss"], rel=1e-6)
    assert history["loss"][0] > network.evaluate(X, Y)["loss"] + 0.1


def test_the_callers_data_are_given_free():
    network = pyfc.mlp([4, 8, 3])
    data = X.copy()
    known = weakref.ref(data)
    network.fit(data, Y, progress=False)
    network.predict(data[:2])
    network.predict(data)
    del data
    gc.collect()
    assert known() is None


def test_a_stop_after_the_last_batch_keeps_the_epoch():
    class Slow(pyfc.component.Activation):
        """Slow enough that the engine looks up after each batch."""

        name = "slow_identity"

        def compute_forward(self, z, y, a):
            import time

            time.sleep(0.06)
            y[...] = z

        def compute_backward(self, z, y, dy, dz, a, da):
            dz[...] = dy

    network = pyfc.Network([pyfc.Dense(4, 3), Slow()], loss="softmax_cross_entropy")
    stops = []

    class Stop(pyfc.Callback):
        def on_train_begin(self, run):
            real = run.network.layers[1].function

            def forward(z, y, a, count=[0]):  # noqa: B006 (counts the batches)
                count[0] += 1
                if count[0] == 2:
                    run.stop("enough")
                type(real).compute_forward(real, z, y, a)

            real.compute_forward = forward

        def on_epoch_end(self, run):
            stops.append(run.epoch)

    history = fit(network, batch_size=30, callbacks=[Stop()])
    assert history.stop_reason == "enough"
    assert history.epochs == 1
    assert stops == [0]
    assert history.samples == 60
