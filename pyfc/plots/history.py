"""The picture of a training: its metrics over the epochs, or over the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pyfc.metrics import HIGHER_IS_BETTER
from pyfc.plots.style import LINES, Floats, draw_lines, dress, new_figure

#: A loss that spans more than this factor is drawn on a logarithmic axis.
SPAN = 20.0


def plot_history(
    history: Mapping[str, Sequence[float]],
    *,
    metrics: Sequence[str] | None = None,
    title: str = "Learning curves",
    unit: str = "epoch",
    at: Sequence[int] | None = None,
) -> Figure:
    """Draw loss and metrics over the epochs, training and validation, with the best epoch of each marked.

    Best is the lowest value, or the highest of a metric like accuracy, on the validation set if there is one.

    Parameters
    ----------
    history : History, or mapping of str to sequence of float
        From ``fit``: one number for each epoch; NaN where there is none.
    metrics : sequence of str, optional
        Which to draw, without ``val_``: ``["loss"]``, ``["lr"]``; by default all but the learning rate.
    title : str, default "Learning curves"
        Above the first picture.
    unit : str, default "epoch"
        What there is a number for; ``history.plot()`` gives that of the history.
    at : sequence of int, optional
        After which epoch, or step, each number was taken; 1, 2, ... if not given.

    Returns
    -------
    matplotlib.figure.Figure
        With axes for each metric.

    Raises
    ------
    ValueError
        If there are no epochs or no numbers, a metric is unknown, or two are of different length.

    Examples
    --------
    >>> figure = plot_history({"loss": [0.9, 0.4, 0.2], "val_loss": [1.0, 0.5, 0.6]})
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['training', 'validation']
    """
    curves = {name: np.asarray(values, np.float64) for name, values in history.items()}
    chosen = _metrics(curves, metrics)
    length = len(next(iter(curves.values())))
    if at is not None and len(at) != length:
        raise ValueError(f"plot_history got {length} numbers of each metric and at={list(at)}: expected as many")
    figure = new_figure(5.2 * len(chosen) + 0.6, 4.4)
    for index, (ax, name) in enumerate(zip(figure.subplots(1, len(chosen), squeeze=False)[0], chosen, strict=True)):
        keys = {"training": name, "validation": f"val_{name}"}
        lines = {label: curves[key] for label, key in keys.items() if key in curves}
        epochs = np.arange(1.0, 1 + length) if at is None else np.asarray(at, np.float64)
        draw_lines(ax, {label: (epochs, values) for label, values in lines.items()})
        judge, epoch, value = _mark_best(ax, lines, epochs, name in HIGHER_IS_BETTER)
        logarithmic = name == "loss" and _spans(lines)
        if logarithmic:
            ax.set_yscale("log")
            ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        elif name == "accuracy":
            ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
        told = name.replace("_", " ")
        extreme = "highest" if name in HIGHER_IS_BETTER else "lowest"
        best = f"{value:.2%}" if name == "accuracy" else f"{value:.4g}"
        dress(
            ax,
            title if index == 0 else "",
            f"{extreme} {told} in {judge}: {best}, {unit} {epoch:g}",
            unit,
            f"{told} (logarithmic)" if logarithmic else told,
            grid=True,
        )
        ax.set_xlim(left=epochs[0] - 0.02 * epochs[-1])
        ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    return figure


def _metrics(curves: Mapping[str, Floats], metrics: Sequence[str] | None) -> list[str]:
    """Return the metrics to draw, or raise if they cannot be."""
    if not curves or not max(map(np.size, curves.values())):
        raise ValueError(
            "plot_history got a history without a number: expected one from fit with epochs >= 1, or from a "
            "StepHistory with `every` not above the number of steps"
        )
    lengths = {name: values.shape for name, values in curves.items()}
    if len(set(lengths.values())) > 1 or any(len(shape) != 1 for shape in lengths.values()):
        told = ", ".join(f"{name} {shape}" for name, shape in lengths.items())
        raise ValueError(f"plot_history got {told}: expected one number for each epoch in all of them")
    bases = list(dict.fromkeys(name.removeprefix("val_") for name in curves))
    if isinstance(metrics, str):
        raise TypeError(f"metrics is {metrics!r}: expected a list, [{metrics!r}]")
    chosen = [name for name in bases if name != "lr"] if metrics is None else list(metrics)
    for name in chosen:
        if name not in bases:
            raise ValueError(f"metric {name!r} is not in the history: expected one of {', '.join(bases)}")
        if not any(np.isfinite(curves[key]).any() for key in (name, f"val_{name}") if key in curves):
            raise ValueError(f"plot_history: {name} has no finite value: expected at least one; see history[{name!r}]")
    if not chosen:
        raise ValueError(f"no metrics to draw: expected some of {', '.join(bases)}")
    return chosen


def _spans(lines: Mapping[str, Floats]) -> bool:
    values = np.concatenate(list(lines.values()))
    values = values[np.isfinite(values)]
    return bool(values.min() > 0 and values.max() > SPAN * values.min())


def _mark_best(ax: Axes, lines: Mapping[str, Floats], epochs: Floats, highest: bool) -> tuple[str, float, float]:
    """Mark the best point, of the validation set if it was measured; return whose it is, its epoch and its value."""
    measured = [label for label, values in lines.items() if np.isfinite(values).any()]
    values, colour = lines[measured[-1]], LINES[list(lines).index(measured[-1])][0]
    at = int(np.nanargmax(values) if highest else np.nanargmin(values))
    ax.scatter(epochs[at], values[at], s=70, facecolor="white", edgecolor=colour, linewidth=2, zorder=3, label="best")
    return measured[-1], float(epochs[at]), float(values[at])
