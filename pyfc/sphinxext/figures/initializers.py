"""The pictures of an initialiser: how its weights are distributed, and what ten layers of them make of a signal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pyfc.component import Initializer
from pyfc.component.base import Array
from pyfc.sphinxext.figures.drawing import INK, LINES, STYLES, Panel, name_line, new_panel

#: Units of a layer, and how many layers a signal goes through.
WIDTH, DEPTH = 256, 10
#: What stands between the layers.
_BETWEEN: dict[str, Callable[[Array], Array]] = {
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "none": lambda z: z,
}


def initializer_panels(init: Initializer) -> list[Panel]:
    """Return the pictures of an initialiser: a histogram, and the size of signals."""
    return [_histogram(init), _signals(init)]


def _histogram(init: Initializer) -> Panel:
    w = init((WIDTH, WIDTH), np.random.default_rng(0)).ravel()
    figure, ax = new_panel(f"weight, of a layer {WIDTH} → {WIDTH}", "density")
    std, mean = float(w.std()), float(w.mean())
    if np.ptp(w) == 0:
        ax.axvline(mean, color=LINES[0], linewidth=3)
        ax.set_xlim(mean - 1, mean + 1)
        ax.set_yticks([])
        name_line(ax, f"all are {mean:g}", (mean, 0.5), LINES[0], va="center")
        return Panel(figure, "The distribution of its weights", f"All weights are {mean:g}.")
    ax.hist(w, bins=61, density=True, color=LINES[0], alpha=0.35)
    uniform = np.abs(w - mean).max() < 2 * std
    if uniform:
        c = std * np.sqrt(3)
        x = mean + np.array([-c, -c, c, c])
        density = np.array([0, 1, 1, 0]) / (2 * c)
    else:
        x = mean + std * np.linspace(-4.2, 4.2, 121)
        density = np.exp(-(((x - mean) / std) ** 2) / 2) / (std * np.sqrt(2 * np.pi))
    ax.plot(x, density, color=LINES[1], linewidth=2)
    kind = "uniform" if uniform else "normal"
    name_line(ax, f"{kind}, std {std:.3g}", (0.02, 1.0), LINES[1])
    ax.texts[-1].xycoords = "axes fraction"  # type: ignore[attr-defined]
    told = f"Weights from {w.min():.3g} to {w.max():.3g} with mean {mean:.2g} and standard deviation {std:.3g}"
    return Panel(figure, f"The distribution of its weights, and the {kind} density of that size", told + ".")


def _signals(init: Initializer) -> Panel:
    figure, ax = new_panel("layer", "size of the signal")
    told, nothing = [], []
    for number, (name, function) in enumerate(_BETWEEN.items()):
        draw = np.random.default_rng(0)
        x = draw.standard_normal((64, WIDTH))
        sizes = [float(np.sqrt((x**2).mean()))]
        for _ in range(DEPTH):
            x = function(x @ init((WIDTH, WIDTH), draw))
            sizes.append(float(np.sqrt((x**2).mean())))
        label = "no activation" if name == "none" else name
        told.append(f"with {label} {sizes[-1]:.2g}")
        if sizes[-1] == 0:
            nothing.append(label)
        shown = np.where(np.array(sizes) > 0, sizes, np.nan)
        ax.semilogy(shown, STYLES[number], color=LINES[number], linewidth=2, marker="o", markersize=3.5)
        name_line(ax, label, (0.02 + 0.2 * number, 1.0), LINES[number])
        ax.texts[-1].xycoords = "axes fraction"  # type: ignore[attr-defined]
    low, high = ax.get_ylim()
    ax.set_ylim(min(low, 0.1), max(high, 10))
    ax.axhline(1, color=INK, alpha=0.3, linewidth=0.8, zorder=0)
    ax.set_xticks(range(0, DEPTH + 1, 2))
    ax.minorticks_off()
    if nothing:
        ax.text(0.5, 0.5, "0 after the first layer", transform=ax.transAxes, ha="center", color=INK)
    words = f"The size (root mean square) of a signal through {DEPTH} layers of {WIDTH} units"
    return Panel(figure, words, f"It is 1 at the start and after {DEPTH} layers " + ", ".join(told) + ".")
