"""The pictures of an activation: its value and its slope, with what matters in training marked.

Of a function of one number: where it is saturated, where it has kinks and jumps, where it is steepest. Of a function of
whole rows: how each output moves with one of the inputs; with one of each kind, if they do not all do the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes

from pyfc.component import Activation
from pyfc.component.base import Array
from pyfc.sphinxext.figures.drawing import INK, LINES, STYLES, Panel, minus, name_line, new_panel, zero_lines
from pyfc.testing.inputs import Widths

#: How far z is drawn to both sides of 0, how far if a kink would else be at the edge or beyond, and how finely.
HIGH, FAR, SPACING = 6.0, 9.0, 0.02
#: Where the slope is smaller than this, nothing is learned.
SATURATED = 0.01
#: What the derivative is called.
SLOPE = "f\N{PRIME}(z)"
#: The slope of a smooth function changes by less than this between two points.
_JUMP = 0.03
#: The other inputs of a row of which one moves.
_OTHERS = (1.0, -1.0, 0.5, 0.0, -0.5)
#: Digits -> those of an index.
_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def activation_panels(act: Activation) -> list[Panel]:
    """Return the pictures of an activation: y, and its derivative by z."""
    return _elementwise(act) if act.elementwise else _rowwise(act)


def value_and_slope(act: Activation, z: Array) -> tuple[Array, Array]:
    """Return f(z) and f'(z) of an elementwise activation, (n,) each, with what it learns at its start."""
    with np.errstate(all="ignore"):
        y = act.forward(z[:, None])
        dz = act.backward(np.ones_like(y), z=z[:, None], y=y)
    return y[:, 0], np.array(dz[0] if act.learned else dz)[:, 0]


def jumps(line: Array) -> list[int]:
    """Return the indices of the points after which a line jumps."""
    step = np.abs(np.diff(line))
    beside = np.maximum(np.append(step[1:], 0), np.insert(step[:-1], 0, 0))
    return [int(index) for index in np.flatnonzero((step > _JUMP) & (step > 5 * beside))]


def edges(function: Callable[[Array], Array], z: Array) -> dict[int, float]:
    """Return where a function of one number jumps: the index of the point before it, and the place, by bisection."""
    found = {}
    for index in jumps(function(z)):
        low, high = z[index], z[index + 1]
        for _ in range(40):
            middle = (low + high) / 2
            a, b, c = function(np.array([low, middle, high]))
            low, high = (middle, high) if abs(c - b) > abs(b - a) else (low, middle)
        found[index] = float(round((low + high) / 2, 6)) + 0.0  # no -0
    return found


def drawn_range(act: Activation) -> Array:
    """Return where an elementwise activation is drawn: evenly, to where its kinks can be seen."""
    z = _even(FAR)
    kinks = (edges(lambda at, part=part: value_and_slope(act, at)[part], z) for part in (0, 1))  # type: ignore[misc]
    return z if any(abs(kink) > HIGH - 1 for found in kinks for kink in found.values()) else _even(HIGH)


def _even(far: float) -> Array:
    return np.linspace(-far, far, round(2 * far / SPACING) + 1)


def kinds(act: Activation, cols: int) -> list[int]:
    """Return the index of the first entry of a row, and of the first one that the outputs follow in another way."""
    seen: list[Array] = []
    for entry in range(cols):
        z = np.ones((5, cols))  # equal, so that only the order of the outputs differs where the entries do the same
        z[:, entry] = np.linspace(-3, 3, 5)
        seen.append(np.sort(act.forward(z), axis=1))
    others = [entry for entry in range(cols) if not np.allclose(seen[entry], seen[0])]
    return [0, *others[:1]]


def _elementwise(act: Activation) -> list[Panel]:
    z = drawn_range(act)
    y, slope = value_and_slope(act, z)
    leaps = edges(lambda at: value_and_slope(act, at)[0], z)
    kinks = leaps | edges(lambda at: value_and_slope(act, at)[1], z)
    flat = np.abs(slope) < SATURATED
    words = [_saturation(z, flat), _kinks(kinks, leaps)]
    marks = [f"shaded, where it is below {SATURATED} in size"] if _runs(flat) else []
    marks += ["rings at its jumps"] if kinks else []
    settings = ", ".join(f"{name} = {value}" for name, value in act.config().items())
    if act.learned:
        settings = ", ".join(filter(None, [settings, f"{act.learned.letter} = {act.learned.start:g}"]))
    of = f" for {settings}" if settings else ""
    drawn = []
    for label, line, breaks, colour in (("f(z)", y, leaps, LINES[0]), (SLOPE, slope, kinks, LINES[1])):
        figure, ax = new_panel("z", "")
        zero_lines(ax)
        _shade(ax, z, flat)
        _limits(ax, z, line)
        ax.plot(*broken(z, line, list(breaks)), color=colour, linewidth=2.4)
        _mark(ax, z, line, kinks, breaks, colour)
        ax.set_title(label, loc="left", fontsize=12, color=colour)
        what = f"The function f(z){of}" if label == "f(z)" else "; ".join([f"Its derivative {SLOPE}", *marks])
        drawn.append(Panel(figure, what, f"{_course(z, line, label)} {' '.join(filter(None, words))}"))
    return drawn


def broken(z: Array, line: Array, breaks: list[int]) -> tuple[Array, Array]:
    """Return a line that is not drawn across its jumps, which come after the points of these indices."""
    at = [index + 1 for index in breaks]
    return np.insert(z, at, np.nan), np.insert(line, at, np.nan)


def _limits(ax: Axes, z: Array, line: Array) -> None:
    """Set what is shown: all of a line, unless it grows beyond what z does."""
    finite = line[np.isfinite(line)]
    low, high = max(finite.min(), z[0]), min(finite.max(), z[-1])
    room = 0.08 * max(high - low, 0.5)
    ax.set_xlim(z[0], z[-1])
    ax.set_ylim(min(low, 0) - room, max(high, 0) + room)
    ax.set_xticks([2 * half for half in range(-4, 5) if abs(2 * half) <= z[-1]])


def _shade(ax: Axes, z: Array, flat: Array) -> None:
    """Shade where a function is saturated."""
    for first, last in _runs(flat):
        ax.axvspan(z[first], z[last], color=INK, alpha=0.09, linewidth=0, zorder=0)


def _runs(flags: Array) -> list[tuple[int, int]]:
    """Return first and last index of each run of True that is longer than what a turning point makes."""
    changes = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return [(int(a), int(b) - 1) for a, b in zip(changes[::2], changes[1::2], strict=True) if b - a > len(flags) / 20]


def _mark(ax: Axes, z: Array, line: Array, kinks: dict[int, float], breaks: dict[int, float], colour: str) -> None:
    """Put a ring on each kink and both ends of each jump, and a dot with its value on a highest and lowest point."""
    for index, kink in kinks.items():
        ends = {line[index], line[index + 1]} if index in breaks else {np.interp(kink, z, line)}
        ax.plot([kink] * len(ends), list(ends), "o", mfc="none", mec=colour, markersize=6, mew=1.4, clip_on=False)
    for extreme, va in ((np.nanargmax(line), "bottom"), (np.nanargmin(line), "top")):
        inside = 5 < extreme < len(z) - 6 and not any(abs(z[extreme] - kink) < 0.05 for kink in kinks.values())
        if inside and line[extreme - 4] != line[extreme] != line[extreme + 4]:
            ax.plot(z[extreme], line[extreme], "o", color=colour, markersize=4.5)
            name_line(ax, minus(f"{line[extreme]:.3g}"), (z[extreme], line[extreme]), colour, ha="left", va=va)


def _saturation(z: Array, flat: Array) -> str:
    spans = [f"z = {z[a]:.3g} to {z[b]:.3g}" for a, b in _runs(flat)]
    if not spans:
        return ""
    return f"Shaded, where it is saturated (the derivative is below {SATURATED} in size): {' and '.join(spans)}."


def _kinks(kinks: dict[int, float], jumps: dict[int, float]) -> str:
    if not kinks:
        return "Neither jumps."
    bends = {index: place for index, place in kinks.items() if index not in jumps}
    told = [
        f"the {what} jumps at z = {', '.join(f'{place:.4g}' for place in places.values())}"
        for what, places in (("value", jumps), ("slope", bends))
        if places
    ]
    return f"Rings: {' and '.join(told)}."


def _course(z: Array, line: Array, label: str) -> str:
    places = [0, len(z) // 2, len(z) - 1]
    return f"{label} is " + ", ".join(f"{line[i]:.3g} at z = {z[i]:g}" for i in places) + "."


def _rowwise(act: Activation) -> list[Panel]:
    cols = Widths(act).near(3)
    return [panel for entry in kinds(act, cols) for panel in _moved(act, cols, entry)]


def _moved(act: Activation, cols: int, entry: int) -> list[Panel]:
    """Return the pictures of the outputs of a row, and of their slopes, as one of its entries moves."""
    moving, others, name = _even(HIGH), np.resize(_OTHERS, cols - 1), f"z{'₁₂₃₄₅₆'[entry]}"
    z = np.insert(np.tile(others, (len(moving), 1)), entry, moving, axis=1)
    y = act.forward(z)
    slopes = []
    for output in range(y.shape[1]):
        dy = np.zeros_like(y)
        dy[:, output] = 1
        dz = act.backward(dy, z=z, y=y)
        slopes.append((dz[0] if act.learned else dz)[:, entry])
    row = minus(", ".join(np.insert([f"{value:g}" for value in others], entry, name)))
    drawn = []
    for ylabel, lines, words in (
        ("y", list(y.T), f"The outputs of a row {row} as {name} moves"),
        (f"∂y / ∂{name}", slopes, f"Their derivatives by {name}"),
    ):
        figure, ax = new_panel(f"{name}, the others fixed", ylabel)
        zero_lines(ax)
        _limits(ax, moving, np.concatenate(lines))
        ends = []
        for number, line in enumerate(lines):
            colour, style = LINES[number % 4], STYLES[number % 4]
            ax.plot(moving, line, style, color=colour, linewidth=2.2)
            name = f"y{number + 1}".translate(_LOW)
            ends.append((float(line[-1]), name if ylabel == "y" else f"∂{name}", colour))
        _name_ends(ax, ends)
        course = "; ".join(
            f"{end}: {_course(moving, line, end)}" for line, (_, end, _) in zip(lines, ends, strict=True)
        )
        drawn.append(Panel(figure, words, course.replace("at z =", f"at {name} =")))
    return drawn


def _name_ends(ax: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Write the names of lines at their right ends, those that are near each other below one another."""
    low, high = ax.get_ylim()
    apart, last = (high - low) * 0.085, np.inf
    for height, name, colour in sorted(ends, reverse=True):
        last = min(min(max(height, low), high), last - apart)
        name_line(ax, name, (HIGH, last), colour, va="center")
