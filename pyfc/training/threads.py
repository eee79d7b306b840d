"""How many threads BLAS may use while a network trains: few products are large enough to share."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from pyfc.layers import Dense

if TYPE_CHECKING:
    from pyfc.network import Network

#: Multiplications in one product of a training step below which two threads are slower than one, by measurement.
WORTH_SHARING = 100_000_000


def blas_threads(network: Network, rows: int, n_threads: int | None) -> AbstractContextManager[Any]:
    """Return a context in which BLAS uses the right number of threads.

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
    context manager
    """
    if n_threads is not None and (
        isinstance(n_threads, bool) or not isinstance(n_threads, (int, np.integer)) or n_threads < 1
    ):
        raise ValueError(f"n_threads is {n_threads!r}: expected an int >= 1, or None")
    if n_threads is None:
        largest = max(rows * layer.n_in * layer.n_out for layer in network.layers if isinstance(layer, Dense))
        if largest >= WORTH_SHARING:
            return nullcontext()
        n_threads = 1
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(int(n_threads), user_api="blas")
    return limits
