"""What the pictures have in common: colours, sizes, titles, and what they leave out."""

from __future__ import annotations

import io
from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine

Floats = npt.NDArray[np.float64]

#: M. Okabe, K. Ito, "Color Universal Design" (2008), without black; the yellow last, as it is faint on white.
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#F0E442")
BLUE, VERMILION = OKABE_ITO[:2]
#: Colour and style of the first and the second line of a picture.
LINES = ((BLUE, "-"), (VERMILION, "--"))
MARKERS = "os^Dv<>Ph*"
INK, GREY, FAINT = "#222222", "#666666", "#DDDDDD"

#: From white to blue, and from blue over white to vermilion: the eye reads both by lightness alone.
SHARES = LinearSegmentedColormap.from_list("shares", ["#FFFFFF", "#9CC9E6", BLUE, "#00304F"])
SIGNED = LinearSegmentedColormap.from_list("signed", ["#00304F", BLUE, "#FFFFFF", VERMILION, "#5A2200"])
#: From the colour of class 0 over white to that of class 1.
CLASSES = LinearSegmentedColormap.from_list("classes", [BLUE, "#FFFFFF", VERMILION])

DPI = 150


class Picture(Figure):
    """A figure without pyplot that a notebook shows."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def new_figure(width: float, height: float) -> Picture:
    """Return an empty white figure of a size in inches."""
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12, wspace=0.04)
    return Picture(figsize=(width, height), dpi=DPI, layout=layout, facecolor="white")


def axes_or_new(ax: Axes | None, width: float, height: float) -> Axes:
    """Return the axes given, or the only ones of a new figure; raise TypeError for what is no axes."""
    if ax is None:
        return new_figure(width, height).add_subplot(facecolor="white")
    if not isinstance(ax, Axes):
        raise TypeError(f"ax is {type(ax).__name__}: expected matplotlib Axes, or None for a new figure")
    return ax


def figure_of(ax: Axes) -> Figure:
    """Return the figure that axes belong to."""
    figure: Figure | SubFigure | None = ax.figure
    while isinstance(figure, SubFigure):
        figure = figure.figure
    assert figure is not None  # noqa: S101 (axes are made by a figure)
    return figure


def dress(ax: Axes, title: str, below_title: str, xlabel: str, ylabel: str, *, grid: bool = False) -> None:
    """Give axes their texts, and take away what says nothing.

    Set on the axes and not by rcParams, because ticks are made only when the picture is drawn.
    """
    ax.set_title(title, loc="left", fontsize=13, fontweight="bold", color=INK, pad=24 if below_title else 10)
    if below_title:
        ax.annotate(
            below_title, (0, 1), (0, 8), xycoords="axes fraction", textcoords="offset points", fontsize=10, color=GREY
        )
    ax.set_xlabel(xlabel, fontsize=11, color=INK)
    ax.set_ylabel(ylabel, fontsize=11, color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GREY)
    ax.tick_params(which="both", colors=GREY, labelcolor=INK, labelsize=10, length=3)
    ax.tick_params(which="minor", length=0)
    if grid:
        ax.grid(color=FAINT, linewidth=0.6)
        ax.set_axisbelow(True)


def draw_lines(ax: Axes, lines: Mapping[str, tuple[Floats, Floats]]) -> None:
    """Draw one or two lines, label -> (x, y), with their labels at their ends, the upper above and the lower below."""
    ends: list[tuple[float, float, str, str]] = []
    for (label, (x, y)), (colour, style) in zip(lines.items(), LINES, strict=False):
        ax.plot(x, y, style, color=colour, linewidth=2.2, marker="o" if len(x) < 3 else None, label=label)
        known = np.flatnonzero(np.isfinite(y))
        if len(known):
            ends.append((float(y[known[-1]]), float(x[known[-1]]), label, colour))
    for rank, (height, end, label, colour) in enumerate(sorted(ends, reverse=True)):
        ax.annotate(
            label,
            (end, height),
            (7, -1 if rank else 1),
            textcoords="offset points",
            color=colour,
            fontsize=11,
            va="top" if rank else "bottom",
            annotation_clip=False,
        )


def class_colours(count: int) -> Floats:
    """Return a colour for each class, as RGB rows (count, 3)."""
    if count <= len(OKABE_ITO):
        return np.array([mpl.colors.to_rgb(colour) for colour in OKABE_ITO[:count]])
    return np.asarray(mpl.colormaps["viridis"](np.linspace(0, 1, count)))[:, :3]
