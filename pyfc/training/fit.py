"""Training with one call: checks every argument before anything changes, then hands over to the loop."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyfc import registry
from pyfc.component import Optimizer
from pyfc.component.base import Array
from pyfc.layers import Dense, Dropout
from pyfc.metrics import Metric, find_metrics
from pyfc.planning import threads_for
from pyfc.training.callbacks import Callback, as_callbacks
from pyfc.training.history import History
from pyfc.training.interrupt import StopOnInterrupt
from pyfc.training.loop import Loop
from pyfc.training.run import Run
from pyfc.training.step import check_clips
from pyfc.training.weights import total_weights

if TYPE_CHECKING:
    from pyfc.network import Network


def fit(
    network: Network,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    epochs: int = 10,
    batch_size: int = 32,
    optimizer: str | Optimizer | type[Optimizer] = "adam",
    validation: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    shuffle: bool = True,
    callbacks: Sequence[Callback | Callable[[Run], Any]] = (),
    metrics: Sequence[str | Metric] | None = None,
    progress: bool = True,
    n_threads: int | None = None,
    sample_weight: npt.ArrayLike | None = None,
    class_weight: Mapping[int, float] | str | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
) -> History:
    """Train a network on data.

    Everything is checked before the first step. An epoch is one call of the compiled engine, unless something has to be
    done in Python after each batch: a callback's ``on_batch_end``, ``clip_norm`` or ``clip_value``, ``max_norm``, or an
    optimizer without an elementwise kernel. Ctrl-C ends training within a tenth of a second, after a batch, and returns
    as usual; so does a callback that calls ``run.stop``.

    Parameters
    ----------
    network : Network
        What is trained, in place.
    X : array_like, or sparse array of SciPy, shape (n, n_in)
        Samples as rows, float, integer or boolean, finite. Not copied as a whole: bytes stay bytes, and a file mapped
        into memory (``numpy.memmap``) may be larger than the memory. Zeros cost nothing where they are many.
    y : array_like
        Targets, as the loss takes them: integer labels (n,), one-hot rows, or numbers (n, n_out).
    epochs : int, default 10
        How often all samples are used; for a full-batch optimizer, its iterations.
    batch_size : int, default 32
        Samples in a step; the last batch of an epoch may be smaller. Full-batch optimizers use all samples at once.
    optimizer : str or Optimizer, default "adam"
        ``pyfc.SGD(lr=0.01)``, ``"adam"``, ...; it begins without momentum.
    validation : tuple (X, y), optional
        Data that is measured after each epoch and not trained on; its metrics are called ``val_...``.
    shuffle : bool, default True
        Whether each epoch takes the samples in a new random order.
    callbacks : sequence of Callback or callable, optional
        Run after batches and epochs; a function is called with the run after each epoch.
    metrics : sequence of str or callable, optional
        Beside the loss; by default accuracy, unless the loss is one for regression. Those of the training data are of
        the outputs as they were during the epoch.
    progress : bool, default True
        Whether to show a progress bar, in a terminal or a notebook.
    n_threads : int, optional
        At most so many threads work on a batch, and fewer where there is too little to do; by default, as many as there
        are processors. A full-batch optimizer uses one. The same number gives the same weights; so does any other, but
        where activations have learned parameters, whose sums it rounds differently.
    sample_weight : array_like, shape (n,), optional
        How much each sample counts.
    class_weight : mapping of int to float, or "balanced", optional
        How much each class counts; multiplies sample_weight.
    clip_norm : float, optional
        Gradients are scaled down to this length, all parameters together (R. Pascanu et al., ICML 2013).
    clip_value : float, optional
        Each entry of a gradient is limited to this size, before clip_norm.
    checkpoint : path, optional
        A file that is written before the first epoch and after each one, with all that is needed to go on. One that
        is there is replaced. :func:`pyfc.load` takes it too.
    resume : bool, default False
        Go on from the checkpoint if there is one; on the same machine, with as many threads, the result is the same,
        bit by bit, as without the break. Network, data and other arguments must be as they were; epochs may be more.

    Returns
    -------
    History
        Also kept as ``network.history``.

    Raises
    ------
    ValueError, TypeError
        For data or settings that do not fit, or do not agree with the checkpoint; nothing has changed then.
    ModelFileError
        If the checkpoint to go on from is damaged.
    OSError
        If a checkpoint cannot be written, such as on a full disk: at the start before anything has changed, later with
        the network and its history as they are at the end of that epoch.
    TrainingError
        If the loss or a weight becomes NaN or infinite; the network then has the weights from before that epoch.
    """
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < (name == "batch_size"):
            raise ValueError(f"{name} is {value!r}: expected an int >= {int(name == 'batch_size')}")
    if resume and checkpoint is None:
        raise ValueError("resume=True without checkpoint: expected the path of the file to go on from")
    recipe: Optimizer = registry.make("optimizers", optimizer)
    if checkpoint is not None and recipe.full_batch:
        raise ValueError(
            f"checkpoint= with {recipe!r}: it keeps its memory to itself, so that it could not go on the same way; "
            "expected sgd, adam or the like; or use network.save afterwards"
        )
    samples, targets = network.check_data(X, y)
    held_out = None if validation is None else _validation(network, validation)
    weight = total_weights(targets, max(2, network.n_out), sample_weight, class_weight)
    clips = check_clips(clip_norm, clip_value)
    measures = find_metrics(metrics, network.loss)
    hung_in = as_callbacks(callbacks)
    count = samples.shape[0]
    rows = count if recipe.full_batch else min(int(batch_size), count)
    threads = threads_for(network, rows, n_threads)
    if recipe.full_batch:
        _check_full_batch(network, recipe)
    batches = 1 if recipe.full_batch else math.ceil(count / rows)
    measured = ["loss", *measures, *(f"val_{name}" for name in ("loss", *measures) if held_out is not None)]
    if not isinstance(recipe.lr, float):
        measured.append("lr")
    run = Run(network, recipe, int(epochs), batches, History(), tuple(measured))
    run.state = recipe.new_state(network.flat.size, network.dtype)
    if checkpoint is not None:
        from pyfc.training.checkpoint import Checkpoint

        settings = {"batch_size": rows, "shuffle": bool(shuffle), "clip": list(clips), "metrics": list(measures)}
        X_held, y_held = held_out or (None, None)
        data = {"X": samples, "y": targets, "sample_weight": weight, "validation X": X_held, "validation y": y_held}
        hung_in.append(Checkpoint(checkpoint, run, hung_in, settings, data, resume=resume))

    loop = Loop(run, samples, targets, held_out, weight, measures, hung_in, clips, rows, bool(shuffle), threads)
    with StopOnInterrupt(run):
        loop.run_all(progress)
    return run.history


def _check_full_batch(network: Network, recipe: Optimizer) -> None:
    """Raise if a network cannot be trained by an optimizer that sees only the loss and its gradient."""
    if any(isinstance(layer, Dropout) and layer.rate for layer in network.layers):
        raise ValueError(f"{recipe!r} needs the same loss at every look: expected a network without Dropout")
    if any(isinstance(layer, Dense) and layer.max_norm is not None and not layer.frozen for layer in network.layers):
        raise ValueError(f"{recipe!r} knows no bounds: expected Dense layers without max_norm; or use sgd, adam, ...")
    if not network.trainable():
        raise ValueError(f"{recipe!r} has nothing to minimise over: all layers are frozen; unfreeze one")


def _validation(network: Network, validation: Any) -> tuple[Array, Array]:
    if not isinstance(validation, (tuple, list)) or len(validation) != 2:
        raise TypeError("validation: expected a tuple (X, y)")
    try:
        return network.check_data(*validation)
    except (ValueError, TypeError) as error:
        raise type(error)(f"validation: {error}") from error
