"""A single training step, for loops of one's own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyfc import registry
from pyfc.component import Hyper, Optimizer
from pyfc.data import float_rows
from pyfc.errors import TrainingError
from pyfc.faults import LIKELY_CAUSES, not_finite
from pyfc.training.history import History
from pyfc.training.run import Run

if TYPE_CHECKING:
    from pyfc.network import Network

CLIP = Hyper(1.0, low=0, open_low=True)


def step(
    network: Network,
    batch: tuple[npt.ArrayLike, ...],
    optimizer: str | Optimizer | type[Optimizer] = "sgd",
    *,
    clip_norm: float | None = None,
    clip_value: float | None = None,
) -> float:
    """Make one training step with one batch.

    Parameters
    ----------
    network : Network
        Whose parameters move.
    batch : tuple
        ``(X, y)`` or ``(X, y, sample_weight)``, as :func:`fit` takes them.
    optimizer : str or Optimizer, default "sgd"
        Its state, such as momentum, is kept in the network as long as an equal optimizer is given. A learning-rate
        schedule counts each step as one epoch here.
    clip_norm, clip_value : float, optional
        As in :func:`fit`.

    Returns
    -------
    float
        The loss before the step, with the penalties.

    Raises
    ------
    TrainingError
        If the loss or a gradient is NaN or infinite; the parameters are then as before.

    Examples
    --------
    >>> import numpy as np, pyfc
    >>> net = pyfc.mlp([2, 1], loss="squared_error", init="zeros", dtype="float64")
    >>> [round(net.step(([[1.0, 1.0]], [[1.0]]), pyfc.SGD(lr=0.1)), 4) for _ in range(3)]
    [1.0, 0.16, 0.0256]
    """
    if not isinstance(batch, tuple) or len(batch) not in (2, 3):
        raise TypeError("batch: expected a tuple (X, y) or (X, y, sample_weight)")
    recipe: Optimizer = registry.make("optimizers", optimizer)
    if recipe.full_batch:
        raise ValueError(f"{recipe!r} works on all data at once: expected sgd, adam or the like; or use fit")
    clips = check_clips(clip_norm, clip_value)
    samples, targets = network.check_data(batch[0], batch[1])
    shares = network.loss.shares(samples.shape[0], batch[2] if len(batch) == 3 else None, np.float64)
    run: Run | None = network.last_step
    if run is None or run.optimizer != recipe:
        run = Run(network, recipe, epochs=1, batches=1, history=History())
        run.state = recipe.new_state(network.flat.size, network.dtype)
        network.last_step = run
    x = float_rows(samples, slice(None), network.dtype)
    run.loss, _ = network.backpropagate_batch(x, targets, shares)
    lost = not math.isfinite(run.loss)
    if lost or not np.isfinite(network.flat_gradient).all():
        what = f"the loss is {run.loss}" if lost else "the gradient has a NaN or infinite entry"
        source = not_finite(network, x, targets, shares)
        raise TrainingError(f"{what}: no step was made. {source or LIKELY_CAUSES}")
    before = run.snapshot(), [array.copy() for array in run.state], run.steps
    moved = False
    try:
        run.apply(*clips)
        moved = bool(np.isfinite(network.flat).all())
    finally:
        if not moved:  # or only some of them: the optimizer may be a plugin
            run.restore(before[0])
            run.state, run.steps = before[1], before[2]
    if not moved:
        raise TrainingError(f"the weights became NaN or infinite: no step was made. {LIKELY_CAUSES}")
    run.epoch += 1
    return run.loss


def check_clips(clip_norm: Any, clip_value: Any) -> tuple[float | None, float | None]:
    """Return both limits as floats or None, or raise with what was expected."""
    norm = None if clip_norm is None else CLIP.check("fit", "clip_norm", clip_norm)
    return norm, None if clip_value is None else CLIP.check("fit", "clip_value", clip_value)
