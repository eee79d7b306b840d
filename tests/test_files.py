"""A saved network comes back bit by bit, and a file that is not as it was written is refused."""

import hashlib
import json
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pyfc
from pyfc import registry
from pyfc.component import Activation
from pyfc.errors import ModelFileError, PluginError

X = np.random.default_rng(0).normal(size=(20, 6))
LABELS = np.arange(20) % 3

#: Written by the first version, from :func:`first`. It must be readable for ever.
VERSION_1 = Path(__file__).with_name("files") / "network_1.safetensors"


def first() -> pyfc.Network:
    layers = [
        pyfc.Scale(0.5),
        pyfc.Dropout(0.25, name="forget"),
        pyfc.Dense(6, 4, max_norm=1.5),
        pyfc.Activation("prelu"),
        pyfc.Dense(4, 5, init=pyfc.get("initializers", "he_normal")(), name="middle"),
        pyfc.get("activations", "elu")(alpha=0.1),
        pyfc.Dense(5, 3),
    ]
    loss = pyfc.get("losses", "softmax_cross_entropy")(smoothing=0.1)
    net = pyfc.Network(layers, loss, dtype="float64", seed=7, l1=1e-4, l2=1e-3)
    net.flat[:] = np.linspace(-1, 1, net.flat.size)
    net["forget"].key, net["forget"].position = 123, 456
    return net.freeze("middle")


def content_of(path):
    """Return the plain data in a file, without their checksum."""
    with safetensors.safe_open(path, "np") as file:
        return json.loads(file.metadata()["pyfc"])["content"]


def arrays_of(path):
    return safetensors.numpy.load_file(path)


def forge(path, content, arrays):
    """Write a file whose description has a right checksum, as somebody could who means to deceive."""
    text = json.dumps({"sha256": hashlib.sha256(json.dumps(content).encode()).hexdigest(), "content": content})
    safetensors.numpy.save_file(arrays, path, metadata={"pyfc": text})


def same(a, b):
    assert repr(a) == repr(b)
    assert repr(a.summary()) == repr(b.summary())
    assert list(a.parameters) == list(b.parameters)
    assert a.flat.dtype == b.flat.dtype
    assert a.flat.tobytes() == b.flat.tobytes()
    assert (a.l1, a.l2, a.loss) == (b.l1, b.l2, b.loss)
    assert [layer.config() for layer in a.layers] == [layer.config() for layer in b.layers]
    assert a.shuffle_rng.bit_generator.state == b.shuffle_rng.bit_generator.state


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.safetensors"


@pytest.fixture
def saved(path):
    """Return the path of a saved network."""
    first().save(path)
    return path


# What is saved comes back


def test_everything_comes_back(saved):
    net, again = first(), pyfc.load(saved)
    same(net, again)
    assert net.forward(X).tobytes() == again.forward(X).tobytes()
    assert [layer.frozen for layer in again.layers] == [False, False, False, False, True, False, False]
    assert (again["forget"].key, again["forget"].position) == (123, 456)
    assert again["elu_0"].function.alpha == 0.1
    assert again["dense_0"].max_norm == 1.5


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", pyfc.available("activations"))
def test_activations(path, name, dtype):
    wide = pyfc.get("activations", name)().out_cols(4)
    net = pyfc.Network([pyfc.Dense(6, 4), name, pyfc.Dense(wide, 2)], "squared_error", dtype=dtype)
    net.flat[:] += 0.125  # also what an activation learns
    net.save(path)
    same(net, pyfc.load(path))
    assert net.forward(X).tobytes() == pyfc.load(path).forward(X).tobytes()


@pytest.mark.parametrize("name", pyfc.available("losses"))
def test_losses(path, name):
    net = pyfc.Network([pyfc.Dense(6, 2)], name)
    net.save(path)
    same(net, pyfc.load(path))


@pytest.mark.parametrize("name", pyfc.available("initializers"))
def test_initializers(path, name):
    net = pyfc.Network([pyfc.Dense(6, 2, init=name)], "squared_error")
    net.save(path)
    same(net, pyfc.load(path))


def test_training_goes_on_in_the_same_way(path):
    net = pyfc.Network(
        [pyfc.Dense(6, 8), "tanh", pyfc.Dropout(0.5), pyfc.Dense(8, 3)], "softmax_cross_entropy", seed=None
    )
    net.fit(X, LABELS, epochs=2, batch_size=4, progress=False)
    net.save(path)
    again = pyfc.load(path)
    for each in (net, again):
        each.fit(X, LABELS, epochs=2, batch_size=4, progress=False)
    assert dict(net.history) == dict(again.history)
    same(net, again)


def test_numbers_that_are_none_are_kept(path):
    net = first()
    net.flat[:6] = [np.nan, np.inf, -np.inf, -0.0, 5e-324, -np.nan]
    net.save(path)
    assert pyfc.load(path).flat.tobytes() == net.flat.tobytes()


def test_equal_networks_give_equal_bytes(tmp_path, saved):
    for index in range(5):
        first().save(tmp_path / str(index))
        assert (tmp_path / str(index)).read_bytes() == saved.read_bytes()
    pyfc.load(saved).save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()


def test_the_file_is_read_once(saved):
    net = pyfc.load(saved)
    saved.unlink()
    net.flat[:] = 1
    assert net.parameters["dense_0.W"][0, 0] == 1


def test_any_program_that_knows_safetensors_can_read_it(saved):
    arrays, content = arrays_of(saved), content_of(saved)
    net = first()
    assert arrays.keys() == net.parameters.keys()
    assert all(np.array_equal(arrays[name], value) for name, value in net.parameters.items())
    assert (content["format"], content["format_version"], content["pyfc"]) == ("pyfc-network", 1, pyfc.__version__)
    assert content["requires"] == {}
    assert content["network"]["sizes"] == [6, 6, 6, 4, 4, 5, 5, 3]


def test_version_1():
    """A later version still reads what the first one wrote. Never write this file anew."""
    net = pyfc.load(VERSION_1)
    same(first(), net)
    assert net.forward(X).tobytes() == first().forward(X).tobytes()
    assert hashlib.sha256(VERSION_1.read_bytes()).hexdigest().startswith("9e172c123b2b170e")


@pytest.mark.parametrize("name", ["a/b", "größe", "__metadata__", " ", "\n", "名"])
def test_odd_layer_names(path, name):
    net = pyfc.Network([pyfc.Dense(2, 1, name=name)], "squared_error")
    net.save(path)
    same(net, pyfc.load(path))


def test_a_layer_name_that_is_no_text(path):
    net = pyfc.Network([pyfc.Dense(2, 1, name="\ud800")], "squared_error")
    with pytest.raises(ValueError, match="cannot be written in UTF-8: choose another"):
        net.save(path)
    assert not path.exists()


@pytest.mark.parametrize("name", [b"\xff\xfe", "größe".encode(), b" "])
def test_odd_paths(tmp_path, name):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
    first().save(path)
    same(first(), pyfc.load(path))


def test_another_random_generator(path):
    net = first()
    net.shuffle_rng = np.random.Generator(np.random.MT19937(0))
    with pytest.raises(TypeError, match="shuffle_rng is a MT19937: expected PCG64"):
        net.save(path)


# Files that are refused


def cut(data):
    return data[: len(data) // 2]


def stretched(data):
    length = int.from_bytes(data[:8], "little")
    return (length + 1).to_bytes(8, "little") + data[8:]


DAMAGED = {
    "empty": lambda data: b"",
    "short": lambda data: data[:5],
    "text": lambda data: b"# a model file\n" * 100,
    "pickle": lambda data: b"\x80\x04\x95\x1c\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
    "half": cut,
    "one byte short": lambda data: data[:-1],
    "trailing byte": lambda data: data + b"\0",
    "trailing file": lambda data: data + data,
    "header longer than the file": lambda data: len(data).to_bytes(8, "little") + data[8:],
    "header of 2**64 bytes": lambda data: b"\xff" * 8 + data[8:],
    "header of 200 MB": lambda data: (200 << 20).to_bytes(8, "little") + data[8:],
    "header one longer": stretched,
    "zeros": lambda data: bytes(len(data)),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_no_whole_safetensors_file(saved, damage):
    saved.write_bytes(damage(saved.read_bytes()))
    with pytest.raises(
        ModelFileError, match=r"net\.safetensors: it is no safetensors file, or no whole one: "
    ) as caught:
        pyfc.load(saved)
    assert "expected a file from Network.save" in str(caught.value)


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}])
def test_foreign_safetensors(path, metadata):
    safetensors.numpy.save_file({"dense_0.W": np.zeros((2, 2))}, path, metadata=metadata)
    with pytest.raises(ModelFileError, match="it is a safetensors file that pyfc did not write"):
        pyfc.load(path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "null", '{"content": {}}', '{"sha256": "", "content": []}', "[" * 100_000, "9" * 5000]
)
def test_description_that_is_none(path, text):
    safetensors.numpy.save_file({}, path, metadata={"pyfc": text})
    with pytest.raises(ModelFileError, match="its description is damaged"):
        pyfc.load(path)


def test_changed_description(saved):
    with safetensors.safe_open(saved, "np") as file:
        text = file.metadata()["pyfc"]
    safetensors.numpy.save_file(arrays_of(saved), saved, metadata={"pyfc": text.replace("0.25", "0.26")})
    with pytest.raises(ModelFileError, match="its description is damaged or was changed"):
        pyfc.load(saved)


def test_changed_number(saved):
    data = bytearray(saved.read_bytes())
    data[-1] ^= 1
    saved.write_bytes(data)
    with pytest.raises(ModelFileError, match=r"its numbers are damaged or were changed .*; save it again"):
        pyfc.load(saved)


def test_two_arrays_swapped(path):
    net = pyfc.Network([pyfc.Dense(3, 3, name="a"), pyfc.Dense(3, 3, name="b")], "squared_error")
    net.save(path)
    arrays = arrays_of(path)
    forge(path, content_of(path), {**arrays, "a.W": arrays["b.W"], "b.W": arrays["a.W"]})
    with pytest.raises(ModelFileError, match="its numbers are damaged or were changed"):
        pyfc.load(path)


def test_newer_version(saved):
    content = {**content_of(saved), "format_version": 2, "pyfc": "9.1"}
    forge(saved, content, arrays_of(saved))
    with pytest.raises(
        ModelFileError, match=r"of pyfc 9\.1: this pyfc reads versions up to 1; install pyfc 9\.1 or newer"
    ):
        pyfc.load(saved)


ARRAYS = {
    "missing": (lambda a: a.pop("middle.b"), r"it lacks middle\.b"),
    "extra": (lambda a: a.update(more=np.zeros(1)), "it has an unknown more"),
    "extra with a dot": (lambda a: a.update({".x": np.zeros(1)}), r"it has an unknown \.x"),
    "shape": (lambda a: a.update({"middle.b": np.zeros((1, 5))}), r"middle.b is F64 \(1, 5\): expected F64 \(5,\)"),
    "transposed": (lambda a: a.update({"middle.W": np.zeros((5, 4))}), r"middle.W is F64 \(5, 4\): .* \(4, 5\)"),
    "dtype": (lambda a: a.update({"middle.b": np.zeros(5, "f4")}), r"middle.b is F32 \(5,\): expected F64 \(5,\)"),
    "integer": (lambda a: a.update({"middle.b": np.zeros(5, "i8")}), r"middle.b is I64"),
    "none": (lambda a: a.clear(), "it lacks dense_0.W, "),
}


@pytest.mark.parametrize(("change", "problem"), ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_do_not_fit(saved, change, problem):
    content, arrays = content_of(saved), arrays_of(saved)
    change(arrays)
    forge(saved, content, arrays)
    with pytest.raises(ModelFileError, match=problem):
        pyfc.load(saved)


def layer(index, **changes):
    return lambda content: content["network"]["layers"][index].update(changes)


DESCRIPTIONS = {
    "no network": (lambda c: c.pop("network"), "no network"),
    "list": (lambda c: c.update(network=[]), "no network"),
    "no layers": (lambda c: c["network"].update(layers=[], sizes=[6]), "without a Dense layer|lacks|unknown"),
    "layers a number": (lambda c: c["network"].update(layers=3), "not iterable"),
    "layer a string": (lambda c: c["network"].update(layers=["relu"]), "no network"),
    "kind": (layer(0, kind="os.system"), "unknown layer 'os.system'"),
    "kind a list": (layer(0, kind=[]), "no network"),
    "no kind": (lambda c: c["network"]["layers"][0].pop("kind"), "unknown layer None"),
    "unknown setting": (layer(0, command="rm"), "cannot be made from"),
    "setting self": (layer(0, self=1), "no network"),
    "factor": (layer(0, factor="1e400"), "Scale"),
    "rate": (layer(1, rate=2), "rate=2"),
    "size text": (layer(2, n_in="6"), "expected n_in to be an int"),
    "size 0": (layer(2, n_in=0), "expected n_in to be an int"),
    "size true": (layer(2, n_in=True), "expected n_in to be an int"),
    "sizes that do not fit": (layer(2, n_in=7), "expected .n, 7."),
    "no frozen": (lambda c: c["network"]["layers"][0].pop("frozen"), "frozen"),
    "frozen": (layer(0, frozen="yes"), "frozen is 'yes'"),
    "twice the name": (layer(4, name="dense_0"), "expected different names"),
    "no name": (layer(4, name=None), "expected different names"),
    "name with a dot": (layer(4, name="a.b"), "without a dot"),
    "name a list": (layer(4, name=["a"]), "expected a non-empty str"),
    "dtype": (lambda c: c["network"].update(dtype="float16"), r"F64 \(6, 4\): expected float16"),
    "dtype object": (lambda c: c["network"].update(dtype="object"), r"F64 \(6, 4\): expected object"),
    "dtype nonsense": (lambda c: c["network"].update(dtype={"a": 1}), "no network"),
    "l2": (lambda c: c["network"].update(l2=-1), "l2=-1"),
    "l1": (lambda c: c["network"].update(l1=float("nan")), "l1=nan"),
    "no loss": (lambda c: c["network"].update(loss=None), "does not describe a component of losses"),
    "loss setting": (lambda c: c["network"]["loss"].update(config={"smoothing": 7}), "smoothing=7"),
    "activation setting": (
        lambda c: c["network"]["layers"][5]["function"].update(config={"b": 1}),
        "does not describe",
    ),
    "initializer": (layer(2, init=3), "does not describe a component of initializers"),
    "sizes": (lambda c: c["network"].update(sizes=[6, 6, 6, 4, 4, 5, 5, 4]), "its layers have sizes"),
    "no sizes": (lambda c: c["network"].update(sizes=[]), "no network"),
    "size -1": (lambda c: c["network"].update(sizes=[-1]), "-1: expected a number from 0"),
    "no random": (lambda c: c.pop("random"), "random"),
    "generator": (lambda c: c["random"].update(shuffle=3), "no network"),
    "generator name": (lambda c: c["random"]["shuffle"].update(bit_generator="MT19937"), "no network"),
    "generator state": (lambda c: c["random"]["shuffle"].update(state={"state": -1, "inc": 2**200}), "no network"),
    "dropout": (lambda c: c["random"]["dropout"].update(forget=[1]), "not enough values"),
    "dropout key": (lambda c: c["random"]["dropout"].update(forget=[2**64, 0]), "expected a number from 0"),
    "no dropout": (lambda c: c["random"].update(dropout={}), "forget"),
    "format": (lambda c: c.update(format="pyfc-something"), "it is a 'pyfc-something' of version 1: expected"),
    "format a list": (lambda c: c.update(format=[]), "expected a pyfc-network"),
    "version 0": (lambda c: c.update(format_version=0), "of version 0: expected"),
    "version text": (lambda c: c.update(format_version="1"), "of version '1': expected"),
    "no version": (lambda c: c.pop("format_version"), "damaged"),
}


@pytest.mark.parametrize(("change", "problem"), DESCRIPTIONS.values(), ids=DESCRIPTIONS)
def test_descriptions_that_make_no_sense(saved, change, problem):
    content = content_of(saved)
    change(content)
    forge(saved, content, arrays_of(saved))
    with pytest.raises(ModelFileError, match=problem) as caught:
        pyfc.load(saved)
    assert str(caught.value).startswith(f"{saved}: ")


def test_absurd_sizes_allocate_nothing(saved):
    content = content_of(saved)
    huge = 2**31 - 1
    del content["network"]["layers"][3:]
    content["network"]["layers"][2].update(n_in=huge, n_out=huge)
    content["network"]["sizes"] = [huge, huge, huge, huge]
    content["random"]["dropout"] = {"forget": [0, 0]}
    arrays = {"dense_0.W": np.zeros((6, 4)), "dense_0.b": np.zeros(4)}
    forge(saved, content, arrays)
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError, match=r"dense_0.W is F64 \(6, 4\): expected F64 \(2147483647, 2147483647\)"):
            pyfc.load(saved)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_header_that_claims_more_than_there_is(path):
    header = json.dumps({"dense_0.W": {"dtype": "F32", "shape": [2**31, 2**31], "data_offsets": [0, 2**64]}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ModelFileError, match="no safetensors file"):
        pyfc.load(path)


def test_nothing_in_a_file_is_imported_or_run(saved, tmp_path, monkeypatch):
    (tmp_path / "evil.py").write_text("raise SystemExit('this was run')")
    monkeypatch.syspath_prepend(tmp_path)
    content = content_of(saved)
    for distribution in ("evil", "pyfc", "in-process"):
        for name in ("evil", "evil:run", "__import__('evil')", "os.system"):
            content["network"]["loss"].update(distribution=distribution, name=name)
            forge(saved, content, arrays_of(saved))
            with pytest.raises((PluginError, ModelFileError)):
                pyfc.load(saved)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_flipped_bytes(path, data):
    """Wherever a byte is changed, the file is refused, or gives the same network."""
    good = VERSION_1.read_bytes()
    header = 8 + int.from_bytes(good[:8], "little")
    regions = {"length": (0, 7), "header": (8, header - 1), "numbers": (header, len(good) - 1)}
    low, high = regions[data.draw(st.sampled_from(sorted(regions)))]
    bad = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        bad[data.draw(st.integers(low, high))] = data.draw(st.integers(0, 255))
    path.write_bytes(bad)
    try:
        net = pyfc.load(path)
    except ModelFileError:
        return
    same(net, first())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_truncated(path, data):
    good = VERSION_1.read_bytes()
    path.write_bytes(good[: data.draw(st.integers(0, len(good) - 1))] + data.draw(st.sampled_from([b"", b"\0" * 9])))
    with pytest.raises(ModelFileError):
        pyfc.load(path)


# Places that cannot be read


def test_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="cannot read: No such file or directory; check the path"):
        pyfc.load(tmp_path / "none")


def test_a_folder(tmp_path):
    with pytest.raises(IsADirectoryError, match="cannot read: Is a directory"):
        pyfc.load(tmp_path)


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/null"])
def test_a_device(place):
    with pytest.raises(ModelFileError, match="it is a device or a pipe"):
        pyfc.load(place)


def test_a_pipe_is_not_waited_for(path):
    os.mkfifo(path)
    with pytest.raises(ModelFileError, match="it is a device or a pipe"):
        pyfc.load(path)


# Plugins


def plugin_network():
    return pyfc.Network([pyfc.Dense(6, 2), pyfc.Activation(pyfc.get("activations", "square"))], "squared_error")


def test_a_plugin_is_named_with_its_version(install, path, monkeypatch):
    install("Alpha.Net", "square", version="3.1")
    net = plugin_network()
    net.save(path)
    assert content_of(path)["requires"] == {"alpha-net": "3.1"}
    same(net, pyfc.load(path))
    monkeypatch.setenv("PYFC_DISABLE_PLUGINS", "1")
    registry.refresh()
    with pytest.raises(PluginError, match=r"of alpha-net 3\.1 .* is disabled"):
        pyfc.load(path)
    monkeypatch.undo()
    registry.refresh()
    with pytest.raises(PluginError, match=r"net.safetensors: activations 'square' is needed and not there: ") as caught:
        pyfc.load(path)
    assert str(caught.value).endswith("install alpha-net 3.1, which provides it; the file needs alpha-net 3.1")


def test_the_plugin_that_was_used_is_taken(install, path):
    install("alpha", "square")
    plugin_network().save(path)
    install("beta", "square")
    registry.refresh()
    assert type(pyfc.load(path)["square_0"].function).__module__ == "alpha"


def test_registered_in_process(path):
    @pyfc.register
    class Square(Activation):
        name = "square"
        needs = "z"

        def compute_forward(self, z, y, a):
            np.multiply(z, z, out=y)

        def compute_backward(self, z, y, dy, dz, a, da):
            np.multiply(2 * z, dy, out=dz)

    try:
        net = plugin_network()
        net.save(path)
        same(net, pyfc.load(path))
    finally:
        pyfc.unregister(Square)
    with pytest.raises(PluginError, match=r"'square' is needed .*: run the code that registers it with pyfc.register"):
        pyfc.load(path)


def test_settings_that_are_no_plain_data(path):
    @pyfc.register
    class Odd(Activation):
        name = "odd"
        needs = "z"
        compute_forward = compute_backward = lambda self, *arrays: None

        def config(self):
            return {"function": len}

    try:
        net = pyfc.Network([pyfc.Dense(6, 2), "odd"], "squared_error")
        with pytest.raises(TypeError, match=r"a network file holds str, .*: Object of type builtin_function"):
            net.save(path)
    finally:
        pyfc.unregister(Odd)
    assert not path.exists()


def test_component_of_a_newer_pyfc(saved):
    content = content_of(saved)
    content["network"]["loss"].update(name="of_the_future", version="9.2")
    forge(saved, content, arrays_of(saved))
    with pytest.raises(
        PluginError, match=r"losses 'of_the_future' is needed and not there: install pyfc 9\.2 or newer"
    ):
        pyfc.load(saved)
