"""Build the compiled half of pyfc: one extension module, and at most one entry point, for each file in ``src/``.

``src/activations/tanh.pyx`` becomes the module ``pyfc.kernels.activations.tanh`` and, because it defines a class that
derives from ``Activation``, the entry point ``tanh = pyfc.kernels.activations.tanh:Tanh`` in ``pyfc.activations``. So a
new file is all it takes to add a component. Everything that does not depend on the files in ``src/`` is in
``pyproject.toml``.

Environment: ``PYFC_NATIVE=1`` compiles for the processor of this machine alone. Without it the code runs on every
machine of the architecture, and each loop is compiled several times and chosen when the program starts (see
``PYFC_STATUS`` in ``pyfc/include/pyfc_kernel.h``).
"""

import os
import re
import shutil
import sys
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

SOURCES = sorted(Path("src").rglob("*.pyx"))
GROUPS = {"activations": "Activation", "losses": "Loss", "optimizers": "Optimizer", "initializers": "Initializer"}
DIRECTIVES = {"language_level": 3, "boundscheck": False, "wraparound": False, "cdivision": True, "embedsignature": True}


def compile_arguments() -> list[str]:
    """Return the compiler's flags: what vectorisation needs, and nothing that breaks NaN or infinity."""
    if sys.platform == "win32":
        return ["/O2"]
    # Without these two a loop with a square root or a division under a condition stays scalar; NaN and infinity
    # behave as in IEEE 754 all the same. -Wno-attributes: PYFC_STATUS also appears on a local variable.
    flags = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-Wno-attributes"]
    return [*flags, "-march=native", "-DPYFC_NATIVE"] if os.environ.get("PYFC_NATIVE") == "1" else flags


def macros(source: Path) -> list[tuple[str, str | None]]:
    """Return what a file sees of the build: one of them tells it to those who ask how pyfc was compiled."""
    known: list[tuple[str, str | None]] = [("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")]
    if source.name == "machine.pyx":
        # Without a shell in between, the quotes of C need no others around them.
        known.append(("PYFC_FLAGS", f'"{" ".join(compile_arguments())}"'))
    return known


def module_name(source: Path) -> str:
    """Return the module that a source becomes: ``src/activations/tanh.pyx`` -> ``pyfc.kernels.activations.tanh``."""
    return ".".join(["pyfc", "kernels", *source.relative_to("src").with_suffix("").parts])


def without_comments(code: str) -> str:
    """Return C code as the compiler sees it: Cython's comments name the folder in which it was installed."""
    return re.sub(r"/\*.*?\*/", "", code, flags=re.DOTALL)


def entry_points() -> dict[str, list[str]]:
    """Return pyfc's own entry points: the command, and one for each component file."""
    found = {"console_scripts": ["pyfc = pyfc.cli:main"]}
    for source in SOURCES:
        base = GROUPS.get(source.parent.name)
        if base is None:
            continue
        classes = re.findall(rf"^class (\w+)\({base}\):", source.read_text(encoding="utf-8"), re.MULTILINE)
        if len(classes) != 1:
            raise SystemExit(
                f"{source} defines {len(classes)} classes that derive from {base} ({', '.join(classes) or 'none'}): "
                f"expected exactly one, `class Name({base}):`, because one file is one component"
            )
        found.setdefault(f"pyfc.{source.parent.name}", []).append(f"{source.stem} = {module_name(source)}:{classes[0]}")
    return found


class BuildExtensions(build_ext):
    """Translate and compile on all processors: the files are many and independent."""

    def finalize_options(self) -> None:
        """Take one job for each processor unless the caller chose."""
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count() or 1

    def run(self) -> None:
        """Run Cython only now, so that commands that merely ask for metadata do not wait for it."""
        if self.inplace:
            # setuptools would build in a temporary folder, and so compile every file each time.
            self.build_lib = "build/inplace"
        flags = Path("build/flags.txt")
        if not flags.exists() or flags.read_text(encoding="utf-8") != " ".join(compile_arguments()):
            flags.parent.mkdir(exist_ok=True)
            flags.write_text(" ".join(compile_arguments()), encoding="utf-8")
        before = {path: (path.read_text(encoding="utf-8"), path.stat()) for path in Path("build/cython").rglob("*.c")}
        translated = cythonize(
            self.extensions,
            nthreads=self.parallel,
            build_dir="build/cython",
            include_path=["pyfc/include", "."],
            compiler_directives=DIRECTIVES,
        )
        for extension, with_c_source in zip(self.extensions, translated, strict=True):
            extension.sources = with_c_source.sources
            extension.depends.append(str(flags))  # so that PYFC_NATIVE compiles anew what was compiled without it
        for path, (text, status) in before.items():
            # pip brings a new Cython to each build, whose files are newer than all that was made of them before: what
            # is translated anew to the same code need not be compiled anew.
            if path.exists() and without_comments(path.read_text(encoding="utf-8")) == without_comments(text):
                os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        super().run()


class BuildPython(build_py):
    """Put the sources into the wheel beside the modules built from them: derivation tables show them."""

    def run(self) -> None:
        """Copy the packages, then the sources."""
        super().run()
        if not self.editable_mode:
            for source in (path for path in Path("src").rglob("*") if path.suffix in {".pyx", ".pxi", ".h"}):
                target = Path(self.build_lib, "pyfc", "kernels", source.relative_to("src"))
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)


if __name__ == "__main__":
    extensions = [
        Extension(
            module_name(source),
            [str(source)],
            include_dirs=[numpy.get_include(), "pyfc/include", "src"],
            define_macros=macros(source),
            extra_compile_args=compile_arguments(),
            depends=[str(header) for folder in ("pyfc/include", "src") for header in Path(folder).glob("*.h")],
        )
        for source in SOURCES
    ]
    setup(
        ext_modules=extensions,
        entry_points=entry_points(),
        cmdclass={"build_ext": BuildExtensions, "build_py": BuildPython},
    )
