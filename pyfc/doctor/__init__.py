"""The command ``pyfc doctor``: what pyfc runs on here, and every component with its state and its speed.

With ``--json`` it prints one object. Its keys stay as they are; new ones may join them.

- ``ok``: bool, the exit status is 0 if it is true and 1 if not.
- ``pyfc``: ``version`` and ``abi``, that of ``pyfc_kernel.h``; ``python``: ``version``, ``implementation`` and
  ``executable``; ``platform``: str; ``numpy``, ``scipy``: ``version`` and ``blas``, str.
- ``packages``: the optional ones, each with its version, or null if it is not installed.
- ``build``: ``compiler``, ``flags`` and ``native`` of pyfc's compiled half; ``copy``, the one of several copies of each
  kernel that runs here, or null if there is but one; ``vector_bytes``, the width of the matrix products' vectors.
- ``processor``: ``name``, ``architecture``, ``features`` (a bool for each) and ``usable``, how many this process has.
- ``c_compiler``: ``command`` and ``version``, or null; ``disabled``: what ``PYFC_DISABLE_PLUGINS`` is set to.
- ``remarks``: str each: what could be better.
- ``components``: one object for each, with ``group``, ``name``, ``distribution``, ``version``, ``value``
  (``module:Class``), ``abi`` (null for NumPy), ``kind`` (``compiled``, ``NumPy``, or null if it cannot be loaded),
  ``state`` (``ok``, ``broken`` or ``disabled``), ``error`` (why it is broken), ``clash`` (the full names of all that
  have this name, if there are several) and ``ns``: nanoseconds per number in float32 of each of its functions,
  ``forward`` and ``backward`` or ``update``, on one processor.

What is known of the machine is in :mod:`pyfc.doctor.machine`, of the components in :mod:`pyfc.doctor.components`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

COLUMNS = ("group", "name", "distribution", "version", "ABI", "kind", "state", "ns per number")


def add_command(commands: argparse._SubParsersAction[Any]) -> None:
    """Add ``doctor`` to the commands of :mod:`pyfc.cli`."""
    parser = commands.add_parser(
        "doctor",
        help="say what pyfc runs on here, and load and time every component",
        description="Say what pyfc runs on: Python, libraries, compiler, processor. Then load every component and "
        "measure the nanoseconds that it takes for one number in float32 on one processor. Exits with status 1 if a "
        "component is broken or two have one name; disabled ones are passed over.",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object; `help(pyfc.doctor)` in Python describes its keys"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print all of it and return the exit status."""
    found = diagnosis()
    print(json.dumps(found, indent=2) if arguments.json else "\n".join(lines(found)))
    return 0 if found["ok"] else 1


def diagnosis() -> dict[str, Any]:
    """Return what ``pyfc doctor --json`` prints; the description of this module has the keys.

    Returns
    -------
    dict
    """
    from pyfc.doctor import components, machine  # not at the top: other commands do without

    known, table = machine.facts(), components.table()
    broken = any(row["state"] == "broken" or row["clash"] for row in table)
    return {"ok": not broken, **known, "remarks": machine.remarks(known), "components": table}


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield a diagnosis as text: facts, remarks, and a table with the reason under each component that is not well."""
    from pyfc.doctor import machine
    from pyfc.plugins import aligned

    facts = machine.described(found)
    width = max(map(len, facts))
    for name, text in facts.items():
        yield f"{name.ljust(width)}  {text}"
    yield ""
    for remark in found["remarks"]:
        yield f"remark: {remark}"
    if found["remarks"]:
        yield ""
    rows = found["components"]
    yield from aligned([COLUMNS, *map(_cells, rows)], ["", *map(_note, rows)])
    counts = {state: sum(row["state"] == state for row in rows) for state in ("ok", "broken", "disabled")}
    clashes = len({(row["group"], row["name"]) for row in rows if row["clash"]})
    yield ""
    yield f"{', '.join(f'{count} {state}' for state, count in counts.items())}; {clashes} names that several have"


def _cells(row: dict[str, Any]) -> list[str]:
    times = "  ".join(f"{name} {value:.3g}" for name, value in row["ns"].items())
    known = [str(row[key]) for key in ("group", "name", "distribution", "version")]
    return [*known, row["abi"] or "-", row["kind"] or "-", row["state"], times or "-"]


def _note(row: dict[str, Any]) -> str:
    notes = [row["error"]] if row["error"] else []
    if row["clash"]:
        whose = " or ".join(map(repr, row["clash"]))
        bare = f"; {row['name']!r} alone is pyfc's own" if f"pyfc:{row['name']}" in row["clash"] else ""
        notes.append(f"several have this name: say which, {whose}{bare}, or uninstall the others")
    return "; ".join(notes)
