"""How much each sample counts: sample weights, class weights, and their product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pyfc.component import Hyper
from pyfc.component.base import Array
from pyfc.component.loss import SUM_TOLERANCE, check_weights

_WEIGHT = Hyper(1.0, low=0)


def total_weights(
    targets: Array,
    classes: int,
    sample_weight: npt.ArrayLike | None,
    class_weight: Mapping[int, float] | str | None,
) -> Array | None:
    """Return the weight of each sample, or None if all count alike.

    Parameters
    ----------
    targets : ndarray
        As the loss holds them: labels (n,) or numbers (n, k).
    classes : int
        How many classes there are.
    sample_weight : array_like, shape (n,), optional
        Not negative, not all zero.
    class_weight : mapping of int to float, or "balanced", optional
        Class -> weight, 1 for those that are missing; ``"balanced"`` makes every class count the same in total.

    Returns
    -------
    ndarray of float64, shape (n,), or None
    """
    weight = None if sample_weight is None else check_weights(sample_weight, len(targets))
    if class_weight is None:
        return weight
    labels = class_labels(targets)
    if class_weight == "balanced":
        present, counts = np.unique(labels, return_counts=True)
        table: Mapping[Any, float] = dict(zip(present.tolist(), len(labels) / (len(present) * counts), strict=True))
    elif isinstance(class_weight, Mapping):
        unknown = [label for label in class_weight if label not in range(classes)]
        if unknown:
            raise ValueError(f"class_weight has classes {unknown}: expected 0 to {classes - 1}")
        table = {label: _WEIGHT.check("fit", f"class_weight[{label}]", one) for label, one in class_weight.items()}
    else:
        error = ValueError if isinstance(class_weight, str) else TypeError
        raise error(f"class_weight is {class_weight!r}: expected a dict or 'balanced'")
    each = np.array([table.get(int(label), 1.0) for label in labels], np.float64)
    return check_weights(each if weight is None else each * weight, len(targets))


def class_labels(targets: Array) -> Array:
    """Return the class of each sample, from labels, one-hot rows, probabilities, or one column of yes and no."""
    if targets.ndim == 1:
        return targets
    signs = bool(np.isin(targets, (-1, 1)).all())
    if targets.shape[1] == 1:
        clear = signs or bool(np.isin(targets, (0, 1)).all())
        labels = (targets[:, 0] > 0).astype(np.int64)
    else:
        shares = (targets + 1) / 2 if signs else targets
        top = shares == shares.max(axis=1, keepdims=True)
        sums = shares.sum(axis=1, dtype=np.float64)
        clear = bool(shares.min() >= 0 and (np.abs(sums - 1) <= SUM_TOLERANCE).all() and (top.sum(axis=1) == 1).all())
        labels = np.asarray(targets.argmax(axis=1))
    if not clear:
        raise ValueError(
            "class_weight needs samples of one class each, and these targets are numbers, or several answers at once: "
            "expected labels, one-hot rows, or one column of 0 and 1; or use sample_weight"
        )
    return labels


def batch_shares(weight: Array | None, rows: Array) -> tuple[Array, float]:
    """Return the share of each sample of a batch in its mean, and how much the batch counts in the epoch."""
    if weight is None:
        return np.full(len(rows), 1 / len(rows)), float(len(rows))
    part = weight[rows]
    total = float(part.sum())
    return (part / total if total > 0 else part), total
