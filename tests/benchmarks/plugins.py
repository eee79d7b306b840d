"""Measure what a plugin costs: ``python tests/benchmarks/plugins.py``; ``--help`` tells the settings.

A compiled plugin is to be as fast as a built-in: a copy of ``src/activations/silu.pyx`` is built as a package of its
own, installed in a temporary folder, and found by its entry point like anybody's; the two train in turns in one
process. A plugin in NumPy is to cost what its NumPy code does and 2 us for each call: it takes down when each of its
calls begins and ends, in the engine and in a plain loop of Python; the engine adds what is longer between two calls.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from itertools import permutations
from pathlib import Path
from statistics import median
from time import perf_counter, perf_counter_ns

import numpy as np

import pyfc
from pyfc import registry
from pyfc.component import Activation
from report import FOLDER, machine, markdown, write_json

#: What is required: how much slower a compiled copy may be, and how much a call of NumPy code may cost beside it.
SLOWER, ADDED = 1.03, 2.0
ROWS, STEPS = 128, 10
#: How far the built-in may be from itself; else the machine was too busy to tell.
NOISE = 0.015
BEGIN, END = "<!-- plugins: written by plugins.py --write -->", "<!-- end of plugins -->"

PYPROJECT = """
[build-system]
requires = ["setuptools>=77", "cython>=3.1", "pyfc"]
build-backend = "setuptools.build_meta"

[project]
name = "silu-copy"
version = "1.0"

[project.entry-points."pyfc.activations"]
silu_copy = "silu_copy:SiLU"
"""
SETUP = """
import pyfc
from Cython.Build import cythonize
from setuptools import Extension, setup

flags = ["-O3", "-fno-math-errno", "-fno-trapping-math"]
extension = Extension("silu_copy", ["silu_copy.pyx"], include_dirs=[pyfc.get_include()], extra_compile_args=flags)
directives = {"language_level": 3, "boundscheck": False, "wraparound": False, "cdivision": True}
setup(ext_modules=cythonize([extension], include_path=[pyfc.get_include()], compiler_directives=directives))
"""


def install_copy(folder):
    """Build silu under another name, and install it in a folder that Python imports from."""
    source = (FOLDER.parents[1] / "src" / "activations" / "silu.pyx").read_text(encoding="utf-8")
    package, site = folder / "package", folder / "site"
    package.mkdir()
    (package / "silu_copy.pyx").write_text(source.replace('name = "silu"', 'name = "silu_copy"'), encoding="utf-8")
    (package / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (package / "setup.py").write_text(SETUP, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", site, package], check=True)
    sys.path.insert(0, str(site))
    registry.refresh()


class SiLU(Activation):
    """silu in NumPy, as one would write it, which takes down the times of its calls."""

    name = "numpy_silu"
    needs = "z"
    times: list[tuple[int, int]]

    def compute_forward(self, z, y, a):
        begin = perf_counter_ns()
        np.negative(z, out=y)
        np.exp(y, out=y)
        y += 1
        np.divide(z, y, out=y)
        self.times.append((begin, perf_counter_ns()))

    def compute_backward(self, z, y, dy, dz, a, da):
        begin = perf_counter_ns()
        s = 1 / (1 + np.exp(-z))
        np.multiply(dy, s * (1 + z * (1 - s)), out=dz)
        self.times.append((begin, perf_counter_ns()))


def mnist(activation):
    """Return the network of the case mnist."""
    layers = [pyfc.Dense(784, 256), activation, pyfc.Dense(256, 128), activation, pyfc.Dense(128, 10)]
    return pyfc.Network(layers, loss="softmax_cross_entropy", seed=0)


def seconds(net, weights, data, threads):
    """Return the time of a step of training from the same weights each time."""
    net.flat[:] = weights
    settings = {"batch_size": ROWS, "shuffle": False, "metrics": [], "progress": False, "n_threads": threads}
    begin = perf_counter()
    history = net.fit(*data, epochs=1, optimizer=pyfc.SGD(lr=0.01), **settings)
    return (perf_counter() - begin) / STEPS, history["loss"][-1]


def compiled(threads, rounds):
    """Return how the copy compares with the built-in, and, to show the noise, how the built-in does with itself."""
    rng = np.random.default_rng(0)
    data = rng.standard_normal((ROWS * STEPS, 784), np.float32), rng.integers(0, 10, ROWS * STEPS)
    names = {"built-in": "silu", "plugin": "silu_copy", "built-in again": "silu"}
    nets = {key: mnist(name) for key, name in names.items()}
    weights = nets["built-in"].flat.copy()
    found = {name: [] for name in nets}
    orders = list(permutations(nets))
    for number in range(rounds + 2):
        order = orders[number % len(orders)]  # what ran before matters: it leaves the caches full of its own
        one = {name: seconds(nets[name], weights, data, threads) for name in order}
        if len({loss for _, loss in one.values()}) > 1:
            raise SystemExit(f"the copy trains to another loss than the built-in: {one}")
        if number >= 2:  # before that, memory is new
            for name, (time, _) in one.items():
                found[name].append(time)
    ratios = {
        name: median(mine / other for mine, other in zip(found[name], found["built-in"], strict=True))
        for name in ("plugin", "built-in again")
    }
    return {"threads": threads, "median": {name: median(times) for name, times in found.items()}, "ratio": ratios}


def gaps(times, count):
    """Return, in us, the medians of what lies between two calls and of a call; a step has so many each way."""
    parts = {}
    all_calls = np.array(times[4 * count :]).reshape(-1, 2, count, 2)  # step, direction, call, begin and end
    for index, direction in enumerate(("forward", "backward")):
        calls = all_calls[:, index]
        between = calls[:, 1:, 0] - calls[:, :-1, 1]
        parts[direction] = (float(np.median(between)) / 1e3, float(np.median(calls[..., 1] - calls[..., 0])) / 1e3)
    return parts


def added(threads, rounds, cols=256, count=8):
    """Return what the engine adds to calls of NumPy code, in us: between two of them, less that of a plain loop."""
    rng = np.random.default_rng(0)
    data = rng.standard_normal((ROWS * STEPS, cols), np.float32), rng.integers(0, cols, ROWS * STEPS)
    functions = [SiLU() for _ in range(count)]
    SiLU.times = engine = []
    net = pyfc.Network(
        [pyfc.Dense(cols, cols), *functions, pyfc.Dense(cols, cols)], loss="softmax_cross_entropy", seed=0
    )
    weights = net.flat.copy()
    for _ in range(rounds):
        seconds(net, weights, data, threads)
    SiLU.times = plain = []
    none = np.empty(0, np.float32)
    y, dy = (list(np.tile(data[0][first : first + ROWS], (count + 1, 1, 1))) for first in (0, ROWS))
    for _ in range(rounds * STEPS):  # in a chain, like the engine's: each reads what the last one wrote
        for number, function in enumerate(functions):
            function.compute_forward(y[number], y[number + 1], none)
        for number, function in reversed(list(enumerate(functions))):
            function.compute_backward(y[number], None, dy[number + 1], dy[number], none, none)
    inside, loop = gaps(engine, count), gaps(plain, count)
    return [
        {
            "threads": threads, "direction": direction, "engine": inside[direction][0], "loop": loop[direction][0],
            "added": inside[direction][0] - loop[direction][0],
            "call": inside[direction][1], "call in loop": loop[direction][1],
        }
        for direction in ("forward", "backward")
    ]  # fmt: skip


def text(results):
    """Return the tables."""
    lines = [
        [str(row["threads"]), *(f"{1e6 * time:.0f}" for time in row["median"].values()),
         *(f"{ratio:.3f}" for ratio in row["ratio"].values()),
         verdict(fast_enough(row), f"<= {SLOWER}")]
        for row in results["compiled"]
    ]  # fmt: skip
    head = ["threads", "built-in", "plugin", "built-in again", "plugin / built-in", "again / built-in", "required"]
    parts = ["A step of mnist with silu, microseconds:", markdown(head, lines)]
    lines = [
        [str(row["threads"]), row["direction"], *(f"{row[key]:.2f}" for key in ("engine", "loop", "added")),
         verdict(row["added"] <= ADDED, f"<= {ADDED:g}"), f"{row['call']:.0f}", f"{row['call in loop']:.0f}"]
        for row in results["numpy"]
    ]  # fmt: skip
    head = [
        "threads",
        "direction",
        "between two calls",
        "in a plain loop",
        "added",
        "required",
        "a call",
        "in the loop",
    ]
    parts += ["Calls of a silu in NumPy on 128 x 256 numbers, microseconds:", markdown(head, lines)]
    return "\n\n".join(parts)


def fast_enough(row):
    """Return whether the plugin is as fast as the built-in; None if the built-in is not as fast as itself."""
    return row["ratio"]["plugin"] <= SLOWER if abs(row["ratio"]["built-in again"] - 1) <= NOISE else None


def verdict(ok, limit):
    """Return what is required, and whether it is so."""
    told = {True: "ok", False: "**MISSED**", None: "not told: the machine was too busy"}
    return f"{limit} {told[ok]}"


def main():
    """Measure, print, and write; return 1 if something required is missed, or could not be told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="measure with so many; default 1 2")
    parser.add_argument(
        "--rounds", type=int, default=300, help="of each timing, of which the median counts; default 300"
    )
    parser.add_argument("--out", type=Path, default=FOLDER / "results", help="folder of plugins.json")
    parser.add_argument("--write", action="store_true", help="put the tables into the README beside this file")
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    results = {"compiled": [], "numpy": [], "machine": machine(cores, {}, {"pyfc": pyfc.__version__})}
    with tempfile.TemporaryDirectory() as folder:
        install_copy(Path(folder))
        for threads in given.threads:
            os.sched_setaffinity(0, cores[:threads])
            results["compiled"].append(compiled(threads, given.rounds))
            results["numpy"] += added(threads, max(2, given.rounds // 10))
    print(text(results))
    write_json(results, given.out / "plugins.json")
    if given.write:
        readme = FOLDER / "README.md"
        before, rest = readme.read_text(encoding="utf-8").split(BEGIN)
        readme.write_text(
            "\n\n".join([f"{before}{BEGIN}", text(results), f"{END}{rest.split(END)[1]}"]), encoding="utf-8"
        )
    fast = all(fast_enough(row) for row in results["compiled"])
    return 0 if fast and all(row["added"] <= ADDED for row in results["numpy"]) else 1


if __name__ == "__main__":
    sys.exit(main())
