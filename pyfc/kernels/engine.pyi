from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from pyfc.kernels.plan import Plan

Array = npt.NDArray[Any]

class Engine:
    plan: Plan
    loss: float
    batch: int
    steps: int
    failed: int
    optimizer: Any
    order: Array | None
    losses: list[float]
    @property
    def stopped(self) -> str: ...
    def __init__(
        self, plan: Plan, targets: Array | None = None, weight: Array | None = None, l1: float = 0, l2: float = 0
    ) -> None: ...
    def use(self, X: Array) -> None: ...
    def set_order(self, order: Array | None) -> None: ...
    def predict(self, out: Array) -> None: ...
    def backpropagate(self, first: int, rows: int) -> tuple[float, Array]: ...
    def train(
        self,
        epochs: int,
        batch_size: int,
        optimizer: Any,
        states: list[Array],
        rates: Array,
        generator: np.random.Generator | None,
        good: Array,
        outputs: Array | None,
        look: Callable[[int, int], bool] | None,
        steps: int,
    ) -> list[float]: ...

def penalise(w: Array, dw: Array, l1: float, l2: float) -> None: ...
