"""Learning-rate schedules: the rate as a function of time, where time is counted in epochs.

Give one to an optimizer in the place of a number: ``pyfc.SGD(lr=Cosine(0.1, epochs=20))``. Time has a fraction inside
an epoch, so a smooth schedule is smooth from batch to batch.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Schedule:
    """Base of the schedules; a subclass is a dataclass that defines ``__call__``."""

    def __post_init__(self) -> None:
        """Refuse numbers that are no rates or times."""
        for name, value in vars(self).items():
            if isinstance(value, Schedule):
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
                raise TypeError(f"{type(self).__name__}({name}={value!r}): expected a number")
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{type(self).__name__}({name}={value!r}): expected a finite number >= 0")

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time in epochs: 0 at the start, 1.5 in the middle of the second epoch."""
        raise NotImplementedError

    def config(self) -> dict[str, Any]:
        """Return a dict that :func:`schedule_from_config` turns back into this schedule."""
        config = asdict(self)
        for name, value in vars(self).items():
            if isinstance(value, Schedule):
                config[name] = value.config()
        return {"schedule": type(self).__name__, **config}


@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate all the time.

    Parameters
    ----------
    lr : float
        The rate.
    """

    lr: float

    def __call__(self, epoch: float) -> float:
        """Return the rate."""
        return self.lr


@dataclass(frozen=True)
class StepDecay(Schedule):
    """Multiply the rate by a factor every few epochs.

    Parameters
    ----------
    lr : float
        The first rate.
    factor : float, default 0.5
        What it is multiplied by.
    every : float, default 10
        After so many epochs, > 0.

    Examples
    --------
    >>> [StepDecay(0.1, factor=0.5, every=2)(epoch) for epoch in range(5)]
    [0.1, 0.1, 0.05, 0.05, 0.025]
    """

    lr: float
    factor: float = 0.5
    every: float = 10

    def __post_init__(self) -> None:
        """Refuse a period of 0."""
        super().__post_init__()
        if self.every == 0:
            raise ValueError("StepDecay(every=0): expected a number of epochs > 0")

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time in epochs."""
        return float(self.lr * self.factor ** math.floor(epoch / self.every))


@dataclass(frozen=True)
class ExponentialDecay(Schedule):
    """Multiply the rate by a factor every epoch, smoothly: ``lr * factor**epoch``.

    Parameters
    ----------
    lr : float
        The first rate.
    factor : float, default 0.95
        What an epoch multiplies it by.
    """

    lr: float
    factor: float = 0.95

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time in epochs."""
        return float(self.lr * self.factor**epoch)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Let the rate fall along half a cosine, and stay at the minimum after that.

    Parameters
    ----------
    lr : float
        The first rate.
    epochs : float
        How long it falls, > 0.
    minimum : float, default 0.0
        The last rate.

    References
    ----------
    I. Loshchilov, F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR (2017).

    Examples
    --------
    >>> [round(Cosine(1.0, epochs=4)(epoch), 4) for epoch in range(6)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]
    """

    lr: float
    epochs: float
    minimum: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a length of 0."""
        super().__post_init__()
        if self.epochs == 0:
            raise ValueError("Cosine(epochs=0): expected a number of epochs > 0")

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time in epochs."""
        done = min(epoch / self.epochs, 1.0)
        return self.minimum + (self.lr - self.minimum) * (1 + math.cos(math.pi * done)) / 2


@dataclass(frozen=True)
class WarmUp(Schedule):
    """Let the rate rise from 0 along a straight line, then follow another schedule.

    Parameters
    ----------
    epochs : float
        How long it rises, > 0.
    then : Schedule or float
        What it rises to; a schedule starts its own time when the rise ends.

    References
    ----------
    P. Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", arXiv:1706.02677 (2017).

    Examples
    --------
    >>> warm = WarmUp(2, then=StepDecay(0.1, every=1))
    >>> [warm(epoch) for epoch in (0, 1, 2, 3)]
    [0.0, 0.05, 0.1, 0.05]
    """

    epochs: float
    then: Schedule | float

    def __post_init__(self) -> None:
        """Refuse a length of 0."""
        super().__post_init__()
        if self.epochs == 0:
            raise ValueError("WarmUp(epochs=0): expected a number of epochs > 0")

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time in epochs."""
        then = self.then if isinstance(self.then, Schedule) else Constant(self.then)
        return then(0) * epoch / self.epochs if epoch < self.epochs else then(epoch - self.epochs)


def schedule_from_config(config: dict[str, Any]) -> Schedule:
    """Return the schedule that :meth:`Schedule.config` described.

    Parameters
    ----------
    config : dict
        With the class's name under ``"schedule"``.

    Returns
    -------
    Schedule

    Raises
    ------
    ValueError
        If no schedule has that name.
    """
    classes = {cls.__name__: cls for cls in Schedule.__subclasses__()}
    values = dict(config)
    name = values.pop("schedule", None)
    if name not in classes:
        raise ValueError(f"unknown schedule {name!r}: expected one of {', '.join(sorted(classes))}")
    return classes[name](**{k: schedule_from_config(v) if isinstance(v, dict) else v for k, v in values.items()})
