"""The training loop: epochs of shuffled batches, or iterations over all data, with everything that hangs in between."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyfc.component.base import Array
from pyfc.data import float_rows
from pyfc.errors import PluginError, TrainingError
from pyfc.faults import LIKELY_CAUSES, at, engine_fault, not_finite
from pyfc.kernels.engine import Engine
from pyfc.kernels.plan import Plan
from pyfc.kernels.samples import Samples
from pyfc.metrics import Metric
from pyfc.planning import describe, make_plan, stops_for_python
from pyfc.training.callbacks import Callback
from pyfc.training.run import Run
from pyfc.training.weights import batch_shares

RESTORED = "the network has its weights from before that epoch again"


class NotFiniteError(ArithmeticError):
    """The loss or a weight is NaN or infinite."""


@dataclass
class Loop:
    """The work of :func:`pyfc.training.fit`, on arguments that it has checked.

    Attributes
    ----------
    run : Run
        What callbacks see.
    samples, targets : ndarray
        (Or sparse samples.) The training data, as the network and its loss hold them.
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
    threads : int
        How many work on a batch.
    """

    run: Run
    samples: Any
    targets: Array
    held_out: tuple[Array, Array] | None
    weight: Array | None
    metrics: Mapping[str, Metric]
    callbacks: list[Callback]
    clips: tuple[float | None, float | None]
    rows: int
    shuffle: bool
    threads: int

    def __post_init__(self) -> None:
        """Make the plan, and room for the outputs of an epoch, which the metrics are of."""
        network = self.run.network
        count = self.samples.shape[0]
        self.outputs = np.empty((count, network.n_out), network.dtype) if self.metrics else None
        self.order: Array | None = None
        self.validating = False
        if not self.run.optimizer.full_batch:
            # Taken away, so that nobody else uses it meanwhile.
            (last, self.good), network.last_plan = network.last_plan or (None, np.empty_like(network.flat)), None
            self._make_engine(last)

    def _make_engine(self, last: Plan | None) -> None:
        network = self.run.network
        self.made_for = self._settings()
        plan = make_plan(network, self.samples, self.rows, self.threads, training=True, last=last)
        self.engine = Engine(plan, self.targets, self.weight, network.l1, network.l2)

    def _settings(self) -> tuple[Any, ...]:
        """Return what of the network the engine holds a copy of; a callback may freeze a layer, say."""
        network = self.run.network
        return (*describe(network), network.l1, network.l2)

    def _refresh(self) -> None:
        if self._settings() != self.made_for:
            self._make_engine(self.engine.plan)
            self.engine.set_order(self.order)

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
            if not run.optimizer.full_batch and not self.engine.plan.samples.sparse:
                self.engine.plan.use(Samples(np.empty((0, run.network.n_in))))  # not to keep the caller's data
                run.network.last_plan = self.engine.plan, self.good
            self.bar.close()
        for callback in self.callbacks:
            callback.on_train_end(run)
        run.history.stop_reason = run.stop_reason or "finished"

    def _epochs(self) -> None:
        run = self.run
        good = self.good
        try:
            while run.epoch < run.epochs and not run.stop_reason:
                good[:] = run.network.flat
                self._refresh()
                done = self._in_one_call(good) if self._without_python() else self._batch_by_batch()
                if done is None:
                    return
                run.epoch += len(done) - 1
                if len(done) > 1:
                    run.history.extend({"loss": done[:-1]})
                self._end_epoch({"loss": done[-1], **self._measure()})
                run.epoch += 1
        except NotFiniteError as error:
            source = self._not_finite(good)
            run.restore(good)
            run.history.stop_reason = f"{error} in {self._place()}"
            raise TrainingError(f"{run.history.stop_reason}; {RESTORED}. {source or LIKELY_CAUSES}") from None
        except PluginError as error:
            run.restore(good)
            run.history.stop_reason = f"{error}; in {self._place()}"
            raise at(error, f"in {self._place()}; {RESTORED}") from (error.__cause__ or error)
        except BaseException:  # a plugin's error, or the second Ctrl-C: the step may be half done
            run.restore(good)
            raise

    def _place(self) -> str:
        run = self.run
        if self.validating:
            return f"the validation after epoch {run.epoch + 1}"
        return f"epoch {run.epoch + 1}, batch {run.batch + 1} of {run.batches}"

    def _not_finite(self, good: Array) -> str:
        """Return in words what part of the network a NaN or infinity came out of, or ``""``.

        It is looked for in the batch that showed it; if the parameters are not finite any more, with those from before
        the epoch, also in the batch whose gradient may have spoiled them.
        """
        run = self.run
        batches = [run.batch]
        if not np.isfinite(run.network.flat).all():
            run.restore(good)
            batches = [batch for batch in (run.batch - 1, run.batch) if batch >= 0]
        return self._first_not_finite(self._chosen(batch) for batch in batches)

    def _first_not_finite(self, parts: Iterable[Any]) -> str:
        for chosen in parts:
            shares, _ = batch_shares(self.weight, np.arange(self.samples.shape[0])[chosen])
            x = float_rows(self.samples, chosen, self.run.network.dtype)
            found = not_finite(self.run.network, x, self.targets[chosen], shares)
            if found:
                return found
        return ""

    def _chosen(self, batch: int) -> Any:
        """Return which samples a batch has: an index into them."""
        part = slice(batch * self.rows, min((batch + 1) * self.rows, self.samples.shape[0]))
        return part if self.order is None else self.order[part]

    def _without_python(self) -> bool:
        """Return whether whole epochs can run in the engine, because nothing hangs in between the batches."""
        optimizer = self.run.optimizer
        return (
            optimizer.compiled
            and optimizer.elementwise
            and self.clips == (None, None)
            and all(type(callback).on_batch_end is Callback.on_batch_end for callback in self.callbacks)
            and not stops_for_python(self.run.network)
        )

    def _in_one_call(self, good: Array) -> list[float] | None:
        """Train for an epoch, or all that remain if nothing is done between them; return their mean losses."""
        run, network, optimizer = self.run, self.run.network, self.run.optimizer
        alone = not (self.callbacks or self.held_out or self.metrics) and isinstance(optimizer.lr, float)
        epochs = run.epochs - run.epoch if alone else 1
        times = [run.epoch] if isinstance(optimizer.lr, float) else run.epoch + np.arange(run.batches) / run.batches
        rates = np.array([optimizer.rate(float(time)) for time in times])
        began, before, first = run.steps, int(self.bar.n), run.epoch

        def look(epoch: int, batch: int) -> bool:
            self._show(first + epoch, before + epoch * run.batches + batch)
            return bool(run.stop_reason)

        generator = network.shuffle_rng if self.shuffle else None
        engine = self.engine
        try:
            losses = engine.train(
                epochs, self.rows, optimizer, run.state, rates, generator, good, self.outputs, look, run.steps
            )
        except Exception as error:
            raise engine_fault(network, engine, error) from error
        finally:
            run.steps, run.loss, run.lr = engine.steps, engine.loss, float(rates[min(engine.batch, len(rates)) - 1])
            whole, batches = divmod(run.steps - began, run.batches)
            # One that failed is not counted by the engine, unless it came as far as the optimizer.
            in_optimizer = engine.failed > len(engine.plan.layers)
            run.batch = min(engine.batch, run.batches - 1) if engine.failed >= 0 else max(engine.batch - 1, 0)
            run.batch -= in_optimizer
            count = self.samples.shape[0]
            run.history.samples += whole * count + min(batches * self.rows, count)
            if engine.losses and len(engine.losses) < epochs:  # ended early, in a run with nothing between the epochs
                run.history.extend({"loss": engine.losses})
                run.epoch += len(engine.losses)
            self.order = engine.order
        if engine.stopped == "not finite":
            run.batch = min(engine.batch, run.batches - 1)
            lost = not math.isfinite(run.loss)
            raise NotFiniteError(f"the loss became {run.loss}" if lost else "the weights became NaN or infinite")
        self._show(first + len(losses) - 1, before + run.steps - began)
        return losses if len(losses) == epochs else None

    def _batch_by_batch(self) -> list[float] | None:
        """Train for an epoch with a look from Python after each batch; return its mean loss as a list."""
        run, network = self.run, self.run.network
        count = self.samples.shape[0]
        self.order = network.shuffle_rng.permutation(count) if self.shuffle else None
        self.engine.set_order(self.order)
        total = counted = 0.0
        for batch in range(run.batches):
            run.batch = batch
            first, rows = batch * self.rows, min(self.rows, count - batch * self.rows)
            chosen = self._chosen(batch)
            run.targets = self.targets[chosen]
            run.importance = float(rows) if self.weight is None else float(self.weight[chosen].sum())
            self._refresh()
            try:
                run.loss, run.outputs = self.engine.backpropagate(first, rows)
            except Exception as error:
                raise engine_fault(network, self.engine, error) from error
            network.penalise()
            run.loss += network.penalty()
            if not math.isfinite(run.loss):
                raise NotFiniteError(f"the loss became {run.loss}")
            run.apply(*self.clips)
            if self.outputs is not None:
                self.outputs[first : first + rows] = run.outputs
            total, counted = total + run.loss * run.importance, counted + run.importance
            run.history.samples += rows
            for callback in self.callbacks:
                callback.on_batch_end(run)
            self._show(run.epoch, run.epoch * run.batches + batch + 1)
            if run.stop_reason:
                break
        if not np.isfinite(network.flat).all():  # no later loss would say so
            raise NotFiniteError("the weights became NaN or infinite")
        return [total / counted] if run.batch + 1 == run.batches else None

    def _measure(self) -> dict[str, float]:
        if self.outputs is None:
            return {}
        ordered = self.targets if self.order is None else self.targets[self.order]
        return {name: float(f(self.outputs, ordered, self.run.network.loss)) for name, f in self.metrics.items()}

    def _end_epoch(self, logs: dict[str, float]) -> None:
        run = self.run
        if self.held_out is not None:
            self.validating = True
            measured = run.network.evaluate_checked(*self.held_out, self.metrics, n_threads=self.threads)
            self.validating = False
            logs.update({f"val_{name}": value for name, value in measured.items()})
        run.logs = {**logs, "lr": run.lr} if not isinstance(run.optimizer.lr, float) else logs
        run.history.append(run.logs)
        for callback in self.callbacks:
            callback.on_epoch_end(run)
        # The loss and the last metric, on validation data where there are some: more would leave no room for the bar.
        others = [name for name in run.logs if name not in ("loss", "lr")]
        shown = {name: f"{run.logs[name]:.4g}" for name in ("loss", *others[-1:])}
        self.bar.set_postfix(shown, refresh=False)

    def _show(self, epoch: int, batches: int) -> None:
        self.bar.set_description(f"epoch {epoch + 1}/{self.run.epochs}", refresh=False)
        self.bar.update(batches - self.bar.n)

    def _iterations(self) -> None:
        """Hand the whole problem to a full-batch optimizer; an iteration counts as an epoch."""
        run, network = self.run, self.run.network
        parts = network.trainable()
        shares, _ = batch_shares(self.weight, np.arange(self.samples.shape[0]))
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
                count = self.samples.shape[0]
                source = self._first_not_finite(slice(i, min(i + 1024, count)) for i in range(0, count, 1024))
                run.history.stop_reason = f"the loss became {loss} in epoch {run.epoch + 1}, an iteration over all data"
                raise TrainingError(f"{run.history.stop_reason}; {RESTORED}. {source or LIKELY_CAUSES}")
            return loss, np.concatenate([network.flat_gradient[part] for part in parts]).astype(np.float64)

        def after_iteration(w: Array) -> None:
            nonlocal good
            put(w)
            good = run.snapshot()
            logs = network.evaluate_checked(self.samples, self.targets, self.metrics, self.weight)
            run.loss, run.steps = logs["loss"], run.steps + 1
            run.history.samples += self.samples.shape[0]
            for callback in self.callbacks:
                callback.on_batch_end(run)
            self._end_epoch(logs)
            self._show(run.epoch, run.epoch + 1)
            run.epoch += 1
            if run.stop_reason:
                raise StopIteration

        first = np.concatenate([network.flat[part] for part in parts]).astype(np.float64)
        try:
            put(run.optimizer.minimize(function, first, run.epochs - run.epoch, after_iteration))
        except PluginError as error:
            run.restore(good)
            place = f"in epoch {run.epoch + 1}, an iteration over all data"
            run.history.stop_reason = f"{error}; {place}"
            raise at(error, f"{place}; {RESTORED}") from (error.__cause__ or error)
        except BaseException:
            run.restore(good)
            raise
