"""The pages of docs: typed examples give the answers that stand there, and figures are those that were recorded."""

import contextlib
import doctest
import json
import re
from pathlib import Path
from statistics import median

import pytest

DOCS = Path(__file__).parents[1] / "docs"
#: Written by a build; and a page whose examples need its other parts: test_plugin_guide.py runs it whole.
LEFT_OUT = {"_build", "generated", "plugins.rst"}
PAGES = {
    path.relative_to(DOCS).as_posix(): text
    for path in sorted(DOCS.rglob("*.rst"))
    if not LEFT_OUT.intersection(path.relative_to(DOCS).parts) and ">>> " in (text := path.read_text(encoding="utf-8"))
}


def failures(name, text):
    """Run a page's examples in order, and return how many fail."""
    examples = doctest.DocTestParser().get_doctest(text, {}, name, name, 0)
    return doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).run(examples).failed


@pytest.mark.parametrize("name", PAGES)
def test_examples_hold(name, tmp_path, capsys):
    with contextlib.chdir(tmp_path):
        assert failures(name, PAGES[name]) == 0, capsys.readouterr().out


def test_a_wrong_answer_fails(capsys):
    assert failures("page.rst", ">>> 1 + 1\n3\n") == 1
    assert "Expected:\n    3" in capsys.readouterr().out


RUNS = [json.loads(path.read_text()) for path in Path(__file__).parent.glob("benchmarks/results/run*.json")]
COSTS = re.findall(r"   \* - (.+)((?:\n     - .+)+)", (DOCS / "engine" / "costs.rst").read_text(encoding="utf-8"))


def recorded(rows, column):
    """Return the median of a row's times in the recorded runs, in microseconds."""
    return median(1e6 * row["median"][column] for row in rows)


def table_of_costs():
    """Return the rows of the page's tables: the first cell, and the others."""
    return [(first, [cell.removeprefix("- ") for cell in cells.split("\n     ")[1:]]) for first, cells in COSTS]


@pytest.mark.parametrize(
    ("case", "network", "batch"),
    [
        ("body", "2-2-1, float64", "1"),
        ("circle", "2-4-1, float64", "121"),
        ("small", "64-32-10", "32"),
        ("hello", "784-15-10", "10"),
        ("mnist-real", "784-256-128-10", "128 of MNIST, 81 % zeros"),
        ("mnist", "784-256-128-10", "128, no zeros"),
        ("wide", "784-2048-2048-10", "512"),
    ],
)
def test_costs_of_networks_are_those_recorded(case, network, batch):
    rows = [row for run in RUNS for row in run["cases"]["1"] if row["name"] == case]
    time, products = recorded(rows, "pyfc"), recorded(rows, "GEMM sum")
    shown = f"{time:.0f}" if time >= 100 else f"{time:#.3g}"
    assert (network, [batch, f"{shown} us", f"{time / products:.2f}"]) in table_of_costs()


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "gelu", "mish"])
def test_costs_of_activations_are_those_recorded(name):
    forward, backward = (
        [
            row for run in RUNS for row in run["activations"]
            if (row["name"], row["direction"], row["dtype"]) == (name, direction, "float32")
        ] for direction in ("forward", "backward")
    )  # fmt: skip
    memory = f"{recorded(forward, 'GEMM sum'):.0f} and {recorded(backward, 'GEMM sum'):.0f} us"
    times = [f"{recorded(rows, 'pyfc'):.0f} us" for rows in (forward, backward)]
    assert (name, [*times, memory]) in table_of_costs()


def test_there_are_pages():
    assert {"choosing.rst", "network/dense.rst", "articles/conventions.rst"} <= set(PAGES)
