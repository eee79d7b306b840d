"""Compiles C code while a program runs, and gives its functions to pyfc as a kernel.

The compiler is the one that ``CC`` names, else the one that Python was built with, else cc, gcc or clang. The same code
is compiled once in a process. The file is removed as soon as it is loaded; the library stays, for nothing can know when
the last of its functions is done.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
import threading
from pathlib import Path
from typing import Any

from pyfc import kernels

#: What vectorisation needs, and nothing that breaks NaN or infinity.
FLAGS = ("-O3", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC", "-w")

FUNCTIONS = ("forward_f32", "forward_f64", "backward_f32", "backward_f64")

#: How long a compiler may take, in seconds.
PATIENCE = 120

_loaded: dict[str, ctypes.CDLL] = {}
_lock = threading.Lock()


class CompilerError(Exception):
    """There is no C compiler, or it failed; the message is for whoever wants compiled code."""


def compiler() -> list[str]:
    """Return the command of a C compiler, as a list of words.

    Raises
    ------
    CompilerError
        If none is found.
    """
    named = os.environ.get("CC")
    candidates = [named] if named else [sysconfig.get_config_var("CC") or "", "cc", "gcc", "clang"]
    for candidate in candidates:
        try:
            words = shlex.split(candidate)
        except ValueError:  # a quote that is not closed
            continue
        if words and shutil.which(words[0]):
            return words
    looked = f"CC={named!r}" if named else "cc, gcc and clang"
    raise CompilerError(f"no C compiler: looked for {looked} on PATH; install one, or set CC to its command")


def library(text: str) -> ctypes.CDLL:
    """Return C code, compiled and loaded.

    Raises
    ------
    CompilerError
        If there is no compiler, or it does not take the code, or the result cannot be loaded.
    """
    with _lock:
        if text not in _loaded:
            _loaded[text] = _compiled(text)
        return _loaded[text]


def _compiled(text: str) -> ctypes.CDLL:
    include = str(Path(__file__).parents[1] / "include")
    with tempfile.TemporaryDirectory(prefix="pyfc-") as folder:
        source, target = Path(folder, "formula.c"), Path(folder, "formula.so")
        source.write_text(text, encoding="utf-8")
        command = [*compiler(), *FLAGS, f"-I{include}", str(source), "-o", str(target), "-lm"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CompilerError(f"{shlex.join(command)}: {error}") from error
        if done.returncode:
            raise CompilerError(f"{shlex.join(command)} failed with status {done.returncode}:\n{done.stderr[:2000]}")
        try:
            return ctypes.CDLL(str(target))
        except OSError as error:
            raise CompilerError(f"what {command[0]} made cannot be loaded: {error}") from error


def activation_kernel(text: str, *, hypers: int, learns: bool) -> Any:
    """Return the capsule of an elementwise activation, from C code that has its four functions.

    Parameters
    ----------
    text : str
        The code.
    hypers : int
        How many hyper-parameters it is given.
    learns : bool
        Whether it has a learned parameter.

    Raises
    ------
    CompilerError
        As :func:`library`.
    """
    functions = library(text)
    addresses = [ctypes.cast(getattr(functions, name), ctypes.c_void_p).value or 0 for name in FUNCTIONS]
    flags = kernels.flags_of("z", elementwise=True, in_place=True, learns=learns)
    return kernels.activation_capsule_of(flags, hypers, *addresses)
