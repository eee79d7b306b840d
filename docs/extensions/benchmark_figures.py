"""The pictures of the page of benchmarks, drawn from the recorded runs that ``benchmarks`` reads."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

from pyfc.sphinxext.figures.drawing import INK, LINES, Panel, new_panel, svg

#: Colour, marker and line of each library; pyfc's is filled.
LOOKS = {
    "NumPy": (INK, "s", ":"),
    "scikit-learn": (INK, "^", ":"),
    "PyTorch": (LINES[1], "D", "--"),
    "torch.compile": (LINES[1], "v", "--"),
    "JAX": (LINES[2], "P", "-."),
    "pyfc": (LINES[0], "o", "-"),
}


def plain(ax: Axes, which: str) -> None:
    """Give a logarithmic axis numbers as people write them."""
    axis = getattr(ax, f"{which}axis")
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def legend(ax: Axes, columns: int = 3) -> None:
    """Put the legend above the picture, where it hides nothing."""
    ax.legend(  # its letters would be black on a dark page
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=columns, frameon=False, fontsize=10, labelcolor=INK
    )


def ratios(found: dict[str, Any]) -> list[Panel]:
    """Draw pyfc's time beside the best peer's, for each case."""
    figure, ax = new_panel("pyfc's time ÷ the best peer's (logarithmic)", "", width=7.2, height=4.4)
    told = []
    for shift, (threads, colour, marker) in zip(
        (-0.14, 0.14), (("1", LINES[0], "o"), ("2", LINES[1], "s")), strict=True
    ):
        of_cases = list(zip(*(run["cases"][threads] for run in found["runs"]), strict=True))
        names = [rows[0]["name"] for rows in of_cases]
        values = [[row["ratio"]["best peer"] for row in rows] for rows in of_cases]
        at = [place + shift for place in range(len(names))]
        middle = [median(three) for three in values]
        label = f"{threads} thread{'s' * (threads == '2')}"
        ax.hlines(at, [min(three) for three in values], [max(three) for three in values], color=colour, linewidth=2)
        ax.plot(middle, at, marker, color=colour, label=label)
        told.append(f"{label}: " + ", ".join(f"{name} {value:.2f}" for name, value in zip(names, middle, strict=True)))
    ax.axvline(1, color=INK, linewidth=1, alpha=0.6)
    ax.set_xscale("log")
    plain(ax, "x")
    ax.xaxis.set_major_locator(FixedLocator([0.4, 0.6, 0.8, 1, 2, 3]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    legend(ax)
    title = "Left of 1, pyfc is faster than the fastest of the libraries. The median of three runs, and their range."
    return [Panel(figure, title, "; ".join(told))]


def times(found: dict[str, Any]) -> list[Panel]:
    """Draw what each library takes for a step, on one core."""
    figure, ax = new_panel("microseconds per step, 1 thread (logarithmic)", "", width=7.2, height=4.6)
    of_cases = list(zip(*(run["cases"]["1"] for run in found["runs"]), strict=True))
    for library, (colour, marker, _) in LOOKS.items():
        points = [
            (1e6 * median(row["median"][library] for row in rows), place)
            for place, rows in enumerate(of_cases)
            if all(library in row["median"] for row in rows)
        ]
        x, y = zip(*points, strict=True)
        filled = colour if library == "pyfc" else "none"
        ax.plot(x, y, marker, color=colour, markerfacecolor=filled, markersize=7, label=library, zorder=3)
    ax.set_xscale("log")
    plain(ax, "x")
    names = [rows[0]["name"] for rows in of_cases]
    ax.set_yticks(range(len(names)), names)
    ax.hlines(range(len(names)), *ax.get_xlim(), color=INK, alpha=0.12, linewidth=0.8)
    ax.invert_yaxis()
    legend(ax)
    return [
        Panel(figure, "What a step, or a prediction, takes in each library.", "The numbers stand in the table below.")
    ]


def growth(found: dict[str, Any]) -> list[Panel]:
    """Draw the time for a sample while one quantity grows."""
    quantities = {
        "batch": "samples in a batch",
        "width": "units in a hidden layer",
        "depth": "hidden layers",
        "samples": "samples in the data",
    }
    panels = []
    for quantity, label in quantities.items():
        figure, ax = new_panel(label, "microseconds per sample")
        rows = found["growth"]["growth"][quantity]
        for library in rows[0]["seconds per sample"]:
            colour, marker, line = LOOKS[library]
            known = [
                (row["x"], 1e6 * row["seconds per sample"][library])
                for row in rows
                if library in row["seconds per sample"]
            ]
            ax.loglog(*zip(*known, strict=True), line, marker=marker, markersize=4, color=colour, label=library)
        for which in "xy":
            plain(ax, which)
        legend(ax, 2)
        last = ", ".join(
            f"{library} {1e6 * seconds:.3g}" for library, seconds in rows[-1]["seconds per sample"].items()
        )
        title = f"Time for a sample over the {label}."
        panels.append(Panel(figure, title, f"At {rows[-1]['x']}, in microseconds: {last}"))
    return panels


def activations(found: dict[str, Any]) -> list[Panel]:
    """Draw pyfc's time beside PyTorch's for each activation, in float32."""
    figure, ax = new_panel("pyfc's time ÷ PyTorch's, float32 (logarithmic)", "", width=7.2, height=4.4)
    rows = [
        rows
        for rows in zip(*(run["activations"] for run in found["runs"]), strict=True)
        if rows[0]["dtype"] == "float32"
    ]
    names = list(dict.fromkeys(row[0]["name"] for row in rows))
    told = []
    for shift, direction, colour, marker in ((-0.14, "forward", LINES[0], "o"), (0.14, "backward", LINES[1], "s")):
        chosen = [[run["ratio"] for run in row] for row in rows if row[0]["direction"] == direction]
        at = [place + shift for place in range(len(names))]
        middle = [median(three) for three in chosen]
        ax.hlines(at, [min(three) for three in chosen], [max(three) for three in chosen], color=colour, linewidth=2)
        ax.plot(middle, at, marker, color=colour, label=direction)
        told.append(f"{direction}: " + ", ".join(f"{n} {v:.2f}" for n, v in zip(names, middle, strict=True)))
    ax.axvline(1, color=INK, linewidth=1, alpha=0.6)
    ax.set_xscale("log")
    plain(ax, "x")
    ax.xaxis.set_major_locator(FixedLocator([0.2, 0.4, 0.6, 0.8, 1]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    legend(ax)
    return [Panel(figure, "A million numbers on one core. The median of three runs, and their range.", "; ".join(told))]


FIGURES: dict[str, Callable[[dict[str, Any]], list[Panel]]] = {
    "figure-ratios": ratios,
    "figure-times": times,
    "figure-growth": growth,
    "figure-activations": activations,
}


def html(name: str, found: dict[str, Any]) -> str:
    """Return the pictures of a name as HTML."""
    drawn = [svg(panel, f"benchmark-{name}-{number}") for number, panel in enumerate(FIGURES[name](found), 1)]
    return f'<div class="pyfc-figures">{"".join(drawn)}</div>'
