"""The picture of what a network with two inputs decides everywhere in the plane, with the data over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pyfc.plots.style import CLASSES, GREY, INK, MARKERS, axes_or_new, class_colours, dress, figure_of

if TYPE_CHECKING:
    from pyfc.network import Network

Floats = npt.NDArray[np.float64]

#: How much of a class's colour is mixed with white where the network is in doubt, and where it is certain.
PALE, STRONG = 0.06, 0.5
#: Width divided by height of data up to which both axes have the same scale.
SAME_SCALE = 3.0
SIZE = (7.0, 5.4)


def plot_decision_surface(
    network: Network,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    class_names: Sequence[str] | None = None,
    feature_names: Sequence[str] = ("$x_1$", "$x_2$"),
    title: str = "Decision surface",
    resolution: int = 300,
    ax: Axes | None = None,
) -> Figure:
    """Draw what a network with two inputs says at every point around the data, and the data.

    For classes, the colour is that of the class decided on, the stronger the more probable the class is, and lines are
    the borders. For a regression loss with one output, the colour is the output; targets have the same colours, so a
    point that can be seen is a point that is wrong. Two different targets are two classes learned as numbers.

    Parameters
    ----------
    network : Network
        With two inputs.
    X : array_like, shape (n, 2)
        Samples, n >= 1.
    y : array_like
        Their targets, as the loss takes them.
    class_names : sequence of str, optional
        One for each class; their numbers if not given.
    feature_names : sequence of str
        For the two axes.
    title : str, default "Decision surface"
        Above the picture.
    resolution : int, default 300
        Points at which the network is asked, along each axis.
    ax : matplotlib.axes.Axes, optional
        Where to draw; in a new figure if not given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the network has not two inputs or answers several questions at once, or X and y do not fit it.

    Examples
    --------
    >>> import pyfc
    >>> from pyfc import datasets
    >>> X, y = datasets.make_circle()
    >>> figure = plot_decision_surface(pyfc.mlp([2, 4, 2]), X, y)
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['class 0', 'class 1']
    """
    if network.n_in != 2:
        raise ValueError(
            f"plot_decision_surface got a network with {network.n_in} inputs: expected 2, for the plane; "
            "plot_confusion_matrix shows the decisions of any network"
        )
    if network.loss.task == "binary" and network.n_out > 1:
        raise ValueError(
            f"plot_decision_surface got a network with {network.n_out} outputs, each a question of its own: "
            "expected one output, or classes that exclude each other"
        )
    if isinstance(resolution, bool) or not isinstance(resolution, (int, np.integer)) or resolution < 2:
        raise ValueError(f"plot_decision_surface(resolution={resolution!r}): expected an int >= 2")
    samples, targets = network.check_data(X, y)
    points = samples.astype(np.float64)
    extent = _extent(points)
    axes = [np.linspace(low, high, resolution) for low, high in (extent[:2], extent[2:])]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    ax = axes_or_new(ax, *SIZE)
    if network.n_out == 1 and network.loss.task == "regression":
        below = _draw_numbers(ax, network, grid, extent, axes, points, targets[:, 0])
    else:
        below = _draw_classes(ax, network, grid, extent, axes, points, targets, class_names)
    dress(ax, title, below, *feature_names)
    width, height = extent[1] - extent[0], extent[3] - extent[2]
    ax.set_aspect("equal" if 1 / SAME_SCALE <= width / height <= SAME_SCALE else "auto")
    ax.set_xlim(extent[:2])
    ax.set_ylim(extent[2:])
    return figure_of(ax)


def _extent(points: Floats) -> tuple[float, float, float, float]:
    """Return left, right, bottom, top: the range of the data and a tenth of it on each side."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.where(high > low, 0.1 * (high - low), 1.0)
    (left, bottom), (right, top) = low - margin, high + margin
    return float(left), float(right), float(bottom), float(top)


def _scores(network: Network, grid: Floats) -> tuple[Floats, bool]:
    """Return a column for each class, of which the largest decides, and whether they are probabilities."""
    if not network.loss.probability:
        outputs = network.forward(grid).astype(np.float64)
        if network.n_out > 1:
            return outputs, False
        return np.hstack([np.zeros_like(outputs), outputs]), False  # hinge: its sign decides
    p = network.predict_proba(grid).astype(np.float64)
    return (np.hstack([1 - p, p]) if network.n_out == 1 else p), True


def _draw_classes(
    ax: Axes,
    network: Network,
    grid: Floats,
    extent: tuple[float, float, float, float],
    axes: list[Floats],
    points: Floats,
    targets: npt.NDArray[Any],
    class_names: Sequence[str] | None,
) -> str:
    """Draw regions, borders and points, and return how many points are right."""
    scores, probable = _scores(network, grid)
    k, side = scores.shape[1], len(axes[0])
    names = [f"class {c}" for c in range(k)] if class_names is None else list(class_names)
    if len(names) != k:
        raise ValueError(f"class_names has {len(names)} names: expected {k}, one for each class")
    colours, decided = class_colours(k), scores.argmax(axis=1)
    certainty = (scores.max(axis=1) - 1 / k) / (1 - 1 / k) if probable else np.ones(len(grid))
    strength = (PALE + (STRONG - PALE) * certainty)[:, None]
    image = (1 - strength + strength * colours[decided]).reshape(side, side, 3)
    ax.imshow(image, origin="lower", extent=extent, interpolation="bilinear", zorder=0)
    for c in range(k - 1 if k == 2 else k):
        lead = scores[:, c] - np.delete(scores, c, axis=1).max(axis=1)
        if lead.min() < 0 < lead.max():
            ax.contour(*axes, lead.reshape(side, side), levels=[0], colors=INK, linewidths=1.2, zorder=1)
    labels = _labels(targets, network)
    size = float(np.clip(4000 / len(points), 8, 40))
    for c in range(k):
        ax.scatter(
            points[labels == c, 0],
            points[labels == c, 1], s=size, marker=MARKERS[c % len(MARKERS)], color=colours[c], edgecolor="white",
            linewidth=0.6, label=names[c], zorder=2,
        )  # fmt: skip
    legend = ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=10.5, labelcolor=INK)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set(sizes=[45])
    right = int((_scores(network, points)[0].argmax(axis=1) == labels).sum())
    return f"{right} of {len(points)} points right ({right / len(points):.1%})"


def _labels(targets: npt.NDArray[Any], network: Network) -> npt.NDArray[np.int64]:
    """Return the class of each sample, from checked targets."""
    if targets.ndim == 1:
        return targets.astype(np.int64)
    if network.n_out > 1:
        return np.asarray(targets.argmax(axis=1))
    return (targets[:, 0] > (0.5 if targets.min() >= 0 else 0)).astype(np.int64)


def _draw_numbers(
    ax: Axes,
    network: Network,
    grid: Floats,
    extent: tuple[float, float, float, float],
    axes: list[Floats],
    points: Floats,
    targets: npt.NDArray[Any],
) -> str:
    """Draw the output as a field with the targets in the same colours, and return the error."""
    side = len(axes[0])
    field = network.forward(grid).astype(np.float64).reshape(side, side)
    low, high = float(min(field.min(), targets.min())), float(max(field.max(), targets.max()))
    ends: Any = {"cmap": "viridis", "vmin": low, "vmax": high if high > low else low + 1}
    values = np.unique(targets)
    if len(values) == 2:  # two classes learned as numbers: their colours, and white in the middle between them
        middle = float(values.mean())
        reach = max(high - middle, middle - low)
        ends = {"cmap": CLASSES, "vmin": middle - reach, "vmax": middle + reach}
    image = ax.imshow(field, origin="lower", extent=extent, interpolation="bilinear", zorder=0, **ends)
    if len(values) == 2 and field.min() < middle < field.max():
        ax.contour(*axes, field, levels=[middle], colors=INK, linewidths=1.2, zorder=1)
    size = float(np.clip(4000 / len(points), 8, 40))
    ax.scatter(points[:, 0], points[:, 1], c=targets, s=size, edgecolor="white", linewidth=0.8, zorder=2, **ends)
    bar = figure_of(ax).colorbar(image, ax=ax, shrink=0.85, aspect=30)
    bar.set_label("output of the network; points: target", fontsize=10, color=INK)
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=GREY, labelcolor=INK, labelsize=9, length=3)
    outputs = network.forward(points)[:, 0].astype(np.float64)
    return f"root mean squared error {np.sqrt(np.mean((outputs - targets) ** 2)):.3g}"
