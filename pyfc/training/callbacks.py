"""Callbacks: code that training runs after each batch or epoch; a plain function is run after each epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pyfc.component.base import Array
from pyfc.metrics import HIGHER_IS_BETTER
from pyfc.training.run import Run


class Callback:
    """Base of the callbacks; override what is of use.

    Examples
    --------
    >>> class EveryTenth(Callback):
    ...     def on_batch_end(self, run):
    ...         if run.steps % 10 == 0:
    ...             print(run.steps, run.loss)
    """

    def on_train_begin(self, run: Run) -> None:
        """Run once before the first batch."""

    def on_batch_end(self, run: Run) -> None:
        """Run after every step; ``run.loss`` is the loss before it."""

    def on_epoch_end(self, run: Run) -> None:
        """Run after every epoch; ``run.logs`` has its metrics."""

    def on_train_end(self, run: Run) -> None:
        """Run once at the end, also after Ctrl-C."""

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint must keep of it: str, numbers, None, and ndarrays."""
        return {}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take back what :meth:`state` returned."""


class EarlyStopping(Callback):
    """Ends training when a metric no longer gets better, and brings the best weights back.

    Parameters
    ----------
    metric : str, default "val_loss"
        What to watch: ``"loss"``, a metric of ``fit``, or one on the validation set, ``"val_..."``.
    patience : int, default 5
        Training ends after so many epochs in a row without a better value; 0 is as 1.
    min_delta : float, default 0.0
        A change must be larger than this to count.
    mode : {"auto", "min", "max"}, default "auto"
        Whether less or more is better; ``"auto"`` knows pyfc's metrics and takes ``"min"`` for others.
    restore_best : bool, default True
        Whether to bring back the weights of the best epoch at the end.

    Attributes
    ----------
    best : float
        Best value so far.
    best_epoch : int
        Its epoch, from 0.

    References
    ----------
    L. Prechelt, "Early Stopping - But When?", in Neural Networks: Tricks of the Trade, Springer (1998).
    """

    def __init__(
        self,
        metric: str = "val_loss",
        *,
        patience: int = 5,
        min_delta: float = 0.0,
        mode: str = "auto",
        restore_best: bool = True,
    ) -> None:
        if isinstance(patience, bool) or not isinstance(patience, (int, np.integer)) or patience < 0:
            raise ValueError(f"EarlyStopping(patience={patience!r}): expected an int >= 0")
        if not (isinstance(min_delta, (int, float)) and math.isfinite(min_delta) and min_delta >= 0):
            raise ValueError(f"EarlyStopping(min_delta={min_delta!r}): expected a finite number >= 0")
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"EarlyStopping(mode={mode!r}): expected 'auto', 'min' or 'max'")
        self.metric, self.patience, self.min_delta, self.restore_best = metric, patience, min_delta, restore_best
        higher = metric.removeprefix("val_") in HIGHER_IS_BETTER if mode == "auto" else mode == "max"
        self._sign = -1.0 if higher else 1.0
        self._reset()

    def _reset(self) -> None:
        self.best, self.best_epoch, self._waited = self._sign * math.inf, -1, 0
        self._weights: Array | None = None

    def on_train_begin(self, run: Run) -> None:
        """Refuse a metric that no epoch will have, and forget an earlier run."""
        if self.metric not in run.measured:
            raise ValueError(
                f"EarlyStopping watches {self.metric!r}, which is not measured: expected one of "
                f"{', '.join(run.measured)}; give validation= or metrics= to fit"
            )
        if run.epoch == 0:
            self._reset()

    def on_epoch_end(self, run: Run) -> None:
        """Compare the metric with the best one so far."""
        value = run.logs[self.metric]
        if self._sign * (self.best - value) > self.min_delta:
            self.best, self.best_epoch, self._waited = value, run.epoch, 0
            self._weights = run.snapshot() if self.restore_best else None
            return
        self._waited += 1
        if self._waited >= max(1, self.patience):
            run.stop(f"{self.metric} was best in epoch {self.best_epoch + 1}: {self.best:.6g}")

    def on_train_end(self, run: Run) -> None:
        """Bring the best weights back."""
        if self._weights is not None:
            run.restore(self._weights)

    def state(self) -> dict[str, Any]:
        """Return best value, its epoch and weights, and the epochs waited."""
        state = {"best": self.best, "best_epoch": self.best_epoch, "waited": self._waited}
        return state if self._weights is None else {**state, "weights": self._weights}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take back what :meth:`state` returned."""
        self.best, self.best_epoch, self._waited = float(state["best"]), state["best_epoch"], state["waited"]
        self._weights = state.get("weights")


class EpochFunction(Callback):
    """Runs a function of the run after every epoch."""

    def __init__(self, function: Callable[[Run], Any]) -> None:
        self.function = function

    def on_epoch_end(self, run: Run) -> None:
        """Run it."""
        self.function(run)


def as_callbacks(callbacks: Sequence[Callback | Callable[[Run], Any]]) -> list[Callback]:
    """Return callbacks, with plain functions made into one each.

    Raises
    ------
    TypeError
        For what is neither a callback nor a function.
    """
    if isinstance(callbacks, Callback) or callable(callbacks) or not isinstance(callbacks, Sequence):
        raise TypeError(f"callbacks is {callbacks!r}: expected a list")
    found: list[Callback] = []
    for callback in callbacks:
        if isinstance(callback, Callback):
            found.append(callback)
        elif callable(callback) and not isinstance(callback, type):
            found.append(EpochFunction(callback))
        else:
            raise TypeError(f"callback {callback!r}: expected a pyfc.Callback or a function of the run")
    return found
