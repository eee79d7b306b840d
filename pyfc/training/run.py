"""One training run: what callbacks see and may change, and what a checkpoint keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pyfc.component import Optimizer
from pyfc.component.base import Array
from pyfc.faults import blamed
from pyfc.training.history import History

if TYPE_CHECKING:
    from pyfc.network import Network


@dataclass
class Run:
    """The state of a training run.

    Attributes
    ----------
    network : Network
        What is trained.
    optimizer : Optimizer
        How.
    epochs, batches : int
        How many epochs at most, and batches in each.
    epoch, batch : int
        Which ones are being worked on, from 0.
    steps : int
        How many steps the optimizer has made.
    lr : float
        Learning rate of the last step.
    loss : float
        Of the last batch, with the penalties.
    outputs, targets : ndarray
        Of the last batch: the network's outputs before the step, and the targets as the loss holds them. They are for
        callbacks' ``on_batch_end``: without one the engine keeps them to itself, and a full-batch optimizer has none.
    importance : float
        How much the last batch counts in the loss of its epoch: how many samples it has, or the sum of their weights.
    logs : dict of str to float
        Metrics of the last finished epoch.
    history : History
        Of all finished epochs.
    measured : tuple of str
        Names of the metrics that each epoch ends with.
    state : list of ndarray
        The optimizer's.
    """

    network: Network
    optimizer: Optimizer
    epochs: int
    batches: int
    history: History
    measured: tuple[str, ...] = ()
    epoch: int = 0
    batch: int = 0
    steps: int = 0
    lr: float = 0.0
    loss: float = float("nan")
    importance: float = 0.0
    outputs: Array = field(default_factory=lambda: np.empty((0, 0)))
    targets: Array = field(default_factory=lambda: np.empty((0, 0)))
    logs: dict[str, float] = field(default_factory=dict)
    state: list[Array] = field(default_factory=list)
    stop_reason: str = ""

    def stop(self, reason: str) -> None:
        """End training after this batch; the reason is kept in the history."""
        self.stop_reason = self.stop_reason or reason

    def apply(self, clip_norm: float | None, clip_value: float | None) -> None:
        """Move the network's parameters by one step along ``flat_gradient``."""
        network = self.network
        parts = network.trainable()
        if clip_value is not None:
            np.clip(network.flat_gradient, -clip_value, clip_value, out=network.flat_gradient)
        if clip_norm is not None:
            norm = np.sqrt(sum(float(np.dot(g, g)) for g in (network.flat_gradient[part] for part in parts)))
            if norm > clip_norm:
                network.flat_gradient *= network.dtype.type(clip_norm / norm)
        self.steps += 1
        self.lr = self.optimizer.rate(self.epoch + self.batch / max(self.batches, 1))
        with blamed(self.optimizer):
            for part in parts:
                self.optimizer.update(
                    network.flat[part],
                    network.flat_gradient[part],
                    [array[part] for array in self.state],
                    self.lr,
                    self.steps,
                )
        for layer in network.layers:
            if not layer.frozen:
                with blamed(layer):
                    layer.after_update()

    def snapshot(self) -> Array:
        """Return a copy of all parameters."""
        return self.network.flat.copy()

    def restore(self, parameters: Array) -> None:
        """Put parameters back."""
        self.network.flat[:] = parameters
