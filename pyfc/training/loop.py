"""The training loop: epochs of shuffled batches, or iterations over all data, with everything that hangs in between."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pyfc.component.base import Array
from pyfc.data import float_rows
from pyfc.errors import TrainingError
from pyfc.metrics import Metric
from pyfc.training.callbacks import Callback
from pyfc.training.run import Run
from pyfc.training.step import LIKELY_CAUSES
from pyfc.training.weights import batch_shares


@dataclass
class Loop:
    """The work of :func:`pyfc.training.fit`, on arguments that it has checked.

    Attributes
    ----------
    run : Run
        What callbacks see.
    samples, targets : ndarray
        The training data, as the network and its loss hold them.
    held_out : tuple of ndarray, or None
        The same of the validation data.
    weight : ndarray of float64, shape (n,), or None
        How much each sample counts.
    metrics : mapping of str to callable
        What is measured beside the loss.
    callbacks : list of Callback
        Run in this order.
    clips : tuple
        ``clip_norm`` and ``clip_value``.
    rows : int
        Samples in a batch.
    shuffle : bool
        Whether each epoch has an order of its own.
    """

    run: Run
    samples: Array
    targets: Array
    held_out: tuple[Array, Array] | None
    weight: Array | None
    metrics: Mapping[str, Metric]
    callbacks: list[Callback]
    clips: tuple[float | None, float | None]
    rows: int
    shuffle: bool

    def __post_init__(self) -> None:
        """Make room for the outputs of an epoch, which the metrics are of."""
        self.outputs = np.empty((len(self.samples), self.run.network.n_out), self.run.network.dtype)

    def run_all(self, progress: bool) -> None:
        """Train until the last epoch, or until something stops the run."""
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
            shares, run.importance = batch_shares(self.weight, rows)
            x = float_rows(self.samples, rows, network.dtype)
            run.targets = self.targets[rows]
            run.loss, run.outputs = network.backpropagate_batch(x, run.targets, shares)
            if not math.isfinite(run.loss):
                self._fail(f"the loss became {run.loss}", f"batch {run.batch + 1} of {run.batches}", good)
            run.apply(*self.clips)
            self.outputs[run.batch * self.rows : run.batch * self.rows + len(rows)] = run.outputs
            total, counted = total + run.loss * run.importance, counted + run.importance
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
