"""The command ``pyfc new-plugin``: writes a package with an activation or a loss, to be changed into one's own.

What is written stands in :mod:`pyfc.new_plugin.package` and the files under ``templates``; here are the arguments, the
checks of the name, and the folder.
"""

from __future__ import annotations

import argparse
import keyword
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from pyfc import registry
from pyfc.new_plugin.package import KINDS, LANGUAGES, Package

#: So long that no line of the templates becomes too long.
MAX_LENGTH = 30

#: Names whose class, package or module would hide one that the generated code imports.
TAKEN = {"activation", "loss", "hyper", "step", "kernel", "math"}


def add_command(commands: argparse._SubParsersAction[Any]) -> None:
    """Add ``new-plugin`` to the commands of :mod:`pyfc.cli`."""
    parser = commands.add_parser(
        "new-plugin",
        help="write a package with an activation or a loss of your own, to be changed and installed",
        description="Write a complete package into a new folder NAME: an activation or a loss that works, with its "
        "derivation, tests, documentation and settings. Put your own function in its place.",
    )
    parser.add_argument("name", metavar="NAME", help="of the component: small letters, digits and _, such as my_swish")
    parser.add_argument("--kind", choices=KINDS, default="activation", help="default: %(default)s")
    parser.add_argument(
        "--lang", choices=LANGUAGES, default="numpy", help="numpy needs no compiler; default: %(default)s"
    )
    parser.add_argument(
        "-C",
        "--folder",
        metavar="FOLDER",
        type=Path,
        default=Path(),
        help="in which the folder NAME is made; default: the current one",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the package, say what was written and what to do next, and return the exit status."""
    try:
        check_name(arguments.name)
        package = Package(arguments.name, arguments.kind, arguments.lang)
        target = write(package, arguments.folder)
    except (OSError, ValueError) as error:
        told = str(error)
        if isinstance(error, OSError) and error.filename is not None:  # its text begins with a number
            told = f"{error.filename}: {error.strerror}"
        print(f"pyfc new-plugin: {told}", file=sys.stderr)
        return 1
    print(f"{target}: the {package.kind} {package.name!r}, package {package.package}, distribution", end=" ")
    print(package.distribution)
    print(*(f"  {path}" for path in sorted(package.files)), sep="\n")
    print("\nNext, in an environment that has pyfc (README.md says more):")
    print(*(f"  {line}" for line in (f"cd {target}", f"{package.tools} && {package.install}", "pytest")), sep="\n")
    return 0


def check_name(name: str) -> None:
    """Raise ValueError if no new component should be called so.

    Parameters
    ----------
    name : str
        As given.

    Raises
    ------
    ValueError
        Says what was given, what was expected and what to do.
    """
    if not re.fullmatch(r"[a-z]([a-z0-9_]*[a-z0-9])?", name) or len(name) > MAX_LENGTH:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", name).rstrip("_").lower()
        words = words.lstrip("_0123456789") if name.isascii() else ""
        hint = f"; try {words!r}" if 0 < len(words) <= MAX_LENGTH else ""
        raise ValueError(
            f"NAME is {name!r}: expected up to {MAX_LENGTH} small letters, digits and _, beginning with a letter and "
            f"not ending in _, such as 'my_swish'{hint}"
        )
    builtin = {
        record.name: record.group for group in KINDS.values() for record in registry.records(group) if record.builtin
    }
    if keyword.iskeyword(name) or keyword.iskeyword(name.capitalize()):  # the class of none would be None
        reason = "a keyword of Python"
    elif name in builtin:
        reason = f"which pyfc has in its {builtin[name]}: its own would win over yours"
    elif name in TAKEN:
        reason = "which the package's own code uses"
    else:
        return
    raise ValueError(f"NAME is {name!r}, {reason}: expected another name, such as 'my_{name}'")


def write(package: Package, folder: Path) -> Path:
    """Write a package into a new folder, wholly or not at all.

    Parameters
    ----------
    package : Package
        What to write.
    folder : Path
        In which its folder is made.

    Returns
    -------
    Path
        The package's folder.

    Raises
    ------
    OSError
        If the folder is not there, something stands where the package should go, or it cannot be written.
    """
    target = folder / package.name
    if not folder.is_dir():
        raise NotADirectoryError(f"there is no folder {folder}: expected one that exists; make it, or give another -C")
    if target.is_symlink() or (target.exists() and not (target.is_dir() and not any(target.iterdir()))):
        raise FileExistsError(
            f"{target} is there already, and nothing is overwritten: choose another name, another folder with -C, "
            "or move it away"
        )
    with tempfile.TemporaryDirectory(prefix=".pyfc-new-plugin-", dir=folder) as temporary:
        new = Path(temporary, package.name)
        for path, text in package.files.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_text(text, encoding="utf-8")
        new.rename(target)  # also over an empty folder; fails if something has come to be there
    return target
