"""The worked example of a loss: a few samples with the value and the gradient of each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pyfc.component import Loss
from pyfc.component.base import Array
from pyfc.sphinxext.evaluation import equations_of, evaluate
from pyfc.sphinxext.examples.lines import Example, make_lines, setting_numbers, shown
from pyfc.sphinxext.figures.losses import rowwise
from pyfc.testing.inputs import one_hot
from pyfc.testing.precision import derivation_of
from pyfc.trial import samples

#: Lone outputs with targets for each task; and rows with their labels.
_LONE = {"regression": ((0.75, 3.0, 2.0), (1.0, 0.0, 2.0)), "binary": ((2.0, 3.0, -0.5), (1.0, 0.0, 1.0))}
_ROWS, _LABELS = ((2.0, -1.0, 0.5), (0.5, 1.0, -2.0)), (0, 2)


def _loss_data(loss: Loss) -> tuple[Array, Array, bool]:
    """Return outputs (n, cols), their targets as the kernel reads them, and whether each output is for itself."""
    lone = loss.task in _LONE and not rowwise(loss)
    if lone:
        y, t = (np.array(values)[:, None] for values in _LONE[loss.task])
        y = (1 / (1 + np.exp(-y))).round(2) if loss.in_unit_interval else y
    else:
        y, t = np.array(_ROWS), np.array(_LABELS) if loss.task == "classification" else np.eye(3)[list(_LABELS)]
        if loss.in_unit_interval or loss.log_probabilities:
            p = (np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)).round(2)
            p[:, -1] = (1 - p[:, :-1].sum(axis=1)).round(2)
            y = np.log(p) if loss.log_probabilities else p
    try:
        return y, loss.targets(t, len(y), y.shape[1], np.float64), lone
    except ValueError:
        return *samples(loss, 2, y.shape[1], np.float64), lone


def loss_examples(loss: Loss) -> Iterator[Example]:
    """Yield the tables of some samples: one of all where each output is for itself, else one of each."""
    y, t, lone = _loss_data(loss)
    derivation = derivation_of(loss, "", sizes={"m": y.shape[1]})
    equations, settings = equations_of(derivation), setting_numbers(derivation, loss)
    value, dy = np.empty(len(y)), np.empty_like(y)
    loss.compute_forward(y, t, value)
    loss.compute_backward(y, t, np.ones(len(y)), dy)
    rows = one_hot(t, y.shape[1])
    solved = []
    for row, target in zip(y, rows, strict=True):
        pairs = {derivation.symbol("y", j + 1): x for j, x in enumerate(row)}
        pairs |= {derivation.symbol("t", j + 1): x for j, x in enumerate(target)}
        solved.append(evaluate(equations, settings | pairs))
    mean = f"The loss of all {len(y)} samples is the mean of theirs, {shown(loss.value(y, t))}, "
    mean += f"and so its gradient is dy / {len(y)}."
    if lone:
        lines = make_lines(derivation.steps, solved, {"y": y[:, 0], "t": rows[:, 0]}, {"l": value, "dy": dy[:, 0]})
        caption = f"{loss!r} of {len(y)} samples with one output y each, against their targets t:"
        yield Example(caption, [f"sample {i + 1}" for i in range(len(y))], list(lines), mean)
        return
    caption = f"{loss!r} of a sample with {y.shape[1]} outputs y, against its targets t:"
    heads = [f"output {j + 1}" for j in range(y.shape[1])]
    for i, sample in enumerate(solved):
        given, computed = {"y": y[i], "t": rows[i]}, {"l": value[i : i + 1], "dy": dy[i]}
        lines = make_lines(derivation.steps, [sample], given, computed)
        yield Example("Another sample:" if i else caption, heads, list(lines), mean if i == len(solved) - 1 else "")
