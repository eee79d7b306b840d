"""The pictures of a loss: its value and its gradient as an output moves, for a few targets."""

from __future__ import annotations

import numpy as np

from pyfc.component import Loss
from pyfc.component.base import Array
from pyfc.sphinxext.figures.activations import broken, jumps
from pyfc.sphinxext.figures.drawing import LINES, STYLES, Panel, minus, name_line, new_panel, zero_lines

#: Even, so that no point lies on a kink at 0, where a gradient may be between its two sides.
_POINTS = 400
#: Outputs of which the first one moves, in a loss of whole rows.
_COLS = 3


def loss_panels(loss: Loss) -> list[Panel]:
    """Return the pictures of a loss, value and gradient: as it is, and uneven where its usual setting hides that."""
    return [panel for drawn in (loss, *_uneven(loss)) for panel in _panels(drawn)]


def _uneven(loss: Loss) -> list[Loss]:
    """Return the loss with a setting at 3/4 of its range, if the usual value is the middle: that hides what it does."""
    config = loss.config()
    return [
        type(loss)(**config | {name: hyper.low + 0.75 * (hyper.high - hyper.low)})
        for name, hyper in loss.hyperparameters.items()
        if np.isfinite([hyper.low, hyper.high]).all() and config[name] == (hyper.low + hyper.high) / 2
    ]


def _panels(loss: Loss) -> list[Panel]:
    y, lines_of = curves(loss)
    moving = y[:, 0]
    where = "y"
    if y.shape[1] > 1:
        others = f"at {y[0, 1]:g}" if np.ptp(y[:, 1]) == 0 else "share what it leaves of 1"
        where = minus(f"y₁, the other {y.shape[1] - 1} outputs {others}")
    drawn = []
    for ylabel, index, words in (
        ("loss l", 0, "The loss of a sample"),
        ("gradient dy", 1, "Its gradient by the output"),
    ):
        figure, ax = new_panel(where, ylabel)
        zero_lines(ax)
        told = []
        for number, (label, *lines) in enumerate(lines_of):
            line, colour = lines[index], LINES[number % 4]
            ax.plot(*broken(moving, line, jumps(line)), STYLES[number % 4], color=colour, linewidth=2.2)
            told.append(f"{label}: {line[0]:.3g} at y = {moving[0]:.3g}, {line[-1]:.3g} at y = {moving[-1]:.3g}")
            at = 0.04 + 0.3 * number
            name_line(ax, label, (at, 1.0), colour)
            ax.texts[-1].xycoords = "axes fraction"  # type: ignore[attr-defined]
        ax.set_xlim(moving[0], moving[-1])
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.02 * (high - low))
        settings = ", ".join(f"{name} = {value}" for name, value in loss.config().items())
        drawn.append(Panel(figure, words + (f" for {settings}" if settings else ""), "; ".join(told)))
    return drawn


def curves(loss: Loss) -> tuple[Array, list[tuple[str, Array, Array]]]:
    """Return outputs (n, cols), and for each target its name with value and gradient (n,)."""
    far = 6.0 if loss.task != "regression" else 4.0
    moving = np.linspace(-far, far, _POINTS)
    rest = np.zeros((_POINTS, _COLS - 1))
    if loss.in_unit_interval:
        moving = np.linspace(0.01, 0.99, _POINTS)
        rest += (1 - moving[:, None]) / (_COLS - 1)
    elif loss.log_probabilities:
        moving = np.linspace(-far, -0.01, _POINTS)
        rest += np.log((1 - np.exp(moving[:, None])) / (_COLS - 1))
    tries: list[tuple[Array, list[tuple[str, Array]]]] = []
    rows = np.column_stack([moving, rest])
    one_hot = np.eye(_COLS)
    if loss.task == "classification":
        tries = [(rows, [("its class is 1", one_hot[0]), ("its class is 2", one_hot[1])])]
    elif loss.task == "binary":
        tries = [(moving[:, None], [(f"t = {t:g}", np.array([t])) for t in (1.0, 0.0, 0.5)])]
        tries += [(moving[:, None], [(f"t = {t:g}", np.array([t])) for t in (1.0, 0.0)])]
    else:
        lone, above = moving[:, None], [("t = 0", np.zeros(1)), ("t = 2", np.full(1, 2.0)), ("t = 1", np.ones(1))]
        targets = np.array([[1.0, 1.0, 0.0], [0.5, 0.3, 0.2]])
        named = [(f"t = {', '.join(f'{v:g}' for v in t)}", t) for t in targets]
        sideways = np.column_stack([moving, np.ones_like(rest)])
        tries = [(sideways, named)] if rowwise(loss) else []
        tries += [(lone, above[:2]), (lone, above[2:]), (sideways, named), (rows, named[1:])]
    problem = ValueError(f"{loss!r}: no targets were found that it accepts")
    for y, targets_named in tries:
        try:
            return y, [(label, *_value_and_gradient(loss, y, np.tile(t, (len(y), 1)))) for label, t in targets_named]
        except ValueError as error:
            problem = error
    raise problem


def _value_and_gradient(loss: Loss, y: Array, t: Array) -> tuple[Array, Array]:
    value, dy = np.empty(len(y)), np.empty_like(y)
    targets = loss.targets(t, len(y), y.shape[1], np.float64)
    with np.errstate(all="ignore"):
        loss.compute_forward(y, targets, value)
        loss.compute_backward(y, targets, np.ones(len(y)), dy)
    return value, dy[:, 0]


def rowwise(loss: Loss) -> bool:
    """Return whether the gradient by an output depends on the others, or the loss takes whole rows alone."""
    y = np.array([[0.3, 0.2, 0.5], [0.3, 0.6, 0.1]])
    t = np.array([[0.5, 0.3, 0.2]] * 2)
    try:
        dy = loss.gradient(y, t)
    except ValueError:
        return loss.task == "classification"
    return not np.isclose(dy[0, 0], dy[1, 0])
