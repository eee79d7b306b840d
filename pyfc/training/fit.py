"""The training loop: epochs of shuffled batches, or iterations over all data, with everything that hangs in between."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyfc import registry
from pyfc.component import Optimizer
from pyfc.component.base import Array
from pyfc.data import float_rows
from pyfc.errors import TrainingError
from pyfc.layers import Dense, Dropout
from pyfc.metrics import Metric, find_metrics
from pyfc.training.callbacks import Callback, as_callbacks
from pyfc.training.history import History
from pyfc.training.interrupt import StopOnInterrupt
from pyfc.training.run import Run
from pyfc.training.step import LIKELY_CAUSES, check_clips
from pyfc.training.threads import blas_threads
from pyfc.training.weights import batch_shares, total_weights

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

    Everything is checked before the first step. Ctrl-C ends training after the batch that it is in, and returns as
    usual; so does a callback that calls ``run.stop``.

    Parameters
    ----------
    network : Network
        What is trained, in place.
    X : array_like, shape (n, n_in)
        Samples as rows, float, integer or boolean, finite. Not copied as a whole.
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
        Threads of BLAS; chosen by the size of the network if not given. The same number gives the same weights.
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
    if metrics is None:
        metrics = [] if network.loss.task == "regression" else ["accuracy"]
    measures = find_metrics(metrics)
    hung_in = as_callbacks(callbacks)
    rows = len(samples) if recipe.full_batch else min(int(batch_size), len(samples))
    threads = blas_threads(network, rows, n_threads)
    if recipe.full_batch:
        _check_full_batch(network, recipe)
    batches = 1 if recipe.full_batch else math.ceil(len(samples) / rows)
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

    loop = _Loop(run, samples, targets, held_out, weight, measures, hung_in, clips, rows, bool(shuffle))
    with threads, StopOnInterrupt(run):
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


class _Loop:
    """The work of :func:`fit`, on arguments that were checked."""

    def __init__(
        self,
        run: Run,
        samples: Array,
        targets: Array,
        held_out: tuple[Array, Array] | None,
        weight: Array | None,
        metrics: Mapping[str, Metric],
        callbacks: list[Callback],
        clips: tuple[float | None, float | None],
        rows: int,
        shuffle: bool,
    ) -> None:
        self.run, self.samples, self.targets, self.held_out, self.weight = run, samples, targets, held_out, weight
        self.metrics, self.callbacks, self.clips, self.rows, self.shuffle = metrics, callbacks, clips, rows, shuffle
        self.outputs = np.empty((len(samples), run.network.n_out), run.network.dtype)

    def run_all(self, progress: bool) -> None:
        from tqdm.auto import tqdm

        run, began = self.run, time.perf_counter()
        for callback in self.callbacks:
            callback.on_train_begin(run)
        run.network.history, run.network.last_step = run.history, None
        self.bar = tqdm(
            total=run.epochs * run.batches, initial=run.epoch * run.batches, disable=not progress, unit=" batches"
        )
        try:
            if run.epoch < run.epochs and not run.stop_reason:
                (self._iterations if run.optimizer.full_batch else self._epochs)()
        finally:
            run.history.seconds += time.perf_counter() - began
            run.network.history = run.history  # a callback may have called fit in between
            self.bar.close()
        for callback in self.callbacks:
            callback.on_train_end(run)
        run.history.stop_reason = run.stop_reason or "finished"

    def _epochs(self) -> None:
        run = self.run
        for epoch in range(run.epoch, run.epochs):
            run.epoch = epoch
            good = run.snapshot()
            try:
                loss = self._one_epoch(good)
            except KeyboardInterrupt:  # the second one: the step may be half done
                run.restore(good)
                raise
            if loss is None:
                return
            self._end_epoch({"loss": loss, **self._measure()})
            if run.stop_reason:
                return

    def _one_epoch(self, good: Array) -> float | None:
        """Train on every sample once, and return the mean loss; None if training is to stop before the end."""
        run, network = self.run, self.run.network
        count = len(self.samples)
        self.order = network.shuffle_rng.permutation(count) if self.shuffle else np.arange(count)
        total = counted = 0.0
        for batch in range(run.batches):
            run.batch = batch
            rows = self.order[run.batch * self.rows : (run.batch + 1) * self.rows]
            shares, importance = batch_shares(self.weight, rows)
            x = float_rows(self.samples, rows, network.dtype)
            run.loss, outputs = network.backpropagate_batch(x, self.targets[rows], shares)
            if not math.isfinite(run.loss):
                self._fail(f"the loss became {run.loss}", f"batch {run.batch + 1} of {run.batches}", good)
            run.apply(*self.clips)
            self.outputs[run.batch * self.rows : run.batch * self.rows + len(rows)] = outputs
            total, counted = total + run.loss * importance, counted + importance
            run.history.samples += len(rows)
            for callback in self.callbacks:
                callback.on_batch_end(run)
            self._show()
            if run.stop_reason:
                break
        if not np.isfinite(network.flat).all():  # no later loss would say so
            self._fail("the weights became NaN or infinite", f"batch {run.batch + 1} of {run.batches} or before", good)
        return total / counted if run.batch + 1 == run.batches else None

    def _measure(self) -> dict[str, float]:
        ordered = self.targets[self.order]
        return {name: float(f(self.outputs, ordered, self.run.network.loss)) for name, f in self.metrics.items()}

    def _end_epoch(self, logs: dict[str, float]) -> None:
        run = self.run
        if self.held_out is not None:
            measured = run.network.evaluate_checked(*self.held_out, self.metrics)
            logs.update({f"val_{name}": value for name, value in measured.items()})
        run.logs = {**logs, "lr": run.lr} if not isinstance(run.optimizer.lr, float) else logs
        run.history.append(run.logs)
        for callback in self.callbacks:
            callback.on_epoch_end(run)
        # The loss and the last metric, on validation data where there are some: more would leave no room for the bar.
        others = [name for name in run.logs if name not in ("loss", "lr")]
        shown = {name: f"{run.logs[name]:.4g}" for name in ("loss", *others[-1:])}
        self.bar.set_postfix(shown, refresh=False)

    def _show(self) -> None:
        self.bar.set_description(f"epoch {self.run.epoch + 1}/{self.run.epochs}", refresh=False)
        self.bar.update()

    def _fail(self, problem: str, where: str, good: Array) -> None:
        run = self.run
        run.restore(good)
        run.history.stop_reason = f"{problem} in epoch {run.epoch + 1}, {where}"
        raise TrainingError(
            f"{run.history.stop_reason}; the network has its weights from before that epoch again. {LIKELY_CAUSES}"
        )

    def _iterations(self) -> None:
        """Hand the whole problem to a full-batch optimizer; an iteration counts as an epoch."""
        run, network = self.run, self.run.network
        parts = network.trainable()
        shares, _ = batch_shares(self.weight, np.arange(len(self.samples)))
        good = run.snapshot()

        def put(w: Array) -> None:
            start = 0
            for part in parts:
                size = part.stop - part.start
                network.flat[part] = w[start : start + size]
                start += size

        def function(w: Array) -> tuple[float, Array]:
            put(w)
            loss = network.backpropagate(self.samples, self.targets, shares)
            if not math.isfinite(loss):
                self._fail(f"the loss became {loss}", "an iteration over all data", good)
            return loss, np.concatenate([network.flat_gradient[part] for part in parts]).astype(np.float64)

        def after_iteration(w: Array) -> None:
            nonlocal good
            put(w)
            good = run.snapshot()
            logs = network.evaluate_checked(self.samples, self.targets, self.metrics, self.weight)
            run.loss, run.steps = logs["loss"], run.steps + 1
            run.history.samples += len(self.samples)
            for callback in self.callbacks:
                callback.on_batch_end(run)
            self._end_epoch(logs)
            self._show()
            run.epoch += 1
            if run.stop_reason:
                raise StopIteration

        first = np.concatenate([network.flat[part] for part in parts]).astype(np.float64)
        try:
            put(run.optimizer.minimize(function, first, run.epochs - run.epoch, after_iteration))
        except KeyboardInterrupt:
            run.restore(good)
            raise
