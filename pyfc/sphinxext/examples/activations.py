"""The worked example of an activation: some numbers, or a row of them, forward and backward."""

from __future__ import annotations

import numpy as np

from pyfc.component import Activation
from pyfc.sphinxext.evaluation import equations_of, evaluate
from pyfc.sphinxext.examples.lines import Example, make_lines, setting_numbers, shown
from pyfc.testing.inputs import Widths
from pyfc.testing.precision import derivation_of

#: What activations are given, one number or a row at a time.
Z, DY = (-2.0, 0.0, 0.5, 3.0), (1.0, -0.5, 2.0, 0.25)


def activation_example(act: Activation) -> Example:
    """Return the forward and the backward pass of a few numbers."""
    lone = act.elementwise and not derivation_of(act, "y").sizes
    cols = 4 if lone else Widths(act).near(3)
    wide = act.out_cols(cols)
    derivation = derivation_of(act, "", sizes={"m": cols, "n": 2, "p": 2, "q": wide})
    z, dy = np.resize(Z, cols), np.resize(DY, wide)
    a = np.full(act.params(cols), act.learned.start if act.learned else 0)
    letter = act.learned.letter if act.learned else ""
    equations, settings = equations_of(derivation), setting_numbers(derivation, act)
    rows = [z[None]] if not lone else list(z[:, None, None])
    given = {"z": z} | ({letter: np.resize(a, cols)} if letter else {}) | {"dy": dy}
    if lone:
        samples_given = [{derivation.symbol(k): v[j] for k, v in given.items()} for j in range(cols)]
    else:
        samples_given = [{derivation.symbol(k, j + 1): x for k, v in given.items() for j, x in enumerate(v)}]
    solved = [evaluate(equations, {**settings, **sample}) for sample in samples_given]
    kernel: dict[str, list[float]] = {"y": [], "dz": [], f"d{letter}": []}
    for row, upstream in zip(rows, list(dy[:, None, None]) if lone else [dy[None]], strict=True):
        slopes = a[:1] if lone and act.params(1) else a
        y = act.forward(row, a=slopes)
        result = act.backward(upstream, z=row, y=y, a=slopes)
        dz, da = result if act.learned else (result, a[:0])
        kernel["y"] += list(y.ravel())
        kernel["dz"] += list(dz.ravel())
        kernel[f"d{letter}"] += list(da)
    what = f"{cols} numbers" if lone else f"a row of {cols} numbers"
    heads = [shown(value) for value in z] if lone else [str(j + 1) for j in range(cols)]
    caption = f"{act!r} of {what}, forward and then backward with the gradient dy from the layer after it:"
    return Example(
        caption,
        [f"z = {head}" if lone else f"entry {head}" for head in heads],
        list(make_lines(derivation.steps, solved, given, kernel)),
    )
