"""Losses: one number that says how far a network's output is from its targets, and the gradient of that number.

The loss is the mean over the samples of a per-sample loss. With sample weights it is the weighted mean,
``sum(w * l) / sum(w)``: a sample of weight 2 counts as if it were there twice.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pyfc import kernels
from pyfc.component.base import Array, Component, apart, float_array, output_array

#: How far the sum of a row of target probabilities may be from 1: more than rounding to float16 makes of it.
SUM_TOLERANCE = 1e-3


class Loss(Component):
    """A per-sample loss of outputs y against targets t, with its gradient by y.

    A compiled one sets ``kernel``. One in NumPy defines ``compute_forward`` and ``compute_backward``.

    Class attributes: ``task`` is ``"regression"`` (targets are numbers), ``"binary"`` (each output answers a yes-or-no
    question, targets lie in [0, 1]) or ``"classification"`` (the outputs compete, targets are labels or one-hot);
    ``lowest_target`` is below what no target of a regression may be, such as 0 for counts.
    """

    group = "losses"
    capsule = "pyfc.loss.v1"
    task: ClassVar[str] = "regression"
    lowest_target: ClassVar[float] = -math.inf
    takes_labels: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Read what a kernel says of itself, so that it stands in one place."""
        if cls.kernel is not None and not kernels.capsule_problem(cls.kernel, cls.capsule):
            cls.takes_labels = kernels.loss_takes_labels(cls.kernel)

    @property
    def compiled(self) -> bool:
        """Whether calls end in the kernel, so that the engine may call it directly."""
        cls = type(self)
        return self.kernel is not None and (cls.compute_forward, cls.compute_backward) == (
            Loss.compute_forward,
            Loss.compute_backward,
        )

    @classmethod
    def method_problem(cls) -> str:
        """Return what a NumPy loss lacks."""
        if cls.compute_forward is Loss.compute_forward or cls.compute_backward is Loss.compute_backward:
            return f"class {cls.__name__} has neither a `kernel` nor `compute_forward` and `compute_backward`"
        return ""

    @property
    def probability(self) -> str:
        """The activation that turns outputs into probabilities: its name, or ``""`` if they do not stand for any."""
        return ""

    @property
    def in_unit_interval(self) -> bool:
        """Whether the outputs must be probabilities, as those of a last sigmoid are."""
        return False

    @property
    def log_probabilities(self) -> bool:
        """Whether the outputs must be logarithms of probabilities, as those of a last log_softmax are."""
        return False

    def decide(self, y: Array) -> Array:
        """Return the prediction for outputs y (n, k): class labels (n,), or in regression what the outputs stand for.

        That is the outputs themselves, unless a loss says otherwise, as one does whose outputs are logarithms.

        A binary loss overrides this, because what counts as yes depends on what its outputs mean.
        """
        if self.task == "classification":
            return np.asarray(y.argmax(axis=1))
        return y

    def targets(self, t: npt.ArrayLike, rows: int, cols: int, dtype: npt.DTypeLike) -> Array:
        """Return targets as the kernel reads them, or raise with what was expected.

        Parameters
        ----------
        t : array_like
            Integer labels (rows,), or numbers (rows, cols); (rows,) numbers when cols is 1.
        rows, cols : int
            Shape of the output that they will be held against.
        dtype : dtype
            Of the network.

        Returns
        -------
        ndarray
            int64 (rows,) if the loss takes labels and got some, else numbers (rows, cols) of the given dtype.
        """
        who = f"{type(self).__name__}: targets"
        if np.ma.is_masked(t):
            raise TypeError(f"{who} have masked entries: expected all of them; remove or fill such samples")
        array = np.asarray(t)
        if array.dtype.kind not in "iubf":
            hint = (
                "; for names of classes: names, y = np.unique(y, return_inverse=True)"
                if self.task != "regression"
                else ""
            )
            raise TypeError(f"{who} have dtype {array.dtype}: expected numbers or integer labels{hint}")
        if array.ndim == 0 or array.shape[0] != rows:
            raise ValueError(f"{who} have shape {array.shape}: expected one for each of the {rows} samples")
        if array.ndim == 1 and array.dtype.kind in "iub" and (cols > 1 or self.takes_labels):
            if rows and not (array.min() >= 0 and array.max() < cols):
                hint = ""
                if cols == 1:
                    hint = "; give it one for each class, or take binary_cross_entropy for yes or no"
                elif array.min() == 1 and array.max() == cols:
                    hint = "; use y - 1"
                raise ValueError(
                    f"{who} are labels from {array.min()} to {array.max()}: expected 0 to {cols - 1}, "
                    f"because the network has {cols} output{'s' if cols > 1 else ''}{hint}"
                )
            labels = array.astype(np.int64)
            return labels if self.takes_labels else self.from_labels(labels, cols).astype(dtype)
        if array.ndim == 1 and cols == 1:
            array = array[:, None]
        if array.shape != (rows, cols):
            hint = f", or ({rows},) integer labels" if cols > 1 else f" or ({rows},)"
            if self.task == "classification" and array.size == rows and (array == np.floor(array)).all():
                hint += "; use np.ravel(y).astype(int)"
            raise ValueError(f"{who} have shape {array.shape} and dtype {array.dtype}: expected ({rows}, {cols}){hint}")
        with np.errstate(over="ignore"):  # too large for the dtype is infinite, and said so
            numbers = np.ascontiguousarray(array, dtype)
        if not np.isfinite(numbers).all():
            raise ValueError(
                f"{who} contain NaN or infinity as {numbers.dtype}: expected finite numbers; "
                "remove or replace those rows"
            )
        self.check_numbers(numbers)
        return numbers

    def from_labels(self, labels: Array, cols: int) -> Array:
        """Return integer labels as rows of numbers: one-hot, unless the loss wants other signs."""
        rows = np.zeros((len(labels), cols))
        rows[np.arange(len(labels)), labels] = 1
        return rows

    def check_numbers(self, t: Array) -> None:
        """Raise if targets (rows, cols) are not such as this loss is defined for."""
        if t.size and not t.min() >= self.lowest_target:
            raise ValueError(
                f"{type(self).__name__}: the smallest target is {t.min():g}: expected numbers >= {self.lowest_target:g}"
            )
        if self.task == "binary" and t.size and not (t.min() >= 0 and t.max() <= 1):
            raise ValueError(f"{type(self).__name__}: targets lie in [{t.min():g}, {t.max():g}]: expected [0, 1]")
        if self.task == "classification" and t.size:
            sums = t.sum(axis=1, dtype=np.float64)
            wrong = (t.min(axis=1) < 0) | (np.abs(sums - 1) > SUM_TOLERANCE)
            if wrong.any():
                row = int(wrong.argmax())
                raise ValueError(
                    f"{type(self).__name__}: row {row} of the targets has sum {sums[row]:g} and smallest entry "
                    f"{t[row].min():g}: expected probabilities, >= 0 with sum 1; a one-hot row, or integer labels"
                )

    def shares(self, rows: int, sample_weight: npt.ArrayLike | None, dtype: npt.DTypeLike) -> Array:
        """Return the share of each sample in the mean: 1 / rows, or its weight by the sum of the weights.

        Parameters
        ----------
        rows : int
            Number of samples.
        sample_weight : array_like, shape (rows,), optional
            Not negative, finite, and not all zero.
        dtype : dtype
            Of the result.

        Returns
        -------
        ndarray, shape (rows,)
        """
        if sample_weight is None:
            return np.full(rows, 1 / max(rows, 1), dtype)
        weight = check_weights(sample_weight, rows)
        return np.asarray(weight / weight.sum(), dtype)

    def value(self, y: npt.ArrayLike, t: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
        """Return the loss of outputs y against targets t.

        Parameters
        ----------
        y : array_like, shape (n, k) or (n,)
            The network's output.
        t : array_like
            Targets, as in :meth:`targets`.
        sample_weight : array_like, shape (n,), optional
            How much each sample counts.

        Returns
        -------
        float
            The (weighted) mean over the samples; NaN for no samples.
        """
        out = self._outputs(y)
        if not len(out):
            return float("nan")
        losses = np.empty(len(out), out.dtype)
        self.compute_forward(out, self.targets(t, len(out), out.shape[1], out.dtype), losses)
        return float(losses.astype(np.float64) @ self.shares(len(out), sample_weight, np.float64))

    def gradient(
        self,
        y: npt.ArrayLike,
        t: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        *,
        out: Array | None = None,
    ) -> Array:
        """Return dy, the gradient of :meth:`value` by y, in the shape of y.

        Parameters
        ----------
        y, t, sample_weight
            As in :meth:`value`.
        out : ndarray, optional
            Where to write dy; may be y.

        Returns
        -------
        ndarray
        """
        rows = self._outputs(y)
        shape = np.shape(y)
        dy = np.empty(shape, rows.dtype) if out is None else output_array(out, shape, rows.dtype)
        targets = self.targets(t, len(rows), rows.shape[1], rows.dtype)
        rows, targets = apart(rows, dy), apart(targets, dy)
        self.compute_backward(rows, targets, self.shares(len(rows), sample_weight, rows.dtype), dy.reshape(rows.shape))
        return dy

    def compute_forward(self, y: Array, t: Array, loss: Array) -> None:
        """Fill loss (rows,) from outputs y (rows, cols) and checked targets; a NumPy loss overrides this."""
        kernels.loss_forward(self.kernel, y, t, loss, self.hyper)

    def compute_backward(self, y: Array, t: Array, share: Array, dy: Array) -> None:
        """Fill dy (rows, cols), row i multiplied by share[i]; a NumPy loss overrides this."""
        kernels.loss_backward(self.kernel, y, t, share, dy, self.hyper)

    def _outputs(self, y: npt.ArrayLike) -> Array:
        out = float_array(y, "y")
        if out.ndim not in (1, 2) or out.shape[1:] == (0,):
            raise ValueError(f"y has shape {out.shape}: expected (n, k) with k >= 1, or (n,)")
        return out if out.ndim == 2 else out[:, None]


def check_weights(sample_weight: npt.ArrayLike, rows: int) -> Array:
    """Return sample weights as float64, or raise with what was expected."""
    weight: Any = np.asarray(sample_weight)
    if weight.dtype.kind not in "iubf" or weight.shape != (rows,):
        raise ValueError(
            f"sample_weight is {weight.dtype} {weight.shape}: expected {rows} numbers, one for each sample"
        )
    weight = weight.astype(np.float64)
    if not np.isfinite(weight).all() or (rows and weight.min() < 0):
        raise ValueError("sample_weight has a negative, NaN or infinite entry: expected finite numbers >= 0")
    if rows and not weight.any():
        raise ValueError("sample_weight is all zero: expected at least one sample that counts")
    with np.errstate(over="ignore"):
        if not np.isfinite(weight.sum()):
            raise ValueError("sample_weight has an infinite sum: expected smaller numbers; only their ratios count")
    return np.asarray(weight)
