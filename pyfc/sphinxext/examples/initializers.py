"""The worked example of an initialiser: its steps for a small layer, and the weights that it draws for it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pyfc.component import Initializer
from pyfc.sphinxext.evaluation import equations_of, evaluate
from pyfc.sphinxext.examples.lines import Example, Line, setting_numbers, shown
from pyfc.testing.precision import derivation_of


def initializer_examples(init: Initializer) -> Iterator[Example]:
    """Yield the steps that can be worked out, and a small matrix of weights."""
    rows, cols = 4, 3
    derivation = derivation_of(init, "")
    settings = setting_numbers(derivation, init, n_in=rows, n_out=cols)
    solved = evaluate(equations_of(derivation), settings)
    lines = [Line(s.left, solved[s.number], s) for s in derivation.steps if len(solved.get(s.number, [])) == 1]
    if lines:
        yield Example(f"The steps for a layer of {rows} inputs and {cols} outputs:", ["number"], lines)
    w = init((rows, cols), np.random.default_rng(0))
    large = init((400, 300), np.random.default_rng(0))
    note = (
        f"Here they lie between {shown(w.min())} and {shown(w.max())} with the standard deviation {shown(w.std())}; of "
        f"400 x 300, they lie between {shown(large.min())} and {shown(large.max())} with {shown(large.std())}."
    )
    if np.ptp(large) == 0:
        note = ""
    drawn = [Line(f"input {i + 1}", list(row)) for i, row in enumerate(w)]
    heads = [f"output {j + 1}" for j in range(cols)]
    yield Example(f"The weights that {init!r} draws for it with seed 0:", heads, drawn, note)
