from collections.abc import Sequence
from typing import Any

from pyfc.kernels.samples import Samples

class Plan:
    threads: int
    rows: int
    layers: list[Any]
    samples: Samples
    def __init__(
        self,
        samples: Samples,
        operations: Sequence[tuple[Any, ...]],
        loss: Any,
        flat: Any,
        gradient: Any,
        rows: int,
        threads: int,
        training: bool,
    ) -> None: ...
    def is_for(self, *wanted: Any) -> bool: ...
    def use(self, samples: Samples) -> None: ...
