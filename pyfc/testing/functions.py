"""The forward and the backward of a component as calls that can be made again: elsewhere, of fewer rows, in a thread.

What the kit asks of both kinds of component, and of both directions, is written once, over these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pyfc.component import Activation, Loss
from pyfc.component.base import Array
from pyfc.report import Report, worst_entry
from pyfc.testing.guarded import Guarded

#: How far two results of one function may be apart, in units of the dtype's eps: what the order of a sum makes of it.
SAME = 16

Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class Function:
    """One call of a component's function.

    Attributes
    ----------
    name : str
        Such as ``"tanh.backward"``.
    inputs : mapping of str to ndarray
        What it reads, by letter.
    shapes : mapping of str to tuple of int
        What it fills: the shapes by letter.
    compute : callable
        Takes inputs and outputs, and fills the outputs.
    dtype : dtype
        Of what it fills.
    per_call : frozenset of str
        Letters of arrays that are no rows of samples: a learned parameter and its gradient.
    zeroed : frozenset of str
        Outputs that are given to it as zeros; all others hold rubbish.
    whole_rows : bool
        Whether a number depends on all of its row.
    """

    name: str
    inputs: Arrays
    shapes: Mapping[str, tuple[int, ...]]
    compute: Callable[[Arrays, Arrays], None]
    dtype: Any
    per_call: frozenset[str] = frozenset()
    zeroed: frozenset[str] = frozenset()
    whole_rows: bool = False

    @property
    def label(self) -> str:
        """Name, dtype and shape in words."""
        first = next(iter(self.inputs.values()))
        return f"{self.name}, {np.dtype(self.dtype).name}, {' x '.join(map(str, first.shape))}"

    def __call__(self) -> dict[str, Array]:
        """Return new outputs."""
        outputs = {letter: np.zeros(shape, self.dtype) for letter, shape in self.shapes.items()}
        self.compute(self.inputs, outputs)
        return outputs

    def reversed(self) -> Function:
        """Return the same function of the rows in the opposite order: another batch of the same size."""
        return replace(self, inputs={k: v if k in self.per_call else v[::-1].copy() for k, v in self.inputs.items()})

    def rows(self, start: int, stop: int) -> Function:
        """Return the same function of some of the rows."""
        inputs = {k: v if k in self.per_call else v[start:stop] for k, v in self.inputs.items()}
        shapes = {k: v if k in self.per_call else (stop - start, *v[1:]) for k, v in self.shapes.items()}
        return replace(self, inputs=inputs, shapes=shapes)

    def widened(self) -> Function:
        """Return the same function at the same numbers in float64."""
        inputs = {k: v.astype(np.float64) if v.dtype.kind == "f" else v for k, v in self.inputs.items()}
        return replace(self, inputs=inputs, dtype=np.dtype(np.float64))

    def at(self, index: tuple[int, ...]) -> str:
        """Return the inputs at an index of an output in words; whole rows where a row is not as long as the index."""
        parts = []
        for letter, array in self.inputs.items():
            if not array.size:
                continue
            at = index if array.ndim == len(index) and not self.whole_rows else index[:1]
            fits = letter not in self.per_call and len(at) <= array.ndim
            inside = fits and all(i < n for i, n in zip(at, array.shape, strict=False))
            shown = array[at] if inside else array
            parts.append(f"{letter} = {np.array2string(shown, max_line_width=120, precision=6, threshold=12)}")
        return ", ".join(parts)


def activation_functions(act: Activation, z: Array, a: Array, dy: Array) -> list[Function]:
    """Return forward and backward of an activation at z, with dy (rows, out_cols)."""
    rows, cols = z.shape
    # This may be the first call of all: what is written beside it must not hurt.
    y = Guarded((rows, act.out_cols(cols)), z.dtype).array
    act.compute_forward(z.copy(), y, a.copy())
    learned = {"a": a} if act.learned else {}
    given = {letter: array for letter, array in (("z", z), ("y", y)) if letter in act.needs}

    def forward(inputs: Arrays, outputs: Arrays) -> None:
        act.compute_forward(inputs["z"], outputs["y"], inputs.get("a", a))

    def backward(inputs: Arrays, outputs: Arrays) -> None:
        z, y, da = inputs.get("z"), inputs.get("y"), outputs.get("da", a)
        act.compute_backward(z, y, inputs["dy"], outputs["dz"], inputs.get("a", a), da)

    zeroed = frozenset() if act.compiled else frozenset({"da"})
    options: dict[str, Any] = {"dtype": z.dtype, "per_call": frozenset({"a", "da"}), "whole_rows": not act.elementwise}
    wide = {"dz": (rows, cols), **({"da": a.shape} if act.learned else {})}
    return [
        Function(f"{act.name}.forward", {"z": z, **learned}, {"y": y.shape}, forward, **options),
        Function(f"{act.name}.backward", {"dy": dy, **given, **learned}, wide, backward, zeroed=zeroed, **options),
    ]


def loss_functions(loss: Loss, y: Array, t: Array, share: Array) -> list[Function]:
    """Return forward and backward of a loss at outputs y and checked targets t."""

    def forward(inputs: Arrays, outputs: Arrays) -> None:
        loss.compute_forward(inputs["y"], inputs["t"], outputs["l"])

    def backward(inputs: Arrays, outputs: Arrays) -> None:
        loss.compute_backward(inputs["y"], inputs["t"], inputs["share"], outputs["dy"])

    given = {"y": y, "t": t}
    return [
        Function(f"{loss.name}.forward", given, {"l": (len(y),)}, forward, y.dtype),
        Function(f"{loss.name}.backward", {**given, "share": share}, {"dy": y.shape}, backward, y.dtype),
    ]


def add_same(
    report: Report, name: str, function: Function, got: Arrays, wanted: Arrays, *, tolerance: float | None = None
) -> None:
    """Take down whether two results of a function are the same but for rounding, with the worst entry.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    name : str
        What should make no difference.
    function : Function
        Whose results.
    got, wanted : mapping of str to ndarray
        By letter.
    tolerance : float, optional
        Relative where the number is above 1, else absolute.
    """
    allowed = SAME * float(np.finfo(function.dtype).eps) if tolerance is None else tolerance
    worst, detail = -1.0, "nothing to compare"
    for letter, other in wanted.items():
        if not other.size:
            continue
        one, other = got[letter].astype(np.float64), other.astype(np.float64)
        with np.errstate(all="ignore"):
            error = np.abs(one - other) / (1 + np.abs(other))
        if letter in function.per_call:  # each is a sum over so many rows
            error /= max(1, len(next(iter(function.inputs.values()))))
        error[(one == other) | (np.isnan(one) & np.isnan(other))] = 0
        at = worst_entry(error)
        found = np.inf if np.isnan(error[at]) else float(error[at])
        if found > worst:
            where = f"worst of {error.size} at {letter}[{', '.join(map(str, at))}]"
            worst = found
            detail = f"{where}, {function.at(at)}: {one[at]:.9g}, expected {other[at]:.9g}"
    kind = f", {np.dtype(function.dtype).name}" if tolerance is None else ""
    report.add(f"{function.name}: {name}{kind}", worst <= allowed, detail)
