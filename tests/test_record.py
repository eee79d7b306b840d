"""A plugin that is broken says so, with its distribution and the cause, and disturbs no other name."""

import pytest

import pyfc
from pyfc import registry
from pyfc.errors import PluginError

CAPSULE = """
import ctypes
import pyfc
from pyfc.component import Activation

class Kernel(ctypes.Structure):
    _fields_ = [(n, ctypes.c_uint32) for n in ("abi", "size", "flags", "reserved")] + [
        (n, ctypes.c_void_p) for n in ("forward_f32", "forward_f64", "backward_f32", "backward_f64")]

get, new = ctypes.pythonapi.PyCapsule_GetPointer, ctypes.pythonapi.PyCapsule_New
get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
k = Kernel.from_buffer_copy(Kernel.from_address(get(pyfc.Sigmoid.kernel, b"pyfc.activation.v1")))
label = b"pyfc.activation.v1"
CHANGE

class Square(Activation):
    name = "NAME"
    kernel = new(ctypes.addressof(k), label, None)
"""
UNSHOWABLE = """
class Odd(Exception):
    def __str__(self):
        raise RuntimeError
raise Odd
"""
ONE_METHOD = """
from pyfc.component import Activation
class Square(Activation):
    name = "NAME"
    def compute_forward(self, z, y, a): ...
"""
METHODS = ONE_METHOD + "    compute_backward = compute_forward\n"

BROKEN = {
    "missing import": ("import no_such_module", "raised ModuleNotFoundError: No module named 'no_such_module'"),
    "syntax": ("def f(:", "raised SyntaxError: invalid syntax"),
    "exit": ("import sys; sys.exit(3)", "raised SystemExit: 3"),
    "unshowable": (UNSHOWABLE, "raised Odd, whose message cannot be shown"),
    "no attribute": ("", "raised AttributeError: .*Square"),
    "function": ("def Square(): ...", "of type function: expected a subclass of pyfc.component.Activation"),
    "other group": ("from pyfc.component import Loss as Square", "is class Loss: expected .*Activation"),
    "instance": ("from pyfc import Sigmoid; Square = Sigmoid()", "of type Sigmoid: expected"),
    "no name": (METHODS.replace('name = "NAME"', ""), "class Square has name None"),
    "wrong name": (
        METHODS.replace("NAME", "cube"),
        "name 'cube': expected 'x'",
    ),
    "method missing": (ONE_METHOD, "neither a `kernel` nor `compute_forward` and `compute_backward`"),
    "needs": (METHODS + "    needs = 'q'", "needs 'q': expected one of"),
    "no capsule": (METHODS + "    kernel = 42", "`kernel` is a int: expected a PyCapsule named 'pyfc.activation.v1'"),
    "other capsule": (CAPSULE.replace("CHANGE", "label = b'pyfc.loss.v1'"), "named 'pyfc.loss.v1': expected"),
    "next major": (CAPSULE.replace("CHANGE", "label = b'pyfc.activation.v2'"), "rebuild it against this pyfc"),
    "nameless": (CAPSULE.replace("CHANGE", "label = None"), "a PyCapsule named '': expected"),
    "ABI": (CAPSULE.replace("CHANGE", "k.abi = 2 << 16"), "has ABI version 2: expected 1"),
    "size": (CAPSULE.replace("CHANGE", "k.size -= 8"), "has size 40: expected at least 48"),
    "flags": (CAPSULE.replace("CHANGE", "k.flags |= 1 << 20"), "this pyfc knows 0x1f; update pyfc"),
    "NULL": (CAPSULE.replace("CHANGE", "k.backward_f32 = None"), "has no function in place 2"),
}


@pytest.mark.parametrize(("source", "cause"), BROKEN.values(), ids=BROKEN)
def test_broken(install, source, cause):
    install("alpha-net", "x", source, version="3.1")
    install("beta", "square")
    assert "x" in pyfc.available("activations")
    for _ in range(2):
        with pytest.raises(PluginError, match=cause) as caught:
            pyfc.get("activations", "x")
        assert str(caught.value).startswith("activations 'x' of alpha-net 3.1 (alpha_net:Square) is broken: ")
        assert str(caught.value).endswith("; update or uninstall alpha-net")
    assert "x" not in pyfc.available("activations")
    assert pyfc.get("activations", "square").__module__ == "beta"
    assert pyfc.get("activations", "sigmoid") is pyfc.Sigmoid
    assert [r.state for r in registry.records() if not r.builtin] == ["ok", "broken"]


def test_an_unchanged_capsule_works(install):
    install("alpha", "logistic", CAPSULE.replace("CHANGE", ""))
    assert pyfc.get("activations", "logistic")().forward([0.0]) == 0.5


def test_the_plugins_own_exception_is_the_cause(install):
    install("alpha", "x", "1 / 0")
    with pytest.raises(PluginError) as caught:
        pyfc.get("activations", "x")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_control_c_while_importing_reaches_the_user_and_breaks_nothing(install, monkeypatch):
    install("alpha", "square", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        pyfc.get("activations", "square")
    assert [r.state for r in registry.records() if not r.builtin] == ["not loaded"]


@pytest.mark.parametrize("value", ["alpha", "alpha:", ":Square", "", "not a name:Square"])
def test_malformed_value(install, value):
    install("alpha", "x", entry_points=f"[pyfc.activations]\nx = {value}\n")
    install("beta", "square")
    assert pyfc.get("activations", "square").__module__ == "beta"
    with pytest.raises(
        PluginError, match=r"alpha 1.2 .* is broken: (its entry point is .*: expected 'module:Class'|.*Val)"
    ):
        pyfc.get("activations", "x")


@pytest.mark.parametrize("entry_points", ["[pyfc.activations]\nno equals sign\n", "x = y\n[pyfc.losses]\njunk\n"])
def test_malformed_file(install, entry_points):
    install("alpha", "x", entry_points=entry_points)
    install("beta", "square")
    assert pyfc.get("activations", "square").__module__ == "beta"
    broken = [r for r in registry.records() if r.distribution == "alpha"]
    assert [r.state for r in broken] == ["broken"]
    assert "its entry_points.txt cannot be read" in broken[0].error
    with pytest.raises(PluginError, match=r"alpha 1.2 \(entry_points.txt\) is broken: its entry_points.txt"):
        broken[0].load()


def test_folders_that_are_no_distribution(install, tmp_path):
    install("beta", "square")
    nameless = tmp_path / "site" / "left_over-1.0.dist-info"
    nameless.mkdir()
    (nameless / "entry_points.txt").write_text("[pyfc.activations]\ny = left_over:Y\n")
    binary = tmp_path / "site" / "binary-1.0.dist-info"
    binary.mkdir()
    (binary / "entry_points.txt").write_bytes(b"[pyfc.activations]\n\xff = binary:Y\n")
    assert [r.name for r in registry.records() if not r.builtin] == ["square"]


def test_unknown_groups_are_left_alone(install):
    install("alpha", "x", entry_points="[pyfc.layers]\nx = alpha:Square\n[pyfc.activations]\nx = alpha:Square\n")
    assert [(r.group, r.name) for r in registry.records() if not r.builtin] == [("activations", "x")]
