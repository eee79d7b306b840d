"""Training that was broken off goes on from its checkpoint as if nothing had happened, bit by bit."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy

import pyfc
from pyfc.errors import ModelFileError, TrainingError
from pyfc.schedules import Cosine, WarmUp

#: From whole numbers, so that they are the same for ever, as the file of the first version needs them.
X = np.arange(720).reshape(120, 6) * 7919 % 1009 / 500 - 1
LABELS = (X[:, 0] * X[:, 1] > 0).astype(int)
HELD_OUT = X[100:], LABELS[100:]
EPOCHS = 8

#: Written by the first version: :func:`train` with no changes, for three epochs. It must be readable for ever.
VERSION_1 = Path(__file__).with_name("files") / "checkpoint_1.safetensors"


def network(**settings):
    layers = [pyfc.Dropout(0.1), pyfc.Dense(6, 8, max_norm=1.5), "prelu", pyfc.Dropout(0.3), pyfc.Dense(8, 2)]
    return pyfc.Network(layers, "softmax_cross_entropy", **{"l2": 1e-3, **settings})


def train(net, epochs=EPOCHS, **settings):
    defaults = {
        "batch_size": 32,
        "optimizer": pyfc.Adam(lr=WarmUp(2, then=Cosine(0.02, epochs=10))),
        "validation": HELD_OUT,
        "clip_norm": 1.0,
        "progress": False,
    }
    return net.fit(X[:100], LABELS[:100], epochs=epochs, **{**defaults, **settings})


def same(a, b):
    """Whether two networks are equal, with their histories and their random numbers."""
    assert a.flat.tobytes() == b.flat.tobytes()
    assert list(a.history.items()) == list(b.history.items())
    assert (a.history.epochs, a.history.samples) == (b.history.epochs, b.history.samples)
    assert a.history.stop_reason == b.history.stop_reason
    assert a.shuffle_rng.bit_generator.state == b.shuffle_rng.bit_generator.state
    positions = [[(d.key, d.position) for d in n.layers if isinstance(d, pyfc.Dropout)] for n in (a, b)]
    assert positions[0] == positions[1]


def stop_in(epoch, batch):
    """Return a callback that ends training in the middle of an epoch; epoch -1 never comes."""

    class Stop(pyfc.Callback):
        def on_batch_end(self, run):
            if (run.epoch, run.batch) == (epoch, batch):
                run.stop("enough")

    return Stop()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "training.safetensors"


BATCHED = [name for name in pyfc.available("optimizers") if not pyfc.get("optimizers", name).full_batch]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", BATCHED)
def test_optimizers(path, name, dtype):
    whole, broken, resumed = (network(dtype=dtype) for _ in range(3))
    train(whole, optimizer=name)
    train(broken, epochs=3, optimizer=name, checkpoint=path)
    train(resumed, optimizer=name, checkpoint=path, resume=True)
    same(whole, resumed)


SETTINGS = {
    "as it is": {},
    "momentum": {"optimizer": pyfc.SGD(lr=0.1, momentum=0.9, nesterov=True)},
    "early stopping": {"callbacks": [pyfc.EarlyStopping("val_accuracy", patience=1)]},
    "best weights": {"callbacks": [pyfc.EarlyStopping(patience=50)], "optimizer": pyfc.SGD(lr=2.0)},
    "in order": {"shuffle": False},
    "weights": {"sample_weight": np.linspace(0, 1, 100), "class_weight": "balanced"},
    "no validation": {"validation": None, "metrics": []},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("after", [0, 1, 2, 5, EPOCHS])
def test_settings(path, settings, after):
    whole, broken, resumed = (network() for _ in range(3))
    train(whole, **settings)
    train(broken, epochs=after, **settings, checkpoint=path)
    history = train(resumed, **settings, checkpoint=path, resume=True)
    same(whole, resumed)
    assert resumed.history is history
    assert history.seconds > 0


def test_frozen_layers(path):
    whole, broken, resumed = (network().freeze("dense_0") for _ in range(3))
    train(whole)
    train(broken, epochs=2, checkpoint=path)
    train(resumed, checkpoint=path, resume=True)
    same(whole, resumed)
    assert np.array_equal(resumed.parameters["dense_0.W"], network().parameters["dense_0.W"])


def test_in_the_middle_of_an_epoch(path):
    """The file is of the last finished epoch, and what came after is done again in the same way."""
    whole, broken, resumed = (network() for _ in range(3))
    train(whole, callbacks=[stop_in(-1, 0)])
    train(broken, callbacks=[stop_in(3, 1)], checkpoint=path)
    assert broken.history.epochs == 3
    train(resumed, callbacks=[stop_in(-1, 0)], checkpoint=path, resume=True)
    same(whole, resumed)


def test_the_same_network_again(path):
    """As in a notebook: what was trained on since the checkpoint is taken back."""
    whole, broken = network(), network()
    train(whole, callbacks=[stop_in(-1, 0)])
    train(broken, callbacks=[stop_in(3, 1)], checkpoint=path)
    train(broken, callbacks=[stop_in(-1, 0)], checkpoint=path, resume=True)
    same(whole, broken)


def test_again_and_again(path):
    whole, resumed = network(), network()
    train(whole)
    for epochs in range(EPOCHS + 1):
        train(resumed, epochs=epochs, checkpoint=path, resume=True)
    same(whole, resumed)


def test_without_a_seed(path):
    """The first file is written before the first step, so even the first epoch can be done again."""
    broken, resumed = network(seed=None), network(seed=None)
    whole = broken.copy()
    for layer, twin in zip(broken.layers, whole.layers, strict=True):
        if isinstance(layer, pyfc.Dropout):
            twin.key = layer.key
    train(whole, callbacks=[stop_in(-1, 0)])
    train(broken, callbacks=[stop_in(0, 1)], checkpoint=path)
    train(resumed, callbacks=[stop_in(-1, 0)], checkpoint=path, resume=True)
    same(whole, resumed)


def test_a_training_that_had_ended_is_not_done_again(path):
    settings = {"callbacks": [pyfc.EarlyStopping("val_accuracy", patience=0)], "checkpoint": path}
    ended, resumed = network(), network()
    train(ended, epochs=50, **settings)
    assert ended.history.stop_reason.startswith("val_accuracy was best in epoch")
    assert ended.history.epochs < 50
    train(resumed, epochs=50, **settings, resume=True)
    same(ended, resumed)


def test_interrupted_in_the_last_batch_of_an_epoch(path):
    """Ctrl-C is no reason to end that a checkpoint keeps."""

    class Interrupt(pyfc.Callback):
        def on_batch_end(self, run):
            if armed and (run.epoch, run.batch + 1) == (2, run.batches):
                os.kill(os.getpid(), signal.SIGINT)

    whole, broken, resumed = (network() for _ in range(3))
    armed = False
    train(whole, callbacks=[Interrupt()])
    armed = True
    train(broken, callbacks=[Interrupt()], checkpoint=path)
    assert (broken.history.stop_reason, broken.history.epochs) == ("interrupted", 3)
    armed = False
    train(resumed, callbacks=[Interrupt()], checkpoint=path, resume=True)
    same(whole, resumed)


def test_callbacks_of_the_user_are_kept(path):
    class Count(pyfc.Callback):
        def __init__(self):
            self.batches, self.losses, self.text, self.last = 0, np.zeros(0, ">f8"), "", np.float64(0)

        def on_batch_end(self, run):
            self.batches, self.losses = self.batches + 1, np.append(self.losses, run.loss).astype(">f4")
            self.text, self.last = f"{run.epoch}é", np.float64(run.lr)

        def state(self):
            return vars(self)

        def load_state(self, state):
            vars(self).update(state)

    whole, resumed = Count(), Count()
    train(network(), callbacks=[whole])
    train(network(), callbacks=[Count()], epochs=4, checkpoint=path)
    train(network(), callbacks=[resumed], checkpoint=path, resume=True)
    assert np.array_equal(whole.losses, resumed.losses)
    assert (whole.batches, whole.text, whole.last) == (resumed.batches, resumed.text, resumed.last)


def test_a_callback_that_keeps_what_cannot_be_kept(path):
    class Odd(pyfc.Callback):
        def state(self):
            return {"function": len}

    net = network()
    with pytest.raises(TypeError, match="a checkpoint file holds str, numbers"):
        train(net, callbacks=[Odd()], checkpoint=path)
    assert np.array_equal(net.flat, network().flat)
    assert net.history is None
    assert not path.exists()


@pytest.mark.parametrize(
    "array", [np.zeros(2, complex), np.zeros(2, object), np.array(["a"]), np.zeros(2, np.longdouble)]
)
def test_a_callback_that_keeps_arrays_that_cannot_be_kept(path, array):
    callback = pyfc.Callback()
    callback.state = lambda: {"array": array}
    with pytest.raises(TypeError, match=r"'.callback.0.array' has dtype .*: expected floats, integers or booleans"):
        train(network(), callbacks=[callback], checkpoint=path)


def test_what_the_others_do_at_the_end_of_an_epoch_is_in_the_file(path):
    def halve(run):
        run.network.flat[:] *= 0.5

    net = network()
    train(net, epochs=1, callbacks=[halve], checkpoint=path)
    assert pyfc.load(path).flat.tobytes() == net.flat.tobytes()


def test_load_gives_the_network(path):
    net = network()
    train(net, checkpoint=path)
    again = pyfc.load(path)
    assert again.flat.tobytes() == net.flat.tobytes()
    assert again.forward(X).tobytes() == net.forward(X).tobytes()
    again.fit(X, LABELS, epochs=1, progress=False)


def test_the_checkpoint_changes_nothing(path):
    plain, kept = network(), network()
    train(plain)
    train(kept, checkpoint=path)
    same(plain, kept)


def test_without_resume_it_begins_anew(path):
    train(network(seed=5), epochs=3, checkpoint=path)
    plain, anew = network(), network()
    train(plain, epochs=2)
    train(anew, epochs=2, checkpoint=path)
    same(plain, anew)


def test_a_loss_that_is_none_leaves_the_file(path):
    net = network()
    train(net, epochs=2, checkpoint=path)
    before = path.read_bytes()

    def spoil(run):
        run.network.flat[:] = np.nan

    with pytest.raises(TrainingError):
        train(network(), epochs=3, callbacks=[spoil], checkpoint=path.with_name("other"))
    assert path.read_bytes() == before


def test_version_1(path):
    """A later version still goes on from what the first one wrote. Never write this file anew."""
    path.write_bytes(VERSION_1.read_bytes())
    assert pyfc.load(path).history is None
    net = network()
    history = train(net, checkpoint=path, resume=True)
    assert history.epochs == EPOCHS
    assert history["loss"][0] == 0.7162833405768955
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy", "lr"]


# What does not belong together

OTHER = {
    "optimizer": ({"optimizer": "sgd"}, r"optimizer\.name was 'adam' and is 'sgd'"),
    "rate": ({"optimizer": pyfc.Adam(lr=0.5)}, r"optimizer\.config\.lr was {.*} and is 0.5"),
    "batch size": ({"batch_size": 16}, r"settings\.batch_size was 32 and is 16"),
    "shuffle": ({"shuffle": False}, r"settings\.shuffle was True and is False"),
    "clip": ({"clip_norm": None}, r"settings\.clip\[0\] was 1.0 and is None"),
    "metrics": ({"metrics": []}, r"settings\.metrics was \['accuracy'\] and is \[\]"),
    "weights": ({"sample_weight": np.ones(100)}, r"data\.sample_weight was None and is {"),
    "validation": ({"validation": None}, r"data\.validation X was {.*} and is None"),
    "other validation": ({"validation": (X[:20], LABELS[:20])}, r"data\.validation X\.sha256 was"),
    "callbacks": ({"callbacks": [pyfc.EarlyStopping()]}, r"callbacks was \[\] and is \['EarlyStopping'\]"),
}


@pytest.mark.parametrize(("settings", "problem"), OTHER.values(), ids=OTHER)
def test_other_settings(path, settings, problem):
    train(network(), epochs=2, checkpoint=path)
    net, before = network(), path.read_bytes()
    with pytest.raises(ValueError, match=rf"is the checkpoint of another training: .*{problem}") as caught:
        train(net, checkpoint=path, resume=True, **settings)
    assert "or begin anew with resume=False" in str(caught.value)
    assert path.read_bytes() == before
    assert net.history is None
    assert np.array_equal(net.flat, network().flat)


NETWORKS = {
    "size": (lambda: pyfc.mlp([6, 9, 2]), r"network\.sizes was \[.*\] and is \[6, 9, 9, 2\]"),
    "dtype": (lambda: network(dtype="float64"), r"network\.dtype was 'float32' and is 'float64'"),
    "penalty": (lambda: network(l2=0), r"network\.l2 was 0.001 and is 0.0"),
    "frozen": (lambda: network().freeze("dense_1"), r"network\.layers\[4\]\.frozen was False and is True"),
}


@pytest.mark.parametrize(("make", "problem"), NETWORKS.values(), ids=NETWORKS)
def test_other_network(path, make, problem):
    train(network(), epochs=2, checkpoint=path)
    with pytest.raises(ValueError, match=problem):
        train(make(), checkpoint=path, resume=True)


@pytest.mark.parametrize("change", ["value", "rows", "dtype", "labels"])
def test_other_data(path, change):
    train(network(), epochs=2, checkpoint=path)
    data, labels = X[:100].copy(), LABELS[:100].copy()
    if change == "value":
        data[50, 3] += 1e-9
    if change == "labels":
        labels[7] ^= 1
    if change == "rows":
        data, labels = data[:99], labels[:99]
    if change == "dtype":
        data = data.astype(np.float32)
    with pytest.raises(ValueError, match=r"data\.[Xy]\.(sha256|shape\[0\]|dtype) was"):
        network().fit(
            data, labels, epochs=3, batch_size=32, optimizer=pyfc.Adam(lr=WarmUp(2, then=Cosine(0.02, epochs=10))),
            validation=HELD_OUT, clip_norm=1.0, progress=False, checkpoint=path, resume=True,
        )  # fmt: skip


def test_another_version_of_pyfc_may_go_on(path, monkeypatch):
    train(network(), epochs=2, checkpoint=path)
    change(path, lambda content: content["network"]["loss"].update(version="0.0.1"))
    net = network()
    assert train(net, checkpoint=path, resume=True).epochs == EPOCHS


def test_fewer_epochs_than_are_done(path):
    train(network(), epochs=4, checkpoint=path)
    with pytest.raises(ValueError, match="has 4 epochs already: expected epochs >= 4, not 3"):
        train(network(), epochs=3, checkpoint=path, resume=True)


def test_resume_needs_a_path():
    with pytest.raises(ValueError, match="resume=True without checkpoint"):
        train(network(), resume=True)


def test_full_batch(path):
    net = pyfc.mlp([6, 2])
    with pytest.raises(ValueError, match=r"checkpoint= with LBFGS.*expected sgd, adam or the like"):
        train(net, optimizer="lbfgs", checkpoint=path)
    assert not path.exists()


# Damaged files


def change(path, change):
    with safetensors.safe_open(path, "np") as file:
        content = json.loads(file.metadata()["pyfc"])["content"]
    change(content)
    text = json.dumps({"sha256": hashlib.sha256(json.dumps(content).encode()).hexdigest(), "content": content})
    safetensors.numpy.save_file(safetensors.numpy.load_file(path), path, metadata={"pyfc": text})


FORGED = {
    "no training": lambda c: c.pop("training"),
    "no recipe": lambda c: c["training"].pop("recipe"),
    "epoch": lambda c: c["training"].update(epoch=1),
    "epoch text": lambda c: c["training"].update(epoch="many"),
    "no steps": lambda c: c["training"].pop("steps"),
    "metrics": lambda c: c["training"].update(metrics=["lost"]),
    "callbacks": lambda c: c["training"].update(callbacks=[{}, {}]),
    "random": lambda c: c.pop("random"),
}


@pytest.mark.parametrize("forgery", FORGED.values(), ids=FORGED)
def test_forged(path, forgery):
    train(network(), epochs=2, checkpoint=path)
    change(path, forgery)
    with pytest.raises(ModelFileError, match="its description is of no training"):
        train(network(), checkpoint=path, resume=True)


def test_damaged(path):
    train(network(), epochs=2, checkpoint=path)
    data = bytearray(path.read_bytes())
    data[-3] ^= 4
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match="its numbers are damaged"):
        train(network(), checkpoint=path, resume=True)


def test_an_array_of_a_type_that_numpy_has_not(path):
    train(network(), epochs=2, checkpoint=path)
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header[".history.accuracy"].update(dtype="BF16", shape=[8])
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[start:])
    with pytest.raises(ModelFileError, match="its arrays cannot be read"):
        pyfc.load(path)


def test_a_network_is_no_checkpoint(path):
    network().save(path)
    before = path.read_bytes()
    with pytest.raises(ModelFileError, match="it is a network, not a checkpoint: give checkpoint= another path"):
        train(network(), checkpoint=path, resume=True)
    assert path.read_bytes() == before


# Disks that fail


def test_no_place_for_it(tmp_path):
    net = network()
    with pytest.raises(FileNotFoundError, match="make the folder first"):
        train(net, checkpoint=tmp_path / "none" / "file")
    assert net.history is None
    assert np.array_equal(net.flat, network().flat)


def test_a_disk_that_is_full_at_the_start(path, monkeypatch):
    monkeypatch.setattr(os, "fsync", full)
    net = network()
    with pytest.raises(OSError, match="No space left on device"):
        train(net, checkpoint=path)
    assert net.history is None
    assert np.array_equal(net.flat, network().flat)


def test_a_disk_that_becomes_full(path, monkeypatch):
    """Training ends; the network is as after that epoch, the file is the one before, and it can go on from there."""

    def fill(run):
        if run.epoch == 2:
            monkeypatch.setattr(os, "fsync", full)

    whole, net, resumed = (network() for _ in range(3))
    train(whole, callbacks=[lambda run: None])
    with pytest.raises(
        OSError, match=r"No space left on device; make room .*Training ended with epoch 3; the"
    ) as caught:
        train(net, callbacks=[fill], checkpoint=path)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
    assert net.history.epochs == 3
    assert net.history["loss"] == whole.history["loss"][:3]
    assert net.history.stop_reason == "the checkpoint could not be written"
    assert net.history.seconds > 0
    net.predict(X)
    assert list(path.parent.iterdir()) == [path]
    monkeypatch.undo()
    train(resumed, callbacks=[lambda run: None], checkpoint=path, resume=True)
    same(whole, resumed)


def test_best_weights_come_back_before_the_error(path, monkeypatch):
    def fill(run):
        monkeypatch.setattr(os, "fsync", full)

    stopper, net = pyfc.EarlyStopping("loss", mode="max", patience=9), network()
    with pytest.raises(OSError, match="No space"):
        train(net, callbacks=[stopper, lambda run: fill(run) if run.epoch == 4 else None], checkpoint=path)
    best = np.argmax(net.history["loss"])
    assert stopper.best_epoch == best < 4
    shorter = network()
    train(shorter, epochs=int(best) + 1)
    assert np.array_equal(net.flat, shorter.flat)


def full(*arguments):
    raise OSError(errno.ENOSPC, "")


# Killed

SCRIPT = """
import sys
import numpy as np
import pyfc

class Wait(pyfc.Callback):
    def on_batch_end(self, run):
        print(run.epoch, run.batch, flush=True)
        sys.stdin.readline()

rng = np.random.default_rng(1)
X = rng.normal(size=(600, 10))
y = (X[:, 0] * X[:, 1] + 0.5 * rng.normal(size=600) > 0).astype(int)
net = pyfc.mlp([10, 64, 64, 2], activation="tanh", dropout=0.2, input_dropout=0.1, l2=1e-4, seed=3)
optimizer = pyfc.SGD(lr=pyfc.schedules.Cosine(0.2, epochs=12), momentum=0.9)
history = net.fit(
    X[:500], y[:500], epochs=12, batch_size=16, optimizer=optimizer, validation=(X[500:], y[500:]),
    callbacks=[pyfc.EarlyStopping(patience=20), Wait()], progress=False, checkpoint=sys.argv[1], resume=True)
np.savez(sys.argv[2], flat=net.flat, **history)
"""


@pytest.mark.slow
def test_killed(tmp_path):
    """The process is killed, without warning, in the middle of epochs and while it writes, until it comes through."""

    def start(name, stdin=subprocess.DEVNULL):
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-c", SCRIPT, tmp_path / f"{name}.safetensors", tmp_path / f"{name}.npz"],
            stdin=stdin,
            stdout=subprocess.PIPE,
            text=True,
        )

    chance, begun = np.random.default_rng(), []
    for batches in [*chance.integers(33, 64, size=4), 32, 32]:  # an epoch has 32; after the last one, a file is written
        process = start("killed", subprocess.PIPE)
        for _ in range(batches):  # it waits for a line after each, and so is never more than a batch ahead
            epoch, batch = process.stdout.readline().split()
            if batch == "0":
                begun.append(epoch)
            process.stdin.write("go on\n")
            process.stdin.flush()
        time.sleep(chance.uniform(0, 0.005))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        pyfc.load(tmp_path / "killed.safetensors")
    assert len(begun) > len(set(begun)), "every kill was between epochs: none had to be done again"
    for name in ("killed", "whole"):
        process = start(name)
        process.communicate()
        assert process.returncode == 0
    expected, found = (dict(np.load(tmp_path / f"{name}.npz")) for name in ("whole", "killed"))
    assert list(expected) == list(found)
    assert all(expected[name].tobytes() == found[name].tobytes() for name in expected)
    assert len(found["loss"]) == 12
