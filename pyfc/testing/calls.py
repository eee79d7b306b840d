"""Calls a component as the engine does: into memory of others, some rows at a time, from threads, without the GIL.

Both kinds of component, and both directions, are held to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from pyfc.component import Activation, Loss
from pyfc.crash import crash
from pyfc.report import Report
from pyfc.testing.functions import Function, add_same
from pyfc.testing.gil import add_gil
from pyfc.testing.independence import add_history, add_pieces, add_rows, add_threads
from pyfc.testing.inputs import Widths
from pyfc.testing.memory import add_memory

#: Returns forward and backward of a component by rows, columns and dtype.
Maker = Callable[[Any, int, int, Any], list[Function]]

#: Rows and columns: fewer and more than a vector's length, no multiples of it, and more than a block of rows.
_SHAPES = ((1, 1), (3, 5), (37, 17), (2053, 3), (2, 1030))
#: What a thread gets of a batch with fewer rows than threads. Tried last: what raises for it has been through the rest.
_EMPTY = (0, 3)
#: Rows, columns, and rows of a piece: the pieces of the first have as many rows as other checks hold to the definition.
_PIECES = ((2053, 3, 8), (24000, 3, 2000))
_BOTH = (np.float32, np.float64)
#: How far float32 may be from float64 at the same inputs, relative where above 1: some 40 roundings.
_SINGLE = 5e-6


def add_first_calls(
    report: Report, component: Activation | Loss, functions: Maker, widths: Widths | None = None
) -> bool:
    """Check where a component writes, before it is called in any other way.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    component : Activation or Loss
        What to check.
    functions : callable
        Returns its functions by rows, columns and dtype.
    widths : Widths, optional
        Which numbers of columns it accepts; all if not given.

    Returns
    -------
    bool
        Whether it may be called again: it writes nothing outside its outputs.
    """

    def near(shape: tuple[int, int]) -> tuple[int, int]:
        return shape[0], shape[1] if widths is None else widths.near(shape[1])

    shapes = [(dtype, *near(shape)) for shapes in (_SHAPES, [_EMPTY]) for dtype in _BOTH for shape in shapes]
    for direction, word in enumerate(("forward", "backward")):
        calls = (functions(component, rows, cols, dtype)[direction] for dtype, rows, cols in shapes)
        if not may_go_on(report, component, f"{component.name}.{word}", calls):
            return False
    return True


def may_go_on(report: Report, component: Activation | Loss, name: str, calls: Iterable[Function]) -> bool:
    """Make some calls in guarded memory, and return whether the component may be called in any memory after that.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    component : Activation or Loss
        Whose functions.
    name : str
        Which of them.
    calls : iterable of Function
        One function at several shapes.

    Returns
    -------
    bool
        False if it writes outside its outputs, or if it is compiled and could not be tried to the end.
    """
    # In a copy of the process first, with the same calls; this one's generator of them stays where it is.
    died = crash(lambda: add_memory(Report(""), calls))
    if died:
        asked = (
            "does it read z or y backward without saying so (needs, PYFC_NEEDS_Z, PYFC_NEEDS_Y), or beyond an array?"
        )
        report.add(f"{name} does not crash", False, f"{died}; {asked}")
        report.note("all the rest", "what ends the program is not called again")
        return False
    inside = None
    with report.guard(f"{name} in guarded memory"):
        inside = add_memory(report, calls)
    if inside is False:
        reason = "what writes outside its outputs breaks the memory of the program, so it was not called again"
        report.note("all the rest", reason)
    elif inside is None and component.compiled:
        report.note("all the rest", "a compiled function is called in guarded memory first, and there it failed")
        return False
    return inside is not False


def add_calls(report: Report, component: Activation | Loss, functions: Maker, widths: Widths | None = None) -> None:
    """Check how a component behaves as one call among many.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    component : Activation or Loss
        What to check.
    functions : callable
        Returns its functions by rows, columns and dtype.
    widths : Widths, optional
        Which numbers of columns it accepts; all if not given.
    """

    def near(count: int) -> int:
        return count if widths is None else widths.near(count)

    def make(rows: int, cols: int, dtype: Any) -> list[Function]:
        return functions(component, rows, cols, dtype)

    def anew() -> Callable[[int], list[Function]]:
        again = type(component).from_config(component.config())
        return lambda rows: functions(again, rows, near(5), np.float64)

    name = component.name
    for direction, word in enumerate(("forward", "backward")):
        for dtype in _BOTH:
            with report.guard(f"{name}.{word} of some rows, {np.dtype(dtype).name}"):
                add_rows(report, make(11, near(5), dtype)[direction])
                for rows, cols, size in _PIECES:
                    add_pieces(report, make(rows, near(cols), dtype)[direction], size)
        with report.guard(f"{name}.{word} in float32 and float64"):
            _add_single(report, make(50, near(3), np.float32), direction)
        with report.guard(f"{name}.{word} in several threads"):
            add_threads(report, make(24000, near(3), np.float64)[direction])
    with report.guard(f"{name} after other calls"):
        add_history(report, anew)
    if not component.compiled:
        report.note("GIL released", f"{name} is NumPy code, which runs with the GIL")
        return
    with report.guard(f"{name} beside Python"):
        add_gil(report, lambda rows, dtype: make(rows, near(16), dtype), near(16))


def _add_single(report: Report, functions: list[Function], direction: int) -> None:
    """Compare float32 with float64 at the very same inputs."""
    function = functions[direction]
    double = function.widened()
    single = {letter: array.astype(np.float64) for letter, array in function().items()}
    add_same(report, "float32 and float64 are one function", double, single, double(), tolerance=_SINGLE)
