"""Whether a function writes all of its outputs, nothing beside them, and leaves its inputs alone.

This comes before all other calls: one that writes outside its outputs may break anything, so it is not called again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from pyfc.report import Report
from pyfc.testing.functions import Function
from pyfc.testing.guarded import Guarded


def add_memory(report: Report, functions: Iterable[Function]) -> bool:
    """Run each function with guarded outputs, and take down what it wrote; its calls are one check of each kind.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    functions : iterable of Function
        The calls of one direction: several shapes, both dtypes.

    Returns
    -------
    bool
        Whether it wrote nothing outside, so that it may be called in any memory.
    """
    outside, unwritten, changed, entries, count, name = "", "", "", 0, 0, ""
    for function in functions:
        count, name = count + 1, function.name
        outputs = {
            k: Guarded(shape, function.dtype, zeroed=k in function.zeroed) for k, shape in function.shapes.items()
        }
        inputs = {letter: array.copy() for letter, array in function.inputs.items()}
        again = replace(function, inputs=inputs)
        again.compute(again.inputs, {letter: output.array for letter, output in outputs.items()})
        for letter, output in outputs.items():
            entries += output.array.size
            if output.outside():
                outside = f"{function.label}: wrote {output.outside()} of {letter}"
            missing = output.unwritten()
            if missing and not unwritten:
                where = f"{letter}[{', '.join(map(str, missing[0]))}]"
                unwritten = (
                    f"{function.label}: {len(missing)} entries not written, first {where}, {again.at(missing[0])}"
                )
        for letter, array in inputs.items():
            before = function.inputs[letter]
            if not changed and array.tobytes() != before.tobytes():
                index = tuple(map(int, np.argwhere((array != before) & ~(np.isnan(array) & np.isnan(before)))[0]))
                where = f"{letter}[{', '.join(map(str, index))}]"
                changed = f"{function.label}: changed {where} from {before[index]:.9g} to {array[index]:.9g}"
        if outside:  # the next one may break more
            break
    calls = f"{count} calls, {entries} entries"
    report.add(f"{name} writes nothing outside its outputs", not outside, outside or calls)
    report.add(f"{name} writes all of its outputs", not unwritten, unwritten or calls)
    report.add(f"{name} leaves its inputs alone", not changed, changed or calls)
    return not outside
