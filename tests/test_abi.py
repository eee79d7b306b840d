"""Version 1 of the C interface: what it promises to plugins that were built once, and what it refuses.

tests/abi holds a frozen copy of the header as of 1.0, and a plugin in C that is built against that alone. Both stay as
they are for as long as the major version does.
"""

import ctypes
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from abi import plugin

import pyfc
from pyfc import datasets, registry
from pyfc.component import Activation, Component, Hyper, Learned, Loss, Optimizer
from pyfc.errors import PluginError
from pyfc.testing import check_activation, check_loss, check_optimizer, variants

#: All that a plugin built against 1.x relies on; it may grow, and what is in it stays. Members: offset and size.
CONSTANTS = """
PYFC_ABI_MAJOR 1
PYFC_OK 0
PYFC_NEEDS_Z 1
PYFC_NEEDS_Y 2
PYFC_ELEMENTWISE 4
PYFC_IN_PLACE 8
PYFC_LEARNS 16
PYFC_TAKES_LABELS 1
PYFC_ACTIVATION_CAPSULE pyfc.activation.v1
PYFC_LOSS_CAPSULE pyfc.loss.v1
PYFC_OPTIMIZER_CAPSULE pyfc.optimizer.v1
"""
SIZES = """
pyfc_shape size 32
pyfc_activation size 48
pyfc_loss size 48
pyfc_optimizer size 40
"""
MEMBERS = """
pyfc_shape.rows 0 8
pyfc_shape.cols 8 8
pyfc_shape.out_cols 16 8
pyfc_shape.params 24 8
pyfc_activation.abi 0 4
pyfc_activation.size 4 4
pyfc_activation.flags 8 4
pyfc_activation.hypers 12 4
pyfc_activation.forward_f32 16 8
pyfc_activation.forward_f64 24 8
pyfc_activation.backward_f32 32 8
pyfc_activation.backward_f64 40 8
pyfc_loss.abi 0 4
pyfc_loss.size 4 4
pyfc_loss.flags 8 4
pyfc_loss.hypers 12 4
pyfc_loss.forward_f32 16 8
pyfc_loss.forward_f64 24 8
pyfc_loss.backward_f32 32 8
pyfc_loss.backward_f64 40 8
pyfc_optimizer.abi 0 4
pyfc_optimizer.size 4 4
pyfc_optimizer.flags 8 4
pyfc_optimizer.hypers 12 4
pyfc_optimizer.states 16 4
pyfc_optimizer.reserved 20 4
pyfc_optimizer.update_f32 24 8
pyfc_optimizer.update_f64 32 8
"""


@pytest.mark.parametrize("version", ["1.0", "today"])
def test_layout(version: str, tmp_path: Path) -> None:
    header = plugin.HERE / "pyfc_kernel_1_0.h" if version == "1.0" else Path(pyfc.get_include()) / "pyfc_kernel.h"
    program = tmp_path / "layout"
    command = [plugin.compiler(), "-Wall", "-Werror", f'-DHEADER="{header}"', str(plugin.HERE / "layout.c")]
    done = subprocess.run([*command, "-o", str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    if version == "1.0":
        assert sorted(said) == sorted(line for line in (CONSTANTS + SIZES + MEMBERS).split("\n") if line)
    for line in (CONSTANTS + MEMBERS).split("\n"):
        assert not line or line in said
    grown = {name: int(size) for name, _, size in (line.split() for line in said if " size " in line)}
    for name, _, size in (line.split() for line in SIZES.split("\n") if line):
        assert grown[name] >= int(size)


def test_a_header_of_another_layout_is_found(tmp_path: Path) -> None:
    text = (Path(pyfc.get_include()) / "pyfc_kernel.h").read_text()
    swapped = text.replace(
        "    uint32_t flags;\n    uint32_t hypers; /*", "    uint32_t hypers;\n    uint32_t flags; /*"
    )
    assert swapped != text
    (tmp_path / "other.h").write_text(swapped)
    command = [plugin.compiler(), f'-DHEADER="{tmp_path / "other.h"}"', str(plugin.HERE / "layout.c")]
    subprocess.run([*command, "-o", str(tmp_path / "layout")], check=True)
    said = subprocess.run([tmp_path / "layout"], capture_output=True, text=True, check=True).stdout
    assert "pyfc_activation.flags 8 4" not in said


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Build the plugin of version 1.0, and return its classes and its library."""
    loaded = plugin.library(
        plugin.build(plugin.HERE / "plugin_1_0.c", tmp_path_factory.mktemp("abi") / "plugin_1_0.so")
    )

    class Bend(Activation):
        name = "bend"
        kernel = plugin.struct_in(loaded, "bend", "pyfc.activation.v1")
        hyperparameters = {"s": Hyper(1.0, low=0, open_low=True)}  # noqa: RUF012

    class Gain(Activation):
        name = "gain"
        kernel = plugin.struct_in(loaded, "gain", "pyfc.activation.v1")
        learned = Learned("a", 1.0)

        def params(self, cols: int) -> int:
            return cols

    class GainOfLayer(Gain):
        name = "gain_of_layer"

        def params(self, cols: int) -> int:
            return 1

    class Brier(Loss):
        name = "brier"
        task = "classification"
        kernel = plugin.struct_in(loaded, "brier", "pyfc.loss.v1")
        hyperparameters = {"factor": Hyper(1.0, low=0, open_low=True)}  # noqa: RUF012

    class Heavy(Optimizer):
        name = "heavy"
        kernel = plugin.struct_in(loaded, "heavy", "pyfc.optimizer.v1")
        hyperparameters = {"momentum": Hyper(0.9, low=0, high=1, open_high=True)}  # noqa: RUF012

    return SimpleNamespace(bend=Bend, gain=Gain, gain_of_layer=GainOfLayer, brier=Brier, heavy=Heavy, loaded=loaded)


@pytest.mark.parametrize("name", ["bend", "gain", "gain_of_layer", "brier", "heavy"])
def test_a_plugin_of_version_1_0_passes_the_kit(old: SimpleNamespace, name: str) -> None:
    check = {"brier": check_loss, "heavy": check_optimizer}.get(name, check_activation)
    for component in variants(getattr(old, name)):
        report = check(component)
        report.raise_if_failed()
        if name != "heavy":
            assert len(report.checks) > 35


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_plugin_of_version_1_0_is_trained_with(old: SimpleNamespace, dtype: str) -> None:
    X, y = datasets.make_moons(200, noise=0.1, seed=0)

    def trained(optimizer: Optimizer) -> pyfc.Network:
        layers = [
            pyfc.Dense(2, 8),
            old.bend(s=0.7),
            pyfc.Dense(8, 8),
            old.gain(),
            old.gain_of_layer(),
            pyfc.Dense(8, 2),
        ]
        network = pyfc.Network(layers, loss=old.brier(factor=0.5), dtype=dtype, seed=0)
        before = network.evaluate(X, y)["loss"]
        history = network.fit(X, y, epochs=5, batch_size=16, optimizer=optimizer, progress=False)
        assert history["loss"][-1] < 0.7 * before
        return network

    network = trained(old.heavy(lr=0.05, momentum=0.8))
    if dtype == "float64":
        network.check_gradients(X[:20], y[:20]).raise_if_failed()
    same = trained(pyfc.SGD(lr=0.05, momentum=0.8))
    for name, values in same.parameters.items():
        np.testing.assert_allclose(
            network.parameters[name], values, rtol=1e-3 if dtype == "float32" else 1e-9, atol=1e-5
        )


KINDS = {
    "activations": ("bend", "pyfc.activation.v1", 48, 16, "0x1f"),
    "losses": ("brier", "pyfc.loss.v1", 48, 16, "0x1"),
    "optimizers": ("heavy", "pyfc.optimizer.v1", 40, 24, "0x4"),
}


def changed(old: SimpleNamespace, group: str, change: Callable[[bytearray], Any], name: str | None = None) -> Any:
    """Return a class whose kernel is the old plugin's struct after a change, in a capsule perhaps of another name."""
    symbol, own, size, *_ = KINDS[group]
    good = getattr(old, symbol)
    raw = bytearray(ctypes.string_at(ctypes.addressof(ctypes.c_char.in_dll(old.loaded, symbol)), size))
    change(raw)
    memory = ctypes.create_string_buffer(bytes(raw), len(raw))
    kernel = plugin.capsule(memory, own if name is None else name)
    base = registry.GROUPS[group]
    return type("X", (base,), {"name": "x", "kernel": kernel, "hyperparameters": good.hyperparameters})


def put(offset: int, value: int, kind: str = "I") -> Callable[[bytearray], None]:
    """Return a change that writes a number."""
    return lambda raw: struct.pack_into(kind, raw, offset, value)


REFUSED = {
    "no capsule": (None, "", "`kernel` is a int: expected a PyCapsule named '{name}'"),
    "no name": (put(0, 1 << 16), "(none)", "a PyCapsule named '': expected '{name}'"),
    "another kind's name": (put(0, 1 << 16), "pyfc.initializer.v1", "named 'pyfc.initializer.v1': expected '{name}'"),
    "the next major's name": (put(0, 2 << 16), "{next}", "expected '{name}'; rebuild it against this pyfc"),
    "the next major": (put(0, 2 << 16), "", "has ABI version 2: expected 1; rebuild it"),
    "the major before": (put(0, 0), "", "has ABI version 0: expected 1; rebuild it"),
    "too small": (lambda raw: put(4, len(raw) - 8)(raw), "", "has size {small}: expected at least {size}; set it to"),
    "no size": (put(4, 0), "", "has size 0: expected at least {size}"),
    "an unknown flag": (put(8, 1 << 30), "", "has flags 0x40000000: this pyfc knows {flags}; update pyfc"),
    "the next flag": (put(8, 32), "", "has flags 0x20: this pyfc knows {flags}; update pyfc"),
    "more hyper-parameters": (put(12, 3), "", "reads 3 hyper-parameters and its class declares 1: expected the same"),
    "fewer hyper-parameters": (put(12, 0), "", "reads 0 hyper-parameters and its class declares 1: expected the same"),
}


CASES = [(group, case) for group in KINDS for case in [*REFUSED, "null 0", "null 1"]]
CASES += [(group, case) for group in ("activations", "losses") for case in ("null 2", "null 3")]
CASES += [("optimizers", "states"), ("optimizers", "reserved")]


@pytest.mark.parametrize(("group", "case"), CASES)
def test_refused(old: SimpleNamespace, install: Callable[..., None], group: str, case: str) -> None:
    _, name, size, first, flags = KINDS[group]
    if case.startswith("null"):
        place = int(case[5:])
        cls = changed(old, group, put(first + 8 * place, 0, "Q"))
        cause = f"`kernel` has no function in place {place}: expected all of them for float32 and float64"
    elif case in ("states", "reserved"):
        cls = changed(old, group, put(16, 9) if case == "states" else put(20, 1))
        cause = "has 9 state arrays: expected at most 8" if case == "states" else "has 1 in `reserved`: expected 0"
    else:
        change, other, cause = REFUSED[case]
        cause = cause.format(name=name, size=size, small=size - 8, flags=flags)
        if change is None:
            cls = type("X", (registry.GROUPS[group],), {"name": "x", "kernel": 42})
        else:
            cls = changed(old, group, change, other.replace("{next}", f"{next}") or name)
    assert cause in cls.problem()
    with pytest.raises(TypeError, match="cannot register X"):
        pyfc.register(cls)
    with pytest.raises(PluginError) as direct:  # a class that was never registered is not called either
        cls()
    assert cause in str(direct.value)
    check = {"activations": check_activation, "losses": check_loss, "optimizers": check_optimizer}[group]
    with pytest.raises(PluginError):
        check(cls)
    plugin.stash = cls
    install(
        "alpha-net",
        "x",
        "from abi import plugin\nSquare = plugin.stash\n",
        entry_points=f"[pyfc.{group}]\nx = alpha_net:Square\n",
    )
    with pytest.raises(PluginError) as caught:
        pyfc.get(group, "x")
    assert str(caught.value).startswith(f"{group} 'x' of alpha-net 1.2 (alpha_net:Square) is broken: ")
    assert cause in str(caught.value)
    (record,) = (record for record in registry.records(group) if record.name == "x")
    assert record.state == "broken"


@pytest.mark.parametrize("group", KINDS)
@pytest.mark.parametrize("minor", [0, 1, 7])
def test_a_later_minor_version_works(old: SimpleNamespace, group: str, minor: int) -> None:
    def grown(raw: bytearray) -> None:
        raw += b"\xff" * 24  # members that this pyfc does not know, and does not read
        put(0, 1 << 16 | minor)(raw)
        put(4, len(raw))(raw)

    cls = changed(old, group, grown)
    assert not cls.problem()
    component = cls()
    if group == "activations":
        assert component.forward([3.0]) == 0.75
    elif group == "losses":
        assert component.value([[1.0, 2.0]], [[0.0, 1.0]]) == 2
    else:
        w, state = np.ones(3), component.new_state(3, np.float64)
        component.update(w, np.ones(3), state, 0.5, 1)
        np.testing.assert_array_equal(w, 0.5)


def test_a_class_that_declares_what_its_kernel_lacks(old: SimpleNamespace) -> None:
    wrong: type[Component] = type("Wrong", (Activation,), {"name": "w", "kernel": old.gain.kernel})
    assert "has the flag PYFC_LEARNS and its class has learned = None" in wrong.problem()
    (failure,) = check_activation(wrong).checks
    assert failure.name == "can be called"
    assert "PYFC_LEARNS" in failure.detail
