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


def make_plan(
    network: Network,
    samples: Any,
    rows: int,
    n_threads: int | None = None,
    training: bool = False,
    last: Plan | None = None,
) -> Plan:
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
    last : Plan, optional
        Of the same network; used again if it does, for memory that was used before is there at once.

    Returns
    -------
    Plan
    """
    factor, operations = describe(network)
    threads = threads_for(network, rows, n_threads)
    wanted = (operations, network.loss, network.flat, network.flat_gradient, rows, threads, training)
    found = Samples(samples, factor)
    both_dense = last is not None and not last.samples.sparse and not found.sparse and not found.foreign
    if last is not None and both_dense and last.is_for(*wanted):
        last.use(found)
        return last
    return Plan(found, *wanted)


def describe(network: Network) -> tuple[float, list[tuple[Any, ...]]]:
    """Return what samples are multiplied by as they are read, and the layers as a plan's operations."""
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
    return factor, operations


def stops_for_python(network: Network) -> bool:
    """Return whether something that a layer wants has to be done in Python after each step."""
    learning = [layer for layer in network.layers if not layer.frozen]
    plain = {"dense": Dense.penalised}
    return (
        any(operation(layer)[0] == "python" and layer.parameters for layer in learning)
        or any(type(layer).after_update not in (Layer.after_update, Dense.after_update) for layer in learning)
        or any(isinstance(layer, Dense) and layer.max_norm is not None for layer in learning)
        or (
            bool(network.l1 or network.l2)
            and any(tuple(layer.penalised) != plain.get(operation(layer)[0], ()) for layer in network.layers)
        )
    )


def unchanged(network: Network, plan: Plan) -> bool:
    """Return whether the layers have the settings that the plan was made with: somebody may have given them others."""
    skipped = len(network.layers) - len(plan.layers)
    return (not skipped or network.layers[0].operation()[1] == plan.samples.factor) and all(
        argument is layer or argument is layer.operation()[1]
        for layer, argument in zip(network.layers[skipped:], plan.layers, strict=True)
    )


def operation(layer: Layer) -> tuple[str, Any]:
    """Return how the engine runs a layer: by its kernels, unless a subclass has another forward or backward."""
    cls: type[Layer] = type(layer)
    owner: Any = next(base for base in cls.__mro__ if "operation" in vars(base))
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
        At most so many, >= 1; None for as many as there are processors.

    Returns
    -------
    int
        No more than have enough to do, for waiting for each other takes time too, and no more than there are rows.
    """
    if n_threads is None:
        n_threads = available_processors()
    elif isinstance(n_threads, bool) or not isinstance(n_threads, (int, np.integer)) or n_threads < 1:
        raise ValueError(f"n_threads is {n_threads!r}: expected an int >= 1, or None")
    work = rows * sum(layer.n_in * layer.n_out for layer in network.layers if isinstance(layer, Dense))
    return max(1, min(int(n_threads), rows, work // WORTH_A_THREAD))


def available_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
