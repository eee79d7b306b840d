"""How many threads BLAS may use while a network trains: few products are large enough to share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from pyfc.layers import Dense

if TYPE_CHECKING:
    from pyfc.network import Network

#: Multiplications in one product of a training step below which two threads are slower than one, by measurement.
WORTH_SHARING = 100_000_000

_lock = threading.Lock()
_limits: list[Any] = []
_inside = 0


def blas_threads(network: Network, rows: int, n_threads: int | None) -> int | None:
    """Return how many threads BLAS should use.

    Parameters
    ----------
    network : Network
        What will be trained.
    rows : int
        Samples in a batch.
    n_threads : int or None
        A number >= 1, or None to choose: one for small networks, else what BLAS is set to.

    Returns
    -------
    int or None
        None to leave BLAS as it is.
    """
    if n_threads is not None:
        if isinstance(n_threads, bool) or not isinstance(n_threads, (int, np.integer)) or n_threads < 1:
            raise ValueError(f"n_threads is {n_threads!r}: expected an int >= 1, or None")
        return int(n_threads)
    largest = max(rows * layer.n_in * layer.n_out for layer in network.layers if isinstance(layer, Dense))
    return None if largest >= WORTH_SHARING else 1


@contextmanager
def limited(n_threads: int | None) -> Iterator[None]:
    """Limit BLAS to so many threads (None: not at all) inside this context.

    The setting is one for the whole process. Where several networks train at once, in threads, the first one's number
    holds until the last one is done, and only then comes back what was set before.
    """
    global _inside  # the count belongs to the process, as the setting does
    if n_threads is None:
        yield
        return
    from threadpoolctl import threadpool_limits

    with _lock:
        _inside += 1
        if _inside == 1:
            _limits.append(threadpool_limits(n_threads, user_api="blas"))
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limits.pop().restore_original_limits()
