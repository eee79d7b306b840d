"""What pyfc runs on: Python, libraries, the compiler that built it, the processor, and the compiler at hand."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import scipy

import pyfc
from pyfc.kernels import calls, dense
from pyfc.kernels import machine as compiled
from pyfc.making.compiler import CompilerError, compiler
from pyfc.planning import available_processors

#: What is used where it is installed.
PACKAGES = ("sympy", "mpmath", "matplotlib", "pooch", "sphinx", "numba")


def facts() -> dict[str, Any]:
    """Return what is known, as ``pyfc doctor --json`` has it.

    Returns
    -------
    dict
    """
    return {
        "pyfc": {"version": pyfc.__version__, "abi": calls.ABI},
        "python": {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "executable": sys.executable,
        },
        "platform": platform.platform(),
        "numpy": {"version": np.__version__, "blas": blas_of(np)},
        "scipy": {"version": scipy.__version__, "blas": blas_of(scipy)},
        "packages": {name: version_of(name) for name in PACKAGES},
        "build": {**compiled.build(), "vector_bytes": dense.vector_bytes()},
        "processor": {
            "name": processor_name(),
            "architecture": platform.machine(),
            "features": compiled.features(),
            "usable": available_processors(),
        },
        "c_compiler": c_compiler(),
        "disabled": os.environ.get("PYFC_DISABLE_PLUGINS", ""),
    }


def remarks(known: dict[str, Any]) -> list[str]:
    """Return what could be better, one sentence each."""
    found = []
    build, packages = known["build"], known["packages"]
    if build["vector_bytes"] < 32 and known["processor"]["features"].get("avx2"):
        found.append(
            f"pyfc was built by {build['compiler']}, with which kernels and matrix products run on any processor of "
            "this kind and use a fraction of this one (vectors of 16 bytes): build it with GCC 12 or newer, or with "
            "PYFC_NATIVE=1 for this machine alone"
        )
    if known["c_compiler"] is None:
        found.append(
            "no C compiler was found, so a formula becomes NumPy code and no plugin can be compiled: "
            "install one, or set CC to its name"
        )
    if not (packages["sympy"] and packages["mpmath"]):
        found.append("formulas, proofs and pyfc.testing need SymPy and mpmath: pip install 'pyfc[symbolic]'")
    return found


def described(found: dict[str, Any]) -> dict[str, str]:
    """Return the facts in words: what it is about -> a line."""
    build, processor, python = found["build"], found["processor"], found["python"]
    missing = [name for name, version in found["packages"].items() if version is None]
    installed = [f"{name} {version}" for name, version in found["packages"].items() if version is not None]
    absent = f"not installed: {', '.join(missing)}" if missing else ""
    has = " ".join(name for name, there in processor["features"].items() if there)
    lacks = " ".join(name for name, there in processor["features"].items() if not there)
    compiler = found["c_compiler"]
    if build["copy"]:
        kernels = f"of several copies, the one for {build['copy'].replace('default', 'any processor')} runs here"
    else:
        kernels = "compiled for the machine that built it" if build["native"] else "compiled once, for any processor"
    return {
        "pyfc": f"{found['pyfc']['version']}, ABI {found['pyfc']['abi']}",
        "Python": f"{python['version']}, {python['implementation']}, {python['executable']}",
        "platform": found["platform"],
        "NumPy": f"{found['numpy']['version']}, built with {found['numpy']['blas']}",
        "SciPy": f"{found['scipy']['version']}, built with {found['scipy']['blas']}",
        "packages": "; ".join(filter(None, [", ".join(installed), absent])),
        "built by": f"{build['compiler']}, {build['flags']}",
        "kernels": kernels,
        "products": f"pyfc's own, in vectors of {build['vector_bytes']} bytes; they use no BLAS",
        "processor": ", ".join(filter(None, [processor["name"], has and f"has {has}", lacks and f"lacks {lacks}"])),
        "usable": f"{processor['usable']} processor{'s' if processor['usable'] != 1 else ''}",
        "C compiler": f"{compiler['command']}: {compiler['version']}" if compiler else "none found",
        "plugins": f"PYFC_DISABLE_PLUGINS={found['disabled']}" if found["disabled"] else "none disabled",
    }


def version_of(package: str) -> str | None:
    """Return the version of an installed package, None if it is not; imports nothing."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def blas_of(library: Any) -> str:
    """Return name and version of the BLAS that NumPy or SciPy was built with."""
    found = library.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    words = [str(found[key]) for key in ("name", "version") if found.get(key) not in (None, "", "unknown")]
    return " ".join(words) or "no BLAS that it names"


def processor_name() -> str:
    """Return what the maker calls the processor, or its kind if that is not known."""
    if sys.platform == "darwin":
        return _first_line(["sysctl", "-n", "machdep.cpu.brand_string"]) or platform.machine()
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def c_compiler() -> dict[str, str] | None:
    """Return command and version of the C compiler that a formula gets."""
    try:
        words = compiler()
    except CompilerError:
        return None
    return {"command": shlex.join(words), "version": _first_line([*words, "--version"]) or "says no version"}


def _first_line(command: list[str]) -> str:
    """Return the first line that a program prints, ``""`` if it does not run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)  # noqa: S603 (fixed, or the user's own CC)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.partition("\n")[0].strip()
