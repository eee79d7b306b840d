"""Whether other Python code runs while a kernel does, measured so that a busy machine cannot make it seem so.

A worker thread calls the kernel once, on large arrays, while this one notes the time again and again. A kernel that
holds Python's lock (the GIL) lets no time be noted for as long as it computes, which is at least the processor time
that it takes. So one longest pause shorter than half of that time is proof that it does not. On a busy machine pauses
are longer than they need be, and the call is made again.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from pyfc.report import Report
from pyfc.testing.functions import Function

_TRIES = 100
#: Seconds of processor time that a call should take, and the bytes of an array that it may take for it.
_LONG = 0.02
_LARGE = 1 << 25


def add_gil(report: Report, make: Callable[[int, Any], list[Function]], cols: int) -> None:
    """Take down for each function of a compiled component whether Python runs beside it.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    make : callable
        Returns the functions by a number of rows and a dtype.
    cols : int
        Numbers in a row.
    """
    for dtype in (np.float32, np.float64):
        most = _LARGE // (np.dtype(dtype).itemsize * cols)
        few = min(most, 16384)
        seconds = min(_cpu_seconds(function) for function in make(few, dtype))
        rows = int(min(most, few * max(1.0, 1.2 * _LONG / max(seconds, 1e-7))))
        for function in make(rows, dtype):
            _add(report, function)


def _add(report: Report, function: Function) -> None:
    outputs = {letter: np.zeros(shape, function.dtype) for letter, shape in function.shapes.items()}
    best = (0.0, "")
    for number in range(1, _TRIES + 1):
        start, cpu, end, stamps = _watch(lambda: function.compute(function.inputs, outputs))
        edges = [start, *(stamp for stamp in stamps if start < stamp < end), end]
        pause = max(after - before for before, after in pairwise(edges))
        share = 1 - pause / max(cpu, 1e-9)
        times = f"{1e3 * pause:.2g} ms of the {1e3 * cpu:.3g} ms"
        text = f"Python stood still for {times} of a call at most ({max(share, 0):.0%} free), try {number}"
        best = max(best, (share, text)) if best[1] else (share, text)
        if pause < cpu / 2:
            break
    name = f"{function.name}, {np.dtype(function.dtype).name}: Python runs meanwhile (GIL released)"
    report.add(name, best[0] > 0.5, best[1])


def _cpu_seconds(function: Function) -> float:
    outputs = {letter: np.zeros(shape, function.dtype) for letter, shape in function.shapes.items()}
    function.compute(function.inputs, outputs)  # once before, so that no memory is new
    start = time.thread_time()
    function.compute(function.inputs, outputs)
    return time.thread_time() - start


def _watch(call: Callable[[], None]) -> tuple[float, float, float, list[float]]:
    """Return when a call in another thread began, its processor time, its end, and the times noted here meanwhile."""
    found: list[tuple[float, float, float]] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            start, cpu = time.perf_counter(), time.thread_time()
            call()
            cpu = time.thread_time() - cpu
            found.append((start, cpu, time.perf_counter()))
        except BaseException as error:
            errors.append(error)

    worker = threading.Thread(target=work)
    stamps: list[float] = []
    interval = sys.getswitchinterval()
    sys.setswitchinterval(10.0)  # so that only a kernel that releases the lock lets this thread have it
    try:
        worker.start()
        while worker.is_alive():
            stamps.append(time.perf_counter())
            time.sleep(5e-5)
    finally:
        sys.setswitchinterval(interval)
        worker.join()
    if errors:
        raise errors[0]
    return (*found[0], stamps)
