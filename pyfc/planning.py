"""Makes plans: what the engine is to run for a network, and on how many threads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from pyfc.kernels.plan import Plan
from pyfc.kernels.samples import Samples
from pyfc.layers import Dense, Layer, Scale

if TYPE_CHECKING:
    from pyfc.network import Network

#: Multiplications in a batch, forward, for which a thread is worth its while: by measurement, about 20 microseconds.
WORTH_A_THREAD = 1_000_000


def make_plan(network: Network, samples: Any, rows: int, n_threads: int | None = None, training: bool = False) -> Plan:
    """Return a plan to run a network on samples in batches of at most so many rows.

    Parameters
    ----------
    network : Network
        What to run.
    samples : ndarray or scipy.sparse.csr_array
        Checked before.
    rows : int
        Most samples in a batch.
    n_threads : int, optional
        As in :func:`pyfc.training.fit`.
    training : bool, default False
        Whether it is to run backward too.

    Returns
    -------
    Plan
    """
    factor, skipped = 1.0, 0
    if isinstance(network.layers[0], Scale) and operation(network.layers[0])[0] == "scale":
        factor, skipped = network.layers[0].factor, 1
    operations = []
    for index, layer in enumerate(network.layers[skipped:], skipped):
        first = next(iter(layer.parameters), None)
        at = network.slices[f"{layer.name}.{first}"].start if first else 0
        kind, argument = operation(layer)
        learned = sum(value.size for value in layer.parameters.values()) if kind in ("activation", "function") else 0
        learns = bool(layer.parameters) and not layer.frozen
        operations.append((kind, argument, network.sizes[index], network.sizes[index + 1], learned, at, learns))
    threads = threads_for(network, rows, n_threads)
    return Plan(
        operations, network.loss, network.flat, network.flat_gradient, Samples(samples, factor), rows, threads, training
    )


def plan_for(network: Network, samples: Any, rows: int, last: Plan | None) -> Plan:
    """Return a plan for a prediction: the last one, if it will do for these samples too."""
    if last is not None and rows <= last.rows and isinstance(samples, np.ndarray) and _unchanged(network, last):
        threads = threads_for(network, rows, None)
        found = Samples(samples, last.samples.factor)
        if threads == last.threads and not found.sparse and not (found.foreign and threads > 1):
            last.use(found)
            return last
    return make_plan(network, samples, rows)


def _unchanged(network: Network, plan: Plan) -> bool:
    """Return whether the layers have the settings that the plan was made with."""
    skipped = len(network.layers) - len(plan.layers)
    return (not skipped or network.layers[0].operation()[1] == plan.samples.factor) and all(
        argument is layer or argument is layer.operation()[1]
        for layer, argument in zip(network.layers[skipped:], plan.layers, strict=True)
    )


def operation(layer: Layer) -> tuple[str, Any]:
    """Return how the engine runs a layer: by its kernels, unless a subclass has another forward or backward."""
    cls = type(layer)
    owner = next(base for base in cls.__mro__ if "operation" in vars(base))
    same = cls.forward is owner.forward and cls.backward is owner.backward
    return layer.operation() if same else ("python", layer)


def threads_for(network: Network, rows: int, n_threads: int | None) -> int:
    """Return how many threads should work on batches of so many rows.

    Parameters
    ----------
    network : Network
        What will run.
    rows : int
        Samples in a batch.
    n_threads : int or None
        A number >= 1, or None to choose: as many as have enough to do, and no more than there are processors.

    Returns
    -------
    int
        Never more than there are rows.
    """
    if n_threads is None:
        work = rows * sum(layer.n_in * layer.n_out for layer in network.layers if isinstance(layer, Dense))
        n_threads = min(available_processors(), work // WORTH_A_THREAD)
    elif isinstance(n_threads, bool) or not isinstance(n_threads, (int, np.integer)) or n_threads < 1:
        raise ValueError(f"n_threads is {n_threads!r}: expected an int >= 1, or None")
    return max(1, min(int(n_threads), rows))


def available_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
