"""Pictures of matrices: which classes are taken for which, and the weights of the first layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from pyfc.layers import Dense
from pyfc.plots.style import FAINT, GREY, INK, SHARES, SIGNED, axes_or_new, dress, figure_of

if TYPE_CHECKING:
    from pyfc.network import Network


def plot_confusion_matrix(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    *,
    class_names: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw how often each class was taken for each class.

    A row is a true class, a column a predicted one. Cells hold counts; their colour is the share of the row, made
    stronger where it is small, so that rare mistakes are seen. At the right stands the share of each class that was
    found (recall).

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
        Labels: integers, booleans or strings.
    class_names : sequence of str, optional
        For the labels 0, 1, ..., all of which are then shown; by default the labels that occur.
    ax : matplotlib.axes.Axes, optional
        Where to draw; in a new figure if not given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If labels are no integers, booleans or strings, or are strings where class_names are given.
    ValueError
        If they are empty, differ in length, or are not among the class names.

    Examples
    --------
    >>> figure = plot_confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['3 of 4 right (75.00%)', '1', '1', '2']
    """
    true, predicted = _labels(y_true, "y_true"), _labels(y_pred, "y_pred")
    if len(true) != len(predicted):
        raise ValueError(f"y_true has {len(true)} labels and y_pred has {len(predicted)}: expected as many in both")
    if not len(true):
        raise ValueError("y_true and y_pred are empty: expected at least one label")
    if class_names is None:
        classes, codes = np.unique(np.concatenate([true, predicted]), return_inverse=True)
        names = [str(label) for label in classes]
    else:
        names, codes = list(class_names), np.concatenate([true, predicted])
        if codes.dtype.kind not in "iu":
            raise TypeError(f"labels are of dtype {codes.dtype}: expected integers, as there are class_names")
        if codes.min() < 0 or codes.max() >= len(names):
            raise ValueError(
                f"labels go from {codes.min()} to {codes.max()}: "
                f"expected 0 to {len(names) - 1}, as class_names has {len(names)}"
            )
    k, n = len(names), len(true)
    counts = np.bincount(codes[:n].astype(np.int64) * k + codes[n:], minlength=k * k).reshape(k, k)
    size = min(4.0 + 0.35 * k, 12.0)
    ax = axes_or_new(ax, size + 0.4, size)
    _draw_counts(ax, counts, names)
    return figure_of(ax)


def _labels(y: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    labels = np.asarray(y)
    if labels.dtype.kind not in "biuU" and labels.size:
        raise TypeError(f"{name} has dtype {labels.dtype}: expected labels, that is integers, booleans or strings")
    if labels.ndim != 1:
        raise ValueError(f"{name} has shape {labels.shape}: expected (n,); use .argmax(axis=1) for one-hot rows")
    return labels.astype(np.int64) if labels.dtype.kind == "b" else labels


def _draw_counts(ax: Axes, counts: npt.NDArray[np.int64], names: list[str]) -> None:
    totals = counts.sum(axis=1)
    shares = counts / np.maximum(totals, 1)[:, None]
    ax.imshow(shares, cmap=SHARES, norm=PowerNorm(0.5, 0, 1))
    right, n = int(np.trace(counts)), int(totals.sum())
    dress(ax, "Confusion matrix", f"{right} of {n} right ({right / n:.2%})", "predicted class", "true class")
    small = 11.0 if len(names) <= 12 else 132 / len(names)
    for row, column in np.argwhere(counts):
        colour = "white" if shares[row, column] > 0.3 else INK
        ax.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize=small)
    places = np.arange(len(names))
    ax.set_xticks(places, names)
    ax.set_yticks(places, names)
    ax.tick_params(length=0, labelsize=small)
    if max(map(len, names)) > 3:
        ax.tick_params(axis="x", labelrotation=45)
    edges = places[1:] - 0.5
    ax.hlines(edges, -0.5, len(names) - 0.5, color=FAINT, linewidth=0.8)
    ax.vlines(edges, -0.5, len(names) - 0.5, color=FAINT, linewidth=0.8)
    ax.spines[:].set_visible(True)
    ax.spines[:].set_color(FAINT)
    found = ax.secondary_yaxis("right")
    found.set_yticks(
        places, [f"{share:.1%}" if total else "none" for share, total in zip(np.diag(shares), totals, strict=True)]
    )
    found.tick_params(length=0, labelsize=small * 0.9, labelcolor=GREY)
    found.set_ylabel("share found (recall)", fontsize=10, color=GREY)
    found.spines[:].set_visible(False)


def plot_weights(
    network: Network, *, shape: tuple[int, int] | None = None, units: int = 64, ax: Axes | None = None
) -> Figure:
    """Draw the weights of the first dense layer, those into each unit as an image of the input.

    Parameters
    ----------
    network : Network
        Its first dense layer is drawn.
    shape : (int, int), optional
        Height and width of the input as an image, such as (28, 28); a square if not given.
    units : int, default 64
        How many units at most: those with the largest weights (by the root of the sum of squares), in their order.
    ax : matplotlib.axes.Axes, optional
        Where to draw; in a new figure if not given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the inputs do not fill the shape, or weights are not finite.

    Examples
    --------
    >>> import pyfc
    >>> figure = plot_weights(pyfc.mlp([6, 4, 2]), shape=(2, 3))
    >>> figure.axes[0].get_title(loc="left")
    'First-layer weights'
    """
    layer = next(layer for layer in network.layers if isinstance(layer, Dense))
    height, width = _shape(layer.n_in, shape)
    if isinstance(units, bool) or not isinstance(units, (int, np.integer)) or units < 1:
        raise ValueError(f"plot_weights(units={units!r}): expected an int >= 1")
    weights = layer.parameters["W"].astype(np.float64)
    if not np.isfinite(weights).all():
        raise ValueError(f"{layer.name}.W holds NaN or infinite values: expected finite weights; train again")
    shown = np.sort(np.argsort(-np.linalg.norm(weights, axis=0), kind="stable")[: int(units)])
    mosaic = _mosaic(weights[:, shown].T.reshape(-1, height, width))
    wide = 7.0
    ax = axes_or_new(ax, wide, min(max(1.5 + (wide - 1.6) * mosaic.shape[0] / mosaic.shape[1], 2.5), 12.0))
    # A few very large weights would leave all others pale; the ends of the bar are drawn pointed to say so.
    limit = float(np.quantile(np.abs(weights[:, shown]), 0.995)) or 1.0
    image = ax.imshow(mosaic, cmap=SIGNED, vmin=-limit, vmax=limit, interpolation="nearest")
    count = f"{len(shown)} of {layer.n_out} units" if len(shown) < layer.n_out else f"{layer.n_out} units"
    dress(ax, "First-layer weights", f"{count}, each seen as an image of {height} by {width} inputs", "", "")
    ax.set_axis_off()
    bar = figure_of(ax).colorbar(image, ax=ax, extend="both", shrink=0.7, aspect=30)
    bar.set_label("weight: below 0 the input speaks against the unit, above 0 for it", fontsize=10, color=INK)
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=GREY, labelcolor=INK, labelsize=9, length=3)
    return figure_of(ax)


def _shape(n_in: int, shape: tuple[int, int] | None) -> tuple[int, int]:
    if shape is None:
        side = math.isqrt(n_in)
        if side * side != n_in:
            raise ValueError(
                f"the {n_in} inputs are no square: expected shape=(height, width) with height * width = {n_in}"
            )
        return side, side
    if len(shape) != 2 or min(shape) < 1 or shape[0] * shape[1] != n_in:
        raise ValueError(f"shape is {shape!r}: expected (height, width) with height * width = {n_in}, the inputs")
    return shape


def _mosaic(tiles: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return images (n, height, width) side by side in a nearly square picture, NaN in the gaps between."""
    n, height, width = tiles.shape
    columns = min(n, max(1, math.ceil(math.sqrt(n * height / width))))
    rows = math.ceil(n / columns)
    gap = max(1, round(0.08 * max(height, width)))
    mosaic = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for index, tile in enumerate(tiles):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        mosaic[top : top + height, left : left + width] = tile
    return mosaic
