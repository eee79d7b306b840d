"""Build the compiled components: an extension module for each ``.pyx`` and ``.c``; the rest is in pyproject.toml."""

import sys

from Cython.Build import cythonize
from setuptools import Extension, setup

import pyfc

# The last two let the compiler vectorise square roots, divisions and conditions; NaN and infinity stay what they are.
FLAGS = ["/O2"] if sys.platform == "win32" else ["-O3", "-fno-math-errno", "-fno-trapping-math"]
DIRECTIVES = {"language_level": 3, "boundscheck": False, "wraparound": False, "cdivision": True}


def extension(name: str, source: str) -> Extension:
    """Return an extension module of the package."""
    return Extension(
        f"pyfc_extra.{name}", [f"src/pyfc_extra/{source}"], include_dirs=[pyfc.get_include()], extra_compile_args=FLAGS
    )


setup(
    ext_modules=[
        extension("_maxout", "_maxout.c"),
        *cythonize(
            [extension("crelu", "crelu.pyx"), extension("poly1", "poly1.pyx")],
            include_path=[pyfc.get_include()],
            compiler_directives=DIRECTIVES,
            build_dir="build/cython",
        ),
    ]
)
