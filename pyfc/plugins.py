"""The command ``pyfc plugins``: lists every component that is installed, and tries whether each can be loaded."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Any

from pyfc import registry
from pyfc.errors import PluginError
from pyfc.record import Record

COLUMNS = ("group", "name", "distribution", "version", "state")


def add_command(commands: argparse._SubParsersAction[Any]) -> None:
    """Add ``plugins`` to the commands of :mod:`pyfc.cli`."""
    parser = commands.add_parser(
        "plugins",
        help="list activations, losses, optimizers and initializers, with who provides them",
        description="List every installed component with its distribution. Reads metadata and imports none of them, "
        "so the state is 'not loaded' unless --check is given.",
    )
    parser.add_argument("--check", action="store_true", help="load each one; exit with status 1 if one is broken")
    parser.add_argument("--json", action="store_true", help="print a JSON array instead of a table")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the table and return the exit status."""
    records = registry.records()
    if arguments.check:
        for record in records:
            try:
                record.load()
            except PluginError:  # the record keeps the reason
                continue
    broken = [record for record in records if record.state == "broken"]
    if arguments.json:
        print(json.dumps([{key: getattr(record, key) for key in (*COLUMNS, "value", "error")} for record in records]))
    else:
        print(*table(records), sep="\n")
        if arguments.check:
            print(f"\n{len(records)} checked, {len(broken)} broken")
    return 1 if arguments.check and broken else 0


def table(records: list[Record]) -> Iterator[str]:
    """Return lines of aligned columns, and under each broken component the reason.

    Parameters
    ----------
    records : list of Record
        In the order of the lines.

    Returns
    -------
    iterator of str
        Lines without their ends.
    """
    rows = [COLUMNS, *([str(getattr(record, key)) for key in COLUMNS] for record in records)]
    return aligned(rows, ["", *(record.error for record in records)])


def aligned(rows: Sequence[Sequence[str]], notes: Sequence[str]) -> Iterator[str]:
    """Yield lines of aligned columns, and under each row what there is to say of it.

    Parameters
    ----------
    rows : sequence of sequence of str
        Cells; the first row is the head.
    notes : sequence of str
        One for each row, ``""`` for nothing.

    Yields
    ------
    str
        A line without its end.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, note in zip(rows, notes, strict=True):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if note:
            yield f"    {' '.join(note.split())}"
