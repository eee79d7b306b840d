"""The engine's training is that of the layers called by hand, to the last bit: no sum is done in another order."""

import threading

import numpy as np
import pytest
from by_hand import assert_same, fit_by_hand

import pyfc
from pyfc.planning import threads_for

pytestmark = pytest.mark.usefixtures("threads_at_any_size")

RNG = np.random.default_rng(0)
OPTIMIZERS = [name for name in pyfc.available("optimizers") if not pyfc.get("optimizers", name).full_batch]


def data(sizes, rows, seed=0):
    """Return numbers, and labels of as many classes as there are outputs."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, sizes[0])), rng.integers(0, max(sizes[-1], 2), rows)


def pair(sizes, **more):
    """Return two equal networks."""
    loss = "binary_cross_entropy" if sizes[-1] == 1 else "softmax_cross_entropy"
    made = [pyfc.mlp(sizes, **{"loss": loss, "activation": "tanh", **more}) for _ in range(2)]
    made[0].flat[:] += 0.01  # biases that are not zero
    made[1].flat[:] = made[0].flat
    return made


def compare(one, two, X, y, *, n_threads=1, optimizer=None, batch_size=10, shuffle=True, epochs=2, weight=None):
    """Train one by hand and the other in the engine, and say that nothing differs."""
    optimizer = optimizer or pyfc.SGD(lr=0.1, momentum=0.5)
    fit_by_hand(one, X, y, epochs=epochs, batch_size=batch_size, optimizer=optimizer, shuffle=shuffle, weight=weight)
    before = two.flat.copy()
    history = two.fit(
        X, y, epochs=epochs, batch_size=batch_size, optimizer=optimizer, shuffle=shuffle, sample_weight=weight,
        progress=False, n_threads=n_threads,
    )  # fmt: skip
    assert_same(one, two)
    assert one.flat.size == 0 or not np.array_equal(before, two.flat)
    assert one.shuffle_rng.bit_generator.state == two.shuffle_rng.bit_generator.state
    return history


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_threads", [1, 2, 3])
@pytest.mark.parametrize(
    ("sizes", "rows", "batch"),
    [
        ([5, 7, 3], 61, 10),
        ([1, 1], 20, 3),
        ([1, 1, 14], 20, 3),
        ([12, 1], 20, 9),
        ([2, 4, 1], 1, 10),
        ([33, 65, 17, 2], 130, 64),
        ([70, 3], 5, 1),
        ([3, 600, 9], 50, 50),
        ([1030, 8, 2], 30, 20),
        ([12, 20, 20, 20, 3], 40, 1000),
    ],
)
def test_sizes_types_and_threads(dtype, n_threads, sizes, rows, batch):
    X, y = data(sizes, rows)
    for shuffle in (False, True):
        one, two = pair(sizes, dtype=dtype)
        compare(one, two, X.astype(dtype), y, n_threads=n_threads, batch_size=batch, shuffle=shuffle)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("n_threads", [1, 2])
def test_optimizers(name, n_threads):
    X, y = data([6, 9, 3], 47)
    for lr in (0.01, pyfc.schedules.Cosine(0.05, epochs=3)):
        one, two = pair([6, 9, 3], dtype="float32")
        compare(one, two, X, y, optimizer=pyfc.get("optimizers", name)(lr=lr), n_threads=n_threads, epochs=3)


@pytest.mark.parametrize("name", pyfc.available("activations"))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations(name, dtype):
    X, y = data([6, 8, 3], 47)
    wide = pyfc.get("activations", name)().out_cols(8)
    first = [name] if wide == 8 else []  # how many inputs a network has, its first dense layer says
    for layers in ([pyfc.Dense(6, 8), name, pyfc.Dense(wide, 3)], [*first, pyfc.Dense(6, 8), pyfc.Scale(0.5), name,
                   pyfc.Dense(wide, 3)]):  # fmt: skip
        one, two, three = (pyfc.Network(layers, loss="softmax_cross_entropy", dtype=dtype) for _ in range(3))
        compare(one, two, X, y)
        three.fit(X, y, epochs=2, batch_size=10, optimizer=pyfc.SGD(lr=0.1, momentum=0.5), progress=False, n_threads=2)
        if pyfc.get("activations", name).learned:  # its gradient is summed up in parts
            np.testing.assert_allclose(three.flat, two.flat, rtol=1e-4 if dtype == "float32" else 1e-12)
        else:
            assert_same(three, two)


@pytest.mark.parametrize("name", pyfc.available("losses"))
def test_losses(name):
    X, _ = data([6, 8, 3], 47)
    y = (X[:, :3] > 0).astype(float) if pyfc.get("losses", name).task != "classification" else np.arange(47) % 3
    for n_threads in (1, 2):
        one, two = (pyfc.mlp([6, 8, 3], loss=name, activation="relu", dtype="float32") for _ in range(2))
        compare(one, two, X, y, n_threads=n_threads)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_dropout_goes_on_where_it_was(n_threads):
    X, y = data([6, 8, 3], 47)
    layers = [pyfc.Dropout(0.2), pyfc.Dense(6, 8), "relu", pyfc.Dropout(0.5), pyfc.Dense(8, 3), pyfc.Dropout(0.0)]
    one, two = (pyfc.Network(layers, loss="softmax_cross_entropy") for _ in range(2))
    for _ in range(2):
        compare(one, two, X, y, n_threads=n_threads)
    positions = [layer.position for layer in two.layers if isinstance(layer, pyfc.Dropout)]
    assert positions == [layer.position for layer in one.layers if isinstance(layer, pyfc.Dropout)]
    assert positions == [4 * 47 * 6, 4 * 47 * 8, 0]


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("frozen", [[], ["dense_0"], ["dense_1"], ["dense_0", "dense_1", "prelu_0"], ["dense_2"]])
def test_scale_first_and_frozen_layers(n_threads, frozen):
    X = RNG.integers(0, 256, (47, 6)).astype(np.uint8)
    layers = [pyfc.Scale(1 / 255), pyfc.Dense(6, 8), pyfc.Dropout(0.1), pyfc.Dense(8, 9), "prelu", pyfc.Dense(9, 3)]
    one, two = (pyfc.Network(layers, loss="softmax_cross_entropy", l1=1e-3).freeze(*frozen or ["scale_0"])
                for _ in range(2))  # fmt: skip
    if n_threads == 2 and "prelu_0" not in frozen:
        one.freeze("prelu_0")
        two.freeze("prelu_0")
    first = two.flat.copy()
    compare(one, two, X, X[:, 0] % 3, n_threads=n_threads)
    for name in frozen:
        for key in two[name].parameters:
            part = two.slices[f"{name}.{key}"]
            np.testing.assert_array_equal(two.flat[part], first[part])


@pytest.mark.parametrize("n_threads", [1, 2])
def test_penalties_and_weights(n_threads):
    X, y = data([6, 8, 3], 47)
    weight = RNG.integers(0, 9, 47) / 8  # whose sums are exact: NumPy adds up in another order
    weight[:12] = 0
    one, two = pair([6, 8, 3], l1=1e-2, l2=1e-1, dtype="float64")
    compare(one, two, X, y, n_threads=n_threads, batch_size=12, weight=weight, shuffle=False)
    one, two = pair([6, 8, 3], l1=1e-2, l2=1e-1, dtype="float64")
    losses = fit_by_hand(one, X, y, batch_size=47, optimizer=pyfc.SGD(lr=0.1))
    history = two.fit(X, y, epochs=2, batch_size=47, optimizer=pyfc.SGD(lr=0.1), progress=False, n_threads=n_threads)
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-14)


def test_looking_in_between_changes_nothing():
    class Look(pyfc.Callback):
        def on_batch_end(self, run):
            seen.append(run.loss)

    X, y = data([6, 8, 3], 47)
    made, seen, histories = [], [], []
    for callbacks in ([], [lambda run: None], [Look()]):
        network, _ = pair([6, 8, 3], dropout=0.3, l2=0.1)
        histories.append(network.fit(X, y, epochs=5, batch_size=10, callbacks=callbacks, progress=False))
        made.append(network)
    assert_same(made[0], made[1])
    assert_same(made[0], made[2])
    assert len(seen) == 25
    assert histories[0]["loss"] == histories[1]["loss"]
    np.testing.assert_allclose(histories[0]["loss"], histories[2]["loss"], rtol=1e-12)
    assert [h.samples for h in histories] == [235] * 3


@pytest.mark.parametrize("n", [1, 2, 3, 7, 1000, 70_000])
def test_the_order_is_that_of_numpy(n):
    orders = []
    network = pyfc.mlp([1, 1], loss="squared_error", dtype="float64")
    twin = np.random.default_rng()
    twin.bit_generator.state = network.shuffle_rng.bit_generator.state
    twin.integers(3, dtype=np.uint32)  # half of a 64-bit draw is kept for the next
    network.shuffle_rng.integers(3, dtype=np.uint32)
    numbers = np.arange(float(n))

    def note(outputs, targets, loss):
        orders.append(targets[:, 0].copy())
        return 0.0

    network.fit(numbers[:, None] / n, numbers, epochs=3, batch_size=n, metrics=[note], optimizer=pyfc.SGD(lr=0),
                progress=False)  # fmt: skip
    for order in orders:
        np.testing.assert_array_equal(order, twin.permutation(n))


def test_two_at_once():
    sizes = [20, 64, 3]
    X, y = data(sizes, 500)
    alone, *both = (pair(sizes, dropout=0.2)[0] for _ in range(3))
    alone.fit(X, y, epochs=5, progress=False)
    threads = [
        threading.Thread(target=network.fit, args=(X, y), kwargs={"epochs": 5, "progress": False, "n_threads": k})
        for k, network in enumerate(both, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_same(alone, both[0])
    assert_same(alone, both[1])


def test_no_more_threads_than_have_work(monkeypatch):
    monkeypatch.undo()
    network = pyfc.mlp([784, 256, 10])
    assert threads_for(network, 10, 8) == 2  # 2 million multiplications
    assert threads_for(network, 1, None) == threads_for(pyfc.mlp([2, 2]), 1000, 8) == 1
    assert threads_for(network, 10000, 3) == 3
