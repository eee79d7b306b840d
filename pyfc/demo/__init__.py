"""The command ``pyfc demo``: trains a network on real handwriting and leaves a folder with the model and pictures.

The data and the settings of each training are in :mod:`pyfc.demo.recipes`, the work is in :mod:`pyfc.demo.show`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyfc.errors import PyfcError

#: What the shell reports for a program that Ctrl-C ended.
INTERRUPTED = 130


def add_command(commands: argparse._SubParsersAction[Any]) -> None:
    """Add ``demo`` to the commands of :mod:`pyfc.cli`."""
    parser = commands.add_parser(
        "demo",
        help="train on handwritten digits and leave the model and pictures in a folder",
        description="Train a network on handwritten digits: on the 1797 small ones that come with pyfc, in a second or "
        "two, or on MNIST. Leaves a folder with the trained network and four pictures.",
    )
    parser.add_argument("--mnist", metavar="FOLDER", type=Path, help="train on MNIST, whose files are in this folder")
    parser.add_argument(
        "--recipe",
        choices=("default", "article"),
        default="default",
        help="for MNIST: pyfc's own settings, or those of a well-known tutorial (SGD, rate 0.01); default: %(default)s",
    )
    parser.add_argument("--epochs", metavar="N", type=_whole(1), help="how often all samples are used")
    parser.add_argument("--seed", metavar="N", type=_whole(0), default=0, help="of all random numbers; default: 0")
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        type=Path,
        default=Path("pyfc-demo"),
        help="for the files; default: %(default)s",
    )
    parser.add_argument("--no-progress", action="store_true", help="do not show how training goes on")

    def run(arguments: argparse.Namespace) -> int:
        if arguments.recipe != "default" and arguments.mnist is None:
            parser.error(f"--recipe {arguments.recipe} is a recipe for MNIST: expected --mnist FOLDER with it")
        return _run(arguments)

    parser.set_defaults(run=run)


def _whole(low: int) -> Callable[[str], int]:
    """Return what reads a whole number from the command line."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if number < low:
            raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number >= {low}")
        return number

    return read


def _run(arguments: argparse.Namespace) -> int:
    """Run the demo and return the exit status."""
    from pyfc.demo import recipes, show

    try:
        out = show.check_folder(arguments.out)
        problem = recipes.digits() if arguments.mnist is None else recipes.mnist(arguments.mnist, arguments.recipe)
        finished = show.show(problem, out, arguments.epochs, arguments.seed, progress=not arguments.no_progress)
    except (OSError, ValueError, PyfcError) as error:
        told = str(error)
        if isinstance(error, OSError) and error.filename is not None:  # its text begins with a number
            told = f"{error.filename}: {error.strerror}"
        print(f"pyfc demo: {told}", file=sys.stderr)
        return 1
    return 0 if finished else INTERRUPTED
