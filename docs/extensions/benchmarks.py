"""Tables and pictures of the runs that tests/benchmarks has recorded: ``.. benchmark:: NAME``.

Nothing is measured while the book is built. The directive reads ``tests/benchmarks/results``: three runs of all cases,
of which a table has the medians and says in how many of them a required ratio held; the growth of the costs; and what a
plugin costs. A part is one of the names in ``TABLES``, or one of those in ``benchmark_figures.FIGURES``.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import benchmark_figures
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from pyfc.sphinxext import tables

RESULTS = Path(__file__).parents[2] / "tests" / "benchmarks" / "results"
PEERS = ("NumPy", "scikit-learn", "PyTorch", "torch.compile", "JAX")


@cache
def results() -> dict[str, Any]:
    """Return what was recorded: ``runs``, a list, and ``growth`` and ``plugins``."""
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("run*.json"))]
    others = {
        name: json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8")) for name in ("growth", "plugins")
    }
    return {"runs": runs, **others}


def microseconds(seconds: float | None) -> str:
    """Return a time in microseconds with three or more digits, or a dash."""
    if seconds is None:
        return "—"
    value = 1e6 * seconds
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def limit(ratio: float) -> str:
    """Return a limit as it was set: ``1.05``, ``1/12``."""
    return f"1/{1 / ratio:.0f}" if ratio < 0.3 else f"{ratio:g}"


def verdict(held: list[bool]) -> str:
    """Return in how many runs something held."""
    if all(held):
        return "holds"
    return f"holds in {sum(held)} of {len(held)}" if any(held) else "missed"


def table(head: list[str], rows: list[list[str]]) -> nodes.Node:
    """Return a table; a cell has a paragraph for each line of its text, and a miss is bold."""

    def paragraph(text: str) -> nodes.Node:
        return nodes.paragraph("", "", (nodes.strong if text.endswith("missed") else nodes.inline)("", text))

    return tables.table(head, [[list(map(paragraph, cell.split("\n"))) for cell in row] for row in rows], "benchmark")


def cases(threads: str) -> list[nodes.Node]:
    """Return the table of the cases."""
    head = ["case", "sum of products", *PEERS, "pyfc", "÷ best peer", "at most"]
    rows = []
    for of_runs in zip(*(run["cases"][threads] for run in results()["runs"]), strict=True):
        times = {
            column: median(row["median"][column] for row in of_runs)
            for column in ("GEMM sum", *PEERS, "pyfc")
            if all(column in row["median"] for row in of_runs)
        }
        ratio = median(row["ratio"]["best peer"] for row in of_runs)
        required = [
            f"{limit(entry['limit'])} x {entry['to'].replace('GEMM sum', 'products')}: "
            + verdict([row["required"][index]["ok"] for row in of_runs])
            for index, entry in enumerate(of_runs[0]["required"])
        ]
        columns = [microseconds(times.get(column)) for column in ("GEMM sum", *PEERS, "pyfc")]
        best = of_runs[-1]["best peer"]
        rows.append([of_runs[0]["name"], *columns, f"{ratio:.2f} ({best})", "\n".join(required)])
    return [table(head, rows)]


def activations() -> list[nodes.Node]:
    """Return the table of activations."""
    rows = []
    for of_runs in zip(*(run["activations"] for run in results()["runs"]), strict=True):
        first = of_runs[0]
        times = [microseconds(median(row["median"][c] for row in of_runs)) for c in ("GEMM sum", "PyTorch", "pyfc")]
        required = "" if first["limit"] is None else f"{first['limit']}: {verdict([row['ok'] for row in of_runs])}"
        ratio = f"{median(row['ratio'] for row in of_runs):.2f}"
        rows.append([first["name"], first["direction"], first["dtype"], *times, ratio, required])
    return [table(["activation", "direction", "dtype", "memory", "PyTorch", "pyfc", "÷ PyTorch", "at most"], rows)]


def optimizers() -> list[nodes.Node]:
    """Return the table of optimizers."""
    rows = []
    for of_runs in zip(*(run["optimizers"] for run in results()["runs"]), strict=True):
        times = [microseconds(median(row["median"][c] for row in of_runs)) for c in ("GEMM sum", "PyTorch", "pyfc")]
        required = f"{of_runs[0]['limit']}: {verdict([row['ok'] for row in of_runs])}"
        rows.append([of_runs[0]["name"], *times, f"{median(row['ratio'] for row in of_runs):.2f}", required])
    return [table(["optimizer", "memory traffic", "PyTorch, fused", "pyfc", "÷ memory traffic", "at most"], rows)]


def plugins() -> list[nodes.Node]:
    """Return what a plugin costs, compiled and in NumPy."""
    found = results()["plugins"]
    compiled = [
        [
            f"{row['threads']}",
            *(microseconds(row["median"][column]) for column in ("built-in", "plugin", "built-in again")),
            f"{row['ratio']['plugin']:.3f}",
        ]
        for row in found["compiled"]
    ]
    in_numpy = [
        [f"{row['threads']}", row["direction"], f"{row['call']:.0f}", f"{row['added']:.2f}"] for row in found["numpy"]
    ]
    return [
        nodes.paragraph("", "A step of mnist with silu, built in and as a compiled plugin, in microseconds:"),
        table(["threads", "built-in", "plugin", "built-in again", "plugin ÷ built-in"], compiled),
        nodes.paragraph(
            "", "A silu in NumPy on 128 x 256 numbers, and what the engine adds to a call, in microseconds:"
        ),
        table(["threads", "direction", "a call", "added"], in_numpy),
    ]


def machines() -> list[nodes.Node]:
    """Return when and on what the runs were made."""
    told = nodes.bullet_list()
    runs = results()["runs"]
    sources = [(f"Run {number}", run) for number, run in enumerate(runs, 1)]
    for name, run in [*sources, ("Growth", results()["growth"]), ("Plugins", results()["plugins"])]:
        made = run["machine"]
        text = (
            f"{name}: {made['date']}, {made['processor']} with {made['cores of the machine']} cores, {made['system']}"
        )
        told += nodes.list_item("", nodes.paragraph("", f"{text}, commit {made['commit']}."))
    versions = ", ".join(f"{name} {version}" for name, version in runs[-1]["machine"]["versions"].items())
    return [told, nodes.paragraph("", f"Python {runs[-1]['machine']['python']}, {versions}.")]


def missed() -> list[nodes.Node]:
    """Return how many of the required ratios held in each run."""
    told = []
    for run in results()["runs"]:
        held = [entry["ok"] for rows in run["cases"].values() for row in rows for entry in row["required"]]
        held += [row["ok"] for row in run["activations"] if row["limit"] is not None]
        held += [row["ok"] for row in run["optimizers"]]
        told.append(f"{sum(held)} of {len(held)}")
    return [nodes.paragraph("", f"Of the ratios that are required of pyfc, {', '.join(told)} held in the three runs.")]


TABLES = {
    "cases-1": lambda: cases("1"),
    "cases-2": lambda: cases("2"),
    "activations": activations,
    "optimizers": optimizers,
    "plugins": plugins,
    "machines": machines,
    "missed": missed,
}


class Benchmark(SphinxDirective):
    """``.. benchmark:: NAME``: a table or a picture of the recorded runs."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the nodes of that part."""
        for path in RESULTS.glob("*.json"):
            self.env.note_dependency(str(path))
        (name,) = self.arguments
        if name in TABLES:
            return TABLES[name]()
        if name in benchmark_figures.FIGURES:
            return [nodes.raw("", benchmark_figures.html(name, results()), format="html")]
        raise self.error(f"benchmark: {name!r}: expected one of {', '.join([*TABLES, *benchmark_figures.FIGURES])}")


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive and the style of its tables."""
    app.add_css_file("benchmarks.css")
    app.add_directive("benchmark", Benchmark)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
