"""Whether a result depends on what it may depend on alone: not on other rows, other columns, or earlier calls.

The engine splits a batch among threads by rows, gives an elementwise function any piece of its columns' rows, and keeps
one object for all of its batches.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from threading import Barrier

import numpy as np

from pyfc.component.base import Array
from pyfc.report import Report
from pyfc.testing.functions import Arrays, Function, add_same

_THREADS = 4


def add_rows(report: Report, function: Function) -> None:
    """Compare some rows alone with the same rows among others, and what is summed over rows with its parts.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    function : Function
        Of at least 5 rows.
    """
    whole = function()
    count = len(next(iter(function.inputs.values())))
    parts = [(0, 1), (1, count // 2), (count // 2, count)]
    add_same(report, "each row depends on itself alone", function, _join(function, parts), whole)


def add_pieces(report: Report, function: Function, size: int) -> None:
    """Compare many rows with the same rows a few at a time: what is right for few may have another path for many.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    function : Function
        Of many rows.
    size : int
        Rows of a piece.
    """
    count = len(next(iter(function.inputs.values())))
    parts = [(start, min(start + size, count)) for start in range(0, count, size)]
    add_same(report, f"{count} rows are as {size} at a time", function, _join(function, parts), function())


def add_columns(report: Report, function: Function, *, width: int = 1, name: str = "elementwise, as it says") -> None:
    """Compare columns alone with the same columns beside others: an elementwise function does not tell them apart.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    function : Function
        Of an elementwise activation.
    width : int, default 1
        Columns of a piece.
    name : str, optional
        Of the check.
    """
    whole = function()
    wide = {letter for letter in (*function.inputs, *function.shapes) if letter not in function.per_call}
    cols = next(array.shape[1] for letter, array in function.inputs.items() if letter in wide)

    def column(array: Array, j: int) -> Array:
        return array[..., j : j + width] if array.shape[-1] == cols else array

    alone: dict[str, list[Array]] = {letter: [] for letter in function.shapes}
    for j in range(0, cols, width):
        inputs = {letter: np.ascontiguousarray(column(array, j)) for letter, array in function.inputs.items()}
        few = min(width, cols - j)
        shapes = {k: (*shape[:-1], few) if shape[-1] == cols else shape for k, shape in function.shapes.items()}
        for letter, array in replace(function, inputs=inputs, shapes=shapes)().items():
            alone[letter].append(array)
    joined = {
        letter: np.concatenate(arrays, axis=-1) if whole[letter].shape[-1] == cols else np.sum(arrays, axis=0)
        for letter, arrays in alone.items()
    }
    add_same(report, name, function, joined, whole)


def add_in_place(report: Report, function: Function, read: str, written: str) -> None:
    """Compare a result that takes the place of an input with one that does not."""
    wanted = function()
    inputs = {letter: array.copy() for letter, array in function.inputs.items()}
    outputs = {letter: np.zeros(shape, function.dtype) for letter, shape in function.shapes.items()}
    outputs[written] = inputs[read]
    function.compute(inputs, outputs)
    add_same(report, f"{written} in the place of {read}, as it says", function, outputs, wanted)


def add_history(
    report: Report, make: Callable[[], Callable[[int], list[Function]]], batches: tuple[int, int] = (6, 4)
) -> None:
    """Compare backward right after its forward with one after other calls, and with one before any.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    make : callable
        Returns a new object's functions, by a number of rows.
    batches : tuple of int
        Rows of two batches.
    """
    first, second = batches
    wanted = [function() for function in make()(first)]
    used = make()
    ours, others = used(first), used(second)
    another = [function.reversed() for function in ours]
    orders: dict[str, tuple[list[Function], int]] = {
        "after forward of another batch": ([ours[0], another[0], ours[1]], 1),
        "after forward of a smaller batch": ([ours[0], others[0], ours[1]], 1),
        "after backward of another batch": ([others[0], others[1], ours[1]], 1),
        "forward after other calls": ([others[0], others[1], ours[0]], 0),
    }
    for name, (calls, direction) in orders.items():
        for call in calls[:-1]:
            call()
        add_same(report, f"no memory of earlier calls, {name}", ours[direction], calls[-1](), wanted[direction])


def add_threads(report: Report, function: Function) -> None:
    """Compare what several threads find at once, each of its own rows, with what one finds of all."""
    whole = function()
    count = len(next(iter(function.inputs.values())))
    bounds = np.linspace(0, count, _THREADS + 1).astype(int).tolist()
    parts = list(pairwise(bounds)) * 4
    start_together = Barrier(_THREADS)
    with ThreadPoolExecutor(_THREADS) as pool:
        tasks = [pool.submit(_quietly, function.rows(*part), start_together) for part in parts]
        results = [task.result() for task in tasks]
    for start in range(0, len(parts), _THREADS):
        joined = _joined(function, results[start : start + _THREADS])
        if start + _THREADS == len(parts) or not _equal(joined, whole):
            add_same(report, f"{_THREADS} threads at once", function, joined, whole)
            return


def _quietly(function: Function, start_together: Barrier) -> dict[str, Array]:
    start_together.wait()
    with np.errstate(all="ignore"):  # each thread has its own
        return function()


def _equal(one: Arrays, other: Arrays) -> bool:
    return all(np.array_equal(one[letter], other[letter], equal_nan=True) for letter in other)


def _join(function: Function, parts: list[tuple[int, int]]) -> dict[str, Array]:
    return _joined(function, [function.rows(*part)() for part in parts])


def _joined(function: Function, results: list[dict[str, Array]]) -> dict[str, Array]:
    """Return the outputs of all rows from those of some: one after the other, or their sum."""
    return {
        letter: np.sum([r[letter] for r in results], axis=0)
        if letter in function.per_call
        else np.concatenate([r[letter] for r in results])
        for letter in function.shapes
    }
