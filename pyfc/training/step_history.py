"""Learning curves within an epoch: a callback that takes down the metrics after every so many steps.

An epoch of 60000 samples is one point of the usual history, and much of the learning happens before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pyfc.component.base import Array
from pyfc.metrics import Metric, find_metrics
from pyfc.training.callbacks import Callback
from pyfc.training.history import History
from pyfc.training.run import Run


class StepHistory(Callback):
    """Keeps loss and metrics after every so many steps, over all epochs.

    Those of the training data are of the batches since the last time, with the outputs as they were then, as an epoch's
    are in the history of ``fit``; with ``every=1``, of each batch alone.

    Parameters
    ----------
    every : int, default 100
        How many steps lie between two numbers. Steps left over at the end are not taken down. The outputs of so many
        batches are kept meanwhile, for the metrics.
    validation : tuple (X, y), optional
        Data that is measured each time and not trained on; its metrics are called ``val_...``. All of it goes through
        the network, so a part of the validation set may do.
    metrics : sequence of str or callable, optional
        As in ``fit``.

    Attributes
    ----------
    history : History
        Of the last training; ``history.plot()`` draws the curves.

    Raises
    ------
    ValueError, TypeError
        When training begins, if validation or metrics do not fit the network, or if the optimizer takes all data in one
        step, so that the history of ``fit`` has every step already.

    Examples
    --------
    >>> import pyfc
    >>> from pyfc import datasets
    >>> X, y = datasets.make_moons(320, seed=0)
    >>> curves = pyfc.StepHistory(every=10)
    >>> _ = pyfc.mlp([2, 16, 2]).fit(X, y, epochs=3, callbacks=[curves], progress=False)
    >>> curves.history
    step    loss  accuracy
      10  0.6384    0.6469
      20  0.6175    0.6687
      30  0.5980    0.6781
    """

    def __init__(
        self,
        every: int = 100,
        *,
        validation: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
        metrics: Sequence[str | Metric] | None = None,
    ) -> None:
        if isinstance(every, bool) or not isinstance(every, (int, np.integer)) or every < 1:
            raise ValueError(f"StepHistory(every={every!r}): expected an int >= 1")
        if validation is not None and (not isinstance(validation, (tuple, list)) or len(validation) != 2):
            raise TypeError("StepHistory(validation=...): expected a tuple (X, y)")
        self.every, self._validation, self._metrics = int(every), validation, metrics
        self._reset()

    def __repr__(self) -> str:
        return f"StepHistory(every={self.every})"

    def _reset(self) -> None:
        self.history = History("step")
        #: What the batches since the last number count, their losses, outputs and targets.
        self._batches: list[tuple[float, float, Array, Array]] = []

    def on_train_begin(self, run: Run) -> None:
        """Refuse what does not fit, and forget an earlier run."""
        if run.optimizer.full_batch:
            raise ValueError(
                f"StepHistory with {run.optimizer!r}, which takes all data in one step: expected sgd, adam or the "
                "like; the history that fit returns has every step already"
            )
        self._measures = find_metrics(self._metrics, run.network.loss)
        self._held_out = None if self._validation is None else run.network.check_data(*self._validation)
        if run.epoch == 0:
            self._reset()

    def on_batch_end(self, run: Run) -> None:
        """Keep the batch, and take the metrics down if it is time."""
        self._batches.append((run.importance, run.loss, run.outputs, run.targets))
        if run.steps % self.every:
            return
        counts, losses, outputs, targets = zip(*self._batches, strict=True)
        y, t = np.concatenate(outputs), np.concatenate(targets)
        logs = {"loss": float(np.average(losses, weights=counts)) if sum(counts) else float("nan")}
        logs |= {name: float(f(y, t, run.network.loss)) for name, f in self._measures.items()}
        if self._held_out is not None:
            measured = run.network.evaluate_checked(*self._held_out, self._measures)
            logs |= {f"val_{name}": value for name, value in measured.items()}
        self.history.append(logs, run.steps)
        self._batches = []

    def on_train_end(self, run: Run) -> None:
        """Take over what the history of ``fit`` says of the whole run."""
        self.history.seconds, self.history.samples = run.history.seconds, run.history.samples
        self.history.stop_reason = run.stop_reason or "finished"

    def state(self) -> dict[str, Any]:
        """Return the numbers so far, and the batches since the last one."""
        state: dict[str, Any] = {"names": "\n".join(self.history), "steps": np.array(self.history.at, np.int64)}
        state["numbers"] = np.array(list(self.history.values())).reshape(len(self.history), len(self.history.at))
        for index, (count, loss, outputs, targets) in enumerate(self._batches):
            state |= {f"count {index}": count, f"loss {index}": loss}
            state |= {f"outputs {index}": outputs, f"targets {index}": targets}
        return state

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take back what :meth:`state` returned."""
        self._reset()
        for step, numbers in zip(state["steps"].tolist(), state["numbers"].T, strict=True):
            self.history.append(dict(zip(state["names"].split("\n"), numbers, strict=True)), step)
        kept = sum(name.startswith("count ") for name in state)
        self._batches = [
            tuple(state[f"{part} {i}"] for part in ("count", "loss", "outputs", "targets")) for i in range(kept)
        ]
