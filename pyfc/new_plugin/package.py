"""The files of a generated plugin: the templates of a kind and a language, with the names filled in.

A template is a real file of the package to be, with ``$name`` where a name goes, and ends in ``.in`` so that no tool
takes it for code of pyfc. ``any`` holds what every package has, ``c`` and ``cython`` how these are compiled,
``activation`` and ``loss`` one file of code for each language, and the class that these have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from string import Template

import pyfc

#: The kinds of component, and the group of each.
KINDS = {"activation": "activations", "loss": "losses"}
LANGUAGES = ("numpy", "cython", "c")

#: File of the package -> template, of every package.
_COMMON = {
    ".gitignore": "any/gitignore",
    "README.md": "any/README.md",
    "pyproject.toml": "any/pyproject.toml",
    "docs/conf.py": "any/conf.py",
    "docs/index.rst": "any/index.rst",
    "tests/test_$name.py": "any/test.py",
}
_INIT = "src/$package/__init__.py"

#: The same, for each language.
_OWN = {
    "numpy": {_INIT: "$kind/numpy.py"},
    "cython": {"setup.py": "cython/setup.py", _INIT: "cython/init.py", "src/$package/$name.pyx": "$kind/cython.pyx"},
    "c": {
        "setup.py": "c/setup.py",
        _INIT: "c/init.py",
        "src/$package/kernel.c": "$kind/kernel.c",
        "src/$package/module.c": "c/module.c",
    },
}

#: What a file is for, in the README.
_PURPOSE = {
    "$kind/numpy.py": "the class: formula, bounds, derivation, and the code that runs it",
    "$kind/cython.pyx": "the class: formula, bounds, derivation, and the code that runs it",
    "$kind/kernel.c": "the code that runs the derivation's steps",
    "c/init.py": "the class: formula, bounds, derivation",
    "c/module.c": "how Python reaches that code; nothing in it is to be changed",
    "c/setup.py": "how the code is compiled, and why so",
    "cython/init.py": "makes the class known under the package's name",
    "cython/setup.py": "how the code is compiled, and why so",
}

#: The rest of what the templates' ``$`` names stand for, beside what the package's own name makes of itself.
_BY_KIND = {
    "activation": {
        "imports": "Activation, Hyper, Step",
        "mlp": 'activation="$name"',
        "use": 'pyfc.mlp([64, 32, 10], activation="$name")',
        "example": "a swish, `z / (1 + exp(-beta * z))`",
    },
    "loss": {
        "imports": "Hyper, Loss, Step",
        "mlp": 'loss="$name"',
        "use": 'pyfc.mlp([4, 8, 1], loss="$name")',
        "example": "a log-cosh, `delta**2 * log(cosh(d / delta))`",
    },
}
_SHIPPED = '\n[tool.setuptools.package-data]\n$package = ["*.%s"]  # what the derivation is held against\n'
_BY_LANGUAGE = {
    "numpy": {
        "language": "NumPy",
        "module": "$package",
        "requires": '"numpy>=2.0", "$pyfc"',
        "build_requires": '"setuptools>=77"',
        "test_requires": "",
        "shipped": "",
        "cython_lint": "",
        "lint": "",
        "compiler": "",
        "tag": "# (4)",
    },
    "cython": {
        "language": "Cython",
        "module": "$package.$name",
        "requires": '"$pyfc"',
        "build_requires": '"setuptools>=77", "cython>=3.1", "$pyfc"',
        "test_requires": ', "cython-lint>=0.16"',
        "shipped": _SHIPPED % "pyx",
        "cython_lint": "\n[tool.cython-lint]\nmax-line-length = 120\n",
        "lint": "\ncython-lint src",
        "compiler": ", with a C compiler",
        "tag": "# (4)",
    },
    "c": {
        "language": "C",
        "module": "$package",
        "requires": '"$pyfc"',
        "build_requires": '"setuptools>=77", "$pyfc"',
        "test_requires": "",
        "shipped": _SHIPPED % "c",
        "cython_lint": "",
        "lint": "",
        "compiler": ", with a C compiler",
        "tag": "// (4)",
    },
}
_FLAGS = """\
        "-O3",  # turns loops into vector code, which works on 4 to 16 numbers at once
        "-fno-math-errno",  # a square root need not set errno, so it is one instruction
        "-fno-trapping-math",  # both sides of a choice may be worked out, so it needs no branch; NaN stays NaN
"""


@dataclass(frozen=True)
class Package:
    """A package to be written.

    Parameters
    ----------
    name : str
        Of the component, such as ``"my_swish"``.
    kind : str
        One of ``KINDS``.
    language : str
        One of ``LANGUAGES``.
    """

    name: str
    kind: str
    language: str

    @property
    def package(self) -> str:
        """The name to import it by."""
        return f"pyfc_{self.name}"

    @property
    def distribution(self) -> str:
        """The name to install it by."""
        return self.package.replace("_", "-")

    @property
    def tools(self) -> str:
        """The command that installs what it is built with."""
        tools = '"setuptools>=77" "cython>=3.1"' if self.language == "cython" else '"setuptools>=77"'
        return f"pip install {tools}"

    @property
    def install(self) -> str:
        """The command that installs it with what its tests need."""
        return 'pip install --no-build-isolation ".[test]"'

    @cached_property
    def files(self) -> dict[str, str]:
        """The text of each file, by its path in the package's folder."""
        names = self._names()
        names["head"] = _fill(f"{self.kind}/class", names).rstrip("\n")
        paths = {**_COMMON, **_OWN[self.language]}
        return {_put(path, names): _fill(_put(template, names), names) for path, template in paths.items()}

    def _names(self) -> dict[str, str]:
        """Return what the templates' ``$`` names stand for."""
        names = {
            "name": self.name,
            "Class": "".join(word.capitalize() for word in self.name.split("_")),
            "package": self.package,
            "distribution": self.distribution,
            "underline": "=" * len(self.distribution),
            "kind": self.kind,
            "KIND": self.kind.upper(),
            "group": KINDS[self.kind],
            "pyfc": f"pyfc>={pyfc.__version__}",
            "flags": _FLAGS,
            "tools": self.tools,
            "install": self.install,
        }
        chosen = {**_BY_KIND[self.kind], **_BY_LANGUAGE[self.language]}
        names |= {key: _put(text, names) for key, text in chosen.items()}
        own = _OWN[self.language].items()
        names["table"] = "".join(f"| `{_put(path, names)}` | {_PURPOSE[template]} |\n" for path, template in own)
        return names


def _put(text: str, names: dict[str, str]) -> str:
    return Template(text).substitute(names)


def _fill(template: str, names: dict[str, str]) -> str:
    file = resources.files("pyfc.new_plugin").joinpath("templates", f"{template}.in")
    return _put(file.read_text(encoding="utf-8"), names)
