"""What training wrote down: one number for each metric and epoch, or each so many steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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

    Attributes
    ----------
    epochs : int
        How many numbers each metric has: as many as there were epochs, where these are counted.
    at : list of int
        After which epoch, or step, each number was taken down.
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

    def __init__(self, unit: str = "epoch") -> None:
        self.unit = unit
        self.at: list[int] = []
        self._values: dict[str, list[float]] = {}
        self.epochs = 0
        self.stop_reason = ""
        self.seconds = 0.0
        self.samples = 0

    @property
    def samples_per_second(self) -> float:
        """Return how many training samples were worked on in a second."""
        return self.samples / self.seconds if self.seconds else 0.0

    def append(self, logs: Mapping[str, float], at: int | None = None) -> None:
        """Take down one number of each metric; one that was not there before is NaN in earlier places.

        Parameters
        ----------
        logs : mapping of str to float
            Metrics by name.
        at : int, optional
            After which epoch, or step; one more than the last if not given.
        """
        self.at.append((self.at[-1] if self.at else 0) + 1 if at is None else at)
        for name in logs:
            self._values.setdefault(name, [float("nan")] * self.epochs)
        for name, values in self._values.items():
            values.append(float(logs.get(name, float("nan"))))
        self.epochs += 1

    def extend(self, logs: Mapping[str, Sequence[float]]) -> None:
        """Take down several numbers of each metric, as many of one as of another.

        Parameters
        ----------
        logs : mapping of str to sequence of float
            Metrics by name: those that there are already, or the first ones.
        """
        count = len(next(iter(logs.values())))
        last = self.at[-1] if self.at else 0
        self.at.extend(range(last + 1, last + 1 + count))
        for name, values in logs.items():
            self._values.setdefault(name, []).extend(values)
        self.epochs += count

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
        """Return the metrics as float64 arrays, and ``epoch`` (or what ``unit`` says): after which they were taken."""
        return {
            self.unit: np.array(self.at, np.int64),
            **{name: np.array(v) for name, v in self._values.items()},
        }

    def plot(self, **settings: Any) -> Any:
        """Return a matplotlib figure of the curves, which a notebook shows and ``.savefig("curves.png")`` writes.

        See :func:`pyfc.plots.plot_history` for the settings. Needs the extra ``plot``.
        """
        from pyfc.plots import plot_history

        return plot_history(self, unit=self.unit, at=self.at, **settings)

    def __repr__(self) -> str:
        return repr(self._table())

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()

    def _table(self) -> Table:
        rows = [[str(at), *(_number(values[i]) for values in self._values.values())] for i, at in enumerate(self.at)]
        if self.epochs > SHOWN:
            rows[SHOWN // 2 : -SHOWN // 2] = [["..."] * (1 + len(self))]
        return Table([self.unit, *self._values], rows)


def _number(value: float) -> str:
    return f"{value:.4f}" if value == 0 or not abs(value) < 0.001 else f"{value:.3g}"
