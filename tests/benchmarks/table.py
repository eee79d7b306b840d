"""The table of the cases: what each library takes for a step or a prediction, once the results have agreed."""

import dataclasses
import functools
import tempfile
from pathlib import Path

import numpy as np

import cases
from libraries import PEERS
from workers import say

#: How far, relatively, a loss may be from the reference's.
LOSS = {"float32": 1e-5, "float64": 1e-10}
#: The same of the way that each array of weights has gone. Where a z is 0 to rounding, one library's ReLU is open and
#: the other's shut, both rightly: a sample more or less in the gradient of a neuron and of those before it.
WAY = {"float32": 2e-2, "float64": 1e-10}
#: The share of labels that may differ, where two outputs are equal to rounding.
LABELS = 1e-3


def measure(pool, case, peak, *, repeats, seconds, columns=None, ways=WAY):
    """Return the row of a case; columns limits it to some, and ways is how far the weights may be off."""
    if not cases.available(case):
        say(f"{case.name} is left out: set PYFC_DATA to the folder of MNIST's files")
        return None
    kind = "predict" if case.predicts else "train"
    with tempfile.TemporaryDirectory() as folder:
        cases.write(case, Path(folder))
        requests = dict.fromkeys(columns or pool.workers, (kind, case, folder))
        start = {name: np.load(Path(folder, f"{name}.npy")) for name in names_of(case)}
        agree = functools.partial(disagreements, case, start, ways[case.dtype])
        found = pool.measure(case.name, requests, repeats=repeats, seconds=seconds, agree=agree)
    row = {"case": dataclasses.asdict(case), "name": case.name}
    row |= {key: found[key] for key in ("median", "samples", "empty", "wrong")}
    return row | ratios(case, found["median"], peak, pool.threads)


def names_of(case):
    return [f"{letter}{i}" for i in range(len(case.sizes) - 1) for letter in "Wb"]


def disagreements(case, start, way, results):
    """Return, by column, in what a library does not agree with NumPy, or else with the first of them."""
    results = {column: result for column, result in results.items() if result}  # the sum of products has none
    if len(results) < 2:
        return {}
    reference = "NumPy" if "NumPy" in results else next(iter(results))
    wrong, right = {}, results[reference]
    for column, result in results.items():
        worst = {name: distance(name, value, right[name], start) for name, value in result.items()}
        limits = {"labels": LABELS, "loss": LOSS[case.dtype]}
        worst = {name: d for name, d in worst.items() if not d <= limits.get(name, way)}
        if worst:
            found = ", ".join(f"{name} by {d:.1e}" for name, d in list(worst.items())[:5])
            wrong[column] = f"does not agree with {reference}, so that nothing is timed: {found}"
    return wrong


def distance(name, value, right, start):
    """Return the share of labels that differ, or how far a loss or the way of some weights is off, relatively."""
    if name == "labels":
        return float(np.mean(value != right))
    origin = start.get(name, 0.0)
    value, right = (np.asarray(a, float) - origin for a in (value, right))
    off = float(np.linalg.norm(value - right))
    return off and off / max(float(np.linalg.norm(right)), 1e-300)


def ratios(case, median, peak, threads):
    """Return pyfc's time beside the sum of products, the best peer, the peak, and what is required."""
    mine = median.get("pyfc")
    peers = {column: median[column] for column in PEERS if column in median}
    best = min(peers, key=peers.get) if peers else None
    others = median | ({"best peer": peers[best]} if best else {})
    row = {"best peer": best, "flops": case.flops, "ratio": {}, "FMA limit": None, "required": []}
    if mine is not None:
        row["ratio"] = {column: mine / other for column, other in others.items() if column != "pyfc"}
        row["FMA limit"] = mine / (case.flops / (peak[case.dtype] * threads)) if peak else None
    for column, limit in case.required.get(threads, {}).items():
        ratio = row["ratio"].get(column)
        row["required"].append({"to": column, "limit": limit, "ratio": ratio, "ok": holds(ratio, limit)})
    return row


def holds(ratio, limit):
    """Return whether a ratio is as required; None if there is none, or nothing is required."""
    return None if ratio is None or limit is None else bool(ratio <= limit)
