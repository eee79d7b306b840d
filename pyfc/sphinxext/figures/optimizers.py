"""The picture of an optimizer: its way down a curved valley, beside that of plain gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyfc.component import Optimizer
from pyfc.component.base import Array
from pyfc.sphinxext.figures.drawing import INK, LINES, Panel, name_line, new_panel

#: Where it starts, how many steps it makes, and among which rates the best is taken.
START, STEPS = (-1.2, 1.0), 60
RATES = (1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.002, 0.001)
_STEEP = 12.0
#: What is shown of the valley.
VIEW = (-1.75, 1.5), (-0.6, 1.9)


def valley(w: Array) -> tuple[float, Array]:
    """Return Rosenbrock's function, 12 times as steep across its valley as along it, and its gradient."""
    x, y = w
    across = y - x * x
    gradient = np.array([-2 * (1 - x) - 4 * _STEEP * across * x, 2 * _STEEP * across])
    return float((1 - x) ** 2 + _STEEP * across**2), gradient


def optimizer_panels(optimizer: Optimizer) -> list[Panel]:
    """Return the pictures of an optimizer: the valley with its path, and the loss along it."""
    plain_rate, plain = _plain()
    shown, rate, path = _best(optimizer)
    if len(path) == len(plain) and np.allclose(path, plain):
        shown, rate, path = _best(livelier(optimizer))
    of = type(shown).__name__ if rate is None else f"{type(shown).__name__}({_settings(shown, rate)})"
    lines = [(f"gradient descent, lr = {plain_rate:g}", plain, LINES[1], "--"), (of, path, LINES[0], "-")]
    figure, ax = new_panel("first parameter", "second parameter", width=4.6, height=3.7)
    across, up = np.linspace(*VIEW[0], 90), np.linspace(*VIEW[1], 70)
    heights = np.array([[valley(np.array([x, y]))[0] for x in across] for y in up])
    levels = np.geomspace(0.05, 60, 10)
    ax.contour(across, up, heights, levels=levels, colors=INK, alpha=0.22, linewidths=0.8)
    for _, way, colour, style in lines:
        ax.plot(*way.T, style, color=colour, linewidth=1.6, marker="o", markersize=2.6, clip_on=True)
    ax.plot(*START, "o", color=INK, markersize=5)
    ax.plot(1, 1, "*", color=INK, markersize=11)
    name_line(ax, "start", START, INK, ha="right", va="bottom")
    name_line(ax, "minimum", (1, 1), INK, ha="center", va="bottom")
    ax.set_xlim(across[0], across[-1])
    ax.set_ylim(up[0], up[-1])
    told = f"From {START} to {np.linalg.norm(path[-1] - 1):.2g} from the minimum (1, 1) in {len(path) - 1} steps, "
    told += f"by gradient descent to {np.linalg.norm(plain[-1] - 1):.2g} from it in {len(plain) - 1}."
    note = "" if rate is None else ", each with the best of a few rates"
    title = (
        f"{len(path) - 1} steps of {of} down the valley (1 - x)\u00b2 + {_STEEP:g} (y - x\u00b2)\u00b2, Rosenbrock's "
        f"with another factor, and those of plain gradient descent (dashed){note}"
    )
    first = Panel(figure, title, told)
    figure, ax = new_panel("step", "value", width=4.6, height=3.7)
    for number, (label, way, colour, style) in enumerate(lines):
        losses = [max(valley(w)[0], 1e-12) for w in way]
        ax.semilogy(losses, style, color=colour, linewidth=2)
        name_line(ax, label.split("(")[0], (0.98, 0.97 - 0.09 * number), colour, ha="right", va="top")
        ax.texts[-1].xycoords = "axes fraction"  # type: ignore[attr-defined]
    ax.minorticks_off()
    ends = ", ".join(f"{label}: {valley(way[-1])[0]:.2g}" for label, way, _, _ in lines)
    return [first, Panel(figure, "The value there, after each step", f"At the end: {ends}.")]


def _settings(optimizer: Optimizer, rate: float) -> str:
    changed = {n: v for n, v in optimizer.config().items() if n != "lr" and v != optimizer.hyperparameters[n].default}
    return ", ".join(f"{name}={value:g}" for name, value in {"lr": rate, **changed}.items())


def _plain() -> tuple[float, Array]:
    ways = {rate: _descend(rate) for rate in RATES}
    rate = min(ways, key=lambda r: _end(ways[r]))
    return rate, ways[rate]


def _end(way: Array) -> float:
    with np.errstate(all="ignore"):
        end = valley(way[-1])[0]
    return end if np.isfinite(end) else np.inf


def _in_view(way: Array) -> bool:
    return all(low < value < high for w in way for value, (low, high) in zip(w, VIEW, strict=True))


def _descend(rate: float) -> Array:
    w, way = np.array(START), [np.array(START)]
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            w = w - rate * valley(w)[1]
            way.append(w)
    return np.array(way)


def _best(optimizer: Optimizer) -> tuple[Optimizer, float | None, Array]:
    """Return an optimizer with the rate that takes it lowest, and its way; no rate for one that needs none."""
    if optimizer.full_batch:
        way = [np.array(START)]
        optimizer.minimize(valley, np.array(START), STEPS, lambda w: way.append(np.array(w)))
        return optimizer, None, np.array(way)
    ways = {rate: _walk(optimizer, rate) for rate in RATES}
    near = {rate: way for rate, way in ways.items() if _in_view(way)} or ways
    rate = min(near, key=lambda r: _end(near[r]))
    return optimizer, rate, ways[rate]


def _walk(optimizer: Optimizer, rate: float) -> Array:
    w, way = np.array(START), [np.array(START)]
    state = optimizer.new_state(w.size, w.dtype)
    with np.errstate(all="ignore"):
        for step in range(1, STEPS + 1):
            optimizer.update(w, valley(w)[1], state, rate, step)
            way.append(w.copy())
    return np.array(way)


def livelier(optimizer: Optimizer) -> Optimizer:
    """Return one that keeps what plain descent does not: with what its defaults leave at 0 near its upper bound."""
    settings: dict[str, Any] = optimizer.config()
    for name, hyper in optimizer.hyperparameters.items():
        if not isinstance(hyper.default, (bool, str)) and hyper.default == hyper.low and np.isfinite(hyper.high):
            settings[name] = hyper.low + 0.9 * (hyper.high - hyper.low)
    return type(optimizer)(**settings)
