"""Activations: the functions from z to y that make a network more than one straight map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pyfc import kernels
from pyfc.component.base import Array, Component, apart, float_array, output_array

#: The arrays of the forward pass that a backward may ask for.
NEEDS = ("z", "y", "zy", "")


@dataclass(frozen=True)
class Learned:
    """A parameter that an activation learns, such as the slope of PReLU: its letter in the derivation and its start.

    Parameters
    ----------
    letter : str
        Its symbol; the gradient's is ``"d" + letter``.
    start : float
        Its value before training.
    """

    letter: str
    start: float


#: The learned parameters of what learns none.
_NOTHING = {np.dtype(kind): np.empty(0, kind) for kind in (np.float32, np.float64)}


class Activation(Component):
    """A function from a layer's z to its y, with the way back.

    A compiled one sets ``kernel``. One in NumPy sets ``needs`` and defines ``compute_forward`` and
    ``compute_backward``, which fill the arrays that they are given.
    """

    group = "activations"
    capsule = "pyfc.activation.v1"
    needs: ClassVar[str] = ""
    elementwise: ClassVar[bool] = True
    in_place: ClassVar[bool] = False
    learned: ClassVar[Learned | None] = None

    def __init_subclass__(cls) -> None:
        """Read what a kernel says of itself, so that it stands in one place."""
        if cls.kernel is not None and not kernels.capsule_problem(cls.kernel, cls.capsule):
            cls.needs, cls.elementwise, cls.in_place, _ = kernels.activation_flags(cls.kernel)

    @property
    def compiled(self) -> bool:
        """Whether calls end in the kernel, so that the engine may call it directly."""
        cls = type(self)
        own = cls.compute_forward, cls.compute_backward
        return self.kernel is not None and own == (Activation.compute_forward, Activation.compute_backward)

    @classmethod
    def kernel_problem(cls) -> str:
        """Return whether kernel and class disagree on a learned parameter."""
        learns = kernels.activation_flags(cls.kernel)[-1]
        if learns == (cls.learned is not None):
            return ""
        return f"`kernel` {'has' if learns else 'lacks'} the flag PYFC_LEARNS and its class has learned = {cls.learned}"

    @classmethod
    def method_problem(cls) -> str:
        """Return what a NumPy activation lacks."""
        if cls.compute_forward is Activation.compute_forward or cls.compute_backward is Activation.compute_backward:
            return f"class {cls.__name__} has neither a `kernel` nor `compute_forward` and `compute_backward`"
        return "" if cls.needs in NEEDS else f"class {cls.__name__} needs {cls.needs!r}: expected one of {NEEDS}"

    def out_cols(self, cols: int) -> int:
        """Return how many outputs a row of ``cols`` inputs has."""
        return cols

    def params(self, cols: int) -> int:
        """Return how many learned parameters a layer of ``cols`` inputs has."""
        return 1 if self.learned else 0

    def forward(self, z: npt.ArrayLike, *, out: Array | None = None, a: Array | None = None) -> Array:
        """Return y = f(z).

        Parameters
        ----------
        z : array_like, shape (..., m)
            Input; a function of whole rows takes each run of the last axis as one row.
        out : ndarray, optional
            Where to write y: C-contiguous, writeable, of z's dtype and y's shape; may be z.
        a : ndarray, shape (1,) or (m,), optional
            The learned parameter; its start value if not given.

        Returns
        -------
        ndarray of z's dtype
        """
        x = float_array(z, "z")
        rows, cols = self._rows(x)
        shape = (*x.shape[:-1], self.out_cols(cols)) if x.ndim else x.shape
        y = np.empty(shape, x.dtype) if out is None else output_array(out, shape, x.dtype)
        a = self._learned(a, cols, x.dtype)
        if out is not None:
            x = self._apart(x, out)
        self.compute_forward(x.reshape(rows, cols), y.reshape(rows, -1 if rows else self.out_cols(cols)), a)
        return y

    def backward(
        self, dy: npt.ArrayLike, *, z: npt.ArrayLike | None = None, y: npt.ArrayLike | None = None,
        out: Array | None = None, a: Array | None = None,
    ) -> Any:  # fmt: skip
        """Return dz, the gradient of the loss by z, given the one by y.

        Parameters
        ----------
        dy : array_like, shape of y
            Gradient of the loss by y.
        z, y : array_like, optional
            Input and output of the forward pass; ``needs`` says which are read.
        out : ndarray, optional
            Where to write dz: C-contiguous, writeable, of dy's dtype and z's shape; may be dy.
        a : ndarray, shape (1,) or (m,), optional
            The learned parameter of the forward pass.

        Returns
        -------
        ndarray, or (ndarray, ndarray)
            dz; for an activation with a learned parameter (dz, da).
        """
        g = float_array(dy, "dy")
        given = {"z": z, "y": y}
        for letter in self.needs:
            if given[letter] is None:
                raise TypeError(f"{type(self).__name__}.backward needs {letter}=: expected the {letter} of forward")
        x = None if z is None else self._like(z, "z", g, None if not self.elementwise else g.shape)
        r = None if y is None else self._like(y, "y", g, g.shape)
        shape = g.shape if x is None else x.shape
        rows, cols = self._rows(g if x is None else x)
        dz = np.empty(shape, g.dtype) if out is None else output_array(out, shape, g.dtype)
        a = self._learned(a, cols, g.dtype)
        da = np.zeros_like(a) if a.size else a
        if out is not None:
            x, r = None if x is None else apart(x, out), None if r is None else apart(r, out)
            g = self._apart(g, out)
        wide = self.out_cols(cols)
        self.compute_backward(
            None if x is None else x.reshape(rows, cols), None if r is None else r.reshape(rows, wide),
            g.reshape(rows, wide), dz.reshape(rows, cols), a, da,
        )  # fmt: skip
        return (dz, da) if self.learned else dz

    def compute_forward(self, z: Array, y: Array, a: Array) -> None:
        """Fill y (rows, out_cols) from z (rows, cols); a NumPy activation overrides this."""
        kernels.activation_forward(self.kernel, z, y, a, self.hyper)

    def compute_backward(self, z: Array | None, y: Array | None, dy: Array, dz: Array, a: Array, da: Array) -> None:
        """Fill dz (rows, cols) and da; a NumPy activation overrides this."""
        kernels.activation_backward(self.kernel, z, y, dy, dz, a, da, self.hyper)

    def _apart(self, array: Array, out: Array) -> Array:
        """Return an array that may be read while ``out`` is written: a copy if they share memory in another way."""
        if not np.may_share_memory(array, out) or (self.in_place and array.ctypes.data == out.ctypes.data):
            return array
        return array.copy()

    @staticmethod
    def _rows(x: Array) -> tuple[int, int]:
        cols = x.shape[-1] if x.ndim else 1
        return (x.size // cols if cols else math.prod(x.shape[:-1])), cols

    def _like(self, value: npt.ArrayLike, letter: str, dy: Array, shape: tuple[int, ...] | None) -> Array:
        array = float_array(value, letter)
        if array.dtype != dy.dtype:
            raise TypeError(f"{letter} has dtype {array.dtype} and dy has {dy.dtype}: expected the same; use .astype")
        if shape is not None and array.shape != shape:
            raise ValueError(f"{letter} has shape {array.shape} and dy has {dy.shape}: expected the same")
        return array

    def _learned(self, a: Array | None, cols: int, dtype: Any) -> Array:
        if a is None and not self.learned:
            return _NOTHING[dtype]
        count = self.params(cols)
        if a is None:
            return np.full(count, self.learned.start if self.learned else 0.0, dtype)
        a = float_array(a, "a").astype(dtype, copy=False)
        if a.shape != (count,):
            raise ValueError(f"a has shape {a.shape}: expected ({count},)")
        return a
