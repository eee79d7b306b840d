"""What training wrote down: one number for each metric and epoch, or for each so many steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pyfc.component.base import Array
from pyfc.table import Table

#: As many epochs as fit on a screen; of more, the first and the last ones are printed.
SHOWN = 30


class History(Mapping[str, list[float]]):
    """Metrics by name, each a list with a number for every epoch.

    Parameters
    ----------
    unit : str, default "epoch"
        What is counted; :class:`~pyfc.StepHistory` keeps one of steps.
    every : int, default 1
        There is a number after every so many of them.

    Attributes
    ----------
    epochs : int
        How many numbers each metric has.
    stop_reason : str
        Why training ended: ``"finished"``, ``"interrupted"``, or what a callback said.
    seconds : float
        How long it took.
    samples_per_second : float
        Training samples, without validation.

    Examples
    --------
    >>> history = History()
    >>> history.append({"loss": 0.5, "val_loss": 0.6})
    >>> history.append({"loss": 0.25, "val_loss": 0.55})
    >>> history["loss"], history.epochs
    ([0.5, 0.25], 2)
    >>> history
    epoch    loss  val_loss
        1  0.5000    0.6000
        2  0.2500    0.5500
    """

    def __init__(self, unit: str = "epoch", every: int = 1) -> None:
        self.unit, self.every = unit, every
        self._values: dict[str, list[float]] = {}
        self.epochs = 0
        self.stop_reason = ""
        self.seconds = 0.0
        self.samples = 0

    @property
    def samples_per_second(self) -> float:
        """Return how many training samples were worked on in a second."""
        return self.samples / self.seconds if self.seconds else 0.0

    def append(self, logs: Mapping[str, float]) -> None:
        """Take down one epoch; a metric that was not there before is NaN in earlier epochs."""
        for name in logs:
            self._values.setdefault(name, [float("nan")] * self.epochs)
        for name, values in self._values.items():
            values.append(float(logs.get(name, float("nan"))))
        self.epochs += 1

    def __getitem__(self, name: str) -> list[float]:
        """Return a metric by name."""
        if name not in self._values:
            raise KeyError(f"no metric {name!r} in the history: expected one of {', '.join(self._values) or 'none'}")
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        """Return the names."""
        return iter(self._values)

    def __len__(self) -> int:
        """Return how many metrics there are."""
        return len(self._values)

    def arrays(self) -> dict[str, Array]:
        """Return the metrics as float64 arrays, and ``epoch`` (or what ``unit`` says), from ``every`` on."""
        return {
            self.unit: self.every * np.arange(1, self.epochs + 1),
            **{name: np.array(v) for name, v in self._values.items()},
        }

    def plot(self, **settings: Any) -> Any:
        """Return a matplotlib figure of the curves, which a notebook shows and ``.savefig("curves.png")`` writes.

        See :func:`pyfc.plots.plot_history` for the settings. Needs the extra ``plot``.
        """
        from pyfc.plots import plot_history

        return plot_history(self, unit=self.unit, every=self.every, **settings)

    def __repr__(self) -> str:
        return repr(self._table())

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()

    def _table(self) -> Table:
        rows = [
            [str(self.every * (e + 1)), *(_number(v[e]) for v in self._values.values())] for e in range(self.epochs)
        ]
        if self.epochs > SHOWN:
            rows[SHOWN // 2 : -SHOWN // 2] = [["..."] * (1 + len(self))]
        return Table([self.unit, *self._values], rows)


def _number(value: float) -> str:
    return f"{value:.4f}" if value == 0 or not abs(value) < 0.001 else f"{value:.3g}"
