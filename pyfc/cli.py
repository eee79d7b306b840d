"""The command line: ``pyfc COMMAND``, or ``python -m pyfc COMMAND``.

Each command lives in a module of its own, in a function ``add_command(commands)`` that adds its parser and sets the
default ``run``: a function from the parsed arguments to the exit status. To add a command, list that function here.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import pyfc
from pyfc import demo, doctor, new_plugin, plugins

COMMANDS = (demo.add_command, doctor.add_command, new_plugin.add_command, plugins.add_command)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; those of this process if not given.

    Returns
    -------
    int
        The exit status: 0 if all is well.

    Raises
    ------
    SystemExit
        With status 2 if the arguments are wrong, and 0 after ``--help`` or ``--version``.
    """
    parser = argparse.ArgumentParser(prog="pyfc", description="Fully connected neural networks.")
    parser.add_argument("--version", action="version", version=f"pyfc {pyfc.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add_command in COMMANDS:
        add_command(commands)
    arguments = parser.parse_args(argv)
    status: int = arguments.run(arguments)
    return status
