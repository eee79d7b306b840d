"""Optimizers: how the parameters move along their gradients.

An optimizer object is a recipe: it holds no training state, so one object can serve many networks. The state, some
arrays as long as the parameters, belongs to the training run that asks for it with ``new_state``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from pyfc import kernels
from pyfc.component.base import Array, Component, Hyper
from pyfc.schedules import Schedule, schedule_from_config

_RATE = Hyper(0.0, low=0)


class Optimizer(Component):
    """Moves parameters w by gradients dw.

    A compiled one sets ``kernel``. One in NumPy sets ``states`` and defines ``update``. One that works on all data at
    once, such as L-BFGS, sets ``full_batch`` and defines ``minimize``.

    Parameters
    ----------
    lr : float or Schedule, optional
        Learning rate, >= 0; the class's ``default_lr`` if not given.
    **hyperparameters
        As in the subclass.
    """

    group = "optimizers"
    capsule = "pyfc.optimizer.v1"
    default_lr: ClassVar[float] = 0.01
    states: ClassVar[int] = 0
    #: Whether a parameter's step depends on its own gradient alone, so that a step may be made in pieces.
    elementwise: ClassVar[bool] = False
    full_batch: ClassVar[bool] = False
    arguments = ("lr",)

    def __init_subclass__(cls) -> None:
        """Read what a kernel says of itself, so that it stands in one place."""
        if cls.kernel is not None and not kernels.capsule_problem(cls.kernel, cls.capsule):
            cls.states, cls.elementwise = kernels.optimizer_flags(cls.kernel)

    def __init__(self, lr: float | Schedule | None = None, **hyperparameters: Any) -> None:
        super().__init__(**hyperparameters)
        if isinstance(lr, Schedule):
            self.lr: float | Schedule = lr
        else:
            self.lr = _RATE.check(type(self).__name__, "lr", self.default_lr if lr is None else lr)

    @property
    def compiled(self) -> bool:
        """Whether a step is a call of the kernel, so that the engine may call it directly."""
        return self.kernel is not None and type(self).update is Optimizer.update

    @classmethod
    def method_problem(cls) -> str:
        """Return what an optimizer without a kernel lacks."""
        if cls.update is Optimizer.update and cls.minimize is Optimizer.minimize:
            return f"class {cls.__name__} has neither a `kernel` nor `update` nor `minimize`"
        return ""

    def config(self) -> dict[str, Any]:
        """Return learning rate and hyper-parameters; a schedule as its own configuration."""
        lr = self.lr.config() if isinstance(self.lr, Schedule) else self.lr
        return {"lr": lr, **super().config()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return the optimizer that :meth:`config` describes."""
        lr = config.get("lr")
        return cls(**{**config, "lr": schedule_from_config(lr) if isinstance(lr, dict) else lr})

    def __hash__(self) -> int:
        return hash((type(self), repr(self)))

    def rate(self, epoch: float) -> float:
        """Return the learning rate at a time in epochs: 0.5 is half-way through the first one."""
        return self.lr(epoch) if isinstance(self.lr, Schedule) else self.lr

    def new_state(self, size: int, dtype: npt.DTypeLike) -> list[Array]:
        """Return fresh state for so many parameters."""
        return [np.zeros(size, dtype) for _ in range(self.states)]

    def update(self, w: Array, dw: Array, state: list[Array], lr: float, step: int) -> None:
        """Move w, in place, by one step; a NumPy optimizer overrides this.

        Parameters
        ----------
        w, dw : ndarray, shape (size,)
            Parameters and gradients, C-contiguous, of one dtype.
        state : list of ndarray, shape (size,)
            From :meth:`new_state`; changed in place.
        lr : float
            Learning rate of this step.
        step : int
            1 in the first step, then 2, ...
        """
        kernels.optimizer_update(self.kernel, w, dw, state, lr, step, self.hyper)

    def minimize(
        self,
        function: Callable[[Array], tuple[float, Array]],
        w: Array,
        iterations: int,
        callback: Callable[[Array], None],
    ) -> Array:
        """Return the parameters that minimise a function of all data; a ``full_batch`` optimizer defines this.

        Parameters
        ----------
        function : callable
            Parameters (float64) -> loss and gradient.
        w : ndarray
            Where to begin.
        iterations : int
            At most so many.
        callback : callable
            Called with the parameters after each iteration; it may raise StopIteration.

        Returns
        -------
        ndarray
        """
        raise NotImplementedError(f"{type(self).__name__} works in batches")
