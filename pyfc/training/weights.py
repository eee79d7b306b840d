"""How much each sample counts: sample weights, class weights, and their product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pyfc.component.base import Array
from pyfc.component.loss import check_weights


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
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ValueError(f"class_weight is {class_weight!r}: expected a dict or 'balanced'")
        present, counts = np.unique(labels, return_counts=True)
        table: Mapping[Any, float] = dict(zip(present.tolist(), len(labels) / (len(present) * counts), strict=True))
    else:
        table = dict(class_weight)
        unknown = [label for label in table if label not in range(classes)]
        if unknown:
            raise ValueError(f"class_weight has classes {unknown}: expected 0 to {classes - 1}")
    each = np.array([table.get(int(label), 1.0) for label in labels], np.float64)
    return check_weights(each if weight is None else each * weight, len(targets))


def class_labels(targets: Array) -> Array:
    """Return the class of each sample, from labels, one-hot rows, or one column of yes and no."""
    if targets.ndim == 1:
        return targets
    if targets.shape[1] == 1:
        return (targets[:, 0] > (0.5 if targets.min(initial=0) >= 0 else 0)).astype(np.int64)
    return np.asarray(targets.argmax(axis=1))


def batch_shares(weight: Array | None, rows: Array) -> tuple[Array, float]:
    """Return the share of each sample of a batch in its mean, and how much the batch counts in the epoch."""
    if weight is None:
        return np.full(len(rows), 1 / len(rows)), float(len(rows))
    part = weight[rows]
    total = float(part.sum())
    return (part / total if total > 0 else part), total
