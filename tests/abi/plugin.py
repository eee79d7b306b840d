"""Builds C sources into shared libraries and wraps what they hold for pyfc, as a plugin without Cython would."""

import ctypes
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FLAGS = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared", "-Wall", "-Werror"]

_new = ctypes.pythonapi.PyCapsule_New
_new.restype, _new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
#: A capsule keeps a pointer to its name, so the names stay.
_names: dict[str, bytes] = {}
_kept: list[object] = []
#: A class that a test hands to a module that it installs.
stash: object = None


def compiler() -> str:
    """Return a C compiler; skip the test if there is none."""
    words = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()
    found = next((path for name in (*words[:1], "cc", "gcc", "clang") if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no C compiler")
    return found


def build(source: Path, target: Path, *flags: str) -> Path:
    """Compile a C file into a shared library."""
    command = [compiler(), *FLAGS, *flags, f"-I{HERE}", str(source), "-o", str(target), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return target


def library(path: Path) -> ctypes.CDLL:
    """Load a shared library, which stays for as long as the process does: capsules point into it."""
    loaded = ctypes.CDLL(str(path))
    _kept.append(loaded)
    return loaded


def capsule(owner: object, name: str) -> object:
    """Return a capsule of a struct: a ctypes instance, or the address of one; ``"(none)"`` for one without a name."""
    _kept.append(owner)
    address = owner if isinstance(owner, int) else ctypes.addressof(owner)
    return _new(address, None if name == "(none)" else _names.setdefault(name, name.encode()), None)


def struct_in(loaded: ctypes.CDLL, symbol: str, name: str) -> object:
    """Return a capsule of a struct that a library exports."""
    return capsule(ctypes.addressof(ctypes.c_char.in_dll(loaded, symbol)), name)
