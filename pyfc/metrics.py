"""Metrics: numbers that say how good outputs are, beside the loss. None of them is trained on.

A metric is a function of (outputs (n, k), targets as the loss holds them, the loss) that returns a float. A function
of one's own may be passed wherever the name of one of these is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pyfc.component import Loss
from pyfc.component.base import Array

Metric = Callable[[Array, Array, Loss], float]


def accuracy(outputs: Array, targets: Array, loss: Loss) -> float:
    """Return the share of samples that are decided right.

    For several outputs the largest one decides, unless the loss treats each as a question of its own; then every
    answer counts. For one output of a regression loss, 0.5 is the threshold.

    Parameters
    ----------
    outputs : ndarray, shape (n, k)
        Of the network.
    targets : ndarray
        Labels (n,) or numbers (n, k).
    loss : Loss
        Decides.

    Returns
    -------
    float
        From 0 to 1; NaN for no samples.
    """
    if not len(outputs):
        return float("nan")
    if loss.task == "regression":
        decided = outputs.argmax(axis=1) if outputs.shape[1] > 1 else outputs[:, 0] > 0.5
    else:
        decided = loss.decide(outputs)
    decided = np.asarray(decided).reshape(len(outputs), -1)
    if targets.ndim == 1:
        wanted = targets[:, None]
    elif decided.shape[1] == 1 and targets.shape[1] > 1:
        wanted = targets.argmax(axis=1)[:, None]
    else:
        wanted = targets > (0.5 if targets.min(initial=0) >= 0 else 0)
    return float((decided == wanted).mean())


def _numbers(outputs: Array, targets: Array, loss: Loss) -> tuple[Array, Array]:
    if loss.task == "regression":
        outputs = loss.decide(outputs)  # such as rates, where the outputs are their logarithms
    if targets.ndim == 1:
        targets = np.eye(outputs.shape[1])[targets]
    return outputs.astype(np.float64), targets.astype(np.float64)


def mean_absolute_error(outputs: Array, targets: Array, loss: Loss) -> float:
    """Return the mean of ``abs(y - t)`` over samples and outputs."""
    y, t = _numbers(outputs, targets, loss)
    return float(np.abs(y - t).mean())


def mean_squared_error(outputs: Array, targets: Array, loss: Loss) -> float:
    """Return the mean of ``(y - t)**2`` over samples and outputs."""
    y, t = _numbers(outputs, targets, loss)
    return float(((y - t) ** 2).mean())


def root_mean_squared_error(outputs: Array, targets: Array, loss: Loss) -> float:
    """Return the square root of :func:`mean_squared_error`, in the unit of the targets."""
    return float(np.sqrt(mean_squared_error(outputs, targets, loss)))


def r2(outputs: Array, targets: Array, loss: Loss) -> float:
    """Return the coefficient of determination: 1 is perfect, 0 is as good as the mean of the targets.

    With several outputs, the mean over them; an output whose targets are all equal counts 1 if it is right, else 0.
    """
    y, t = _numbers(outputs, targets, loss)
    residual, total = ((y - t) ** 2).sum(axis=0), ((t - t.mean(axis=0)) ** 2).sum(axis=0)
    constant = (residual == 0).astype(np.float64)
    return float(np.where(total > 0, 1 - residual / np.where(total > 0, total, 1), constant).mean())


METRICS: dict[str, Metric] = {
    function.__name__: function
    for function in (accuracy, mean_absolute_error, mean_squared_error, root_mean_squared_error, r2)
}

#: Metrics of which more is better; of all others, and of every loss, less is.
HIGHER_IS_BETTER = frozenset({"accuracy", "r2"})


def find_metrics(metrics: Sequence[str | Metric] | None, loss: Loss) -> Mapping[str, Metric]:
    """Return metrics by name.

    Parameters
    ----------
    metrics : sequence of str or callable, or None
        Names from ``METRICS``, or functions (outputs, targets, loss) -> float, which go by their ``__name__``; None
        stands for accuracy, and for nothing in regression.
    loss : Loss
        Of the network that is measured.

    Returns
    -------
    dict of str to callable

    Raises
    ------
    ValueError
        For an unknown name, or two metrics of one name.
    TypeError
        For what is neither a name nor a function.
    """
    if metrics is None:
        metrics = [] if loss.task == "regression" else ["accuracy"]
    if isinstance(metrics, str) or not isinstance(metrics, Sequence):
        raise TypeError(f"metrics is {metrics!r}: expected a list, such as ['accuracy']")
    found: dict[str, Any] = {}
    for metric in metrics:
        if isinstance(metric, str):
            if metric not in METRICS:
                raise ValueError(f"unknown metric {metric!r}: expected one of {', '.join(METRICS)}, or a function")
            name, function = metric, METRICS[metric]
        elif callable(metric):
            name, function = getattr(metric, "__name__", type(metric).__name__), metric
        else:
            raise TypeError(f"metric {metric!r}: expected a name or a function")
        if name in found or name in ("loss", "lr") or name.startswith("val_"):
            raise ValueError(f"a metric is called {name!r}, as another number of the history: expected another name")
        found[name] = function
    return found
