"""How cost grows: the time for a sample over batch, width, depth and number of samples, as a picture."""

from pathlib import Path

import table
from cases import Case
from workers import say

COLUMNS = ("NumPy", "PyTorch", "JAX", "pyfc")
#: Losses have to agree here, and nothing else: 64 layers of ReLU make the rounding of one layer a different network.
WAYS = {"float32": float("inf")}
#: In an epoch of the line over batches.
SAMPLES = 4096


def epochs_of(batch):
    """Return the steps of an epoch for a batch: many small ones, few large ones."""
    return max(1, SAMPLES // batch)


def line(name):
    """Return the cases of a line, [(x, case), ...]."""
    if name == "batch":
        sizes = (64, 128, 10)
        return [(b, Case(f"batch {b}", sizes, b, epochs_of(b))) for b in (1, 4, 16, 64, 256, 1024, 4096)]
    if name == "width":
        widths = [2**i for i in range(3, 13)]
        return [(w, Case(f"width {w}", (64, w, w, 10), 128, 32 if w < 512 else 2)) for w in widths]
    if name == "depth":
        depths = [2**i for i in range(7)]
        return [(d, Case(f"depth {d}", (64,) * (d + 1) + (10,), 128, 8, lr=1e-5)) for d in depths]
    counts = [10**i for i in range(3, 8)]
    return [(n, Case(f"samples {n}", (8, 16, 2), 1000, n // 1000)) for n in counts]


LABELS = {
    "batch": "samples in a batch, 64-128-10",
    "width": "width w, 64-w-w-10, batch 128",
    "depth": "hidden layers of 64, batch 128",
    "samples": "samples in an epoch, 8-16-2, batch 1000",
}


def measure(pool, *, repeats, seconds):
    """Return, for each line, its points: x, and the seconds for a sample by column."""
    lines = {}
    for name in LABELS:
        lines[name] = []
        for x, case in line(name):
            columns = [column for column in COLUMNS if column in pool.workers]
            row = table.measure(pool, case, None, repeats=repeats, seconds=seconds, columns=columns, ways=WAYS)
            times = {column: seconds_of_step / case.batch for column, seconds_of_step in row["median"].items()}
            lines[name].append({"x": x, "seconds per sample": times, "wrong": row["wrong"]})
            say(
                f"{case.name}: "
                + ", ".join(f"{column} {1e6 * t:.3g}" for column, t in times.items())
                + " us per sample"
            )
    return lines


def draw(lines, path: Path, title):
    """Write the picture: a panel for each line, both axes logarithmic."""
    from pyfc.plots import style

    figure = style.new_figure(12, 9)
    figure.suptitle(title, fontsize=11, color=style.GREY)
    for ax, (name, points) in zip(figure.subplots(2, 2).flat, lines.items(), strict=True):
        for i, column in enumerate(reversed(COLUMNS)):  # pyfc in the first colour
            drawn = [
                (p["x"], 1e6 * p["seconds per sample"][column]) for p in points if column in p["seconds per sample"]
            ]
            if drawn:
                look = {"color": style.OKABE_ITO[i], "marker": style.MARKERS[i], "linewidth": 2.2 if i == 0 else 1.4}
                ax.loglog(*zip(*drawn, strict=True), label=column, **look)
        style.dress(ax, name, "", LABELS[name], "microseconds per sample", grid=True)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
