"""``pyfc doctor``: what it says of the machine and of every component, well or not, as text and as JSON."""

import json
import re
import sys
import time

import numpy as np
import pytest

import pyfc
from pyfc import doctor, kernels, registry
from pyfc.cli import main
from pyfc.component import Activation
from pyfc.doctor import components, machine

#: A copy of a built-in's kernel that claims to be of the next major version.
NEXT_ABI = """
import ctypes
import pyfc
from pyfc.component import Activation

get, new = ctypes.pythonapi.PyCapsule_GetPointer, ctypes.pythonapi.PyCapsule_New
get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
label = b"pyfc.activation.v1"
numbers = (ctypes.c_uint32 * 12).from_buffer_copy(ctypes.string_at(get(pyfc.Sigmoid.kernel, label), 48))
numbers[0] = ABI

class Square(Activation):
    name = "NAME"
    kernel = new(ctypes.addressof(numbers), label, None)
"""
RAISES = """
from pyfc.component import Activation

class Square(Activation):
    name = "NAME"
    needs = "z"

    def compute_forward(self, z, y, a):
        y[...] = z

    def compute_backward(self, z, y, dy, dz, a, da):
        FAULT
"""
GROUPS = """
import numpy as np
from pyfc.component import Loss, Optimizer

class Fourth(Loss):
    name = "fourth"
    task = "TASK"

    def compute_forward(self, y, t, loss):
        loss[...] = ((y - t) ** 4).sum(axis=1)

    def compute_backward(self, y, t, share, dy):
        dy[...] = share[:, None] * (4 * (y - t) ** 3)

class Plain(Optimizer):
    name = "plain"

    def update(self, w, dw, state, lr, step):
        w -= lr * dw
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Measure too little to be trusted, in less time."""
    monkeypatch.setattr(components, "SAMPLE", 1e-6)
    monkeypatch.setattr(components, "ENOUGH", 1e-4)


@pytest.fixture
def examine(capsys):
    """Return a function that runs ``pyfc doctor --json``: status, the object, and the rows by distribution and name."""

    def examine():
        registry.refresh()
        status = main(["doctor", "--json"])
        found = json.loads(capsys.readouterr().out)
        rows = {f"{row['distribution']}:{row['name']}": row for row in found["components"]}
        return status, found, rows

    return examine


def test_all_is_well(examine, install):
    status, found, rows = examine()
    assert (status, found["ok"], found["disabled"]) == (0, True, "")
    assert len(found["components"]) == len(registry.records())
    assert found["pyfc"] == {"version": pyfc.__version__, "abi": "1.0"}
    assert found["python"]["executable"] == sys.executable
    assert found["numpy"]["version"] == np.__version__
    assert found["scipy"]["blas"]
    assert found["packages"]["sympy"].startswith("1.")
    assert "-O3" in found["build"]["flags"] or sys.platform == "win32"
    assert found["build"]["vector_bytes"] in (16, 32, 64)
    assert found["processor"]["usable"] >= 1
    for row in rows.values():
        assert (row["state"], row["error"], row["clash"]) == ("ok", "", [])
        functions = {"activations": ["forward", "backward"], "losses": ["forward", "backward"]}
        functions |= {"optimizers": [] if row["name"] == "lbfgs" else ["update"]}
        assert list(row["ns"]) == functions.get(row["group"], [])
        assert all(0 < value < 1e5 for value in row["ns"].values())
        compiled = bool(row["ns"])  # so it is with the built-ins
        assert (row["abi"], row["kind"]) == (("1.0", "compiled") if compiled else (None, "NumPy"))


def test_the_times_are_those_of_the_functions(monkeypatch):
    monkeypatch.setattr(components, "SAMPLE", 2e-4)
    monkeypatch.setattr(components, "ENOUGH", 0.05)
    monkeypatch.setattr(components, "ROWS", 4)

    class Slow(pyfc.Sigmoid):
        def compute_backward(self, z, y, dy, dz, a, da):
            time.sleep(0.004)

    found = components.nanoseconds(Slow())
    assert 0.004 / 480 * 1e9 <= found["backward"] < 0.2 / 480 * 1e9
    assert found["forward"] < found["backward"] / 10


def test_table_for_people(install, capsys):
    install("alpha", "square")
    install("beta", "cube", "1 / 0")
    registry.refresh()
    assert main(["doctor"]) == 1
    text = capsys.readouterr().out
    assert re.search(r"^pyfc +0\.\S+, ABI 1\.0$", text, re.MULTILINE)
    assert "they use no BLAS" in text
    rows = text.splitlines()
    (square,) = (row for row in rows if " alpha " in row)
    assert re.fullmatch(r"activations +square +alpha +1\.2 +- +NumPy +ok +forward \S+  backward \S+", square)
    (at,) = (number for number, row in enumerate(rows) if " beta " in row)
    assert re.fullmatch(r"activations +cube +beta +1\.2 +- +- +broken +-", rows[at])
    assert rows[at + 1] == "    importing it raised ZeroDivisionError: division by zero"
    assert rows[-1] == f"{len(registry.records()) - 1} ok, 1 broken, 0 disabled; 0 names that several have"


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import no_such_module", "importing it raised ModuleNotFoundError: No module named 'no_such_module'"),
        (NEXT_ABI.replace("ABI", "2 << 16"), "`kernel` has ABI version 2: expected 1; rebuild it"),
        (
            RAISES.replace("FAULT", "raise ValueError('two\\nlines')"),
            "measuring it raised ValueError: two lines, at __init__.py:12, raise ValueError('two\\nlines')",
        ),
        (
            RAISES.replace("FAULT", "dz[...] = dy[:, :3]"),
            "could not broadcast input array from shape (128,3) into shape (128,120), at __init__.py:12",
        ),
        (RAISES.replace("FAULT", "raise SystemExit(5)"), "measuring it raised SystemExit: 5"),
        (
            RAISES.replace("FAULT", "pass").replace("    needs", "    def __init__(self): 1 / 0\n    needs"),
            "making it with its defaults raised ZeroDivisionError",
        ),
    ],
)
def test_a_broken_one_is_shown_and_disturbs_nobody(install, examine, source, error):
    install("alpha", "x", source)
    install("beta", "square")
    status, found, rows = examine()
    assert (status, found["ok"]) == (1, False)
    assert rows["alpha:x"]["state"] == "broken"
    assert error in rows["alpha:x"]["error"]
    assert rows["beta:square"]["ns"]["forward"] > 0
    assert {row["state"] for key, row in rows.items() if key != "alpha:x"} == {"ok"}


def test_a_minor_version_of_the_abi(install, examine):
    install("alpha", "x", NEXT_ABI.replace("ABI", "1 << 16 | 3"))
    status, _, rows = examine()
    assert (status, rows["alpha:x"]["abi"], rows["alpha:x"]["kind"]) == (0, "1.3", "compiled")
    assert kernels.kernel_abi(pyfc.Sigmoid.kernel) == "1.0"


def test_one_that_prints_and_warns(install, examine):
    fault = "import warnings; warnings.warn('x'); print('hello'); dz[...] = 0 / (z - z)"
    install("alpha", "x", RAISES.replace("FAULT", fault) + "print('imported')\n")
    assert examine()[0] == 0


def test_a_name_that_two_have(install, examine, capsys):
    install("alpha", "square")
    install("beta", "square")
    install("gamma", "relu")
    status, _, rows = examine()
    assert status == 1
    assert rows["alpha:square"]["clash"] == rows["beta:square"]["clash"] == ["alpha:square", "beta:square"]
    assert rows["gamma:relu"]["clash"] == rows["pyfc:relu"]["clash"] == ["pyfc:relu", "gamma:relu"]
    assert {row["state"] for row in rows.values()} == {"ok"}
    main(["doctor"])
    text = capsys.readouterr().out
    assert text.count("several have this name: say which, 'alpha:square' or 'beta:square', or uninstall") == 2
    assert "'pyfc:relu' or 'gamma:relu'; 'relu' alone is pyfc's own" in text
    assert text.endswith("2 names that several have\n")


def test_disabled_ones_are_passed_over(install, examine, monkeypatch, capsys):
    install("alpha", "square", "1 / 0")
    install("beta", "square")
    monkeypatch.setenv("PYFC_DISABLE_PLUGINS", "alpha")
    status, found, rows = examine()
    assert (status, found["disabled"]) == (0, "alpha")
    assert (rows["alpha:square"]["state"], rows["alpha:square"]["ns"]) == ("disabled", {})
    assert rows["beta:square"]["clash"] == []
    main(["doctor"])
    assert re.search(r"^plugins +PYFC_DISABLE_PLUGINS=alpha$", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize("pieces", [2, 3, 5])
def test_fewer_outputs_than_inputs(pieces):
    class Largest(Activation):
        needs = "z"

        def out_cols(self, cols):
            if cols % pieces:
                raise ValueError(f"{cols} columns")
            return cols // pieces

        def compute_forward(self, z, y, a):
            y[...] = z.reshape(*y.shape, pieces).max(axis=2)

        def compute_backward(self, z, y, dy, dz, a, da):
            dz[...] = np.repeat(dy, pieces, axis=1)

    assert list(components.nanoseconds(Largest())) == ["forward", "backward"]


@pytest.mark.parametrize("task", ["regression", "binary", "classification"])
def test_losses_and_optimizers_of_plugins(install, examine, task):
    points = "[pyfc.losses]\nfourth = alpha:Fourth\n[pyfc.optimizers]\nplain = alpha:Plain\n"
    install("alpha", "x", GROUPS.replace("TASK", task), entry_points=points)
    status, _, rows = examine()
    assert status == 0
    assert list(rows["alpha:fourth"]["ns"]) == ["forward", "backward"]
    assert list(rows["alpha:plain"]["ns"]) == ["update"]


def test_without_the_symbolic_extra(run):
    code = (
        "import sys; sys.modules['sympy'] = sys.modules['mpmath'] = None; from pyfc.cli import main; main(['doctor'])"
    )
    assert run(code).endswith("0 broken, 0 disabled; 0 names that several have\n")


def test_remarks(monkeypatch):
    monkeypatch.setattr(machine, "version_of", lambda _: None)
    monkeypatch.setattr(machine, "c_compiler", lambda: None)
    known = machine.facts()
    known["processor"]["features"] = {"avx2": True}
    known["build"] |= {"vector_bytes": 16, "copy": None, "compiler": "Clang 14"}
    slow, compiler, symbolic = machine.remarks(known)
    assert slow.startswith("pyfc was built by Clang 14, with which")
    assert compiler.startswith("no C compiler was found")
    assert "pip install 'pyfc[symbolic]'" in symbolic
    text = "\n".join(doctor.lines({**known, "remarks": [slow], "components": []}))
    assert f"\nremark: {slow}\n" in text
    assert "not installed: sympy, mpmath" in text
    assert re.search("^C compiler +none found$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("copy", "native", "words"),
    [("default", False, "one for any processor"), (None, False, "once, for any"), (None, True, "that built it")],
)
def test_what_the_kernels_were_compiled_for(copy, native, words):
    known = machine.facts()
    known["build"] |= {"copy": copy, "native": native}
    assert words in machine.described(known)["kernels"]


def test_the_compiler_at_hand(monkeypatch, tmp_path):
    program = tmp_path / "my cc"
    program.write_text("#!/bin/sh\necho my compiler 7 $1\n")
    program.chmod(0o755)
    monkeypatch.setenv("CC", f"'{program}' -pthread")
    assert machine.c_compiler() == {"command": f"'{program}' -pthread", "version": "my compiler 7 -pthread"}
    program.write_text("#!/bin/sh\nexit 1\n")
    assert machine.c_compiler()["version"] == "says no version"
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.c_compiler() is None
