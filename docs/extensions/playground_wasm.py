"""Compiles pyfc's kernels to WebAssembly for the playground, with the C compiler of the ``ziglang`` package.

What is compiled is the C that Cython made of each component's ``.pyx`` file, in ``build/cython`` where building pyfc
has left it; what is missing or older than its source is translated again. Which components there are is asked of the
registry. A kernel that cannot be compiled fails the build.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

from pyfc.component import Component

ROOT = Path(__file__).parents[2]
HERE = ROOT / "docs" / "playground"

#: As in setup.py; nothing that changes a result. WebAssembly has no fused multiply-add.
FLAGS = ["-target", "wasm32-wasi", "-O2", "-fno-math-errno", "-fno-trapping-math", "-w"]

#: The functions that a kernel of each group has, in the order of the macros in wasm32.h.
FUNCTIONS = {
    "activations": ("EXPORT_ACTIVATION", ("forward", "backward")),
    "losses": ("EXPORT_LOSS", ("forward", "backward")),
    "optimizers": ("EXPORT_OPTIMIZER", ("update",)),
}


def compile_kernels(components: Iterable[type[Component]], folder: Path) -> bytes:
    """Return a WebAssembly module with the float64 kernels of built-in components, and the dense layer's products.

    Parameters
    ----------
    components : iterable of type
        Classes from files in ``src/``. The kernel of ``sigmoid`` becomes ``activations_sigmoid_forward`` and
        ``activations_sigmoid_backward``.
    folder : Path
        For all that is written, the compiler's caches too. What has not changed is not compiled again.

    Returns
    -------
    bytes
    """
    folder.mkdir(parents=True, exist_ok=True)
    sources = {cls: ROOT / "src" / cls.group / f"{cls.__module__.rpartition('.')[2]}.pyx" for cls in components}
    translated = translate(list(sources.values()))
    jobs = [HERE / "products.c"]
    for cls, c_source in zip(sources, translated, strict=True):
        jobs.append(folder / f"{cls.group}_{cls.name}.c")
        jobs[-1].write_text(wrapper(cls, c_source), encoding="utf-8")
    texts = [*translated, *jobs, *sorted(HERE.glob("*.h")), *sorted((ROOT / "pyfc" / "include").glob("*.h"))]
    texts += sorted((ROOT / "src").glob("*.h"))
    state = hashlib.sha256(" ".join(FLAGS).encode() + b"".join(path.read_bytes() for path in texts)).hexdigest()
    result, stamp = folder / "kernels.wasm", folder / "kernels.sha256"
    if not (result.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == state):
        include = [f"-I{path}" for path in (HERE, ROOT / "pyfc/include", ROOT / "src", python_headers(folder))]
        objects = []
        for job in jobs:
            objects.append(str(folder / f"{job.stem}.o"))
            zig(folder, *FLAGS, *include, "-c", str(job), "-o", objects[-1])
        link = ["--no-entry", "--gc-sections", "--export=__wasm_call_ctors"]
        zig(folder, *FLAGS, "-nostdlib", "-s", *(f"-Wl,{flag}" for flag in link), *objects, "-o", str(result))
        stamp.write_text(state, encoding="utf-8")
    return result.read_bytes()


def python_headers(folder: Path) -> Path:
    """Return a folder of Python's headers with our ``pyconfig.h``, for which they look beside themselves."""
    found = folder / "include"
    shutil.rmtree(found, ignore_errors=True)
    shutil.copytree(sysconfig.get_paths()["include"], found, ignore=shutil.ignore_patterns("numpy"))
    shutil.copyfile(HERE / "pyconfig.h", found / "pyconfig.h")
    return found


def translate(sources: list[Path]) -> list[Path]:
    """Return the C files that Cython makes of .pyx files, as setup.py does; those that are up to date it leaves."""
    found = [ROOT / "build" / "cython" / source.relative_to(ROOT).with_suffix(".c") for source in sources]
    old = [
        source
        for source, c_source in zip(sources, found, strict=True)
        if not c_source.exists() or c_source.stat().st_mtime < source.stat().st_mtime
    ]
    if old:
        # Only now: those who have built pyfc here a moment ago do not wait for Cython.
        with contextlib.chdir(ROOT), contextlib.redirect_stdout(io.StringIO()):
            setup = SimpleNamespace(**runpy.run_path("setup.py"))
            from Cython.Build import cythonize
            from setuptools import Extension

            relative = [source.relative_to(ROOT) for source in old]
            cythonize(
                [Extension(setup.module_name(source), [str(source)]) for source in relative],
                build_dir="build/cython",
                include_path=["pyfc/include", "."],
                compiler_directives=setup.DIRECTIVES,
                force=True,
            )
    return found


def wrapper(cls: type[Component], c_source: Path) -> str:
    """Return a C file that includes a component's and exports its kernels under names of ours."""
    macro, functions = FUNCTIONS[cls.group]
    mangled = "_".join(f"{len(part)}{part}" for part in cls.__module__.split("."))
    text = c_source.read_text(encoding="utf-8")
    for function in functions:
        if f"__pyx_fuse_1__pyx_f_{mangled}_{function}(" not in text:
            raise ValueError(f"{c_source} has no kernel {function} for float64: expected `cdef status {function}(...)`")
    # A number that the module keeps, `cdef double EPS = 2.0**-23`, is set when Python imports it; here, at the start.
    variable = rf"(__pyx_v_{mangled}_\w+)"
    kept = re.findall(rf"^static (?!pyfc_)\w[\w ]* \**{variable}[\[;]", text, re.MULTILINE)
    values = dict(re.findall(rf"^ +{variable} = ((?:pow\(|[-+*/.e\d(), ])+);", text, re.MULTILINE))
    for name in kept:
        if name not in values:
            raise ValueError(f"{c_source}: {name} is computed by Python: expected an expression of numbers")
    start = " ".join(f"{name} = {values[name]};" for name in kept)
    start = f"__attribute__((constructor)) static void start(void) {{ {start} }}\n" if start else ""
    names = ", ".join(f"__pyx_fuse_1__pyx_f_{mangled}_{function}" for function in functions)
    return f'#include "wasm32.h"\n#include "{c_source}"\n{start}{macro}({cls.group}_{cls.name}, {names})\n'


def zig(folder: Path, *arguments: str) -> None:
    """Run the C compiler, with its caches in a folder of ours; say what it says if it fails."""
    caches = {"ZIG_GLOBAL_CACHE_DIR": str(folder / "zig"), "ZIG_LOCAL_CACHE_DIR": str(folder / "zig")}
    command = [sys.executable, "-m", "ziglang", "cc", *arguments]
    done = subprocess.run(command, env=os.environ | caches, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"the playground's kernels: {' '.join(command)} failed:\n{done.stderr}")
